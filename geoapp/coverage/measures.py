"""Measure each demand point for one question: nearest, access, white zone, cause, solidity.

Definitions: `docs/couverture.md`.  Thresholds are inclusive; an offer that
cannot be reached is NaN, never a large number.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import scipy

from geoapp.coverage import access
from geoapp.coverage.model import Question, to_parameters
from geoapp.coverage.scope import RANGS, known_offer, point_ranks
from geoapp.coverage.travel.modes import MODES, VOITURE, greatest_cost
from geoapp.coverage.travel.words import error_at
from geoapp.coverage.white_zones import CAUSES
from geoapp.coverage.world import OffreComptee, World, choose_offer
from geoapp.offer.perimeter import CONNUE, INCONNUE
from geoapp.reference.zonings import MAILLE

_GARDEES = 8
"""Questions whose measures are kept, one megabyte each."""

PART_SATUREE = 0.25 * (1 - 1e-12)
"""Under a quarter of the regional mean of E2SFCA, a covered point is saturated.

A sum whose last bit differs from the quarter is at it, not under it.
"""

ECART = 0.25
"""A white zone must stay one at a threshold so much shorter and longer to be robust, and under the
whole error of the travel times where that is more."""

SANS, ELOIGNEE, VOITURE_SEULE, SATUREE = "sans_offre", "eloignee", "sans_voiture", "saturee"


def points_of(world: World, question: Question) -> pd.DataFrame:
    """Return the measures of a question (see `measure_points`), those asked last being kept.

    Neither the zoning nor what the map shows changes them.  By day: a filter on
    dates counts from today.
    """
    world = world.of(question)
    return world.last_ones("mesures", _GARDEES).get(
        measured_key(question),
        lambda: measure_points(world, question, choose_offer(world, question)),
    )


def measured_key(question: Question) -> tuple:
    """Return what tells a question from those that measure otherwise, on a day."""
    alone = replace(question, zonage=MAILLE, mesure="part_non_couverte", methode="jenks")
    return tuple(to_parameters(alone)), date.today()


def measure_points(world: World, question: Question, offre: OffreComptee) -> pd.DataFrame:
    """Return every measure of every demand point.

    Returns
    -------
    DataFrame
        One row per row of the matrix (index 0…n−1): `cout` (nearest, in the
        unit of the question, NaN when unreachable), `est_couvert`,
        `est_couvert_sur` (without doubtful positions), `e2sfca`, `deuxsfca`,
        `troissfca` (supply per inhabitant, NaN when nothing is in reach),
        `cumulative`, `organisme_min` and `organisme_max`
        (`reachable_bodies`), `cause` (one of `CAUSES`, NA when the point is
        not white), `est_robuste` and `perimetre` (rank of the status of the
        offer there, in `STATUTS`).  Where it is not known, no point is white;
        where it is known in part, none is robust.
    """
    supply = offre.par_place
    nearest = world.nearest(question, supply > 0)
    demand = np.nan_to_num(world.demand(question.voisins))
    # Worked out again only when doubtful positions change what is open.
    near = world.nearest(question, offre.sures > 0) if (offre.sures != supply).any() else nearest
    whites, e2sfca = _white_at(world, question, offre, nearest=nearest)
    binary, steps = world.weights(question, "un"), world.weights(question, "pas")
    covered = nearest <= question.seuil
    ranks = point_ranks(world, known_offer(world, question, offre))
    is_told = ranks < RANGS[INCONNUE]
    known = world.known_trips(question.mode)
    if known is not None:
        is_told &= known
    by_car = _within_by_car(world, question, supply)
    least, most = reachable_bodies(offre, binary)
    return pd.DataFrame(
        {
            "cout": nearest,
            "est_couvert": covered,
            "est_couvert_sur": near <= question.seuil,
            "e2sfca": e2sfca,
            "deuxsfca": access.shared_supply(binary, world.competition(question, "un"), supply),
            "troissfca": access.three_step(steps, demand, supply),
            "cumulative": binary @ supply,
            "organisme_min": least,
            "organisme_max": most,
            "cause": _causes(nearest, question.seuil, whites[0], by_car=by_car, is_told=is_told),
            "est_robuste": np.logical_and.reduce(whites) & (ranks == RANGS[CONNUE]),
            "perimetre": ranks,
        }
    )


def reachable_bodies(
    offre: OffreComptee, reach: scipy.sparse.csr_array
) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and greatest rank of the bodies that each point reaches.

    Both are equal when only one body is in reach; (greatest integer, −1) when none is.
    """
    place, body = offre.comptes["place"].to_numpy(), offre.comptes["organisme"].to_numpy()
    # A place without supply, or of unknown supply, covers nobody.
    supplied = offre.par_place[place] > 0
    place, body = place[supplied], body[supplied]
    nothing = np.iinfo(np.int64).max
    low, high = np.full(len(offre.par_place), nothing), np.full(len(offre.par_place), -1)
    np.minimum.at(low, place, body)
    np.maximum.at(high, place, body)
    return (
        _row_extreme(np.minimum, low[reach.indices], reach.indptr, nothing),
        _row_extreme(np.maximum, high[reach.indices], reach.indptr, -1),
    )


def _row_extreme(
    extreme: np.ufunc, values: np.ndarray, indptr: np.ndarray, empty: int
) -> np.ndarray:
    """Return the least or greatest value of each row of a CSR matrix, `empty` without entry."""
    result = np.full(len(indptr) - 1, empty)
    # `reduceat` would give an empty row the first entry of the next one.
    filled = np.flatnonzero(np.diff(indptr))
    if len(filled):
        result[filled] = extreme.reduceat(values, indptr[filled])
    return result


def _white_at(
    world: World,
    question: Question,
    offre: OffreComptee,
    *,
    nearest: np.ndarray,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return which points are white at each threshold to stand, and E2SFCA at that asked.

    Where places are not known, who reaches an offer is not said to find it full.
    """
    whites, scores = [], []
    maximum = greatest_cost(world.parametres(question.mode), question.unite)
    known = world.known_trips(question.mode)
    for ecart in (1.0, *spread_of(world, question)):
        seuil = question.seuil * ecart
        weights = world.weights(question, "pas", ecart)
        demand = world.competition(question, "pas", ecart)
        score = access.shared_supply(weights, demand, offre.par_place)
        mean = _regional_mean(world, score, known)
        saturated = np.nan_to_num(score) < PART_SATUREE * mean
        saturated &= offre.est_saturation_dite
        # Written with « not », so that who reaches nothing (NaN) is beyond the threshold.
        white = ~(nearest <= seuil) | saturated
        # Beyond the costs kept, who reaches nothing is not known to be beyond the threshold.
        whites.append(white & ~np.isnan(nearest) if seuil > maximum else white)
        scores.append(score)
    return whites, scores[0]


def spread_of(world: World, question: Question) -> tuple[float, float]:
    """Return how many times its threshold a white zone must stay one, below and above one.

    A quarter less and more, or the error that nine trips in ten hold, where that is wider.
    """
    erreur = error_at(world.parametres(question.mode), question.unite, question.seuil)
    wide = max(ECART, erreur.p90 if erreur else 0.0)
    return max(1 - wide, 0.05), 1 + wide


def is_compared_with_car(world: World, question: Question) -> bool:
    """Tell whether a question in minutes, without a car, can be set beside the trips by car."""
    is_asked = MODES[question.mode].sans_voiture and question.unite == "min"
    return is_asked and VOITURE in world.modes and "min" in world.unites(VOITURE)


def _within_by_car(world: World, question: Question, supply: np.ndarray) -> np.ndarray:
    """Tell which points have an offer within as many minutes by car, when it is asked without."""
    if not is_compared_with_car(world, question):
        return np.zeros(len(world.points), dtype=bool)
    return world.nearest(replace(question, mode=VOITURE), supply > 0) <= question.seuil


def _regional_mean(world: World, score: np.ndarray, known: np.ndarray | None) -> float:
    """Return the mean of a score over the inhabitants of the region; nothing in reach is zero.

    Those whose trips are not `known` are left out.
    """
    people, total = world.residents
    if known is not None:
        people = np.where(known, people, 0.0)
        total = float(people.sum())
    return float(np.nan_to_num(score) @ people / total) if total else 0.0


def _causes(
    nearest: np.ndarray,
    seuil: float,
    white: np.ndarray,
    *,
    by_car: np.ndarray,
    is_told: np.ndarray,
) -> pd.Categorical:
    """Return the cause of each white point, the gravest first; NA elsewhere.

    It is NA too where `is_told` is not: nobody lacks what is not known.
    """
    causes = list(CAUSES)
    is_far = ~(nearest <= seuil)
    ranks = np.select(
        [is_far & by_car, ~(nearest <= 2 * seuil), is_far, white],
        [causes.index(one) for one in (VOITURE_SEULE, SANS, ELOIGNEE, SATUREE)],
        -1,
    )
    return pd.Categorical.from_codes(np.where(is_told, ranks, -1), categories=causes)
