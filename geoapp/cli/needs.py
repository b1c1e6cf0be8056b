"""The command of the need against the offer: parse, call, print."""

from __future__ import annotations

import json
from pathlib import Path

import click

from geoapp.cli.early import TABLEUR, check_out
from geoapp.cli.group import DATA, main, read_settings

_MONTREES = 25
"""Rows printed; the file of `--out` has them all."""


@main.command()
@click.option(
    "--territoire", help="region (par défaut), bassin2024:3223, ze2020:Maubeuge, departement:59."
)
@click.option("--groupe", help="Groupe de familles de l'enquête (une lettre), ou sante.")
@click.option("--famille", help="Code d'une famille de métiers : ses nombres zone par zone.")
@click.option("--decoupage", help="bassin2024 (par défaut), ze2020 ou departement.")
@click.option("--liste", help="toutes (par défaut), fort_loin ou faible_forte.")
@click.option("--json", "est_json", is_flag=True, help="La réponse de l'API, en JSON.")
@click.option("--out", type=click.Path(path_type=Path), help="Toutes les lignes, en .csv ou .xlsx.")
@DATA
def needs(*, est_json: bool, out: Path | None, data_dir: Path | None, **parametres) -> None:
    """Compare les besoins de recrutement et l'offre de formation, par famille de métiers."""
    check_out(out, TABLEUR)
    from geoapp.cli.encoding import print_data
    from geoapp.core.snapshot import open_snapshot
    from geoapp.outputs.files.formats import write_file
    from geoapp.outputs.needs import describe_need, need_file
    from geoapp.planning.need_answer import answer_need, parse_need

    snapshot = open_snapshot(read_settings(data_dir).data_dir)
    given = {nom: valeur for nom, valeur in parametres.items() if valeur}
    reponse = answer_need(snapshot, parse_need(given, snapshot))
    if out:
        write_file(need_file(snapshot, reponse), out, formats=("csv", "xlsx"))
    if est_json:
        print_data(json.dumps(describe_need(reponse, snapshot), ensure_ascii=False, indent=1))
    else:
        _print(reponse)
        if out:
            click.echo(f"{out} : {len(reponse.lignes)} lignes.")


def _print(reponse) -> None:
    """Print the sentences, the rows, the notes."""
    from rich.table import Table

    from geoapp.cli.terminal import open_console, plain
    from geoapp.planning import need_words as mots

    console = open_console()
    table = Table(title=mots.title_of(reponse), title_justify="left")
    columns = ("Famille ou zone", "Projets", "Difficiles", "Formations", "À 30 min", "Besoin")
    for titre in (*columns, "Offre", "La plus proche"):
        table.add_column(titre)
    for row in reponse.lignes.head(_MONTREES).itertuples():
        cells = (
            row.nom,
            mots.say_projects(row),
            mots.say_difficult(row),
            mots.say_number(row.nb_formations),
            mots.say_near(row),
            mots.BESOINS_DITS[row.besoin],
            mots.OFFRES_DITES[row.offre],
            mots.say_nearest(row),
        )
        table.add_row(*map(plain, cells))
    console.print(table)
    more = len(reponse.lignes) - _MONTREES
    if more > 0:
        console.print(f"… et {more} autres lignes : --out fichier.csv les donne toutes.")
    for phrase in mots.tell_need(reponse):
        console.print(phrase, highlight=False, markup=False)
    for note in mots.list_notes(reponse):
        console.print(f"- {note}", highlight=False, markup=False)
