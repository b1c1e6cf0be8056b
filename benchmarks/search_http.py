"""The same searches over HTTP: the product's own server in a process of its own, asked on
loopback.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from benchmarks.measure import ROOT
from benchmarks.queries import parameters
from benchmarks.search_job import percentiles, resident_memory_mb
from geoapp.offer.search.model import Requete

NB_CLIENTS = 2


def measure_http(data: Path, queries: list[tuple[str, Requete]]) -> dict:
    """Return p50 and p95 with one client, then two at once, and the memory of the server
    afterwards.
    """
    paths = ["/api/v1/formations?" + urlencode(parameters(requete)) for _, requete in queries]
    with serve(data) as (address, pid):
        _ask(address, paths[:1])
        one = _ask(address, paths)
        two = _ask_together(address, paths)
        rss = resident_memory_mb(pid)
    return {"queries": len(paths), "one": percentiles(one), "two": percentiles(two), "rss_mb": rss}


@contextmanager
def serve(data: Path) -> Iterator[tuple[str, int]]:
    """Serve a snapshot on a free port while the block runs; give its address and process."""
    environ = {
        **os.environ,
        "GEOAPP_DATA": str(data),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "geoapp", "serve", "--host", "127.0.0.1", "--port", "0"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        said = next(
            (
                word
                for line in process.stdout
                for word in line.split()
                if word.startswith("http://")
            ),
            "",
        )
        if not said:
            raise RuntimeError("Le serveur n'a pas démarré.")
        yield urlsplit(said).netloc, process.pid
    finally:
        process.terminate()
        process.communicate()


def _ask(address: str, paths: list[str]) -> list[float]:
    """Return the milliseconds of each request, on one kept connection.

    Raises
    ------
    RuntimeError
        When an answer is not 200.
    """
    connection, times = http.client.HTTPConnection(address, timeout=60), []
    for path in paths:
        start = time.perf_counter()
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        times.append(1000 * (time.perf_counter() - start))
        if response.status != 200:
            raise RuntimeError(f"{response.status} {path} : {body[:300]!r}")
    connection.close()
    return times


def _ask_together(address: str, paths: list[str]) -> list[float]:
    """Return the milliseconds of each request when two clients share them."""
    times: list[float] = []
    clients = [
        threading.Thread(target=lambda part=paths[i::NB_CLIENTS]: times.extend(_ask(address, part)))
        for i in range(NB_CLIENTS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if len(times) != len(paths):
        raise RuntimeError("Un client n'a pas reçu toutes ses réponses.")
    return times
