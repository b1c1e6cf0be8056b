"""Publics counted by commune: the hidden are in no sum, people live where inhabitants do."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from geoapp.core.config import Settings
from geoapp.core.schema import TABLES, conform
from geoapp.coverage.counted_publics import count_publics, part_of_all, tell_publics
from geoapp.coverage.model import Question, parse_question
from geoapp.coverage.world import open_world
from geoapp.planning.scenario_words import tell_closures
from geoapp.web import create_app
from support.words import plain
from support.world import make_tiny_frames, publish_world

MESURES = [
    ("demandeurs", "2022", "commune", "80001", 900),
    ("demandeurs", "2023", "commune", "80001", 100),
    ("demandeurs", "2023", "commune", "80002", None),
    ("demandeurs", "2023", "commune", "59001", 300),
    ("demandeurs", "2023", "region", "32", 420),
    ("rsa", "2023", "commune", "80001", 3),
    ("rsa", "2023", "commune", "59001", 60),
]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    frames = make_tiny_frames()
    columns = ["mesure", "annee", "type_zone", "code_zone", "nombre"]
    rows = pd.DataFrame(MESURES, columns=columns).assign(id_source="tiny")
    frames["mesures_communes"] = conform(rows, "mesures_communes")
    return publish_world(frames, tmp_path_factory.mktemp("publics"))


@pytest.fixture(scope="module")
def world(snapshot):
    return open_world(snapshot)


@pytest.fixture(scope="module")
def client(snapshot):
    return create_app(settings=Settings(data_dir=snapshot.path.parents[1])).test_client()


def counted(world, **given):
    return {one.nom: one for one in count_publics(world, parse_question(given, world))}


def test_the_last_year_is_counted_without_what_is_hidden(world):
    # The one offer of level 4 that is placed is in Amiville: Cysoing is thirty kilometres away.
    found = counted(world, niveau="4", seuil_km="20")["demandeurs"]
    assert (found.annee, found.nombre, found.nb_tues, found.publie) == ("2023", 400, 1, 420)
    assert found.nb_loin == 300 and found.part_loin == 0.75


def test_a_few_people_are_not_told(world):
    # Those who are near are three: telling sixty who are far would tell them.
    found = counted(world, niveau="4", seuil_km="20")["rsa"]
    assert found.est_petit and np.isnan(found.nb_loin) and np.isnan(found.part_loin)


def test_the_sentence_compares_with_everybody(world):
    question = parse_question({"niveau": "4", "seuil_km": "20"}, world)
    everybody = part_of_all(world, question)
    assert everybody == pytest.approx(5200 / 6200)
    told = tell_publics(count_publics(world, question), everybody)
    assert told.startswith("Aucun des publics connus")
    assert plain(tell_publics(count_publics(world, question), 0.5)).startswith(
        "Demandeurs d'emploi (catégories A, B, C) (2023) : 75 % vivent trop loin"
    )
    assert tell_publics([], 0.5) == ""


def test_nothing_is_told_of_an_offer_that_is_not_known(snapshot, tmp_path):
    frames = {nom: snapshot.read(nom).copy() for nom in TABLES}
    frames["perimetre"]["statut"] = "inconnue"
    unknown = open_world(publish_world(frames, tmp_path))
    found = counted(unknown, niveau="4")["demandeurs"]
    assert found.nombre == 400 and np.isnan(found.nb_loin) and not found.est_petit
    assert tell_publics([found], 0.5) == ""


def test_page_api_and_file_say_the_same(client):
    query = {"niveau": "4", "seuil_km": "20"}
    body = client.get("/api/v1/couverture/publics", query_string=query).json
    assert [one["nom"] for one in body["publics"]] == ["demandeurs", "rsa"]
    assert body["publics"][0]["nb_loin"] == 300 and body["publics"][1]["nb_loin"] is None
    page = plain(client.get("/couverture/publics", query_string=query).get_data(as_text=True))
    assert (
        plain(body["phrase"]) in page
        and "1 commune, 20 en tout" in page
        and "< 5" in page.replace("&lt;", "<")
    )
    text = client.get("/couverture/publics/export.csv", query_string=query).get_data(as_text=True)
    assert "Demandeurs d" in text and "300" in text
    assert client.get("/couverture/publics/export.geojson").status_code == 404


def test_openings_bring_households_near_where_they_are_counted(client):
    asked = {"niveau": "4", "seuil_km": 20, "ouvertures": 1}
    for public, said in (("rsa", "Foyers rapprochés"), ("demandeurs", "Habitants rapprochés")):
        query = asked | {"public": public}
        page = plain(client.get("/ou-ouvrir", query_string=query).text)
        header = plain(client.get("/ou-ouvrir/export.csv", query_string=query).text.splitlines()[0])
        other = {"Foyers rapprochés", "Habitants rapprochés"} - {said}
        assert said in page and said in header
        assert not [one for one in other if one in page or one in header]
        # What stays counted in inhabitants is told where households are counted.
        assert ("pour 10 000 habitants" in page) == (public == "rsa")


def test_a_question_says_who_is_counted(client):
    query = {"niveau": "4", "seuil_km": 20, "public": "rsa"}
    said = "à 20 km par la route, foyers allocataires du RSA"
    for address in ("/couverture", "/et-si", "/ou-ouvrir"):
        assert said in plain(client.get(address, query_string=query).text), address
    told = client.get("/api/v1/couverture", query_string=query).get_json()["titre"]
    assert f"{said}, par zone d'emploi 2020" in plain(told)


def test_closures_leave_households_without_anything_where_they_are_counted():
    worst = SimpleNamespace(nom="Greta", lieu="Lens", personnes=12.0, reste=float("nan"))
    for public, said in (("rsa", "12 foyers"), ("demandeurs", "12 habitants")):
        told = plain(tell_closures(Question(public=public), [worst]))
        assert f"{said} n'auraient plus" in told
    assert "5 foyers ou plus" in plain(tell_closures(Question(public="rsa"), []))
