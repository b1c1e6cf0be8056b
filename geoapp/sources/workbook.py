"""Read one sheet of an XLSX workbook as text, after checking that it is safe to open."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from geoapp.core.errors import SourceError
from geoapp.sources.archive import open_archive_member
from geoapp.sources.content import list_members, read_bytes
from geoapp.sources.records import Lecture
from geoapp.sources.tabular import name_columns, text_frame

MAX_CELLS = 10_000_000
"""Largest sheet, in cells of its bounding box: the reader holds all of them, blank ones too."""

_OLE = b"\xd0\xcf\x11\xe0"
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,7})["']""")
_CHUNK, _OVERLAP = 1 << 20, 64
_SAVE = "Ouvrez-le dans un tableur et enregistrez-le en .xlsx."


def read_xlsx(path: Path, *, sheet: str | None = None, header: int = 1) -> Lecture:
    """Return the rows of one sheet of an XLSX workbook as text, blank cells as NA.

    Parameters
    ----------
    sheet : str, optional
        Name of the sheet; the first one when not given.
    header : int
        Line of the header, counted from 1 as a spreadsheet shows it.

    Raises
    ------
    SourceError
        Not a workbook or not a safe one, sheet absent (the sheets found are
        listed), no header, a sheet beyond `MAX_CELLS`.
    """
    _check_container(path)
    rows = _cells(path, sheet)
    if len(rows) < header:
        raise SourceError(
            path,
            "la feuille n'a pas de ligne d'en-tête.",
            place=f"ligne {header}",
            cure="Vérifiez options.header.",
        )
    names = name_columns(path, [_cell(value) for value in rows[header - 1]], f"ligne {header}")
    body = [
        ([_cell(value) for value in row], line)
        for line, row in enumerate(rows[header:], header + 1)
    ]
    body = [(row, line) for row, line in body if any(row)]
    frame = text_frame([row for row, _ in body], names, [f"ligne {line}" for _, line in body])
    return Lecture(frame=frame, nb_lues=len(frame))


def _check_container(path: Path) -> None:
    """Refuse what is no zip of bounded sheets."""
    content = read_bytes(path)
    if content.startswith(_OLE):
        raise SourceError(
            path, "classeur protégé par un mot de passe, ou ancien format .xls.", cure=_SAVE
        )
    if not zipfile.is_zipfile(path):
        raise SourceError(path, "ce n'est pas un classeur XLSX, ou il est coupé.", cure=_SAVE)
    for member in list_members(path):
        if member.startswith("xl/worksheets/") and member.endswith(".xml"):
            _check_extent(path, member)


def _check_extent(path: Path, member: str) -> None:
    """Refuse a sheet whose far cells would make the reader hold a huge blank."""
    last_row = last_column = 0
    tail = b""
    with open_archive_member(path, member) as stream:
        while piece := stream.read(_CHUNK):
            for letters, digits in set(_PLACE.findall(tail + piece)):
                last_row, last_column = max(last_row, int(digits)), max(last_column, _rank(letters))
            tail = piece[-_OVERLAP:]
    if last_row * last_column > MAX_CELLS:
        raise SourceError(
            path,
            f"la feuille s'étend sur {last_row} lignes et {last_column} colonnes, "
            f"plus de {MAX_CELLS} cellules.",
            place=f"entrée « {member} »",
            cure="Supprimez les cellules isolées loin des données.",
        )


def _rank(letters: bytes) -> int:
    """Return the rank of a column from its letters: A is 1, AA is 27."""
    rank = 0
    for letter in letters.upper():
        rank = rank * 26 + letter - 64
    return rank


def _cells(path: Path, sheet: str | None) -> list[list]:
    """Return every cell of a sheet, from A1."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_path(str(path)) as workbook:
            found = workbook.sheet_names
            if not found or (sheet is not None and sheet not in found):
                raise SourceError(
                    path,
                    f"la feuille « {sheet or 1} » est absente.",
                    place=f"feuilles trouvées : {', '.join(found) or 'aucune'}",
                    cure="Vérifiez le millésime du classeur, "
                    "ou corrigez options.sheet dans geodata/sources.toml.",
                )
            return workbook.get_sheet_by_name(sheet or found[0]).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(path, "ce n'est pas un classeur XLSX lisible.", cure=_SAVE) from None


def _cell(value) -> str:
    """Return a cell as text; a whole number loses the `.0` that Excel gave it."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
