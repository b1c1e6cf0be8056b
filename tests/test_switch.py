"""Two identical web processes answer alike; a new snapshot is served without a restart or a failed
request.
"""

import os
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from support.stack import SERVE_PAGES
from support.world import make_tiny_frames, publish_world

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = {"region": "32", "nom_region": "Hauts-de-France"}
PATHS = ("/", "/sources", "/recherche", "/api/v1/formations", "/api/v1/sources")


def _publish(frames, folder: Path, second: int):
    return publish_world(frames, folder, f"2026-01-02T03:04:{second:02d}Z")


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """Two processes that serve one folder, on ports the system chose."""
    folder = tmp_path_factory.mktemp("servi")
    _publish(make_tiny_frames(), folder, 0)
    environ = {**os.environ, "GEOAPP_DATA": str(folder), "PYTHONUNBUFFERED": "1"}
    # Files made ahead are no matter here: they would take the processor of all tests.
    environ["GEOAPP_AVANCE_S"] = "0"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SERVE_PAGES],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        yield folder, [process.stdout.readline().split()[2].rstrip("/") for process in processes]
    finally:
        for process in processes:
            process.terminate()
            process.wait(10)
            process.stdout.close()


def _get(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b""


def wait_until(is_so, seconds: float = 120) -> None:
    """Wait for what a server does."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.2)


def test_two_processes_give_identical_answers(servers):
    _, bases = servers
    for path in ("/api/v1/formations", "/api/v1/facets", "/api/v1/sources"):
        one, two = (_get(base + path) for base in bases)
        assert one == two and one[0] == 200, path


def test_a_new_snapshot_is_served_without_one_failed_request(servers, tiny_frames):
    folder, bases = servers
    failed, seen, stop = [], set(), threading.Event()

    def ask(base: str) -> None:
        while not stop.is_set():
            for path in PATHS:
                status, _ = _get(base + path)
                if status != 200:
                    failed.append((path, status))
            seen.add(_get(base + "/pret")[1])
            time.sleep(0.4)

    threads = [threading.Thread(target=ask, args=(base,)) for base in bases]
    for thread in threads:
        thread.start()
    try:
        # The former one is seen first, however fast the machine is.
        wait_until(lambda: seen)
        last = _publish(tiny_frames, folder, 1).id.encode()
        # It is warmed before it is served: as long as it takes, while the requests go on.
        wait_until(lambda: all(last in _get(one + "/pret")[1] for one in bases))
        wait_until(lambda: any(last in one for one in seen))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert any(last not in one for one in seen), "the former one was served meanwhile"
