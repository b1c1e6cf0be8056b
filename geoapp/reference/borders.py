"""Borders of the country: what no source of ours holds begins there."""

from __future__ import annotations

import csv
from functools import lru_cache

import numpy as np

from geoapp.core.config import GEODATA

FRONTIERES = GEODATA / "frontieres.csv"
"""Points of borders, six kilometres apart at most, and where what begins (« en Belgique »)."""

_PAS_M = 3_000
"""No point of a border is farther from one of `FRONTIERES`."""

_DEGRE_M = 111_195
"""Metres of a degree of latitude."""


def countries_near(longitudes, latitudes, radius_m: float) -> list[str]:
    """Return the other countries whose border is within a radius of one of some points (degrees).

    To `_PAS_M`: enough to know that a country is near.
    """
    names, border = _borders()
    lon, lat = (np.atleast_1d(np.asarray(one, dtype=float)) for one in (longitudes, latitudes))
    east = (border[:, :1] - lon) * np.cos(np.radians(lat))
    gaps = np.hypot(east, border[:, 1:] - lat) * _DEGRE_M
    near = (gaps <= radius_m + _PAS_M).any(axis=1)
    return sorted({names[row] for row in np.flatnonzero(near)})


@lru_cache(maxsize=1)
def _borders() -> tuple[list[str], np.ndarray]:
    with FRONTIERES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    at = [[float(row["longitude"]), float(row["latitude"])] for row in rows]
    return [row["ou"] for row in rows], np.array(at).reshape(-1, 2)
