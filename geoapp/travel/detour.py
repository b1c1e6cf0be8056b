"""Default provider of costs: distance as the crow flies × a detour factor, minutes at a declared speed.

Distances are arcs on the ellipsoid worked out from chords in geocentric
coordinates: within a millimetre of the geodesic at these ranges, and so fit
for a k-d tree (no projection, no degrees).
"""

from __future__ import annotations

import numpy as np
import pyproj
from scipy import sparse
from scipy.spatial import cKDTree

from geoapp.travel.calibrage import DETOUR, VITESSE_KM_H, describe_calibration
from geoapp.travel.matrice import Trajets, at_speed

MAXIMUM_KM = 100.0
"""Costs beyond this road distance are not kept: twice the largest threshold that may be asked."""

RAYON_M = 6_378_000.0
"""Radius used between chord and arc, in metres; the curvature radii of France (6.37–6.39 million) change the arc by under a centimetre at 80 km."""

_BLOC = 2_000
"""Origins worked out at once: bounds the memory."""

_TO_ECEF = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)


def build_trajets(origines, origines_lonlat: np.ndarray, places, places_lonlat: np.ndarray) -> Trajets:
    """Return the cost matrix of the default provider.

    Parameters
    ----------
    origines, places : array of text
        Identifiers of rows and columns.
    origines_lonlat, places_lonlat : (n, 2) arrays
        Longitude and latitude, degrees (EPSG:4326).
    """
    distance = build_costs(origines_lonlat, places_lonlat, detour=DETOUR, max_km=MAXIMUM_KM)
    parameters = {"fournisseur": "vol d'oiseau × détour", "detour": DETOUR, "vitesse_km_h": VITESSE_KM_H, "maximum_km": MAXIMUM_KM, "note": describe_calibration()}
    return Trajets(np.asarray(origines, dtype="U"), np.asarray(places, dtype="U"), distance, at_speed(distance, VITESSE_KM_H), True, parameters)


def build_costs(origines_lonlat: np.ndarray, places_lonlat: np.ndarray, *, detour: float, max_km: float) -> sparse.csr_array:
    """Return the road distances estimated, in km, up to `max_km` inclusive.

    Returns
    -------
    csr_array of float32, (n_origins, n_places)
        Columns sorted in each row; two points at one position are at a stored 0.
    """
    places = cKDTree(_to_ecef(places_lonlat)) if len(places_lonlat) else None
    blocks = []
    for start in range(0, len(origines_lonlat), _BLOC):
        block = _to_ecef(origines_lonlat[start:start + _BLOC])
        blocks.append(_block_costs(block, places, detour, max_km))
    shape = (len(origines_lonlat), len(places_lonlat))
    if not blocks or places is None:
        return sparse.csr_array(shape, dtype="f4")
    lengths = np.concatenate([lengths for lengths, _, _ in blocks])
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    return sparse.csr_array((np.concatenate([d for _, _, d in blocks]), np.concatenate([i for _, i, _ in blocks]), indptr), shape=shape)


def _to_ecef(lonlat: np.ndarray) -> np.ndarray:
    """Return geocentric x, y, z in metres of longitudes and latitudes in degrees."""
    lonlat = np.asarray(lonlat, dtype=float).reshape(-1, 2)
    return np.stack(_TO_ECEF.transform(lonlat[:, 0], lonlat[:, 1], np.zeros(len(lonlat))), axis=1)


def _block_costs(block: np.ndarray, places: cKDTree | None, detour: float, max_km: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, for some origins, the number of places in reach, their columns and their costs."""
    if places is None:
        return np.zeros(len(block), dtype=int), np.empty(0, dtype="i4"), np.empty(0, dtype="f4")
    chord = 2 * RAYON_M * np.sin(max_km * 1000 / detour / (2 * RAYON_M))
    found = places.query_ball_point(block, chord * (1 + 1e-12), return_sorted=True)
    lengths = np.fromiter(map(len, found), dtype=int, count=len(found))
    columns = np.concatenate([np.asarray(one, dtype="i4") for one in found]) if lengths.sum() else np.empty(0, dtype="i4")
    gaps = np.linalg.norm(block[np.repeat(np.arange(len(block)), lengths)] - places.data[columns], axis=1)
    arcs = 2 * RAYON_M * np.arcsin(gaps / (2 * RAYON_M))
    return lengths, columns, (arcs / 1000 * detour).astype("f4")
