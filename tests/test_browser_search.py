"""The search page in a real Chromium: find, point, share, print, export, by mouse and by
keyboard.
"""

import csv
import io
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from pypdf import PdfReader

from geoapp.offer.lookups import public_id
from support.browsing import (
    WIDTHS,
    Seen,
    Visited,
    audit,
    follow,
    running,
    themes_of,
    violations,
    violations_by_theme,
)
from support.words import plain
from support.world import HOSTILE, make_tiny_frames, publish_world

pytestmark = pytest.mark.browser

NEAR = {"latitude": 50.0534567, "longitude": 2.0567891}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return the address of the tiny world with its search index, one training priced and linked,
    served on loopback.
    """
    folder = tmp_path_factory.mktemp("recherche")
    frames = make_tiny_frames()
    third = frames["offres"]["id_action"].eq("tiny:a3")
    for nom, value in {
        "prix_eur": 6621.5,
        "est_gratuite": True,
        "url": "https://exemple.fr/page?a=1",
    }.items():
        frames["offres"].loc[third, nom] = value
    publish_world(frames, folder)
    with running(folder) as address:
        yield address


def map_ready(page, nb=None):
    """Wait for the points of the map; `nb` is the number of offers in view."""
    page.wait_for_selector(
        ".carte[data-nb-visibles]" if nb is None else f'.carte[data-nb-visibles="{nb}"]'
    )


def found(page):
    """Return the sentence of the results, with plain blanks."""
    return plain(page.inner_text("#titre-resultats"))


def wait_found(page, words):
    page.wait_for_function(
        "words => "
        "document.getElementById('titre-resultats').textContent.replace(/[\\u202f\\u00a0]/g, ' "
        "').replace(/’/g, \"'\").includes(words)",
        arg=words,
    )


def clean(seen, address):
    assert seen.errors == []
    assert seen.foreign(address) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "path",
    [
        "/recherche",
        "/recherche?lieu=Amiville&rayon=30&niveau=3",
        "/recherche?lieu=Amiville&rayon=8&voie=inconnu",
        "/recherche?lieu=Beauval&seuil_min=30&sans_voiture=oui",
        "/formations/tiny:a3",
        "/formations/tiny:a4",
        "/recherche/imprimer?lieu=Amiville&rayon=30",
    ],
)
def test_pages_are_clean_and_accessible(server, browser, axe_source, path, width):
    with Visited(browser, width) as seen:
        seen.open(server + path)
        audit(seen, axe_source, server)


def test_open_menus_lists_and_popups_are_accessible(server, browser, axe_source):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/recherche?lieu=Amiville&rayon=30")
        map_ready(page)
        page.eval_on_selector_all(
            ".facette, .pli-legende, .menu", "all => all.forEach(one => { one.open = true; })"
        )
        page.fill("#lieu", "ami")
        page.wait_for_selector("#lieu-liste [role=option]")
        page.keyboard.press("ArrowDown")
        assert violations_by_theme(page, axe_source) == {}
        page.keyboard.press("Escape")
        page.locator(".pastille-mairie").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".fiche-offre")
        assert violations_by_theme(page, axe_source) == {}
        clean(seen, server)


def test_choosing_a_filter_changes_list_map_counts_and_address(server, browser):
    with Seen(browser) as seen:
        page = seen.open(f"{server}/recherche")
        map_ready(page, 6)
        page.check("#facettes input[name=voie][value=scolaire]")
        wait_found(page, "2 formations, voie scolaire")
        map_ready(page, 2)
        assert plain(page.title()) == "2 formations, voie scolaire | GéoForma"
        # The same training of one body, at two places: one card.
        assert page.locator("#offres .offre").count() == 1
        assert page.locator("#offres .offre .autres li").count() == 1
        assert page.url == f"{server}/recherche?voie=scolaire"
        assert page.evaluate("document.activeElement.value") == "scolaire", "the focus stays"
        page.go_back()
        wait_found(page, "7 formations")
        assert not page.is_checked("#facettes input[name=voie][value=scolaire]")
        page.go_forward()
        wait_found(page, "2 formations")
        page.click(".puce[data-nom=voie]")
        wait_found(page, "7 formations")
        assert page.url == f"{server}/recherche"
        clean(seen, server)


def test_whole_path_by_keyboard(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/recherche")
        page.focus("#lieu")
        page.keyboard.type("beauv")
        page.wait_for_selector("#lieu-liste [role=option]")
        assert page.get_attribute("#lieu", "aria-expanded") == "true"
        page.keyboard.press("ArrowDown")
        active = page.get_attribute("#lieu", "aria-activedescendant")
        assert page.get_attribute(f"#{active}", "aria-selected") == "true"
        page.keyboard.press("Enter")
        wait_found(page, "Beauval")
        assert page.input_value("#lieu") == "Beauval" and parse_qs(urlsplit(page.url).query) == {
            "lieu": ["commune:80002"]
        }
        page.focus("#rayon")
        page.select_option("#rayon", "5")
        wait_found(page, "1 formation à 5 km de Beauval")
        page.focus("#offres a")
        page.keyboard.press("Enter")
        page.wait_for_selector(".entete-fiche")
        assert page.inner_text("h1") == "CAP Cuisine"
        page.focus("#retour")
        page.keyboard.press("Enter")
        page.wait_for_selector("#titre-resultats")
        wait_found(page, "1 formation à 5 km de Beauval")
        clean(seen, server)


def test_a_time_takes_the_place_of_the_radius_and_draws_what_it_reaches(server, browser):
    with Seen(browser) as seen:
        page = seen.open(f"{server}/recherche?lieu=Beauval&rayon=50")
        map_ready(page)
        assert page.locator("path.rayon").count() == 1
        page.focus("#seuil_min")
        page.select_option("#seuil_min", "30")
        page.wait_for_selector("path.atteinte")
        assert page.is_disabled("#rayon") and page.locator("path.rayon").count() == 0
        assert page.url.endswith("?seuil_min=30&lieu=commune%3A80002")
        page.select_option("#mode", "velo")
        page.wait_for_function("() => location.search.includes('mode=velo')")
        page.check("[name=sans_voiture]")
        page.wait_for_selector(".titre-groupe")
        page.go_back()
        page.wait_for_function("() => !document.querySelector('.titre-groupe')")
        assert not page.is_checked("[name=sans_voiture]")
        assert page.input_value("#mode") == "velo"
        clean(seen, server)


def test_list_and_map_are_linked_both_ways(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/recherche?lieu=Amiville&rayon=30")
        map_ready(page, 6)
        card = page.locator("#offres .offre", has_text="CAP Cuisine")
        card.get_by_role("link", name="CAP Cuisine").focus()
        name = page.locator(".pastille.lie").get_attribute("aria-label")
        assert name == "Beauval, 1 formation, position douteuse"
        marker = page.locator(
            '.pastille[aria-label="Cysoing, 2 formations, position approximative"]'
        )
        marker.focus()
        assert page.locator("#offres .offre.lie").count() == 2
        page.keyboard.press("Enter")
        page.wait_for_selector(".fiche-offre a")
        assert page.locator(".fiche-offre").count() == 2, "places that share a point open as a list"
        page.keyboard.press("Escape")
        page.wait_for_selector(".fiche", state="detached")
        assert (
            page.evaluate("document.activeElement.getAttribute('aria-label')")
            == "Cysoing, 2 formations, position approximative"
        )
        clean(seen, server)


def test_results_outside_the_view_are_counted(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/recherche")
        map_ready(page, 6)
        assert page.inner_text("#hors-carte") == ""
        for _ in range(3):
            page.click(".leaflet-control-zoom-in")
            page.wait_for_timeout(400)
        page.wait_for_selector("#hors-carte:not(:empty)")
        assert re.match(
            r"\d formations?|\d résultats? hors de la carte visible", page.inner_text("#hors-carte")
        )
        seen_there = int(page.get_attribute(".carte", "data-nb-visibles"))
        page.click("#chercher-zone")
        wait_found(page, "dans le rectangle affiché")
        assert found(page).startswith(f"{seen_there} formation")
        page.click(".puce[data-nom=emprise]")
        wait_found(page, "7 formations")


def test_hostile_titles_stay_text_everywhere(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/recherche?lieu=Amiville")
        map_ready(page)
        page.locator('.pastille[aria-label="Amiville, 3 formations"]').click()
        page.wait_for_selector(".fiche-offre a")
        assert HOSTILE in page.locator(".fiche-offre a").all_inner_texts()
        assert HOSTILE in page.locator(".offre-titre").all_inner_texts()
        clean(seen, server)


def private(page, server):
    """Check that the position is in the address of no page nor request."""
    assert "lat=" not in page.url and "50.05" not in page.url


def test_geolocation_granted_stays_out_of_addresses_until_shared(server, browser):
    with Seen(browser) as seen:
        seen.context.grant_permissions(
            ["geolocation", "clipboard-read", "clipboard-write"], origin=server
        )
        seen.context.set_geolocation(NEAR)
        page = seen.open(f"{server}/recherche?rayon=5")
        page.click("#autour")
        wait_found(page, "3 formations à 5 km")
        map_ready(page, 3)
        private(page, server)
        assert page.input_value("#lieu") == "Ma position"
        page.check("#facettes input[name=niveau][value='5']")
        wait_found(page, "1 formation")
        private(page, server)
        assert not [url for url in seen.requests if "lat=" in url or "50.05" in url]
        page.click(".menu summary")
        page.click("#partager")
        page.wait_for_function("() => document.getElementById('partage-etat').textContent !== ''")
        shared = page.input_value("#partage-lien")
        assert parse_qs(urlsplit(shared).query) == {
            "lat": ["50.053"],
            "lon": ["2.057"],
            "rayon": ["5"],
            "niveau": ["5"],
        }
        assert page.evaluate("navigator.clipboard.readText()") == shared
        titles = page.locator(".offre-titre").all_inner_texts()
        page.reload()
        wait_found(page, "1 formation")
        private(page, server)
        clean(seen, server)
    with Seen(browser) as other:
        page = other.open(shared)
        assert page.locator(".offre-titre").all_inner_texts() == titles and page.is_checked(
            "#facettes input[name=niveau][value='5']"
        )
        assert page.input_value("#rayon") == "5"
        map_ready(page, 1)
        clean(other, server)


def test_geolocation_denied_says_so_and_goes_back_to_the_field(server, browser):
    with Seen(browser) as seen:
        seen.context.clear_permissions()
        page = seen.open(f"{server}/recherche")
        page.click("#autour")
        page.wait_for_function("() => document.getElementById('lieu-alerte').textContent !== ''")
        assert "Tapez plutôt une commune" in page.inner_text("#lieu-alerte")
        assert page.evaluate("document.activeElement.id") == "lieu"
        clean(seen, server)


def test_a_pin_is_put_by_keyboard_and_dragged(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/recherche?rayon=5")
        map_ready(page)
        page.focus("#poser")
        page.keyboard.press("Enter")
        wait_found(page, "1 formation à 5 km")
        private(page, server)
        assert page.locator(".repere-moi").count() == 1 and page.locator("path.rayon").count() == 1
        page.wait_for_timeout(300)
        box = page.locator(".repere-moi").bounding_box()
        page.mouse.move(box["x"] + 17, box["y"] + 12)
        page.mouse.down()
        page.mouse.move(box["x"] + 17, page.locator(".carte").bounding_box()["y"] + 20, steps=8)
        page.mouse.up()
        wait_found(page, "Aucune formation connue à 5 km")
        private(page, server)
        page.click("#retirer")
        wait_found(page, "7 formations")
        clean(seen, server)


def test_an_address_typed_is_in_no_url(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/recherche")
        page.fill("#lieu", "12 rue du Moulin 80200 Beauval")
        page.keyboard.press("Enter")
        wait_found(page, "Beauval")
        assert parse_qs(urlsplit(page.url).query) == {"lieu": ["commune:80002"]}
        assert not [url for url in seen.requests if "Moulin" in url]
        clean(seen, server)


def test_an_unknown_place_is_said_and_nothing_breaks(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/recherche")
        page.fill("#lieu", "Xyzabc")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.getElementById('lieu-alerte').textContent !== ''")
        assert "Xyzabc" in page.inner_text("#lieu-alerte")
        assert page.get_attribute("#lieu", "aria-invalid") == "true"
        page.wait_for_selector(".carte .pastille", state="detached")
        assert page.locator("#offres").count() == 0
        page.fill("#lieu", "Amivile")
        page.keyboard.press("Enter")
        page.click("#lieu-alerte a[data-lieu='commune:80001']")
        wait_found(page, "à 20 km d'Amiville")
        assert page.input_value("#lieu") == "Amiville"
        assert page.get_attribute("#lieu", "aria-invalid") is None
        clean(seen, server)


def test_exports_match_the_count(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/recherche?lieu=Amiville&rayon=30&voie=apprentissage")
        nb = int(found(page).split(" ")[0])
        page.click(".menu summary")
        files = {}
        for nom in ("csv", "geojson", "xlsx"):
            with page.expect_download() as download:
                page.click(f"[data-action={nom}]")
            files[nom] = Path(download.value.path()).read_bytes()
        assert (
            len(list(csv.reader(io.StringIO(files["csv"].decode("utf-8-sig")), delimiter=";")))
            == nb + 1
        )
        assert len(json.loads(files["geojson"])["features"]) == nb
        assert files["xlsx"][:2] == b"PK"
        assert seen.foreign(server) == []


def test_a_private_search_prints_and_exports_by_post(server, browser):
    with Seen(browser) as seen:
        seen.context.grant_permissions(["geolocation"], origin=server)
        seen.context.set_geolocation(NEAR)
        page = seen.open(f"{server}/recherche?rayon=5")
        page.click("#autour")
        wait_found(page, "3 formations")
        page.click(".menu summary")
        with page.expect_download() as download:
            page.click("[data-action=csv]")
        assert (
            len(Path(download.value.path()).read_text(encoding="utf-8-sig").strip().splitlines())
            == 4
        )
        page.click("[data-action=imprimer]")
        page.wait_for_selector(".liste-papier")
        assert page.locator(".liste-papier tbody tr").count() == 3
        private(page, server)
        assert not [url for url in seen.requests if "lat=" in url]


def test_print_view_is_a_clean_list(server, browser):
    with Seen(browser) as seen:
        page = seen.open(f"{server}/recherche/imprimer?lieu=Amiville&rayon=30")
        page.emulate_media(media="print")
        assert (
            page.is_hidden(".tete")
            and page.is_hidden("#imprimer")
            and page.is_visible("svg.croquis")
        )
        assert page.pdf(format="A4")[:4] == b"%PDF"
        page.goto(f"{server}/recherche?lieu=Amiville&rayon=30")
        assert (
            page.is_hidden(".barre")
            and page.is_hidden(".colonne-filtres")
            and page.is_visible("#offres")
        )


def test_a_phone_shows_the_list_or_the_map(server, browser):
    with Visited(browser, width=390) as seen:
        page = seen.open(f"{server}/recherche")
        assert (
            page.is_hidden("#facettes") and page.is_hidden(".carte") and page.is_visible("#offres")
        )
        page.click(".bascule [data-vue=carte]")
        map_ready(page, 6)
        assert page.is_visible(".carte") and page.is_hidden("#offres")
        assert page.get_attribute(".bascule [data-vue=carte]", "aria-pressed") == "true"
        clean(seen, server)


def test_a_phone_shows_the_first_result_and_loads_no_map(server, browser):
    with Visited(browser, width=390) as seen:
        page = seen.open(f"{server}/recherche?lieu=Amiville&rayon=30")
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.is_hidden("#recherche")
        card = page.locator(".offre").first.bounding_box()
        assert card["y"] + card["height"] / 2 < 844
        assert not [url for url in seen.requests if "leaflet" in url or "fond.geojson" in url]
        page.click("#montrer-filtres")
        page.check("#facettes input[name=niveau][value='4']")
        page.wait_for_function(
            "() => document.getElementById('voir').textContent === 'Voir la formation'"
        )
        page.click("#voir")
        assert page.is_hidden("#facettes") and "niveau 4" in found(page)
        page.click("#modifier")
        assert page.is_visible("#lieu") and page.evaluate("document.activeElement.id") == "lieu"
        clean(seen, server)


def test_the_last_results_are_read_without_a_network_and_erased(server, browser):
    with Seen(browser, width=390) as seen:
        page = seen.open(f"{server}/recherche?lieu=Amiville&rayon=30")
        page.evaluate("() => navigator.serviceWorker.ready")
        # Seen by the worker: it came after the page.
        page.reload()
        page.wait_for_function(
            "async () => (await (await caches.open('geoforma-pages')).keys()).length === 1"
        )
        told = found(page)
        page.click("#modifier")
        page.fill("#texte", "cuisine")
        page.keyboard.press("Enter")
        wait_found(page, "« cuisine »")
        searched, address = found(page), page.url
        seen.context.set_offline(True)
        page.goto(f"{server}/recherche?lieu=Amiville&rayon=30")
        assert found(page) == told
        page.goto(address)
        wait_found(page, "« cuisine »")
        assert found(page) == searched
        page.goto(f"{server}/territoires")
        # The list is read from what is kept once the page is there.
        page.wait_for_function("() => document.querySelectorAll('#gardes li').length === 2")
        page.click("#effacer-gardes")
        page.wait_for_function(
            "() => document.getElementById('gardes-etat').textContent.includes('effacé')"
        )
        assert page.locator("#gardes li").count() == 0
        assert seen.foreign(server) == []


def test_without_script_search_and_filters_work(server, browser):
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 1280, "height": 900}
    )
    page = context.new_page()
    page.goto(f"{server}/recherche")
    page.fill("#lieu", "Amiville")
    page.check("#facettes input[name=niveau][value='4']")
    follow(page, ".envoi button")
    assert found(page) == "1 formation à 20 km d'Amiville, niveau 4"
    assert "lieu=Amiville" in page.url
    follow(page, ".puce[data-nom=niveau]")
    assert found(page) == "4 formations à 20 km d'Amiville"
    context.close()


@pytest.mark.real
def test_real_search_near_bethune(real_server, browser, axe_source):
    with Visited(browser) as seen:
        page = seen.open(f"{real_server}/recherche")
        page.fill("#lieu", "Béthu")
        page.wait_for_selector("#lieu-liste [role=option]")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        wait_found(page, "Béthune")
        page.check("#facettes input[name=niveau][value='3']")
        wait_found(page, "niveau 3")
        nb = int(found(page).split(" ")[0])
        assert nb > 10 and re.fullmatch(r"\d+ formations à 20 km de Béthune, niveau 3", found(page))
        map_ready(page, nb)
        told = plain(" ".join(page.locator(".distance").all_inner_texts()))
        distances = [float(d.replace(",", ".")) for d in re.findall(r"([\d,]+) km", told)]
        assert distances == sorted(distances) and distances[-1] <= 20
        assert violations(page, axe_source) == []
        clean(seen, real_server)


@pytest.mark.real
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "query", ["", "?lat=50.43&lon=2.83&rayon=10", "?lieu=Lens&niveau=3&taille=100"]
)
def test_real_maps_are_accessible(real_server, browser, axe_source, query, width):
    with Visited(browser, width) as seen:
        page = seen.open(f"{real_server}/recherche{query}")
        if width == 390:
            page.click(".bascule [data-vue=carte]")
        map_ready(page)
        assert violations_by_theme(page, axe_source, themes_of(page)) == {}
        clean(seen, real_server)


@pytest.mark.real
def test_first_load_of_the_real_page_is_light(real_server, browser):
    with Seen(browser) as seen:
        sizes = []
        session = seen.context.new_cdp_session(seen.page)
        session.send("Network.enable")
        session.on(
            "Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"])
        )
        page = seen.open(f"{real_server}/recherche")
        map_ready(page)
        assert len(sizes) > 8 and sum(sizes) <= 400_000, sum(sizes)


@pytest.mark.real
def test_a_real_sheet_is_one_page_of_paper(real_server, real_snapshot, browser):
    offres = real_snapshot.read("offres")
    longest = offres.loc[[offres["titre"].str.len().idxmax()]]
    asked = pd.concat([offres.drop_duplicates("id_source"), longest])["id_action"].map(public_id)
    with Seen(browser) as seen:
        for one in asked:
            seen.page.goto(f"{real_server}/formations/{one}")
            paper = seen.page.pdf(format="A4", prefer_css_page_size=True)
            assert len(PdfReader(io.BytesIO(paper)).pages) == 1, one


@pytest.mark.parametrize("width", WIDTHS)
def test_trainings_are_kept_compared_and_forgotten(server, browser, axe_source, width):
    with Seen(browser, width) as seen:
        page = seen.open(f"{server}/recherche?lieu=commune:80001&rayon=30")
        keep = page.locator(".offre [data-garder]")
        assert not page.is_visible("#ma-selection")
        keep.nth(0).focus()
        page.keyboard.press("Enter")
        assert keep.nth(0).get_attribute("aria-pressed") == "true"
        assert page.inner_text("#selection-etat") == "1 formation gardée."
        kept = keep.nth(0).get_attribute("data-garder")
        seen.open(f"{server}/formations/tiny:a5?lieu=commune:80001")
        page.click(".gestes [data-garder]")
        assert page.inner_text("#ma-selection") == "Ma sélection (2)"
        page.click("#ma-selection")
        page.wait_for_url("**/selection?formations=*")
        assert page.locator(".comparaison thead th").count() == 2
        audit(seen, axe_source, server)
        page.click(f'[data-retirer="{kept}"]')
        page.wait_for_url("**/selection?formations=tiny:a5*")
        assert page.inner_text("#ma-selection") == "Ma sélection (1)"
        page.goto(f"{server}/selection")
        page.wait_for_url("**/selection?formations=tiny*a5")
        page.click("#vider")
        page.wait_for_url(f"{server}/selection")
        assert page.evaluate("localStorage.length") == 0 and not page.is_visible("#ma-selection")
        assert seen.errors == []
