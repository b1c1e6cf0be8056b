"""How far a law is from known trips: bias and size of the errors by band of straight line."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.law import BANDES_KM, Bande, Law
from geoapp.coverage.travel.pairs import Pairs


@dataclass(frozen=True)
class Judgement:
    """Errors of one set of costs on the pairs it could be judged on, by band and over all."""

    mode: str
    minutes: tuple[Bande, ...]
    road_km: tuple[Bande, ...]
    total: Bande
    total_km: Bande
    nb_hors_bandes: int


def judge_law(law: Law, pairs: Pairs, densities: tuple | None = None) -> Judgement:
    """Return the errors of a law; `densities` are those of both ends (else worked out)."""
    ends = densities or (density_around(pairs.origins), density_around(pairs.ends))
    return judge(
        law.mode,
        pairs,
        law.minutes(pairs.crow_km, *ends),
        law.road_km(pairs.crow_km, *ends),
    )


def judge(mode: str, pairs: Pairs, minutes: np.ndarray, road_km: np.ndarray) -> Judgement:
    """Return the errors of estimates, (n,) each in the order of the pairs."""
    crow = pairs.crow_km
    inside = crow < BANDES_KM[-1]
    times, roads = minutes / pairs.minutes - 1, road_km / pairs.road_km - 1
    return Judgement(
        mode=mode,
        minutes=band_errors(crow, times),
        road_km=band_errors(crow, roads),
        total=_band(0.0, BANDES_KM[-1], times[inside], None),
        total_km=_band(0.0, BANDES_KM[-1], roads[inside], None),
        nb_hors_bandes=int((~inside).sum()),
    )


def band_errors(
    crow_km: np.ndarray, errors: np.ndarray, weights: np.ndarray | None = None
) -> tuple[Bande, ...]:
    """Return the errors by band, the upper bound excluded; a band without a pair is left out.

    Parameters
    ----------
    errors : (n,) array
        Estimate / truth − 1.
    weights : (n,) array, optional
        What each pair counts for in the medians.
    """
    ranks = np.digitize(crow_km, BANDES_KM)
    result = []
    for k, (low, high) in enumerate(pairwise(BANDES_KM), start=1):
        mine = ranks == k
        if mine.any():
            result.append(
                _band(low, high, errors[mine], None if weights is None else weights[mine])
            )
    return tuple(result)


def _band(low: float, high: float, errors: np.ndarray, weights: np.ndarray | None) -> Bande:
    """Return the errors of the pairs of one band."""
    size = np.abs(errors)
    return Bande(
        de_km=low,
        a_km=high,
        biais=quantile(errors, 0.5, weights),
        mediane=quantile(size, 0.5, weights),
        p90=quantile(size, 0.9, weights),
        nb=len(errors),
    )


def quantile(values: np.ndarray, part: float, weights: np.ndarray | None = None) -> float:
    """Return a quantile, weighted or not, to four decimals; NaN of nothing."""
    if not len(values):
        return float("nan")
    if weights is None:
        return round(float(np.quantile(values, part)), 4)
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return round(float(values[order][np.searchsorted(reached, part * reached[-1])]), 4)
