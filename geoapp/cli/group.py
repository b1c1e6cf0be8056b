"""The group of the commands, what they share, and how an error ends: one message, an exit code."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

import geoapp
from geoapp.cli.encoding import make_printable, printable
from geoapp.cli.french import COMMANDE, speak_french
from geoapp.core.errors import GeoFormaError

speak_french()

DATA = click.option(
    "--data",
    "data_dir",
    type=click.Path(path_type=Path),
    help="Dossier des instantanés (sinon GEOAPP_DATA, sinon var/).",
)


MIRROR = click.option(
    "--mirror",
    type=click.Path(path_type=Path),
    help="Dossier qui contient les fichiers des producteurs.",
)


PATIENCE_S, ENCORE_S = 2.0, 10.0
"""Seconds after which a command says that it works, and says so again."""

SUIVIES = ("serve", "build", "fetch", "report", "national")
"""Commands that tell their own progress."""


class Patient(click.Command):
    """A command that tells a person who waits that it works; silent in a file or a pipe."""

    def invoke(self, ctx: click.Context):
        if self.name in SUIVIES or not sys.stderr.isatty():
            return super().invoke(ctx)
        with waiting(f"geoapp {self.name}"):
            return super().invoke(ctx)


@contextmanager
def waiting(quoi: str) -> Iterator[None]:
    """Say on the terminal that something works, after `PATIENCE_S` and every `ENCORE_S` more."""
    over = threading.Event()

    def tell() -> None:
        delay, spent = PATIENCE_S, PATIENCE_S
        while not over.wait(delay):
            click.secho(f"{quoi} : calcul en cours, {spent:.0f} s…", dim=True, err=True)
            delay, spent = ENCORE_S, spent + ENCORE_S

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


class French(click.Group):
    """A group that turns our errors into one clear message and an exit code."""

    command_class = Patient

    def main(self, *args, **kwargs):
        make_printable()
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context):
        try:
            return super().invoke(ctx)
        except GeoFormaError as error:
            click.secho(f"Erreur : {printable(str(error))}", fg="red", err=True)
            ctx.exit(error.exit_code)


@click.group(
    cls=French,
    subcommand_metavar=COMMANDE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(geoapp.__version__, prog_name="GéoForma")
def main() -> None:
    """GéoForma : l'offre de formation d'une région sur une carte.

    Rafraîchir les sources (fetch), les lire (build), voir ce qu'elles donnent (info, check),
    montrer la carte (serve, map).
    """


def read_settings(data_dir: Path | None = None):
    """Return the settings, with the folder the command line gives."""
    from dataclasses import replace

    from geoapp.core.config import load_settings

    settings = load_settings()
    return replace(settings, data_dir=data_dir) if data_dir else settings
