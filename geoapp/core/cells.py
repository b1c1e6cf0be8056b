"""Cells of a spreadsheet: a text that one would run as a formula, and how to read it back.

The one rule of every CSV of ours: a text whose first character, apostrophes
aside, starts a formula is written with one more apostrophe in front.
`restore` takes it away: reading back gives the original, whatever it was.
In a workbook the text is kept as it is, and its cell carries the apostrophe
that spreadsheets themselves keep beside a text (`geoapp.outputs.files.workbook`).
"""

from __future__ import annotations

import re

_FORMULE = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What spreadsheets take for the start of a formula, full-width forms included (OWASP, « CSV
injection »)."""


def is_formula(value) -> bool:
    """Tell whether a spreadsheet may run a text, or may take it for one that we neutralised."""
    return isinstance(value, str) and _FORMULE.match(value) is not None


def neutralise(value):
    """Return a cell that a spreadsheet will not run as a formula; other values as they are."""
    return "'" + value if is_formula(value) else value


def restore(value):
    """Return the value that `neutralise` was given."""
    return value[1:] if is_formula(value) and value[0] == "'" else value
