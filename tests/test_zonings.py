"""Zones: a place keeps one zone of a partition, borders are decided, rows are kept."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoapp.core.geometry import make_points
from geoapp.ingest.territories import read_zone_people, tell_people
from geoapp.reference.zone_joins import (
    assign_by_code,
    assign_by_geometry,
    fill_partition,
    keep_partition,
    move_to_current,
    outline_zones,
)
from geoapp.reference.zonings import CHERCHES, MAILLES, TERRITOIRES, ZONAGES
from geoapp.sources.records import Lecture
from geoapp.sources.registry import get_source

SQUARES = gpd.GeoDataFrame(
    {"code_zone": ["B", "A"]},
    geometry=[shapely.box(2.0, 50.0, 2.1, 50.1), shapely.box(2.1, 50.0, 2.2, 50.1)],
    crs="EPSG:4326",
)
LINKS = pd.DataFrame(
    {
        "code_commune": ["59001", "59002", "59002", "59003", "59003"],
        "type_zone": ["ze2020", "ze2020", "epci", "zrr", "ze2020"],
        "code_zone": ["Z2", "Z1", "E1", "ZRR", "Z1"],
        "type_lien": ["entiere", "entiere", "entiere", "partielle", "entiere"],
    }
)


def test_assign_by_code_keeps_rows_and_says_unknown():
    codes = pd.Series(["59002", None, "59001", "99999"], index=[7, 3, 5, 9])
    zones = assign_by_code(codes, LINKS, "ze2020")
    assert zones.index.tolist() == [7, 3, 5, 9]
    assert zones.fillna("?").tolist() == ["Z1", "?", "Z2", "?"]


def test_assign_by_code_leaves_partial_communes_out():
    assert assign_by_code(pd.Series(["59003"]), LINKS, "zrr").isna().all()


@pytest.mark.parametrize(
    ("longitude", "latitude", "expected"),
    [
        (2.05, 50.05, "B"),
        (2.15, 50.05, "A"),
        (2.1, 50.0, "A"),
        (2.1, 50.1, "A"),
        (2.0, 50.0, "B"),
        (2.3, 50.05, None),
        (None, None, None),
    ],
)
def test_assign_by_geometry_decides_borders_by_smallest_code(longitude, latitude, expected):
    points = make_points([longitude], [latitude])
    found = assign_by_geometry(points, SQUARES)[0]
    assert (None if pd.isna(found) else found) == expected


@given(st.lists(st.tuples(st.floats(1.9, 2.3), st.floats(49.9, 50.2)), max_size=25))
def test_assign_by_geometry_agrees_with_a_loop(points):
    """Oracle: the smallest code among the boxes that contain the point, in plain Python."""
    series = make_points([p[0] for p in points], [p[1] for p in points])
    found = assign_by_geometry(series, SQUARES)
    assert len(found) == len(points)
    for point, zone in zip(points, found, strict=True):
        near_border = (
            min(abs(point[0] - x) for x in (2.0, 2.1, 2.2)) < 1e-6
            or min(abs(point[1] - y) for y in (50.0, 50.1)) < 1e-4
        )
        inside = [
            c
            for c, box in zip(
                SQUARES["code_zone"], SQUARES.bounds.itertuples(index=False), strict=True
            )
            if box.minx <= point[0] <= box.maxx and box.miny <= point[1] <= box.maxy
        ]
        if not near_border:
            assert (zone == min(inside)) if inside else pd.isna(zone)


COMMUNES = gpd.GeoDataFrame(
    {"code_commune": ["59001", "59002", "59003"], "est_region": [True, True, True]},
    geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(2, 0, 3, 1)],
    crs="EPSG:2154",
)


def test_merged_communes_keep_the_zone_of_the_one_that_gave_its_code():
    members = pd.DataFrame(
        {
            "code_commune": ["59009", "59001", "59008", "60001"],
            "code_zone": ["Z1", "Z2", "Z3", "Z9"],
        }
    )
    current, moved = move_to_current(members, {"59009": "59001", "59008": "59002"}, COMMUNES)
    kept = keep_partition(current).set_index("code_commune")["code_zone"]
    assert kept.to_dict() == {"59001": "Z2", "59002": "Z3"}
    assert moved["ancien_code"].tolist() == ["59009", "59008"]


def test_a_commune_re_established_since_takes_the_zone_around_it():
    members = pd.DataFrame(
        {"code_commune": ["59001", "59003"], "code_zone": ["Z2", "Z1"], "nom": ["deux", "un"]}
    )
    filled = fill_partition(members, COMMUNES)
    assert filled.to_dict("records") == [{"code_commune": "59002", "code_zone": "Z1", "nom": "un"}]
    assert fill_partition(pd.concat([members, filled]), COMMUNES).empty


def test_outlines_are_unions_of_communes():
    members = pd.DataFrame(
        {"code_commune": ["59001", "59002", "59003"], "code_zone": ["Z1", "Z1", "Z2"]}
    )
    outlines = outline_zones(members, COMMUNES.set_index("code_commune").geometry)
    assert outlines.area.to_dict() == {"Z1": 2.0, "Z2": 1.0}
    assert outlines["Z1"].equals(shapely.box(0, 0, 2, 1))


def test_every_zoning_has_a_plain_name():
    for type_zone, zonage in ZONAGES.items():
        assert (
            zonage.type_zone == type_zone
            and zonage.titre
            and zonage.methode in ("code", "geometrie")
        )


def test_the_divisions_and_the_places_are_in_the_order_of_their_ranks():
    assert " ".join(MAILLES) == (
        "ze2020 epci commune departement arrondissement ze2010 bassin2024 zrr frr "
        "qpv2015 qpv2024 carreau"
    )
    assert " ".join(CHERCHES) == "departement region epci ze2020 arrondissement bassin2024"


@pytest.mark.parametrize(
    "type_zone, nom, sujet",
    [
        ("departement", "Pas-de-Calais", "le département du Pas-de-Calais"),
        ("departement", "Aisne", "le département de l'Aisne"),
        ("departement", "Somme", "le département de la Somme"),
        ("arrondissement", "Arras", "l'arrondissement d'Arras"),
        ("epci", "CC du Vimeu", "la CC du Vimeu"),
        ("epci", "Métropole Européenne de Lille", "la Métropole Européenne de Lille"),
        ("epci", "Terre de Picardie", "l'intercommunalité Terre de Picardie"),
        ("ze2020", "Lens", "la zone d'emploi de Lens"),
        ("ze2010", "Lens", "la zone d'emploi 2010 de Lens"),
        ("zrr", "Zone de revitalisation rurale", "l'ensemble des communes classées ZRR"),
        ("frr", "FRR+", "l'ensemble des communes classées « FRR+ »"),
        ("qpv2024", "Le Pile", "le quartier prioritaire « Le Pile » (2024)"),
        ("commune", "Hirson", "la commune d'Hirson"),
        ("commune", "Le Quesnoy", "la commune du Quesnoy"),
        ("commune", "Somme", "la commune de Somme"),
    ],
)
def test_a_row_names_a_zone_in_a_sentence(type_zone, nom, sujet):
    assert TERRITOIRES[type_zone].subject(nom) == sujet


@pytest.mark.parametrize(
    "type_zone, nom, mots, sorte",
    [
        ("ze2020", "Lens", "zone d'emploi 2020 Lens", "la zone d'emploi"),
        ("zrr", "Ensemble ZRR", "Ensemble ZRR", "l'ensemble des communes classées ZRR"),
        ("epci", "CC du Vimeu", "EPCI CC du Vimeu", "l'intercommunalité"),
    ],
)
def test_a_row_names_a_zone_without_saying_its_kind_twice(type_zone, nom, mots, sorte):
    assert (ZONAGES[type_zone].label(nom), ZONAGES[type_zone].sorte) == (mots, sorte)


def test_the_people_that_a_producer_counts_are_those_of_zones_that_no_commune_counts():
    zones = pd.DataFrame(
        {
            "type_zone": ["qpv2015", "qpv2015", "epci"],
            "code_zone": ["A", "B", "A"],
            "population": pd.array([pd.NA, pd.NA, 7], dtype="Int64"),
            "annee_population": [None, None, "2023"],
        }
    )
    lecture = Lecture(
        frame=pd.DataFrame(
            {"code_zone": ["A", "Z", None, "B"], "population": ["12", "5", "3", "beaucoup"]},
            index=[f"ligne {i}" for i in range(2, 6)],
            dtype="str",
        ),
        nb_lues=4,
        rejets=[],
    )
    people, bilan = read_zone_people(lecture, get_source("qpv2015-population"))
    assert [one["code_raison"] for one in bilan.rejets] == ["identifiant_absent", "nombre_attendu"]
    told = tell_people(zones, people)
    assert told["population"].tolist() == [12, pd.NA, 7]
    assert told["annee_population"].fillna("").tolist() == ["2013", "", "2023"]
