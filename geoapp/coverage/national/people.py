"""Points where people live: communes at their town hall, or squares made from published totals.

No file of squares of the whole country is at hand: the people of each commune, which is published,
are spread on squares of 200 m around its town hall, inside its outline.  Totals are kept; where
people live inside a commune is not known, and such points are a demonstration, never a measure.
"""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoapp.core.config import CRS_METRIC
from geoapp.core.geometry import to_geographic, to_metric
from geoapp.coverage.outlines import COTE_M
from geoapp.coverage.travel.intrazonal import commune_floors

NB_CARREAUX = 2_250_000
"""Squares of 200 m where people live in mainland France and Corsica, about (INSEE)."""

_PUISSANCE = 0.54
"""Squares of a commune grow as this power of its people: a village of 400 has about 50, a town of
100,000 a thousand."""


def commune_points(communes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return one point by commune.

    `code_commune`, `x`, `y` (Lambert-93), `longitude`, `latitude`, `population`, and `plancher_m`:
    nobody is nearer than that to a place of the commune (`coverage.travel.intrazonal`).
    """
    longitude, latitude = communes["longitude_mairie"], communes["latitude_mairie"]
    x, y = to_metric(longitude, latitude)
    return pd.DataFrame(
        {
            "code_commune": communes["code_commune"].to_numpy(dtype=object),
            "x": np.rint(x).astype(np.int32),
            "y": np.rint(y).astype(np.int32),
            "longitude": longitude.to_numpy(float),
            "latitude": latitude.to_numpy(float),
            "population": _people(communes),
            "plancher_m": _floors_m(communes),
        }
    )


def spread_people(communes: gpd.GeoDataFrame, nb: int = NB_CARREAUX) -> pd.DataFrame:
    """Return about `nb` squares where the people of communes are spread, as `commune_points`.

    Each commune has its nearest squares to the town hall, and as many people in each, one more in
    the first ones.  A commune too small to hold the middle of a square has that of its town hall:
    a row is a square and a commune.
    """
    people = _people(communes)
    outlines = communes.geometry.to_crs(CRS_METRIC).to_numpy()
    halls = np.column_stack(to_metric(communes["longitude_mairie"], communes["latitude_mairie"]))
    # Many more than needed are never looked for: the nearest of a disk are those of the outline.
    room = np.maximum(shapely.area(outlines) / COTE_M**2, 1.0)
    wanted = _shares(people, room, nb)
    parts = []
    for rank in np.flatnonzero(people > 0):
        cells = _nearest_cells(outlines[rank], halls[rank], int(wanted[rank]))
        parts.append((rank, cells))
    ranks = np.repeat([rank for rank, _ in parts], [len(cells) for _, cells in parts])
    centres = np.concatenate([cells for _, cells in parts]) if parts else np.zeros((0, 2), int)
    spread = [_even(int(people[rank]), len(cells)) for rank, cells in parts]
    longitude, latitude = to_geographic(centres[:, 0], centres[:, 1])
    return pd.DataFrame(
        {
            "code_commune": communes["code_commune"].to_numpy(dtype=object)[ranks.astype(int)],
            "x": centres[:, 0].astype(np.int32),
            "y": centres[:, 1].astype(np.int32),
            "longitude": longitude.round(7),
            "latitude": latitude.round(7),
            "population": np.concatenate(spread) if spread else np.zeros(0, np.int32),
            "plancher_m": _floors_m(communes)[ranks.astype(int)],
        }
    )


def _floors_m(communes: gpd.GeoDataFrame) -> np.ndarray:
    floors = commune_floors(communes).reindex(communes["code_commune"]).fillna(0)
    return np.rint(floors * 1000).to_numpy().astype(np.int32)


def _people(communes: pd.DataFrame) -> np.ndarray:
    return communes["population"].fillna(0).to_numpy().astype(np.int32)


def _shares(people: np.ndarray, room: np.ndarray, nb: int) -> np.ndarray:
    """Return how many squares each commune has, `nb` in all as nearly as the room allows."""
    most = np.minimum(people, np.ceil(room))
    low, high = 0.0, float(max(nb, 1))
    for _ in range(60):
        middle = (low + high) / 2
        total = np.minimum(most, np.ceil(middle * people**_PUISSANCE)).sum()
        low, high = (middle, high) if total < nb else (low, middle)
    return np.minimum(most, np.ceil(high * people**_PUISSANCE)).astype(np.int64)


def _nearest_cells(outline, hall: np.ndarray, nb: int) -> np.ndarray:
    """Return the middles of at most `nb` squares inside an outline, the nearest to a point first.

    The square that holds the point is the only one when none is inside.
    """
    for reach in _reaches(outline, hall, nb):
        middles = _grid_around(hall, reach)
        far = np.hypot(*(middles - hall).T)
        middles = middles[far <= reach]
        inside = middles[shapely.contains_xy(outline, middles[:, 0], middles[:, 1])]
        if len(inside) >= nb:
            break
    if not len(inside):
        return _middle(hall[None])
    # At the same distance, the most southern, then the most western: the same at each run.
    order = np.lexsort((inside[:, 0], inside[:, 1], ((inside - hall) ** 2).sum(axis=1)))
    return inside[order[:nb]]


def _reaches(outline, hall: np.ndarray, nb: int) -> Iterable[float]:
    """Return radii to look in: a disk that might do, then all that the outline can hold."""
    west, south, east, north = shapely.bounds(outline)
    corners = np.array([[west, south], [west, north], [east, south], [east, north]])
    whole = float(np.hypot(*(corners - hall).T).max()) + COTE_M
    first = 1.5 * np.sqrt(nb / np.pi) * COTE_M + COTE_M
    return (first, whole) if first < whole else (whole,)


def _grid_around(hall: np.ndarray, reach: float) -> np.ndarray:
    """Return the middles of the squares of a box around a point."""
    (west, south), (east, north) = (np.floor((hall + side * reach) / COTE_M) for side in (-1, 1))
    columns, rows = np.meshgrid(np.arange(west, east + 1), np.arange(south, north + 1))
    return (np.column_stack([columns.ravel(), rows.ravel()]) * COTE_M + COTE_M / 2).astype(int)


def _middle(points: np.ndarray) -> np.ndarray:
    return (np.floor(points / COTE_M) * COTE_M + COTE_M / 2).astype(int)


def _even(people: int, nb: int) -> np.ndarray:
    """Return the people of each square: as many in each, one more in the first ones."""
    each, left = divmod(people, nb)
    return np.where(np.arange(nb) < left, each + 1, each).astype(np.int32)
