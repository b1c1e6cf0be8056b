"""Inequality of a quantity over weighted people: Gini, Palma, P90/P10, Theil, Atkinson, quantiles.

Unknown values (NaN) are left out, except where a function says otherwise; so
are people of weight zero.  NaN when nothing can be said.
"""

from __future__ import annotations

import numpy as np


def _known(values, weights) -> tuple[np.ndarray, np.ndarray]:
    """Return the known values in order with their weights."""
    values = np.asarray(values, dtype=float)
    weights = (
        np.ones_like(values) if weights is None else np.nan_to_num(np.asarray(weights, dtype=float))
    )
    kept = ~np.isnan(values) & (weights > 0)
    order = np.argsort(values[kept], kind="stable")
    return values[kept][order], weights[kept][order]


def gini(values, weights=None) -> float:
    """Return the Gini index, 0 (equal) to 1 (Gini 1912).

    It is half the mean difference over the mean, weighted.
    """
    values, weights = _known(values, weights)
    total, mass = weights.sum(), values @ weights
    if not len(values) or mass <= 0:
        return float("nan")
    before = np.cumsum(weights) - weights
    return float((values * weights) @ (2 * before + weights - total) / (total * mass))


def palma(values, weights=None) -> float:
    """Return the share of the top 10 % over that of the bottom 40 % (Palma 2011).

    People on the border are split.
    """
    values, weights = _known(values, weights)
    if not len(values):
        return float("nan")
    people = np.concatenate([[0], np.cumsum(weights) / weights.sum()])
    mass = np.concatenate([[0], np.cumsum(values * weights)])
    bottom, up_to_top = np.interp([0.4, 0.9], people, mass).tolist()
    return (mass[-1] - up_to_top) / bottom if bottom > 0 else float("nan")


def p90_p10(values, weights=None) -> float:
    """Return the value that one in ten exceeds over the one that nine in ten exceed.

    An unknown value is farther than all.
    """
    low = weighted_quantile(values, weights, 0.1, inconnu="loin")
    high = weighted_quantile(values, weights, 0.9, inconnu="loin")
    return high / low if low > 0 else float("nan")


def weighted_quantile(values, weights, q: float, *, inconnu: str = "omis") -> float:
    """Return the least value that at least `q` of the weight does not exceed.

    `inconnu="loin"`: a NaN value is farther than every known one, and the
    result is NaN when the quantile falls there; `"omis"`: it is left out.
    """
    values = np.asarray(values, dtype=float)
    if inconnu == "loin":
        values = np.where(np.isnan(values), np.inf, values)
    values, weights = _known(values, weights)
    if not len(values):
        return float("nan")
    cumulated = np.cumsum(weights)
    # A sum of weights may miss the goal by its last bit: who is at the goal is not beyond it.
    goal = q * cumulated[-1] * (1 - 1e-12)
    rank = min(int(np.searchsorted(cumulated, goal, side="left")), len(values) - 1)
    return float(values[rank]) if np.isfinite(values[rank]) else float("nan")


def theil(values, weights=None) -> float:
    """Return Theil's T: Σ w x/μ ln(x/μ) / Σ w (Theil 1967); a zero value contributes nothing."""
    values, weights = _known(values, weights)
    mean = np.average(values, weights=weights) if len(values) else 0.0
    if mean <= 0:
        return float("nan")
    ratio = values / mean
    return float(np.average(ratio * np.log(np.where(ratio > 0, ratio, 1.0)), weights=weights))


def atkinson(values, epsilon: float, weights=None) -> float:
    """Return Atkinson's index, 0 (equal) to 1 (Atkinson 1970); `epsilon` > 0 is the aversion.

    It is 1 − the equally distributed equivalent over the mean.
    """
    values, weights = _known(values, weights)
    mean = np.average(values, weights=weights) if len(values) else 0.0
    # From an aversion of 1 on, one person who has nothing makes the index 1.
    if mean <= 0 or (epsilon >= 1 and (values == 0).any()):
        return 1.0 if mean > 0 else float("nan")
    if epsilon == 1:
        return float(1 - np.exp(np.average(np.log(values), weights=weights)) / mean)
    return float(
        1 - np.average(values ** (1 - epsilon), weights=weights) ** (1 / (1 - epsilon)) / mean
    )
