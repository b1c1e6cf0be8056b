"""The map of a comparison of travel costs: how far they differ, by commune of origin."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from geoapp.core.files import writing
from geoapp.core.french import format_number, set_print
from geoapp.coverage.classes import make_classes
from geoapp.coverage.travel.comparison import DeuxCouts
from geoapp.coverage.world import World
from geoapp.outputs.figures.choropleth import choropleth
from geoapp.outputs.figures.drawing import draw_page
from geoapp.outputs.figures.elements import Bloc, ContenuFigure
from geoapp.outputs.figures.extent import REGION, resolve_emprise
from geoapp.outputs.figures.files import write_png
from geoapp.outputs.figures.page import compose_page
from geoapp.outputs.figures.texts import choose_sources
from geoapp.reference.zonings import COMMUNE

BORNES = (0.0, 5.0, 10.0, 20.0, 30.0, 100.0)
"""Classes of the size of the differences, in percents."""


def write_comparison(world: World, found: DeuxCouts, out: Path, *, largeur_mm: float = 170) -> int:
    """Write the map as a PNG, whole or not at all; return its number of bytes.

    Raises
    ------
    StorageError
        When the file cannot be written.
    """
    emprise = resolve_emprise(world, REGION)
    values = found.ecarts.reindex(world.mailles[COMMUNE].codes).to_numpy(float) * 100
    classes = make_classes(values, methode="fixes", bornes=BORNES)
    fills = choropleth(
        world,
        COMMUNE,
        emprise,
        valeurs=values,
        classes=classes,
        mots=[f"{one:.0f} %" for one in BORNES],
        non_collectees=np.zeros(len(values), dtype=bool),
    )
    titre = f"Durées de trajet : {found.trajets.nom}"
    phrase = f"{format_number(len(found.trajets))} trajets connus des deux côtés sont comparés."
    contenu = ContenuFigure(
        titre=titre,
        emprise=emprise,
        blocs=(
            Bloc(
                "Écart médian des durées",
                "Taille de (premières durées / secondes − 1), médiane par commune de départ.",
                fills,
            ),
        ),
        phrases=(phrase,),
        notes=(phrase, "Trajets dérivés d'OpenStreetMap : © contributeurs OpenStreetMap, ODbL."),
        sources=choose_sources(world, ids=set(), usages=(), zonage=COMMUNE),
        aplats=fills,
    )
    drawn = draw_page(world, contenu, compose_page(world, contenu, largeur_mm))
    about = {
        "titre": set_print(titre),
        "texte": set_print(phrase),
        "sources": "OpenStreetMap, OSRM",
        "licences": "ODbL 1.0",
        "date": world.snapshot.manifest["cree_le"],
        "instantane": world.snapshot.id,
    }
    content = write_png(drawn, about, 200)
    with writing(out) as aside:
        aside.write_bytes(content)
    return len(content)
