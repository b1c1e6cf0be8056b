"""Classes of a map: the one function that decides them for map, legend, table and exports."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

METHODES: dict[str, str] = {
    "jenks": "Seuils naturels (Fisher-Jenks)",
    "quantiles": "Quantiles (autant de zones par classe)",
    "fixes": "Bornes fixes",
}
"""Ways of making classes; adding one is adding a row here and in `_BORNES`."""

JENKS_MAX = 100
"""Values beyond which Fisher-Jenks works on as many order statistics, evenly spread: its time grows
with the square.
"""


def _jenks(values: np.ndarray, nb: int) -> np.ndarray:
    """Return the upper bounds of natural classes."""
    if len(values) > JENKS_MAX:
        every, values = values, _order_statistics(values)
        distinct = np.unique(every)
        if len(np.unique(values)) < min(nb, len(distinct)):
            return _around_the_ends(distinct, nb)
    ordered = np.sort(values)
    return ordered[_natural_ends(ordered, min(nb, len(np.unique(values))))]


def _order_statistics(values: np.ndarray) -> np.ndarray:
    """Return at most `JENKS_MAX` of some values, evenly spread."""
    if len(values) <= JENKS_MAX:
        return values
    return np.quantile(values, np.linspace(0, 1, JENKS_MAX), method="closest_observation")


def _around_the_ends(distinct: np.ndarray, nb: int) -> np.ndarray:
    """Return the upper bounds of classes where nearly all the values are the least or the greatest.

    Each of the two has a class of its own, and what lies between them natural ones: a class « over
    0 % up to 100 % » would hold everything.
    """
    between = _order_statistics(distinct[1:-1])
    ends = between[_natural_ends(between, min(max(nb - 2, 1), len(between)))]
    return np.concatenate([distinct[:1], ends[:-1], distinct[-2:]])


def _natural_ends(ordered: np.ndarray, nb: int) -> list[int]:
    """Return the last rank of each class when `nb` classes spread least within (Fisher 1958).

    Among equal partitions, the one whose last classes begin earliest.
    """
    # In single precision, as mapclassify: ties fall where they fell in what was published with it.
    values = ordered.astype(np.float32)
    size = len(values)
    # Row, column: the values up to that rank, in one class more than the column says.
    spread = np.full((size, nb), np.inf, dtype=np.float32)
    spread[0] = 0
    begin = np.zeros((size, nb), dtype=int)
    for last in range(1, size):
        back = values[last::-1]
        counts = np.arange(1, last + 2, dtype=np.float32)
        within = (np.cumsum(back * back) - np.cumsum(back) ** 2 / counts)[::-1]
        spread[last, 0] = within[0]
        choices = within[1:, None] + spread[:last, :-1]
        begin[last, 1:] = choices.argmin(axis=0) + 1
        spread[last, 1:] = choices.min(axis=0)
    ends = [size - 1]
    for column in range(nb - 1, 0, -1):
        ends.append(begin[ends[-1], column] - 1)
    return ends[::-1]


def _quantiles(values: np.ndarray, nb: int) -> np.ndarray:
    """Return the upper bounds of classes of as many values each, between two values if need be."""
    ordered = np.sort(values)
    step = 100.0 / nb
    positions = np.arange(step, 100 + step, step).clip(max=100) / 100 * (len(ordered) - 1)
    low = positions.astype(int)
    above, below = positions - low, low + 1 - positions
    high = np.minimum(low + 1, len(ordered) - 1)
    between = (ordered[low] * below + ordered[high] * above) / (below + above)
    return np.where(above == 0, ordered[low], between)


_BORNES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "jenks": _jenks,
    "quantiles": _quantiles,
}


@dataclass(frozen=True)
class Classes:
    """Classes of values.

    `bornes` holds the least value, then the upper bound of each class, included; `seules` tells the
    classes of which every value is that bound.
    """

    methode: str
    bornes: tuple[float, ...]
    effectifs: tuple[int, ...]
    nb_inconnus: int
    seules: tuple[bool, ...] = ()


def make_classes(
    values, *, methode: str = "jenks", nb: int = 5, bornes: Sequence[float] | None = None
) -> Classes:
    """Return the classes of some values.

    Parameters
    ----------
    values : float array
        NaN is unknown: it has no class, and is counted.
    methode : str
        A name of `METHODES`.
    nb : int
        Classes wanted; there are fewer when the distinct values are fewer.
    bornes : sequence, optional
        Least value, then upper bounds: needed by `fixes`.
    """
    values = np.asarray(values, dtype=float)
    known = values[~np.isnan(values)]
    limits = _limits(known, methode, nb, bornes)
    empty = Classes(methode, limits, (), int(len(values) - len(known)))
    ranks = assign_classes(known, empty)
    counts = np.bincount(ranks[ranks >= 0], minlength=max(len(limits) - 1, 0))
    alone = [
        bool(nb) and not (known[ranks == rank] < limits[rank + 1]).any()
        for rank, nb in enumerate(counts)
    ]
    return Classes(methode, limits, tuple(int(n) for n in counts), empty.nb_inconnus, tuple(alone))


def _limits(
    known: np.ndarray, methode: str, nb: int, bornes: Sequence[float] | None
) -> tuple[float, ...]:
    """Return least value and upper bounds; () when nothing is known."""
    if methode == "fixes":
        return tuple(float(b) for b in bornes or ())
    if not len(known):
        return ()
    distinct = np.unique(known)
    # The least value opens its own class: its bound is there twice.
    if len(distinct) <= nb:
        return tuple(float(b) for b in (distinct[0], *distinct))
    upper = np.unique([*_BORNES[methode](known, nb)[:-1], distinct[-1]])
    return tuple(float(b) for b in (distinct[0], *upper))


CHIFFRES = 3
"""Most significant digits of a rounded bound."""

_INFIME = 1e-200
"""Under it a number is written as it is: its step would be nothing."""

CHIFFRES_BOUTS = 2
"""Significant digits of the least and of the last bound."""


def round_classes(values, classes: Classes) -> Classes:
    """Return the same classes with bounds that are read at a glance (« 0,07 », not « 0,0697 »).

    A bound may be anywhere between the last value of its class and the first of the next: the
    shortest number of that gap changes no class.  Where values stand too close for one of
    `CHIFFRES` digits, the nearest such number is the bound, unless it would leave a class empty.
    The least bound goes down, the last one up.
    """
    known = np.asarray(values, dtype=float)
    known = np.sort(known[~np.isnan(known)])
    if len(classes.bornes) < 2 or not len(known):
        return classes
    low, *inner, high = classes.bornes
    # The least value alone in its class is twice among the bounds: it stays so.
    is_alone = bool(inner) and inner[0] == low
    first = low if is_alone else min(_round(low, CHIFFRES_BOUTS, math.floor), low)
    middle = [
        first if is_alone and not rank else _short(bound, known) for rank, bound in enumerate(inner)
    ]
    bornes = (first, *middle, max(_round(high, CHIFFRES_BOUTS, math.ceil), high))
    made = make_classes(known, methode="fixes", bornes=bornes)
    was_empty, is_empty = ([not nb for nb in one.effectifs] for one in (classes, made))
    if is_empty != was_empty or any(a > b for a, b in pairwise(bornes)):
        return classes
    return replace(made, methode=classes.methode, nb_inconnus=classes.nb_inconnus)


def _short(bound: float, known: np.ndarray) -> float:
    """Return the shortest number of the gap that a bound is in, else the nearest short one."""
    rank = int(np.searchsorted(known, bound, side="right"))
    below = known[rank - 1] if rank else bound
    above = known[rank] if rank < len(known) else math.inf
    for digits in range(1, CHIFFRES + 1):
        nearest = _round(bound, digits, round)
        for found in (nearest, _round(below, digits, math.ceil)):
            if below <= found < above:
                return found
    return _round(bound, CHIFFRES, round)


def _round(value: float, digits: int, rule: Callable[[float], int]) -> float:
    """Return a number to some significant digits, up, down or to the nearest."""
    if abs(value) < _INFIME or not math.isfinite(value):
        return value
    step = 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1)
    # Once more to its decimals, so that 7 × 0.01 is 0.07.
    return float(f"{rule(round(float(value) / step, 9)) * step:.12g}")


def assign_classes(values, classes: Classes) -> np.ndarray:
    """Return the class of each value (int8), −1 when unknown.

    A bound belongs to the class that it ends.  A value above the last bound goes to the last class.
    """
    values = np.asarray(values, dtype=float)
    if len(classes.bornes) < 2:
        return np.full(len(values), -1, dtype=np.int8)
    ranks = np.searchsorted(np.array(classes.bornes[1:]), values, side="left").clip(
        max=len(classes.bornes) - 2
    )
    return np.where(np.isnan(values), -1, ranks).astype(np.int8)
