"""The picture of the perimeter: one small drawing by voie and level, and its words beside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoapp.core.french import count
from geoapp.core.schema import STATUTS
from geoapp.core.snapshot import Snapshot
from geoapp.offer.perimeter import CONNUE, LIBELLES, PARTIELLE, SENS
from geoapp.offer.quality.perimeter import CaseGrille, perimeter_grid
from geoapp.reference.codes.domains import load_domaines
from geoapp.reference.codes.voies import VOIES

COTE, PAS = 6, 7
"""Side of a cell of a drawing, and from one to the next, in units of its view box."""


@dataclass(frozen=True, kw_only=True)
class Dessin:
    """One box of the picture: a path by status, its size, and what a reader is told."""

    chemins: list[tuple[str, str]]
    largeur: int
    hauteur: int
    resume: str
    nb: str
    tenues: str


def picture(snapshot: Snapshot) -> dict:
    """Return the picture: levels, a line by voie, legend, domains and départements in order."""
    grid = perimeter_grid(snapshot)
    communes = snapshot.read("communes").drop_duplicates("code_departement")
    names = communes.set_index("code_departement")["nom_departement"]
    labels = load_domaines().set_index("code_domaine")["libelle"]
    first = grid[0][0].statuts
    return {
        "niveaux": [f"Niveau {case.niveau}" for case in grid[0]],
        "lignes": [(VOIES[line[0].voie], [draw(case) for case in line]) for line in grid],
        "legende": [(statut, LIBELLES[statut], SENS[statut]) for statut in STATUTS],
        "domaines": [labels[code] for code in first.columns],
        "departements": [names.get(code, code) for code in first.index],
    }


def draw(case: CaseGrille) -> Dessin:
    """Return one box drawn: départements down, domains across."""
    values = case.statuts.to_numpy()
    rows, columns = values.shape
    return Dessin(
        chemins=[
            (statut, _path(values == statut)) for statut in STATUTS if (values == statut).any()
        ],
        largeur=columns * PAS,
        hauteur=rows * PAS,
        resume=case.resume,
        nb=_number(case),
        tenues=", ".join(case.tenues),
    )


def _number(case: CaseGrille) -> str:
    """Return the trainings that we have; where none is claimed, those cited, never a zero."""
    if case.effectifs[CONNUE] or case.effectifs[PARTIELLE]:
        return count(case.nb_offres, "formation")
    return count(case.nb_offres, "formation citée", "formations citées") if case.nb_offres else ""


def _path(cells: np.ndarray) -> str:
    """Return the squares of some cells as one path."""
    rows, columns = np.nonzero(cells)
    places = zip((columns * PAS).tolist(), (rows * PAS).tolist(), strict=True)
    return "".join(f"M{x} {y}h{COTE}v{COTE}h-{COTE}z" for x, y in places)
