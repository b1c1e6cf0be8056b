"""What is asked most of heavy routes, made ahead while nobody asks for anything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from flask import Flask, url_for

from geoapp.coverage.model import Question
from geoapp.coverage.territories.zone import list_types, list_zones
from geoapp.outputs.files.formats import load_refusals
from geoapp.outputs.sheets.rendering import check_pdf
from geoapp.reference.zonings import COMMUNE, MAILLE, REGION, ZONAGES
from geoapp.web.heavy.asked import answer_key, read_asked
from geoapp.web.heavy.job import APART
from geoapp.web.heavy.wire import Demande
from geoapp.web.public_address import site_prefix
from geoapp.web.served import SERVI, Servi, served_world
from geoapp.web.territories_view import query

WARMED = ("/donnees", "/couverture", "/territoires", "/figures/offre.png")
"""Addresses that read, between them, what most heavy answers stand on."""


def prepare(app: Flask, servi: Servi) -> Iterator[None]:
    """Read what each child would otherwise read for itself: the snapshot, what draws and prints.

    One step at a time: who asks meanwhile waits for one of them at most.
    """
    client = app.test_client()
    for address in WARMED:
        # Worked out here: asked of the workshop, it would wait for itself.
        client.get(
            site_prefix(app) + address, environ_overrides={SERVI: servi, APART: True}
        ).close()
        yield
    check_pdf()
    load_refusals()


TYPES = ("offre", "couverture", "densite", "zones")
"""Figures that the map and the coverage propose."""

LARGEUR_MM = "170"
"""Width that their form gives."""


def asked_most(app: Flask, servi: Servi) -> Iterator[Demande]:
    """Yield what the pages link to first: figures of the region, sheets of the first zoning."""
    prefix, root = site_prefix(app), _root(app, servi)
    with app.test_request_context(**root):
        addresses = _figures()
        for _, sheets in islice(_sheets(), 1):
            addresses += sheets
    for address in addresses:
        yield _ask(app, address.removeprefix(prefix), root)


def asked_next(app: Flask, servi: Servi) -> Iterator[Demande]:
    """Yield the sheets of the other zonings, those that are shown first; communes have too many.

    What the sheets of a zoning share is read before the first one: it cannot be interrupted.
    """
    prefix, root = site_prefix(app), _root(app, servi)
    with app.test_request_context(**root):
        zonings = list(islice(_sheets(), 1, None))
    for page, sheets in zonings:
        app.test_client().get(page, environ_overrides=root["environ_overrides"]).close()
        for address in sheets:
            yield _ask(app, address.removeprefix(prefix), root)


def _root(app: Flask, servi: Servi) -> dict[str, Any]:
    """Return what a request of this snapshot is made from."""
    return {
        "base_url": f"http://localhost{site_prefix(app)}/",
        "environ_overrides": {SERVI: servi},
    }


def _ask(app: Flask, address: str, root: dict[str, Any]) -> Demande:
    """Return the request of an address, as the workshop takes it."""
    with app.test_request_context(address, **root):
        return read_asked(answer_key())


def _figures() -> list[str]:
    """Return the addresses of the figures of the region."""
    form: dict[str, Any] = {"emprise": REGION, "format": "png", "largeur_mm": LARGEUR_MM}
    return [url_for("figures.ask", type=nom, **form) for nom in TYPES]


def _sheets() -> Iterator[tuple[str, list[str]]]:
    """Yield, by zoning, the page of a zone and the addresses of all sheets."""
    world = served_world()
    types = [nom for nom in list_types(world) if nom != COMMUNE]
    for type_zone in sorted(types, key=lambda nom: (nom != MAILLE, not ZONAGES[nom].est_affichee)):
        codes = list_zones(world, type_zone)["code_zone"]
        zones: list[dict[str, Any]] = [
            {"type_zone": type_zone, "code_zone": code} for code in codes
        ]
        asked: dict[str, Any] = {**query(Question())}
        page = url_for("territories.zone", **zones[0])
        sheets = [url_for("territories.sheet", format="pdf", **one, **asked) for one in zones]
        yield page, sheets
