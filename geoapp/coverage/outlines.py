"""Outlines of the zones of a world, as a map or a file draws them."""

from __future__ import annotations

import geopandas as gpd
from shapely import box

from geoapp.core.config import CRS_GEO, CRS_METRIC
from geoapp.core.geometry import to_metric
from geoapp.coverage.border import split_at_region
from geoapp.coverage.world import World
from geoapp.reference.zonings import CARREAU

COTE_M = 200.0
"""Side of a grid cell, in metres."""


def zone_outlines(world: World, zonage: str) -> gpd.GeoSeries:
    """Return the outline of each zone (index `code_zone`, EPSG:4326).

    A cell is a square of `COTE_M` around its point.
    """
    if zonage == CARREAU:
        cells = world.points[world.points["type_point"].eq(CARREAU)]
        x, y = to_metric(cells["longitude"], cells["latitude"])
        squares = box(x - COTE_M / 2, y - COTE_M / 2, x + COTE_M / 2, y + COTE_M / 2)
        return gpd.GeoSeries(squares, index=cells["id_point"].to_numpy(), crs=CRS_METRIC).to_crs(
            CRS_GEO
        )
    couches = world.snapshot.read("couches")
    mine = couches[couches["type_zone"].eq(zonage)]
    return mine.set_index("code_zone").geometry


def counted_outlines(world: World, zonage: str) -> tuple[gpd.GeoSeries, gpd.GeoSeries]:
    """Return the outline of what the figures of each zone count, and the parts of zones outside.

    The figures count what is in the region (see `split_at_region`).
    """
    whole = zone_outlines(world, zonage)
    return (whole, whole.iloc[:0]) if zonage == CARREAU else split_at_region(world.snapshot, zonage)
