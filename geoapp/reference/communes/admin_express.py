"""Reading of IGN Admin Express (COG), for those who want the producer's outlines.

Only codes, outlines and town-hall points are read: names, EPCI, postcodes and
populations stay those of the COG package, whatever the source of outlines, so
that the table keeps one geography and one vintage.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd

from geoapp.core.errors import SourceError
from geoapp.reference.communes.outlines import CRS_METRIQUE, ContoursCommunes, no_members

#: Accepted names (lower case), the older upper-case fields and those of 2024 on.
COUCHES_COMMUNE = ("commune", "communes")
COUCHES_CHEF_LIEU = (
    "chflieu_commune",
    "chef_lieu_commune",
    "chef_lieu_de_commune",
    "chflieu",
    "chef_lieu",
)
CHAMPS_CODE = ("insee_com", "code_insee", "code_insee_de_la_commune")
CHAMPS_ID = ("id", "cleabs")
CHAMPS_LIEN = ("id_com", "lien_vers_commune", "cleabs_de_la_commune")

CURE = "Donnez le GeoPackage ou le shapefile « COMMUNE » d'Admin Express COG de l'IGN."


def read_admin_express(path: Path) -> ContoursCommunes:
    """Read commune outlines and town-hall points of an Admin Express file.

    Parameters
    ----------
    path : Path
        GeoPackage with a layer ``commune``, or shapefile ``COMMUNE.shp``
        (``CHFLIEU_COMMUNE.shp`` beside it is used when present).

    Returns
    -------
    Contours
        In EPSG:2154, without members; without town halls when the source has
        no such layer (representative points then replace them).

    Raises
    ------
    SourceError
        Unreadable file, no commune layer, no code field, no CRS.
    """
    path = Path(path)
    layers = _layers(path)
    communes = _read(path, layers, COUCHES_COMMUNE)
    if communes is None:
        raise SourceError(path, "la couche « commune » est introuvable.", cure=CURE)
    code = _field(communes, CHAMPS_CODE)
    if code is None:
        raise SourceError(
            path, f"aucun champ {' ou '.join(CHAMPS_CODE)}.", cure=CURE, place="couche commune"
        )
    outlines = gpd.GeoSeries(
        communes.geometry.to_numpy(),
        index=communes[code].astype("str").to_numpy(),
        crs=communes.crs,
    )
    return ContoursCommunes(
        communes=outlines.to_crs(CRS_METRIQUE),
        membres=no_members(),
        mairies=_mairies(_read(path, layers, COUCHES_CHEF_LIEU), communes, code),
        source="IGN Admin Express COG",
        version=path.stem,
        licence="Licence Ouverte",
    )


def _layers(path: Path) -> dict[str, tuple[Path, str]]:
    """Return {layer name in lower case: (file, layer)}; shapefiles look beside."""
    import pyogrio

    files = sorted(path.parent.glob("*.[sS][hH][pP]")) if path.suffix.lower() == ".shp" else [path]
    try:
        return {
            str(name).lower(): (file, str(name))
            for file in files
            for name, _ in pyogrio.list_layers(file)
        }
    except (OSError, RuntimeError) as error:
        raise SourceError(path, "ce fichier cartographique est illisible.", cure=CURE) from error


def _read(
    path: Path, layers: dict[str, tuple[Path, str]], names: tuple[str, ...]
) -> gpd.GeoDataFrame | None:
    """Read the first layer that bears one of the names, or None."""
    name = next((n for n in names if n in layers), None)
    if name is None:
        return None
    file, layer = layers[name]
    try:
        frame = gpd.read_file(file, layer=layer)
    except (OSError, RuntimeError) as error:
        raise SourceError(path, f"la couche « {layer} » est illisible.", cure=CURE) from error
    if not isinstance(frame, gpd.GeoDataFrame) or frame.crs is None:
        raise SourceError(path, f"la couche « {layer} » n'a pas de géométrie située.", cure=CURE)
    return frame


def _field(frame: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    """Return the column that bears one of the names, whatever its case."""
    by_name = {str(column).lower(): column for column in frame.columns}
    return next((by_name[name] for name in names if name in by_name), None)


def _mairies(
    chefs_lieux: gpd.GeoDataFrame | None, communes: gpd.GeoDataFrame, code: str
) -> gpd.GeoSeries:
    """Return town-hall points by commune code, first one kept; empty if none."""
    if chefs_lieux is None:
        return gpd.GeoSeries([], index=pd.Index([], dtype="str"), crs=CRS_METRIQUE)
    own, link = _field(chefs_lieux, CHAMPS_CODE), _field(chefs_lieux, CHAMPS_LIEN)
    ident = _field(communes, CHAMPS_ID)
    if own is not None:
        codes = chefs_lieux[own]
    elif link is not None and ident is not None:
        codes = chefs_lieux[link].map(communes.drop_duplicates(ident).set_index(ident)[code])
    else:
        codes = pd.Series(pd.NA, index=chefs_lieux.index)
    known = codes.notna().to_numpy()
    index = codes[known].astype("str").to_numpy()
    points = gpd.GeoSeries(chefs_lieux.geometry.to_numpy()[known], index=index, crs=chefs_lieux.crs)
    return points[~points.index.duplicated()].to_crs(CRS_METRIQUE).centroid
