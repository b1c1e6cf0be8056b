"""The snapshot being served: the last good one published, changed without a restart."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Generator, Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar, cast

from flask import current_app, g, has_request_context, request

from geoapp.core.errors import SnapshotError, StorageError
from geoapp.core.files import is_left_over
from geoapp.core.memory import Memory
from geoapp.core.snapshot import CURRENT, Snapshot, copy_verified, list_snapshots
from geoapp.coverage.travel.from_point import FromPoint, from_points
from geoapp.coverage.world import World, open_world
from geoapp.offer.lookups import Repertoire, open_repertoire
from geoapp.offer.search.engine import Moteur, at_day, open_engine
from geoapp.outputs.maps.layers import Calque, list_layers
from geoapp.sources.freshness import Signal, list_signals, served_sources

try:
    import fcntl
except ImportError:  # no process is forked where there is no such lock
    fcntl = None  # type: ignore[assignment]

T = TypeVar("T")

LOG = logging.getLogger("geoapp")


SERVI = "geoapp.servi"
"""Key of the environment of a request under which the warm-up gives what it is to read."""

EN_SERVICE = ".en_service"
"""File of a private folder, locked by the processes that read the folder."""

NON_PUBLIE = "Aucun instantané que cette version puisse lire n'est publié."
"""What a visitor reads of a snapshot that cannot be opened: never a path of the server."""


class Servi:
    """One snapshot being served, and what was derived from it: both go together."""

    def __init__(self, snapshot: Snapshot, data_dir: Path, etat: Vu):
        self._snapshot = snapshot
        self._derived = Memory()
        self.data_dir = data_dir
        self.vu = etat
        self.est_chaud = False

    def snapshot(self) -> Snapshot:
        """Return the snapshot."""
        return self._snapshot

    def derive(self, key: Hashable, make: Callable[[Snapshot], T]) -> T:
        """Return `make(snapshot)`, made once per snapshot and key, whichever threads ask for it."""
        return self._derived.get(key, lambda: make(self._snapshot))


@dataclass(frozen=True, kw_only=True)
class Refus:
    """A publication that is not served, and why, in words that a visitor may read."""

    vu: Vu
    raison: str
    depuis: str

    @property
    def instantane(self) -> str:
        """Return the name of the snapshot refused; "" when the link leads to none."""
        return self.vu.path.name if self.vu.fichiers else ""


class Courant:
    """Holds the snapshot served from one folder: the last good one that was published there.

    A publication is copied aside while every digest is checked, warmed, then
    put in the place of the one before in one step.  One that is damaged,
    incomplete or of another version is refused: the one before is still served.

    Parameters
    ----------
    data_dir : path
        Folder of the snapshots.
    warm : callable, optional
        Asks a snapshot what everybody asks of it; raises `SnapshotError` when it cannot answer.
        When given, publications are prepared in a thread of their own, and requests never wait.
    """

    def __init__(self, data_dir: Path, warm: Callable[[Servi], None] | None = None):
        self._data_dir = data_dir
        self._warm = warm
        self._lock = threading.Lock()
        self._servi: Servi | None = None
        self._is_held = False
        self._copies: list[weakref.finalize] = []
        self.refus: Refus | None = None

    @property
    def data_dir(self) -> Path:
        """Return the folder of the snapshots."""
        return self._data_dir

    def snapshot(self) -> Snapshot:
        """Return the snapshot served (see `current`)."""
        return self.current().snapshot()

    def derive(self, key: Hashable, make: Callable[[Snapshot], T]) -> T:
        """Return `make(snapshot)` of the snapshot served, made once by snapshot and key."""
        return self.current().derive(key, make)

    def current(self) -> Servi:
        """Return what is served now, and see to what was published since.

        Raises
        ------
        SnapshotError
            When nothing good was ever published.
        """
        if not self._is_held:
            vu, servi = look_at(self._data_dir), self._servi
            if servi is not None and vu == servi.vu:
                self.refus = None
            elif self.refus is None or vu != self.refus.vu:
                self._take(vu)
        if self._servi is None:
            raise SnapshotError(NON_PUBLIE)
        return self._servi

    def open_first(self) -> None:
        """Open what is published, before requests come; when nothing is, they will say it."""
        with suppress(SnapshotError):
            self.current()

    def warm_up(self) -> None:
        """Warm what is served in a thread, if anything is: called once, after any fork."""
        servi = self._servi
        if self._warm and servi and not servi.est_chaud:
            threading.Thread(target=self._heat, args=(self._warm, servi), daemon=True).start()

    def hold(self) -> None:
        """Serve what is served now and nothing else: another process follows what is published."""
        self._is_held = True

    def see(self) -> Vu:
        """Return what is to be served: what this process holds, else what is published."""
        return self._servi.vu if self._is_held and self._servi else look_at(self._data_dir)

    def follow(self, warm: Callable[[Servi], Iterator[None]]) -> Generator[None, None, bool]:
        """Take what was published, warm it, then serve it, in a process without any thread.

        It yields between two pieces of work, and returns whether anything changed:
        processes forked afterwards have it, warm and shared.

        Parameters
        ----------
        warm : callable
            Asks a snapshot what everybody asks of it, one page at a time.
        """
        before, vu = (self._servi, self.refus), look_at(self._data_dir)
        if self._servi is not None and self._servi.vu == vu:
            self.refus = None
        elif not self._is_settled(vu):
            try:
                servi = self._open(vu)
                yield
                if self._servi is not None:
                    yield from warm(servi)
                    servi.est_chaud = True
            except SnapshotError as error:
                self._servi = self._servi or self._last_good(vu)
                self._refuse(vu, str(error))
            else:
                self._servi, self.refus = servi, None
        if before[0] is None and self._servi is not None:
            # Nothing was served: what there is answers at once, and is warmed next.
            return True
        if self._servi is not None and not self._servi.est_chaud:
            # It is served already: what fails will be seen by those who ask for it.
            with suppress(SnapshotError):
                yield from warm(self._servi)
            self._servi.est_chaud = True
            return True
        return (self._servi, self.refus) != before

    def open_here(self) -> None:
        """Open what is published in this process alone, which has no thread and waits for it.

        Raises
        ------
        SnapshotError
            When nothing good was ever published.
        """
        self._warm = None
        if self._servi is not None and self._servi.vu != look_at(self._data_dir):
            self.forget()
        self.current()

    def forget(self) -> None:
        """Let go of the snapshot served: this process answers no more, or is about to read again.

        Its private folder goes too, unless a process forked from this one reads it.  A process
        that holds a snapshot has nothing else to read: it keeps it.
        """
        if self._is_held:
            return
        self._servi = None
        gc.collect()

    def close(self) -> None:
        """Remove the copies made here, though something still holds them; not those of another."""
        self.forget()
        for remove in self._copies:
            remove()

    def _take(self, vu: Vu) -> None:
        """Prepare what was published: at once when nothing is served yet, else aside."""
        is_first = self._servi is None
        # One thread prepares; those that have something to serve do not wait for it.
        if not self._lock.acquire(blocking=is_first):
            return
        if self._warm and not is_first:
            threading.Thread(target=self._switch, args=(vu,), daemon=True).start()
        else:
            self._switch(vu)

    def _switch(self, vu: Vu) -> None:
        """Serve what was published if it is good, else say why not; the lock is held, and let go.

        At the start, when it is not good, the last good one before it is served.
        """
        try:
            if self._is_settled(vu):
                return
            is_first = self._servi is None
            try:
                servi = self._open(vu)
                if self._warm and not is_first:
                    self._warm(servi)
                    servi.est_chaud = True
            except SnapshotError as error:
                self._servi = self._servi or self._last_good(vu)
                self._refuse(vu, str(error))
            else:
                self._servi, self.refus = servi, None
        finally:
            self._lock.release()

    def _is_settled(self, vu: Vu) -> bool:
        """Tell whether another thread has already served or refused what was seen."""
        return (self._servi is not None and self._servi.vu == vu) or (
            self.refus is not None and self.refus.vu == vu
        )

    def _open(self, vu: Vu) -> Servi:
        """Return the snapshot of a folder, copied and proven whole."""
        if not vu.fichiers:
            raise SnapshotError(NON_PUBLIE)
        folder = None
        try:
            folder = _private_folder()
            snapshot = copy_verified(vu.path, folder)
        except (SnapshotError, StorageError) as error:
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, SnapshotError):
                raise
            LOG.warning("%s L'instantané est lu où il est.", error)
            return Servi(copy_verified(vu.path, None), self._data_dir, vu)
        # Called once, by hand or when the snapshot goes.
        removal = weakref.finalize(snapshot, _remove, folder, _hold(folder))
        self._copies = [*(one for one in self._copies if one.alive), removal]
        return Servi(snapshot, self._data_dir, vu)

    def _last_good(self, refused: Vu) -> Servi | None:
        """Return the newest good snapshot of the folder, the one refused left out."""
        for path in reversed(list_snapshots(self._data_dir)):
            if path.resolve() != refused.path:
                with suppress(SnapshotError):
                    return self._open(look_into(path.resolve()))
        return None

    def _refuse(self, vu: Vu, raison: str) -> None:
        """Keep why a publication is not served, and log it."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.refus = Refus(vu=vu, raison=raison, depuis=now)
        kept = self._servi.snapshot().id if self._servi else "aucun"
        told = f"Publication refusée : {raison}" if vu.fichiers else raison
        LOG.warning("%s Instantané servi : %s.", told, kept)

    @staticmethod
    def _heat(warm: Callable[[Servi], None], servi: Servi) -> None:
        """Warm what is already served; what fails will be seen by those who ask for it."""
        with suppress(SnapshotError):
            warm(servi)
        servi.est_chaud = True


@dataclass(frozen=True)
class Vu:
    """What the link of a data folder showed: the folder, and its files with their size and time.

    Two that are equal hold the same bytes; one without files is no snapshot.
    """

    path: Path
    fichiers: tuple[tuple[str, int, int], ...]


def look_at(data_dir: Path) -> Vu:
    """Return what is published in a data folder."""
    return look_into((data_dir / CURRENT).resolve())


def look_into(path: Path) -> Vu:
    """Return what a folder holds; nothing is read."""
    return Vu(path, tuple(sorted(_sizes(path))))


def _sizes(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Yield the files of a folder and of those inside, with their size and time."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _sizes(Path(entry.path))
            else:
                found = entry.stat()
                yield entry.path, found.st_size, found.st_mtime_ns


def remove_left_overs(of: int = 0) -> None:
    """Remove the private folders that killed processes left, and those of one known to be dead."""
    for path in Path(tempfile.gettempdir()).glob(".geoforma.*"):
        if path.name.startswith(f".geoforma.{of}.") or is_left_over(path):
            shutil.rmtree(path, ignore_errors=True)


def _private_folder() -> Path:
    """Return a folder of this process; those that killed processes left are removed."""
    remove_left_overs()
    try:
        return Path(tempfile.mkdtemp(prefix=f".geoforma.{os.getpid()}."))
    except OSError as error:
        raise StorageError(f"Aucun dossier temporaire ({error.strerror or error}).") from error


def _hold(folder: Path) -> int:
    """Return what says that this process reads a folder, and those forked from it with it."""
    held = os.open(folder / EN_SERVICE, os.O_CREAT | os.O_RDWR)
    if fcntl:
        fcntl.flock(held, fcntl.LOCK_SH)
    return held


def _remove(folder: Path, held: int) -> None:
    """Remove the copy of a snapshot no longer served, unless a process forked still reads it."""
    os.close(held)
    with suppress(OSError):
        last = os.open(folder / EN_SERVICE, os.O_RDWR)
        try:
            if fcntl:
                fcntl.flock(last, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(last)


def holder() -> Courant:
    """Return the holder of the application that answers."""
    return current_app.extensions["courant"]


def courant() -> Servi:
    """Return what the answer reads: the same snapshot all along, whatever is published meanwhile.

    Raises
    ------
    SnapshotError
        When there is none to serve.
    """
    if "servi" not in g:
        given = request.environ.get(SERVI) if has_request_context() else None
        g.servi = given or holder().current()
    return g.servi


def snapshot_or_none() -> Snapshot | None:
    """Return the snapshot, or None when there is none to serve."""
    try:
        return courant().snapshot()
    except SnapshotError:
        return None


def signals() -> dict[str, Signal]:
    """Return what must be told today of each source served, read once by answer.

    What `geoapp fetch` met is seen without a build.
    """
    if "signaux" not in g:
        served = courant().derive("servies", served_sources)
        g.signaux = list_signals(served, courant().data_dir, datetime.now(UTC).date())
    return g.signaux


def served_world() -> World:
    """Return what the coverage counts on, opened once by snapshot."""
    return courant().derive("world", _open_whole)


def _open_whole(snapshot: Snapshot) -> World:
    """Return the world of a snapshot, made whole: the web processes then share it."""
    world = open_world(snapshot)
    world.make_all()
    return world


def served_engine() -> Moteur:
    """Return the engine of the snapshot served, as seen today."""
    today = date.today()
    engine, days = courant().derive(
        "moteur",
        lambda snapshot: (
            open_engine(snapshot, voyages=from_points(snapshot)),
            Memory(maxsize=1),
        ),
    )
    return days.get(today, lambda: at_day(engine, today))


def served_trips() -> FromPoint:
    """Return what knows the trips from any point to the places of the snapshot served."""
    return cast(FromPoint, served_engine().voyages)


def served_lookups() -> Repertoire:
    """Return the lookups of the snapshot served."""
    return courant().derive("repertoire", open_repertoire)


def served_layers() -> list[Calque]:
    """Return the layers of the maps of the snapshot served."""
    return courant().derive("calques", list_layers)
