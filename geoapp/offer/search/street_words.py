"""Words of streets as they are compared: « 3 bd Gal Leclerc » is 3, boulevard general leclerc."""

from __future__ import annotations

import re
from typing import NamedTuple

from rapidfuzz import fuzz

from geoapp.offer.search.words import place_words

_TYPES = {
    "rue": "r",
    "avenue": "av ave aven",
    "boulevard": "bd bld blv blvd boul bvd",
    "place": "pl",
    "chemin": "ch che chem",
    "impasse": "imp",
    "allee": "all allees al",
    "route": "rte",
    "square": "sq",
    "residence": "res resid",
    "faubourg": "fg fbg faub",
    "passage": "pass",
    "cours": "crs",
    "lotissement": "lot lots",
    "hameau": "ham hau",
    "esplanade": "esp",
    "promenade": "prom",
    "rond": "",
    "quai": "",
    "cite": "",
    "sentier": "sen",
    "ruelle": "rle",
    "venelle": "ven",
    "voie": "",
    "clos": "",
    "cour": "",
    "parvis": "",
    "chaussee": "chs",
    "carriere": "",
    "dreve": "",
    "sente": "",
    "villa": "",
    "mail": "",
    "montee": "mte",
    "traverse": "tra",
    "lieu": "",
    "quartier": "qu qua quart",
}
"""Kinds of streets, folded, and what is written for each."""

_ABREGES = {
    "gal": "general",
    "gen": "general",
    "mal": "marechal",
    "mar": "marechal",
    "col": "colonel",
    "cdt": "commandant",
    "cap": "capitaine",
    "cne": "capitaine",
    "lt": "lieutenant",
    "sgt": "sergent",
    "dr": "docteur",
    "pr": "professeur",
    "prof": "professeur",
    "pdt": "president",
    "pres": "president",
    "mgr": "monseigneur",
    "ing": "ingenieur",
    "fr": "frere",
    "ste": "sainte",
    "st": "saint",
    "nd": "notre dame",
    "gd": "grand",
    "gde": "grande",
    "pt": "petit",
    "pte": "petite",
    "premier": "1",
    "premiere": "1",
    "deuxieme": "2",
    "quatre": "4",
    "cinq": "5",
    "huit": "8",
    "neuf": "9",
    "dix": "10",
    "onze": "11",
    "quatorze": "14",
}
"""Words of streets that are written in more than one way."""

TYPES = frozenset(_TYPES)
_COURTS = {short: kind for kind, shorts in _TYPES.items() for short in shorts.split()}
_NUMERO = re.compile(
    r"^\s*(?:n[°o]\s*)?(\d{1,4})\s*(bis|ter|quater|[a-d](?=[\s,]))?"
    r"(?:\s*[-/à]\s*\d{1,4})?(?=[\s,])[\s,]*",
    re.IGNORECASE,
)
_ORDINAL = re.compile(r"\b(\d+)(?:er|re|ere|e|eme)\b")
RESSEMBLANCE = 78
"""Percentage of likeness (rapidfuzz ratio) from which a street is proposed for a misspelt one."""

AUTRE_SORTE = 3
"""How near a street of the same name and of another kind is: never taken without asking."""

_DEBUT = 3
"""Letters from which the start of a word stands for it (« Gambet »); an initial does too."""


class Adressee(NamedTuple):
    """A street as it was typed: house number ("" without), what follows it, the rest."""

    numero: int
    suite: str
    reste: str


def read_number(texte: str) -> Adressee:
    """Return the house number that begins a text, 0 when there is none, and what follows it."""
    found = _NUMERO.match(texte)
    if not found or not re.search(r"[^\W\d]{2}", texte[found.end() :]):
        return Adressee(0, "", texte.strip(" ,"))
    return Adressee(int(found[1]), (found[2] or "").lower(), texte[found.end() :].strip(" ,"))


def street_words(texte: str) -> list[str]:
    """Return the words of the name of a street, abbreviations whole, articles left out."""
    words = place_words(texte)
    full = [_ABREGES.get(word, word) for word in words]
    # « petit ch », « 1re av »: the kind may come second.
    for at, word in enumerate(words[:2]):
        if word in _COURTS:
            full[at] = _COURTS[word]
        if full[at] in TYPES:
            break
    return _ORDINAL.sub(r"\1", " ".join(full)).split()


def fold_street(nom: str) -> str:
    """Return the words of the name of a street as one text."""
    return " ".join(street_words(nom))


def is_announced(words: list[str]) -> bool:
    """Tell whether words begin as the name of a street: by its kind."""
    return len(words) > 1 and words[0] in TYPES


def nearness(typed: list[str], street: list[str]) -> int | None:
    """Return how near what is typed is to the name of a street, None when it is not.

    0 the name itself; 1 its kind left out; 2 shortened (« rue Faidherbe », « rue J. Jaurès »);
    3 the same name, of another kind of street.
    """
    if typed == street:
        return 0
    kind, core = _parted(typed)
    other, name = _parted(street)
    if not core or not name:
        return None
    same = kind == other or not kind
    if core == name:
        return 1 if same else AUTRE_SORTE
    if same and _is_short(core, name):
        return 2
    return None


def likeness(typed: list[str], street: list[str]) -> float:
    """Return the percentage of likeness of what is typed to the name of a street."""
    return fuzz.ratio(" ".join(typed), " ".join(street))


def _parted(words: list[str]) -> tuple[str, list[str]]:
    """Return the kind of a street, "" without, and the rest of its name."""
    return (words[0], words[1:]) if words and words[0] in TYPES else ("", words)


def _is_short(core: list[str], name: list[str]) -> bool:
    """Tell whether words stand, in their order, for a longer name; its last word is there whole."""
    if core[-1] != name[-1]:
        return False
    rest = iter(name)
    return all(any(_stands_for(word, one) for one in rest) for word in core)


def _stands_for(short: str, word: str) -> bool:
    """Tell whether a word, its initial or its start, was typed."""
    return word == short or (
        word.startswith(short) and (len(short) == 1 or len(short) >= _DEBUT) and short.isalpha()
    )
