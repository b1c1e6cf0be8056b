"""The API: every route, its contract, its errors, its headers, and what it never logs."""

import csv
import io
import json
import re
from datetime import date, timedelta

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from geoapp.core.config import Settings
from geoapp.coverage.travel.from_point import from_points
from geoapp.offer.answers import describe_answer
from geoapp.offer.filters import FILTRES
from geoapp.offer.lookups import open_repertoire
from geoapp.offer.search.engine import open_engine, search
from geoapp.offer.search.requests import PARAMETRES, parse_request
from geoapp.outputs.files.formats import FORMATS
from geoapp.web import create_app
from geoapp.web.contract import CARTE, PREFIXE, ROUTES
from support.browsing import WIDTHS, Visited, running, themes_of, violations_by_theme
from support.world import HOSTILE, publish_world

PLACE = {"lat": 50.0512, "lon": 2.0534}
"""A position that must appear in no log."""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """Return the tiny world with its search index; one offer is fully remote."""
    from support.world import make_tiny_frames

    frames = make_tiny_frames()
    for table in ("actions", "offres"):
        frames[table].loc[frames[table]["id_action"].eq("tiny:a6"), "modalite"] = "a_distance"
    return publish_world(frames, tmp_path_factory.mktemp("api"))


@pytest.fixture(scope="module")
def app(snapshot):
    data_dir = snapshot.path.parents[1]
    return create_app(settings=Settings(data_dir=data_dir, contact="contact@exemple.fr"))


@pytest.fixture
def client(app):
    return app.test_client()


def _get(client, path: str) -> dict:
    answer = client.get(PREFIXE + path)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def _example(route) -> str:
    """Return the example of a route, on the tiny world."""
    return route.exemple.format(identifiant="tiny:a1", lieu="Amiville")


@pytest.mark.parametrize("route", ROUTES.values(), ids=list(ROUTES))
def test_every_route_answers_its_example_with_its_keys(client, route):
    answer = client.get(PREFIXE + _example(route))
    assert answer.status_code == 200, answer.text
    if route.cles:
        assert set(answer.get_json()) == {nom for nom, _ in route.cles}
    assert client.head(PREFIXE + _example(route)).status_code == 200


def test_cards_have_the_documented_keys_and_types(client):
    types = {
        "string": str,
        "object": dict,
        "array": list,
        "boolean": bool,
        "integer": int,
        "number": float,
    }
    for card in _get(client, "/formations?taille=100")["formations"]:
        assert set(card) == set(CARTE)
        for nom, value in card.items():
            assert value is None or isinstance(value, types[CARTE[nom][0]]), (nom, value)


def test_the_description_is_valid_and_complete(client):
    document = _get(client, "/openapi.json")
    # Here, and not for each process of tests: nearly a second.
    from openapi_spec_validator import OpenAPIV31SpecValidator

    OpenAPIV31SpecValidator(document).validate()
    assert set(document["paths"]) == {
        re.sub(r"<(\w+)>", r"{\1}", route.chemin) for route in ROUTES.values()
    }
    names = {row["name"] for row in document["paths"]["/formations"]["get"]["parameters"]}
    assert names == {*PARAMETRES, *FILTRES}
    body = document["paths"]["/formations"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    assert set(body["properties"]) == names
    radius = next(
        row
        for row in document["paths"]["/formations"]["get"]["parameters"]
        if row["name"] == "rayon"
    )
    assert (radius["schema"]["minimum"], radius["schema"]["maximum"]) == (5, 100)


def test_the_documentation_page_links_work(client):
    page = client.get("/api/").text
    assert '<html lang="fr">' in page
    assert not [
        link
        for link in re.findall(r'(?:src|href)="([^"]*)"', page)
        if not link.startswith(("/", "#")) or link.startswith("//")
    ], "no third party"
    for nom in (*PARAMETRES, *FILTRES, *CARTE):
        assert f"<code>{nom}</code>" in page
    links = [link.replace("&amp;", "&") for link in re.findall(rf'href="({PREFIXE}[^"]*)"', page)]
    assert len(links) == len(ROUTES) + 1
    for link in links:
        assert client.get(link.replace("lieu=Lens", "lieu=Amiville")).status_code == 200, link


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_the_documentation_page_is_accessible(snapshot, browser, axe_source, width):
    with running(snapshot.path.parents[1]) as server, Visited(browser, width) as seen:
        page = seen.open(f"{server}/api/")
        assert violations_by_theme(page, axe_source, themes_of(page)) == {}
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert seen.errors == [] and seen.foreign(server) == []


def test_the_guide_names_every_route_and_parameter():
    from geoapp.core.config import ROOT

    guide = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for nom in (*PARAMETRES, *FILTRES):
        assert f"`{nom}`" in guide, nom
    for route in ROUTES.values():
        assert f"`{route.chemin}`" in guide, route.chemin


def test_search_around_a_place(client):
    data = _get(client, "/formations?lieu=Amiville&rayon=20")
    assert data["lieu"]["valeur"] == "commune:80001" and data["tri"] == "distance"
    distances = [card["distance_m"] for card in data["formations"]]
    assert distances == sorted(distances) and len(distances) == data["total"] == 4
    assert (
        data["a_distance"]["total"] == 1 and data["a_distance"]["formations"][0]["id"] == "tiny:a6"
    )
    assert data["nb_non_places"] == 1
    assert dict(map(tuple, data["partage"])) == {"lieu": "commune:80001"}


@pytest.mark.parametrize(
    "parametres",
    [
        {},
        {"lieu": "Amiville", "rayon": 30},
        {**PLACE, "rayon": 20.5, "niveau": ["3", "4"]},
        {"texte": "cap", "tri": "titre", "taille": 2, "page": 2},
        {"niveau": "inconnu"},
        {"lieu": "departement:80"},
        {"emprise": "2,50,2.2,50.2"},
    ],
)
@pytest.mark.parametrize("chemin", ["/formations", "/facets", "/formations.csv-simple"])
def test_post_gives_what_get_gives(client, chemin, parametres):
    by_get = client.get(PREFIXE + chemin, query_string=parametres)
    by_json = client.post(PREFIXE + chemin, json=parametres)
    by_form = client.post(PREFIXE + chemin, data=parametres)
    assert by_get.status_code == by_json.status_code == by_form.status_code == 200, by_get.text
    assert by_get.data == by_json.data == by_form.data


def test_every_format_of_the_list_is_served_under_its_name_and_the_old_name_still_answers(client):
    for form in FORMATS.values():
        answer = client.get(f"{PREFIXE}/formations.{form.nom}")
        assert answer.status_code == 200 and answer.mimetype == form.mimetype and answer.data
        assert answer.headers["Content-Disposition"].endswith(f"=formations{form.suffixe}")
    old = client.get(f"{PREFIXE}/formations.csv-brut")
    assert old.data == client.get(f"{PREFIXE}/formations.csv-simple").data
    refused = client.get(f"{PREFIXE}/formations.gpgk")
    assert refused.status_code == 400 and "« gpkg »" in refused.get_json()["erreur"]["message"]


@pytest.mark.parametrize(
    "query", ["", "lieu=Amiville&rayon=30", "texte=cap", "niveau=3", "tri=date"]
)
def test_pages_put_end_to_end_are_the_export(client, query):
    pages = [_get(client, f"/formations?{query}&taille=2&page={n}") for n in range(1, 6)]
    listed = [(c["id"], c["id_lieu"]) for page in pages for c in page["formations"]] + [
        (c["id"], c["id_lieu"]) for page in pages for c in page["a_distance"]["formations"]
    ]
    rows = list(
        csv.DictReader(
            io.StringIO(
                client.get(f"{PREFIXE}/formations.csv?{query}").data.decode("utf-8-sig"), newline=""
            ),
            delimiter=";",
        )
    )
    features = client.get(f"{PREFIXE}/formations.geojson?{query}").get_json(force=True)["features"]
    exported = [row for row in rows if row["Bloc"] != "Plus proche, hors du rayon"]
    assert listed == [(row["Identifiant"], row["Identifiant du lieu"]) for row in exported]
    assert (
        len(features)
        == len(rows)
        == pages[0]["total"] + pages[0]["a_distance"]["total"] + len(pages[0]["proches"])
    )


def test_api_is_the_engine(client, snapshot):
    engine = open_engine(snapshot, voyages=from_points(snapshot))
    parametres = {"lieu": "Beauval", "rayon": "20", "voie": ["apprentissage"]}
    expected = describe_answer(
        search(engine, parse_request(parametres, engine)), open_repertoire(snapshot)
    )
    assert client.post(f"{PREFIXE}/formations", json=parametres).get_json() == json.loads(
        json.dumps(expected)
    )


def test_a_page_beyond_the_last_is_empty(client):
    data = _get(client, "/formations?page=999999999")
    assert (
        data["formations"] == [] and data["a_distance"]["formations"] == [] and data["total"] == 6
    )


def test_nothing_around_proposes_the_nearest(client):
    data = _get(client, "/formations?lat=49.5&lon=2.05&rayon=5")
    assert data["total"] == 0 and data["proches"] and data["proches"][0]["distance_m"] > 5000


def test_facets_add_up(client):
    data = _get(client, "/facets?lieu=Amiville&rayon=50")
    for nom in ("niveau", "voie", "domaine"):
        assert (
            sum(value["nb"] for value in data["facettes"][nom]["valeurs"])
            == data["total"] + data["nb_a_distance"]
        ), nom
    assert set(data["facettes"]) == set(FILTRES)


def test_points_of_the_map(client):
    data = _get(client, "/points?emprise=1.9,49.9,2.7,50.3&zoom=17")
    assert (
        sum(point["nb"] for point in data["points"]) + data["nb_dehors"] + data["nb_non_places"]
        == 6
    )
    assert {(p["commune"], p["nb"]) for p in data["points"]} == {
        ("Amiville", 3),
        ("Beauval", 1),
        ("Cysoing", 1),
    }
    assert next(p for p in data["points"] if p["commune"] == "Beauval")["est_douteuse"] is True
    half = _get(client, "/points?emprise=1.9,49.9,2.2,50.3&zoom=17")
    assert half["nb_dehors"] == 2 and len(half["points"]) == 1
    grouped = _get(client, "/points?emprise=1.9,49.9,2.7,50.3&zoom=3")["points"]
    assert len(grouped) == 1 and grouped[0]["est_groupe"] and grouped[0]["nb"] == 5


def test_places_suggestions_zones_sources(client):
    assert _get(client, "/places?q=ami")["lieux"][0]["valeur"] == "commune:80001"
    assert len(_get(client, "/places?q=a&limite=1")["lieux"]) == 1
    assert any("Cuisine" in s["texte"] for s in _get(client, "/suggestions?q=cuis")["suggestions"])
    zones = _get(client, "/zones?type=ze2020")
    assert [zone["code"] for zone in zones["zones"]] == ["0054", "3201"] and all(
        "geometry" not in zone for zone in zones["zones"]
    )
    assert len(_get(client, "/zones")["zones"]) > 2
    assert {
        source["id_source"]: source["adresse"] for source in _get(client, "/sources")["sources"]
    }["fictive"] is None, "javascript: is no link"


def test_a_sheet(client):
    fiche = _get(client, "/formations/tiny:a1")["formation"]
    assert fiche["intitule"] == HOSTILE and fiche["signaler"].startswith(
        "mailto:contact@exemple.fr?subject="
    )


@pytest.mark.parametrize(
    "path, status, words",
    [
        ("/formations?rayn=20", 400, "Vouliez-vous dire « rayon » ?"),
        ("/formations?taille=101", 400, "de 1 à 100"),
        ("/formations?texte=" + "%20" * 201, 400, "200 caractères au plus"),
        ("/formations?rayon=4", 400, "de 5 à 100"),
        ("/formations?q=x", 400, "Paramètre inconnu"),
        ("/formations?niveau=9", 400, "valeur inconnue"),
        ("/formations?lat=50", 400, "vont ensemble"),
        ("/places", 400, "« q » manque"),
        ("/places?q=a&limite=21", 400, "de 1 à 20"),
        ("/points?zoom=3", 400, "« emprise » manque"),
        ("/points?emprise=1,2,3,4&zoom=30", 400, "de 0 à 22"),
        ("/zones?type=ze2021", 400, "ze2020"),
        ("/sources?x=1", 400, "Paramètre inconnu"),
        ("/formations/tiny:a1?x=1", 400, "Paramètre inconnu"),
        ("/formations.exe", 400, "Formats acceptés"),
        ("/formations/inconnue", 404, "n'est pas, ou plus"),
        ("/formations/..%2f..%2fetc%2fpasswd", 404, ""),
        ("/rien", 404, ""),
    ],
)
def test_errors_have_one_shape(client, path, status, words):
    answer = client.get(PREFIXE + path)
    assert answer.status_code == status
    erreur = answer.get_json()["erreur"]
    assert (
        set(erreur) == {"code", "titre", "message"}
        and erreur["code"] == status
        and words in erreur["message"]
    )
    assert "ETag" not in answer.headers


@pytest.mark.parametrize(
    "kwargs, status",
    [
        ({"json": [1, 2]}, 400),
        ({"json": "lens"}, 400),
        ({"json": {"lieu": {"a": 1}}}, 400),
        ({"json": {"rayon": True}}, 400),
        ({"json": {"texte": False}}, 400),
        ({"json": {"texte": ["cap"]}}, 400),
        ({"json": {"niveau": ["3", None]}}, 400),
        ({"json": {"lieu": 2100}}, 400),
        ({"json": {"": None}}, 400),
        ({"json": {"niveau": "\u0001"}}, 400),
        ({"data": {"lat": "\u0001", "lon": "\U000ea172"}}, 400),
        ({"data": {"inconnu": ""}}, 400),
        ({"json": {"niveau": ["3"] * 1001}}, 400),
        ({"data": {"niveau": ["3"] * 1001}}, 400),
        ({"data": "{", "content_type": "application/json"}, 400),
        ({"data": "[" * 60_000, "content_type": "application/json"}, 400),
        ({"data": '{"rayon": NaN}', "content_type": "application/json"}, 400),
        ({"json": {"texte": "x" * 70_000}}, 413),
        ({"json": {}, "query_string": {"lat": "50"}}, 400),
        ({"data": b"\xff\xfe", "content_type": "application/json"}, 400),
    ],
)
def test_bodies_that_are_refused(client, kwargs, status):
    answer = client.post(f"{PREFIXE}/formations", **kwargs)
    assert answer.status_code == status and answer.get_json()["erreur"]["code"] == status


def test_a_whole_number_may_be_written_as_json_writes_it(client):
    told = client.post(f"{PREFIXE}/formations", json={"page": 2.0, "taille": 2.0, "niveau": 3})
    asked = {"page": 2, "taille": 2, "niveau": "3"}
    assert told.data == client.post(f"{PREFIXE}/formations", json=asked).data
    assert client.post(f"{PREFIXE}/places", json={"q": False}).status_code == 400


def test_a_place_outside_the_region_or_doubtful_is_told_to_programs(client):
    assert "Bruxelles (Belgique) est hors" in _get(client, "/places?q=Bruxelles")["message"]
    refused = client.get(f"{PREFIXE}/formations?lieu=Bruxelles").get_json()["erreur"]
    assert "hors de la région" in refused["message"] and refused["choix"] == []
    refused = client.get(f"{PREFIXE}/formations?lieu=amivile").get_json()["erreur"]
    assert "commune:80001" in [place["valeur"] for place in refused["choix"]]


def test_nothing_typed_yet_finds_nothing(client):
    for path in ("/places?q=", "/places?q=%20", "/suggestions?q="):
        found, *message = _get(client, path).values()
        assert found == [] and message in ([], [""])
    empty = {"lieux": [], "message": ""}
    assert client.post(f"{PREFIXE}/places", json={"q": ""}).get_json() == empty
    assert client.post(f"{PREFIXE}/places", json={"q": None}).status_code == 400


@pytest.mark.parametrize("path", ["/formations?", "/facets?", "/couverture?"])
def test_an_address_of_too_many_values_is_refused(client, path):
    for base in (PREFIXE, "" if "couverture" in path else PREFIXE):
        answer = client.get(base + path + "&".join(["niveau=3"] * 10_000))
        assert answer.status_code == 400 and "1000 valeurs au plus" in answer.text
    assert client.get(PREFIXE + path + "&".join(["niveau=3"] * 100)).status_code == 200


def test_what_goes_together_is_declared(client):
    paths = _get(client, "/openapi.json")["paths"]

    def rows(path):
        return {row["name"]: row for row in paths[path]["get"]["parameters"]}

    search = rows("/formations")
    assert search["lat"]["x-pas-avec"] == ["lieu"] and search["lat"]["x-avec"] == ["lon"]
    assert "pas avec lieu" in search["lon"]["description"] and "x-pas-avec" not in search["texte"]
    assert rows("/couverture")["seuil_min"]["x-pas-avec"] == ["seuil_km"]
    assert rows("/qualite")["organisme"]["x-pas-avec"] == ["source"]
    assert "x-pas-avec" not in search["organisme"], "a search has no source"
    ways = rows("/et-si")
    assert "transports" not in ways["apres_mode"]["schema"]["enum"], "no timetable was read"
    reach = ways["apres_seuil"]["x-bornes-selon"]["maximum"]
    assert reach.keys() == {*ways["mode"]["schema"]["enum"]} and reach["pied"]["km"] == 8
    for path, get in ((path, one["get"]) for path, one in paths.items() if "{" not in path):
        examples = {row["name"]: row["example"] for row in get["parameters"] if "example" in row}
        answer = client.get(PREFIXE + path, query_string=examples)
        assert answer.status_code in (200, 404), (path, answer.text)
    body = paths["/formations"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    body = {"properties": {"lat": {}, "lon": {}}, "allOf": body["allOf"]}
    good = ({}, {"lieu": "Lens"}, {"lat": 50, "lon": 2}, {"lieu": "", "lat": 50, "lon": 2})
    wrong = ({"lat": 50}, {"lat": 50, "lon": None}, {"lieu": "Lens", "lat": 50, "lon": 2})
    assert all(Draft202012Validator(body).is_valid(one) for one in good)
    assert not any(Draft202012Validator(body).is_valid(one) for one in wrong)


def test_every_status_that_may_come_is_declared(client):
    document = _get(client, "/openapi.json")
    for path, operations in document["paths"].items():
        told = {method: set(operation["responses"]) for method, operation in operations.items()}
        errors = {"400", "404", "405", "413", "429", "500", "503"}
        assert told["get"] == {"200", "304", *errors}, path
        assert told.get("post", {"200", *errors}) == {"200", *errors}, path
    files = document["paths"]["/formations.{format}"]["get"]["responses"]["200"]["content"]
    assert files["application/geo+json"]["schema"]["$ref"].endswith("/CollectionGeoJSON")


def test_other_sites_may_read_the_open_data_and_no_page(client):
    for path in (f"{PREFIXE}/formations", f"{PREFIXE}/rien", "/donnees/tables/offres.csv"):
        with client.get(path) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "*", path
            assert "Access-Control-Allow-Credentials" not in answer.headers
    known = client.get(f"{PREFIXE}/sources").headers["ETag"]
    again = client.get(f"{PREFIXE}/sources", headers={"If-None-Match": known})
    assert again.status_code == 304 and again.headers["Access-Control-Allow-Origin"] == "*"
    asked = {"Origin": "https://autre.example", "Access-Control-Request-Method": "POST"}
    preflight = client.options(f"{PREFIXE}/formations", headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST"
    for path in ("/", "/recherche", "/donnees"):
        assert "Access-Control-Allow-Origin" not in client.get(path).headers, path


def test_unknown_methods(client):
    for method in ("put", "delete", "patch"):
        answer = getattr(client, method)(f"{PREFIXE}/formations")
        assert answer.status_code == 405 and answer.get_json()["erreur"]["code"] == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
    assert client.post(f"{PREFIXE}/sources").status_code == 405
    page = client.post("/couverture")
    assert page.status_code == 405 and page.mimetype == "text/html"
    assert set(page.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize(
    "texte",
    [
        HOSTILE,
        "' OR 1=1 --",
        '"',
        "*",
        "NEAR(",
        "a AND",
        "\x00",
        "%00",
        "😀",
        "é" * 200,
        "((((",
        "col:x",
        "-",
        "^a",
        "=1+1",
    ],
)
def test_hostile_texts_are_harmless(client, texte):
    for nom, chemin in (
        ("texte", "/formations"),
        ("q", "/places"),
        ("q", "/suggestions"),
        ("lieu", "/formations"),
        ("texte", "/formations.geojson"),
    ):
        answer = client.get(PREFIXE + chemin, query_string={nom: texte})
        assert answer.status_code in (200, 400), (nom, texte)
        assert (
            answer.mimetype in ("application/json", "application/geo+json")
            and answer.headers["X-Content-Type-Options"] == "nosniff"
        )


def test_an_answer_kept_overnight_is_asked_again(client, monkeypatch):
    """Facets « Début » count from today: yesterday's are no longer true."""
    path = f"{PREFIXE}/formations?lieu=Amiville"
    kept = client.get(path).headers["ETag"]

    class Tomorrow(date):
        @classmethod
        def today(cls):
            return date.today() + timedelta(days=1)

    monkeypatch.setattr("geoapp.web.api.date", Tomorrow)
    again = client.get(path, headers={"If-None-Match": kept})
    assert again.status_code == 200 and again.headers["ETag"] != kept


def test_an_answer_kept_before_the_contact_changed_is_asked_again(client, snapshot):
    path = f"{PREFIXE}/formations?lieu=Amiville"
    other = create_app(
        settings=Settings(data_dir=snapshot.path.parents[1], contact="autre@exemple.fr")
    ).test_client()
    again = other.get(path, headers={"If-None-Match": client.get(path).headers["ETag"]})
    assert again.status_code == 200


def test_answers_are_kept_while_the_snapshot_is_served(client, snapshot):
    path = f"{PREFIXE}/formations?lieu=Amiville"
    first = client.get(path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and not again.data
    zipped = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert (
        client.get(
            path, headers={"Accept-Encoding": "gzip", "If-None-Match": zipped.headers["ETag"]}
        ).status_code
        == 304
    )
    assert client.get(f"{PREFIXE}/formations?lieu=Beauval").headers["ETag"] != first.headers["ETag"]
    posted = client.post(f"{PREFIXE}/formations", json=PLACE)
    assert posted.headers["Cache-Control"] == "no-store" and "ETag" not in posted.headers


def test_another_snapshot_makes_another_answer(tmp_path):
    from support.world import make_tiny_frames

    frames = make_tiny_frames()
    publish_world(frames, tmp_path)
    client = create_app(tmp_path).test_client()
    first = client.get(f"{PREFIXE}/formations")
    frames["offres"] = frames["offres"].iloc[:5]
    publish_world(frames, tmp_path, "2026-02-02T00:00:00Z")
    second = client.get(f"{PREFIXE}/formations", headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200 and second.get_json()["total"] == 5


def test_no_snapshot_is_a_503(tmp_path):
    answer = create_app(tmp_path).test_client().get(f"{PREFIXE}/formations")
    assert answer.status_code == 503 and answer.get_json()["erreur"]["code"] == 503


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_position_and_no_text_is_ever_logged(client, monkeypatch, caplog, method):
    def fail(moteur, requete):
        raise ValueError(f"{requete}")

    secret = {**PLACE, "texte": "maladie rare"}
    sent = {"query_string": secret} if method == "get" else {"json": secret}
    with caplog.at_level("DEBUG"):
        getattr(client, method)(f"{PREFIXE}/formations", **sent)
        monkeypatch.setattr("geoapp.web.api.search", fail)
        answer = getattr(client, method)(f"{PREFIXE}/formations", **sent)
    assert answer.status_code == 500 and "maladie" not in answer.text
    assert caplog.records, "the failure itself is noted"
    assert not [word for word in ("50.05", "2.05", "maladie") if word in caplog.text], caplog.text


@pytest.mark.real
def test_real_pages_put_end_to_end_are_the_export(real_app):
    client = real_app.test_client()
    parametres = {"lieu": "Lens", "rayon": 30, "tri": "date", "taille": 100}
    first = client.post(f"{PREFIXE}/formations", json=parametres).get_json()
    listed = [
        card
        for n in range(1, first["nb_pages"] + 1)
        for card in client.post(f"{PREFIXE}/formations", json={**parametres, "page": n}).get_json()[
            "formations"
        ]
    ]
    rows = list(
        csv.DictReader(
            io.StringIO(
                client.post(f"{PREFIXE}/formations.csv", json=parametres).data.decode("utf-8-sig"),
                newline="",
            ),
            delimiter=";",
        )
    )
    kept = [row for row in rows if row["Bloc"] == "Résultat"]
    assert len(listed) == first["total"] == len(kept) > 100
    distances = ["" if c["distance_m"] is None else str(c["distance_m"]) for c in listed]
    assert [(c["id"], c["id_lieu"], d) for c, d in zip(listed, distances, strict=True)] == [
        (r["Identifiant"], r["Identifiant du lieu"], r["Distance (m)"]) for r in kept
    ]


@pytest.mark.real
def test_real_answers_are_light(real_app):
    client = real_app.test_client()
    rng = np.random.default_rng(3)
    for zoom in rng.integers(5, 20, 6):
        answer = client.get(
            f"{PREFIXE}/points?emprise=1,48.5,5,51.5&zoom={zoom}",
            headers={"Accept-Encoding": "gzip"},
        )
        assert answer.status_code == 200 and len(answer.data) < 300_000
