"""Tiles of a figure composed in mm: by theme, in columns, a row as high as its highest tile."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from geoapp.core.french import set_print
from geoapp.outputs.figures.bars import Barre
from geoapp.outputs.figures.fonts import line_mm, width_mm
from geoapp.outputs.figures.legend import Ligne, set_text
from geoapp.outputs.figures.palette import DISCRET
from geoapp.planning.dashboard import Tuile

COLONNE_MM, ENTRE_MM = 48.0, 4.0
"""Least width of a column, and what parts two."""

TRAIT_MM = 0.4


def compose_tiles(
    tuiles: Sequence[Tuile], *, x: float, y: float, largeur: float, echelle: float
) -> tuple[list[Ligne], list[Barre], float]:
    """Return the texts and the rules of some tiles, and where they end."""
    nb = max(1, int((largeur + ENTRE_MM) // (COLONNE_MM * echelle + ENTRE_MM)))
    width = (largeur - (nb - 1) * ENTRE_MM) / nb
    lines: list[Ligne] = []
    rules: list[Barre] = []
    for theme, mine in groupby(tuiles, key=lambda one: one.theme):
        rules.append(Barre(x, y, largeur, TRAIT_MM))
        made, y = set_text(theme, x, y + 1.2, largeur, taille=8.6 * echelle, style="gras")
        lines += made
        y += 1.2
        tiles = list(mine)
        for start in range(0, len(tiles), nb):
            bottom = y
            for rank, tile in enumerate(tiles[start : start + nb]):
                made, under = _tile(tile, x + rank * (width + ENTRE_MM), y, width, echelle)
                lines += made
                bottom = max(bottom, under)
            y = bottom + 2.6
        y += 0.8
    return lines, rules, y


def _tile(
    tile: Tuile, x: float, y: float, width: float, echelle: float
) -> tuple[list[Ligne], float]:
    """Return one tile: title, value and year, sentence, what it lists."""
    lines, y = set_text(tile.titre, x, y, width, taille=6.6 * echelle)
    size = 12 * echelle
    value, under = set_text(tile.valeur, x, y, width, taille=size, style="gras")
    beside = x + width_mm(set_print(tile.valeur), size, "gras") + 1.5
    fits = beside + width_mm(set_print(tile.annee), 6 * echelle) <= x + width
    if fits:
        middle = value[-1].y + line_mm(size) * 0.1
        lines.append(
            Ligne(
                x=beside,
                y=middle,
                texte=set_print(tile.annee),
                taille=6 * echelle,
                couleur=DISCRET,
            )
        )
    lines += value
    y = under
    told = [tile.phrase, *(f"{nom} : {nombre}" for nom, nombre in tile.liste)]
    for texte in ([] if fits else [tile.annee]) + told:
        if texte:
            made, y = set_text(texte, x, y + 0.2, width, taille=6 * echelle, couleur=DISCRET)
            lines += made
    return lines, y
