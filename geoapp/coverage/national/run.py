"""Run a plan in this process, tile after tile: what is held is one tile, whatever the country."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from geoapp.coverage.national.measure import measure_tile
from geoapp.coverage.national.plan import RESULTATS, part_of, read_plan

Watch = Callable[[int, int], None]
"""Told how many tiles are done, and how many there are."""

Mesure = Callable[[str, str], str]
"""What measures one tile: `measure_tile`."""


def list_tasks(dossier: Path) -> list[str]:
    """Return the tiles that are still to measure: a run that was stopped goes on from there."""
    tiles = read_plan(dossier).tuiles
    return [one for one in tiles if not part_of(dossier, RESULTATS, one).is_file()]


def run_here(
    dossier: Path, *, watch: Watch = lambda done, total: None, measure: Mesure = measure_tile
) -> int:
    """Measure the tiles of a plan that are not done; return how many were."""
    tasks = list_tasks(dossier)
    for done, tile in enumerate(tasks, 1):
        measure(str(dossier), tile)
        watch(done, len(tasks))
    return len(tasks)
