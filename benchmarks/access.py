"""Accessibility beside PySAL access and a GeoPandas loop: `python -m benchmarks.access [--pysal
PYTHON] [--sizes …]`.

Every job runs in a process of its own on the same written world.  `--pysal` is
a Python that has the package `access` (see benchmarks/requirements.txt).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.access_world import NB_FILTERS, write_world
from benchmarks.measure import run_job

SIZES = "3782x300,30000x3000,150000x3000"
CURVE = (3_782, 30_000, 93_000, 186_000)


def measure_size(nb_origins: int, nb_places: int, python: str | None) -> dict:
    """Return the reports of every job at one size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = write_world(folder, nb_origins, nb_places)
        jobs = ["ours", "near", "plain", "build", "pairwise"]
        reports = {job: run_job("benchmarks.access_job", job, name) for job in jobs}
        if python:
            reports["pysal"] = run_job("benchmarks.access_job", "pysal", name, python=python)
            mine, theirs = np.load(folder / "ours.npy"), np.load(folder / "pysal.npy")
            reached = np.nan_to_num(theirs) > 0
            world["gap"] = float(np.max(np.abs(mine[reached] / theirs[reached] - 1)))
        return {**world, **reports}


def print_size(size: str, found: dict) -> None:
    """Print one row of each table."""
    ours, build = found["ours"], found["build"]
    line = (
        f"| {size} | {found['pairs']:,} ({found['density']:.1%}) | {ours['steps']['one']:.3f} | "
        f"{ours['peak_one_mb']:.0f} | {ours['steps']['many']:.2f} |"
    )
    if "pysal" in found:
        other = found["pysal"]
        line += (
            f" {other['steps']['one']:.1f} | {other['peak_mb']:.0f} | × "
            f"{other['steps']['one'] / ours['steps']['one']:.0f} |"
            f" ÷ {other['peak_mb'] / ours['peak_one_mb']:.1f} | {found['gap']:.0e} |"
        )
    print(line)
    whole = found["pairwise"]["steps"]["build"] * build["origins"] / found["pairwise"]["origins"]
    print(
        f"  nearest, 3 filters: ours {found['near']['steps']['three']:.2f} s, sjoin_nearest "
        f"{found['plain']['steps']['three']:.2f} s"
        f" (× {found['plain']['steps']['three'] / found['near']['steps']['three']:.1f});"
        f" matrix: {build['steps']['build']:.2f} s, pairwise {whole:.1f} s (× "
        f"{whole / build['steps']['build']:.1f})"
    )


def main() -> None:
    """Run every size, then the curve of the matrix."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pysal", help="Python that has the package access")
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument(
        "--curve", action="store_true", help="also the curve of the matrix up to 186,000 origins"
    )
    options = parser.parse_args()
    print(
        f"| origins × places | pairs | ours s | peak MB | {NB_FILTERS} filters s | PySAL s | peak "
        "MB | time | memory | largest gap |"
    )
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for size in options.sizes.split(","):
        print_size(size, measure_size(*map(int, size.split("x")), options.pysal))
    for nb in CURVE if options.curve else ():
        with tempfile.TemporaryDirectory() as name:
            write_world(Path(name), nb, 3_000)
            report = run_job("benchmarks.access_job", "build", name)
            print(
                f"matrix {nb:,} × 3,000: {report['steps']['build']:.2f} s, {report['pairs']:,} "
                f"pairs, {report['peak_mb']:.0f} MB"
            )


if __name__ == "__main__":
    main()
