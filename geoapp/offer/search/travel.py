"""Trips of a search: minutes from one point to every place, and which places are in time.

Laws and matrices of travel are in a room to the right (`coverage.travel`): whoever opens an engine
gives it what works them out, through the protocols of this file (docs/decisions.md, 40).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

MINUTES = (1, 120)
"""Least and greatest time that may be asked, in minutes."""

MINUTES_PROPOSEES = (10, 15, 20, 30, 45, 60, 90)
"""Times proposed; any number within `MINUTES` is accepted."""

MINUTES_SANS_VOITURE = 30.0
"""Time within which a place is reached without a car, when none is asked."""

MOYEN_USUEL = "voiture"
"""Way of travelling of an address that names none."""


class Moyen(Protocol):
    """One way of travelling, as a search names it: « à moins de 30 min à vélo »."""

    @property
    def nom(self) -> str:
        """Return what an address writes."""

    @property
    def titre(self) -> str:
        """Return what a list shows."""

    @property
    def phrase(self) -> str:
        """Return what a sentence says."""

    @property
    def sans_voiture(self) -> bool:
        """Tell whether who has no car can travel so."""


@dataclass(frozen=True, kw_only=True)
class Depart:
    """A point searched from (degrees, EPSG:4326), and how far every place is as the crow flies.

    At least and at most, in metres: the same for a place known by its point.
    """

    longitude: float
    latitude: float
    moins_m: np.ndarray
    plus_m: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Duree:
    """The trip to one place: minutes at least and at most, as the crow flies at most (metres).

    NaN is unknown, infinite out of reach; `est_donnee` tells a trip of a network, a timetable or a
    file that was given, `est_a_temps_sans_voiture` (None when it was not asked) that no car is
    needed; `mots` says it with its error, "" when it is unknown.
    """

    mode: str
    moins: float
    plus: float
    metres: float
    est_donnee: bool
    est_a_temps_sans_voiture: bool | None = None
    mots: str = ""


@dataclass(frozen=True, kw_only=True)
class Durees:
    """Trips to some places (aligned arrays, see `Duree`), each by the way `noms[rangs]`.

    `dire` says one of them.
    """

    noms: tuple[str, ...]
    rangs: np.ndarray
    moins: np.ndarray
    plus: np.ndarray
    metres: np.ndarray
    est_donnee: np.ndarray
    dire: Callable[[Duree], str]
    sans_voiture: np.ndarray | None = None

    def take(self, places: np.ndarray) -> Durees:
        """Return the trips to the places of some offers; unknown where an offer has none (−1)."""
        free = self.sans_voiture
        # One more at the end, that of « no place »: place −1 reads it.
        return Durees(
            noms=self.noms,
            rangs=np.append(self.rangs, 0)[places],
            moins=np.append(self.moins, np.nan)[places],
            plus=np.append(self.plus, np.nan)[places],
            metres=np.append(self.metres, np.nan)[places],
            est_donnee=np.append(self.est_donnee, False)[places],
            dire=self.dire,
            sans_voiture=None if free is None else np.append(free, False)[places],
        )

    def at(self, row: int) -> Duree:
        """Return one trip."""
        free = self.sans_voiture
        one = Duree(
            mode=self.noms[int(self.rangs[row])],
            moins=float(self.moins[row]),
            plus=float(self.plus[row]),
            metres=float(self.metres[row]),
            est_donnee=bool(self.est_donnee[row]),
            est_a_temps_sans_voiture=None if free is None else bool(free[row]),
        )
        return replace(one, mots=self.dire(one))

    def each(self, tranche: slice | None = None) -> list[Duree]:
        """Return the trips one by one, those of a slice."""
        return [self.at(row) for row in range(len(self.rangs))[tranche or slice(None)]]


class Voyages(Protocol):
    """What knows the trips from any point to the places of an engine."""

    @property
    def moyens(self) -> Mapping[str, Moyen]:
        """Return the ways of travelling that are known, the default first."""

    def durees(self, mode: str, depart: Depart) -> Durees:
        """Return the trips to every place by one way of travelling."""

    def tell_source(self, mode: str, longitude: float, latitude: float, minutes: float) -> str:
        """Return where the trips come from, and how far they are wrong, in one sentence."""


def measure_trips(
    voyages: Voyages, moyen: Moyen, depart: Depart, *, minutes: float | None, sans_voiture: bool
) -> Durees:
    """Return the trips to every place that a search tells.

    By `moyen`; or, for who looks first at what is reached without a car (`sans_voiture`), by the
    quickest way without one where it is in time, and by car elsewhere.  `moyen` chooses then among
    the ways of its own kind.
    """
    if not sans_voiture:
        return voyages.durees(moyen.nom, depart)
    *free, car = ways_of(voyages.moyens, moyen, sans_voiture=True)
    limit = MINUTES_SANS_VOITURE if minutes is None else minutes
    quickest = _quickest([voyages.durees(nom, depart) for nom in free])
    driven = voyages.durees(car, depart)
    in_time = quickest.moins <= limit
    return Durees(
        noms=(*quickest.noms, car),
        rangs=np.where(in_time, quickest.rangs, len(quickest.noms)),
        moins=np.where(in_time, quickest.moins, driven.moins),
        plus=np.where(in_time, quickest.plus, driven.plus),
        metres=driven.metres,
        est_donnee=np.where(in_time, quickest.est_donnee, driven.est_donnee),
        dire=driven.dire,
        sans_voiture=in_time,
    )


def ways_of(moyens: Mapping[str, Moyen], moyen: Moyen | None, *, sans_voiture: bool) -> list[str]:
    """Return the ways that a search looks at: those without a car, then the car, when asked so."""
    if moyen is None or not sans_voiture:
        return [moyen.nom] if moyen else []
    every = [nom for nom, one in moyens.items() if one.sans_voiture]
    cars = [nom for nom, one in moyens.items() if not one.sans_voiture]
    return [moyen.nom, cars[0]] if moyen.sans_voiture else [*every, moyen.nom]


def _quickest(every: list[Durees]) -> Durees:
    """Return the quickest trip to each place: the one that is at most the shortest."""
    most = np.array([np.nan_to_num(one.plus, nan=np.inf) for one in every])
    best = most.argmin(axis=0)
    rows = np.arange(len(best))
    return Durees(
        noms=tuple(one.noms[0] for one in every),
        rangs=best,
        moins=np.array([one.moins for one in every])[best, rows],
        plus=np.array([one.plus for one in every])[best, rows],
        metres=every[0].metres,
        est_donnee=np.array([one.est_donnee for one in every])[best, rows],
        dire=every[0].dire,
    )
