"""Fixtures that any test may ask for; what they are made of is in `tests/support`."""

from __future__ import annotations

import gc

import pandas as pd
import pytest

from geoapp.core.snapshot import Snapshot
from support.world import make_tiny_frames, publish_world


def pytest_collection_finish() -> None:
    """Let the collector of cycles forget what imports made: it is there until the end."""
    gc.collect()
    gc.freeze()


pytest_plugins = ("support.examples", "support.builds", "support.browsing", "support.producer")


@pytest.fixture
def tiny_frames() -> dict[str, pd.DataFrame]:
    """Return every table of the tiny world."""
    return make_tiny_frames()


@pytest.fixture
def tiny_snapshot(tiny_frames, tmp_path) -> Snapshot:
    """Return the tiny world, published under `tmp_path`."""
    return publish_world(tiny_frames, tmp_path)
