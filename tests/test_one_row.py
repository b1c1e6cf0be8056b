"""One thing is one row: a copy of the code with one row more shows it everywhere."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

ROWS = {
    "geoapp/coverage/indicators.py": (
        '        Indicateur(\n            nom="e2sfca",',
        """        Indicateur(
            nom="p75",
            titre="Trajet des trois quarts",
            sens="Trois habitants sur quatre ont une formation à ce trajet ou moins",
            type="cout",
            calcul=values.cost_quantile(0.75),
        ),
""",
    ),
}
"""File → the text before which a row is added, and the row."""

ASK = """
import json, sys
from pathlib import Path
import geoapp
from conftest import make_tiny_frames, publish_world
from geoapp.core.config import Settings
from geoapp.web import create_app

data = Path(sys.argv[1])
assert Path(geoapp.__file__).is_relative_to(data.parent), geoapp.__file__
publish_world(make_tiny_frames(), data)
client = create_app(settings=Settings(data_dir=data)).test_client()
print(json.dumps({path: client.get(path).text for path in json.loads(sys.argv[2])}))
"""
"""Publish the tiny world with the code of the copy, and print what it answers to some addresses."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """Return a copy of the code where each of `ROWS` is added."""
    folder = tmp_path_factory.mktemp("copie")
    shutil.copytree(
        ROOT / "geoapp", folder / "geoapp", ignore=shutil.ignore_patterns("__pycache__")
    )
    for shared in ("geodata", "templates", "static"):
        (folder / shared).symlink_to(ROOT / shared)
    for path, (before, row) in ROWS.items():
        text = (folder / path).read_text(encoding="utf-8")
        assert text.count(before) == 1, path
        (folder / path).write_text(text.replace(before, row + before), encoding="utf-8")
    return folder


def run(copy: Path, script: str, *args: str) -> str:
    """Return what a script prints when it runs with the code of the copy."""
    asked = subprocess.run(
        [sys.executable, "-c", script, str(copy / "var"), *args],
        env=os.environ | {"PYTHONPATH": f"{copy}{os.pathsep}{ROOT / 'tests'}"},
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    return asked.stdout


def test_an_indicator_is_one_row(copy):
    titre = "Trajet des trois quarts"
    shown = {
        "/couverture?zonage=commune&mesure=p75": titre,
        "/couverture/zones/ze2020/3201": titre,
        "/couverture/export.csv?zonage=commune": titre,
        "/territoires/ze2020/3201": titre,
        "/donnees": titre,
        "/donnees/datapackage.json": titre,
        "/figures/couverture.svg?zonage=commune&mesure=p75": titre,
        "/api/": ", p75, ",
        "/api/v1/openapi.json": '"p75"',
    }
    api = "/api/v1/couverture?zonage=commune"
    said = json.loads(run(copy, ASK, json.dumps([*shown, api])))
    for path, text in shown.items():
        assert text in said[path], path
    answer = json.loads(said[api])
    assert answer["indicateurs"]["p75"]["titre"] == titre
    known = [zone for zone in answer["zones"] if zone["p90"] is not None]
    assert known and all(zone["mediane"] <= zone["p75"] <= zone["p90"] for zone in known)
