"""What is asked most of heavy routes, made ahead while nobody asks for anything."""

from __future__ import annotations

from flask import Flask

from geoapp.outputs.sheets.rendering import check_pdf
from geoapp.web.served import SERVI, Servi

WARMED = ("/donnees", "/couverture", "/territoires", "/figures/offre.png")
"""Addresses that read, between them, what most heavy answers stand on."""


def prepare(app: Flask, servi: Servi) -> None:
    """Read what each child would otherwise read for itself: the snapshot, what draws and prints."""
    client = app.test_client()
    for address in WARMED:
        client.get(address, environ_overrides={SERVI: servi}).close()
    check_pdf()
