"""A page of another site that shows our frames, in a real Chromium; the page that writes them."""

import html
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen

import pytest

from geoapp.core.snapshot import TUILES
from geoapp.ingest.step_tiles import tiles_file
from geoapp.offer.search.tiles import offer_tiles
from support.browsing import WIDTHS, Seen, Visited, audit, running, violations
from support.needs import make_needs_world
from support.world import publish_world

pytestmark = pytest.mark.browser

SHOWN = (
    "?contenu=recherche&lieu=amiville&rayon=30&titre=Formations",
    "?contenu=couverture&seuil_km=5&titre=Couverture",
    "?contenu=zone&territoire=ze2020:3201&titre=Chiffres",
)
"""What the other site shows, each twice: in a frame, by the component."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("integrer")
    frames = make_needs_world()
    tiles = tiles_file(offer_tiles(frames), frames["sources"])
    publish_world(frames, folder, also=lambda aside: (aside / TUILES).write_bytes(tiles))
    with running(folder) as address:
        yield address


@pytest.fixture(scope="module")
def site(server):
    """Serve a plain page of another site, that holds the codes as they are copied."""
    codes = []
    for asked in SHOWN:
        with urlopen(f"{server}/integrer{asked}") as page:
            found = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page.read().decode(), re.S)
        frame, element = map(html.unescape, found)
        codes += [frame, element.replace('titre="', 'titre="Composant : ')]
    body = (
        '<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Ailleurs</title></head>'
        f"<body><main><h1>Un autre site</h1>{''.join(codes)}</main></body></html>"
    ).encode()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            is_page = self.path == "/"
            self.send_response(200 if is_page else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body if is_page else b"")

        def log_message(self, *_):
            pass

    other = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{other.server_port}/"
    other.shutdown()
    other.server_close()


def test_another_site_shows_the_three_both_ways(server, site, browser, axe_source):
    with Visited(browser) as seen:
        page = seen.page
        page.goto(site)
        assert page.locator("geoforma-carte:defined").count() == 3
        for one in page.locator("iframe").all():
            one.scroll_into_view_if_needed()
        # Those of the component are in shadow trees, which the page does not count.
        for _ in range(300):
            loaded = [one for one in page.frames if "/integrer/" in one.url]
            if len(loaded) == 6:
                break
            page.wait_for_timeout(50)
        page.wait_for_load_state("networkidle")
        frames = [one for one in page.frames if "/integrer/" in one.url]
        kinds = [re.search(r"/integrer/(\w+)", frame.url)[1] for frame in frames]
        assert sorted(kinds) == sorted(2 * ["recherche", "couverture", "zone"])
        for kind, frame in zip(kinds, frames, strict=True):
            if kind == "recherche":
                frame.wait_for_selector(".carte[data-nb-visibles]:not([data-nb-visibles='0'])")
                assert frame.locator(".leaflet-marker-pane .pastille").count() > 0
                assert frame.locator("#reponse .offre").count() > 0, "a list beside the map"
            elif kind == "couverture":
                frame.wait_for_selector(".carte[data-pret=oui]")
                assert frame.locator("path.choro").count() > 0
            else:
                assert "Habitants" in frame.inner_text("dl")
            assert frame.evaluate("window.origin") == "null", "it reads nothing kept for our site"
        _follow_by_keyboard(seen, frames[kinds.index("zone")], server)
        _follow_by_keyboard(seen, frames[kinds.index("recherche")], server)
        away = [url for url in seen.requests if not url.startswith((server, site, "data:"))]
        assert away == [] and seen.errors == []
        # Last: without an origin of its own a frame refuses the style that axe itself adds.
        for kind, frame in zip(kinds, frames, strict=True):
            frame.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")
            assert violations(frame, axe_source) == [], kind
        assert violations(page, axe_source) == []


def test_a_map_of_many_places_reads_tiles_else_asks_for_the_view(
    server, browser, axe_source, monkeypatch
):
    monkeypatch.setattr("geoapp.offer.search.tiled.SEUIL_LIEUX", 1)
    asked = "domaine=sante&domaine=hotellerie"
    with urlopen(f"{server}/api/v1/points?{asked}&emprise=-5,41,10,55&zoom=5") as answer:
        placed = sum(point["nb"] for point in json.load(answer)["points"])
    for is_read in (True, False):
        with Seen(browser, 390) as seen:
            page = seen.page
            if not is_read:
                page.route(f"**/{TUILES}*", lambda route: route.fulfill(status=404))
            page.goto(f"{server}/integrer/recherche?{asked}")
            page.wait_for_selector(f".carte[data-nb-visibles='{placed}']")
            assert any("/api/v1/points" in url for url in seen.requests) != is_read
            ranges = [url for url in seen.requests if TUILES in url]
            assert ranges and "Une partie" not in page.inner_text("#hors-carte")
            place = page.locator(".leaflet-marker-pane .pastille").first
            told = place.get_attribute("aria-label")
            place.focus()
            page.keyboard.press("Enter")
            page.wait_for_selector(".fiche-offre a")
            assert str(page.locator(".fiche-offre").count()) in told, "what the mark counts"
            page.keyboard.press("Escape")
            if is_read:
                assert seen.errors == [] and seen.foreign(server) == []
                assert violations(page, axe_source) == []


def _follow_by_keyboard(seen, frame, server):
    """Reach the link of a frame by the keyboard alone: it opens the whole page in a tab."""
    seen.page.bring_to_front()
    frame.locator("#contenu").focus()
    reached = "document.activeElement.textContent.startsWith('Voir dans GéoForma')"
    for _ in range(80):
        seen.page.keyboard.press("Tab")
        if frame.evaluate(reached):
            break
    assert frame.evaluate(reached)
    with seen.context.expect_page() as opened:
        seen.page.keyboard.press("Enter")
    whole = opened.value
    whole.wait_for_load_state("load")
    assert whole.url.startswith(server) and "/integrer" not in whole.url
    assert whole.locator("nav[aria-label='Menu principal']").count() == 1
    assert whole.evaluate("window.origin") == server, "the tab is out of the sandbox"
    whole.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("asked", SHOWN)
def test_the_page_that_writes_the_code_is_accessible_and_copies_it(
    server, browser, axe_source, asked, width
):
    with Visited(browser, width) as seen:
        page = seen.open(f"{server}/integrer{asked}")
        seen.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.click("[data-copie=code-cadre]")
        status = page.locator("#code-cadre-etat")
        page.wait_for_function("document.getElementById('code-cadre-etat').textContent !== ''")
        assert status.get_attribute("role") == "status" and status.inner_text() == "Code copié."
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.input_value("#code-cadre") and copied.startswith("<iframe ")
        audit(seen, axe_source, server)
