"""What the comparison of two sets of travel costs prints and draws."""

from __future__ import annotations

from pathlib import Path

import click

from geoapp.cli.group import read_settings


def compare(
    first: str, second: str, out: Path | None, *, mode: str | None, data_dir: Path | None
) -> None:
    """Print how two sets of costs differ, and draw the map of the differences."""
    from geoapp.core.french import format_number
    from geoapp.core.snapshot import open_snapshot
    from geoapp.coverage.travel.choice import read_tables
    from geoapp.coverage.travel.comparison import compare_costs
    from geoapp.coverage.travel.verdict import to_lines
    from geoapp.coverage.world import open_world
    from geoapp.outputs.figures.travel import write_comparison

    snapshot = open_snapshot(read_settings(data_dir).data_dir)
    found = compare_costs(read_tables(snapshot), first, second, mode)
    click.echo("\n".join(to_lines(found.trajets, found.jugement, [], "les seconds faisant foi")))
    mine, theirs = (format_number(nb) for nb in found.seuls)
    click.echo(f"Trajets d'un seul côté : {mine} du premier, {theirs} du second.")
    if out:
        click.echo(f"{out} : {write_comparison(open_world(snapshot), found, out)} octets.")
