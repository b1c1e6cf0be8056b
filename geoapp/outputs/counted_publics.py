"""The publics counted by commune, as a file and as an answer of the API."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from geoapp.coverage.counted_publics import PublicCompte, count_publics, part_of_all, tell_publics
from geoapp.coverage.model import Question, describe_asked, describe_reach
from geoapp.coverage.sentences import list_sources
from geoapp.coverage.world import World
from geoapp.outputs.files.model import ColonneFichier, Fichier, as_columns, plain_rows
from geoapp.outputs.provenance import tell_provenance

NOTES = (
    "Les personnes d'un public sont comptées par commune et supposées vivre là où vivent ses "
    "habitants.",
    "Une commune dont le nombre est tu n'est dans aucune somme. Les nombres sont de leur année.",
    "Les jeunes non scolarisés sont une estimation du recensement ; ceux qui travaillent en sont.",
)
"""What must be known of these numbers."""

_ENTIERS = ("nombre", "nb_loin", "publie")
"""Numbers of people, told whole: some are sums of estimates."""

COLONNES: tuple[ColonneFichier, ...] = tuple(
    replace(one, decimales=0) if one.nom in _ENTIERS else one
    for one in as_columns(
        ("nom", "Code", "Public", "texte"),
        ("titre", "Public", "Public, en clair", "texte"),
        ("annee", "Année", "Année des nombres", "texte"),
        ("nombre", "Nombre connu", "Personnes ou foyers des communes au nombre connu", "reel"),
        ("nb_loin", "Trop loin", "Dont vivent au-delà du seuil ; vide si inconnu ou petit", "reel"),
        ("part_loin", "Part trop loin", "Part au-delà du seuil", "reel"),
        ("part_de_tous", "Part de tous", "Part de tous les habitants au-delà du seuil", "reel"),
        ("nb_tues", "Communes au nombre tu", "Communes ou quartiers laissés de côté", "entier"),
        ("publie", "Publié pour la région", "Total du producteur pour la région", "reel"),
        ("gini", "Gini de l'accès", "Inégalité d'accès : 0, tous pareils", "reel"),
    )
)


def counted_table(found: list[PublicCompte], everybody: float) -> pd.DataFrame:
    """Return the publics as a table, a row each."""
    rows = [{**vars(one), "part_de_tous": everybody} for one in found]
    return pd.DataFrame(rows, columns=[one.nom for one in COLONNES])


def _title(question: Question) -> str:
    """Return what is asked; each public is counted, whoever the question counts."""
    return describe_asked(replace(question, public="tous"))


def describe_publics(world: World, question: Question) -> dict:
    """Return the publics ready for JSON: the body of the API."""
    found, everybody = count_publics(world, question), part_of_all(world, question)
    names = [one.nom for one in COLONNES]
    return {
        "titre": _title(question),
        "phrase": tell_publics(found, everybody),
        "notes": list(NOTES),
        "publics": [
            dict(zip(names, row, strict=True))
            for row in plain_rows(counted_table(found, everybody), names)
        ],
        "instantane": world.snapshot.id,
    }


def counted_file(world: World, question: Question) -> Fichier:
    """Return the publics as a file, with what must be known and their sources."""
    found, everybody = count_publics(world, question), part_of_all(world, question)
    sources = world.snapshot.read("sources")
    used = sources[sources["usage"].eq("mesures_communes") & sources["mode"].ne("absente")]
    return Fichier(
        table=counted_table(found, everybody),
        colonnes=COLONNES,
        notice=[
            ("Titre", f"Publics : {_title(question)}"),
            ("À retenir", tell_publics(found, everybody)),
            ("Seuil", f"{describe_reach(question)}, compris"),
            *(("À savoir", note) for note in NOTES),
            *tell_provenance(
                world.snapshot,
                # Of the distances too: offer, people, zones.
                [*list_sources(world), *used.to_dict("records")],
                "publics comparés",
            ),
        ],
        titre="Publics",
        nom="publics",
        nb_figees=2,
    )
