"""Kilometres by road as straight lines: the law of the pages of a region, inverted once.

The law (`coverage.travel.law`) gives the road of a straight line and of the mean density of both
ends, and grows with the first.  Inverted for each density, a threshold is a straight line: whole
numbers to compare, the same on every machine, and no logarithm by pair.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geoapp.coverage.travel.crow import RAYON_M, to_ecef
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.law import Lines, load_laws
from geoapp.coverage.travel.modes import VOITURE

PAS = 1 / 1024
"""Step of half the logarithm of a density: under a metre of straight line at 40 km."""

NB_DENSITES = 4096
"""Steps of one end: up to 300,000 people per km²."""

ARRONDI_KM = 0.005
"""The pages compare thresholds with costs to the nearest decametre: a little beyond is within."""


def to_whole_metres(lonlat: np.ndarray) -> np.ndarray:
    """Return geocentric coordinates in whole metres, (n, 3) int32, of degrees (n, 2)."""
    return np.rint(to_ecef(lonlat)).astype(np.int32)


def density_ranks(lonlat: np.ndarray) -> np.ndarray:
    """Return the rank of the density around each point of degrees (n, 2): see `Lieux`."""
    half = load_laws()[VOITURE].log_density(density_around(lonlat)) / 2
    return np.minimum(np.rint(half / PAS), NB_DENSITES - 1).astype(np.int32)


def straight_lines_km(seuils_km: Sequence[float]) -> np.ndarray:
    """Return the longest straight line within each threshold by road, by density.

    Shape (n_thresholds, 2 × `NB_DENSITES` − 1): ranks of both ends added up.
    """
    law = load_laws()[VOITURE]
    mean = np.arange(2 * NB_DENSITES - 1) * PAS
    result = np.empty((len(seuils_km), len(mean)))
    for row, seuil in enumerate(seuils_km):
        # A road is never shorter than its straight line.
        low, high = np.zeros(len(mean)), np.full(len(mean), seuil + ARRONDI_KM)
        for _ in range(50):
            middle = (low + high) / 2
            is_within = law.road_of(Lines(middle), mean) <= seuil + ARRONDI_KM
            low, high = np.where(is_within, middle, low), np.where(is_within, high, middle)
        result[row] = low
    return result


def square_limits(seuils_km: Sequence[float]) -> np.ndarray:
    """Return the squares (m², whole) of the chords of `straight_lines_km`, as the kernel reads."""
    chord = 2 * RAYON_M * np.sin(straight_lines_km(seuils_km) * 1000 / (2 * RAYON_M))
    return np.floor(chord**2).astype(np.int64)
