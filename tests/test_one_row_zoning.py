"""Adding a zoning is adding a source and a row: every address answers for it as for another."""

import csv
import json
import re
import tomllib

import pytest

from geoapp.core.snapshot import open_snapshot
from support.one_row import AJOUT, MODELE, copy_with_row, crawl, recipe, run_in
from support.sources import BTS

GENRES = (
    "/carte?zone={type}:{code}",
    "/carte.html?zone={type}:{code}",
    "/donnees/points.json?zone={type}:{code}",
    "/donnees/couches/{type}.geojson",
    "/recherche?zone={type}:{code}",
    "/recherche?lieu={type}:{code}",
    "/recherche?lieu={mot} {nom}",
    "/recherche?lieu={sorte} {nom}",
    "/recherche/imprimer?lieu={type}:{code}",
    "/couverture?zonage={type}",
    "/couverture/export.csv?zonage={type}",
    "/couverture/contours/{type}.geojson",
    "/couverture/zones/{type}/{code}",
    "/couverture/evolution?zonage={type}",
    "/territoires?zonage={type}",
    "/territoires/{type}/{code}",
    "/territoires/{type}/{code}/fiche.html",
    "/territoires/{type}/{code}/offre.csv",
    "/figures/zones.svg?zonage={type}",
    "/figures/couverture.svg?zonage={type}",
    "/figures/offre.svg?emprise={type}:{code}",
    "/donnees/indicateurs/{type}.csv",
    "/ogc/collections/{type}/items",
    "/ogc/collections/couverture-{type}/items",
    "/donnees/indicateurs/{type}.geojson",
    "/api/v1/formations?lieu={type}:{code}",
    "/api/v1/formations.csv?lieu={type}:{code}",
    "/api/v1/couverture?zonage={type}",
    "/api/v1/places?q={mot} {nom}",
    "/api/v1/zones?type={type}",
)
"""Kinds of addresses of which a zoning was once forgotten by one or another."""

LISTES = (
    "/carte",
    "/couverture",
    "/territoires",
    "/donnees",
    "/donnees/datapackage.json",
    "/donnees/catalogue.jsonld",
    "/api/",
    "/api/v1/openapi.json",
    "/api/v1/zones",
)
"""Addresses that list the zonings."""

COMMUNES = "zonages/communes_zonages_hdf_cog2025.csv"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Return a copy of the tree with one more source and one more row."""
    return copy_with_row(tmp_path_factory.mktemp("copie"))


@pytest.fixture(scope="module")
def tiny(house, tmp_path_factory):
    """Return what every address of the copy answers over the tiny world."""
    return crawl(house, tmp_path_factory.mktemp("petit") / "donnees")


def pairs(tiny) -> dict[str, tuple[dict, dict]]:
    """Return the answers for the zoning of the product and for the added one, by template."""
    answers = tiny["adresses"].items()
    return {nom: (one[MODELE], one[AJOUT]) for nom, one in answers if AJOUT in one}


def test_the_recipe_is_one_source_and_one_row():
    source, row = recipe()
    assert [one["type_zone"] for one in tomllib.loads(source)["source"]] == [AJOUT]
    assert row.count("Zonage(") == 1 and AJOUT in row


def test_every_part_of_an_address_is_known(tiny):
    """A new kind of address is asked by itself; one with a new variable part is told here."""
    assert tiny["parties"] == [], "tell support.one_row what these parts may be"


def test_every_address_that_answers_for_a_zoning_answers_for_the_added_one(tiny):
    found = pairs(tiny)
    assert set(GENRES) <= set(found)
    wrong = {
        nom: (added["status"], added["texte"])
        for nom, (modele, added) in found.items()
        if (added["status"], added["type"]) != (modele["status"], modele["type"])
    }
    assert not wrong


def test_it_says_of_the_added_zoning_what_it_says_of_the_other(tiny):
    """The zones are the same: once the words of one are those of the other, so are the texts."""
    modele, ajout = (tiny["zones"][nom] for nom in (MODELE, AJOUT))
    changes = {ajout[nom]: modele[nom] for nom in ("type", "titre", "singulier", "sorte")}
    changes |= {f"{one['mot']} {one['nom']}": one["nom"] for one in (modele, ajout)}
    changes |= {ajout["sorte"].split(" ", 1)[1]: modele["sorte"].split(" ", 1)[1]}
    changes |= {f"zonage={MODELE}": ""}
    different = [
        nom
        for nom, (first, added) in pairs(tiny).items()
        if said(first["texte"], changes) != said(added["texte"], changes)
    ]
    assert not different


def said(texte: str | None, changes: dict[str, str]) -> str:
    """Return a text in small letters, some words changed into others, in order."""
    # The code that a page gives to copy is escaped twice.
    plain = (texte or "").replace("&amp;#39;", "&#39;").replace("&#39;", "'").replace("’", "'")
    plain = plain.casefold()
    plain = re.sub(r'"timestamp":"[^"]*"', "", plain)
    for old, new in changes.items():
        plain = re.sub(rf"(?<!\w){re.escape(old.casefold())}", new.casefold(), plain)
    return plain


def test_what_lists_the_zonings_lists_the_added_one(tiny):
    plain = {nom: one[""]["nomme"] for nom, one in tiny["adresses"].items() if "" in one}
    lists = {nom for nom, named in plain.items() if {MODELE, "epci", "ze2010"} <= set(named)}
    assert set(LISTES) <= lists
    assert [nom for nom in sorted(lists) if AJOUT not in plain[nom]] == []


def test_the_help_names_it(house):
    assert AJOUT in run_in(house, "-m", "geoapp", "gaps", "--help")


@pytest.mark.real
def test_a_real_zoning_is_one_row(house, mirror, tmp_path):
    """Bassins de vie of INSEE, read in a file that the mirror already has; of the other files, the
    BTS are enough.
    """
    small = tmp_path / "miroir"
    for path in (mirror / COMMUNES, mirror / BTS):
        link = small / path.relative_to(mirror)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    run_in(house, "-m", "geoapp", "build", "--mirror", str(small), GEOAPP_DATA=str(tmp_path))
    answers = {
        nom: one[AJOUT] for nom, one in crawl(house, tmp_path, list(GENRES))["adresses"].items()
    }
    assert {nom: one["status"] for nom, one in answers.items() if one["status"] != 200} == {}
    assert "bassin de vie de Lens" in answers["/territoires/{type}/{code}"]["texte"]
    assert "dans le bassin de vie de Lens" in answers["/recherche?lieu={mot} {nom}"]["texte"]
    with (mirror / COMMUNES).open(encoding="utf-8-sig") as stream:
        known = {row["BV2022"]: row["LIB_BV2022"] for row in csv.DictReader(stream)}
    zones = open_snapshot(tmp_path).read("zones")
    mine = zones[zones["type_zone"].eq(AJOUT)].set_index("code_zone")
    assert mine["nom"].to_dict() == known and mine.geometry.notna().all()
    outlines = json.loads(answers["/donnees/couches/{type}.geojson"]["texte"])["features"]
    assert {one["properties"]["code"] for one in outlines} == set(known)
