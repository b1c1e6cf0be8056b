"""Streets as starting places: read from an address file or from roads, typed as people type them,
kept out of addresses and logs, asked of a file and never held in memory.
"""

import gzip
import html
import json
import logging
import re

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString, shape

from benchmarks.streets import judge, shortened, true_streets
from geoapp.core.errors import ParameterError, SourceError
from geoapp.core.snapshot import ROUTES, Snapshot
from geoapp.ingest.roads import read_stations, road_features, station_features
from geoapp.ingest.step_streets import ADRESSES, give_addresses, streets_of_roads
from geoapp.ingest.tally import Bilan
from geoapp.offer.search.index import open_index, write_index
from geoapp.offer.search.place_names import COLONNES, CONTOUR
from geoapp.offer.search.places import (
    A_LA_COMMUNE,
    RUE_INCONNUE,
    PlaceError,
    resolve_place,
    suggest_streets,
)
from geoapp.offer.search.street_places import MILIEU, SANS_NUMERO
from geoapp.offer.search.street_words import nearness, read_number, street_words
from geoapp.offer.search.streets import DOSSIER, streets_bytes
from geoapp.sources.fetch import Located
from geoapp.sources.reading import read_source
from geoapp.sources.registry import get_source
from geoapp.sources.street_files import COLONNES_BAN, read_ban, read_numbers, read_osm_roads
from geoapp.web import create_app
from geoapp.web.search_view import start_outline
from support.words import plain
from support.world import DATA, make_tiny_frames, publish_world

BAN = DATA / "ban.csv"
CREDIT = "© les contributeurs d'OpenStreetMap"


def write_streets(folder, credit=""):
    """Write the streets of the small address file in the folder of a snapshot."""
    (folder / DOSSIER).mkdir(exist_ok=True)
    lecture = read_source(get_source(ADRESSES), BAN)
    (folder / DOSSIER / "00-ban.sqlite").write_bytes(streets_bytes(lecture.frame, credit))


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """Return the index of the tiny world with its streets, where Amiville took Vieuxbourg in."""
    frames, folder = make_tiny_frames(), tmp_path_factory.mktemp("rues")
    frames["anciennes_communes"] = pd.DataFrame(
        {
            "code_ancien": ["80009", "59009"],
            "code_commune": ["80001", "59001"],
            "nom": ["Vieuxbourg", "Mare-Amiville"],
            "type_ancienne": ["deleguee", "deleguee"],
        }
    )
    write_index(frames, folder)
    write_streets(folder)
    return open_index(Snapshot(folder, {}, frames))


def test_an_address_file_gives_one_row_by_street_and_refuses_what_has_no_place():
    lecture = read_ban(BAN)
    assert (lecture.nb_lues, len(lecture.frame), len(lecture.rejets)) == (15, 10, 2)
    assert {one["ligne"] for one in lecture.rejets} == {"ligne 13", "ligne 14"}
    street = lecture.frame.iloc[0]
    assert street["nom"] == "Boulevard du Général Leclerc" and street.name == "ligne 2"
    assert [(n, after) for n, after, _, _ in read_numbers(street["numeros"])] == [
        *((2, ""), (4, ""), (4, "bis"), (120, ""))
    ]
    # The middle is a house of the street, not a point in the fields.
    assert (street["longitude"], street["latitude"]) == (2.101, 50.1)
    bilan = Bilan.of_reading(ADRESSES, lecture)
    bilan.check()
    assert bilan.nb_valides == 13


def test_an_address_file_may_be_gzipped_and_in_any_order(tmp_path):
    header, *rows = BAN.read_text("utf-8").splitlines()
    path = tmp_path / "adresses-80.csv.gz"
    path.write_bytes(gzip.compress("\n".join([header, *reversed(rows)]).encode()))
    found, same = read_ban(path).frame, read_ban(BAN).frame
    assert sorted(map(len, found["numeros"])) == sorted(map(len, same["numeros"]))
    assert set(found["nom"]) == set(same["nom"])


@pytest.mark.parametrize(
    "content", ["", "a;b\n1;2\n", ";".join(COLONNES_BAN) + "\n" + "x;" * 6 + "\n" * 2, "\xff\xfe"]
)
def test_a_file_that_is_no_address_file_is_refused_or_empty(content, tmp_path):
    path = tmp_path / "adresses.csv"
    path.write_bytes(content.encode("latin-1"))
    try:
        assert read_ban(path).frame.empty
    except SourceError as error:
        assert "adresses.csv" in str(error)


def test_roads_of_one_name_are_one_street_unless_they_are_far_apart():
    communes = make_tiny_frames()["communes"]
    rows = [
        ("Rue Haute", "minor", LineString([(2.05, 50.05), (2.051, 50.05)])),
        ("Rue Haute", "minor", LineString([(2.051, 50.05), (2.053, 50.05)])),
        ("rue haute", "minor", LineString([(2.05, 50.15), (2.051, 50.15)])),
        ("Rue Haute", "minor", LineString([(2.5, 50.1), (2.501, 50.1)])),
        ("D 943", "major", LineString([(2.05, 50.05), (2.06, 50.05)])),
        ("L'Européenne", "highway", LineString([(2.05, 50.05), (2.06, 50.05)])),
        ("", "minor", LineString([(2.05, 50.05), (2.06, 50.05)])),
        ("Rue d'ailleurs", "minor", LineString([(5.0, 45.0), (5.1, 45.0)])),
    ]
    roads = pd.DataFrame(rows, columns=["nom", "classe", "geometry"])
    streets = streets_of_roads(roads, communes)
    assert list(zip(streets["code_commune"], streets["nom"], streets["ou"], strict=True)) == [
        ("59001", "Rue Haute", ""),
        ("80001", "Rue Haute", "au sud"),
        ("80001", "Rue Haute", "au nord"),
    ]
    south = gpd.points_from_xy(streets["longitude"], streets["latitude"])[1]
    assert south.distance(LineString([(2.05, 50.05), (2.053, 50.05)])) < 1e-4


def test_roads_that_are_none_are_refused(tmp_path):
    path = tmp_path / "routes.geojson"
    for content in ('{"features": [{}]}', "[]", '{"features": []}', '{"features": [1]}'):
        path.write_text(content)
        with pytest.raises(SourceError, match=r"routes\.geojson"):
            read_osm_roads(path)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("bd du Gal Leclerc", "boulevard general leclerc"),
        ("Bld. St-Michel", "boulevard saint michel"),
        ("r. de l'Église", "rue eglise"),
        ("pl du 8 mai 1945", "place 8 mai 1945"),
        ("rue du huit mai 1945", "rue 8 mai 1945"),
        ("1ère av. du Port", "1 avenue port"),
        ("petit ch de la Vigne", "petit chemin vigne"),
        # A kind is short at the beginning only: this one is a name.
        ("rue du Ch. de Gaulle", "rue ch gaulle"),
    ],
)
def test_words_of_a_street(typed, words):
    assert " ".join(street_words(typed)) == words


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("12 rue Haute", (12, "", "rue Haute")),
        ("12bis, rue Haute", (12, "bis", "rue Haute")),
        ("n° 4 B rue Haute", (4, "b", "rue Haute")),
        ("12-14 rue Haute", (12, "", "rue Haute")),
        ("2e Cité", (0, "", "2e Cité")),
        ("59000", (0, "", "59000")),
    ],
)
def test_the_house_number_that_begins_a_text(typed, number):
    assert read_number(typed) == number


def test_how_near_a_name_is():
    street = street_words("Rue du Général de Gaulle")
    for typed, near in (
        ("rue du général de gaulle", 0),
        ("général de gaulle", 1),
        ("rue de gaulle", 2),
        ("rue g. de gaulle", 2),
        ("avenue du général de gaulle", 3),
        ("rue du général", None),
        ("rue de gaule", None),
    ):
        assert nearness(street_words(typed), street) == near, typed


@pytest.mark.parametrize(
    ("typed", "kind", "nom", "precision"),
    [
        (
            "4 bd du Général Leclerc, Amiville",
            "adresse",
            "4 Boulevard du Général Leclerc",
            "adresse",
        ),
        ("4bis bd gal leclerc amiville", "adresse", "4 bis Boulevard du Général", "adresse"),
        ("120 boulevard leclerc 80010 Amiville", "adresse", "120 Boulevard", "adresse"),
        ("bd Leclerc 80010 AMIVILLE CEDEX", "voie", "Boulevard du Général Leclerc", MILIEU),
        ("99 bd leclerc amiville", "voie", "Boulevard du Général Leclerc", SANS_NUMERO),
        ("pl J. Jaurès, Amiville", "voie", "Place Jean Jaurès", MILIEU),
        ("Amiville, place Jaurès", "voie", "Place Jean Jaurès", MILIEU),
        ("amiville place jean jaures", "voie", "Place Jean Jaurès", MILIEU),
        ("Place Jean Jaurès", "voie", "Place Jean Jaurès", MILIEU),
        ("rue de la gare, Vieuxbourg", "voie", "Rue de la Gare, Amiville, Vieuxbourg", MILIEU),
        ("rue de l'eglise cysoing", "voie", "Rue de l'Église, Cysoing", MILIEU),
        ("place jean jauress, Amiville", "voie", "Place Jean Jaurès", MILIEU),
        ("rue Xylophone, Amiville", "commune", "Amiville", RUE_INCONNUE),
        ("rue Haute, Beauval", "commune", "Beauval", A_LA_COMMUNE),
        ("Amiville", "commune", "Amiville", "mairie"),
    ],
)
def test_a_street_typed_is_where_one_starts(index, typed, kind, nom, precision):
    place = resolve_place(index, typed)
    assert (place.type, place.precision) == (kind, precision)
    assert place.nom.startswith(nom)
    # Spelt otherwise, it is told.
    assert bool(place.compris_de) == ("jauress" in typed)


@pytest.mark.parametrize(
    ("typed", "choices"),
    [
        (
            "rue de la Gare, Amiville",
            ["Rue de la Gare, Amiville", "Rue de la Gare, Amiville, Vieuxbourg", "Amiville"],
        ),
        ("rue de la gare", ["Rue de la Gare, Amiville", "Rue de la Gare, Cysoing"]),
        ("bd Carnot, Amiville", ["Avenue Carnot, Amiville", "Rue Carnot, Amiville", "Amiville"]),
        ("Carnot, Amiville", None),
    ],
)
def test_several_streets_are_asked(index, typed, choices):
    with pytest.raises(PlaceError) as asked:
        resolve_place(index, typed)
    if choices:
        named = [place.nom for place in asked.value.choix]
        assert [one for one in named if one in choices] and set(choices) <= set(named)
    for place in asked.value.choix:
        if place.type == "voie":
            again = resolve_place(index, f"{place.type}:{place.code}")
            assert (again.nom, again.longitude) == (place.nom, place.longitude)


def test_a_text_that_reads_two_ways_is_asked_unless_a_comma_parts_it(index):
    both = ["Rue Verte, Cysoing", "Rue Verte Mare, Amiville"]
    with pytest.raises(PlaceError) as asked:
        resolve_place(index, "rue verte mare amiville")
    assert [place.nom for place in asked.value.choix][:2] == both
    assert resolve_place(index, "rue verte, Mare-Amiville").nom == both[0]
    assert resolve_place(index, "rue verte mare, Amiville").nom == both[1]


def test_streets_are_proposed_while_typing(index):
    assert [p.nom for p in suggest_streets(index, "4 bd leclerc amiville")] == [
        "4 Boulevard du Général Leclerc, Amiville"
    ]
    assert suggest_streets(index, "amiv") == suggest_streets(index, "boulevard") == []


def test_nothing_of_the_streets_is_in_memory(index):
    assert not hasattr(index.rues, "lignes") and all(p.is_file() for p in index.rues.fichiers)
    assert len(COLONNES) == len(index.toponymes.lignes[0])


def test_address_files_given_take_the_place_of_the_row_of_the_registry(tmp_path):
    row = Located(source=get_source(ADRESSES), path=None, mode="absente", sha256=None, note="")
    assert give_addresses([row], []) == [row]
    given = give_addresses([row], [BAN, BAN])
    assert [(one.source.id, one.mode) for one in given] == [("ban", "miroir"), ("ban-2", "miroir")]
    with pytest.raises(ParameterError, match="--adresses"):
        give_addresses([row], [tmp_path / "rien.csv"])


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rues_web")
    publish_world(make_tiny_frames(), folder, also=lambda aside: write_streets(aside, CREDIT))
    return create_app(folder).test_client()


def test_a_street_is_in_no_address_of_the_page_and_in_no_log(client, caplog):
    with caplog.at_level(logging.DEBUG):
        page = client.post("/recherche", data={"lieu": "4 bd Leclerc, Amiville", "texte": "cap"})
        street = client.post("/recherche", data={"lieu": "bd Leclerc, Amiville"})
    text = plain(html.unescape(street.text))
    assert "On part du milieu de la rue" in text and f"Rue : {CREDIT} (ODbL)" in text
    assert "4 Boulevard du Général Leclerc, Amiville" in page.text
    for one in (page, street):
        links = re.findall(r'(?:href|action)="([^"]*)"', one.text)
        assert not [link for link in links if "eclerc" in link or "voie" in link]
    assert "eclerc" not in caplog.text


def test_choices_are_clickable_and_an_unknown_street_is_said(client):
    page = client.post("/recherche", data={"lieu": "1 rue de la Gare, Amiville"}).text
    assert len(re.findall(r'data-lieu="point:50\.\d+,2\.\d+"', page)) == 2
    page = plain(
        html.unescape(client.post("/recherche", data={"lieu": "rue Xylophone, Amiville"}).text)
    )
    assert "Cette rue n'est pas dans nos sources : on part de la commune, Amiville." in page
    assert "tapez la rue et la commune" in client.get("/recherche").text


@pytest.mark.real
def test_named_roads_of_the_mirror_are_understood_and_never_another(
    real_snapshot, real_index, mirror
):
    rows = list(true_streets(mirror, real_snapshot.read("communes")).itertuples())[::120]
    kinds = [judge(real_index, f"{one.nom}, {one.commune}", one)[0] for one in rows]
    kinds += [judge(real_index, shortened(one.nom, one.commune, 1), one)[0] for one in rows]
    assert kinds.count("exact") / len(kinds) >= 0.96 and kinds.count("faux") == 0


def test_main_roads_are_light_lines():
    straight = LineString([(2.0, 50.0), (2.01, 50.00001), (2.02, 50.0)])
    rows = [
        ("A 1", "highway", straight),
        ("D 1", "major", LineString([(2.02, 50.0), (2.05, 50.02)])),
        ("", "major", LineString([(2.0, 50.0), (2.0005, 50.0)])),
        ("Rue Haute", "minor", straight),
    ]
    roads = pd.DataFrame(rows, columns=["nom", "classe", "geometry"])
    drawn = json.loads(json.dumps(road_features(roads)))
    assert {f["properties"]["forme"]: f["geometry"]["coordinates"] for f in drawn} == {
        "route-major": [[[2.02, 50.0], [2.05, 50.02]]],
        "route-highway": [[[2.0, 50.0], [2.02, 50.0]]],
    }


STATIONS = """nom;libellecourt;segment_drg;position_geographique;codeinsee;codes_uic
Hirson;HIR;C;"49.92031, 4.09183";02381;87295444
Lens;LNS;B;"50.42659, 2.82779";62498;87345025
Lens;LNS;B;"50.42659, 2.82779";62498;87345025
Arras;ARR;B;;62041;87342014
;LIL;A;"50.63604, 3.07088";59350;87286005
"""


def test_stations_of_a_public_list_are_points_of_the_base_map(tmp_path):
    path = tmp_path / "gares-de-voyageurs.csv"
    path.write_text(STATIONS, encoding="utf-8")
    source = get_source("gares-voyageurs")
    stations, bilan = read_stations(read_source(source, path), source)
    bilan.check()
    assert [one["code_raison"] for one in bilan.rejets] == ["nom_absent", "position_absente"]
    assert [
        (one["properties"]["nom"], *one["geometry"]["coordinates"])
        for one in station_features(stations)
    ] == [("Hirson", 4.0918, 49.9203), ("Lens", 2.8278, 50.4266)]


def test_roads_are_served_where_a_snapshot_holds_some(client, tmp_path):
    assert client.get("/donnees/couches/routes.geojson").status_code == 404
    publish_world(
        make_tiny_frames(), tmp_path, also=lambda aside: (aside / ROUTES).write_text("{}")
    )
    held = create_app(tmp_path).test_client()
    assert held.get("/donnees/couches/routes.geojson").text == "{}"
    assert "routes.geojson" in held.get("/recherche").text
    assert "routes.geojson" not in client.get("/recherche").text


@pytest.mark.real
def test_the_quarter_one_starts_from_is_outlined_on_the_map(real_snapshot, real_index):
    index = real_index
    code = next(line[1] for line in index.toponymes.lignes if line[-1] == CONTOUR)
    outline = start_outline(resolve_place(index, f"qpv2015:{code}"), real_snapshot)
    zones = real_snapshot.read("zones")
    mine = zones[zones["code_zone"].eq(code) & zones["type_zone"].eq("qpv2015")]
    assert shape(outline).symmetric_difference(mine.geometry.iloc[0]).area < 1e-6
    assert start_outline(resolve_place(index, "Lens"), real_snapshot) is None
    assert 0 < len((real_snapshot.path / ROUTES).read_bytes()) <= 150_000
