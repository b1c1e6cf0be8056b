"""Fixtures that any test may ask for; what they are made of is in `tests/support`."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest
from flask import Flask

from geoapp.core.snapshot import Snapshot
from geoapp.coverage.world import World
from geoapp.offer.search.index import Index, open_index
from geoapp.web import create_app
from geoapp.web.served import served_world
from support.world import make_tiny_frames, publish_world

# `jsonschema` builds the grammar of IRI when it is imported: three seconds by process, for a format
# that no schema checked here has.
sys.modules.setdefault("rfc3987_syntax", None)

BROWSER_S, REAL_S, PLAIN_S = 1.5, 0.5, 0.15
"""Seconds that a test takes about: in a browser, on real files, else."""

LONGS = {
    "test_determinism": 95,
    "test_heavy": 90,
    "test_reports": 75,
    "test_one_row_zoning": 62,
    "test_other_region": 46,
    "test_last_snapshot": 39,
    "test_downloads_web": 38,
    "test_travel_comparison": 34,
    "test_check_file": 32,
    "test_network": 32,
    "test_last_good": 30,
    "test_benchmarks": 23,
    "test_steps": 21,
    "test_one_row": 21,
    "test_travel": 21,
    "test_production": 20,
    "test_readers": 20,
    "test_fuzz": 20,
    "test_kill": 18,
    "test_build": 18,
    "test_contract": 18,
    "test_postgis": 16,
    "test_benchmarks_search": 16,
    "test_map_table_text": 15,
    "test_switch": 14,
    "test_write_lheo": 13,
}
"""Seconds of the files that start builds, servers or processes, which the number of their tests
does not tell; the first builds what the others read.  `test_heavy` takes 27 of them, and 50 in a
process grown large: each of its tests forks it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first: no process works alone at the end."""

    def seconds(item: pytest.Item) -> float:
        if "browser" in getattr(item, "fixturenames", ()):
            return BROWSER_S
        return REAL_S if item.get_closest_marker("real") else PLAIN_S

    by_file: Counter[Path] = Counter()
    for item in items:
        by_file[item.path] += seconds(item)
    items.sort(key=lambda item: -LONGS.get(item.path.stem, by_file[item.path]))


def pytest_collection(session: pytest.Session) -> None:
    """Import every test file, each process from another one on: what one compiles, others read.

    They would all compile the same file at the same time, since all collect in one order.
    """
    worker = getattr(session.config, "workerinput", None)
    here = Path(__file__).parent
    if worker is None or [Path(arg).resolve() for arg in session.config.args] != [here]:
        return
    names = sorted(path.stem for path in here.glob("test_*.py"))
    first = int(worker["workerid"].removeprefix("gw")) * len(names) // worker["workercount"]
    for name in names[first:] + names[:first]:
        # What cannot be imported is told where it is collected.
        with suppress(Exception, pytest.skip.Exception):
            import_module(name)


def pytest_collection_finish() -> None:
    """Let the collector of cycles forget what imports made: it is there until the end."""
    gc.collect()
    gc.freeze()


pytest_plugins = (
    "support.examples",
    "support.builds",
    "support.browsing",
    "support.jobs",
    "support.producer",
    "support.postgres",
)


@pytest.fixture
def tiny_frames() -> dict[str, pd.DataFrame]:
    """Return every table of the tiny world."""
    return make_tiny_frames()


@pytest.fixture
def tiny_snapshot(tiny_frames, tmp_path) -> Snapshot:
    """Return the tiny world, published under `tmp_path`."""
    return publish_world(tiny_frames, tmp_path)


@pytest.fixture(scope="session")
def tiny_app(tmp_path_factory) -> Flask:
    """Return the application over the tiny world, for the tests that only ask it something."""
    return create_app(
        publish_world(make_tiny_frames(), tmp_path_factory.mktemp("lu")).path.parents[1]
    )


@pytest.fixture(scope="session")
def real_app(real_snapshot) -> Flask:
    """Return the application over the real snapshot, for the tests that only ask it something."""
    return create_app(real_snapshot.path.parents[1])


@pytest.fixture(scope="session")
def real_world(real_app) -> World:
    """Return the world of the real snapshot, that of `real_app`, for tests that only read it."""
    with real_app.test_request_context():
        return served_world()


@pytest.fixture(scope="session")
def real_index(real_snapshot) -> Index:
    """Return the search index of the real snapshot, which reads all that it knows of words."""
    return open_index(real_snapshot)
