"""Zones that cross the border of the region: coloured inside only, the rest drawn apart and said by
the legends.
"""

import html
import json

import pytest
from shapely.geometry import shape

from geoapp.coverage.answer import answer
from geoapp.coverage.border import ABSENTE, crossing_zones, split_at_region
from geoapp.coverage.model import Question
from geoapp.coverage.world import open_world
from geoapp.outputs.coverage import file_of
from geoapp.outputs.maps.layers import list_layers, outline_geojson
from geoapp.web import create_app
from support.browsing import WIDTHS, Visited, drawn, running, themes_of, violations_by_theme
from support.words import flat
from support.world import make_tiny_frames, publish_world


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """Return the tiny world in which Beauval (80002), a commune of the zone 3201, is outside the
    region.
    """
    frames = make_tiny_frames()
    beyond = frames["communes"]["code_commune"].eq("80002")
    frames["communes"].loc[beyond, "est_region"] = False
    frames["couches"] = frames["couches"][
        ~(frames["couches"]["type_zone"].eq("commune") & frames["couches"]["code_zone"].eq("80002"))
    ]
    return publish_world(frames, tmp_path_factory.mktemp("dehors"))


@pytest.fixture(scope="module")
def client(snapshot):
    return create_app(snapshot.path.parents[1]).test_client()


def test_a_crossing_zone_is_parted_at_the_border_and_loses_nothing(snapshot):
    assert (
        crossing_zones(snapshot, "ze2020") == ["3201"]
        and crossing_zones(snapshot, "qpv2024") == []
        and crossing_zones(snapshot, "commune") == []
    )
    couches = snapshot.read("couches")
    whole = couches[couches["type_zone"].eq("ze2020")].set_index("code_zone").geometry
    inside, outside = split_at_region(snapshot, "ze2020")
    assert inside.index.tolist() == ["0054", "3201"] and outside.index.tolist() == ["3201"]
    assert inside["3201"].bounds == (2.0, 50.0, 2.2, 50.2) and outside["3201"].bounds == (
        2.2,
        50.0,
        2.4,
        50.2,
    )
    assert inside["0054"].equals(whole["0054"]) and inside["3201"].union(outside["3201"]).equals(
        whole["3201"]
    )


def test_a_zoning_inside_the_region_is_left_as_it_is(tiny_snapshot):
    for type_zone in ("ze2020", "epci", "commune", "qpv2024", "lune"):
        inside, outside = split_at_region(tiny_snapshot, type_zone)
        couches = tiny_snapshot.read("couches")
        assert len(inside) == couches["type_zone"].eq(type_zone).sum() and not len(outside)
    assert "dehors" not in outline_geojson(tiny_snapshot, "ze2020") and all(
        ABSENTE not in calque.note for calque in list_layers(tiny_snapshot)
    )


def test_the_map_of_coverage_colours_the_part_inside_only(client):
    features = client.get("/couverture/contours/ze2020.geojson").get_json()["features"]
    told = {
        (f["properties"]["code"], f["properties"].get("dehors", False)): shape(f["geometry"]).bounds
        for f in features
    }
    assert told == {
        ("0054", False): (2.4, 50.0, 2.6, 50.2),
        ("3201", False): (2.0, 50.0, 2.2, 50.2),
        ("3201", True): (2.2, 50.0, 2.4, 50.2),
    }
    legend = html.unescape(flat(client.get("/couverture").text))
    assert (
        "choro-dehors" in legend
        and f"<span>{ABSENTE}</span>" in legend
        and "1 zone en partie" in legend
    )
    assert "choro-dehors" not in client.get("/couverture?zonage=commune").text


def test_the_files_of_a_coverage_are_cut_as_their_figures_are(snapshot, tiny_snapshot):
    for one, bounds, told in (
        (snapshot, (2.0, 50.0, 2.2, 50.2), True),
        (tiny_snapshot, (2.0, 50.0, 2.4, 50.2), False),
    ):
        monde = open_world(one)
        fichier = file_of(monde, answer(monde, Question()))
        assert fichier.table.set_index("code_zone").geometry["3201"].bounds == bounds
        assert (
            any("Contour coupé" in texte and "3201" in texte for _, texte in fichier.notice) is told
        )


def test_the_map_of_the_offer_draws_it_apart_and_its_legend_says_so(client, snapshot):
    features = json.loads(outline_geojson(snapshot, "ze2020"))["features"]
    apart = [f["properties"] for f in features if f["properties"].get("forme") == "dehors"]
    assert (
        apart == [{"code": "3201", "nom": f"Amiville ({ABSENTE})", "forme": "dehors"}]
        and len(features) == 3
    )
    assert f"pointillé\u202f: {ABSENTE}" in html.unescape(client.get("/carte").text)


def test_a_world_inside_its_region_has_no_such_line(tiny_snapshot):
    client = create_app(tiny_snapshot.path.parents[1]).test_client()
    assert (
        "choro-dehors" not in client.get("/couverture").text
        and ABSENTE not in client.get("/carte").text
    )


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_the_part_outside_is_drawn_told_and_no_stop_of_the_keyboard(
    snapshot, browser, axe_source, width
):
    with running(snapshot.path.parents[1]) as address, Visited(browser, width) as seen:
        page = seen.open(f"{address}/couverture")
        drawn(page)
        beyond = page.locator(".carte path.choro-dehors")
        assert (
            beyond.count() == 1
            and beyond.get_attribute("tabindex") is None
            and page.locator(".carte path.choro[tabindex]").count() == 2
        )
        assert page.locator(".carte").get_attribute("data-nb-zones") == "2"
        beyond.dispatch_event("mouseover")
        page.wait_for_selector(f"text=Amiville : {ABSENTE}")
        assert violations_by_theme(page, axe_source, themes_of(page)) == {} and seen.errors == []
        page = seen.open(f"{address}/carte")
        page.check("input[data-calque=ze2020]")
        page.wait_for_selector(".carte path.zone-dehors", state="attached")
        assert (
            violations_by_theme(page, axe_source, themes_of(page)) == {}
            and page.evaluate("document.documentElement.scrollWidth") <= width
            and seen.errors == []
        )


@pytest.mark.real
def test_real_zones_that_cross(real_snapshot):
    assert (
        crossing_zones(real_snapshot, "ze2020") == ["0054", "0058"]
        and len(crossing_zones(real_snapshot, "epci")) == 2
    )
    couches = real_snapshot.read("couches")
    whole = couches[couches["type_zone"].eq("ze2020")].set_index("code_zone").geometry
    inside, outside = split_at_region(real_snapshot, "ze2020")
    for code in outside.index:
        assert (
            inside[code].area + outside[code].area == pytest.approx(whole[code].area, rel=1e-6)
            and outside[code].area > 0.1 * whole[code].area
        )
