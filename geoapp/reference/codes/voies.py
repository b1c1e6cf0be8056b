"""Voies: by which road a training is followed, three words for all sources."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from geoapp.reference.codes.text import as_text, fold, map_distinct, on_scalar_too

VOIES = {
    "scolaire": "Voie scolaire",
    "apprentissage": "Apprentissage",
    "continue": "Formation continue",
}

# Words met in the sources, folded, whole words or starts of words.
_MOTS = {
    "apprentissage": (r"apprenti\w*", r"apprentissage", r"cfa", r"^ca$"),
    "continue": (
        r"(?:formation )?continue",
        r"contrats? (?:de )?pro(?:fessionnalisation)?",
        r"professionnalisation",
        r"demandeurs? d emploi",
        r"^fc$",
        r"vae",
        r"poe[ci]?",
    ),
    "scolaire": (
        r"scolaires?",
        r"formation initiale",
        r"initiale",
        r"temps plein",
        r"eleves?",
        r"etudiants?",
        r"lyceens?",
        r"^fi$",
    ),
}
_PATTERNS = {voie: re.compile(rf"\b(?:{'|'.join(mots)})\b") for voie, mots in _MOTS.items()}
# "hors apprentissage" says what a training is not.
_NEGATION = re.compile(r"\b(?:hors|sans|sauf|non)\s+(?:\w+\s)?(?=apprenti|scolaire|continue)\w+")


@on_scalar_too
def normalise_voie(values: pd.Series) -> pd.Series:
    """Return the voie of each label: scolaire, apprentissage or continue.

    Reads status labels ("Scolaire", "Apprentissage"), contract labels
    ("Contrat de professionnalisation") and title endings ("… - en
    apprentissage").  Apprenticeship wins over "initiale", of which it is
    legally a part.  NA when no voie is named, or when both "continue" and
    another are: an offer open to several voies is the caller's to split.
    Index and row count are kept.
    """
    return map_distinct(as_text(values), _voie).astype("str")


def _voie(label: str) -> str | None:
    """Return the only voie named by a label."""
    text = _NEGATION.sub(" ", fold(label))
    named = [voie for voie, pattern in _PATTERNS.items() if pattern.search(text)]
    # « Formation initiale en apprentissage » is one voie, « scolaire ou apprentissage » two.
    if named == ["apprentissage", "scolaire"]:
        return "apprentissage" if "initiale" in text else None
    return named[0] if len(named) == 1 else None


def only_track(voies: Iterable[str | None]) -> str:
    """Return « apprentissage seulement » where all trainings are of that voie; "" else."""
    told = {voie for voie in voies if isinstance(voie, str)}
    return f"{VOIES[told.pop()].lower()} seulement" if len(told) == 1 else ""
