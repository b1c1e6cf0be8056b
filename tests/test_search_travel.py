"""Search by time and way of travelling: what is in time, in which order, said how."""

import json
import math
import re
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from pyproj import Geod
from scipy import sparse

from geoapp.cli import main
from geoapp.core.errors import ParameterError
from geoapp.coverage.travel import write_trajets
from geoapp.coverage.travel.choice import choose_trajets
from geoapp.coverage.travel.from_point import FromPoint, from_points
from geoapp.coverage.travel.law import FICHIER, load_laws
from geoapp.coverage.travel.matrix import Matrice, open_trajets
from geoapp.coverage.travel.modes import DEFAUT, UNITES
from geoapp.coverage.travel.reach import find_reach, read_people
from geoapp.offer.answers import describe_answer
from geoapp.offer.lookups import open_repertoire
from geoapp.offer.search.engine import open_engine, search
from geoapp.offer.search.proximity import distances_m
from geoapp.offer.search.requests import describe_request, parse_request, to_parameters
from geoapp.offer.search.travel import MINUTES, MOYEN_USUEL, Depart
from geoapp.reference.communes.population_points import load_population_points
from geoapp.web import create_app
from geoapp.web.kept import may_keep
from geoapp.web.reached import round_people
from support.words import flat
from support.world import make_tiny_frames, publish_world


def plain(text: str) -> str:
    """Return a page with the blanks of a keyboard."""
    return flat(text.replace("\u202f", " ").replace("\u00a0", " "))


GEOD = Geod(ellps="GRS80")
SEUILS = (1, 5, 9.5, 15, 20, 30, 60, 120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("temps")
    publish_world(make_tiny_frames(), folder)
    return folder


@pytest.fixture(scope="module")
def world(folder):
    """Return the tiny world, its engine that knows trips, and what makes its cards."""
    from geoapp.core.snapshot import open_snapshot

    snapshot = open_snapshot(folder)
    engine = open_engine(snapshot, voyages=from_points(snapshot))
    return SimpleNamespace(snapshot=snapshot, engine=engine, cards=open_repertoire(snapshot))


def ask(world, **parametres):
    """Return the answer of the API to some parameters."""
    found = search(world.engine, parse_request(parametres, world.engine))
    return describe_answer(found, world.cards)


def density_at(longitude: float, latitude: float) -> float:
    """Return the people per km² around a point, by its definition: one commune at a time."""
    points, people = load_population_points()
    near = np.abs(points - (longitude, latitude)).max(axis=1) < 0.2
    total = 0.0
    for (x, y), nb in zip(points[near], people[near], strict=True):
        km = GEOD.inv(longitude, latitude, x, y)[2] / 1000
        total += nb * math.exp(-(km**2) / (2 * 2.5**2)) if km <= 10 else 0
    return total / (2 * math.pi * 2.5**2)


def minutes_by_hand(mode: str, start, end) -> float:
    """Return the minutes of the law between two points, read in its file, one number at a time."""
    told = json.loads(FICHIER.read_text(encoding="utf-8"))["lois"][mode]
    km = GEOD.inv(*start, *end)[2] / 1000
    mean = sum(math.log1p(density_at(*one) / 100) for one in (start, end)) / 2

    def cost(curve: dict) -> float:
        (first, *breaks), (near, far, core) = curve["pentes"], curve["densite"]
        log = curve["constante"] + first * math.log(km)
        for slope, bound in zip(breaks, (5, 25), strict=True):
            log += slope * max(0, math.log(km / bound))
        fading = math.exp(-km / 15)
        log += mean * (near * fading + far * (1 - fading)) + core * max(0, mean - 3)
        return math.exp(log)

    ceiling = told.get("plafond")
    return min(cost(told["temps"]), cost(ceiling)) if ceiling and km < 5 else cost(told["temps"])


@pytest.mark.parametrize("mode", ["voiture", "voiture_fluide", "velo", "pied"])
def test_minutes_are_those_of_the_law_from_any_point(world, mode):
    start = (2.17, 50.02)
    told = ask(world, lat=start[1], lon=start[0], rayon=100, mode=mode)
    placed = [one for one in told["formations"] if one["duree_min"] is not None]
    assert {one["precision"]["code"] for one in placed} == {"adresse", "coordonnees"}
    for one in placed:
        by_hand = minutes_by_hand(mode, start, (one["longitude"], one["latitude"]))
        assert one["duree_min"] == pytest.approx(by_hand, rel=0.01, abs=0.06)
        assert one["mode"] == mode and one["duree"].startswith("environ ")


@pytest.mark.parametrize("mode", load_laws())
def test_a_search_and_the_matrix_tell_the_same_trip(world, mode):
    """Beyond the floor inside a commune, which a point searched from has not."""
    engine, matrices = world.engine, open_trajets(world.snapshot)
    points = world.snapshot.read("demande").set_index("id_point").loc[matrices.origines].geometry
    columns = [list(matrices.places).index(one) for one in _ids(engine)]
    compared = 0
    for row, point in enumerate(points):
        gaps = distances_m(engine.xyz, point.x, point.y)
        start = Depart(longitude=point.x, latitude=point.y, moins_m=gaps, plus_m=gaps)
        told = engine.voyages.durees(mode, start).plus
        stored = matrices.modes[mode].cost("min")[[row]].toarray()[0][columns]
        held = (stored > 0) & (gaps > 12_000)
        compared += held.sum()
        assert told[held] == pytest.approx(stored[held], abs=0.051)
    assert compared or mode == "pied"
    assert engine.voyages.points().shape == (0, 2)  # laws hold no matrix


def _ids(engine) -> list[str]:
    return [f"{y:.5f},{x:.5f}" for x, y in zip(engine.longitudes, engine.latitudes, strict=True)]


@pytest.mark.parametrize("asked", [{"mode": m} for m in load_laws()] + [{"sans_voiture": "oui"}])
def test_a_longer_time_never_loses_a_result(world, asked):
    before: set = set()
    for minutes in SEUILS:
        told = ask(world, lat=50.1, lon=2.31, seuil_min=minutes, taille=100, **asked)
        found = {(one["id"], one["id_lieu"]) for one in told["formations"]}
        assert before <= found
        assert all(one["duree_moins_min"] <= minutes + 0.05 for one in told["formations"])
        before = found
    assert before


def test_the_time_is_inclusive_and_takes_the_place_of_the_radius(world):
    asked = parse_request({"lieu": "Amiville", "seuil_min": 120}, world.engine)
    every = search(world.engine, asked)
    limit = float(every.durees.moins.max())
    assert limit > 1 and every.total > 3
    assert search(world.engine, replace(asked, minutes=limit)).total == every.total
    assert search(world.engine, replace(asked, minutes=limit * (1 - 1e-9))).total < every.total
    # The radius, 20 km when none is asked, does not count.
    assert every.distances_m.max() > 20_000


def test_the_order_is_that_of_time(world):
    told = ask(world, lieu="Beauval", seuil_min=120)
    minutes = [one["duree_plus_min"] for one in told["formations"]]
    assert told["tri"] == "duree" and minutes == sorted(minutes) and len(minutes) > 3


def test_what_needs_no_car_comes_first_and_is_counted_once(world):
    told = ask(world, lieu="Beauval", seuil_min=30, sans_voiture="oui", tri="titre")
    groups = [one["est_a_temps_sans_voiture"] for one in told["formations"]]
    assert groups == sorted(groups, reverse=True) and set(groups) == {True, False}
    assert told["nb_sans_voiture"] == sum(groups) and told["total"] == len(groups)
    for one in told["formations"]:
        assert (one["mode"] in ("velo", "pied")) is one["est_a_temps_sans_voiture"]
    walked = ask(world, lieu="Beauval", seuil_min=30, sans_voiture="oui", mode="pied")
    assert walked["nb_sans_voiture"] <= told["nb_sans_voiture"]
    assert {one["mode"] for one in walked["formations"]} <= {"pied", "voiture"}
    assert ask(world, lieu="Beauval", seuil_min=30)["nb_sans_voiture"] is None


def test_a_place_known_by_its_commune_is_at_an_interval(world):
    told = ask(world, lieu="Beauval", seuil_min=120)["formations"]
    vague = [one for one in told if one["precision"]["code"] == "commune"]
    assert vague
    for one in vague:
        assert one["duree_min"] is None and one["duree_moins_min"] < one["duree_plus_min"]
        least, most = (round(one[nom]) for nom in ("duree_moins_min", "duree_plus_min"))
        told = one["duree"].replace("\u202f", " ")
        assert told.startswith(f"environ {least} à {most} min en voiture selon l'endroit de la")
        assert told.endswith("près une fois sur deux")
    inside = ask(world, lieu="Cysoing", seuil_min=120)["formations"]
    (said,) = {one["duree"] for one in inside if one["precision"]["code"] == "commune"}
    assert said.startswith("au plus environ ")


def test_an_answer_tells_where_its_times_come_from(world):
    (by_car,) = ask(world, lieu="Beauval", seuil_min=30)["trajets"]
    assert by_car.startswith("Trajets en voiture : loi calée") and "une fois sur deux" in by_car
    told = ask(world, lieu="Beauval", seuil_min=30, sans_voiture="oui")["trajets"]
    assert [one.split(" : ")[0] for one in told] == [
        "Trajets à vélo",
        "Trajets à pied",
        "Trajets en voiture",
    ]
    assert ask(world, lieu="departement:80")["trajets"] == ask(world)["trajets"] == []


def test_words_tell_the_error_of_their_band(world):
    laws = load_laws()
    for one in ask(world, lieu="Beauval", seuil_min=120)["formations"]:
        if one["duree_min"] and one["duree_min"] >= 1:
            km = one["distance_m"] / 1000
            band = next(band for band in laws["voiture"].errors if km <= band.a_km)
            assert f"à {band.mediane * 100:.0f}" in one["duree"]
            assert one["duree"].endswith("près une fois sur deux")


def given(minutes: np.ndarray, **autres) -> FromPoint:
    """Return trips from two points of demand to three places, of a matrix that was given."""
    costs = sparse.csr_array(np.asarray(minutes, dtype="u2"))
    told = {"fournisseur": "horaires", "sha256": "0", "date": "2026-01-05"}
    return FromPoint(
        lois=autres.pop("lois", {}),
        donnees={
            "transports": Matrice(mode="transports", pas={"min": costs}, parametres=told, **autres)
        },
        densites=np.full(3, 100.0),
        colonnes=np.arange(3),
        points=lambda: np.array([[2.1, 50.1], [2.3, 50.1]]),
    )


def depart(longitude: float) -> Depart:
    gaps = np.array([1000.0, 2000.0, 3000.0])
    return Depart(longitude=longitude, latitude=50.1, moins_m=gaps, plus_m=gaps)


def test_a_given_matrix_answers_near_its_points_and_nothing_is_guessed_elsewhere():
    trips = given([[100, 0, 250], [50, 60, 70]])
    near = trips.durees("transports", depart(2.103))
    assert near.plus.tolist() == [10.0, math.inf, 25.0] and near.est_donnee.all()
    said = [one.mots for one in near.each()]
    assert said[1] == "hors de portée en transports en commun"
    assert "erreur inconnue" in said[0]
    assert "point habité le plus proche" in trips.tell_source("transports", 2.103, 50.1, 30)
    far = trips.durees("transports", depart(2.2))
    assert np.isnan(far.plus).all() and [one.mots for one in far.each()] == ["", "", ""]
    assert "inconnus depuis ce lieu" in trips.tell_source("transports", 2.2, 50.1, 30)


def test_the_law_fills_in_where_a_matrix_does_not_reach():
    trips = given(
        [[100, 200, 250], [50, 60, 70]],
        lois={"transports": load_laws()["velo"]},
        origines_reseau=np.array([1, 0], dtype="u1"),
        places_reseau=np.array([1, 1, 0], dtype="u1"),
    )
    near = trips.durees("transports", depart(2.1))
    assert near.est_donnee.tolist() == [True, True, False]
    assert near.plus[:2].tolist() == [10.0, 20.0]
    away = trips.durees("transports", depart(2.3))
    assert not away.est_donnee.any() and away.plus[2] == pytest.approx(near.plus[2])


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Return the tiny world with timetables given for one trip: from Amiville to Beauval."""
    frames, folder = make_tiny_frames(), tmp_path_factory.mktemp("horaires")
    trips = {
        "origin": ["commune:80001"],
        "destination": ["50.10000,2.30000"],
        "time_min": [12.0],
        "distance_km": [np.nan],
    }
    pd.DataFrame(trips).to_parquet(folder / "horaires.parquet")
    snapshot = publish_world(frames, folder)
    matrices = choose_trajets(frames, [("transports", folder / "horaires.parquet")])
    shutil.rmtree(snapshot.path / "trajets")
    write_trajets(matrices, snapshot.path)
    engine = open_engine(snapshot, voyages=from_points(snapshot))
    return SimpleNamespace(snapshot=snapshot, engine=engine, cards=open_repertoire(snapshot))


def test_timetables_of_a_snapshot_are_asked_from_the_nearest_point(served):
    told = ask(served, lieu="Amiville", seuil_min=12, mode="transports")
    assert {one["id"] for one in told["formations"]} == {"tiny:a4"}
    assert {one["duree_min"] for one in told["formations"]} == {12.0}
    assert ask(served, lieu="Amiville", seuil_min=11.9, mode="transports")["total"] == 0
    every = ask(served, lieu="Amiville", mode="transports", rayon=50)["formations"]
    said = {one["id"]: one["duree"] for one in every}
    assert said["tiny:a1"] == "hors de portée en transports en commun"
    # Known by its commune only: a timetable tells the way to a point.
    assert said["tiny:a6"] == "" and said["tiny:a4"].startswith("environ 12\u202fmin en transports")
    free = ask(served, lieu="Amiville", seuil_min=12, sans_voiture="oui")["formations"]
    assert free[0]["id"] == "tiny:a4" and free[0]["mode"] == "transports"
    away = ask(served, lat=50.02, lon=2.17, seuil_min=120, mode="transports")
    assert away["total"] == 0 and {one["duree"] for one in away["proches"]} == {""}


def test_an_address_gives_the_search_back_with_its_time(world):
    for parametres in (
        {"lieu": "commune:80001", "seuil_min": "30"},
        {"lieu": "commune:80001", "seuil_min": "12.5", "mode": "velo", "tri": "distance"},
        {"lieu": "commune:80001", "mode": "pied", "sans_voiture": "oui"},
    ):
        requete = parse_request(parametres, world.engine)
        assert dict(to_parameters(requete)) == parametres
        assert parse_request(dict(to_parameters(requete)), world.engine) == requete


@pytest.mark.parametrize(
    "parametres, message",
    [
        ({"seuil_min": "30", "rayon": "20"}, "pas les deux"),
        ({"seuil_min": "0.5"}, "de 1 à 120"),
        ({"seuil_min": "121"}, "de 1 à 120"),
        ({"seuil_min": "nan"}, "de 1 à 120"),
        ({"mode": "transports"}, "aucun trajet n'est connu"),
        ({"mode": "fusee"}, r"voiture_fluide \(en voiture sans bouchon\), velo \(à vélo\)"),
        ({"sans_voiture": "peut-être"}, "oui ou non"),
    ],
)
def test_what_cannot_be_asked_is_refused(world, parametres, message):
    with pytest.raises(ParameterError, match=message):
        parse_request({"lieu": "Amiville", **parametres}, world.engine)


def test_an_engine_without_trips_refuses_minutes_and_tells_none(world):
    bare = open_engine(world.snapshot)
    for nom, valeur in (("seuil_min", "30"), ("mode", "velo"), ("sans_voiture", "oui")):
        with pytest.raises(ParameterError, match="pas connues"):
            parse_request({"lieu": "Amiville", nom: valeur}, bare)
    found = search(bare, parse_request({"lieu": "Amiville"}, bare))
    told = describe_answer(found, world.cards)
    assert told["mode"] is None and {one["duree"] for one in told["formations"]} == {""}


def test_sentences_and_bounds_are_those_of_the_coverage(world):
    def say(**parametres) -> str:
        asked = parse_request({"lieu": "Amiville", **parametres}, world.engine)
        return describe_request(asked, 2).replace("\u202f", " ")

    assert say(seuil_min=30) == "2 formations à 30 min au plus d'Amiville, en voiture"
    assert say(seuil_min="7,5", mode="velo").endswith("à 7,5 min au plus d'Amiville, à vélo")
    assert say(seuil_min=30, sans_voiture="oui").endswith("sans voiture puis en voiture")
    assert MOYEN_USUEL == DEFAUT
    assert (UNITES["min"].minimum, UNITES["min"].maximum) == MINUTES


def test_the_command_line_asks_the_same(world, folder):
    arguments = ["--lieu", "Beauval", "--seuil-min", "30", "--sans-voiture", "--mode", "velo"]
    done = CliRunner().invoke(main, ["search", "--data", str(folder), *arguments, "--json"])
    assert done.exit_code == 0, done.output
    same = ask(world, lieu="Beauval", seuil_min=30, sans_voiture="oui", mode="velo")
    assert json.loads(done.stdout) == json.loads(json.dumps(same))
    table = CliRunner().invoke(main, ["search", "--data", str(folder), *arguments])
    assert "sans voiture, en premier" in table.output


@pytest.fixture(scope="module")
def client(folder):
    return create_app(folder).test_client()


def test_the_page_shows_two_groups_each_with_its_count_and_what_is_reached(client, world):
    told = ask(world, lieu="Beauval", seuil_min=30, sans_voiture="oui")
    free, total = told["nb_sans_voiture"], told["total"]
    page = client.get("/recherche?lieu=Beauval&seuil_min=30&sans_voiture=oui").text
    titles = [" ".join(one.split()) for one in re.findall(r'class="titre-groupe">([^<]+)<', page)]
    assert [re.findall(r"(\d+) formation", one) for one in titles] == [
        [str(free)],
        [str(total - free)],
    ]
    starts = re.findall(r'<ol class="offres"[^>]*start="(\d+)"', page)
    assert starts == ["1", str(free + 1)]
    assert page.count('class="offre-trajet"') == total
    assert "© contributeurs OpenStreetMap" in page  # the law by car is made of their roads
    assert "Contour approximatif" in page and "À partir de" in page
    state = json.loads(re.search(r'id="etat">(.*?)</script>', page)[1])
    assert [zone["mode"] for zone in state["zones"]] == ["velo", "pied", "voiture"]
    assert state["rayonKm"] == 0
    assert "MultiPolygon" in str(state["zones"][0]["contour"])


def test_the_form_sends_its_radius_and_a_time_wins(client):
    page = client.get("/recherche?lieu=Beauval&rayon=5&seuil_min=30")
    assert page.status_code == 200 and "30\u202fmin au plus" in page.text
    refused = client.get("/api/v1/formations?lieu=Beauval&rayon=5&seuil_min=30")
    assert refused.status_code == 400 and "pas les deux" in refused.json["erreur"]["message"]


def test_the_sheet_tells_the_trip_from_where_it_was_opened(client):
    sheet = client.get("/formations/tiny:a4?lieu=commune:80001&mode=velo").text
    assert "Trajet depuis Amiville" in sheet and "Trajets à vélo : loi déclarée" in plain(sheet)
    paper = client.get("/recherche/imprimer?lieu=Amiville&seuil_min=60").text
    assert "Trajets en voiture : loi calée" in plain(paper) and 'class="offre' not in paper
    assert "Trajet depuis" not in client.get("/formations/tiny:a4").text


def test_a_place_or_a_position_asked_with_a_time_is_never_kept(client):
    for query in ("lieu=Beauval&seuil_min=30", "lat=50.1&lon=2.3&seuil_min=30&sans_voiture=oui"):
        with client.application.test_request_context(f"/recherche?{query}"):
            assert not may_keep()
    with client.application.test_request_context("/recherche?mode=velo&sans_voiture=oui"):
        assert may_keep()


def test_the_area_holds_who_is_in_time_and_nobody_else(world):
    """By hand: each point of a coarse grid, a law asked one point at a time."""
    people = read_people(world.snapshot)
    law, start = load_laws()["voiture"], (2.3, 50.1)
    zone = find_reach(law, people, *start, 30)
    here = density_at(*start)
    for dx in np.arange(-0.45, 0.46, 0.09):
        for dy in np.arange(-0.3, 0.31, 0.06):
            end = (start[0] + dx, start[1] + dy)
            km = GEOD.inv(*start, *end)[2] / 1000
            minutes = float(law.minutes(km, here, density_at(*end)))
            if abs(minutes - 30) > 1.5:
                assert shapely.contains_xy(zone.contour, *end) == (minutes < 30), (end, minutes)
    assert zone.nb_communes == len(zone.communes)
    assert zone.communes[0][0] == "Beauval"


@pytest.mark.parametrize("mode", load_laws())
def test_a_longer_time_reaches_a_larger_area_and_no_fewer_people(world, mode):
    people, before = read_people(world.snapshot), None
    for minutes in (2, 10, 30, 60, 120):
        zone = find_reach(load_laws()[mode], people, 2.3, 50.1, minutes)
        assert zone.contour.is_valid and shapely.get_num_coordinates(zone.contour) < 1000
        assert zone.contour.covers(shapely.Point(2.3, 50.1))
        if before:
            assert zone.nb_habitants >= before.nb_habitants
            assert before.contour.difference(zone.contour).area <= 0.01 * before.contour.area
        before = zone


def test_the_api_gives_the_area_and_keeps_small_counts_to_itself(client):
    told = client.get("/api/v1/atteinte?lieu=Beauval&seuil_min=5&mode=pied").json
    (zone,) = told["zones"]
    assert zone["mode"] == "pied" and zone["contour"]["type"] == "MultiPolygon"
    assert zone["nb_habitants_environ"] == 200
    assert client.get("/api/v1/atteinte?lieu=Beauval").status_code == 400
    for query in ("lieu=departement:80&seuil_min=30", "seuil_min=30"):
        assert client.get(f"/api/v1/atteinte?{query}").json["zones"] == []
    assert [round_people(one) for one in (0, 3, 99, 100, 1234, 981_577)] == [
        None,
        None,
        None,
        100,
        1200,
        980_000,
    ]
