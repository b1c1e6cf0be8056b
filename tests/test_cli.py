"""The command line: answers fast, speaks French, one message and an exit code for every error."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from geoapp.cli import main
from geoapp.cli.build_report import describe_build
from support.builds import NB_DEMO, lend_steps
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


def test_a_build_without_real_files_tells_it_in_ten_lines(demo_snapshot, no_network, tmp_path):
    lend_steps(demo_snapshot, tmp_path)
    done = _run("build", "--data", tmp_path)
    lines = done.output.rstrip().split("\n")
    report = lines[next(i for i, line in enumerate(lines) if line.startswith("Instantané")) :]
    assert done.exit_code == 0 and len(report) <= 10
    text = " ".join(report).replace("\u202f", " ")
    assert (
        "Aucun fichier de producteur trouvé." in text
        and f"{NB_DEMO:,} offres".replace(",", " ") in text
    )
    for fictive in ("rco-2020-11", "ze2020", "zrr-2021", "frr-2025", "qpv2024-liste"):
        assert fictive in text
    assert "MIRROR=" in text and "geoapp fetch" in text and "geoapp info --sources" in text
    assert "source absente" not in done.output


def test_what_was_found_is_counted_and_nothing_is_asked_when_nothing_lacks():
    source = {"id": "a", "mode": "miroir", "read": 12, "rejected": 2, "usage": "offre"}
    info = {
        "snapshot": "x",
        "region": {"name": "Hauts-de-France", "communes": 3},
        "tables": {"offres": 10, "zones": 5},
        "zones": {"epci": 5},
        "sources": [source | {"alert": None}, source | {"id": "b", "read": None, "alert": "non"}],
    }
    text = " ".join(describe_build(info)).replace("\u202f", " ")
    assert "2 sources réelles, 12 lignes lues, 4 rejetées." in text
    assert "En panne : b" in text
    assert "fictives" not in text and "Absentes" not in text and "MIRROR" not in text


def test_info_tells_each_absent_source_and_its_file_when_asked(demo_snapshot):
    folder = demo_snapshot.path.parents[1]
    short = _run("info", "--data", folder)
    # In a process of its own: the width of a console is read once, as it is made.
    whole = subprocess.run(
        [sys.executable, "-m", "geoapp", "info", "--sources", "--data", str(folder)],
        env={**os.environ, "COLUMNS": "250"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    sources = json.loads(_run("info", "--json", "--data", folder).output)["sources"]
    absent = [one["id"] for one in sources if one["mode"] == "absente"]
    assert f"{len(absent)} sources absentes" in short.output
    assert len(absent) > 50 and all(one in whole for one in absent)
    assert "offre/uai_coordonnees_hdf.csv" in whole
