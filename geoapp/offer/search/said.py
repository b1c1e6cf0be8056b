"""Criteria typed among the words: « alternance », « bac + 2 », « à distance », « sans diplôme ».

Titles seldom hold them, and a word of them alone misleads (« informatique sans bac »).  They are
taken out of the text, told, and offered as the filter that they name: none is applied unasked.
Each row of `geodata/criteres_dits.csv` is a filter and its values with the ways of saying them; one
without filter is of what no filter tells.  « sans » and what follows, a duration or an age are
criteria too.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from geoapp.core.config import GEODATA
from geoapp.offer.search.words import VIDES, as_typed, split_words

DITS = GEODATA / "criteres_dits.csv"

_EXCLUSIONS = frozenset({"sans", "sauf", "hors"})
"""Words that say what is not wanted: what follows is not what is looked for."""

_NOMBRES = frozenset({"un", "une", "deux", "trois", "quatre", "six"})
_UNITES = frozenset("an ans annee annees mois semaine semaines jour jours heure heures".split())


@dataclass(frozen=True, kw_only=True)
class CritereDit:
    """One criterion typed: its words as typed, the filter that it names and its values.

    Without filter, it is of what no filter tells; `conseil` is what to do instead, if anything.
    """

    mot: str
    filtre: str = ""
    valeurs: tuple[str, ...] = ()
    conseil: str = ""


@dataclass(frozen=True, kw_only=True)
class _Facon:
    """What one way of saying a criterion names, and the words after which it does not."""

    filtre: str
    valeurs: tuple[str, ...]
    sauf_apres: frozenset[str]
    conseil: str


def read_said(texte: str) -> tuple[list[str], tuple[CritereDit, ...]]:
    """Return the folded words of a text without the criteria that it says, and these as typed."""
    left, said = take_said(split_words(texte))
    return left, tuple(replace(one, mot=as_typed(texte, one.mot)) for one in said)


def without_said(texte: str) -> str:
    """Return a text without the criteria that it says: all the other words, as typed."""
    left, said = take_said(split_words(texte))
    return as_typed(texte, " ".join(left)) if said else texte


def take_said(words: Sequence[str]) -> tuple[list[str], tuple[CritereDit, ...]]:
    """Return the folded words of a text without the criteria that they say, and these.

    The longest way of saying one wins.
    """
    left: list[str] = []
    said: list[CritereDit] = []
    i = 0
    while i < len(words):
        size, found = _read(words, i)
        if found is None:
            left.append(words[i])
            i += 1
        else:
            said.append(found)
            i += size
    # Once each, as first said.
    once: dict[tuple, CritereDit] = {}
    for one in said:
        once.setdefault((one.filtre or one.mot, one.valeurs), one)
    return left, tuple(once.values())


def _read(words: Sequence[str], i: int) -> tuple[int, CritereDit | None]:
    """Return how many words from `i` say a criterion, and it; None when none does."""
    ways, longest = load_said()
    for size in range(min(longest, len(words) - i), 0, -1):
        way = ways.get(tuple(words[i : i + size]))
        if way is not None and not way.sauf_apres.intersection(_before(words, i)):
            mot = " ".join(words[i : i + size])
            found = CritereDit(mot=mot, filtre=way.filtre, valeurs=way.valeurs, conseil=way.conseil)
            return size, found
    size = _excluded(words, i) or _lasting(words, i)
    return (size, CritereDit(mot=" ".join(words[i : i + size]))) if size else (1, None)


def _before(words: Sequence[str], i: int) -> list[str]:
    """Return the last word that says something before `i`, if any."""
    return [word for word in words[:i] if word not in VIDES][-1:]


def _excluded(words: Sequence[str], i: int) -> int:
    """Return how many words from `i` say what is not wanted: « sans permis », « sauf le soir »."""
    if words[i] not in _EXCLUSIONS:
        return 0
    following = (k for k in range(i + 1, len(words)) if words[k] not in VIDES)
    return next(following, i) - i + 1


def _lasting(words: Sequence[str], i: int) -> int:
    """Return how many words from `i` say a duration or an age: « en 1 an », « 16 ans »."""
    start = i + (words[i] in ("en", "de", "a") and i + 2 < len(words))
    is_lasting = (
        start + 1 < len(words)
        and (words[start].isdigit() or words[start] in _NOMBRES)
        and words[start + 1] in _UNITES
    )
    return start + 2 - i if is_lasting else 0


@lru_cache(maxsize=2)
def load_said(path: Path = DITS) -> tuple[dict[tuple[str, ...], _Facon], int]:
    """Return each way of saying a criterion, by its folded words, and the words of the longest."""
    ways = dict(_ways(path))
    return ways, max(map(len, ways))


def _ways(path: Path) -> Iterator[tuple[tuple[str, ...], _Facon]]:
    with open(path, encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter=";"):
            way = _Facon(
                filtre=row["filtre"],
                valeurs=tuple(filter(None, row["valeurs"].split("|"))),
                sauf_apres=frozenset(split_words(row["sauf_apres"])),
                conseil=row["conseil"],
            )
            for mots in row["mots"].split("|"):
                yield tuple(split_words(mots)), way
