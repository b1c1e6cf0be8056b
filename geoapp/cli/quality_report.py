"""What `geoapp quality` prints: scores of the sources, criteria of one, what to correct."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from geoapp.cli.terminal import decimal, open_console
from geoapp.core.french import count
from geoapp.offer.quality.scores import Qualite, list_defects, score_parts

_SHOWN = 20
"""Points to correct shown at most."""


def print_quality(qualite: Qualite, entite: dict | None, critere: str | None) -> None:
    """Print the scores of the sources, or the criteria of one entity, then what to correct."""
    console = open_console()
    if entite is None:
        console.print(_scores_table(qualite))
        bodies = qualite.entites[qualite.entites["type_entite"].eq("organisme")]
        console.print(
            f"{count(len(bodies), 'organisme')}, dont {int(bodies['nb_defauts'].gt(0).sum())} "
            "ont quelque chose à corriger. Un seul : geoapp quality --organisme NOM.",
            highlight=False,
            markup=False,
        )
    else:
        console.print(_criteria_table(qualite, entite))
    choix = {entite["type_entite"]: entite["id_entite"]} if entite else {}
    found = list_defects(qualite, critere=critere, **choix)
    shown = found.head(_SHOWN if entite or critere else 0)
    end = f", les {len(shown)} premiers :" if len(found) > len(shown) else " :"
    if not len(shown):
        end = "."
    console.print(f"{count(len(found), 'point')} à corriger{end}", highlight=False, markup=False)
    for row in shown.to_dict("records"):
        console.print(
            f"- {row['id_action']} : {row['titre']}. {row['constat']}",
            highlight=False,
            markup=False,
        )


def _scores_table(qualite: Qualite) -> Table:
    """Return the score of each source."""
    table = Table(
        "Source",
        "Score",
        "Barème évalué",
        "Offres",
        "À corriger",
        "Avant",
        title=f"Qualité des données, instantané {qualite.snapshot.id}",
        title_justify="left",
    )
    for row in qualite.entites[qualite.entites["type_entite"].eq("source")].to_dict("records"):
        table.add_row(
            Text(row["nom"]),
            decimal(row["score"]),
            decimal(100 * row["part_evaluee"]) + " %",
            str(row["nb_offres"]),
            str(row["nb_defauts"]),
            decimal(row["score_avant"]),
        )
    return table


def _criteria_table(qualite: Qualite, entite: dict) -> Table:
    """Return the criteria of one entity, and how to correct what they miss."""
    table = Table(
        "Critère",
        "Poids",
        "Concernées",
        "Satisfaites",
        "Part",
        "Comment corriger",
        title=f"{entite['nom']} : {decimal(entite['score'])} sur 100",
        title_justify="left",
    )
    for part in score_parts(qualite, entite["type_entite"], entite["id_entite"]):
        table.add_row(
            part["titre"],
            str(part["poids"]),
            str(part["nb_applicables"]),
            str(part["nb_satisfaites"]),
            _share(part),
            part["cure"],
        )
    return table


def _share(part: dict) -> str:
    """Return the share of the offers that satisfy a criterion, or why there is none."""
    if part["etat"] == "non_fourni":
        return "non fourni"
    return "sans objet" if part["part"] is None else decimal(100 * part["part"]) + " %"
