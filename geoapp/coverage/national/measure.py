"""One tile: read its points, measure them, write its results; what any worker does.

It reads and writes files alone, each whole or not at all: done twice, or by two workers at once,
it gives the same bytes; done already, it is not done again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely

from geoapp.core.config import CRS_GEO
from geoapp.coverage.national.kernel import Lieux, first_threshold, people_within
from geoapp.coverage.national.plan import (
    GEOCENTRIQUES,
    LIEUX,
    LIMITES,
    POINTS,
    RESULTATS,
    SOMMES,
    Plan,
    part_of,
    read_plan,
    write_parquet,
)
from geoapp.coverage.national.roads import density_ranks, to_whole_metres
from geoapp.coverage.national.tiles import places_near, tiles_of

BLOC_M = 20_000
"""Points are measured by squares of this side: fewer places are near them than near a tile."""

_SYSTEME = pyproj.CRS(CRS_GEO).to_json_dict()


def measure_tile(dossier: str, tuile: str) -> str:
    """Measure one tile of a plan unless it is done; return its name."""
    folder = Path(dossier)
    done = part_of(folder, RESULTATS, tuile)
    if done.is_file():
        return tuile
    commun = _read_shared(dossier)
    plan = commun.plan
    points = pq.read_table(part_of(folder, POINTS, tuile), partitioning=None)
    ranks = _measure(commun, points)
    codes = _column(points, "code_commune")
    people = _column(points, "population")
    # Points are in the order of communes.
    starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
    served = people_within(ranks, people, starts, len(plan.seuils_km))
    sums = pa.table(
        {
            "code_commune": codes[starts],
            "population": np.add.reduceat(people.astype(np.int64), starts),
            "nb_points": np.diff(np.append(starts, len(codes))).astype(np.int32),
            "servis": pa.FixedSizeListArray.from_arrays(
                pa.array(served.reshape(-1)), served.shape[1] * served.shape[2]
            ),
        }
    )
    write_parquet(sums, part_of(folder, SOMMES, tuile))
    # Last: a tile is done when its results are there.
    write_parquet(_results(plan, points, ranks), done)
    return tuile


@dataclass(frozen=True, kw_only=True)
class Commun:
    """What every tile of a plan needs: read once by process."""

    plan: Plan
    lieux: Lieux
    supply: np.ndarray
    limites: np.ndarray
    x: np.ndarray
    y: np.ndarray
    communes: pd.Index


@lru_cache(maxsize=2)
def _read_shared(dossier: str) -> Commun:
    """Return what every tile of a folder needs."""
    folder = Path(dossier)
    plan = read_plan(folder)
    table = pq.read_table(folder / LIEUX)
    supply = [_column(table, nom) for nom in plan.noms]
    local = _column(table, "commune_locale").astype(object)
    communes = pd.Index(sorted({one for one in local if one}), dtype=object)
    return Commun(
        plan=plan,
        lieux=Lieux(
            metres=np.column_stack([_column(table, nom) for nom in GEOCENTRIQUES]),
            densite=_column(table, "densite"),
            commune=communes.get_indexer(local),
        ),
        supply=np.stack(supply, axis=1).astype(bool),
        limites=np.stack(pq.read_table(folder / LIMITES).columns),
        x=_column(table, "x"),
        y=_column(table, "y"),
        communes=communes,
    )


def _column(table: pa.Table, nom: str) -> np.ndarray:
    return table.column(nom).to_numpy()


def _measure(commun: Commun, points: pa.Table) -> np.ndarray:
    """Return the rank of the least threshold of each point, by filter."""
    degrees = np.column_stack([_column(points, nom) for nom in ("longitude", "latitude")])
    x, y = _column(points, "x"), _column(points, "y")
    here = Lieux(
        metres=to_whole_metres(degrees),
        densite=density_ranks(degrees),
        # A commune of no place is like no other.
        commune=np.where(
            (rank := commun.communes.get_indexer(_column(points, "code_commune"))) < 0, -2, rank
        ),
    )
    floors = _column(points, "plancher_m").astype(np.int64) ** 2
    ranks = np.empty((len(x), commun.supply.shape[1]), dtype=np.uint8)
    blocks, of_block = tiles_of(x, y, BLOC_M)
    for rank in range(len(blocks)):
        mine = np.flatnonzero(of_block == rank)
        box = (x[mine].min(), y[mine].min(), x[mine].max(), y[mine].max())
        near = places_near(box, commun.x, commun.y, commun.plan.halo_m)
        ranks[mine] = first_threshold(
            here.take(mine),
            commun.lieux.take(near),
            commun.supply[near],
            commun.limites,
            floors[mine],
        )
    return ranks


def _results(plan: Plan, points: pa.Table, ranks: np.ndarray) -> pa.Table:
    """Return the results of a tile as GeoParquet: by filter, the least threshold, in km.

    Nothing is written where no known offer lies within the greatest: it is not a distance.
    """
    km = np.array([*plan.seuils_km, 0], dtype=np.uint8)
    columns = {nom: points.column(nom) for nom in ("code_commune", "x", "y", "population")}
    for rank, nom in enumerate(plan.noms):
        mine = ranks[:, rank]
        columns[nom] = pa.array(km[mine], mask=mine == len(plan.seuils_km))
    degrees = np.column_stack([points.column(nom) for nom in ("longitude", "latitude")])
    return as_geoparquet(pa.table(columns), shapely.points(degrees))


def as_geoparquet(table: pa.Table, shapes: np.ndarray) -> pa.Table:
    """Return a table with its shapes (degrees, WGS84), as GeoParquet 1.0 wants it."""
    known = shapes[~shapely.is_missing(shapes)]
    kinds = sorted({one.geom_type for one in known})
    column = {"encoding": "WKB", "geometry_types": kinds, "crs": _SYSTEME}
    if len(known):
        column["bbox"] = shapely.total_bounds(known).tolist()
    geo = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": column}}
    wkb = pa.array(shapely.to_wkb(shapes), type=pa.binary())
    table = table.append_column("geometry", wkb)
    return table.replace_schema_metadata({b"geo": json.dumps(geo, sort_keys=True).encode()})
