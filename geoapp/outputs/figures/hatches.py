"""Hatches as plain lines cut to a shape: the same in every format and every reader.

The patterns that matplotlib writes in a PDF lose their lines in the readers of some browsers.
"""

from __future__ import annotations

import math

import numpy as np

from geoapp.outputs.figures.fonts import MM_PAR_POINT
from geoapp.outputs.figures.palette import TERRE, Hachure

DENSITE = 6
"""Lines by inch for one letter of a motif, as matplotlib counts them."""

SENS = {
    "/": (45.0,),
    "\\": (-45.0,),
    "x": (45.0, -45.0),
    "+": (0.0, 90.0),
    "-": (0.0,),
    ".": (0.0,),
}
"""Directions of the lines of a motif, in degrees, by its letter; those of « . » are dotted."""


def parallel_lines(
    boite: tuple[float, float, float, float], pas: float, degres: float
) -> np.ndarray:
    """Return the segments (n, 2, 2) of one direction that cross a box, `pas` apart."""
    angle = math.radians(degres)
    along = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-math.sin(angle), math.cos(angle)])
    corners = np.array([[x, y] for x in boite[::2] for y in boite[1::2]])
    # Multiples of `pas` from the origin: where lines pass does not depend on the box.
    low, high = np.floor((corners @ across).min() / pas), np.ceil((corners @ across).max() / pas)
    start = np.floor((corners @ along).min() / pas) * pas
    end = np.ceil((corners @ along).max() / pas) * pas
    ranks = np.arange(low, high + 1)
    # Every other line starts half a step before, so that dots are staggered.
    shift = np.where(ranks % 2 == 0, 0.0, -pas / 2)
    return np.stack(
        [
            (start + shift)[:, None] * along + ranks[:, None] * pas * across,
            np.broadcast_to(end * along, (len(ranks), 2)) + ranks[:, None] * pas * across,
        ],
        axis=1,
    )


def draw_hatch(ax, shape, hachure: Hachure) -> None:
    """Draw one hatch inside a path: white edges first when it has some, then its lines."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    unit = (ax.get_xlim()[1] - ax.get_xlim()[0]) / (
        ax.get_window_extent().width / ax.figure.dpi * 25.4
    )
    letter, pas = hachure.motif[0], 25.4 / DENSITE / len(hachure.motif)
    (west, east), (south, north) = sorted(ax.get_xlim()), sorted(ax.get_ylim())
    bounds = shape.get_extents()
    box = (max(bounds.x0, west), max(bounds.y0, south), min(bounds.x1, east), min(bounds.y1, north))
    if box[0] >= box[2] or box[1] >= box[3]:
        return
    turn = -1 if ax.yaxis_inverted() else 1
    lines = np.concatenate(
        [
            parallel_lines(box, pas * unit * (math.sqrt(2) if degres % 90 else 1), turn * degres)
            for degres in SENS[letter]
        ]
    )
    path = Path(lines.reshape(-1, 2), np.tile([Path.MOVETO, Path.LINETO], len(lines)))
    width = hachure.epaisseur * (1.4 if letter == "." else 1.0) + (0.5 if letter == "." else 0.0)
    for colour, points in ([(TERRE, width + hachure.lisere)] if hachure.lisere else []) + [
        (hachure.couleur, width)
    ]:
        dots = (
            {
                "linestyle": (0, (0.01 / points, (pas / MM_PAR_POINT - 0.01) / points)),
                "capstyle": "round",
            }
            if letter == "."
            else {"capstyle": "butt"}
        )
        patch = PathPatch(path, facecolor="none", edgecolor=colour, linewidth=points, **dots)
        ax.add_artist(patch)
        patch.set_clip_path(shape, ax.transData)
