"""How many street names typed are understood: exact, asked, or wrong, and how long it takes.

Run `python -m benchmarks.streets --data FOLDER --mirror FOLDER`.  The truth is each named road of
the extracts of OpenStreetMap in the mirror, with the commune its middle is in; it is asked in
three ways: as it is written, as people shorten it (« 12 bd gal leclerc arras »), and with its
commune first.  A street is understood when the place is within `ECART_M` of a line of that name in
that commune, asked when it is among the choices; anything else is wrong.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Point

from geoapp.core.config import CRS_GEO, CRS_METRIC
from geoapp.core.geometry import to_metric
from geoapp.core.snapshot import open_snapshot
from geoapp.offer.search.index import Index, open_index
from geoapp.offer.search.model import Lieu
from geoapp.offer.search.places import PlaceError, resolve_place
from geoapp.reference.codes.text import fold
from geoapp.sources.street_files import read_osm_roads

ECART_M = 600.0
COURTS = {
    "rue": "r.",
    "avenue": "av",
    "boulevard": "bd",
    "place": "pl",
    "chemin": "ch",
    "impasse": "imp",
    "general": "gal",
    "saint": "st",
    "marechal": "mal",
    "docteur": "dr",
}


def true_streets(mirror: Path, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one row by street name of an extract: its longest commune and its lines there."""
    paths = sorted((mirror / "reseau").glob("osm_roads_*"))
    parts = [read_osm_roads(path).frame.assign(extrait=path.name) for path in paths]
    roads = pd.concat(parts, ignore_index=True)
    roads = roads[roads["nom"].ne("")].reset_index(drop=True)
    lines = gpd.GeoDataFrame(roads, geometry="geometry", crs=CRS_GEO).to_crs(CRS_METRIC)
    middles = gpd.GeoDataFrame(geometry=lines.geometry.interpolate(0.5, normalized=True))
    outlines = communes[["code_commune", "nom", "geometry"]].to_crs(CRS_METRIC)
    joined = middles.sjoin(outlines.rename(columns={"nom": "commune"}), predicate="intersects")
    joined = joined[~joined.index.duplicated()]
    lines = lines.join(joined[["code_commune", "commune"]]).dropna(subset=["code_commune"])
    lines["metres"] = lines.length
    whole = lines.dissolve(
        by=["extrait", "nom", "code_commune"], aggfunc={"metres": "sum", "commune": "first"}
    )
    whole = whole.reset_index().sort_values("metres", ascending=False, kind="stable")
    return whole.drop_duplicates(["extrait", "nom"]).sort_values(["extrait", "nom"])


def shortened(nom: str, commune: str, rank: int) -> str:
    """Return a street as people type it: no accent, short kinds, often a number, no comma."""
    words = [COURTS.get(word, word) for word in fold(nom).split()]
    number = f"{rank % 60 + 1} " if rank % 2 else ""
    return f"{number}{' '.join(words)} {fold(commune)}"


def judge(index: Index, asked: str, row) -> tuple[str, str]:
    """Return « exact », « demandé » or a kind of error, and what was understood."""
    try:
        found = resolve_place(index, asked)
    except PlaceError as error:
        near = [one for one in error.choix if _is_there(one, row)]
        return ("demandé" if near else "inconnu", ", ".join(one.nom for one in error.choix[:3]))
    if found.type not in ("voie", "adresse"):
        right = found.type == "commune" and found.code == row.code_commune
        return ("commune" if right else "faux", f"{found.type} {found.nom}")
    return ("exact" if _is_there(found, row) else "faux", found.nom)


def _is_there(lieu: Lieu, row) -> bool:
    if lieu.type not in ("voie", "adresse") or lieu.longitude is None:
        return False
    return bool(row.geometry.distance(Point(*to_metric(*lieu.point))) <= ECART_M)


def main() -> None:
    """Print the counts, the first of each error, and the times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--nb", type=int, default=0, help="streets drawn; 0: all")
    options = parser.parse_args()
    snapshot = open_snapshot(options.data)
    index = open_index(snapshot)
    rows = list(true_streets(options.mirror, snapshot.read("communes")).itertuples())
    if options.nb:
        rows = random.Random(14).sample(rows, options.nb)
    ways = {
        "telle quelle, « rue, commune »": lambda one, rank: f"{one.nom}, {one.commune}",
        "abrégée, sans accent": lambda one, rank: shortened(one.nom, one.commune, rank),
        "commune d'abord": lambda one, rank: f"{one.commune} {one.nom}",
    }
    print(f"{len(rows)} noms de rues")
    for name, write in ways.items():
        counts, shown, times = Counter(), [], []
        for rank, row in enumerate(rows):
            asked = write(row, rank)
            start = time.perf_counter()
            kind, found = judge(index, asked, row)
            times.append(time.perf_counter() - start)
            counts[kind] += 1
            if kind not in ("exact", "demandé"):
                shown.append(f"   {kind} : {asked} -> {found}")
        told = ", ".join(f"{kind} {nb} ({nb / len(rows):.1%})" for kind, nb in counts.most_common())
        print(f"{name} : {told} ; p95 {np.percentile(times, 95) * 1000:.0f} ms")
        print("\n".join(random.Random(1).sample(shown, min(25, len(shown)))))


if __name__ == "__main__":
    main()
