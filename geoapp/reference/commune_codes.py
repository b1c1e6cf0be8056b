"""Bring any commune code received to the current geography, counting what was repaired."""

from __future__ import annotations

import pandas as pd

from geoapp.core.texts import by_distinct, is_among


def make_passage(communes: pd.DataFrame, frames: list[pd.DataFrame]) -> dict[str, str]:
    """Return old commune code → current code.

    Parameters
    ----------
    communes : DataFrame
        Current communes, with `anciens_codes` ("a|b", empty or NA: none).
    frames : list of DataFrame
        `ancien_code`, `code_commune`: passage tables, for what `anciens_codes`
        does not know (the shipped communes follow the COG of one stated year).

    Returns
    -------
    dict
        Chains are followed to a current code; current codes are never keys.
    """
    known = communes.dropna(subset="anciens_codes")
    pairs = known.assign(ancien_code=known["anciens_codes"].str.split("|")).explode("ancien_code")[
        ["ancien_code", "code_commune"]
    ]
    every = pd.concat(
        [*[frame[["ancien_code", "code_commune"]] for frame in frames], pairs]
    ).dropna()
    every = every[every["ancien_code"].ne("")]
    # Of two rows of one old code the last stands: `anciens_codes` before a passage table.
    direct = dict(zip(every["ancien_code"], every["code_commune"], strict=True))
    current = set(communes["code_commune"])
    return {
        old: end
        for old in direct
        if old not in current and (end := _follow(old, direct, current)) in current
    }


def _follow(code: str, direct: dict[str, str], current: set[str]) -> str:
    """Follow a chain of merges to its end; a loop stops where it closes."""
    seen = {code}
    while (
        code not in current
        and (following := direct.get(code)) is not None
        and following not in seen
    ):
        code = following
        seen.add(code)
    return code


def to_current(values: pd.Series, passage: dict[str, str]) -> pd.Series:
    """Return codes in the current geography; those the passage does not know stay."""
    found = by_distinct(values, lambda some: some.map(passage.get).astype("str"))
    return found.fillna(values)


def is_lost(values: pd.Series, communes: pd.DataFrame) -> pd.Series:
    """Tell which codes of a département we hold are no current commune."""
    return (
        values.notna()
        & ~is_among(values, communes["code_commune"])
        & values.str[:2].isin(communes["code_departement"].unique())
    )
