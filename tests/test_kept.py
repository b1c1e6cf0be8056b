"""Answers kept: the same text, a nonce of their own, nothing typed; invariants are never remade."""

from __future__ import annotations

import re

import pytest

from geoapp.core.memory import Memory
from geoapp.web import create_app, kept
from geoapp.web.served import Courant
from support.world import make_tiny_frames, publish_world

PAGES = (
    "/",
    "/carte",
    "/carte?niveau=3",
    "/recherche",
    "/recherche?domaine=sante&lieu=&texte=",
    "/couverture",
    "/territoires/ze2020/3201",
    "/carte.html",
    "/api/v1/formations",
    "/api/v1/openapi.json",
)

TYPED = (
    "/recherche?lieu=Amiville",
    "/recherche?lat=50.1&lon=2.1",
    "/recherche?texte=soins",
    "/carte?zone=Amiville",
    "/qualite?q=tiny",
    "/territoires?q=ami",
    "/territoires/ze2020/3201?avec=commune:80001",
    "/api/v1/formations?lieu=commune:80001",
    "/api/v1/facets?texte=soins",
    "/api/v1/places?q=ami",
    "/api/v1/points?zoom=9&emprise=1,49,3,51",
)


@pytest.fixture
def app(tiny_snapshot, tmp_path):
    return create_app(tmp_path)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """Return one application for what only asks it."""
    folder = tmp_path_factory.mktemp("gardees")
    publish_world(make_tiny_frames(), folder)
    return create_app(folder)


def kept_in(app) -> Memory:
    """Return the memory of the answers of the snapshot served."""
    courant: Courant = app.extensions["courant"]
    return courant.derive("reponses", lambda snapshot: pytest.fail("nothing was ever asked"))


def without_nonce(text: str) -> str:
    return re.sub(r'nonce="[^"]+"', "", text)


@pytest.mark.parametrize("page", PAGES)
def test_an_answer_kept_is_the_one_worked_out(lasting, monkeypatch, page):
    first, again = lasting.test_client().get(page), lasting.test_client().get(page)
    monkeypatch.setattr(kept, "may_keep", lambda: False)
    fresh = lasting.test_client().get(page)
    assert first.status_code == again.status_code == 200
    assert without_nonce(first.text) == without_nonce(again.text) == without_nonce(fresh.text)
    own = {"Content-Security-Policy"}
    for answer in (first, again):
        assert {n: v for n, v in answer.headers if n not in own} == {
            n: v for n, v in fresh.headers if n not in own
        }


def test_each_answer_has_its_own_nonce(app):
    answers = [app.test_client().get("/") for _ in range(3)]
    nonces = [set(re.findall(r'nonce="([^"]+)"', answer.text)) for answer in answers]
    assert all(len(one) == 1 for one in nonces) and len(set.union(*nonces)) == 3
    for answer, (one,) in zip(answers, nonces, strict=True):
        assert f"'nonce-{one}'" in answer.headers["Content-Security-Policy"]


def test_the_second_request_works_nothing_out(app, monkeypatch):
    client = app.test_client()
    first = client.get("/").text
    monkeypatch.setattr("geoapp.web.pages.render_template", lambda *a, **k: pytest.fail("remade"))
    assert without_nonce(client.get("/").text) == without_nonce(first)


def test_what_the_warm_up_asked_serves_every_host(app, monkeypatch):
    def ask(page: str, host: str) -> str:
        return app.test_client().get(page, base_url=f"http://{host}").text

    api = app.test_client().get("/api/v1/formations?taille=1").get_json()
    zone, sheet = "/territoires/ze2020/3201", "/formations/" + api["formations"][0]["id"]
    asked = [ask(zone, "localhost"), ask(sheet, "localhost"), ask(sheet, "127.0.0.1:81")]
    for room in ("territories", "search"):
        remade = f"geoapp.web.{room}.render_template"
        monkeypatch.setattr(remade, lambda *a, **k: pytest.fail("remade"))
    again = [ask(zone, "127.0.0.1:80"), ask(sheet, "localhost"), ask(sheet, "127.0.0.1:81")]
    assert [without_nonce(one) for one in again] == [without_nonce(one) for one in asked]
    assert "//127.0.0.1:81/" in again[2] and "127.0.0.1" not in again[0] + again[1]


@pytest.mark.parametrize("address", TYPED)
def test_nothing_typed_is_ever_kept(lasting, address):
    client = lasting.test_client()
    client.get("/sources")
    before = len(kept_in(lasting))
    assert client.get(address).status_code in (200, 400)
    assert len(kept_in(lasting)) == before


def test_a_search_sent_is_never_kept(app):
    client = app.test_client()
    client.get("/sources")
    client.post("/recherche", data={"lat": "50.1", "lon": "2.1"})
    client.post("/api/v1/formations", json={"domaine": "sante"})
    assert len(kept_in(app)) == 1


def test_errors_are_not_kept_and_the_memory_is_bounded(app, monkeypatch):
    monkeypatch.setattr(kept, "OCTETS", 60_000)
    client = app.test_client()
    assert client.get("/carte?niveau=999").status_code == 400
    for niveau in range(3, 9):
        client.get(f"/carte?niveau={niveau}")
    assert 0 < len(kept_in(app)) < 4


def test_a_new_snapshot_and_a_new_day_have_their_own(app, tiny_frames, tmp_path, monkeypatch):
    client = app.test_client()
    assert "7 formations" in client.get("/").text
    tiny_frames["offres"] = tiny_frames["offres"].iloc[:5]
    publish_world(tiny_frames, tmp_path, "2026-02-02T00:00:00Z")
    assert "5 formations" in client.get("/").text


INVARIANTS = (
    "geoapp.web.served.list_layers",
    "geoapp.web.served.open_world",
    "geoapp.web.served.open_engine",
    "geoapp.web.served.open_repertoire",
    "geoapp.web.pages.useful_filters",
    "geoapp.web.pages.list_options",
    "geoapp.web.pages._sorted_offers",
    "geoapp.web.pages.make_columns",
    "geoapp.web.coverage.list_options",
    "geoapp.web.coverage.zone_outlines",
    "geoapp.web.coverage.crossing_zones",
    "geoapp.coverage.measures.measure_points",
    "geoapp.outputs.maps.standalone.list_layers",
    "geoapp.outputs.maps.standalone.outline_geojson",
    "geoapp.web.layers.outline_geojson",
    "geoapp.web.api.build_document",
    "geoapp.web.figures._territories",
    "geoapp.core.snapshot.read_table",
)
"""What the snapshot decides alone, by where pages take it from."""

ASKED = (
    ("/carte", "/carte?niveau=3"),
    ("/sources", "/carte?page=1"),
    ("/recherche", "/recherche?texte=soins"),
    ("/couverture", "/couverture?mesure=nb_offres"),
    ("/couverture?zonage=epci", "/couverture?zonage=epci&classes=quantiles"),
    ("/couverture/publics", "/couverture/publics?page=1"),
    ("/carte.html", "/carte.html?niveau=3"),
    ("/api/v1/openapi.json", "/api/v1/openapi.json?page=1"),
)


def test_no_page_remakes_what_the_snapshot_decides(app, monkeypatch):
    """Another address of the same page: only what its own parameters decide is worked out."""
    client = app.test_client()
    for first, _ in ASKED:
        assert client.get(first).status_code == 200
    made = []
    for name in INVARIANTS:
        monkeypatch.setattr(name, lambda *args, name=name, **options: made.append(name))
    for _, other in ASKED:
        answer = client.get(other)
        assert made == [], other
        assert answer.status_code == 200, other
