"""GeoPackages opened for real in QGIS: styles, titles of columns, types, extent, names, colours.

`python3-qgis` (Debian) is too heavy for each run of CI: without it these tests are skipped.  What
they drew is under `GEOAPP_QGIS`, when it names a folder, to be looked at.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from geoapp.coverage.answer import answer
from geoapp.coverage.model import parse_question
from geoapp.outputs.catalogue.resources import table_file
from geoapp.outputs.coverage import file_of
from geoapp.outputs.files.formats import write_file

PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).parent / "support" / "qgis_open.py"
HERE = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": ""}


def _has_qgis() -> bool:
    """Tell whether the Python of the machine has QGIS, without starting it."""
    return bool(list(Path("/usr/lib/python3/dist-packages").glob("qgis/__init__.py")))


pytestmark = pytest.mark.skipif(
    not _has_qgis(), reason="QGIS absent : apt-get install --no-install-recommends python3-qgis"
)


def opened(path: Path, folder: Path) -> dict[str, dict]:
    """Return what QGIS shows of each layer of a GeoPackage, by name."""
    done = subprocess.run(
        [PYTHON, str(SCRIPT), str(path), str(folder)], capture_output=True, text=True, env=HERE
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "not supported" not in done.stderr, done.stderr[-2000:]
    return {one["nom"]: one for one in json.loads(done.stdout.splitlines()[-1])}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return where the drawings go."""
    kept = os.environ.get("GEOAPP_QGIS")
    return Path(kept) if kept else tmp_path_factory.mktemp("qgis")


@pytest.mark.real
def test_a_file_of_coverage_opens_coloured_named_and_titled(real_world, folder):
    asked = {"zonage": "ze2020", "domaine": "batiment", "mesure": "mediane"}
    fichier = file_of(real_world, answer(real_world, parse_question(asked, real_world)))
    for suffix, crs in (("gpkg", "EPSG:4326"), ("l93.gpkg", "EPSG:2154")):
        path = folder / f"couverture.{suffix}"
        write_file(fichier, path)
        layer = opened(path, folder)[fichier.titre]
        assert (layer["est_lue"], layer["nb"], layer["crs"]) == (True, 24, crs)
        assert layer["rendu"] == "RuleRenderer" and layer["est_nommee"]
        assert len([one for one in layer["classes"] if "km" in one]) == 5
        assert layer["couleurs"] > 5, "each class has its colour"
        assert layer["titres"]["mediane"] == "Trajet médian (km)"
        assert layer["types"]["nb_offres"] == "Integer64" and all(
            abs(one) < 1e7 for one in layer["emprise"]
        )


@pytest.mark.real
def test_a_zoning_without_outline_is_a_table_with_its_titles(real_world, folder):
    fichier = file_of(
        real_world, answer(real_world, parse_question({"zonage": "qpv2024"}, real_world))
    )
    write_file(fichier, folder / "qpv.gpkg")
    layer = opened(folder / "qpv.gpkg", folder)[fichier.titre]
    assert layer["nb"] == 204 and layer["geometrie"] == "" and layer["est_lue"]
    assert layer["titres"]["part_non_couverte"] == "Part non couverte"


@pytest.mark.real
def test_offers_are_coloured_by_domain_and_their_dates_are_dates(real_snapshot, folder):
    fichier = table_file(real_snapshot, "offres")
    write_file(fichier, folder / "offres.gpkg")
    layer = opened(folder / "offres.gpkg", folder)[fichier.titre]
    assert layer["rendu"] == "categorizedSymbol" and "Santé" in layer["classes"]
    assert layer["types"]["date_debut_jour"] == "Date" and layer["types"]["date_debut"] == "String"
    assert layer["titres"]["date_debut_jour"] == "Début (jour)" and layer["couleurs"] > 20
