"""Draw a composed page on a matplotlib figure of its own, so that threads may draw at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from geoapp.coverage.world import World
from geoapp.outputs.figures.elements import Aplat, ContenuFigure, Symboles
from geoapp.outputs.figures.fonts import TRAITS, check_fonts, font, line_mm
from geoapp.outputs.figures.labels import Placee
from geoapp.outputs.figures.legend import CASE_MM, Echantillon, Ligne
from geoapp.outputs.figures.map import (
    draw_dots,
    draw_fill,
    draw_map,
    draw_marks,
    draw_north,
    draw_scale,
)
from geoapp.outputs.figures.page import Planche
from geoapp.outputs.figures.palette import OFFRE, TERRE, TRAIT_FORT

REGLAGES: dict[Any, Any] = {
    "svg.hashsalt": "geoforma",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    # matplotlib numbers the characters of a PDF by this one.  By 256 of them, the first above
    # Latin-1 would be number 0, which PDF/UA-1 reads as a missing character (7.21.8).
    "ps.fonttype": 42,
    "path.simplify": False,
    "agg.path.chunksize": 0,
    "text.hinting": "none",
}
"""Settings of matplotlib, the same for every figure.

Fixed identifiers, texts as outlines (SVG) or as an embedded font (PDF), and as wide at 60 points
per inch as measured (no hinting).
"""


def draw_page(world: World, contenu: ContenuFigure, page: Planche):
    """Return the matplotlib figure of a page."""
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    check_fonts()
    matplotlib.rcParams.update(REGLAGES)
    figure = Figure(figsize=(page.largeur / 25.4, page.hauteur / 25.4), facecolor=TERRE)
    if contenu.est_carte:
        _draw_map(figure, world, contenu, page)
    # The whole page in mm, downwards: what is composed in mm is drawn as it is.
    paper = figure.add_axes((0, 0, 1, 1), facecolor="none")
    paper.set(xlim=(0, page.largeur), ylim=(page.hauteur, 0))
    paper.set_axis_off()
    for bar in page.barres:
        paper.add_patch(
            Rectangle((bar.x, bar.y), bar.largeur, bar.hauteur, facecolor=OFFRE, edgecolor="none")
        )
    for ligne in (*page.lignes, *page.legende.lignes):
        _write(paper, ligne)
    for sample in page.legende.echantillons:
        _sample(paper, sample)
    for placed in page.noms:
        _name(paper, placed)
    return figure


def _draw_map(figure, world: World, contenu: ContenuFigure, page: Planche) -> None:
    """Draw the map of a page where it stands."""
    left, top, width, height = page.carte
    ax = figure.add_axes(
        (
            left / page.largeur,
            1 - (top + height) / page.hauteur,
            width / page.largeur,
            height / page.hauteur,
        )
    )
    draw_map(ax, world, contenu, page.cadre)
    dots = [
        ((one.etiquette.x - left) / width, 1 - (one.etiquette.y - top) / height)
        for one in page.noms
        if one.etiquette.ecart_mm is not None and one.etiquette.est_marque
    ]
    draw_dots(ax, np.array(dots).reshape(-1, 2))
    draw_scale(ax, page.echelle)
    draw_north(ax, page.echelle)


def _write(paper, ligne: Ligne) -> None:
    """Write one line of text."""
    paper.text(
        ligne.x,
        ligne.y,
        ligne.texte,
        fontproperties=font(ligne.style),
        fontsize=ligne.taille,
        color=ligne.couleur,
        va="center_baseline",
        ha="left",
        parse_math=False,
        fontfeatures=TRAITS,
    )


def _sample(paper, sample: Echantillon) -> None:
    """Draw one sample of the legend: a box filled like the zones, or the mark itself."""
    from matplotlib.path import Path

    width, height = CASE_MM
    if isinstance(sample.entree, Symboles):
        marks = sample.entree
        draw_marks(
            paper,
            Symboles(
                x=np.array([sample.x + width / 2]),
                y=np.array([sample.y]),
                diametre_mm=marks.diametre_mm,
                fond=marks.fond,
                bord=marks.bord,
                marque=marks.marque,
            ),
        )
        return
    fill: Aplat = sample.entree
    x, y = sample.x, sample.y - height / 2
    path = Path(
        [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)], closed=True
    )
    if fill.fond is None and fill.hachure is None:
        # An outline alone is shown as it is drawn.
        draw_fill(paper, path, fill)
        return
    draw_fill(
        paper,
        path,
        Aplat(
            formes=fill.formes, fond=fill.fond, hachure=fill.hachure, bord=TRAIT_FORT, epaisseur=0.5
        ),
    )


def _name(paper, placed: Placee) -> None:
    """Write one name of the map on a light edge."""
    from matplotlib.patheffects import withStroke

    label, (left, top, right, bottom) = placed.etiquette, placed.boite
    if placed.lien:
        paper.plot(*zip(*placed.lien, strict=True), color=TERRE, linewidth=1.4)
        paper.plot(*zip(*placed.lien, strict=True), color=label.couleur, linewidth=0.5)
    step = line_mm(label.taille)
    for rank, line in enumerate(label.lignes):
        y = (top + bottom) / 2 + (rank - (len(label.lignes) - 1) / 2) * step
        paper.text(
            (left + right) / 2,
            y,
            line,
            fontproperties=font(label.style),
            fontsize=label.taille,
            color=label.couleur,
            va="center_baseline",
            ha="center",
            parse_math=False,
            fontfeatures=TRAITS,
            path_effects=[withStroke(linewidth=1.8, foreground=TERRE)],
        )
