"""The maps of a sheet: its offer and its coverage, drawn by `figures` and held in the file itself."""

from __future__ import annotations

import base64
import struct
from dataclasses import replace

from geoapp.coverage.model import COMMUNE
from geoapp.coverage.monde import Monde
from geoapp.figures import Figure, describe_figure, figure_title, render_figure
from geoapp.reports.rendu import Carte
from geoapp.territoires.contenu import Contenu
from geoapp.territoires.zone import Zone

LARGEUR_MM, DPI = 170, 170
"""Size of a map: the width of the text of an A4 page, sharp on paper, two maps under a megabyte."""

MAPS = ("offre", "couverture")
"""The maps of a sheet, in its order: types of figures."""


def draw_maps(monde: Monde, contenu: Contenu) -> dict[str, Carte]:
    """Return the maps of a zone by type; one that cannot be drawn says why in its place."""
    return {nom: _draw(monde, contenu, nom) for nom in MAPS}


def _draw(monde: Monde, contenu: Contenu, nom: str) -> Carte:
    """Return one map: the offer as it is, the coverage commune by commune."""
    if not contenu.zone.est_dessinee:
        return Carte("", "", missing_map(contenu.zone))
    question = replace(contenu.question, zonage=COMMUNE, mesure="part_non_couverte")
    figure = Figure(nom, question, contenu.zone.cle, "png", LARGEUR_MM, DPI)
    picture = render_figure(monde, figure)
    width, height = struct.unpack(">II", picture[16:24])
    return Carte(f"data:image/png;base64,{base64.b64encode(picture).decode()}", figure_title(monde, figure), describe_figure(monde, figure), width // 2, height // 2)


def missing_map(zone: Zone) -> str:
    """Return why a zone has no map."""
    return f"Pas de carte : aucune source de cet instantané ne donne le contour de cette zone ({zone.cle})."
