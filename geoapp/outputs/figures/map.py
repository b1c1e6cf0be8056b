"""The map itself, on matplotlib axes in Lambert-93 metres: ground, fills, marks, scale, north."""

from __future__ import annotations

import numpy as np
import shapely

from geoapp.coverage.world import World
from geoapp.outputs.figures.elements import Aplat, ContenuFigure, Symboles
from geoapp.outputs.figures.extent import region_outline
from geoapp.outputs.figures.fonts import MM_PAR_POINT, font
from geoapp.outputs.figures.hatches import draw_hatch
from geoapp.outputs.figures.outlines import land_around, outlines
from geoapp.outputs.figures.palette import DEHORS, ENCRE, TERRE, TRAIT_FORT, TRAIT_LEGER, VOISINS
from geoapp.reference.zonings import COMMUNE

MARGE = 0.04
"""Part of the territory's width left free around it."""

BANDE_MM = 7.5
"""Height kept free at the foot of the map, for the scale."""

LARGEUR_MIN_M = 12_000.0
"""Least width shown: a small zone is seen with what is around it."""

ALLONGEMENT = (0.7, 1.3)
"""Bounds of the height of a map, for a width of one."""


def frame_map(
    forme: shapely.Geometry, largeur_mm: float
) -> tuple[tuple[float, float, float, float], float]:
    """Return the frame that shows a territory, and the height of its map in mm.

    The frame is (minx, miny, maxx, maxy) in metres (EPSG:2154), for a map `largeur_mm` wide.
    """
    west, south, east, north = shapely.bounds(forme)
    margin = max(east - west, north - south) * MARGE
    wide = max(east - west + 2 * margin, LARGEUR_MIN_M)
    high = max(north - south + 2 * margin, LARGEUR_MIN_M * ALLONGEMENT[0])
    least, most = (largeur_mm * part for part in ALLONGEMENT)
    height = float(np.clip(largeur_mm * high / wide + BANDE_MM, least, most))
    metres = max(wide / largeur_mm, high / (height - BANDE_MM))
    # The band of the scale hides the foot of the map: the territory is centred above it.
    x, y = (west + east) / 2, (south + north) / 2 - BANDE_MM * metres / 2
    half, tall = largeur_mm * metres / 2, height * metres / 2
    return (x - half, y - tall, x + half, y + tall), height


def draw_map(
    ax, world: World, contenu: ContenuFigure, cadre: tuple[float, float, float, float]
) -> None:
    """Draw everything of a figure but its names, its scale and its north."""
    ax.set(
        aspect="equal",
        xlim=(cadre[0], cadre[2]),
        ylim=(cadre[1], cadre[3]),
        xticks=[],
        yticks=[],
        facecolor=DEHORS,
    )
    for spine in ax.spines.values():
        spine.set(color=TRAIT_FORT, linewidth=0.6, zorder=6)
    est_detaille = not contenu.emprise.est_region
    _fill(ax, land_around(world), cadre, facecolor=VOISINS, edgecolor=TERRE, linewidth=0.5)
    _fill(ax, np.array([region_outline(world)]), cadre, facecolor=TERRE, edgecolor="none")
    # Borders of communes on an empty ground alone: fills would hide them.
    if not contenu.aplats:
        _fill(
            ax,
            outlines(world, COMMUNE, est_detaille).to_numpy(),
            cadre,
            facecolor="none",
            edgecolor=TRAIT_LEGER,
            linewidth=0.3 if est_detaille else 0.12,
        )
    for aplat in contenu.aplats:
        draw_fill(ax, to_path(clip(aplat.formes, cadre)), aplat)
    # Edges once more, over the hatches of neighbours.
    for aplat in contenu.aplats:
        if aplat.bord and aplat.fond:
            _fill(
                ax,
                aplat.formes,
                cadre,
                facecolor="none",
                edgecolor=aplat.bord,
                linewidth=aplat.epaisseur,
                joinstyle="round",
            )
    _fill(
        ax,
        outlines(world, "departement", est_detaille).to_numpy(),
        cadre,
        facecolor="none",
        edgecolor=TRAIT_FORT,
        linewidth=0.9,
        joinstyle="round",
    )
    if est_detaille:
        edge = np.array([contenu.emprise.forme])
        _fill(ax, edge, cadre, facecolor="none", edgecolor=TERRE, linewidth=3.0, joinstyle="round")
        _fill(ax, edge, cadre, facecolor="none", edgecolor=ENCRE, linewidth=1.5, joinstyle="round")
    for marks in contenu.symboles:
        draw_marks(ax, marks)


def clip(formes: np.ndarray, cadre: tuple[float, float, float, float]) -> np.ndarray:
    """Return what of some polygons lies in a frame a little wider than that of the map."""
    formes = formes[~shapely.is_missing(formes)] if len(formes) else formes
    if not len(formes):
        return formes
    margin = (cadre[2] - cadre[0]) * 0.05
    wide = (cadre[0] - margin, cadre[1] - margin, cadre[2] + margin, cadre[3] + margin)
    bounds = shapely.bounds(formes)
    near = formes[
        (bounds[:, 0] < wide[2])
        & (bounds[:, 2] > wide[0])
        & (bounds[:, 1] < wide[3])
        & (bounds[:, 3] > wide[1])
    ]
    out = shapely.bounds(near)
    whole = (
        (out[:, 0] >= wide[0])
        & (out[:, 2] <= wide[2])
        & (out[:, 1] >= wide[1])
        & (out[:, 3] <= wide[3])
    )
    return (
        np.concatenate([near[whole], shapely.clip_by_rect(near[~whole], *wide)])
        if not whole.all()
        else near
    )


def to_path(formes: np.ndarray):
    """Return polygons as one compound path, None when there is none."""
    from matplotlib.path import Path

    parts = shapely.get_parts(formes)
    # Outer rings one way, holes the other, so that holes stay empty.
    parts = shapely.orient_polygons(
        parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    )
    rings = shapely.get_rings(parts)
    if not len(rings):
        return None
    points, ring = shapely.get_coordinates(rings, return_index=True)
    codes = np.full(len(points), Path.LINETO, dtype=Path.code_type)
    starts = np.flatnonzero(np.diff(ring, prepend=-1))
    codes[starts], codes[np.append(starts[1:], len(points)) - 1] = Path.MOVETO, Path.CLOSEPOLY
    return Path(points, codes)


def _fill(ax, formes: np.ndarray, cadre, **style) -> None:
    """Draw polygons in one style."""
    from matplotlib.patches import PathPatch

    path = to_path(clip(formes, cadre))
    if path is not None:
        ax.add_artist(PathPatch(path, **style))


def draw_fill(ax, path, aplat: Aplat) -> None:
    """Draw one fill: its colour and its edge, then its hatch."""
    from matplotlib.patches import PathPatch

    if path is None:
        return
    if aplat.fond or aplat.bord:
        ax.add_artist(
            PathPatch(
                path,
                facecolor=aplat.fond or "none",
                edgecolor=aplat.bord or "none",
                linewidth=aplat.epaisseur,
                joinstyle="round",
            )
        )
    if aplat.hachure:
        draw_hatch(ax, path, aplat.hachure)


def draw_marks(ax, marks: Symboles) -> None:
    """Draw marks of one size and kind."""
    ax.scatter(
        marks.x,
        marks.y,
        s=(marks.diametre_mm / MM_PAR_POINT) ** 2,
        marker=marks.marque,
        facecolor=marks.fond,
        edgecolor=marks.bord,
        linewidth=0.6,
        alpha=0.9,
        zorder=3,
    )


def draw_dots(ax, points: np.ndarray) -> None:
    """Draw the marks of towns, at parts of the width and the height of the map, upwards."""
    ax.scatter(
        points[:, 0],
        points[:, 1],
        s=5,
        marker="o",
        facecolor=ENCRE,
        edgecolor=TERRE,
        linewidth=0.5,
        transform=ax.transAxes,
        zorder=2.5,
    )


def draw_scale(ax, echelle: float) -> None:
    """Draw the scale bar on a band of its own at the foot of the map, on the left."""
    from matplotlib_scalebar.scalebar import ScaleBar

    band = BANDE_MM * ax.figure.dpi / 25.4 / ax.get_window_extent().height
    ax.fill(
        [0, 1, 1, 0], [0, 0, band, band], color=TERRE, transform=ax.transAxes, linewidth=0, zorder=4
    )
    ax.plot([0, 1], [band, band], color=TRAIT_FORT, linewidth=0.6, transform=ax.transAxes, zorder=4)
    bar = ScaleBar(
        1,
        "m",
        location="lower left",
        length_fraction=0.22,
        width_fraction=0.008,
        frameon=False,
        color=ENCRE,
        pad=0.15,
        border_pad=0.3,
        sep=1.5,
        font_properties={"fname": str(font("normal").get_file()), "size": 6.2 * echelle},
    )
    ax.add_artist(bar)


def draw_north(ax, echelle: float) -> None:
    """Draw the north at the foot of the map, on the right."""
    # In Lambert-93 it is up, within two degrees here.
    box = ax.get_window_extent()
    mm = box.width / ax.figure.dpi * 25.4, box.height / ax.figure.dpi * 25.4
    x, y, size = 1 - 5.0 / mm[0], 1.2 / mm[1], 4.2 / mm[1]
    half = 1.2 / mm[0]
    ax.fill(
        [x - half, x, x + half, x],
        [y, y + size, y, y + size * 0.28],
        color=ENCRE,
        transform=ax.transAxes,
        linewidth=0,
        zorder=5,
    )
    ax.text(
        x + half + 0.6 / mm[0],
        y + size / 2,
        "N",
        transform=ax.transAxes,
        fontproperties=font("gras"),
        fontsize=6.6 * echelle,
        va="center",
        ha="left",
        color=ENCRE,
        zorder=5,
    )
