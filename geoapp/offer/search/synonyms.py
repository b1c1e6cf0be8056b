"""Words that say the same: acronyms, families of words of a job, titles that lead to it.

`geodata/synonymes.csv` holds acronyms and expressions, read both ways.  A row of
`geodata/familles.csv` is one family: every way of saying a job (`mots`) gives the same trainings,
those whose title holds one of these ways or one of `intitules`; a way that starts with « * » is
typed, and titles that hold it may be of another job (« environnement »).  `geodata/sigles.csv`
holds the acronyms that everybody of the field knows: they are never corrected.
`geodata/abreges.csv` holds words said short (« prof »): they are read whole.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from geoapp.core.config import GEODATA
from geoapp.offer.search.words import VIDES, split_words, stem, stems

SYNONYMES = GEODATA / "synonymes.csv"
FAMILLES = GEODATA / "familles.csv"
SIGLES = GEODATA / "sigles.csv"
ABREGES = GEODATA / "abreges.csv"
SAUF = " sauf "
"""What parts the words of a title from those that it must not hold."""

SEULE = "*"
"""What marks a way of saying a job that titles of other jobs hold too."""

Locution = tuple[str, ...]
"""Stems that a text holds, all of them; none of those that start with « - »."""


@dataclass(frozen=True)
class Synonymes:
    """By stems of an expression, the expressions that say the same: (as written, stems)."""

    table: dict[Locution, tuple[tuple[str, Locution], ...]]
    nb_mots: int
    """Words of the longest expression."""
    racines: frozenset[str]
    """Stems of every word of an expression: known words, never corrected."""
    familles: dict[Locution, tuple[Locution, ...]] = field(default_factory=dict)
    """By stems of an expression, what the titles of the trainings of its job hold; the expression
    itself is one of them when it says it in a title too.
    """
    mots: frozenset[str] = frozenset()
    """Words of the families, as typed: what a typing error is corrected to."""
    melees: dict[Locution, Locution] = field(default_factory=dict)
    """Expressions by their stems in order: « lourd poids chauffeur » is one of them."""
    sigles: dict[str, str] = field(default_factory=dict)
    """Known acronyms, folded, and what they say."""


@lru_cache(maxsize=4)
def load_synonymes(
    path: Path = SYNONYMES, familles: Path = FAMILLES, sigles: Path = SIGLES
) -> Synonymes:
    """Return the synonyms of a CSV (`terme;equivalents`, parted by « | »), families and acronyms.

    None of a file that is not there.

    A term leads to each of its equivalents and each equivalent to the term,
    but an equivalent does not lead to another: « AS » may mean several things.
    """
    table: dict[Locution, dict[Locution, str]] = {}
    for term, equivalent in _pairs(path):
        for one, other in ((term, equivalent), (equivalent, term)):
            key, value = _key(one), tuple(stems(other))
            if key and value and key != value:
                table.setdefault(key, {}).setdefault(value, other)
    said = {
        key: tuple((texte, value) for value, texte in found.items()) for key, found in table.items()
    }
    families: dict[Locution, dict[Locution, None]] = {}
    words: set[str] = set()
    for ways, titles in _families(familles):
        words.update(word for way in ways for word in lengthen(split_words(way)))
        said_too = [tuple(_stems(way)) for way in ways if not way.startswith(SEULE)]
        held = dict.fromkeys([*said_too, *map(_title_roots, titles)])
        for key in filter(None, map(_key, ways)):
            families.setdefault(key, {}).update(held)
    keys = [*table, *families]
    return Synonymes(
        table=said,
        nb_mots=max(map(len, keys), default=0),
        racines=frozenset(root for key in keys for root in key),
        familles={key: tuple(held) for key, held in families.items()},
        mots=frozenset(words),
        melees={tuple(sorted(key)): key for key in families if len(key) > 1},
        sigles={"".join(split_words(row["sigle"])): row["sens"].strip() for row in _rows(sigles)},
    )


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    """Yield every (term, equivalent) of the file."""
    for row in _rows(path):
        for other in _cells(row["equivalents"]):
            yield row["terme"].strip(), other


def _families(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the ways of saying and the titles of each family of the file."""
    for row in _rows(path):
        yield _cells(row["mots"]), _cells(row["intitules"])


def _key(texte: str) -> Locution:
    """Return what an expression is known by: its stems, the word itself of an acronym."""
    words = split_words(texte)
    return tuple(words) if len(words) == 1 and texte.isupper() else tuple(_stems(texte))


def _stems(texte: str) -> list[str]:
    """Return the stems of an expression that is typed, its short words read whole."""
    return [stem(word) for word in lengthen(split_words(texte)) if word not in VIDES]


def lengthen(words: Iterable[str]) -> list[str]:
    """Return folded words, those said short being read whole: « prof » is « professeur »."""
    whole = load_abreges()
    return [long for word in words for long in whole.get(word, (word,))]


@lru_cache(maxsize=2)
def load_abreges(path: Path = ABREGES) -> dict[str, tuple[str, ...]]:
    """Return what each word said short is read as, folded words."""
    return {
        "".join(split_words(row["abrege"])): tuple(split_words(row["mots"])) for row in _rows(path)
    }


def _title_roots(title: str) -> Locution:
    """Return the stems that a title holds, then those that it must not hold."""
    held, _, without = title.partition(SAUF)
    return (*stems(held), *(f"-{root}" for root in stems(without)))


def _cells(texte: str | None) -> list[str]:
    return [cell.strip() for cell in (texte or "").split("|") if cell.strip()]


def _rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file, none when it is not there."""
    if not path.exists():
        return []
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))
