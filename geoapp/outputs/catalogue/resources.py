"""The tables of a snapshot as files: title, columns, notice, sources, licences.

How a table is named and drawn is its row of `FICHES`; its columns are those of
`geoapp.core.schema`, and the rows of `geoapp.sources.usages` say what feeds it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geoapp.core import schema
from geoapp.core.errors import NotFoundError
from geoapp.core.french import format_number, typeset
from geoapp.core.memory import Memory
from geoapp.core.snapshot import Snapshot, read_table
from geoapp.outputs.catalogue.licences import Licence, merge_licences
from geoapp.outputs.catalogue.titles import table_column
from geoapp.outputs.files.domains import domain_style
from geoapp.outputs.files.model import CONTOUR, POINT, ColonneFichier, Fichier
from geoapp.outputs.files.qml import plain_style
from geoapp.outputs.provenance import tell_provenance
from geoapp.reference.codes.identifiers import refusal
from geoapp.sources.usages import USAGES, feeding


@dataclass(frozen=True)
class FicheTable:
    """How one table is given away: title (name of its layer in QGIS), what it draws, colour."""

    titre: str
    forme: str = ""
    couleur: str = "#0d5c63"


DOMAINE = "code_domaine"
"""Column by which a layer of offers is coloured."""

FICHES: dict[str, FicheTable] = {
    "organismes": FicheTable("Organismes de formation"),
    "formations": FicheTable("Formations"),
    "actions": FicheTable("Actions de formation"),
    "sessions": FicheTable("Sessions de formation"),
    "lieux": FicheTable("Lieux de formation", POINT),
    "actions_lieux": FicheTable("Lieux de chaque action"),
    "communes": FicheTable("Communes", CONTOUR, "#7c8794"),
    "anciennes_communes": FicheTable("Anciennes communes"),
    "zones": FicheTable("Zones de chaque zonage", CONTOUR, "#6a2c91"),
    "communes_zones": FicheTable("Communes de chaque zone"),
    "lieux_zones": FicheTable("Zones de chaque lieu"),
    "demande": FicheTable("Points de population", POINT, "#b9521f"),
    "demande_zones": FicheTable("Population des quartiers"),
    "offres": FicheTable("Offre de formation", POINT),
    "offres_departements": FicheTable("Offre connue par département"),
    "doublons": FicheTable("Mêmes formations de deux catalogues"),
    "qualite": FicheTable("Qualité par critère"),
    "defauts": FicheTable("Constats à corriger"),
    "couches": FicheTable("Contours simplifiés", CONTOUR, "#7c8794"),
    "rejets": FicheTable("Lignes refusées"),
    "corrections": FicheTable("Valeurs corrigées"),
    "sources": FicheTable("Sources"),
    "flux": FicheTable("Vœux et places, années passées"),
    "actions_flux": FicheTable("Actions que décrit chaque flux"),
    "debouches": FicheTable("Débouchés des établissements, années passées"),
    "debouches_region": FicheTable("Débouchés d'une formation dans la région, années passées"),
    "actions_debouches": FicheTable("Actions que décrivent les débouchés régionaux"),
    "appellations": FicheTable("Noms des métiers"),
    "perimetre": FicheTable("Ce que les sources tiennent de l'offre"),
    "totaux": FicheTable("Totaux extérieurs"),
    "lieux_information": FicheTable("Lieux d'information et d'orientation", POINT, "#8a5a00"),
    "familles_metiers": FicheTable("Familles de métiers"),
    "besoins": FicheTable("Projets de recrutement"),
    "tensions": FicheTable("Tensions sur les métiers"),
    "demandeurs_secteurs": FicheTable("Demandeurs d'emploi par secteur"),
    "mesures_communes": FicheTable("Publics et emploi par commune"),
    "formations_familles": FicheTable("Familles de métiers de chaque formation"),
    "besoins_offres": FicheTable("Besoin et offre, par zone et famille"),
    "offres_voisines": FicheTable("Offre des départements voisins", POINT, "#54606f"),
}

NOTES = (
    "Une case vide veut dire « inconnu » (ou « aucun », pour une liste), jamais zéro.",
    "Tous les codes (commune, SIRET, UAI, NSF…) sont du texte : ils gardent leurs zéros.",
    "Les positions sont en degrés (WGS84, EPSG:4326).",
    "Dans un CSV, un texte qui commence comme une formule reçoit une apostrophe en tête ; "
    "l'enlever rend l'original.",
)
"""What a reader must know of any table."""


def find_sheet(nom: str) -> FicheTable:
    """Return the row of a table; a table that has none is named by its own name."""
    if nom in FICHES:
        return FICHES[nom]
    forme = CONTOUR if schema.TABLES[nom].est_geographique else ""
    return FicheTable(nom.replace("_", " ").capitalize(), forme)


def check_table_name(nom: str) -> None:
    """Raise `NotFoundError` unless `nom` is a table; the nearest one is named."""
    if nom not in schema.TABLES:
        raise NotFoundError(refusal("Table inconnue", nom, "Tables", schema.TABLES))


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
    return Fichier(
        table=read_table(path, nom),
        colonnes=columns,
        notice=table_notice(snapshot, nom),
        titre=fiche.titre,
        nom=nom,
        forme=fiche.forme,
        nb_figees=len(table.cle),
        style=_style(fiche, columns),
        parquet=path,
    )


def _style(fiche: FicheTable, columns: list[ColonneFichier]) -> str:
    """Return the style of a table in QGIS: offers by domain, other layers in one colour."""
    if fiche.forme == POINT and any(one.nom == DOMAINE for one in columns):
        return domain_style(DOMAINE, columns)
    return plain_style(fiche.forme, fiche.couleur, columns) if fiche.forme else ""


def table_columns(nom: str) -> list[ColonneFichier]:
    """Return the columns of a table, geometry left out, under their titles."""
    return [
        table_column(one, column_meaning(one))
        for one in schema.TABLES[nom].colonnes
        if one.type != "geometrie"
    ]


def column_meaning(colonne: schema.Colonne) -> str:
    """Return the meaning of a column, with the values accepted and what it refers to."""
    values = f" (valeurs : {', '.join(colonne.valeurs)})" if colonne.valeurs else ""
    return colonne.sens + typeset(values) + (f" → {colonne.renvoi}" if colonne.renvoi else "")


def table_notice(snapshot: Snapshot, nom: str) -> list[tuple[str, str]]:
    """Return what must travel with a table: meaning, key, date, rules, licences, sources."""
    table, sources = schema.TABLES[nom], sources_of(snapshot, nom)
    return [
        ("Table", f"{find_sheet(nom).titre} ({nom})"),
        ("Contenu", table.sens),
        ("Clé", ", ".join(table.cle)),
        ("Lignes", format_number(snapshot.nb_rows(nom))),
        *(
            ("Paramètre", f"{cle} = {valeur:g}")
            for cle, valeur in sorted(snapshot.manifest.get("parametres", {}).items())
        ),
        *(("À savoir", note) for note in NOTES),
        *tell_provenance(snapshot, sources.to_dict("records"), f"table « {nom} »"),
    ]


def sources_of(snapshot: Snapshot, nom: str) -> pd.DataFrame:
    """Return the sources that feed a table, or the indicators, as rows of the table `sources`.

    Those that could not be had are left out; a table that no usage names may come from any source.
    """
    return feeding_table(sources_used(snapshot), nom)


def feeding_table(used: pd.DataFrame, nom: str) -> pd.DataFrame:
    """Return those of the sources used that feed a table, or the indicators."""
    return used[used["usage"].isin(feeding_usages(nom))]


def feeding_usages(nom: str) -> tuple[str, ...]:
    """Return the usages whose sources feed a table, or the indicators."""
    return feeding(nom) or feeding("sources")


_EMPLOYEES = Memory(4)
"""Sources that feed a table, by snapshot: each file tells them."""


def sources_used(snapshot: Snapshot) -> pd.DataFrame:
    """Return the sources that feed any table, as rows of the table `sources`; not to be changed."""
    return _EMPLOYEES.get(snapshot.path, lambda: _sources_used(snapshot))


def _sources_used(snapshot: Snapshot) -> pd.DataFrame:
    sources = snapshot.read("sources")
    kept = sources["mode"].ne("absente")
    # Of some usages, only some sources feed the tables: the others are read and checked.
    for usage in USAGES.values():
        if usage.temoin:
            path = snapshot.path / f"{usage.temoin}.parquet"
            fed = pd.read_parquet(path, columns=["id_source"])["id_source"]
            kept &= sources["usage"].ne(usage.nom) | sources["id_source"].isin(fed)
    return sources[kept]


def licences_of(sources: pd.DataFrame) -> list[Licence]:
    """Return the licences of some sources, the strictest first."""
    return merge_licences(sources["licence"])
