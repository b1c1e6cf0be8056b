"""How much the law of usual traffic costs, by size: `python -m benchmarks.trajets [--out FILE]`.

Beside it, the same work one trip at a time: a loop over pairs that asks the law of each, on a
sample brought to the whole.  Seconds of processor, pairs compared, those within `LIMIT_MIN`, and
the peak memory of a process that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.access_world import draw_points
from benchmarks.measure import peak_memory_mb, run_job
from geoapp.coverage.travel.crow import pair_km
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.law import build_costs, load_laws

SIZES = ((4_000, 250), (15_700, 900), (60_000, 2_000), (186_000, 5_000))
LIMIT_MIN = 30.0
SAMPLE = 2_000


def measure(nb_origins: int, nb_places: int) -> dict:
    """Return what one size costs, by blocks and by a loop."""
    origins, places = draw_points(nb_origins, 1), draw_points(nb_places, 2)
    law = load_laws()["voiture"]
    before = peak_memory_mb()
    start = time.process_time()
    ends = density_around(origins), density_around(places)
    density = time.process_time() - start
    _, minutes = build_costs(law, origins, places, *ends, LIMIT_MIN)
    blocks = time.process_time() - start - density
    peak = peak_memory_mb()
    drawn = np.random.default_rng(3).integers(0, [nb_origins, nb_places], (SAMPLE, 2))
    start = time.process_time()
    for i, j in drawn.tolist():
        crow = pair_km(origins[i], places[j])
        law.minutes(crow, ends[0][i], ends[1][j])
    loop = (time.process_time() - start) / SAMPLE * nb_origins * nb_places
    return {
        "origins": nb_origins,
        "places": nb_places,
        "pairs": nb_origins * nb_places,
        "kept": int(minutes.nnz),
        "density_s": round(density, 2),
        "blocks_s": round(blocks, 2),
        "memory_mb": round(peak - before),
        "result_mb": round(minutes.nnz * 12 / 1e6),
        "loop_s": round(loop),
    }


def to_markdown(rows: list[dict]) -> str:
    """Return the measures as the table of `benchmarks/README.md`."""
    lines = [
        "| origins × places | pairs | kept | densities s | blocks s | memory MB | of which result "
        "| one trip at a time s |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row['origins']:,} × {row['places']:,} | {row['pairs']:,} | {row['kept']:,} "
        f"| {row['density_s']} | {row['blocks_s']} | {row['memory_mb']} | {row['result_mb']} "
        f"| {row['loop_s']:,} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> None:
    """Measure every size in a process of its own and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--one", nargs=2, type=int, help="One size, measured here.")
    asked = parser.parse_args(arguments)
    if asked.one:
        sys.stdout.write(json.dumps(measure(*asked.one)) + "\n")
        return
    text = to_markdown(
        [run_job("benchmarks.trajets", "--one", str(nb), str(many)) for nb, many in SIZES]
    )
    sys.stdout.write(text)
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
