"""Quotes that are letters of a text, not around it: « "Diplome d'etat" en 4 ans »."""

from __future__ import annotations

import csv
import io
import re

from geoapp.core.errors import SourceError

STRAY = "expected after"
"""Sign of the error of a reader that meets a text after the quote that closes a cell."""

_AROUND = re.compile(r'"(?:[^"]|"")*"')
"""A cell that quotes hold whole."""


class GuillemetEgare(SourceError):
    """A quote closes before the end of its cell."""


def quotes_as_text(text: str, delimiter: str) -> tuple[str, list[int]]:
    """Return a CSV text whose stray quotes are doubled, as they should be, and the lines changed.

    A line is changed when a quote closes before the end of its cell and the line has as many cells
    as the record before it, quotes parting nothing, none of them left open: it can say nothing
    else.  Where one of them may be read in several ways, the text is given back as it is.
    """
    lines, changed = list(io.StringIO(text, newline="")), []
    at = width = 0
    while at < len(lines):
        left = (lines[rank] for rank in range(at, len(lines)))
        reader = csv.reader(left, delimiter=delimiter, strict=True)
        try:
            row = next(reader, [])
        except csv.Error as error:
            is_stray = STRAY in str(error) and reader.line_num == 1
            cells = lines[at].split(delimiter)
            is_open = any(cell.startswith('"') and cell.count('"') % 2 for cell in cells)
            if not is_stray or is_open or len(cells) != width:
                return text, []
            lines[at] = _doubled(lines[at], delimiter)
            changed.append(at + 1)
            continue
        if any(map(str.strip, row)):
            width = len(row)
        at += reader.line_num
    return "".join(lines), changed


def _doubled(line: str, delimiter: str) -> str:
    """Return a line whose cells begun by a quote that does not hold them whole are quoted."""
    content = line.rstrip("\r\n")
    cells = [
        '"' + cell.replace('"', '""') + '"'
        if cell.startswith('"') and not _AROUND.fullmatch(cell)
        else cell
        for cell in content.split(delimiter)
    ]
    return delimiter.join(cells) + line[len(content) :]
