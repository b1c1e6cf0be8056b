"""CSV: one for a French spreadsheet, one for a program; each yielded as it is made."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice

from geoapp.core.cells import neutralise
from geoapp.outputs.files.model import PAQUET, Fichier, flat_rows

_OUI_NON = {True: "oui", False: "non"}
_TRUE_FALSE = {True: "true", False: "false"}


def french_csv(fichier: Fichier) -> Iterator[bytes]:
    """Yield the table for a French spreadsheet, then the notice.

    UTF-8 with mark, `;`, decimal comma, titles in French.
    """
    yield b"\xef\xbb\xbf"
    yield from _lines([one.titre for one in fichier.colonnes_plates], fichier, _french, ";")
    if fichier.notice and not fichier.est_liste:
        notice = ([neutralise(cle), neutralise(texte)] for cle, texte in fichier.mentions)
        yield from _encoded([[], *notice], ";")


def plain_csv(fichier: Fichier) -> Iterator[bytes]:
    """Yield the table for a program (RFC 4180), nothing but rows.

    UTF-8 without mark, `,`, decimal point, short names of columns.
    """
    yield from _lines([one.nom for one in fichier.colonnes_plates], fichier, _plain, ",")


def _lines(header: list[str], fichier: Fichier, cell, delimiter: str) -> Iterator[bytes]:
    """Yield the header, then the rows."""
    yield from _encoded([header], delimiter)
    yield from _encoded(([cell(value) for value in row] for row in flat_rows(fichier)), delimiter)


def _encoded(rows: Iterable[list], delimiter: str) -> Iterator[bytes]:
    """Yield rows as bytes, `PAQUET` at once."""
    rows = iter(rows)
    while paquet := list(islice(rows, PAQUET)):
        stream = io.StringIO()
        csv.writer(stream, delimiter=delimiter, lineterminator="\r\n").writerows(paquet)
        yield stream.getvalue().encode()


def _french(value) -> str:
    """Return one cell as a French spreadsheet reads it."""
    if isinstance(value, bool):
        return _OUI_NON[value]
    return repr(value).replace(".", ",") if isinstance(value, float) else _text(value)


def _plain(value) -> str:
    """Return one cell as a program reads it."""
    if isinstance(value, bool):
        return _TRUE_FALSE[value]
    return repr(value) if isinstance(value, float) else _text(value)


def _text(value) -> str:
    """Return one cell; unknown is empty, no text runs as a formula."""
    return "" if value is None else str(neutralise(value))
