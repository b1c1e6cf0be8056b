"""The page « Données » in a real Chromium: accessible, no wider than the screen, and a file that
arrives.
"""

import openpyxl
import pytest

from support.browsing import WIDTHS, Seen, audit, running
from support.world import make_tiny_frames, publish_world

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("donnees")
    publish_world(make_tiny_frames(), folder)
    with running(folder) as address:
        yield address


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_clean_and_accessible(server, browser, axe_source, width):
    with Seen(browser, width) as seen:
        seen.open(server + "/donnees?seuil_km=5&domaine=sante")
        audit(seen, axe_source, server)


def test_a_file_is_taken_by_keyboard(server, browser, tmp_path):
    with Seen(browser) as seen:
        page = seen.open(server + "/donnees")
        link = page.get_by_role("link", name="XLSX : Offre de formation", exact=True)
        link.focus()
        with page.expect_download() as waited:
            page.keyboard.press("Enter")
        waited.value.save_as(tmp_path / "o.xlsx")
        assert waited.value.suggested_filename == "offres.xlsx"
        assert openpyxl.load_workbook(tmp_path / "o.xlsx")["Données"].max_row == 8
