"""The benchmark of many people runs, on a tiny server, for so short that no time means anything."""

import asyncio
import os
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from benchmarks.charge import Plan, report, run
from benchmarks.charge_client import Client
from benchmarks.charge_processes import family, memory_mb, processor_s
from support.browsing import running
from support.world import make_tiny_frames, publish_world


def wait_for(work: Coroutine) -> Any:
    """Return what a coroutine gives: the browser of other tests has a loop in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("charge")
    publish_world(make_tiny_frames(), folder)
    publish_world(make_tiny_frames(), folder, "2026-02-02T00:00:00Z")
    with running(folder) as address:
        yield address, folder


def test_people_ask_wait_and_are_measured(server):
    address, folder = server
    plan = Plan(
        pid=os.getpid(),
        people=3,
        seconds=2.0,
        pause=0.05,
        hammer="/couverture?seuil_km={n}",
        hammers=1,
        publish=folder,
        publications=1,
    )
    found = wait_for(run(address, plan))
    assert found["requests"] > 5 and found["latency_s"]["légères"]["p50"] > 0
    assert found["latency_s"]["route martelée"]["nb"] > 0
    assert found["memory_mb"]["most"] > 10 and found["cpu_ms_per_request"] > 0
    # The tiny world has none of the towns that are asked for: 400 is what it must say.
    assert {one.rpartition(": ")[2] for one in found["errors"]} <= {"400"}
    assert f"{found['requests']} requests" in report(found)


def test_a_family_counts_its_children():
    assert family(os.getpid())[0] == os.getpid() and os.getpid() in family(os.getppid())
    assert processor_s(os.getpid()) > 0 and memory_mb(os.getpid()) > 10


def test_a_server_that_is_not_there_is_an_error_and_not_a_hang():
    answer = wait_for(Client("127.0.0.1", 9).get("/", {}))
    assert answer.statut == 0 and answer.probleme
