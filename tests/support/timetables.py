"""Small feeds of timetables, and an independent way to find a trip: a Dijkstra over passages.

The oracle reads the archive with `csv` alone, measures on the ellipsoid, and goes forward from one
point, one passage at a time; the product goes backwards from every place at once.
"""

from __future__ import annotations

import csv
import heapq
import io
import json
import math
import zipfile
from collections import defaultdict
from datetime import date
from itertools import count
from pathlib import Path

import pyproj

LOIS = Path(__file__).resolve().parents[2] / "geodata" / "lois_trajets.json"
GEOD = pyproj.Geod(ellps="WGS84")

AGENCY = "agency_name,agency_url,agency_timezone\nRéseau,http://x.fr,Europe/Paris\n"
STOPS = """stop_id,stop_name,stop_lat,stop_lon
A,Mairie,50.000,3.000
B,Gare,50.000,3.050
C,Lycée,50.000,3.100
C2,Lycée quai 2,50.0005,3.1005
D,Zone,50.000,3.150
"""
ROUTES = "route_id,route_short_name,route_type\nL1,1,3\nL2,2,3\n"
TRIPS = "route_id,service_id,trip_id\nL1,S,t1\nL1,S,t2\nL2,S,u1\nL2,S,u2\n"
CALENDAR_HEADER = (
    "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
)
CALENDAR = CALENDAR_HEADER + "S,1,1,1,1,1,0,0,20250901,20260703\n"
HEADER = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
STOP_TIMES = (
    HEADER
    + """t1,07:10:00,07:10:00,A,1
t1,07:20:00,07:21:00,B,2
t1,07:30:00,07:30:00,C,3
t2,08:10:00,08:10:00,A,1
t2,08:20:00,08:21:00,B,2
t2,08:30:00,08:30:00,C,3
u1,07:40:00,07:40:00,C2,1
u1,07:50:00,07:50:00,D,2
u2,08:33:00,08:33:00,C2,1
u2,08:43:00,08:43:00,D,2
"""
)
"""Lines 1 (A, B, C) and 2 (C2, D): from A to D one changes at the lycée, 66 m apart."""

TABLES = {
    "agency.txt": AGENCY,
    "stops.txt": STOPS,
    "routes.txt": ROUTES,
    "trips.txt": TRIPS,
    "calendar.txt": CALENDAR,
    "stop_times.txt": STOP_TIMES,
}


def write_feed(path: Path, *, without: str = "", **tables: str | bytes) -> Path:
    """Write the small feed, some of its tables replaced (`stops="…"`) or left out."""
    content = {**TABLES, **{f"{name}.txt": text for name, text in tables.items()}}
    content.pop(without, None)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return path


class Oracle:
    """Trips of one day of one feed without frequencies, as plainly as can be."""

    def __init__(self, path: Path, day: date, *, walk_m=1500.0, change_m=500.0, margin_s=60):
        told = json.loads(LOIS.read_text(encoding="utf-8"))["lois"]["pied"]
        # A power of 1 and no density: seconds, and metres along the streets, by straight metre.
        self.pace = math.exp(told["temps"]["constante"]) * 60 / 1000
        self.detour = math.exp(told["route"]["constante"])
        with zipfile.ZipFile(path) as archive:

            def rows(name: str) -> list[dict]:
                text = archive.read(name).decode("utf-8-sig")
                return list(csv.DictReader(io.StringIO(text)))

            running = _running(rows, archive.namelist(), day)
            self.line = {trip["trip_id"]: trip["route_id"] for trip in rows("trips.txt")}
            kept = {t["trip_id"] for t in rows("trips.txt") if t["service_id"] in running}
            self.stops = {
                s["stop_id"]: (float(s["stop_lon"]), float(s["stop_lat"]))
                for s in rows("stops.txt")
            }
            self.trips: dict[str, list[tuple]] = defaultdict(list)
            for t in rows("stop_times.txt"):
                if t["trip_id"] in kept:
                    self.trips[t["trip_id"]].append(
                        (
                            int(t["stop_sequence"]),
                            _seconds(t["arrival_time"]),
                            _seconds(t["departure_time"]),
                            t["stop_id"],
                            t.get("pickup_type") != "1",
                            t.get("drop_off_type") != "1",
                        )
                    )
        self.passing: dict[str, list[tuple[int, str, int]]] = defaultdict(list)
        for trip, passages in self.trips.items():
            passages.sort()
            for i, passage in enumerate(passages):
                self.passing[passage[3]].append((passage[2], trip, i))
        self.walk_m, self._near = walk_m, {}
        self.changes = {
            stop: {other: s + margin_s for other, s in self.near(place, change_m).items()}
            for stop, place in self.stops.items()
        }

    def near(self, place: tuple[float, float], walked_m: float) -> dict[str, int]:
        """Return the seconds on foot to each stop that is near a point."""
        if (place, walked_m) not in self._near:
            lon, lat = zip(*self.stops.values(), strict=True)
            here = [place[0]] * len(lon), [place[1]] * len(lat)
            metres = GEOD.inv(*here, lon, lat)[2]
            self._near[place, walked_m] = {
                stop: math.ceil(m * self.pace - 1e-3)
                for stop, m in zip(self.stops, metres, strict=True)
                if m * self.detour <= walked_m
            }
        return self._near[place, walked_m]

    def search(self, origin, leaves: int, ends: dict, *, start=0, end=9 * 3600, rides_max=3):
        """Return by end (points by name) the earliest arrival, up to `end`, and its legs."""
        egress = {name: self.near(place, self.walk_m) for name, place in ends.items()}
        best: dict = {}
        order, seen = count(), set()
        queue: list = []

        def push(when, kind, where, rides, legs):
            heapq.heappush(queue, (when, next(order), kind, where, rides, legs))

        for stop, walk in self.near(origin, self.walk_m).items():
            push(leaves + walk, "wait", stop, 0, ())
        while queue:
            when, _, kind, where, rides, legs = heapq.heappop(queue)
            if (kind, where, rides) in seen or when > end:
                continue
            seen.add((kind, where, rides))
            if kind == "wait" and rides < rides_max:
                for departs, trip, i in self.passing[where]:
                    new = ("on", (trip, i), rides + 1) not in seen and self.trips[trip][i][4]
                    if new and max(when, start) <= departs <= end:
                        leg = (self.line[trip], trip, where, departs)
                        push(departs, "on", (trip, i), rides + 1, (*legs, leg))
            elif kind == "on":
                trip, i = where
                if i + 1 < len(self.trips[trip]):
                    _, arrives, _, stop, _, may_alight = self.trips[trip][i + 1]
                    push(arrives, "on", (trip, i + 1), rides, legs)
                    if may_alight:
                        push(arrives, "off", stop, rides, (*legs, (stop, arrives)))
            elif kind == "off":
                for name, stops in egress.items():
                    if where in stops and when + stops[where] <= end:
                        there = when + stops[where]
                        best[name] = min(best.get(name, (there, legs)), (there, legs))
                for stop, seconds in self.changes[where].items():
                    if ("wait", stop, rides) in seen:
                        continue
                    push(when + seconds, "wait", stop, rides, legs)
        return best


def _running(rows, names: list[str], day: date) -> set[str]:
    """Return the services of a day."""
    told, weekday = day.strftime("%Y%m%d"), day.strftime("%A").lower()
    found = {
        row["service_id"]
        for row in rows("calendar.txt")
        if row["start_date"] <= told <= row["end_date"] and row[weekday] == "1"
    }
    if "calendar_dates.txt" in names:
        for row in rows("calendar_dates.txt"):
            if row["date"] == told:
                (found.add if row["exception_type"] == "1" else found.discard)(row["service_id"])
    return found


def _seconds(text: str) -> int:
    hours, minutes, seconds = map(int, text.split(":"))
    return hours * 3600 + minutes * 60 + seconds
