"""What a file of planning holds: where to open, one row by opening, its notice with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geoapp.core.config import CRS_GEO
from geoapp.coverage.model import in_households
from geoapp.coverage.sentences import list_sources
from geoapp.coverage.world import World
from geoapp.outputs.files.formats import write_file
from geoapp.outputs.files.model import DEGRES, POINT, Fichier, as_columns
from geoapp.outputs.provenance import tell_provenance
from geoapp.planning.candidates import REALITES
from geoapp.planning.opening import Sites
from geoapp.planning.words import describe_search, list_notes, tell_access, tell_sites

COLONNES = (
    *as_columns(
        ("rang", "Rang", "Ordre des ouvertures, celle qui apporte le plus d'abord", "entier"),
        ("code_commune", "Code commune", "Code INSEE de la commune", "texte"),
        ("nom_commune", "Commune", "Commune où ouvrir", "texte"),
        ("nom", "Lieu candidat", "Établissement, lieu de formation ou mairie", "texte"),
        ("realite", "Ce qu'il est", "Ce que l'on sait du lieu candidat", "texte"),
        (
            "personnes",
            "Habitants rapprochés",
            "Habitants qui passent sous le seuil, en plus des ouvertures d'avant ; vide de 1 à 4",
            "entier",
        ),
        ("cumul", "Cumul", "Habitants rapprochés par toutes les ouvertures jusque-là", "entier"),
        ("nb_egales", "Communes égales", "Communes qui font aussi bien à 1 % près", "entier"),
        ("egales", "Lesquelles", "Les premières d'entre elles", "texte"),
    ),
    *DEGRES,
)
"""Columns of the file of openings."""


def sites_file(world: World, sites: Sites) -> Fichier:
    """Return an answer of siting as a file, to be written in any format."""
    rows = [
        {
            "rang": one.rang,
            "code_commune": one.code_commune,
            "nom_commune": one.nom_commune,
            "nom": one.nom,
            "realite": REALITES[one.realite],
            "personnes": one.personnes,
            "cumul": one.cumul,
            "nb_egales": one.nb_egales,
            "egales": ", ".join(one.egales),
            "longitude": one.longitude,
            "latitude": one.latitude,
        }
        for one in sites.ouvertures
    ]
    table = pd.DataFrame(rows, columns=[one.nom for one in COLONNES])
    for nom in ("rang", "personnes", "cumul", "nb_egales"):
        table[nom] = table[nom].astype("float64").round().astype("Int64")
    points = gpd.points_from_xy(table["longitude"].astype(float), table["latitude"].astype(float))
    notice = [
        ("Titre", describe_search(sites.recherche)),
        ("À retenir", tell_sites(sites)),
        ("Inégalité d'accès", tell_access(sites.acces_avant, sites.acces_apres) or "inconnue"),
        *(("À savoir", note) for note in list_notes(world, sites)),
        *tell_provenance(world.snapshot, list_sources(world), "où ouvrir"),
    ]
    return Fichier(
        table=gpd.GeoDataFrame(table, geometry=points, crs=CRS_GEO),
        colonnes=tuple(
            replace(
                one,
                titre=in_households(one.titre, sites.recherche.question.public),
                sens=in_households(one.sens, sites.recherche.question.public),
            )
            for one in COLONNES
        ),
        notice=notice,
        titre="Où ouvrir",
        nom="ou-ouvrir",
        forme=POINT,
        nb_figees=3,
    )


def write_sites(world: World, sites: Sites, out: Path) -> None:
    """Write the openings to `out`, in the format that its extension names."""
    write_file(sites_file(world, sites), out)
