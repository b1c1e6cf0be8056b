"""CSV: one for a French spreadsheet, one for a program; each yielded as it is made."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice

from geoapp.core.cells import neutralise
from geoapp.outputs.files.model import PAQUET, ColonneFichier, Fichier, flat_rows
from geoapp.outputs.files.shown import (
    OUI_NON,
    in_percents,
    round_shown,
    shown_rows,
    shown_title,
)

_TRUE_FALSE = {True: "true", False: "false"}


def french_csv(fichier: Fichier) -> Iterator[bytes]:
    """Yield the table for a French spreadsheet, and nothing else: its notice is beside it.

    UTF-8 with mark, `;`, decimal comma, titles in French, numbers rounded, codes in words.
    """
    yield b"\xef\xbb\xbf"
    columns = fichier.colonnes_plates
    yield from _encoded([[shown_title(one, est_en_pour_cent=True) for one in columns]], ";")
    yield from _encoded(
        (
            [_french(value, one) for value, one in zip(row, columns, strict=True)]
            for row in shown_rows(fichier)
        ),
        ";",
    )


def plain_csv(fichier: Fichier) -> Iterator[bytes]:
    """Yield the table for a program (RFC 4180), nothing but rows, values as they are.

    UTF-8 without mark, `,`, decimal point, short names of columns.
    """
    yield from _encoded([[one.nom for one in fichier.colonnes_plates]], ",")
    yield from _encoded(([_plain(value) for value in row] for row in flat_rows(fichier)), ",")


def _encoded(rows: Iterable[list], delimiter: str) -> Iterator[bytes]:
    """Yield rows as bytes, `PAQUET` at once."""
    rows = iter(rows)
    while paquet := list(islice(rows, PAQUET)):
        stream = io.StringIO()
        csv.writer(stream, delimiter=delimiter, lineterminator="\r\n").writerows(paquet)
        yield stream.getvalue().encode()


def _french(value, colonne: ColonneFichier) -> str:
    """Return one cell as a French spreadsheet reads it."""
    if isinstance(value, bool):
        return OUI_NON[value]
    if not isinstance(value, float):
        return _text(value)
    number = (
        in_percents(value, colonne.decimales)
        if colonne.est_part
        else round_shown(value, colonne.decimales)
    )
    whole = repr(number) if abs(number) < 1e15 else f"{number:.0f}"
    return whole.removesuffix(".0").replace(".", ",")


def _plain(value) -> str:
    """Return one cell as a program reads it."""
    if isinstance(value, bool):
        return _TRUE_FALSE[value]
    return repr(value) if isinstance(value, float) else _text(value)


def _text(value) -> str:
    """Return one cell; unknown is empty, no text runs as a formula."""
    return "" if value is None else str(neutralise(value))
