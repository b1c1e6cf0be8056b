"""What a static map holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geoapp.core.french import count, format_number
from geoapp.coverage.world import World
from geoapp.outputs.figures.extent import Emprise
from geoapp.outputs.figures.palette import Hachure
from geoapp.planning.dashboard import Tuile


@dataclass(frozen=True, kw_only=True)
class Aplat:
    """One fill and its line of the legend (`libelle`, `effectif`); polygons in EPSG:2154."""

    formes: np.ndarray
    fond: str | None
    libelle: str = ""
    effectif: str = ""
    hachure: Hachure | None = None
    bord: str | None = None
    epaisseur: float = 0.3


@dataclass(frozen=True, kw_only=True)
class Symboles:
    """Marks of one size and kind (positions in EPSG:2154), and their line of the legend."""

    x: np.ndarray
    y: np.ndarray
    diametre_mm: float
    fond: str
    bord: str
    libelle: str = ""
    effectif: str = ""
    marque: str = "o"


@dataclass(frozen=True)
class Bloc:
    """One block of the legend: title, meaning, the fills or symbols explained, plain lines."""

    titre: str
    sens: str = ""
    entrees: tuple[Aplat | Symboles, ...] = ()
    lignes: tuple[str, ...] = ()


@dataclass(frozen=True)
class NomCarte:
    """One zone to name at a point (EPSG:2154); `poids` orders them."""

    texte: str
    x: float
    y: float
    poids: float


@dataclass(frozen=True)
class LigneMesure:
    """One year of a measure: the year, of what, its value (None when hidden) and as it is told."""

    annee: str
    quoi: str
    valeur: float | None
    mot: str


@dataclass(frozen=True)
class Mesure:
    """One thing counted year after year."""

    titre: str
    lignes: tuple[LigneMesure, ...]


@dataclass(frozen=True, kw_only=True)
class ContenuFigure:
    """Everything a figure says: `phrases` are its alternative text, `notes` stand under the map.

    `portee` is under the title: of which years, what is counted, what of the offer is known.  Names
    of zones that find no room are numbers when it `est_numerotee`, else they are left out.
    `reperes` are numbers written beside their marks.  One that is not a map (`est_carte`) draws its
    `mesures` as bars, its `tuiles` in columns.
    """

    titre: str
    emprise: Emprise
    blocs: tuple[Bloc, ...]
    phrases: tuple[str, ...]
    notes: tuple[str, ...]
    sources: tuple[dict, ...]
    aplats: tuple[Aplat, ...] = ()
    symboles: tuple[Symboles, ...] = ()
    lignes: tuple[np.ndarray, ...] = ()
    noms: tuple[NomCarte, ...] = ()
    reperes: tuple[NomCarte, ...] = ()
    mesures: tuple[Mesure, ...] = ()
    tuiles: tuple[Tuile, ...] = ()
    portee: str = ""
    est_numerotee: bool = True
    est_carte: bool = True
    est_fictive: bool = False


def here(world: World, emprise: Emprise, zonage: str) -> np.ndarray | None:
    """Tell which zones of a zoning have people in the territory; None for the whole region."""
    if emprise.est_region:
        return None
    mine, theirs = world.mailles[emprise.type_zone], world.mailles[zonage]
    points = mine.points[mine.codes[mine.zones] == emprise.code]
    found = np.zeros(len(theirs.codes), dtype=bool)
    found[theirs.zones[np.isin(theirs.points, points)]] = True
    return found


def tally(nb: int, noun: str, nb_here: int | None = None, *, pluriel: str | None = None) -> str:
    """Return a count: « 8 zones », « 8 zones, dont 2 ici » on the map of one territory."""
    return count(nb, noun, pluriel) + (
        "" if nb_here is None else f", dont {format_number(nb_here)} ici"
    )


def gather(formes: np.ndarray, ranks: np.ndarray, rank: int) -> np.ndarray:
    """Return the outlines whose class is `rank`, without the missing ones."""
    found = formes[ranks == rank]
    return found[~shapely.is_missing(found)]
