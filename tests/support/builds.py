"""Snapshots of the real mirror, each built once a session, whatever the number of processes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from geoapp.core.snapshot import Snapshot, open_snapshot
from geoapp.ingest import build_snapshot
from support.sources import MIRROR, lay_out_shuffled


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Return the folder of real sources, or skip."""
    if not MIRROR.exists():
        pytest.skip("miroir des sources réelles absent (dossier shared/sources à côté du dépôt)")
    return MIRROR


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory) -> Path:
    """Return a folder that every process of this session sees."""
    mine = tmp_path_factory.getbasetemp()
    return mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine


@pytest.fixture(scope="session")
def real_snapshot(mirror, session_folder) -> Snapshot:
    """Return the snapshot built on the real mirror."""
    folder = made_once(
        session_folder / "reel", lambda folder: build_snapshot(mirror=mirror, data_dir=folder)
    )
    return open_snapshot(folder)


@pytest.fixture(scope="session")
def shuffled_mirror(mirror, session_folder) -> Path:
    """Return a mirror in which the rows of some files are in another order."""
    return made_once(session_folder / "melange", lambda folder: lay_out_shuffled(mirror, folder))


@pytest.fixture(scope="session")
def shuffled_snapshot(shuffled_mirror, session_folder) -> Snapshot:
    """Return the snapshot built on the shuffled mirror, nothing taken from another build."""
    folder = made_once(
        session_folder / "melange_donnees",
        lambda folder: build_snapshot(mirror=shuffled_mirror, data_dir=folder),
    )
    return open_snapshot(folder)


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Return `folder` once filled by `make`: the first process that asks does it, the
    others wait.
    """
    done = folder.with_name(f"{folder.name}.fait")
    with locked(folder.with_name(f"{folder.name}.verrou")):
        if not done.exists():
            make(folder)
            done.touch()
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes while the block runs; it falls with the process that
    holds it.
    """
    with open(path, "w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
