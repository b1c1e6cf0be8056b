"""Projection, distances and the recognition of wrong coordinates."""

import csv

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoapp.core.geometry import (
    inside_france,
    make_points,
    measure_distance_m,
    repair_coordinates,
    to_geographic,
    to_metric,
)

HDF = {"longitude": st.floats(1.3, 4.4), "latitude": st.floats(48.8, 51.1)}
LILLE = (50.6292, 3.0573)
LILLE_L93 = (704061.5, 7059136.6)


@pytest.fixture(scope="session")
def projection(mirror):
    """Return the folder of published projection points, or skip."""
    folder = mirror.parent / "truth" / "projection"
    if not folder.exists():
        pytest.skip("points de référence absents (dossier shared/truth à côté du dépôt)")
    return folder


def read_rows(path):
    with open(path, encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.real
def test_the_676_reference_points_fall_within_one_centimetre(projection):
    """Colleges published by the ministry in both systems."""
    rows = read_rows(projection / "hdf_676_points_l93_wgs84.csv")
    x, y = to_metric([float(r["longitude"]) for r in rows], [float(r["latitude"]) for r in rows])
    dx, dy = (
        x - np.array([float(r["coordonnee_x"]) for r in rows]),
        y - np.array([float(r["coordonnee_y"]) for r in rows]),
    )
    assert len(rows) == 676 and np.hypot(dx, dy).max() < 0.01


@pytest.mark.real
def test_distances_equal_the_published_ones(projection):
    rows = read_rows(projection / "distances_pyproj.csv")
    found = measure_distance_m(
        *[[float(r[name]) for r in rows] for name in ("lon_a", "lat_a", "lon_b", "lat_b")]
    )
    np.testing.assert_allclose(found, [float(r["geodesic_grs80_m"]) for r in rows], rtol=1e-6)


def test_lambert_93_is_the_defined_cone():
    """IGN: the origin (3° E, 46.5° N) has x = 700,000 m, y = 6,600,000 m."""
    x, y = to_metric(3.0, 46.5)
    assert (float(x), float(y)) == pytest.approx((700_000, 6_600_000), abs=1e-3)


def test_distances_broadcast_and_unknown_stays_unknown():
    found = measure_distance_m(3.0573, 50.6292, [3.0573, 2.2957, np.nan], [50.6292, 49.8941, 50.0])
    assert found[0] == 0 and found[1] == pytest.approx(98158.024, rel=1e-6) and np.isnan(found[2])


@given(**HDF)
def test_degrees_survive_the_round_trip(longitude, latitude):
    back = to_geographic(*to_metric(longitude, latitude))
    assert [float(v) for v in back] == pytest.approx([longitude, latitude], abs=1e-9)


@pytest.mark.parametrize(
    "latitude, longitude, expected, reparation",
    [
        ("50.6292", "3.0573", LILLE, None),
        (" 50,6292 ", "3,0573", LILLE, None),
        ("3.0573", "50.6292", LILLE, "coordonnees_inversees"),
        ("7059136.6", "704061.5", LILLE, "lambert_93"),
        ("704061.5", "7059136.6", LILLE, "lambert_93"),
        ("7 059 136,6", "704\u202f061,5", LILLE, "lambert_93"),
        ("0", "0.0", None, "coordonnees_nulles"),
        ("0", None, None, "coordonnees_nulles"),
        (None, None, None, None),
        ("50.6", None, None, "coordonnees_refusees"),
        (None, "3.05", None, "coordonnees_refusees"),
        ("abc", "def", None, "coordonnees_refusees"),
        ("nan", "nan", None, "coordonnees_refusees"),
        ("inf", "3", None, "coordonnees_refusees"),
        ("1e400", "3", None, "coordonnees_refusees"),
        ("48.85", "-73.5", None, "coordonnees_refusees"),
        ("-50.6", "3.05", None, "coordonnees_refusees"),
        ("41.0", "-5.5", (41.0, -5.5), None),
        ("40.999", "-5.5", None, "coordonnees_refusees"),
    ],
)
def test_wrong_coordinates_are_recognised(latitude, longitude, expected, reparation):
    row = repair_coordinates(
        pd.Series([latitude], dtype="str"), pd.Series([longitude], dtype="str")
    ).iloc[0]
    assert (None if pd.isna(row["reparation"]) else row["reparation"]) == reparation
    if expected is None:
        assert np.isnan(row["latitude"]) and np.isnan(row["longitude"])
    else:
        assert (row["latitude"], row["longitude"]) == pytest.approx(expected, abs=2e-3)


@given(st.lists(st.tuples(HDF["latitude"], HDF["longitude"]), min_size=1, max_size=8))
def test_a_swap_in_the_region_is_always_put_right(points):
    index = [f"ligne {i}" for i in range(len(points), 0, -1)]
    latitude, longitude = (pd.Series([p[i] for p in points], index=index) for i in (0, 1))
    right, swapped = (
        repair_coordinates(latitude, longitude),
        repair_coordinates(longitude, latitude),
    )
    assert list(right.index) == list(swapped.index) == index
    assert (
        right["reparation"].isna().all() and swapped["reparation"].eq("coordonnees_inversees").all()
    )
    pd.testing.assert_frame_equal(
        right[["latitude", "longitude"]], swapped[["latitude", "longitude"]]
    )
    x, y = to_metric(longitude, latitude)
    metric = repair_coordinates(pd.Series(y, index), pd.Series(x, index))
    assert metric["reparation"].eq("lambert_93").all()
    np.testing.assert_allclose(metric["latitude"], latitude, atol=1e-8)


@given(
    st.lists(
        st.tuples(st.none() | st.text(max_size=12), st.none() | st.text(max_size=12)), max_size=6
    )
)
def test_any_text_gives_a_point_in_france_or_none(cells):
    latitude, longitude = (pd.Series([c[i] for c in cells], dtype="object") for i in (0, 1))
    result = repair_coordinates(latitude, longitude)
    assert len(result) == len(cells)
    known = result.dropna(subset="latitude")
    assert known["latitude"].between(40, 52).all() and known["longitude"].between(-6.5, 11).all()
    given_but_lost = result["latitude"].isna() & (latitude.notna() | longitude.notna())
    assert result.loc[given_but_lost, "reparation"].notna().all()


def test_no_row_gives_no_row():
    empty = repair_coordinates(pd.Series([], dtype="str"), pd.Series([], dtype="str"))
    assert empty.empty and list(empty.columns) == ["latitude", "longitude", "reparation"]


def test_a_box_lies_in_one_territory_borders_included():
    boxes = np.array(
        [
            [2, 49, 3, 50],
            [-5.5, 41, 10, 51.5],
            [-5.51, 41, 10, 51.5],
            [55.4, -21, 55.5, -20.9],
            [-61.5, 16, 3, 50],
            [np.nan] * 4,
            [2, 49, np.inf, 50],
            [49, 2, 50, 3],
        ]
    )
    assert inside_france(boxes).tolist() == [True, True, False, True, False, False, False, False]
    assert inside_france(np.empty((0, 4))).tolist() == []


def test_an_unknown_point_is_missing_and_never_empty():
    points = make_points([3.0, np.nan, 2.0], [50.0, 50.0, np.nan])
    assert isinstance(points, gpd.GeoSeries) and points.crs == "EPSG:4326"
    assert (
        points.notna().tolist() == [True, False, False]
        and not points[points.notna()].is_empty.any()
    )
