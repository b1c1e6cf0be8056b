"""Names of jobs of ROME, for the words that no training holds.

« Caviste » is in no title, yet France Travail says which job it names, and some trainings lead to
that job.  Names are a fallback only: put beside titles, 11,522 of them would drown these.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from geoapp.core.french import join_words
from geoapp.offer.search.index import Index
from geoapp.offer.search.model import MetierCompris, Texte

CODES_MAX = 3
"""Jobs that a text may name: beyond, it names none (« agent »)."""

PREMIER = 0
PEU_DE_METIERS = 3
"""Jobs that a training leads to at most when it is made for the first of them."""

_NAMES = "SELECT racines, entier, nb, code, metier FROM appellations WHERE appellations MATCH ?"
_TAUGHT = "SELECT texte, rang, nb FROM textes_metiers WHERE code = ? ORDER BY texte"


@dataclass(frozen=True)
class MetierNomme:
    """The jobs of which a text is a whole name, the documents of them, and those made for them."""

    metiers: tuple[MetierCompris, ...]
    textes: np.ndarray
    vises: np.ndarray


def find_named_job(index: Index, said: Collection[str]) -> MetierNomme | None:
    """Return the jobs that some stems name wholly, no more and no less; None when they do not."""
    wanted = frozenset(said)
    jobs = {
        code: metier
        for roots, whole, _, code, metier in _names(index, sorted(wanted))
        if wanted in (frozenset(roots.split()), frozenset(whole.split()))
    }
    if not jobs or len(jobs) > CODES_MAX:
        return None
    rows = {code: _taught(index, code) for code in sorted(jobs)}
    every = np.concatenate(list(rows.values()))
    is_made_for = (every[:, 1] == PREMIER) & (every[:, 2] <= PEU_DE_METIERS)
    return MetierNomme(
        metiers=tuple(
            MetierCompris(code=code, libelle=jobs[code], est_enseigne=bool(len(found)))
            for code, found in rows.items()
        ),
        textes=np.unique(every[:, 0]),
        vises=np.unique(every[is_made_for, 0]),
    )


@dataclass(frozen=True)
class AppelMetier:
    """The jobs that words name, the stems of the words that say it, and the documents of them."""

    metiers: tuple[MetierCompris, ...]
    racines: frozenset[str]
    textes: np.ndarray


def find_job(index: Index, said: Collection[str], must: Collection[str]) -> AppelMetier | None:
    """Return the jobs that some stems of a text name; None when they name none, or too many.

    Parameters
    ----------
    said : collection of str
        Stems of the whole text.
    must : collection of str
        Those that the name must hold.  Of the names that do, those that hold the most of `said`
        count, then those that say the least besides.
    """
    best: tuple[int, int] | None = None
    kept: list[tuple[str, str, frozenset[str]]] = []
    for roots, _, nb, code, metier in _names(index, sorted(set(must))):
        here = frozenset(roots.split()) & frozenset(said)
        mark = (len(here), -nb)
        if best is None or mark > best:
            best, kept = mark, []
        if mark == best:
            kept.append((code, metier, here))
    jobs = dict(sorted((code, metier) for code, metier, _ in kept))
    if not jobs or len(jobs) > CODES_MAX:
        return None
    rows = {code: _taught(index, code)[:, 0] for code in jobs}
    return AppelMetier(
        metiers=tuple(
            MetierCompris(code=code, libelle=metier, est_enseigne=bool(len(rows[code])))
            for code, metier in jobs.items()
        ),
        racines=frozenset.union(*(here for _, _, here in kept)),
        textes=np.unique(np.concatenate(list(rows.values()))),
    )


def _names(index: Index, roots: list[str]) -> list[tuple[str, str, int, str, str]]:
    """Return the names that hold some stems: stems, those of the feminine, number, code, job."""
    expression = " AND ".join(f'"{root}"' for root in roots)

    def make() -> list[tuple[str, str, int, str, str]]:
        return index.connect().execute(_NAMES, (expression,)).fetchall() if roots else []

    return index.memoire.get(("appellations", expression), make)


def _taught(index: Index, code: str) -> np.ndarray:
    """Return the documents of the trainings of a job, its rank in each and their jobs; 3 columns.

    The answer is remembered.
    """

    def make() -> np.ndarray:
        rows = index.connect().execute(_TAUGHT, (code,)).fetchall()
        return np.array(rows, dtype=np.int64).reshape(-1, 3)

    return index.memoire.get(("textes_metiers", code), make)


def tell_jobs(texte: Texte) -> list[str]:
    """Return the jobs that words were read as, a sentence by word."""
    by_word: dict[str, list[MetierCompris]] = {}
    for metier in texte.metiers:
        by_word.setdefault(metier.mot, []).append(metier)
    return [_tell_job(mot, metiers) for mot, metiers in by_word.items()]


def _tell_job(mot: str, metiers: list[MetierCompris]) -> str:
    """Return the sentence of one word, and whether our sources teach its jobs."""
    names = join_words([f"{metier.code} ({metier.libelle})" for metier in metiers])
    sentence = f"« {mot} » → {'métiers' if len(metiers) > 1 else 'métier'} du ROME {names}"
    if any(metier.est_enseigne for metier in metiers):
        return f"{sentence}."
    return f"{sentence} : aucune formation qui y mène dans nos sources."
