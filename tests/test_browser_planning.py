"""The pages of planning in a real Chromium: accessible in both themes, on a phone, driven by their
form.
"""

import pytest

from support.browsing import WIDTHS, Visited, audit, running
from support.world import make_tiny_frames, publish_world

pytestmark = pytest.mark.browser

SITES = "/ou-ouvrir?type_diplome=bts&seuil_km=12"
SCENARIO = "/et-si?type_diplome=bts&seuil_km=12&ouvre=commune:80002&ferme=lieu:50.05000,2.05000"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planification")
    publish_world(make_tiny_frames(), folder)
    with running(folder) as address:
        yield address


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_are_clean_accessible_and_asked_by_their_form(server, browser, axe_source, width):
    with Visited(browser, width) as seen:
        for path in (SITES, SCENARIO):
            seen.open(server + path)
            audit(seen, axe_source, server)
        if width < 1000:
            return
        seen.page.fill("#c-nom", "Un essai")
        seen.page.fill("#c-ouvre", "Cysoing")
        seen.page.click("form.filtres button[type=submit]")
        seen.page.wait_for_load_state()
        assert "ouvre=Cysoing" in seen.page.url
        assert seen.page.inner_text("h1") == "Un essai"
