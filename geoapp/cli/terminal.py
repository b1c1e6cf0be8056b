"""The terminal: its width, and how a number or a cell is written on it."""

from __future__ import annotations

import pandas as pd
from rich.console import Console
from rich.text import Text

from geoapp.cli.encoding import printable
from geoapp.core.french import format_decimal, format_number


def open_console() -> Console:
    """Return the terminal; wide enough for our tables when the output is a file."""
    console = Console()
    return console if console.is_terminal else Console(width=150)


def number(value) -> str:
    """Return a count with French thousands; a dash when it does not apply."""
    return "–" if value is None or pd.isna(value) else format_number(value)


def decimal(value: float) -> str:
    """Return a number with one decimal, « – » when unknown."""
    return "–" if pd.isna(value) else format_decimal(value, 1)


def plain(value):
    """Return a cell as plain text: nothing in a file may act as markup or control the terminal."""
    text = "" if value is None or pd.isna(value) else str(value)
    return Text(printable(text))
