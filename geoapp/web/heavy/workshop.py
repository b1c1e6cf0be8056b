"""The workshop: a guardian that keeps one foreman by snapshot, forked before any thread.

    server ──► guardian ──► foreman of the snapshot served ──► one child by file
                       └──► foreman of the snapshot just published, until it is warm

The guardian does nothing but watch: it forks a foreman again when one ends,
another when a snapshot is published, and takes everything away with the server.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore

from flask import Flask

from geoapp.web.heavy.foreman import Foreman
from geoapp.web.heavy.store import GARDEES, Etagere
from geoapp.web.served import Courant, Vu, remove_left_overs

PRETS = 8
"""Heavy requests that one web process holds at most, a thread each: fewer than its threads, so
that some are always left for light ones."""

REGARD_S = 2.0
"""Seconds between two looks at what is published."""

ARRET_S = 5.0
"""Seconds that the workshop takes at most to end."""

EXTENSION = "atelier"


class Atelier:
    """The workshop, as the web processes of a server see it.

    Parameters
    ----------
    folder : path
        Its private folder: the socket, the answers kept, what is being made.
    prets : int
        Heavy requests that one web process holds at most.
    est_tenu : bool
        Whether it works from what the server holds when it is forked, and does not follow
        what is published (see `renew`).
    """

    def __init__(self, folder: Path, prets: int, *, est_tenu: bool = False):
        self.folder = folder
        self.places = BoundedSemaphore(prets)
        self.pid = 0
        self._est_tenu = est_tenu
        self._owner = os.getpid()
        self._prise: socket.socket | None = None
        # Each guardian, with the file that says, while it is open, that the server lives.
        self._liens: dict[int, int] = {}
        # The web processes that are forked must not hold it open.
        os.register_at_fork(after_in_child=self._release)

    def open(self) -> None:
        """Let requests come: they wait for the first `renew`.

        Raises
        ------
        OSError
            When they cannot come.
        """
        self._prise = _listen(self.folder)

    def renew(self, app: Flask) -> None:
        """Fork the workshop from what this process holds now; the one before ends what it began.

        Raises
        ------
        OSError
            When it cannot be; the one before goes on.
        """
        before = self.pid
        for pid in [pid for pid in self._liens if pid != before and _has_ended(pid)]:
            os.close(self._liens.pop(pid))
        prise, self._prise = self._prise or _listen(self.folder), None
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(write_end)
            os.setpgid(0, 0)
            _forget_handlers()
            signal.signal(RELEVE, signal.SIG_IGN)
            if self._est_tenu:
                app.extensions["courant"].hold()
            _be(lambda: Guardian(app, prise, read_end, self.folder).run())
        os.close(read_end)
        prise.close()
        self.pid, self._liens[pid] = pid, write_end
        if before:
            with suppress(OSError):
                os.kill(before, RELEVE)

    def has_died(self) -> bool:
        """Tell whether the workshop was forked, and is no more."""
        return bool(self.pid) and _has_ended(self.pid)

    def connect(self) -> socket.socket:
        """Return a connection to the workshop, or raise `OSError`."""
        channel = socket.socket(socket.AF_UNIX)
        channel.settimeout(2.0)
        try:
            with _near(self.folder) as folder:
                channel.connect(f"{folder}/{PRISE}")
        except OSError:
            channel.close()
            raise
        return channel

    def shelf(self, instantane: str) -> Etagere:
        """Return the answers kept of a snapshot."""
        return Etagere(self.folder / GARDEES, instantane)

    def stop(self) -> None:
        """End the workshop and everything it was making; only the process that started it does."""
        if os.getpid() != self._owner:
            return
        self.pid, pids = 0, list(self._liens)
        for pid in pids:
            with suppress(OSError):
                os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + ARRET_S
        for pid in pids:
            while not _has_ended(pid) and time.monotonic() < end:
                time.sleep(0.02)
            with suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        self._release()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _release(self) -> None:
        """Close what says that the server lives, and where requests wait for the workshop."""
        liens, self._liens = self._liens, {}
        for lien in liens.values():
            os.close(lien)
        if self._prise:
            self._prise.close()
            self._prise = None


PRISE = "prise"
"""Name of the socket, in the folder of the workshop."""


RELEVE = getattr(signal, "SIGUSR1", 0)
"""Signal that tells a guardian that another one takes its place."""


@contextmanager
def _near(folder: Path) -> Iterator[str]:
    """Yield a short path of a folder: the name of a socket holds a hundred bytes at most."""
    if not _OUVERTS.exists():
        yield str(folder)
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        yield f"{_OUVERTS}/{opened}"
    finally:
        os.close(opened)


_OUVERTS = Path("/proc/self/fd")
"""Where Linux shows the files that this process has open."""


def _listen(folder: Path) -> socket.socket:
    """Return a socket that takes the place of the one in a folder, if any, in one step."""
    prise, name = socket.socket(socket.AF_UNIX), folder / f".{PRISE}"
    try:
        name.unlink(missing_ok=True)
        with _near(folder) as near:
            prise.bind(f"{near}/{name.name}")
        prise.listen(64)
        os.replace(name, folder / PRISE)
    except OSError:
        prise.close()
        raise
    return prise


def start_heavy(app: Flask, *, prets: int = PRETS, est_tenu: bool = False) -> Atelier | None:
    """Start the workshop of an application, and return it; None where it cannot be.

    Called before any thread starts and before web processes are forked, by the
    process that will stop it.  What the application has read is shared.

    Parameters
    ----------
    prets : int
        Heavy requests that one web process holds at most: fewer than its threads.
    est_tenu : bool
        Whether this process follows what is published for all, and says it by `Atelier.renew`:
        requests wait until then, as nothing is ready to be shared.
    """
    if not hasattr(os, "fork"):
        return None
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".geoforma.{os.getpid()}.atelier."))
        atelier = Atelier(folder, prets, est_tenu=est_tenu)
        if est_tenu:
            atelier.open()
        else:
            atelier.renew(app)
    except OSError as error:
        app.logger.warning("Demandes lourdes faites sur place : %s.", error.strerror or error)
        return None
    app.extensions[EXTENSION] = atelier
    return atelier


@dataclass(kw_only=True)
class Gerant:
    """A foreman that the guardian forked: its process, its orders, what it serves."""

    pid: int
    ordres: socket.socket
    vu: Vu
    est_pret: bool = False


class Guardian:
    """Keeps a foreman of the snapshot published.

    Parameters
    ----------
    prise : socket
        Where web processes connect; all foremen share it.
    lien : int
        File that is at its end once the server is no more.
    """

    def __init__(self, app: Flask, prise: socket.socket, lien: int, folder: Path):
        self._app = app
        self._prise = prise
        self._lien = lien
        self._folder = folder
        self._server = os.getppid()
        self._courant: Courant = app.extensions["courant"]
        self._current: Gerant | None = None
        self._next: Gerant | None = None
        self._retired: list[Gerant] = []
        self._tried: Vu | None = None
        self._is_ended = False
        self._is_relieved = False

    def run(self) -> None:
        """Watch until the server ends, then take everything away; or until relieved."""
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(RELEVE, self._relieve)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        looked = 0.0
        while not self._is_ended:
            watched: list = [self._lien, *self._new_orders()]
            ready, _, _ = select.select(watched, [], [], 0.5)
            if self._lien in ready:
                break
            self._see_who_is_ready(ready)
            self._reap()
            if self._is_relieved:
                if self._hand_over():
                    return
            elif time.monotonic() - looked >= REGARD_S and not self._next:
                looked = time.monotonic()
                self._look()
        self._take_away()

    def _end(self, *_) -> None:
        self._is_ended = True

    def _relieve(self, *_) -> None:
        self._is_relieved = True

    def _hand_over(self) -> bool:
        """Let the foremen end what they have begun; tell whether they have."""
        for gerant in (self._current, self._next):
            self._retire(gerant)
        self._current = self._next = None
        return not self._retired

    def _new_orders(self) -> list:
        return [self._next.ordres] if self._next else []

    def _look(self) -> None:
        """Fork a foreman for what is published, unless one serves it or refused it."""
        vu = self._courant.see()
        if vu not in (self._current and self._current.vu, self._tried):
            self._tried = vu
            self._next = self._fork(vu)
            # Only the first foreman shares what the server read: the others read again.
            self._courant.forget()

    def _fork(self, vu: Vu) -> Gerant | None:
        """Return a new foreman, which says when it is warm."""
        ours, theirs = socket.socketpair()
        try:
            pid = os.fork()
        except OSError:
            return None
        if pid == 0:
            os.close(self._lien)
            for one in (ours, *(g.ordres for g in (self._current, *self._retired) if g)):
                one.close()
            _be(lambda: self._manage(theirs))
        theirs.close()
        return Gerant(pid=pid, ordres=ours, vu=vu)

    def _manage(self, ordres: socket.socket) -> None:
        """Open what is published, warm it, then answer; end when it is not good."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        courant = self._courant
        courant.open_here()
        if courant.refus and self._current:
            return
        foreman = Foreman(
            self._app,
            courant.current(),
            prise=self._prise,
            ordres=ordres,
            folder=self._folder,
        )
        # The first one answers at once, and gets ready meanwhile; the next ones take the place of
        # one that is ready.
        if self._current:
            foreman.prepare()
        ordres.send(b"p")
        foreman.run()

    def _see_who_is_ready(self, ready: list) -> None:
        """Put the new foreman in the place of the one before, once it is warm."""
        new = self._next
        if new is None or new.ordres not in ready or not new.ordres.recv(1):
            return
        self._retire(self._current)
        self._current, self._next = new, None

    def _retire(self, gerant: Gerant | None) -> None:
        """Let a foreman end what it has begun."""
        if gerant:
            with suppress(OSError):
                gerant.ordres.send(b"q")
            self._retired.append(gerant)

    def _reap(self) -> None:
        """Forget the foremen that ended; the one that serves is forked again."""
        for gerant in [g for g in (self._current, self._next, *self._retired) if g]:
            if not _has_ended(gerant.pid):
                continue
            gerant.ordres.close()
            if gerant is self._current:
                # It ended by itself: what is published is served again.
                self._current, self._tried = None, None
            elif gerant is self._next:
                self._next = None
            else:
                self._retired.remove(gerant)

    def _take_away(self) -> None:
        """End the foremen and their children, and remove every folder."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)
        for gerant in (self._current, self._next, *self._retired):
            if gerant:
                with suppress(ChildProcessError):
                    os.waitpid(gerant.pid, 0)
        shutil.rmtree(self._folder, ignore_errors=True)
        if os.getppid() != self._server:
            remove_left_overs(self._server)


def _be(what: Callable[[], None]) -> None:
    """Be a process of the workshop: nothing of the server runs after it."""
    code = 1
    try:
        what()
        code = 0
    finally:
        os._exit(code)


def _forget_handlers() -> None:
    """Leave what the server does on a signal: it would see to our children as to its own."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)


def _has_ended(pid: int) -> bool:
    """Tell whether a child has ended."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True
