"""Roads as an OpenStreetMap extract: tiny networks written by hand, and those of the mirror."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path

import numpy as np

from geoapp.coverage.travel.network.engine import ALGORITHME, Calculateur

WORKER = Path(__file__).with_name("reseau_worker.py")

BALISES = {"highway": "motorway", "major": "secondary", "minor": "residential"}
"""Tag of each class of the mirror."""


def run_worker(calculateur: Calculateur, **asked) -> dict:
    """Return what the worker of the trials answers."""
    done = subprocess.run(
        [calculateur.python, "-I", str(WORKER)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def write_extract(
    calculateur: Calculateur, out: Path, nodes: list, ways: list, **told: str
) -> Path:
    """Write nodes (longitude, latitude) and ways (ranks, tags) as an .osm.pbf."""
    run_worker(calculateur, commande="write", pbf=str(out), noeuds=nodes, voies=ways, **told)
    return out


def read_roads(path: Path, tag=lambda road: {"highway": BALISES[road["roadClass"]]}):
    """Return the nodes and ways of a file of roads; two ways that share a position cross there."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        features = json.load(stream)["features"]
    ranks: dict[tuple[float, float], int] = {}
    ways = []
    for one in features:
        line = [
            ranks.setdefault(tuple(lonlat), len(ranks)) for lonlat in one["geometry"]["coordinates"]
        ]
        kept = [rank for i, rank in enumerate(line) if i == 0 or rank != line[i - 1]]
        tags = tag(one["properties"])
        if tags:
            ways.append((kept, tags))
    return list(ranks), ways


def ask_pairs(calculateur: Calculateur, graphe: str, trips) -> np.ndarray:
    """Return seconds, metres and metres to the network of trips (DataFrame o_lon, o_lat, d_…)."""
    groups = trips.groupby(["o_lon", "o_lat"], sort=False)
    asked = [(origin, mine[["d_lon", "d_lat"]].to_numpy().tolist()) for origin, mine in groups]
    told = run_worker(
        calculateur, commande="pairs", algorithme=ALGORITHME, graphe=graphe, trajets=asked
    )["trajets"]
    result = np.full((len(trips), 3), np.nan)
    for rows, values in zip(groups.indices.values(), told, strict=True):
        result[rows] = np.array(values, dtype=float).T
    return result
