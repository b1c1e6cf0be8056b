"""The rows of a table, from its Parquet file to COPY: by pieces, without a row made in Python."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from psycopg import Connection, sql
from pyarrow.csv import WriteOptions, write_csv

from geoapp.core import schema

PAQUET = 20_000
"""Rows that lie in memory at once."""

# A text is quoted, what is unknown is not: COPY reads the first as a text, be it empty, the second
# as NULL.
_ECRITURE = WriteOptions(include_header=False, quoting_style="all_valid")


def copy_table(db: Connection, ici: str, nom: str, path: Path) -> int:
    """Copy the file of a table into a schema, and return how many rows it has."""
    columns = sql.SQL(", ").join(map(sql.Identifier, schema.TABLES[nom].noms))
    order = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, FREEZE)").format(
        sql.Identifier(ici, nom), columns
    )
    nb = 0
    with db.cursor().copy(order) as copy:
        for part in read_parts(path, nom):
            text = io.BytesIO()
            write_csv(part, text, _ECRITURE)
            copy.write(text.getbuffer())
            nb += part.num_rows
    return nb


def read_parts(path: Path, nom: str) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table by pieces, geometries as PostGIS reads them in a text."""
    for part in pq.ParquetFile(path).iter_batches(PAQUET, columns=schema.TABLES[nom].noms):
        if schema.TABLES[nom].est_geographique:
            place = part.schema.get_field_index("geometry")
            shapes = as_text(part.column(place).to_numpy(zero_copy_only=False))
            part = part.set_column(place, "geometry", pa.array(shapes, pa.string()))
        yield part


def as_text(wkb: np.ndarray) -> np.ndarray:
    """Return geometries as hexadecimal text, outlines in several parts, None without any."""
    shapes = shapely.from_wkb(wkb)
    shapes[shapely.is_empty(shapes)] = None
    single = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
    shapes[single] = shapely.multipolygons(shapes[single][:, None])
    return shapely.to_wkb(shapes, hex=True)
