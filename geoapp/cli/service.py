"""Commands that serve the product, and measure it."""

from __future__ import annotations

import sys
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


@main.group()
def bench() -> None:
    """Mesure le produit sur l'instantané servi."""


@bench.command()
@DATA
def relevance(data_dir: Path | None) -> None:
    """Pertinence de la recherche : rappel à 10, MRR, requêtes en défaut (tests/relevance)."""
    from geoapp.core.config import ROOT

    sys.path.insert(0, str(ROOT))
    from benchmarks.relevance import run

    run(read_settings(data_dir).data_dir)


@bench.command()
@DATA
def doublons(data_dir: Path | None) -> None:
    """Précision et rappel des rapprochements entre catalogues, sur les paires jugées (tests/dedupe)."""
    from geoapp.core.config import ROOT

    sys.path.insert(0, str(ROOT))
    from benchmarks.duplicates import run

    run(read_settings(data_dir).data_dir)
