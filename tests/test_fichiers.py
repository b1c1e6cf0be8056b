"""Files of figures: typed, whole, without formula that runs, the same bytes for the same table."""

import csv
import io
import json

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
from shapely.geometry import box

from geoapp.coverage.fichiers import FORMATS, Fichier, write_file
from geoapp.errors import ParameterError, StorageError

HOSTILE = ["=1+1", "<script>alert(1)</script>", "@SUM(A1)", "-2+3", "Lens; Arras", 'dit "oui"']
COLONNES = [("code_zone", "Code", "Code de la zone", "texte"), ("nom", "Nom", "Nom", "texte"), ("nb", "Nombre", "Un nombre", "entier"),
            ("part", "Part", "Une part", "reel"), ("est_estimee", "Estimée", "Oui ou non", "booleen")]


@pytest.fixture
def fichier():
    table = pd.DataFrame({
        "code_zone": [f"000{i}" for i in range(6)], "nom": HOSTILE, "nb": pd.array([1, None, 3, 4, 5, 6], dtype="Int64"),
        "part": [0.25, None, 1.0, 0.0, 0.5, 1 / 3], "est_estimee": [True, False] * 3, "autre": "jamais écrit",
    })
    contours = gpd.GeoSeries([box(2, 50, 3, 51)], index=["0000"], crs="EPSG:4326")
    return Fichier(table, COLONNES, [("Titre", "=danger"), ("Source", "C2RP, 2020")], "Zones d'essai", contours)


@pytest.mark.parametrize("extension", ["csv", "xlsx", "geojson"])
def test_the_same_table_gives_the_same_bytes(fichier, extension):
    assert FORMATS[extension].ecrire(fichier) == FORMATS[extension].ecrire(fichier)


def test_a_csv_reads_back_and_runs_nothing(fichier):
    text = FORMATS["csv"].ecrire(fichier).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert rows[0] == ["Code", "Nom", "Nombre", "Part", "Estimée"]
    assert [row[0] for row in rows[1:7]] == [f"000{i}" for i in range(6)], "a code keeps its zeros"
    assert [row[1].removeprefix("'") for row in rows[1:7]] == HOSTILE
    assert not [cell for row in rows for cell in row if cell[:1] in "=@" and cell]
    assert rows[2][2:] == ["", "", "non"], "unknown is empty, never zero"
    assert rows[6][3] == "0,333333" and ["Source", "C2RP, 2020"] in rows


def test_a_workbook_keeps_types_and_says_what_it_holds(fichier):
    book = openpyxl.load_workbook(io.BytesIO(FORMATS["xlsx"].ecrire(fichier)))
    sheet = book["Données"]
    assert sheet.freeze_panes == "D2" and sheet.auto_filter.ref == "A1:E7"
    assert [sheet.cell(r, 2).value for r in range(2, 8)] == HOSTILE
    assert all(sheet.cell(r, 2).data_type == "s" for r in range(2, 8)), "a text is never a formula"
    assert [sheet.cell(3, c).value for c in (3, 4)] == [None, None] and sheet.cell(2, 3).value == 1 and sheet.cell(5, 4).value == 0
    notice = {row[0].value: row[1].value for row in book["Lisez-moi"]}
    assert notice["Source"] == "C2RP, 2020" and notice["Part"] == "Une part"


def test_a_geojson_holds_outlines_and_its_notice(fichier):
    body = json.loads(FORMATS["geojson"].ecrire(fichier))
    assert body["features"][0]["geometry"]["type"] == "Polygon" and body["features"][1]["geometry"] is None
    assert body["features"][1]["properties"] == {"code_zone": "0001", "nom": HOSTILE[1], "nb": None, "part": None, "est_estimee": False}
    assert {"cle": "Source", "texte": "C2RP, 2020"} in body["metadonnees"]


def test_a_geopackage_opens_with_french_layer_and_notice(fichier, tmp_path):
    write_file(fichier, tmp_path / "f.gpkg")
    layer = gpd.read_file(tmp_path / "f.gpkg", layer="Zones d'essai")
    assert list(layer["code_zone"]) == list(fichier.table["code_zone"]) and list(layer["nom"]) == HOSTILE
    assert layer["nb"].isna().tolist() == [False, True, False, False, False, False]
    assert pyogrio.read_dataframe(tmp_path / "f.gpkg", layer="lisez_moi")["texte"].tolist() == ["=danger", "C2RP, 2020"]


def test_what_cannot_be_written_leaves_nothing(fichier, tmp_path):
    with pytest.raises(ParameterError, match="extension inconnue. Extensions admises : .csv, .xlsx, .geojson, .gpkg"):
        write_file(fichier, tmp_path / "f.ods")
    with pytest.raises(StorageError, match="Choisissez un autre dossier"):
        write_file(fichier, tmp_path / "absent" / "f.csv")
    assert list(tmp_path.iterdir()) == []
