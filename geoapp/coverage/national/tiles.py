"""Tiles: squares of Lambert-93, each with the places that its points may reach.

A point is in one tile: that of which it is on the south or west side belongs to it, the others do
not.  The halo is the greatest threshold, so that the edge of a tile changes no number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ECHELLE = 1.005
"""Lambert-93 stretches or shrinks the geodesic by less than this everywhere in the country: so much
more of halo, or a place just within the threshold could be left out."""


@dataclass(frozen=True, order=True)
class Carre:
    """One square: column and row on the grid of squares of `cote_m` metres."""

    colonne: int
    ligne: int
    cote_m: int

    @property
    def nom(self) -> str:
        """Return « E0600N6850 »: the kilometres of its south-west corner."""
        return f"E{self.colonne * self.cote_m // 1000:04d}N{self.ligne * self.cote_m // 1000:04d}"


def tiles_of(x: np.ndarray, y: np.ndarray, cote_m: int) -> tuple[list[Carre], np.ndarray]:
    """Return the tiles that hold points (Lambert-93 metres), in order, and the rank of each's."""
    if not len(x):
        return [], np.zeros(0, dtype=np.intp)
    pairs = np.column_stack([x, y]).astype(np.int64) // cote_m
    distinct, ranks = np.unique(pairs, axis=0, return_inverse=True)
    tiles = [Carre(int(column), int(row), cote_m) for column, row in distinct]
    return tiles, ranks.reshape(-1)


def places_near(
    box: tuple[float, float, float, float], x: np.ndarray, y: np.ndarray, halo_m: float
) -> np.ndarray:
    """Return which places (Lambert-93 metres) may lie within `halo_m` of a point of a box.

    `box` is west, south, east, north.
    """
    west, south, east, north = box
    across = np.maximum(np.maximum(west - x, x - east), 0.0)
    along = np.maximum(np.maximum(south - y, y - north), 0.0)
    reach = halo_m * ECHELLE
    return np.flatnonzero(across**2 + along**2 <= reach**2)
