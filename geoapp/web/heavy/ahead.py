"""What is asked most of heavy routes, made ahead while nobody asks for anything."""

from __future__ import annotations

from flask import Flask

from geoapp.outputs.sheets.rendering import check_pdf
from geoapp.web.served import SERVI, Servi

WARMED = ("/donnees", "/couverture", "/territoires")
"""Pages that read, between them, what most heavy answers stand on."""


def warm_heavy(app: Flask, servi: Servi) -> None:
    """Ask the application for what its children would otherwise read again, each for itself."""
    client = app.test_client()
    for address in WARMED:
        client.get(address, environ_overrides={SERVI: servi}).close()


def prepare_drawing(app: Flask, servi: Servi) -> None:
    """Have the libraries that draw read once: they cost each child one to two seconds."""
    check_pdf()
    app.test_client().get("/figures/offre.png", environ_overrides={SERVI: servi}).close()
