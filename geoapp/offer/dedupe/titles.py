"""What two titles say in common: the diploma, its option, and the words that are left."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from geoapp.reference.codes.text import fold

DIPLOMES: dict[str, str] = {
    "certificat de specialisation agricole": "csa",
    "csa": "csa",
    "certificat de specialisation": "mc",
    "mention complementaire": "mc",
    "mc": "mc",
    "certificat d aptitude professionnelle agricole": "cap",
    "certificat d aptitude professionnelle": "cap",
    "cap agricole": "cap",
    "capa": "cap",
    "cap": "cap",
    "brevet professionnel agricole": "bpa",
    "bpa": "bpa",
    "brevet professionnel de la jeunesse de l education populaire et du sport": "bpjeps",
    "bpjeps": "bpjeps",
    "brevet professionnel": "bp",
    "bp": "bp",
    "brevet d etudes professionnelles": "bep",
    "bep": "bep",
    "baccalaureat professionnel": "bacpro",
    "baccalaureat professionnel agricole": "bacpro",
    "bac pro agricole": "bacpro",
    "bac pro": "bacpro",
    "baccalaureat technologique": "bactechno",
    "brevet de technicien superieur agricole": "bts",
    "brevet de technicien superieur": "bts",
    "btsa": "bts",
    "bts": "bts",
    "brevet technique des metiers superieur": "btms",
    "btms": "btms",
    "brevet technique des metiers": "btm",
    "btm": "btm",
    "brevet de maitrise superieur": "bms",
    "brevet de maitrise": "bm",
    "bm": "bm",
    "diplome universitaire de technologie": "dut",
    "dut": "dut",
    "bachelor universitaire de technologie": "but",
    "but": "but",
    "deust": "deust",
    "licence professionnelle": "lp",
    "licence pro": "lp",
    "lp": "lp",
    "licence": "licence",
    "master": "master",
    "titre professionnel": "tp",
    "tp": "tp",
    "diplome d ingenieur": "ingenieur",
    "titre ingenieur": "ingenieur",
    "diplome d etat": "de",
    "d e": "de",
    "diplome de comptabilite et de gestion": "dcg",
    "dcg": "dcg",
}
"""Names of diplomas, folded → one short name.

An agricultural BTS or CAP is a BTS or a CAP; a « mention complémentaire » became a « certificat
de spécialisation » in 2023.
"""

# The longest first: « brevet professionnel agricole » is not a « brevet professionnel ».
_DIPLOME = re.compile(r"\b(" + "|".join(sorted(DIPLOMES, key=len, reverse=True)) + r")\b")
_TITRE = re.compile(r"(autre |titre )?(titre|certification|diplome|certificat|dejeps|cpjeps)\b")
"""Kinds of certifications whose name tells nothing more (« Autre titre inscrit au RNCP »)."""
_OPTION = re.compile(r"\bopt(?:ion)?s? ?([a-d])\b")
_PARCOURS = {
    "distance": re.compile(r"\b(entierement en distanciel|a distance|en ligne)\b"),
    "annee commune": re.compile(r"\b(1 ?ere|premiere) annee commune\b"),
    "mise a niveau": re.compile(r"\bmises? a niveau\b"),
}
"""What makes two offers of one diploma two trainings: one title says it, the other does not."""

_RUBRIQUE = re.compile(
    r"^(?:(dut|bts) (?:services?|production)|formation professionnelle|d e secteur social)\b"
)
"""Heads of a catalogue's sections, put before the title; the diploma that one holds is kept."""

_BRUIT = re.compile(
    r"\b(en apprentissage|seconde|opt(ion)?s?|mention|specialite"
    r"|referentiel( commun)? europeen|bac plus \d|niveau \d)\b"
)
_VIDES = frozenset(
    "a au aux d de des du en et l la le les n ou par pour s se sur un une "
    # What is left of « employé(e) », « ouvrier.ère », « conducteur/trice » once folded
    "e ere euse ne re rice trice".split()
)
_FEMININS = (("ienne", "ien"), ("iere", "ier"), ("trice", "teur"), ("euse", "eur"))


@dataclass(frozen=True)
class Titre:
    """One title read: short diploma ("" unknown), option letter, kinds of course, words."""

    diplome: str
    option: str
    parcours: frozenset[str]
    mots: str


def names_diploma(texte: str) -> bool:
    """Tell whether a title, or a kind of diploma, begins with the name of one.

    « Préparation au CAP » and « Mise à niveau pour un BTS » name one further on: they lead to it,
    they do not give it.
    """
    folded = _RUBRIQUE.sub(r"\1 ", fold(texte)).strip()
    return bool(_DIPLOME.match(folded) or _TITRE.match(folded))


def read_title(intitule: str, type_diplome: str | None = None) -> Titre:
    """Return what a title says; the diploma is read in the title first, else in `type_diplome`."""
    text = fold(intitule)
    # A diploma named further on may be the one before or after: the column knows better.
    found = _DIPLOME.match(text) or _diploma_of_kind(type_diplome or "") or _DIPLOME.search(text)
    option = _OPTION.search(text)
    parcours = frozenset(nom for nom, forme in _PARCOURS.items() if forme.search(text))
    rest = _RUBRIQUE.sub(r"\1 ", text)
    rest = _OPTION.sub(" ", rest) if option else rest
    rest = _BRUIT.sub(" ", _DIPLOME.sub(" ", rest))
    for nom in parcours:
        rest = _PARCOURS[nom].sub(" ", rest)
    return Titre(
        DIPLOMES[found[1]] if found else "",
        option[1] if option else "",
        parcours,
        # « CAP » alone: its own words are better than none.
        _words(rest) or _words(text),
    )


@lru_cache(maxsize=1024)
def _diploma_of_kind(type_diplome: str) -> re.Match | None:
    """Return the name of a diploma that a kind holds."""
    return _DIPLOME.search(fold(type_diplome))


def read_titles(offers: pd.DataFrame) -> pd.Series:
    """Return what the title of each offer says (`intitule`, `type_diplome`), read once by title."""
    title, titles = pd.factorize(offers["intitule"])
    kind, kinds = pd.factorize(offers["type_diplome"])
    # The last is that of the rank -1: unknown.
    titles, kinds = [*titles, None], [*kinds, None]
    rank, pairs = pd.factorize(title % len(titles) * len(kinds) + kind % len(kinds))
    read = [read_title(titles[pair // len(kinds)], kinds[pair % len(kinds)]) for pair in pairs]
    return pd.Series(np.array(read, dtype=object)[rank], index=offers.index, dtype="object")


def _words(text: str) -> str:
    """Return the words that mean something, masculine and singular, each once, sorted.

    Their order says nothing.
    """
    words = {_plain(word) for word in text.split() if word not in _VIDES}
    return " ".join(sorted(word for word in words if len(word) > 1 or word.isdigit()))


@lru_cache(maxsize=65536)
def _plain(word: str) -> str:
    """Return a word without plural nor feminine, roughly.

    Both sides of a comparison are cut alike.
    """
    word = word.rstrip("sx") or word
    return next(
        (word.removesuffix(ending) + other for ending, other in _FEMININS if word.endswith(ending)),
        word,
    )


def opposed(one: Titre, other: Titre) -> str:
    """Return in French why two titles cannot name the same training.

    "" when nothing opposes them.
    """
    if one.diplome and other.diplome and one.diplome != other.diplome:
        return "diplômes différents"
    if one.option and other.option and one.option != other.option:
        return f"options {one.option.upper()} et {other.option.upper()}"
    if one.parcours != other.parcours:
        return "parcours différents (" + ", ".join(sorted(one.parcours ^ other.parcours)) + ")"
    return ""
