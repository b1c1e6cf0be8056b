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


def near_pairs(
    origins: np.ndarray, places: np.ndarray, reach_km: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs at most `reach_km` apart, and a few that are hardly more.

    Parameters
    ----------
    origins : (n, 3) array
        Geocentric metres.
    places : (3, m) array
        The same, one coordinate after the other.

    Returns
    -------
    pairs, km : (p,) arrays
        Rank of each pair among the n × m, in order, and its kilometres (float32).
    """
    squares, away = np.empty((2, len(origins), places.shape[1]))
    # Coordinate by coordinate: three times quicker than `cdist`, for the same squares added up.
    for rank, (mine, theirs) in enumerate(zip(origins.T, places, strict=True)):
        gap = np.subtract.outer(mine, theirs, out=away if rank else squares)
        gap *= gap
        if rank:
            squares += away
    most = 2 * RAYON_M * np.sin(min(reach_km * 1000 / (2 * RAYON_M), np.pi / 2))
    pairs = np.flatnonzero(squares <= most**2 * (1 + 1e-6))
    chords = squares.ravel().take(pairs)
    return pairs, _near_arc_km(np.sqrt(chords, out=chords).astype("f4"))


def pair_km(origins_lonlat: np.ndarray, ends_lonlat: np.ndarray) -> np.ndarray:
    """Return the kilometres of each pair of two lists of points in degrees: (n,)."""
    chord = to_ecef(origins_lonlat) - to_ecef(ends_lonlat)
    return _arc_km(np.sqrt((chord**2).sum(axis=1)))


def _arc_km(chord_m: np.ndarray) -> np.ndarray:
    """Return the arcs in kilometres of chords in metres."""
    return np.arcsin(chord_m / (2 * RAYON_M)) * (2 * RAYON_M / 1000)


_ARCSIN = np.array([1 / 6, 3 / 40, 15 / 336], dtype="f4")
"""First terms of the series of the arcsine, those of x³, x⁵ and x⁷: for 500 km the next is under
the thousandth of a rounding of float32."""


def _near_arc_km(chord_m: np.ndarray) -> np.ndarray:
    """Return what `_arc_km` does of float32 up to hundreds of kilometres, to its last rounding.

    NumPy asks the C library for each arcsine, one after the other: three times longer.
    """
    first, second, third = _ARCSIN
    sine = chord_m / (2 * RAYON_M)
    square = sine * sine
    arc = square * third
    for term in (second, first):
        arc += term
        arc *= square
    arc *= sine
    arc += sine
    arc *= 2 * RAYON_M / 1000
    return arc
