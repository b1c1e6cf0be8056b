"""What a road network does not know, taken from the laws: usual traffic, and the inside of a
commune."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy

from geoapp.coverage.travel.crow import pair_km
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.intrazonal import Floors
from geoapp.coverage.travel.law import Law, load_laws
from geoapp.coverage.travel.modes import MODES, VOITURE, VOITURE_FLUIDE
from geoapp.coverage.travel.network.tables import CoutsRoutiers, is_in_reach


def add_traffic(
    costs: CoutsRoutiers, origins_lonlat: np.ndarray, places_lonlat: np.ndarray
) -> CoutsRoutiers:
    """Return fluid minutes as those of usual traffic.

    Each is multiplied by what the law of usual traffic says over what that of fluid roads does, for
    the same straight line and the same density at both ends: OSRM knows no traffic.  Trips out
    of reach by the mode are left out.

    Parameters
    ----------
    origins_lonlat, places_lonlat : (n, 2) arrays
        Degrees (EPSG:4326), in the order of the rows and the columns.
    """
    minutes = costs.duree_min
    rows = _rows(minutes)
    crow = pair_km(origins_lonlat[rows], places_lonlat[minutes.indices])
    laws = load_laws()
    ends = density_around(origins_lonlat)[rows], density_around(places_lonlat)[minutes.indices]
    fluid, usual = (laws[mode].minutes(crow, *ends) for mode in (VOITURE_FLUIDE, VOITURE))
    factor = np.divide(usual, fluid, out=np.ones_like(usual), where=fluid > 0)
    slower = (minutes.data * np.maximum(factor, 1)).astype("f4")
    kept = is_in_reach(MODES[VOITURE], slower, costs.distance_km.data)
    return replace(
        costs,
        duree_min=_take(minutes, slower, kept, rows),
        distance_km=_take(costs.distance_km, costs.distance_km.data, kept, rows),
    )


def raise_floors(
    costs: CoutsRoutiers,
    floors: Floors,
    law: Law,
    origins_lonlat: np.ndarray,
    places_lonlat: np.ndarray,
) -> CoutsRoutiers:
    """Return costs that are, inside a commune, at least those of its mean distance by the law.

    People counted at a town hall do not live there, and a place known by its commune only is not
    there either (`intrazonal`): the road between the two points is not theirs.  No pair is added.
    """
    minutes, km = costs.duree_min, costs.distance_km
    at = _positions(minutes, floors.rows, floors.columns)
    held = at >= 0
    at, rows, columns = at[held], floors.rows[held], floors.columns[held]
    line = floors.km[held].astype(float)
    ends = density_around(origins_lonlat)[rows], density_around(places_lonlat)[columns]
    data = []
    for cost, least in ((minutes, law.minutes(line, *ends)), (km, law.road_km(line, *ends))):
        values = cost.data.copy()
        values[at] = np.maximum(values[at], least.astype("f4"))
        data.append(scipy.sparse.csr_array((values, cost.indices, cost.indptr), shape=cost.shape))
    return replace(costs, duree_min=data[0], distance_km=data[1])


def _rows(cost: scipy.sparse.csr_array) -> np.ndarray:
    """Return the row of each entry."""
    return np.repeat(np.arange(cost.shape[0]), np.diff(cost.indptr))


def _take(
    cost: scipy.sparse.csr_array, data: np.ndarray, kept: np.ndarray, rows: np.ndarray
) -> scipy.sparse.csr_array:
    """Return some entries of a matrix, with other values; `rows` are those of its entries."""
    lengths = np.bincount(rows[kept], minlength=cost.shape[0])
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    return scipy.sparse.csr_array((data[kept], cost.indices[kept], indptr), shape=cost.shape)


def _positions(cost: scipy.sparse.csr_array, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return where the entry of each pair is among the values, -1 where there is none."""
    keys = _rows(cost).astype("i8") * cost.shape[1] + cost.indices
    asked = rows.astype("i8") * cost.shape[1] + columns
    at = np.searchsorted(keys, asked)
    found = at < len(keys)
    found[found] = keys[at[found]] == asked[found]
    return np.where(found, at, -1)
