"""What is printed, whatever the encoding of the terminal: no sign of ours may end a command."""

from __future__ import annotations

import codecs
import sys
import unicodedata

import click

_NEAREST = {
    "\u00a0": " ",
    "\u202f": " ",
    "’": "'",
    "«": '"',
    "»": '"',
    "–": "-",
    "—": "-",
    "…": "...",
    "·": ".",
    "×": "x",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "œ": "oe",
    "Œ": "OE",
    "æ": "ae",
    "Æ": "AE",
    "€": "EUR",
    "°": "o",
}
"""Signs whose nearest plain writing Unicode does not give."""

_HANDLER = "geoforma.nearest"


def _nearest(error: UnicodeError) -> tuple[str, int]:
    """Return what is printed for the signs that an encoding lacks: é as e, a thin space as one."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_plain(sign) for sign in lacking), error.end


def _plain(sign: str) -> str:
    """Return the nearest ASCII writing of one sign, « ? » when there is none."""
    if sign in _NEAREST:
        return _NEAREST[sign]
    found = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return found or ("" if unicodedata.combining(sign) else "?")


codecs.register_error(_HANDLER, _nearest)


def make_printable() -> None:
    """Let the outputs of this process write every sign, by the nearest one where they must."""
    for stream in (sys.stdout, sys.stderr):
        # What replaces an output in a test or a notebook may have no encoding.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)


def printable(text: str) -> str:
    """Return a text in which no name of a file or cell can drive the terminal."""
    # No-break spaces are not « printable », and are ours.
    return "".join(c if c.isprintable() or c in "\n\t\u00a0\u202f" else "·" for c in text)


def print_data(content: str | bytes) -> None:
    """Print JSON or CSV for a program: in UTF-8, whatever the terminal says it reads."""
    click.echo(content.encode() if isinstance(content, str) else content, nl=False)
