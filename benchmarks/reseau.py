"""Road networks of the mirror against published trips and the laws: `python -m benchmarks.reseau
--mirror ../shared/sources [--data DIR]`.

Trips are those of which both ends are inside a network, a kilometre from its edge.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.roads import ask_pairs, read_roads, write_extract
from geoapp.core.config import load_settings
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.judging import band_errors
from geoapp.coverage.travel.law import load_laws
from geoapp.coverage.travel.network.engine import Calculateur, find_engine, prepare_graph
from geoapp.coverage.travel.network.profiles import PROFILS

VILLES = {
    "Lille": "lille_2026-02",
    "Amiens": "amiens_2026-08",
    "Calais–Dunkerque": "calais-dunkerque_2026-08",
}
BORD_DEGRES = 0.01
ACCROCHES_M = 300.0
"""Both ends together: beyond, the trip is not one of this network."""


def keep_inside(trips: pd.DataFrame, nodes: list) -> pd.DataFrame:
    """Return the trips of which both ends are inside the box of a network, away from its edge."""
    low, high = np.min(nodes, axis=0) + BORD_DEGRES, np.max(nodes, axis=0) - BORD_DEGRES
    inside = np.ones(len(trips), dtype=bool)
    for end in "od":
        lonlat = trips[[f"{end}_lon", f"{end}_lat"]].to_numpy()
        inside &= ((lonlat > low) & (lonlat < high)).all(axis=1)
    return trips[inside].reset_index(drop=True)


def ask_network(
    calculateur: Calculateur, pbf: Path, trips: pd.DataFrame, data_dir: Path
) -> pd.DataFrame:
    """Return the trips with the minutes and kilometres of each profile, on one network."""
    for nom, profil in PROFILS.items():
        start = time.monotonic()
        graphe = prepare_graph(calculateur, pbf, profil, data_dir, lambda step: None)
        seconds, metres, snaps = ask_pairs(calculateur, graphe.chemin, trips).T
        trips = trips.assign(
            **{f"{nom}_min": seconds / 60, f"{nom}_km": metres / 1000, f"{nom}_accroche": snaps}
        )
        print(f"  {nom} : {time.monotonic() - start:.1f} s", flush=True)
    return trips[(trips["voiture_accroche"] < ACCROCHES_M) & trips["voiture_km"].notna()]


def add_laws(trips: pd.DataFrame) -> pd.DataFrame:
    """Return the trips with the minutes and kilometres of each law."""
    ends = [density_around(trips[[f"{end}_lon", f"{end}_lat"]].to_numpy()) for end in "od"]
    crow = trips["crow_m"].to_numpy() / 1000
    for mode, law in load_laws().items():
        trips = trips.assign(
            **{
                f"loi_{mode}_min": law.minutes(crow, *ends),
                f"loi_{mode}_km": law.road_km(crow, *ends),
            }
        )
    return trips


COMPARAISONS = {
    "loi / réseau, km en voiture": ("loi_voiture_km", "voiture_km"),
    "loi fluide / réseau, minutes": ("loi_voiture_fluide_min", "voiture_min"),
    "loi / réseau, minutes à vélo": ("loi_velo_min", "velo_min"),
    "loi / réseau, minutes à pied": ("loi_pied_min", "pied_min"),
    "loi usuelle / publiées, minutes": ("loi_voiture_min", "publie_min"),
    "réseau × trafic / publiées, minutes": ("trafic_min", "publie_min"),
}


def print_comparisons(trips: pd.DataFrame) -> None:
    """Print how far each estimate is from what it is compared to, by band of straight line."""
    crow = trips["crow_m"].to_numpy() / 1000
    for titre, (estimate, reference) in COMPARAISONS.items():
        errors = (trips[estimate] / trips[reference]).to_numpy() - 1
        known = np.isfinite(errors)
        told = "  ".join(
            f"{band.de_km:.0f}–{band.a_km:.0f} km : {band.biais:+.0%} ±{band.mediane:.0%} "
            f"({band.nb})"
            for band in band_errors(crow[known], errors[known])
        )
        print(f"  {titre} : {told}")


def main() -> None:
    """Print, for each town, ratios of distances, then the comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    calculateur = find_engine(load_settings().python_reseau)
    folder = asked.mirror / "reseau"
    published = pd.read_csv(folder / "osrm_voiture_paires_hdf.csv.gz", sep=";")
    published = published[published["crow_m"] > 100]
    with tempfile.TemporaryDirectory() as temporary:
        data_dir = asked.data or Path(temporary)
        data_dir.mkdir(exist_ok=True)
        for ville, nom in VILLES.items():
            nodes, ways = read_roads(folder / f"osm_roads_{nom}.geojson.gz")
            pbf = write_extract(calculateur, data_dir / f"{nom}.osm.pbf", nodes, ways)
            trips = keep_inside(published, nodes)
            print(f"{ville} : {len(trips)} trajets", flush=True)
            trips = add_laws(ask_network(calculateur, pbf, trips, data_dir))
            trips["publie_min"] = trips["driving_s"] / 60
            factor = trips["loi_voiture_min"] / trips["loi_voiture_fluide_min"]
            trips["trafic_min"] = trips["voiture_min"] * factor
            ratio = trips["voiture_km"] / trips["driving_m"] * 1000
            low, half, high = ratio.quantile([0.1, 0.5, 0.9])
            print(f"  distance rendue / publiée : {low:.2f}, {half:.2f}, {high:.2f} ({len(trips)})")
            print_comparisons(trips)


if __name__ == "__main__":
    main()
