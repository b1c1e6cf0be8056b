"""Acronyms and synonyms of the training world: rows of `geodata/synonymes.csv`, read both ways."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from geoapp.core.config import GEODATA
from geoapp.offer.search.words import stems

SYNONYMES = GEODATA / "synonymes.csv"
Locution = tuple[str, ...]


@dataclass(frozen=True)
class Synonymes:
    """By stems of an expression, the expressions that say the same: (as written, stems)."""

    table: dict[Locution, tuple[tuple[str, Locution], ...]]
    nb_mots: int
    """Words of the longest expression."""
    racines: frozenset[str]
    """Stems of every word of an expression: known words, never corrected."""


@lru_cache(maxsize=4)
def load_synonymes(path: Path = SYNONYMES) -> Synonymes:
    """Return the synonyms of a CSV (`terme;equivalents`, parted by « | »).

    None when the file is not there.

    A term leads to each of its equivalents and each equivalent to the term,
    but an equivalent does not lead to another: « AS » may mean several things.
    """
    table: dict[Locution, dict[Locution, str]] = {}
    for term, equivalent in _pairs(path):
        for one, other in ((term, equivalent), (equivalent, term)):
            key, value = tuple(stems(one)), tuple(stems(other))
            if key and value and key != value:
                table.setdefault(key, {}).setdefault(value, other)
    said = {
        key: tuple((texte, value) for value, texte in found.items()) for key, found in table.items()
    }
    words = max((len(key) for key in table), default=0)
    return Synonymes(said, words, frozenset(root for key in table for root in key))


def _pairs(path: Path) -> list[tuple[str, str]]:
    """Return every (term, equivalent) of the file."""
    if not path.exists():
        return []
    with open(path, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    return [
        (row["terme"].strip(), other.strip())
        for row in rows
        for other in (row["equivalents"] or "").split("|")
        if other.strip()
    ]
