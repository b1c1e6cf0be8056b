"""The production server: several web processes that share the memory of one application.

This file is the configuration of gunicorn; every choice that depends on the
place comes from the settings (`docs/exploitation.md`):

    gunicorn -c python:geoapp.web.production
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flask import Flask
from gunicorn.glogging import Logger

from geoapp.core.config import load_settings
from geoapp.core.errors import GeoFormaError
from geoapp.web import create_app
from geoapp.web.heavy.ahead import prepare
from geoapp.web.heavy.workshop import Atelier, start_heavy
from geoapp.web.logs import JsonLine, log_answer, log_as_json
from geoapp.web.observed import observe
from geoapp.web.served import Servi, remove_left_overs
from geoapp.web.warming import warm_by_page

LOG = logging.getLogger("geoapp")

try:
    SETTINGS = load_settings()
except GeoFormaError as refused:
    log_as_json()
    LOG.error("%s", refused)
    sys.exit(refused.exit_code)

# The figures are written by several processes: prometheus_client decides how when it is imported.
_FIGURES = Path(tempfile.mkdtemp(prefix=f".geoforma.{os.getpid()}.mesures."))
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_FIGURES)

from prometheus_client import multiprocess  # noqa: E402

from geoapp.web import metrics  # noqa: E402

REGARD_S = 2.0
"""Seconds between two looks at what is published."""

TOUR_S, PAUSE_S = 0.5, 0.05
"""Seconds of warming at a stretch, and left to gunicorn in between."""

_MASTER = os.getpid()


class ServerLogger(Logger):
    """The log of gunicorn, whose workers name the client and the address in what they refuse."""

    def __init__(self, cfg):
        self._master = os.getpid()
        super().__init__(cfg)

    def setup(self, cfg) -> None:
        """Let the records go to the one handler of the process."""
        super().setup(cfg)
        self.error_log.handlers[:] = []
        self.error_log.propagate = True
        if not any(isinstance(one.formatter, JsonLine) for one in logging.getLogger().handlers):
            log_as_json()

    def warning(self, msg, *args, **kwargs) -> None:
        """Write a warning; in a worker, only that a request was refused."""
        if self._is_worker():
            msg, args = "Demande illisible, refusée avant d'être lue.", ()
        super().warning(msg, *args, **kwargs)

    def error(self, msg, *args, **kwargs) -> None:
        """Write an error; in a worker, without its words."""
        if self._is_worker():
            msg, args = "Erreur du serveur HTTP.", ()
        super().error(msg, *args, **kwargs)

    def exception(self, msg, *args, **kwargs) -> None:
        """Write an error with its lines of code; in a worker, without its words."""
        if self._is_worker():
            msg, args = "Erreur du serveur HTTP.", ()
        super().exception(msg, *args, **kwargs)

    def _is_worker(self) -> bool:
        return os.getpid() != self._master


def application() -> Callable:
    """Return the application, open and ready to be shared by the processes forked from this one."""
    log_as_json()
    try:
        app = create_app(settings=SETTINGS, est_prechauffee=True)
    except GeoFormaError as error:
        LOG.error("%s", error)
        shutil.rmtree(_FIGURES, ignore_errors=True)
        sys.exit(error.exit_code)
    global _app
    _app = app
    return observe(app, (log_answer, metrics.count_answer))


_app: Flask | None = None
"""The application of this process, for the hooks below; None before it is open."""


@dataclass
class Beside:
    """What runs beside the web processes: the workshop of heavy files, the process of figures, and
    what is being done of a publication.
    """

    atelier: Atelier | None = None
    mesures: int = 0
    suite: Generator[None, None, bool] | None = None


_beside = Beside()

# What gunicorn reads.

wsgi_app = "geoapp.web.production:application()"
preload_app = True
bind = f"{SETTINGS.host}:{SETTINGS.port}"
worker_class = "gthread"
workers = SETTINGS.processes
threads = 16
"""Threads of a web process: half for heavy files that wait (`heavy.workshop`), half for pages."""

timeout = 60
graceful_timeout = 30
keepalive = 5
# The heartbeat of a process is a file: on a slow disk, a busy process would be taken for dead.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
logger_class = ServerLogger
# An address holds up to fifteen filters; one longer than this is refused with 414.
limit_request_line = 8190
limit_request_fields = 100
# `public_address` alone decides which proxy is believed.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
control_socket_disable = True


def when_ready(server) -> None:
    """Start, before any web process, what is forked from the one that has everything open."""
    if _app is None:
        return
    # The figures of this process, which answers nothing, are not those of a web process.
    multiprocess.mark_process_dead(os.getpid(), str(_FIGURES))
    _beside.atelier = start_heavy(_app, est_tenu=True)
    leave = [partial(listener.sock.close) for listener in server.LISTENERS]
    try:
        _beside.mesures = metrics.start_metrics(SETTINGS, _FIGURES, leave=leave)
    except GeoFormaError as error:
        LOG.error("%s", error)
    signal.signal(signal.SIGALRM, _follow)
    # After the web processes are there: they answer while what is served is warmed.
    signal.setitimer(signal.ITIMER_REAL, 1.0)


def _follow(*_) -> None:
    """Go on with following what is published, for a turn; when it is warm, fork what shares it.

    Only the master does: what it reads once, the web processes share.  It runs between two
    turns of gunicorn, in the one thread of the master, so that forking stays safe and
    that a signal never waits for more than a page.
    """
    if os.getpid() != _MASTER or _app is None:
        return
    wait = REGARD_S
    try:
        _beside.suite = _beside.suite or _app.extensions["courant"].follow(partial(_warm, _app))
        end = time.monotonic() + TOUR_S
        while time.monotonic() < end:
            next(_beside.suite)
        wait = PAUSE_S
    except StopIteration as done:
        _beside.suite = None
        if done.value:
            _fork_again()
        elif _beside.atelier and _beside.atelier.has_died():
            LOG.warning("L'atelier des demandes lourdes est mort : un autre prend sa place.")
            _renew_workshop()
    except Exception:
        _beside.suite = None
        LOG.exception("Publication non suivie, nouvel essai dans %s s.", REGARD_S)
    finally:
        signal.setitimer(signal.ITIMER_REAL, wait)


def _warm(app: Flask, servi: Servi) -> Iterator[None]:
    """Ask the pages of a snapshot, then read what heavy files stand on, a step at a time."""
    yield from warm_by_page(app, servi)
    yield from prepare(app, servi)


def _fork_again() -> None:
    """Renew the workshop and the web processes from what this one holds now."""
    # What lives long is not looked at by the collector of each process, which would copy it.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    _renew_workshop()
    os.kill(_MASTER, signal.SIGHUP)


def _renew_workshop() -> None:
    """Fork the workshop from what this process holds now, if there is one."""
    if _beside.atelier and _app is not None:
        try:
            _beside.atelier.renew(_app)
        except OSError as error:
            LOG.warning("Atelier non renouvelé (%s).", error.strerror or error)


def post_fork(server, worker) -> None:
    """Hold what the process was forked with."""
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    if _app is not None:
        courant = _app.extensions["courant"]
        courant.hold()
        metrics.note_snapshot(courant)
        if _beside.atelier:
            # Here, not before: what the workshop does for itself is no figure of ours.
            _beside.atelier.places = metrics.CountedPlaces(threads // 2)


def child_exit(server, worker) -> None:
    """Forget the figures that only a living process has."""
    multiprocess.mark_process_dead(worker.pid, str(_FIGURES))


def on_exit(server) -> None:
    """End what was started beside the web processes, and remove the folders of the server."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    if _beside.atelier:
        _beside.atelier.stop()
    if _beside.mesures:
        with suppress(ProcessLookupError):
            os.kill(_beside.mesures, signal.SIGTERM)
    if _app is not None:
        _app.extensions["courant"].close()
    # The process ends: whatever else it made in the folder of temporary files.
    remove_left_overs(os.getpid())
    shutil.rmtree(_FIGURES, ignore_errors=True)
