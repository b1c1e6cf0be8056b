"""Trips of a morning: from points to places, over every departure of a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from geoapp.coverage.travel.transit.rides import (
    CORRESPONDANCES_MAX,
    JAMAIS,
    Rides,
    find_arrivals,
    join_rides,
)
from geoapp.coverage.travel.transit.walking import (
    MARCHE_MAX_KM,
    find_changes,
    find_near,
    walk_seconds,
)
from geoapp.sources.gtfs.timetable import Timetable

PAS_S = 300
"""Seconds from one departure to the next."""

_LIEUX = 16
"""Places worked out at once: more of them leave the caches of the processor."""
_CASES = 2_000_000
"""Cells gathered at once: some megabytes, that a cache of the processor nearly holds."""


@dataclass(frozen=True, kw_only=True)
class Morning:
    """Trips found, one row each, sorted by origin then by place; walking all along is not in it.

    `origin` and `place` are ranks, `median_s` and `fastest_s` whole seconds.  `near_origins` and
    `near_places` tell which ends have, within a walk, a stop that is served in the window.
    """

    origin: np.ndarray
    place: np.ndarray
    median_s: np.ndarray
    fastest_s: np.ndarray
    near_origins: np.ndarray
    near_places: np.ndarray


def find_trips(
    timetable: Timetable,
    origins_lonlat: np.ndarray,
    places_lonlat: np.ndarray,
    *,
    step_s: int = PAS_S,
    changes_max: int = CORRESPONDANCES_MAX,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> Morning:
    """Return the trips that arrive before the end of the window, from each origin to each place.

    Departures are those of the window, every `step_s`.  The time of one is what parts it from the
    earliest arrival, wait at the first stop included; who can no longer arrive in time has left at
    the last departure that does, and is counted from it to the end of the window.  So a time never
    grows when a feed is added, and every pair that anybody joins has a time.  Of an even number of
    departures the median is the lower of the two in the middle: one that somebody travels.

    Parameters
    ----------
    origins_lonlat, places_lonlat : (n, 2) arrays
        Longitude and latitude, degrees (EPSG:4326).
    watch : callable
        Told how many places are done, of how many.
    """
    walks = find_walks(timetable, origins_lonlat, places_lonlat)
    departures = np.arange(timetable.start_s, timetable.end_s, step_s)
    found: list[tuple[np.ndarray, ...]] = [(np.empty(0, "i4"),) * 4]
    for rows, columns, arrivals in find_each_arrival(
        timetable, walks, departures, changes_max=changes_max, watch=watch
    ):
        found.append((rows, columns, *_summarise(arrivals, departures, timetable.end_s)))
    rows, ends, median, fastest = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((ends, rows))
    return Morning(
        origin=rows[order],
        place=ends[order],
        median_s=median[order],
        fastest_s=fastest[order],
        near_origins=_mark(walks.origin, len(origins_lonlat)),
        near_places=_mark(walks.place, len(places_lonlat)),
    )


@dataclass(frozen=True, kw_only=True)
class Walks:
    """Walks between points and the stops that are served: ranks of both ends, whole seconds.

    `origin`, `access_stop`, `access_s` lead to a stop, `place`, `egress_stop`, `egress_s` from one.
    """

    origin: np.ndarray
    access_stop: np.ndarray
    access_s: np.ndarray
    place: np.ndarray
    egress_stop: np.ndarray
    egress_s: np.ndarray


def find_walks(
    timetable: Timetable, origins_lonlat: np.ndarray, places_lonlat: np.ndarray
) -> Walks:
    """Return the walks of `MARCHE_MAX_KM` at most at both ends of a trip (degrees, EPSG:4326)."""
    served = np.flatnonzero(timetable.stops["est_desservi"]).astype("i4")
    stops = timetable.stops[["longitude", "latitude"]].to_numpy(dtype=float)[served]
    origin, access, access_km = find_near(origins_lonlat, stops, MARCHE_MAX_KM)
    egress, place, egress_km = find_near(stops, places_lonlat, MARCHE_MAX_KM)
    return Walks(
        origin=origin,
        access_stop=served[access],
        access_s=walk_seconds(access_km),
        place=place,
        egress_stop=served[egress],
        egress_s=walk_seconds(egress_km),
    )


def find_each_arrival(
    timetable: Timetable,
    walks: Walks,
    departures: np.ndarray,
    *,
    changes_max: int = CORRESPONDANCES_MAX,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield by blocks: ranks of origins, of places, and earliest arrivals (n, n_departures).

    `departures` are seconds on the clock of the timetable, from the first to the last; `JAMAIS` is
    the arrival of who does not arrive in the window.  A pair that the first departure does not join
    is left out: no later one joins it.
    """
    rides = join_rides(timetable, find_changes(timetable))
    boardings = _Boardings.make(rides, walks, departures)
    near = np.unique(walks.place)
    for start in range(0, len(near), _LIEUX):
        block = near[start : start + _LIEUX]
        mine = np.isin(walks.place, block)
        egress = np.full((len(timetable.stops), len(block)), JAMAIS, dtype="i4")
        columns = np.searchsorted(block, walks.place[mine])
        egress[walks.egress_stop[mine], columns] = walks.egress_s[mine]
        arrivals = find_arrivals(rides, egress, changes_max)
        arrivals[arrivals > timetable.end_s] = JAMAIS
        for origins, found, seconds in boardings.reach(arrivals):
            yield origins, block[found], seconds
        watch(min(start + _LIEUX, len(near)), len(near))


@dataclass(frozen=True, kw_only=True)
class _Boardings:
    """What may be boarded from each origin at each departure, after a walk.

    `board` are ranks of passages, `starts` where each pair (origin, departure) begins in it, `pair`
    those pairs (rank of the origin × number of departures + departure), sorted.
    """

    board: np.ndarray
    starts: np.ndarray
    pair: np.ndarray
    nb: int

    @classmethod
    def make(cls, rides: Rides, walks: Walks, departures: np.ndarray) -> _Boardings:
        """Return what is boarded after the walks from the origins."""
        nb = len(departures)
        at = departures[None, :] + walks.access_s[:, None].astype("i8")
        board = rides.first_boarding(np.repeat(walks.access_stop, nb), at.ravel())
        pair = (walks.origin[:, None].astype("i8") * nb + np.arange(nb)).ravel()
        pair, board = pair[board >= 0], board[board >= 0]
        order = np.argsort(pair, kind="stable")
        pairs, starts = np.unique(pair[order], return_index=True)
        return cls(board=board[order], starts=starts, pair=pairs, nb=nb)

    def reach(self, arrivals: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield by blocks the origins and columns of who arrives, and when (n, departures)."""
        bounds = np.append(self.starts, len(self.board))
        # A block is cut between two origins.
        firsts = np.flatnonzero(np.diff(self.pair // self.nb, prepend=-1))
        firsts = np.append(firsts, len(self.pair))
        step = max(1, _CASES // max(1, arrivals.shape[1]))
        start = 0
        while start < len(firsts) - 1:
            limit = bounds[firsts[start]] + step
            stop = max(start + 1, int(np.searchsorted(bounds[firsts], limit, side="right")) - 1)
            low, high = firsts[start], firsts[stop]
            taken = arrivals[self.board[bounds[low] : bounds[high]]]
            best = np.minimum.reduceat(taken, bounds[low:high] - bounds[low], axis=0)
            owners = self.pair[low:high]
            origins = np.unique(owners // self.nb)
            table = np.full((len(origins), self.nb, arrivals.shape[1]), JAMAIS, dtype="i4")
            table[np.searchsorted(origins, owners // self.nb), owners % self.nb] = best
            # Who leaves first can wait for any later one: it tells whether anybody arrives.
            rows, columns = np.nonzero(table[:, 0] < JAMAIS)
            yield origins[rows].astype("i4"), columns, table[rows, :, columns]
            start = stop


def _summarise(
    arrivals: np.ndarray, departures: np.ndarray, end_s: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the median and the least time of trips (n, departures); the first of each arrives."""
    in_time = arrivals < JAMAIS
    last = departures[in_time.sum(axis=1) - 1]
    seconds = np.where(in_time, arrivals - departures, (end_s - last)[:, None])
    middle = (len(departures) - 1) // 2
    median = np.partition(seconds, middle, axis=1)[:, middle]
    fastest = np.where(in_time, seconds, JAMAIS).min(axis=1)
    return median.astype("i4"), fastest.astype("i4")


def _mark(ranks: np.ndarray, size: int) -> np.ndarray:
    """Return a mask of `size` that is true at some ranks."""
    mask = np.zeros(size, dtype=bool)
    mask[ranks] = True
    return mask
