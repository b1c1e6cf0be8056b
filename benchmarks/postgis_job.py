"""One way of putting a snapshot in PostGIS, in a process of its own: `python -m
benchmarks.postgis_job WAY FOLDER DSN`.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import shapely

from benchmarks.measure import Stopwatch


def ours(folder: Path, dsn: str) -> dict:
    """Publish it: types, keys, references, indexes, comments, views, in one transaction."""
    from geoapp.outputs.postgis.publication import publish_postgis

    done = publish_postgis(folder, dsn)
    return {"tables": done.nb_tables, "rows": done.nb_lignes}


def rows_in_python(folder: Path, dsn: str) -> dict:
    """Only copy the rows, by binary COPY of rows made in Python: what Arrow spares us."""
    import psycopg

    from geoapp.core import schema
    from geoapp.core.snapshot import read_table
    from geoapp.outputs.files.model import plain_rows
    from geoapp.outputs.postgis.tables import create_table

    kinds = {"texte": "text", "entier": "int8", "reel": "float8", "booleen": "bool"}
    nb = 0
    with psycopg.connect(dsn) as db:
        db.execute("CREATE SCHEMA lignes")
        for nom, table in schema.TABLES.items():
            db.execute(create_table("lignes", nom))
            frame = read_table(folder / f"{nom}.parquet", nom)
            if table.est_geographique:
                frame = frame.assign(geometry=as_bytes(frame.geometry.to_numpy()))
            columns = ", ".join(f'"{one}"' for one in table.noms)
            with db.cursor().copy(
                f"COPY lignes.{nom} ({columns}) FROM STDIN (FORMAT binary)"
            ) as copy:
                copy.set_types([kinds.get(one.type, "bytea") for one in table.colonnes])
                for row in plain_rows(frame, table.noms):
                    copy.write_row(row)
            nb += len(frame)
    return {"rows": nb}


def as_bytes(shapes: np.ndarray) -> np.ndarray:
    """Return geometries as PostGIS reads them, outlines in several parts."""
    single = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
    shapes[single] = shapely.multipolygons(shapes[single][:, None])
    return shapely.to_wkb(shapes)


def ogr2ogr(gpkg: Path, dsn: str) -> dict:
    """Load a GeoPackage of the same tables: one spatial index by layer, no key but a number."""
    command = ["ogr2ogr", "-f", "PostgreSQL", f"PG:{dsn}", str(gpkg), "-nlt", "PROMOTE_TO_MULTI"]
    subprocess.run(
        [*command, "-lco", "SCHEMA=public", "--config", "PG_USE_COPY", "YES"],
        check=True,
        capture_output=True,
    )
    kibibytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {"peak_mb": kibibytes * 1024 / 1e6}


def geopandas(folder: Path, dsn: str) -> dict:
    """Write each table with `to_postgis` or `to_sql`: what a notebook would do."""
    import geopandas as gpd
    import pandas as pd
    from sqlalchemy import create_engine

    engine = create_engine("postgresql+psycopg://", connect_args=_parts(dsn))
    nb = 0
    for path in sorted(folder.glob("*.parquet")):
        try:
            frame = gpd.read_parquet(path)
            frame.to_postgis(path.stem, engine)
        except ValueError:
            frame = pd.read_parquet(path)
            frame.to_sql(path.stem, engine, index=False, method="multi", chunksize=1000)
        nb += len(frame)
    return {"rows": nb}


def _parts(dsn: str) -> dict:
    return dict(one.split("=", 1) for one in dsn.split())


if __name__ == "__main__":
    way, where, dsn = sys.argv[1:]
    watch = Stopwatch()
    told = globals()[way](Path(where).resolve(), dsn)
    watch.lap("all")
    print(watch.report(**told))
