"""The pages of quality in a real Chromium: accessible, nothing overflows, the keyboard is
enough.
"""

import pytest

from geoapp.sources.cache import etat_path
from support.browsing import WIDTHS, Visited, audit, running
from support.world import make_tiny_frames, publish_world, with_quality

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def quality_server(tmp_path_factory):
    """Return the address of the tiny world, with its quality and a snapshot before it."""
    folder = tmp_path_factory.mktemp("qualite")
    publish_world(with_quality(make_tiny_frames()), folder, "2025-01-02T03:04:05Z")
    publish_world(with_quality(make_tiny_frames()), folder)
    record = etat_path("tiny", folder)
    record.parent.mkdir(parents=True)
    record.write_text(
        '{"echec": "offre.csv : le producteur a répondu 500.", "echec_le": "2026-01-03T00:00:00Z"}',
        encoding="utf-8",
    )
    with running(folder) as address:
        yield address


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "path",
    ["/qualite", "/sources", "/qualite/source/tiny", "/qualite/organisme/tiny:o1?critere=position"],
)
def test_pages_of_quality_are_clean_and_accessible(
    quality_server, browser, axe_source, path, width
):
    with Visited(browser, width) as seen:
        page = seen.open(quality_server + path)
        assert "En panne\u202f: Petite offre (depuis le 03/01/2026" in page.inner_text(
            "aside.bandeau >> nth=-1"
        )
        audit(seen, axe_source, quality_server)


def test_the_table_sorts_and_a_body_opens_by_keyboard(quality_server, browser):
    with Visited(browser) as seen:
        page = seen.open(quality_server + "/qualite")
        page.locator("#tableau th a", has_text="Score").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**tri=score**")
        assert page.locator("#tableau th[aria-sort=ascending]").inner_text().startswith("Score")
        page.fill("#q", "lycee")
        page.keyboard.press("Enter")
        page.wait_for_url("**q=lycee**")
        page.locator("#tableau tbody th a").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".grand")
        assert "sur 100" in page.inner_text(".grand") and "inchangé" in page.inner_text(
            ".note-globale"
        )


@pytest.mark.real
def test_the_real_page_fits_a_phone(real_server, browser, axe_source):
    with Visited(browser, 390) as seen:
        for path in ("/qualite", "/qualite/source/rco-2020-11?critere=position"):
            seen.open(real_server + path)
            audit(seen, axe_source, real_server)
