"""Files of figures: typed, whole, without formula that runs, the same bytes for the same table."""

import csv
import errno
import io
import json
from dataclasses import replace

import geopandas as gpd
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyogrio.errors import DataSourceError
from shapely.geometry import Point, box

from geoapp.core.cells import neutralise, restore
from geoapp.core.errors import ParameterError, StorageError
from geoapp.outputs.files.formats import FORMATS, parse_format, write_as, write_file
from geoapp.outputs.files.model import Fichier, as_columns, make_column
from support.files import file_bytes

HOSTILE = ["=1+1", "<script>alert(1)</script>", "@SUM(A1)", "-2+3", "Lens; Arras", 'dit "oui"']
COLONNES = as_columns(
    ("code_zone", "Code", "Code de la zone", "texte"),
    ("nom", "Nom", "Nom", "texte"),
    ("nb", "Nombre", "Un nombre", "entier"),
    ("part_loin", "Part", "Une part", "reel"),
    ("est_estimee", "Estimée", "Oui ou non", "booleen"),
)


@pytest.fixture
def fichier():
    table = pd.DataFrame(
        {
            "code_zone": [f"000{i}" for i in range(6)],
            "nom": HOSTILE,
            "nb": pd.array([1, None, 3, 4, 5, 6], dtype="Int64"),
            "part_loin": [0.25, None, 1.0, 0.0, 0.5, 1 / 3],
            "est_estimee": [True, False] * 3,
            "autre": "jamais écrit",
        }
    )
    layer = gpd.GeoDataFrame(table, geometry=[box(2, 50, 3, 51), *[None] * 5], crs="EPSG:4326")
    return Fichier(
        table=layer,
        colonnes=COLONNES,
        notice=[("Titre", "=danger"), ("Source", "C2RP, 2020")],
        titre="Zones d'essai",
        nom="essai",
        forme="contour",
        nb_figees=3,
        style="<qgis/>",
    )


def _bytes(fichier, nom):
    return file_bytes(fichier, FORMATS[nom])


@pytest.mark.parametrize("extension", list(FORMATS))
def test_the_same_table_gives_the_same_bytes(fichier, extension):
    assert _bytes(fichier, extension) == _bytes(fichier, extension)


def test_a_csv_reads_back_and_runs_nothing(fichier):
    text = _bytes(fichier, "csv").decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert rows[0] == ["Code", "Nom", "Nombre", "Part (%)", "Estimée"]
    assert [row[0] for row in rows[1:7]] == [f"000{i}" for i in range(6)], "a code keeps its zeros"
    assert [restore(row[1]) for row in rows[1:7]] == HOSTILE
    assert not [cell for row in rows for cell in row if cell[:1] in "=@" and cell]
    assert rows[2][2:] == ["", "", "non"], "unknown is empty, never zero"
    assert rows[6][3] == "33,3" and len(rows) == 7, "a table, and nothing else"


def test_the_notice_of_a_csv_is_a_file_beside_it(fichier, tmp_path):
    write_file(fichier, tmp_path / "zones.csv")
    write_file(fichier, tmp_path / "zones.simple.csv")
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "zones.csv",
        "zones.lisez-moi.txt",
        "zones.simple.csv",
    ]
    told = (tmp_path / "zones.lisez-moi.txt").read_text(encoding="utf-8-sig")
    told = told.replace(chr(0x202F), " ")
    assert "Source : C2RP, 2020" in told and "- Part (pourcentage) : Une part" in told


def test_a_reader_sees_units_words_and_why_a_cell_is_empty(fichier):
    columns = (
        make_column("trajet_min", "Trajet", "Trajet", "reel", dire_vide=lambda row: row["nom"]),
        make_column("nom", "Nom", "Nom", "texte"),
        make_column(
            "voie", "Voie", "Voie", "texte", libelles={"a": "Apprentissage", "b": "Brevet"}
        ),
        make_column("part_x", "Part", "Part", "reel"),
    )
    table = pd.DataFrame(
        {
            "trajet_min": [17.4, None, 0.04],
            "nom": ["Lens", "hors de portée", None],
            "voie": ["a", "a|b", "c"],
            "part_x": [0.99996, 0.00002, 0.5],
        }
    )
    shown = replace(fichier, table=table, colonnes=columns, forme="")
    rows = list(csv.reader(io.StringIO(_bytes(shown, "csv").decode("utf-8-sig")), delimiter=";"))
    assert rows == [
        ["Trajet (min)", "Nom", "Voie", "Part (%)"],
        ["17", "Lens", "Apprentissage", "99,996"],
        ["hors de portée", "hors de portée", "Apprentissage, Brevet", "0,002"],
        ["0,04", "", "c", "50"],
    ]
    raw = list(csv.reader(io.StringIO(_bytes(shown, "csv-simple").decode())))
    assert raw[2] == ["", "hors de portée", "a|b", "2e-05"], "a program has the values themselves"


def test_a_workbook_prints_on_one_page_wide_without_its_annexes(fichier):
    columns = [*COLONNES[:4], replace(COLONNES[4], est_annexe=True)]
    book = openpyxl.load_workbook(io.BytesIO(_bytes(replace(fichier, colonnes=columns), "xlsx")))
    sheet = book["Données"]
    page = sheet.page_setup
    # One page wide is what a workbook that says nothing of it has.
    assert page.orientation == "landscape" and int(page.paperSize) == 9
    assert int(page.fitToWidth or 1) == 1 and int(page.fitToHeight) == 0
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows in ("1:1", "$1:$1") and "$A$1:$D$7" in str(sheet.print_area)
    assert sheet["D2"].value == 0.25 and sheet["D2"].number_format == "0.0 %"


def test_a_workbook_of_many_columns_prints_on_as_many_pages_as_are_read(fichier):
    columns = [make_column(f"c{n}", f"Colonne {n}", "", "texte", largeur=30) for n in range(20)]
    table = pd.DataFrame({one.nom: ["x"] for one in columns})
    wide = replace(fichier, table=table, colonnes=columns, forme="", nb_figees=2)
    sheet = openpyxl.load_workbook(io.BytesIO(_bytes(wide, "xlsx")))["Données"]
    # 600 characters, 260 of which are read on a page.
    assert int(sheet.page_setup.fitToWidth) == 3 and int(sheet.page_setup.fitToHeight) == 0
    assert sheet.print_title_cols in ("A:B", "$A:$B")


def test_a_workbook_keeps_types_and_says_what_it_holds(fichier):
    book = openpyxl.load_workbook(io.BytesIO(_bytes(fichier, "xlsx")))
    sheet = book["Données"]
    assert sheet.freeze_panes == "D2" and sheet.auto_filter.ref == "A1:E7"
    assert [sheet.cell(r, 2).value for r in range(2, 8)] == HOSTILE
    assert all(sheet.cell(r, 2).data_type == "s" for r in range(2, 8)), "a text is never a formula"
    assert (
        [sheet.cell(3, c).value for c in (3, 4)] == [None, None]
        and sheet.cell(2, 3).value == 1
        and sheet.cell(5, 4).value == 0
    )
    assert [sheet.cell(r, 5).value for r in (2, 3)] == ["oui", "non"], "in French everywhere"
    notice = {row[0].value: row[1].value for row in book["Lisez-moi"]}
    assert notice["Source"] == "C2RP, 2020" and notice["Part"] == "Une part"


def test_a_geojson_holds_outlines_and_its_notice(fichier):
    body = json.loads(_bytes(fichier, "geojson"))
    assert (
        body["features"][0]["geometry"]["type"] == "Polygon"
        and body["features"][1]["geometry"] is None
    )
    assert body["features"][1]["properties"] == {
        "code_zone": "0001",
        "nom": HOSTILE[1],
        "nb": None,
        "part_loin": None,
        "est_estimee": False,
    }
    assert {"cle": "Source", "texte": "C2RP, 2020"} in body["metadonnees"]


def test_a_geopackage_opens_with_french_layer_and_notice(fichier, tmp_path):
    write_file(fichier, tmp_path / "f.gpkg")
    layer = gpd.read_file(tmp_path / "f.gpkg", layer="Zones d'essai")
    assert (
        list(layer["code_zone"]) == list(fichier.table["code_zone"])
        and list(layer["nom"]) == HOSTILE
    )
    assert layer["nb"].isna().tolist() == [False, True, False, False, False, False]
    assert pyogrio.read_dataframe(tmp_path / "f.gpkg", layer="lisez_moi")["texte"].tolist() == [
        "=danger",
        "C2RP, 2020",
    ]
    assert layer["est_estimee"].tolist() == [True, False] * 3 and layer["part_loin"].tolist()[
        2:4
    ] == [
        1.0,
        0.0,
    ]
    style = pyogrio.read_dataframe(tmp_path / "f.gpkg", layer="layer_styles").iloc[0]
    assert (
        style["f_table_name"],
        style["f_geometry_column"],
        style["styleQML"],
        bool(style["useAsDefault"]),
    ) == ("Zones d'essai", "geom", "<qgis/>", True)


def test_a_parquet_keeps_types_outlines_and_its_notice(fichier, tmp_path):
    write_file(fichier, tmp_path / "f.parquet")
    layer = gpd.read_parquet(tmp_path / "f.parquet")
    assert (
        layer.crs == "EPSG:4326"
        and layer.geometry.isna().sum() == 5
        and list(layer["nom"]) == HOSTILE
        and str(layer["nb"].dtype) == "Int64"
    )
    assert json.loads(pq.read_schema(tmp_path / "f.parquet").metadata[b"geoforma"]) == [
        ["Titre", "=danger"],
        ["Source", "C2RP, 2020"],
    ]


def test_a_plain_csv_is_rows_alone(fichier):
    content = _bytes(fichier, "csv-simple")
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    assert (
        not content.startswith(b"\xef\xbb\xbf")
        and len(rows) == 6
        and list(rows[0]) == ["code_zone", "nom", "nb", "part_loin", "est_estimee"]
    )
    assert [restore(row["nom"]) for row in rows] == HOSTILE and rows[5] == {
        "code_zone": "0005",
        "nom": HOSTILE[5],
        "nb": "6",
        "part_loin": repr(1 / 3),
        "est_estimee": "false",
    }


def test_a_point_is_two_numbers_where_a_format_holds_no_geometry(fichier):
    points = gpd.GeoDataFrame(
        fichier.table.drop(columns="geometry"),
        geometry=[Point(2.5, 50.25), *[None] * 5],
        crs="EPSG:4326",
    )
    rows = list(
        csv.reader(
            io.StringIO(
                _bytes(replace(fichier, table=points, forme="point"), "csv").decode("utf-8-sig")
            ),
            delimiter=";",
        )
    )
    assert (
        rows[0][-2:] == ["Longitude", "Latitude"]
        and rows[1][-2:] == ["2,5", "50,25"]
        and rows[2][-2:] == ["", ""]
    )


@given(st.text() | st.from_regex(r"'*[=+\-@\t\r\n＝＋－＠].*"))
def test_neutralising_is_undone_by_reading_back(texte):
    cell = neutralise(texte)
    assert restore(cell) == texte and not cell.startswith(
        ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
    )


def test_a_cell_of_a_workbook_that_looks_like_a_formula_keeps_the_mark_of_a_text(fichier):
    sheet = openpyxl.load_workbook(io.BytesIO(_bytes(fichier, "xlsx")))["Données"]
    assert [sheet.cell(r, 2).quotePrefix for r in range(2, 8)] == [
        True,
        False,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "given, near", [("gpgk", "gpkg"), ("exel", None), ("csv simple", "csv-simple")]
)
def test_an_unknown_format_is_refused_with_the_nearest(given, near):
    with pytest.raises(
        ParameterError,
        match=f"Vouliez-vous dire « {near} »"
        if near
        else "Formats acceptés : csv, csv-simple, xlsx, geojson, gpkg, gpkg-l93, parquet",
    ):
        parse_format(given)


def test_a_table_without_geometry_is_no_geojson(fichier, tmp_path):
    with pytest.raises(
        ParameterError, match=r"ni position ni contour.*csv, csv-simple, xlsx, gpkg, parquet"
    ):
        write_file(replace(fichier, forme=""), tmp_path / "f.geojson")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("nom", list(FORMATS))
def test_a_full_disk_leaves_what_was_there_and_nothing_else(fichier, nom, tmp_path):
    def full(one, path):
        path.write_bytes(b"la moiti")
        path.with_name(path.name + "-journal").write_bytes(b"")
        raise OSError(errno.ENOSPC, "No space left on device")

    out = tmp_path / f"f{FORMATS[nom].suffixe}"
    out.write_text("avant")
    with pytest.raises(StorageError, match=r"le disque est plein.*Libérez de la place"):
        write_as(fichier, replace(FORMATS[nom], ecrire=full), out)
    assert [p.name for p in tmp_path.iterdir()] == [out.name] and out.read_text() == "avant"


def test_a_library_that_cannot_write_says_it_in_french(fichier, tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise DataSourceError("failed to write: disk full")

    monkeypatch.setattr("pyogrio.write_dataframe", refuse)
    with pytest.raises(StorageError, match=r"Impossible d'écrire .*Libérez de la place"):
        write_file(fichier, tmp_path / "f.gpkg")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_leaves_nothing(fichier, tmp_path):
    with pytest.raises(
        ParameterError,
        match=(
            r"extension inconnue. Extensions admises : .csv, .simple.csv, .xlsx, .geojson, .gpkg, "
            r".l93.gpkg, .parquet"
        ),
    ):
        write_file(fichier, tmp_path / "f.ods")
    with pytest.raises(StorageError, match="Choisissez un autre dossier"):
        write_file(fichier, tmp_path / "absent" / "f.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_share_within_minutes_is_a_share():
    """It was written in minutes, without decimals: 72 % of the people stood as « 1 min »."""
    share = make_column("part_30_min", "Part à 30 min", "Part", "reel")
    assert share.est_part and share.unite == "" and share.decimales == 1
    percents = make_column("part_emploi_pct", "En emploi", "Part", "reel")
    assert not percents.est_part and percents.unite == "%"
    assert make_column("trajet_min", "Trajet", "Trajet", "reel").unite == "min"
