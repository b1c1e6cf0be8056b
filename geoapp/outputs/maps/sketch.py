"""What a map frames at first, and the sketch of a map for paper: neither needs Folium."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry import box

from geoapp.core.snapshot import Snapshot
from geoapp.coverage.travel.reach import Atteinte
from geoapp.offer.search.model import Lieu

KM_PAR_DEGRE = 111.195
"""Length of a degree of latitude, in kilometres: enough to frame a drawing."""

LARGEUR, HAUTEUR = 640, 420
"""Size of a sketch, in its own units."""

_VILLES = 12
LARGEUR_LETTRE, HAUTEUR_NOM, HAUT_NOM, RAYON = 7.5, 14, 18, 10
"""Size of a letter and of a name of town, how far above the town it is, radius of a mark."""
MARGE = 0.07
"""Part of a sketch, on each side, where no town is named: a name is never cut."""


def region_frame(snapshot: Snapshot) -> list[list[float]]:
    """Return [[south, west], [north, east]] of the region covered."""
    communes = snapshot.read("communes")
    ouest, sud, est, nord = (
        round(float(v), 4) for v in communes[communes["est_region"]].total_bounds
    )
    return [[sud, ouest], [nord, est]]


def frame_around(lieu: Lieu | None, rayon_km: float) -> list[list[float]] | None:
    """Return [[south, west], [north, east]] of a circle; None without point."""
    if lieu is None or lieu.longitude is None or lieu.latitude is None or lieu.est_zone:
        return None
    dy = rayon_km / KM_PAR_DEGRE
    dx = dy / cos(radians(lieu.latitude))
    return [
        [round(lieu.latitude - dy, 4), round(lieu.longitude - dx, 4)],
        [round(lieu.latitude + dy, 4), round(lieu.longitude + dx, 4)],
    ]


def frame_of(zones: Sequence[Atteinte]) -> list[list[float]] | None:
    """Return [[south, west], [north, east]] of the areas reached; None without any."""
    if not zones:
        return None
    ouest, sud, est, nord = (
        round(float(v), 4)
        for v in shapely.total_bounds(np.array([zone.contour for zone in zones], dtype=object))
    )
    return [[sud, ouest], [nord, est]]


@dataclass(frozen=True)
class Repere:
    """One thing to draw on a sketch, in its units; `texte` is a number or a name."""

    x: float
    y: float
    texte: str = ""


@dataclass(frozen=True, kw_only=True)
class Croquis:
    """A drawing for paper: paths and marks ready for an SVG element."""

    largeur: int
    hauteur: int
    terres: str
    communes: str
    villes: list[Repere]
    lieux: list[Repere]
    centre: Repere | None = None
    rayon: float = 0.0
    habitants: tuple[tuple[str, list[Repere]], ...] = ()


def sketch(
    snapshot: Snapshot,
    points: list[tuple[float, float, str]],
    *,
    lieu: Lieu | None = None,
    rayon_km: float = 0.0,
    cadre: list | None = None,
    habitants: Mapping[str, Sequence[tuple[float, float]]] | None = None,
) -> Croquis:
    """Return the drawing of some numbered places, around a point when there is one.

    Parameters
    ----------
    snapshot : Snapshot
        Gives outlines and towns.
    points : list of (longitude, latitude, text)
        Places to mark, WGS84.
    lieu : Lieu, optional
        Centre of the search.
    rayon_km : float
        Radius of the circle drawn around it.
    cadre : list, optional
        [[south, west], [north, east]] to show, instead of the places.
    habitants : mapping, optional
        Kind → (longitude, latitude) of points where people live, drawn under the places.
    """
    around = [(x, y, "") for y, x in cadre] if cadre else points
    bounds = _extent(snapshot, around, lieu, rayon_km)
    to_drawing, par_km = _projection(bounds)
    fenetre = box(*bounds)
    couches = snapshot.read("couches")

    def place(x: float, y: float, texte: str = "") -> Repere:
        left, top = to_drawing(x, y)
        return Repere(left, top, texte)

    marked = [place(x, y, texte) for x, y, texte in points]
    centre = None
    if lieu and not lieu.est_zone and lieu.longitude is not None and lieu.latitude is not None:
        centre = place(lieu.longitude, lieu.latitude)
    # Communes are drawn on small extents alone: further away their borders are one grey.
    est_pres = bounds[2] - bounds[0] < 1.2
    return Croquis(
        largeur=LARGEUR,
        hauteur=HAUTEUR,
        terres=_path(couches[couches["type_zone"].eq("departement")], fenetre, to_drawing),
        communes=_path(couches[couches["type_zone"].eq("commune")], fenetre, to_drawing)
        if est_pres
        else "",
        villes=_apart([place(x, y, nom) for x, y, nom in _towns(snapshot, bounds)], marked),
        lieux=marked,
        centre=centre,
        rayon=round(rayon_km * par_km, 1) if centre else 0.0,
        habitants=tuple(
            (kind, [place(x, y) for x, y in found]) for kind, found in (habitants or {}).items()
        ),
    )


def _apart(villes: list[Repere], marked: list[Repere]) -> list[Repere]:
    """Return the towns whose name, above them, covers no mark."""
    return [
        ville
        for ville in villes
        if all(
            abs(one.x - ville.x) > LARGEUR_LETTRE * len(ville.texte) / 2 + RAYON
            or abs(one.y - ville.y + HAUT_NOM) > HAUTEUR_NOM / 2 + RAYON
            for one in marked
        )
    ]


def _extent(
    snapshot: Snapshot, points, lieu: Lieu | None, rayon_km: float
) -> tuple[float, float, float, float]:
    """Return (west, south, east, north) with a margin: circle and points, else the region."""
    autour = frame_around(lieu, rayon_km or 5)
    # A frame is latitude then longitude, as Leaflet wants it; points are the other way.
    coords = [(x, y) for y, x in autour] if autour else []
    coords += [(x, y) for x, y, _ in points]
    if not coords:
        (sud, ouest), (nord, est) = region_frame(snapshot)
        coords = [(ouest, sud), (est, nord)]
    xs, ys = zip(*coords, strict=True)
    milieu, dy = (min(ys) + max(ys)) / 2, max((max(ys) - min(ys)) / 2, 0.03) * 1.1
    k = cos(radians(milieu))
    dx = max((max(xs) - min(xs)) / 2 * 1.1, dy / k * LARGEUR / HAUTEUR)
    dy = max(dy, dx * k * HAUTEUR / LARGEUR)
    x0 = (min(xs) + max(xs)) / 2
    return x0 - dx, milieu - dy, x0 + dx, milieu + dy


def _projection(cadre) -> tuple[Callable[[float, float], tuple[float, float]], float]:
    """Return (lon, lat) → units of the drawing, and units by kilometre."""
    ouest, sud, est, nord = cadre
    par_degre = LARGEUR / (est - ouest)
    k = par_degre / cos(radians((sud + nord) / 2))

    def to_drawing(x: float, y: float) -> tuple[float, float]:
        return round((x - ouest) * par_degre, 1), round((nord - y) * k, 1)

    return to_drawing, k / KM_PAR_DEGRE


def _path(couches: gpd.GeoDataFrame, fenetre, to_drawing) -> str:
    """Return outlines cut to the window, as the `d` of an SVG path."""
    formes = couches[couches.geometry.notna() & couches.intersects(fenetre)].geometry
    rings = shapely.get_rings(shapely.get_parts(shapely.intersection(formes.to_numpy(), fenetre)))
    parts = (
        " ".join(f"{x},{y}" for x, y in (to_drawing(*xy) for xy in ring.coords)) for ring in rings
    )
    return "".join(f"M{part}Z" for part in parts)


def _towns(snapshot: Snapshot, cadre) -> list[tuple[float, float, str]]:
    """Return the largest towns of the window that do not collide."""
    ouest, sud, est, nord = cadre
    communes = snapshot.read("communes").sort_values(
        ["population", "code_commune"], ascending=[False, True]
    )
    x, y = communes["longitude_mairie"], communes["latitude_mairie"]
    dx, dy = (est - ouest) * MARGE, (nord - sud) * MARGE
    vues = communes[x.between(ouest + dx, est - dx) & y.between(sud + dy, nord - dy)].head(60)
    kept: list[tuple[float, float, str]] = []
    for town in zip(vues["longitude_mairie"], vues["latitude_mairie"], vues["nom"], strict=True):
        if all(
            abs(town[0] - o[0]) > (est - ouest) / 6 or abs(town[1] - o[1]) > (nord - sud) / 14
            for o in kept
        ):
            kept.append(town)
    return kept[:_VILLES]
