"""The dashboard: sentences are rules over numbers, trends compare what is known both years."""

import html
import math
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoapp.core.config import Settings
from geoapp.core.schema import conform
from geoapp.planning.dashboard import (
    ENTREES,
    THEMES,
    against,
    build_dashboard,
    find_dashboard_zone,
)
from geoapp.web import create_app
from geoapp.web.dashboard import HAUTEUR, line_of
from support.needs import make_needs_world
from support.words import plain
from support.world import publish_world

MESURES = [
    ("demandeurs", "2009", "80001", 100),
    ("demandeurs", "2009", "80002", None),
    ("demandeurs", "2009", "59001", 500),
    ("demandeurs", "2023", "80001", 150),
    ("demandeurs", "2023", "80002", 50),
    ("demandeurs", "2023", "59001", 500),
    ("rsa", "2023", "59001", 60),
]
TOTAUX = [("salaries", "2022", 95), ("salaries", "2023", 100)]
"""What the producer publishes of Somme, whose communes tell a part of it."""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    frames = make_needs_world()
    rows = pd.DataFrame(MESURES, columns=["mesure", "annee", "code_zone", "nombre"])
    above = pd.DataFrame(TOTAUX, columns=["mesure", "annee", "nombre"]).assign(
        type_zone="departement", code_zone="80"
    )
    told = pd.DataFrame(
        [("salaries", year, "80001", nb) for year, nb in (("2022", 30), ("2023", 60))],
        columns=["mesure", "annee", "code_zone", "nombre"],
    )
    rows = pd.concat([pd.concat([rows, told]).assign(type_zone="commune"), above])
    frames["mesures_communes"] = conform(rows.assign(id_source="tiny"), "mesures_communes")
    sectors = [("B1", "Industrie", 30), ("B1", "Commerce", None), ("B2", "Industrie", 12)]
    frames["demandeurs_secteurs"] = conform(
        pd.DataFrame(sectors, columns=["code_zone", "secteur", "nb_demandeurs"]).assign(
            annee="inconnue", id_source="tiny"
        ),
        "demandeurs_secteurs",
    )
    return publish_world(frames, tmp_path_factory.mktemp("essentiel"))


@pytest.fixture(scope="module")
def client(snapshot):
    return create_app(settings=Settings(data_dir=snapshot.path.parents[1])).test_client()


def tiles(snapshot, zone, entree="territoire"):
    found = build_dashboard(snapshot, find_dashboard_zone(snapshot, zone), entree)
    return {one.titre: one for one in found.tuiles}


def test_a_trend_leaves_out_what_was_hidden_one_year(snapshot):
    seekers = tiles(snapshot, "ze2020:3201")["Demandeurs d'emploi (catégories A, B, C)"]
    assert plain(seekers.valeur) == "200" and seekers.annee == "2023"
    assert seekers.serie == (("2009", 100.0), ("2023", 150.0))
    assert "+50 % de 2009 à 2023 (+8,3 % dans la région)" in plain(seekers.phrase)


def test_what_is_hidden_is_said(snapshot):
    households = tiles(snapshot, "region")["Foyers allocataires du RSA"]
    assert "Nombre tu ou inconnu dans 2 communes" in households.phrase


def test_the_total_that_the_producer_publishes_is_told_before_the_sum_of_communes(snapshot):
    posts = tiles(snapshot, "departement:80")["Postes salariés"]
    assert plain(posts.valeur) == "100" and posts.serie == (("2022", 95.0), ("2023", 100.0))
    assert "+5,3 % de 2022 à 2023" in plain(posts.phrase)
    assert plain(posts.phrase).endswith("dans 1 commune, compris dans ce total.")
    assert "publie" in posts.definition
    # None is published of the zone d'emploi: what its communes tell.
    zone = tiles(snapshot, "ze2020:3201")["Postes salariés"]
    assert plain(zone.valeur) == "60" and "compris" not in zone.phrase


def test_sectors_are_told_where_the_file_tells_them(snapshot):
    assert tiles(snapshot, "ze2020:3201", "secteur") == {}
    found = tiles(snapshot, "bassin2024:B1", "secteur")["Demandeurs d'emploi par secteur"]
    assert found.liste == (("Industrie", "30"),)


def test_a_way_in_without_anything_says_where_it_is_known(snapshot, client):
    page = client.get("/essentiel?territoire=ze2020:3201&entree=secteur").text
    assert "par secteur ne sont connus que par bassin d'emploi" in plain(page)
    assert "Rien n'est connu de ce thème" not in plain(page) and "<textarea" not in page
    assert "<textarea" in client.get("/essentiel?territoire=ze2020:3201").text


def test_jobs_name_what_lacks(snapshot):
    found = tiles(snapshot, "region", "metier")
    assert found["Besoin fort, offre connue faible ou loin"].liste[0][0] == "Caissiers"


@given(st.floats(0, 1e3), st.floats(0, 1e3))
def test_a_comparison_never_contradicts_its_numbers(rate, usual):
    said = plain(against(rate, usual))
    if not usual:
        assert said == ""
    elif "fois" in said:
        assert rate >= 9.99 * usual
    elif "de plus" in said:
        assert rate > usual
    elif "de moins" in said:
        assert rate < usual
    else:
        assert said.startswith("Proche") and math.isclose(rate, usual, rel_tol=0.1 + 1e-9)


def test_an_unknown_number_is_compared_with_nothing():
    assert against(float("nan"), 1.0) == against(1.0, float("nan")) == ""


def test_a_line_stays_in_its_drawing(snapshot):
    seekers = tiles(snapshot, "region")["Demandeurs d'emploi (catégories A, B, C)"]
    line = line_of([value for _, value in seekers.serie])
    heights = [float(point.split(",")[1]) for point in line.split()]
    assert all(0 <= one <= HAUTEUR for one in heights) and heights[0] > heights[-1]


@pytest.mark.parametrize("entree", ENTREES)
@pytest.mark.parametrize("zone", ["region", "ze2020:3201", "epci:240000001", "bassin2024:B2"])
def test_every_page_answers(client, zone, entree):
    page = client.get(f"/essentiel?territoire={zone}&entree={entree}")
    assert page.status_code == 200
    text = plain(page.text)
    assert all(theme in text for theme in THEMES) != ("Rien n'est connu de ce territoire" in text)


def test_the_page_gives_its_picture_with_its_text(client):
    page = client.get("/essentiel?territoire=ze2020:3201").get_data(as_text=True)
    code = html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.S).group(1))
    assert "/figures/essentiel.png?" in code and "emprise=ze2020:3201" in code
    assert 'alt="' in code and "Habitants : " in plain(code) and 'width="1062"' in code
    address = html.unescape(re.search(r'href="http://localhost(/figures/[^"]*svg[^"]*)"', page)[1])
    assert client.get(address).mimetype == "image/svg+xml"


def test_what_is_not_known_is_refused(client, tiny_snapshot):
    assert client.get("/essentiel?territoire=zrr:ZRR").status_code == 400
    assert client.get("/essentiel?territoire=ze2020:0000").status_code == 404
    assert client.get("/essentiel?entree=autre").status_code == 400
    bare = create_app(settings=Settings(data_dir=tiny_snapshot.path.parents[1])).test_client()
    assert all(bare.get(f"/essentiel?entree={one}").status_code == 200 for one in ENTREES)
