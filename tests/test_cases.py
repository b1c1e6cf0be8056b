"""Small inputs that went wrong once, each for a kind: what is right of each.

The files of `../shared/cases`, and tiny ones of the same kinds.
"""

import gzip
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import xlsxwriter
from shapely import box

from geoapp.core.errors import SourceError
from geoapp.ingest.check_file import check_file
from geoapp.ingest.territories import load_communes, read_polygons, zones_tables
from geoapp.sources.boundaries import read_boundaries
from geoapp.sources.formats import recognise_format
from geoapp.sources.reading import read_source
from geoapp.sources.registry import get_source
from geoapp.sources.tabular import read_csv

CASES = Path(__file__).resolve().parents[2] / "shared" / "cases"
LUES = {
    # name: rows read, valid, and what is said (a note, or a correction)
    "c03_utf16le_sans_bom.csv": (3, 3, ["UTF-16"]),
    "c04_cp1252.csv": (3, 3, ["Lu en Windows-1252"]),
    "c05_macroman.csv": (3, 3, ["Lu en MacRoman"]),
    "c08_crlf.csv": (3, 3, []),
    "c14_milliers.csv": (4, 4, ["2 milliers"]),
    "c19_etranger.csv": (2, 2, ["2 valeur_ecartee (lieu_code_postal)"]),
    "c20_cedex.csv": (2, 1, ["code_postal_partage"]),
    "c22b_colonne_double_inutile.csv": (3, 3, ["« note » figure 2 fois"]),
    "c24_1000_colonnes.csv": (3, 3, []),
    "c27_ligne_titre.csv": (3, 3, ["En-tête lu ligne 3"]),
    "c30_sep_excel.csv": (3, 3, []),
    "c32_dates_fr.csv": (6, 6, ["5 date_normalisee", "1 valeur_ecartee (periodes)"]),
    "c35_axes_inverses.csv": (
        6,
        6,
        [
            "1 coordonnees_inversees",
            "1 lambert_93",
            "1 coordonnees_nulles",
            "3 coordonnees_refusees",
        ],
    ),
    "c36_null_textuels.csv": (3, 2, ["intitule_absent"]),
    "c41_csv_zip.zip": (3, 3, []),
    "c42_csv_zip_dossier.zip": (3, 3, []),
    "c45_jsonl.json": (3, 3, []),
    "c48_enveloppe_etablissements.json": (3, 3, []),
    "g02_geometrycollection.geojson": (1, 1, ["1 polygones_extraits"]),
    "g11_wkt_3857.geojson": (1, 1, ["1 systeme_de_coordonnees"]),
    "g21_crochet_accolade.json": (1, 1, []),
    "g26.parquet": (1, 1, []),
    "g35_mac.zip": (1, 1, []),
    "g43_geojson_mac.zip": (1, 1, []),
    "g48_hors_region.geojson": (1, 1, ["zonage vide"]),
    "x01_deux_feuilles.xlsx": (2, 2, ["1 autre feuille non lue : B (1 ligne)"]),
    "x02_notice_puis_donnees.xlsx": (3, 3, ["Feuille lue : Données"]),
    "x03_feuille_cachee.xlsx": (3, 3, ["Feuille lue : Données", "cachée"]),
    "x06_entete_ligne4.xlsx": (3, 3, ["En-tête lu ligne 4"]),
    "x09.ods": (3, 3, []),
}
REFUSEES = {
    "g24.kml": ["contours géographiques", "Name"],
    "g45_sans_attribut.geojson": ["contours sans attribut", "CODE_QP, NOM_QP"],
}


def told_of(found) -> str:
    """Return all that a check says of a file, as one text."""
    repairs = [f"{nb} {kind} ({name})" for (name, kind), (nb, _) in found.reparations.items()]
    return "\n".join([*found.notes, *repairs, *found.raisons])


@pytest.mark.real
@pytest.mark.parametrize("name", LUES)
def test_a_case_is_read_as_is_right(name):
    if not (CASES / name).is_file():
        pytest.skip("les cas ne sont pas à côté du dépôt")
    _, found = check_file(CASES / name)
    nb_lues, nb_valides, words = LUES[name]
    assert (found.nb_lues, found.nb_valides) == (nb_lues, nb_valides), told_of(found)
    for word in words:
        assert word in told_of(found), word


@pytest.mark.real
@pytest.mark.parametrize("name", REFUSEES)
def test_a_case_is_refused_as_is_right(name):
    if not (CASES / name).is_file():
        pytest.skip("les cas ne sont pas à côté du dépôt")
    with pytest.raises(SourceError) as caught:
        check_file(CASES / name)
    for word in REFUSEES[name]:
        assert word in str(caught.value)


# --- Twelve disguises of one table

SOURCE = "rco-2020-11"
ROW = {
    "id_formation": "1", "id_action": "1a", "id_certifinfo": "8", "intitule": "Métier d’été",
    "type_diplome": "CAP", "niveau_europeen": "3", "formacode": "23554", "rome": "F1607",
    "nsf": "234", "rncp": "RNCP38565", "cfd": "50023440", "gestionnaire_siret": "13002792300171",
    "gestionnaire_uai": "", "gestionnaire_nom": "Organisme, « fictif »",
    "formateur_siret": "13002792300171", "formateur_uai": "", "formateur_nom": "Organisme n° 2",
    "lieu_adresse": "1 rue de la Forêt", "lieu_code_postal": "02000", "lieu_code_insee": "02408",
    "latitude": "49.564", "longitude": "3.624", "periodes": "2020-09",
    "nombre_heures_total": "800", "modalites_entrees_sorties": "0",
}  # fmt: skip
ROWS = [ROW, ROW | {"id_action": "1b", "intitule": "Cœur de métier"}]


def as_csv(delimiter=";", before="", ends="\n"):
    """Return the table as CSV text."""

    def cell(text):
        return f'"{text}"' if delimiter in text else text

    lines = [delimiter.join(ROW), *(delimiter.join(map(cell, row.values())) for row in ROWS)]
    return before + ends.join([*lines, ""])


def as_workbook(path, sheet="Données", before=0):
    """Write the table as a workbook, after a sheet of notes and blank lines."""
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("Lisez-moi").write(0, 0, "Notice")
    page = book.add_worksheet(sheet)
    if before:
        page.merge_range(0, 0, 0, len(ROW) - 1, "Offre de l’année")
    for line, row in enumerate([list(ROW), *(list(row.values()) for row in ROWS)], before):
        page.write_row(line, 0, row)
    book.close()
    return path


def as_zip(path, members):
    """Write a zip archive."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def put(path, content):
    """Write a content and return its path."""
    path.write_bytes(content)
    return path


DISGUISES = {
    "Windows-1252": lambda at: put(at / "a.csv", as_csv().encode("cp1252")),
    "MacRoman, tabulations": lambda at: put(at / "a.txt", as_csv("\t").encode("mac_roman")),
    "UTF-16 sans marque": lambda at: put(at / "a.csv", as_csv(",").encode("utf-16-be")),
    "sep=, lignes de Windows": lambda at: put(
        at / "a.csv", b"\xef\xbb\xbf" + as_csv("|", "sep=|\r\n", "\r\n").encode()
    ),
    "titre et commentaires": lambda at: put(
        at / "a.csv", as_csv(before="Export du 12/09\n# source ; CFA\n\n").encode()
    ),
    "deux lignes d'en-tête": lambda at: put(
        at / "a.csv", as_csv(before="Formation" + ";" * 16 + "Lieu" + ";" * 8 + "\n").encode()
    ),
    "gzip": lambda at: put(at / "a.csv.gz", gzip.compress(as_csv().encode())),
    "zip d'un Mac, dans un dossier": lambda at: as_zip(
        at / "a.zip", {"export/": "", "export/o.csv": as_csv(), "__MACOSX/export/._o.csv": "x"}
    ),
    "classeur, titre fusionné": lambda at: as_workbook(at / "a.xlsx", before=3),
    "classeur dans un zip": lambda at: as_zip(
        at / "b.zip", {"o.xlsx": as_workbook(at / "a.xlsx").read_bytes(), "LISEZMOI.txt": b"x"}
    ),
    "lignes de JSON": lambda at: put(
        at / "a.json", "\n".join(json.dumps(row) for row in ROWS).encode()
    ),
    "enveloppe JSON": lambda at: put(
        at / "a.json", json.dumps({"total": 2, "reponse": {"lignes": ROWS}}).encode()
    ),
    "Parquet": lambda at: pd.DataFrame(ROWS).to_parquet(at / "a.parquet") or at / "a.parquet",
}


@pytest.mark.parametrize("name", DISGUISES)
def test_the_same_rows_are_read_from_every_disguise(tmp_path, name):
    plain = put(tmp_path / "plain.csv", as_csv().encode())
    source = get_source(SOURCE)
    expected = read_source(source, plain).frame.reset_index(drop=True)
    path = DISGUISES[name](tmp_path)
    pd.testing.assert_frame_equal(read_source(source, path).frame.reset_index(drop=True), expected)


def test_a_disguise_is_checked_as_the_plain_file(tmp_path):
    path = DISGUISES["classeur dans un zip"](tmp_path)
    source, found = check_file(path)
    assert (source.id, found.nb_valides) == (SOURCE, 2) and "Lisez-moi" in told_of(found)


# --- Kinds


def test_strange_lines_of_a_file_in_two_encodings_are_named(tmp_path):
    content = b"nom;ville\n" + "Lycée;Béthune\n".encode() + "Forêt;Nœux\n".encode("cp1252")
    lecture = read_csv(put(tmp_path / "a.csv", content))
    assert lecture.frame["ville"].tolist() == ["Béthune", "Nœux"]
    assert "ligne 3" in lecture.notes[0] and "Windows-1252" in lecture.notes[0]


def test_columns_of_one_name_in_two_groups_bear_that_of_their_group(tmp_path):
    path = put(tmp_path / "a.csv", b"Organisme;;Lieu;\nnom;ville;nom;ville\nA;B;C;D\n")
    assert list(read_csv(path).frame) == [
        "Organisme nom",
        "Organisme ville",
        "Lieu nom",
        "Lieu ville",
    ]


def test_a_needed_column_that_is_there_twice_is_refused_unless_it_says_the_same(tmp_path):
    twice = {**ROW, "intitule ": "Autre"}
    text = ";".join(twice) + "\n" + ";".join(twice.values()) + "\n"
    path = put(tmp_path / "a.csv", text.encode())
    with pytest.raises(SourceError, match="« intitule », qui est lue, figure 2 fois"):
        read_source(get_source(SOURCE), path)
    path.write_text(text.replace(";Autre\n", ";Métier d’été\n"), encoding="utf-8")
    assert len(read_source(get_source(SOURCE), path).frame) == 1


def test_a_merged_cell_says_its_value_of_each_row(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    page = book.add_worksheet()
    page.write_row(0, 0, ["id_formation", "intitule", "formateur_nom"])
    page.write_row(1, 0, ["1", "CAP"])
    page.write_row(2, 0, ["2", "BTS"])
    page.merge_range(1, 2, 2, 2, "CFA")
    book.close()
    from geoapp.sources.workbook import read_xlsx

    assert read_xlsx(tmp_path / "a.xlsx").frame["formateur_nom"].tolist() == ["CFA", "CFA"]


def test_a_damaged_archive_is_refused_by_its_own_name(tmp_path):
    content = bytearray(gzip.compress((as_csv() * 40).encode(), mtime=0))
    for rank in range(20, len(content), 7):
        content[rank] ^= 0x55
    path = put(tmp_path / "offre.csv.gz", bytes(content))
    with pytest.raises(SourceError, match=r"offre\.csv\.gz"):
        recognise_format(path)
    path = as_zip(tmp_path / "envoi.zip", {"export/offre.csv": b""})
    with pytest.raises(SourceError, match=r"envoi\.zip, offre\.csv"):
        read_source(get_source(SOURCE), path)


def test_several_tables_in_an_archive_are_named(tmp_path):
    path = as_zip(tmp_path / "a.zip", {"a.csv": "a;b\n1;2\n", "b.csv": "a;b\n1;2\n"})
    with pytest.raises(SourceError, match=r"2 tableaux : a\.csv, b\.csv"):
        check_file(path)


def test_fillers_and_html_are_no_values(tmp_path):
    row = ROW | {
        "intitule": "CAP m&eacute;tier <b>du feu</b>",
        "gestionnaire_nom": "néant",
        "rome": "N/A",
        "formateur_nom": "-",
    }
    path = put(tmp_path / "a.csv", (";".join(row) + "\n" + "\t".join(row.values())).encode())
    path.write_text("\t".join(row) + "\n" + "\t".join(row.values()) + "\n", encoding="utf-8")
    frame = read_source(get_source(SOURCE), path).frame
    assert frame["intitule"].iloc[0] == "CAP métier du feu"
    assert frame[["responsable_nom", "code_rome", "formateur_nom"]].isna().all(axis=None)


LILLE = box(3.05, 50.62, 3.07, 50.64)


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize("crs", [2154, 3857, 27572, 3949, 3950, 27561, 27571])
def test_a_system_that_nothing_says_is_the_one_near_the_communes(tmp_path, crs):
    metres = gpd.GeoSeries([LILLE], crs=4326).to_crs(crs)
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=gpd.GeoSeries(metres.to_numpy()))
    frame.to_file(tmp_path / "z.gpkg")
    lecture = read_boundaries(tmp_path / "z.gpkg")
    assert lecture.frame.geometry.iloc[0].centroid.distance(LILLE.centroid) < 1e-4
    assert lecture.corrections[0]["corrigee"] == f"EPSG:{crs}"


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_system_that_nothing_says_nor_chooses_is_asked_for(tmp_path):
    charente = gpd.GeoSeries([box(-0.5, 45.7, -0.4, 45.8)], crs=4326).to_crs(2154)
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=gpd.GeoSeries(charente.to_numpy()))
    frame.to_file(tmp_path / "z.gpkg")
    with pytest.raises(SourceError, match="EPSG:2154, EPSG:3857"):
        read_boundaries(tmp_path / "z.gpkg")


def test_a_layer_with_polygons_is_chosen_and_the_others_are_said(tmp_path):
    path = tmp_path / "z.gpkg"
    points = gpd.GeoDataFrame({"a": [1]}, geometry=[LILLE.centroid], crs=4326)
    points.to_file(path, layer="points")
    gpd.GeoDataFrame({"a": [2]}, geometry=[LILLE], crs=4326).to_file(path, layer="quartiers")
    lecture = read_boundaries(path)
    assert lecture.frame["a"].tolist() == ["2"] and "points" in lecture.notes[0]


@pytest.mark.parametrize("driver, suffix", [("KML", ".kml"), ("FlatGeobuf", ".fgb"), ("", ".gpq")])
def test_outlines_are_read_whatever_their_format(tmp_path, driver, suffix):
    frame = gpd.GeoDataFrame({"Name": ["Essai"]}, geometry=[LILLE], crs=4326)
    path = tmp_path / f"z{suffix}"
    frame.to_file(path, driver=driver) if driver else frame.to_parquet(path)
    lecture = read_boundaries(path)
    assert lecture.frame["Name"].tolist() == ["Essai"] and lecture.frame.geometry.iloc[0].area > 0


def test_gzipped_outlines_are_read(tmp_path):
    gpd.GeoDataFrame({"a": [1]}, geometry=[LILLE], crs=4326).to_file(tmp_path / "z.geojson")
    packed = put(tmp_path / "y.geojson.gz", gzip.compress((tmp_path / "z.geojson").read_bytes()))
    assert len(read_boundaries(packed).frame) == 1


def test_an_object_of_objects_is_a_table_of_them(tmp_path):
    path = put(tmp_path / "a.json", json.dumps({"A": ROW, "B": ROWS[1]}).encode())
    frame = read_source(get_source(SOURCE), path).frame
    assert frame["intitule"].tolist() == [ROW["intitule"], ROWS[1]["intitule"]]


def test_topojson_is_read(tmp_path):
    topology = {
        "type": "Topology",
        "objects": {
            "zones": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "arcs": [[0]], "properties": {"CODE_QP": "QN1"}}
                ],
            }
        },
        "arcs": [[[3.05, 50.62], [3.07, 50.62], [3.07, 50.64], [3.05, 50.62]]],
    }
    path = put(tmp_path / "z.json", json.dumps(topology).encode())
    assert read_boundaries(path).frame["CODE_QP"].tolist() == ["QN1"]


def test_zones_without_code_are_rejects_and_zones_of_elsewhere_are_said():
    communes = load_communes("32")
    source = get_source("qpv2015-region")
    lecture = read_boundaries_of(
        {"code_zone": ["QN1", None, "QN2"], "nom": ["a", "b", "c"]},
        [LILLE, LILLE, box(2.35, 48.85, 2.36, 48.86)],
    )
    members, bilan, outlines = read_polygons(lecture, source, communes)
    assert [one["code_raison"] for one in bilan.rejets] == ["code_absent"]
    assert bilan.nb_hors_region == 1 and set(outlines.index) == {"QN1", "QN2"}
    assert set(members["code_zone"]) >= {"QN1"}


def test_an_empty_zoning_is_said_and_harms_no_other():
    communes = load_communes("32")
    lecture = read_boundaries_of(
        {"code_zone": ["QN1"], "nom": ["loin"]}, [box(5.9, 43.1, 5.95, 43.2)]
    )
    members, bilan, outlines = read_polygons(lecture, get_source("qpv2015-region"), communes)
    assert members.empty and "zonage vide" in bilan.note
    stamp = {"type_zone": "qpv2015", "millesime": "x", "id_source": "x", "est_fictive": False}
    other = pd.DataFrame(
        {"code_commune": ["59350"], "code_zone": ["1"], "nom": ["Z"], "type_lien": ["entiere"]}
    ).assign(**{**stamp, "type_zone": "ze2020"})
    every = pd.concat([members.assign(**stamp), other], ignore_index=True)
    tables = zones_tables(every, {"qpv2015": outlines}, communes)
    assert tables["zones"]["type_zone"].tolist() == ["ze2020"]


def read_boundaries_of(columns, outlines):
    """Return the lecture of some polygons."""
    from geoapp.sources.records import Lecture

    index = pd.Index([f"objet {i}" for i in range(1, len(outlines) + 1)], dtype="str")
    frame = gpd.GeoDataFrame(columns, geometry=outlines, crs=4326, index=index)
    return Lecture(frame=frame, nb_lues=len(frame))


@pytest.mark.parametrize("columns", [1_000, 4_000])
def test_a_wide_table_takes_no_time(tmp_path, columns, monkeypatch):
    """Columns that no source reads cost nothing but their reading."""
    import time

    extra = [f"question {i}" for i in range(columns)]
    lines = [";".join([*ROW, *extra]), *(";".join([*r.values(), *extra]) for r in ROWS)]
    path = put(tmp_path / "large.csv", "\n".join(lines).encode())
    load_communes("32")
    start = time.process_time()
    assert check_file(path)[1].nb_valides == 2
    assert time.process_time() - start < (2 if columns == 1_000 else 5)


def test_a_database_of_another_kind_is_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as base:
        base.execute("create table t (a)")
        base.commit()
    with pytest.raises(SourceError, match=r"a\.sqlite"):
        check_file(tmp_path / "a.sqlite")
