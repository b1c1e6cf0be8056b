"""Jobs of ROME: the family of jobs that a code covers, and those that a title names.

Since 2023 (ROME 4.0) a code of the former ROME is the first of a family: F1610
was "roofing" and is now the solar installer, with the roofer as a child.  An
offer coded before, or coded by a catalogue that kept the former codes, means
the whole family; the title then says which of its jobs are meant.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import NamedTuple

import pandas as pd

from geoapp.reference.codes.text import fold

STEM = 6
"""Letters by which two words are said to be of one root.

« boulanger » and « boulangerie » are, « couvreur » and « couverture » are not.
"""
COMMON = 12
"""A root borne by more labels than this (« technicien », « responsable ») names no job."""
SHORT_FAMILY = 3
"""A family that the title does not part is kept whole up to this size.

Beyond it, its first job speaks for it.
"""


class Metier(NamedTuple):
    """One job of ROME, with its flags as France Travail writes them."""

    code: str
    libelle: str
    transition_eco: str
    transition_num: str


class Rome(NamedTuple):
    """The jobs by code (a parent's family, else the job alone), and the roots that name no job."""

    familles: Mapping[str, tuple[Metier, ...]]
    communes: frozenset[str]


def read_rome(table: pd.DataFrame | None) -> Rome:
    """Return the jobs of a ROME table; no job when the table is absent.

    Columns read: code_rome, libelle, code_parent, transition_eco, transition_num.
    """
    if table is None:
        return Rome({}, frozenset())
    full = table.reindex(
        columns=["code_rome", "libelle", "transition_eco", "transition_num", "code_parent"]
    ).fillna("")
    familles: dict[str, list[Metier]] = {}
    roots: Counter[str] = Counter()
    for *cells, parent in full.itertuples(index=False, name=None):
        metier = Metier(*cells)
        roots.update(_roots(metier.libelle))
        familles.setdefault(parent or metier.code, []).append(metier)
        if parent and parent != metier.code:
            familles.setdefault(metier.code, []).append(metier)
    # The job of the code itself comes first: it speaks for a family too long to be kept whole.
    ordered = {
        code: tuple(sorted(jobs, key=lambda job: (job.code != code, job.code)))
        for code, jobs in familles.items()
    }
    return Rome(ordered, frozenset(root for root, n in roots.items() if n > COMMON))


@lru_cache(maxsize=65536)
def _roots(text: str) -> frozenset[str]:
    """Return the roots of the words of four letters or more."""
    return frozenset(word[:STEM] for word in re.findall(r"[a-z]{4,}", fold(text)))


def choose_metiers(code: str, intitule: str, rome: Rome) -> tuple[Metier, ...]:
    """Return the jobs of the family of `code` that the title names.

    When the title names none, a short family is whole and a long one is its
    first job.  An unknown code has no job.
    """
    famille = rome.familles.get(code, ())
    if len(famille) < 2:
        return famille
    return _named_jobs(famille, _roots(intitule) & _roots_of(famille) - rome.communes)


@lru_cache(maxsize=65536)
def _named_jobs(famille: tuple[Metier, ...], named: frozenset[str]) -> tuple[Metier, ...]:
    """Return the jobs of a family that bear most of some roots."""
    common = [len(_roots(metier.libelle) & named) for metier in famille]
    if any(common):
        return tuple(metier for metier, n in zip(famille, common, strict=True) if n == max(common))
    return famille if len(famille) <= SHORT_FAMILY else famille[:1]


@cache
def _roots_of(famille: tuple[Metier, ...]) -> frozenset[str]:
    """Return the roots of the jobs of a family."""
    return frozenset().union(*(_roots(metier.libelle) for metier in famille))
