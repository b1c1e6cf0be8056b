"""Better than the first answer, or proven best: mixed-integer programming, by HiGHS.

Only the candidates that a better set may open are given to the solver (`Relaxation.useful`), and
points with the same ones are one: a region of four thousand communes becomes a few hundred rows.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil
from threading import Lock

import numpy as np
import scipy

from geoapp.planning.siting import EPSILON, Choice, grow, rank_by_gain, relax

DELAI_S = 20.0
"""Seconds that a proof takes at most when none is asked."""

TOLERANCE = 1e-7
"""Part of the value that the solver may take for nothing."""

_ECHELLE = 1e6
"""What the solver is given is worth about this: its tolerances are absolute."""

TAILLE_MAX = 400_000
"""Entries given to the solver at most: beyond, nothing would be proven in that time."""


@dataclass(frozen=True, kw_only=True)
class Least:
    """The least openings found that reach a target.

    `least` is the number under which it is proven that none does; equal to the number of openings
    when they are the least.  `reached` is what they are worth; `est_possible` is false when all
    the candidates together do not reach the target (then `opened` is empty).
    """

    opened: np.ndarray
    least: int
    reached: float
    est_possible: bool = True

    @property
    def est_prouve(self) -> bool:
        """Tell whether no set of fewer openings reaches the target."""
        return self.est_possible and self.least >= len(self.opened)


@dataclass(frozen=True, eq=False)
class _Levels:
    """What is served, by level: level l is worth `gains[l]` once a candidate of it is open, or
    the level before it (`before[l]`, −1: none) is."""

    gains: np.ndarray
    before: np.ndarray
    members: scipy.sparse.csr_array


def prove(
    worth: scipy.sparse.csr_array, nb: int, choice: Choice, *, delai_s: float = DELAI_S
) -> Choice:
    """Return the best choice of `nb` candidates that the solver finds, with its bound.

    It is `choice` itself, proven or with a better bound, when nothing better is found in time.
    """
    if choice.gap == 0:
        return choice
    relaxed = relax(worth, nb, choice.value)
    bound = min(choice.bound, relaxed.bound)
    useful = relaxed.useful(nb, choice.value)
    small = worth[:, useful]
    if small.nnz > TAILLE_MAX:
        return replace(choice, bound=bound)
    opened, limit = _solve(
        len(useful),
        _as_levels(small),
        openings=(0, nb),
        # Nothing worse is looked at, the tolerance of the solver left aside.
        worth=(choice.value * (1 - TOLERANCE), np.inf),
        is_least=False,
        delai_s=delai_s,
    )
    if limit is None:
        return replace(choice, bound=bound)
    ordered, gains = rank_by_gain(worth, useful[opened].tolist())
    better = Choice(opened=ordered, gains=gains, bound=bound)
    best = better if better.value > choice.value * (1 + EPSILON) else choice
    return replace(best, bound=max(best.value, min(bound, limit)))


def least_sites(
    worth: scipy.sparse.csr_array, target: float, *, delai_s: float = DELAI_S, nb_max: int = 200
) -> Least:
    """Return the least candidates to open so that they are worth `target`; 0 s: no proof.

    Raises nothing when the target is out of reach, or of `nb_max` openings: `est_possible` says it.
    """
    target -= EPSILON * max(target, 1.0)
    if target <= 0:
        return Least(opened=np.empty(0, dtype=np.intp), least=0, reached=0.0)
    opened: list[int] = []
    for opened in grow(worth):
        if _value(worth, opened) >= target or len(opened) >= nb_max:
            break
    reached = _value(worth, opened)
    if reached < target:
        nothing = np.empty(0, dtype=np.intp)
        return Least(opened=nothing, least=0, reached=reached, est_possible=False)
    least = _least(worth, target, len(opened))
    if least < len(opened) and delai_s and worth.nnz <= TAILLE_MAX:
        found, limit = _solve(
            worth.shape[1],
            _as_levels(worth),
            openings=(least, len(opened)),
            worth=(target, np.inf),
            is_least=True,
            delai_s=delai_s,
        )
        opened = found.tolist() if limit is not None and len(found) < len(opened) else opened
        least = max(least, ceil((limit or 0) - 1e-6))
    ordered, _ = rank_by_gain(worth, opened)
    return Least(opened=ordered, least=least, reached=_value(worth, opened))


def _value(worth: scipy.sparse.csr_array, opened: list[int]) -> float:
    """Return what a set is worth."""
    return float(worth[:, list(opened)].max(axis=1).sum()) if len(opened) else 0.0


def _least(worth: scipy.sparse.csr_array, target: float, nb: int) -> int:
    """Return a number under which no set reaches the target, by the bound of each number."""
    low = 1
    while low < nb:
        middle = (low + nb) // 2
        if relax(worth, middle, target).bound < target:
            low = middle + 1
        else:
            nb = middle
    return low


def _as_levels(worth: scipy.sparse.csr_array) -> _Levels:
    """Return a problem by levels, those of equal members and of no other level being one.

    The formulation is that of García, Labbé and Marín (2011): a point is served at a level when a
    candidate of it is open, or when it is served at the better one.
    """
    rows = np.repeat(np.arange(worth.shape[0]), np.diff(worth.indptr))
    order = np.lexsort((worth.indices, -worth.data, rows))
    rows, values, columns = rows[order], worth.data[order], worth.indices[order]
    is_new = np.r_[True, (rows[1:] != rows[:-1]) | (values[1:] != values[:-1])][: len(rows)]
    starts = np.flatnonzero(is_new)
    level_row, level_value = rows[starts], values[starts]
    has_next = np.r_[level_row[1:] == level_row[:-1], False][: len(starts)]
    gains = level_value - np.where(has_next, np.r_[level_value[1:], 0.0][: len(starts)], 0.0)
    ranks = np.arange(len(starts))
    before = np.where(np.r_[False, has_next[:-1]][: len(starts)], ranks - 1, -1)
    indptr = np.r_[starts, len(rows)]
    members = scipy.sparse.csr_array(
        (np.ones(len(rows)), columns, indptr), shape=(len(starts), worth.shape[1])
    )
    return _merge(_Levels(gains, before, members), alone=(before < 0) & ~has_next)


def _merge(levels: _Levels, *, alone: np.ndarray) -> _Levels:
    """Return levels where those that stand alone and have the same members are one."""
    members, indptr = levels.members, levels.members.indptr
    keys = [
        members.indices[indptr[k] : indptr[k + 1]].tobytes() if alone[k] else k
        for k in range(len(levels.gains))
    ]
    first: dict = {}
    owner = np.array([first.setdefault(key, k) for k, key in enumerate(keys)], dtype=np.intp)
    gains = np.bincount(owner, levels.gains, len(keys))
    kept = np.unique(owner)
    place = np.full(len(keys) + 1, -1)
    place[kept] = np.arange(len(kept))
    return _Levels(gains[kept], place[levels.before[kept]], members[kept])


def _solve(
    nb: int, levels: _Levels, *, openings: tuple, worth: tuple, is_least: bool, delai_s: float
) -> tuple[np.ndarray, float | None]:
    """Return the candidates that the solver opens, and its bound; none and None when it finds none.

    `openings` and `worth` bound the number of openings and what they are worth; `is_least` asks for
    the least openings, else for the greatest worth.
    """
    # A server answers before it has loaded the solver: few ask for a proof.
    from scipy.optimize import Bounds, LinearConstraint, milp

    many = len(levels.gains)
    linked = np.flatnonzero(levels.before >= 0)
    ladder = scipy.sparse.csr_array(
        (np.ones(len(linked)), (linked, levels.before[linked])), shape=(many, many)
    )
    opened = np.r_[np.ones(nb), np.zeros(many)]
    scale = max(float(levels.gains.sum()) / _ECHELLE, 1.0)
    gains = np.r_[np.zeros(nb), levels.gains / scale]
    served = scipy.sparse.hstack([-levels.members, scipy.sparse.eye_array(many) - ladder])
    matrix = scipy.sparse.csc_array(scipy.sparse.vstack([served, opened[None], gains[None]]))
    low = np.r_[np.full(many, -np.inf), openings[0], worth[0] / scale]
    high = np.r_[np.zeros(many), openings[1], worth[1] / scale]
    with _quiet():
        found = milp(
            opened if is_least else -gains,
            integrality=opened,
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(matrix, low, high),
            options={"time_limit": float(delai_s), "mip_rel_gap": 0.0},
        )
    if found.x is None:
        return np.empty(0, dtype=np.intp), None
    bound = float(found.mip_dual_bound)
    return np.flatnonzero(found.x[:nb] > 0.5), bound if is_least else -bound * scale


_ONE = Lock()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep out of the output of the process what the solver prints of its own accord.

    It writes past Python, and an answer in JSON must hold nothing else.
    """
    with _ONE:
        sys.stdout.flush()
        out = os.dup(1)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 1)
            yield
        finally:
            os.dup2(out, 1)
            os.close(out)
            os.close(nowhere)
