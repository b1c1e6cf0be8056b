"""Figures for Prometheus, on a port of their own: answers by route, durations, data, nothing else.

The web processes write them in files of a folder that they share; a process of
its own sums and gives them, on a loopback port that no proxy forwards.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from socketserver import TCPServer
from threading import BoundedSemaphore
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from geoapp.core.config import Settings
from geoapp.core.errors import ParameterError, SnapshotError
from geoapp.core.snapshot import MANIFEST, served_folder
from geoapp.web.observed import Observation
from geoapp.web.served import Courant

NON = "non"
"""Value of the setting that asks for no figures."""

SEUILS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""Bounds of the durations counted: a second is what a light page may take, five a heavy file."""

ANSWERS = Counter(
    "geoforma_answers", "Answers sent, by route and status", ["route", "method", "status"]
)
DURATIONS = Histogram(
    "geoforma_answer_seconds",
    "Time from a request to the last byte of its answer, by route",
    ["route"],
    buckets=SEUILS_S,
)
BYTES = Counter("geoforma_answer_bytes", "Bytes of the answers sent, by route", ["route"])
HEAVY = Gauge(
    "geoforma_heavy_requests",
    "Heavy files that clients wait for now, in all web processes",
    multiprocess_mode="livesum",
)
SERVED = Gauge(
    "geoforma_served_snapshot_timestamp_seconds",
    "When the snapshot served was made; the oldest of the web processes",
    multiprocess_mode="livemin",
)
REFUSED = Gauge(
    "geoforma_publication_refused",
    "1 when the last publication is refused and the one before still served",
    multiprocess_mode="livemax",
)


class CountedPlaces(BoundedSemaphore):
    """The places of heavy requests of one web process, counted while they are taken."""

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take a place; tell whether there was one."""
        is_taken = super().acquire(blocking, timeout)
        if is_taken:
            HEAVY.inc()
        return is_taken

    def release(self, n: int = 1) -> None:
        """Give back a place."""
        super().release(n)
        HEAVY.dec(n)


def count_answer(seen: Observation) -> None:
    """Count one answer."""
    ANSWERS.labels(seen.route, seen.methode, str(seen.statut)).inc()
    DURATIONS.labels(seen.route).observe(seen.duree_s)
    BYTES.labels(seen.route).inc(seen.octets)


def note_snapshot(courant: Courant) -> None:
    """Note which snapshot this process serves, and whether a later one was refused."""
    with suppress(SnapshotError, KeyError, ValueError):
        SERVED.set(_timestamp(courant.snapshot().manifest["cree_le"]))
    REFUSED.set(courant.refus is not None)


def _timestamp(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


class PublishedCollector(Collector):
    """Tells the age of what is published, answers or not."""

    def __init__(self, data_dir: Path):
        self._data_dir = data_dir

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the age of the snapshot published; nothing when there is none."""
        folder = served_folder(self._data_dir)
        if folder is None:
            return
        with suppress(OSError, ValueError, KeyError, TypeError):
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            age = time.time() - _timestamp(manifest["cree_le"])
            yield GaugeMetricFamily(
                "geoforma_published_snapshot_age_seconds", "Age of the snapshot published", age
            )


def parse_listen(text: str) -> tuple[str, int] | None:
    """Return the host and port of `GEOAPP_MESURES`; None when no figures are asked.

    Raises
    ------
    ParameterError
        When it is neither « host:port » nor « non ».
    """
    if text == NON:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ParameterError(
            f"GEOAPP_MESURES = « {text[:80]} » : « hôte:port » est attendu (127.0.0.1:9464), "
            "ou « non »."
        )
    return host.strip("[]"), int(port)


class _Quiet(WSGIRequestHandler):
    """A handler whose log says nothing: who reads the figures is written nowhere."""

    def log_message(self, format, *args) -> None:
        pass


class _Server(WSGIServer):
    """A server that asks no name service for the name of its host."""

    def server_bind(self) -> None:
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()


def start_metrics(
    settings: Settings, folder: Path, *, leave: Iterable[Callable[[], None]] = ()
) -> int:
    """Start the process that gives the figures, and return its number; 0 when none are asked.

    Parameters
    ----------
    settings : Settings
        Where to listen, and the folder of the snapshots.
    folder : path
        Where the web processes write their figures.
    leave : iterable of callables
        Called in the new process: they let go of what it inherits, sockets of the web above all.

    Raises
    ------
    ParameterError
        When nothing can listen there.
    """
    listen = parse_listen(settings.metrics)
    if listen is None:
        return 0
    try:
        server = make_server(
            *listen, _figures(settings, folder), server_class=_Server, handler_class=_Quiet
        )
    except (OSError, OverflowError) as error:
        raise ParameterError(
            f"Impossible de donner les mesures sur {settings.metrics} ({error}). Choisissez une "
            "autre adresse : GEOAPP_MESURES=127.0.0.1:9465, ou « non »."
        ) from None
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            _serve(server, tuple(leave), parent)
        finally:
            # Nothing of what was inherited is ended twice.
            os._exit(0)
    server.server_close()
    return pid


def _figures(settings: Settings, folder: Path) -> Callable:
    """Return the WSGI application that gives the figures."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))
    registry.register(PublishedCollector(settings.data_dir))
    figures = make_wsgi_app(registry)

    def answer(environ: dict, start_response: Callable) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != "/metrics":
            start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"/metrics\n"]
        return figures(environ, start_response)

    return answer


def _serve(server: WSGIServer, leave: tuple[Callable[[], None], ...], parent: int) -> None:
    """Answer until the process that started this one is gone."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    # A terminal interrupts the whole group: the parent decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for one in leave:
        with suppress(OSError):
            one()
    server.timeout = 1.0
    while os.getppid() == parent:
        server.handle_request()
