"""The tables of a snapshot as files: title, columns, notice, sources, licences.

How a table is named, drawn and sourced is its row of `FICHES`; its columns are
those of `geoapp.core.schema`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geoapp.core import schema
from geoapp.core.errors import NotFoundError
from geoapp.core.french import THIN, format_date, format_number
from geoapp.core.snapshot import Snapshot, read_table
from geoapp.outputs.catalogue.licences import PARTAGE, Licence, merge_licences
from geoapp.outputs.files.model import CONTOUR, POINT, ColonneFichier, Fichier
from geoapp.outputs.files.qml import plain_style
from geoapp.reference.codes.identifiers import nearest_accepted

OFFRE = ("offre", "nomenclature", "etablissements")
"""Usages of the sources behind an offer: what is taught, the words of it, where."""

TERRITOIRE = ("communes", "zonage")
GENS = ("communes", "population", "ages")
TOUT = (*OFFRE, "offre_voisine", *TERRITOIRE, "passage", "population", "ages", "statistique")


@dataclass(frozen=True)
class FicheTable:
    """How one table is given away: title (name of its layer in QGIS), usages of its sources, what it draws, colour."""

    titre: str
    usages: tuple[str, ...]
    forme: str = ""
    couleur: str = "#0d5c63"


FICHES: dict[str, FicheTable] = {
    "organismes": FicheTable("Organismes de formation", ("offre", "etablissements")),
    "formations": FicheTable("Formations", ("offre", "nomenclature")),
    "actions": FicheTable("Actions de formation", ("offre",)),
    "sessions": FicheTable("Sessions de formation", ("offre",)),
    "lieux": FicheTable("Lieux de formation", ("offre", "etablissements"), POINT),
    "actions_lieux": FicheTable("Lieux de chaque action", ("offre",)),
    "communes": FicheTable("Communes", ("communes",), CONTOUR, "#7c8794"),
    "anciennes_communes": FicheTable("Anciennes communes", ("communes", "passage")),
    "zones": FicheTable("Zones de chaque zonage", TERRITOIRE, CONTOUR, "#6a2c91"),
    "communes_zones": FicheTable("Communes de chaque zone", TERRITOIRE),
    "lieux_zones": FicheTable("Zones de chaque lieu", ("offre", "etablissements", *TERRITOIRE)),
    "demande": FicheTable("Points de population", GENS, POINT, "#b9521f"),
    "demande_zones": FicheTable("Population des quartiers", (*GENS, "zonage")),
    "offres": FicheTable("Offre de formation", OFFRE, POINT),
    "offres_departements": FicheTable("Offre connue par département", ("offre_departement",)),
    "doublons": FicheTable("Mêmes formations de deux catalogues", OFFRE),
    "qualite": FicheTable("Qualité par critère", OFFRE),
    "defauts": FicheTable("Constats à corriger", OFFRE),
    "couches": FicheTable("Contours simplifiés", TERRITOIRE, CONTOUR, "#7c8794"),
    "rejets": FicheTable("Lignes refusées", TOUT),
    "corrections": FicheTable("Valeurs corrigées", TOUT),
    "sources": FicheTable("Sources", TOUT),
    "flux": FicheTable("Vœux et places, années passées", ("statistique",)),
    "actions_flux": FicheTable("Actions que décrit chaque flux", ("offre", "statistique")),
    "debouches": FicheTable("Débouchés des établissements, années passées", ("statistique",)),
    "offres_voisines": FicheTable(
        "Offre des départements voisins", ("offre_voisine", "nomenclature"), POINT, "#54606f"
    ),
}

NOTES = (
    "Une case vide veut dire « inconnu » (ou « aucun », pour une liste), jamais zéro.",
    "Tous les codes (commune, SIRET, UAI, NSF…) sont du texte : ils gardent leurs zéros.",
    "Les positions sont en degrés (WGS84, EPSG:4326).",
    "Dans un CSV, un texte qui commence comme une formule reçoit une apostrophe en tête ; l'enlever rend l'original.",
)
"""What a reader must know of any table."""

_LICENCE_PARTAGE = f"Une part de ces données vient d'une source sous ODbL{THIN}: cette table est à partager sous la même licence."


def find_sheet(nom: str) -> FicheTable:
    """Return the row of a table; a table that has none is named by its own name, and may come from any source."""
    default = FicheTable(
        nom.replace("_", " ").capitalize(),
        TOUT,
        CONTOUR if schema.TABLES[nom].est_geographique else "",
    )
    return FICHES.get(nom, default)


def check_table_name(nom: str) -> None:
    """Raise `NotFoundError` unless `nom` is a table; the nearest one is named."""
    if nom not in schema.TABLES:
        near = nearest_accepted(nom, schema.TABLES)
        cure = f"Vouliez-vous dire « {near} » ? " if near else ""
        raise NotFoundError(
            f"Table inconnue : « {nom[:40]} ». {cure}Tables : {', '.join(schema.TABLES)}."
        )


def table_file(snapshot: Snapshot, nom: str) -> Fichier:
    """Return one table of a snapshot as a file, read for this and not kept.

    Raises
    ------
    NotFoundError
        When there is no such table.
    """
    check_table_name(nom)
    fiche, table = find_sheet(nom), schema.TABLES[nom]
    path = snapshot.path / f"{nom}.parquet"
    columns = table_columns(nom)
    style = plain_style(fiche.forme, fiche.couleur, columns) if fiche.forme else ""
    return Fichier(
        read_table(path, nom),
        columns,
        table_notice(snapshot, nom),
        fiche.titre,
        nom,
        fiche.forme,
        len(table.cle),
        style,
        path,
    )


def table_columns(nom: str) -> list[ColonneFichier]:
    """Return the columns of a table, geometry left out; their title is their name."""
    return [
        (c.nom, c.nom, column_meaning(c), c.type)
        for c in schema.TABLES[nom].colonnes
        if c.type != "geometrie"
    ]


def column_meaning(colonne: schema.Colonne) -> str:
    """Return the meaning of a column, with the values accepted and what it refers to."""
    values = f" (valeurs{THIN}: {', '.join(colonne.valeurs)})" if colonne.valeurs else ""
    return colonne.sens + values + (f" → {colonne.renvoi}" if colonne.renvoi else "")


def table_notice(snapshot: Snapshot, nom: str) -> list[tuple[str, str]]:
    """Return what must travel with a table: meaning, key, date, parameters, rules, licences, sources."""
    table, sources = schema.TABLES[nom], sources_of(snapshot, nom)
    licences = licences_of(sources)
    return [
        ("Table", f"{find_sheet(nom).titre} ({nom})"),
        ("Contenu", table.sens),
        ("Clé", ", ".join(table.cle)),
        ("Lignes", format_number(snapshot.manifest["tables"][nom]["lignes"])),
        *describe_date(snapshot),
        *(
            ("Paramètre", f"{cle} = {valeur:g}")
            for cle, valeur in sorted(snapshot.manifest.get("parametres", {}).items())
        ),
        *(("À savoir", note) for note in NOTES),
        *(("Licence", one.titre) for one in licences),
        *share_note(licences),
        *source_lines(sources),
    ]


def share_note(licences: list[Licence]) -> list[tuple[str, str]]:
    """Return what a licence that asks to share alike means here; nothing without one."""
    return [("Licence", _LICENCE_PARTAGE)] if any(one.code in PARTAGE for one in licences) else []


def describe_date(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return which snapshot the figures are of."""
    return [
        (
            "Instantané",
            f"{snapshot.id}, assemblé le {format_date(snapshot.manifest['cree_le'][:10])}",
        )
    ]


def source_lines(sources: pd.DataFrame) -> list[tuple[str, str]]:
    """Return one line by source: title, producer, vintage, licence; fictitious ones say so."""
    return [
        (
            "Source",
            f"{s.titre}{' (données fictives)' if s.mode == 'demonstration' else ''} ; {s.producteur} ; {s.millesime} ; {s.licence}",
        )
        for s in sources.itertuples()
    ]


_NOURRIS = {"offre": "formations", "offre_voisine": "offres_voisines", "zonage": "zones"}
"""Usages of which only some sources feed the tables (the others are read and checked): the table whose `id_source` tells."""


def sources_of(snapshot: Snapshot, nom: str) -> pd.DataFrame:
    """Return the sources that feed a table (rows of the table `sources`), those that could not be had left out."""
    return sources_for(snapshot, find_sheet(nom).usages)


def sources_for(snapshot: Snapshot, usages: tuple[str, ...]) -> pd.DataFrame:
    """Return the sources that feed what is made of some usages (see `sources_of`)."""
    sources = snapshot.read("sources")
    kept = sources["usage"].isin(usages) & sources["mode"].ne("absente")
    for usage, table in _NOURRIS.items():
        fed = pd.read_parquet(snapshot.path / f"{table}.parquet", columns=["id_source"])[
            "id_source"
        ]
        kept &= sources["usage"].ne(usage) | sources["id_source"].isin(fed)
    return sources[kept]


def licences_of(sources: pd.DataFrame) -> list[Licence]:
    """Return the licences of some sources, the strictest first."""
    return merge_licences(sources["licence"])
