"""The files of quality: the scores of every source and body, what one of them has to correct."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from geoapp.offer.quality.criteria import CRITERES
from geoapp.offer.quality.scores import POIDS_TOTAL, Qualite, list_defects
from geoapp.outputs.catalogue.resources import sources_of
from geoapp.outputs.files.formats import write_file
from geoapp.outputs.files.model import Fichier, as_columns
from geoapp.outputs.provenance import tell_provenance

FORMATS_QUALITE = ("csv", "xlsx")

SCORES = as_columns(
    ("type_entite", "Sorte", "Source ou organisme", "texte"),
    ("id_entite", "Identifiant", "Identifiant dans les données", "texte"),
    ("nom", "Nom", "Titre de la source, nom de l'organisme", "texte"),
    ("nb_offres", "Offres", "Offres de tous les catalogues", "entier"),
    ("score", "Score", "De 0 à 100 ; vide quand rien n'a pu être évalué", "reel"),
    ("part_evaluee", "Part évaluée", "Part du barème qui a pu être évaluée, de 0 à 1", "reel"),
    (
        "score_avant",
        "Score d'avant",
        "Dans l'instantané précédent ; vide quand il n'y en a pas",
        "reel",
    ),
    ("nb_defauts", "À corriger", "Constats, une offre pouvant en avoir plusieurs", "entier"),
    ("faibles", "Critères à améliorer", "Les trois qui coûtent le plus de points", "texte"),
)
"""Columns of the file of scores."""

DEFAUTS = as_columns(
    ("titre", "Critère", "Critère non satisfait", "texte"),
    ("constat", "Constat", "Ce qui ne va pas", "texte"),
    ("valeur", "Valeur", "Valeur en cause", "texte"),
    ("cure", "Comment corriger", "Ce qu'il faut faire", "texte"),
    ("titre_formation", "Formation", "Titre affiché de la formation", "texte"),
    ("intitule", "Intitulé reçu", "Intitulé, tel que fourni", "texte"),
    ("nom_organisme", "Organisme", "Organisme formateur, sinon responsable", "texte"),
    ("adresse", "Adresse", "Adresse telle que fournie", "texte"),
    ("commune", "Commune", "Commune du lieu", "texte"),
    ("id_source", "Source", "Catalogue", "texte"),
    (
        "id_action",
        "Identifiant",
        "Identifiant de l'action chez le producteur, précédé de la source",
        "texte",
    ),
    ("id_lieu", "Lieu", "Identifiant du lieu", "texte"),
)
"""Columns of the file of what is to be corrected."""


def scores_file(qualite: Qualite) -> Fichier:
    """Return the scores of every source and body as a file."""
    words = {nom: critere.titre for nom, critere in CRITERES.items()}
    table = qualite.entites.assign(
        score=qualite.entites["score"].round(1),
        score_avant=qualite.entites["score_avant"].round(1),
        part_evaluee=qualite.entites["part_evaluee"].round(3),
        faibles=qualite.entites["faibles"].map(
            lambda noms: ", ".join(words[nom] for nom in noms.split("|") if nom)
        ),
    )
    return Fichier(
        table=table,
        colonnes=SCORES,
        notice=_notice(qualite, "Scores de qualité"),
        titre="Qualité",
        nom="qualite-scores",
    )


def defects_file(qualite: Qualite, nom: str = "", **choix: str | None) -> Fichier:
    """Return what is to be corrected (see `list_defects`) as a file.

    `nom` is that of the source or body.
    """
    table = list_defects(qualite, **choix)
    title = f"À corriger : {nom}" if nom else "À corriger"
    return Fichier(
        table=pd.DataFrame(table),
        colonnes=DEFAUTS,
        notice=_notice(qualite, title),
        titre="À corriger",
        nom="qualite-a-corriger",
    )


def write_defects(qualite: Qualite, entite: dict | None, critere: str | None, out: Path) -> int:
    """Write what one source or body (all when None) has to correct; return the number of rows.

    `out` is a .csv or a .xlsx.
    """
    choix = {entite["type_entite"]: entite["id_entite"]} if entite else {}
    fichier = defects_file(qualite, entite["nom"] if entite else "", critere=critere, **choix)
    write_file(fichier, out, formats=FORMATS_QUALITE)
    return len(fichier.table)


def _notice(qualite: Qualite, title: str) -> list[tuple[str, str]]:
    """Return what must travel with the figures: what they are, the rule, the sources, dates."""
    mine = sources_of(qualite.snapshot, "qualite")
    return [
        ("Titre", title),
        (
            "Score",
            f"Somme pondérée (poids {POIDS_TOTAL}) des parts d'offres qui satisfont chaque critère "
            "évalué, ramenée à 100. Non fourni et sans objet ne comptent pas.",
        ),
        *(
            (critere.titre, f"poids {critere.poids} : {critere.mesure}")
            for critere in CRITERES.values()
        ),
        *tell_provenance(qualite.snapshot, mine.to_dict("records"), "qualité des données"),
    ]
