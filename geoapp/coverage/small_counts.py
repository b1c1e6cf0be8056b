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
    small = {nom: table[nom].gt(0) & table[nom].lt(PETIT_NOMBRE) for nom in PERSONNES}
    hidden = pd.DataFrame(small, index=table.index).fillna(False).astype(bool)
    # Three people covered of a population that is shown are told by those who are not covered.
    covered = table["population"] - table["population_non_couverte"]
    hidden["population_non_couverte"] |= (covered.gt(0) & covered.lt(PETIT_NOMBRE)).fillna(False)
    hidden.loc[hidden["population"], list(PERSONNES)] = True
    hidden = _other_terms(hidden)
    if est_partition:
        # The region is shown: the only hidden zone of a column would be what it lacks.
        for nom in PERSONNES:
            hidden.loc[_second(table[nom], hidden[nom]), nom] = True
        # A second zone hidden in one term of a sum gives away its other term in turn.
        hidden = _other_terms(hidden)
    result = table.copy()
    for nom in PERSONNES:
        result[nom] = result[nom].mask(hidden[nom])
    for nom in _PARTS:
        result[nom] = result[nom].mask(hidden["population_non_couverte"] & ~hidden["population"])
    names = (
        hidden.to_numpy() @ np.array([nom + "|" for nom in hidden.columns], dtype=object)
        if hidden.to_numpy().any()
        else ""
    )
    return result.assign(
        masques=pd.Series(names, index=table.index, dtype="object").str.rstrip("|")
    )


def _has_small(table: pd.DataFrame) -> bool:
    """Tell whether any count of people, covered ones included, is from 1 to 4."""
    counts = [
        *(table[nom].to_numpy(dtype=float) for nom in PERSONNES),
        (table["population"] - table["population_non_couverte"]).to_numpy(dtype=float),
    ]
    return any(((count > 0) & (count < PETIT_NOMBRE)).any() for count in counts)


def _other_terms(hidden: pd.DataFrame) -> pd.DataFrame:
    """Return what is hidden with all the terms of a shown sum, when one of them is."""
    one = hidden[list(_TERMES)].any(axis=1) & ~hidden["population_non_couverte"]
    result = hidden.copy()
    result.loc[one, list(_TERMES)] = True
    return result


def _second(values: pd.Series, hidden: pd.Series) -> list:
    """Return the row to hide beside the only hidden one of a column, if any."""
    if hidden.sum() != 1:
        return []
    # A count of zero is no secret, and hiding it would protect nothing.
    others = values[~hidden & values.gt(0)]
    return [others.idxmin()] if len(others) else []


def hide_small(blanches: pd.DataFrame) -> pd.DataFrame:
    """Return the white communes with what tells of one to four people as NaN.

    It may be their own count, or that of their people who are covered.
    """
    people, white = blanches["population"], blanches["population_blanche"]
    few = [count.gt(0) & count.lt(PETIT_NOMBRE) for count in (people, white, people - white)]
    return blanches.assign(
        population=people.mask(few[0]), population_blanche=white.mask(few[0] | few[1] | few[2])
    )
