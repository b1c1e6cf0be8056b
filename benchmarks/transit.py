"""The matrix of public transport at the size of a region: `python -m benchmarks.transit
[--sizes 3782x300,15700x900] [--lines 600]`.

The network is drawn: lines of thirty stops on a grid of 500 m that starts from where people live,
both ways from 5 to 21 h, every 10 to 60 minutes.  Every size runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import zipfile
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.access_world import draw_points
from benchmarks.measure import Stopwatch, peak_memory_mb, run_job
from geoapp.coverage.travel.transit.matrix import read_timetable
from geoapp.coverage.travel.transit.morning import find_trips

SIZES = "3782x300,15700x900"
LIGNES = 600
JOUR = date(2026, 1, 13)
_STOPS = 30
_LON, _LAT = 0.0070, 0.0045
"""Steps of the grid in degrees: 500 m at this latitude."""


def write_feed(path: Path, nb_lines: int, seed: int = 7) -> None:
    """Write a feed of `nb_lines` lines, drawn."""
    rng = np.random.default_rng(seed)
    cells: dict[tuple[int, int], int] = {}
    trips, times = [], []
    for line, start in enumerate(draw_points(nb_lines, seed)):
        # Straight on, with a turn of a cell now and then.
        step = rng.choice([-1, 0, 1], 2) + (rng.random((_STOPS, 2)) < 0.2)
        way = np.round(start / [_LON, _LAT]).astype(int) + np.cumsum(step, axis=0)
        stops = [cells.setdefault(tuple(cell), len(cells)) for cell in way.tolist()]
        headway = int(rng.choice([10, 15, 20, 30, 60]))
        for direction, along in enumerate((stops, stops[::-1])):
            for leaves in range(300 + int(rng.integers(headway)), 1260, headway):
                trip = f"{line}-{direction}-{leaves}"
                trips.append(f"{line},S,{trip}")
                for rank, stop in enumerate(along):
                    minute = leaves + 2 * rank
                    hour = f"{minute // 60:02d}:{minute % 60:02d}:00"
                    times.append(f"{trip},{hour},{hour},{stop},{rank}")
    places = [f"{i},{y * _LAT:.5f},{x * _LON:.5f}" for (x, y), i in cells.items()]
    days = "monday,tuesday,wednesday,thursday,friday,saturday,sunday"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in {
            "agency": ["agency_name,agency_timezone", "Tirage,Europe/Paris"],
            "stops": ["stop_id,stop_lat,stop_lon", *places],
            "routes": ["route_id,route_short_name", *(f"{n},{n}" for n in range(nb_lines))],
            "trips": ["route_id,service_id,trip_id", *trips],
            "calendar": [
                f"service_id,{days},start_date,end_date",
                "S,1,1,1,1,1,1,1,20260101,20261231",
            ],
            "stop_times": ["trip_id,arrival_time,departure_time,stop_id,stop_sequence", *times],
        }.items():
            archive.writestr(f"{name}.txt", "\n".join(lines) + "\n")


def measure(path: Path, nb_origins: int, nb_places: int) -> dict:
    """Return what one size takes."""
    watch = Stopwatch()
    start = time.process_time()
    _, timetable = read_timetable([path], jour=JOUR)
    watch.lap("read")
    middle = time.process_time()
    found = find_trips(timetable, draw_points(nb_origins, 1), draw_points(nb_places, 2))
    watch.lap("trips")
    return {
        "cpu": {"read": middle - start, "trips": time.process_time() - middle},
        "steps": watch.steps,
        "peak_mb": peak_memory_mb(),
        "stops": len(timetable.stops),
        "passages": len(timetable.passages),
        "origins": int(found.near_origins.sum()),
        "places": int(found.near_places.sum()),
        "pairs": len(found.origin),
    }


def main() -> None:
    """Print one row by size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--lines", type=int, default=LIGNES)
    parser.add_argument("--job", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.job:
        path, origins, places = args.job
        print(json.dumps(measure(Path(path), int(origins), int(places))))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tirage.zip"
        write_feed(path, args.lines)
        for size in args.sizes.split(","):
            found = run_job("benchmarks.transit", "--job", str(path), *size.split("x"))
            print(
                f"| {size} | {found['stops']:,} | {found['passages']:,} | {found['origins']:,} × "
                f"{found['places']:,} | {found['pairs']:,} | {found['steps']['read']:.1f} | "
                f"{found['cpu']['read']:.1f} | {found['steps']['trips']:.1f} | "
                f"{found['cpu']['trips']:.1f} | {found['peak_mb']:.0f} |"
            )


if __name__ == "__main__":
    main()
