"""What a user would write instead: one `sjoin` per zoning on every offer, measured.

`python -m benchmarks.job_plain OFFERS.csv SNAPSHOT OUT_DIR LATITUDE LONGITUDE`.  It is given
ready-made outlines (those of a published snapshot); it checks, rejects, repairs and counts
nothing, and joins by geometry alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measure import Stopwatch

watch = Stopwatch()


def main(offers_csv: str, snapshot: str, out_dir: str, latitude: str, longitude: str) -> None:
    """Read, join, write, and print the measures."""
    import geopandas as gpd
    import pandas as pd

    watch.lap("imports")
    frame = pd.read_csv(offers_csv, sep=";", dtype=str)
    points = gpd.points_from_xy(frame[longitude].astype(float), frame[latitude].astype(float))
    offers = gpd.GeoDataFrame(frame, geometry=points, crs="EPSG:4326").to_crs("EPSG:2154")
    watch.lap("lecture")
    for name, zones in _layers(gpd, Path(snapshot)):
        found = gpd.sjoin(
            offers[["geometry"]], zones.to_crs("EPSG:2154"), how="left", predicate="within"
        )
        offers = offers.join(found["code"].rename(name))
    watch.lap("jointures")
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    offers.to_crs("EPSG:4326").to_parquet(out / "offres.parquet")
    watch.lap("écriture GeoParquet")
    offers.to_crs("EPSG:4326").to_file(out / "offres.gpkg")
    watch.lap("écriture GeoPackage")
    print(watch.report(read=len(frame), rows_out=len(offers)))


def _layers(gpd, snapshot: Path):
    """Yield each layer to join: communes, then every zoning that has outlines."""
    communes = gpd.read_parquet(snapshot / "communes.parquet")
    yield "commune", communes.rename(columns={"code_commune": "code"})[["code", "geometry"]]
    zones = gpd.read_parquet(snapshot / "zones.parquet").rename(columns={"code_zone": "code"})
    for type_zone in ("epci", "ze2020", "zrr", "frr", "qpv2015", "qpv2024"):
        part = zones[zones["type_zone"].eq(type_zone) & zones.geometry.notna()]
        if len(part):
            yield type_zone, part[["code", "geometry"]]


if __name__ == "__main__":
    main(*sys.argv[1:])
