"""Walks to a stop, from a stop, between two stops: a straight line and the law of walking."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import scipy

from geoapp.coverage.travel.crow import pair_km, to_ecef
from geoapp.coverage.travel.law import Law, load_laws
from geoapp.coverage.travel.modes import PIED
from geoapp.sources.gtfs.timetable import Timetable

MARCHE_MAX_KM = 1.5
"""Longest walk at either end, along the streets: 18 minutes.  Declared."""
CORRESPONDANCE_MAX_KM = 0.5
"""Longest walk between two stops, along the streets: 6 minutes.  Declared."""
MARGE_S = 60
"""Time that any change takes beside the walk: getting off, finding the other stop.  Declared."""

_GRILLE_KM = np.linspace(0, 5, 5001)
"""Straight lines among which that of a walk is looked for, a metre apart."""


@functools.cache
def walking_law() -> Law:
    """Return the law of walking, that of the other answers on foot."""
    return load_laws()[PIED]


def walk_seconds(straight_km) -> np.ndarray:
    """Return whole seconds, rounded up, to walk straight lines."""
    minutes = walking_law().minutes(np.asarray(straight_km, dtype=float))
    # A millimetre is no second more.
    return np.ceil(minutes * 60 - 1e-3).astype("i4")


def find_near(
    from_lonlat: np.ndarray, to_lonlat: np.ndarray, walked_km: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs at `walked_km` at most along the streets: two ranks, straight kilometres.

    Sorted by both ranks; the limit is found to a metre of straight line.

    Parameters
    ----------
    from_lonlat, to_lonlat : (n, 2) arrays
        Longitude and latitude, degrees (EPSG:4326).
    """
    if not len(from_lonlat) or not len(to_lonlat):
        return np.empty(0, "i4"), np.empty(0, "i4"), np.empty(0)
    straight = _GRILLE_KM[walking_law().road_km(_GRILLE_KM) <= walked_km].max()
    # At these ranges a chord is its arc within a millimetre.
    near = scipy.spatial.cKDTree(to_ecef(from_lonlat)).sparse_distance_matrix(
        scipy.spatial.cKDTree(to_ecef(to_lonlat)), straight * 1000, output_type="ndarray"
    )
    order = np.lexsort((near["j"], near["i"]))
    return near["i"][order].astype("i4"), near["j"][order].astype("i4"), near["v"][order] / 1000


def find_changes(timetable: Timetable) -> scipy.sparse.csr_array:
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
    origins, ends, _ = find_near(lonlat, lonlat, CORRESPONDANCE_MAX_KM)
    station = pd.DataFrame({"key": stops["feed"].astype(str) + " " + stops["gare"]})
    station["stop"] = np.arange(len(stops))
    same = station.merge(station, on="key")
    pairs = pd.DataFrame(
        {
            "from_stop": np.concatenate([origins, same["stop_x"]]),
            "to_stop": np.concatenate([ends, same["stop_y"]]),
        }
    ).drop_duplicates()
    between = pair_km(lonlat[pairs["from_stop"]], lonlat[pairs["to_stop"]])
    pairs["seconds"] = walk_seconds(between) + MARGE_S
    told = timetable.transfers[["from_stop", "to_stop", "seconds"]]
    pairs = pd.concat([pairs, told]).drop_duplicates(["from_stop", "to_stop"], keep="last")
    pairs = pairs[pairs["seconds"] >= 0].sort_values(["from_stop", "to_stop"])
    indptr = np.searchsorted(pairs["from_stop"], np.arange(len(stops) + 1))
    values = pairs["seconds"].to_numpy("i4"), pairs["to_stop"].to_numpy("i4"), indptr
    return scipy.sparse.csr_array(values, shape=(len(stops), len(stops)))
