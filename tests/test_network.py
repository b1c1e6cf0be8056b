"""Costs on a road network, by OSRM in its own interpreter; skipped where `make reseau` was not
run.
"""

from __future__ import annotations

import sys
from datetime import date
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import sparse
from scipy.sparse import csgraph
from shapely.geometry import Point

from benchmarks.roads import ask_pairs, read_roads, write_extract
from geoapp.cli import main
from geoapp.core.errors import ParameterError, SourceError, StorageError
from geoapp.core.geometry import GEOD
from geoapp.coverage.travel.choice import choose_trajets
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.given import Couverture, read_source
from geoapp.coverage.travel.intrazonal import commune_floors
from geoapp.coverage.travel.law import load_laws
from geoapp.coverage.travel.modes import MODES
from geoapp.coverage.travel.network import PROFILS, report_network, warn_of, work_out_network
from geoapp.coverage.travel.network import matrix as module_matrix
from geoapp.coverage.travel.network import tables as module_tables
from geoapp.coverage.travel.network.adjust import add_traffic
from geoapp.coverage.travel.network.engine import Calculateur, find_engine, prepare_graph
from geoapp.coverage.travel.network.tables import CoutsRoutiers, is_in_reach
from support.examples import NIGHT
from support.sources import MIRROR
from support.world import publish_world

ROAD = {"highway": "residential"}
ONE_WAY = {**ROAD, "oneway": "yes"}


@pytest.fixture(scope="session")
def calculateur() -> Calculateur:
    """Return OSRM, or skip."""
    try:
        return find_engine()
    except ParameterError as error:
        pytest.skip(f"réseau routier : {error}")


def at(i: float, j: float) -> tuple[float, float]:
    """Return a position some 700 m × i east and 1,100 m × j north of the town hall of Amiville."""
    return 2.1 + i / 100, 50.1 + j / 100


def lengths_m(nodes, edges) -> np.ndarray:
    """Return the length of each edge, in metres."""
    ends = np.array(nodes)[np.array(edges)]
    return np.array(GEOD.inv(*ends[:, 0].T, *ends[:, 1].T)[2])


def work_out(
    calculateur,
    folder: Path,
    nodes,
    ways,
    *,
    origins,
    places,
    profil="voiture",
    options=None,
    **told,
):
    """Return the costs on a network from some positions to others."""
    folder.mkdir(exist_ok=True)
    pbf = folder / "essai.osm.pbf"
    if ways is not None:
        write_extract(calculateur, pbf, nodes, ways, **told)
    points = gpd.GeoDataFrame(
        {
            "id_point": [f"o{i}" for i in range(len(origins))],
            "population_retenue": 10.0,
            "est_region": True,
        },
        geometry=[Point(one) for one in origins],
        crs="EPSG:4326",
    ).assign(est_region=True)
    lonlat = np.array(places, dtype=float).reshape(-1, 2)
    ends = pd.DataFrame(
        {
            "id_place": [f"p{i}" for i in range(len(lonlat))],
            "longitude": lonlat[:, 0],
            "latitude": lonlat[:, 1],
        }
    )
    return work_out_network(pbf, PROFILS[profil], points, ends, data_dir=folder, **(options or {}))


def minutes(reseau) -> np.ndarray:
    """Return the minutes as a full matrix, NaN where there is no pair."""
    return full(reseau.tables.duree_min)


def full(cost: sparse.csr_array) -> np.ndarray:
    """Return a matrix with NaN where it holds no entry."""
    result = np.full(cost.shape, np.nan)
    result[np.repeat(np.arange(cost.shape[0]), np.diff(cost.indptr)), cost.indices] = cost.data
    return result


# --- Soundness ------------------------------------------------------------------------------------


def test_distances_are_those_of_the_shortest_way(calculateur, tmp_path):
    """On foot the fastest way is the shortest: Dijkstra of scipy is the oracle."""
    draw = np.random.default_rng(1)
    nodes = [at(i + draw.uniform(-0.3, 0.3), j) for i in range(5) for j in range(5)]
    edges = [(k, k + 5) for k in range(20)] + [(k, k + 1) for k in range(24) if k % 5 != 4]
    edges = [edge for edge in edges if draw.random() < 0.85]
    reseau = work_out(
        *(calculateur, tmp_path, nodes, [(edge, ROAD) for edge in edges]),
        origins=nodes,
        places=nodes,
        profil="pied",
    )
    graph = sparse.coo_array((lengths_m(nodes, edges), np.array(edges).T), shape=(25, 25)).tocsr()
    expected = csgraph.dijkstra(graph, directed=False) / 1000
    found = full(reseau.tables.distance_km)
    reached = np.isfinite(found)
    assert reached.sum() > 500
    assert found[reached] == pytest.approx(expected[reached], rel=2e-3, abs=2e-3)


def test_a_one_way_road_is_travelled_one_way(calculateur, tmp_path):
    ring = [at(0, 0), at(1, 0), at(1, 1), at(0, 1)]
    ways = [([0, 1], ONE_WAY), ([1, 2], ROAD), ([2, 3], ROAD), ([3, 0], ROAD)]
    reseau = work_out(calculateur, tmp_path, ring, ways, origins=ring[:2], places=ring[:2])
    km = full(reseau.tables.distance_km)
    assert km[0, 1] == pytest.approx(0.714, abs=0.01)
    assert km[1, 0] == pytest.approx(0.714 + 2 * 1.112, abs=0.01)
    assert "Aucun sens unique" not in " ".join(warn_of(reseau, date(2026, 1, 1)))


def test_a_ferry_crosses_and_takes_its_time(calculateur, tmp_path):
    banks = [at(0, 0), at(1, 0), at(3, 0), at(4, 0)]
    roads = [([0, 1], ROAD), ([2, 3], ROAD)]
    ferry = ([1, 2], {"route": "ferry", "duration": "00:20"})
    by_boat = work_out(
        calculateur, tmp_path / "bac", banks, [*roads, ferry], origins=banks[:1], places=banks[-1:]
    )
    assert 20 < minutes(by_boat)[0, 0] < 26
    assert "1 bac" in " ".join(report_network(by_boat))
    dry = work_out(calculateur, tmp_path / "sec", banks, roads, origins=banks, places=banks)
    assert np.isnan(minutes(dry)[0, 3])


@pytest.mark.parametrize(
    "profil, crossing_min, seed",
    [("pied", 0.0, 0), ("voiture", 0.15, 1)] + [("pied", 0.0, 1), ("voiture", 0.15, 0)] * NIGHT,
)
def test_adding_a_road_never_lengthens_a_trip(calculateur, tmp_path, seed, profil, crossing_min):
    """By car, but for the seconds that OSRM takes to turn at each crossing that it makes."""
    draw = np.random.default_rng(seed)
    nodes = [at(i, j) for i in range(4) for j in range(4)]
    snake = [0, 1, 2, 3, 7, 6, 5, 4, 8, 9, 10, 11, 15, 14, 13, 12]
    others = [(k, k + 4) for k in range(12) if k not in (3, 4, 11)]
    draw.shuffle(others)
    kinds = ["residential", "secondary", "primary"]
    more = [(edge, {"highway": str(draw.choice(kinds)), "oneway": "no"}) for edge in others]
    before, after = (
        minutes(
            work_out(
                *(calculateur, tmp_path / f"{nb}", nodes, [(snake, ROAD), *more[:nb]]),
                origins=nodes,
                places=nodes,
                profil=profil,
            )
        )
        for nb in (2, 4)
    )
    kept = np.isfinite(before)
    assert kept.any() and (after[kept] < before[kept] - 0.1).any()
    assert (after[kept] <= before[kept] + 4 * crossing_min + 1e-3).all()


def test_the_way_to_the_road_is_walked(calculateur, tmp_path):
    road = [at(0, 0), at(2, 0)]
    reseau = work_out(
        *(calculateur, tmp_path, road, [([0, 1], ROAD)]),
        origins=[(road[0][0], road[0][1] + 0.0009)],
        places=road[1:],
    )
    metres = GEOD.inv(*road[0], road[0][0], road[0][1] + 0.0009)[2]
    assert reseau.tables.accroche_origines_m[0] == pytest.approx(metres, abs=1)
    walked = metres / 1000 / 5 * 60
    on_road = work_out(calculateur, tmp_path, None, None, origins=road[:1], places=road[1:])
    gap = minutes(reseau)[0, 0] - minutes(on_road)[0, 0]
    assert gap == pytest.approx(walked, abs=0.02)
    assert on_road.graphe.est_trouve and minutes(on_road)[0, 0] > 0


# --- What the laws add ----------------------------------------------------------------------------


def test_usual_traffic_is_that_of_the_laws(calculateur, tmp_path):
    nodes = [at(i, 0) for i in range(0, 30, 6)]
    ends = {"origins": nodes, "places": nodes}
    fluid = work_out(calculateur, tmp_path, nodes, [([0, 1, 2, 3, 4], ROAD)], **ends)
    usual = work_out(calculateur, tmp_path, None, None, **ends, options={"avec_trafic": True})
    assert usual.graphe.est_trouve and (fluid.mode, usual.mode) == ("voiture_fluide", "voiture")
    here, there = np.array([nodes[0]]), np.array([nodes[3]])
    line = GEOD.inv(*nodes[0], *nodes[3])[2] / 1000
    around = density_around(here), density_around(there)
    laws = load_laws()
    factor = laws["voiture"].minutes(line, *around) / laws["voiture_fluide"].minutes(line, *around)
    assert factor > 1
    assert minutes(usual)[0, 3] == pytest.approx(minutes(fluid)[0, 3] * factor[0], rel=1e-3)
    assert (minutes(usual) >= minutes(fluid)).all() and minutes(usual)[0, 0] == 0
    assert np.array_equal(full(usual.tables.distance_km), full(fluid.tables.distance_km))
    assert "OSRM ne connaît pas le trafic" in report_network(usual)[0]


def test_a_trip_is_kept_as_far_as_those_of_the_laws():
    mode = MODES["voiture"]
    told = np.array([[119, 150], [121, 150], [121, 100], [300, 99], [120, 101], [np.nan, 5]]).T
    assert is_in_reach(mode, *told).tolist() == [True, False, True, True, True, False]


def test_trips_that_traffic_puts_out_of_reach_are_left_out():
    columns = np.array([0, 1], dtype="i4")
    given = [
        sparse.csr_array((np.array(data, dtype="f4"), columns, [0, 2]), shape=(1, 2))
        for data in ([119.0, 119.0], [150.0, 90.0])
    ]
    everywhere = Couverture(origines=np.ones(1, dtype=bool), places=np.ones(2, dtype=bool))
    snaps = np.zeros(2, dtype="f4")
    fluid = CoutsRoutiers(
        duree_min=given[0],
        distance_km=given[1],
        couverture=everywhere,
        accroche_origines_m=snaps[:1],
        accroche_places_m=snaps,
        nb_isoles=0,
        nb_sans_chemin=0,
        cout={},
    )
    usual = add_traffic(fluid, np.array([at(0, 0)]), np.array([at(90, 0), at(80, 0)]))
    assert usual.duree_min.indices.tolist() == usual.distance_km.indices.tolist() == [1]
    assert usual.duree_min.data[0] > 120 and usual.distance_km.data[0] == 90


# --- Where the network stops ----------------------------------------------------------------------


def test_where_the_network_stops_nothing_is_said(calculateur, tmp_path):
    road, apart = [at(0, 0), at(2, 0)], [at(0, 3), at(0.1, 3)]
    far = [at(0, 9)]
    reseau = work_out(
        *(calculateur, tmp_path, road + apart, [([0, 1], ROAD), ([2, 3], ROAD)]),
        origins=[road[0], at(1, 0), apart[0], *far],
        places=[road[1], at(0.5, 0), apart[1]],
    )
    reached = reseau.tables.couverture
    assert reached.origines.tolist() == [True, True, False, False]
    assert reached.places.tolist() == [True, True, False]
    assert np.isnan(minutes(reseau)[2:]).all() and np.isnan(minutes(reseau)[:, 2]).all()
    assert np.isnan(reseau.tables.accroche_origines_m[3])
    assert reseau.tables.nb_isoles == 2
    told = " ".join(report_network(reseau) + warn_of(reseau, date(2026, 1, 1)))
    for words in (
        "2 points de population sur 4",
        "50,0\u202f% des habitants de la région",
        "la loi le remplace",
    ):
        assert words in told, words


def test_a_network_of_elsewhere_is_refused(calculateur, tmp_path):
    road = [(7.0, 43.0), (7.01, 43.0)]
    with pytest.raises(ParameterError, match="Aucun point de population n'est à moins de 500 m"):
        work_out(
            *(calculateur, tmp_path, road, [([0, 1], ROAD)]), origins=[at(0, 0)], places=[road[0]]
        )


# --- What is kept ---------------------------------------------------------------------------------


def test_a_killed_run_goes_on_where_it_stopped(calculateur, tmp_path, monkeypatch):
    monkeypatch.setattr(module_tables, "CASES", 4)
    nodes = [at(i, 0) for i in range(6)]
    ways = [(list(range(6)), ROAD)]
    ends = {"origins": nodes, "places": nodes[:2]}
    whole = work_out(calculateur, tmp_path / "entier", nodes, ways, **ends)

    class Killed(BaseException):
        pass

    def kill(step: str, done: int, total: int) -> None:
        if done == 1:
            raise Killed

    real = module_matrix.work_out_tables
    monkeypatch.setattr(module_matrix, "work_out_tables", lambda *a: real(*a[:-1], kill))
    with pytest.raises(Killed):
        work_out(calculateur, tmp_path / "tue", nodes, ways, **ends)
    monkeypatch.setattr(module_matrix, "work_out_tables", real)
    again = work_out(calculateur, tmp_path / "tue", None, None, **ends)
    assert again.graphe.est_trouve and again.tables.cout["nb_blocs"] == 3
    # Others may end before the one that is told of stops the run.
    assert 1 <= again.tables.cout["nb_trouves"] <= 3
    assert np.array_equal(minutes(again), minutes(whole), equal_nan=True)


def test_a_graph_is_whole_or_absent(calculateur, tmp_path):
    pbf = write_extract(calculateur, tmp_path / "e.osm.pbf", [at(0, 0), at(1, 0)], [([0, 1], ROAD)])
    kept = tmp_path / "reseau"
    left = kept / ".999999999.voiture-0"
    (left / "graphe").mkdir(parents=True)

    class Killed(BaseException):
        pass

    def kill(step: str) -> None:
        if step == "pesée":
            raise Killed

    with pytest.raises(Killed):
        prepare_graph(calculateur, pbf, PROFILS["voiture"], tmp_path, kill)
    assert list(kept.iterdir()) == []
    graphe = prepare_graph(calculateur, pbf, PROFILS["voiture"], tmp_path, lambda step: None)
    assert not graphe.est_trouve and list(kept.iterdir()) == [graphe.dossier]
    assert [etape["nom"] for etape in graphe.etapes] == ["extraction", "découpage", "pesée"]


def test_a_graph_is_of_one_extract_and_one_profile(calculateur, tmp_path):
    nodes = [at(0, 0), at(1, 0)]
    for tags in (ROAD, {"highway": "primary"}):
        pbf = write_extract(calculateur, tmp_path / "e.osm.pbf", nodes, [([0, 1], tags)])
        for profil in ("voiture", "pied", "voiture"):
            prepare_graph(calculateur, pbf, PROFILS[profil], tmp_path, lambda step: None)
    kept = sorted(path.name.split("-")[0] for path in (tmp_path / "reseau").iterdir())
    assert kept == ["pied", "pied", "voiture", "voiture"]


def test_two_runs_in_one_folder_do_not_mix(calculateur, tmp_path):
    with (
        module_matrix._alone(tmp_path / "reseau"),
        pytest.raises(StorageError, match="Un autre calcul de trajets est en cours"),
    ):
        work_out(calculateur, tmp_path, [at(0, 0)], [], origins=[at(0, 0)], places=[at(0, 0)])


def test_too_little_room_is_told_before(calculateur, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Room", (), {"free": 100})())
    with pytest.raises(StorageError, match=r"^Il reste 0,0 Go dans .* Libérez de la place"):
        work_out(
            *(calculateur, tmp_path, [at(0, 0), at(1, 0)], [([0, 1], ROAD)]),
            origins=[at(0, 0)],
            places=[at(1, 0)],
        )


# --- What is given --------------------------------------------------------------------------------


HOSTILE = {
    "absent": (None, "le fichier n'existe pas"),
    "vide": (b"", "ce n'est pas un extrait OpenStreetMap entier"),
    "page": (b"<!doctype html><html>", "ce n'est pas un extrait OpenStreetMap entier"),
    "coupé": ("cut", "ce n'est pas un extrait OpenStreetMap entier"),
    "sans route": ("no road", "aucune route"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_extract_is_refused(calculateur, tmp_path, case):
    content, words = HOSTILE[case]
    pbf = tmp_path / "e.osm.pbf"
    if isinstance(content, bytes):
        pbf.write_bytes(content)
    elif content:
        nodes = [at(i / 100, 0) for i in range(500)]
        tags = ROAD if content == "cut" else {"building": "yes"}
        write_extract(calculateur, pbf, nodes, [(list(range(500)), tags)])
        if content == "cut":
            pbf.write_bytes(pbf.read_bytes()[:-40])
    with pytest.raises(SourceError, match=rf"e\.osm\.pbf : {words}"):
        prepare_graph(calculateur, pbf, PROFILS["voiture"], tmp_path / "d", lambda step: None)
    assert not list(tmp_path.rglob("graphe.json"))


def test_the_age_of_an_extract_is_told(calculateur, tmp_path):
    nodes = [at(0, 0), at(1, 0)]
    ends = {"origins": nodes[:1], "places": nodes[1:]}
    ways = [([0, 1], ROAD)]
    today = date(2026, 11, 29)
    told = {"horodatage": "2026-08-01T20:21:00Z", "jour": "2024-05-01T00:00:00Z"}
    new = work_out(calculateur, tmp_path / "neuf", nodes, ways, **ends, **told)
    assert "du 1er août 2026" in report_network(new)[0]
    assert not [one for one in warn_of(new, today) if "ouvert ou fermé" in one]
    old = work_out(calculateur, tmp_path / "vieux", nodes, ways, **ends, jour=told["jour"])
    assert "L'extrait a 2 ans (il est du 1er mai 2024)" in " ".join(warn_of(old, today))
    unknown = work_out(calculateur, tmp_path / "sans", nodes, ways, **ends)
    assert "de date inconnue" in report_network(unknown)[0]
    assert "n'est pas connue" in " ".join(warn_of(unknown, today))


@pytest.mark.parametrize(
    "python, words",
    [
        ("/nulle/part/python", "n'est pas un programme"),
        (sys.executable, "ne peut pas l'employer"),
    ],
)
def test_without_osrm_the_message_says_how_to_have_it(python, words):
    with pytest.raises(ParameterError, match=words) as caught:
        find_engine(python)
    assert "make reseau" in str(caught.value) and "GEOAPP_PYTHON_RESEAU" in str(caught.value)


# --- The command ----------------------------------------------------------------------------------


def test_the_command_writes_a_matrix_that_a_build_takes(calculateur, tiny_frames, tmp_path):
    publish_world(tiny_frames, tmp_path)
    nodes = [(2.05, 50.05), (2.1, 50.1), (2.3, 50.1), (2.5, 50.1)]
    ways = [([0, 1], ROAD), ([1, 2, 3], {"highway": "trunk"})]
    told = {"horodatage": "2026-08-01T20:21:00Z"}
    pbf = write_extract(calculateur, tmp_path / "petit.osm.pbf", nodes, ways, **told)
    out = tmp_path / "m.parquet"
    words = ["trajets", "--reseau", pbf, "--out", out, "--data", tmp_path]
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    for text in ("du 1er août 2026", "Distance au réseau", "Extraction", "Mo de mémoire"):
        assert text in done.output.replace("\n", " "), text
    source = read_source(out)
    assert source["mode"] == "voiture_fluide" and source["date"] == "2026-08-01"
    assert "OpenStreetMap" in source["licence"] and source["fichiers"][0]["nom"] == pbf.name
    assert len(source["origines"]) == len(source["places"]) == 3
    mode = source["mode"]
    trajets = choose_trajets(tiny_frames, [(mode, out)]).trajets(mode)
    assert trajets.duree_min.nnz == 9
    line = GEOD.inv(2.1, 50.1, 2.5, 50.1)[2] / 1000
    assert trajets.distance_km.toarray()[1, 2] == pytest.approx(line, rel=0.01)
    # The place is at the town hall itself: nobody is at 0 km all the same.
    km = commune_floors(tiny_frames["communes"])["80002"]
    law, around = load_laws()[mode], density_around(np.array([[2.3, 50.1]]))
    assert trajets.duree_min.toarray()[2, 1] == pytest.approx(
        law.minutes(km, around, around)[0], abs=0.06
    )


def test_a_profile_gives_its_own_modes(tiny_frames, tmp_path):
    publish_world(tiny_frames, tmp_path)
    words = ["trajets", "--reseau", "x.osm.pbf", "--profil", "velo", "--mode", "voiture"]
    done = CliRunner().invoke(
        main, [*words, "--out", str(tmp_path / "m.parquet"), "--data", str(tmp_path)]
    )
    assert done.exit_code == 2
    assert "le profil « velo » donne velo sur un réseau" in done.output


# --- The real networks ----------------------------------------------------------------------------

ROADS = MIRROR / "reseau"


@pytest.fixture(scope="session")
def amiens(calculateur, session_folder):
    """Return the roads of Amiens (nodes, ways) and their extract."""
    path = ROADS / "osm_roads_amiens_2026-08.geojson.gz"
    if not path.exists():
        pytest.skip("routes réelles absentes (dossier shared/sources à côté du dépôt)")
    nodes, ways = read_roads(path)
    folder = session_folder / "amiens"
    folder.mkdir(exist_ok=True)
    return nodes, ways, write_extract(calculateur, folder / "amiens.osm.pbf", nodes, ways)


@pytest.mark.real
def test_road_distances_are_those_published(calculateur, amiens):
    nodes, _, pbf = amiens
    trips = pd.read_csv(ROADS / "osrm_voiture_paires_hdf.csv.gz", sep=";")
    low, high = np.min(nodes, axis=0) + 0.01, np.max(nodes, axis=0) - 0.01
    inside = np.ones(len(trips), dtype=bool)
    for end in "od":
        lonlat = trips[[f"{end}_lon", f"{end}_lat"]].to_numpy()
        inside &= ((lonlat > low) & (lonlat < high)).all(axis=1)
    graphe = prepare_graph(calculateur, pbf, PROFILS["voiture"], pbf.parent, lambda step: None)
    trips = trips[inside].reset_index(drop=True)
    _, metres, snaps = ask_pairs(calculateur, graphe.chemin, trips).T
    kept = np.isfinite(metres) & (snaps < 300)
    low, half, high = np.quantile((metres / trips["driving_m"])[kept], [0.1, 0.5, 0.9])
    assert kept.sum() > 1900
    assert 0.95 <= half <= 1.05 and low > 0.75 and high < 1.2


@pytest.mark.real
def test_the_shortest_ways_of_a_town_are_those_of_scipy(calculateur, amiens):
    nodes, ways, pbf = amiens
    walked = [line for line, tags in ways if tags["highway"] != "motorway"]
    edges = np.array([pair for line in walked for pair in pairwise(line)])
    graph = _shortest_of_each(edges, lengths_m(nodes, edges), len(nodes))
    _, parts = csgraph.connected_components(graph, directed=False)
    main_part = np.flatnonzero(parts == np.bincount(parts).argmax())
    ends = np.random.default_rng(5).choice(main_part, (40, 2))
    expected = csgraph.dijkstra(graph, directed=False, indices=ends[:, 0])
    lonlat = np.array(nodes)
    trips = pd.DataFrame(
        np.hstack([lonlat[ends[:, 0]], lonlat[ends[:, 1]]]),
        columns=["o_lon", "o_lat", "d_lon", "d_lat"],
    )
    graphe = prepare_graph(calculateur, pbf, PROFILS["pied"], pbf.parent, lambda step: None)
    found = ask_pairs(calculateur, graphe.chemin, trips)[:, 1]
    assert found == pytest.approx(expected[np.arange(40), ends[:, 1]], rel=3e-3, abs=5)


def _shortest_of_each(edges: np.ndarray, metres: np.ndarray, nb: int) -> sparse.csr_array:
    """Return a graph in which two nodes are linked by the shortest of their edges."""
    frame = pd.DataFrame(np.sort(edges, axis=1), columns=["a", "b"]).assign(metres=metres)
    least = frame.groupby(["a", "b"])["metres"].min().reset_index()
    return sparse.csr_array((least["metres"], (least["a"], least["b"])), shape=(nb, nb))
