"""The same question with other travel times: how much the answer owes to what is estimated.

The law, the traffic or the network is swapped, or every trip is made as long or as short as nine
trips in ten allow.  A share that hardly moves may be told; one that moves much is to be told with
its range.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from geoapp.core.french import format_decimal, with_unit
from geoapp.coverage.measures import measured_key
from geoapp.coverage.model import Question, describe_reach
from geoapp.coverage.small_counts import tells_of_few
from geoapp.coverage.travel import Matrice
from geoapp.coverage.travel.modes import MODES, VOITURE, VOITURE_FLUIDE
from geoapp.coverage.travel.words import error_at
from geoapp.coverage.world import World, choose_offer
from geoapp.coverage.zone_values import grouped_quantile

_GARDEES = 32
"""Tables kept, of a few numbers each."""

_AUTRES = {
    VOITURE: (VOITURE_FLUIDE, "Sans bouchon"),
    VOITURE_FLUIDE: (VOITURE, "Avec la circulation habituelle"),
}
"""The other traffic of each way of travelling that knows two."""


@dataclass(frozen=True, kw_only=True)
class Variante:
    """One answer for the region; numbers are NaN when unknown or hidden (under five people).

    `cout_median` is the cost within which half of the people have an offer, in `unite`.
    """

    nom: str
    titre: str
    population_non_couverte: float
    part_non_couverte: float
    cout_median: float
    est_masquee: bool


@dataclass(frozen=True)
class _Cas:
    """One way to answer: its costs, and how many times the threshold is read on them."""

    nom: str
    titre: str
    matrice: Matrice
    ecart: float = 1.0


def answer_otherwise(world: World, question: Question) -> list[Variante]:
    """Return the answer of the region with other travel times, the one kept first."""
    kept = world.last_ones("variantes", _GARDEES)
    return kept.get(measured_key(question), lambda: _work_out(world, question))


def describe_variant(variante: Variante) -> dict:
    """Return a variant ready for JSON: None when unknown or hidden."""
    return {
        nom: None if isinstance(value, float) and value != value else value
        for nom, value in asdict(variante).items()
    }


def _work_out(world: World, question: Question) -> list[Variante]:
    """Return the variants, one pass over each matrix."""
    is_open = choose_offer(world, question).par_place > 0
    people = np.where(world.points["est_region"], np.nan_to_num(world.people(question)), 0.0)
    nearest: dict[int, np.ndarray] = {}
    result = []
    for cas in _cases(world, question):
        key = id(cas.matrice)
        if key not in nearest:
            nearest[key] = world.nearest_of(cas.matrice, question.unite, is_open)
        result.append(_measure(cas, question, nearest[key], people))
    return result


def _cases(world: World, question: Question) -> Iterator[_Cas]:
    """Yield the ways to answer."""
    mine = world.trajets.modes[question.mode]
    yield _Cas("retenue", f"Réponse retenue, à {describe_reach(question)}", mine)
    erreur = error_at(mine.parametres, question.unite, question.seuil)
    if erreur is not None:
        part = with_unit(format_decimal(erreur.p90 * 100, 0), "%")
        yield _Cas("longs", f"Si les trajets sont {part} plus longs", mine, 1 / (1 + erreur.p90))
        if erreur.p90 < 1:
            yield _Cas("courts", f"S'ils sont {part} plus courts", mine, 1 / (1 - erreur.p90))
    # Traffic changes the minutes of a trip, not its kilometres.
    if question.mode in _AUTRES and question.unite == "min":
        other, title = _AUTRES[question.mode]
        if other in world.modes and "min" in world.unites(other):
            yield _Cas(other, title, world.trajets.modes[other])
    if (law := world.trajets.lois.get(question.mode)) is not None and question.unite in law.unites:
        yield _Cas("loi", f"Avec la loi seule {MODES[question.mode].phrase}", law)


def _measure(cas: _Cas, question: Question, nearest: np.ndarray, people: np.ndarray) -> Variante:
    """Return the numbers of one way to answer."""
    beyond = float(people[~(nearest <= question.seuil * cas.ecart)].sum())
    total = float(people.sum())
    is_small = tells_of_few(beyond, total)
    zone = np.zeros(len(people), dtype=np.intp)
    median = grouped_quantile(nearest / cas.ecart, people, zone, q=0.5, nb=1)[0]
    return Variante(
        nom=cas.nom,
        titre=cas.titre,
        population_non_couverte=np.nan if is_small or not total else float(round(beyond)),
        part_non_couverte=np.nan if is_small or not total else beyond / total,
        cout_median=round(float(median), 2),
        est_masquee=is_small,
    )
