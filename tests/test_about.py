"""The pages about the site: there, linked everywhere, computed, and never inventing an operator."""

import re
from html import unescape
from xml.etree import ElementTree

import pytest

from geoapp.core.accessibility import load_audit
from geoapp.core.config import Settings
from geoapp.core.french import format_decimal
from geoapp.reference.glossary import load_glossary
from geoapp.web import create_app
from geoapp.web.presentation import PIED
from geoapp.web.security import FRAMED
from support.words import flat, plain

PAGES = (
    "/plan-du-site",
    "/aide",
    "/glossaire",
    "/contact",
    "/mentions-legales",
    "/donnees-personnelles",
    "/accessibilite",
)
APART = {
    "/ou-ouvrir/preuve",
    "/pret",
    "/sante",
    "/favicon.ico",
    "/robots.txt",
    "/sitemap.xml",
    "/recherche/imprimer",
    "/carte.html",
}
"""Addresses that are no page that a person looks for."""


@pytest.fixture
def client(tiny_app):
    return tiny_app.test_client()


@pytest.mark.parametrize("path", PAGES)
def test_each_page_answers_even_without_data(client, tmp_path, path):
    empty = create_app(tmp_path).test_client()
    for one in (client, empty):
        answer = one.get(path + "?utm_source=courriel")
        assert answer.status_code == 200 and answer.text.count("<h1") == 1


def test_every_page_links_them_all_and_tells_its_conformity(client):
    for path in ("/", "/recherche", "/formations/tiny:a1", "/couverture", "/rien"):
        foot = client.get(path).text.partition("<footer>")[2]
        for page in PAGES:
            assert f'href="{page}"' in foot, (path, page)
        assert f"Accessibilité\u202f: {load_audit().etat} conforme" in foot


@pytest.mark.parametrize("path", PAGES)
def test_what_the_operator_does_not_say_is_told_to_be_unknown_with_its_setting(client, path):
    text = flat(client.get(path).text)
    said = text.count("Non renseigné par l’exploitant") + text.count(
        "non renseigné par l’exploitant"
    )
    assert said == text.count("réglage <code>GEOAPP_")
    if path in PAGES[3:]:
        assert said


def test_what_the_operator_says_is_shown_and_linked_when_it_leads_somewhere(tiny_snapshot):
    settings = Settings(
        data_dir=tiny_snapshot.path.parents[1],
        contact="carte@exemple.fr",
        editeur="Éditeur & Cie",
        directeur="La direction",
        hebergeur="Un hébergeur",
        delegue="javascript:alert(1)",
        schema_accessibilite="https://exemple.fr/schema",
    )
    client = create_app(settings=settings).test_client()
    texts = [client.get(path).text for path in PAGES]
    assert not any("renseigné par l’exploitant" in text for text in texts)
    whole = "".join(texts)
    assert '<a href="mailto:carte@exemple.fr">carte@exemple.fr</a>' in whole
    assert '<a href="https://exemple.fr/schema">' in whole
    assert "Éditeur &amp; Cie" in whole and "La direction" in whole and "Un hébergeur" in whole
    assert 'href="javascript' not in whole


def test_the_declaration_says_what_the_law_asks_and_what_the_table_says(client):
    text = plain(client.get("/accessibilite").text)
    audit = load_audit()
    rate = format_decimal(audit.taux, 1)
    for said in (
        f"{audit.etat} conforme",
        f"{rate} % des critères applicables sont respectés",
        "article 47 de la loi n° 2005-102",
        "Dérogations pour charge disproportionnée",
        "Technologies utilisées",
        "Pages vérifiées",
        "Déclaration établie le 29 novembre 2026",
        "Défenseur des droits",
        "Libre réponse 71120",
    ):
        assert said in text, said
    for one in audit.manques:
        assert f"Critère {one.critere}" in text and one.preuve
        assert text.count(plain(one.preuve)) == 1, "pages that fail alike are told once"


def test_the_plan_has_every_page_that_takes_no_argument(client):
    plan = client.get("/plan-du-site").text.partition("<main")[2].partition("</main>")[0]
    for rule in client.application.url_map.iter_rules():
        # A page shown inside other sites is no page of this one.
        if "GET" not in (rule.methods or ()) or rule.arguments or rule.rule in APART:
            continue
        if rule.rule.startswith(FRAMED):
            continue
        answer = client.get(rule.rule)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            assert f'href="{rule.rule}"' in plan, rule.rule


def test_every_link_of_the_plan_answers(client):
    plan = client.get("/plan-du-site").text.partition("<main")[2].partition("</main>")[0]
    for path in re.findall(r'href="(/[^"]*)"', plan):
        assert client.get(path).status_code == 200, path


def test_the_glossary_has_one_place_by_word(client):
    text = plain(unescape(client.get("/glossaire").text))
    places = [one.ancre for one in load_glossary()]
    assert len(places) == len(set(places)) > 120
    for one in load_glossary():
        assert (
            f'<div id="{one.ancre}"><dt>{plain(one.terme)}</dt>' in text and one.sens and one.source
        )


def test_robots_find_the_plan_and_leave_what_costs(tiny_snapshot):
    settings = Settings(data_dir=tiny_snapshot.path.parents[1], url="https://exemple.fr/carte")
    client = create_app(settings=settings).test_client()
    robots = client.get("/carte/robots.txt")
    assert robots.mimetype == "text/plain"
    assert "Disallow: /carte/figures" in robots.text
    assert "Sitemap: https://exemple.fr/carte/sitemap.xml" in robots.text
    sitemap = ElementTree.fromstring(client.get("/carte/sitemap.xml").data)
    found = [one.text for one in sitemap.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert "https://exemple.fr/carte/recherche" in found and len(found) == len(set(found))
    assert len(found) >= len(PIED) + 8
    for address in found:
        assert client.get(address.removeprefix("https://exemple.fr")).status_code == 200, address
