"""Default costs: distance as the crow flies × a detour factor, minutes at a declared speed.

Distances are arcs worked out from chords in geocentric coordinates: within a
centimetre of the geodesic at these ranges, without any projection.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from scipy import sparse
from scipy.spatial.distance import cdist

from geoapp.coverage.travel.calibration import DETOUR, VITESSE_KM_H, describe_calibration
from geoapp.coverage.travel.intrazonal import PART_RACINE, floor_distances
from geoapp.coverage.travel.matrix import Trajets, at_speed

MAXIMUM_KM = 100.0
"""Costs beyond this road distance are not kept: the largest threshold that may be asked."""

RAYON_M = 6_378_000.0
"""Radius used between chord and arc, in metres.

At 80 km the curvature radii of France (6.36–6.40 million) change the arc by under a centimetre.
"""

_PAIRES = 2_000_000
"""Pairs compared at once: bounds the memory to some tens of megabytes beside the result."""

_TO_ECEF = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)


def build_trajets(
    points: gpd.GeoDataFrame, places: pd.DataFrame, communes: gpd.GeoDataFrame
) -> Trajets:
    """Return the cost matrix of the default provider, nobody being at 0 km (`intrazonal`).

    Parameters
    ----------
    points : GeoDataFrame
        Points of demand, the rows: `id_point`, `type_point`, `code_commune` (EPSG:4326).
    places : DataFrame
        The columns: `id_place`, `longitude`, `latitude`, `code_commune`, `est_vague`.
    communes : GeoDataFrame
        Outlines (EPSG:4326).
    """
    distance, _ = build_costs(
        shapely.get_coordinates(points.geometry.to_numpy()),
        places[["longitude", "latitude"]].to_numpy(float),
        detour=DETOUR,
        speed_km_h=VITESSE_KM_H,
        max_km=MAXIMUM_KM,
    )
    floor_distances(distance, points, places, communes, detour=DETOUR)
    minutes = at_speed(distance, VITESSE_KM_H)
    parameters = {
        "fournisseur": "vol d'oiseau × détour",
        "detour": DETOUR,
        "vitesse_km_h": VITESSE_KM_H,
        "maximum_km": MAXIMUM_KM,
        "maximum_min": round(MAXIMUM_KM * 60 / VITESSE_KM_H),
        "minimum_communal": PART_RACINE,
        "note": describe_calibration(),
    }
    return Trajets(
        origines=np.asarray(points["id_point"], dtype="U"),
        places=np.asarray(places["id_place"], dtype="U"),
        distance_km=distance,
        duree_min=minutes,
        parametres=parameters,
    )


def build_costs(
    origins_lonlat: np.ndarray,
    places_lonlat: np.ndarray,
    *,
    detour: float,
    speed_km_h: float,
    max_km: float,
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Return the estimated road distances (km, up to `max_km` inclusive) and their minutes.

    Every pair is compared, by blocks of origins: in a region a third of the
    pairs are in reach, so that a tree would save nothing.

    Parameters
    ----------
    origins_lonlat, places_lonlat : (n, 2) arrays
        Longitude and latitude, degrees (EPSG:4326).

    Returns
    -------
    distance, minutes : csr_array of float32, (n_origins, n_places)
        Same structure, columns sorted in each row; two points at one position are at a stored 0.
    """
    origins, places = _to_ecef(origins_lonlat), _to_ecef(places_lonlat)
    limit = 2 * RAYON_M * np.sin(max_km * 1000 / detour / (2 * RAYON_M))
    step = max(1, _PAIRES // max(1, len(places)))
    columns = np.tile(np.arange(len(places), dtype="i4"), min(step, len(origins)))
    lengths, indices, km = [], [], []
    for start in range(0, len(origins), step):
        squares = cdist(origins[start : start + step], places, "sqeuclidean")
        # The last bit of a chord must not leave out a pair that is at the limit.
        near = squares <= limit**2 * (1 + 1e-12)
        kept = np.flatnonzero(near)
        lengths.append(np.count_nonzero(near, axis=1))
        indices.append(columns[kept])
        km.append(
            (
                np.arcsin(np.sqrt(squares.ravel()[kept]) / (2 * RAYON_M))
                * (2 * RAYON_M / 1000 * detour)
            ).astype("f4")
        )
    indptr = np.concatenate([[0], np.cumsum(_joined(lengths, "i8"))])
    distance = sparse.csr_array(
        (_joined(km, "f4"), _joined(indices, "i4"), indptr), shape=(len(origins), len(places))
    )
    return distance, at_speed(distance, speed_km_h)


def _joined(blocks: list[np.ndarray], dtype: str) -> np.ndarray:
    """Return the blocks end to end, and let go of them."""
    result = np.concatenate(blocks) if blocks else np.empty(0)
    blocks.clear()
    return result.astype(dtype, copy=False)


def _to_ecef(lonlat: np.ndarray) -> np.ndarray:
    """Return geocentric x, y, z in metres of longitudes and latitudes in degrees."""
    lonlat = np.asarray(lonlat, dtype=float).reshape(-1, 2)
    return np.stack(_TO_ECEF.transform(lonlat[:, 0], lonlat[:, 1], np.zeros(len(lonlat))), axis=1)
