"""XLSX: a sheet of typed columns under a frozen header, and the sheet « Lisez-moi »."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import xlsxwriter

from geoapp.core.cells import is_formula
from geoapp.core.errors import ParameterError
from geoapp.core.french import format_number
from geoapp.outputs.files.model import LIGNES_MAX, ColonneFichier, Fichier, flat_rows

LISEZMOI = "Lisez-moi"

CELLULE_MAX = 32_767
"""Characters that a cell can hold: a longer text is cut, and the notice says how many were."""

OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_DATE = datetime(2020, 1, 1)
"""Date written inside a workbook, so that the same table gives the same bytes.

The true dates are in its notice.
"""

_LARGEURS = {"texte": 28}
"""Widths of columns by type; 14 characters for the others."""


def _open_book(stream, titre: str) -> xlsxwriter.Workbook:
    """Return a new workbook, row after row to disk, in which no text is a formula nor a link."""
    book = xlsxwriter.Workbook(stream, OPTIONS)
    book.set_properties({"title": titre, "author": "GéoForma", "created": _DATE})
    return book


def _text_writer(book: xlsxwriter.Workbook) -> Callable[..., None]:
    """Return what writes a text as it is.

    One that looks like a formula keeps beside it the apostrophe of spreadsheets.
    """
    quoted = book.add_format({"quote_prefix": True})

    def write(sheet, place: tuple[int, int], texte: str, form=None) -> None:
        sheet.write_string(*place, texte[:CELLULE_MAX], quoted if is_formula(texte) else form)

    return write


def write_xlsx(fichier: Fichier, path: Path) -> None:
    """Write a workbook of two sheets: the table, and what must be known of it.

    Raises
    ------
    ParameterError
        When the table has more rows than a sheet can hold.
    """
    if len(fichier.table) > LIGNES_MAX:
        raise ParameterError(
            f"Un classeur ne peut tenir que {format_number(LIGNES_MAX)} lignes. Choisissez le CSV."
        )
    with open(path, "wb") as stream, _open_book(stream, fichier.titre) as book:
        text = _text_writer(book)
        _write_rows(book, fichier, text)
        _write_notice(book, fichier, text)


def _write_rows(book: xlsxwriter.Workbook, fichier: Fichier, text: Callable) -> None:
    """Write the header, frozen and filterable, then the rows."""
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    sheet, columns = book.add_worksheet(fichier.feuille), fichier.colonnes_plates
    numbers = dict.fromkeys(map(_number, columns))
    forms = {one: book.add_format({"num_format": one}) for one in numbers if one}
    sheet.freeze_panes(1, fichier.nb_figees)
    for rank, one in enumerate(columns):
        width = one.largeur or _LARGEURS.get(one.type, 14)
        sheet.set_column(rank, rank, width, forms.get(_number(one)))
        sheet.write_string(0, rank, one.titre, bold)
    for line, row in enumerate(flat_rows(fichier), 1):
        for rank, value in enumerate(row):
            _write_cell(sheet, (line, rank), value, text)
    sheet.autofilter(0, 0, len(fichier.table), len(columns) - 1)


def _number(one: ColonneFichier) -> str:
    """Return how a spreadsheet shows the numbers of a column; "" for what is no number."""
    return {"entier": "# ##0", "reel": f"0.{'0' * one.decimales}"}.get(one.type, "")


def _write_cell(sheet, place: tuple[int, int], value, text: Callable) -> None:
    """Write one cell as what it is; unknown stays empty."""
    if isinstance(value, bool):
        sheet.write_boolean(*place, value)
    elif isinstance(value, int | float):
        sheet.write_number(*place, value)
    elif value not in (None, ""):
        text(sheet, place, str(value))


def _write_notice(book: xlsxwriter.Workbook, fichier: Fichier, text: Callable) -> None:
    """Write the notice, then the meaning of each column."""
    bold, wrap = (
        book.add_format({"bold": True}),
        book.add_format({"text_wrap": True, "valign": "top"}),
    )
    sheet = book.add_worksheet(LISEZMOI)
    sheet.set_column(0, 0, 30, wrap)
    sheet.set_column(1, 1, 110, wrap)
    sheet.set_column(2, 2, 12, wrap)
    for line, (cle, texte) in enumerate(fichier.mentions):
        text(sheet, (line, 0), str(cle), wrap)
        text(sheet, (line, 1), str(texte), wrap)
    debut = len(fichier.notice) + 1
    for rank, titre in enumerate(("Colonne", "Sens", "Type")):
        sheet.write_string(debut, rank, titre, bold)
    for line, one in enumerate(fichier.colonnes_plates, debut + 1):
        for rank, texte in enumerate((one.titre, one.sens, one.type)):
            text(sheet, (line, rank), texte, wrap)
