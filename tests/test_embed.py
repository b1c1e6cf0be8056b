"""What other sites show inside their pages: light, isolated, without a person's position."""

import html
import re
from urllib.parse import urlsplit

import pytest

from geoapp.core.config import Settings
from geoapp.core.errors import ParameterError
from geoapp.offer.filters import FILTRES
from geoapp.web import create_app
from geoapp.web.embed import CONTENUS
from geoapp.web.security import frame_ancestors
from support.needs import make_needs_world
from support.words import plain
from support.world import publish_world

FRAMES = {
    "/integrer/recherche?lieu=commune:80001&rayon=30": "/recherche?lieu=commune:80001&rayon=30",
    "/integrer/couverture?domaine=sante&seuil_km=5": "/couverture?domaine=sante&seuil_km=5",
    "/integrer/zone?territoire=ze2020:3201": "/essentiel?territoire=ze2020:3201&entree=territoire",
}
"""Pages shown in frames, and the page that each leads to."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return publish_world(make_needs_world(), tmp_path_factory.mktemp("cadres")).path.parents[1]


@pytest.fixture(scope="module")
def client(folder):
    return create_app(folder).test_client()


def policy(answer) -> dict[str, str]:
    """Return the content policy of an answer, by directive."""
    parts = answer.headers["Content-Security-Policy"].split(";")
    return dict(part.strip().split(" ", 1) for part in parts)


def codes(page) -> dict[str, str]:
    """Return the codes to copy of the page that writes them."""
    found = re.findall(r'<textarea id="code-(\w+)"[^>]*>(.*?)</textarea>', page.text, re.S)
    return {cle: html.unescape(code) for cle, code in found}


@pytest.mark.parametrize("path", FRAMES)
def test_a_frame_is_light_and_leads_to_its_page(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.text.count("<h1") == 1 and "<nav" not in answer.text
    assert '<base target="_blank">' in answer.text and "Données assemblées le" in plain(answer.text)
    whole = html.unescape(re.search(r'class="bouton second" href="([^"]+)"', answer.text)[1])
    asked, led = urlsplit(whole.replace("%3A", ":")), urlsplit(FRAMES[path])
    assert asked.path == led.path and set(led.query.split("&")) <= set(asked.query.split("&"))
    assert client.get(whole).status_code == 200


@pytest.mark.parametrize("path", FRAMES)
def test_a_frame_is_in_a_sandbox_wherever_it_is_shown(client, path):
    answer = client.get(path)
    rules = policy(answer)
    assert "allow-scripts" in rules["sandbox"] and "allow-same-origin" not in rules["sandbox"]
    assert "frame-ancestors" not in rules, "any site, by default"
    assert (
        rules["connect-src"] == "'self'"
        and "'unsafe" not in answer.headers["Content-Security-Policy"]
    )
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"


@pytest.mark.parametrize(
    "sites, ancestors",
    [
        ("aucun", "'self'"),
        ("https://a.fr, https://*.b.fr:8443/", "'self' https://a.fr https://*.b.fr:8443"),
    ],
)
def test_a_setting_says_who_may_show_frames_and_no_page_is_ever_shown(folder, sites, ancestors):
    client = create_app(settings=Settings(data_dir=folder, integration=sites)).test_client()
    assert policy(client.get(next(iter(FRAMES))))["frame-ancestors"] == ancestors
    for path in ("/recherche", "/integrer"):
        assert policy(client.get(path))["frame-ancestors"] == "'self'"
    assert ("est fermée" in client.get("/integrer").text) == (sites == "aucun")


@pytest.mark.parametrize("sites", ["", "a.fr", "https://a.fr/page", "https://a.fr; script-src *"])
def test_a_wrong_list_of_sites_is_refused_in_french(sites):
    with pytest.raises(ParameterError, match="GEOAPP_INTEGRATION"):
        frame_ancestors(sites)


@pytest.mark.parametrize(
    "asked", ["lat=50.1&lon=2.1", "lieu=Amiville", "lieu=voie:80001_1", "emprise=2,50,3,51"]
)
def test_no_frame_starts_from_where_somebody_is(client, asked):
    answer = client.get(f"/integrer/recherche?{asked}")
    assert answer.status_code == 400 and "<nav" not in answer.text, "an error is as light"


def test_a_place_typed_is_a_code_in_what_is_copied(client):
    page = client.get("/integrer?lieu=amiville&texte=cap&hauteur=400&titre=Nos+CAP")
    made = codes(page)
    frame = html.unescape(re.search(r'src="([^"]+)"', made["cadre"])[1])
    assert "lieu=commune:80001" in frame.replace("%3A", ":") and "texte=cap" in frame
    assert client.get(frame).status_code == 200
    assert 'title="Nos CAP"' in made["cadre"] and 'height="400"' in made["cadre"]
    assert 'type="recherche"' in made["element"] and 'hauteur="400"' in made["element"]
    asked = html.unescape(re.search(r'parametres="([^"]+)"', made["element"])[1])
    assert frame.endswith(f"?{asked}"), "both show the same"
    for code in made.values():
        assert "amiville" not in code.lower()
    assert "Amiville" in page.text, "the form names the place"


def test_what_is_wrong_is_said_and_the_page_still_writes_a_code(client):
    page = client.get("/integrer?lieu=Nulle+Part")
    assert page.status_code == 200 and "Nulle Part" in page.text and 'role="alert"' in page.text
    assert "Nulle" not in codes(page)["cadre"]
    assert client.get("/integrer?contenu=autre").status_code == 400


@pytest.mark.parametrize("contenu", CONTENUS)
def test_each_content_has_its_form_and_the_filters_are_rows(client, contenu):
    page = client.get(f"/integrer?contenu={contenu}")
    assert page.status_code == 200 and len(codes(page)) == 2
    fields = {nom for nom in FILTRES if f'name="{nom}"' in page.text}
    assert ({"domaine", "niveau", "voie"} <= fields) == (contenu != "zone")


def test_pages_lead_to_the_code_with_what_they_show(client):
    for path, kept in {
        "/recherche?texte=cap&niveau=3": "texte=cap",
        "/couverture?domaine=sante": "domaine=sante",
        "/essentiel?territoire=ze2020:3201": "ze2020:3201",
    }.items():
        page = html.unescape(client.get(path).text).replace("%3A", ":")
        links = re.findall(r'href="(/integrer\?[^"]+)"', page)
        assert any(kept in link for link in links), path
        assert client.get(links[0]).status_code == 200
    private = client.post("/recherche", data={"lat": "50.1", "lon": "2.1"})
    assert "/integrer?" not in private.text, "a position is set nowhere"


def test_the_component_and_what_frames_load_may_come_from_any_site(client):
    for path in ("/static/js/geoforma-carte.js", "/static/css/base.css"):
        with client.get(path) as answer:
            assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
    page = client.get("/integrer")
    script = re.search(r'src="[^"]*?(/static/js/geoforma-carte.js\?v=\w+)"', codes(page)["element"])
    with client.get(script[1]) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
