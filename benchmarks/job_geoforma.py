"""One build of GéoForma, measured: `python -m benchmarks.job_geoforma MIRROR DATA_DIR
ID_SOURCE`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measure import Stopwatch

watch = Stopwatch()


def main(mirror: str, data_dir: str, id_source: str) -> None:
    """Build the snapshot and print the measures, with the rows of source `id_source`."""
    from geoapp.ingest.pipeline import build_snapshot

    watch.lap("imports")
    snapshot = build_snapshot(mirror=Path(mirror), data_dir=Path(data_dir), watch=_lap)
    row = snapshot.read("sources").set_index("id_source").loc[id_source]
    counts = {nom: table["lignes"] for nom, table in snapshot.manifest["tables"].items()}
    print(watch.report(read=int(row["nb_lues"]), valid=int(row["nb_valides"]), tables=counts))


def _lap(step: str, done: int, total: int) -> None:
    """End a step when the build says so; what lies between two steps goes to the next."""
    if done == total:
        watch.lap(step)


if __name__ == "__main__":
    main(*sys.argv[1:])
