"""What a person asks and what a search answers: plain frozen values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from geoapp.offer.filters import Filtres, Option
from geoapp.offer.search.said import CritereDit
from geoapp.offer.search.travel import Durees, Moyen
from geoapp.offer.search.words import as_typed
from geoapp.reference.zonings import CHERCHES

RAYONS_KM = (5, 10, 20, 30, 50, 100)
"""Radii proposed; any number from the first to the last is accepted."""

RAYON_KM = 20.0
TRIS = {
    "distance": "Distance",
    "duree": "Temps de trajet",
    "pertinence": "Pertinence",
    "date": "Date de début",
    "titre": "Intitulé",
}
TAILLE = 20
TAILLE_MAX = 100
"""Rows of a page, and the most an API caller may ask."""


@dataclass(frozen=True, kw_only=True)
class Lieu:
    """A place that a person named or pointed at.

    `type` is `commune`, `ancienne_commune`, `code_postal`, `point`, `adresse`
    (places with a point: the search is around it, within a radius) or
    `departement`, `epci`, `ze2020`…, `region` (zones: the search is inside it,
    whatever the radius; their point only centres the map).  A `qpv2015` or an
    `etablissement` is a place that one starts from: around it, too.

    `compris_de` is what was typed when the place is not exactly it; `credit` who must be named
    where it is shown.  A `voie` is a street, at its middle.
    """

    type: str
    code: str
    nom: str
    longitude: float | None = None
    latitude: float | None = None
    precision: str = ""
    compris_de: str = ""
    est_region: bool = True
    credit: str = ""

    @property
    def est_zone(self) -> bool:
        """Tell whether the search is inside the place rather than around it."""
        return self.type in CHERCHES

    @property
    def point(self) -> tuple[float, float]:
        """Return longitude and latitude, NaN when unknown: nothing is near such a place."""
        if self.longitude is None or self.latitude is None:
            return math.nan, math.nan
        return self.longitude, self.latitude


@dataclass(frozen=True, kw_only=True)
class Requete:
    """One search.  Without place, the whole region; without text, everything.

    Around a point, within `minutes` of the trip by `moyen` when they are asked, else within the
    radius.  `moyen` is None where no trip is known.  `sans_voiture` puts first what is reached
    without a car, within `minutes` or `MINUTES_SANS_VOITURE`.
    """

    texte: str = ""
    lieu: Lieu | None = None
    rayon_km: float = RAYON_KM
    minutes: float | None = None
    moyen: Moyen | None = None
    sans_voiture: bool = False
    filtres: Filtres = field(default_factory=Filtres)
    tri: str = "distance"
    page: int = 1
    taille: int = TAILLE
    emprise: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class MetierCompris:
    """A job of ROME that words name, understood by its names; whether some training leads to it."""

    mot: str = ""
    code: str
    libelle: str
    est_enseigne: bool


@dataclass(frozen=True, kw_only=True)
class Texte:
    """How a text was understood: what was corrected, added, which codes and jobs were seen.

    `cherche` is what was really searched, "" when it is what was typed.  `sigles` are the known
    acronyms that no training of ours holds: (as typed, meaning).  `criteres` were typed among the
    words, and taken out of them: `cherche` is "" too when nothing else was typed.
    """

    recu: str = ""
    corrige: str = ""
    cherche: str = ""
    sigles: tuple[tuple[str, str], ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()
    synonymes: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    metiers: tuple[MetierCompris, ...] = ()
    criteres: tuple[CritereDit, ...] = ()

    @property
    def dit(self) -> str:
        """Return the words that were really searched, as they were typed; "" without any."""
        if self.criteres or self.cherche:
            return as_typed(self.recu, self.cherche)
        return self.recu


@dataclass(frozen=True, kw_only=True)
class Resultat:
    """The answer to one search, in two blocks.

    `lignes` are positions in the table `offres`, all of them, in the order
    asked: the `total` first ones answer the text itself, the others are of
    neighbouring jobs; so of `a_distance` and `nb_a_distance`.  `distances_m` go
    with them (NaN without point, or for an offer without position), and
    `minima_m`, less where only the commune of the offer is known: it is then at
    least and at most that far.  `a_distance` are the fully remote offers, never
    filtered out by distance and never in `lignes`.  `proches` are the nearest
    offers outside the radius, filled only when `total` is zero: those that
    answer the text itself (`proches_repondent`), else neighbours when there is
    no line at all.
    `non_places` are offers that obey everything but whose place is unknown:
    they are in `lignes` only when the search is not around a point.
    `sujet` is what the words name of an offer, by filter (`subject.name_subject`).
    `mesurer` gives the trips to `lignes` and to `proches`, None where none is
    known: they are measured when they are read.  `raconter` gives where they
    come from and how far they are wrong, one sentence by way of travelling.
    """

    lignes: np.ndarray
    distances_m: np.ndarray
    minima_m: np.ndarray
    a_distance: np.ndarray
    total: int
    nb_a_distance: int
    proches: np.ndarray
    proches_m: np.ndarray
    proches_minima_m: np.ndarray
    proches_repondent: bool
    nb_non_places: int
    facettes: Mapping[str, list[Option]]
    texte: Texte
    requete: Requete
    sujet: Mapping[str, Option] = field(default_factory=dict)
    mesurer: Callable[[], tuple[Durees | None, Durees | None]] = lambda: (None, None)
    raconter: Callable[[], list[str]] = list

    @cached_property
    def _trips(self) -> tuple[Durees | None, Durees | None]:
        return self.mesurer()

    @property
    def durees(self) -> Durees | None:
        """Return the trips to `lignes`."""
        return self._trips[0]

    @property
    def proches_durees(self) -> Durees | None:
        """Return the trips to `proches`."""
        return self._trips[1]

    @property
    def nb_sans_voiture(self) -> int | None:
        """Return how many answers are reached in time without a car; None when not asked."""
        free = self.durees.sans_voiture if self.durees else None
        return None if free is None else int(free[: self.total].sum())

    @property
    def nb_voisins(self) -> int:
        """Return the number of offers of neighbouring jobs, remote ones apart."""
        return len(self.lignes) - self.total

    @property
    def nb_pages(self) -> int:
        """Return the number of pages of the two blocks, one at least."""
        return max(1, -(-len(self.lignes) // self.requete.taille))

    @property
    def page(self) -> slice:
        """Return the slice of `lignes` that the page asked for holds."""
        debut = (self.requete.page - 1) * self.requete.taille
        return slice(debut, debut + self.requete.taille)
