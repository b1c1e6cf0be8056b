"""Trips by public transport: equal to an oracle, sound, and never longer with one feed more."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geoapp.coverage.travel.transit.morning import find_each_arrival, find_trips, find_walks
from geoapp.coverage.travel.transit.rides import JAMAIS
from geoapp.coverage.travel.transit.walking import find_changes, find_near, walk_seconds
from geoapp.sources.gtfs import read_feed
from geoapp.sources.gtfs.timetable import build_timetable
from support.timetables import GEOD, HEADER, STOP_TIMES, Oracle, write_feed

MARDI = date(2025, 11, 18)
H7, H9 = 7 * 3600, 9 * 3600
DEPARTS = np.arange(H7, H9, 300)
A, D = (3.0, 50.0), (3.15, 50.0)


def _timetable(*paths, jour=MARDI):
    return build_timetable([read_feed(path) for path in paths], jour, H7, H9)


def _arrivals(timetable, origins, places, departures, **options) -> np.ndarray:
    """Return the arrivals (n_origins, n_places, n_departures)."""
    walks = find_walks(timetable, np.array(origins), np.array(places))
    table = np.full((len(origins), len(places), len(departures)), JAMAIS)
    for rows, columns, found in find_each_arrival(timetable, walks, departures, **options):
        table[rows, columns] = found
    return table


def test_a_trip_with_one_change_is_what_the_timetable_says(tmp_path):
    timetable = _timetable(write_feed(tmp_path / "f.zip"))
    [[arrivals]] = _arrivals(timetable, [A], [D], DEPARTS)
    # 7:10 at A, 7:30 at C, on foot to C2 for 7:40, 7:50 at D; then 8:10 … 8:43; then nothing.
    assert arrivals[DEPARTS <= H7 + 600].tolist() == [H7 + 50 * 60] * 3
    between = (DEPARTS > H7 + 600) & (DEPARTS <= H7 + 70 * 60)
    assert set(arrivals[between]) == {H9 - 17 * 60}
    assert set(arrivals[DEPARTS > H7 + 70 * 60]) == {JAMAIS}


def test_the_median_and_the_fastest_of_a_morning(tmp_path):
    timetable = _timetable(write_feed(tmp_path / "f.zip"))
    found = find_trips(timetable, np.array([A]), np.array([D]))
    # By hand: 3 departures for the bus of 7:10, 12 for that of 8:10; nine left at 8:10, for 9:00.
    minutes = [50, 45, 40, *range(88, 32, -5), *[50] * 9]
    assert found.median_s.tolist() == [sorted(minutes)[11] * 60]
    assert found.fastest_s.tolist() == [33 * 60]
    # Of 43, 50, 60 (left at 8:00) and 73 min, the lower of the two in the middle.
    few = find_trips(timetable, np.array([A]), np.array([D]), step_s=1800)
    assert (few.median_s.tolist(), few.fastest_s.tolist()) == ([50 * 60], [43 * 60])


def test_a_change_too_short_is_missed(tmp_path):
    # 66 m are 61 s of walk with the detour, and a minute of margin: 121 s after 7:30.
    for leaves, arrives in (("07:32:00", JAMAIS), ("07:33:00", H7 + 50 * 60)):
        text = STOP_TIMES.replace("07:40:00", leaves).replace("u2,", "x,")
        path = write_feed(tmp_path / f"{leaves[3:5]}.zip", stop_times=text)
        assert _arrivals(_timetable(path), [A], [D], DEPARTS[:1])[0, 0, 0] == arrives


def test_at_most_two_changes_and_more_are_never_longer(tmp_path):
    stops = "stop_id,stop_name,stop_lat,stop_lon\n" + "".join(
        f"S{i},Arrêt {i},50,{3 + i / 10}\n" for i in range(5)
    )
    trips = "route_id,service_id,trip_id\n" + "".join(f"L1,S,t{i}\n" for i in range(4))
    times = HEADER + "".join(
        f"t{i},07:{10 * i + 1:02d}:00,07:{10 * i + 1:02d}:00,S{i},1\n"
        f"t{i},07:{10 * i + 6:02d}:00,07:{10 * i + 6:02d}:00,S{i + 1},2\n"
        for i in range(4)
    )
    path = write_feed(tmp_path / "f.zip", stops=stops, trips=trips, stop_times=times)
    timetable = _timetable(path)
    ends = [(3 + i / 10, 50.0) for i in range(1, 5)]
    before = np.full(4, JAMAIS)
    for changes in range(4):
        found = _arrivals(timetable, [A], ends, DEPARTS[:1], changes_max=changes)[0, :, 0]
        assert (found < JAMAIS).sum() == changes + 1 and (found <= before).all()
        before = found
    # Two by default: the place three changes away is not reached.
    assert (_arrivals(timetable, [A], ends, DEPARTS[:1])[0, :, 0] < JAMAIS).sum() == 3


def test_transfers_of_the_producer_replace_ours(tmp_path):
    told = "from_stop_id,to_stop_id,transfer_type,min_transfer_time\n"
    for line, seconds in (("C,C2,2,540", 540), ("C,C2,3,", 0), ("C,C2,0,", 121)):
        timetable = _timetable(write_feed(tmp_path / "f.zip", transfers=told + line + "\n"))
        changes = find_changes(timetable)
        assert changes[[2], [3]].tolist() == [seconds]
        assert changes[[3], [2]].tolist() == [121] and changes[[2], [2]].tolist() == [60]


def test_two_stops_of_one_station_are_a_change_whatever_parts_them(tmp_path):
    stops = (
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
        "G,Gare,50.0,3.0,1,\nA,Quai 1,50.0,3.0,0,G\nB,Quai 9,50.0,3.02,0,G\nC,Loin,50,3.1,0,\n"
    )
    timetable = _timetable(write_feed(tmp_path / "f.zip", stops=stops))
    changes = find_changes(timetable)
    assert timetable.stops["stop_id"].tolist() == ["A", "B", "C"]
    metres = GEOD.inv(3.0, 50.0, 3.02, 50.0)[2]
    assert metres > 1400 and changes[[0], [1]][0] == pytest.approx(60 + metres * 0.9167, abs=1)
    assert sparse.csr_array(changes).nnz == 5


def test_walks_are_those_of_the_ellipsoid():
    rng = np.random.default_rng(3)
    a = rng.uniform([2.9, 49.9], [3.0, 50.0], (40, 2))
    rows, columns, km = find_near(a, a, 1.5)
    every = np.array([[GEOD.inv(*p, *q)[2] for q in a] for p in a])
    assert len(rows) == (every * 4 / math.pi <= 1500).sum()
    assert np.abs(km * 1000 - every[rows, columns]).max() < 0.01
    assert walk_seconds([0, 0.001, 1]).tolist() == [0, 1, 917]


def test_nothing_near_gives_nothing(tmp_path):
    timetable = _timetable(write_feed(tmp_path / "f.zip"))
    found = find_trips(timetable, np.array([[0.0, 45.0], A]), np.array([[0.0, 45.0]]))
    assert not len(found.origin)
    assert found.near_origins.tolist() == [False, True] and not found.near_places.any()


def _draw_feed(path, rng):
    """Write a feed of twelve stops within a walk or far away, and eight lines drawn among them."""
    lonlat = rng.uniform([2.95, 49.98], [3.05, 50.02], (12, 2)).round(6)
    trips, times = [], []
    for line in range(8):
        way = rng.choice(12, rng.integers(2, 6), replace=False)
        for run in range(rng.integers(1, 4)):
            minute = int(rng.integers(380, 520))
            trips.append(f"L1,S,{line}-{run}\n")
            for rank, stop in enumerate(way):
                hours = [f"{m // 60:02d}:{m % 60:02d}:00" for m in (minute, minute + 1)]
                flags = ",".join(rng.choice(["0", "1"], 2, p=[0.9, 0.1]))
                times.append(f"{line}-{run},{hours[0]},{hours[1]},{stop},{rank},{flags}\n")
                minute += int(rng.integers(2, 12))
    header = HEADER.replace("\n", ",pickup_type,drop_off_type\n")
    places = "".join(f"{i},{i},{y},{x}\n" for i, (x, y) in enumerate(lonlat))
    return write_feed(
        path,
        stops="stop_id,stop_name,stop_lat,stop_lon\n" + places,
        trips="route_id,service_id,trip_id\n" + "".join(trips),
        stop_times=header + "".join(times),
    )


@pytest.mark.parametrize("seed", range(6))
def test_feeds_drawn_are_equal_to_the_oracle_and_add_up(tmp_path, seed):
    rng = np.random.default_rng(seed)
    paths = [_draw_feed(tmp_path / f"{nom}.zip", rng) for nom in "ab"]
    points = [tuple(xy) for xy in rng.uniform([2.95, 49.98], [3.05, 50.02], (6, 2))]
    departures = np.array([H7, H7 + 22 * 60, H7 + 63 * 60])
    one = _timetable(paths[0])
    found = _arrivals(one, points, points, departures)
    oracle = Oracle(paths[0], MARDI)
    for i, origin in enumerate(points):
        for k, leaves in enumerate(departures):
            best = oracle.search(origin, int(leaves), dict(enumerate(points)), start=H7)
            assert found[i, :, k].tolist() == [
                best[j][0] if j in best else JAMAIS for j in range(6)
            ]
    both = _timetable(*paths)
    assert (_arrivals(both, points, points, departures) <= found).all()
    before, after = (_table(find_trips(t, np.array(points), np.array(points))) for t in (one, both))
    after = after.reindex(before.index)
    assert (after <= before).all(axis=None)


@pytest.fixture(scope="module")
def fablio(mirror):
    [path] = (mirror / "gtfs").glob("fablio*.zip")
    return path, _timetable(path)


@pytest.mark.real
def test_equal_to_the_oracle_on_200_pairs_of_stops_at_5_hours(fablio):
    path, timetable = fablio
    oracle = Oracle(path, MARDI)
    rng = np.random.default_rng(13)
    served = timetable.stops[timetable.stops["est_desservi"]]
    departures = np.array([H7, H7 + 17 * 60, H7 + 35 * 60, H7 + 50 * 60, H7 + 71 * 60])
    nb_found = 0
    origins, ends = served.sample(20, random_state=rng), served.sample(10, random_state=rng)
    points = [list(zip(f["longitude"], f["latitude"], strict=True)) for f in (origins, ends)]
    found = _arrivals(timetable, *points, departures)
    for i, origin in enumerate(points[0]):
        for k, leaves in enumerate(departures):
            best = oracle.search(origin, int(leaves), dict(enumerate(points[1])), start=H7)
            expected = [best[j][0] if j in best else JAMAIS for j in range(10)]
            assert found[i, :, k].tolist() == expected
            nb_found += len(best)
    # The comparison is worth something: most pairs are joined, some are not.
    assert 400 < nb_found < 1000


@pytest.mark.real
@pytest.mark.parametrize(
    ("origin", "end", "arrives"),
    [
        ("STA-NOGPAIX1", "STA-CTGARE3", H7 + 45 * 60),
        ("STA-CTBUISS1", "STA-CTPBAR1", H7 + 62 * 60),
        ("STA-CHRMAL1", "STA-ESSFOUR1", H7 + 79 * 60),
    ],
)
def test_the_three_trips_of_the_guide(fablio, origin, end, arrives):
    # Read by hand in stop_times.txt: `docs/trajets.md` tells their legs.
    stops = fablio[1].stops.set_index("stop_id")[["longitude", "latitude"]]
    points = [tuple(stops.loc[origin])], [tuple(stops.loc[end])]
    assert _arrivals(fablio[1], *points, np.array([H7 + 600]))[0, 0, 0] == arrives


@pytest.mark.real
def test_one_feed_more_never_lengthens_a_trip(fablio, tmp_path):
    path, timetable = fablio
    lonlat = timetable.stops[["longitude", "latitude"]].to_numpy()
    # A line of our own, across the town and out of it.
    a, b, c = lonlat[0], lonlat[40], lonlat[90] + [0.1, 0.0]
    lonlat = np.vstack([lonlat, c])
    stops = "stop_id,stop_name,stop_lat,stop_lon\n" + "".join(
        f"{name},{name},{xy[1]},{xy[0]}\n" for name, xy in zip("ABC", (a, b, c), strict=True)
    )
    other = write_feed(
        tmp_path / "o.zip",
        stops=stops,
        stop_times=HEADER
        + "t1,07:40:00,07:40:00,A,1\nt1,07:48:00,07:48:00,B,2\nt1,07:58:00,07:58:00,C,3\n",
    )
    before, after = (
        _table(find_trips(table, lonlat, lonlat)) for table in (timetable, _timetable(path, other))
    )
    both = before.add_suffix("_before").join(after.add_suffix("_after"), how="outer")
    assert both["median_s_after"].notna().all() and len(after) > len(before)
    known = both.dropna()
    assert (known["median_s_after"] <= known["median_s_before"]).all()
    assert (known["fastest_s_after"] <= known["fastest_s_before"]).all()
    assert (known["median_s_after"] < known["median_s_before"]).any()


def _table(found) -> pd.DataFrame:
    """Return trips by origin and place."""
    frame = pd.DataFrame({"median_s": found.median_s, "fastest_s": found.fastest_s})
    return frame.set_index(pd.MultiIndex.from_arrays([found.origin, found.place]))
