"""The command line: answers fast, speaks French, one message and an exit code for every error."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from geoapp.cli import main
from support.sources import AFFELNET, HEADER, ROW

ROOT = Path(__file__).resolve().parents[1]


def _run(*args: str):
    return CliRunner().invoke(main, [str(a) for a in args])


def loaded(command: list[str], names: str) -> list[str]:
    """Return those of some modules that a command loads, in a process of its own."""
    code = f"""
import sys
from geoapp.cli import main
try:
    main({command!r}, standalone_mode=False)
except SystemExit:
    pass
print([name for name in {names!r}.split() if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return ast.literal_eval(done.stdout.splitlines()[-1])


def test_help_imports_nothing_heavy():
    assert loaded(["--help"], "geopandas pandas folium flask rich shapely") == []


def test_checking_a_file_loads_neither_maps_nor_sheets_nor_the_build(tmp_path):
    path = tmp_path / Path(AFFELNET).name
    path.write_text(HEADER + ROW, encoding="utf-8")
    libraries = "scipy matplotlib folium flask weasyprint xlsxwriter rapidfuzz snowballstemmer "
    rooms = "geoapp.ingest.pipeline geoapp.coverage geoapp.outputs geoapp.web geoapp.cli.console"
    assert loaded(["check", str(path)], libraries + rooms) == []


@pytest.mark.parametrize("command", ["build", "fetch", "info", "check", "map", "serve", "communes"])
def test_every_command_has_french_help(command):
    result = _run(command, "--help")
    assert result.exit_code == 0 and len(result.output.splitlines()) > 5


def test_info_without_snapshot_says_what_to_do(tmp_path):
    result = _run("info", "--data", tmp_path)
    assert (
        result.exit_code == 1
        and "geoapp build" in result.stderr
        and "Traceback" not in result.output
    )


def test_info_json(tiny_snapshot):
    result = _run("info", "--json", "--data", tiny_snapshot.path.parents[1])
    info = json.loads(result.output)
    assert {"tables", "zones", "sources"} <= set(info)
    assert {
        "id",
        "mode",
        "read",
        "valid",
        "rejected",
        "placed",
        "doubtful",
        "vintage",
        "sha256",
    } <= set(info["sources"][0])


def test_info_in_words(tiny_snapshot):
    result = _run("info", "--data", tiny_snapshot.path.parents[1])
    assert result.exit_code == 0 and tiny_snapshot.id in result.output


def test_build_on_a_missing_mirror(tmp_path):
    result = _run("build", "--mirror", tmp_path / "absent", "--data", tmp_path / "var")
    assert result.exit_code == 2 and "absent" in result.stderr


def test_map_refuses_an_unknown_domain(tiny_snapshot, tmp_path):
    result = _run(
        "map",
        "--data",
        tiny_snapshot.path.parents[1],
        "--out",
        tmp_path / "c.html",
        "--domaine",
        "boulangeri",
    )
    assert (
        result.exit_code == 2
        and "boulangeri" in result.stderr
        and not (tmp_path / "c.html").exists()
    )


def test_map_writes_one_file(tiny_snapshot, tmp_path):
    result = _run("map", "--data", tiny_snapshot.path.parents[1], "--out", tmp_path / "c.html")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "c.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_map_to_a_folder_that_does_not_exist(tiny_snapshot, tmp_path):
    result = _run(
        "map", "--data", tiny_snapshot.path.parents[1], "--out", tmp_path / "absent" / "c.html"
    )
    assert result.exit_code == 1 and "Impossible d'écrire" in result.stderr


def test_settings_come_from_the_environment(tiny_snapshot, monkeypatch):
    monkeypatch.setenv("GEOAPP_DATA", str(tiny_snapshot.path.parents[1]))
    assert json.loads(_run("info", "--json").output)["snapshot"] == tiny_snapshot.id
    monkeypatch.setenv("GEOAPP_PORT", "beaucoup")
    result = _run("info")
    assert result.exit_code == 2 and "GEOAPP_PORT" in result.stderr
