"""Final checks of the table, made on the file as written and read again."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from geoapp.core.config import GEODATA
from geoapp.core.errors import ContractError, SourceError
from geoapp.reference.communes.outlines import CRS_METRIQUE
from geoapp.reference.communes.repair import TROU_MAX_M2, find_holes, is_enclave
from geoapp.reference.communes.report import Exception90

SEUIL_RECOUVREMENT = 0.90
EXCEPTIONS = GEODATA / "communes_exceptions.csv"


def check_table(table: gpd.GeoDataFrame, *, autour: gpd.GeoSeries | None = None) -> None:
    """Check coverage, holes, points and populations of a table read from its file.

    Parameters
    ----------
    table : GeoDataFrame
        The columns of `geoapp.reference.communes.build.COLONNES`, EPSG:4326.
    autour : GeoSeries, optional
        Communes that were not asked for (EPSG:2154): what they cover inside
        the territory is not a hole.

    Raises
    ------
    ContractError
        In French, with the codes or places at fault.
    """
    geometries = table.geometry
    if not geometries.is_valid.all() or not shapely.coverage_is_valid(geometries.to_numpy()):
        edges = shapely.coverage_invalid_edges(geometries.to_numpy())
        _refuse(
            "La couverture n'est pas valide", table.loc[~shapely.is_empty(edges), "code_commune"]
        )
    points = gpd.points_from_xy(table["longitude_mairie"], table["latitude_mairie"])
    outside = ~shapely.contains(geometries.to_numpy(), points)
    _refuse("Mairies hors de leur commune", table.loc[outside, "code_commune"])
    _refuse("Communes sans population", table.loc[table["population"].isna(), "code_commune"])
    places = holes_left(geometries.to_crs(CRS_METRIQUE), autour=autour)
    _refuse("Trous de plus de 1 ha restés dans le territoire, vers (longitude, latitude)", places)


def holes_left(outlines: gpd.GeoSeries, *, autour: gpd.GeoSeries | None = None) -> list[str]:
    """Return where holes over 1 ha remain, as "longitude latitude" texts.

    `outlines` and `autour` are in EPSG:2154; the second may be None.
    """
    outer = shapely.MultiPolygon() if autour is None else shapely.union_all(autour.to_numpy())
    holes = [h for h in find_holes(outlines) if h.area > TROU_MAX_M2 and not is_enclave(h)]
    rests = [h for h in holes if h.difference(outer).area > TROU_MAX_M2]
    points = gpd.GeoSeries([h.representative_point() for h in rests], crs=CRS_METRIQUE).to_crs(4326)
    return [f"{point.x:.4f} {point.y:.4f}" for point in points]


def overlap_with_control(table: gpd.GeoDataFrame, controle: Path) -> pd.Series:
    """Return the share of each control outline that our outline covers.

    Parameters
    ----------
    table : GeoDataFrame
        Columns code_commune and geometry.
    controle : Path
        Vector file with a column DEPCOM (commune code) and polygons.  It is
        only compared: none of its geometry enters the table.

    Returns
    -------
    Series
        Share 0–1, index = codes present on both sides, areas in EPSG:2154.

    Raises
    ------
    SourceError
        The file cannot be read or has no column DEPCOM.
    """
    try:
        control = gpd.read_file(controle)
        control = control.set_index("DEPCOM").geometry.to_crs(CRS_METRIQUE).make_valid()
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise SourceError(
            controle,
            "ce fichier de contrôle n'est pas lisible.",
            cure="Il faut des polygones de communes avec une colonne DEPCOM.",
        ) from error
    ours = table.set_index("code_commune").geometry.to_crs(CRS_METRIQUE)
    common = ours.index.intersection(control.index).sort_values()
    return ours[common].intersection(control[common]).area / control[common].area


def check_overlap(
    table: gpd.GeoDataFrame, controle: Path, *, exceptions: Path = EXCEPTIONS
) -> tuple[Exception90, ...]:
    """Check that each outline covers 90 % (inclusive) of the control outline.

    Communes listed in `exceptions` (code_commune, part_recouvrement, motif)
    are allowed, and returned with the share measured now.

    Raises
    ------
    ContractError
        Names the communes below the threshold that are not listed.
    """
    shares = overlap_with_control(table, controle)
    low = shares[shares < SEUIL_RECOUVREMENT]
    reasons = pd.read_csv(exceptions, dtype="str").set_index("code_commune")["motif"]
    unexplained = low[~low.index.isin(reasons.index)]
    _refuse(
        "Communes qui recouvrent moins de 90 % du contour de contrôle",
        [f"{code} ({share:.1%})" for code, share in unexplained.items()],
    )
    return tuple(Exception90(code, float(share), reasons[code]) for code, share in low.items())


def _refuse(problem: str, faulty) -> None:
    """Raise ContractError naming the faulty items, if there are any."""
    items = [str(item) for item in faulty]
    if items:
        more = f" … et {len(items) - 40} autres" if len(items) > 40 else ""
        raise ContractError(f"{problem} ({len(items)}) : {', '.join(items[:40])}{more}.")
