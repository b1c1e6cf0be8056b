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
    "geoapp/sources/formats.py": (
        '        FormatSource(\n            nom="boundaries",',
        """        FormatSource(
            nom="barres",
            libelle="texte à barres",
            lire=lambda path: read_csv(path, delimiter="|", skip=1),
            est_reconnu=lambda start: start.text.startswith("#barres"),
        ),
""",
    ),
    "geoapp/sources/usages.py": (
        '        Usage(\n            nom="verification",',
        """        Usage(
            nom="agenda",
            libelle="agenda des portes ouvertes",
            etape="verification",
            colonnes=("code_commune", "nom", "date_fin"),
        ),
""",
    ),
    "geoapp/ingest/checking.py": (
        '    "verification": _check_codes,',
        """    "agenda": _check_codes,
""",
    ),
}
"""File → the text before which a row is added, and the row.  A usage has a twin: its check."""

OFFRE = """
[[source]]
id = "{id}"
titre = "Catalogue {id}"
producteur = "Nous"
licence = "Licence Ouverte 2.0"
millesime = "2026"
usage = "offre"
format = "csv"
fichier = "{id}.csv"
[source.colonnes]
id_formation = "formation"
id_action = "action"
intitule = "titre"
niveau = "niveau"
responsable_siret = "siret"
voie = {{ valeur = "continue" }}
lieu_adresse = "adresse"
lieu_code_commune = "commune"
latitude = "latitude"
longitude = "longitude"
"""
AGENDA = """
[[source]]
id = "portes-ouvertes"
titre = "Portes ouvertes"
producteur = "Nous"
licence = "Licence Ouverte 2.0"
millesime = "2026"
usage = "agenda"
format = "barres"
fichier = "portes.txt"
[source.colonnes]
code_commune = "commune"
nom = "lieu"
"""
ENTETE = "formation;action;titre;niveau;siret;adresse;commune;latitude;longitude"
LIGNE = "F1;A1;Titre professionnel Soudeur;4;19590302600019;1 rue du Four;59350;50.63;3.06"
MIROIR = {
    "un.csv": f"{ENTETE}\n{LIGNE}\n",
    "deux.csv": f"{ENTETE}\n{LIGNE}\n",
    "portes.txt": "#barres\ncommune|lieu\n59350|Lycée\n99999|Nulle part\n",
}
"""What the producers of the temporary registry give."""

BUILD = """
import json, sys
from pathlib import Path
from geoapp.core.config import Settings
from geoapp.ingest import build_snapshot
from geoapp.ingest.check_file import check_file
from geoapp.web import create_app

data, mirror = Path(sys.argv[1]), Path("miroir")
snapshot = build_snapshot(mirror=mirror, data_dir=data)
checked = {}
for path in sorted(mirror.iterdir()):
    source, found = check_file(path)
    checked[path.name] = [source.id, source.format, found.nb_valides, found.nb_rejetees]
client = create_app(settings=Settings(data_dir=data)).test_client()
pages = {path: client.get(path).text for path in json.loads(sys.argv[2])}
print(json.dumps({"checked": checked, "pages": pages}))
"""
"""Build the mirror of the copy, check its files, and print what the pages say."""

ASK = """
import json, sys
from pathlib import Path
import geoapp
from support.world import make_tiny_frames, publish_world
from geoapp.core.config import Settings
from geoapp.web import create_app

data = Path(sys.argv[1])
assert Path(geoapp.__file__).is_relative_to(Path.cwd()), geoapp.__file__
publish_world(make_tiny_frames(), data)
client = create_app(settings=Settings(data_dir=data)).test_client()
print(json.dumps({path: client.get(path).text for path in json.loads(sys.argv[2])}))
"""
"""Publish the tiny world with the code of the copy, and print what it answers to some addresses."""


ALONE = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
"""A closed port: nothing waits for the Internet."""

PAGES = ["/sources", "/rejets?source=portes-ouvertes"]


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """Return a copy of the code where each of `ROWS` is added."""
    folder = tmp_path_factory.mktemp("copie")
    shutil.copytree(
        ROOT / "geoapp", folder / "geoapp", ignore=shutil.ignore_patterns("__pycache__")
    )
    for shared in ("templates", "static"):
        (folder / shared).symlink_to(ROOT / shared)
    (folder / "geodata").mkdir()
    for path in (ROOT / "geodata").iterdir():
        (folder / "geodata" / path.name).symlink_to(path)
    registry = folder / "geodata" / "sources.toml"
    registry.unlink()
    registry.write_text(OFFRE.format(id="un") + OFFRE.format(id="deux") + AGENDA, encoding="utf-8")
    for name, text in MIROIR.items():
        (folder / "miroir" / name).parent.mkdir(exist_ok=True)
        (folder / "miroir" / name).write_text(text, encoding="utf-8")
    for path, (before, row) in ROWS.items():
        text = (folder / path).read_text(encoding="utf-8")
        assert text.count(before) == 1, path
        (folder / path).write_text(text.replace(before, row + before), encoding="utf-8")
    return folder


def run(copy: Path, script: str, *args: str) -> str:
    """Return what a script prints when it runs with the code of the copy."""
    asked = subprocess.run(
        [sys.executable, "-c", script, str(copy / "var" / f"{len(script)}"), *args],
        env=os.environ | ALONE | {"PYTHONPATH": f"{copy}{os.pathsep}{ROOT / 'tests'}"},
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    return asked.stdout


@pytest.fixture(scope="module")
def built(copy) -> dict:
    """Return what is found in the files of the mirror, and what the pages then say."""
    return json.loads(run(copy, BUILD, json.dumps(PAGES)))


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


def test_a_format_and_a_usage_are_one_row_each(built):
    assert built["checked"]["portes.txt"] == ["portes-ouvertes", "barres", 1, 1]
    page = built["pages"]["/sources"]
    assert "Agenda des portes ouvertes</h2>" in page and "Portes ouvertes" in page
    assert "99999" in built["pages"]["/rejets?source=portes-ouvertes"]
