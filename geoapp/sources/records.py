"""Rows read and rows refused, for every reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from geoapp.core.reasons import say_reason
from geoapp.sources.personal import mask_text


@dataclass(kw_only=True)
class Lecture:
    """What a reader returns: raw rows, the rows refused, and repairs made while reading.

    `frame` holds one row per record, indexed by its place in the file
    ("ligne 12", "élément 3"); `rejets` and `corrections` are lists of records.
    """

    frame: pd.DataFrame
    nb_lues: int
    rejets: list[dict] = field(default_factory=list)
    corrections: list[dict] = field(default_factory=list)
    extras: int = 0
    """Private elements of the format that were left out, counted."""
    nb_ecartees: int = 0
    """Rows left out of `nb_lues`: of another region or year than those of the source."""
    notes: list[str] = field(default_factory=list)
    """How the file was read when it is not as announced: encoding, sheet, header (French)."""
    doubles: dict[str, list[str]] = field(default_factory=dict)
    """Name of a column that is there several times → the names its others were given."""


def reject(
    ligne: str, colonne: str, valeur: Any, code: str, *, proche: str | None = None, **details: Any
) -> dict:
    """Return one reject record; `code` is a row of `RAISONS`, `details` fill its sentence.

    E-mails and telephones are masked.
    """
    valeur = mask_text(valeur) if isinstance(valeur, str) else valeur
    return {
        "ligne": ligne,
        "colonne": colonne,
        "valeur": valeur,
        "code_raison": code,
        "raison": say_reason(code, **details),
        "valeur_proche": proche,
    }


def show(text) -> str:
    """Return what a file holds fit for a message: short, and unable to control a terminal."""
    short = str(text)[:80]
    return "".join(c if c.isprintable() else "·" for c in short)
