"""What `geoapp trajets --reseau` prints: its progress, then what the network is and reaches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from geoapp.cli.terminal import number, open_console, plain
from geoapp.coverage.travel.network import report_network, warn_of
from geoapp.coverage.travel.network.matrix import Reseau


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
