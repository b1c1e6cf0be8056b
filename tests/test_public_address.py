"""Where the product is, and who asks: said by the settings, never by who sends a request."""

import json
import re

import pytest
from flask import request

from geoapp.core.config import ROOT, Settings
from geoapp.core.errors import ParameterError
from geoapp.web import create_app
from geoapp.web.public_address import is_ours, parse_proxies, parse_site
from support.world import make_tiny_frames, publish_world

PAGES = (
    "/",
    "/recherche?texte=cap&lieu=Amiville",
    "/recherche/imprimer?texte=cap",
    "/formations/tiny:a1",
    "/couverture",
    "/couverture/publics",
    "/territoires",
    "/territoires/ze2020/3201",
    "/donnees",
    "/sources",
    "/qualite",
    "/rejets",
    "/api/",
    "/rien",
)
DATA = (
    "/donnees/catalogue.jsonld",
    "/donnees/datapackage.json",
    "/donnees/points.json",
    "/api/v1/formations",
    "/api/v1/openapi.json",
    "/api/v1/formations/tiny:a1",
    "/api",
    "/favicon.ico",
    "/pret",
)
EVIL = "evil.example"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("public")
    publish_world(make_tiny_frames(), folder)
    return folder


def client_of(folder, **settings):
    return create_app(folder, settings=Settings(**settings)).test_client()


def everything(answer) -> str:
    """Return all that an answer says, headers included."""
    return f"{answer.status}\n{answer.headers}\n{answer.get_data(as_text=True)}"


@pytest.fixture(scope="module")
def under(folder):
    """A client of the product under a path of its host."""
    return client_of(folder, url="https://exemple.fr/carte")


def test_a_host_that_anybody_can_write_is_written_nowhere(folder):
    client = client_of(folder)
    headers = {
        "X-Forwarded-Host": EVIL,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": f"//{EVIL}",
        "X-Forwarded-For": "203.0.113.9",
        "Forwarded": f"host={EVIL};proto=https",
    }
    for path in (*PAGES, *DATA):
        for host in (EVIL, f"{EVIL}:80@127.0.0.1", f"127.0.0.1.{EVIL}", "127.0.0.1", ""):
            answer = client.get(path, headers=headers | {"Host": host})
            told = everything(answer)
            assert EVIL not in told and "https://127.0.0.1" not in told, (path, host)
            assert "Strict-Transport-Security" not in answer.headers


def test_a_catalogue_asked_by_an_unknown_host_holds_relative_addresses(folder):
    client = client_of(folder)
    unknown = client.get("/donnees/catalogue.jsonld", headers={"Host": EVIL})
    assert json.loads(unknown.data)["@graph"][0]["@id"] == "/donnees#catalogue"
    known = client.get("/donnees/catalogue.jsonld", headers={"Host": "127.0.0.1:5000"})
    assert json.loads(known.data)["@graph"][0]["@id"] == "http://127.0.0.1:5000/donnees#catalogue"
    declared = client_of(folder, host="192.168.1.5")
    answer = declared.get("/donnees/catalogue.jsonld", headers={"Host": "192.168.1.5:5000"})
    assert b"http://192.168.1.5:5000/donnees#catalogue" in answer.data


def test_absolute_addresses_come_from_the_setting_whatever_the_host(under):
    for host in (EVIL, "127.0.0.1", "exemple.fr"):
        answer = under.get("/carte/donnees/catalogue.jsonld", headers={"Host": host})
        graph = json.loads(answer.data)["@graph"]
        assert graph[0]["@id"] == "https://exemple.fr/carte/donnees#catalogue"
        ours = [one["@id"] for one in graph if "exemple.fr" in one["@id"]]
        assert ours and all(one.startswith("https://exemple.fr/carte/") for one in ours)
        document = under.get("/carte/api/v1/openapi.json", headers={"Host": host}).json
        assert document["servers"] == [{"url": "https://exemple.fr/carte/api/v1"}]
    assert "max-age" in under.get("/carte/").headers["Strict-Transport-Security"]


def test_every_link_of_every_page_is_under_the_prefix(under):
    seen = set()
    for path in PAGES:
        page = under.get(f"/carte{path}")
        assert page.status_code == (404 if path == "/rien" else 200), path
        links = re.findall(r'(?:href|src|action|data-[\w-]+)="(/[^"]*)"', page.text)
        links += re.findall(r'"(/(?!/)[\w/.-]+)[?"]', page.text.partition("<body")[2])
        assert links and all(link.startswith("/carte/") for link in links), (
            path,
            [link for link in links if not link.startswith("/carte/")],
        )
        seen.update(link.replace("&amp;", "&") for link in links if "fiche.pdf" not in link)
    asked = [link for link in seen if re.match(r"/carte/(static|formations|territoires/|$)", link)]
    assert len(asked) > 20
    for link in asked:
        with under.get(link) as answer:
            assert answer.status_code == 200, link


def test_scripts_ask_the_addresses_that_the_page_gives(under, folder):
    for script in (ROOT / "static" / "js").glob("*.js"):
        assert not re.search(r"[\"'`]/[a-z]", script.read_text(encoding="utf-8")), script.name
    page = under.get("/carte/recherche").text
    for nom in ("places", "suggestions", "points", "formations"):
        assert f"/carte/api/v1/{nom}" in page
    assert "/carte/" not in client_of(folder).get("/recherche").text


def test_addresses_of_sheets_are_under_the_prefix_in_the_api(under):
    found = under.get("/carte/api/v1/formations").json["formations"]
    assert found and all(one["url"].startswith("/carte/formations/") for one in found)
    assert under.get(found[0]["url"]).status_code == 200


def test_outside_its_prefix_the_product_says_where_it_is(under):
    for path in ("/", "/recherche", "/cartes/", "/carte", "/static/css/base.css"):
        answer = under.get(path)
        assert answer.status_code == 404 and "sous /carte/" in answer.text
    for path in ("/sante", "/pret", "/carte/sante"):
        assert under.get(path).status_code == 200


def test_a_redirect_keeps_to_the_site_and_says_no_host(folder, under):
    plain = client_of(folder).get("/api", headers={"Host": EVIL})
    assert (plain.status_code, plain.headers["Location"]) == (308, "/api/")
    assert under.get("/carte/api").headers["Location"] == "/carte/api/"


@pytest.mark.parametrize(
    ("peer", "is_believed"), [("10.1.2.3", True), ("192.0.2.1", False), ("", False)]
)
def test_only_a_declared_proxy_is_believed(folder, peer, is_believed):
    app = create_app(folder, settings=Settings(proxies="127.0.0.1, 10.0.0.0/8"))
    seen = []

    @app.before_request
    def note():
        seen.append((request.remote_addr, request.scheme, request.headers.get("X-Forwarded-For")))

    answer = app.test_client().get(
        "/sante",
        headers={"X-Forwarded-For": "1.2.3.4, 203.0.113.9", "X-Forwarded-Proto": "https"},
        environ_overrides={"REMOTE_ADDR": peer},
    )
    if is_believed:
        # The last one is what our proxy saw; what comes before is what the client claimed.
        assert seen[0][:2] == ("203.0.113.9", "https")
    else:
        assert seen == [(peer, "http", None)]
    assert ("Strict-Transport-Security" in answer.headers) == is_believed


def test_a_socket_of_ours_is_a_proxy_when_the_setting_says_so():
    assert parse_proxies("unix").know("") and not parse_proxies("127.0.0.1").know("")
    assert not parse_proxies("unix").know("192.0.2.1") and not parse_proxies("").know("127.0.0.1")
    assert parse_proxies("::1,10.0.0.0/8").know("::1")


@pytest.mark.parametrize(
    "url",
    [
        "exemple.fr",
        "ftp://exemple.fr",
        "https://",
        "https://a.fr/?x=1",
        "https://u:p@a.fr/",
        "https://a.fr//b",
        "http://a.fr:99999/",
        "javascript:alert(1)",
    ],
)
def test_a_wrong_public_address_is_refused_in_french(url):
    with pytest.raises(ParameterError, match="GEOAPP_URL"):
        parse_site(url)


@pytest.mark.parametrize("text", ["partout", "10.0.0.0/33", "127.0.0.1;10.0.0.1"])
def test_a_wrong_list_of_proxies_is_refused_in_french(text):
    with pytest.raises(ParameterError, match="GEOAPP_MANDATAIRES"):
        parse_proxies(text)


def test_hosts_that_nobody_else_can_own():
    for host in ("localhost", "LOCALHOST:80", "127.0.0.1:5000", "[::1]:5000", "127.9.9.9"):
        assert is_ours(host), host
    for host in ("", EVIL, "10.0.0.1", "localhost.evil.example", "[::1", "127.0.0.1@evil.example"):
        assert not is_ours(host), host
    assert is_ours("192.168.1.5:80", "192.168.1.5") and is_ours("[fe80::1]", "[fe80::1]")


def test_open_data_may_be_read_from_any_site_and_pages_from_ours(folder):
    client = client_of(folder)
    policy = "Cross-Origin-Resource-Policy"
    assert client.get("/api/v1/sources").headers[policy] == "cross-origin"
    assert client.get("/donnees/tables/offres.csv").headers[policy] == "cross-origin"
    for path in ("/", "/recherche", "/integrer"):
        with client.get(path) as answer:
            assert answer.headers[policy] == "same-origin"
