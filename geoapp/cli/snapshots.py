"""The commands about what is published: list it, go back to an earlier snapshot."""

from __future__ import annotations

import json
from pathlib import Path

import click

from geoapp.cli.group import DATA, main, read_settings


@main.command("snapshots")
@click.option("--json", "as_json", is_flag=True, help="En JSON, pour un programme.")
@DATA
def list_published(as_json: bool, data_dir: Path | None) -> None:
    """Liste les instantanés publiés : date, taille, entier ou abîmé, servi ou non."""
    from dataclasses import asdict

    from geoapp.core.published import list_publications

    found = list_publications(read_settings(data_dir).data_dir)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("Aucun instantané publié. Lancez « geoapp build ».")
        return
    from geoapp.cli.console import print_publications

    print_publications(found)


@main.command()
@click.argument("id_instantane", metavar="[INSTANTANÉ]", default="")
@DATA
def rollback(id_instantane: str, data_dir: Path | None) -> None:
    """Sert de nouveau un instantané plus ancien (le dernier entier d'avant, si rien n'est dit).

    Ses fichiers sont vérifiés d'abord : s'il est abîmé, rien ne change. Le serveur le prend sans
    redémarrer. Le prochain « geoapp build » publie comme d'habitude.
    """
    from geoapp.core.published import roll_back

    served = roll_back(read_settings(data_dir).data_dir, id_instantane)
    click.echo(f"Instantané servi : {served}. Le prochain « geoapp build » le remplacera.")
