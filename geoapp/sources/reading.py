"""Read one source into the columns of ours: a reader per format, then the mapping."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from geoapp.core.errors import SourceError
from geoapp.core.schema.offer_columns import FLAT
from geoapp.sources.fillers import blank_fillers, plain_texts
from geoapp.sources.formats import FORMATS
from geoapp.sources.header_line import say_doubles
from geoapp.sources.headers import (
    expected_names,
    known_columns,
    needed_columns,
    rename_columns,
)
from geoapp.sources.mapping import apply_mapping, require_columns
from geoapp.sources.personal import mask_frame
from geoapp.sources.recognise import tabular_format
from geoapp.sources.records import Lecture, show
from geoapp.sources.registry import Source
from geoapp.sources.selection import keep_rows
from geoapp.sources.series import check_year
from geoapp.sources.unpacking import opened
from geoapp.sources.usages import USAGES


def is_stream(source: Source) -> bool:
    """Tell whether a source is read by batches."""
    return FORMATS[source.format].lire_par_lots is not None


def read_raw(
    path: Path, format: str, options: dict, attendues: frozenset[str] = frozenset()
) -> Lecture:
    """Return the raw rows of a file in one of the known formats.

    `attendues` are the names that its header may hold, bare (`expected_names`).
    """
    row, told = FORMATS[format], reader_options(format, options)
    if row.cherche_entete:
        told["attendues"] = attendues
    if not row.est_tableau:
        return row.lire(Path(path), **told)
    with opened(path) as plain:
        return row.lire(plain, **told)


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
    format = source.format
    if FORMATS[format].est_interchangeable:
        with opened(path) as plain:
            format = tabular_format(plain)
    lecture = read_raw(path, format, source.options, expected_names([source]))
    return _as_ours(source, path, lecture)


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
    renamed = rename_columns(_without_twins(lecture, source, path), source)
    if source.colonnes:
        # A file may be a thousand columns wide: those that are not read go at once.
        require_columns(renamed, source, path)
        needed = needed_columns(source)
        renamed = renamed[[name for name in renamed.columns if name in needed]]
        renamed = blank_fillers(renamed, source)
    raw = keep_rows(renamed, source, path)
    check_year(raw, source, path)
    left = len(lecture.frame) - len(raw)
    mapped = apply_mapping(raw, source, path)
    if source.colonnes and USAGES[source.usage].colonnes == FLAT:
        mapped = plain_texts(mapped)
    mapped = mask_frame(mapped)
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
        notes=[*lecture.notes, *say_doubles(lecture.doubles)],
    )


def _without_twins(lecture: Lecture, source: Source, path: Path) -> pd.DataFrame:
    """Return the rows read without the columns that repeat the name of another.

    Raises
    ------
    SourceError
        A column that is read is there several times, and they differ.
    """
    frame = lecture.frame
    if not lecture.doubles:
        return frame
    renamed = {name: known_columns(source, {name}) for name in lecture.doubles}
    for name, twins in lecture.doubles.items():
        differ = any(not frame[name].fillna("").eq(frame[twin].fillna("")).all() for twin in twins)
        if differ and renamed[name] & needed_columns(source):
            raise SourceError(
                path,
                f"la colonne « {show(name)} », qui est lue, figure {len(twins) + 1} fois.",
                place="en-tête",
                cure="Renommez celle qu'il ne faut pas lire.",
            )
    return frame.drop(columns=[twin for twins in lecture.doubles.values() for twin in twins])
