"""The commands about what is published: list it, go back to an earlier one, put it in PostGIS."""

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


@main.command()
@click.option(
    "--postgis",
    "dsn",
    metavar="BASE",
    required=True,
    help="Base PostGIS : « postgresql://utilisateur@serveur/base », ou « service=geoforma ». "
    "Le mot de passe se lit dans PGPASSWORD ou ~/.pgpass.",
)
@click.option(
    "--schema",
    "nom",
    default="geoforma",
    help="Schéma que les autres logiciels lisent (geoforma).",
)
@DATA
def publish(dsn: str, nom: str, data_dir: Path | None) -> None:
    """Écrit l'instantané servi dans une base PostGIS, tout ou rien, sans gêner ceux qui la lisent.

    Les vues du schéma « geoforma » montrent toujours le dernier instantané publié ; le précédent
    est gardé dans le sien. Le rôle « geoforma_lecture » les lit sans rien pouvoir changer.
    """
    from geoapp.core.snapshot import open_snapshot
    from geoapp.outputs.postgis.publication import check_name, publish_postgis
    from geoapp.outputs.postgis.refusals import has_password

    check_name(nom)
    if has_password(dsn):
        _warn("Un mot de passe dans la commande se lit par d'autres : préférez ~/.pgpass.")
    done = publish_postgis(open_snapshot(read_settings(data_dir).data_dir).path, dsn, nom)
    written = f"{done.nb_tables} tables, {done.nb_lignes} lignes" if done.nb_tables else "déjà là"
    click.echo(f"Publié : {done.instantane} ({written}).")
    click.echo(f"À lire : schéma {done.schema}, {done.nb_vues} vues.")
    if done.role:
        click.echo(f"Donner à lire : GRANT {done.role} TO agent;")
    for one in done.retires:
        click.echo(f"Retiré : {one}.")
    for one in done.reserves:
        _warn(one)


def _warn(words: str) -> None:
    click.secho(f"Attention : {words}", fg="yellow", err=True)
