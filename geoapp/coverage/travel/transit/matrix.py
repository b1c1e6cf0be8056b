"""The matrix of public transport: trips of a morning from the people to the places of training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy
import shapely

from geoapp.core.errors import ParameterError
from geoapp.core.french import count, format_decimal, join_words, with_unit
from geoapp.coverage.travel.crow import pair_km
from geoapp.coverage.travel.given import (
    Couverture,
    SourceTrajets,
    count_residents,
    write_matrix,
)
from geoapp.coverage.travel.intrazonal import Floors, find_floors
from geoapp.coverage.travel.transit.morning import PAS_S, Morning, find_trips
from geoapp.coverage.travel.transit.rides import CORRESPONDANCES_MAX
from geoapp.coverage.travel.transit.walking import (
    CORRESPONDANCE_MAX_KM,
    MARCHE_MAX_KM,
    MARGE_S,
    find_near,
    walk_seconds,
    walking_law,
)
from geoapp.sources.gtfs.calendars import TYPES_JOUR, choose_day, is_public_holiday
from geoapp.sources.gtfs.feed import Feed, read_feed
from geoapp.sources.gtfs.timetable import Timetable, build_timetable

MODE = "transports"
ARRIVEE_S = 9 * 3600
"""Hour before which one arrives: trainings mostly start between 8 and 9."""
FENETRE_S = 2 * 3600
"""Departures looked at before it, and the longest trip: the largest threshold in minutes."""
RAPIDE = "time_min_rapide"
"""Column of the file that gives the fastest trip beside the median."""

_JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


@dataclass(frozen=True, kw_only=True)
class Transports:
    """Minutes from people to places by public transport, or on foot all along where shorter.

    `duree_min` (median) and `rapide_min` are csr_array of float32, of one structure;
    `part_population` is the share of the people of the region with a served stop within a walk.
    """

    points: gpd.GeoDataFrame
    places: pd.DataFrame
    duree_min: scipy.sparse.csr_array
    rapide_min: scipy.sparse.csr_array
    couverture: Couverture
    part_population: float


def read_timetable(
    paths: list[Path], *, jour: date | None = None, type_jour: str = "semaine"
) -> tuple[list[Feed], Timetable]:
    """Return feeds and what they run on the morning of a day, the most usual one when not given.

    Raises
    ------
    SourceError
        A feed that cannot be read.
    ParameterError
        An archive given twice, no day of this type, nothing that runs on the day.
    """
    feeds = [read_feed(path) for path in paths]
    repeated = [
        feed.path.name
        for i, feed in enumerate(feeds)
        if feed.sha256 in {other.sha256 for other in feeds[:i]}
    ]
    if repeated:
        raise ParameterError(f"{repeated[0]} est donné deux fois dans --gtfs. Gardez-en un.")
    if jour is None:
        jour = choose_day([(feed.services, feed.nb_trips) for feed in feeds], type_jour)
    if jour is None:
        days = join_words([f"un {_JOURS[rank]}" for rank in TYPES_JOUR[type_jour]])
        raise ParameterError(
            f"Aucune course ne circule {days} hors jour férié dans ces horaires. "
            "Choisissez un autre type de jour (--jour-type), ou un jour (--jour AAAA-MM-JJ)."
        )
    return feeds, build_timetable(feeds, jour, ARRIVEE_S - FENETRE_S, ARRIVEE_S)


def build_transports(
    timetable: Timetable,
    points: gpd.GeoDataFrame,
    places: pd.DataFrame,
    communes: gpd.GeoDataFrame,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> Transports:
    """Return the minutes of the morning of a timetable.

    Walking all along is taken where it is shorter, and where the place is near enough to walk to;
    it has the floor of any distance inside one commune (`intrazonal`).

    Parameters
    ----------
    points : GeoDataFrame
        Points of demand, the rows: `id_point`, `type_point`, `code_commune`, `est_region`,
        `population_retenue` (EPSG:4326).
    places : DataFrame
        The columns: `id_place`, `longitude`, `latitude`, `code_commune`, `est_vague`.
    communes : GeoDataFrame
        Outlines (EPSG:4326).
    """
    origins = shapely.get_coordinates(points.geometry.to_numpy())
    ends = places[["longitude", "latitude"]].to_numpy(dtype=float)
    found = find_trips(timetable, origins, ends, watch=watch)
    pairs = _with_walks(found, origins, ends)
    indptr = np.searchsorted(pairs["origin"], np.arange(len(points) + 1))
    columns, shape = pairs["place"].to_numpy("i4"), (len(points), len(places))

    def matrix(data) -> scipy.sparse.csr_array:
        return scipy.sparse.csr_array((np.asarray(data), columns, indptr), shape=shape)

    straight = pair_km(origins[pairs["origin"]], ends[pairs["place"]])
    floors = find_floors(points, places, communes)
    on_foot = walk_seconds(_raised(straight, pairs, floors, len(places))) / 60
    people = count_residents(points)
    return Transports(
        points=points,
        places=places,
        duree_min=matrix(np.fmin(pairs["median_s"] / 60, on_foot).astype("f4")),
        rapide_min=matrix(np.fmin(pairs["fastest_s"] / 60, on_foot).astype("f4")),
        couverture=Couverture(origines=found.near_origins, places=found.near_places),
        part_population=float(people[found.near_origins].sum() / max(people.sum(), 1)),
    )


def _with_walks(found: Morning, origins: np.ndarray, ends: np.ndarray) -> pd.DataFrame:
    """Return the trips, and the pairs that one walks between two ends that are near a stop.

    Sorted by `origin` and `place`; `median_s` and `fastest_s` are NaN where one only walks.
    """
    trips = pd.DataFrame(
        {
            "origin": found.origin,
            "place": found.place,
            "median_s": found.median_s.astype("f8"),
            "fastest_s": found.fastest_s.astype("f8"),
        }
    )
    origin, place, _ = find_near(origins, ends, MARCHE_MAX_KM)
    known = found.near_origins[origin] & found.near_places[place]
    walks = pd.DataFrame({"origin": origin[known], "place": place[known]})
    every = pd.concat([trips, walks], ignore_index=True)
    every = every.drop_duplicates(["origin", "place"], keep="first")
    return every.sort_values(["origin", "place"], ignore_index=True)


def _raised(straight_km: np.ndarray, pairs: pd.DataFrame, floors: Floors, size: int) -> np.ndarray:
    """Return straight lines, none under the floor of its pair; `size` is the number of places."""
    known = floors.rows.astype("i8") * size + floors.columns
    asked = (pairs["origin"].astype("i8") * size + pairs["place"]).to_numpy()
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known[order], asked), max(len(known) - 1, 0))
    result = np.maximum(straight_km, floors.least[pairs["origin"]])
    if len(known):
        found = order[at]
        is_there = known[found] == asked
        result[is_there] = np.maximum(result[is_there], floors.km[found[is_there]])
    return result


def write_transports(
    transports: Transports, feeds: list[Feed], timetable: Timetable, out: Path
) -> int:
    """Write the matrix as a file that « build --trajets » reads; return the number of pairs.

    Raises
    ------
    StorageError
        When the file cannot be written; nothing half-written is left.
    """
    source = SourceTrajets(
        mode=MODE,
        fournisseur="horaires des réseaux (GTFS)",
        note=describe_transports(feeds, timetable),
        licence="non dite par les archives d'horaires : voir chaque réseau",
        date=timetable.jour.isoformat(),
        fichiers=tuple({"nom": feed.path.name, "sha256": feed.sha256} for feed in feeds),
        details={
            "debut_s": timetable.start_s,
            "fin_s": timetable.end_s,
            "pas_s": PAS_S,
            "fuseau": timetable.fuseau.key,
            "correspondances_max": CORRESPONDANCES_MAX,
            "marche_max_km": MARCHE_MAX_KM,
            "marche_km_h": _pace(),
            "part_population": round(transports.part_population, 4),
            "reseaux": [
                describe_feed(*both) for both in zip(feeds, timetable.courses, strict=True)
            ],
            "reserves": timetable.notes,
        },
    )
    return write_matrix(
        out,
        origines=transports.points["id_point"].to_numpy(dtype=str),
        places=transports.places["id_place"].to_numpy(dtype=str),
        duree_min=transports.duree_min,
        distance_km=None,
        source=source,
        couverture=transports.couverture,
        complements={RAPIDE: transports.rapide_min},
    )


def describe_feed(feed: Feed, courses: int) -> dict:
    """Return what is told of a feed: `nom`, `editeur`, `version`, days it holds, `courses`."""
    start, end = feed.services.validity or (None, None)
    return {
        "nom": feed.nom or feed.path.stem,
        "editeur": feed.editeur,
        "version": feed.version,
        "du": start.isoformat() if start else "",
        "au": end.isoformat() if end else "",
        "courses": courses,
    }


def _pace() -> float:
    """Return the kilometres along the streets that the law walks in an hour, over one."""
    law = walking_law()
    return round(float(law.road_km(1.0) / law.minutes(1.0)) * 60, 2)


def describe_transports(feeds: list[Feed], timetable: Timetable) -> str:
    """Return in French what the minutes are, and what they are not."""
    networks = join_words([feed.nom or feed.path.stem for feed in feeds])
    day = timetable.jour
    return (
        f"Transports en commun : {networks}, horaires du {_JOURS[day.weekday()]} {day:%d/%m/%Y}. "
        f"Médiane des départs toutes les {with_unit(PAS_S // 60, 'min')} de "
        f"{timetable.start_s // 3600} h à {timetable.end_s // 3600} h, pour arriver avant "
        f"{timetable.end_s // 3600} h, attente comprise ; qui ne peut plus arriver à temps est "
        "compté depuis le dernier départ possible. "
        f"Au plus {count(CORRESPONDANCES_MAX, 'correspondance')} ; à pied, "
        f"{with_unit(format_decimal(_pace()), 'km/h')} sur la ligne droite × "
        f"{format_decimal(float(walking_law().road_km(1.0)), 2)}, "
        f"{with_unit(format_decimal(MARCHE_MAX_KM), 'km')} au plus à chaque bout et "
        f"{with_unit(int(CORRESPONDANCE_MAX_KM * 1000), 'm')} entre deux arrêts, "
        f"{with_unit(MARGE_S // 60, 'min')} de marge par correspondance. "
        "Une commune comptée à sa mairie en part. "
        "Horaires prévus : retards et bouchons n'y sont pas. D'autres lignes peuvent exister : "
        "loin des arrêts de ces réseaux, rien n'est su."
    )


def list_reserves(feeds: list[Feed], timetable: Timetable, today: date) -> list[str]:
    """Return in French what makes the minutes less sure: parts left out, days, age."""
    told = list(timetable.notes)
    for feed in feeds:
        validity = feed.services.validity
        if validity and validity[1] < today:
            told.append(f"{feed.path.name} : horaires périmés depuis le {validity[1]:%d/%m/%Y}.")
        if feed.fuseau.key != timetable.fuseau.key:
            told.append(
                f"{feed.path.name} : heures de {feed.fuseau.key}, "
                f"ramenées à celles de {timetable.fuseau.key}."
            )
    if is_public_holiday(timetable.jour):
        told.append(f"Le {timetable.jour:%d/%m/%Y} est un jour férié.")
    return told
