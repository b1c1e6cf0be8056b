"""Damaged bytes: whatever the reader is given, it reads or says why, in time, and loses no row."""

import io
import json
import random
import time
import zipfile

import geopandas as gpd
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from geoapp.core.errors import SourceError
from geoapp.sources.boundaries import read_boundaries
from geoapp.sources.json_rows import read_json
from geoapp.sources.records import Lecture
from geoapp.sources.tabular import read_csv
from geoapp.sources.workbook import read_xlsx

CASES = 300
LONGEST_S = 5.0
NASTY = [
    b"\x00",
    b"\xff",
    b'"',
    b";",
    b"\n",
    b"\r",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"{",
    b"[",
    b"}",
    b"\\ud800",
    b"\\",
    b"NaN",
    b"1e999",
    b"\x1f\x8b",
    b"-",
]

CSV = (
    'code;nom;lat\n02001;Abbécourt;49,6\n59350;"Lille; la ""grande""";50.6\n\n80021;Amiens;49.9\n'
).encode()
JSON = json.dumps(
    [
        {"code": "02001", "nom": "Abbécourt", "v": [1, 2.5]},
        {"code": "59350", "x": None},
        {"code": {"y": True}},
    ],
    ensure_ascii=False,
).encode()


def make_geojson() -> bytes:
    squares = gpd.GeoDataFrame(
        {"nom": ["é", "b"]}, geometry=[box(3, 50, 3.1, 50.1), box(2, 49, 2.1, 49.1)], crs=4326
    )
    return squares.to_json().encode()


def make_xlsx() -> bytes:
    book = openpyxl.Workbook()
    for row in (["code", "nom"], ["02001", "é"], [59350, None]):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def make_shapefile(folder) -> bytes:
    gpd.GeoDataFrame(
        {"nom": ["a", "b"]}, geometry=[box(3, 50, 3.1, 50.1), box(2, 49, 2.1, 49.1)], crs=4326
    ).to_file(folder / "z.shp")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member in sorted(folder.glob("z.*")):
            archive.write(member, member.name)
    return stream.getvalue()


def damage(content: bytes, rng: random.Random) -> bytes:
    """Return `content` with one to four cuts, insertions, changes, repetitions or swaps."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randrange(len(data) + 1), rng.randint(1, 20)
        kind = rng.randrange(5)
        if kind == 0:
            del data[at : at + length]
        elif kind == 1:
            data[at:at] = rng.choice(NASTY)
        elif kind == 2 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind == 3:
            data[at:at] = data[at : at + length] * rng.randint(1, 3)
        elif rng.random() < 0.3:
            del data[at:]
    return bytes(data)


def read_or_told(read, path) -> Lecture | None:
    """Read a file; whatever happens it is one of the two, in time, and no row is lost."""
    start = time.process_time()
    try:
        lecture = read(path)
    except SourceError as error:
        assert path.name in str(error) and error.cure
        lecture = None
    else:
        assert lecture.nb_lues == len(lecture.frame) + len(lecture.rejets)
        assert lecture.frame.index.is_unique
        lecture.frame.drop(columns="geometry", errors="ignore").to_csv().encode()
        json.dumps(lecture.rejets, ensure_ascii=False).encode()
    assert time.process_time() - start < LONGEST_S
    return lecture


@pytest.mark.parametrize(
    "kind, cases",
    [
        ("csv", CASES),
        ("json", CASES),
        ("geojson", CASES),
        ("xlsx", CASES),
        ("zip", 150),
        ("gpkg", 100),
    ],
)
def test_damaged_bytes_are_read_or_told(kind, cases, tmp_path):
    readers = {"csv": read_csv, "json": read_json, "xlsx": read_xlsx}
    rng = random.Random(f"géoforma {kind}")
    path = tmp_path / f"abime.{kind}"
    sound = _sound(kind, tmp_path)
    path.write_bytes(sound)
    assert read_or_told(readers.get(kind, read_boundaries), path) is not None
    outcomes = set()
    for _ in range(cases):
        path.write_bytes(damage(sound, rng))
        outcomes.add(read_or_told(readers.get(kind, read_boundaries), path) is None)
    assert True in outcomes and (outcomes == {True, False} or kind in ("zip", "xlsx"))


def _sound(kind: str, tmp_path) -> bytes:
    """Return a small valid file of a kind."""
    if kind == "zip":
        return make_shapefile(tmp_path)
    if kind == "gpkg":
        gpd.GeoDataFrame({"nom": ["a"]}, geometry=[box(3, 50, 3.1, 50.1)], crs=4326).to_file(
            tmp_path / "z.gpkg"
        )
        return (tmp_path / "z.gpkg").read_bytes()
    return {"csv": lambda: CSV, "json": lambda: JSON, "geojson": make_geojson, "xlsx": make_xlsx}[
        kind
    ]()


def test_damaged_sheets_inside_a_sound_archive_are_read_or_told(tmp_path):
    """Changes under the checksum: the parser of the sheet itself meets them."""
    rng = random.Random("feuilles")
    path = tmp_path / "abime.xlsx"
    with zipfile.ZipFile(io.BytesIO(make_xlsx())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(CASES):
        changed = rng.choice(
            [
                "xl/worksheets/sheet1.xml",
                "xl/workbook.xml",
                "xl/sharedStrings.xml",
                "xl/_rels/workbook.xml.rels",
                "xl/styles.xml",
            ]
        )
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, damage(content, rng) if name == changed else content)
        read_or_told(read_xlsx, path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_or_told(content, tmp_path):
    path = tmp_path / "bruit.csv"
    path.write_bytes(content)
    read_or_told(read_csv, path)
    read_or_told(read_json, path)
    path = tmp_path / "bruit.geojson"
    path.write_bytes(b"{" + content)
    read_or_told(read_boundaries, path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet=st.sampled_from('ab;,"\n\r\t| é\x1b=0'), max_size=120))
def test_any_arrangement_of_separators_and_quotes_is_read_or_told(text, tmp_path):
    path = tmp_path / "texte.csv"
    path.write_bytes(text.encode())
    read_or_told(read_csv, path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=3), v, max_size=3),
        max_leaves=8,
    )
)
def test_any_json_value_is_read_or_told(value, tmp_path):
    path = tmp_path / "valeur.json"
    path.write_text(json.dumps([value, {"a": value}]), encoding="utf-8")
    lecture = read_or_told(read_json, path)
    assert lecture is None or lecture.nb_lues == 2


@pytest.mark.parametrize(
    "content",
    [
        b'"' * 200_000,
        b"a" + b";" * 200_000,
        b"\n" * 200_000,
        b"a;b\n" + b'"x;\n' * 50_000,
        b"[" * 200_000,
        b'{"a":' * 50_000,
        b"a\n" * 300_000,
    ],
)
def test_long_monotonous_files_take_no_time(content, tmp_path):
    path = tmp_path / "long.csv"
    path.write_bytes(content)
    read_or_told(read_csv, path)
    read_or_told(read_json, path)
