"""Territories: what is said of a zone is what the API says, is complete, and says what is
missing.
"""

import csv
import io
import re

import pytest

from geoapp.core.config import Settings
from geoapp.core.errors import NotFoundError, ParameterError
from geoapp.coverage.model import parse_question
from geoapp.coverage.territories.content import build_content
from geoapp.coverage.territories.zone import choose_zones, find_zone, search_zones
from geoapp.coverage.world import open_world
from geoapp.web import create_app
from support.words import plain
from support.world import make_tiny_frames, publish_world

HOSTILE = "<script>alert(2)</script>"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """Return the tiny world, in which a zone bears a hostile name."""
    frames = make_tiny_frames()
    for nom in ("zones", "couches"):
        frames[nom].loc[frames[nom]["code_zone"].eq("240000002"), "nom"] = HOSTILE
    return publish_world(frames, tmp_path_factory.mktemp("territoires"))


@pytest.fixture(scope="module")
def monde(snapshot):
    return open_world(snapshot)


@pytest.fixture(scope="module")
def client(snapshot):
    return create_app(settings=Settings(data_dir=snapshot.path.parents[1])).test_client()


def content(monde, cle, **parametres):
    return build_content(monde, parse_question(parametres, monde), find_zone(monde, cle))


@pytest.mark.parametrize(
    "cle, found",
    [
        ("ze2020:3201", "ze2020:3201"),
        ("ze2020:amiville", "ze2020:3201"),
        ("ZE2020:0054".lower(), "ze2020:0054"),
        ("epci:cc des carres", "epci:240000001"),
        ("commune:Beauval", "commune:80002"),
        ("qpv2024:QN08001A", "qpv2024:QN08001A"),
        ("qpv2024:qn08001a", "qpv2024:QN08001A"),
    ],
)
def test_a_zone_is_found_by_its_code_or_its_name(monde, cle, found):
    assert find_zone(monde, cle).cle == found


@pytest.mark.parametrize(
    "cle, erreur, dit",
    [
        ("ze2020:Amivile", NotFoundError, "Vouliez-vous dire : Amiville (ze2020:3201)"),
        ("ze2020:32O1", NotFoundError, "Amiville (ze2020:3201)"),
        ("ze2021:3201", ParameterError, "Vouliez-vous dire « ze2020 »"),
        ("Lens", ParameterError, "type:code"),
        ("ze2020:", ParameterError, "type:code"),
    ],
)
def test_an_unknown_zone_is_refused_and_the_nearest_proposed(monde, cle, erreur, dit):
    with pytest.raises(erreur, match=re.escape(dit)):
        find_zone(monde, cle)


def test_every_zone_of_a_zoning_is_chosen_once(monde):
    zones = choose_zones(monde, ["ze2020:3201"], ["ze2020"])
    assert [zone.cle for zone in zones] == ["ze2020:3201", "ze2020:0054"]
    assert search_zones(monde, "ami") == [
        ("ze2020", "3201", "Amiville"),
        ("commune", "80001", "Amiville"),
    ]


def test_the_offer_is_counted_by_domain_level_and_voie(monde):
    cases = content(monde, "ze2020:3201").offre.cases.set_index(
        ["code_domaine", "niveau_sortie", "voie"]
    )
    assert cases.loc[
        ("sante", "4", "apprentissage"), ["nb_offres", "nb_places", "nb_sans_places"]
    ].tolist() == [1, 12, 0]
    assert (
        cases.loc[("autre", "inconnu", "apprentissage"), "nb_sans_places"] == 1
        and cases["nb_offres"].sum() == 4
    )
    assert cases["nb_places"].isna().loc[("hotellerie", "3", "inconnu")], (
        "places not known are not zero places"
    )


def test_a_zone_without_outline_has_an_unknown_offer_not_none(monde, client):
    found = content(monde, "qpv2024:QN08001A")
    assert (
        not found.offre.est_connue
        and found.couverture.ligne["nb_offres"] != found.couverture.ligne["nb_offres"]
    )
    assert "ne sait pas combien" in found.phrases[0] and any(
        "contour" in one for one in found.avertissements
    )
    assert (
        client.get("/api/v1/couverture?zonage=qpv2024").get_json()["zones"][0]["nb_offres"] is None
    )
    page = client.get("/territoires/qpv2024/QN08001A").text
    assert "Pas de carte" in page
    assert plain(page).count("communes portant un quartier") >= 2, "people of whole communes"
    assert "Habitants non couverts (communes entières)" in plain(page)
    assert "communes portant un quartier" not in client.get("/territoires/ze2020/3201").text


def test_the_five_sentences_hold_the_figures_of_the_api(monde, client):
    found = content(monde, "ze2020:3201", seuil_km="5")
    api = client.get("/api/v1/couverture?seuil_km=5").get_json()
    zone = next(one for one in api["zones"] if one["code_zone"] == "3201")
    assert len(found.phrases) == 5
    assert (
        f"{zone['nb_offres']:.0f} formations dans {zone['nb_lieux']:.0f} lieux" in found.phrases[0]
    )
    assert all(
        one.endswith(".") and "nan" not in one and "None" not in one for one in found.phrases
    )


@pytest.mark.parametrize(
    "path",
    [
        "/territoires",
        "/territoires?zonage=commune",
        "/territoires?q=ami",
        "/territoires?q=rien+du+tout",
        "/territoires/ze2020/3201",
        "/territoires/ze2020/0054?avec=ze2020:3201&seuil_km=5",
        "/territoires/epci/240000002",
        "/territoires/commune/80002?domaine=sante&avec=commune:Amiville",
        "/territoires/zrr/ZRR",
        "/territoires/qpv2024/QN08001A?niveau=5",
        "/territoires/ze2020/3201?domaine=sport",
    ],
)
def test_pages_answer_and_escape(client, path):
    answered = client.get(path)
    assert answered.status_code == 200, answered.text
    assert HOSTILE not in answered.text and "<b>Test</b>" not in answered.text
    assert not re.search(r">\s*(nan|None|<NA>|NaN)\s*<", answered.text)
    assert "style=" not in re.sub(r"<svg.*?</svg>", "", answered.text, flags=re.S), (
        "the policy of the pages refuses inline styles"
    )


@pytest.mark.parametrize(
    "path, status, dit",
    [
        ("/territoires/ze2020/9999", 404, "zone inconnue"),
        ("/territoires/ze2021/1", 404, "Vouliez-vous dire « ze2020 »"),
        ("/territoires?x=1", 400, "Paramètre inconnu"),
        ("/territoires/ze2020/3201?avec=rien", 400, "type:code"),
        ("/territoires/ze2020/3201?seuil_km=101", 400, "1 à 100"),
        ("/territoires?zonage=rien", 400, "valeur inconnue"),
        ("/territoires/ze2020/3201/rien.csv", 404, ""),
        ("/territoires/ze2020/3201/fiche.docx", 404, ""),
    ],
)
def test_what_is_wrong_is_said_in_french(client, path, status, dit):
    answered = client.get(path)
    assert answered.status_code == status and dit in plain(answered.text)


def test_a_table_is_a_file_with_its_notice(client):
    text = client.get("/territoires/ze2020/3201/offre.csv").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert (
        rows[0]["Domaine"]
        and sum(int(row["Formations"] or 0) for row in rows if (row["Formations"] or "").isdigit())
        == 4
    )
    told = client.get("/territoires/ze2020/3201/offre.lisez-moi").data.decode("utf-8-sig")
    assert "Zone d'emploi d'Amiville" in told and "Petite offre" in told
