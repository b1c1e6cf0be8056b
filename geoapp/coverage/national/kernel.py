"""The pure kernel: the least threshold within which each point has an offer, by filter.

Whole numbers in, ranks out: no sum of floats depends on how the points are parted, so that one
process, many, and tiles of any size give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_BLOC = 1 << 20
"""Pairs at a time: what a process holds does not grow with the points of a tile."""


@dataclass(frozen=True, kw_only=True)
class Lieux:
    """Points, or places: aligned arrays of whole numbers.

    Attributes
    ----------
    metres : int32 array, (n, 3)
        Geocentric coordinates.
    densite : int array, (n,)
        Rank of the density around, so that those of a point and a place add up to a column of
        `limites`.
    commune : int array, (n,)
        Two that are equal, and not negative, are in one commune: nobody is at 0 km there.
    """

    metres: np.ndarray
    densite: np.ndarray
    commune: np.ndarray

    def take(self, ranks) -> Lieux:
        """Return some of them."""
        return Lieux(
            metres=self.metres[ranks], densite=self.densite[ranks], commune=self.commune[ranks]
        )


def first_threshold(
    points: Lieux,
    places: Lieux,
    supply: np.ndarray,
    limites: np.ndarray,
    planchers: np.ndarray,
) -> np.ndarray:
    """Return the rank of the least threshold within which each point has an offer.

    Parameters
    ----------
    points, places : Lieux
    supply : bool array, (n_places, n_filters)
        Which filters the offers of each place answer.
    limites : int64 array, (n_thresholds, n_densities)
        Square of the straight line (m²) that each threshold allows, inclusive; growing.
    planchers : int64 array, (n_points,)
        Least square of the straight line between a point and a place of its commune.

    Returns
    -------
    uint8 array, (n_points, n_filters)
        `n_thresholds` where no offer lies within the greatest.
    """
    nb = len(limites)
    result = np.full((len(points.densite), supply.shape[1]), nb, dtype=np.uint8)
    if not len(places.densite):
        return result
    # Counts of places under 2²⁴ are exact in float32: the fastest product is the exact one.
    open_to, ends = supply.astype(np.float32), places.metres.astype(np.float64)
    size = max(1, _BLOC // len(ends))
    for start in range(0, len(result), size):
        rows = slice(start, start + size)
        square = _squares(points.metres[rows].astype(np.float64), ends)
        same = points.commune[rows, None] == places.commune
        if same.any():
            same &= places.commune >= 0
            np.maximum(square, planchers[rows, None], out=square, where=same)
        density = points.densite[rows, None] + places.densite
        for limit in limites:
            within = (square <= limit[density]).astype(np.float32)
            result[rows] -= within @ open_to > 0
    return result


def _squares(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Return the squares of the distances of every pair: whole numbers under 2⁵³, exact."""
    square = np.zeros((len(here), len(there)))
    for axis in range(here.shape[1]):
        square += (here[:, axis, None] - there[:, axis]) ** 2
    return square


def people_within(ranks: np.ndarray, people: np.ndarray, starts: np.ndarray, nb: int) -> np.ndarray:
    """Return the people who have an offer within each of `nb` thresholds, by group of points.

    Parameters
    ----------
    ranks : uint8 array, (n, n_filters)
        Made by `first_threshold`, the points of a group together.
    people : int array, (n,)
    starts : int array, (n_groups,)
        First point of each group, growing from 0.

    Returns
    -------
    int32 array, (n_groups, n_filters, nb)
    """
    result = np.empty((len(starts), ranks.shape[1], nb), dtype=np.int32)
    for rank in range(nb):
        served = np.where(ranks <= rank, people.astype(np.int32)[:, None], 0)
        result[:, :, rank] = np.add.reduceat(served, starts, axis=0, dtype=np.int32)
    return result
