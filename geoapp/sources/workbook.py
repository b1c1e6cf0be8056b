"""Read one sheet of a workbook (XLSX, XLSB, XLS, ODS) as text, once it is safe to open."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from geoapp.core.errors import SourceError
from geoapp.core.french import count
from geoapp.sources.archive import open_archive_member
from geoapp.sources.content import list_members, read_bytes
from geoapp.sources.header_line import LIGNES_REGARDEES, count_known, find_header
from geoapp.sources.records import Lecture, show
from geoapp.sources.tabular import say_header
from geoapp.sources.text_frame import text_frame
from geoapp.sources.texts import read_count

MAX_CELLS = 10_000_000
"""Largest sheet, in cells of its bounding box: the reader holds all of them, blank ones too."""

_OLE = b"\xd0\xcf\x11\xe0"
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,7})["']""")
_CHUNK, _OVERLAP = 1 << 20, 64
_SAVE = "Ouvrez-le dans un tableur et enregistrez-le en .xlsx."


@dataclass(frozen=True)
class _Feuille:
    """One sheet: its name, whether it is shown, its rows of texts from the first line."""

    nom: str
    est_visible: bool
    lignes: list[list[str]]

    @property
    def nb(self) -> int:
        """Return the number of lines that hold something."""
        return sum(any(row) for row in self.lignes)


def read_xlsx(
    path: Path,
    *,
    sheet: str | None = None,
    header: int | None = None,
    attendues: frozenset[str] = frozenset(),
) -> Lecture:
    """Return the rows of one sheet of a workbook as text, blank cells as NA.

    A merged cell says its value of each cell that it covers.

    Parameters
    ----------
    sheet : str, optional
        Name of the sheet; else the one whose header has most of `attendues`, a
        shown one before a hidden one.  The others that hold something are said.
    header : int, optional
        Line of the header, counted from 1 as a spreadsheet shows it; else it is looked for.
    attendues : frozenset of str
        Names that the header may hold (`bare`).

    Raises
    ------
    SourceError
        Not a workbook or not a safe one, sheet absent (the sheets found are
        listed), no header, a sheet beyond `MAX_CELLS`.
    """
    _check_container(path)
    sheets = list(_sheets(path, sheet))
    chosen = max(sheets, key=lambda one: _fitness(one, attendues))
    rows = chosen.lignes
    if len(rows) < (header or 1) or not chosen.nb:
        raise SourceError(
            path,
            "la feuille n'a pas de ligne d'en-tête.",
            place=f"feuille « {show(chosen.nom)} », ligne {header or 1}",
            cure="Vérifiez options.header.",
        )
    kept = [(row, line) for line, row in enumerate(rows, 1) if line == header or any(row)]
    if header:
        kept = [(row, line) for row, line in kept if line >= header]
    places = [f"ligne {line}" for _, line in kept]
    entete = find_header(
        path,
        [row for row, _ in kept[: LIGNES_REGARDEES + 1]],
        places,
        attendues=attendues,
        is_first=header is not None,
    )
    body = kept[entete.rang + 1 :]
    lines = [f"ligne {line}" for _, line in body]
    frame = text_frame([row for row, _ in body], entete.noms, lines)
    return Lecture(
        frame=frame,
        nb_lues=len(frame),
        notes=[*_say_sheets(chosen, sheets), *say_header(entete, places)],
        doubles=entete.doubles,
    )


def _fitness(sheet: _Feuille, attendues: frozenset[str]) -> tuple[int, bool, bool]:
    """Return what a sheet is chosen by: names that are expected, being shown, holding rows."""
    head = [row for row in sheet.lignes if any(row)][:LIGNES_REGARDEES]
    known = max((count_known(row, attendues) for row in head), default=0)
    shown = sheet.est_visible
    # A hidden sheet comes last, whatever it holds: what nobody sees is not what was sent.
    return (known * shown, shown, sheet.nb > 1)


def _say_sheets(chosen: _Feuille, sheets: list[_Feuille]) -> list[str]:
    """Return what is said of the other sheets that hold something."""
    others = [one for one in sheets if one is not chosen and one.nb]
    if not others:
        return []
    each = ", ".join(
        f"{show(one.nom)} ({count(max(one.nb - 1, 1), 'ligne')}"
        f"{'' if one.est_visible else ', cachée'})"
        for one in others[:5]
    )
    more = " …" if len(others) > 5 else ""
    told = count(len(others), "autre feuille non lue", "autres feuilles non lues")
    return [f"Feuille lue : {show(chosen.nom)} ; {told} : {each}{more}."]


def _check_container(path: Path) -> None:
    """Refuse what is no old workbook, and no zip of bounded sheets."""
    if read_bytes(path).startswith(_OLE):
        return
    if not zipfile.is_zipfile(path):
        raise SourceError(path, "ce n'est pas un classeur, ou il est coupé.", cure=_SAVE)
    for member in list_members(path):
        if member.startswith("xl/worksheets/") and member.endswith(".xml"):
            _check_extent(path, member)
        if member == "content.xml":
            _check_open_document(path, member)


def _check_open_document(path: Path, member: str) -> None:
    """Refuse a sheet of an OpenDocument whose repeated cells would make a huge table."""
    rows = columns = 0
    row_at = column_at = 0
    try:
        with open_archive_member(path, member) as stream:
            events = etree.iterparse(
                stream, events=("start", "end"), resolve_entities=False, no_network=True
            )
            for event, element in events:
                # Of a damaged name too, which `etree.QName` refuses.
                tag = element.tag.rpartition("}")[2]
                repeated = _repeats(element)
                if event == "start" and tag == "table":
                    row_at = 0
                elif event == "start" and tag == "table-row":
                    column_at = 0
                elif event == "end" and tag in ("table-cell", "covered-table-cell"):
                    column_at += repeated
                    if len(element):
                        columns, rows = max(columns, column_at), max(rows, row_at + 1)
                elif event == "end" and tag == "table-row":
                    row_at += repeated
                    if element.xpath("boolean(*/*)"):
                        rows = max(rows, row_at)
                    element.clear()
    except etree.XMLSyntaxError:
        raise SourceError(path, "classeur OpenDocument abîmé.", cure=_SAVE) from None
    if rows * columns > MAX_CELLS:
        raise _too_wide(path, rows, columns, member)


def _repeats(element) -> int:
    """Return how many rows or cells an element of an OpenDocument stands for."""
    for name, value in element.attrib.items():
        if name.endswith(("}number-columns-repeated", "}number-rows-repeated")):
            nb = read_count(value)
            return 1 if nb is None else nb
    return 1


def _too_wide(path: Path, rows: int, columns: int, member: str) -> SourceError:
    """Return the error of a sheet whose far cells would make a huge table."""
    return SourceError(
        path,
        f"la feuille s'étend sur {rows} lignes et {columns} colonnes, "
        f"plus de {MAX_CELLS} cellules.",
        place=f"entrée « {member} »",
        cure="Supprimez les cellules isolées loin des données.",
    )


def _check_extent(path: Path, member: str) -> None:
    """Refuse a sheet whose far cells would make the reader hold a huge blank."""
    last_row = last_column = 0
    tail = b""
    with open_archive_member(path, member) as stream:
        while piece := stream.read(_CHUNK):
            places = _PLACE.findall(tail + piece)
            last_row = max([last_row, *map(int, {digits for _, digits in places})])
            columns = {letters for letters, _ in places}
            last_column = max([last_column, *map(_rank, columns)])
            tail = piece[-_OVERLAP:]
    if last_row * last_column > MAX_CELLS:
        raise _too_wide(path, last_row, last_column, member)


def _rank(letters: bytes) -> int:
    """Return the rank of a column from its letters: A is 1, AA is 27."""
    rank = 0
    for letter in letters.upper():
        rank = rank * 26 + letter - 64
    return rank


def _sheets(path: Path, sheet: str | None) -> Iterator[_Feuille]:
    """Yield the sheet of a name, else every sheet of cells."""
    from python_calamine import (
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    try:
        with CalamineWorkbook.from_path(str(path)) as workbook:
            found = {
                one.name: one.visible == SheetVisibleEnum.Visible
                for one in workbook.sheets_metadata
                if one.typ == SheetTypeEnum.WorkSheet
            }
            if not found or (sheet is not None and sheet not in found):
                raise SourceError(
                    path,
                    f"la feuille « {sheet or 1} » est absente.",
                    place=f"feuilles trouvées : {', '.join(found) or 'aucune'}",
                    cure="Vérifiez le millésime du classeur, "
                    "ou corrigez options.sheet dans geodata/sources.toml.",
                )
            for name in [sheet] if sheet else list(found):
                cells = workbook.get_sheet_by_name(name)
                rows = cells.to_python(skip_empty_area=False)
                merged = cells.merged_cell_ranges or []
                texts = [[_cell(value) for value in row] for row in rows]
                yield _Feuille(name, found[name], _spread(texts, merged))
    except PasswordError:
        raise SourceError(
            path,
            "classeur protégé par un mot de passe.",
            cure="Enregistrez-le sans mot de passe.",
        ) from None
    except (CalamineError, OSError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(
            path,
            "ce n'est pas un classeur lisible : abîmé, ou protégé par un mot de passe.",
            cure=_SAVE,
        ) from None


def _spread(rows: list[list[str]], merged: list) -> list[list[str]]:
    """Return rows in which each cell that a merged one covers has its value."""
    for (top, left), (bottom, right) in merged:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        value = rows[top][left]
        for row in rows[top : bottom + 1]:
            row[left : right + 1] = [value] * len(row[left : right + 1])
    return rows


def _cell(value) -> str:
    """Return a cell as text; a whole number loses the `.0` that Excel gave it."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
