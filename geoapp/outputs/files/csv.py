"""CSV: one for a French spreadsheet, one for a program."""

from __future__ import annotations

import csv
from pathlib import Path

from geoapp.core.cells import neutralise
from geoapp.outputs.files.model import Fichier, flat_rows

_OUI_NON = {True: "oui", False: "non"}
_TRUE_FALSE = {True: "true", False: "false"}


def write_csv(fichier: Fichier, path: Path) -> None:
    """Write the table for a French spreadsheet: UTF-8 with mark, `;`, decimal comma, titles in French, then the notice."""
    with open(path, "w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
        writer.writerow([titre for _, titre, *_ in fichier.colonnes_plates])
        writer.writerows([_french(value) for value in row] for row in flat_rows(fichier))
        if fichier.notice:
            writer.writerow([])
            writer.writerows(
                [[neutralise(cle), neutralise(texte)] for cle, texte in fichier.notice]
            )


def write_plain_csv(fichier: Fichier, path: Path) -> None:
    """Write the table for a program (RFC 4180): UTF-8 without mark, `,`, decimal point, short names of columns, nothing but rows."""
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow([nom for nom, *_ in fichier.colonnes_plates])
        writer.writerows([_plain(value) for value in row] for row in flat_rows(fichier))


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
