"""The page « Données » in a real Chromium: accessible, no wider than the screen, and a file that
arrives.
"""

import openpyxl
import pytest

from support.browsing import Seen, Visited, audit, running
from support.world import make_tiny_frames, publish_world

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("donnees")
    publish_world(make_tiny_frames(), folder)
    with running(folder) as address:
        yield address


def test_the_page_is_clean_and_accessible(server, browser, axe_source):
    # Its hundreds of links are audited once, where they are hardest to fit.
    with Visited(browser, 390) as seen:
        seen.open(server + "/donnees?seuil_km=5&domaine=sante")
        audit(seen, axe_source, server)


def test_the_pages_for_map_software_are_clean_and_accessible(server, browser, axe_source):
    one = "/ogc/collections/formations"
    with Visited(browser, 390) as seen:
        for path in ("/ogc/", one, f"{one}/items", f"{one}/items/tiny:a1@tiny:l1"):
            assert seen.page.goto(f"{server}{path}?f=html").ok, path
            audit(seen, axe_source, server)


def test_a_file_is_taken_by_keyboard(server, browser, tmp_path):
    with Visited(browser) as seen:
        page = seen.open(server + "/donnees")
        link = page.get_by_role("link", name="XLSX : Offre de formation", exact=True)
        link.focus()
        with page.expect_download() as waited:
            page.keyboard.press("Enter")
        waited.value.save_as(tmp_path / "o.xlsx")
        assert waited.value.suggested_filename == "offres.xlsx"
        assert openpyxl.load_workbook(tmp_path / "o.xlsx")["Données"].max_row == 8


def test_the_page_says_that_a_file_is_being_made_and_asks_again(server, browser):
    busy = {"status": 503, "headers": {"Retry-After": "1"}, "body": "occupé"}
    with Seen(browser) as seen:
        page = seen.open(server + "/donnees")
        page.route("**/geoforma.gpkg", lambda route: route.fulfill(**busy), times=1)
        said = page.get_by_role("status").filter(has_text="Le serveur prépare d’autres fichiers.")
        with page.expect_download() as waited:
            page.get_by_role("link", name="Tout dans un GeoPackage").click()
            said.wait_for()
        assert waited.value.suggested_filename == "geoforma.gpkg"
        page.get_by_text("Fichier prêt : geoforma.gpkg").wait_for()


def test_a_figure_asked_by_its_form_arrives_and_a_refusal_is_its_own_page(server, browser):
    with Seen(browser) as seen:
        page = seen.open(server + "/couverture")
        page.get_by_text("Exporter la carte pour un rapport").click()
        with page.expect_download() as waited:
            page.get_by_role("button", name="Exporter la carte").click()
        assert waited.value.suggested_filename == "couverture-region.png"
        page.route("**/figures**", lambda route: route.fulfill(status=500, body="refus"))
        page.get_by_role("button", name="Exporter la carte").click()
        page.get_by_text("refus", exact=True).wait_for()


def test_without_script_a_link_downloads(server, browser):
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(server + "/donnees")
        with page.expect_download() as waited:
            page.get_by_role("link", name="XLSX : Offre de formation", exact=True).click()
        assert waited.value.suggested_filename == "offres.xlsx"
    finally:
        context.close()
