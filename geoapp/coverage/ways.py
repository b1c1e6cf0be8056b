"""The same people by each way of travelling: how far the nearest offer is, with a car and without.

Nobody knows from our sources who has no car: the people counted are the same in every row, as if
all of them travelled so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from geoapp.core.config import PETIT_NOMBRE
from geoapp.coverage.measures import measured_key
from geoapp.coverage.model import Question
from geoapp.coverage.scope import RANGS, known_offer, point_ranks
from geoapp.coverage.small_counts import tells_of_few
from geoapp.coverage.travel.modes import MODES, greatest_cost, greatest_threshold
from geoapp.coverage.travel.words import describe_cost, describe_error, error_at
from geoapp.coverage.world import World, choose_offer
from geoapp.coverage.zone_values import grouped_quantile
from geoapp.offer.perimeter import INCONNUE

SEUIL_MIN = 30.0
"""Minutes compared when the question is in kilometres: five of them are not far by car alone."""

_GARDES = 64
"""Nearest costs kept, by offer and way of travelling: an eighth of a megabyte each."""

SANS_SOURCE = (
    "Les habitants sont les mêmes à chaque ligne, comme s'ils se déplaçaient tous ainsi : aucune "
    "de nos sources ne dit combien n'ont pas de voiture."
)


@dataclass(frozen=True, kw_only=True)
class ParMode:
    """The access of some people by one way of travelling, in minutes.

    `population` are those whose trips are known; `part_couverte` and `population_non_couverte` are
    those within `seuil_min` and beyond it, NaN when hidden (under five people) or unknown;
    `mediane_min` is NaN when half of the people have nothing within the costs kept, which
    `mediane_mots` then says.
    """

    mode: str
    titre: str
    sans_voiture: bool
    seuil_min: float
    population: float
    part_couverte: float
    population_non_couverte: float
    est_masquee: bool
    mediane_min: float
    mediane_mots: str
    erreur: str


def compare_ways(world: World, question: Question, rows: np.ndarray) -> list[ParMode]:
    """Return the access of the people of some points by each way of travelling that is known.

    Parameters
    ----------
    rows : int array
        Rows of the matrix.  Where the offer of one of them is not known, nothing is told.
    """
    offre = choose_offer(world, question)
    ranks = point_ranks(world, known_offer(world, question, offre))[rows]
    if not len(ranks) or ranks.max() >= RANGS[INCONNUE]:
        return []
    found = []
    for mode in world.modes:
        if "min" in world.unites(mode):
            found.append(_measure(world, question, mode, rows))
    return found


def _measure(world: World, question: Question, mode: str, rows: np.ndarray) -> ParMode:
    """Return the access of the people of some points by one way of travelling."""
    parametres = world.parametres(mode)
    seuil = question.seuil if question.unite == "min" else SEUIL_MIN
    seuil = min(seuil, greatest_threshold(parametres, "min"))
    asked = replace(question, mode=mode, unite="min", seuil=seuil)
    people = np.nan_to_num(world.people(asked)[rows])
    nearest = nearest_of(world, asked)[rows]
    total, beyond = float(people.sum()), float(people[~(nearest <= seuil)].sum())
    is_small = tells_of_few(beyond, total)
    zone = np.zeros(len(rows), dtype=np.intp)
    median = float(grouped_quantile(nearest, people, zone, q=0.5, nb=1)[0])
    hidden = is_small or not total
    return ParMode(
        mode=mode,
        titre=MODES[mode].titre,
        sans_voiture=MODES[mode].sans_voiture,
        seuil_min=seuil,
        population=np.nan if 0 < total < PETIT_NOMBRE else total,
        part_couverte=np.nan if hidden else 1 - beyond / total,
        population_non_couverte=np.nan if hidden else beyond,
        est_masquee=is_small,
        mediane_min=median,
        mediane_mots=_median_words(parametres, median, bool(total)),
        erreur=describe_error(error_at(parametres, "min", median if median == median else seuil)),
    )


def _median_words(parametres: dict, median: float, est_peuple: bool) -> str:
    """Return a median trip in words, with its error; farther than all is said so."""
    if median == median:
        return describe_cost(parametres, "min", median)
    maximum = greatest_cost(parametres, "min")
    if not est_peuple or not np.isfinite(maximum):
        return "inconnu" if not est_peuple else "hors de portée"
    return f"plus de {maximum:.0f} min"


def nearest_of(world: World, question: Question) -> np.ndarray:
    """Return the minutes from every point to the nearest offer of a question, kept by offer."""
    # Neither threshold nor public changes what is nearest.
    alone = replace(question, seuil=1.0, public="tous")
    kept = world.last_ones("plus_proches", _GARDES)
    return kept.get(
        measured_key(alone),
        lambda: world.nearest(question, choose_offer(world, question).par_place > 0),
    )
