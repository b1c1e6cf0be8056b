"""The group of the commands, what they share, and how an error ends: one message, an exit code."""

from __future__ import annotations

from pathlib import Path

import click

import geoapp
from geoapp.cli.encoding import make_printable
from geoapp.core.errors import GeoFormaError

DATA = click.option(
    "--data",
    "data_dir",
    type=click.Path(path_type=Path),
    help="Dossier des instantanés (sinon GEOAPP_DATA, sinon var/).",
)


class French(click.Group):
    """A group that turns our errors into one clear message and an exit code."""

    def main(self, *args, **kwargs):
        make_printable()
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context):
        try:
            return super().invoke(ctx)
        except GeoFormaError as error:
            click.secho(f"Erreur : {printable(str(error))}", fg="red", err=True)
            ctx.exit(error.exit_code)


def printable(text: str) -> str:
    """Return a message in which no name of a file or cell can drive the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "·" for c in text)


@click.group(
    cls=French, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
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
