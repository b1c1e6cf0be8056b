"""What a figure shows, before anything is drawn: fills, symbols, names, legend, sentences (no matplotlib here)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from threading import Lock

import numpy as np
import shapely

from geoapp.coverage.model import to_parameters
from geoapp.coverage.monde import Monde
from geoapp.figures.emprise import Emprise, resolve_emprise
from geoapp.figures.model import Figure
from geoapp.figures.palette import Hachure
from geoapp.words import count, format_number

_GARDES = 8
"""Contents kept by world: title, alternative text and picture of one figure are asked one after the other."""

_VERROU = Lock()


@dataclass(frozen=True)
class Aplat:
    """One fill and its line of the legend (`libelle`, `effectif`); polygons in EPSG:2154."""

    formes: np.ndarray
    fond: str | None
    libelle: str = ""
    effectif: str = ""
    hachure: Hachure | None = None
    bord: str | None = None
    epaisseur: float = 0.3


@dataclass(frozen=True)
class Symboles:
    """Marks of one size and kind, and their line of the legend; positions in EPSG:2154, `diametre_mm` on paper."""

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
    """One block of the legend: title, explanation, the fills or symbols it explains, plain lines after them."""

    titre: str
    sens: str = ""
    entrees: tuple[Aplat | Symboles, ...] = ()
    lignes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Nom:
    """One zone to name at a point (EPSG:2154); `poids` orders them."""

    texte: str
    x: float
    y: float
    poids: float


@dataclass(frozen=True)
class Contenu:
    """Everything a figure says: `phrases` are its alternative text, `notes` what stands under the map."""

    titre: str
    emprise: Emprise
    blocs: tuple[Bloc, ...]
    phrases: tuple[str, ...]
    notes: tuple[str, ...]
    sources: tuple[dict, ...]
    aplats: tuple[Aplat, ...] = ()
    symboles: tuple[Symboles, ...] = ()
    lignes: tuple[np.ndarray, ...] = ()
    noms: tuple[Nom, ...] = ()
    est_fictive: bool = False


def make_content(monde: Monde, figure: Figure) -> Contenu:
    """Return what a figure shows; the last ones are kept, since drawing, title and description ask the same."""
    key = (figure.type, figure.emprise, tuple(to_parameters(figure.question)), date.today())
    with _VERROU:
        kept = monde.memoire.setdefault(("figures", "contenus"), OrderedDict())
        if key in kept:
            kept.move_to_end(key)
            return kept[key]
    made = _makers()[figure.type](monde, figure.question, resolve_emprise(monde, figure.emprise))
    with _VERROU:
        kept[key] = made
        while len(kept) > _GARDES:
            kept.popitem(last=False)
    return made


def _makers() -> dict[str, Callable[..., Contenu]]:
    """Return what makes each type of figure (rooms that read this one: imported late)."""
    from geoapp.figures.couverture import make_coverage
    from geoapp.figures.densite import make_density
    from geoapp.figures.offre import make_offer
    from geoapp.figures.zonage import make_zoning

    return {"offre": make_offer, "densite": make_density, "couverture": make_coverage, "zones": make_zoning}


def figure_title(monde: Monde, figure: Figure) -> str:
    """Return the title of a figure: what, of which question, where."""
    contenu = make_content(monde, figure)
    return f"{contenu.titre} – {contenu.emprise.nom}"


def describe_figure(monde: Monde, figure: Figure) -> str:
    """Return the alternative text of a figure: what it shows and its main numbers, in two to four sentences."""
    return " ".join(make_content(monde, figure).phrases)


def here(monde: Monde, emprise: Emprise, zonage: str) -> np.ndarray | None:
    """Tell which zones of a zoning have people in the territory; None when it is the whole region."""
    if emprise.est_region:
        return None
    mine, theirs = monde.mailles[emprise.type_zone], monde.mailles[zonage]
    points = mine.points[mine.codes[mine.zones] == emprise.code]
    found = np.zeros(len(theirs.codes), dtype=bool)
    found[theirs.zones[np.isin(theirs.points, points)]] = True
    return found


def tally(nb: int, noun: str, nb_here: int | None = None, *, pluriel: str | None = None) -> str:
    """Return a count of the legend: « 8 zones », « 8 zones, dont 2 ici » on the map of one territory."""
    return count(nb, noun, pluriel) + ("" if nb_here is None else f", dont {format_number(nb_here)} ici")


def gather(formes: np.ndarray, ranks: np.ndarray, rank: int) -> np.ndarray:
    """Return the outlines whose class is `rank`, without the missing ones."""
    found = formes[ranks == rank]
    return found[~shapely.is_missing(found)]
