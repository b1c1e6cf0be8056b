"""What a file about the need, or who is trained, holds: rows shown, columns, notice."""

from __future__ import annotations

from geoapp.core.schema import TABLES
from geoapp.core.schema.model import INDICES_TENSION
from geoapp.core.snapshot import Snapshot
from geoapp.outputs.files.model import (
    ColonneFichier,
    Fichier,
    as_columns,
    make_column,
    plain_rows,
)
from geoapp.outputs.provenance import tell_provenance
from geoapp.planning.need_answer import ReponseBesoin
from geoapp.planning.need_words import BESOINS_DITS, OFFRES_DITES, list_notes, tell_need, title_of
from geoapp.planning.trained import COLONNES as FORMES
from geoapp.planning.trained import NOTES, Formes
from geoapp.reference.zonings import TERRITOIRES

TITRES = {
    "type_zone": "Zonage",
    "code_zone": "Code de la zone",
    "nom_zone": "Zone",
    "code_famille": "Code de la famille",
    "nom_famille": "Famille de métiers",
    "nb_projets": "Projets de recrutement",
    "nb_difficiles": "Dont difficiles",
    "nb_saisonniers": "Dont saisonniers",
    "nb_bassins": "Bassins publiés",
    "nb_tus": "Bassins au nombre tu",
    "nb_projets_juges": "Projets aux difficiles connus",
    "nb_difficiles_tus": "Bassins aux difficiles tus",
    "nb_saisonniers_tus": "Bassins aux saisonniers tus",
    "est_repartie": "Passage par la population",
    "projets_pour_1000": "Projets pour 1 000 habitants",
    "nb_demandeurs": "Demandeurs d'emploi publiés",
    "nb_demandeurs_tus": "Bassins aux demandeurs non publiés",
    "annee_demandeurs": "Année des demandeurs d'emploi",
    "tension": "Tension (1 à 5)",
    "causes": "Causes fortes",
    "annee_tension": "Année de la tension",
    "nb_formations": "Formations de la zone",
    "nb_lieux": "Lieux",
    "nb_places": "Places connues",
    "nb_sans_places": "Formations aux places inconnues",
    "nb_entrants": "Élèves de première année",
    "nb_sortants": "Élèves de dernière année",
    "annee_eleves": "Année des élèves",
    "trajet_median_min": "Trajet médian (min)",
    "part_30_min": "Part à 30 min",
    "proche_titre": "Formation la plus proche",
    "proche_commune": "Sa commune",
    "trajet_proche_min": "Son trajet médian (min)",
    "proche_portee": "Sa voie et l'année de sa source",
    "besoin": "Besoin",
    "offre": "Offre",
    "sans_formation": "Pourquoi aucune formation n'y est reliée",
    "offre_relative": "Formations par projet, rapportées à la région",
}
"""Columns of a file, in their order, under their titles."""

_SENS = {
    "nom_zone": ("Nom de la zone", "texte"),
    "nom_famille": ("Famille de métiers de l'enquête", "texte"),
    "sans_formation": (
        "Vide si une formation de nos sources, dans la région, mène à la famille",
        "texte",
    ),
    "proche_titre": ("Formation reliée la plus proche pour le plus d'habitants", "texte"),
    "proche_commune": ("Commune où elle est donnée", "texte"),
    "proche_portee": ("Voie, et millésime de la source qui la donne", "texte"),
}

_MOTS = {
    "besoin": BESOINS_DITS,
    "offre": OFFRES_DITES,
    "causes": INDICES_TENSION,
    "type_zone": {nom: row.singulier for nom, row in TERRITOIRES.items()},
}
"""Words of the codes of a file, for readers."""


def need_columns() -> list[ColonneFichier]:
    """Return the columns of a file: those of the table, and what names its rows."""
    known = {one.nom: (one.sens, one.type) for one in TABLES["besoins_offres"].colonnes}
    return [
        make_column(nom, titre, *(_SENS.get(nom) or known[nom]), libelles=_MOTS.get(nom))
        for nom, titre in TITRES.items()
    ]


def describe_need(reponse: ReponseBesoin, snapshot: Snapshot) -> dict:
    """Return an answer ready for JSON: the body of the API."""
    return {
        "titre": title_of(reponse),
        "phrases": tell_need(reponse),
        "notes": list_notes(reponse),
        "lignes": [
            dict(zip(TITRES, row, strict=True)) for row in plain_rows(reponse.lignes, list(TITRES))
        ],
        "colonnes": {one.nom: {"titre": one.titre, "sens": one.sens} for one in need_columns()},
        "sources": reponse.sources,
        "instantane": snapshot.id,
    }


def need_file(snapshot: Snapshot, reponse: ReponseBesoin) -> Fichier:
    """Return an answer as a file, with its sentences, its notes and its sources."""
    place = reponse.question.famille or reponse.question.territoire.replace(":", "-")
    return Fichier(
        table=reponse.lignes[list(TITRES)],
        colonnes=need_columns(),
        notice=[
            ("Titre", title_of(reponse)),
            *(("À retenir", phrase) for phrase in tell_need(reponse)),
            *(("À savoir", note) for note in list_notes(reponse)),
            *tell_provenance(snapshot, reponse.sources, "besoin et offre de formation"),
        ],
        titre="Besoin et offre",
        nom=f"besoins-{place}",
        nb_figees=5,
    )


_USAGES_FORMES = ("besoins", "familles_rome", "statistique")
"""Usages of the sources of families, of pupils and of rates, beside the catalogues."""


def trained_file(snapshot: Snapshot, formes: Formes, titre: str) -> Fichier:
    """Return who is trained near a place as a file; `titre` is the question in words."""
    sources = snapshot.read("sources")
    used = sources[
        sources["id_source"].isin(formes.sources)
        | (sources["usage"].isin(_USAGES_FORMES) & sources["mode"].ne("absente"))
    ]
    return Fichier(
        table=formes.lignes,
        colonnes=as_columns(*((nom, *row) for nom, row in FORMES.items())),
        notice=[
            ("Titre", titre),
            ("À retenir", formes.phrase),
            ("Années des places", ", ".join(formes.annees_places) or "inconnues"),
            ("Année des élèves", formes.annee_eleves or "inconnue"),
            *(("À savoir", note) for note in NOTES),
            *tell_provenance(snapshot, used.to_dict("records"), "qui se forme"),
        ],
        titre="Qui se forme",
        nom="qui-se-forme",
        nb_figees=2,
    )
