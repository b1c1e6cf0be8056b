"""How densely people live around a point: one definition, for fitting the laws and for using them.

A Gaussian kernel over the communes of metropolitan France (one point each): the people of a commune
count by exp(−r² / 2h²), h = `NOYAU_KM`, up to `PORTEE_KM`, over 2πh².  Coarse on purpose: it is
known everywhere, with or without a snapshot.
"""

from __future__ import annotations

import functools

import numpy as np
import scipy

from geoapp.core.geometry import to_metric
from geoapp.reference.communes.population_points import load_population_points

NOYAU_KM, PORTEE_KM = 2.5, 10.0
"""Width of the kernel, and distance beyond which a commune no longer counts, in kilometres."""

_BLOC = 20_000


def density_around(points_lonlat: np.ndarray) -> np.ndarray:
    """Return the people per km² around points, (n,); NaN where no commune is in reach.

    Parameters
    ----------
    points_lonlat : (n, 2) array
        Longitude and latitude, degrees (EPSG:4326).  Abroad, overseas or not finite: unknown.
    """
    points = np.asarray(points_lonlat, dtype=float).reshape(-1, 2)
    known = np.isfinite(points).all(axis=1)
    result = np.full(len(points), np.nan)
    tree, people = _communes()
    ranks = np.flatnonzero(known)
    for start in range(0, len(ranks), _BLOC):
        mine = ranks[start : start + _BLOC]
        here = scipy.spatial.cKDTree(np.column_stack(to_metric(*points[mine].T)) / 1000)
        near = here.sparse_distance_matrix(tree, PORTEE_KM, output_type="ndarray")
        weight = np.exp(-(near["v"] ** 2) / (2 * NOYAU_KM**2)) * people[near["j"]]
        total = np.bincount(near["i"], weight, len(mine)) / (2 * np.pi * NOYAU_KM**2)
        seen = np.bincount(near["i"], minlength=len(mine)) > 0
        result[mine] = np.where(seen, total, np.nan)
    return result


@functools.cache
def _communes() -> tuple[scipy.spatial.cKDTree, np.ndarray]:
    """Return a tree of the communes (Lambert-93, kilometres) and their people."""
    lonlat, people = load_population_points()
    return scipy.spatial.cKDTree(np.column_stack(to_metric(*lonlat.T)) / 1000), people
