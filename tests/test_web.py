"""The web: every page, its errors, its headers, its downloads."""

import csv
import io
import json
import re
from urllib.parse import unquote

import pytest

from geoapp.core.publishing import publish
from geoapp.core.snapshot import Snapshot
from geoapp.sources.usages import USAGES
from geoapp.web import create_app
from geoapp.web.presentation import safe_link, source_groups
from geoapp.web.served import NON_PUBLIE
from support.words import plain
from support.world import CREATED, HOSTILE, publish_world

PAGES = (
    "/",
    "/carte",
    "/carte?niveau=3&niveau=4&voie=apprentissage",
    "/carte?zone=frr%3AFRR%2B",
    "/carte?page=1",
    "/sources",
    "/rejets",
    "/rejets?source=tiny",
    "/rejets?raison=commune_inconnue",
    "/usage",
)


@pytest.fixture
def client(tiny_app):
    return tiny_app.test_client()


@pytest.mark.parametrize("path", PAGES)
def test_pages_answer(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert '<html lang="fr">' in answer.text and "<main" in answer.text
    assert HOSTILE not in answer.text, "source text is escaped"
    assert "Données fictives</strong> : Offre inventée" in plain(answer.text)


def test_the_home_page_is_the_search_and_three_doors(client):
    answer = client.get("/")
    page = plain(answer.text)
    assert "7 formations" in page and page.count('class="carton porte"') == 3
    assert '<form id="recherche"' in page and 'name="lieu"' in page and 'name="texte"' in page
    assert "leaflet" not in page and len(answer.data) < 20_000, "a light page, without a map"


def test_the_first_page_reads_no_table_of_offers_and_no_outline(tiny_snapshot, monkeypatch):
    client = create_app(tiny_snapshot.path.parents[1]).test_client()
    read, asked = Snapshot.read, set()
    monkeypatch.setattr(Snapshot, "read", lambda self, nom: asked.add(nom) or read(self, nom))
    assert "7 formations" in plain(client.get("/").text)
    assert asked and not asked & {"offres", "communes", "zones"}, "it answers at once, when cold"


@pytest.mark.parametrize("query", ["niveau=3&niveau=4", "zone=frr%3AFRR%2B", "page=1"])
def test_an_old_address_of_the_map_leads_to_it(client, query):
    answer = client.get(f"/?{query}&utm_source=lettre")
    assert answer.status_code == 301 and unquote(answer.headers["Location"]) == unquote(
        f"/carte?{query}"
    )
    assert client.get("/?utm_source=lettre").status_code == 200


@pytest.mark.parametrize(
    ("path", "nb"),
    [("/", 0), ("/carte", 0), ("/donnees", 7), ("/territoires", 4), ("/formations/tiny:a1", 0)],
)
def test_the_menu_is_short_and_no_page_ends_with_the_table_of_sources(client, path, nb):
    page = client.get(path).text
    menu = page.partition('aria-label="Menu principal"')[2].partition("</nav>")[0]
    assert menu.count("<li>") <= 5
    foot = page.partition("<footer>")[2]
    assert "<table" not in foot and "SHA" not in foot and 'href="/sources"' in foot
    below = page.partition('class="sous-menu"')[2].partition("</nav>")[0]
    assert below.count("<li>") == nb


def test_map_page_says_the_same_count_everywhere(client):
    page = client.get("/carte?domaine=sante").text
    data = client.get("/donnees/points.json?domaine=sante").get_json()
    assert "<h1>3 formations connues dans les Hauts-de-France" in page
    assert data["nb_offres"] == 3
    assert "Lignes 1 à 3 sur 3" in page


def test_filters_are_kept_in_the_form(client):
    page = client.get("/carte?domaine=sante&niveau=5").text
    assert '<option value="sante" selected>' in page
    assert re.search(r'value="5"\s+checked\b', page)


def test_a_filter_that_tells_nothing_apart_is_not_asked(tiny_frames, tmp_path):
    tiny_frames["offres"]["voie"] = None
    publish_world(tiny_frames, tmp_path)
    client = create_app(tmp_path).test_client()
    assert 'name="voie"' not in client.get("/carte").text
    assert 'name="voie"' in client.get("/carte?voie=inconnu").text, "what is chosen can be undone"


def test_table_has_pages_that_keep_the_filters(tiny_frames, tmp_path, monkeypatch):
    monkeypatch.setattr("geoapp.web.presentation.PAR_PAGE", 2)
    publish_world(tiny_frames, tmp_path)
    client = create_app(tmp_path).test_client()
    page = client.get("/carte?niveau=3&niveau=4&page=2").text
    assert "Lignes 3 à 4 sur 4" in page
    assert "niveau=3&amp;niveau=4&amp;page=1#tableau" in page
    assert "Page suivante" not in page


@pytest.mark.parametrize(
    "path, words",
    [
        ("/carte?x=1", "Paramètre inconnu : « x »"),
        ("/carte?niveua=3", "Vouliez-vous dire « niveau » ?"),
        ("/carte?niveau=9", "Valeurs acceptées : 3, 4"),
        ("/carte?domaine=sente", "Vouliez-vous dire « sante » ?"),
        ("/carte?page=0", "un nombre de 1 à 1 est attendu"),
        ("/carte?page=²", "un nombre de 1 à 1 est attendu"),
        ("/carte?page=99", "un nombre de 1 à 1 est attendu"),
        ("/sources?y=1", "Paramètre inconnu"),
        ("/rejets?source=autre", "Source inconnue"),
        ("/rejets?raison=autre", "Raison inconnue"),
        ("/carte.html?voie=z", "valeur inconnue"),
    ],
)
def test_a_wrong_parameter_is_a_400_in_french(client, path, words):
    answer = client.get(path)
    assert answer.status_code == 400
    assert words in plain(answer.text)


def test_errors_have_one_json_shape(client):
    for path, status in (
        ("/donnees/points.json?niveau=9", 400),
        ("/donnees/couches/lune.geojson", 404),
        ("/donnees/couches/qpv2024.geojson", 404),
    ):
        answer = client.get(path)
        assert answer.status_code == status
        assert set(answer.get_json()["erreur"]) == {"code", "titre", "message"}


def test_unknown_page_and_method(client):
    assert client.get("/rien").status_code == 404 and "Page introuvable" in client.get("/rien").text
    assert client.post("/").status_code == 405


def test_an_unforeseen_error_shows_no_detail(client, monkeypatch, caplog):
    monkeypatch.setattr("geoapp.web.pages.summarise", lambda offres: 1 / 0)
    # An address that nothing else asks: its answer is not kept.
    answer = client.get("/carte?niveau=3&domaine=sante&page=1")
    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text and "Erreur de notre part" in answer.text
    assert "niveau" not in caplog.records[0].getMessage(), "the log holds no query"


def test_no_snapshot_says_what_to_run(tmp_path):
    client = create_app(tmp_path).test_client()
    page = client.get("/")
    assert page.status_code == 503 and "geoapp build" in page.text
    assert client.get("/pret").status_code == 503
    assert client.get("/sante").status_code == 200, "the process lives"


def test_what_a_snapshot_lacks_is_told_but_never_where_it_lies(tiny_frames, tmp_path):
    snapshot = publish(tiny_frames, {"cree_le": CREATED}, tmp_path)
    client = create_app(tmp_path).test_client()
    answer = client.get("/api/v1/couverture")
    assert answer.status_code == 503
    assert "n'a pas de matrice de trajets" in answer.get_json()["erreur"]["message"]
    (snapshot.path / "lieux.parquet").unlink()
    answer = create_app(tmp_path).test_client().get("/api/v1/couverture")
    assert answer.status_code == 503
    assert answer.get_json()["erreur"]["message"] == NON_PUBLIE


def test_a_new_snapshot_is_served_without_restart(tiny_frames, tmp_path):
    client = create_app(tmp_path).test_client()
    assert client.get("/").status_code == 503
    publish_world(tiny_frames, tmp_path)
    assert "7 formations" in client.get("/").text
    first = client.get("/pret").get_json()["instantane"]
    tiny_frames["offres"] = tiny_frames["offres"].iloc[:5]
    publish_world(tiny_frames, tmp_path, "2026-02-02T00:00:00Z")
    assert "5 formations" in client.get("/").text
    assert client.get("/pret").get_json()["instantane"] != first


def test_headers_of_every_answer(client):
    for path in (*PAGES, "/rien", "/donnees/points.json", "/rejets.csv", "/static/js/map.js"):
        with client.get(path) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        assert rules["default-src"] == rules["base-uri"] == "'none'"
        assert rules["form-action"] == rules["frame-ancestors"] == rules["connect-src"] == "'self'"
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "geolocation=(self)" in headers["Permissions-Policy"]
        assert "Set-Cookie" not in headers


def test_the_nonce_of_the_policy_is_on_every_inline_script(client):
    answer = client.get("/")
    nonce = answer.headers["Content-Security-Policy"].split("'nonce-")[1].split("'")[0]
    scripts = [part.split(">")[0] for part in answer.text.split("<script")[1:]]
    assert scripts and all(f'nonce="{nonce}"' in script for script in scripts)
    assert nonce not in client.get("/").text, "a nonce serves once"


def test_a_file_that_is_not_there_is_no_error_of_ours_whatever_the_method(client):
    for method, status in (("GET", 404), ("HEAD", 404), ("OPTIONS", 200)):
        assert client.open("/static/none.css?v=1", method=method).status_code == status


def test_layers_are_cached_by_the_browser(client, tiny_snapshot):
    path = f"/donnees/couches/ze2020.geojson?v={tiny_snapshot.id}"
    answer = client.get(path)
    assert (
        answer.mimetype == "application/geo+json" and "immutable" in answer.headers["Cache-Control"]
    )
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert client.get("/donnees/couches/ze2020.geojson").headers["Cache-Control"] == "no-cache"


def test_answers_are_compressed(client):
    assert (
        client.get("/", headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    )


def test_sources_page_shows_counts_and_safe_links(client):
    page = client.get("/sources").text
    assert 'href="https://example.org/offre"' in page
    assert "javascript:" not in page
    assert "Une note &lt;i&gt;brute&lt;/i&gt;" in page
    assert "données fictives" in page and "fichier du miroir" in page
    assert "0123456789abcdef" * 4 in page


@pytest.mark.parametrize(
    "adresse, attendu",
    [
        ("https://a.fr/x", "https://a.fr/x"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//a.fr", None),
        (None, None),
        ("", None),
    ],
)
def test_only_web_links_are_kept(adresse, attendu):
    assert safe_link(adresse) == attendu


def test_rejects_are_counted_and_shown_by_reason(client):
    page = plain(client.get("/rejets?source=tiny").text)
    assert (
        page.count("raison=commune_inconnue") == page.count("raison=intitule_absent") == 1
        and 'Commune inconnue</a></th> <td class="nb">1</td>' in page
    )
    only = client.get("/rejets?raison=commune_inconnue").text
    assert (
        "Lignes 1 à 1 sur 1, raison\u202f: commune inconnue" in only and "mauvais début" not in only
    )
    assert "Intitulé absent</a>" in only, "the other reasons stay one step away"


def test_rejects_csv_is_neutralised(client):
    answer = client.get("/rejets.csv")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 2
    assert rows[1]["Valeur"] == '\'=HYPERLINK("a")' and rows[1]["Raison"] == "'+ mauvais début"
    assert rows[1]["Valeur proche"] == ""


def test_download_of_the_current_map(client):
    answer = client.get("/carte.html?niveau=5")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "2 formations" in answer.text


@pytest.fixture(scope="module")
def real_client(real_app):
    return real_app.test_client()


@pytest.mark.real
def test_first_load_of_the_real_map_is_light(real_client):
    sizes = {
        path: len(real_client.get(path, headers={"Accept-Encoding": "gzip"}).data)
        for path in (
            "/carte",
            "/donnees/points.json",
            "/donnees/couches/fond.geojson",
            "/donnees/couches/departement.geojson",
        )
    }
    assert sizes["/carte"] < 50_000 and sum(sizes.values()) < 400_000, sizes


@pytest.mark.real
def test_real_title_and_data_agree(real_client, real_snapshot):
    nb = len(real_snapshot.read("offres"))
    data = json.loads(real_client.get("/donnees/points.json").data)
    assert data["nb_offres"] == nb == real_snapshot.manifest["tables"]["offres"]["lignes"]


def test_every_usage_of_the_registry_is_said_in_words_and_groups_the_sources(client, tiny_snapshot):
    assert all(row.libelle for row in USAGES.values())
    page, groups = client.get("/sources").text, source_groups(tiny_snapshot)
    assert sum(len(one["sources"]) for one in groups) == len(tiny_snapshot.read("sources"))
    for one in groups:
        assert (
            page.count(f'id="usage-{one["usage"]}">{one["titre"]}</h2>') == 1
            and one["titre"].lower() == USAGES[one["usage"]].libelle.lower()
        )
