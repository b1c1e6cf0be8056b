"""The matrix of public transport: whom it reaches, what it says, how a terminal tells it."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from geoapp.cli import main
from geoapp.core.errors import ParameterError
from geoapp.core.files import sha256_of
from geoapp.coverage.travel.choice import choose_trajets, list_origins, list_places
from geoapp.coverage.travel.given import read_source
from geoapp.coverage.travel.intrazonal import commune_floors
from geoapp.coverage.travel.transit.matrix import (
    RAPIDE,
    build_transports,
    list_reserves,
    read_timetable,
)
from support.timetables import AGENCY, GEOD, HEADER, write_feed

A_PIED = 4 / math.pi / 5 * 60
"""Minutes on foot by kilometre of straight line."""
STOPS = "stop_id,stop_name,stop_lat,stop_lon\nA,Mairie,50.1,2.1\nB,Lycée,50.1,2.3\n"
TIMES = HEADER + "t1,07:30:00,07:30:00,A,1\nt1,08:00:00,08:00:00,B,2\n"


@pytest.fixture
def bus(tmp_path):
    """Return a bus from the commune 80001 to 80002, at 7:30."""
    return write_feed(tmp_path / "bus.zip", stops=STOPS, stop_times=TIMES)


def _run(snapshot, *args):
    data = ("--data", str(snapshot.path.parents[1]))
    return CliRunner().invoke(main, ["trajets", *data, *map(str, args)])


def test_the_file_says_whom_the_feeds_reach_and_build_reads_it(
    bus, tiny_snapshot, tiny_frames, tmp_path
):
    out = tmp_path / "transports.parquet"
    done = _run(tiny_snapshot, "--gtfs", bus, "--jour", "2025-11-18", "--out", out)
    assert done.exit_code == 0, done.output
    rows = pd.read_parquet(out).set_index(["origin", "destination"])
    # By hand: who is ready at 7:00 is there in an hour, who leaves at 7:30 in 30 min; of the 24
    # departures, 17 are too late and had to leave at 7:30, for 9:00.
    trip = rows.loc[("commune:80001", "50.10000,2.30000")]
    assert (trip["time_min"], trip[RAPIDE]) == (90, 30)
    # In one commune nobody is at 0 km: one walks the floor.
    floor = commune_floors(tiny_frames["communes"])["80002"]
    walk = rows.loc[("commune:80002", "50.10000,2.30000")]
    assert walk["time_min"] == walk[RAPIDE] == pytest.approx(floor * A_PIED, abs=0.02)
    assert len(rows) == 2 and rows["distance_km"].isna().all()
    told = read_source(out)
    assert told["origines"] == ["commune:80001", "commune:80002"]
    assert told["places"] == ["50.10000,2.30000"]
    assert (told["mode"], told["date"]) == ("transports", "2025-11-18")
    assert told["fichiers"] == [{"nom": "bus.zip", "sha256": sha256_of(bus)}]
    assert told["details"]["reseaux"][0]["au"] == "2026-07-03"
    assert told["details"]["part_population"] == pytest.approx(1200 / 6200, abs=1e-4)
    minutes = choose_trajets(tiny_frames, [(None, out)]).trajets("transports").duree_min
    assert np.round(minutes.toarray()[1]).tolist() == [0, 90, 0]


def test_transport_is_never_slower_than_walking(tiny_frames, tmp_path):
    stops = "stop_id,stop_name,stop_lat,stop_lon\nA,Mairie,50.1,2.1\nB,Ferme,50.05,2.05\n"
    times = HEADER + "t1,07:00:00,07:00:00,A,1\nt1,08:58:00,08:58:00,B,2\n"
    path = write_feed(tmp_path / "lent.zip", stops=stops, stop_times=times)
    _, timetable = read_timetable([path], jour=date(2025, 11, 18))
    points, places = list_origins(tiny_frames), list_places(tiny_frames)
    found = build_transports(timetable, points, places, tiny_frames["communes"])
    # The place is in the commune of the origin: its floor is a little more than the straight line.
    straight = GEOD.inv(2.1, 50.1, 2.05, 50.05)[2] / 1000
    walk = max(straight, commune_floors(tiny_frames["communes"])["80001"]) * A_PIED
    assert straight * A_PIED < walk < 118
    assert found.duree_min.toarray()[1, 0] == pytest.approx(walk, abs=0.02)
    assert found.rapide_min.toarray()[1, 0] == pytest.approx(walk, abs=0.02)


def test_the_terminal_tells_day_reach_and_reserves(bus, tiny_snapshot, tmp_path):
    old = write_feed(
        tmp_path / "vieux.zip",
        agency=AGENCY.replace("Europe/Paris", "Europe/London"),
        calendar="service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
        "start_date,end_date\nS,1,1,1,1,1,0,0,20200901,20210702\n",
    )
    out = tmp_path / "t.parquet"
    done = _run(
        tiny_snapshot, "--gtfs", bus, "--gtfs", old, "--jour-type", "mercredi", "--out", out
    )
    told = " ".join(done.output.split())
    assert done.exit_code == 0, told
    assert "horaires du mercredi 03/09/2025" in told
    assert "2 points de population sur 3, 19,4 % des habitants de la région ; 1 lieu sur 3" in told
    assert "vieux.zip : valable du 01/09/2020 au 02/07/2021, rien le 03/09/2025." in told
    assert "vieux.zip : horaires périmés depuis le 02/07/2021." in told
    assert "heures de Europe/London, ramenées à celles de Europe/Paris" in told
    assert "2 trajets." in told


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--jour", "2025-11-18", "--jour-type", "samedi"), "ne vont pas ensemble"),
        (("--jour-type", "samedi"), "Aucune course ne circule un samedi"),
        (("--jour", "2024-11-19"), "valable du 01/09/2025 au 03/07/2026"),
        (("--jour", "mardi"), "mardi"),
    ],
)
def test_what_cannot_be_asked_is_said(bus, tiny_snapshot, tmp_path, args, said):
    out = tmp_path / "t.parquet"
    done = _run(tiny_snapshot, "--gtfs", bus, *args, "--out", out)
    assert done.exit_code == 2 and said in done.output and not out.exists()


def test_a_day_without_feeds_is_refused(tiny_snapshot, tmp_path):
    done = _run(tiny_snapshot, "--jour", "2025-11-18", "--out", tmp_path / "t.parquet")
    assert done.exit_code == 2 and "ne vont qu'avec --gtfs" in done.output


def test_one_archive_twice_is_refused(bus, tmp_path):
    again = tmp_path / "copie.zip"
    again.write_bytes(bus.read_bytes())
    with pytest.raises(ParameterError, match=r"copie\.zip est donné deux fois"):
        read_timetable([bus, again])


def test_a_public_holiday_is_said(bus):
    feeds, timetable = read_timetable([bus], jour=date(2025, 11, 11))
    assert list_reserves(feeds, timetable, date(2025, 11, 1)) == [
        "Le 11/11/2025 est un jour férié."
    ]
