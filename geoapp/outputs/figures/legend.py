"""The texts and the legend of a page: composed in mm (what goes where), then drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from geoapp.core.french import set_print
from geoapp.outputs.figures.elements import Aplat, Bloc, Symboles
from geoapp.outputs.figures.fonts import line_mm, readable, width_mm, wrap
from geoapp.outputs.figures.palette import DISCRET, ENCRE

CASE_MM = (7.0, 4.0)
"""Width and height of a sample of the legend."""


@dataclass(frozen=True, kw_only=True)
class Ligne:
    """One line of text: left end and middle of its height in mm, size in points."""

    x: float
    y: float
    texte: str
    taille: float
    style: str = "normal"
    couleur: str = ENCRE


@dataclass(frozen=True)
class Echantillon:
    """One sample of the legend: left and middle in mm, and what it shows."""

    x: float
    y: float
    entree: Aplat | Symboles


@dataclass(frozen=True)
class ColonneLegende:
    """Texts and samples composed one under the other, and the height they take in mm."""

    lignes: tuple[Ligne, ...]
    echantillons: tuple[Echantillon, ...]
    hauteur: float


def set_text(
    texte: str,
    x: float,
    y: float,
    largeur: float,
    *,
    taille: float,
    style: str = "normal",
    couleur: str = ENCRE,
) -> tuple[list[Ligne], float]:
    """Return the lines of a text set from the top `y` in a width, and the `y` under it."""
    words, step = wrap(set_print(texte), taille, largeur, style), line_mm(taille)
    lines = [
        Ligne(
            x=x, y=y + (rank + 0.5) * step, texte=line, taille=taille, style=style, couleur=couleur
        )
        for rank, line in enumerate(words)
    ]
    return lines, y + len(lines) * step


def compose_legend(blocs: Sequence[Bloc], largeur: float, echelle: float) -> ColonneLegende:
    """Return the legend set in a column of `largeur` mm from (0, 0).

    `echelle` multiplies the sizes of text.
    """
    lines: list[Ligne] = []
    samples: list[Echantillon] = []
    y = 0.0
    for bloc in blocs:
        made, y = set_text(bloc.titre, 0, y, largeur, taille=7.6 * echelle, style="gras")
        lines += made
        if bloc.sens:
            made, y = set_text(
                bloc.sens, 0, y + 0.6, largeur, taille=readable(5.8 * echelle), couleur=DISCRET
            )
            lines += made
        y += 1.2
        beside = all(_fits(entree, largeur, readable(6.6 * echelle)) for entree in bloc.entrees)
        for entree in bloc.entrees:
            made, sample, y = _entry(entree, y, (largeur, beside), echelle)
            lines += made
            samples.append(sample)
        for texte in bloc.lignes:
            made, y = set_text(texte, 0, y + 0.4, largeur, taille=readable(5.8 * echelle))
            lines += made
        y += 3.2
    return ColonneLegende(tuple(lines), tuple(samples), max(0.0, y - 3.2))


def _fits(entree: Aplat | Symboles, largeur: float, size: float) -> bool:
    """Tell whether the words and the count of an entry hold on one line."""
    words = width_mm(set_print(entree.libelle), size)
    number = width_mm(set_print(entree.effectif), size)
    return CASE_MM[0] + 1.8 + words + 2.5 + number <= largeur


def _entry(
    entree: Aplat | Symboles, y: float, room: tuple[float, bool], echelle: float
) -> tuple[list[Ligne], Echantillon, float]:
    """Return one entry: its sample, its words beside it, its count, and the `y` under it.

    The count is at the end of the line when the whole block holds so, else under the words.
    """
    left, size, (largeur, beside) = CASE_MM[0] + 1.8, readable(6.6 * echelle), room
    lines, under = set_text(entree.libelle, left, y, largeur - left, taille=size)
    if entree.effectif and beside:
        lines.append(
            Ligne(
                x=largeur - width_mm(set_print(entree.effectif), size),
                y=lines[-1].y,
                texte=set_print(entree.effectif),
                taille=size,
                couleur=DISCRET,
            )
        )
    elif entree.effectif:
        small = readable(size * 0.9)
        made, under = set_text(
            entree.effectif, left, under, largeur - left, taille=small, couleur=DISCRET
        )
        lines += made
    height = max(under - y, CASE_MM[1], entree.diametre_mm if isinstance(entree, Symboles) else 0.0)
    # Few words beside a large mark stand at the middle of its height.
    shift = (height - (under - y)) / 2
    moved = [replace(one, y=one.y + shift) for one in lines]
    return moved, Echantillon(0.0, y + height / 2, entree), y + height + 0.9
