"""What leaves the product of a question about the country: a file, the drawing of a map."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from geoapp.core.config import CRS_METRIC
from geoapp.core.french import format_date
from geoapp.coverage.answer import Reponse
from geoapp.coverage.model import describe_question, describe_reach
from geoapp.coverage.national.result import CONTOURS, Publie
from geoapp.outputs.coverage import list_columns
from geoapp.outputs.files.model import CONTOUR, ColonneFichier, Fichier
from geoapp.outputs.provenance import cite, tell_licences, tell_source, years_of_sources
from geoapp.reference.zonings import TERRITOIRES

COLONNES = (
    "type_zone",
    "code_zone",
    "nom",
    "perimetre",
    "population",
    "population_non_couverte",
    "part_non_couverte",
    "part_couverte",
    "nb_offres",
    "masques",
)
"""Columns of a file: those of the coverage of a region that are measured of the country."""

LARGEUR = 600
"""Width of the drawing, in its units."""


def country_file(resultat: Publie, reponse: Reponse) -> Fichier:
    """Return an answer as a file, with its outlines when its division has some."""
    zonage = reponse.question.zonage
    known = {one.nom: one for one in list_columns(reponse.question.unite)}
    columns: list[ColonneFichier] = [known[nom] for nom in COLONNES]
    table = reponse.tableau[list(COLONNES)].copy()
    for nom in ("population", "population_non_couverte", "nb_offres"):
        table[nom] = table[nom].round().astype("Int64")
    outlines = read_outlines(resultat.dossier)
    mine = outlines[outlines["type_zone"].eq(zonage)].set_index("code_zone").geometry
    if len(mine):
        drawn = mine.reindex(table["code_zone"]).to_numpy()
        table = gpd.GeoDataFrame(table, geometry=drawn, crs=outlines.crs)
    return Fichier(
        table=table,
        colonnes=columns,
        notice=list_notice(resultat, reponse),
        titre=f"Couverture de la France par {TERRITOIRES[zonage].singulier}",
        nom=f"couverture-france-{zonage}",
        forme=CONTOUR if len(mine) else "",
        nb_figees=3,
    )


def list_notice(resultat: Publie, reponse: Reponse) -> list[tuple[str, str]]:
    """Return what must travel with the figures: question, sentence, parameters, sources, date."""
    told, titre = resultat.dit, describe_country(reponse)
    return [
        ("Titre", f"{titre}{reponse.perimetre.suffixe}"),
        ("À retenir", reponse.phrase),
        ("Périmètre", "France métropolitaine, Corse comprise"),
        ("Offre connue", reponse.perimetre.phrase),
        ("Seuil", f"{describe_reach(reponse.question)}, compris"),
        *(("À savoir", note) for note in reponse.notes),
        ("Années des sources", ", ".join(years_of_sources(told["sources"]))),
        *(("Source", tell_source(one)) for one in told["sources"]),
        *tell_licences(one["licence"] for one in told["sources"]),
        cite(titre, f"du {format_date(told['cree_le'][:10])}"),
    ]


def describe_country(reponse: Reponse) -> str:
    """Return a question about the country in one line, as a title says it."""
    return describe_question(reponse.question).replace("Couverture", "Couverture de la France", 1)


@lru_cache(maxsize=2)
def read_outlines(dossier: Path) -> gpd.GeoDataFrame:
    """Return the outlines of regions and départements."""
    return gpd.read_parquet(dossier / CONTOURS)


@lru_cache(maxsize=4)
def drawn_zones(dossier: Path, type_zone: str) -> tuple[int, dict[str, str]]:
    """Return the height of the drawing of a division, and the SVG path of each zone by its code."""
    outlines = read_outlines(dossier).to_crs(CRS_METRIC)
    west, south, east, north = outlines.total_bounds
    scale = LARGEUR / (east - west)
    mine = outlines[outlines["type_zone"].eq(type_zone)]
    paths = {
        code: _path(shape, west, north, scale)
        for code, shape in zip(mine["code_zone"], mine.geometry, strict=True)
    }
    return round((north - south) * scale), paths


def _path(shape, west: float, north: float, scale: float) -> str:
    """Return one outline as the `d` of an SVG path, to a tenth of a unit."""
    rings = shapely.get_rings(shapely.get_parts(shape))
    parts = []
    for ring in rings:
        x, y = shapely.get_coordinates(ring).T
        points = np.column_stack([(x - west) * scale, (north - y) * scale]).round(1)
        parts.append("M" + "L".join(f"{a:g},{b:g}" for a, b in points) + "Z")
    return "".join(parts)
