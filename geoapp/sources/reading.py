"""Read one source into the columns of ours: a reader per format, then the mapping."""

from __future__ import annotations

from pathlib import Path

from geoapp.errors import SourceError
from geoapp.sources.boundaries import read_boundaries
from geoapp.sources.mapping import apply_mapping
from geoapp.sources.registry import OPTIONS_FORMAT, Source
from geoapp.sources.tabular import Lecture, read_csv, read_json
from geoapp.sources.workbook import read_xlsx

_READERS = {"csv": read_csv, "xlsx": read_xlsx, "json": read_json, "boundaries": read_boundaries}


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
    lecture = read_raw(path, source.format, source.options)
    mapped = apply_mapping(lecture.frame, source, path)
    if source.format == "boundaries":
        mapped = lecture.frame[["geometry"]].join(mapped)
    if mapped.empty and not lecture.rejets:
        raise SourceError(path, "aucune ligne de données sous l'en-tête.", cure="Téléchargez le fichier à nouveau auprès du producteur.")
    return Lecture(mapped, lecture.nb_lues, lecture.rejets, lecture.corrections)
