"""The times of the trips of a feed: checked, ordered, filled in between two known ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoapp.core.french import count
from geoapp.sources.gtfs.tables import Tables, read_numbers, read_times

_NAME = "stop_times.txt"
_JAMAIS = "1"
"""`pickup_type` or `drop_off_type` of a stop where one may not board, or alight."""
_SUR_DEMANDE = ("2", "3")


def read_stop_times(
    tables: Tables, trip_ids: pd.Series, stop_ids: pd.Series, notes: list[str]
) -> pd.DataFrame:
    """Return the times of the trips, in their order along each of them.

    A blank time is put between the two known ones around it, in proportion of the number of stops;
    a trip whose first or last time is blank, or that goes back in time, is left out and said.

    Returns
    -------
    DataFrame
        `trip`, `stop` (ranks in the two series), `arrival_s`, `departure_s` (seconds of the day of
        service), `monte`, `descend`.

    Raises
    ------
    SourceError
        A time or a rank that cannot be read; the line is named.
    """
    required = ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence")
    frame = tables.read(_NAME, required, ("pickup_type", "drop_off_type"))
    sequence = read_numbers(tables, _NAME, frame, "stop_sequence", "un rang")
    tables.refuse_first(_NAME, frame, np.isnan(sequence), "stop_sequence", "un rang")
    arrival = read_times(tables, _NAME, frame, "arrival_time")
    departure = read_times(tables, _NAME, frame, "departure_time")
    for column in ("pickup_type", "drop_off_type"):
        bad = ~frame[column].fillna("0").isin(list("0123"))
        tables.refuse_first(_NAME, frame, bad, column, "0, 1, 2 ou 3")
    pickup, drop_off = frame["pickup_type"].fillna("0"), frame["drop_off_type"].fillna("0")
    times = pd.DataFrame(
        {
            "trip": pd.Index(trip_ids).get_indexer(frame["trip_id"]),
            "stop": pd.Index(stop_ids).get_indexer(frame["stop_id"]),
            "sequence": sequence,
            "arrival_s": np.where(np.isnan(arrival), departure, arrival),
            "departure_s": np.where(np.isnan(departure), arrival, departure),
            "monte": pickup.ne(_JAMAIS).to_numpy(),
            "descend": drop_off.ne(_JAMAIS).to_numpy(),
        }
    )
    called = pickup.isin(_SUR_DEMANDE) | drop_off.isin(_SUR_DEMANDE)
    if called.any():
        notes.append(f"avec {count(int(called.sum()), 'passage')} sur réservation")
    stray = (times["trip"] >= 0) & (times["stop"] < 0)
    if stray.any():
        notes.append(
            f"sans {count(int(stray.sum()), 'passage')} à un arrêt que stops.txt ne donne pas"
        )
    times = times[(times["trip"] >= 0) & ~stray]
    return _ordered(times.sort_values(["trip", "sequence"], kind="stable"), notes)


def _ordered(times: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Return the times of the trips that go forward, blanks filled in, as whole seconds."""
    times = times.reset_index(drop=True)
    rank = times.groupby("trip").cumcount()
    for column in ("arrival_s", "departure_s"):
        times[column] = _fill(times["trip"], rank, times[column])
    along = times[["arrival_s", "departure_s"]].to_numpy().ravel()
    is_next = np.ones(len(along), dtype=bool)
    starts = np.flatnonzero(times["trip"].ne(times["trip"].shift()))
    is_next[2 * starts] = False
    wrong = np.isnan(along)
    wrong[1:] |= is_next[1:] & (along[1:] < along[:-1])
    bad = times["trip"][wrong.reshape(-1, 2).any(axis=1)].unique()
    if len(bad):
        notes.append(
            f"sans {count(len(bad), 'course')} dont les heures manquent au bout ou reculent"
        )
        times = times[~times["trip"].isin(bad)].reset_index(drop=True)
    return times.drop(columns="sequence").astype({"arrival_s": "i8", "departure_s": "i8"})


def _fill(trip: pd.Series, rank: pd.Series, seconds: pd.Series) -> np.ndarray:
    """Return the times with blanks put between the known ones of the same trip, NaN at its ends."""
    value, blank = seconds.to_numpy(copy=True), seconds.isna().to_numpy()
    if not blank.any() or blank.all():
        return value
    known = np.flatnonzero(~blank)
    after = np.searchsorted(known, np.flatnonzero(blank))
    inside = (after > 0) & (after < len(known))
    at = np.flatnonzero(blank)[inside]
    left, right = known[after[inside] - 1], known[after[inside]]
    trips, ranks = trip.to_numpy(), rank.to_numpy()
    same = (trips[left] == trips[at]) & (trips[right] == trips[at])
    at, left, right = at[same], left[same], right[same]
    part = (ranks[at] - ranks[left]) / (ranks[right] - ranks[left])
    value[at] = np.floor(value[left] + part * (value[right] - value[left]))
    return value
