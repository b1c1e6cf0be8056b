"""What is asked most of heavy routes, made ahead while nobody asks for anything."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, url_for

from geoapp.coverage.model import Question
from geoapp.coverage.territories.zone import list_types, list_zones
from geoapp.outputs.sheets.rendering import check_pdf
from geoapp.reference.zonings import COMMUNE, REGION, ZONAGES
from geoapp.web.heavy.asked import answer_key, read_asked
from geoapp.web.heavy.wire import Demande
from geoapp.web.public_address import site_prefix
from geoapp.web.served import SERVI, Servi, served_world
from geoapp.web.territories_view import query

WARMED = ("/donnees", "/couverture", "/territoires", "/figures/offre.png")
"""Addresses that read, between them, what most heavy answers stand on."""


def prepare(app: Flask, servi: Servi) -> None:
    """Read what each child would otherwise read for itself: the snapshot, what draws and prints."""
    client = app.test_client()
    for address in WARMED:
        client.get(address, environ_overrides={SERVI: servi}).close()
    check_pdf()


TYPES = ("offre", "couverture", "densite", "zones")
"""Figures that the map and the coverage propose."""

LARGEUR_MM = "170"
"""Width that their form gives."""


def asked_most(app: Flask, servi: Servi) -> Iterator[Demande]:
    """Yield what the pages link to without any choice: figures of the region, sheets of zones.

    Zonings in the order of the product, those that are shown first; communes have
    too many sheets.
    """
    root = {"base_url": f"http://localhost{site_prefix(app)}/", "environ_overrides": {SERVI: servi}}
    with app.test_request_context(**root):
        addresses = [*_figures(), *_sheets()]
    for address in addresses:
        path = address.removeprefix(site_prefix(app))
        with app.test_request_context(path, **root):
            yield read_asked(answer_key())


def _figures() -> Iterator[str]:
    for nom in TYPES:
        yield url_for("figures.ask", type=nom, emprise=REGION, format="png", largeur_mm=LARGEUR_MM)


def _sheets() -> Iterator[str]:
    world = served_world()
    types = [nom for nom in list_types(world) if nom != COMMUNE]
    for type_zone in sorted(types, key=lambda nom: not ZONAGES[nom].est_affichee):
        for code_zone in list_zones(world, type_zone)["code_zone"]:
            yield url_for(
                "territories.sheet",
                type_zone=type_zone,
                code_zone=code_zone,
                format="pdf",
                **query(Question()),
            )
