"""The matrix of public transport, written and told in a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.progress import Progress

from geoapp.core.french import count, format_decimal, format_number, with_unit
from geoapp.core.snapshot import open_snapshot
from geoapp.coverage.travel.choice import list_origins, list_places, read_tables
from geoapp.coverage.travel.transit.matrix import (
    Transports,
    build_transports,
    describe_feed,
    describe_transports,
    list_reserves,
    read_timetable,
    write_transports,
)
from geoapp.sources.gtfs import Feed
from geoapp.sources.gtfs.timetable import Timetable


def write_transit(
    paths: Iterable[Path], out: Path, data_dir: Path, *, jour: date | None, type_jour: str
) -> None:
    """Write the matrix of some feeds for the snapshot served, and say what it holds."""
    snapshot = open_snapshot(data_dir)
    feeds, timetable = read_timetable(list(paths), jour=jour, type_jour=type_jour)
    tables = read_tables(snapshot)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Trajets en transports", total=None)
        transports = build_transports(
            timetable,
            list_origins(tables),
            list_places(tables),
            tables["communes"],
            watch=lambda done, total: bar.update(task, completed=done, total=total),
        )
    nb = write_transports(transports, feeds, timetable, out)
    for line in _tell(transports, feeds, timetable):
        click.echo(line)
    for reserve in list_reserves(feeds, timetable, date.today()):
        click.secho(f"Attention : {reserve}", fg="yellow", err=True)
    click.echo(f"{out} : {format_number(nb)} trajets.")


def _tell(transports: Transports, feeds: list[Feed], timetable: Timetable) -> Iterable[str]:
    """Yield what the matrix holds, a line each."""
    yield describe_transports(feeds, timetable)
    for feed, courses in zip(feeds, timetable.courses, strict=True):
        told = describe_feed(feed, courses)
        yield (
            f"- {told['nom']} ({feed.path.name}) : {count(courses, 'course')} dans la plage ; "
            f"valable du {_day(told['du'])} au {_day(told['au'])}."
        )
    masks = transports.couverture
    share = with_unit(format_decimal(transports.part_population * 100, 1), "%")
    points = _part(masks.origines, "point de population", "points de population")
    yield (
        f"À portée de marche d'un arrêt desservi : {points}, "
        f"{share} des habitants de la région ; {_part(masks.places, 'lieu', 'lieux')}. "
        "Ailleurs, rien n'est su."
    )
    if transports.duree_min.nnz:
        half = [float(np.median(m.data)) for m in (transports.duree_min, transports.rapide_min)]
        yield (
            f"La moitié des trajets prend au plus {with_unit(f'{half[0]:.0f}', 'min')}, attente "
            f"comprise ; au mieux de la matinée, {with_unit(f'{half[1]:.0f}', 'min')}."
        )


def _part(mask: np.ndarray, nom: str, noms: str) -> str:
    """Return how many of the points are true, of how many."""
    return f"{count(int(mask.sum()), nom, noms)} sur {format_number(len(mask))}"


def _day(text: str) -> str:
    """Return a day « AAAA-MM-JJ » as people write it."""
    return f"{date.fromisoformat(text):%d/%m/%Y}" if text else "?"
