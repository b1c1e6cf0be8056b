"""Read a Parquet table as text."""

from __future__ import annotations

from pathlib import Path

from geoapp.core.errors import SourceError
from geoapp.sources.content import read_bytes
from geoapp.sources.header_line import MAX_COLUMNS
from geoapp.sources.json_rows import json_text
from geoapp.sources.records import Lecture
from geoapp.sources.text_frame import text_frame

MAX_CELLS = 100_000_000
"""Largest table, in cells: it is held in memory, as text."""


def read_parquet(path: Path) -> Lecture:
    """Return the rows of a Parquet table as text; a whole number loses the `.0` of a float.

    Raises
    ------
    SourceError
        Broken, too wide or too large.
    """
    import pyarrow.parquet as parquet
    from pyarrow import ArrowException

    read_bytes(path)
    try:
        shape = parquet.read_metadata(path)
        if shape.num_columns > MAX_COLUMNS or shape.num_rows * shape.num_columns > MAX_CELLS:
            raise SourceError(path, "table Parquet trop grande.", cure="Découpez-la.")
        table = parquet.read_table(path)
        columns = [[_text(value) for value in column.to_pylist()] for column in table.columns]
    except (ArrowException, OSError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(
            path,
            "fichier Parquet coupé ou abîmé.",
            cure="Téléchargez-le à nouveau auprès du producteur.",
        ) from None
    rows = list(zip(*columns, strict=True))
    lines = [f"ligne {rank}" for rank in range(1, len(rows) + 1)]
    frame = text_frame(rows, [str(name) for name in table.column_names], lines)
    return Lecture(frame=frame, nb_lues=len(frame))


def _text(value) -> str:
    """Return a value as text."""
    if isinstance(value, float):
        return "" if value != value else str(int(value)) if value.is_integer() else str(value)
    if value is None or isinstance(value, str | bool | list | dict):
        return json_text(value)
    return str(value)
