"""Distances as the crow flies: arcs worked out from chords in geocentric coordinates.

Within a centimetre of the geodesic at these ranges (80 km), without any projection.
"""

from __future__ import annotations

import numpy as np
import pyproj

RAYON_M = 6_378_000.0
"""Radius used between chord and arc, in metres.

At 80 km the curvature radii of France (6.36–6.40 million) change the arc by under a centimetre.
"""

_TO_ECEF = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)


def to_ecef(lonlat: np.ndarray) -> np.ndarray:
    """Return geocentric x, y, z in metres, (n, 3), of longitudes and latitudes in degrees."""
    lonlat = np.asarray(lonlat, dtype=float).reshape(-1, 2)
    return np.stack(_TO_ECEF.transform(lonlat[:, 0], lonlat[:, 1], np.zeros(len(lonlat))), axis=1)


def crow_km(origins: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the kilometres between every two points of geocentric metres: (n, m), float32."""
    # Coordinate by coordinate: three times quicker than `cdist`, for the same squares added up.
    squares = np.zeros((len(origins), len(places)))
    for mine, theirs in zip(origins.T, places.T, strict=True):
        away = np.subtract.outer(mine, theirs)
        away *= away
        squares += away
    return _arc_km(np.sqrt(squares, out=squares).astype("f4"))


def pair_km(origins_lonlat: np.ndarray, ends_lonlat: np.ndarray) -> np.ndarray:
    """Return the kilometres of each pair of two lists of points in degrees: (n,)."""
    chord = to_ecef(origins_lonlat) - to_ecef(ends_lonlat)
    return _arc_km(np.sqrt((chord**2).sum(axis=1)))


def _arc_km(chord_m: np.ndarray) -> np.ndarray:
    """Return the arcs in kilometres of chords in metres."""
    return np.arcsin(chord_m / (2 * RAYON_M)) * (2 * RAYON_M / 1000)
