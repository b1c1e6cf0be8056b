"""The communes at hand and where they lie: what chooses between systems of coordinates that nothing
says.

They are those shipped with the product, or those that `geoapp init` prepared in a data folder for
another region (`served_region`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from geoapp.core.config import GEODATA

COMMUNES = GEODATA / "communes.parquet"
TERRITOIRE = "territoire"
"""Folder, in a data folder, of what `geoapp init` prepared: communes and region."""
REGION_JSON = "region.json"
REGION_LIVREE = "32"
"""Region of the communes shipped with the product."""

_at_hand = [(COMMUNES, REGION_LIVREE)]
"""Communes and region, the last ones being served: a process builds or checks one at a time."""


def communes_file() -> Path:
    """Return the file of the communes at hand."""
    return _at_hand[-1][0]


def region_code() -> str:
    """Return the code of the region served."""
    return _at_hand[-1][1]


def region_name() -> str:
    """Return the name of the region served; its code when no commune at hand is of it."""
    return _region_names(communes_file()).get(region_code(), region_code())


@cache
def _region_names(path: Path) -> dict[str, str]:
    """Return the name of each region of a file of communes, by code."""
    told = pd.read_parquet(path, columns=["code_region", "nom_region"]).drop_duplicates()
    return dict(zip(told["code_region"], told["nom_region"], strict=True))


@contextmanager
def served_region(data_dir: Path | None, given: str = "") -> Iterator[str]:
    """Have at hand, meanwhile, a region and the communes that a data folder holds, if it holds any.

    Gives the code of the region: the one given, else the one prepared there, else ours.
    """
    mine = Path(data_dir) / TERRITOIRE / COMMUNES.name if data_dir else COMMUNES
    region = _region_of(data_dir, given)
    _at_hand.append((mine if mine.is_file() else COMMUNES, region))
    try:
        yield region
    finally:
        _at_hand.pop()


def _region_of(data_dir: Path | None, given: str) -> str:
    """Do what `served_region` says of the code."""
    path = Path(data_dir) / TERRITOIRE / REGION_JSON if data_dir else None
    if given or path is None or not path.is_file():
        return given or REGION_LIVREE
    return json.loads(path.read_text(encoding="utf-8"))["region"]


def box_of_communes() -> tuple[float, float, float, float]:
    """Return the bounds of the communes at hand, in degrees.

    Longitude and latitude least, then greatest.
    """
    return _box(communes_file())


@cache
def _box(path: Path) -> tuple[float, float, float, float]:
    # Late: what the file says of itself, without its outlines.
    import pyarrow.parquet as parquet

    told = json.loads((parquet.read_schema(path).metadata or {})[b"geo"])
    west, south, east, north = told["columns"][told["primary_column"]]["bbox"]
    return west, south, east, north


@cache
def _outlines(path: Path) -> shapely.STRtree:
    """Return the outlines of a file of communes, ready to be met."""
    return shapely.STRtree(gpd.read_parquet(path, columns=["geometry"]).geometry.to_numpy())


def count_near(shapes: gpd.GeoSeries) -> int:
    """Return how many shapes (EPSG:4326) meet a commune at hand."""
    met, _ = _outlines(communes_file()).query(shapes.to_numpy(), predicate="intersects")
    return len(set(met.tolist()))
