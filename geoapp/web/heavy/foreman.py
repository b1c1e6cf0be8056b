"""The process that forks one child by heavy request, from one snapshot open and warm.

It has one thread, so that forking is safe.  A child that takes too long, or whose
client leaves, is killed; its folder goes with it.
"""

from __future__ import annotations

import gc
import os
import selectors
import shutil
import signal
import socket
import time
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask

from geoapp.core.files import is_full
from geoapp.web.heavy.ahead import asked_most, asked_next, prepare
from geoapp.web.heavy.job import PRIS, Travail
from geoapp.web.heavy.store import GARDEES, Etagere
from geoapp.web.heavy.wire import DELAI, PANNE, PLACE, PLEIN, Demande, Retour, receive_request, send
from geoapp.web.served import Servi

EN_COURS = 2
"""Files asked made at once, a core and up to 150 MB each."""

EN_PLUS, COURT_S = 1, 1.0
"""Files of a short kind made besides, so that none waits behind long ones; and the processor
seconds that a kind takes at most to be short."""

LISSAGE = 0.3
"""Weight of the last file of a kind in what its files are expected to take."""

EN_ATTENTE = 12
"""Files that wait at most, for all web processes: six rounds of a few seconds each."""

POLITESSE, DERNIER_RANG = 5, 19
"""Priority left to light pages by a file that is asked, and by one made ahead (`nice`)."""

DELAI_S = 50.0
"""Seconds from the arrival of a request to its answer: proxies give up after sixty."""

DELAI_GARDE_S = 180.0
"""Seconds that an answer to be kept may take: who asks again finds it."""

REPOS_S = 10.0
"""Seconds without any request before what is not urgent is done."""

AVANCE_S, SUITE_S = 1.0, 60.0
"""Seconds without any request before what is asked most is made ahead, and what comes next."""

_PAS_S = 0.25
"""Seconds between two looks at what has lasted too long."""


@dataclass(kw_only=True)
class EnCours:
    """A request of a web process: waiting, then answered by the child `pid`."""

    demande: Demande
    channel: socket.socket | None
    folder: Path
    est_avance: bool = False
    arrivee: float = field(default_factory=time.monotonic)
    pid: int = 0

    @property
    def fin(self) -> float:
        """Return when its client is told to come back."""
        return self.arrivee + DELAI_S


class Foreman:
    """Takes requests from a listening socket and has each answered by a child.

    Parameters
    ----------
    app : Flask
        Application that answers.
    servi : Servi
        Snapshot that it answers from.
    prise : socket
        Where web processes connect.
    ordres : socket
        Where the guardian says to retire; its end is the end of everything.
    folder : path
        Folder of the workshop.
    """

    def __init__(
        self,
        app: Flask,
        servi: Servi,
        *,
        prise: socket.socket,
        ordres: socket.socket,
        folder: Path,
    ):
        self._app = app
        self._servi = servi
        self._prise = prise
        self._ordres = ordres
        self._folder = folder
        self._etagere = Etagere(folder / GARDEES, servi.snapshot().id)
        self._waiting: deque[EnCours] = deque()
        self._running: dict[int, EnCours] = {}
        self._numbers = count()
        self._taken_s: dict[str, float] = {}
        self._selector = selectors.DefaultSelector()
        self._is_retired = False
        self._is_prepared = servi.est_chaud
        self._steps: Iterator[Any] = prepare(app, servi)
        self._last = time.monotonic()
        self._ahead: deque[tuple[float, Iterator[Demande]]] = deque(
            ((AVANCE_S, asked_most(app, servi)), (SUITE_S, asked_next(app, servi)))
        )
        self._left_s = float(app.config["SETTINGS"].avance_s)

    def run(self) -> None:
        """Answer until told to retire, then until every request taken is answered."""
        woken, waker = socket.socketpair()
        waker.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        self._prise.setblocking(False)
        self._selector.register(self._prise, selectors.EVENT_READ, self._accept)
        self._selector.register(self._ordres, selectors.EVENT_READ, self._obey)
        self._selector.register(woken, selectors.EVENT_READ, lambda: woken.recv(4096))
        while not self._is_retired or self._waiting or self._running:
            for key, _ in self._selector.select(_PAS_S):
                key.data()
            self._reap()
            self._see_to_time()
            self._start()
            self._rest()

    def _accept(self) -> None:
        """Take a request; what sends none is left."""
        with suppress(OSError, ValueError, TypeError):
            channel, _ = self._prise.accept()
            channel.settimeout(1.0)
            try:
                demande = receive_request(channel)
            except BaseException:
                channel.close()
                raise
            job = self._job(demande, channel)
            if len(self._waiting) >= EN_ATTENTE:
                self._answer(job, PLEIN)
                return
            self._selector.register(channel, selectors.EVENT_READ, lambda: self._leave(job))
            self._waiting.append(job)

    def _job(self, demande: Demande, channel: socket.socket | None) -> EnCours:
        """Return a job, with a folder of its own to come."""
        folder = self._folder / f"travail-{os.getpid()}-{next(self._numbers)}"
        return EnCours(demande=demande, channel=channel, folder=folder, est_avance=channel is None)

    def _obey(self) -> None:
        """Retire when told; end at once when the guardian is no more."""
        with suppress(OSError):
            if self._ordres.recv(1):
                self._is_retired = True
                self._selector.unregister(self._ordres)
                self._selector.unregister(self._prise)
                self._prise.close()
                return
        for job in list(self._running.values()):
            self._kill(job)
        shutil.rmtree(self._folder, ignore_errors=True)
        os._exit(1)

    def _leave(self, job: EnCours) -> None:
        """Forget a request whose client is gone."""
        if job in self._waiting:
            self._waiting.remove(job)
        self._let_go(job)
        if job.pid:
            self._kill(job)

    def _let_go(self, job: EnCours) -> None:
        """Close the connection of a request."""
        if job.channel is not None:
            with suppress(KeyError):
                self._selector.unregister(job.channel)
            job.channel.close()
            job.channel = None

    def _answer(self, job: EnCours, refus: str) -> None:
        """Say why there is no answer, and close."""
        with suppress(OSError):
            if job.channel is not None:
                send(job.channel, Retour(refus=refus))
        self._let_go(job)

    def _start(self) -> None:
        """Fork children for those that wait, while there is room.

        Two identical questions are worked out once: the second waits for what is kept of the first.
        """
        made = {job.demande.cle: job for job in self._running.values() if job.demande.cle}
        for job in list(self._waiting):
            same = made.get(job.demande.cle)
            if same and not same.est_avance:
                continue
            if not self._has_room(job):
                continue
            if same:
                # Its rank is the last one, and no process may raise it.
                self._kill(same)
            self._waiting.remove(job)
            if job.demande.cle:
                made[job.demande.cle] = job
            self._fork(job)

    def _has_room(self, job: EnCours) -> bool:
        """Tell whether a file may be begun: long ones leave a place to short ones, which leave them
        theirs.
        """
        made = [one for one in self._running.values() if not one.est_avance]
        long = [one for one in made if not self._is_short(one)]
        return len(made) < EN_COURS + EN_PLUS and (self._is_short(job) or len(long) < EN_COURS)

    def _is_short(self, job: EnCours) -> bool:
        """Tell whether the last files of the same kind took little: one never made is not short."""
        return self._taken_s.get(job.demande.genre, COURT_S) < COURT_S

    def _learn(self, job: EnCours) -> None:
        """Note what a file took, among those of its kind: its child wrote it before it sent it."""
        try:
            taken_s = float((job.folder / PRIS).read_text())
        except (OSError, ValueError):
            return
        before = self._taken_s.get(job.demande.genre, taken_s)
        self._taken_s[job.demande.genre] = before + LISSAGE * (taken_s - before)

    def _rest(self) -> None:
        """Get ready once nobody asks for a while, or before those that wait for their turn.

        Then make one at a time what is asked most: at the last rank, it takes no place of
        what is asked.
        """
        if self._is_retired:
            return
        if any(job.channel for job in self._running.values()):
            self._last = time.monotonic()
        idle_s = time.monotonic() - self._last
        if self._waiting or idle_s > REPOS_S:
            self._prepare_more()
        is_free = self._is_prepared and not self._running and self._left_s > 0
        if is_free and self._ahead and idle_s > self._ahead[0][0]:
            self._make_ahead()

    def _make_ahead(self) -> None:
        """Make the next answer of those that are asked most, unless it is kept already."""
        for demande in self._ahead[0][1]:
            if demande.cle and not self._etagere.has(demande.cle):
                self._fork(self._job(demande, None))
                return
        self._ahead.popleft()

    def prepare(self) -> None:
        """Read once what each child would otherwise read for itself."""
        while not self._is_prepared:
            self._prepare_more()

    def _prepare_more(self) -> None:
        """Take the next step of what gets ready; it cannot be interrupted."""
        if not self._is_prepared and next(self._steps, self) is self:
            self._is_prepared = True
            gc.freeze()

    def _fork(self, job: EnCours) -> None:
        """Fork the child of a request."""
        try:
            job.folder.mkdir(mode=0o700)
            job.pid = os.fork()
        except OSError as error:
            self._answer(job, PLACE if is_full(error) else PANNE)
            return
        if job.pid == 0:
            self._be_child(job)
        self._running[job.pid] = job

    def _be_child(self, job: EnCours) -> None:
        """Answer a request, then end without a word to what was inherited."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # Not before: a workshop slow to get ready would put off what is asked meanwhile.
            os.nice(DERNIER_RANG if job.est_avance else POLITESSE)
            # A process that grows too much is ended before the others.
            with suppress(OSError):
                Path("/proc/self/oom_score_adj").write_text("500")
            Travail(job.demande, job.channel, job.folder).run(self._app, self._servi, self._etagere)
            code = 0
        except BrokenPipeError:
            code = 0
        except BaseException as error:
            kind = RuntimeError(type(error).__name__).with_traceback(error.__traceback__)
            traceback.print_exception(kind)
        finally:
            os._exit(code)

    def _reap(self) -> None:
        """See to the children that ended."""
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            job = self._running.pop(pid)
            self._left_s -= job.est_avance * (time.monotonic() - job.arrivee)
            self._learn(job)
            shutil.rmtree(job.folder, ignore_errors=True)
            if status:
                self._answer(job, PANNE)
            else:
                self._let_go(job)

    def _see_to_time(self) -> None:
        """Tell those whose answer is late to come back; what is not kept for them is killed."""
        now = time.monotonic()
        for job in [one for one in self._waiting if one.fin < now]:
            self._waiting.remove(job)
            self._answer(job, DELAI)
        for job in list(self._running.values()):
            if job.channel is not None and job.fin < now:
                self._answer(job, DELAI)
                if not job.demande.cle:
                    self._kill(job)
            elif job.arrivee + DELAI_GARDE_S < now:
                self._kill(job)

    @staticmethod
    def _kill(job: EnCours) -> None:
        """End the child of a request; it is reaped later."""
        with suppress(ProcessLookupError):
            os.kill(job.pid, signal.SIGKILL)
