"""What a person types for a place, and the names that lie elsewhere: read before any is looked up.

« 59 000 » is a postcode, « CEDEX 9 » says nothing, « CA de Béthune » asks for an EPCI.  Two tables
of `geodata/` say which names are outside the region (`lieux_hors_region.csv`: towns of 20,000
people or more, those of Belgium near the border, départements, regions, countries) and which have
no border of their own (`pays_naturels.csv`: « Avesnois »).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from geoapp.core.config import GEODATA
from geoapp.offer.search.words import place_words
from geoapp.reference.zonings import CHERCHES, DEPARTS

LONGUEUR_MAX = 100
HORS_REGION = GEODATA / "lieux_hors_region.csv"
PAYS_NATURELS = GEODATA / "pays_naturels.csv"

_CODE_ESPACE = re.compile(r"\b(\d{2}) (\d{3})\b")
_CEDEX = re.compile(r"\bcedex\b(\s+\d{1,2}\b)?", re.IGNORECASE)
_ETABLISSEMENTS = frozenset("college lycee cfa mfr greta ecole institut universite iut".split())
"""First words of the names of establishments, that are no kind of zone."""


@dataclass(frozen=True)
class Saisie:
    """A place as it was typed: its words, and the kind of zone that some of them announce."""

    texte: str
    mots: list[str]
    type_zone: str = ""
    reste: tuple[str, ...] = ()

    @property
    def plie(self) -> str:
        """Return the words as one text."""
        return " ".join(self.mots)


def bare_text(texte: str) -> str:
    """Return a text whose postcodes are joined, without « CEDEX »."""
    bare = " ".join(_CEDEX.sub(" ", texte[:LONGUEUR_MAX]).split())
    return _CODE_ESPACE.sub(r"\1\2", bare)


def read_typed(texte: str) -> Saisie:
    """Return what was typed, spaced postcodes joined, CEDEX left out, the kind of zone told."""
    texte = texte[:LONGUEUR_MAX].strip()
    bare = bare_text(texte)
    mots = place_words(bare) if bare else []
    for type_zone, kinds in _kinds().items():
        # « ze lens », « agglo de Lens »: the first word is the kind, others may follow it.
        if mots and mots[0] in kinds and mots[0] not in _ETABLISSEMENTS:
            rest = tuple(mot for mot in mots if mot not in kinds)
            if rest:
                return Saisie(texte, mots, type_zone, rest)
    return Saisie(texte, mots)


@lru_cache(maxsize=1)
def _kinds() -> dict[str, frozenset[str]]:
    """Return the words that announce each kind of zone; those of one kind only."""
    return {nom: frozenset(row.mots.split()) for nom, row in {**CHERCHES, **DEPARTS}.items()}


@lru_cache(maxsize=1)
def outside_names() -> dict[str, str]:
    """Return, by folded name, the places outside the region: « Paris (département) »."""
    named: dict[str, str] = {}
    # A town before the département of its name.
    rows = sorted(_rows(HORS_REGION), key=lambda row: row["ou"] in ("département", "région"))
    for row in rows:
        where = "" if row["ou"] in (row["nom"], "pays") else f" ({row['ou']})"
        named.setdefault(" ".join(place_words(row["nom"])), row["nom"] + where)
    return named


def outside_name(saisie: Saisie) -> str:
    """Return the place outside the region that was typed (« Paris 15 »); "" when it is none."""
    named, mots = outside_names(), list(saisie.mots)
    while mots and " ".join(mots) not in named and mots[-1][0].isdigit():
        mots.pop()
    return named.get(" ".join(mots), "") if mots else ""


@lru_cache(maxsize=1)
def natural_areas() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return, by folded name, the areas without borders: their name, the `type:code` near them."""
    return {
        " ".join(place_words(row["nom"])): (row["nom"], tuple(row["lieux"].split("|")))
        for row in _rows(PAYS_NATURELS)
    }


def _rows(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))
