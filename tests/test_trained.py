"""Who is trained near a place: pupils by family of jobs, the years said, unknown not zero."""

import csv
import io

import pandas as pd
import pytest

from geoapp.core.config import Settings
from geoapp.core.schema import conform
from geoapp.planning.trained import who_is_trained
from geoapp.web import create_app
from support.needs import make_needs_world
from support.words import plain
from support.world import publish_world


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    frames = make_needs_world()
    rows = [
        ("x1", "2020", "32210030001", 30),
        ("x2", "2020", "32220030001", 24),
        ("x3", "2019", "32220030001", 99),
        ("x4", "2020", "32220030001", None),
    ]
    flux = pd.DataFrame(rows, columns=["id_flux", "annee", "code_mef", "nb_eleves"])
    frames["flux"] = conform(
        flux.assign(id_source="tiny", code_uai="0801864B", voie="scolaire"), "flux"
    )
    links = pd.DataFrame({"id_flux": ["x1", "x2", "x3"]}).assign(id_action="tiny:a3")
    frames["actions_flux"] = conform(links, "actions_flux")
    return publish_world(frames, tmp_path_factory.mktemp("formes"))


@pytest.fixture(scope="module")
def client(snapshot):
    return create_app(settings=Settings(data_dir=snapshot.path.parents[1])).test_client()


def test_pupils_are_those_of_the_last_return_by_year_of_study(snapshot):
    found = who_is_trained(snapshot, snapshot.read("offres"))
    rows = found.lignes.set_index("code_famille")
    care = rows.loc["V0X60"]
    assert (care["nb_entrants"], care["nb_sortants"], found.annee_eleves) == (30, 24, "2020")
    assert care["nb_formations"] == 2 and care["nb_lieux"] == 2
    assert pd.isna(rows.loc["S1X40", "nb_sortants"])
    assert "Aides-soignants, 24" in found.phrase


def test_a_group_leaves_the_other_families_out(snapshot):
    found = who_is_trained(snapshot, snapshot.read("offres"), "sante")
    assert found.lignes["code_famille"].tolist() == ["V0X60"]


def test_nothing_in_reach_is_said(snapshot):
    found = who_is_trained(snapshot, snapshot.read("offres").iloc[:0])
    assert found.nb_formations == 0 and found.phrase.startswith("Aucune formation")


def test_page_and_file_say_the_same(client):
    assert client.get("/qui-se-forme").status_code == 200
    query = {"lieu": "Cysoing", "seuil_min": "60"}
    page = plain(client.get("/qui-se-forme", query_string=query).get_data(as_text=True))
    assert "Qui se forme à 60 min au plus de Cysoing, en voiture ?" in page
    text = client.get("/qui-se-forme/export.csv", query_string=query).get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=";"))
    assert rows[0]["Famille de métiers"] in page
    notice = client.get("/qui-se-forme/export.lisez-moi", query_string=query).text
    assert all(word in notice for word in ("Source", "Licence", "Citer"))
    assert client.get("/qui-se-forme/export.csv").status_code == 400
    assert client.get("/qui-se-forme?lieu=Nullepart-sur-Rien").status_code == 400
    assert client.get("/qui-se-forme?groupe=ZZ").status_code == 400
