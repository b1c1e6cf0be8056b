"""`python -m benchmarks.ingest`: how fast a LHÉO feed is read, beside a plain `lxml.iterparse` that
only counts.

Each measure runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.lheo_feed import write_feed

SIZES = (10_000, 100_000, 1_000_000)
"""Sessions of the feeds."""
PART_MIN = 1 / 3
"""Least speed of the reader, as a share of that of the count."""
MEMOIRE_MAX_MO = 300


def count_plain(path: Path) -> int:
    """Return the sessions of a feed, counted and nothing else."""
    from lxml import etree

    nb = 0
    for _, element in etree.iterparse(str(path), tag="{*}session"):
        nb += 1
        element.clear()
    return nb


def count_emptied(path: Path) -> int:
    """Return the sessions of a feed, counted by formation so that memory stays flat."""
    from lxml import etree

    nb = 0
    for _, element in etree.iterparse(str(path), tag="{*}formation"):
        nb += sum(1 for _ in element.iter("{*}session"))
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    return nb


def read_stream(path: Path) -> int:
    """Return the sessions of a feed, read by our reader, batch after batch."""
    from geoapp.sources.lheo import iter_lheo

    return sum(
        int(part.frame["sessions"].str.count(r"\|").sum()) + len(part.frame)
        for part in iter_lheo(path)
    )


JOBS = {"compte": count_plain, "compte_vide": count_emptied, "lecteur": read_stream}


def run_job(job: str, path: Path) -> tuple[int, float, float]:
    """Return sessions, seconds and peak memory in MB of one job in its own process."""
    text = subprocess.run(
        [sys.executable, "-m", "benchmarks.ingest", "--job", job, "--file", str(path)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    nb, seconds, peak = text.split()
    return int(nb), float(seconds), float(peak)


def measure(sizes: tuple[int, ...] = SIZES) -> list[dict]:
    """Return one row of figures per size."""
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "flux.xml"
            write_feed(path, size)
            megabytes = path.stat().st_size / 1e6
            row = {"sessions": size, "Mo": round(megabytes)}
            for job in JOBS:
                nb, seconds, peak = run_job(job, path)
                assert nb == size, (job, nb, size)
                row |= {f"{job}_mo_s": round(megabytes / seconds, 1), f"{job}_pic_mo": round(peak)}
            rows.append(
                row
                | {
                    "part": round(row["lecteur_mo_s"] / row["compte_vide_mo_s"], 2),
                    "part_du_compte": round(row["lecteur_mo_s"] / row["compte_mo_s"], 2),
                }
            )
    return rows


def main() -> None:
    """Print the figures, or run one job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--job", choices=JOBS)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    options = parser.parse_args()
    if options.job:
        start = time.perf_counter()
        nb = JOBS[options.job](options.file)
        print(
            nb,
            time.perf_counter() - start,
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )
        return
    for row in measure(tuple(options.sizes)):
        print(row, flush=True)


if __name__ == "__main__":
    main()
