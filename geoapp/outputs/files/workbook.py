"""XLSX: a sheet of typed columns under a frozen header, and the sheet « Lisez-moi »."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from geoapp.core.cells import is_formula
from geoapp.core.errors import ParameterError
from geoapp.core.french import format_number
from geoapp.outputs.files.model import LIGNES_MAX, ColonneFichier, Fichier, Suite
from geoapp.outputs.files.shown import (
    OUI_NON,
    describe_columns,
    say_codes,
    shown_rows,
    shown_title,
)

if TYPE_CHECKING:
    import xlsxwriter

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

LARGEURS = (7, 44)
"""Least and most characters of width that a column takes by itself."""

_LARGEUR_TEXTE = 28
"""Width of a column of texts that are not known before they are written."""

HAUTEUR_LIGNE = 14
"""Height of one line of a header, in points."""

LARGEUR_PAGE = 260
"""Characters that are still read across a landscape page (at 45 %): beyond, several pages."""

_A4 = 9
"""Number of the paper, for a spreadsheet."""


def _open_book(stream, titre: str) -> xlsxwriter.Workbook:
    """Return a new workbook, row after row to disk, in which no text is a formula nor a link."""
    import xlsxwriter

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
    """Write the header, frozen and filterable, then the rows, and how they are printed."""
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    sheet, columns = book.add_worksheet(fichier.feuille), fichier.colonnes_plates
    numbers = dict.fromkeys(map(_number, columns))
    forms = {one: book.add_format({"num_format": one}) for one in numbers if one}
    sheet.freeze_panes(1, fichier.nb_figees)
    widths = [_width(one, fichier) for one in columns]
    # Told, for some spreadsheets do not work it out: a title on three lines needs three.
    deep = max(
        (_lines(shown_title(one), w) for one, w in zip(columns, widths, strict=True)), default=1
    )
    sheet.set_row(0, HAUTEUR_LIGNE * deep)
    for rank, one in enumerate(columns):
        sheet.set_column(rank, rank, widths[rank], forms.get(_number(one)))
        sheet.write_string(0, rank, shown_title(one), bold)
    for line, row in enumerate(shown_rows(fichier), 1):
        for rank, value in enumerate(row):
            _write_cell(sheet, (line, rank), value, text)
    sheet.autofilter(0, 0, len(fichier.table), len(columns) - 1)
    _set_page(sheet, fichier, widths)


def _set_page(sheet, fichier: Fichier, widths: list[float]) -> None:
    """Set how a sheet is printed: landscape, as few pages wide as are read, its header and its
    frozen columns on each, its title at foot.
    """
    columns = fichier.colonnes_plates
    printed = max((i for i, one in enumerate(columns) if not one.est_annexe), default=0)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.4, bottom=0.6)
    wide = math.ceil(sum(widths[: printed + 1]) / LARGEUR_PAGE)
    sheet.fit_to_pages(max(wide, 1), 0)
    sheet.repeat_rows(0)
    if wide > 1 and fichier.nb_figees:
        sheet.repeat_columns(0, fichier.nb_figees - 1)
    sheet.print_area(0, 0, len(fichier.table), printed)
    # An ampersand is a code there, unless it is doubled.
    titre = f"{fichier.titre} – GéoForma".replace("&", "&&")
    sheet.set_footer(f"&L&8{titre}&R&8&P / &N")


def _width(one: ColonneFichier, fichier: Fichier) -> float:
    """Return the width of a column: that of most of what it holds, of the longest word above."""
    if one.largeur:
        return one.largeur
    least, most = LARGEURS
    head = max(map(len, shown_title(one).split()), default=0) + 2
    if one.type != "texte":
        held = 9.0
    elif isinstance(fichier.table, Suite):
        held = _LARGEUR_TEXTE
    else:
        texts = fichier.table[one.nom].dropna().astype(str).unique()
        held = max((len(say_codes(one, text)) for text in texts), default=0) + 1.0
    return min(max(head, held, least), most)


def _lines(titre: str, width: float) -> int:
    """Return on how many lines a title is set, at its words, in a column of some characters."""
    return len(textwrap.wrap(titre, max(1, int(width)), break_long_words=False))


def _number(one: ColonneFichier) -> str:
    """Return how a spreadsheet shows the numbers of a column; "" for what is no number."""
    if one.est_part:
        return f"0.{'0' * one.decimales} %"
    places = f".{'0' * one.decimales}" if one.decimales else ""
    return {"entier": "#,##0", "reel": f"#,##0{places}"}.get(one.type, "")


def _write_cell(sheet, place: tuple[int, int], value, text: Callable) -> None:
    """Write one cell as what it is; unknown stays empty.

    Oui and non are words: a boolean is read in the language of the spreadsheet (TRUE, VRAI).
    """
    if isinstance(value, bool):
        sheet.write_string(*place, OUI_NON[value])
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
    sheet.set_column(2, 2, 14, wrap)
    for line, (cle, texte) in enumerate(fichier.mentions):
        text(sheet, (line, 0), str(cle), wrap)
        text(sheet, (line, 1), str(texte), wrap)
    debut = len(fichier.notice) + 1
    for rank, titre in enumerate(("Colonne", "Sens", "Type")):
        sheet.write_string(debut, rank, titre, bold)
    for line, row in enumerate(describe_columns(fichier), debut + 1):
        for rank, texte in enumerate(row):
            text(sheet, (line, rank), texte, wrap)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
