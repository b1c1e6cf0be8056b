"""Kinds of diploma: what people ask for (« un bac pro », « un CAP »), under one code each.

Two tables say everything.  ``geodata/diplomes.csv`` names the kinds, with the levels that each may
have; ``geodata/diplomes_notations.csv`` says which writings give them: a phrase at the head or the
tail of a title or in the type that a source gives, initials in capitals (« BUT » is a diploma,
« but » a word), or the first characters of a CFD.  Adding a kind or a writing is adding a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

import pandas as pd

from geoapp.core.config import GEODATA
from geoapp.reference.codes.text import fold

GENERIQUES = frozenset({"titre", "autre", "etat"})
"""Kinds that a source says when it knows no better: what a title or a code says comes first."""

_LETTRES = {
    "a": "aàâä",
    "c": "cç",
    "e": "eéèêë",
    "i": "iîï",
    "o": "oôö",
    "u": "uùûü",
}
_ENTRE = r"[^0-9A-Za-zÀ-ÿ]+"
_FIN = r"(?![0-9A-Za-zÀ-ÿ])"
_SECTION = re.compile(
    r"\s*[-–]\s*(?:services?|production|agricole|maritime)\s*(?=[-–])", re.IGNORECASE
)
"""Section of the catalogue of Parcoursup, between the kind and the title: « DUT - Service - … »."""

_PARENTHESE = re.compile(r"\s*\(([^()]*)\)\s*$")
_AJOUT = re.compile(r"\(|\bde niveau \d")


@dataclass(frozen=True, kw_only=True)
class Diplome:
    """One kind: its short name in titles, its label in lists, its name in full, its levels.

    `phrase` says what it is and `suite` what comes after it in general, "" when nothing sure can be
    said of all of them.
    """

    code: str
    court: str
    libelle: str
    en_clair: str
    niveaux: tuple[str, ...]
    phrase: str = ""
    suite: str = ""

    @property
    def niveau(self) -> str | None:
        """Return the only level that it may have, None when it may have several."""
        return self.niveaux[0] if len(self.niveaux) == 1 else None


@dataclass(frozen=True, kw_only=True)
class NotationDiplome:
    """One writing of a kind: its code ("" for none), short name and year of the course."""

    valeur: str
    code: str
    court: str
    mention: str = ""


@cache
def load_diplomes() -> dict[str, Diplome]:
    """Return the kinds by code, in the order of the table: by level."""
    return {
        row.code_diplome: Diplome(
            code=row.code_diplome,
            court=row.court,
            libelle=row.libelle,
            en_clair=row.en_clair,
            niveaux=tuple(row.niveaux.split("|")),
            phrase=row.phrase,
            suite=row.suite,
        )
        for row in _rows("diplomes.csv")
    }


@cache
def _notations(*kinds: str) -> dict[str, NotationDiplome]:
    """Return the writings of some kinds of notation (libelle, sigle, cfd)."""
    return {
        row.valeur: NotationDiplome(
            valeur=row.valeur,
            code=row.code_diplome,
            court=row.court
            or (load_diplomes()[row.code_diplome].court if row.code_diplome else ""),
            mention=row.mention,
        )
        for row in _rows("diplomes_notations.csv")
        if row.notation in kinds
    }


def _rows(name: str) -> Iterable:
    table = pd.read_csv(
        GEODATA / name, sep=";", dtype="str", keep_default_na=False, encoding="utf-8"
    )
    return table.itertuples(index=False)


def split_head(title: str) -> tuple[NotationDiplome | None, str]:
    """Return the writing of a kind that a title starts with, and the rest of the title."""
    found = _head().match(title)
    if not found:
        return None, title
    rest = title[found.end() :]
    section = _SECTION.match(rest)
    rest = rest[section.end() if section else 0 :].lstrip(" :–-,.)")
    return _notations("libelle", "sigle")[fold(found.group())], rest


def split_tail(title: str) -> tuple[NotationDiplome | None, str]:
    """Return the writing of a kind that ends a title in brackets, and the title without it.

    « GRAPHISME ET DECOR (BMA) », « METIERS DU BTP (LP MONTPELLIER) »: the bracket goes whole, with
    the school that certifies.
    """
    rest, tail = title, None
    while found := _PARENTHESE.search(rest):
        notation, _ = split_head(found.group(1))
        if not (notation and notation.code) and not fold(found.group(1)).startswith("diplome de"):
            break
        tail = tail or notation
        rest = rest[: found.start()]
    return (tail, rest) if rest.strip() else (None, title)


@lru_cache(maxsize=4096)
def read_type(text: str) -> NotationDiplome | None:
    """Return the writing of a kind that the type given by a source holds, None when it holds none.

    What it adds on levels is left out: « (niveau 3) » is of the old scale or the
    new one.
    """
    notation, _ = split_head(_AJOUT.split(text, maxsplit=1)[0])
    return notation if notation and notation.code else None


def read_cfd(cfd: str) -> NotationDiplome | None:
    """Return the kind that the first three characters of a CFD say, the longest known first."""
    known = _notations("cfd")
    found = (known[cfd[:length]] for length in (3, 2) if cfd[:length] in known)
    notation = next(found, None)
    return notation if notation and notation.code else None


@cache
def _head() -> re.Pattern:
    """Return one pattern of all writings, longest first, at the start of a text."""
    phrases = [
        *((valeur, rf"(?i:{_accented(valeur)})") for valeur in _notations("libelle")),
        *((valeur, valeur.upper()) for valeur in _notations("sigle")),
    ]
    phrases.sort(key=lambda phrase: (-len(phrase[0]), phrase[0]))
    years = "|".join(pattern for valeur, pattern in phrases if valeur[0].isdigit())
    every = "|".join(pattern for _, pattern in phrases)
    # « 1cap2aLad cavalier »: the mark of a year may stick to the title.
    return re.compile(rf"\s*(?:(?:{years})(?=[A-ZÀ-Ý][a-zà-ÿ])|(?:{every}){_FIN})")


def _accented(phrase: str) -> str:
    """Return a pattern of a folded phrase, with or without accents, whatever parts its words."""
    letters = (
        _ENTRE if letter == " " else f"[{_LETTRES[letter]}]" if letter in _LETTRES else letter
        for letter in phrase
    )
    return "".join(letters)
