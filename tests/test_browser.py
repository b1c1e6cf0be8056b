"""The pages in a real Chromium: no error, no third party, accessible, usable by keyboard."""

import re
from datetime import date

import pytest

from geoapp.offer.filters import apply_filters, parse_filters
from geoapp.outputs.maps.standalone import render_standalone
from geoapp.web.usage_store import add
from support.browsing import (
    WIDTHS,
    Seen,
    Visited,
    audit,
    follow,
    running,
    still,
    themes_of,
    violations,
    violations_by_theme,
)
from support.examples import NIGHT
from support.world import HOSTILE, make_tiny_frames, publish_world

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return the address of the tiny world, served on loopback."""
    folder = tmp_path_factory.mktemp("petit")
    publish_world(make_tiny_frames(), folder)
    counts = {("page", "/recherche"): 12, ("recherche", "toutes"): 9, ("filtre", "niveau=4"): 2}
    add(folder, folder / "var.cle", jour=date.today(), comptes=counts, textes={})
    with running(folder) as address:
        yield address


def map_ready(page):
    page.wait_for_selector(".carte[data-nb-offres]")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "path", ["/", "/carte?domaine=sante&niveau=4", "/sources", "/rejets", "/usage"]
)
def test_pages_are_clean_and_accessible(server, browser, axe_source, path, width):
    with Visited(browser, width) as seen:
        seen.open(server + path)
        audit(seen, axe_source, server)


def test_the_audit_tells_what_is_wrong_and_where(tmp_path, browser, axe_source):
    """Colours that it reads once, half transparent ones too, are told from one another; of what is
    made alike the first ones are judged, and the head of the page is.
    """
    image = '<img src="data:," width="30" height="30">'
    alike = "".join(f"<p><b>{image if n > 5 else n}</b></p>" for n in range(1, 9))
    ill = f"""<!doctype html><html lang="fr"><title>Essai</title>
        <meta name="viewport" content="user-scalable=no"><main><h1>Essai</h1>
        <p style="color: #767676">assez</p><p style="color: #777">trop clair</p>
        <div style="background: #777"><p style="color: #fff">trop clair aussi</p></div>
        <div style="background: rgb(0 0 0 / 54%)"><p style="color: white">assez sombre</p></div>
        <div style="background: rgb(0 0 0 / 53%)"><p style="color: white">un peu moins</p></div>
        {image}<div>{alike}</div></main>"""
    with Visited(browser) as seen:
        path = tmp_path / "essai.html"
        path.write_text(ill, encoding="utf-8")
        found = dict(violations(seen.open(path.as_uri()), axe_source))
        assert set(found) == {"color-contrast", "image-alt", "meta-viewport"}
        assert len(found["image-alt"]) == (3 if NIGHT else 2), "that of the page, then the sixth"
        assert [one.split(">")[1].split("<")[0] for one in found["color-contrast"]] == [
            "trop clair",
            "trop clair aussi",
            "un peu moins",
        ]


@pytest.mark.parametrize("width", WIDTHS)
def test_error_page_is_accessible(server, browser, axe_source, width):
    with Visited(browser, width) as seen:
        page = seen.open(f"{server}/carte?niveua=4")
        assert "Vouliez-vous dire" in page.inner_text("main")
        assert violations_by_theme(page, axe_source, themes_of(page)) == {}


def test_the_home_page_finds_a_place_and_its_trainings(server, browser):
    with Visited(browser) as seen:
        page = seen.open(server)
        assert page.locator(".carte, iframe").count() == 0, "no map on the home page"
        page.fill("#lieu", "amiv")
        page.click("#lieu-liste [role=option]")
        page.fill("#texte", "soins")
        page.click(".envoi button")
        page.wait_for_url("**/recherche?lieu=commune%3A80001&texte=soins")
        assert "Amiville" in page.inner_text("#titre-resultats")
        assert seen.errors == []


def test_a_position_given_on_the_home_page_is_in_no_address(server, browser):
    with Seen(browser) as seen:
        page = seen.open(server)
        context = page.context
        context.grant_permissions(["geolocation"])
        context.set_geolocation({"latitude": 50.1, "longitude": 2.1})
        page.click("#autour")
        page.wait_for_url("**/recherche")
        assert "formation" in page.inner_text("#titre-resultats")
        assert not [one for one in seen.requests if "50.1" in one], "sent by POST"


def test_the_home_page_works_without_javascript(server, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server)
    page.fill("#lieu", "Amiville")
    follow(page, ".envoi button")
    assert page.url.startswith(f"{server}/recherche?lieu=Amiville")
    assert page.locator(".offre").count()
    context.close()


def test_a_popup_and_the_table_lead_to_the_sheets(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/carte")
        map_ready(page)
        # Names of towns give way to places: none is half hidden.
        page.wait_for_function(
            """() => {
              const boites = (quoi) => [...document.querySelectorAll(quoi)]
                .filter((un) => getComputedStyle(un).visibility === "visible")
                .map((un) => un.getBoundingClientRect());
              const noms = boites(".repere:not(.gare) span");
              const lieux = boites(".leaflet-marker-pane .leaflet-marker-icon");
              const libre = (a, b) => a === b || a.right <= b.left + 1 || b.right <= a.left + 1
                || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
              const tous = [...lieux, ...noms];
              return noms.length && noms.every((a) => tous.every((b) => libre(a, b)));
            }""",
            timeout=5000,
        )
        table = page.locator("#tableau tbody a").first.get_attribute("href")
        page.locator('.pastille[aria-label="Amiville, 3 formations"]').focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".fiche h4 a")
        still(page)
        page.locator(".fiche h4 a").first.click()
        page.wait_for_url("**/formations/**")
        assert page.locator("h1").count() == 1 and table.startswith("/formations/")
        assert seen.errors == []


def test_filters_filter_and_every_count_agrees(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/carte")
        page.select_option("select[name=domaine]", "sante")
        page.check("input[name=voie][value=scolaire]")
        page.click("button[type=submit]")
        page.wait_for_load_state("networkidle")
        map_ready(page)
        assert page.inner_text("h1").startswith("2 formations")
        assert "sur 2" in page.inner_text("#tableau caption")
        assert page.get_attribute(".carte", "data-nb-offres") == "2"
        assert page.input_value("select[name=domaine]") == "sante"
        assert seen.errors == []


def test_filters_work_without_javascript(server, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/carte")
    page.select_option("select[name=domaine]", "sante")
    follow(page, "button[type=submit]")
    assert page.inner_text("h1").startswith("3 formations")
    assert page.locator("#tableau tbody tr").count() == 3
    context.close()


def test_a_popup_opens_and_closes_by_keyboard_with_escaped_text(server, browser, axe_source):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/carte")
        map_ready(page)
        page.locator('.pastille[aria-label="Amiville, 3 formations"]').focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".fiche")
        assert page.locator(".fiche h4").first.inner_text() == HOSTILE
        assert "Position" in page.inner_text(".fiche") and "adresse exacte" in page.inner_text(
            ".fiche"
        )
        assert page.evaluate("document.activeElement.classList.contains('leaflet-popup-content')")
        assert violations(page, axe_source) == []
        page.keyboard.press("Escape")
        page.wait_for_selector(".fiche", state="detached")
        assert (
            page.evaluate("document.activeElement.getAttribute('aria-label')")
            == "Amiville, 3 formations"
        )
        assert seen.errors == []


def test_a_doubtful_place_says_so(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/carte")
        map_ready(page)
        page.locator(".leaflet-marker-pane .pastille-doute").click()
        assert "3,2\u202fkm de la commune déclarée" in page.inner_text(".fiche")


def test_layers_switch_and_name_their_zones(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/carte")
        map_ready(page)
        assert page.locator(".leaflet-overlay-pane path.zone-departement").count() == 2
        page.check("[data-calque=ze2020]")
        page.wait_for_selector(".leaflet-overlay-pane path.zone-ze2020")
        assert page.locator(".carte path[tabindex]").count() == 0, "a zone does nothing"
        page.locator(".leaflet-overlay-pane path.zone-ze2020").first.dispatch_event("mouseover")
        assert "Zones d'emploi 2020" in page.inner_text(".leaflet-tooltip")
        page.keyboard.press("Escape")
        page.wait_for_selector(".leaflet-tooltip", state="detached")
        page.uncheck("[data-calque=ze2020]")
        assert page.locator(".leaflet-overlay-pane path.zone-ze2020").count() == 0
        assert seen.errors == []


def test_leaflet_speaks_french(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/carte")
        assert page.get_attribute(".leaflet-control-zoom-in", "title") == "Agrandir la carte"
        assert page.get_attribute(".leaflet-control-zoom-out", "aria-label") == "Réduire la carte"


@pytest.mark.parametrize("width", WIDTHS)
def test_standalone_file_opens_alone(tiny_snapshot, tmp_path, browser, axe_source, width):
    path = tmp_path / "carte.html"
    path.write_text(render_standalone(tiny_snapshot), encoding="utf-8")
    with Visited(browser, width) as seen:
        page = seen.open(path.as_uri())
        map_ready(page)
        assert page.locator("#tableau-offres tr").count() == 7
        assert page.locator("#tableau-offres th").first.inner_text() == HOSTILE
        audit(seen, axe_source, path.as_uri())


@pytest.mark.real
@pytest.mark.parametrize(
    # Long tables are hardest on a phone; the tiny world is seen at every width.
    ("path", "width"),
    [("/", 390), *(("/carte", width) for width in WIDTHS), ("/sources", 390), ("/rejets", 390)],
)
def test_real_pages_are_clean_and_accessible(real_server, browser, axe_source, path, width):
    with Visited(browser, width) as seen:
        page = seen.open(real_server + path)
        if path == "/carte":
            map_ready(page)
        audit(seen, axe_source, real_server)


@pytest.mark.real
def test_groups_show_the_sum_of_offers(real_server, real_snapshot, browser):
    offres = apply_filters(
        real_snapshot.read("offres"), parse_filters({"domaine": "sante"}, real_snapshot)
    )
    with Visited(browser) as seen:
        page = seen.open(f"{real_server}/carte?domaine=sante")
        map_ready(page)
        labels = page.locator(".leaflet-marker-pane .pastille").evaluate_all(
            "all => all.map(one => one.getAttribute('aria-label'))"
        )
        shown = sum(
            int(re.sub(r"\D", "", re.search(r"([\d\s\u202f\u00a0]+) formation", label).group(1)))
            for label in labels
        )
        assert shown == int(offres.geometry.notna().sum())


@pytest.mark.real
def test_real_standalone_file_opens_alone(real_snapshot, tmp_path, browser):
    path = tmp_path / "carte.html"
    path.write_text(render_standalone(real_snapshot), encoding="utf-8")
    with Visited(browser) as seen:
        page = seen.open(path.as_uri())
        map_ready(page)
        for box in page.locator("[data-calque]").all():
            box.check()
        page.click("#tableau-suite")
        assert page.locator("#tableau-offres tr").count() == 100
        page.set_viewport_size({"width": 320, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        assert seen.errors == [] and seen.foreign(path.as_uri()) == []
