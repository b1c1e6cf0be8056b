"""On which days the services of a feed run, and which day stands for the others.

`calendar.txt` gives the days of the week between two dates, `calendar_dates.txt` the exceptions;
either may be absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from dateutil.easter import easter

from geoapp.sources.gtfs.tables import Tables

JOURS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TABLES = ("calendar.txt", "calendar_dates.txt")
DUREE_MAX_JOURS = 800
"""Days looked at from the first of each feed: two school years; some say « until 2099 »."""
ETE = (7, 8)
"""Months without school, left out when the feeds run in another one."""

TYPES_JOUR = {"semaine": (1, 3), "mercredi": (2,), "samedi": (5,)}
"""Days of the week (Monday is 0) that each type of day may be.

Tuesday and Thursday stand for a school day: pupils' buses often leave Monday, Wednesday and Friday
timetables of their own.
"""


@dataclass(frozen=True, kw_only=True)
class Services:
    """When the services of a feed run.

    `ids` names them; `week` (n, 7) and `dates` (n, 2), ordinals of the first and last day, are
    those of `calendar.txt` (a service that it lacks has none); `exceptions` gives by ordinal the
    ranks added and removed.
    """

    ids: pd.Index
    week: np.ndarray
    dates: np.ndarray
    exceptions: dict[int, tuple[np.ndarray, np.ndarray]]

    def running(self, day: date) -> np.ndarray:
        """Tell which services run on a day."""
        rank = day.toordinal()
        runs = self.week[:, day.weekday()] & (self.dates[:, 0] <= rank) & (rank <= self.dates[:, 1])
        added, removed = self.exceptions.get(rank, ([], []))
        runs[added], runs[removed] = True, False
        return runs

    @property
    def validity(self) -> tuple[date, date] | None:
        """Return the first and last day that any service may run, None when none ever does."""
        ends = [*self.dates[self.week.any(axis=1)].ravel()]
        ends += [rank for rank, (added, _) in self.exceptions.items() if len(added)]
        if not ends:
            return None
        return date.fromordinal(int(min(ends))), date.fromordinal(int(max(ends)))


def read_services(tables: Tables) -> Services:
    """Return the services of a feed.

    Raises
    ------
    SourceError
        Neither table is there, a date or a flag that is none; the line is named.
    """
    if not any(name in tables for name in _TABLES):
        raise tables.error(
            "calendar.txt", None, "ni cette table ni calendar_dates.txt : aucun jour n'est servi."
        )
    regular = exceptions = None
    if "calendar.txt" in tables:
        regular = tables.read("calendar.txt", ("service_id", *JOURS, "start_date", "end_date"))
    if "calendar_dates.txt" in tables:
        exceptions = tables.read("calendar_dates.txt", ("service_id", "date", "exception_type"))
    ids = pd.Index([], dtype="str")
    for frame in (regular, exceptions):
        if frame is not None:
            ids = ids.union(pd.Index(frame["service_id"].dropna().unique()))
    week = np.zeros((len(ids), 7), dtype=bool)
    dates = np.tile([1, 0], (len(ids), 1))
    if regular is not None:
        regular = regular.dropna(subset="service_id").drop_duplicates("service_id", keep="last")
        ranks = ids.get_indexer(regular["service_id"])
        for column, jour in enumerate(JOURS):
            bad = ~regular[jour].isin(["0", "1"])
            tables.refuse_first("calendar.txt", regular, bad, jour, "0 ou 1")
            week[ranks, column] = regular[jour].eq("1")
        dates[ranks, 0] = _read_dates(tables, "calendar.txt", regular, "start_date")
        dates[ranks, 1] = _read_dates(tables, "calendar.txt", regular, "end_date")
    return Services(
        ids=ids, week=week, dates=dates, exceptions=_read_exceptions(tables, exceptions, ids)
    )


def _read_exceptions(
    tables: Tables, frame: pd.DataFrame | None, ids: pd.Index
) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Return by ordinal of a day the ranks of the services that are added and removed."""
    if frame is None:
        return {}
    name = "calendar_dates.txt"
    frame = frame.dropna(subset="service_id")
    bad = ~frame["exception_type"].isin(["1", "2"])
    tables.refuse_first(name, frame, bad, "exception_type", "1 (ajouté) ou 2 (retiré)")
    days = _read_dates(tables, name, frame, "date")
    ranks, is_added = ids.get_indexer(frame["service_id"]), frame["exception_type"].eq("1")
    table = pd.DataFrame({"day": days, "rank": ranks, "added": is_added.to_numpy()})
    return {
        int(day): (
            mine.loc[mine["added"], "rank"].to_numpy(),
            mine.loc[~mine["added"], "rank"].to_numpy(),
        )
        for day, mine in table.groupby("day")
    }


def _read_dates(tables: Tables, name: str, frame: pd.DataFrame, column: str) -> np.ndarray:
    """Return the ordinals of dates written « 20251118 »."""
    codes, distinct = pd.factorize(frame[column])
    known, wrong = np.zeros(len(distinct) + 1, dtype="i8"), np.ones(len(distinct) + 1, dtype=bool)
    for rank, text in enumerate(distinct):
        try:
            if len(text) == 8 and text.isdigit():
                known[rank] = date.fromisoformat(text).toordinal()
                wrong[rank] = False
        except ValueError:
            continue
    tables.refuse_first(name, frame, wrong[codes], column, "une date « 20251118 »")
    return known[codes]


def choose_day(feeds: list[tuple[Services, np.ndarray]], type_jour: str = "semaine") -> date | None:
    """Return the day of a type that stands best for the others, None when none is ever served.

    The day where the most feeds run their usual service of that type of day: the same services on
    the most days, holidays and the summer apart.  Of several, that of the feed that ends last (an
    old one has been replaced), then that of the most trips, then the first.

    Parameters
    ----------
    feeds : list
        The services of each feed, and the number of trips of each service.
    """
    ranks: set[int] = set()
    for services, _ in feeds:
        if services.validity:
            first, until = (day.toordinal() for day in services.validity)
            ranks.update(range(first, min(until, first + DUREE_MAX_JOURS) + 1))
    days = [date.fromordinal(rank) for rank in sorted(ranks)]
    days = [day for day in days if day.weekday() in TYPES_JOUR[type_jour]]
    days = [day for day in days if not is_public_holiday(day)]
    scores: dict[date, tuple[int, date, int]] = {}
    for services, nb_trips in feeds:
        for day, trips in _usual_days(services, nb_trips, days).items():
            nb, end, total = scores.get(day, (0, date.min, 0))
            last = services.validity[1] if services.validity else date.min
            scores[day] = (nb + 1, max(end, last), total + trips)
    return max(scores, key=lambda day: (*scores[day], -day.toordinal())) if scores else None


def _usual_days(services: Services, nb_trips: np.ndarray, days: list[date]) -> dict[date, int]:
    """Return those of some days where a feed runs its usual service, with its number of trips."""
    found: dict[bool, dict[bytes, list[date]]] = {False: {}, True: {}}
    trips: dict[bytes, int] = {}
    for day in days:
        runs = services.running(day) & (nb_trips > 0)
        if runs.any():
            key = runs.tobytes()
            trips[key] = int(nb_trips[runs].sum())
            found[day.month in ETE].setdefault(key, []).append(day)
    by_service = found[False] or found[True]
    if not by_service:
        return {}
    best = max(by_service, key=lambda key: (len(by_service[key]), trips[key]))
    return dict.fromkeys(by_service[best], trips[best])


def is_public_holiday(day: date) -> bool:
    """Tell whether a day is a public holiday everywhere in France (code du travail, L3133-1)."""
    fixed = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
    moving = {easter(day.year) + timedelta(days=n) for n in (1, 39, 50)}
    return (day.month, day.day) in fixed or day in moving
