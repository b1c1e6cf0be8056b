"""The snapshot being served: reopened when another is published, without a restart."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flask import current_app

from geoapp.core.errors import SnapshotError
from geoapp.core.snapshot import CURRENT, Snapshot, open_snapshot
from geoapp.coverage.world import World, open_world
from geoapp.offer.lookups import Repertoire, open_repertoire
from geoapp.offer.search.engine import Moteur, at_day, open_engine
from geoapp.outputs.maps.layers import Calque, list_layers
from geoapp.sources.freshness import Signal, list_signals, served_sources


class Courant:
    """Holds the open snapshot of one folder, and what was derived from it."""

    def __init__(self, data_dir: Path):
        self._data_dir = data_dir
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._derived: dict[Hashable, Any] = {}

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
        target = (self._data_dir / CURRENT).resolve()
        with self._lock:
            if self._snapshot is None or self._snapshot.path != target or not target.exists():
                self._snapshot, self._derived = None, {}
                self._snapshot = open_snapshot(self._data_dir)
            return self._snapshot

    def derive(self, key: Hashable, make: Callable[[Snapshot], Any]) -> Any:
        """Return `make(snapshot)`, made once per snapshot and key."""
        snapshot = self.snapshot()
        full_key = (snapshot.path, key)
        if full_key not in self._derived:
            self._derived[full_key] = make(snapshot)
        return self._derived[full_key]


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
    """Return what must be told today of each source served: what `geoapp fetch` met is seen without a build."""
    return list_signals(
        courant().derive("servies", served_sources), courant().data_dir, datetime.now(UTC).date()
    )


def served_world() -> World:
    """Return what the coverage counts on, opened once by snapshot."""
    return courant().derive("world", open_world)


def served_engine() -> Moteur:
    """Return the engine of the snapshot served, as seen today."""
    return courant().derive(
        ("moteur", date.today()),
        lambda snapshot: at_day(courant().derive("moteur", open_engine), date.today()),
    )


def served_lookups() -> Repertoire:
    """Return the lookups of the snapshot served."""
    return courant().derive("repertoire", open_repertoire)


def served_layers() -> list[Calque]:
    """Return the layers of the maps of the snapshot served."""
    return courant().derive("calques", list_layers)
