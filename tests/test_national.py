"""The whole country on tiles: exact at every edge, the same bytes however it is run, and restarted.

A small country by hand; each number is found again by a double loop over geodesic distances.
"""

import io
import os
import signal
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from distributed import Client
from shapely import box

from geoapp.cli import main
from geoapp.core.errors import ContractError
from geoapp.core.french import format_number
from geoapp.core.geometry import GEOD, place_ids, to_geographic, to_metric
from geoapp.coverage.national.answer import DemandeNationale, answer_country
from geoapp.coverage.national.dask_run import run_on_dask, send_tasks, start
from geoapp.coverage.national.kernel import Lieux, first_threshold
from geoapp.coverage.national.measure import measure_tile
from geoapp.coverage.national.people import commune_points, spread_people
from geoapp.coverage.national.plan import (
    POINTS,
    RESULTATS,
    SOMMES,
    list_places,
    make_plan,
    part_of,
    read_plan,
)
from geoapp.coverage.national.result import CONTOURS, Publie, find_result
from geoapp.coverage.national.roads import straight_lines_km, to_whole_metres
from geoapp.coverage.national.run import list_tasks, run_here
from geoapp.coverage.national.sums import ZONES, add_up
from geoapp.coverage.national.tiles import places_near, tiles_of
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.law import Lines, load_laws
from geoapp.ingest.national import write_outlines
from support.builds import close_network

FILTRES = (("", ""), ("commerce", ""), ("commerce", "5"), ("art", "7"), ("sport", ""))
SEUILS = (4, 8, 16)
ORIGINE = 600_000, 6_800_000


def communes() -> gpd.GeoDataFrame:
    """Return 36 communes of 8 km, in two regions: columns from west to east, on round metres."""
    rows = []
    for rank in range(36):
        x, y = ORIGINE[0] + rank % 6 * 8_000, ORIGINE[1] + rank // 6 * 8_000
        longitude, latitude = to_geographic(x + 4_000, y + 4_000)
        region = "11" if rank % 6 < 4 else "22"
        rows.append(
            {
                "code_commune": f"{rank:05d}",
                "nom": f"C{rank}",
                "code_departement": f"0{rank % 6 // 2}",
                "nom_departement": f"D{rank % 6 // 2}",
                "code_region": region,
                "nom_region": f"R{region}",
                "code_epci": None if rank == 7 else f"E{rank // 6}",
                "nom_epci": None if rank == 7 else f"Epci {rank // 6}",
                "population": rank * rank + (0 if rank == 3 else 17),
                "longitude_mairie": float(longitude),
                "latitude_mairie": float(latitude),
                "geometry": box(x, y, x + 8_000, y + 8_000),
            }
        )
    frame = pd.DataFrame(rows)
    frame.loc[3, "population"] = 0
    return gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:2154").to_crs(4326)


def offers() -> pd.DataFrame:
    """Return offers on corners and edges of tiles, inside them, twice at one place, and far."""
    spots = [
        (610_000, 6_810_000, "commerce", "5", "00007"),
        (610_000, 6_820_000, "commerce", "3", "00013"),
        (620_000, 6_815_003, "art", "7", "00008"),
        (620_000, 6_815_003, "commerce", "", "00008"),
        (645_000, 6_845_000, "autre", "5", "00035"),
        (660_000, 6_801_000, "art", "7", "00005"),
    ]
    frame = pd.DataFrame(spots, columns=["x", "y", "domaine", "niveau", "code_commune"])
    longitude, latitude = to_geographic(frame.pop("x"), frame.pop("y"))
    ids = place_ids(gpd.GeoSeries.from_xy(longitude, latitude, crs=4326))
    # The town hall of its commune stands for the last but one: only that commune is known.
    vague = frame["code_commune"].eq("00035")
    return frame.assign(longitude=longitude, latitude=latitude, id_place=ids, est_vague=vague)


def write_world(folder: Path, maille: str = "carreaux", cote_m: int = 10_000) -> Path:
    points = commune_points(communes()) if maille == "communes" else spread_people(communes(), 1500)
    return make_plan(
        folder,
        points,
        offers(),
        maille=maille,
        filtres=FILTRES,
        seuils_km=SEUILS,
        cote_m=cote_m,
    )


def read_results(dossier: Path) -> pd.DataFrame:
    parts = [
        pq.read_table(part_of(dossier, RESULTATS, one), partitioning=None).to_pandas()
        for one in read_plan(dossier).tuiles
    ]
    return pd.concat(parts).sort_values(["code_commune", "y", "x"], ignore_index=True)


def bytes_of(dossier: Path) -> dict[str, bytes]:
    """Return what a run wrote, by place in its folder."""
    return {
        path.relative_to(dossier).as_posix(): path.read_bytes()
        for path in sorted(dossier.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Path:
    """Return the squares measured by one process."""
    dossier = write_world(tmp_path_factory.mktemp("seul"))
    assert run_here(dossier) == len(read_plan(dossier).tuiles) > 10
    add_up(dossier, communes(), offers(), FILTRES)
    return dossier


@pytest.fixture(scope="module")
def cluster():
    """Return two workers, started once."""
    with start(2) as one, Client(one) as client:
        yield client


def in_words(value) -> int:
    return 0 if pd.isna(value) else int(value)


def roads_by_hand(points: pd.DataFrame, maille: str) -> np.ndarray:
    """Return the kilometres by road of each point to each offer, by the law of the pages."""
    here = np.column_stack(to_geographic(points["x"], points["y"]))
    every, law = offers(), load_laws()["voiture"]
    there = every[["longitude", "latitude"]].to_numpy()
    density = density_around(here), density_around(there)
    known = communes().to_crs(2154).set_index("code_commune")
    floors = 0.376 * np.sqrt(known.area / 1e6)
    roads = np.empty((len(here), len(there)))
    for i, (a, commune) in enumerate(zip(here, points["code_commune"], strict=True)):
        for j, b in enumerate(there):
            crow = GEOD.inv(*a, *b)[2] / 1000
            if commune == every["code_commune"][j] and (
                maille == "communes" or every["est_vague"][j]
            ):
                crow = max(crow, floors[commune])
            roads[i, j] = law.road_km(crow, density[0][i], density[1][j])
    return roads


@pytest.mark.parametrize("maille", ["carreaux", "communes"])
def test_each_point_is_what_a_double_loop_says(alone, tmp_path, maille):
    dossier = alone
    if maille == "communes":
        dossier = write_world(tmp_path, maille)
        run_here(dossier)
    results = read_results(dossier)
    results = results.iloc[:: max(1, len(results) // 120)].reset_index(drop=True)
    roads, every, checked = roads_by_hand(results, maille), offers(), 0
    for nom, (domaine, niveau) in zip(read_plan(dossier).noms, FILTRES, strict=True):
        answers = [
            domaine in ("", one.domaine) and niveau in ("", one.niveau)
            for one in every.itertuples()
        ]
        for rank, road in enumerate(roads[:, answers].min(axis=1, initial=np.inf)):
            # Straight lines and densities are rounded to what is a few metres of road.
            if any(abs(road - km - 0.005) < 0.006 for km in SEUILS):
                continue
            expected = next((km for km in SEUILS if road <= km + 0.005), 0)
            assert in_words(results[nom][rank]) == expected, (nom, rank, road)
            checked += expected > 0
    assert checked > 40
    assert results["sport_tous"].isna().all(), "nobody teaches it: no threshold, and not zero"


def lieux(metres, commune=None) -> Lieux:
    metres = np.array(metres, dtype=np.int32).reshape(-1, 3)
    none = np.zeros(len(metres), dtype=np.int32)
    return Lieux(metres=metres, densite=none, commune=none - 1 if commune is None else commune)


def test_thresholds_are_inclusive_to_the_metre():
    points = lieux([[0, 0, 0], [0, 1000, 0], [0, 0, 1001], [600, 800, 0]])
    place, open_to = lieux([[0, 0, 0]]), np.ones((1, 1), bool)
    limits, no_floor = np.array([[1000**2]]), np.zeros(4, np.int64)
    ranks = first_threshold(points, place, open_to, limits, no_floor)
    assert ranks.ravel().tolist() == [0, 0, 1, 0]
    empty = first_threshold(points, lieux([]), open_to[:0], np.array([[5], [9]]), no_floor)
    assert empty.ravel().tolist() == [2] * 4
    # Inside a commune of which the floor is beyond, nobody is at 0 km.
    same = np.zeros(1, np.int32)
    here, there = lieux([[0, 0, 0]], same), lieux([[0, 0, 0]], same)
    assert first_threshold(here, there, open_to, limits, np.array([1001**2])).item() == 1
    assert first_threshold(here, place, open_to, limits, np.array([1001**2])).item() == 0


def test_a_threshold_by_road_is_the_longest_straight_line_within():
    law, lines = load_laws()["voiture"], straight_lines_km((20,))[0]
    for rank in (0, 700, 4_000):
        mean = np.array([rank / 1024])
        assert law.road_of(Lines(lines[rank : rank + 1]), mean)[0] <= 20.005
        assert law.road_of(Lines(lines[rank : rank + 1] + 0.001), mean)[0] > 20.005


def test_a_point_is_in_one_tile_those_of_edges_too():
    x = np.array([0, 9_999, 10_000, 10_000, -1, 20_000])
    y = np.array([0, 9_999, 9_999, 10_000, 0, 20_000])
    tiles, ranks = tiles_of(x, y, 10_000)
    assert [(tiles[one].colonne, tiles[one].ligne) for one in ranks] == [
        (0, 0),
        (0, 0),
        (1, 0),
        (1, 1),
        (-1, 0),
        (2, 2),
    ]
    assert len({one.nom for one in tiles}) == len(tiles) == 5


def test_the_halo_holds_every_place_that_a_point_may_reach():
    random = np.random.default_rng(5)
    for south in (6_050_000, 6_600_000, 7_100_000):
        x, y = random.uniform(500_000, 700_000, 800), south + random.uniform(-60_000, 60_000, 800)
        west = 590_000, south - 5_000, 600_000, south + 5_000
        near = set(places_near(west, x, y, 30_000).tolist())
        corners = [(west[0], west[1]), (west[2], west[3]), (west[0], west[3]), (west[2], west[1])]
        for corner in corners:
            here = to_geographic(*corner)
            there = to_geographic(x, y)
            far = GEOD.inv(np.full(800, here[0]), np.full(800, here[1]), *there)[2]
            assert set(np.flatnonzero(far <= 30_000).tolist()) <= near
        assert len(near) < 300


@pytest.mark.parametrize("cote_m", [7_000, 25_000, 100_000])
def test_the_size_of_the_tiles_changes_nothing(alone, tmp_path, cote_m):
    other = write_world(tmp_path, cote_m=cote_m)
    run_here(other)
    assert read_plan(other).tuiles != read_plan(alone).tuiles
    pd.testing.assert_frame_equal(read_results(other), read_results(alone))
    add_up(other, communes(), offers(), FILTRES)
    assert (other / ZONES).read_bytes() == (alone / ZONES).read_bytes()


def test_two_workers_write_the_same_bytes(alone, cluster, tmp_path):
    dossier = write_world(tmp_path)
    seen = []
    send_tasks(
        cluster,
        dossier,
        list_tasks(dossier),
        watch=lambda done, total: seen.append((done, total)),
        measure=measure_tile,
    )
    add_up(dossier, communes(), offers(), FILTRES)
    assert dossier.name == alone.name, "the same question is the same folder"
    assert bytes_of(dossier) == bytes_of(alone)
    nb = len(read_plan(dossier).tuiles)
    assert seen == [(done, nb) for done in range(1, nb + 1)]


def die_once(dossier: str, tuile: str) -> str:
    """Measure a tile; the first worker that is given the fourth one is killed while it works."""
    mark = Path(dossier).parent / "tombe"
    if tuile == read_plan(Path(dossier)).tuiles[3] and not mark.exists():
        mark.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    return measure_tile(dossier, tuile)


def test_a_worker_lost_in_the_middle_changes_no_byte(alone, cluster, tmp_path):
    dossier = write_world(tmp_path)
    before = set(cluster.run(os.getpid).values())
    tasks = list_tasks(dossier)
    send_tasks(cluster, dossier, tasks, watch=lambda done, total: None, measure=die_once)
    assert int((tmp_path / "tombe").read_text()) in before
    add_up(dossier, communes(), offers(), FILTRES)
    assert bytes_of(dossier) == bytes_of(alone)


def test_a_run_that_was_stopped_goes_on_from_what_is_done(alone, cluster, tmp_path):
    dossier = write_world(tmp_path)

    def stop(dossier: str, tuile: str) -> str:
        if tuile == read_plan(Path(dossier)).tuiles[5]:
            raise KeyboardInterrupt
        return measure_tile(dossier, tuile)

    with pytest.raises(KeyboardInterrupt):
        run_here(dossier, measure=stop)
    done = part_of(dossier, RESULTATS, read_plan(dossier).tuiles[0])
    when = done.stat().st_mtime_ns
    assert write_world(tmp_path) == dossier, "its plan is not made again"
    left = list_tasks(dossier)
    assert 0 < len(left) == len(read_plan(dossier).tuiles) - 5
    assert run_on_dask(dossier, scheduler=cluster.scheduler.address) == len(left)
    assert run_on_dask(dossier) == 0, "nothing is left: no worker is started"
    assert done.stat().st_mtime_ns == when
    add_up(dossier, communes(), offers(), FILTRES)
    assert bytes_of(dossier) == bytes_of(alone)


def test_people_are_kept_and_stay_in_their_commune(tmp_path):
    known = communes()
    points = spread_people(known, 1500)
    assert 1400 < len(points) < 1600
    people = points.groupby("code_commune")["population"].sum()
    expected = known.set_index("code_commune")["population"]
    assert people.reindex(expected.index, fill_value=0).tolist() == expected.tolist()
    assert (points["population"] > 0).all() and "00003" not in set(points["code_commune"])
    own = known.to_crs(2154).set_index("code_commune").geometry.loc[points["code_commune"]]
    middles = gpd.GeoSeries.from_xy(points["x"], points["y"], crs=2154)
    assert middles.within(own.reset_index(drop=True)).all()
    assert ((points["x"] % 200 == 100) & (points["y"] % 200 == 100)).all()
    assert not points.duplicated(["x", "y"]).any()
    halls = np.column_stack(to_metric(known["longitude_mairie"], known["latitude_mairie"]))
    far = np.hypot(*(points[["x", "y"]].to_numpy()[-40:] - halls[35]).T)
    assert far.max() < 2_500, "they live around the town hall"
    # A commune where no square has its middle keeps its people, at the square of its town hall.
    small = known.iloc[[8]].copy()
    x, y = to_metric(small["longitude_mairie"], small["latitude_mairie"])
    square = gpd.GeoSeries([box(x[0], y[0], x[0] + 60, y[0] + 60)], crs=2154).to_crs(4326)
    small = small.set_geometry(square.to_numpy(), crs=4326)
    alone = spread_people(small, 10)
    assert alone["population"].tolist() == [81] and len(alone) == 1


def test_zones_add_up_and_say_nothing_of_what_is_not_known(alone):
    table = pd.read_parquet(alone / ZONES)
    rows = table.set_index(["type_zone", "code_zone", "filtre"])
    results, known = read_results(alone), communes().set_index("code_commune")
    everything = rows.loc[("region", "11", "tous_tous")]
    mine = results[results["code_commune"].map(known["code_region"]).eq("11")]
    assert everything["population"] == mine["population"].sum()
    for km in SEUILS:
        served = mine.loc[mine["tous_tous"].le(km).fillna(False).astype(bool), "population"].sum()
        assert everything[f"couverte_{km}"] == served
    assert everything["nb_offres"] == 4 and everything["perimetre"] == "partielle"
    # Region 22 has no commerce of its own: not zero, not known, though its edge reaches some.
    unknown = rows.loc[("region", "22", "commerce_tous")]
    assert unknown["perimetre"] == "inconnue" and pd.isna(unknown["couverte_16"])
    whole = rows.loc[("ensemble", "ensemble", "commerce_tous")]
    assert whole["nb_regions"] == 1 and whole["population"] == mine["population"].sum()
    # Nor in a zone that lies in both regions.  The people of no EPCI are in none.
    assert rows.loc[("epci", "E1", "commerce_tous")]["perimetre"] == "inconnue"
    epci = known.loc[known["code_epci"].eq("E1"), "population"].sum()
    assert rows.loc[("epci", "E1", "tous_tous")]["population"] == epci
    assert rows.loc[("ensemble", "ensemble", "sport_tous")]["perimetre"] == "inconnue"
    communes_file = part_of(alone, "communes", "11", "region")
    of_commune = gpd.read_parquet(communes_file).set_index("code_commune")
    assert of_commune.crs.to_epsg() == 4326 and len(of_commune) == 24
    part = results[results["code_commune"].eq("00007")]
    assert (
        of_commune.loc["00007", "tous_tous_4"]
        == part.loc[part["tous_tous"].le(4).fillna(False).astype(bool), "population"].sum()
    )


def test_a_filter_that_no_source_claims_is_not_known(alone, tmp_path):
    dossier = write_world(tmp_path, "communes")
    run_here(dossier)
    add_up(dossier, communes(), offers(), [("commerce", "")])
    table = pd.read_parquet(dossier / ZONES).set_index(["type_zone", "code_zone", "filtre"])
    assert table.loc[("region", "11", "tous_tous"), "perimetre"] == "inconnue"
    assert table.loc[("region", "11", "commerce_tous"), "perimetre"] == "partielle"


def test_people_lost_on_the_way_are_an_error(tmp_path):
    dossier = write_world(tmp_path, "communes")
    run_here(dossier)
    path = part_of(dossier, SOMMES, read_plan(dossier).tuiles[0])
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.slice(1), path)
    with pytest.raises(ContractError, match="attendus"):
        add_up(dossier, communes(), offers(), FILTRES)


def test_another_question_is_another_folder(alone, tmp_path):
    points = commune_points(communes())
    first = make_plan(tmp_path, points, offers(), maille="communes", filtres=FILTRES)
    moved = offers().assign(niveau="3")
    for again in (
        make_plan(tmp_path, points, moved, maille="communes", filtres=FILTRES),
        make_plan(tmp_path, points, offers(), maille="communes", filtres=FILTRES[:3]),
        make_plan(tmp_path, points, offers(), maille="communes", filtres=FILTRES, seuils_km=(5,)),
        make_plan(
            tmp_path,
            points.assign(population=points["population"] + 1),
            offers(),
            maille="communes",
            filtres=FILTRES,
        ),
    ):
        assert again != first
    assert len(list_places(offers(), FILTRES, est_partout=False)) == 5
    assert not (first / POINTS).joinpath("tuile=E9999N9999").exists()
    assert replace(read_plan(first)) == read_plan(first)
    assert to_whole_metres(np.array([[2.0, 48.0]])).dtype == np.int32


@pytest.fixture(scope="module")
def shown(alone) -> Publie:
    """Return the squares as a data folder serves them."""
    write_outlines(alone / CONTOURS, communes())
    source = {
        "titre": "Catalogue d'essai",
        "producteur": "Nous",
        "millesime": "2020-11-16",
        "licence": "Licence Ouverte 2.0",
        "adresse": "https://exemple.fr",
    }
    told = {
        "cree_le": "2026-11-30T00:00:00Z",
        "millesime_population": "2023",
        "voies": ["apprentissage"],
        "nb_ecartees": 7,
        "sources": [source],
        "tenues": [{"nom": "apprentissage", "dit": "Les offres que les CFA y ont déclarées."}],
    }
    return Publie(dossier=alone, plan=read_plan(alone), dit=told)


@pytest.fixture
def client(tiny_app):
    return tiny_app.test_client()


@pytest.fixture
def page(client, shown, monkeypatch):
    """Return what asks the site for the page of the country."""
    monkeypatch.setattr("geoapp.web.national.find_result", lambda data_dir: shown)
    return client


def plain(text: str) -> str:
    """Return a text as it is read, whatever its spaces and apostrophes."""
    return " ".join(unescape(text).replace("’", "'").split())


def test_the_page_of_the_country_says_what_was_measured(page, shown):
    rows = pd.read_parquet(shown.dossier / ZONES)
    whole = rows[rows["type_zone"].eq("ensemble") & rows["filtre"].eq("tous_tous")].iloc[0]
    text = plain(page.get("/france?seuil_km=8").text)
    far = whole["population"] - whole["couverte_8"]
    for said in (
        "Couverture de la France : apprentissage, à 8 km par la route, par région",
        f"{format_number(far)} habitants",
        "apprentissage (novembre 2020, partiel)",
        "une démonstration, pas une mesure",
        "L'outre-mer n'est pas compté",
        "Catalogue d'essai ; Nous ; 2020-11-16 ; Licence Ouverte 2.0",
        "R11",
    ):
        assert plain(said) in text, (said, text[text.find("<h1>") :][:900])
    assert text.count('<path class="choro') == 2
    by_region = unescape(page.get("/france?domaine=commerce&seuil_km=8").text)
    assert "non collectée" in by_region and "dans 1 régions" not in by_region
    assert by_region.count("choro-non-collectee") > 1
    assert "Carte :" not in page.get("/france?zonage=epci&seuil_km=8").text


def test_a_question_that_was_not_measured_is_refused(page):
    for query, said in (
        ("seuil_km=20", "Admis : 4, 8, 16"),
        ("domaine=sante", "domaine"),
        ("zonage=commune", "zonage"),
        ("voie=continue", "voie"),
    ):
        answer = page.get(f"/france?{query}")
        assert answer.status_code == 400 and said in plain(answer.text), query


def test_the_file_of_the_country_holds_the_table_and_its_notice(page):
    told = page.get("/france/export.geojson?seuil_km=8")
    table = gpd.read_file(io.BytesIO(told.data))
    assert set(table["code_zone"]) == {"11", "22"} and table.geometry.notna().all()
    assert table["part_non_couverte"].between(0, 1).all()
    csv = page.get("/france/export.csv?seuil_km=8&zonage=epci")
    assert csv.status_code == 200 and "Epci 0" in csv.data.decode("utf-8-sig")


def test_the_plan_names_the_page_of_the_country_once_it_is_measured(page):
    assert 'href="/france"' in page.get("/plan-du-site").text


def test_no_page_of_the_country_before_it_is_measured(client):
    assert client.get("/france").status_code == 404
    assert 'href="/france"' not in client.get("/plan-du-site").text
    assert find_result(Path("nulle-part")) is None


COLUMNS = [
    "id_formation",
    "id_action",
    "id_certifinfo",
    "cfd",
    "rncp_code",
    *(
        f"etablissement_{which}_{code}"
        for which in ("gestionnaire", "formateur", "lieu_formation")
        for code in ("siret", "uai", "adresse", "code_postal", "code_insee", "geo_coordonnees")
    ),
    "periode",
    "capacite",
]


def write_country(folder: Path) -> Path:
    """Write a data folder that has the communes of a country, and a mirror with its offer."""
    country = communes().assign(code_arrondissement=None, nom_arrondissement=None)
    country = country.assign(
        millesime_population="2023", codes_postaux="", anciens_codes="", est_mairie_deplacee=False
    )
    (folder / "national" / "territoire").mkdir(parents=True)
    country.to_parquet(folder / "national" / "territoire" / "communes.parquet")
    rows = []
    for rank, code in enumerate(("00007", "00007", "00014", "97411", "00099")):
        if code in set(country["code_commune"]):
            hall = country.set_index("code_commune").loc[code]
            where = f"{hall['latitude_mairie']},{hall['longitude_mairie']}"
        else:
            where = "-20.9,55.4"
        # BTS (32…), CAP (50…): levels 5 and 3.
        cfd = ("32031212", "50022137", "50022137", "32031212", "32031212")[rank]
        rows.append(
            {
                "id_formation": f"F{rank}",
                "id_action": f"A{rank}",
                "cfd": cfd,
                "etablissement_gestionnaire_siret": "81757627500017",
                "etablissement_lieu_formation_code_insee": code,
                "etablissement_lieu_formation_geo_coordonnees": where,
                "periode": "2021-09",
            }
        )
    path = folder / "miroir" / "offre" / "rcoformations_2020-11-16_france.csv.gz"
    path.parent.mkdir(parents=True)
    pd.DataFrame(rows).reindex(columns=COLUMNS).to_csv(path, sep=";", index=False)
    return folder / "miroir"


def test_the_command_measures_and_publishes_what_the_page_finds(tmp_path, monkeypatch):
    close_network(monkeypatch)
    mirror = write_country(tmp_path)
    asked = ["national", "--mirror", str(mirror), "--data", str(tmp_path), "--seuils", "6,3"]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 0, done.output
    result = find_result(tmp_path)
    assert result.plan.maille == "communes" and result.plan.seuils_km == (3, 6)
    assert result.dit["voies"] == ["apprentissage"]
    # Three trainings here; one lies overseas, one in a commune that is not.
    assert result.plan.nb_offres == 3 and result.dit["nb_ecartees"] == 2
    filters = dict.fromkeys(domaine for domaine, _ in result.plan.filtres)
    assert "sante" not in filters and "autre" not in filters and len(result.plan.filtres) == 120
    whole = answer_country(result, DemandeNationale(seuil_km=6))
    assert whole.tableau.set_index("code_zone").loc["11", "nb_offres"] == 3
    assert whole.tableau.set_index("code_zone").loc["22", "perimetre"] == "inconnue"
    level = result.zones("", "3").set_index(["type_zone", "code_zone"])
    assert level.loc[("region", "11"), "nb_offres"] == 2
    again = CliRunner().invoke(main, [*asked[:-1], "3"])
    assert again.exit_code == 0 and find_result(tmp_path).plan.seuils_km == (3,)
    assert len(list((tmp_path / "national").glob("communes-*"))) == 1, "the old one is removed"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--seuils", "0,10"], "1 à 100"),
        (["--seuils", "dix"], "1 à 100"),
        (["--ouvriers", "2", "--scheduler", "tcp://ici:1"], "s'excluent"),
    ],
)
def test_what_the_command_cannot_do_is_said_first(tmp_path, asked, said):
    done = CliRunner().invoke(main, ["national", "--data", str(tmp_path), *asked])
    assert done.exit_code and said in plain(done.output) and not list(tmp_path.iterdir())


def test_without_dask_the_command_says_how_to_have_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "geoapp.coverage.national.dask_run")
    done = CliRunner().invoke(main, ["national", "--data", str(tmp_path), "--ouvriers", "2"])
    assert done.exit_code and "requirements-national.txt" in done.output


def test_without_a_national_offer_the_command_says_which_file_it_wants(tmp_path, monkeypatch):
    close_network(monkeypatch)
    write_country(tmp_path)
    done = CliRunner().invoke(main, ["national", "--data", str(tmp_path)])
    assert done.exit_code and "rcoformations_2020-11-16_france.csv.gz" in done.output
