"""What `geoapp gaps` prints: apart from the other reports, which load much more."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.table import Table

from geoapp.cli.terminal import open_console
from geoapp.coverage.answer import Reponse
from geoapp.coverage.indicators import INDICATEURS, show_value
from geoapp.coverage.model import describe_question
from geoapp.offer.perimeter import CONNUE

_GAPS = (
    "population",
    "population_non_couverte",
    "part_non_couverte",
    "mediane",
    "e2sfca",
    "nb_offres",
)
"""Indicators printed by `geoapp gaps`; the file has them all."""


def print_gaps(reponse: Reponse, out: Path | None) -> None:
    """Print an answer of coverage: the sentence, the worst zones, the notes."""
    console = open_console()
    rows = reponse.tableau.sort_values(
        ["population_non_couverte", "code_zone"], ascending=[False, True]
    ).head(25)
    title = f"{describe_question(reponse.question)}{reponse.perimetre.suffixe}"
    table = Table(title=title, title_justify="left")
    for titre in ("Code", "Zone", *(INDICATEURS[nom].titre for nom in _GAPS), "Cause", "Solidité"):
        table.add_column(titre)
    for row in rows.to_dict("records"):
        cells = [show_value(row, nom, reponse.question.unite) for nom in _GAPS]
        table.add_row(
            row["code_zone"],
            row["nom"],
            *cells,
            *("" if pd.isna(row[nom]) else row[nom] for nom in ("cause", "solidite")),
        )
    console.print(table)
    console.print(reponse.phrase, highlight=False, markup=False)
    if reponse.perimetre.statut == CONNUE:
        console.print(reponse.perimetre.phrase, highlight=False, markup=False)
    for note in reponse.notes:
        console.print(f"- {note}", highlight=False, markup=False)
    if out:
        console.print(f"{out} : {len(reponse.tableau)} zones.", highlight=False, markup=False)
