"""Names on the map without overlap: by priority, the first free position of each, or none.

Deterministic and exact where an iterative solver (adjustText) is neither: a
name is never moved away to make room for a smaller one, which is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from geoapp.outputs.figures.fonts import line_mm, width_mm

Boite = tuple[float, float, float, float]
"""Left, top, right, bottom in mm, downwards."""

JEU_MM = 0.5
"""Free space kept around a name."""
PAS_MM, DIRECTIONS = 2.0, 16
"""Step and number of directions in which a far place is looked for."""


@dataclass(frozen=True, kw_only=True)
class Etiquette:
    """One name to place at a point of the page (mm), its lines, its size in points.

    `ecart_mm` parts it from its point, None centres it on it; the point of one that is not
    `est_marque` has a mark of its own.  One whose places are all taken may stand up to `portee_mm`
    away: a name that is not centred is then tied to its point.  It stays inside its `aire` (mm).
    """

    lignes: tuple[str, ...]
    x: float
    y: float
    taille: float
    style: str = "normal"
    ecart_mm: float | None = 1.0
    est_marque: bool = True
    couleur: str = "#1c2430"
    portee_mm: float = 0.0
    aire: shapely.Geometry | None = None


@dataclass(frozen=True)
class Placee:
    """One name placed, and its box (mm)."""

    etiquette: Etiquette
    boite: Boite

    @property
    def lien(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Return the line from the point to a name that stands far from it; None beside it."""
        e, (left, top, right, bottom) = self.etiquette, self.boite
        if e.ecart_mm is None:
            return None
        end = (min(max(e.x, left), right), min(max(e.y, top), bottom))
        far = math.hypot(end[0] - e.x, end[1] - e.y) > e.ecart_mm + PAS_MM / 2
        return ((e.x, e.y), end) if far else None


def place_labels(
    etiquettes: Iterable[Etiquette],
    cadre: Boite,
    obstacles: Iterable[Boite] = (),
    *,
    nb_max: int | None = None,
) -> list[Placee]:
    """Return the names that have a free position, `nb_max` at most, in the order given.

    That order is their priority.
    """
    taken, placed = _boxes(obstacles), list[Placee]()
    for etiquette in etiquettes:
        if nb_max is not None and len(placed) >= nb_max:
            break
        boite = _free(etiquette, cadre, taken)
        if boite is not None:
            placed.append(Placee(etiquette, boite))
            more = [boite] if etiquette.ecart_mm is None else [boite, _point(etiquette)]
            more += _along(placed[-1].lien)
            taken = np.concatenate([taken, _boxes(more)])
    return placed


def place_or_number(
    etiquettes: Sequence[Etiquette], cadre: Boite, obstacles: Iterable[Boite] = ()
) -> tuple[list[Placee], list[int]]:
    """Return what is written of each name, itself or a number, and the ranks of those numbered.

    A name is written where it leaves the place of every other zone's number
    free, so that a zone without its name has its number; numbers follow the
    order given, and a zone whose own place is taken has neither.
    """
    # Room for two digits, whatever the number: it is not known before the end.
    spots = [
        _box(e.x, e.y, max(width_mm("99", e.taille, "gras"), 2.0), line_mm(e.taille))
        for e in etiquettes
    ]
    taken, places = _boxes(obstacles), _boxes(spots)
    written: list[Placee] = []
    numbered: list[int] = []
    for rank, e in enumerate(etiquettes):
        others = np.delete(places, rank, axis=0)
        boite = _free(e, cadre, np.concatenate([taken, others]))
        if boite is not None:
            written.append(Placee(e, boite))
            taken = np.concatenate([taken, _boxes([boite])])
    # By identity: two zones of one name, at one place, are two names.
    named = {id(one.etiquette) for one in written}
    for rank, e in enumerate(etiquettes):
        if id(e) not in named and _is_free(spots[rank], cadre, taken):
            numbered.append(rank)
            taken = np.concatenate([taken, _boxes([spots[rank]])])
            number = replace(e, lignes=(str(len(numbered)),), style="gras")
            written.append(Placee(number, spots[rank]))
    return written, numbered


def _boxes(boites: Iterable[Boite]) -> np.ndarray:
    """Return boxes as rows, so that one is compared with all of them at once."""
    return np.array(list(boites), dtype=float).reshape(-1, 4)


def _free(etiquette: Etiquette, cadre: Boite, taken: np.ndarray) -> Boite | None:
    """Return the first position of a name that is in the frame and free; None without one."""
    area = etiquette.aire
    return next(
        (
            one
            for one in _positions(etiquette)
            if _is_free(one, cadre, taken) and (area is None or area.contains(shapely.box(*one)))
        ),
        None,
    )


def _is_free(boite: Boite, cadre: Boite, taken: np.ndarray) -> bool:
    return _inside(boite, cadre) and not bool(np.any(overlap(boite, taken.T)))


def _positions(e: Etiquette) -> Iterable[Boite]:
    """Yield the boxes to try: beside, above, below, at the corners; or around a centred name."""
    w = max(width_mm(line, e.taille, e.style) for line in e.lignes)
    h = line_mm(e.taille) * len(e.lignes)
    if e.ecart_mm is None:
        for dy in (0, -0.6, 0.6, -1.2, 1.2):
            for dx in (0, -0.25, 0.25):
                yield _box(e.x + dx * w, e.y + dy * h, w, h)
        yield from _far(e, w, h, reached=0.0)
        return
    side, over, k = e.ecart_mm + w / 2, e.ecart_mm + h / 2, 0.7
    for dx, dy in (
        (side, 0),
        (-side, 0),
        (0, -over),
        (0, over),
        (k * side, -over * k),
        (k * side, over * k),
        (-k * side, -over * k),
        (-k * side, over * k),
    ):
        yield _box(e.x + dx, e.y + dy, w, h)
    yield from _far(e, w, h, reached=e.ecart_mm)


def _far(e: Etiquette, w: float, h: float, *, reached: float) -> Iterable[Boite]:
    """Yield the boxes around a point farther and farther, as far as the name may go."""
    half_w, half_h = (0.0, 0.0) if e.ecart_mm is None else (w / 2, h / 2)
    for step in range(1, int((e.portee_mm - reached) / PAS_MM) + 1):
        away = reached + step * PAS_MM
        for turn in range(DIRECTIONS):
            angle = 2 * math.pi * turn / DIRECTIONS
            dx, dy = math.cos(angle) * (away + half_w), math.sin(angle) * (away + half_h)
            yield _box(e.x + dx, e.y + dy, w, h)


def _along(lien) -> list[Boite]:
    """Return small boxes along a line, so that no later name is written over it."""
    if lien is None:
        return []
    steps = np.linspace(lien[0], lien[1], 12)
    return [(x - 0.2, y - 0.2, x + 0.2, y + 0.2) for x, y in steps]


def _box(x: float, y: float, w: float, h: float) -> Boite:
    return (x - w / 2 - JEU_MM / 2, y - h / 2, x + w / 2 + JEU_MM / 2, y + h / 2)


def _point(e: Etiquette) -> Boite:
    """Return the box of the mark of a town."""
    return (e.x - 0.7, e.y - 0.7, e.x + 0.7, e.y + 0.7)


def _inside(boite: Boite, cadre: Boite) -> bool:
    return (
        boite[0] >= cadre[0]
        and boite[1] >= cadre[1]
        and boite[2] <= cadre[2]
        and boite[3] <= cadre[3]
    )


def overlap(a, b):
    """Tell whether two boxes share more than an edge; `b` may be the four bounds of many boxes."""
    return (a[0] < b[2]) & (b[0] < a[2]) & (a[1] < b[3]) & (b[1] < a[3])
