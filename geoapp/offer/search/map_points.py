"""The offers of a search as points of a map: places, or clusters where an eye cannot separate them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoapp.offer.search.engine import Moteur, select
from geoapp.offer.search.model import Requete
from geoapp.offer.search.proximity import places_within

MAILLE_PX = 44
"""Side of a cluster cell in screen pixels: a finger's target, no two points nearer than an eye separates."""

ZOOM_SANS_GROUPE = 16
"""From this zoom every place is its own point."""

POINTS_MAX = 3000
"""Points of one answer: about 25 bytes each once compressed, well under 300 kB."""

_TUILE_PX = 256


@dataclass(frozen=True)
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
    """Return the offers of a search inside a rectangle, gathered by place, then by cell of the screen.

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
    lieux = moteur.lieu[np.flatnonzero(found.trouvees)]
    counts = np.bincount(lieux[lieux >= 0], minlength=len(moteur.longitudes))
    rows = places_within(moteur.arbre, emprise)
    rows = rows[counts[rows] > 0]
    groups = _cells(moteur, rows, zoom)
    outside = int(counts.sum() - counts[rows].sum())
    return _gather(
        moteur, rows, counts[rows], groups, (outside, found.nb_non_places + int((lieux < 0).sum()))
    )


def offers_of_place(moteur: Moteur, requete: Requete, lieu: int) -> np.ndarray:
    """Return the positions in `offres` of the offers of a search at one place, by title."""
    return moteur.ordre[np.flatnonzero(select(moteur, requete).trouvees & (moteur.lieu == lieu))]


def _cells(moteur: Moteur, rows: np.ndarray, zoom: float) -> np.ndarray:
    """Return the cell of each place, as a rank; each place its own when the zoom and their number allow."""
    cells = np.arange(len(rows))
    if zoom >= ZOOM_SANS_GROUPE and len(rows) <= POINTS_MAX:
        return cells
    x, y = _mercator(moteur.longitudes[rows], moteur.latitudes[rows])
    for level in np.arange(min(float(zoom), ZOOM_SANS_GROUPE), -1.0, -1.0):
        size = _TUILE_PX * 2.0**level / MAILLE_PX
        _, cells = np.unique(
            np.floor(x * size).astype(np.int64) * 2**32 + np.floor(y * size).astype(np.int64),
            return_inverse=True,
        )
        cells = cells.reshape(-1)
        if not len(cells) or cells.max() < POINTS_MAX:
            break
    return cells


def _mercator(longitude: np.ndarray, latitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return web map coordinates, from 0 to 1."""
    sine = np.sin(np.radians(np.clip(latitude, -85.0, 85.0)))
    return longitude / 360 + 0.5, 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)


def _gather(
    moteur: Moteur, rows: np.ndarray, nb: np.ndarray, cells: np.ndarray, apart: tuple[int, int]
) -> Points:
    """Return one point per cell, at the mean of its places weighted by their offers."""
    size = int(cells.max(initial=-1)) + 1
    total, places = (
        np.bincount(cells, nb, size).astype(np.int64),
        np.bincount(cells, minlength=size),
    )
    lon, lat = (
        np.bincount(cells, nb * column[rows], size) / np.maximum(total, 1)
        for column in (moteur.longitudes, moteur.latitudes)
    )
    first = np.zeros(size, np.int64)
    first[cells[::-1]] = rows[::-1]
    alone = places == 1
    lon, lat = (
        np.where(alone, column[first] if size else column[:0], mean)
        for column, mean in ((moteur.longitudes, lon), (moteur.latitudes, lat))
    )
    order = np.argsort(total, kind="stable")
    return Points(
        lon[order].round(6),
        lat[order].round(6),
        total[order],
        np.where(alone, first, -1)[order],
        *apart,
    )
