"""Where to open: the places that help most people, at once, with a bound on what is missed.

Pure functions on arrays.  A problem is what each candidate is worth to the people of each point:
`worth` is a `csr_array`, rows = points, columns = candidates.  Of the candidates open, each point
takes the best: the value of a set is Σ_i max_j worth_ij.

* people newly covered (MCLP, Church and ReVelle 1974): worth = people, within the threshold;
* travel saved (p-median, Hakimi 1964): worth = people × cost saved from what is open today;
* least number of openings (LSCP, Toregas 1971): the same worth as the first, and a target.

What is open today stays open, and is taken off before: a point that it serves is worth nothing.
The answer is grown one opening at a time, each time exchanged while an exchange is better; so one
opening more never loses anybody.  The bound is that of a Lagrangian relaxation (Galvão and ReVelle
1996): no set of as many openings is worth more.  `proof` looks for better and proves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy

EPSILON = 1e-9
"""Part of the value under which two values are one: sums of the same people in another order."""

TOURS, EFFORT = 140, 25_000_000
"""Steps of the relaxation at most, and entries read by them where each is worth something else."""

PAS, MEMOIRE, PATIENCE = 0.5, 0.95, 4
"""First step, part of the former slope that is kept, steps without better before a shorter one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Choice:
    """Candidates to open, the one that brings most first.

    Attributes
    ----------
    opened : int array
        Columns of the problem.
    gains : float array
        What each adds to those before it.
    bound : float
        Nothing of as many openings is worth more.
    """

    opened: np.ndarray
    gains: np.ndarray
    bound: float

    @property
    def value(self) -> float:
        """Return what all are worth together."""
        return float(self.gains.sum())

    @property
    def gap(self) -> float:
        """Return the part of the bound that is perhaps missed: 0 when nothing is better."""
        missed = self.bound - self.value
        return missed / self.bound if missed > EPSILON * max(self.bound, 1.0) else 0.0


def coverage_worth(reach: scipy.sparse.csr_array, people: np.ndarray) -> scipy.sparse.csr_array:
    """Return the people that each candidate covers: one entry of `people` by entry of `reach`."""
    values = np.repeat(np.asarray(people, dtype=float), np.diff(reach.indptr))
    return _kept(scipy.sparse.csr_array((values, reach.indices, reach.indptr), shape=reach.shape))


def travel_worth(
    cost: scipy.sparse.csr_array, people: np.ndarray, today: np.ndarray
) -> scipy.sparse.csr_array:
    """Return people × the cost that each candidate saves them from what they have `today`.

    `today` is the cost of each point to what is open; what is not cheaper is worth nothing.
    """
    many = np.diff(cost.indptr)
    saved = np.repeat(np.asarray(today, dtype=float), many) - cost.data
    values = np.repeat(np.asarray(people, dtype=float), many) * np.maximum(saved, 0.0)
    return _kept(scipy.sparse.csr_array((values, cost.indices, cost.indptr), shape=cost.shape))


def _kept(worth: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """Return a problem without the entries that are worth nothing, and none that is unknown."""
    worth = scipy.sparse.csr_array(
        (np.nan_to_num(worth.data), worth.indices, worth.indptr), worth.shape
    )
    worth.eliminate_zeros()
    return worth


class Growing:
    """A set of open candidates that grows: who serves each point, and what another would add."""

    def __init__(self, worth: scipy.sparse.csr_array):
        self.worth = worth
        self.columns = worth.tocsc()
        self.opened: list[int] = []
        self.best = np.zeros(worth.shape[0])
        self.second = np.zeros(worth.shape[0])
        self.who = np.full(worth.shape[0], -1)
        self.gains = np.bincount(worth.indices, worth.data, worth.shape[1])

    def set(self, opened: list[int]) -> None:
        """Open these candidates, and no other."""
        before = self.best
        self.opened = opened
        self._serve()
        rows = np.flatnonzero(before != self.best)
        part = self.worth[rows]
        many = np.diff(part.indptr)
        lost = np.maximum(part.data - np.repeat(self.best[rows], many), 0)
        lost -= np.maximum(part.data - np.repeat(before[rows], many), 0)
        self.gains += np.bincount(part.indices, lost, len(self.gains))

    def _serve(self) -> None:
        """Work out the best and the second best of each point, and which candidate is its best."""
        mine = self.columns[:, self.opened]
        rank = np.repeat(np.arange(len(self.opened)), np.diff(mine.indptr))
        # By point, the best first; of equal ones, the first opened.
        order = np.lexsort((rank, -mine.data, mine.indices))
        rows, values, rank = mine.indices[order], mine.data[order], rank[order]
        is_first = np.r_[True, rows[1:] != rows[:-1]][: len(rows)]
        is_second = np.r_[False, is_first[:-1]][: len(rows)] & ~is_first
        nb = len(self.best)
        self.best, self.second, self.who = np.zeros(nb), np.zeros(nb), np.full(nb, -1)
        self.best[rows[is_first]] = values[is_first]
        self.who[rows[is_first]] = rank[is_first]
        self.second[rows[is_second]] = values[is_second]

    @property
    def value(self) -> float:
        return float(self.best.sum())

    @property
    def alone(self) -> np.ndarray:
        """Return what each open candidate brings that no other one does."""
        served = self.who >= 0
        lost = (self.best - self.second)[served]
        return np.bincount(self.who[served], lost, len(self.opened))

    def instead(self) -> np.ndarray:
        """Return what each candidate would add in the place of each open one: open × candidates."""
        rows = np.flatnonzero(self.who >= 0)
        part = self.worth[rows]
        many = np.diff(part.indptr)
        more = np.maximum(part.data - np.repeat(self.second[rows], many), 0)
        more -= np.maximum(part.data - np.repeat(self.best[rows], many), 0)
        nb = len(self.gains)
        key = np.repeat(self.who[rows] * nb, many) + part.indices
        extra = np.bincount(key, more, len(self.opened) * nb).reshape(len(self.opened), nb)
        return self.gains + extra

    def instead_of(self, rank: int) -> np.ndarray:
        """Return what each candidate would add in the place of one that is open."""
        rows = np.flatnonzero(self.who == rank)
        part = self.worth[rows]
        many = np.diff(part.indptr)
        more = np.maximum(part.data - np.repeat(self.second[rows], many), 0)
        more -= np.maximum(part.data - np.repeat(self.best[rows], many), 0)
        return self.gains + np.bincount(part.indices, more, len(self.gains))

    def add_best(self) -> bool:
        """Open the candidate that adds most, the first of equal ones; tell whether one adds."""
        best = int(self.gains.argmax()) if len(self.gains) else -1
        if best < 0 or self.gains[best] <= EPSILON * max(self.value, 1.0):
            return False
        self.set([*self.opened, best])
        return True

    def exchange(self) -> None:
        """Exchange one open candidate for another, while it is better."""
        while True:
            net = self.instead() - self.alone[:, None]
            rank, other = np.unravel_index(int(net.argmax()), net.shape)
            if net[rank, other] <= EPSILON * max(self.value, 1.0):
                return
            mine = list(self.opened)
            mine[rank] = int(other)
            self.set(mine)


def grow(worth: scipy.sparse.csr_array) -> Iterator[list[int]]:
    """Yield the best sets found of one opening, of two…, until no candidate adds anything."""
    growing = Growing(worth)
    while growing.add_best():
        growing.exchange()
        yield list(growing.opened)


def choose(worth: scipy.sparse.csr_array, nb: int) -> Choice:
    """Return at most `nb` candidates to open, found at once, with the bound on what is missed."""
    opened: list[int] = []
    for opened in grow(worth):
        if len(opened) >= nb:
            break
    ordered, gains = rank_by_gain(worth, opened)
    value = float(gains.sum())
    return Choice(opened=ordered, gains=gains, bound=relax(worth, nb, value).bound)


def rank_by_gain(worth: scipy.sparse.csr_array, opened: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return a set with the one that brings most first, and what each adds to those before it."""
    columns, best = worth[:, list(opened)].tocsc(), np.zeros(worth.shape[0])
    ends = zip(columns.indptr[:-1], columns.indptr[1:], strict=True)
    left = {
        nom: (columns.indices[start:end], columns.data[start:end])
        for nom, (start, end) in zip(opened, ends, strict=True)
    }
    ordered, gains = [], []
    while left:
        added = {
            nom: float(np.maximum(values - best[rows], 0).sum())
            for nom, (rows, values) in left.items()
        }
        # Of equal ones, the first in order.
        most = max(left, key=lambda nom: (added[nom], -nom))
        rows, values = left.pop(most)
        best[rows] = np.maximum(best[rows], values)
        ordered.append(most)
        gains.append(added[most])
    return np.array(ordered, dtype=np.intp), np.array(gains, dtype=float)


@dataclass(frozen=True, kw_only=True, eq=False)
class Relaxation:
    """The bound of `nb` openings, and what proves it.

    `prices` are those of the points, `scores` what each candidate is worth beyond them;
    `bound` = Σ prices + the `nb` best scores.
    """

    bound: float
    prices: np.ndarray
    scores: np.ndarray

    def useful(self, nb: int, value: float) -> np.ndarray:
        """Return the candidates that a set better than `value` may open, as columns."""
        nb = min(nb, len(self.scores))
        last = np.partition(self.scores, -nb)[-nb] if nb else 0.0
        # To open a candidate is to leave the last of the best ones.
        reached = self.bound - last + self.scores
        return np.flatnonzero(reached >= value - EPSILON * max(value, 1.0))


def relax(worth: scipy.sparse.csr_array, nb: int, value: float) -> Relaxation:
    """Return an upper bound of the value of any `nb` candidates, knowing that `value` is reached.

    Each point pays a price to be served, and candidates keep what is beyond it: whatever the
    prices, Σ prices + the best `nb` is no less than the best set.  Prices follow the mean of the
    last subgradients (Camerini, Fratta and Maffioli 1975), with the step of Polyak.
    """
    nb, most = min(nb, worth.shape[1]), _greatest(worth)
    score, columns = _scorer(worth, most), worth.tocsc()
    best = min(
        (_relaxed(most * part, score(most * part), nb) for part in (0.0, 0.3, 0.6, 0.9)),
        key=lambda one: one.bound,
    )
    now, step, stalled, slope = best, PAS, 0, np.zeros(worth.shape[0])
    for _ in range(_steps(worth, most)):
        missed = now.bound - value
        if missed <= EPSILON * max(value, 1.0) or not nb:
            break
        slope = MEMOIRE * slope + (1 - MEMOIRE) * (1.0 - _served(columns, now, nb))
        # A price of nothing does not go down.
        move = np.where((now.prices <= 0) & (slope > 0), 0.0, slope)
        size = float(move @ move)
        if not size:
            break
        prices = np.clip(now.prices - step * missed / size * move, 0, most)
        now, stalled = _relaxed(prices, score(prices), nb), stalled + 1
        if now.bound < best.bound:
            best, stalled = now, 0
        elif stalled >= PATIENCE:
            now, step, stalled = best, step / 1.5, 0
    return best


def _greatest(worth: scipy.sparse.csr_array) -> np.ndarray:
    """Return what each point is worth at most."""
    result = np.zeros(worth.shape[0])
    filled = np.flatnonzero(np.diff(worth.indptr))
    if len(filled):
        result[filled] = np.maximum.reduceat(worth.data, worth.indptr[filled])
    return result


def _is_uniform(worth: scipy.sparse.csr_array, most: np.ndarray) -> bool:
    """Tell whether each point is worth as much whoever serves it."""
    return np.array_equal(worth.data, np.repeat(most, np.diff(worth.indptr)))


def _steps(worth: scipy.sparse.csr_array, most: np.ndarray) -> int:
    """Return how many steps a relaxation may take."""
    return TOURS if _is_uniform(worth, most) else min(TOURS, 20 + EFFORT // max(worth.nnz, 1))


def _scorer(worth: scipy.sparse.csr_array, most: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return what works out, of prices, what each candidate is worth beyond them."""
    many = np.diff(worth.indptr)
    if _is_uniform(worth, most):
        # One product of a matrix of ones.
        ones = (np.ones(worth.nnz), worth.indices, worth.indptr)
        reached = scipy.sparse.csr_array(ones, shape=worth.shape).T
        return lambda prices: reached @ np.maximum(most - prices, 0)
    rows, nb = np.repeat(np.arange(worth.shape[0]), many), worth.shape[1]
    return lambda prices: np.bincount(worth.indices, np.maximum(worth.data - prices[rows], 0), nb)


def _relaxed(prices: np.ndarray, scores: np.ndarray, nb: int) -> Relaxation:
    """Return the bound of some prices."""
    top = np.partition(scores, -nb)[-nb:].sum() if nb else 0.0
    return Relaxation(bound=float(prices.sum() + top), prices=prices, scores=scores)


def _served(columns: scipy.sparse.csc_array, now: Relaxation, nb: int) -> np.ndarray:
    """Return how many of the best `nb` candidates serve each point beyond its price."""
    result = np.zeros(len(now.prices))
    for one in np.argpartition(now.scores, -nb)[-nb:].tolist():
        part = slice(columns.indptr[one], columns.indptr[one + 1])
        rows = columns.indices[part]
        result[rows] += columns.data[part] > now.prices[rows]
    return result
