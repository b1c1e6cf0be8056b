"""The legend of an answer: shades, classes with their bounds and counts, white communes by cause.

Web page and static figure show this one legend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from geoapp.core.french import format_number
from geoapp.coverage.answer import Reponse
from geoapp.coverage.classes import METHODES
from geoapp.coverage.indicators import INCONNU, INDICATEURS, format_value, say_missing
from geoapp.coverage.offered import worded
from geoapp.coverage.white_zones import CAUSES, SOLIDITES
from geoapp.offer.perimeter import INCONNUE

COULEURS = ("#fdf3dc", "#f6c98a", "#e5904a", "#b9521f", "#6f240c")
"""Shades of the map (`coverage.css`, figures, styles of QGIS), from the best to the worst."""

TEINTES = len(COULEURS)


HORS_DE_PORTEE = "#2b0b3f"
"""Colour of a zone from which nothing is reached: worse than the last class, and no unknown."""


def shade(rank: int, nb: int, *, est_inverse: bool = False) -> int:
    """Return the shade of a class among `TEINTES`: the darker, the worse.

    Few classes have the ends of the scale all the same; −1 (unknown) stays −1.  `est_inverse` says
    that the least values are the worst.
    """
    if rank < 0 or nb < 2:
        return min(rank, 0) if rank < 0 else TEINTES // 2
    return round((nb - 1 - rank if est_inverse else rank) * (TEINTES - 1) / (nb - 1))


def is_reversed(mesure: str) -> bool:
    """Tell whether the least values of a measure are the worst."""
    return INDICATEURS[mesure].est_pire_si == "bas"


def bounds_in_words(words: list[str], seules: Sequence[bool] = ()) -> list[str]:
    """Return the interval of each class from its bounds in words.

    The least value is in the first, an upper bound in the class it ends: « plus de » is said after
    a class of one value only, which the next one seems to hold.  A class of `seules` holds its
    upper bound alone: it is told by it.
    """
    pairs = list(pairwise(words))
    for rank, is_alone in enumerate(seules):
        if is_alone:
            pairs[rank] = (pairs[rank][1],) * 2
    return [
        low
        if low == high
        else f"{'plus de ' if rank and _is_one(pairs[rank - 1]) else ''}{low} à {high}"
        for rank, (low, high) in enumerate(pairs)
    ]


def _is_one(bounds: tuple[str, str]) -> bool:
    return bounds[0] == bounds[1]


@dataclass(frozen=True)
class LigneLegende:
    """One class that holds a zone: its bounds, its shade, its words, its number of zones."""

    bas: float
    haut: float
    teinte: int
    mots: str
    nb: int


def class_lines(reponse: Reponse) -> list[LigneLegende]:
    """Return the classes of an answer, the empty ones left out; the others keep their shade."""
    question, classes = reponse.question, reponse.classes
    indicateur, nb = INDICATEURS[question.mesure], len(classes.effectifs)
    words = [format_value(indicateur, borne, question.unite) for borne in classes.bornes]
    intervals = bounds_in_words(words, classes.seules)
    told = zip(pairwise(classes.bornes), intervals, classes.effectifs, strict=True)
    return [
        LigneLegende(
            low, high, shade(rank, nb, est_inverse=is_reversed(question.mesure)), mots, held
        )
        for rank, ((low, high), mots, held) in enumerate(told)
        if held
    ]


def legend(reponse: Reponse) -> dict:
    """Return the legend: title, classes (shade, bounds, count), how many have none and why."""
    indicateur, classes = INDICATEURS[reponse.question.mesure], reponse.classes
    nb_non_collectees = int(is_uncollected(reponse).sum())
    nb_hors = int(is_out_of_reach(reponse).sum())
    return {
        "titre": worded(indicateur.titre, reponse.question),
        "sens": worded(indicateur.sens, reponse.question),
        "nb_inconnus": classes.nb_inconnus - nb_non_collectees - nb_hors,
        "nb_non_collectees": nb_non_collectees,
        "nb_hors": nb_hors,
        "methode": METHODES[classes.methode],
        "classes": [(one.teinte, one.mots, one.nb) for one in class_lines(reponse)],
    }


def is_out_of_reach(reponse: Reponse) -> pd.Series:
    """Tell which zones have no value because nothing is reached from there, people known."""
    question, table = reponse.question, reponse.tableau
    empty = table[question.mesure].isna() & ~is_uncollected(reponse)
    if say_missing(INDICATEURS[question.mesure]) == INCONNU:
        return empty & False
    hidden = [question.mesure in (texte or "").split("|") for texte in table["masques"]]
    known = table["population"].notna() | table["masques"].fillna("").str.contains("population")
    return empty & known & ~pd.Series(hidden, index=table.index, dtype=bool)


def is_uncollected(reponse: Reponse) -> pd.Series:
    """Tell which zones have no value because the offer there is not known."""
    empty = reponse.tableau[reponse.question.mesure].isna()
    return reponse.tableau["perimetre"].eq(INCONNUE) & empty


def white_counts(reponse: Reponse) -> list[tuple[str, str, int, str]]:
    """Return (cause, solidity, number of communes, people in words) of the white communes."""
    groups = reponse.blanches.groupby(["cause", "solidite"])["population_blanche"].agg(
        ["size", "sum"]
    )
    return [
        (
            cause,
            solidite,
            int(groups.loc[(cause, solidite), "size"]),
            format_number(round(groups.loc[(cause, solidite), "sum"])),
        )
        for cause in CAUSES
        for solidite in SOLIDITES
        if (cause, solidite) in groups.index
    ]
