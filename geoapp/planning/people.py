"""Who is counted in a question of planning, and how near each is to the offer of today."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.french import count, format_number
from geoapp.coverage.indicators import PETIT
from geoapp.coverage.measures import points_of
from geoapp.coverage.model import Question
from geoapp.coverage.scope import RANGS, known_offer
from geoapp.coverage.territories.zone import Zone
from geoapp.coverage.world import World, choose_offer
from geoapp.coverage.zone_points import zone_points
from geoapp.offer.perimeter import INCONNUE, Perimetre

INCONNU = "inconnu ou tu"
"""A figure that is not known, or that would tell of one to four people."""


def tell_people(nb: float) -> str:
    """Return a count of people in words; one to four are not told."""
    if 0 < nb < PETIT_NOMBRE:
        return f"moins de {PETIT_NOMBRE} habitants"
    return count(round(nb), "habitant")


def show_people(nb: float) -> str:
    """Return a count of people as a table or a legend shows it; one to four, or hidden: « < 5 »."""
    return PETIT if nb != nb or 0 < nb < PETIT_NOMBRE else format_number(round(nb))


@dataclass(frozen=True, kw_only=True, eq=False)
class Recensement:
    """The people of a question.

    Attributes
    ----------
    rows : int array
        Points of demand where somebody counted lives.
    people : float array
        How many, by point.
    cost : float array
        Cost of the nearest offer of today, by point; NaN where none is within the costs kept.
    nb_inconnus : float
        People left out: what is offered where they live, or their trips, is not known.
    est_estimee : bool
        Whole communes stand for a zone whose outline is not known.
    """

    rows: np.ndarray
    people: np.ndarray
    cost: np.ndarray
    nb_inconnus: float
    est_estimee: bool
    perimetre: Perimetre

    @property
    def population(self) -> float:
        """Return the people counted."""
        return float(self.people.sum())

    def beyond(self, cost: np.ndarray, seuil: float) -> float:
        """Return the people beyond a threshold, for a cost by point; NaN is beyond."""
        return float(self.people[~(cost <= seuil)].sum())


def count_people(world: World, question: Question, zone: Zone | None, parmi: str) -> Recensement:
    """Return the people of a territory, of some zonings or of the region, with the offer of today.

    Nobody is counted where the offer asked is not known: who lacks it is not either.
    """
    measured = points_of(world, question)
    inside = world.points["est_region"].to_numpy(copy=True)
    est_estimee = False
    if zone is not None:
        mine = np.zeros(len(inside), dtype=bool)
        mine[zone_points(world, zone.type_zone, zone.code_zone)] = True
        inside &= mine
        maille = world.mailles[zone.type_zone]
        est_estimee |= bool(maille.est_estimee[maille.codes == zone.code_zone].any())
    if parmi != "tous":
        maille = world.mailles[parmi]
        mine = np.zeros(len(inside), dtype=bool)
        mine[maille.points] = True
        inside &= mine
        est_estimee |= bool(maille.est_estimee.any())
    people = world.people(question)
    known = measured["perimetre"].to_numpy() < RANGS[INCONNUE]
    counted = inside & known & (np.nan_to_num(people) > 0)
    everybody = np.nan_to_num(world.population(question.public))
    rows = np.flatnonzero(counted)
    return Recensement(
        rows=rows,
        people=people[rows],
        cost=measured["cout"].to_numpy()[rows],
        nb_inconnus=float(everybody[inside & ~counted].sum()),
        est_estimee=est_estimee,
        perimetre=known_offer(world, question, choose_offer(world, question)),
    )
