"""The offers of a search as points of a map.

Places, or clusters where an eye cannot separate them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoapp.core.geometry import mercator
from geoapp.offer.search.engine import Moteur, counted_rows, select
from geoapp.offer.search.model import Requete
from geoapp.offer.search.proximity import places_within

MAILLE_PX = 44
"""Side of a cluster cell in screen pixels: that of a target for a finger."""

ZOOM_SANS_GROUPE = 16
"""From this zoom every place is its own point."""

POINTS_MAX = 3000
"""Points of one answer: about 25 bytes each once compressed, well under 300 kB."""

_TUILE_PX = 256


@dataclass(frozen=True, kw_only=True)
class Points:
    """Points of a map: degrees, number of offers, the place (−1: a cluster of several).

    `nb_dehors` counts the offers found whose place is outside the rectangle,
    `nb_non_places` those without a place.
    """

    longitudes: np.ndarray
    latitudes: np.ndarray
    nb: np.ndarray
    lieux: np.ndarray
    nb_dehors: int
    nb_non_places: int


def points(
    moteur: Moteur, requete: Requete, emprise: tuple[float, float, float, float], zoom: float
) -> Points:
    """Return what is counted of a search in a rectangle, by place, then by cell of the screen.

    Parameters
    ----------
    moteur : Moteur
    requete : Requete
        Its page, size and order do not matter.
    emprise : tuple
        West, south, east, north in degrees, borders included.
    zoom : float
        Zoom of a web map (256-pixel tiles).  Cells grow until there are at
        most `POINTS_MAX` points.

    Returns
    -------
    Points
        Biggest clusters last, so that they are drawn on top.
    """
    found = select(moteur, requete)
    lieux = moteur.lieu[np.flatnonzero(counted_rows(found))]
    counts = np.bincount(lieux[lieux >= 0], minlength=len(moteur.longitudes))
    rows = places_within(moteur.arbre, emprise)
    rows = rows[counts[rows] > 0]
    groups = _cells(moteur, rows, zoom)
    longitudes, latitudes, nb, places = _gather(moteur, rows, counts[rows], groups)
    return Points(
        longitudes=longitudes,
        latitudes=latitudes,
        nb=nb,
        lieux=places,
        nb_dehors=int(counts.sum() - counts[rows].sum()),
        nb_non_places=found.nb_non_places + int((lieux < 0).sum()),
    )


def offers_of_place(moteur: Moteur, requete: Requete, lieu: int) -> np.ndarray:
    """Return the positions in `offres` of the offers of a search at one place, by title."""
    found = counted_rows(select(moteur, requete))
    return moteur.ordre[np.flatnonzero(found & (moteur.lieu == lieu))]


def _cells(moteur: Moteur, rows: np.ndarray, zoom: float) -> np.ndarray:
    """Return the cell of each place, as a rank.

    Each place its own when the zoom and their number allow.
    """
    cells = np.arange(len(rows))
    if zoom >= ZOOM_SANS_GROUPE and len(rows) <= POINTS_MAX:
        return cells
    x, y = mercator(moteur.longitudes[rows], moteur.latitudes[rows])
    # One zoom less doubles the side of a cell: it ends, one cell holds the world at last.
    for level in np.arange(min(float(zoom), ZOOM_SANS_GROUPE), -1.0, -1.0):
        size = _TUILE_PX * 2.0**level / MAILLE_PX
        column, row = np.floor(x * size).astype(np.int64), np.floor(y * size).astype(np.int64)
        _, cells = np.unique(column * 2**32 + row, return_inverse=True)
        cells = cells.reshape(-1)
        if not len(cells) or cells.max() < POINTS_MAX:
            break
    return cells


def _gather(
    moteur: Moteur, rows: np.ndarray, nb: np.ndarray, cells: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return longitude, latitude, number of offers and place (−1: several) of each cell.

    A cell is at the mean of its places weighted by their offers; smallest first.
    """
    size = int(cells.max(initial=-1)) + 1
    total = np.bincount(cells, nb, size).astype(np.int64)
    places = np.bincount(cells, minlength=size)
    # Written from the end: the first place of a cell is the one that stays.
    first = np.zeros(size, np.int64)
    first[cells[::-1]] = rows[::-1]
    alone = places == 1
    order = np.argsort(total, kind="stable")

    def where(column: np.ndarray) -> np.ndarray:
        mean = np.bincount(cells, nb * column[rows], size) / np.maximum(total, 1)
        # A place alone keeps its own point: a mean of one may differ by its last digit.
        exact = np.where(alone, column[first] if size else column[:0], mean)
        return exact[order].round(6)

    longitudes, latitudes = where(moteur.longitudes), where(moteur.latitudes)
    return longitudes, latitudes, total[order], np.where(alone, first, -1)[order]
