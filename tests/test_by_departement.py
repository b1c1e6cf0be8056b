"""Offers known by département alone: shown where something is known, with source and date; never a
zero, never on a map.
"""

import html
from pathlib import Path

import pytest

from geoapp.coverage.model import parse_question
from geoapp.coverage.territories.content import build_content
from geoapp.coverage.territories.zone import find_zone
from geoapp.coverage.territories.zone_tables.known import departements_table
from geoapp.coverage.world import open_world
from geoapp.offer.by_departement import count_by_departement, departements_of
from geoapp.offer.filters import parse_filters
from geoapp.offer.search.model import Lieu
from geoapp.outputs.sheets.folder import make_sheet
from geoapp.web import create_app
from support import words
from support.world import departement_world, make_tiny_frames, publish_world

DATA = Path(__file__).parent / "data" / "moncompteformation.csv"
TITRE = "Formations connues seulement par département"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return publish_world(departement_world(), tmp_path_factory.mktemp("mcf"))


@pytest.fixture(scope="module")
def client(snapshot):
    return create_app(snapshot.path.parents[1]).test_client()


def plain(page) -> str:
    text = html.unescape(page if isinstance(page, str) else page.text)
    return words.plain(words.flat(text)).strip()


def test_counts_add_up_by_departement_and_unknown_stays_unknown(snapshot):
    found = count_by_departement(snapshot, ["59", "80"]).lignes
    assert found[
        [
            "code_departement",
            "nom",
            "nb_formations",
            "nb_actions",
            "nb_sessions",
            "nb_sessions_a_distance",
        ]
    ].values.tolist() == [["59", "Nord", 1201, 4, 4, 3]]
    assert (
        found["millesime"].tolist() == ["extrait le 1er octobre 2026"]
        and not found["est_fictive"].any()
    )
    training = count_by_departement(
        snapshot, ["59"], parse_filters({"domaine": "enseignement"}, snapshot)
    ).lignes
    assert training["nb_formations"].tolist() == [1] and training["nb_sessions"].isna().all(), (
        "no session known is not no session"
    )


def test_filters_that_the_source_allows_are_obeyed_and_the_others_named(snapshot):
    asked = parse_filters({"niveau": "inconnu", "voie": "apprentissage"}, snapshot)
    found = count_by_departement(snapshot, ["59"], asked)
    assert found.lignes["nb_formations"].tolist() == [1] and found.sans_effet == ("Voie",)
    assert count_by_departement(
        snapshot, ["59"], parse_filters({"niveau": "8"}, snapshot)
    ).lignes.empty


@pytest.mark.parametrize(
    "lieu, codes",
    [
        (Lieu(type="departement", code="59", nom="Nord"), ["59"]),
        (Lieu(type="ze2020", code="3201", nom="Amiville"), ["80"]),
        (Lieu(type="ze2010", code="3299", nom="Ancienne"), ["59", "80"]),
        (Lieu(type="point", code="", nom="point", longitude=2.5, latitude=50.1), ["59"]),
        (Lieu(type="commune", code="80001", nom="Amiville", longitude=2.1, latitude=50.1), ["80"]),
        (Lieu(type="point", code="", nom="bord", longitude=2.4, latitude=50.1), ["59"]),
        (Lieu(type="point", code="", nom="ailleurs", longitude=5.0, latitude=45.0), []),
        (Lieu(type="region", code="32", nom="Hauts-de-France"), []),
    ],
)
def test_the_departements_of_a_place(snapshot, lieu, codes):
    assert departements_of(snapshot, lieu) == codes


def test_the_page_of_a_territory_its_csv_and_its_sheet_hold_the_same_table(client, snapshot):
    page = client.get("/territoires/ze2020/0054").text
    block = plain(page.split('id="titre-departements"')[1].split("</section>")[0])
    for mots in (
        TITRE,
        "Nord",
        "1 201",
        "MCF <b>",
        "extrait le 1er octobre 2026",
        "sur aucune carte",
        "ni dans la couverture",
        "On ne sait pas lesquelles",
    ):
        assert mots in block, mots
    assert "MCF &lt;b&gt;" in page and "MCF <b>" not in page
    csv = plain(
        client.get("/territoires/ze2020/0054/departements.csv").get_data().decode("utf-8-sig")
    )
    assert "Nord;59;1201;4;4;3;MCF <b>" in csv
    assert "On ne sait pas lesquelles" not in plain(client.get("/territoires/departement/59"))
    monde = open_world(snapshot)
    sheet, _, _ = make_sheet(
        monde, parse_question({}, monde), find_zone(monde, "ze2020:0054"), pdf=False
    )
    assert TITRE in sheet and "1\u202f201" in sheet and "extrait le" in sheet


def test_the_figures_of_the_zone_do_not_move(snapshot, tmp_path):
    with_, without = open_world(snapshot), open_world(publish_world(make_tiny_frames(), tmp_path))
    one, two = (
        build_content(monde, parse_question({}, monde), find_zone(monde, "departement:59"))
        for monde in (with_, without)
    )
    assert one.offre.nb == two.offre.nb and one.couverture.ligne.drop("masques").astype(
        "str"
    ).equals(two.couverture.ligne.drop("masques").astype("str"))
    assert departements_table(one).mots and not departements_table(two).mots


def test_nothing_known_is_not_shown(client, tmp_path):
    assert TITRE not in client.get("/territoires/ze2020/3201").text, "nothing is known of the Somme"
    publish_world(make_tiny_frames(), tmp_path)
    silent = create_app(tmp_path).test_client()
    assert (
        TITRE not in silent.get("/territoires/departement/59").text
        and "sans-adresse" not in silent.get("/recherche?lieu=Cysoing").text
    )


def test_a_search_with_a_place_says_it_in_one_line_that_leads_there(client):
    page = client.get(
        "/recherche?lieu=Cysoing&texte=cuisine&voie=apprentissage&domaine=batiment"
    ).text
    line = plain(page.split('class="explication sans-adresse">')[1].split("</p>")[0])
    assert line.startswith(
        "Dans le département du Nord, 1 200 formations n'ont pas d'adresse dans leur source (MCF "
        "<b>, extrait le 30 septembre 2026) : elles sont comptées à part"
    )
    assert (
        "Sans tenir compte des critères : texte cherché, filtre « Voie »." in line
        and 'href="/territoires/departement/59?domaine=batiment#titre-departements"' in line
    )
    assert (
        'id="titre-departements"' in client.get("/territoires/departement/59?domaine=batiment").text
    )
    for silent in ("/recherche", "/recherche?lieu=Amiville", "/recherche?lieu=region:32"):
        assert "sans-adresse" not in client.get(silent).text, silent
    assert "1 201 formations n'ont pas d'adresse" in plain(
        client.get("/recherche/imprimer?lieu=departement:59")
    )


def test_a_private_position_is_in_no_address_of_the_line(client):
    page = client.post("/recherche", data={"lat": "50.101", "lon": "2.501"}).text
    assert (
        "sans-adresse" in page
        and "2.501" not in page.split('class="explication sans-adresse">')[1].split("</p>")[0]
    )


def test_fictitious_numbers_say_so(tmp_path):
    publish_world(departement_world("demonstration"), tmp_path)
    client = create_app(tmp_path).test_client()
    assert "données fictives" in plain(
        client.get("/territoires/ze2020/0054")
        .text.split('id="titre-departements"')[1]
        .split("</section>")[0]
    )
    assert (
        "données fictives"
        in client.get("/recherche?lieu=departement:59")
        .text.split('class="explication sans-adresse">')[1]
        .split("</p>")[0]
    )
