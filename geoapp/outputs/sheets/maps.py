"""The maps of a sheet: offer and coverage, drawn by `figures` and held in the file itself."""

from __future__ import annotations

import base64
import struct
from dataclasses import replace

from geoapp.coverage.offered import is_information
from geoapp.coverage.territories.content import ContenuZone
from geoapp.coverage.world import World
from geoapp.outputs.figures import Figure, describe_figure, render_figure
from geoapp.outputs.sheets.rendering import CarteFiche
from geoapp.reference.zonings import COMMUNE

LARGEUR_MM, DPI = 86, 220
"""Size of a map: two beside one another on an A4 page, sharp on paper, both under a megabyte."""

MAPS = ("offre", "couverture")
"""The maps of a sheet, in its order: types of figures."""

NOMS = {"offre": "Carte de l'offre", "couverture": "Carte de la couverture"}
"""What each is, in a few words; what it shows is written under it."""


def draw_maps(world: World, contenu: ContenuZone) -> dict[str, CarteFiche | str]:
    """Return the maps of a zone by type; why there is none (`absence`) without outline.

    The map of the offer shows trainings: places of information have that of their coverage.
    """
    if not contenu.zone.est_dessinee:
        why = (
            "Aucune source de cet instantané ne donne le contour de cette zone : "
            "elle ne peut être dessinée."
        )
        return {"absence": why}
    names = MAPS[1:] if is_information(contenu.question) else MAPS
    return {nom: _draw(world, contenu, nom) for nom in names}


def _draw(world: World, contenu: ContenuZone, nom: str) -> CarteFiche:
    """Return one map: the offer as it is, the coverage commune by commune."""
    question = replace(contenu.question, zonage=COMMUNE, mesure="mediane")
    figure = Figure(
        type=nom,
        question=question,
        emprise=contenu.zone.cle,
        format="png",
        largeur_mm=LARGEUR_MM,
        dpi=DPI,
        est_jointe=True,
    )
    picture = render_figure(world, figure)
    # Bytes 16 to 24 of a PNG are its width and its height in pixels.
    width, height = struct.unpack(">II", picture[16:24])
    return CarteFiche(
        src=f"data:image/png;base64,{base64.b64encode(picture).decode()}",
        nom=NOMS[nom],
        texte=describe_figure(world, figure),
        largeur=width // 2,
        hauteur=height // 2,
    )
