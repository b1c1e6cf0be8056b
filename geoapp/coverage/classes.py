"""Classes of a map: the one function that decides them for map, legend, table and exports (mapclassify)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

import mapclassify
import numpy as np

METHODES: dict[str, str] = {
    "jenks": "Seuils naturels (Fisher-Jenks)",
    "quantiles": "Quantiles (autant de zones par classe)",
    "fixes": "Bornes fixes",
}
"""Ways of making classes; adding one is adding a row here and in `_BORNES`."""

JENKS_MAX = 100
"""Values beyond which Fisher-Jenks works on as many order statistics, evenly spread: its time grows with the square."""

_VERROU = Lock()


def _jenks(values: np.ndarray, nb: int) -> np.ndarray:
    """Return the upper bounds of natural classes."""
    if len(values) > JENKS_MAX:
        values = np.quantile(values, np.linspace(0, 1, JENKS_MAX), method="closest_observation")
    return mapclassify.FisherJenks(values, k=min(nb, len(np.unique(values)))).bins


_BORNES: dict[str, Callable[[np.ndarray, int], Sequence[float]]] = {
    "jenks": _jenks,
    "quantiles": lambda values, nb: mapclassify.Quantiles(values, k=nb).bins,
}


@dataclass(frozen=True)
class Classes:
    """Classes of values: `bornes` holds the least value, then the upper bound of each class, included."""

    methode: str
    bornes: tuple[float, ...]
    effectifs: tuple[int, ...]
    nb_inconnus: int


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
    return Classes(methode, limits, tuple(int(n) for n in counts), empty.nb_inconnus)


def _limits(
    known: np.ndarray, methode: str, nb: int, bornes: Sequence[float] | None
) -> tuple[float, ...]:
    """Return least value and upper bounds; () when nothing is known."""
    if methode == "fixes":
        return tuple(float(b) for b in bornes or ())
    if not len(known):
        return ()
    distinct = np.unique(known)
    if len(distinct) <= nb:
        return tuple(float(b) for b in (distinct[0], *distinct))
    with (
        _VERROU,
        warnings.catch_warnings(),
    ):  # that a compiler is absent, or that quantiles are tied, is not for our users
        warnings.simplefilter("ignore", UserWarning)
        upper = np.unique([*_BORNES[methode](known, nb)[:-1], distinct[-1]])
    return tuple(float(b) for b in (distinct[0], *upper))


def assign_classes(values, classes: Classes) -> np.ndarray:
    """Return the class of each value (int8), −1 when unknown; a bound belongs to the class that it ends.

    A value above the last bound goes to the last class.
    """
    values = np.asarray(values, dtype=float)
    if len(classes.bornes) < 2:
        return np.full(len(values), -1, dtype=np.int8)
    ranks = np.searchsorted(np.array(classes.bornes[1:]), values, side="left").clip(
        max=len(classes.bornes) - 2
    )
    return np.where(np.isnan(values), -1, ranks).astype(np.int8)
