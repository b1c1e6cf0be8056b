"""The names of establishments: what is their own in them, and whether two places bear one name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import product

import pandas as pd
from rapidfuzz import fuzz

from geoapp.core.texts import distinct_rows
from geoapp.offer.dedupe.rules import NOM_PROCHE
from geoapp.reference.codes.text import fold

GENERIQUES = frozenset(
    # Kinds of establishments, and what goes with them
    "lycee professionnel polyvalent general technologique agricole horticole industriel "
    "commercial prive privee public publique metiers cfa ufa cfppa greta antenne site campus "
    "centre ctre ctr formation apprentis apprentissage alternance institut ecole etablissement "
    "association ass organisme gestion regional academique superieur enseignement sup "
    # Addresses
    "bp cedex null rue avenue boulevard place route chemin allee quai "
    # The region
    "hauts france hdf nord pas calais "
    # Small words
    "de du des d la le les l et en a au aux par pour sur".split()
)
"""Words of a name or an address that tell an establishment from no other."""

ABREGES = (
    ("chambre de commerce et d industrie", "cci"),
    ("chambre des metiers et de l artisanat", "cma"),
    ("chambre de metiers et de l artisanat", "cma"),
    ("chambre de metiers", "cma"),
    ("chambre des metiers", "cma"),
    ("chambre metiers", "cma"),
    ("maison familiale rurale", "mfr"),
    ("institut regional du travail social", "irts"),
    ("institut universitaire de technologie", "iut"),
    ("i u t", "iut"),
)
"""Names written in full here, by their initials there."""

LETTRES_MIN = 4
"""A name is its own when one of its words has this many letters at least.

« CMA » or « BTP » are borne by dozens.
"""

LETTRES_MIN_PROCHE = 3
"""The same for two places at most `VOISINAGE_M` apart, where initials are enough."""

LETTRES_MARQUE = 6
"""Letters of a word that, borne by two names at most `VOISINAGE_M` apart, names one body.

« PROMEO » is such a word.
"""

_PARTIES = re.compile(r"\s[-–/]\s?|[-–/]\s|[()/,]")


@dataclass(frozen=True)
class MotsOrganisme:
    """The own words of each part of a body's name, and those of its name and address together.

    In a name of several parts, one that names a CFA is that of a network (« CFA Jean Bosco - Lycée
    Vauban »): it tells no place.
    """

    parties: tuple[frozenset[str], ...]
    tous: frozenset[str]


def read_towns(profil: pd.DataFrame) -> set[frozenset[str]]:
    """Return the words of the name of each commune of some offers."""
    return {frozenset(fold(town).split()) for town in profil["nom_commune"].dropna().unique()}


def name_places(
    profil: pd.DataFrame, towns: set[frozenset[str]] | None = None
) -> list[MotsOrganisme]:
    """Return the words of the name and address of each offer, those of its commune left out.

    The name of a town, of those of the offers unless `towns` is given, is that of no place.
    """
    towns = read_towns(profil) if towns is None else towns
    told = profil[["nom_organisme", "adresse", "nom_commune"]].fillna("")
    # Read once by distinct name: as texts of Python, those of all take ten times the columns.
    kind, distinct = distinct_rows(told)
    # A name is that of many addresses, an address that of many names.
    parts_of, words_of = cache(partial(_read_parts, towns=towns)), cache(_read_address)
    read = []
    for name, address, commune in distinct.itertuples(index=False, name=None):
        parts = parts_of(name, commune)
        read.append(MotsOrganisme(parts, words_of(address, commune).union(*parts)))
    return [read[one] for one in kind.tolist()]


def _read_parts(name: str, commune: str, towns: set[frozenset[str]]) -> tuple[frozenset[str], ...]:
    """Return the words of the parts of a name; the name of a town is that of no establishment."""
    # The name of the commune is in half of the names: two schools of Lens are two schools.
    common = _common(commune)
    read = [_words(part) for part in _PARTIES.split(name)]
    parts = [(frozenset(words) - common, "cfa" in words) for words in read]
    # « Antenne de Compiègne », in Venette: its neighbours too are of Compiègne.
    parts = [(words, is_network) for words, is_network in parts if words not in towns]
    own = [words for words, _ in parts if words]
    # A network is left out only when another part tells the place.
    return tuple([words for words, is_network in parts if words and not is_network] or own)


def _read_address(address: str, commune: str) -> frozenset[str]:
    """Return the words of an address, those of its commune left out."""
    return frozenset(_words(address)) - _common(commune)


@lru_cache(maxsize=4096)
def _common(commune: str) -> frozenset[str]:
    """Return the words that tell nothing of a place of a commune."""
    return GENERIQUES.union(fold(commune).split())


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    """Return the folded words of a text, long names put short."""
    folded = fold(text)
    for long, short in ABREGES:
        folded = folded.replace(long, short)
    return tuple(folded.split())


def shared_name(
    one: MotsOrganisme, other: MotsOrganisme, *, est_proche: bool = False
) -> str | None:
    """Return the name that two places share.

    The words of a part of one are all in the name or the address of the other, or nearly.

    `est_proche` says that the two are at most `VOISINAGE_M` apart: initials, or
    one long word of both names, are then enough.  None when they share none,
    or when what they share is no name of their own.
    """
    lettres_min = LETTRES_MIN_PROCHE if est_proche else LETTRES_MIN
    for mine, theirs in ((one, other), (other, one)):
        for part in mine.parties:
            if part <= theirs.tous and _is_own(part, lettres_min):
                return " ".join(sorted(part))
    for first, second in product(one.parties, other.parties):
        is_own = _is_own(first, LETTRES_MIN) and _is_own(second, LETTRES_MIN)
        # Likeness forgives a letter: initials, where a letter is all, are not compared so.
        if is_own and _likeness(first, second) >= NOM_PROCHE:
            return " ".join(sorted(first))
    if not est_proche:
        return None
    brands = frozenset[str]().union(*one.parties) & frozenset[str]().union(*other.parties)
    long = (word for word in sorted(brands) if len(word) >= LETTRES_MARQUE and word.isalpha())
    return next(long, None)


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the likeness of two sets of words, 0 to 100."""
    return fuzz.token_sort_ratio(" ".join(sorted(one)), " ".join(sorted(other)))


def _is_own(words: frozenset[str], lettres_min: int) -> bool:
    return any(len(word) >= lettres_min and word.isalpha() for word in words)
