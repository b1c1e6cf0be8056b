"""Serve the application with waitress, on loopback unless told otherwise."""

from __future__ import annotations

import socket

from waitress import create_server

from geoapp.core.config import Settings
from geoapp.core.errors import ParameterError
from geoapp.web import create_app


def run(settings: Settings, *, host: str, port: int) -> None:
    """Serve until interrupted; the address is printed once the port is open.

    Raises
    ------
    ParameterError
        When the port is taken or not allowed.
    """
    app = create_app(settings.data_dir, settings=settings, est_prechauffee=True)
    try:
        server = create_server(app, host=host, port=port, threads=8, ident="GeoForma")
    except (OSError, OverflowError, socket.gaierror) as error:
        raise ParameterError(
            f"Impossible d'écouter sur {host}:{port} ({error}). "
            "Choisissez un autre port : geoapp serve --port 5001."
        ) from None
    address = f"http://{host}:{server.effective_port}/"
    print(f"GéoForma : {address} (Ctrl+C pour arrêter)", flush=True)
    try:
        server.run()
    finally:
        server.close()
