"""The legend of an answer: shades, classes with their bounds and counts, white communes by cause.

Web page and static figure show this one legend.
"""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from geoapp.core.french import format_number
from geoapp.coverage.answer import Reponse
from geoapp.coverage.classes import METHODES
from geoapp.coverage.indicators import INDICATEURS, format_value
from geoapp.coverage.white_zones import CAUSES, SOLIDITES
from geoapp.offer.perimeter import INCONNUE

COULEURS = ("#fdf3dc", "#f6c98a", "#e5904a", "#b9521f", "#6f240c")
"""Shades of the map (`coverage.css`, figures, styles of QGIS), from the least to the most."""

TEINTES = len(COULEURS)


def shade(rank: int, nb: int) -> int:
    """Return the shade of a class among `TEINTES`, from the lightest to the darkest.

    Few classes have the ends of the scale all the same; −1 (unknown) stays −1.
    """
    if rank < 0 or nb < 2:
        return min(rank, 0) if rank < 0 else TEINTES // 2
    return round(rank * (TEINTES - 1) / (nb - 1))


def bounds_in_words(words: list[str]) -> list[str]:
    """Return the interval of each class from its bounds in words.

    The least value is in the first, an upper bound in the class it ends.
    """
    return [
        low if low == high else f"{low} à {high}" if not rank else f"plus de {low} à {high}"
        for rank, (low, high) in enumerate(pairwise(words))
    ]


def legend(reponse: Reponse) -> dict:
    """Return the legend: title, classes (shade, bounds, count), how many have none and why."""
    indicateur, classes = INDICATEURS[reponse.question.mesure], reponse.classes
    nb_non_collectees = int(is_uncollected(reponse).sum())
    words = [format_value(indicateur, borne, reponse.question.unite) for borne in classes.bornes]
    shades = [shade(rank, len(classes.effectifs)) for rank in range(len(classes.effectifs))]
    return {
        "titre": indicateur.titre,
        "sens": indicateur.sens,
        "nb_inconnus": classes.nb_inconnus - nb_non_collectees,
        "nb_non_collectees": nb_non_collectees,
        "methode": METHODES[classes.methode],
        "classes": list(zip(shades, bounds_in_words(words), classes.effectifs, strict=True)),
    }


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
