"""Read one source into the columns of ours: a reader per format, then the mapping."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from geoapp.core.errors import SourceError
from geoapp.sources.apprenticeship import read_catalogue
from geoapp.sources.boundaries import read_boundaries
from geoapp.sources.headers import rename_columns
from geoapp.sources.intercarif import read_intercarif
from geoapp.sources.lheo import iter_lheo, read_lheo
from geoapp.sources.mapping import apply_mapping
from geoapp.sources.personal import mask_frame
from geoapp.sources.recognise import tabular_format
from geoapp.sources.records import Lecture
from geoapp.sources.registry import OPTIONS_FORMAT, Source
from geoapp.sources.selection import keep_rows
from geoapp.sources.tabular import read_csv, read_json
from geoapp.sources.workbook import read_xlsx

_READERS = {
    "csv": read_csv,
    "xlsx": read_xlsx,
    "json": read_json,
    "boundaries": read_boundaries,
    "lheo": read_lheo,
    "intercarif": read_intercarif,
    "catalogue": read_catalogue,
}
_STREAMS = {"lheo": iter_lheo}
"""Formats too large to be held: read by batches when nothing needs the whole."""

TABULAIRES = ("csv", "json")
"""Declared formats of a table of records: the file tells whether it is CSV, JSON or XLSX, its columns are the same."""


def is_stream(source: Source) -> bool:
    """Tell whether a source is read by batches."""
    return source.format in _STREAMS


def read_raw(path: Path, format: str, options: dict) -> Lecture:
    """Return the raw rows of a file in one of the known formats."""
    return _READERS[format](Path(path), **reader_options(format, options))


def reader_options(format: str, options: dict) -> dict:
    """Return those of the options that the reader of a format takes (the others are for the checks)."""
    return {key: value for key, value in options.items() if key in OPTIONS_FORMAT[format]}


def read_source(source: Source, path: Path) -> Lecture:
    """Return the rows of `source` in the columns of ours, as text (plus `geometry` for boundaries).

    Raises
    ------
    SourceError
        When the file cannot be read, a column is absent, or no row is left.
    """
    format = tabular_format(path) if source.format in TABULAIRES else source.format
    return _as_ours(source, path, read_raw(path, format, source.options))


def iter_source(source: Source, path: Path) -> Iterator[Lecture]:
    """Yield what `read_source` returns by batches, so that a stream is never held whole; a small format gives one batch."""
    if not is_stream(source):
        yield read_source(source, path)
        return
    for lecture in _STREAMS[source.format](
        Path(path), **reader_options(source.format, source.options)
    ):
        yield _as_ours(source, path, lecture, is_part=True)


def _as_ours(source: Source, path: Path, lecture: Lecture, *, is_part: bool = False) -> Lecture:
    """Return a lecture in the columns of ours, e-mails and telephone numbers masked."""
    raw = keep_rows(rename_columns(lecture.frame, source), source, path)
    left = len(lecture.frame) - len(raw)
    mapped = mask_frame(apply_mapping(raw, source, path))
    if source.format == "boundaries":
        mapped = lecture.frame[["geometry"]].join(mapped)
    if mapped.empty and not lecture.rejets and not left and not is_part:
        raise SourceError(
            path,
            "aucune ligne de données sous l'en-tête.",
            cure="Téléchargez le fichier à nouveau auprès du producteur.",
        )
    return Lecture(
        mapped, lecture.nb_lues - left, lecture.rejets, lecture.corrections, lecture.extras, left
    )
