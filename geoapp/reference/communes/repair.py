"""Rules that turn faulty outlines into a sound coverage of the territory.

All functions take and return GeoSeries in EPSG:2154 (metres) indexed by
code_commune, except `to_storage`, which ends in EPSG:4326.  No rule names a
commune: each applies to any part of metropolitan France.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoapp.core.errors import ContractError
from geoapp.reference.communes.outlines import CRS_METRIQUE, CRS_STOCKAGE
from geoapp.reference.communes.report import TrouComble

#: Gaps narrower than this are slivers of drawing, not territory.
LARGEUR_ECLAT_M = 20.0
#: A hole larger than this must be explained by a merged commune (issue: 1 ha).
TROU_MAX_M2 = 10_000.0
#: No commune of France is this small but a handful: below, a hole without any
#: candidate is water or drawing, and goes to the longest border.
TROU_SANS_COMMUNE_M2 = 250_000.0
#: Foreign land enclosed by French communes (longitude, latitude): no hole.
ENCLAVES = {"Llívia (Espagne)": (1.98, 42.465)}

#: Stored coordinates are multiples of 2^-20 degree (at most 0.11 m): short
#: in binary, so that the file stays small, and equal on both sides of a border.
PAS_DEGRE = 2.0**-20


def group_by_current(outlines: gpd.GeoSeries, anciens: dict[str, str]) -> gpd.GeoSeries:
    """Give the outline of an old commune to the commune that absorbed it.

    Needed when the outlines are older than the COG; codes unknown to
    `anciens` are kept.  Returns one row per code, sorted.
    """
    codes = pd.Series(outlines.index, dtype="str").map(lambda code: anciens.get(code, code))
    present = outlines.notna().to_numpy()
    grouped = gpd.GeoSeries(outlines.to_numpy(), index=codes.to_numpy(), crs=CRS_METRIQUE)
    merged = {
        code: part.union_all() if len(part) > 1 else part.iloc[0]
        for code, part in grouped[present].groupby(level=0)
    }
    index = sorted(set(codes))
    return gpd.GeoSeries([merged.get(code) for code in index], index=index, crs=CRS_METRIQUE)


def make_outlines_valid(outlines: gpd.GeoSeries) -> tuple[gpd.GeoSeries, list[str]]:
    """Make every outline a valid polygon; return also the codes repaired.

    Missing outlines stay None.  Lines and points left by the repair are dropped.
    """
    wrong = outlines.notna() & ~outlines.is_valid
    repaired = outlines.copy()
    for code in outlines.index[wrong]:
        repaired[code] = polygons_only(shapely.make_valid(outlines[code], method="structure"))
    return repaired, list(outlines.index[wrong])


def outlines_from_members(
    outlines: gpd.GeoSeries, membres: gpd.GeoDataFrame
) -> tuple[gpd.GeoSeries, list[str]]:
    """Draw a commune without outline as the union of its delegated communes.

    Only where the source has no outline: where it has one, members never add
    anything to it.  Returns also the codes drawn; others stay None.
    """
    by_commune = membres[membres["code_commune"].isin(outlines.index[outlines.isna()])]
    drawn = {code: part.geometry.union_all() for code, part in by_commune.groupby("code_commune")}
    completed = outlines.copy()
    for code, outline in drawn.items():
        completed[code] = outline
    return completed, sorted(drawn)


def clean_coverage(outlines: gpd.GeoSeries) -> gpd.GeoSeries:
    """Remove overlaps and slivers so that neighbours share the same vertices.

    Overlaps, and gaps narrower than LARGEUR_ECLAT_M, go to the commune with
    the longest shared border (GEOS ``CoverageCleaner``).
    """
    cleaned = shapely.coverage_clean(outlines.to_numpy(), gap_width=LARGEUR_ECLAT_M)
    return gpd.GeoSeries(cleaned, index=outlines.index, crs=outlines.crs)


def find_holes(outlines: gpd.GeoSeries) -> list[shapely.Polygon]:
    """Return the holes of the union of the outlines, in a stable order.

    A commune standing alone inside a hole is not part of the hole.
    """
    union = shapely.union_all(outlines.to_numpy())
    shells = [shapely.Polygon(part.exterior) for part in shapely.get_parts(union)]
    holes = shapely.get_parts(shapely.union_all(shells).difference(union))
    holes = [hole for hole in holes if not hole.is_empty]
    return sorted(holes, key=lambda hole: (-hole.area, hole.bounds))


def fill_holes(
    outlines: gpd.GeoSeries, *, delegues: set[str], fusionnees: set[str]
) -> tuple[gpd.GeoSeries, list[TrouComble]]:
    """Give each hole over TROU_MAX_M2 to the merged commune that lost it.

    A merged commune may keep the outline of one former member: the others
    leave a hole.  Among the communes that border the hole, the rule takes

    1. those with a delegated or associated member of unknown outline,
    2. else those that absorbed an old code of unknown outline,
    3. else, for holes under TROU_SANS_COMMUNE_M2 only, any of them;

    and of these the one with the longest border with the hole (then the
    smallest code).  Other holes are left, for the final check to name.

    Parameters
    ----------
    outlines : GeoSeries
        A clean coverage, EPSG:2154.
    delegues, fusionnees : set of str
        Codes of the communes for steps 1 and 2.

    Returns
    -------
    (GeoSeries, list of TrouComble)
        Same rows in the same order; one record per hole filled.
    """
    filled, records = outlines.copy(), []
    for hole in find_holes(outlines):
        if hole.area <= TROU_MAX_M2 or is_enclave(hole):
            continue
        borders = _borders(outlines, hole)
        regle, candidates = _candidates(hole, borders, delegues, fusionnees)
        if not candidates:
            continue
        code = min(candidates, key=lambda c: (-borders[c], c))
        filled[code] = shapely.union(filled[code], hole)
        records.append(TrouComble(code, hole.area / 10_000, regle))
    return filled, records


def is_enclave(hole: shapely.Geometry) -> bool:
    """Tell whether the hole (EPSG:2154) holds a known foreign enclave."""
    points = gpd.GeoSeries(shapely.points(list(ENCLAVES.values())), crs=CRS_STOCKAGE)
    return bool(points.to_crs(CRS_METRIQUE).intersects(hole).any())


def to_storage(outlines: gpd.GeoSeries) -> gpd.GeoSeries:
    """Project to EPSG:4326 on the storage grid, keeping the coverage valid.

    Rounding moves a shared vertex the same way on both sides, so borders
    still match; where it makes a narrow neck cross itself the coverage is
    cleaned again, in degrees, and put back on the grid.

    Raises
    ------
    ContractError
        When ten passes do not give a valid coverage.
    """
    stored = shapely.transform(outlines.to_crs(CRS_STOCKAGE).to_numpy(), _on_grid)
    for _ in range(10):
        stored = shapely.remove_repeated_points(stored)
        if shapely.is_valid(stored).all() and shapely.coverage_is_valid(stored):
            geometries = [polygons_only(shapely.normalize(g)) for g in stored]
            return gpd.GeoSeries(geometries, index=outlines.index, crs=CRS_STOCKAGE)
        valid = [polygons_only(shapely.make_valid(g, method="structure")) for g in stored]
        stored = shapely.transform(shapely.coverage_clean(valid), _on_grid)
    raise ContractError("La couverture des communes ne peut pas être arrondie sans recouvrement.")


def polygons_only(geometry: shapely.Geometry) -> shapely.Geometry:
    """Keep the polygons of a geometry, as one (multi)polygon."""
    parts = [p for p in shapely.get_parts(geometry) if p.geom_type == "Polygon"]
    nested = [p for p in shapely.get_parts(geometry) if p.geom_type == "MultiPolygon"]
    parts += [p for group in nested for p in shapely.get_parts(group)]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _on_grid(coordinates: np.ndarray) -> np.ndarray:
    """Round coordinates to the storage grid."""
    return np.round(coordinates / PAS_DEGRE) * PAS_DEGRE


def _borders(outlines: gpd.GeoSeries, hole: shapely.Polygon) -> dict[str, float]:
    """Return {code: metres of border shared with the hole}, points excluded."""
    near = outlines.iloc[outlines.sindex.query(hole, predicate="intersects")]
    lengths = near.boundary.intersection(hole.boundary).length
    return {code: length for code, length in lengths.items() if length > 0}


def _candidates(
    hole: shapely.Polygon, borders: dict[str, float], delegues: set[str], fusionnees: set[str]
) -> tuple[str, list[str]]:
    """Return the rule that applies to a hole and the communes it allows."""
    for regle, allowed in (("membre délégué", delegues), ("ancien code", fusionnees)):
        found = [code for code in borders if code in allowed]
        if found:
            return regle, found
    small = hole.area < TROU_SANS_COMMUNE_M2
    return "plus longue frontière", list(borders) if small else []
