"""Serve the application with waitress, on loopback unless told otherwise."""

from __future__ import annotations

import logging
import signal
import socket
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

from flask import Flask
from waitress import create_server, wasyncore

from geoapp.core.config import Settings
from geoapp.core.errors import ParameterError
from geoapp.web import create_app
from geoapp.web.heavy.workshop import start_heavy
from geoapp.web.protocol import make_strict
from geoapp.web.public_address import site_prefix

PORT_MAX = 65535

ARRET_S = 10.0
"""Seconds left to the answers begun when the server is told to stop."""

RESERVES: dict[str, Any] = {
    "ident": "GeoForma",
    # Half for heavy files that wait (`heavy.workshop.PRETS`), half for pages.
    "threads": 16,
    # Half-sent requests hold a connection each until their time is over (`protocol.RECEPTION_S`).
    "connection_limit": 500,
    "channel_timeout": 60,
    "cleanup_interval": 5,
    # Refused before it is read, not once it lies on the disk; a form holds 64 KB at most.
    "max_request_body_size": 80 * 1024,
    # Pages are kept in memory until they are sent: a full disk stops none.
    "outbuf_overflow": 16 * 1024 * 1024,
    # `public_address` decides which proxy is believed, for every server alike.
    "clear_untrusted_proxy_headers": False,
}
"""What waitress gives to requests, and what it refuses to greedy or slow clients."""


def run(settings: Settings, *, host: str, port: int) -> None:
    """Serve until interrupted; the address is printed once the port is open.

    Raises
    ------
    ParameterError
        When the port is taken or not allowed, or the host none of this machine.
    """
    if not 0 <= port <= PORT_MAX:
        raise ParameterError(
            f"port = « {port} » : un nombre entier de 0 à {PORT_MAX} est attendu "
            "(0 : un port libre)."
        )
    settings = replace(settings, host=host)
    app = create_app(settings.data_dir, settings=settings, est_prechauffee=True)
    atelier = start_heavy(app)
    try:
        _listen(app, host=host, port=port)
    finally:
        if atelier:
            atelier.stop()
        app.extensions["courant"].close()


def _listen(app: Flask, *, host: str, port: int) -> None:
    """Answer at an address until told to stop."""
    sockets: dict = {}
    try:
        server = create_server(app, sockets, host=host.strip("[]"), port=port, **RESERVES)
    except (OSError, OverflowError, ValueError) as error:
        raise ParameterError(_refusal(error, host, port)) from None
    make_strict(sockets)
    # Requests that wait for a thread are no warning: heavy ones are put off, light ones are short.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    stops: list[int] = []
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda number, _: stops.append(number))
    for address in addresses(server):
        site = f"{address.rstrip('/')}{site_prefix(app)}/"
        print(f"GéoForma : {site} (Ctrl+C pour arrêter)", flush=True)
    app.extensions["courant"].warm_up()
    while not stops:
        _turn(sockets)
    _drain(sockets)
    server.task_dispatcher.shutdown(timeout=1)
    wasyncore.close_all(sockets, ignore_all=True)


def _turn(sockets: dict) -> None:
    """Read and send what is ready, or wait a little for it."""
    wasyncore.loop(timeout=0.5, use_poll=True, map=sockets, count=1)


def _drain(sockets: dict) -> None:
    """Take nothing new; let the answers begun end, within a time limit or until told again."""
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, signal.default_int_handler)
    for one in [one for one in sockets.values() if hasattr(one, "channel_class")]:
        wasyncore.dispatcher.close(one)
    end = time.monotonic() + ARRET_S
    with suppress(KeyboardInterrupt):
        while time.monotonic() < end and any(map(_is_busy, sockets.values())):
            _turn(sockets)


def _is_busy(one) -> bool:
    """Tell whether a connection has an answer begun; one that only waits is none."""
    return bool(getattr(one, "requests", None) or getattr(one, "total_outbufs_len", 0))


def _refusal(error: Exception, host: str, port: int) -> str:
    """Return why nothing can listen there, and what to do."""
    # What waitress says of a host that no name leads to is a plain `ValueError`, in English.
    if isinstance(error, ValueError | socket.gaierror):
        return (
            f"L'hôte « {host[:80]} » n'est pas une adresse de cette machine. "
            "Par exemple : geoapp serve --host 127.0.0.1."
        )
    return (
        f"Impossible d'écouter sur {host}:{port} ({error}). "
        "Choisissez un autre port : geoapp serve --port 5001."
    )


def addresses(server) -> list[str]:
    """Return the addresses at which a server of waitress listens, as a browser takes them."""
    one = getattr(server, "effective_host", None)
    listen = [(one, server.effective_port)] if one else server.effective_listen
    return [f"http://{f'[{host}]' if ':' in host else host}:{port}/" for host, port in listen]
