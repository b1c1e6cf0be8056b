"""`geoapp export`: what is asked is written whole; what cannot be is refused in French and leaves
nothing.
"""

import errno
import json

import pyogrio
import pytest
from click.testing import CliRunner

from geoapp.cli import main
from geoapp.core import schema
from support.world import make_tiny_frames, publish_world


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return publish_world(make_tiny_frames(), tmp_path_factory.mktemp("export")).path.parents[1]


def run(folder, *arguments):
    return CliRunner().invoke(main, ["export", "--data", str(folder), *map(str, arguments)])


def test_a_table_in_the_format_that_its_name_tells(folder, tmp_path):
    result = run(folder, "--table", "offres", "--out", tmp_path / "o.simple.csv")
    assert result.exit_code == 0 and "Offre de formation, 7 lignes" in result.output
    assert (
        (tmp_path / "o.simple.csv")
        .read_text(encoding="utf-8")
        .startswith("id_action,id_lieu,id_formation")
    )


def test_indicators_with_the_question_of_coverage(folder, tmp_path):
    result = run(
        folder,
        "--indicateurs",
        "ze2020",
        "--seuil-km",
        "5",
        "--domaine",
        "sante",
        "--format",
        "csv",
        "--out",
        tmp_path / "i.txt",
    )
    assert result.exit_code == 0, result.output
    told = (tmp_path / "i.lisez-moi.txt").read_text(encoding="utf-8-sig")
    assert all(one in told for one in ("à 5\u202fkm par la route", "Licence", "Citer"))
    header, first = (tmp_path / "i.txt").read_text(encoding="utf-8-sig").splitlines()[:2]
    assert "Part non couverte (%)" in header and "Trajet médian (km)" in header
    assert first.startswith("zone d'emploi 2020;")


def test_everything_as_a_folder_and_as_one_geopackage(folder, tmp_path):
    result = run(folder, "--tout", "--format", "csv-simple", "--out", tmp_path / "tout")
    assert result.exit_code == 0, result.output
    package = json.loads((tmp_path / "tout" / "datapackage.json").read_text(encoding="utf-8"))
    written = {
        path.relative_to(tmp_path / "tout").as_posix()
        for path in (tmp_path / "tout").rglob("*.csv")
    }
    assert written == {one["path"] for one in package["resources"]} and len(written) > len(
        schema.TABLES
    )
    again = run(folder, "--tout", "--format", "csv-simple", "--out", tmp_path / "tout")
    assert again.exit_code == 1 and "ce dossier existe déjà et n'est pas vide" in again.output
    assert run(folder, "--tout", "--out", tmp_path / "tout.gpkg").exit_code == 0
    assert "Offre de formation" in dict(pyogrio.list_layers(tmp_path / "tout.gpkg"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tout", "tout.gpkg"]


def test_geojson_of_everything_leaves_out_what_draws_nothing(folder, tmp_path):
    assert run(folder, "--tout", "--format", "geojson", "--out", tmp_path / "g").exit_code == 0
    names = {path.name for path in (tmp_path / "g" / "tables").iterdir()}
    assert "offres.geojson" in names and "sessions.geojson" not in names


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--table", "offrs", "--out", "x.csv"], "Vouliez-vous dire « offres »"),
        (["--indicateurs", "ze202", "--out", "x.csv"], "Vouliez-vous dire « ze2020 »"),
        (["--table", "offres", "--format", "gpgk", "--out", "x"], "Vouliez-vous dire « gpkg »"),
        (["--table", "offres", "--out", "x.ods"], "extension inconnue"),
        (["--tout", "--out", "x"], "Donnez --format"),
        (["--tout", "--out", "tout.xlsx"], "--tout --format xlsx --out tout »"),
        (["--out", "x.csv"], "un des trois, un seul"),
        (["--tout", "--table", "offres", "--out", "x.csv"], "un des trois, un seul"),
        (
            ["--table", "offres", "--seuil-km", "5", "--out", "x.csv"],
            "une table n'a pas de paramètre",
        ),
        (["--table", "sessions", "--out", "x.geojson"], "ni position ni contour"),
        (["--table", "offres", "--out", "absent/x.csv"], "le dossier n'existe pas"),
        (["--indicateurs", "epci", "--seuil-km", "900", "--out", "x.csv"], "de 1 à 100"),
    ],
)
def test_what_is_refused_leaves_nothing(folder, tmp_path, monkeypatch, arguments, text):
    monkeypatch.chdir(tmp_path)
    result = run(folder, *arguments)
    assert (
        result.exit_code in (1, 2)
        and "Erreur" in result.output
        and text in result.output
        and "Traceback" not in result.output
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [["--tout", "--format", "xlsx", "--out", "x"], ["--tout", "--out", "x.gpkg"]]
)
def test_a_disk_that_fills_half_way_leaves_nothing(folder, tmp_path, monkeypatch, arguments):
    def full(snapshot, nom):
        if nom == "sessions":
            raise OSError(errno.ENOSPC, "No space left on device")
        return table_file(snapshot, nom)

    from geoapp.outputs.catalogue.export import table_file

    monkeypatch.setattr("geoapp.outputs.catalogue.export.table_file", full)
    monkeypatch.chdir(tmp_path)
    result = run(folder, *arguments)
    assert (
        result.exit_code == 1
        and "le disque est plein" in result.output
        and "Libérez de la place" in result.output
    )
    assert list(tmp_path.iterdir()) == []
