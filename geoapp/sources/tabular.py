"""Read CSV files as text, keeping the line of every row.

Codes must never become numbers: everything is read as text.  A line that does
not fit its header becomes a reject; a file that cannot be read at all raises
`SourceError` naming the file, the place and the cure.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from itertools import chain, islice
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from geoapp.core.errors import SourceError
from geoapp.core.french import count
from geoapp.sources.content import decode, read_bytes
from geoapp.sources.header_line import LIGNES_REGARDEES, Entete, find_header
from geoapp.sources.quotes import STRAY, GuillemetEgare, quotes_as_text
from geoapp.sources.records import Lecture, reject
from geoapp.sources.text_frame import stripped, text_frame

MAX_FIELD = 1_000_000
"""Longest cell accepted, in characters: longer ones are a broken quote, not data."""
BATCH = 20_000
"""Rows turned into columns at a time: as lists of cells they take five times the memory."""
BLOC = 1 << 24
"""Bytes that Arrow reads at a time: smaller pieces are scattered among all that a build holds."""
DELIMITERS = ";,\t|"

_CSV_PROBLEMS = (
    ("field larger", f"une cellule dépasse {MAX_FIELD} caractères."),
    ("unexpected end", "un guillemet ouvert n'est jamais fermé."),
    (STRAY, "du texte suit un guillemet fermant."),
)
_AGAIN = "Téléchargez-le à nouveau auprès du producteur."


def read_csv(
    path: Path,
    *,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    skip: int | None = None,
    entete: list[str] | None = None,
    attendues: frozenset[str] = frozenset(),
) -> Lecture:
    """Return the rows of a CSV file as text, blank cells as NA.

    The header is found under titles and comments (`find_header`); blank lines are no rows.

    Parameters
    ----------
    path : Path
        File, plain or gzipped.
    encoding : str
        Declared encoding; a byte order mark wins over it, and so do bytes that are not in it.
    delimiter : str, optional
        Column separator; else what a first line « sep= » says, else the one of `;`, `,`, tab
        and `|` that parts most of the first lines alike, quotes respected.
    skip : int, optional
        Lines to skip before the header; told, the header is not looked for.
    entete : list of str, optional
        Names of the columns of a file that has no header: its first line is then a row.
    attendues : frozenset of str
        Names that the header may hold (`bare`).

    Raises
    ------
    SourceError
        Empty file, wrong encoding, no header, unreadable quoting.
    """
    stream, dit = _open_text(path, encoding)
    for _ in range(skip or 0):
        stream.readline()
    start, before = stream.tell(), skip or 0
    if said := _SEP.fullmatch(stream.readline().strip()):
        delimiter, start, before = delimiter or said[1] or "\t", stream.tell(), before + 1
    stream.seek(start)
    delimiter = delimiter or _guess_delimiter(stream.read(1 << 16))
    stream.seek(start)
    told = skip is not None or entete is not None
    read = partial(
        _read_rows, path, delimiter, before, entete=entete, attendues=attendues, is_first=told
    )
    try:
        lecture = read(stream)
    except GuillemetEgare as error:
        stream.seek(start)
        lecture = _read_mended(stream.read(), delimiter, before, read, error)
    if dit:
        lecture.notes.insert(0, dit)
    return lecture


def _read_rows(
    path: Path,
    delimiter: str,
    before: int,
    stream: io.TextIOWrapper,
    *,
    entete: list[str] | None,
    attendues: frozenset[str],
    is_first: bool,
) -> Lecture:
    """Return the rows of a text from where it stands, `before` lines being read."""
    csv.field_size_limit(MAX_FIELD)
    records = _records(path, csv.reader(stream, delimiter=delimiter, strict=True), before)
    records = chain([(0, entete)], records) if entete else records
    at_once = partial(_read_at_once, stream, delimiter)
    return _collect(path, records, attendues, is_first=is_first, at_once=at_once)


def _read_mended(
    text: str,
    delimiter: str,
    before: int,
    read: Callable[[io.TextIOWrapper], Lecture],
    error: GuillemetEgare,
) -> Lecture:
    """Return the rows of a text whose stray quotes are letters; raise the error if they are not."""
    mended, lines = quotes_as_text(text, delimiter)
    if not lines:
        raise error
    # As many lines before as there were: places are those of the file.
    stream = _as_stream("\n" * before + mended)
    stream.seek(before)
    lecture = read(stream)
    told = count(len(lines), "ligne")
    lecture.notes.insert(
        0, f"Guillemets gardés comme du texte : {told}, par exemple la {before + lines[0]}."
    )
    return lecture


def _open_text(path: Path, encoding: str) -> tuple[io.TextIOWrapper, str]:
    """Return the text of a file and how it was read; nothing else holds it."""
    text = decode(path, read_bytes(path), encoding)
    return _as_stream(text.texte), text.dit


def _as_stream(text: str) -> io.TextIOWrapper:
    """Return a text to read from its bytes in UTF-8: a StringIO keeps four by character."""
    return io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8", newline="")


_SEP = re.compile(r"sep=(.?)", re.IGNORECASE)
"""First line by which a file tells spreadsheets its separator."""


def _guess_delimiter(head: str) -> str:
    """Return the separator that parts most of the first lines into as many cells.

    Of several, the one that makes most of them.  Titles and comments may precede the header.
    """
    bare_text = re.sub(r'"[^"]*"', "", head)
    lines = [line for line in re.split(r"[\r\n]+", bare_text) if line.strip()][:30]

    def score(delimiter: str) -> tuple[int, int]:
        counts = Counter(nb for line in lines if (nb := line.count(delimiter)))
        return max(((lines_of, nb) for nb, lines_of in counts.items()), default=(0, 0))

    return max(DELIMITERS, key=score)


def _records(path: Path, reader, skip: int) -> Iterator[tuple[int, list[str]]]:
    """Yield every record that is not blank, with the line where it starts."""
    last = skip
    try:
        for row in reader:
            line, last = last + 1, skip + reader.line_num
            if any(map(str.strip, row)):
                yield line, row
    except csv.Error as error:
        said = (said for sign, said in _CSV_PROBLEMS if sign in str(error))
        kind = GuillemetEgare if STRAY in str(error) else SourceError
        raise kind(
            path,
            next(said, "guillemets ou séparateurs illisibles."),
            place=f"ligne {last + 1}",
            cure="Le fichier est sans doute coupé, ou un guillemet mal placé : "
            "exportez-le à nouveau.",
        ) from None


def _collect(
    path: Path,
    records: Iterator[tuple[int, list[str]]],
    attendues: frozenset[str],
    *,
    is_first: bool,
    at_once: Callable[[int, list[str]], pd.DataFrame | None],
) -> Lecture:
    """Gather rows of the right width; the others become rejects with their line.

    `at_once` gives the rows from a line on, None when they must be gathered.
    """
    head = list(islice(records, LIGNES_REGARDEES))
    if not head:
        raise SourceError(path, "aucune ligne d'en-tête.", cure=_AGAIN)
    places = [f"ligne {line}" for line, _ in head]
    entete = find_header(
        path, [row for _, row in head], places, attendues=attendues, is_first=is_first
    )
    rejets: list[dict] = []
    under = head[entete.rang + 1 :]
    frame = at_once(under[0][0], entete.noms) if under else None
    if frame is None:
        frame = _gather(chain(under, records), entete, rejets)
    return Lecture(
        frame=frame,
        nb_lues=len(frame) + len(rejets),
        rejets=rejets,
        notes=say_header(entete, places),
        doubles=entete.doubles,
    )


def _read_at_once(
    stream: io.TextIOWrapper, delimiter: str, first: int, header: list[str]
) -> pd.DataFrame | None:
    """Return the rows from a line on as Arrow reads them, four times as fast as one by one.

    None for a file that Arrow may not read as Python does: rows of several widths, a quote that
    closes before the end of its cell, many quotes, a cell that is too long.
    """
    raw = cast(io.BytesIO, stream.buffer).getvalue()
    nb_lines, nb_quotes = raw.count(b"\n"), raw.count(b'"')
    is_alike = b"\0" not in raw and raw.count(b"\r") == raw.count(b"\r\n")
    if not is_alike or nb_quotes > nb_lines or len(delimiter.encode()) > 1:
        return None
    names = [str(rank) for rank in range(len(header))]
    try:
        _check_quotes(raw, delimiter)
        table = pacsv.read_csv(
            pa.py_buffer(raw),
            pacsv.ReadOptions(
                use_threads=False, block_size=BLOC, skip_rows=first - 1, column_names=names
            ),
            pacsv.ParseOptions(
                delimiter=delimiter, newlines_in_values=nb_quotes > 0, ignore_empty_lines=False
            ),
            pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.large_string())),
        )
    except (csv.Error, pa.ArrowInvalid):
        return None
    columns = table.columns
    if max(pc.max(pc.binary_length(column)).as_py() or 0 for column in columns) > MAX_FIELD:
        return None
    lines = np.arange(first, first + len(table))
    # A row by line: no cell holds the end of one.
    if len(table) != nb_lines - first + (1 if raw.endswith(b"\n") else 2):
        inside = sum(pc.count_substring(column, "\n").to_numpy() for column in columns)
        lines[1:] += np.cumsum(inside)[:-1]
    # The text, then each column as it was read, are let go as soon as nothing reads them any more.
    del raw, table
    stream.close()
    cells = [stripped(columns.pop(0).combine_chunks()) for _ in header]
    kept = pc.invert(reduce(pc.and_, (column.is_null() for column in cells)))
    if not pc.all(kept).as_py():
        cells, lines = [column.filter(kept) for column in cells], lines[kept.to_numpy(False)]
    index = pd.Index([f"ligne {line}" for line in lines.tolist()], name="ligne", dtype="str")
    texts = [pd.array(column, dtype="str") for column in cells]
    return pd.DataFrame(dict(zip(header, texts, strict=True)), index=index)


def _check_quotes(raw: bytes, delimiter: str) -> None:
    """Raise `csv.Error` unless every record that holds a quote is well formed."""
    content, at = io.BytesIO(raw), 0
    while (at := raw.find(b'"', at)) >= 0:
        content.seek(raw.rfind(b"\n", 0, at) + 1)
        lines = (line.decode() for line in iter(content.readline, b""))
        next(csv.reader(lines, delimiter=delimiter, strict=True))
        at = content.tell()


def _gather(
    records: Iterator[tuple[int, list[str]]], entete: Entete, rejets: list[dict]
) -> pd.DataFrame:
    """Return the rows of the right width; the others are added to the rejects.

    A nameless column at the end of the header (a separator too many) may lack.
    """
    header, least = entete.noms, entete.largeur
    rows: list[list[str]] = []
    lines: list[str] = []
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
    return pd.concat(parts) if len(parts) > 1 else parts[0]


def say_header(entete: Entete, places: Sequence[str]) -> list[str]:
    """Return what is said of a header that is not alone on the first line."""
    return [f"En-tête lu {places[entete.rang]}."] if entete.rang else []


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
