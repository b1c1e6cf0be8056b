"""Read CSV, XLSX, JSON and DBF files as text, keeping the line of every row.

Codes must never become numbers: everything is read as text.  A line that does
not fit its header becomes a reject; a file that cannot be read at all raises
`SourceError` naming the file, the place and the cure.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from geoapp.errors import SourceError

LFS_POINTER = b"version https://git-lfs"
MAX_FIELD = 1_000_000
"""Longest cell accepted, in characters: longer ones are a broken quote, not data."""


@dataclass
class Lecture:
    """What a reader returns: raw rows, the rows refused, and repairs made while reading.

    `frame` holds one row per record, indexed by its place in the file
    ("ligne 12", "élément 3"); `rejets` and `corrections` are lists of records.
    """

    frame: pd.DataFrame
    nb_lues: int
    rejets: list[dict] = field(default_factory=list)
    corrections: list[dict] = field(default_factory=list)


def reject(ligne: str, colonne: str, valeur, raison: str, proche: str | None = None) -> dict:
    """Return one reject record; `raison` says what is wrong and what to do."""
    return {"ligne": ligne, "colonne": colonne, "valeur": valeur, "raison": raison, "valeur_proche": proche}


def read_csv(path: Path, *, encoding: str = "utf-8", delimiter: str | None = None, skip: int = 0) -> Lecture:
    """Return the rows of a CSV file as text, blank cells as NA.

    Parameters
    ----------
    path : Path
        File, plain or gzipped.
    encoding : str
        Declared encoding; a byte order mark is accepted.
    delimiter : str, optional
        Column separator; guessed from the header among `;`, `,`, tab and `|`.
    skip : int
        Lines to skip before the header.

    Raises
    ------
    SourceError
        Empty file, wrong encoding, unreadable quoting.
    """
    text = decode(path, read_bytes(path), encoding)
    stream = io.StringIO(text, newline="")
    for _ in range(skip):
        stream.readline()
    header_line = stream.readline()
    delimiter = delimiter or _guess_delimiter(header_line)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    csv.field_size_limit(MAX_FIELD)
    return _collect(path, reader, skip)


def _collect(path: Path, reader, skip: int) -> Lecture:
    """Gather rows of the right width; the others become rejects with their line.

    A nameless column at the end of the header (a separator too many) may lack.
    """
    rows, lines, rejets, read, last = [], [], [], 0, skip
    try:
        for _ in range(skip):
            next(reader)
        names = next(reader)
        header, last = _header(path, names), reader.line_num
        width = max((i for i, name in enumerate(names, 1) if name.strip()), default=1)
        for row in reader:
            line, last = last + 1, reader.line_num
            if not any(row):
                continue
            read += 1
            if width <= len(row) <= len(header):
                rows.append(row + [""] * (len(header) - len(row)))
                lines.append(f"ligne {line}")
            else:
                rejets.append(_wrong_width(line, row, len(header)))
    except csv.Error as error:
        raise SourceError(
            path, f"guillemets ou séparateurs illisibles ({error}).", place=f"ligne {last + 1}",
            cure="Le fichier est sans doute coupé, ou un guillemet n'est pas fermé : exportez-le à nouveau.",
        ) from None
    return Lecture(_text_frame(rows, header, lines), read, rejets)


def _wrong_width(line: int, row: list[str], width: int) -> dict:
    """Return the reject of a line with too few or too many cells."""
    raison = f"{len(row)} cellules au lieu de {width} : séparateur en trop, en moins, ou ligne coupée. Corrigez la ligne."
    return reject(f"ligne {line}", "(ligne)", " | ".join(row)[:200], raison)


def _header(path: Path, header: list[str]) -> list[str]:
    """Return unique, stripped column names; a nameless trailing column gets its rank."""
    names = [name.strip().strip("\ufeff") or f"colonne_{i}" for i, name in enumerate(header, 1)]
    double = next((n for n in names if names.count(n) > 1), None)
    if double:
        raise SourceError(path, f"la colonne « {double} » figure deux fois.", place="ligne 1", cure="Renommez l'une des deux.")
    return names


def _text_frame(rows: list, header: list[str], lines: list[str]) -> pd.DataFrame:
    """Return rows as a text frame, stripped, with blank cells as NA."""
    frame = pd.DataFrame(rows, columns=header, index=pd.Index(lines, name="ligne", dtype="str"), dtype="str")
    for name in header:
        column = frame[name].str.strip()
        frame[name] = column.mask(column.eq(""))
    return frame


def read_bytes(path: Path) -> bytes:
    """Return the content of a plain or gzipped file; an empty one is an error."""
    import gzip

    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError) as error:
        raise SourceError(path, f"fichier illisible ({error}).", cure="Vérifiez le chemin et les droits, ou téléchargez-le à nouveau.") from None
    if not content.strip():
        raise SourceError(path, "le fichier est vide.", cure="Téléchargez-le à nouveau auprès du producteur.")
    if content.startswith(LFS_POINTER):
        raise SourceError(path, "c'est un renvoi Git LFS, pas les données.", place="ligne 1", cure="Récupérez le fichier lui-même.")
    return content


def decode(path: Path, content: bytes, encoding: str) -> str:
    """Return `content` as text, or say where it stops being in `encoding`."""
    encoding = "utf-8-sig" if encoding.lower().replace("-", "") == "utf8" else encoding
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SourceError(
            path, f"le texte n'est pas en {encoding.removesuffix('-sig').upper()} (octet 0x{content[error.start]:02X}), "
            "sans doute en Latin-1 (Windows-1252).", place=f"ligne {line}",
            cure="Enregistrez-le en UTF-8, ou déclarez options.encoding = \"cp1252\" pour cette source dans geodata/sources.toml.",
        ) from None
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise SourceError(path, "caractère nul : ce n'est pas un fichier de texte.", place=f"ligne {line}", cure="Exportez-le en CSV UTF-8.")
    return text


def _guess_delimiter(header: str) -> str:
    """Return the separator most present in the header."""
    return max(";,\t|", key=header.count)


def read_xlsx(path: Path, *, sheet: str | None = None, header: int = 1) -> Lecture:
    """Return the rows of one sheet of an XLSX workbook as text.

    Parameters
    ----------
    sheet : str, optional
        Name of the sheet; the first one when not given.
    header : int
        Line of the header, counted from 1 as a spreadsheet shows it.

    Raises
    ------
    SourceError
        Not a workbook, sheet absent (the sheets found are listed), no header.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    read_bytes(path)
    try:
        workbook = CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError) as error:
        raise SourceError(path, f"ce n'est pas un classeur XLSX lisible ({error}).", cure="Ouvrez-le dans un tableur et enregistrez-le en .xlsx.") from None
    if sheet is not None and sheet not in workbook.sheet_names:
        raise SourceError(
            path, f"la feuille « {sheet} » est absente.", place=f"feuilles trouvées : {', '.join(workbook.sheet_names)}",
            cure="Vérifiez le millésime du classeur, ou corrigez options.sheet dans geodata/sources.toml.",
        )
    rows = workbook.get_sheet_by_name(sheet or workbook.sheet_names[0]).to_python(skip_empty_area=False)
    if len(rows) < header:
        raise SourceError(path, "la feuille n'a pas de ligne d'en-tête.", place=f"ligne {header}", cure="Vérifiez options.header.")
    names = _header(path, [_cell(value) for value in rows[header - 1]])
    body = [([_cell(value) for value in row], i) for i, row in enumerate(rows[header:], header + 1)]
    body = [(row, i) for row, i in body if any(row)]
    frame = _text_frame([row for row, _ in body], names, [f"ligne {i}" for _, i in body])
    return Lecture(frame, len(frame))


def _cell(value) -> str:
    """Return a cell as text; a whole number loses the `.0` that Excel gave it."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def read_json(path: Path, *, encoding: str = "utf-8") -> Lecture:
    """Return a JSON array of flat objects as text; a list becomes "a|b".

    Raises
    ------
    SourceError
        Truncated or broken JSON (line and column are given), or not an array of objects.
    """
    text = decode(path, read_bytes(path), encoding)
    try:
        records = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        place = f"ligne {error.lineno}, colonne {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise SourceError(path, "JSON illisible.", place=place, cure="Le fichier est sans doute coupé : téléchargez-le à nouveau.") from None
    if not isinstance(records, list) or not records:
        raise SourceError(path, "un tableau JSON d'objets est attendu.", place="ligne 1", cure="Vérifiez le format de la source.")
    good = [(i, r) for i, r in enumerate(records, 1) if isinstance(r, dict)]
    rejets = [
        reject(f"élément {i}", "(élément)", str(r)[:200], "Ce n'est pas un objet : retirez-le ou corrigez l'export.")
        for i, r in enumerate(records, 1) if not isinstance(r, dict)
    ]
    names = list(dict.fromkeys(name for _, record in good for name in record))
    rows = [[_json_text(record.get(name)) for name in names] for _, record in good]
    return Lecture(_text_frame(rows, names, [f"élément {i}" for i, _ in good]), len(records), rejets)


def _json_text(value) -> str:
    """Return a JSON value as text: lists joined by `|`, booleans as CSV shows them."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "|".join(_json_text(item) for item in value)
    return value if isinstance(value, str) else str(value)
