"""Walks to a stop, from a stop, between two stops: a straight line, a detour, a pace."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyproj
from scipy import sparse
from scipy.spatial import cKDTree

from geoapp.coverage.travel.calibration import DETOUR
from geoapp.sources.gtfs.timetable import Timetable

VITESSE_MARCHE_KM_H = 4.5
"""Pace of a walk with crossings; the usual value of route planners is 4 to 5.  Declared."""
MARCHE_MAX_M = 1_500.0
"""Longest walk at either end, along the streets: 20 minutes.  Declared."""
CORRESPONDANCE_MAX_M = 500.0
"""Longest walk between two stops, along the streets: under 7 minutes.  Declared."""
MARGE_S = 60
"""Time that any change takes beside the walk: getting off, finding the other stop.  Declared."""

_TO_ECEF = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)


def walk_seconds(straight_m) -> np.ndarray:
    """Return whole seconds, rounded up, to walk straight lines given in metres."""
    pace = VITESSE_MARCHE_KM_H / 3.6
    # A millimetre is no second more.
    return np.ceil(np.asarray(straight_m, dtype=float) * DETOUR / pace - 1e-3).astype("i4")


def find_near(
    from_lonlat: np.ndarray, to_lonlat: np.ndarray, walked_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs at `walked_m` at most along the streets: two ranks, and the straight metres.

    Chords stand for arcs: at these ranges they differ by less than a millimetre.  Sorted by both
    ranks.

    Parameters
    ----------
    from_lonlat, to_lonlat : (n, 2) arrays
        Longitude and latitude, degrees (EPSG:4326).
    """
    if not len(from_lonlat) or not len(to_lonlat):
        return np.empty(0, "i4"), np.empty(0, "i4"), np.empty(0)
    near = cKDTree(_to_ecef(from_lonlat)).sparse_distance_matrix(
        cKDTree(_to_ecef(to_lonlat)), walked_m / DETOUR, output_type="ndarray"
    )
    order = np.lexsort((near["j"], near["i"]))
    return near["i"][order].astype("i4"), near["j"][order].astype("i4"), near["v"][order]


def straight_m(from_lonlat: np.ndarray, to_lonlat: np.ndarray) -> np.ndarray:
    """Return the straight metres between points, pair by pair (degrees, EPSG:4326)."""
    return np.linalg.norm(_to_ecef(from_lonlat) - _to_ecef(to_lonlat), axis=1)


def find_changes(timetable: Timetable) -> sparse.csr_array:
    """Return the seconds that changes between stops take, `MARGE_S` included.

    Two stops near one another, two of one station, a stop with itself; a time that the producer
    gives replaces ours, and a change that it forbids is left out.

    Returns
    -------
    csr_array of int32, (n_stops, n_stops)
        An absent entry is no change.
    """
    stops = timetable.stops
    lonlat = stops[["longitude", "latitude"]].to_numpy(dtype=float)
    origins, ends, _ = find_near(lonlat, lonlat, CORRESPONDANCE_MAX_M)
    station = pd.DataFrame({"key": stops["feed"].astype(str) + " " + stops["gare"]})
    station["stop"] = np.arange(len(stops))
    same = station.merge(station, on="key")
    pairs = pd.DataFrame(
        {
            "from_stop": np.concatenate([origins, same["stop_x"]]),
            "to_stop": np.concatenate([ends, same["stop_y"]]),
        }
    ).drop_duplicates()
    between = straight_m(lonlat[pairs["from_stop"]], lonlat[pairs["to_stop"]])
    pairs["seconds"] = walk_seconds(between) + MARGE_S
    told = timetable.transfers[["from_stop", "to_stop", "seconds"]]
    pairs = pd.concat([pairs, told]).drop_duplicates(["from_stop", "to_stop"], keep="last")
    pairs = pairs[pairs["seconds"] >= 0].sort_values(["from_stop", "to_stop"])
    indptr = np.searchsorted(pairs["from_stop"], np.arange(len(stops) + 1))
    values = pairs["seconds"].to_numpy("i4"), pairs["to_stop"].to_numpy("i4"), indptr
    return sparse.csr_array(values, shape=(len(stops), len(stops)))


def _to_ecef(lonlat: np.ndarray) -> np.ndarray:
    """Return geocentric x, y, z in metres of longitudes and latitudes in degrees."""
    lonlat = np.asarray(lonlat, dtype=float).reshape(-1, 2)
    return np.stack(_TO_ECEF.transform(lonlat[:, 0], lonlat[:, 1], np.zeros(len(lonlat))), axis=1)
