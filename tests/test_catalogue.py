"""Every table in every format, read back: the same rows, columns and types; its notice says where
it comes from.
"""

import csv
import json
from dataclasses import replace

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from geoapp.core import schema
from geoapp.core.cells import restore
from geoapp.core.errors import NotFoundError
from geoapp.outputs.catalogue.licences import find_licence, merge_licences
from geoapp.outputs.catalogue.resources import FICHES, find_sheet, table_file
from geoapp.outputs.files.formats import FORMATS, formats_of, write_as
from geoapp.outputs.files.shown import in_percents, round_shown, shown_rows, shown_title
from support.examples import NIGHT
from support.world import FORMULA, HOSTILE, make_tiny_frames, publish_world

LUS = {"texte": str, "entier": int, "reel": float, "booleen": bool}
CASES = [(nom, form.nom) for nom in schema.TABLES for form in formats_of(find_sheet(nom).forme)]


def plain(frame: pd.DataFrame, noms) -> list[list]:
    """Return rows as plain values, None when unknown or empty."""
    table = pd.DataFrame(frame)[list(noms)].astype("object")
    return [
        [
            None if value is None or value is pd.NA or value != value or value == "" else value
            for value in row
        ]
        for row in table.to_numpy(dtype=object).tolist()
    ]


def expected(fichier, *, flat: bool) -> list[list]:
    """Return what a file must hold; a format without geometry has two numbers for a point."""
    table = pd.DataFrame(fichier.table)
    if flat and fichier.forme == "point":
        table = table.assign(longitude=fichier.table.geometry.x, latitude=fichier.table.geometry.y)
    columns = fichier.colonnes_plates if flat else fichier.attributs
    return plain(table, [one.nom for one in columns])


def read_csv(path, fichier, *, delimiter, encoding, true, decimal):
    with open(path, encoding=encoding, newline="") as stream:
        rows = list(csv.reader(stream, delimiter=delimiter))
    if [] in rows:
        rows = rows[: rows.index([])]
    types = [one.type for one in fichier.colonnes_plates]
    as_type = {
        "texte": restore,
        "entier": int,
        "reel": lambda cell: float(cell.replace(decimal, ".")),
        "booleen": lambda cell: cell == true,
    }
    return rows[0], [
        [None if cell == "" else as_type[kind](cell) for kind, cell in zip(types, row, strict=True)]
        for row in rows[1:]
    ]


def read_back(path, fichier, nom):
    """Return (header, rows, outlines or None) of a file."""
    columns = fichier.colonnes_plates
    if nom == "csv":
        return *read_csv(
            path, fichier, delimiter=";", encoding="utf-8-sig", true="oui", decimal=","
        ), None
    if nom == "csv-simple":
        return *read_csv(
            path, fichier, delimiter=",", encoding="utf-8", true="true", decimal="."
        ), None
    if nom == "xlsx":
        rows = list(openpyxl.load_workbook(path)["Données"].iter_rows(values_only=True))
        words = [{"oui": True, "non": False} if one.type == "booleen" else {} for one in columns]
        return (
            list(rows[0]),
            [
                [
                    said.get(cell, cell) if cell != "" else None
                    for said, cell in zip(words, row, strict=True)
                ]
                for row in rows[1:]
            ],
            None,
        )
    if nom == "geojson":
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        shapes = [
            None if f["geometry"] is None else shapely.geometry.shape(f["geometry"])
            for f in features
        ]
        return (
            fichier.noms,
            [[v if v != "" else None for v in f["properties"].values()] for f in features],
            shapes,
        )
    frame = (
        (gpd if fichier.forme else pd).read_parquet(path)
        if nom == "parquet"
        else read_layer(path, fichier)
    )
    return fichier.noms, plain(frame, fichier.noms), list(frame.geometry) if fichier.forme else None


def read_layer(path, fichier):
    """Return a layer with its types: whole numbers and booleans that lack values are read as others
    by the reader, not by the file.
    """
    info = pyogrio.read_info(path, layer=fichier.titre)
    frame = pyogrio.read_dataframe(path, layer=fichier.titre)
    for nom, kind in zip(info["fields"], info["ogr_types"], strict=True):
        if kind == "OFTDate":
            frame[nom] = frame[nom].dt.strftime("%Y-%m-%d").astype("object")
    if fichier.forme:
        frame = frame.to_crs("EPSG:4326")
    types = {"OFTInteger64": "Int64", "OFSTBoolean": "boolean"}
    told = zip(info["fields"], info["ogr_types"], info["ogr_subtypes"], strict=True)
    return frame.astype(
        {
            nom: types.get(sub) or types[kind]
            for nom, kind, sub in told
            if sub in types or kind in types
        }
    )


def sixteen_digits(rows) -> list[list]:
    """Return rows as a workbook can hold them: sixteen digits of a number."""
    return [
        [float(f"{value:.16G}") if isinstance(value, float) else value for value in row]
        for row in rows
    ]


def as_shown(fichier, nom) -> list[list]:
    """Return what a file for readers must hold: codes in words, and in a CSV numbers rounded."""

    def cell(column, value):
        if nom != "csv" or not isinstance(value, float):
            return value or None if isinstance(value, str) else value
        if column.est_part:
            return in_percents(value, column.decimales)
        return round_shown(value, column.decimales)

    return [
        [cell(column, value) for column, value in zip(fichier.colonnes_plates, row, strict=True)]
        for row in shown_rows(fichier)
    ]


def as_many(shape):
    """Return a polygon as the only one of several, as a GeoPackage holds it."""
    return shapely.multipolygons([shape]) if shape.geom_type == "Polygon" else shape


def check(fichier, nom, path):
    form = FORMATS[nom]
    write_as(fichier, form, path)
    header, rows, shapes = read_back(path, fichier, nom)
    flat = nom in ("csv", "csv-simple", "xlsx")
    columns = fichier.colonnes_plates if flat else fichier.attributs
    est_montre = nom in ("csv", "xlsx")
    assert list(header) == [
        shown_title(c, est_en_pour_cent=nom == "csv") if est_montre else c.nom for c in columns
    ]
    wanted = as_shown(fichier, nom) if est_montre else expected(fichier, flat=flat)
    assert rows == (sixteen_digits(wanted) if nom == "xlsx" else wanted)
    for column, values in zip(columns, zip(*rows, strict=True), strict=False):
        kind = column.type
        assert {type(v) for v in values} - {type(None)} <= (
            {LUS[kind]} if kind != "reel" else {float, int} if nom == "xlsx" else {float}
        ), kind
    if shapes is not None:
        assert len(shapes) == len(fichier.table)
        # Turned into metres and back, a vertex moves by less than a metre's millionth: vertices are
        # compared in the order in which they were written, and not sorted, which that would change.
        for ours, theirs in zip(fichier.table.geometry, shapes, strict=True):
            assert (ours is None) == (theirs is None)
            assert ours is None or as_many(ours).equals_exact(as_many(theirs), 1e-6)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """Return the tiny world, published once."""
    return publish_world(make_tiny_frames(), tmp_path_factory.mktemp("catalogue"))


@pytest.mark.parametrize(("nom", "form"), CASES, ids=lambda case: case)
def test_a_table_reads_back_as_it_is(snapshot, nom, form, tmp_path):
    check(table_file(snapshot, nom), form, tmp_path / f"t{FORMATS[form].suffixe}")


@pytest.mark.real
@pytest.mark.parametrize("form", list(FORMATS))
@pytest.mark.parametrize("nom", ["offres", "zones"])
def test_a_real_table_reads_back_as_it_is(real_snapshot, nom, form, tmp_path):
    fichier = table_file(real_snapshot, nom)
    if form != "parquet" and not NIGHT:
        # One row in five: they are of every source, and each is read cell by cell.
        fichier = replace(fichier, table=fichier.table.iloc[::5].reset_index(drop=True))
    check(fichier, form, tmp_path / f"t{FORMATS[form].suffixe}")


@pytest.mark.real
def test_no_real_text_is_a_filler_or_a_formula(real_snapshot, tmp_path):
    fichier = table_file(real_snapshot, "lieux")
    assert not fichier.table["adresse"].dropna().str.match(r"[=+\-@]").any(), (
        "« - » is no address: it is unknown"
    )
    check(fichier, "csv", tmp_path / "t.csv")
    assert not [
        line
        for line in (tmp_path / "t.csv").read_text(encoding="utf-8-sig").splitlines()
        for cell in line.split(";")
        if cell[:1] in ("=", "@")
    ]


def test_hostile_texts_are_in_the_tables_that_the_tests_read_back(snapshot):
    assert {HOSTILE, FORMULA} <= set(table_file(snapshot, "formations").table["intitule"])


def test_every_table_has_its_sheet():
    assert set(FICHES) == set(schema.TABLES)
    assert all(
        bool(FICHES[nom].forme) == table.est_geographique for nom, table in schema.TABLES.items()
    )
    assert len({fiche.titre for fiche in FICHES.values()}) == len(FICHES)


def test_a_notice_says_meaning_key_date_sources_and_licence(snapshot):
    notice = table_file(snapshot, "offres").notice
    told = dict(notice)
    assert (
        told["Table"] == "Offre de formation (offres)"
        and told["Clé"] == "id_action, id_lieu"
        and told["Lignes"] == "7"
    )
    assert (
        told["Instantané"].endswith("assemblé le 2 janvier 2026")
        and ("Licence", "Licence Ouverte 2.0") in notice
    )
    source = "Offre inventée (données fictives) ; Nous ; 2026 ; Licence Ouverte 2.0 ; "
    assert [texte for cle, texte in notice if cle == "Source" and texte.startswith(source)]


def test_a_table_that_holds_open_database_data_says_to_share_alike(tiny_frames, tmp_path):
    sources = tiny_frames["sources"]
    tiny_frames["sources"] = pd.concat(
        [sources, sources.iloc[:1].assign(id_source="uai", usage="etablissements", licence="ODbL")],
        ignore_index=True,
    )
    snapshot = publish_world(tiny_frames, tmp_path)
    licences = {
        nom: [text for key, text in table_file(snapshot, nom).notice if key == "Licence"]
        for nom in ("lieux", "sessions")
    }
    assert (
        licences["lieux"][0].startswith("ODbL 1.0")
        and "à partager sous la même licence" in licences["lieux"][-1]
    )
    assert licences["sessions"] == ["Licence Ouverte 2.0"]


def test_licences_are_sorted_from_the_strictest_and_an_unknown_one_is_kept():
    found = merge_licences(["Licence Ouverte 2.0", "CC-BY", "ODbL", "ODbL"])
    assert [one.code for one in found] == ["ODbL-1.0", "etalab-2.0", "other"] and find_licence(
        "CC-BY"
    ).titre == "CC-BY"


def test_an_unknown_table_is_refused_with_the_nearest(snapshot):
    with pytest.raises(NotFoundError, match="Vouliez-vous dire « offres »"):
        table_file(snapshot, "offre")
    with pytest.raises(NotFoundError, match=r"Tables.*organismes, formations"):
        table_file(snapshot, "zzz")
