"""Zones that go beyond the region: the part inside, and the part outside.

The people and the offers of the first make the figures of the zone; none tells of the second.
"""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from geoapp.core.config import CRS_GEO
from geoapp.core.snapshot import Snapshot
from geoapp.reference.zonings import ZONAGES

DEHORS = "dehors"
"""`forme` of the part of a zone outside the region."""

ABSENTE = "partie hors de la région, absente des chiffres"


def crossing_zones(snapshot: Snapshot, type_zone: str) -> list[str]:
    """Return the codes of the zones with whole communes on both sides of the border, sorted."""
    if not _is_of_communes(type_zone):
        return []
    mine = _members(snapshot, type_zone)
    codes, is_inside = mine["code_zone"], mine["est_region"]
    return sorted({*codes[is_inside].unique()} & {*codes[~is_inside].unique()})


def _is_of_communes(type_zone: str) -> bool:
    """Tell whether a zoning is made of whole communes."""
    return type_zone in ZONAGES and ZONAGES[type_zone].methode == "code"


def _members(snapshot: Snapshot, type_zone: str) -> pd.DataFrame:
    """Return the communes wholly in each zone, and whether they are in the region.

    No row for a zoning that is not made of communes.
    """
    links, known = snapshot.read("communes_zones"), snapshot.read("communes")
    communes = pd.Series(known["est_region"].to_numpy(bool), index=known["code_commune"])
    is_mine = links["type_zone"].eq(type_zone) & links["type_lien"].eq("entiere")
    mine = links[is_mine & _is_of_communes(type_zone)]
    # A commune that the snapshot does not hold is outside, not unknown.
    return mine[["code_zone", "code_commune"]].assign(
        est_region=mine["code_commune"].map(communes).eq(True)
    )


def split_at_region(snapshot: Snapshot, type_zone: str) -> tuple[gpd.GeoSeries, gpd.GeoSeries]:
    """Return the drawn outlines of a zoning inside the region, and the parts outside.

    Both are in EPSG:4326 (index `code_zone`).  The part inside is the union of the communes of the
    region, whose people and offers alone make the figures of the zone; a zone that does not cross
    the border keeps its outline, and has no part outside.
    """
    couches = snapshot.read("couches")
    shapes = (
        couches[couches.geometry.notna()]
        .set_index(["type_zone", "code_zone"])
        .sort_index()
        .geometry
    )
    known = shapes.index.levels[0]
    whole = shapes.xs(type_zone) if type_zone in known else shapes.iloc[:0].droplevel(0)
    crossing = whole.index.intersection(crossing_zones(snapshot, type_zone))
    if not len(crossing) or "commune" not in known:
        return whole, whole.iloc[:0]
    mine = _members(snapshot, type_zone)
    mine = mine[mine["est_region"] & mine["code_zone"].isin(crossing)]
    communes = shapes.xs("commune")
    inside = {
        code: shapely.union_all(communes.reindex(part).dropna().to_numpy())
        for code, part in mine.groupby("code_zone")["code_commune"]
    }
    beyond = gpd.GeoSeries(
        {code: _polygons(shapely.difference(whole[code], shape)) for code, shape in inside.items()},
        crs=CRS_GEO,
    )
    drawn = pd.concat([whole.drop(crossing), gpd.GeoSeries(inside, crs=CRS_GEO)]).sort_index()
    return drawn, beyond[~beyond.is_empty]


SLIVER_DEG2 = 1e-7
"""Least area of a part outside, in square degrees (under a hectare).

Less is only the rounding of a shared border.
"""


def _polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons of a shape that are no sliver."""
    return shapely.MultiPolygon(
        [
            part
            for part in shapely.get_parts(shape)
            if part.geom_type == "Polygon" and part.area >= SLIVER_DEG2
        ]
    )
