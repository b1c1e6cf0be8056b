"""The closures that would hurt most: who alone serves people, and what they would have left.

For each body, and each place, the people within the threshold who reach no other: one pass on the
bodies within reach of each point.  What is left to them is the nearest place of another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from geoapp.core.config import PETIT_NOMBRE
from geoapp.coverage.access import nearest
from geoapp.coverage.measures import measured_key, points_of, reachable_bodies
from geoapp.coverage.model import Question
from geoapp.coverage.territories.tables import name_body
from geoapp.coverage.world import OffreComptee, World, choose_offer
from geoapp.coverage.zone_values import grouped_quantile
from geoapp.offer.values import entity_of
from geoapp.planning.people import count_people
from geoapp.planning.scenario import LIEU, ORGANISME

NB_PIRES = 10
"""Closures told."""


@dataclass(frozen=True, kw_only=True)
class Fermeture:
    """One closure: what closes (`ferme`, as a scenario writes it), and who would lose all.

    `reste` is the median cost of what they would have left, NaN when half of them have nothing
    within the costs kept.
    """

    ferme: str
    nom: str
    lieu: str
    nb_offres: int
    personnes: float
    reste: float


def worst_closures(world: World, question: Question, sorte: str = ORGANISME) -> list[Fermeture]:
    """Return the closures of bodies, or of places, by which most people would lose all.

    One to four people are not told.  Where the offer is not known, nothing is.
    """
    world = world.of(question)
    kept = world.last_ones("fermetures", 16)
    return kept.get(
        (measured_key(question), sorte, date.today()), lambda: _work(world, question, sorte)
    )


def _work(world: World, question: Question, sorte: str) -> list[Fermeture]:
    effectif = count_people(world, question, None, "tous")
    offre = choose_offer(world, question)
    rows = effectif.rows
    if not effectif.perimetre.est_chiffrable or not len(rows) or not len(offre.comptes):
        return []
    least, most = _alone(world, question, offre, sorte)
    covered = effectif.cost <= question.seuil
    alone = covered & (least[rows] == most[rows]) & (most[rows] >= 0)
    owner = least[rows]
    lost = np.bincount(owner[alone], effectif.people[alone])
    worst = np.argsort(-lost, kind="stable")[:NB_PIRES]
    found = []
    for one in worst[lost[worst] >= PETIT_NOMBRE].tolist():
        mine = rows[alone & (owner == one)]
        people = effectif.people[alone & (owner == one)]
        found.append(_tell(world, question, offre, sorte, one, mine, people))
    return found


def _alone(
    world: World, question: Question, offre: OffreComptee, sorte: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and greatest rank of the bodies, or places, that each point reaches."""
    if sorte == ORGANISME:
        measured = points_of(world, question)
        return measured["organisme_min"].to_numpy(), measured["organisme_max"].to_numpy()
    by_place = OffreComptee(
        comptes=offre.comptes.assign(organisme=offre.comptes["place"]),
        par_place=offre.par_place,
        sures=offre.sures,
    )
    return reachable_bodies(by_place, world.weights(question, "un"))


def _tell(
    world: World,
    question: Question,
    offre: OffreComptee,
    sorte: str,
    one: int,
    rows: np.ndarray,
    people: np.ndarray,
) -> Fermeture:
    """Return one closure in figures and names."""
    column = "organisme" if sorte == ORGANISME else "place"
    mine = offre.comptes[offre.comptes[column] == one]
    others = offre.comptes[offre.comptes[column] != one]
    is_open = np.zeros(len(offre.par_place), dtype=bool)
    is_open[others["place"].to_numpy()] = True
    cost = world.cost(question.unite, question.mode, rows)
    left = nearest(cost, is_open & (offre.par_place > 0))
    zone = np.zeros(len(rows), dtype=np.intp)
    offres = world.offres.loc[mine.index]
    towns = list(dict.fromkeys(offres["nom_commune"].dropna().astype(str)))
    code = entity_of(offres).iloc[0] if sorte == ORGANISME else offres["id_place"].iloc[0]
    prefix = ORGANISME if sorte == ORGANISME else LIEU
    rank = int(mine["organisme"].iloc[0])
    return Fermeture(
        ferme=f"{prefix}:{code}" if isinstance(code, str) else "",
        nom=name_body(str(world.noms_organismes[rank])),
        lieu=", ".join(towns[:3]) + ("…" if len(towns) > 3 else ""),
        nb_offres=len(mine),
        personnes=float(people.sum()),
        reste=float(grouped_quantile(left, people, zone, q=0.5, nb=1)[0]),
    )
