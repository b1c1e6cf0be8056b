"""What the numbers of zones are worked out of, and the function that works out each of them.

The rows of `geoapp.coverage.indicators` name these functions: each takes the
`ZoneData` of one division and returns one number per zone, NaN where it is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geoapp.coverage.white_zones import CAUSES

PAR_HABITANTS = 10_000
"""Accessibility is written for so many inhabitants."""


@dataclass(frozen=True, kw_only=True)
class ZoneData:
    """The points and the offers of one division, each with the rank of its zone.

    `points` has, by name, an array of one value per member pair: `zone`, `people` (NaN when
    unknown), `cell` (is it one of 200 m) and the measures of the point
    (`geoapp.coverage.measures`), `cause` as its rank in `CAUSES`, −1 for none.  `offres` has the
    same per offer inside: `zone`, `place`, `organisme`, `capacite`;
    `est_offre_connue` tells by zone whether what lies inside is known, `est_saturation_dite`
    whether enough places are known to say who finds the offer full, `est_voiture_comparee` whether
    the question is asked without a car, beside trips by car.
    """

    nb: int
    points: Mapping[str, np.ndarray]
    offres: Mapping[str, np.ndarray]
    est_offre_connue: np.ndarray
    est_saturation_dite: bool = True
    est_voiture_comparee: bool = True

    @cached_property
    def is_known(self) -> np.ndarray:
        """Tell which points have a known population."""
        return ~np.isnan(self.points["people"])

    @cached_property
    def people(self) -> np.ndarray:
        """Return the people of each point; unknown ones count for nothing."""
        return np.nan_to_num(self.points["people"])

    @cached_property
    def population(self) -> np.ndarray:
        """Return the people of each zone, NaN where nobody is known."""
        known = np.bincount(self.points["zone"], self.is_known, self.nb) > 0
        return np.where(known, self.sum_people(self.is_known), np.nan)

    @cached_property
    def uncovered(self) -> np.ndarray:
        """Return the people of each zone whose nearest offer is beyond the threshold."""
        return self.sum_people(~self.points["est_couvert"])

    @cached_property
    def by_cause(self) -> np.ndarray:
        """Return the people of each cause and zone (see `people_by_cause`)."""
        return people_by_cause(self.points["zone"], self.points["cause"], self.people, self.nb)

    def sum_people(self, kept: np.ndarray) -> np.ndarray:
        """Return the people by zone among the points kept."""
        return np.bincount(self.points["zone"], np.where(kept, self.people, 0.0), self.nb)

    def where_known(self, people: np.ndarray) -> np.ndarray:
        """Return counts of people, NaN in the zones where nobody is known."""
        return np.where(np.isnan(self.population), np.nan, people)

    def where_inside(self, values: np.ndarray) -> np.ndarray:
        """Return what a zone itself offers, NaN where what lies inside is not known."""
        return np.where(self.est_offre_connue, values.astype(float), np.nan)


Calcul = Callable[[ZoneData], np.ndarray]
"""What works out one indicator."""


def population(zones: ZoneData) -> np.ndarray:
    """Return the people of each zone."""
    return zones.population


def uncovered(zones: ZoneData) -> np.ndarray:
    """Return the people whose nearest offer is beyond the threshold."""
    return zones.where_known(zones.uncovered)


def uncovered_share(zones: ZoneData) -> np.ndarray:
    """Return their share of the people of the zone."""
    # Clipped: two sums of the same people may differ by their last bit.
    return np.clip(zones.uncovered / np.where(zones.population > 0, zones.population, np.nan), 0, 1)


def covered_share(zones: ZoneData) -> np.ndarray:
    """Return the share of the people who have an offer up to the threshold."""
    return 1 - uncovered_share(zones)


def of_cause(cause: str) -> Calcul:
    """Return what counts the people who lack an offer for one of `CAUSES`."""
    rank = list(CAUSES).index(cause)
    return lambda zones: zones.where_known(zones.by_cause[rank])


def without_car(zones: ZoneData) -> np.ndarray:
    """Return the people whom a car alone would cover; no number where none is set beside it."""
    if not zones.est_voiture_comparee:
        return np.full(zones.nb, np.nan)
    return of_cause("sans_voiture")(zones)


def saturated(zones: ZoneData) -> np.ndarray:
    """Return the people covered by an offer that is full; unknown where places are not known."""
    if not zones.est_saturation_dite:
        return np.full(zones.nb, np.nan)
    return of_cause("saturee")(zones)


def doubtful(zones: ZoneData) -> np.ndarray:
    """Return the people who are covered by offers of doubtful position only."""
    covered = zones.points["est_couvert"]
    return zones.where_known(zones.sum_people(covered & ~zones.points["est_couvert_sur"]))


def cost_quantile(part: float) -> Calcul:
    """Return what finds the cost within which a part of the people has an offer."""

    def quantile(zones: ZoneData) -> np.ndarray:
        points = zones.points
        return grouped_quantile(
            points["cout"], points["people"], points["zone"], q=part, nb=zones.nb
        )

    return quantile


def mean_access(mesure: str) -> Calcul:
    """Return what averages an accessibility over the people, Σ A·P / Σ P, for `PAR_HABITANTS`.

    It is unknown where nobody reaches anything.
    """

    def mean(zones: ZoneData) -> np.ndarray:
        score = zones.points[mesure]
        reached = np.bincount(zones.points["zone"], ~np.isnan(score), zones.nb) > 0
        return np.where(reached, _mean(zones, np.nan_to_num(score)) * PAR_HABITANTS, np.nan)

    return mean


def cumulative(zones: ZoneData) -> np.ndarray:
    """Return the mean offer within reach of an inhabitant."""
    return _mean(zones, zones.points["cumulative"])


def _mean(zones: ZoneData, values: np.ndarray) -> np.ndarray:
    """Return the mean of a measure over the people of each zone; NaN without people."""
    zone = zones.points["zone"]
    total = np.bincount(zone, zones.people, zones.nb)
    return np.bincount(zone, values * zones.people, zones.nb) / np.where(total > 0, total, np.nan)


def nb_offers(zones: ZoneData) -> np.ndarray:
    """Return how many offers are inside."""
    return zones.where_inside(np.bincount(zones.offres["zone"], minlength=zones.nb))


def nb_distinct(colonne: str) -> Calcul:
    """Return what counts the distinct values of a column of ranks of the offers inside."""

    def distinct(zones: ZoneData) -> np.ndarray:
        zone, values = zones.offres["zone"], zones.offres[colonne].astype(np.int64)
        width = int(values.max(initial=0)) + 1
        pairs = np.unique(zone * width + values)
        return zones.where_inside(np.bincount(pairs // width, minlength=zones.nb))

    return distinct


def nb_seats(zones: ZoneData) -> np.ndarray:
    """Return the seats of the offers inside, NaN when no source gives any."""
    zone, seats = zones.offres["zone"], zones.offres["capacite"]
    # Seats that some offers give are summed; where none gives any, zero would be a lie.
    known = np.bincount(zone, ~np.isnan(seats), zones.nb) > 0
    return zones.where_inside(
        np.where(known, np.bincount(zone, np.nan_to_num(seats), zones.nb), np.nan)
    )


def people_by_cause(zone: np.ndarray, cause: np.ndarray, people: np.ndarray, nb: int) -> np.ndarray:
    """Return the people of each cause (rank in `CAUSES`, −1 for none) and zone: (n_causes, nb)."""
    white = cause >= 0
    cells = cause[white].astype(np.intp) * nb + zone[white]
    return np.bincount(cells, people[white], len(CAUSES) * nb).reshape(len(CAUSES), nb)


def grouped_quantile(values, weights, groups, *, q: float, nb: int) -> np.ndarray:
    """Return the weighted quantile of each group.

    It is the least value that `q` of the weight does not exceed.
    An unknown value is farther than every known one: the quantile is NaN when
    it falls there, and for a group without weight.
    """
    values, groups = np.asarray(values, float), np.asarray(groups)
    weights = np.nan_to_num(np.asarray(weights, float))
    order = np.lexsort((np.where(np.isnan(values), np.inf, values), groups))
    sorted_groups, cumulated = groups[order], np.cumsum(weights[order])
    total = np.bincount(groups, weights, nb)
    start = np.concatenate([[0.0], np.cumsum(total)[:-1]])
    goal = start + q * total
    firsts = np.searchsorted(sorted_groups, np.arange(nb), side="left")
    lasts = np.searchsorted(sorted_groups, np.arange(nb), side="right") - 1
    # The sums run over all groups: one that should be at the goal may miss it by its last bits.
    tolerance = 1e-9 * max(1.0, cumulated[-1] if len(cumulated) else 1.0)
    rank = np.clip(
        np.searchsorted(cumulated, goal - tolerance, side="left"), firsts, np.maximum(lasts, firsts)
    )
    result = np.full(nb, np.nan)
    some = (total > 0) & (lasts >= firsts)
    result[some] = values[order][rank[some]]
    return result
