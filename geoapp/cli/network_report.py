"""`geoapp trajets --reseau`: its progress, its file, then what the network is and reaches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from geoapp.cli.terminal import number, open_console, plain
from geoapp.core.config import Settings
from geoapp.core.errors import ParameterError
from geoapp.core.snapshot import open_snapshot
from geoapp.coverage.travel.choice import list_origins, list_places, read_tables
from geoapp.coverage.travel.intrazonal import find_floors
from geoapp.coverage.travel.modes import VOITURE, VOITURE_FLUIDE
from geoapp.coverage.travel.network import (
    PROFILS,
    report_network,
    warn_of,
    work_out_network,
    write_network,
)
from geoapp.coverage.travel.network.matrix import Reseau


def write_costs(
    pbf: Path, profil: str, out: Path, settings: Settings, *, mode: str | None = None
) -> None:
    """Work out the costs of a road network for the snapshot served, write them and report.

    Raises
    ------
    ParameterError
        When the profile does not give the mode that is asked.
    """
    row = PROFILS[profil]
    given = (row.mode, VOITURE) if row.mode == VOITURE_FLUIDE else (row.mode,)
    if mode and mode not in given:
        raise ParameterError(
            f"--mode {mode} : le profil « {profil} » donne {' ou '.join(given)} sur un réseau."
        )
    snapshot = open_snapshot(settings.data_dir)
    frames = read_tables(snapshot)
    points, places = list_origins(frames), list_places(frames)
    with watching_network() as (say, watch):
        found = work_out_network(
            pbf,
            row,
            points,
            places,
            data_dir=settings.data_dir,
            python=settings.python_reseau,
            avec_trafic=mode == VOITURE,
            floors=find_floors(points, places, frames["communes"]),
            say=say,
            watch=watch,
        )
    print_network(found, out, write_network(found, out))


@contextmanager
def watching_network() -> Iterator[tuple]:
    """Show the step being done; give `say(step)` and `watch(step, done, total)`."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[blocs]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=open_console()) as progress:
        task = progress.add_task("", total=None, blocs="")

        def say(step: str) -> None:
            progress.reset(task, description=step.capitalize(), total=None, blocs="")

        def watch(step: str, done: int, total: int) -> None:
            told = f"{done} blocs sur {total}"
            progress.update(task, completed=done, total=total, blocs=told)

        yield say, watch
        progress.update(task, visible=False)


def print_network(reseau: Reseau, out: Path, nb: int) -> None:
    """Print what was done, what to know, and the file written."""
    console = open_console()
    for line in report_network(reseau):
        console.print(plain(line), highlight=False)
    for warning in warn_of(reseau, datetime.now(UTC).date()):
        console.print(plain(f"Attention : {warning}"), style="yellow", highlight=False)
    console.print(
        plain(f"{out} : {number(nb)} trajets. Pour les servir : geoapp build --trajets {out}"),
        highlight=False,
    )
