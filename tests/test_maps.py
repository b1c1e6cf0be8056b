"""Maps: words, compact data, outlines, Folium parts, the self-contained file."""

import json
import re

import geopandas as gpd
import pytest
import shapely

from geoapp.core.french import (
    THIN,
    count,
    describe_doubt,
    format_date,
    format_number,
    format_period,
)
from geoapp.offer.filters import Filtres, parse_filters
from geoapp.outputs.figures.offer import group_places
from geoapp.outputs.html import escape_json
from geoapp.outputs.maps.folium_map import build_map, render_page_parts
from geoapp.outputs.maps.layers import (
    borders,
    layer_css,
    list_layers,
    outline_geojson,
    show_chosen,
)
from geoapp.outputs.maps.places import pack_offers
from geoapp.outputs.maps.standalone import render_standalone
from geoapp.outputs.maps.texts import summarise, title_of
from geoapp.reference.zonings import ZONAGES
from support.words import plain
from support.world import FORMULA, HOSTILE, SQUARES, publish_world

# ---- Words ----


def test_numbers_and_plurals():
    assert format_number(4219) == f"4{THIN}219"
    assert [count(n, "lieu", "lieux") for n in (0, 1, 2)] == ["0 lieu", "1 lieu", "2 lieux"]


def test_dates_of_every_precision():
    assert [format_date(d) for d in ("2026", "2026-09", "2026-09-01", "2026-12-31")] == [
        "2026",
        "septembre 2026",
        "1er septembre 2026",
        "31 décembre 2026",
    ]
    assert format_period("2026-09", None) == "à partir de septembre 2026"
    assert format_period(None, None) == ""
    assert format_period("2026", "2026") == "2026"


def test_a_doubt_says_its_distance():
    assert describe_doubt(True, 3200.0).endswith(
        "le point reçu est à 3,2\u202fkm de la commune déclarée."
    )
    assert describe_doubt(False, 3200.0) == ""


def test_title_and_summary(tiny_snapshot):
    offres = tiny_snapshot.read("offres")
    assert (
        title_of(tiny_snapshot, offres, Filtres())
        == "7 formations connues dans les Hauts-de-France"
    )
    filtres = parse_filters({"niveau": "5"}, tiny_snapshot)
    assert (
        title_of(tiny_snapshot, offres.head(1), filtres)
        == "1 formation connue dans les Hauts-de-France : niveau 5"
    )
    resume = summarise(offres)
    assert (
        resume.nb_placees,
        resume.nb_non_placees,
        resume.nb_lieux,
        resume.nb_mairie,
        resume.nb_douteuses,
    ) == (6, 1, 3, 2, 1)
    assert resume.nb_placees + resume.nb_non_placees == resume.nb_offres == 7
    assert "1 formation n'a pas pu être placée" in " ".join(resume.phrases)
    assert "Aucune formation de nos sources ne répond" in summarise(offres.head(0)).phrases[0]


def test_what_is_wholly_remote_is_told_apart_and_not_drawn(tiny_snapshot):
    """A map counts what the coverage counts: a training reached from everywhere is nowhere."""
    offres = tiny_snapshot.read("offres")
    remote = offres.assign(modalite=["a_distance", *offres["modalite"].iloc[1:]])
    resume, packed = summarise(remote), pack_offers(tiny_snapshot, remote)
    assert (resume.nb_placees, resume.nb_non_placees, resume.nb_a_distance) == (5, 1, 1)
    assert "1 formation entièrement à distance, accessible partout" in plain(
        " ".join(resume.phrases)
    )
    assert packed["nb_placees"] == 5 and packed["nb_offres"] == 7
    assert int(group_places(remote, set())["nb"].sum()) == 5


# ---- Compact data ----


def test_packed_offers_golden(tiny_snapshot):
    packed = pack_offers(tiny_snapshot, tiny_snapshot.read("offres"))
    textes = packed["textes"]
    points = [(lat, lon, textes[nom], nb) for lat, lon, nom, nb in packed["points"]]
    assert points == [
        (50.05, 2.05, "Amiville", 3),
        (50.1, 2.3, "Beauval", 1),
        (50.1, 2.5, "Cysoing", 2),
    ]
    titles = [textes[offre[0]] for offre in packed["offres"]]
    assert titles == [
        HOSTILE,
        FORMULA,
        "BTS Soins",
        "CAP Cuisine",
        "BTS Soins",
        "CAP Fictif",
        "Bac pro Bois",
    ]
    assert (packed["nb_offres"], packed["nb_placees"]) == (7, 6)
    doubt = packed["infos"][packed["offres"][3][7]]
    assert "3,2\u202fkm" in textes[doubt[3]]
    unknown_level = packed["offres"][1]
    assert unknown_level[2] == -1, "an unknown level stays unknown"


def test_json_in_a_page_cannot_close_its_script():
    texte = escape_json(json.dumps({"t": "</script><!-- & -->"}))
    assert not set("<>&") & set(texte)
    assert json.loads(texte) == {"t": "</script><!-- & -->"}


# ---- Outlines ----


def test_a_shared_border_is_drawn_once():
    lines = borders(gpd.GeoSeries(list(SQUARES.values())))
    assert lines.length == pytest.approx(2 * 0.6 + 4 * 0.2)


def test_outlines_carry_names_and_forms(tiny_snapshot):
    features = json.loads(outline_geojson(tiny_snapshot, "frr"))["features"]
    assert [f["properties"] for f in features] == [{"code": "FRR+", "nom": "FRR+", "forme": "fort"}]
    shape = shapely.from_geojson(json.dumps(features[0]["geometry"]))
    assert shape.equals(SQUARES["80002"])
    base = json.loads(outline_geojson(tiny_snapshot, "fond"))["features"]
    assert [f["properties"]["forme"] for f in base][:2] == ["terre", "communes"]
    assert {f["properties"]["nom"] for f in base[2:]} == {"Amiville", "Beauval", "Cysoing"}


def test_legend_says_what_is_not_drawn(tiny_snapshot):
    layers = {c.type_zone: c for c in list_layers(tiny_snapshot)}
    assert not layers["qpv2024"].est_dessine
    assert "liste sans contour : 1 zone, non dessinée" in layers["qpv2024"].note
    assert layers["departement"].est_visible and not layers["ze2020"].est_visible
    traits = [zonage.trait for zonage in ZONAGES.values()]
    assert len(set(traits)) == len(traits), "every zoning has its drawing"
    assert ".zone-frr{" in layer_css(list_layers(tiny_snapshot))


# ---- Folium ----


def _parts(snapshot):
    carte = build_map(
        snapshot,
        snapshot.read("offres"),
        donnees=lambda nom: f"/d/{nom}",
        adresse=lambda path: f"/static/{path}",
    )
    return render_page_parts(carte, "NONCE")


def test_folium_parts_are_stable_and_ours(tiny_snapshot):
    parts = _parts(tiny_snapshot)
    assert parts == _parts(tiny_snapshot)
    everything = parts.entete + parts.html + parts.script
    assert "//" not in everything.replace("</", ""), "no third-party address"
    assert "viewport" not in everything and not re.search(r"[0-9a-f]{32}", everything)
    tags = re.findall(r"<(?:script|style|link)\b[^>]*>", parts.entete)
    assert tags and all('nonce="NONCE"' in tag for tag in tags)
    assert parts.script.count("geoforma.zones(") == 6


def test_the_frame_is_the_zone_chosen_else_its_offers(tiny_snapshot):
    offres = tiny_snapshot.read("offres")

    def bounds(cadre):
        carte = build_map(tiny_snapshot, offres, donnees=str, cadre=cadre)
        return json.loads(
            re.search(r'"limites": (\[\[.*?\]\])', render_page_parts(carte).script).group(1)
        )

    assert bounds(()) == [[50.0, 2.0], [50.2, 2.6]]
    assert bounds(["ze2020:0054"]) == [[50.0, 2.4], [50.2, 2.6]]
    assert bounds(["zrr"]) == [[50.0, 2.0], [50.2, 2.2]]
    assert bounds(["qpv2024:QN08001A"]) == [[50.05, 2.05], [50.1, 2.5]]


def test_the_zoning_of_the_filter_is_shown(tiny_snapshot):
    filtres = parse_filters({"zone": ["zrr:ZRR", "qpv2024:QN08001A"]}, tiny_snapshot)
    shown = [c.type_zone for c in show_chosen(list_layers(tiny_snapshot), filtres) if c.est_visible]
    assert shown == ["departement", "zrr"]


# ---- The self-contained file ----


def assert_self_contained(html):
    """Nothing in the file is loaded from anywhere."""
    loaded = re.findall(
        r"""<(?:script|img|iframe|link|source)\b[^>]*\b(?:src|href)\s*=\s*["']?([^"'\s>]*)""", html
    )
    assert all(address.startswith("data:") for address in loaded), loaded
    for sheet in re.findall(r"<style>(.*?)</style>", html, re.S):
        assert not re.search(r"@import|url\((?!data:)", sheet)
    hosts = set(re.findall(r"https?://([^/\"'\s)<]+)", html))
    assert hosts <= {"www.w3.org", "leafletjs.com", "bugs.chromium.org", "bugzilla.mozilla.org"}, (
        hosts
    )


def test_standalone_is_self_contained_and_stable(tiny_frames, tmp_path):
    first = publish_world(tiny_frames, tmp_path / "a")
    second = publish_world(tiny_frames, tmp_path / "b")
    html = render_standalone(first)
    assert html == render_standalone(second), "same input, same bytes"
    assert_self_contained(html)
    assert html.startswith('<!DOCTYPE html>\n<html lang="fr">') and "<title>7 formations" in html
    assert HOSTILE not in html and "2 place </script>" not in html
    assert "Données fictives" in html


def test_standalone_holds_exactly_what_the_filters_show(tiny_snapshot):
    filtres = parse_filters({"voie": "apprentissage"}, tiny_snapshot)
    block = re.search(
        r'id="donnees-offres">(.*?)</script>', render_standalone(tiny_snapshot, filtres)
    ).group(1)
    assert json.loads(block) == pack_offers(
        tiny_snapshot, tiny_snapshot.read("offres").query("voie == 'apprentissage'")
    )


@pytest.mark.real
def test_real_standalone_is_under_3_mb(real_snapshot):
    html = render_standalone(real_snapshot)
    assert_self_contained(html)
    assert len(html.encode()) < 3_000_000


@pytest.mark.real
def test_real_offers_are_all_packed(real_snapshot):
    offres = real_snapshot.read("offres")
    packed = pack_offers(real_snapshot, offres)
    assert len(packed["offres"]) == packed["nb_offres"] == len(offres)
    assert (
        sum(point[3] for point in packed["points"])
        == packed["nb_placees"]
        == summarise(offres).nb_placees
    )
    assert len(packed["points"]) == summarise(offres).nb_lieux
