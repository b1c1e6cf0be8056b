"""Places: names, codes, postcodes, zones, points; errors that name the nearest."""

import csv
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from shapely.geometry import Point

from benchmarks.relevance import measure_places
from geoapp.core.errors import ParameterError, SnapshotError
from geoapp.core.snapshot import Snapshot
from geoapp.offer.search.index import open_index, write_index
from geoapp.offer.search.places import (
    NOM_POINT,
    PlaceError,
    parse_place,
    resolve_place,
    suggest_places,
    tell_outside,
)
from geoapp.reference.codes.text import fold
from support.examples import cheap
from support.world import make_tiny_frames

TRUTH = Path(__file__).resolve().parents[1].parent / "shared" / "truth" / "geocoder_tester_hdf.csv"


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """Return the index of the tiny world, where Amiville has taken in two communes."""
    frames, folder = make_tiny_frames(), tmp_path_factory.mktemp("lieux")
    frames["anciennes_communes"] = pd.DataFrame(
        {
            "code_ancien": ["80009", "80008"],
            "code_commune": "80001",
            "nom": ["Vieuxbourg", None],
            "type_ancienne": ["deleguee", "fusionnee"],
        }
    )
    write_index(frames, folder)
    return open_index(Snapshot(folder, {}, frames))


def named(index, texte: str) -> str:
    lieu = resolve_place(index, texte)
    return f"{lieu.type}:{lieu.code}"


@pytest.mark.parametrize(
    "texte, attendu",
    [
        ("Amiville", "commune:80001"),
        ("AMIVILLE", "commune:80001"),
        (" amivîlle ", "commune:80001"),
        ("amiville 80", "commune:80001"),
        ("Amiville (Somme)", "commune:80001"),
        ("ze amiville", "ze2020:3201"),
        ("zone d'emploi d'Amiville", "ze2020:3201"),
        ("ze2020:3201", "ze2020:3201"),
        ("Somme", "departement:80"),
        ("80", "departement:80"),
        ("département du Nord", "departement:59"),
        ("80100", "code_postal:80100"),
        ("CC des Carrés", "epci:240000001"),
        ("communauté de communes des carrés", "epci:240000001"),
        ("hauts de france", "region:32"),
        ("commune:80009", "ancienne_commune:80009"),
        ("80009", "ancienne_commune:80009"),
        ("80008", "ancienne_commune:80008"),
        ("vieuxbourg", "ancienne_commune:80009"),
        ("59001", "commune:59001"),
    ],
)
def test_places_by_name_and_code(index, texte, attendu):
    assert named(index, texte) == attendu


def test_a_commune_comes_before_the_zone_of_its_name(index):
    assert [lieu.type for lieu in suggest_places(index, "amiv")][:2] == ["commune", "ze2020"]
    assert (
        not resolve_place(index, "amiville").est_zone
        and resolve_place(index, "ze amiville").est_zone
    )


def test_suggestions_are_bounded_and_forgiving(index):
    assert suggest_places(index, "") == [] and len(suggest_places(index, "c", limit=1)) == 1
    assert suggest_places(index, "cisoing")[0].nom == "Cysoing"
    assert suggest_places(index, "x" * 5000) == []


@pytest.mark.parametrize(
    "texte", ["Zzyzx", "commune:99999", "rien:1", "''", "12345", "🎓", "a" * 5000]
)
def test_an_unknown_place_is_refused_in_words(index, texte):
    with pytest.raises(ParameterError, match="lieu = «"):
        resolve_place(index, texte)


@pytest.mark.parametrize("typed", ["amivxxe", "amivile"])
def test_the_nearest_names_are_given_to_choose_from(index, typed):
    with pytest.raises(PlaceError, match="Amiville") as caught:
        resolve_place(index, typed)
    assert "commune:80001" in [f"{one.type}:{one.code}" for one in caught.value.choix]


@pytest.mark.parametrize(
    "typed", ["Paris", "PARIS 15", "bruxelles", "Bruxelles CEDEX", "New-York", "Belgique"]
)
def test_a_place_outside_the_region_is_said_to_be_there(index, typed):
    with pytest.raises(PlaceError, match="est hors de la région") as caught:
        resolve_place(index, typed)
    assert not caught.value.choix and suggest_places(index, typed) == []
    assert tell_outside(typed) == caught.value.phrase


@pytest.mark.parametrize("typed", ["80 100", "80100 CEDEX", "80100 cedex 9", " 80 100 cedex 12 "])
def test_postcodes_are_read_as_people_write_them(index, typed):
    assert named(index, typed) == "code_postal:80100"


def test_an_area_without_borders_asks_which_territory(index):
    with pytest.raises(PlaceError, match="pas de limites officielles") as caught:
        resolve_place(index, "la Picardie")
    assert [one.code for one in caught.value.choix] == ["80"]


@pytest.mark.parametrize(
    "parametres, code",
    [
        ({"lat": "50.4321987654", "lon": "2.8329"}, "50.432199,2.8329"),
        ({"lieu": "point:50.4,2.8"}, "50.4,2.8"),
    ],
)
def test_a_point_is_kept_to_ten_centimetres(index, parametres, code):
    lieu = parse_place(index, parametres)
    assert (lieu.type, lieu.code, lieu.nom) == ("point", code, NOM_POINT)
    assert not lieu.est_zone


@pytest.mark.parametrize(
    "parametres",
    [
        {"lat": "nan", "lon": "2"},
        {"lat": "inf", "lon": "2"},
        {"lat": "50"},
        {"lat": "x", "lon": "2"},
        {"lat": "-20", "lon": "55"},
        {"lat": "50", "lon": "2", "lieu": "Amiville"},
    ],
)
def test_a_wrong_point_is_refused(index, parametres):
    with pytest.raises(ParameterError):
        parse_place(index, parametres)


def test_no_place_is_no_place(index):
    assert parse_place(index, {}) is None and parse_place(index, {"lieu": " "}) is None


@cheap(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texte=st.text(max_size=50))
def test_any_text_is_a_place_or_a_message(index, texte):
    suggest_places(index, texte)
    try:
        resolve_place(index, texte)
    except ParameterError as error:
        assert "lieu = " in str(error) or "lat = " in str(error)


def test_every_suggestion_opens_again_by_its_code(index):
    for debut in "abcdhn8":
        for lieu in suggest_places(index, debut, limit=50):
            assert resolve_place(index, f"{lieu.type}:{lieu.code}") == lieu


def test_a_snapshot_without_index_says_to_build_again(tmp_path):
    with pytest.raises(SnapshotError, match="geoapp build"):
        open_index(Snapshot(tmp_path, {}, {}))


@pytest.mark.real
@pytest.mark.parametrize(
    "texte, attendu",
    [
        ("Lens", "commune:62498"),
        ("ze lens", "ze2020:3215"),
        ("St Omer", "commune:62765"),
        ("bethune", "commune:62119"),
        ("59000", "code_postal:59000"),
        ("Pas-de-Calais", "departement:62"),
        ("métropole européenne de lille", "epci:200093201"),
        ("CA de Béthune", "epci:200072460"),
        ("62000 ARRAS CEDEX", "commune:62041"),
        ("Blanc Riez", "qpv2015:QP059089"),
        ("QP059089", "qpv2015:QP059089"),
        ("0590121L", "etablissement:0590121L"),
        ("Lycée César Baggio", "etablissement:0590121L"),
        ("valencienne", "commune:59606"),
        ("dunkerk", "commune:59183"),
        ("Boulogne", "commune:62160"),
        ("boulogne/mer", "commune:62160"),
        ("Boulogne s/ Mer", "commune:62160"),
        ("Lomme", "ancienne_commune:59355"),
        ("Nord", "departement:59"),
    ],
)
def test_real_places(real_index, texte, attendu):
    assert named(real_index, texte) == attendu


@pytest.mark.real
@pytest.mark.parametrize(
    "texte, choix",
    [
        ("Saint-Pol", {"commune:62767", "ancienne_commune:59540"}),
        ("Avesnois", {"arrondissement:591", "bassin2024:3223"}),
        ("Gare de Lille Flandres", {"commune:59350"}),
    ],
)
def test_real_places_to_choose_from(real_index, texte, choix):
    with pytest.raises(PlaceError) as caught:
        resolve_place(real_index, texte)
    assert choix <= {f"{one.type}:{one.code}" for one in caught.value.choix}


@pytest.mark.real
def test_every_quarter_with_an_outline_may_be_started_from(real_snapshot, real_index):
    zones = real_snapshot.read("zones")
    quarters = zones[zones["type_zone"].eq("qpv2015")].set_index("code_zone").geometry
    assert len(quarters) == 199
    for code, outline in quarters.items():
        place = resolve_place(real_index, code)
        assert (place.type, place.code, place.est_zone) == ("qpv2015", code, False)
        assert outline.contains(Point(place.point)) and outline.is_valid


@pytest.mark.real
def test_the_judged_places_are_understood(real_snapshot):
    """Half of them tuned the reading of places; the other half judges it."""
    table = measure_places(real_snapshot)
    right = table.groupby("partie")["est_juste"].mean()
    assert len(table) >= 200 and right["reglage"] >= 0.98 and right["jugement"] >= 0.95


@pytest.mark.real
def test_towns_of_the_geocoder_queries(real_snapshot, real_index):
    """Queries that are the name of a town of the region must give that town first."""
    if not TRUTH.exists():
        pytest.skip("requêtes de référence absentes (shared/truth)")
    communes = {fold(nom) for nom in real_snapshot.read("communes")["nom"]}
    with open(TRUTH, encoding="utf-8") as stream:
        rows = [
            row
            for row in csv.DictReader(stream)
            if row["expected_city"] and fold(row["query"]) == fold(row["expected_city"])
        ]
    asked = sorted({row["query"] for row in rows if fold(row["expected_city"]) in communes})
    wrong = [
        query
        for query in asked
        if not (found := suggest_places(real_index, query)) or fold(query) not in fold(found[0].nom)
    ]
    assert len(wrong) <= 0.02 * len(asked), wrong
