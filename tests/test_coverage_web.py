"""The pages of coverage: they answer, escape, refuse, sort, and say the numbers of the API and of
the files.
"""

import csv
import html
import io
import json
import re

import geopandas as gpd
import openpyxl
import pytest

from geoapp.core.config import Settings
from geoapp.coverage.answer import answer, describe_response
from geoapp.coverage.indicators import INDICATEURS
from geoapp.coverage.model import parse_question
from geoapp.coverage.world import open_world
from geoapp.web import create_app
from support.words import plain
from support.world import CREATED, make_tiny_frames, publish_world

HOSTILE = "<script>alert(2)</script>"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """Return the second of two tiny snapshots: a zone bears a hostile name, an offer is gone."""
    folder = tmp_path_factory.mktemp("couverture")
    publish_world(make_tiny_frames(), folder, "2025-01-02T03:04:05Z")
    frames = make_tiny_frames()
    for nom in ("zones", "couches"):
        frames[nom].loc[frames[nom]["code_zone"].eq("3201"), "nom"] = HOSTILE
    for nom in ("offres", "actions_lieux"):
        frames[nom] = frames[nom][frames[nom]["id_action"].ne("tiny:a4")].reset_index(drop=True)
    return publish_world(frames, folder, CREATED)


@pytest.fixture(scope="module")
def client(snapshot):
    return create_app(settings=Settings(data_dir=snapshot.path.parents[1])).test_client()


@pytest.mark.parametrize(
    "path",
    [
        "/couverture",
        "/couverture?domaine=sante&niveau=5&seuil_km=5",
        "/couverture?zonage=commune&mesure=e2sfca&classes=quantiles",
        "/couverture?zonage=qpv2024",
        "/couverture?zonage=zrr&public=adultes",
        "/couverture?seuil_min=10&voisins=non&offre=places&classes=fixes",
        "/couverture/zones/ze2020/3201",
        "/couverture/zones/commune/80002?domaine=sante",
        "/couverture/publics?niveau=3",
        "/couverture/evolution",
    ],
)
def test_pages_answer_and_escape(client, path):
    answered = client.get(path)
    assert answered.status_code == 200, answered.text
    assert HOSTILE not in answered.text
    assert "style=" not in re.sub(r"<svg.*?</svg>", "", answered.text, flags=re.S), (
        "the policy of the pages refuses inline styles"
    )


@pytest.mark.parametrize(
    "path, message",
    [
        ("/couverture?domaine=sente", "Vouliez-vous dire « sante »"),
        ("/couverture?zonage=ze2021", "Vouliez-vous dire « ze2020 »"),
        ("/couverture?seuil_km=0", "un nombre de 1 à 100 est attendu"),
        ("/couverture?seuil_km=-3", "un nombre de 1 à 100"),
        ("/couverture?seuil_km=1e9", "un nombre de 1 à 100"),
        ("/couverture?seuil_km=nan", "un nombre de 1 à 100"),
        ("/couverture?seuil_km=vingt", "un nombre de 1 à 100"),
        ("/couverture?seuil_km=5&seuil_min=5", "pas les deux"),
        ("/couverture?mesure=e2sfc", "Vouliez-vous dire « e2sfca »"),
        ("/couverture?zone=frr", "Paramètre inconnu"),
        ("/couverture?zonage=bassin2024", "Valeurs acceptées : ze2020"),
        ("/couverture?tri=rien", "colonne inconnue"),
        ("/couverture?ordre=haut", "asc ou desc"),
        ("/couverture?page=99", "un nombre de 1 à 1"),
        ("/couverture/evolution?avant=x", "Instantané inconnu"),
        ("/couverture/evolution?x=1", "Paramètre inconnu"),
        ("/api/v1/couverture?seuil=3", "Vouliez-vous dire « seuil_km »"),
    ],
)
def test_a_wrong_parameter_is_refused_in_french(client, path, message):
    answered = client.get(path)
    assert answered.status_code == 400
    said = answered.get_json()["erreur"]["message"] if answered.is_json else plain(answered.text)
    assert message in said


@pytest.mark.parametrize(
    "path",
    [
        "/couverture/zones/ze2020/9999",
        "/couverture/zones/carreau/x",
        "/couverture/zones/rien/1",
        "/couverture/export.pdf",
        "/couverture/contours/rien.geojson",
    ],
)
def test_what_does_not_exist_is_a_404(client, path):
    assert client.get(path).status_code == 404


def test_the_table_is_sorted_as_asked(client):
    def first(path):
        return re.search(
            r'<tbody>\s*<tr>\s*<th scope="row">\s*<a[^>]*>([^<]*)',
            client.get(path).text.split('id="tableau"')[1],
        ).group(1)

    assert first("/couverture?zonage=commune&tri=nom") == "Amiville"
    assert first("/couverture?zonage=commune&tri=nom&ordre=desc") == "Cysoing"
    assert first("/couverture?zonage=commune&tri=population") == "Cysoing"
    assert 'aria-sort="descending"' in client.get("/couverture?tri=population").text


def test_page_api_and_files_say_the_same_numbers(client, snapshot):
    query = "?domaine=sante&zonage=commune&seuil_km=10"
    api = client.get("/api/v1/couverture" + query).get_json()
    monde = open_world(snapshot)
    question = parse_question({"domaine": "sante", "zonage": "commune", "seuil_km": "10"}, monde)
    assert api == json.loads(json.dumps(describe_response(answer(monde, question), monde)))
    page = client.get("/couverture" + query).text
    assert api["phrase"].replace("'", "’") in page
    rows = {zone["code_zone"]: zone for zone in api["zones"]}
    assert rows["80001"]["part_couverte"] == 1.0 and rows["80002"]["population"] == 200

    geo = json.loads(client.get("/couverture/export.geojson" + query).data)
    assert {
        f["properties"]["code_zone"]: f["properties"]["population_non_couverte"]
        for f in geo["features"]
    } == {code: round(row["population_non_couverte"]) for code, row in rows.items()}
    text = client.get("/couverture/export.csv" + query).data.decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text), delimiter=";"))[:3]
    assert [row["Code"] for row in table] == ["59001", "80001", "80002"]
    assert [int(row["Habitants"]) for row in table] == [5000, 1000, 200]
    told = client.get("/couverture/export.lisez-moi" + query).data.decode("utf-8-sig")
    assert api["phrase"] in told and "Seuil" in told, "the figures travel with their question"
    book = openpyxl.load_workbook(io.BytesIO(client.get("/couverture/export.xlsx" + query).data))
    sheet = book["Données"]
    titres = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, titres.index("Code") + 1).value == "59001"
    assert sheet.cell(2, titres.index("Habitants") + 1).value == 5000
    assert any("Petite offre" in str(cell.value) for row in book["Lisez-moi"] for cell in row)


def test_the_geopackage_opens_with_its_layer_and_its_notice(client, tmp_path):
    path = tmp_path / "c.gpkg"
    path.write_bytes(client.get("/couverture/export.gpkg?zonage=epci").data)
    layer = gpd.read_file(path, layer="Couverture par EPCI")
    assert layer.crs.to_epsg() == 4326 and list(layer["code_zone"]) == ["240000001", "240000002"]
    assert set(gpd.list_layers(path)["name"]) == {
        "Couverture par EPCI",
        "lisez_moi",
        "dictionnaire",
        "layer_styles",
    }


def test_every_class_of_the_legend_is_that_of_the_map(client):
    page = client.get("/couverture?zonage=commune&domaine=sante&seuil_km=5").text
    values = json.loads(re.search(r'id="valeurs-couverture">(.*?)</script>', page, re.S).group(1))
    shades = [zone[0] for zone in values["zones"].values()]
    legend = re.search(r'id="titre-legende".*?</ul>', page, re.S).group(0)
    named = {-1: "inconnu", -2: "non-collectee", -3: "hors"}
    for shade in set(shades):
        assert f"choro-{named.get(shade, shade)}" in legend
    assert len(values["zones"]) == 3


def test_two_snapshots_show_what_was_lost(client):
    page = plain(client.get("/couverture/evolution").text)
    assert "0 formation gagnée, 1 perdue et 5 inchangées" in page and "2 janvier 2026" in page
    table = client.get("/couverture/evolution/export.lisez-moi?domaine=hotellerie").text
    assert "Habitants" in table and "Instantané du" in table
    assert "1 perdue" not in plain(client.get("/couverture/evolution?domaine=sante").text)
    assert "Hôtellerie" in page or "Beauval" in page or "niveau" in page.lower()


NOTICES = (
    "/couverture/export.lisez-moi",
    "/couverture/publics/export.lisez-moi",
    "/couverture/evolution/export.lisez-moi",
    "/ou-ouvrir/export.lisez-moi",
    "/api/v1/formations.lisez-moi?domaine=sante",
    "/territoires/ze2020/3201/offre.lisez-moi",
    "/qualite/scores.lisez-moi",
    "/qualite/corrections.lisez-moi",
    "/donnees/tables/lieux.lisez-moi.txt",
    "/donnees/indicateurs/ze2020.lisez-moi.txt",
)


@pytest.mark.parametrize("path", NOTICES)
def test_every_notice_says_licence_day_and_how_to_cite(client, path):
    answer = client.get(path)
    told = answer.data.decode("utf-8-sig")
    assert answer.status_code == 200 and answer.mimetype == "text/plain"
    for word in ("Licence", "Source", "Citer", "GéoForma, ", "2026"):
        assert word in told, (word, told)


def test_a_scenario_is_run_again_on_the_snapshot_before(client, snapshot):
    address = "/et-si?type_diplome=bts&seuil_km=12&ouvre=commune%3A80002"
    page = plain(client.get(address).text)
    link = re.search(r'href="(/et-si\?instantane=[^"#]+)#titre-ancien', page).group(1)
    again = plain(client.get(html.unescape(link)).text)
    assert "Le même scénario sur l'instantané du 2 janvier 2025" in again
    assert "Rien n'a changé d'un instantané à l'autre." in again
    assert client.get(f"{address}&instantane=hier").status_code == 400


def test_every_indicator_says_what_it_means(client):
    """On the page of a zone its meaning goes with its title; no two indicators are told alike."""
    page = plain(client.get("/couverture/zones/ze2020/3201?mode=velo&seuil_min=20").text)
    page = re.sub(r'<a class="sigle"[^>]*>([^<]+)</a>', r"\1", page)
    told = re.findall(r'<th scope="row">([^<]+)<span class="sens">([^<]+)</span></th>', page)
    shown = {(html.unescape(sens), html.unescape(titre)) for titre, sens in told}
    meanings = {(one.sens, one.titre) for one in INDICATEURS.values()}
    assert len(meanings) == len(INDICATEURS) and meanings <= shown
    assert {one.est_pire_si for one in INDICATEURS.values()} == {"haut", "bas"}


def test_pages_compare_ways_and_tell_the_error_of_trips(client):
    page = client.get("/couverture/publics?seuil_min=20").get_data(as_text=True)
    assert "En voiture et sans voiture" in page and "de nos sources ne dit combien" in page
    sheet = client.get("/territoires/ze2020/3201").get_data(as_text=True)
    assert "La formation la plus proche, en voiture et sans voiture" in sheet
    api = client.get("/api/v1/couverture?seuil_min=20").get_json()
    assert api["precision"].startswith("Trajets en voiture") and api["parametres"]["mode"] == (
        "voiture"
    )
    assert [one["nom"] for one in api["variantes"]][:1] == ["retenue"]
