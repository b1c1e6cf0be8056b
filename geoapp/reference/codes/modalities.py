"""Modality of a training told by its title: a table of rules, as narrow as they are sure.

« Vente à distance » is a trade: only what says that all of it is at a distance counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from geoapp.reference.codes.text import fold, map_distinct


@dataclass(frozen=True)
class RegleModalite:
    """One rule: what the folded title holds, and the modality that it tells."""

    motif: str
    modalite: str


REGLES: tuple[RegleModalite, ...] = (
    RegleModalite(
        r"\b(?:entierement|integralement|totalement|100) (?:en distanciel|a distance|en ligne)\b",
        "a_distance",
    ),
    RegleModalite(
        r"\b(?:partiellement|en partie) (?:en distanciel|a distance|en ligne)\b", "mixte"
    ),
)
"""The first rule that holds decides."""


def modality_of_title(titles: pd.Series) -> pd.Series:
    """Return the modality that each title tells, NA when it tells none; index kept."""
    return map_distinct(titles, _modality).astype("str")


def _modality(title: str) -> str | None:
    folded = fold(title)
    return next((rule.modalite for rule in REGLES if re.search(rule.motif, folded)), None)
