"""The snapshot being served: reopened when another is published, without a restart."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from flask import current_app

from geoapp.core.errors import SnapshotError
from geoapp.core.memory import Memory
from geoapp.core.snapshot import CURRENT, Snapshot, open_snapshot
from geoapp.coverage.world import World, open_world
from geoapp.offer.lookups import Repertoire, open_repertoire
from geoapp.offer.search.engine import Moteur, at_day, open_engine
from geoapp.outputs.maps.layers import Calque, list_layers
from geoapp.sources.freshness import Signal, list_signals, served_sources

T = TypeVar("T")


class Courant:
    """Holds the open snapshot of one folder, and what was derived from it."""

    def __init__(self, data_dir: Path):
        self._data_dir = data_dir
        self._lock = threading.Lock()
        self._opened: tuple[Snapshot, Memory] | None = None

    @property
    def data_dir(self) -> Path:
        """Return the folder of the snapshots."""
        return self._data_dir

    def snapshot(self) -> Snapshot:
        """Return the published snapshot; a link is resolved, nothing more is read.

        Raises
        ------
        SnapshotError
            When nothing is published, or what is published is incomplete.
        """
        return self._open()[0]

    def derive(self, key: Hashable, make: Callable[[Snapshot], T]) -> T:
        """Return `make(snapshot)`, made once per snapshot and key, whichever threads ask for it."""
        snapshot, derived = self._open()
        return derived.get(key, lambda: make(snapshot))

    def _open(self) -> tuple[Snapshot, Memory]:
        """Return the published snapshot and what is derived from it: both go when another comes."""
        target = (self._data_dir / CURRENT).resolve()
        with self._lock:
            if self._opened is None or self._opened[0].path != target or not target.exists():
                self._opened = None
                self._opened = open_snapshot(self._data_dir), Memory()
            return self._opened


def courant() -> Courant:
    """Return the holder of the application that answers."""
    return current_app.extensions["courant"]


def snapshot_or_none() -> Snapshot | None:
    """Return the snapshot, or None when there is none to serve."""
    try:
        return courant().snapshot()
    except SnapshotError:
        return None


def signals() -> dict[str, Signal]:
    """Return what must be told today of each source served.

    What `geoapp fetch` met is seen without a build.
    """
    return list_signals(
        courant().derive("servies", served_sources), courant().data_dir, datetime.now(UTC).date()
    )


def served_world() -> World:
    """Return what the coverage counts on, opened once by snapshot."""
    return courant().derive("world", open_world)


def served_engine() -> Moteur:
    """Return the engine of the snapshot served, as seen today."""
    today = date.today()
    engine, days = courant().derive(
        "moteur", lambda snapshot: (open_engine(snapshot), Memory(maxsize=1))
    )
    return days.get(today, lambda: at_day(engine, today))


def served_lookups() -> Repertoire:
    """Return the lookups of the snapshot served."""
    return courant().derive("repertoire", open_repertoire)


def served_layers() -> list[Calque]:
    """Return the layers of the maps of the snapshot served."""
    return courant().derive("calques", list_layers)
