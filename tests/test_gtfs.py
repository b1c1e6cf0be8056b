"""Feeds of timetables: what is read, what is left out and said, what is refused and how."""

from __future__ import annotations

import random
import zipfile
from datetime import date

import numpy as np
import pytest

from geoapp.core.errors import ParameterError, SourceError
from geoapp.sources.gtfs import read_feed
from geoapp.sources.gtfs.calendars import choose_day, is_public_holiday
from geoapp.sources.gtfs.timetable import build_timetable
from support.timetables import (
    AGENCY,
    CALENDAR,
    CALENDAR_HEADER,
    HEADER,
    STOP_TIMES,
    STOPS,
    TABLES,
    TRIPS,
    write_feed,
)

MARDI = date(2025, 11, 18)
H7, H9 = 7 * 3600, 9 * 3600


@pytest.fixture
def feed_path(tmp_path):
    return lambda name="f.zip", **tables: write_feed(tmp_path / name, **tables)


def _passages(path, jour=MARDI, start=H7, end=H9, first=None):
    feeds = [read_feed(p) for p in ([first] if first else []) + [path]]
    timetable = build_timetable(feeds, jour, start, end)
    mine = timetable.passages[timetable.stops["feed"].to_numpy()[timetable.passages["stop"]] > 0]
    return mine if first else timetable.passages


def test_a_feed_is_read_in_the_order_of_its_trips(feed_path):
    lines = STOP_TIMES.splitlines(keepends=True)
    feed = read_feed(feed_path(stop_times=lines[0] + "".join(reversed(lines[1:]))))
    assert (feed.nom, feed.fuseau.key, feed.notes) == ("Réseau", "Europe/Paris", [])
    assert feed.trips["ligne"].tolist() == ["1", "1", "2", "2"]
    assert feed.times["trip"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]
    assert feed.times["departure_s"].tolist()[:3] == [H7 + 600, H7 + 1260, H7 + 1800]
    assert feed.services.validity == (date(2025, 9, 1), date(2026, 7, 3))
    assert feed.nb_trips.tolist() == [4]


def test_bom_quotes_spaces_and_a_folder_are_read(tmp_path):
    stops = '\ufeff"stop_id" , "stop_name","stop_lat","stop_lon"\n'
    stops += ' A ,"Église, rue ""Haute""", 50.0,3.0\n\nB,Gare,50,3.05\nC,x,50,3.1\n'
    stops += "C2,x,50.0005,3.1005\nD,x,50,3.15\n"
    plain = write_feed(tmp_path / "a.zip", stops=stops)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(tmp_path / "b.zip", "w") as new:
        for name in old.namelist():
            new.writestr(f"export/{name}", old.read(name))
        new.writestr("__MACOSX/export/stops.txt", b"\0")
    feed = read_feed(tmp_path / "b.zip")
    assert feed.stops["nom"].iloc[0] == 'Église, rue "Haute"'
    assert feed.stops["stop_id"].tolist() == ["A", "B", "C", "C2", "D"]


@pytest.mark.parametrize(
    ("tables", "place", "said"),
    [
        ({"without": "stop_times.txt"}, "", "stop_times.txt est absent"),
        ({"without": "stops.txt"}, "stops.txt", "obligatoire"),
        ({"without": "calendar.txt"}, "calendar.txt", "calendar_dates.txt"),
        ({"stops": ""}, "stops.txt", "vide"),
        (
            {"stops": STOPS.encode().replace(b"Mairie", b"\xde\xf0\xfe")},
            "stops.txt, ligne 2",
            "0xDE",
        ),
        ({"stops": STOPS.replace("stop_id", "id")}, "stops.txt, ligne 1", "« stop_id » absente"),
        ({"stops": STOPS.replace("50.000,3.050", "500,3.05")}, "stops.txt, ligne 3", "500"),
        ({"stops": STOPS.replace("50.000,3.050", "nord,3.05")}, "stops.txt, ligne 3", "« nord »"),
        ({"stops": STOPS.replace("B,Gare", "A,Gare")}, "stops.txt, ligne 3", "« A »"),
        ({"stops": STOPS + "E,a,b,c,50,3\n"}, "stops.txt, ligne 7", "6 cellules, 4"),
        ({"stops": STOPS + 'E,"a,50,3\n'}, "stops.txt, ligne 7", "guillemet"),
        ({"trips": TRIPS + "L1,S,t1\n"}, "trips.txt, ligne 6", "« t1 »"),
        ({"stop_times": STOP_TIMES.replace("08:10:00", "8h10")}, "stop_times.txt, ligne 5", "8h10"),
        ({"stop_times": STOP_TIMES.replace("C,3", "C,x", 1)}, "stop_times.txt, ligne 4", "« x »"),
        ({"calendar": CALENDAR.replace("20250901", "2025-09-01")}, "calendar.txt, ligne 2", "2025"),
        ({"calendar": CALENDAR.replace("20250901", "20250931")}, "calendar.txt, ligne 2", "0931"),
        ({"calendar": CALENDAR.replace("S,1", "S,oui")}, "calendar.txt, ligne 2", "« oui »"),
        ({"agency": AGENCY.replace("Europe/Paris", "Paris")}, "agency.txt, ligne 2", "« Paris »"),
        (
            {"frequencies": "trip_id,start_time,end_time,headway_secs\nt1,7:00:00,8:00:00,0\n"},
            "frequencies.txt, ligne 2",
            "headway_secs",
        ),
    ],
)
def test_what_cannot_be_read_names_archive_table_line_and_cure(feed_path, tables, place, said):
    with pytest.raises(SourceError) as error:
        read_feed(feed_path(**tables))
    told = str(error.value)
    assert told.startswith(f"f.zip, {place}" if place else "f.zip : ") and said in told
    assert error.value.cure


def test_a_bomb_is_refused(tmp_path):
    with zipfile.ZipFile(write_feed(tmp_path / "f.zip"), "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("shapes.txt", b"0" * 30_000_000)
    with pytest.raises(SourceError, match="bombe"):
        read_feed(tmp_path / "f.zip")


def test_stops_without_coordinates_are_left_out_or_take_those_of_their_station(feed_path):
    stops = (
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
        "A,Mairie,50,3,,\nB,Perdu,,,,\nG,Gare,50,3.1,1,\nC,Quai,,,0,G\n"
        "C2,Quai 2,0,0,0,G\nD,Zone,50,3.15,,\nE,Entrée,50,3,2,G\n"
    )
    feed = read_feed(feed_path(stops=stops))
    assert feed.stops["stop_id"].tolist() == ["A", "B", "C", "C2", "D"]
    assert feed.stops["longitude"].tolist()[2:4] == [3.1, 3.1]
    assert feed.notes == ["sans 1 arrêt dont la position manque : « Perdu »"]
    timetable = build_timetable([feed], MARDI, H7, H9)
    assert timetable.notes == [f"f.zip : {feed.notes[0]}."]
    # The bus passes there without anybody: its other stops stay.
    assert timetable.stops["stop_id"].tolist() == ["A", "C", "C2", "D"]
    assert timetable.passages["stop"].tolist() == [0, 1, 0, 1, 2, 3, 2, 3]


def test_exceptions_of_the_calendar(feed_path):
    dates = "service_id,date,exception_type\nS,20251118,2\nS,20251122,1\nX,20251123,1\n"
    feed = read_feed(feed_path(calendar_dates=dates))
    runs = [bool(feed.services.running(date(2025, 11, day))[0]) for day in (17, 18, 19, 22, 23)]
    assert runs == [True, False, True, True, False]
    assert feed.services.running(date(2025, 11, 23)).tolist() == [False, True]


def test_a_feed_of_exceptions_only_is_a_feed(feed_path):
    dates = "service_id,date,exception_type\nS,20251118,1\n"
    feed = read_feed(feed_path(without="calendar.txt", calendar_dates=dates))
    assert feed.services.validity == (MARDI, MARDI)
    assert len(build_timetable([feed], MARDI, H7, H9).passages) == 10


def test_trips_after_midnight_are_of_the_day_before(feed_path):
    late = HEADER + "t1,25:10:00,25:10:00,A,1\nt1,25:20:00,25:20:00,B,2\n"
    found = _passages(feed_path(stop_times=late), date(2025, 11, 19), 3600, 2 * 3600)
    assert found["departure_s"].tolist() == [4200, 4800]
    # Of Friday's service, on Saturday; nothing on Monday, Sunday has no service.
    assert len(_passages(feed_path(stop_times=late), date(2025, 11, 22), 3600, 2 * 3600)) == 2
    with pytest.raises(ParameterError, match="Rien ne circule le 24/11/2025"):
        _passages(feed_path(stop_times=late), date(2025, 11, 24), 3600, 2 * 3600)


def test_two_feeds_in_two_time_zones_are_on_the_clock_of_the_first(feed_path):
    london = AGENCY.replace("Europe/Paris", "Europe/London")
    times = HEADER + "t1,06:30:00,06:30:00,A,1\nt1,06:50:00,06:50:00,B,2\n"
    found = _passages(feed_path("b.zip", agency=london, stop_times=times), first=feed_path("a.zip"))
    assert found["departure_s"].tolist() == [H7 + 30 * 60, H7 + 50 * 60]


def test_the_night_when_clocks_change_counts_from_noon(feed_path):
    # Sunday 29 March 2026: 7:10 of the timetable is 7:10 on the clock.
    calendar = CALENDAR.replace("0,0,2025", "1,1,2025")
    found = _passages(feed_path(calendar=calendar), date(2026, 3, 29))
    assert found["departure_s"].iloc[0] == H7 + 600


def test_frequencies_repeat_a_trip(feed_path):
    header = "trip_id,start_time,end_time,headway_secs,exact_times\n"
    path = feed_path(frequencies=header + "t1,06:00:00,08:00:00,900,1\n")
    found = _passages(path)
    mine = found[found["trip_id"].eq("t1")]
    assert not read_feed(path).notes
    # 6:45 is at C at 7:05; 7:00 … 7:45 run whole; at 8:00 the band is over.
    starts = mine.groupby("trip")["departure_s"].min().tolist()
    assert starts == [H7, H7 + 900, H7 + 1800, H7 + 2700]
    assert mine.groupby("trip").size().tolist() == [3] * 4
    loose = read_feed(feed_path(frequencies=header + "t1,06:00:00,08:00:00,900,0\n"))
    assert "intervalle entre deux passages" in loose.notes[0]


def test_a_blank_time_is_put_between_the_known_ones(feed_path):
    times = STOP_TIMES.replace("t1,07:20:00,07:21:00,B,2", "t1,,,B,2")
    times = times.replace("u2,08:43:00,08:43:00,D,2", "u2,,,D,2")
    feed = read_feed(feed_path(stop_times=times.replace("t2,08:20:00", "t2,08:05:00")))
    assert feed.times["departure_s"].iloc[1] == H7 + 1200
    # u2 has no last time, t2 goes back in time.
    assert feed.notes == ["sans 2 courses dont les heures manquent au bout ou reculent"]
    assert sorted(feed.times["trip"].unique()) == [0, 2]


def test_nobody_boards_or_alights_where_the_feed_says_so(feed_path):
    times = STOP_TIMES.replace("stop_sequence\n", "stop_sequence,pickup_type,drop_off_type\n")
    times = times.replace(",B,2\n", ",B,2,1,2\n").replace(",A,1\n", ",A,1,0,1\n")
    times = (
        times.replace(",3\n", ",3,,\n").replace("C2,1\n", "C2,1,,\n").replace("D,2\n", "D,2,,\n")
    )
    feed = read_feed(feed_path(stop_times=times))
    assert feed.times["monte"].tolist()[:3] == [True, False, True]
    assert feed.times["descend"].tolist()[:3] == [False, True, True]
    assert feed.notes == ["avec 2 passages sur réservation"]


def test_a_day_out_of_the_feed_is_said_with_its_dates(feed_path):
    feeds = [
        read_feed(feed_path("a.zip")),
        read_feed(
            feed_path("b.zip", calendar=CALENDAR_HEADER + "S,1,1,1,1,1,0,0,20230901,20240705\n")
        ),
    ]
    timetable = build_timetable(feeds, MARDI, H7, H9)
    assert timetable.courses == [4, 0]
    assert timetable.notes == ["b.zip : valable du 01/09/2023 au 05/07/2024, rien le 18/11/2025."]
    with pytest.raises(ParameterError, match="valable du 01/09/2025 au 03/07/2026"):
        build_timetable(feeds, date(2025, 8, 19), H7, H9)


def _services(feed_path, name, calendar, dates=""):
    header = "service_id,date,exception_type\n"
    trips = TRIPS + "L1,V,v1\n"
    times = STOP_TIMES + "v1,07:00:00,07:00:00,A,1\nv1,07:09:00,07:09:00,B,2\n"
    feed = read_feed(
        feed_path(
            name,
            calendar=CALENDAR_HEADER + calendar,
            calendar_dates=header + dates,
            trips=trips,
            stop_times=times,
        )
    )
    return feed.services, feed.nb_trips


def test_the_day_chosen_is_that_of_the_usual_service(feed_path):
    # V runs in the holidays instead of S, from 20 October to 2 November; 11 November is a Tuesday.
    holidays = "V,1,1,1,1,1,1,0,20251020,20251102\n"
    removed = "".join(f"S,202510{day},2\n" for day in range(20, 32))
    one = _services(feed_path, "a.zip", "S,1,1,1,1,1,0,0,20251021,20251219\n" + holidays, removed)
    assert choose_day([one]) == date(2025, 11, 4)
    assert choose_day([one], "mercredi") == date(2025, 11, 5)
    assert choose_day([one], "samedi") == date(2025, 10, 25)
    # With a network that begins later, a day that both run.
    later = _services(feed_path, "b.zip", "S,1,1,1,1,1,0,0,20251107,20251219\n")
    assert choose_day([one, later]) == date(2025, 11, 13)
    # Summer weighs more in this one, and yet is no school day.
    summer = _services(
        feed_path, "c.zip", "V,0,1,0,0,0,0,0,20260701,20260831\nS,0,1,0,0,0,0,0,20260901,20260915\n"
    )
    assert choose_day([summer]) == date(2026, 9, 1)
    # A feed « until 2099 » does not lead to its first years when another runs now.
    endless = _services(feed_path, "e.zip", "S,1,1,1,1,1,0,0,20180101,20991231\n")
    assert choose_day([endless]) == date(2018, 1, 2)
    assert choose_day([endless, later]) == date(2025, 11, 13)
    never = _services(feed_path, "d.zip", "S,0,0,0,0,0,0,0,20260701,20260831\n")
    assert choose_day([never]) is None


def test_days_out_of_our_time_are_refused_not_computed(feed_path):
    path = feed_path(calendar=CALENDAR_HEADER + "S,1,1,1,1,1,1,1,99990101,99991231\n")
    feed = read_feed(path)
    assert choose_day([(feed.services, feed.nb_trips)]).year == 9999
    for day in (date(9999, 12, 31), date(1, 1, 1)):
        with pytest.raises(ParameterError, match="de 1970 à 2100"):
            build_timetable([feed], day, H7, H9)


DAMAGED = {
    **TABLES,
    "calendar_dates.txt": "service_id,date,exception_type\nS,20251111,2\nS,20251122,1\n",
    "frequencies.txt": "trip_id,start_time,end_time,headway_secs\nt1,06:00:00,08:00:00,900\n",
    "transfers.txt": "from_stop_id,to_stop_id,transfer_type,min_transfer_time\nC,C2,2,100\n",
    "feed_info.txt": "feed_publisher_name,feed_version\nx,1\n",
}
CELLS = (
    "",
    "0",
    "-1",
    "1e400",
    "nan",
    "99991231",
    "999:00:00",
    "é",
    '"',
    ",",
    "\0",
    "A",
    "²",
    "\n",
)


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_feed_is_read_or_refused_in_words(tmp_path, seed):
    draw = random.Random(seed)
    for _ in range(5):
        tables = dict(DAMAGED)
        for _ in range(draw.randint(1, 3)):
            name = draw.choice(sorted(tables))
            lines = tables[name].split("\n")
            rank = draw.randrange(len(lines))
            cells = lines[rank].split(",")
            cells[draw.randrange(len(cells))] = draw.choice(CELLS)
            lines[rank] = ",".join(cells)
            lines = draw.choice([lines, lines, lines, lines[:1], lines[:rank], []])
            tables[name] = "\n".join(lines)
        with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
            for name, text in tables.items():
                archive.writestr(name, text)
        try:
            build_timetable([read_feed(tmp_path / "f.zip")], MARDI, H7, H9)
        except (SourceError, ParameterError) as error:
            assert "f.zip" in str(error)


def test_the_public_holidays_of_a_year():
    year = [date.fromordinal(date(2026, 1, 1).toordinal() + n) for n in range(365)]
    assert [f"{day:%d/%m}" for day in year if is_public_holiday(day)] == (
        "01/01 06/04 01/05 08/05 14/05 25/05 14/07 15/08 01/11 11/11 25/12".split()
    )


@pytest.mark.real
def test_the_real_feed(mirror):
    [path] = (mirror / "gtfs").glob("fablio*.zip")
    feed = read_feed(path)
    assert (len(feed.stops), len(feed.trips), len(feed.times)) == (164, 567, 11_775)
    assert feed.notes == [] and np.isfinite(feed.stops["longitude"]).all()
    # It runs nearly as much on 11 November: a public holiday is known by the calendar, not by it.
    assert feed.nb_trips[feed.services.running(MARDI)].sum() == 228
    assert feed.nb_trips[feed.services.running(date(2025, 11, 11))].sum() == 217
    assert choose_day([(feed.services, feed.nb_trips)]) == date(2025, 10, 2)
