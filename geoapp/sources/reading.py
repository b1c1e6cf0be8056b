"""Read one source into the columns of ours: a reader per format, then the mapping."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from geoapp.core.errors import SourceError
from geoapp.sources.formats import FORMATS
from geoapp.sources.headers import rename_columns
from geoapp.sources.mapping import apply_mapping
from geoapp.sources.personal import mask_frame
from geoapp.sources.recognise import tabular_format
from geoapp.sources.records import Lecture
from geoapp.sources.registry import Source
from geoapp.sources.selection import keep_rows
from geoapp.sources.series import check_year


def is_stream(source: Source) -> bool:
    """Tell whether a source is read by batches."""
    return FORMATS[source.format].lire_par_lots is not None


def read_raw(path: Path, format: str, options: dict) -> Lecture:
    """Return the raw rows of a file in one of the known formats."""
    return FORMATS[format].lire(Path(path), **reader_options(format, options))


def reader_options(format: str, options: dict) -> dict:
    """Return the options that the reader of a format takes (the others are for the checks)."""
    return {key: value for key, value in options.items() if key in FORMATS[format].options}


def read_source(source: Source, path: Path) -> Lecture:
    """Return the rows of `source` in the columns of ours, as text (plus `geometry` for boundaries).

    Raises
    ------
    SourceError
        When the file cannot be read, a column is absent, or no row is left.
    """
    told_by_file = FORMATS[source.format].est_interchangeable
    format = tabular_format(path) if told_by_file else source.format
    return _as_ours(source, path, read_raw(path, format, source.options))


def iter_source(source: Source, path: Path) -> Iterator[Lecture]:
    """Yield what `read_source` returns by batches: a stream is never held whole."""
    by_batches = FORMATS[source.format].lire_par_lots
    if by_batches is None:
        yield read_source(source, path)
        return
    for lecture in by_batches(Path(path), **reader_options(source.format, source.options)):
        yield _as_ours(source, path, lecture, is_part=True)


def _as_ours(source: Source, path: Path, lecture: Lecture, *, is_part: bool = False) -> Lecture:
    """Return a lecture in the columns of ours, e-mails and telephone numbers masked."""
    raw = keep_rows(rename_columns(lecture.frame, source), source, path)
    check_year(raw, source, path)
    left = len(lecture.frame) - len(raw)
    mapped = mask_frame(apply_mapping(raw, source, path))
    if FORMATS[source.format].est_geographique:
        mapped = lecture.frame[["geometry"]].join(mapped)
    if mapped.empty and not lecture.rejets and not left and not is_part:
        raise SourceError(
            path,
            "aucune ligne de données sous l'en-tête.",
            cure="Téléchargez le fichier à nouveau auprès du producteur.",
        )
    return Lecture(
        frame=mapped,
        nb_lues=lecture.nb_lues - left,
        rejets=lecture.rejets,
        corrections=lecture.corrections,
        extras=lecture.extras,
        nb_ecartees=left,
    )
