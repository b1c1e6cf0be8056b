"""Fitting a law of travel on known trips, and judging it on trips that it has not seen.

Least absolute error of the logarithms, each file and each band of straight line weighing alike, so
that the many trips of a middle length do not decide for the others.  Pairs are parted in two halves
by their origin; each half is judged by a fit on the other, and the law kept is fitted on both.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np

from geoapp.core.errors import ContractError, ParameterError
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.judging import band_errors
from geoapp.coverage.travel.law import (
    BANDES_KM,
    COEUR,
    DENSITE_UNITE,
    PORTEE_KM,
    PROCHE_KM,
    RUPTURES_KM,
    Courbe,
    Law,
)
from geoapp.coverage.travel.pairs import Pairs

MAJORATION, MAJORATION_DES_KM = 1.35, 3.0
"""What the seconds of trips with usual traffic are divided by to be those of a fluid road.

The seconds of these pairs are those of OSRM, multiplied from 3 km of road on: between 2 and 4 km
the pace jumps there by 1.29 (302 trips of Hauts-de-France) to 1.36 (2,200 trips of eleven other
cities), and at 25 to 70 km the pace of the same trips in OSRM alone is 1.31 to 1.42 times faster.
"""
COURT_KM = 0.4
"""Shorter straight lines say more of where a point is snapped to a road than of the trip."""

_PEU = 50.0
"""Added to the number of pairs of a band, so that a handful of trips does not weigh as hundreds."""
_MOINDRE = 0.4
"""Weight of the trips under 3 km, whose truth says the least (snapping, no traffic counted)."""
_TOURS, _PETIT = 60, 0.02


@dataclass(frozen=True)
class Lot:
    """The trips of one file, the people per km² around both ends, and what the file weighs."""

    pairs: Pairs
    density_o: np.ndarray
    density_d: np.ndarray
    poids: float = 1.0

    def take(self, kept: np.ndarray) -> Lot:
        """Return some of the trips, by rank or by mask."""
        return Lot(self.pairs.take(kept), self.density_o[kept], self.density_d[kept], self.poids)


def make_lot(pairs: Pairs, poids: float = 1.0, *, has_traffic: bool = False) -> Lot:
    """Return the trips that a law is fitted on; `has_traffic` takes usual traffic out of them."""
    kept = pairs.take((pairs.crow_km >= COURT_KM) & (pairs.crow_km <= PORTEE_KM))
    if has_traffic:
        divisor = np.where(kept.road_km >= MAJORATION_DES_KM, MAJORATION, 1.0)
        kept = replace(kept, minutes=kept.minutes / divisor)
    return Lot(kept, density_around(kept.origins), density_around(kept.ends), poids)


def fit_law(law: Law, lots: list[Lot]) -> Law:
    """Return a law with the curves that fit the trips and the errors of trips held apart.

    Parameters
    ----------
    law : Law
        Its mode, words and date; the rest is replaced.

    Raises
    ------
    ParameterError
        Not enough trips.
    ContractError
        The fitted curves are not sound (see `check_sound`).
    """
    if sum(len(lot.pairs) for lot in lots) < 500:
        raise ParameterError("Un calage demande au moins 500 trajets de 0,4 à 150 km.")
    ends = np.concatenate([[*lot.density_o, *lot.density_d] for lot in lots])
    typical = round(float(np.nanmedian(ends)), 1)
    law = replace(law, densite_type=typical, nb_paires=sum(len(lot.pairs) for lot in lots))
    fitted = _fitted(law, lots)
    times, roads = [], []
    for half in (0, 1):
        seen = _fitted(law, [lot.take(half_of(lot.pairs) != half) for lot in lots])
        for lot in lots:
            apart = lot.take(half_of(lot.pairs) == half)
            crow, both = apart.pairs.crow_km, (apart.density_o, apart.density_d)
            weight = _weights(apart) ** 2
            times.append((crow, seen.minutes(crow, *both) / apart.pairs.minutes - 1, weight))
            roads.append((crow, seen.road_km(crow, *both) / apart.pairs.road_km - 1, weight))
    errors, errors_km = (
        band_errors(*(np.concatenate(part) for part in zip(*rows, strict=True)))
        for rows in (times, roads)
    )
    result = replace(fitted, errors=errors, errors_km=errors_km, est_mesuree=True)
    check_sound(result)
    return result


def half_of(pairs: Pairs) -> np.ndarray:
    """Return 0 or 1 for each trip, the same for all trips of one origin and on every machine."""
    names = [f"{lon:.5f},{lat:.5f}".encode() for lon, lat in pairs.origins]
    return np.array([zlib.crc32(name) >> 16 & 1 for name in names], dtype=int)


def check_sound(law: Law) -> None:
    """Raise `ContractError` unless both costs grow with the straight line, at any density."""
    crow = np.geomspace(0.01, PORTEE_KM, 2000)
    for density in np.expm1([0.0, 0.5, 1, 2, COEUR, 4, 5, 6]) * DENSITE_UNITE:
        for nom, cost in (("minutes", law.minutes), ("kilomètres", law.road_km)):
            if not (np.diff(cost(crow, density, density)) > 0).all():
                raise ContractError(
                    f"Loi {law.mode} : les {nom} ne croissent pas avec la distance."
                )


def describe(crow_km: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return what the coefficients of a curve multiply, (n, 7), in the order of `Courbe`."""
    log, fading = np.log(crow_km), np.exp(-crow_km / PROCHE_KM)
    breaks = [np.maximum(log - np.log(bound), 0) for bound in RUPTURES_KM]
    density = [mean * fading, mean * (1 - fading), np.maximum(mean - COEUR, 0)]
    return np.stack([np.ones_like(log), log, *breaks, *density], axis=1)


def _fitted(law: Law, lots: list[Lot]) -> Law:
    """Return a law with the curves that fit best the trips of some lots."""
    crow = np.concatenate([lot.pairs.crow_km for lot in lots])
    mean = np.concatenate(
        [(law.log_density(lot.density_o) + law.log_density(lot.density_d)) / 2 for lot in lots]
    )
    terms, weights = describe(crow, mean), np.concatenate([_weights(lot) for lot in lots])
    curves = []
    for cost in ("minutes", "road_km"):
        truth = np.log(np.concatenate([getattr(lot.pairs, cost) for lot in lots]))
        found = [round(float(one), 4) for one in _least_absolute(terms, truth, weights)]
        level, first, second, third, near, far, core = found
        curves.append(Courbe(level, (first, second, third), (near, far, core)))
    return replace(law, temps=curves[0], route=curves[1])


def _weights(lot: Lot) -> np.ndarray:
    """Return the square root of what each trip weighs: bands alike, `poids` in all."""
    crow = lot.pairs.crow_km
    bands = np.digitize(crow, [*BANDES_KM[1:]])
    weight = 1 / (np.bincount(bands, minlength=len(BANDES_KM) + 1)[bands] + _PEU)
    weight[crow < BANDES_KM[2]] *= _MOINDRE**2
    return np.sqrt(weight * lot.poids / max(weight.sum(), 1e-12))


def _least_absolute(terms: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the coefficients of least absolute error, by repeated weighted least squares."""
    now = weights
    for _ in range(_TOURS):
        found = np.linalg.lstsq(terms * now[:, None], truth * now, rcond=None)[0]
        now = weights / np.sqrt(np.abs(truth - terms @ found) + _PETIT)
    return found
