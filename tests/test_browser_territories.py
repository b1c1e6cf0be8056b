"""The territories in a real Chromium: accessible in both themes and on a phone, nothing foreign,
compared by keyboard.
"""

import pytest

from support.browsing import WIDTHS, Visited, audit, drawn, running, violations
from support.world import departement_world, publish_world

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("territoires")
    publish_world(departement_world(), folder)
    with running(folder) as address:
        yield address


@pytest.mark.parametrize(
    "path, has_map, width",
    [
        # Two zones side by side are the same page with more in it: the others are seen on a phone.
        *(("/territoires/ze2020/3201?avec=ze2020:0054&seuil_km=5", True, one) for one in WIDTHS),
        *(("/territoires?zonage=epci", False, one) for one in WIDTHS),
        ("/territoires/qpv2024/QN08001A", False, 390),
        ("/territoires/departement/59", True, 390),
        ("/recherche?lieu=Cysoing", False, 390),
    ],
)
def test_pages_are_clean_and_accessible(server, browser, axe_source, path, has_map, width):
    with Visited(browser, width) as seen:
        page = seen.open(server + path)
        if has_map:
            drawn(page)
        audit(seen, axe_source, server)


def test_a_zone_is_found_then_compared(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/territoires")
        page.fill("#q", "ami")
        page.press("#q", "Enter")
        page.click("main table a >> text=Amiville >> nth=0")
        page.wait_for_url("**/territoires/ze2020/3201")
        page.select_option("#avec", "ze2020:0054")
        page.click("form button[type=submit] >> text=Afficher")
        page.wait_for_url("**avec=ze2020*")
        assert "Est - Frontière" in page.inner_text(".comparaison")
        assert "Est - Frontière" in page.inner_text(".t-couverture thead")
        assert seen.errors == []


def test_the_html_sheet_opens_alone_and_is_accessible(server, browser, axe_source, tmp_path):
    with Visited(browser, 390) as seen:
        seen.page.goto(f"{server}/territoires/ze2020/3201")
        with seen.page.expect_download() as download:
            seen.page.click("text=Fiche en HTML")
        path = tmp_path / "fiche.html"
        download.value.save_as(path)
        seen.requests.clear()
        page = seen.open(path.as_uri())
        assert violations(page, axe_source) == []
        assert seen.foreign("file:") == [], "the file calls nothing"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
