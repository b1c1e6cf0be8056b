"""Places of information: an offer of its own, counted by the engine of the coverage."""

import re

import pandas as pd
import pytest

from geoapp.core.config import Settings
from geoapp.core.errors import ParameterError
from geoapp.core.schema import conform
from geoapp.coverage.answer import answer
from geoapp.coverage.model import parse_question
from geoapp.coverage.territories.content import build_content
from geoapp.coverage.territories.sheet import present
from geoapp.coverage.territories.zone import find_zone
from geoapp.coverage.world import choose_offer, open_world
from geoapp.ingest.needs import place_information, read_information
from geoapp.outputs.figures import parse_figure
from geoapp.outputs.figures.content import make_content
from geoapp.outputs.figures.density import zone_supply
from geoapp.outputs.maps.layers import layer_css, list_layers
from geoapp.outputs.sheets.folder import make_sheet
from geoapp.planning.asked import parse_sites
from geoapp.planning.opening import find_sites
from geoapp.sources.portals import portal_rows
from geoapp.sources.records import Lecture
from geoapp.sources.registry import get_source
from geoapp.web import create_app
from support.words import plain
from support.world import make_tiny_frames, publish_world


def places(frames, rows):
    columns = ["type_lieu", "nom", "code_commune", "nom_commune", "latitude", "longitude"]
    frame = pd.DataFrame(rows, columns=columns, dtype="str")
    lecture = Lecture(frame=frame, nb_lues=len(frame), rejets=[])
    found, bilan = read_information(lecture, get_source("cio-2025"), frames["communes"], {})
    bilan.check()
    placed = place_information(found, frames["communes"], frames["communes_zones"])
    return conform(placed.assign(id_source="tiny"), "lieux_information")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    frames = make_tiny_frames()
    frames["lieux_information"] = places(
        frames, [("cio", "CIO de <Cysoing>", "59001", "Cysoing", "50.1", "2.5")]
    )
    return publish_world(frames, tmp_path_factory.mktemp("information"))


def test_a_branch_stands_in_the_commune_that_it_names():
    frames = make_tiny_frames()
    rows = [
        ("cio", "CIO", "80001", "Amiville", "50.05", "2.05"),
        ("cio", "Point d'accueil", "80001", "BEAUVAL", "50.05", "2.05"),
        (None, "Centre de ressources", "80001", "Amiville", "50.05", "2.05"),
    ]
    found = places(frames, rows).set_index("nom")
    assert list(found.index) == ["CIO", "Point d'accueil"]
    branch = found.loc["Point d'accueil"]
    assert branch["code_commune"] == "80002" and branch["precision_position"] == "commune"
    assert (round(branch.geometry.x, 3), round(branch.geometry.y, 3)) == (2.3, 50.1)
    assert found.loc["CIO", "precision_position"] == "coordonnees"
    assert "ze2020:3201" in branch["zones"]


def test_a_geojson_of_points_is_a_table():
    value = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"a": 1}}]}
    assert portal_rows(value) == [{"a": 1}]


def test_the_engine_counts_places_of_information_alone(snapshot):
    world = open_world(snapshot)
    question = parse_question({"offre": "information", "seuil_km": "20"}, world)
    assert len(choose_offer(world, question).comptes) == 1
    found = answer(world, question)
    rows = found.tableau.set_index("code_zone")
    assert rows.loc["0054", "population_non_couverte"] == 0
    assert rows.loc["3201", "population_non_couverte"] >= 1000
    assert found.perimetre.statut == "partielle" and "missions locales" in found.perimetre.phrase
    assert "lieu d'information" in found.phrase
    trainings = answer(world, parse_question({"seuil_km": "20"}, world))
    assert trainings.qualite["nb_offres"] > 1


def test_no_filter_of_trainings_goes_with_it(snapshot):
    with pytest.raises(ParameterError, match="Retirez les filtres"):
        parse_question({"offre": "information", "niveau": "3"}, open_world(snapshot))


def test_pages_and_api_answer(snapshot):
    client = create_app(settings=Settings(data_dir=snapshot.path.parents[1])).test_client()
    page = plain(client.get("/couverture?offre=information").get_data(as_text=True))
    assert "lieux d'information et d'orientation" in page
    body = client.get("/api/v1/couverture?offre=information&seuil_km=20").json
    assert body["titre"].startswith("Couverture : lieux d'information et d'orientation")
    sheet = client.get("/couverture/zones/ze2020/3201?offre=information&seuil_km=5")
    assert sheet.status_code == 200 and "&lt;Cysoing&gt;" in sheet.get_data(as_text=True)
    text = sheet.get_data(as_text=True)
    assert 'href="/territoires/ze2020/3201?seuil_km=5&amp;offre=information"' in text
    assert "une formation à" not in plain(text).split("Ses communes en zone blanche")[0]
    for path in ("/couverture/publics", "/couverture/export.csv", "/figures/couverture.png"):
        assert client.get(f"{path}?offre=information").status_code == 200
    for path in ("/couverture/evolution", "/figures/offre.png"):
        refused = client.get(f"{path}?offre=information")
        assert refused.status_code == 400 and "lieux d" in plain(refused.get_data(as_text=True))


WORDS = re.compile(r"\b(formations?|organismes?)\b(?! sans| continue)", re.IGNORECASE)


def test_a_territory_answers_for_them_with_its_own_words_table_and_perimeter(snapshot):
    """Same engine and same sheet: its numbers are those of the coverage, and nothing is mixed."""
    client = create_app(settings=Settings(data_dir=snapshot.path.parents[1])).test_client()
    asked = "offre=information&seuil_km=20"
    world = open_world(snapshot)
    question = parse_question({"offre": "information", "seuil_km": "20"}, world)
    rows = answer(world, question).tableau.set_index("code_zone")
    for code, found in (("0054", "CIO de <Cysoing>"), ("3201", "")):
        contenu = build_content(world, question, find_zone(world, f"ze2020:{code}"))
        fiche = present(world, contenu)
        assert contenu.offre.nb == rows.loc[code, "nb_offres"] == bool(found)
        assert (
            contenu.couverture.ligne["population_non_couverte"]
            == (rows.loc[code, "population_non_couverte"])
        )
        assert [row[0] for row in fiche.tableaux["offre"].mots] == [found] * bool(found)
        assert not {"domaines", "absents", "departements"} & set(fiche.tableaux)
        told = [*fiche.phrases, *fiche.avertissements, fiche.question, fiche.tableaux["offre"].vide]
        told += [f"{one} {region}" for one, _, region in fiche.chiffres]
        for table in fiche.tableaux.values():
            told += [table.titre, table.vide, *(c.titre + c.sens for c in table.colonnes)]
            if table.nom in ("couverture", "modes"):
                told += [row[0] for row in table.mots]
        assert not [one for one in told if WORDS.search(plain(one))]
        assert "missions locales" in plain(" ".join(fiche.phrases))
        page = client.get(f"/territoires/ze2020/{code}?{asked}")
        assert page.status_code == 200
    assert "dans la zone d'emploi" in plain(page.get_data(as_text=True))
    assert client.get(f"/territoires/ze2020/0054/offre.csv?{asked}").text.count("CIO de") == 1
    assert client.get(f"/territoires/ze2020/0054/domaines.csv?{asked}").status_code == 404
    html, _, _ = make_sheet(world, question, find_zone(world, "ze2020:0054"), pdf=False)
    assert html.count("<figure") == 1
    index = plain(client.get("/territoires?offre=information").get_data(as_text=True))
    assert "Lieux d'information et d'orientation, à 20 km" in index


def test_where_to_open_and_what_if_speak_of_places_of_information(snapshot):
    """Nothing there is told of trainings, and what is open already is no candidate."""
    client = create_app(settings=Settings(data_dir=snapshot.path.parents[1])).test_client()
    asked = "offre=information&seuil_km=20&ouvertures=1"
    told = client.get(f"/api/v1/ou-ouvrir?{asked}").json
    words = plain(" ".join([told["titre"], told["phrase"], *told["notes"]]))
    assert "un lieu d'information" in words and "formation serait" not in words
    assert told["ouvertures"][0]["commune"] == "Amiville" and told["valeur"] == 1000
    world = open_world(snapshot)
    sites = find_sites(world, parse_sites({"offre": "information"}, world))
    assert all(one.sorte != "lieu" for one in sites.ouvertures)
    place = world.of(parse_question({"offre": "information"}, world)).offres["id_place"].iloc[0]
    effects = client.get(f"/api/v1/et-si?offre=information&seuil_km=20&ferme=lieu:{place}").json
    assert effects["perdus"] == 5000 and "lieu d'information" in plain(effects["phrase"])
    for path in ("/ou-ouvrir", "/et-si"):
        assert client.get(f"{path}?{asked.removesuffix('&ouvertures=1')}").status_code == 200


def test_a_figure_of_density_counts_them_where_they_are(snapshot):
    world = open_world(snapshot)
    figure = parse_figure({"type": "densite", "offre": "information", "zonage": "ze2020"}, world)
    supply = zone_supply(world, figure.question)
    assert dict(zip(world.mailles["ze2020"].codes, supply, strict=True)) == {"3201": 0, "0054": 1}
    assert make_content(world, figure).titre.startswith("Lieux d'information")


def test_a_layer_of_points_is_drawn_on_the_maps(snapshot, tiny_snapshot):
    (layer,) = [one for one in list_layers(snapshot) if one.est_points]
    assert layer.est_dessine and not layer.est_visible and "1 lieu" in layer.note
    assert ".zone-information{" in layer_css([layer])
    client = create_app(settings=Settings(data_dir=snapshot.path.parents[1])).test_client()
    features = client.get("/donnees/couches/information.geojson").json["features"]
    assert [one["geometry"]["type"] for one in features] == ["Point"]
    assert 'data-calque="information"' in client.get("/carte").get_data(as_text=True)
    assert not [one for one in list_layers(tiny_snapshot) if one.est_points]


def test_without_any_place_nothing_is_told(tiny_snapshot):
    world = open_world(tiny_snapshot)
    found = answer(world, parse_question({"offre": "information"}, world))
    assert found.perimetre.statut == "inconnue" and not found.perimetre.est_chiffrable
