"""The areas reached in the time that a search asks: worked out once asked, and kept nowhere."""

from __future__ import annotations

import shapely.geometry

from geoapp.coverage.travel.reach import Atteinte, find_reach, read_people
from geoapp.offer.search.model import Requete
from geoapp.offer.search.travel import ways_of
from geoapp.web.served import courant, served_trips


def reached_areas(requete: Requete) -> list[Atteinte]:
    """Return the areas reached, one by way that has a law; none without a point or a time."""
    lieu, trips = requete.lieu, served_trips()
    if requete.minutes is None or lieu is None or lieu.est_zone or lieu.longitude is None:
        return []
    people = courant().derive("peuplement", read_people)
    return [
        find_reach(trips.lois[nom], people, *lieu.point, requete.minutes)
        for nom in ways_of(trips.moyens, requete.moyen, sans_voiture=requete.sans_voiture)
        if nom in trips.lois
    ]


def describe_reached(zone: Atteinte) -> dict:
    """Return an area ready for JSON; its people to two figures, for it is an estimate."""
    return {
        "mode": zone.mode,
        "minutes": zone.minutes,
        "contour": shapely.geometry.mapping(zone.contour),
        "nb_habitants_environ": round_people(zone.nb_habitants),
        "nb_communes": zone.nb_communes,
        "communes": [
            {"nom": nom, "a_partir_de_min": round(minutes, 1)} for nom, minutes in zone.communes
        ],
    }


def round_people(people: float) -> int | None:
    """Return about how many people, two figures of it; None under a hundred."""
    return None if people < 100 else round(float(f"{people:.1e}"))
