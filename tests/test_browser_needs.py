"""The need against the offer in a real Chromium: accessible in both themes and on a phone."""

import pytest

from support.browsing import WIDTHS, Visited, audit, running
from support.needs import make_needs_world
from support.world import publish_world

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("besoins")
    publish_world(make_needs_world(), folder)
    with running(folder) as address:
        yield address


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_are_clean_and_accessible(server, browser, axe_source, width):
    with Visited(browser, width) as seen:
        for path in (
            "/besoins",
            "/besoins?famille=S1X40",
            "/qui-se-forme?lieu=Cysoing&seuil_min=60",
            "/essentiel?territoire=bassin2024:B2",
        ):
            seen.open(server + path)
            audit(seen, axe_source, server)
