"""The coverage in a real Chromium: accessible, without third party, and a planner's walk on the
real offer.
"""

import csv
import io
import itertools
import json
import re
from pathlib import Path

import pytest

from support.browsing import WIDTHS, Visited, audit, drawn, follow, running, violations
from support.world import make_tiny_frames, publish_world

pytestmark = pytest.mark.browser

CSS = (Path(__file__).resolve().parents[1] / "static/css/coverage.css").read_text(encoding="utf-8")

DALTONISMES = {
    "aucun": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopie": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopie": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopie": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""Simulation of colour-vision deficiencies in linear RGB (Machado, Oliveira and Fernandes 2009,
severity 1).
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("couverture")
    publish_world(make_tiny_frames(), folder, "2025-01-02T03:04:05Z")
    publish_world(make_tiny_frames(), folder)
    with running(folder) as address:
        yield address


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "path, has_map",
    [
        ("/couverture?seuil_km=5", True),
        ("/couverture/zones/ze2020/3201?domaine=sante", True),
        ("/couverture/publics", False),
        ("/couverture/evolution", False),
    ],
)
def test_pages_are_clean_and_accessible(server, browser, axe_source, path, has_map, width):
    with Visited(browser, width) as seen:
        page = seen.open(server + path)
        if has_map:
            drawn(page)
        audit(seen, axe_source, server)


def test_zones_are_read_and_opened_by_keyboard(server, browser):
    with Visited(browser) as seen:
        page = seen.open(
            f"{server}/couverture?zonage=departement&mesure=population_non_couverte&seuil_km=5"
        )
        drawn(page)
        path = page.locator('path.choro[aria-label^="Somme"]')
        assert re.search(r"Habitants non couverts : [\d\u202f]+$", path.get_attribute("aria-label"))
        path.focus()
        tooltip = page.locator(".leaflet-tooltip")
        assert "Somme" in tooltip.inner_text()
        assert page.locator("path.cerne-focus").count() == 2, "one light line, one dark, above all"
        page.keyboard.press("Escape")
        tooltip.wait_for(state="detached")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(
            "Somme"
        )
        path.hover()
        tooltip.hover()
        page.wait_for_timeout(400)
        assert "Somme" in tooltip.inner_text(), "the pointer may go over it"
        path.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/couverture/zones/departement/80**")
        assert page.inner_text("h1") == "Somme"
        assert "seuil_km=5" in page.url, "the question is kept"
        assert seen.errors == []


def test_zones_out_of_view_are_no_stop_of_the_keyboard(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/couverture?zonage=departement")
        drawn(page)
        stops = page.locator("path.choro[tabindex='0']")
        assert stops.count() == 2
        page.locator(".carte").focus()
        # The map goes no further than its frame: seen from near, a zone beside is out of view.
        for _ in range(3):
            page.keyboard.press("+")
            page.wait_for_timeout(400)
        page.wait_for_function(
            "() => document.querySelectorAll('path.choro[tabindex=\"0\"]').length === 1",
            timeout=5_000,
        )


def test_hatches_can_be_hidden_and_the_unit_chosen(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/couverture?domaine=batiment")
        drawn(page)
        assert page.locator(".leaflet-blanches-pane path.blanche").count() > 0
        page.uncheck("#montrer-blanches")
        assert page.locator(".leaflet-blanches-pane path.blanche").count() == 0
        page.fill("#seuil", "12")
        page.select_option("#unite", "seuil_min")
        follow(page, "form button[type=submit]")
        assert "seuil_min=12" in page.url and "seuil_km" not in page.url
        assert "12\u202fminutes" in page.inner_text("h1")
        assert seen.errors == []


def test_a_way_of_travelling_brings_a_threshold_that_it_knows(server, browser):
    with Visited(browser) as seen:
        page = seen.open(f"{server}/couverture/publics")
        page.select_option("#c-mode", "pied")
        assert (page.input_value("#seuil"), page.input_value("#unite")) == ("30", "seuil_min")
        page.fill("#seuil", "12")
        page.select_option("#c-mode", "velo")
        assert page.input_value("#seuil") == "12", "a threshold that is known stays"
        follow(page, "form button[type=submit]")
        assert "seuil_min=12" in page.url and "mode=velo" in page.url
        assert "12\u202fminutes à vélo" in page.inner_text(".chapeau").replace("\u00a0", " ")
        assert seen.errors == []


def test_everything_is_there_without_javascript(server, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/couverture?zonage=commune")
    follow(page, "#tableau thead a >> text=Habitants >> nth=0")
    assert page.locator("#tableau tbody tr").count() == 3
    assert page.locator("th[aria-sort=descending]").count() == 1
    context.close()


def _shades(block: str) -> dict[str, tuple[float, float, float]]:
    """Return the colours of the classes in one theme, in linear RGB."""
    found = re.findall(r"--choro-(\d|inconnu): #([0-9a-f]{6})", block)
    return {
        name: tuple(_linear(int(code[i : i + 2], 16) / 255) for i in (0, 2, 4))
        for name, code in found
    }


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _luminance(colour, matrix) -> float:
    seen = [max(0.0, sum(m * c for m, c in zip(row, colour, strict=True))) for row in matrix]
    return 0.2126 * seen[0] + 0.7152 * seen[1] + 0.0722 * seen[2]


@pytest.mark.parametrize("daltonisme", DALTONISMES)
@pytest.mark.parametrize("theme", [0, 1])
def test_classes_are_told_apart_by_lightness_alone(theme, daltonisme):
    """Each class is at least a third lighter or darker than the next one, in every common colour
    vision.
    """
    shades = _shades(CSS.split("prefers-color-scheme")[theme])
    light = [_luminance(shades[str(rank)], DALTONISMES[daltonisme]) for rank in range(5)]
    for one, other in itertools.pairwise(light if theme == 0 else light[::-1]):
        assert (one + 0.05) / (other + 0.05) > 1.33


@pytest.mark.real
def test_a_planner_finds_shares_and_takes_away_the_worst_zone(
    real_server, browser, axe_source, tmp_path
):
    with Visited(browser) as seen:
        page = seen.open(f"{real_server}/couverture")
        drawn(page)
        assert violations(page, axe_source) == []
        page.select_option("select[name=domaine]", "batiment")
        page.check("input[name=niveau][value='4']")
        follow(page, "form button[type=submit]")
        drawn(page)
        assert page.locator("#tableau tbody tr").count() == 24
        follow(page, "#tableau thead a >> text=Habitants non couverts")
        assert (
            page.locator("th[aria-sort=descending]")
            .inner_text()
            .startswith("Habitants non couverts")
        )
        shared = page.url
        api = json.loads(
            page.request.get(f"{real_server}/api/v1/couverture?domaine=batiment&niveau=4").text()
        )
        worst = max(
            api["zones"], key=lambda zone: (zone["population_non_couverte"], zone["code_zone"])
        )
        first = page.locator("#tableau tbody tr").first
        assert first.locator("th").inner_text() == worst["nom"]
        assert re.sub(r"\D", "", first.locator("td").nth(1).inner_text()) == str(
            round(worst["population_non_couverte"])
        )
        with page.expect_download() as download:
            page.click("text=CSV pour tableur")
        download.value.save_as(tmp_path / "c.csv")
        rows = list(
            csv.DictReader(
                io.StringIO((tmp_path / "c.csv").read_text(encoding="utf-8-sig")), delimiter=";"
            )
        )[:24]
        assert {row["Code"]: int(row["Habitants non couverts"]) for row in rows} == {
            z["code_zone"]: round(z["population_non_couverte"]) for z in api["zones"]
        }
        follow(page, "#tableau tbody tr a >> nth=0")
        drawn(page)
        assert page.inner_text("h1") == worst["nom"] and page.locator(".presque li").count() > 0
        assert violations(page, axe_source) == []
        page.goto(shared)
        drawn(page)
        assert page.locator("#tableau tbody th").first.inner_text() == worst["nom"]
        assert seen.errors == [] and seen.foreign(real_server) == []
