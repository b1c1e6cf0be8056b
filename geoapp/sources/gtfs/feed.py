"""One feed of timetables: its stops, trips, times, services and transfers, checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from geoapp.core.files import sha256_of
from geoapp.core.french import count, join_words
from geoapp.sources.gtfs.calendars import Services, read_services
from geoapp.sources.gtfs.stop_times import read_stop_times
from geoapp.sources.gtfs.tables import Tables, read_numbers, read_times
from geoapp.sources.records import show

EN_STATION, EN_GARE = "0", "1"
"""`location_type` of a stop where one boards, and of the station that holds several."""


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A feed, its tables joined by rank.

    Attributes
    ----------
    nom, editeur, version : text
        Names of its agencies, and what `feed_info.txt` says, or an empty text.
    fuseau : ZoneInfo
        In which its times are written.
    stops : DataFrame
        `stop_id`, `nom`, `longitude`, `latitude` (EPSG:4326, NaN when nobody knows them), `gare`
        (the `stop_id` of its station, or its own): those where one boards.
    trips : DataFrame
        `trip_id`, `service` (rank in `services`), `ligne` (its name for people).
    times : DataFrame
        In the order of each trip: `trip`, `stop` (ranks), `arrival_s`, `departure_s` (seconds of
        the day of service), `monte`, `descend` (whether one may).
    frequencies : DataFrame
        `trip`, `start_s`, `end_s`, `headway_s`: the trip runs over and over, its own times being
        those of a pattern.
    transfers : DataFrame
        `from_stop`, `to_stop` (ranks), `seconds` (-1: the change is not possible).
    notes : list of text
        What was left out or repaired, in French.
    """

    path: Path
    sha256: str
    nom: str
    editeur: str
    version: str
    fuseau: ZoneInfo
    services: Services
    stops: pd.DataFrame
    trips: pd.DataFrame
    times: pd.DataFrame
    frequencies: pd.DataFrame
    transfers: pd.DataFrame
    notes: list[str]

    @property
    def nb_trips(self) -> np.ndarray:
        """Return the number of trips of each service."""
        held = self.trips.iloc[self.times["trip"].unique()]
        return np.bincount(held["service"], minlength=len(self.services.ids))


def read_feed(path: Path) -> Feed:
    """Return the feed of a zip archive.

    Raises
    ------
    SourceError
        What cannot be read; the message names the archive, the table, the line and the cure.
    """
    tables = Tables(path)
    notes: list[str] = []
    nom, fuseau = _read_agencies(tables)
    editeur, version = _read_info(tables)
    services = read_services(tables)
    stops = _read_stops(tables, notes)
    trips = _read_trips(tables, services, notes)
    return Feed(
        path=tables.path,
        sha256=sha256_of(tables.path),
        nom=nom,
        editeur=editeur,
        version=version,
        fuseau=fuseau,
        services=services,
        stops=stops,
        trips=trips,
        times=read_stop_times(tables, trips["trip_id"], stops["stop_id"], notes),
        frequencies=_read_frequencies(tables, trips, notes),
        transfers=_read_transfers(tables, stops, notes),
        notes=notes,
    )


def _read_agencies(tables: Tables) -> tuple[str, ZoneInfo]:
    """Return the names of the agencies, and their only time zone."""
    name = "agency.txt"
    frame = tables.read(name, ("agency_timezone",), ("agency_name",))
    if frame.empty:
        raise tables.error(name, None, "aucun exploitant, donc aucun fuseau horaire.")
    first = frame["agency_timezone"].iloc[0]
    bad = frame["agency_timezone"].ne(first).fillna(True)
    tables.refuse_first(name, frame, bad, "agency_timezone", "un seul fuseau par archive")
    try:
        zone = ZoneInfo(str(first))
    except (ValueError, OSError, KeyError):
        line = int(frame.index[0])
        problem = f"fuseau horaire « {show(first)} » inconnu, « Europe/Paris » par exemple."
        raise tables.error(name, line, problem) from None
    return join_words([show(nom) for nom in frame["agency_name"].dropna().unique()[:3]]), zone


def _read_info(tables: Tables) -> tuple[str, str]:
    """Return the publisher and the version, empty where they are not said."""
    if "feed_info.txt" not in tables:
        return "", ""
    frame = tables.read("feed_info.txt", (), ("feed_publisher_name", "feed_version")).fillna("")
    if frame.empty:
        return "", ""
    return show(frame["feed_publisher_name"].iloc[0]), show(frame["feed_version"].iloc[0])


def _read_stops(tables: Tables, notes: list[str]) -> pd.DataFrame:
    """Return the stops where one boards; one without coordinates takes those of its station."""
    name = "stops.txt"
    optional = ("stop_name", "stop_lat", "stop_lon", "location_type", "parent_station")
    frame = tables.read(name, ("stop_id",), optional)
    tables.refuse_first(name, frame, frame["stop_id"].isna(), "stop_id", "un identifiant")
    repeated = frame["stop_id"].duplicated()
    tables.refuse_first(name, frame, repeated, "stop_id", "un identifiant qui ne serve qu'une fois")
    for column, limit in (("stop_lat", 90), ("stop_lon", 180)):
        degrees = read_numbers(tables, name, frame, column, "un nombre de degrés")
        bad = np.abs(np.nan_to_num(degrees)) > limit
        tables.refuse_first(name, frame, bad, column, f"un nombre de -{limit} à {limit}")
        frame[column] = degrees
    # « 0, 0 » is how exporters write that they do not know.
    unknown = frame["stop_lat"].isna() | frame["stop_lon"].isna()
    unknown |= frame["stop_lat"].eq(0) & frame["stop_lon"].eq(0)
    frame.loc[unknown, ["stop_lat", "stop_lon"]] = np.nan
    stations = frame.set_index("stop_id")[["stop_lat", "stop_lon"]]
    lent = stations.reindex(frame["parent_station"].fillna("")).to_numpy()
    for rank, column in enumerate(("stop_lat", "stop_lon")):
        frame[column] = frame[column].where(~unknown, lent[:, rank])
    boarded = frame[frame["location_type"].fillna(EN_STATION).eq(EN_STATION)]
    lost = boarded[boarded["stop_lat"].isna()]
    if len(lost):
        named = join_words([f"« {show(nom)} »" for nom in lost["stop_name"].fillna("?")[:3]])
        more = "…" if len(lost) > 3 else ""
        notes.append(f"sans {count(len(lost), 'arrêt')} dont la position manque : {named}{more}")
    return pd.DataFrame(
        {
            "stop_id": boarded["stop_id"],
            "nom": boarded["stop_name"].fillna(boarded["stop_id"]),
            "longitude": boarded["stop_lon"],
            "latitude": boarded["stop_lat"],
            "gare": boarded["parent_station"].fillna(boarded["stop_id"]),
        }
    ).reset_index(drop=True)


def _read_trips(tables: Tables, services: Services, notes: list[str]) -> pd.DataFrame:
    """Return the trips whose service is known, each with the name of its line."""
    name = "trips.txt"
    frame = tables.read(name, ("trip_id", "service_id"), ("route_id", "trip_headsign"))
    tables.refuse_first(name, frame, frame["trip_id"].isna(), "trip_id", "un identifiant")
    repeated = frame["trip_id"].duplicated()
    tables.refuse_first(name, frame, repeated, "trip_id", "un identifiant qui ne serve qu'une fois")
    frame["service"] = services.ids.get_indexer(frame["service_id"])
    stray = frame["service"] < 0
    if stray.any():
        notes.append(f"sans {count(int(stray.sum()), 'course')} dont le calendrier manque")
    lines = pd.Series(dtype="str")
    if "routes.txt" in tables:
        routes = tables.read("routes.txt", ("route_id",), ("route_short_name", "route_long_name"))
        routes = routes.drop_duplicates("route_id").set_index("route_id")
        lines = routes["route_short_name"].fillna(routes["route_long_name"])
    return pd.DataFrame(
        {
            "trip_id": frame["trip_id"],
            "service": frame["service"],
            "ligne": frame["route_id"].map(lines).astype("str").fillna(frame["route_id"]),
            "vers": frame["trip_headsign"],
        }
    )[~stray].reset_index(drop=True)


def _read_frequencies(tables: Tables, trips: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Return the trips that run every so many seconds."""
    name = "frequencies.txt"
    columns = ("trip_id", "start_time", "end_time", "headway_secs")
    if name not in tables:
        return pd.DataFrame(columns=["trip", "start_s", "end_s", "headway_s"], dtype="i8")
    frame = tables.read(name, columns, ("exact_times",))
    for column in columns:
        tables.refuse_first(name, frame, frame[column].isna(), column, "une valeur")
    headway = read_numbers(tables, name, frame, "headway_secs", "un nombre de secondes")
    tables.refuse_first(name, frame, headway < 1, "headway_secs", "au moins une seconde")
    result = pd.DataFrame(
        {
            "trip": pd.Index(trips["trip_id"]).get_indexer(frame["trip_id"]),
            "start_s": read_times(tables, name, frame, "start_time").astype("i8"),
            "end_s": read_times(tables, name, frame, "end_time").astype("i8"),
            "headway_s": headway.astype("i8"),
        }
    )
    loose = frame["exact_times"].fillna("0").ne("1").to_numpy()
    if loose.any():
        notes.append(
            f"{count(int(loose.sum()), 'plage')} où l'exploitant ne donne qu'un intervalle entre "
            "deux passages : la première course part au début de la plage, ce qui est approché"
        )
    return result[result["trip"] >= 0].reset_index(drop=True)


def _read_transfers(tables: Tables, stops: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Return the changes that the producer times or forbids, a station standing for its stops."""
    name, empty = "transfers.txt", pd.DataFrame(columns=["from_stop", "to_stop", "seconds"])
    if name not in tables:
        return empty.astype("i8")
    columns = ("from_stop_id", "to_stop_id")
    frame = tables.read(name, columns, ("transfer_type", "min_transfer_time", "from_trip_id"))
    seconds = read_numbers(tables, name, frame, "min_transfer_time", "un nombre de secondes")
    kind = frame["transfer_type"].fillna("0")
    tables.refuse_first(name, frame, ~kind.isin(list("012345")), "transfer_type", "de 0 à 5")
    frame["seconds"] = np.where(kind.eq("3"), -1, seconds)
    # A rule of two trips, or of a stay on board, says nothing of the other changes.
    kept = kind.isin(["2", "3"]) & frame["from_trip_id"].isna() & frame["seconds"].notna()
    if nb := int((~kept & kind.isin(["4", "5"])).sum()):
        notes.append(f"sans {count(nb, 'correspondance')} de course à course")
    known = pd.concat(
        [
            pd.DataFrame({"id": stops["stop_id"], "stop": stops.index}),
            pd.DataFrame({"id": stops["gare"], "stop": stops.index}),
        ]
    ).drop_duplicates()
    pairs = frame.loc[kept, [*columns, "seconds"]]
    pairs = pairs.merge(known.set_axis(["from_stop_id", "from_stop"], axis=1), on="from_stop_id")
    pairs = pairs.merge(known.set_axis(["to_stop_id", "to_stop"], axis=1), on="to_stop_id")
    result = pairs[["from_stop", "to_stop", "seconds"]].astype("i8")
    return result.drop_duplicates(["from_stop", "to_stop"], keep="last").reset_index(drop=True)
