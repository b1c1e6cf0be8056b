"""The command that serves the product."""

from __future__ import annotations

from pathlib import Path

import click

from geoapp.cli.group import DATA, main, read_settings


@main.command()
@click.option("--host", default=None, help="Adresse d'écoute (127.0.0.1 par défaut).")
@click.option("--port", type=int, default=None, help="Port (5000 par défaut).")
@DATA
def serve(host: str | None, port: int | None, data_dir: Path | None) -> None:
    """Sert la carte sur cette machine."""
    from geoapp.web.server import run

    settings = read_settings(data_dir)
    run(settings, host=host or settings.host, port=port if port is not None else settings.port)
