"""OGC API – Features: asked by GDAL as QGIS does, and compared with what shares no code with it."""

import json
from multiprocessing import get_context

import geopandas as gpd
import pyogrio
import pytest
from owslib.ogcapi import features
from pyproj import Transformer
from werkzeug.serving import make_server

from benchmarks.ogc_requirements import EXIGENCES, Service
from geoapp.core.french import format_number
from geoapp.offer.filters import FILTRES
from geoapp.outputs.files.model import ColonneFichier
from geoapp.outputs.files.shown import say_cell
from geoapp.outputs.ogc.collections import open_features
from geoapp.outputs.ogc.description import CONFORMITE, LIMITE_MAX
from geoapp.outputs.ogc.references import CRS84, REFERENCES
from geoapp.web import create_app
from geoapp.web.ogc import OCTETS

EPSG = "http://www.opengis.net/def/crs/EPSG/0/{}"
ITEMS = "/ogc/collections/{}/items"


@pytest.fixture(scope="module")
def app(demo_snapshot):
    return create_app(demo_snapshot.path.parents[1])


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture(scope="module")
def address(app):
    """Return the address of the service, in a process of its own: GDAL lets no thread answer it."""
    server = make_server("127.0.0.1", 0, app)
    beside = get_context("fork").Process(target=server.serve_forever, daemon=True)
    beside.start()
    yield f"http://127.0.0.1:{server.port}/ogc"
    beside.terminate()
    beside.join()
    server.server_close()


def ask(client, path, **query):
    answer = client.get(path, query_string=query)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.data)


def test_every_link_of_the_service_answers(client):
    seen, todo = set(), ["/ogc/", "/ogc/collections/formations/items?limit=2&offset=2"]
    while todo:
        path = todo.pop()
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        if "json" not in answer.mimetype or len(seen) > 60:
            continue
        links = json.loads(answer.data).get("links", [])
        ours = [one["href"].removeprefix("http://localhost") for one in links]
        todo += [one for one in ours if one.startswith("/ogc") and one not in seen]
    assert len(seen) > 10
    assert ask(client, "/ogc/conformance")["conformsTo"] == list(CONFORMITE)


def test_gdal_reads_all_that_the_snapshot_holds(address, demo_snapshot):
    layers = {nom for nom, _ in pyogrio.list_layers(f"OAPIF:{address}")}
    zones = demo_snapshot.read("zones")
    assert {"formations", "lieux", "communes", *zones["type_zone"]} <= layers
    assert "couverture-ze2020" in layers
    offers = demo_snapshot.read("offres")
    read = pyogrio.read_dataframe(f"OAPIF:{address}", layer="formations")
    assert len(read) == len(offers)
    assert read.geometry.notna().sum() == offers.geometry.notna().sum()
    both = read.merge(offers, on=["id_action", "id_lieu"], suffixes=("", "_la"))
    assert len(both) == len(offers)
    here, there = gpd.GeoSeries(both["geometry"]), gpd.GeoSeries(both["geometry_la"])
    placed = here.notna()
    there = there.set_crs(here.crs, allow_override=True)
    assert here[placed].geom_equals_exact(there[placed], 1e-6).all()


@pytest.fixture(scope="module")
def asked(address):
    return Service(address, "formations")


@pytest.mark.parametrize("exigence", EXIGENCES, ids=lambda one: f"{one.classe} {one.nom}")
def test_the_abstract_tests_of_the_standard_pass(asked, exigence):
    exigence.verifie(asked)


def test_owslib_reads_the_service(address, demo_snapshot):
    service = features.Features(address)
    assert {"formations", "communes"} <= set(service.feature_collections())
    page = service.collection_items("formations", limit=50, bbox=[1.0, 48.0, 5.0, 52.0])
    offers = demo_snapshot.read("offres")
    assert page["numberMatched"] == offers.geometry.notna().sum()
    first = page["features"][0]
    assert service.collection_item("formations", first["id"])["properties"] == first["properties"]
    assert "titre" in service.collection_queryables("formations")["properties"]


def test_more_than_a_page_may_hold_leaves_nothing_out(client, monkeypatch):
    monkeypatch.setattr("geoapp.web.ogc.LIMITE_MAX", 7)
    path, met = f"{ITEMS.format('lieux')}?limit=5000", []
    while path:
        page = json.loads(client.get(path).data)
        assert page["numberReturned"] <= 7
        met += [one["id"] for one in page["features"]]
        links = {one["rel"]: one["href"] for one in page["links"]}
        path = links.get("next", "").removeprefix("http://localhost")
    assert len(met) == len(set(met)) == page["numberMatched"] > 7


def test_pages_hold_each_feature_once(client):
    whole = ask(client, ITEMS.format("formations"), limit=LIMITE_MAX)
    path, met = f"{ITEMS.format('formations')}?limit=3", []
    while path:
        page = json.loads(client.get(path).data)
        assert page["numberReturned"] == len(page["features"]) <= 3
        assert page["numberMatched"] == whole["numberMatched"]
        met += [one["id"] for one in page["features"]]
        links = {one["rel"]: one["href"] for one in page["links"]}
        path = links.get("next", "").removeprefix("http://localhost")
    assert met == [one["id"] for one in whole["features"]]
    assert len(set(met)) == whole["numberMatched"]
    one = ask(client, f"{ITEMS.format('formations')}/{met[0]}")
    assert one["properties"] == whole["features"][0]["properties"]


def test_a_filter_keeps_what_it_says(client, demo_snapshot):
    offers = demo_snapshot.read("offres")
    path = ITEMS.format("formations")
    for nom, column in [("niveau", "niveau_sortie"), ("voie", "voie"), ("domaine", "code_domaine")]:
        counts = offers[column].value_counts()
        for valeur, nb in counts.items():
            assert ask(client, path, limit=1, **{nom: valeur})["numberMatched"] == nb
    unknown = ask(client, path, limit=1, niveau="inconnu")["numberMatched"]
    assert unknown == offers["niveau_sortie"].isna().sum()
    assert set(FILTRES) <= set(ask(client, "/ogc/collections/formations/queryables")["properties"])


def test_a_box_keeps_what_lies_in_it(client, demo_snapshot):
    places = demo_snapshot.read("lieux")
    west, south, east, north = places.total_bounds
    box = (west, south, (west + east) / 2, north)
    xs = places.geometry.x
    expected = int(((xs >= box[0]) & (xs <= box[2])).sum())
    texte = ",".join(f"{one:.9f}" for one in (box[0] - 1, box[1] - 1, box[2], box[3] + 1))
    assert ask(client, ITEMS.format("lieux"), bbox=texte)["numberMatched"] == expected
    with_heights = texte.split(",")
    with_heights = [*with_heights[:2], "0", *with_heights[2:], "99"]
    six = ask(client, ITEMS.format("lieux"), bbox=",".join(with_heights))
    assert six["numberMatched"] == expected
    swapped = ",".join(texte.split(",")[rank] for rank in (1, 0, 3, 2))
    found = ask(client, ITEMS.format("lieux"), bbox=swapped, **{"bbox-crs": EPSG.format(4326)})
    assert found["numberMatched"] == expected


@pytest.mark.parametrize("code", [4326, 2154, 3857])
def test_geometries_are_given_in_the_system_asked(client, code):
    path = ITEMS.format("lieux")
    degrees = ask(client, path, limit=5)["features"]
    answer = client.get(path, query_string={"limit": 5, "crs": EPSG.format(code)})
    assert answer.headers["Content-Crs"] == f"<{EPSG.format(code)}>"
    # As the authority orders the axes: what a client of EPSG:4326 expects is latitude first.
    turn = Transformer.from_crs("OGC:CRS84", f"EPSG:{code}")
    for one, same in zip(json.loads(answer.data)["features"], degrees, strict=True):
        if same["geometry"] is None:
            assert one["geometry"] is None
            continue
        expected = turn.transform(*same["geometry"]["coordinates"])
        assert one["geometry"]["coordinates"] == pytest.approx(expected, abs=0.02)
    assert client.get(path).headers["Content-Crs"] == f"<{CRS84}>"


def test_the_coverage_is_that_of_the_page(client):
    asked = {"niveau": "3", "seuil_km": "15"}
    page = ask(client, ITEMS.format("couverture-ze2020"), **asked)
    told = ask(client, "/api/v1/couverture", zonage="ze2020", **asked)
    by_code = {one["code_zone"]: one for one in told["zones"]}
    assert page["numberMatched"] == len(by_code) > 0
    for one in page["features"]:
        same = by_code[one["properties"]["code_zone"]]
        assert one["properties"]["cause"] == same["cause"]
        assert one["properties"]["part_non_couverte"] == same["part_non_couverte"]


def test_time_keeps_what_is_under_way(client):
    path = ITEMS.format("formations")
    every = ask(client, path, limit=LIMITE_MAX)["features"]

    def under_way(start, end):
        kept = []
        for one in every:
            first, last = one["properties"]["date_debut"], one["properties"]["date_fin"]
            first, last = first or last, last or first
            # Texts are in the order of their days; a month or a year goes from its first to its
            # last: what follows « 2026-09 » in that order begins with « 2026-09 ».
            if first is None or (first <= end and f"{last}~" >= start):
                kept.append(one["id"])
        return kept

    for texte, start, end in [
        ("2026-01-01/2026-12-31", "2026-01-01", "2026-12-31"),
        ("../2025-06-30", "0000", "2025-06-30"),
        ("2026-09-01", "2026-09-01", "2026-09-01"),
    ]:
        found = ask(client, path, limit=LIMITE_MAX, datetime=texte)["features"]
        assert [one["id"] for one in found] == under_way(start, end)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("bbox=1,2,3", "ouest,sud,est,nord"),
        ("bbox=a,b,c,d", "quatre nombres"),
        ("crs=EPSG:2154", "systèmes acceptés"),
        ("datetime=hier", "intervalle"),
        ("datetime=2026-02-01/2026-01-01", "intervalle"),
        ("limit=0", "entier"),
        ("limit=-1", "entier"),
        ("offset=a", "entier"),
        ("niveu=3", "niveau"),
        ("est_douteuse=peut-être", "true ou false"),
        ("capacite=douze", "nombre"),
        ("f=xml", "json ou html"),
        ("niveau=12", "niveau"),
    ],
)
def test_what_is_not_understood_is_refused_in_words(client, query, words):
    answer = client.get(f"{ITEMS.format('formations')}?{query}")
    assert answer.status_code == 400
    assert words in json.loads(answer.data)["erreur"]["message"]


def test_what_does_not_exist_is_not_found(client):
    assert client.get("/ogc/collections/foration").status_code == 404
    assert "formations" in client.get("/ogc/collections/foration").get_json()["erreur"]["message"]
    assert client.get(f"{ITEMS.format('formations')}/rien").status_code == 404


def test_qgis_is_not_sent_elsewhere(client):
    assert client.get("/ogc").status_code == 200, "it follows no redirect"


def test_people_read_pages(client):
    for path in ("/ogc/", "/ogc/collections/formations", ITEMS.format("communes")):
        answer = client.get(path, headers={"Accept": "text/html,*/*;q=0.1"})
        assert answer.mimetype == "text/html" and "<h1>" in answer.text


def test_people_read_words_and_programs_codes(client):
    path = ITEMS.format("couverture-ze2020")
    first = ask(client, path)["features"][0]["properties"]
    row = client.get(f"{path}/{first['code_zone']}", query_string={"f": "html"}).text
    part = f"{round(100 * first['part_couverte'], 1):g}".replace(".", ",")
    assert f">{part}\u202f%<" in row
    assert f">{format_number(first['population'])}<" in row
    offers = client.get(ITEMS.format("formations"), query_string={"f": "html", "limit": 5}).text
    assert not any(f">{one}<" in offers for one in ("True", "False", "nan", "None"))


@pytest.mark.parametrize(
    ("value", "column", "words"),
    [
        (None, {}, ""),
        (True, {"type": "booleen"}, "Oui"),
        (False, {"type": "booleen"}, "Non"),
        (12345, {"type": "entier"}, "12\u202f345"),
        (-0.25, {"type": "reel"}, "-0,25"),
        (1234.5, {"type": "reel", "decimales": 1}, "1\u202f234,5"),
        (0.9999, {"type": "reel", "est_part": True, "decimales": 1}, "99,99\u202f%"),
        ("a|b", {"libelles": {"a": "Ah", "b": "Bé"}}, "Ah, Bé"),
        ("z", {"libelles": {"a": "Ah"}}, "z"),
    ],
)
def test_a_cell_is_said_in_words(value, column, words):
    assert say_cell(ColonneFichier(nom="c", titre="C", sens="s", **column), value, {}) == words


@pytest.mark.parametrize(("octets", "times"), [(OCTETS, 1), (1000, 2)])
def test_what_is_kept_open_is_bounded(demo_snapshot, monkeypatch, octets, times):
    opened = []

    def noted(world, one, question):
        opened.append(one.id)
        return open_features(world, one, question)

    monkeypatch.setattr("geoapp.web.ogc.open_features", noted)
    monkeypatch.setattr("geoapp.web.ogc.OCTETS", octets)
    client = create_app(demo_snapshot.path.parents[1]).test_client()
    pages = [ask(client, ITEMS.format("lieux"), limit=3)["features"] for _ in range(2)]
    assert pages[0] == pages[1] and opened == ["lieux"] * times


def test_the_description_is_openapi_and_names_every_address(client, app):
    answer = client.get("/ogc/api")
    assert answer.headers["Content-Type"].startswith("application/vnd.oai.openapi+json")
    document = json.loads(answer.data)
    told = {path.rstrip("/").count("/") for path in document["paths"]}
    rules = {
        rule.rule.removeprefix("/ogc").rstrip("/").count("/")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/ogc")
    }
    assert told == rules and document["openapi"] == "3.0.3"
    assert next(iter(REFERENCES)) == CRS84
