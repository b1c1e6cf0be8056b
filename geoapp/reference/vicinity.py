"""Where the communes at hand lie: what chooses between systems of coordinates that nothing says."""

from __future__ import annotations

import json
from functools import cache

import geopandas as gpd
import shapely

from geoapp.core.config import GEODATA

COMMUNES = GEODATA / "communes.parquet"


@cache
def box_of_communes() -> tuple[float, float, float, float]:
    """Return the bounds of the communes shipped with the product, in degrees.

    Longitude and latitude least, then greatest.
    """
    # Late: what the file says of itself, without its outlines.
    import pyarrow.parquet as parquet

    told = json.loads((parquet.read_schema(COMMUNES).metadata or {})[b"geo"])
    west, south, east, north = told["columns"][told["primary_column"]]["bbox"]
    return west, south, east, north


@cache
def _outlines() -> shapely.STRtree:
    """Return the outlines of the communes shipped with the product, ready to be met."""
    return shapely.STRtree(gpd.read_parquet(COMMUNES, columns=["geometry"]).geometry.to_numpy())


def count_near(shapes: gpd.GeoSeries) -> int:
    """Return how many shapes (EPSG:4326) meet a commune at hand."""
    met, _ = _outlines().query(shapes.to_numpy(), predicate="intersects")
    return len(set(met.tolist()))
