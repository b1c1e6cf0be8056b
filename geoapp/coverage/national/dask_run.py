"""Run a plan on Dask: workers of this machine, or those of a scheduler elsewhere.

Workers share the folder of the plan, and nothing else: a tile whose worker was lost is given to
another, and its files are the same.  The only file that knows Dask, which is not installed with
the rest (`pip install 'geoforma[national]'`).
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from distributed import Client, LocalCluster, as_completed

from geoapp.coverage.national.measure import measure_tile
from geoapp.coverage.national.run import Mesure, Watch, list_tasks

REPRISES = 3
"""Times that a tile is given again after an error; the loss of a worker is no error of the tile."""


def run_on_dask(
    dossier: Path,
    *,
    ouvriers: int = 2,
    scheduler: str = "",
    watch: Watch = lambda done, total: None,
    measure: Mesure = measure_tile,
) -> int:
    """Measure the tiles of a plan that are not done; return how many were.

    Parameters
    ----------
    ouvriers : int
        Processes of this machine, one thread each, when no scheduler is given.
    scheduler : str
        Address of one that is there: « tcp://10.0.0.1:8786 ».  Its workers see `dossier` at the
        same path.
    """
    tasks = list_tasks(dossier)
    if not tasks:
        return 0
    with ExitStack() as stack:
        client = stack.enter_context(Client(scheduler or stack.enter_context(start(ouvriers))))
        send_tasks(client, dossier, tasks, watch=watch, measure=measure)
    return len(tasks)


def start(ouvriers: int) -> LocalCluster:
    """Return a cluster of this machine; nobody outside it may reach it, and it shows no page."""
    return LocalCluster(
        n_workers=ouvriers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        worker_dashboard_address=None,
    )


def send_tasks(
    client: Client, dossier: Path, tasks: list[str], *, watch: Watch, measure: Mesure
) -> None:
    """Give tiles to the workers of a client, and wait for all of them."""
    folder = str(Path(dossier).resolve())
    futures = client.map(
        measure,
        [folder] * len(tasks),
        tasks,
        key=[f"{Path(folder).name}-{tile}" for tile in tasks],
        retries=REPRISES,
        pure=False,
    )
    arrived = as_completed(futures)
    # What a tile gives is its files: its worker may die without its being done again.
    del futures
    for done, future in enumerate(arrived, 1):
        future.result()
        future.release()
        watch(done, len(tasks))
