"""Addresses in the search: by the configured service through POST only, else at the commune, and
the page says which.
"""

import pytest

from geoapp.offer.search.places import A_LA_COMMUNE, resolve_place
from geoapp.web import create_app
from support.world import publish_world


@pytest.fixture
def folder(tiny_frames, tmp_path):
    publish_world(tiny_frames, tmp_path)
    return tmp_path


def _app(folder, settings=None):
    return create_app(folder, settings=settings).test_client()


def test_addresses_follow_the_places_by_post_only(folder, service):
    handler, settings = service
    client = _app(folder, settings)
    found = client.post("/api/v1/places", data={"q": "1 rue de la gare"}).json["lieux"]
    assert [(p["type"], p["nom"], p["latitude"]) for p in found] == [
        ("adresse", "1 Rue de la Gare 62300 Lens", 50.431)
    ]
    assert client.get("/api/v1/places?q=1 rue de la gare").json["lieux"] == []
    assert len(handler.seen) == 1


def test_the_page_says_how_an_address_is_searched(folder, service):
    _, settings = service
    assert "recherche à la commune" in _app(folder).get("/recherche").text
    assert "tapez le numéro et la rue" in _app(folder, settings).get("/recherche").text


@pytest.mark.real
@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("8 rue de la Gare 62300 Lens", "62498"),
        ("12 bis avenue Foch, Béthune", "62119"),
        ("rue du Moulin 62400 Béthune CEDEX", "62119"),
        ("3 bd Carnot Arras", "62041"),
    ],
)
def test_an_address_is_searched_at_its_commune(real_index, typed, code):
    place = resolve_place(real_index, typed)
    assert (place.type, place.code, place.precision) == ("commune", code, A_LA_COMMUNE)


@pytest.mark.real
def test_a_postcode_alone_locates_an_address_of_an_unknown_town(real_index):
    place = resolve_place(real_index, "8 rue Inconnue 62300 Lensss-Centre")
    assert (place.type, place.code) == ("code_postal", "62300")
