"""Small numbers: a count of one to four people is not shown, nor what would give it away."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoapp.core.config import PETIT_NOMBRE
from geoapp.coverage.indicators import INDICATEURS

PERSONNES = tuple(nom for nom, indicateur in INDICATEURS.items() if indicateur.est_personnes)
_PARTS = ("part_couverte", "part_non_couverte")
_TERMES = ("population_sans_offre", "population_eloignee", "population_sans_voiture")
"""Counts that add up to `population_non_couverte`."""


def protect(table: pd.DataFrame, *, est_partition: bool) -> pd.DataFrame:
    """Return the table without its small counts of people.

    What would give a hidden count away is hidden too: the other term of a sum, the shares of a
    population that is shown, and, when the zones add up to the region, the least other count of
    the column.  `masques` names, by row, what was hidden (`a|b`).
    """
    if not _has_small(table):
        return table.assign(masques="")
    hidden = dict(zip(PERSONNES, _hidden(table, est_partition=est_partition).T, strict=True))
    result = table.copy()
    for nom, mine in hidden.items():
        if mine.any():
            result[nom] = result[nom].mask(mine)
    is_told = hidden["population_non_couverte"] & ~hidden["population"]
    for nom in _PARTS:
        result[nom] = result[nom].mask(is_told)
    masques = ["|".join(nom for nom in hidden if hidden[nom][row]) for row in range(len(table))]
    return result.assign(masques=pd.Series(masques, index=table.index, dtype="object"))


def _hidden(table: pd.DataFrame, *, est_partition: bool) -> np.ndarray:
    """Return what is hidden, zones × `PERSONNES`; what is not known is neither small nor hidden."""
    counts = table[list(PERSONNES)].to_numpy(dtype=float)
    hidden = (counts > 0) & (counts < PETIT_NOMBRE)
    rank = {nom: k for k, nom in enumerate(PERSONNES)}
    total, white = rank["population"], rank["population_non_couverte"]
    terms = np.array([rank[nom] for nom in _TERMES])
    # Three people covered of a population that is shown are told by those who are not covered.
    covered = counts[:, total] - counts[:, white]
    hidden[:, white] |= (covered > 0) & (covered < PETIT_NOMBRE)
    hidden[hidden[:, total]] = True
    _hide_other_terms(hidden, terms, white)
    if est_partition:
        # The region is shown: the only hidden zone of a column would be what it lacks.
        for k in range(len(PERSONNES)):
            _hide_second(counts[:, k], hidden[:, k])
        # A second zone hidden in one term of a sum gives away its other term in turn.
        _hide_other_terms(hidden, terms, white)
    return hidden & ~np.isnan(counts)


def tells_of_few(part: float, total: float) -> bool:
    """Tell whether some people among others are from 1 to 4, or those left, or all of them."""
    return any(0 < nb < PETIT_NOMBRE for nb in (part, total - part, total))


def _has_small(table: pd.DataFrame) -> bool:
    """Tell whether any count of people, covered ones included, is from 1 to 4."""
    counts = [
        *(table[nom].to_numpy(dtype=float) for nom in PERSONNES),
        (table["population"] - table["population_non_couverte"]).to_numpy(dtype=float),
    ]
    return any(((count > 0) & (count < PETIT_NOMBRE)).any() for count in counts)


def _hide_other_terms(hidden: np.ndarray, terms: np.ndarray, white: int) -> None:
    """Hide, in place, every term of a shown sum when one of them is hidden."""
    one = hidden[:, terms].any(axis=1) & ~hidden[:, white]
    hidden[np.ix_(one, terms)] = True


def _hide_second(counts: np.ndarray, hidden: np.ndarray) -> None:
    """Hide, in place, the least other count of a column of which one alone is hidden."""
    if hidden.sum() != 1:
        return
    # A count of zero is no secret, and hiding it would protect nothing.
    others = np.flatnonzero(~hidden & (counts > 0))
    if len(others):
        hidden[others[counts[others].argmin()]] = True


def hide_small(blanches: pd.DataFrame) -> pd.DataFrame:
    """Return the white communes with what tells of one to four people as NaN.

    It may be their own count, or that of their people who are covered.
    """
    people, white = blanches["population"], blanches["population_blanche"]
    few = [count.gt(0) & count.lt(PETIT_NOMBRE) for count in (people, white, people - white)]
    return blanches.assign(
        population=people.mask(few[0]), population_blanche=white.mask(few[0] | few[1] | few[2])
    )
