"""The warm-up: what everybody asks is asked once of a snapshot before anybody waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from flask import Flask

from geoapp.core.errors import SnapshotError
from geoapp.offer.lookups import public_id
from geoapp.reference.zonings import MAILLE, MAILLES
from geoapp.web.change import warm_pair
from geoapp.web.public_address import site_prefix
from geoapp.web.served import SERVI, Servi

ADDRESSES = (
    "/",
    "/carte",
    "/recherche",
    "/donnees/points.json",
    "/couverture",
    "/ou-ouvrir",
    # Who would share each candidate, at the usual thresholds: for every question of access.
    "/ou-ouvrir?objectif=acces",
    "/ou-ouvrir?objectif=acces&seuil_min=30",
    "/essentiel",
    "/besoins",
    "/territoires",
    "/donnees",
    "/sources",
    "/qualite",
    "/rejets",
    "/api/",
    "/api/v1/formations",
    "/api/v1/zones",
    "/api/v1/openapi.json",
)
"""Addresses that use between them all that is worked out once by snapshot."""


def warm_pages(app: Flask, servi: Servi) -> None:
    """Ask the pages of a snapshot, through the application itself (see `warm_by_page`)."""
    for _ in warm_by_page(app, servi):
        pass


def warm_by_page(app: Flask, servi: Servi) -> Iterator[None]:
    """Ask the pages of a snapshot, one before each `next`.

    Raises
    ------
    SnapshotError
        When a page fails: such a snapshot is not to be served.
    """
    client, prefix = app.test_client(), site_prefix(app)
    for address in [*ADDRESSES, *_samples(servi)]:
        with client.get(prefix + address, environ_overrides={SERVI: servi}) as answer:
            if answer.status_code == 500:
                raise SnapshotError(
                    f"L'instantané {servi.snapshot().id} n'a pas pu être montré ({address})."
                )
        yield
    warm_pair(servi)
    yield


def _samples(servi: Servi) -> list[str]:
    """Return addresses that need a name of the snapshot: what is read for one is read for all."""
    offres, zones = servi.snapshot().read("offres"), servi.snapshot().read("zones")
    communes = servi.snapshot().read("communes")["code_commune"].head(1)
    drawn = zones.loc[zones.geometry.notna(), "type_zone"].unique()
    return [
        *(f"/formations/{public_id(one)}" for one in offres["id_action"].head(1)),
        *(
            f"/territoires/{row.type_zone}/{quote(row.code_zone)}"
            for row in zones.drop_duplicates("type_zone").itertuples()
            if row.type_zone in MAILLES
        ),
        # The zones that people look at most: here, once for all processes.
        *(
            f"/territoires/{MAILLE}/{quote(code)}"
            for code in zones.loc[zones["type_zone"] == MAILLE, "code_zone"]
        ),
        *(f"/recherche?lieu=commune:{one}" for one in communes),
        *(f"/api/v1/atteinte?lieu=commune:{one}&seuil_min=30" for one in communes),
        *(f"/donnees/couches/{nom}.geojson" for nom in drawn),
    ]
