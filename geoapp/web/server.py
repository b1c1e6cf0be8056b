"""Serve the application with waitress, on loopback unless told otherwise."""

from __future__ import annotations

import socket
from dataclasses import replace

from waitress import create_server

from geoapp.core.config import Settings
from geoapp.core.errors import ParameterError
from geoapp.web import create_app
from geoapp.web.protocol import make_strict
from geoapp.web.public_address import site_prefix

PORT_MAX = 65535


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
    sockets: dict = {}
    try:
        server = create_server(
            app,
            sockets,
            host=host.strip("[]"),
            port=port,
            threads=8,
            ident="GeoForma",
            # `public_address` decides which proxy is believed, for every server alike.
            clear_untrusted_proxy_headers=False,
        )
    except (OSError, OverflowError, ValueError) as error:
        raise ParameterError(_refusal(error, host, port)) from None
    make_strict(sockets)
    for address in addresses(server):
        print(
            f"GéoForma : {address.rstrip('/')}{site_prefix(app)}/ (Ctrl+C pour arrêter)", flush=True
        )
    try:
        server.run()
    finally:
        server.close()


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
