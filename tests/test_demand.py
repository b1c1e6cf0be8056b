"""Where people are: each counted once, with their age when it is known, in the zones that hold
them.
"""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoapp.core.geometry import make_points
from geoapp.ingest.demand import AGES, PART_CARREAUX, demand_table, link_demand, read_ages
from geoapp.reference.zone_joins import assign_by_geometry
from geoapp.reference.zonings import ZONAGES
from geoapp.sources.records import Lecture

CODES = ["59001", "59002", "59003", "76001"]
NO_AGES = dict.fromkeys(AGES, 0.0)


def make_communes(populations=(1000, 500, None, 800)) -> gpd.GeoDataFrame:
    """Return three communes of the region side by side, then a neighbour."""
    return gpd.GeoDataFrame(
        {
            "code_commune": CODES,
            "population": pd.array(populations, dtype="Int64"),
            "millesime_population": "2022",
            "longitude_mairie": [2.05, 2.15, 2.25, 2.35],
            "latitude_mairie": 50.05,
            "est_region": pd.array([True, True, True, False], dtype="boolean"),
        },
        geometry=[shapely.box(2 + i / 10, 50.0, 2.1 + i / 10, 50.1) for i in range(4)],
        crs="EPSG:4326",
    )


def make_cells(*rows) -> gpd.GeoDataFrame:
    """Return cells from (name, commune, population, longitude)."""
    frame = pd.DataFrame(rows, columns=["id_point", "code_commune", "population", "longitude"])
    return gpd.GeoDataFrame(
        frame.drop(columns="longitude").assign(type_point="carreau", millesime="2017"),
        geometry=make_points(frame["longitude"], [50.05] * len(frame)),
    )


def make_areas(*rows) -> gpd.GeoDataFrame:
    """Return areas from (code, west, east, population, 18–24, 25–39)."""
    frame = pd.DataFrame(
        [
            {**NO_AGES, "code_zone": c, "population": p, "nb_18_24": y, "nb_25_39": o}
            for c, _, _, p, y, o in rows
        ]
    )
    return gpd.GeoDataFrame(
        frame,
        geometry=[shapely.box(west, 50.0, east, 50.1) for _, west, east, *_ in rows],
        crs="EPSG:4326",
    )


def by_point(demande: pd.DataFrame, column: str) -> dict:
    """Return the values of a column by point, None when unknown."""
    return {
        point: None if pd.isna(value) else value
        for point, value in zip(demande["id_point"], demande[column], strict=True)
    }


def test_without_cells_everybody_is_at_the_town_hall():
    demande = demand_table(make_communes(), [], [])
    assert by_point(demande, "population_retenue") == {
        "commune:59001": 1000,
        "commune:59002": 500,
        "commune:59003": None,
        "commune:76001": 800,
    }
    assert demande["est_compte"].all() and demande["est_region"].tolist() == [
        True,
        True,
        True,
        False,
    ]
    assert demande["nb_adultes"].isna().all() and demande["nb_18_24"].isna().all()


def test_cells_take_the_place_of_their_commune_and_bear_its_population():
    demande = demand_table(
        make_communes(), [make_cells(("a", "59001", 600.0, 2.02), ("b", "59001", 300.0, 2.08))], []
    )
    kept = by_point(demande, "population_retenue")
    assert (kept["commune:59001"], kept["a"], kept["b"]) == (
        None,
        pytest.approx(2000 / 3),
        pytest.approx(1000 / 3),
    )
    assert by_point(demande, "population")["a"] == 600.0, "the number of the source is kept beside"
    assert by_point(demande, "est_compte") == {
        "a": True,
        "b": True,
        "commune:59001": False,
        "commune:59002": True,
        "commune:59003": True,
        "commune:76001": True,
    }


@pytest.mark.parametrize(
    "held, by_cells",
    [(PART_CARREAUX * 1000, True), (PART_CARREAUX * 1000 - 0.5, False), (1300.0, True)],
)
def test_cells_count_from_the_declared_part_on(held, by_cells):
    demande = demand_table(make_communes(), [make_cells(("a", "59001", held, 2.05))], [])
    assert (
        by_point(demande, "est_compte")["a"] == by_cells
        and by_point(demande, "est_compte")["commune:59001"] != by_cells
    )
    assert by_point(demande, "population_retenue") == {
        "a": 1000.0 if by_cells else None,
        "commune:59001": None if by_cells else 1000.0,
        "commune:59002": 500,
        "commune:59003": None,
        "commune:76001": 800,
    }


def test_cells_of_a_commune_of_unknown_population_or_of_a_neighbour_do_not_count():
    cells = make_cells(("a", "59003", 50.0, 2.25), ("b", "76001", 800.0, 2.35))
    demande = demand_table(make_communes(), [cells], [])
    assert not demande.set_index("id_point").loc[["a", "b"], "est_compte"].any()
    assert (
        by_point(demande, "population_retenue")["commune:59003"] is None
        and by_point(demande, "est_compte")["commune:59003"]
    )


def test_ages_are_the_shares_of_the_area_of_the_cell():
    cells = make_cells(("a", "59001", 600.0, 2.02), ("b", "59001", 300.0, 2.08))
    demande = demand_table(
        make_communes(), [cells], [make_areas(("I1", 2.0, 2.05, 200.0, 20.0, 80.0))]
    )
    assert by_point(demande, "nb_18_24")["a"] == pytest.approx(2000 / 3 * 0.1)
    assert by_point(demande, "nb_adultes")["a"] == pytest.approx(2000 / 3 * 0.5)
    assert by_point(demande, "nb_adultes")["b"] is None, "outside every area: unknown, not zero"
    assert by_point(demande, "nb_adultes")["commune:59002"] is None


def test_ages_above_the_population_are_capped():
    demande = demand_table(
        make_communes(),
        [make_cells(("a", "59001", 900.0, 2.02))],
        [make_areas(("I1", 2.0, 2.1, 100.0, 60.0, 70.0))],
    )
    assert by_point(demande, "nb_adultes")["a"] == 1000.0


@given(
    st.lists(st.tuples(st.sampled_from(CODES), st.floats(0, 900)), max_size=12),
    st.tuples(*[st.one_of(st.none(), st.integers(0, 2000))] * 4),
)
def test_each_inhabitant_is_counted_once(cells, populations):
    communes = make_communes(populations)
    grid = make_cells(*[(f"c{i}", code, people, 2.05) for i, (code, people) in enumerate(cells)])
    demande = demand_table(communes, [grid], [])
    counted = demande[demande["est_compte"].astype(bool)]
    for code, population in zip(CODES, populations, strict=True):
        mine = counted[counted["code_commune"].eq(code)]
        assert len(mine), "every commune has a point"
        assert (
            mine["population_retenue"].sum(min_count=1) == pytest.approx(population)
            if population is not None
            else mine["population_retenue"].isna().all()
        )
        assert mine["type_point"].nunique() == 1


def lecture_of_ages(**changed) -> Lecture:
    row = {
        "code_zone": "I1",
        "population": "100",
        "nb_18_24": "10",
        "nb_25_39": "20",
        "nb_40_54": "20",
        "nb_55_64": "10",
        "nb_65_79": "10",
        "nb_80_plus": "5",
    }
    frame = pd.DataFrame(
        [row, {**row, "code_zone": "I2", **changed}], index=["objet 1", "objet 2"], dtype="str"
    )
    return Lecture(
        frame=gpd.GeoDataFrame(frame, geometry=[shapely.box(0, 0, 1, 1)] * 2, crs="EPSG:4326"),
        nb_lues=2,
    )


@pytest.mark.parametrize(
    "changed", [{"population": "cent"}, {"nb_18_24": "-1"}, {"nb_80_plus": None}]
)
def test_an_area_with_a_faulty_number_is_a_reject(changed):
    areas, bilan = read_ages(lecture_of_ages(**changed), "iris")
    assert areas["code_zone"].tolist() == ["I1"] and bilan.nb_valides == 1
    assert [(r["ligne"], r["colonne"]) for r in bilan.rejets] == [("objet 2", next(iter(changed)))]
    bilan.check()


def test_an_area_where_nobody_lives_is_valid_and_gives_nothing():
    areas, bilan = read_ages(lecture_of_ages(population="0"), "iris")
    assert areas["code_zone"].tolist() == ["I1"] and (bilan.nb_lues, bilan.nb_valides) == (2, 2)


# --- Free polygons
# ----------------------------------------------------------------------------------


def link(
    zones: list[tuple],
    links: list[tuple],
    cells=(("a", "59001", 600.0, 2.02), ("b", "59001", 400.0, 2.08)),
) -> set[tuple]:
    """Return (point, zone, method) of QPV given as (code, outline) and (commune, zone)."""
    frame = gpd.GeoDataFrame(
        {"type_zone": "qpv2015", "code_zone": [c for c, _ in zones]},
        geometry=[g for _, g in zones],
        crs="EPSG:4326",
    )
    members = pd.DataFrame(
        [(commune, "qpv2015", zone) for commune, zone in links],
        columns=["code_commune", "type_zone", "code_zone"],
    )
    table = link_demand(demand_table(make_communes(), [make_cells(*cells)], []), frame, members)
    return set(table[["id_point", "code_zone", "methode"]].itertuples(index=False, name=None))


def test_a_cell_lies_in_the_polygon_that_holds_its_centre():
    assert link([("Q1", shapely.box(2.01, 50.0, 2.03, 50.1))], [("59001", "Q1")]) == {
        ("a", "Q1", "geometrie")
    }


def test_a_border_counts_and_the_smallest_code_wins():
    border = [(2.02, 50.0), (2.02, 50.05), (2.02, 50.1)]
    halves = [
        ("Q2", shapely.Polygon([*border, (2.0, 50.1), (2.0, 50.0)])),
        ("Q1", shapely.Polygon([*border, (2.05, 50.1), (2.05, 50.0)])),
    ]
    assert link(halves, [("59001", "Q1")]) == {("a", "Q1", "geometrie")}


def test_without_outline_a_zone_has_its_communes_whole_and_is_estimated():
    assert link([("Q1", None)], [("59001", "Q1"), ("59002", "Q1")]) == {
        (p, "Q1", "estimee") for p in ("a", "b", "commune:59002")
    }


def test_a_zone_too_small_for_a_cell_is_estimated_rather_than_empty():
    assert link([("Q1", shapely.box(2.04, 50.0, 2.05, 50.1))], [("59001", "Q1")]) == {
        ("a", "Q1", "estimee"),
        ("b", "Q1", "estimee"),
    }


def test_a_commune_without_cells_is_estimated_even_when_the_zone_is_drawn():
    assert link([("Q1", shapely.box(2.11, 50.0, 2.12, 50.1))], [("59002", "Q1")]) == {
        ("commune:59002", "Q1", "estimee")
    }


def test_neighbours_are_in_no_zone_of_the_region():
    assert link([("Q1", None)], [("76001", "Q1"), ("59002", "Q1")]) == {
        ("commune:59002", "Q1", "estimee")
    }


# --- The real mirror
# --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def counted(real_snapshot):
    """Return the points that count."""
    demande = real_snapshot.read("demande")
    return demande[demande["est_compte"].astype(bool)]


@pytest.mark.real
def test_the_points_of_the_region_sum_to_its_population(real_snapshot, counted):
    communes = real_snapshot.read("communes").set_index("code_commune")
    mine = counted[counted["est_region"].astype(bool)]
    region = communes.loc[communes["est_region"].astype(bool), "population"].astype(float)
    assert (
        mine["population_retenue"].sum()
        == pytest.approx(region.sum(), abs=1e-3)
        == pytest.approx(5_992_194)
    )
    by_commune = mine.groupby("code_commune")["population_retenue"].sum()
    assert sorted(by_commune.index) == sorted(region.index)
    assert (by_commune - region.reindex(by_commune.index)).abs().max() < 1e-6


@pytest.mark.real
def test_the_real_points_are_one_partition(real_snapshot, counted):
    assert counted.groupby("code_commune")["type_point"].nunique().max() == 1
    aside = real_snapshot.read("demande").query("~est_compte")
    assert aside["population_retenue"].isna().all() and len(aside)
    cells = counted[counted["type_point"].eq("carreau")]
    assert (
        len(cells) > 8_900 and cells["est_region"].all() and cells["code_commune"].nunique() == 92
    )
    outside = counted[~counted["est_region"].astype(bool)]
    assert outside["type_point"].eq("commune").all() and set(outside["code_commune"].str[:2]) == {
        "08",
        "27",
        "51",
        "76",
        "77",
        "95",
    }


@pytest.mark.real
def test_the_threshold_of_cells_is_held_by_every_commune(real_snapshot):
    demande, communes = (
        real_snapshot.read("demande"),
        real_snapshot.read("communes").set_index("code_commune"),
    )
    cells = demande[demande["type_point"].eq("carreau")]
    part = cells.groupby("code_commune")["population"].sum() / communes["population"].astype(float)
    counted = cells.groupby("code_commune")["est_compte"].first().astype(bool)
    assert counted.equals(part.reindex(counted.index).ge(PART_CARREAUX)) and not counted.all()


@pytest.mark.real
@pytest.mark.parametrize("type_zone", ZONAGES)
def test_no_zone_with_people_is_without_a_point(real_snapshot, counted, type_zone):
    """Every zone of every zoning has a counted point of the region, and a partition has all of
    them.
    """
    mine = counted[counted["est_region"].astype(bool)]
    zones = real_snapshot.read("zones").query("type_zone == @type_zone")
    if ZONAGES[type_zone].methode == "code":
        links = real_snapshot.read("communes_zones").query(
            "type_zone == @type_zone and type_lien == 'entiere'"
        )
        pairs = mine.merge(links[["code_commune", "code_zone"]], on="code_commune")
        people = pairs.groupby("code_zone")["population_retenue"].sum()
        expected = zones.set_index("code_zone")["population"].astype(float).dropna()
        assert (people.reindex(expected.index) - expected).abs().lt(1e-3).all()
    else:
        links = real_snapshot.read("demande_zones").query("type_zone == @type_zone")
        pairs = mine.merge(links[["id_point", "code_zone"]], on="id_point")
        assert len(pairs) == len(links)
    assert set(zones["code_zone"]) == set(pairs["code_zone"]) and len(zones)
    if ZONAGES[type_zone].est_partition:
        assert len(pairs) == len(mine)


@pytest.mark.real
def test_real_cells_are_in_their_polygon_and_the_others_are_estimated(real_snapshot, counted):
    links, zones = (
        real_snapshot.read("demande_zones"),
        real_snapshot.read("zones").set_index(["type_zone", "code_zone"]),
    )
    points = counted.set_index("id_point").geometry
    exact = links[links["methode"].eq("geometrie")]
    assert len(exact) > 400 and exact["type_zone"].eq("qpv2015").all()
    for row in exact.itertuples():
        assert zones.geometry[(row.type_zone, row.code_zone)].intersects(points[row.id_point])
    assert links.loc[links["type_zone"].eq("qpv2024"), "methode"].eq("estimee").all()


@pytest.mark.real
def test_real_ages_follow_the_census(real_snapshot, counted, mirror):
    """Oracle: the shares of the whole IRIS file, read on its own."""
    cells = counted[counted["type_point"].eq("carreau")]
    unknown = cells["nb_adultes"].isna()
    assert (
        unknown.sum() < 30
        and counted.loc[counted["type_point"].eq("commune"), "nb_adultes"].isna().all()
    )
    known = cells[~unknown]
    assert (known["nb_18_24"] <= known["nb_adultes"]).all() and (
        known["nb_adultes"] <= known["population_retenue"] + 1e-9
    ).all()
    iris = gpd.read_file(mirror / "population/iris_mel_pop2019.geojson")
    minors = iris[["P19_POP0002", "P19_POP0305", "P19_POP0610", "P19_POP1117"]].sum().sum()
    assert known["nb_adultes"].sum() / known["population_retenue"].sum() == pytest.approx(
        1 - minors / iris["P19_POP"].sum(), abs=0.01
    )
    assert known["nb_18_24"].sum() / known["population_retenue"].sum() == pytest.approx(
        iris["P19_POP1824"].sum() / iris["P19_POP"].sum(), abs=0.01
    )
    areas = gpd.GeoDataFrame({"code_zone": iris["CODE_IRIS"]}, geometry=iris.geometry.to_crs(4326))[
        iris["P19_POP"].gt(0)
    ]
    assert assign_by_geometry(cells.geometry, areas)[unknown].isna().all(), (
        "unknown only outside every IRIS, or where nobody lives"
    )
