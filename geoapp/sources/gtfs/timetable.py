"""What runs on one day between two hours, all feeds together, on one clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from geoapp.core.errors import ParameterError
from geoapp.core.french import count
from geoapp.sources.gtfs.feed import Feed

_VOISINS = (-1, 0, 1)
"""Days of service that may run in the window: « 25:10:00 » is of the night after, and another time
zone is hours ahead.
"""
ANNEES = range(1970, 2101)
"""Years of which a day may be asked: the clocks of the world are known for them."""
PASSAGES_MAX = 20_000_000
"""Most passages held in memory: beyond, a frequency of one second is a mistake."""


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """Passages of a window, on the clock of `fuseau`.

    Attributes
    ----------
    jour : date
        Day of the window.
    start_s, end_s : int
        Its bounds, in seconds since « noon minus 12 h » of that day: no passage is out of them.
    stops : DataFrame
        Those with coordinates, of every feed: `feed` (rank), `stop_id`, `nom`, `longitude`,
        `latitude` (EPSG:4326), `gare`, `est_desservi` (somebody may board or alight in the window).
    passages : DataFrame
        By trip, in order along each: `trip` (rank of a run), `stop` (rank in `stops`), `arrival_s`,
        `departure_s`, `monte`, `descend`, `ligne`, `trip_id`.
    transfers : DataFrame
        `from_stop`, `to_stop` (ranks in `stops`), `seconds` (-1: not possible).
    courses : list of int
        Number of runs of each feed in the window.
    notes : list of text
        In French, with the name of the archive.
    """

    jour: date
    fuseau: ZoneInfo
    start_s: int
    end_s: int
    stops: pd.DataFrame
    passages: pd.DataFrame
    transfers: pd.DataFrame
    courses: list[int]
    notes: list[str]


def build_timetable(feeds: list[Feed], jour: date, start_s: int, end_s: int) -> Timetable:
    """Return what the feeds run on a day between two hours, on the clock of the first of them.

    Raises
    ------
    ParameterError
        A day out of `ANNEES`; no feed runs that day: the message gives the days of each.
    """
    if jour.year not in ANNEES:
        raise ParameterError(
            f"Le jour {jour:%d/%m/%Y} n'est pas de notre temps. "
            f"Choisissez-en un de {ANNEES[0]} à {ANNEES[-1]} (--jour AAAA-MM-JJ)."
        )
    stops, passages, transfers, courses, notes = [], [], [], [], []
    offset = runs = 0
    for rank, feed in enumerate(feeds):
        held = feed.stops["longitude"].notna().to_numpy()
        places = np.where(held, np.cumsum(held) - 1 + offset, -1)
        mine = _passages_of(feed, jour, feeds[0].fuseau, start_s, end_s)
        mine["stop"] = places[mine["stop"]]
        mine = _worth(mine[mine["stop"] >= 0])
        mine["trip"] = pd.factorize(mine["trip"])[0] + runs
        changes = feed.transfers.assign(
            from_stop=places[feed.transfers["from_stop"]],
            to_stop=places[feed.transfers["to_stop"]],
        )
        stops.append(feed.stops[held].assign(feed=rank))
        passages.append(mine)
        transfers.append(changes[(changes["from_stop"] >= 0) & (changes["to_stop"] >= 0)])
        courses.append(int(mine["trip"].nunique()))
        notes += [f"{feed.path.name} : {note}." for note in feed.notes]
        if not courses[-1]:
            notes.append(f"{feed.path.name} : {_tell_unserved(feed, jour)}.")
        offset, runs = offset + int(held.sum()), runs + courses[-1]
    if not runs:
        told = " ; ".join(f"{feed.path.name} : {_tell_unserved(feed, jour)}" for feed in feeds)
        raise ParameterError(
            f"Rien ne circule le {jour:%d/%m/%Y} de {_clock(start_s)} à {_clock(end_s)}. {told}. "
            "Choisissez un autre jour (--jour), ou une version des horaires de cette période."
        )
    passages = pd.concat(passages, ignore_index=True)
    stops = pd.concat(stops, ignore_index=True)
    stops["est_desservi"] = np.isin(stops.index, passages["stop"].unique())
    return Timetable(
        jour=jour,
        fuseau=feeds[0].fuseau,
        start_s=start_s,
        end_s=end_s,
        stops=stops,
        passages=passages,
        transfers=pd.concat(transfers, ignore_index=True),
        courses=courses,
        notes=notes,
    )


def _passages_of(feed: Feed, jour: date, zone: ZoneInfo, start_s: int, end_s: int) -> pd.DataFrame:
    """Return the passages of a feed in the window, `trip` being a rank of their own."""
    parts, nb = [], 0
    for shift in _VOISINS:
        day = jour + timedelta(days=shift)
        base = _noon(day, feed.fuseau) - _noon(jour, zone)
        runs = feed.services.running(day)[feed.trips["service"]]
        times = feed.times[runs[feed.times["trip"]]]
        for part in (
            _scheduled(times, feed.frequencies),
            _repeated(times, feed, start_s - base, end_s - base),
        ):
            part = part.assign(
                arrival_s=part["arrival_s"] + base, departure_s=part["departure_s"] + base
            )
            part = part[(part["departure_s"] >= start_s) & (part["arrival_s"] <= end_s)]
            part = part.assign(rank=pd.factorize(part["rank"])[0] + nb)
            nb += int(part["rank"].nunique())
            parts.append(part)
    result = pd.concat(parts, ignore_index=True)
    result["ligne"] = feed.trips["ligne"].to_numpy()[result["trip"]]
    result["trip_id"] = feed.trips["trip_id"].to_numpy()[result["trip"]]
    return result.drop(columns="trip").rename(columns={"rank": "trip"})


def _scheduled(times: pd.DataFrame, frequencies: pd.DataFrame) -> pd.DataFrame:
    """Return the passages of the trips that run once."""
    once = times[~times["trip"].isin(frequencies["trip"])]
    return once.assign(rank=once["trip"])


def _repeated(times: pd.DataFrame, feed: Feed, start_s: int, end_s: int) -> pd.DataFrame:
    """Return the passages of the trips that run every so often, those of the window at least."""
    bands = feed.frequencies[feed.frequencies["trip"].isin(times["trip"])]
    if bands.empty:
        return times.iloc[:0].assign(rank=pd.Series(dtype="i8"))
    first = times.groupby("trip")["departure_s"].first()
    length = times.groupby("trip")["arrival_s"].last() - first
    starts, trips = [], []
    for band in bands.itertuples():
        step = int(band.headway_s)
        # Of a run that left before the window, the end may be in it.
        skipped = max(0, -(-(start_s - int(length[band.trip]) - band.start_s) // step))
        found = np.arange(band.start_s + skipped * step, min(band.end_s, end_s + 1), step)
        starts.append(found)
        trips.append(np.full(len(found), band.trip))
    runs = pd.DataFrame({"trip": np.concatenate(trips), "leaves": np.concatenate(starts)})
    nb = int(times.groupby("trip").size().reindex(runs["trip"]).sum())
    if nb > PASSAGES_MAX:
        raise ParameterError(
            f"{feed.path.name} : frequencies.txt donne {count(nb, 'passage')} dans la plage "
            f"demandée, plus que les {PASSAGES_MAX} acceptés. Vérifiez headway_secs."
        )
    runs["rank"] = np.arange(len(runs))
    result = runs.merge(times, on="trip").sort_values("rank", kind="stable")
    moved = result["leaves"] - result["trip"].map(first)
    result["arrival_s"] += moved
    result["departure_s"] += moved
    return result.drop(columns="leaves")


def _worth(passages: pd.DataFrame) -> pd.DataFrame:
    """Return the passages of the runs that have two at least."""
    return passages[passages.groupby("trip")["trip"].transform("size") > 1].reset_index(drop=True)


def _noon(day: date, zone: ZoneInfo) -> int:
    """Return noon of a day in a time zone, in seconds of the world's clock."""
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=zone).timestamp())


def _tell_unserved(feed: Feed, jour: date) -> str:
    """Return why a feed runs nothing on a day."""
    if feed.services.validity is None:
        return "aucun jour n'y est servi"
    start, end = feed.services.validity
    if not start <= jour <= end:
        return f"valable du {start:%d/%m/%Y} au {end:%d/%m/%Y}, rien le {jour:%d/%m/%Y}"
    return f"rien ne circule le {jour:%d/%m/%Y} à ces heures"


def _clock(seconds: int) -> str:
    """Return an hour as people write it: « 7 h 05 »."""
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d}"
