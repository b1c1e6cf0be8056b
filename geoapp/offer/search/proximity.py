"""Distances from one point to many places, and the places of a rectangle.

A place is kept as ECEF coordinates on the ellipsoid: the arc is worked out from
the chord, within 0.3 % of the geodesic (measured under 0.2 % to 300 km).
"""

from __future__ import annotations

from threading import Lock

import numpy as np
from rtree.index import Index as RTree

DEMI_GRAND_AXE_M = 6_378_137.0
EXCENTRICITE_2 = 0.006_694_380_022_9
"""First eccentricity squared of GRS80."""

RAYON_TERRE_M = 6_380_000.0
"""Radius that turns a chord into an arc.

At 300 km a change of 10 km moves the arc by 3 parts in ten million.
"""

_LOCK = Lock()
"""libspatialindex promises nothing about simultaneous readers."""


def to_ecef(longitude, latitude) -> np.ndarray:
    """Return x, y, z in metres (one row per point) of degrees on the ellipsoid, height 0."""
    lon = np.radians(np.atleast_1d(np.asarray(longitude, float)))
    lat = np.radians(np.atleast_1d(np.asarray(latitude, float)))
    normal = DEMI_GRAND_AXE_M / np.sqrt(1 - EXCENTRICITE_2 * np.sin(lat) ** 2)
    return np.column_stack(
        [
            normal * np.cos(lat) * np.cos(lon),
            normal * np.cos(lat) * np.sin(lon),
            normal * (1 - EXCENTRICITE_2) * np.sin(lat),
        ]
    )


def distances_m(xyz: np.ndarray, longitude: float, latitude: float) -> np.ndarray:
    """Return the distance in metres from a point (degrees) to each ECEF position."""
    gap = xyz - to_ecef(longitude, latitude)
    chord = np.sqrt(np.einsum("ij,ij->i", gap, gap))
    # Rounding may take the chord of two antipodes beyond the diameter.
    return 2 * RAYON_TERRE_M * np.arcsin(np.minimum(1.0, chord / (2 * RAYON_TERRE_M)))


def index_places(longitude: np.ndarray, latitude: np.ndarray) -> RTree | None:
    """Return the R-tree of places, by their row; None when there is no place."""
    if not len(longitude):
        return None
    boxes = np.column_stack([longitude, latitude, longitude, latitude])
    return RTree((row, tuple(box), None) for row, box in enumerate(boxes.tolist()))


def places_within(tree: RTree | None, emprise: tuple[float, float, float, float]) -> np.ndarray:
    """Return the rows of the places in west, south, east, north (degrees), in order.

    Borders included.
    """
    if tree is None:
        return np.empty(0, dtype=np.int64)
    with _LOCK:
        rows = list(tree.intersection(emprise))
    return np.sort(np.array(rows, dtype=np.int64))
