"""Time and memory of the whole country: one process, workers, a worker killed, by number of cells.

    python -m benchmarks.national --data DIR --mirror MIRROR [--cells 35000,250000,1000000,2250000]
                                  [--workers 0,2] [--kill]

DIR holds the communes of the country (`geoapp national` puts them there).  Each run is a process
of its own on a fresh copy of the same plan; `files` is the digest of all that it wrote: the same in
each run of a number of cells, or a run is wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import Stopwatch, peak_memory_mb, run_job
from geoapp.coverage.national.dask_run import send_tasks, start
from geoapp.coverage.national.measure import measure_tile
from geoapp.coverage.national.people import commune_points, spread_people
from geoapp.coverage.national.plan import make_plan, read_plan
from geoapp.coverage.national.result import DOSSIER
from geoapp.coverage.national.run import list_tasks, run_here
from geoapp.coverage.national.sums import add_up
from geoapp.ingest.national import claimed_filters, country_communes, read_national_offer
from geoapp.reference.vicinity import served_region


def prepare(data: Path, mirror: Path, out: Path, cells: int) -> None:
    """Write the plan of a number of cells; print its folder and how long each step took."""
    watch = Stopwatch()
    with served_region(data / DOSSIER):
        communes = country_communes()
        offer = read_national_offer(data / DOSSIER, communes, mirror=mirror, say=lambda text: None)
    communes.to_parquet(out / "communes.parquet")
    offer.offres.to_parquet(out / "offres.parquet")
    watch.lap("offer")
    points = spread_people(communes, cells) if cells else commune_points(communes)
    watch.lap("people")
    dossier = make_plan(
        out,
        points,
        offer.offres,
        maille="carreaux" if cells else "communes",
        filtres=claimed_filters(offer.tenues),
    )
    watch.lap("plan")
    plan = read_plan(dossier)
    told = {"points": plan.nb_points, "tiles": len(plan.tuiles), "filters": len(plan.filtres)}
    print(watch.report(dossier=str(dossier), places=plan.nb_lieux, **told))


def measure(dossier: Path, workers: int, *, kill: bool) -> None:
    """Measure a plan and add it up; print time, memory and the digest of what was written."""
    import geopandas as gpd
    import pandas as pd

    communes = gpd.read_parquet(dossier.parent / "communes.parquet")
    offers = pd.read_parquet(dossier.parent / "offres.parquet")
    watch, peaks, cpu = Stopwatch(), [], []
    if workers:
        _run_on_workers(dossier, workers, watch, (peaks, cpu), kill=kill)
    else:
        run_here(dossier)
        watch.lap("tiles")
    add_up(dossier, communes, offers, read_plan(dossier).filtres)
    watch.lap("sums")
    size = sum(one.stat().st_size for one in (dossier / "resultats").rglob("*.parquet"))
    told = {"worker_mb": peaks, "worker_cpu_s": cpu, "load": os.getloadavg()[0]}
    print(watch.report(files=_digest(dossier), results_mb=size / 1e6, **told))


def _run_on_workers(
    dossier: Path,
    workers: int,
    watch: Stopwatch,
    found: tuple[list[float], list[float]],
    *,
    kill: bool,
) -> None:
    """Measure on workers, of which one is killed half way when it is asked.

    `found` is given the peak memory and the processor time of each.
    """
    peaks, cpu = found
    from distributed import Client

    with start(workers) as cluster, Client(cluster) as client:
        client.wait_for_workers(workers)
        watch.lap("start")
        pids, tasks = list(client.run(os.getpid).values()), list_tasks(dossier)

        def tell(done: int, total: int) -> None:
            if kill and done == total // 2:
                os.kill(pids[0], signal.SIGKILL)

        send_tasks(client, dossier, tasks, watch=tell, measure=measure_tile)
        watch.lap("tiles")
        peaks += list(client.run(peak_memory_mb).values())
        cpu += list(client.run(time.process_time).values())


def _digest(dossier: Path) -> str:
    """Return the digest of every file of a folder, with its place."""
    made = hashlib.sha256()
    for path in sorted(dossier.rglob("*")):
        if path.is_file():
            made.update(path.relative_to(dossier).as_posix().encode())
            made.update(path.read_bytes())
    return made.hexdigest()[:16]


def _numbers(text: str) -> list[int]:
    return [int(one) for one in text.split(",")]


def main(arguments: list[str]) -> None:
    """Run the jobs, and print what each measured as a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--mirror", type=Path)
    parser.add_argument("--cells", type=_numbers, default=[35_000, 250_000, 1_000_000, 2_250_000])
    parser.add_argument("--workers", type=_numbers, default=[0, 2])
    parser.add_argument("--kill", action="store_true", help="kill a worker half way")
    parser.add_argument("--out", type=Path, help="work there, and keep the plans")
    parser.add_argument("--job", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.job:
        nom, path, number, *rest = given.job
        if nom == "prepare":
            prepare(given.data, given.mirror, Path(path), int(number))
        else:
            measure(Path(path), int(number), kill="kill" in rest)
        return
    # One process is one core, as a worker is.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as name:
        out = given.out or Path(name)
        common = [f"--data={given.data}", f"--mirror={given.mirror}", "--job"]
        for cells in given.cells:
            plan = run_job("benchmarks.national", *common, "prepare", str(out), str(cells))
            print(json.dumps({"cells": cells, **plan}), flush=True)
            for workers in given.workers:
                for kill in ([], ["kill"]) if workers and given.kill else ([],):
                    told = _measure_copy(common, Path(plan["dossier"]), workers, kill)
                    print(json.dumps({"cells": cells, "workers": workers, **told}), flush=True)


def _measure_copy(common: list[str], dossier: Path, workers: int, kill: list[str]) -> dict:
    """Run one measure on a copy of a plan, and return what it printed."""
    with tempfile.TemporaryDirectory(dir=dossier.parent) as name:
        copy = Path(name) / dossier.name
        shutil.copytree(dossier, copy)
        for one in ("communes.parquet", "offres.parquet"):
            (Path(name) / one).symlink_to(dossier.parent / one)
        told = run_job("benchmarks.national", *common, "measure", str(copy), str(workers), *kill)
    return {"killed": bool(kill), **told}


if __name__ == "__main__":
    main(sys.argv[1:])
