"""Earliest arrival at many places at once, with a bounded number of changes.

RAPTOR backwards (Delling, Pajor and Werneck 2012, « Round-Based Public Transit Routing »): a round
is one ride more.  Rounds run from the places to every passage of the window at once, so that all
the departures of a morning come from one pass (the profile of Dibbelt, Pajor, Strasser and Wagner
2013, « Intriguingly Simple and Fast Transit Routing »); a row is a passage, a column a place, and
each step is one operation of arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from geoapp.sources.gtfs.timetable import Timetable

JAMAIS = np.int32(2**30)
"""Arrival, or seconds of walk, of what is not reached."""
CORRESPONDANCES_MAX = 2
"""Changes that people accept at most on the way to a training.  Declared."""

_CASES = 2_000_000
"""Cells gathered at once: some megabytes, that a cache of the processor nearly holds."""
_BASE = np.int64(1 << 32)
"""Seconds are under it: stop × this + seconds sorts by stop, then by hour."""


@dataclass(frozen=True, kw_only=True)
class Rides:
    """The passages of a window, joined by rides and changes.

    Attributes
    ----------
    stop, arrival_s : int arrays, by passage, trips end to end
    alights : bool array
    trip_levels : list of int arrays
        Passages by distance to the last of their trip, from 1.
    boarded : int array
        Passages where one may board, sorted by stop, then by departure.
    keys : int64 array
        Their stop and departure.
    stop_levels : list of int arrays
        Their ranks by distance to the last of their stop, from 1.
    change_from, change_to, change_starts : int arrays
        Passages that change, where each begins in `change_to`, and the ranks in `boarded` of the
        first passage that one may then take at each near stop.
    """

    stop: np.ndarray
    arrival_s: np.ndarray
    alights: np.ndarray
    trip_levels: list[np.ndarray]
    boarded: np.ndarray
    keys: np.ndarray
    stop_levels: list[np.ndarray]
    change_from: np.ndarray
    change_to: np.ndarray
    change_starts: np.ndarray

    def first_boarding(self, stop: np.ndarray, seconds: np.ndarray) -> np.ndarray:
        """Return the rank of the first passage that somebody at a stop may board, -1 when none."""
        asked = stop.astype("i8") * _BASE + seconds
        at = np.searchsorted(self.keys, asked)
        found = np.append(self.keys, np.iinfo("i8").max)[at] // _BASE
        return np.where(found == stop, at, -1)


def join_rides(timetable: Timetable, changes: scipy.sparse.csr_array) -> Rides:
    """Return the rides of a timetable; `changes` gives the seconds between stops."""
    passages = timetable.passages
    trip, stop = passages["trip"].to_numpy(), passages["stop"].to_numpy("i4")
    arrival = passages["arrival_s"].to_numpy("i4")
    is_last = np.append(trip[1:] != trip[:-1], True)
    # Nobody boards where the trip ends.
    may_board = np.flatnonzero(passages["monte"].to_numpy() & ~is_last)
    keys = stop[may_board].astype("i8") * _BASE + passages["departure_s"].to_numpy("i8")[may_board]
    order = np.argsort(keys, kind="stable")
    alights = passages["descend"].to_numpy()
    rides = Rides(
        stop=stop,
        arrival_s=arrival,
        alights=alights,
        trip_levels=_levels(trip),
        boarded=may_board[order],
        keys=keys[order],
        stop_levels=_levels(keys[order] // _BASE),
        change_from=np.empty(0, "i4"),
        change_to=np.empty(0, "i4"),
        change_starts=np.empty(0, "i4"),
    )
    changing, reached = _join_changes(rides, changes)
    froms, starts = np.unique(changing, return_index=True)
    vars(rides).update(change_from=froms, change_to=reached, change_starts=starts)
    return rides


def _join_changes(rides: Rides, changes: scipy.sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Return the passages where one may change, sorted, and what each lets board first."""
    event = np.flatnonzero(rides.alights)
    degree = np.diff(changes.indptr)[rides.stop[event]]
    event = np.repeat(event, degree)
    ends = np.cumsum(degree)
    within = np.arange(len(event)) - np.repeat(ends - degree, degree)
    at = changes.indptr[rides.stop[event]] + within
    board = rides.first_boarding(
        changes.indices[at], rides.arrival_s[event].astype("i8") + changes.data[at]
    )
    return event[board >= 0], board[board >= 0]


def _levels(segment: np.ndarray) -> list[np.ndarray]:
    """Return the ranks by distance to the last of their segment, from 1 (segments are runs)."""
    if not len(segment):
        return []
    last = np.append(segment[1:] != segment[:-1], True)
    ends = np.flatnonzero(last)
    distance = ends[np.searchsorted(ends, np.arange(len(segment)))] - np.arange(len(segment))
    order = np.argsort(distance, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(distance))[:-1])
    return parts[1:]


def find_arrivals(
    rides: Rides, egress_s: np.ndarray, changes_max: int = CORRESPONDANCES_MAX
) -> np.ndarray:
    """Return the earliest arrival at each place of who boards a passage, or a later one there.

    Parameters
    ----------
    egress_s : int array, (n_stops, n_places)
        Seconds from a stop to a place on foot, `JAMAIS` where it is too far.

    Returns
    -------
    int32 array, (n_boarded + 1, n_places)
        In the order of `rides.boarded`, on the clock of the timetable, `JAMAIS` where it is not
        reached; the last row is wholly `JAMAIS`, so that rank -1 means « nothing to board ».
    """
    walk = egress_s[rides.stop]
    direct = np.where(
        rides.alights[:, None] & (walk < JAMAIS), rides.arrival_s[:, None] + walk, JAMAIS
    ).astype("i4")
    del walk
    waiting = _board(rides, _ride(rides, direct.copy()))
    for _ in range(changes_max):
        best = direct.copy()
        _change(rides, best, waiting)
        waiting = _board(rides, _ride(rides, best))
    return waiting


def _ride(rides: Rides, alighting: np.ndarray) -> np.ndarray:
    """Return the best arrival of who boards a trip at each passage: that of any later one of it.

    The last passage of a trip has none: nobody boards there.
    """
    _spread_back(alighting, rides.trip_levels)
    result = np.full_like(alighting, JAMAIS)
    result[:-1] = alighting[1:]
    return result


def _board(rides: Rides, riding: np.ndarray) -> np.ndarray:
    """Return the best arrival of who waits at a stop from each passage on, and the row of none."""
    waiting = np.full((len(rides.boarded) + 1, riding.shape[1]), JAMAIS, dtype="i4")
    waiting[:-1] = riding[rides.boarded]
    _spread_back(waiting, rides.stop_levels)
    return waiting


def _change(rides: Rides, alighting: np.ndarray, waiting: np.ndarray) -> None:
    """Lower, in place, the arrival of who alights at a passage by that of who then changes."""
    bounds = np.append(rides.change_starts, len(rides.change_to))
    step = max(1, _CASES // max(1, alighting.shape[1]))
    start = 0
    while start < len(rides.change_from):
        stop = max(start + 1, int(np.searchsorted(bounds, bounds[start] + step, side="right")) - 1)
        taken = waiting[rides.change_to[bounds[start] : bounds[stop]]]
        found = np.minimum.reduceat(taken, bounds[start:stop] - bounds[start], axis=0)
        mine = rides.change_from[start:stop]
        alighting[mine] = np.minimum(alighting[mine], found)
        start = stop


def _spread_back(values: np.ndarray, levels: list[np.ndarray]) -> None:
    """Lower each row, in place, to the least of those after it in its segment."""
    for at in levels:
        values[at] = np.minimum(values[at], values[at + 1])
