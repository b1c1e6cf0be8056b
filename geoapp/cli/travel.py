"""Commands about travel: write the costs, judge them, fit the laws."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from geoapp.cli.french import COMMANDE
from geoapp.cli.group import DATA, French, main, read_settings

NOMS_PROFILS = ("voiture", "velo", "pied")
"""Names of `network.PROFILS`, written again so that `geoapp --help` loads nothing."""


@main.group("trajets", cls=French, subcommand_metavar=COMMANDE, invoke_without_command=True)
@click.option("--out", type=click.Path(path_type=Path), help="Fichier Parquet à écrire.")
@click.option(
    "--mode", help="Mode de déplacement : voiture (par défaut), velo, pied…", metavar="MODE"
)
@click.option(
    "--gtfs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Horaires d'un réseau de transport en commun (archive GTFS) ; répétable.",
)
@click.option(
    "--jour",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Avec --gtfs : jour dont on prend les horaires (AAAA-MM-JJ), sinon le plus habituel.",
)
@click.option(
    "--jour-type",
    type=click.Choice(["semaine", "mercredi", "samedi"]),
    help="Avec --gtfs, au lieu de --jour : semaine (mardi ou jeudi ; d'office), mercredi, samedi.",
)
@click.option(
    "--reseau",
    metavar="EXTRAIT",
    type=click.Path(path_type=Path),
    help="Calculer les trajets sur ce réseau routier (extrait OpenStreetMap, .osm.pbf).",
)
@click.option(
    "--profil",
    type=click.Choice(NOMS_PROFILS),
    default=NOMS_PROFILS[0],
    show_default=True,
    help="Façon de se déplacer sur le réseau.",
)
@click.option(
    "--comparer",
    nargs=2,
    metavar="A B",
    help="Comparer deux matrices (fichiers, ou le mot « loi ») ; --out en dessine la carte (PNG).",
)
@DATA
@click.pass_context
def travel(
    ctx: click.Context,
    *,
    out: Path | None,
    mode: str | None,
    gtfs: tuple[Path, ...],
    jour: datetime | None,
    jour_type: str | None,
    reseau: Path | None,
    profil: str,
    comparer: tuple[str, str] | None,
    data_dir: Path | None,
) -> None:
    """Écrit la matrice de trajets, modèle de celle que « build --trajets » accepte."""
    if ctx.invoked_subcommand:
        return
    if comparer:
        from geoapp.cli.comparison_report import compare

        compare(*comparer, out, mode=mode, data_dir=data_dir)
        return
    if out is None:
        raise click.UsageError("Missing option '--out'.", ctx=ctx)
    if reseau is not None:
        _write_network(reseau, profil, out, mode=mode, data_dir=data_dir)
    elif gtfs:
        _write_transit(gtfs, out, jour=jour, type_jour=jour_type, data_dir=data_dir)
    elif jour or jour_type:
        raise click.UsageError("--jour et --jour-type ne vont qu'avec --gtfs.", ctx=ctx)
    else:
        _write_model(out, mode, data_dir)


def _write_network(
    pbf: Path, profil: str, out: Path, *, mode: str | None, data_dir: Path | None
) -> None:
    """Work out the costs of a road network, write them, and say what they are worth."""
    from geoapp.cli.network_report import write_costs

    write_costs(pbf, profil, out, read_settings(data_dir), mode=mode)


def _write_transit(
    gtfs: tuple[Path, ...],
    out: Path,
    *,
    jour: datetime | None,
    type_jour: str | None,
    data_dir: Path | None,
) -> None:
    """Write the costs by public transport of some feeds, and say what they hold."""
    from geoapp.cli.transit import write_transit

    if jour and type_jour:
        raise click.UsageError("--jour et --jour-type ne vont pas ensemble : donnez l'un des deux.")
    write_transit(
        gtfs,
        out,
        read_settings(data_dir).data_dir,
        jour=jour.date() if jour else None,
        type_jour=type_jour or "semaine",
    )


def _write_model(out: Path, mode: str | None, data_dir: Path | None) -> None:
    """Write the costs of the snapshot served by one way of travelling, and say how many."""
    from geoapp.core.errors import ParameterError
    from geoapp.core.snapshot import open_snapshot
    from geoapp.coverage.travel import open_trajets
    from geoapp.coverage.travel.given import write_parquet
    from geoapp.coverage.travel.modes import MODES

    matrices = open_trajets(open_snapshot(read_settings(data_dir).data_dir))
    mode = mode or matrices.defaut
    if mode not in matrices.modes:
        raise ParameterError(
            f"Cet instantané n'a pas de trajets « {mode} ». Il a : {', '.join(matrices.modes)}."
        )
    nb = write_parquet(matrices.trajets(mode), out)
    click.echo(f"{out} : {nb} trajets {MODES[mode].phrase}.")
