"""Bars of a figure composed in mm: a measure, its years one under the other, its values told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geoapp.core.french import set_print
from geoapp.outputs.figures.elements import LigneMesure, Mesure
from geoapp.outputs.figures.fonts import width_mm
from geoapp.outputs.figures.legend import Ligne, set_text
from geoapp.outputs.figures.palette import DISCRET

BARRE_MM = 3.2
PART_MOTS = 0.42
"""Part of the width that what is counted may take, at most."""

ECART_MM = 2.5


@dataclass(frozen=True)
class Barre:
    """One bar: its left and top, its width and height, in mm."""

    x: float
    y: float
    largeur: float
    hauteur: float


@dataclass(frozen=True)
class Colonnes:
    """Where the columns of every measure begin, in mm, and how much room the bars have."""

    annee: float
    quoi: float
    barres: float
    place: float


def compose_bars(
    mesures: Sequence[Mesure], *, x: float, y: float, largeur: float, echelle: float
) -> tuple[list[Ligne], list[Barre], float]:
    """Return the texts and the bars of some measures, and where they end.

    Bars of one measure have one scale, from zero; two measures have two.
    """
    size = 6.8 * echelle
    columns = _columns(mesures, x, largeur, size)
    lines: list[Ligne] = []
    bars: list[Barre] = []
    for mesure in mesures:
        made, y = set_text(mesure.titre, x, y, largeur, taille=8 * echelle, style="gras")
        lines += made
        y += 1.0
        most = max((ligne.valeur or 0 for ligne in mesure.lignes), default=0)
        for ligne in mesure.lignes:
            made, bar, y = _row(ligne, y, most, columns=columns, size=size)
            lines += made
            bars += bar
        y += 2.6
    return lines, bars, y


def _columns(mesures: Sequence[Mesure], x: float, largeur: float, size: float) -> Colonnes:
    """Return the columns of all the measures, as wide as their longest text."""

    def widest(texts) -> float:
        return max((width_mm(set_print(text), size) for text in texts), default=0.0)

    rows = [ligne for mesure in mesures for ligne in mesure.lignes]
    quoi = x + widest(row.annee for row in rows) + ECART_MM
    words = min(widest(row.quoi for row in rows), largeur * PART_MOTS)
    bars = quoi + words + ECART_MM
    return Colonnes(x, quoi, bars, x + largeur - bars - widest(row.mot for row in rows) - 1.5)


def _row(
    ligne: LigneMesure, y: float, most: float, *, columns: Colonnes, size: float
) -> tuple[list[Ligne], list[Barre], float]:
    """Return one year: its texts, its bar (none for nothing or unknown), and the `y` under it."""
    words = columns.barres - columns.quoi - ECART_MM
    lines, under = set_text(ligne.quoi, columns.quoi, y, words + 0.1, taille=size, couleur=DISCRET)
    year, below = set_text(ligne.annee, columns.annee, y, words, taille=size)
    bottom = max(under, below, y + BARRE_MM + 0.8)
    length = columns.place * ligne.valeur / most if ligne.valeur and most else 0.0
    first = year[0].y
    value = Ligne(
        x=columns.barres + length + (1.5 if length else 0.0),
        y=first,
        texte=set_print(ligne.mot),
        taille=size,
    )
    bar = [Barre(columns.barres, first - BARRE_MM / 2, length, BARRE_MM)] if length else []
    return [*year, *lines, value], bar, bottom + 0.4
