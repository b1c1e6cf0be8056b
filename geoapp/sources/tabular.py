"""Read CSV and JSON files as text, keeping the line of every row.

Codes must never become numbers: everything is read as text.  A line that does
not fit its header becomes a reject; a file that cannot be read at all raises
`SourceError` naming the file, the place and the cure.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

import pandas as pd

from geoapp.core.errors import SourceError
from geoapp.sources.content import decode, read_bytes
from geoapp.sources.portals import portal_rows
from geoapp.sources.records import Lecture, reject, show

MAX_FIELD = 1_000_000
"""Longest cell accepted, in characters: longer ones are a broken quote, not data."""
MAX_COLUMNS = 16_384
"""Most columns accepted: those of a spreadsheet."""
BATCH = 20_000
"""Rows turned into columns at a time: as lists of cells they take five times the memory."""
DELIMITERS = ";,\t|"

_CSV_PROBLEMS = (
    ("field larger", f"une cellule dépasse {MAX_FIELD} caractères."),
    ("unexpected end", "un guillemet ouvert n'est jamais fermé."),
    ("expected after", "du texte suit un guillemet fermant."),
)
_AGAIN = "Téléchargez-le à nouveau auprès du producteur."


def read_csv(
    path: Path,
    *,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    skip: int = 0,
    entete: list[str] | None = None,
) -> Lecture:
    """Return the rows of a CSV file as text, blank cells as NA.

    The header is the first line that is not blank; blank lines are no rows.

    Parameters
    ----------
    path : Path
        File, plain or gzipped.
    encoding : str
        Declared encoding; a byte order mark wins over it.
    delimiter : str, optional
        Column separator; else the one of `;`, `,`, tab and `|` that parts the
        first lines most alike, quotes respected.
    skip : int
        Lines to skip before the header.
    entete : list of str, optional
        Names of the columns of a file that has no header: its first line is then a row.

    Raises
    ------
    SourceError
        Empty file, wrong encoding, no header, unreadable quoting.
    """
    content = decode(path, read_bytes(path), encoding).encode()
    # Text held as UTF-8: a StringIO would keep four bytes by character.
    stream = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")
    for _ in range(skip):
        stream.readline()
    start = stream.tell()
    delimiter = delimiter or _guess_delimiter(stream.read(1 << 16))
    stream.seek(start)
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    records = _records(path, reader, skip)
    return _collect(path, chain([(0, entete)], records) if entete else records)


def _guess_delimiter(head: str) -> str:
    """Return the separator that parts most of the first lines like their header.

    The most present of those that do.
    """
    bare = re.sub(r'"[^"]*"', "", head)
    lines = [line for line in re.split(r"[\r\n]+", bare) if line.strip()][:20]

    def score(delimiter: str) -> tuple[int, int]:
        counts = [line.count(delimiter) for line in lines]
        return (counts.count(counts[0]), counts[0]) if counts and counts[0] else (0, 0)

    return max(DELIMITERS, key=score)


def _records(path: Path, reader, skip: int) -> Iterator[tuple[int, list[str]]]:
    """Yield every record that is not blank, with the line where it starts."""
    last = skip
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            said = (said for sign, said in _CSV_PROBLEMS if sign in str(error))
            raise SourceError(
                path,
                next(said, "guillemets ou séparateurs illisibles."),
                place=f"ligne {last + 1}",
                cure="Le fichier est sans doute coupé, ou un guillemet mal placé : "
                "exportez-le à nouveau.",
            ) from None
        line, last = last + 1, skip + reader.line_num
        if any(cell.strip() for cell in row):
            yield line, row


def _collect(path: Path, records: Iterator[tuple[int, list[str]]]) -> Lecture:
    """Gather rows of the right width; the others become rejects with their line.

    A nameless column at the end of the header (a separator too many) may lack.
    """
    first, names = next(records, (0, []))
    if not names:
        raise SourceError(path, "aucune ligne d'en-tête.", cure=_AGAIN)
    header = name_columns(path, names, f"ligne {first}")
    least = max(i for i, name in enumerate(names, 1) if name.strip())
    rows: list[list[str]] = []
    lines: list[str] = []
    rejets: list[dict] = []
    parts: list[pd.DataFrame] = []
    for line, row in records:
        # Separators too many at the end of a line hold nothing.
        while len(row) > len(header) and not row[-1].strip():
            row.pop()
        if least <= len(row) <= len(header):
            rows.append(row + [""] * (len(header) - len(row)))
            lines.append(f"ligne {line}")
            if len(rows) == BATCH:
                parts.append(text_frame(rows, header, lines))
                rows, lines = [], []
        else:
            rejets.append(_wrong_width(line, row, len(header)))
    if rows or not parts:
        parts.append(text_frame(rows, header, lines))
    frame = pd.concat(parts) if len(parts) > 1 else parts[0]
    return Lecture(frame=frame, nb_lues=len(frame) + len(rejets), rejets=rejets)


def _wrong_width(line: int, row: list[str], width: int) -> dict:
    """Return the reject of a line with too few or too many cells."""
    return reject(
        f"ligne {line}",
        "(ligne)",
        " | ".join(islice(row, 50))[:200],
        "largeur",
        trouvees=len(row),
        attendues=width,
    )


def name_columns(path: Path, cells: list[str], place: str) -> list[str]:
    """Return unique, stripped column names; a nameless column gets its rank.

    Raises
    ------
    SourceError
        Two columns of one name, no name at all, more than `MAX_COLUMNS`.
    """
    if len(cells) > MAX_COLUMNS:
        raise SourceError(
            path,
            f"{len(cells)} colonnes, au plus {MAX_COLUMNS} sont lues.",
            place=place,
            cure="Vérifiez le séparateur.",
        )
    if not any(cell.strip() for cell in cells):
        raise SourceError(
            path,
            "la ligne d'en-tête est vide.",
            place=place,
            cure="Vérifiez le numéro de la ligne d'en-tête.",
        )
    names: dict[str, None] = {}
    for rank, cell in enumerate(cells, 1):
        name = cell.strip() or f"colonne_{rank}"
        if name in names:
            raise SourceError(
                path,
                f"la colonne « {show(name)} » figure deux fois.",
                place=place,
                cure="Renommez l'une des deux.",
            )
        names[name] = None
    return list(names)


def text_frame(rows: list, header: list[str], lines: list[str]) -> pd.DataFrame:
    """Return rows as a text frame indexed by `lines`, stripped, with blank cells as NA."""
    frame = pd.DataFrame(
        rows, columns=header, index=pd.Index(lines, name="ligne", dtype="str"), dtype="str"
    )
    for name in header:
        column = frame[name].str.strip()
        frame[name] = column.mask(column.eq(""))
    return frame


def read_json(path: Path, *, encoding: str = "utf-8") -> Lecture:
    """Return a JSON array of flat objects as text.

    A list becomes "a|b", the shapes of open-data portals are opened (`portal_rows`).

    Numbers keep their digits as written, NaN is unknown.  An element that is no
    object, repeats a field, or holds half a character is a reject.

    Raises
    ------
    SourceError
        Truncated, broken or too deep JSON (line and column are given), not an array.
    """
    try:
        return _flatten(path, portal_rows(parse_json(path, encoding=encoding)))
    except RecursionError:
        raise SourceError(
            path,
            "JSON imbriqué trop profondément.",
            place="ligne 1",
            cure="Vérifiez le format de la source.",
        ) from None


def parse_json(path: Path, *, encoding: str = "utf-8"):
    """Return the JSON value of a file, numbers as texts.

    An object that repeats a field comes as its bare pairs.

    Raises
    ------
    SourceError
        Truncated or broken JSON (line and column are given).
    RecursionError
        Nested too deeply.
    """
    return _parse(path, decode(path, read_bytes(path), encoding))


def _parse(path: Path, text: str):
    """Return the JSON value of a text; numbers stay text."""
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=str,
            parse_float=str,
            parse_constant=lambda name: None if name == "NaN" else name,
        )
    except json.JSONDecodeError as error:
        raise SourceError(
            path,
            "JSON illisible.",
            place=f"ligne {error.lineno}, colonne {error.colno}",
            cure="Le fichier est sans doute coupé ou mal formé : téléchargez-le à nouveau.",
        ) from None


def _unique(pairs: list[tuple]) -> dict | tuple:
    """Return an object, or its bare pairs when a field is repeated (a value would be lost)."""
    record = dict(pairs)
    return record if len(record) == len(pairs) else tuple(pairs)


def _flatten(path: Path, records) -> Lecture:
    """Return the objects of an array as rows; what is no clean object is a reject."""
    if not isinstance(records, list) or not records:
        raise SourceError(
            path,
            "un tableau JSON d'objets est attendu.",
            place="ligne 1",
            cure="Vérifiez le format de la source.",
        )
    good, rejets = [], []
    for rank, record in enumerate(records, 1):
        if reason := refuse_element(record):
            text = json.dumps(record)[:200]
            rejets.append(reject(f"élément {rank}", "(élément)", text, reason))
        else:
            good.append((rank, record))
    # Records may leave out what they do not know: the columns are those of all of them.
    names = list(dict.fromkeys(name for _, record in good for name in record))
    if len(names) > MAX_COLUMNS:
        raise SourceError(
            path,
            f"{len(names)} champs différents, au plus {MAX_COLUMNS} sont lus.",
            place="ligne 1",
            cure="Vérifiez le format de la source.",
        )
    rows = [[_json_text(record.get(name)) for name in names] for _, record in good]
    places = [f"élément {rank}" for rank, _ in good]
    return Lecture(frame=text_frame(rows, names, places), nb_lues=len(records), rejets=rejets)


def refuse_element(record) -> str:
    """Return why an element of a JSON array cannot be a row (a code of `RAISONS`), or ""."""
    if isinstance(record, tuple):
        return "champ_repete"
    if not isinstance(record, dict):
        return "pas_un_objet"
    try:
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "caractere_coupe"
    return ""


def _json_text(value) -> str:
    """Return a JSON value as text: lists joined by `|`, booleans as CSV shows them."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "|".join(_json_text(item) for item in value)
    return str(value) if isinstance(value, str | bool) else json.dumps(value, ensure_ascii=False)
