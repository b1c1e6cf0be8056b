"""The JSON of open-data portals: one table in five shapes gives the same rows."""

import json

import pytest

from geoapp.core.errors import SourceError
from geoapp.sources.json_rows import read_json
from geoapp.sources.portals import portal_rows

FLAT = [
    {"nom": "A", "place": {"lon": 3.06, "lat": 50.63}, "types": ["x", "y"]},
    {"nom": "B", "place": None, "types": []},
]
V1 = [
    {
        "datasetid": "d",
        "recordid": "1",
        "fields": {"nom": "A", "place": [50.63, 3.06], "types": ["x", "y"]},
        "geometry": {"type": "Point", "coordinates": [3.06, 50.63]},
    },
    {"datasetid": "d", "recordid": "2", "fields": {"nom": "B", "place": None, "types": []}},
]
V2 = [
    {"links": [], "record": {"id": "1", "fields": FLAT[0]}},
    {"record": {"id": "2", "fields": FLAT[1]}},
]
SHAPES = {
    "export 2.1": FLAT,
    "api 2.1": {"total_count": 2, "results": FLAT},
    "export 1.0": V1,
    "api 1.0": {"nhits": 2, "parameters": {"dataset": "d"}, "records": V1},
    "api 2.0": {"total_count": 2, "records": V2},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_gives_the_same_rows(shape, tmp_path):
    path = tmp_path / "t.json"
    path.write_text(json.dumps(SHAPES[shape]), encoding="utf-8")
    lecture = read_json(path)
    assert lecture.frame["nom"].tolist() == ["A", "B"] and lecture.frame["types"].fillna(
        ""
    ).tolist() == ["x|y", ""]
    assert lecture.frame["place"].fillna("").tolist() == ["50.63,3.06", ""] and list(
        lecture.frame.index
    ) == ["élément 1", "élément 2"]


def test_a_pair_that_is_no_point_and_a_field_named_fields_stay():
    assert portal_rows([{"fields": {"a": "1"}, "b": ["1", "2"]}]) == [
        {"fields": {"a": "1"}, "b": ["1", "2"]}
    ]
    assert portal_rows([{"a": ["1", "2"], "geometry": {"coordinates": ["1", "2"]}}])[0]["a"] == [
        "1",
        "2",
    ]
    assert portal_rows([{"a": {"lon": None, "lat": None}}]) == [{"a": None}] and portal_rows(
        [3, "x", None]
    ) == [3, "x", None]
    assert portal_rows("x") == "x" and portal_rows({"a": 1}) == {"a": 1}


@pytest.mark.parametrize("content", ["{}", '{"results": {}}', '{"results": []}', "[]", "3"])
def test_what_holds_no_record_is_told(tmp_path, content):
    path = tmp_path / "t.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match="tableau JSON d'objets"):
        read_json(path)
