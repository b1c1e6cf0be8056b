"""Snapshots put in PostGIS by the product and by what one would pick instead: `python -m
benchmarks.postgis --dsn DSN DATA… [--rivals PYTHON] [--repeat 2]`.

Each way writes in a base of its own, made for it and dropped: DSN is that of an administrator.
`benchmarks.search_world` makes the DATA of 60,000 offers.  The GeoPackage of ogr2ogr is written
beforehand, and not timed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import psycopg

from benchmarks.measure import run_job
from geoapp.core.snapshot import open_snapshot

BASE = "geoforma_banc"


def measure(way: str, folder: Path, dsn: str, python: str) -> dict:
    """Return what one way costs on a new base, and how much the base then weighs."""
    with psycopg.connect(f"{dsn} dbname=postgres", autocommit=True) as db:
        db.execute(f"DROP DATABASE IF EXISTS {BASE} WITH (FORCE)")
        db.execute(f"CREATE DATABASE {BASE}")
        here = f"{dsn} dbname={BASE}"
        try:
            with psycopg.connect(here, autocommit=True) as new:
                new.execute("CREATE EXTENSION postgis")
            told = run_job("benchmarks.postgis_job", way, str(folder), here, python=python)
            (size,) = db.execute("SELECT pg_database_size(%s)", [BASE]).fetchone()
            return {**told, "base_mb": size / 1e6}
        finally:
            db.execute(f"DROP DATABASE {BASE} WITH (FORCE)")


def main() -> None:
    """Measure each way on each snapshot, in turn, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--dsn", required=True, help="host=… port=… user=…, without dbname")
    parser.add_argument("--rivals", default="", help="Python that has geopandas and sqlalchemy")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--ways", default="ours,rows_in_python,ogr2ogr,geopandas")
    asked = parser.parse_args()
    print(
        "| offers | way | s | CPU s | peak MB | base MB | × ours |\n"
        "|---:|---|---:|---:|---:|---:|---:|"
    )
    for data in asked.data:
        snapshot = open_snapshot(data)
        with tempfile.TemporaryDirectory() as folder:
            gpkg = Path(folder) / "tout.gpkg"
            if "ogr2ogr" in asked.ways:
                _write_tables(snapshot.path, gpkg)
            ways = {
                way: gpkg if way == "ogr2ogr" else snapshot.path
                for way in asked.ways.split(",")
                if way != "geopandas" or asked.rivals
            }
            found: dict[str, dict] = {}
            for _ in range(asked.repeat):
                for way, where in ways.items():
                    python = asked.rivals if way == "geopandas" else sys.executable
                    told = measure(way, where, asked.dsn, python)
                    if way not in found or told["wall_s"] < found[way]["wall_s"]:
                        found[way] = told
            for way, told in found.items():
                print(
                    f"| {snapshot.nb_rows('offres'):,} | {way} | {told['wall_s']:.1f} | "
                    f"{told['cpu_s']:.1f} | {told['peak_mb']:.0f} | {told['base_mb']:.0f} | "
                    f"× {told['wall_s'] / found['ours']['wall_s']:.1f} |",
                    flush=True,
                )


def _write_tables(folder: Path, gpkg: Path) -> None:
    """Write the tables of a snapshot as one GeoPackage, a layer each."""
    import geopandas as gpd
    import pandas as pd
    import pyogrio

    for path in sorted(folder.glob("*.parquet")):
        try:
            frame = gpd.read_parquet(path)
        except ValueError:
            frame = pd.read_parquet(path)
        pyogrio.write_dataframe(frame, gpkg, layer=path.stem, append=gpkg.exists())


if __name__ == "__main__":
    main()
