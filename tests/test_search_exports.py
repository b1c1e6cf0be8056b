"""Exports: exactly the list, in the same order, harmless in a spreadsheet."""

import csv
import io
import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import openpyxl
import pyarrow.parquet as pq
import pyogrio
import pytest

from geoapp.core.errors import ParameterError
from geoapp.core.french import typeset
from geoapp.offer.lookups import open_repertoire
from geoapp.offer.search.model import Requete, Resultat, Texte
from geoapp.outputs.files.formats import FORMATS
from geoapp.outputs.offers import BLOCS, COLONNES, describe_export, list_cards, offers_file
from support.files import file_bytes
from support.world import FORMULA, HOSTILE, publish_world


@pytest.fixture
def repertoire(tiny_frames, tmp_path):
    """Return the tiny world where one offer is remote, and one title hides control characters."""
    tiny_frames["offres"].loc[tiny_frames["offres"]["id_action"].eq("tiny:a6"), "modalite"] = (
        "a_distance"
    )
    for nom in ("titre", "intitule"):
        tiny_frames["offres"].loc[tiny_frames["offres"]["id_action"].eq("tiny:a5"), nom] = (
            '@bois\x07 ; "dur"\nfin'
        )
    return open_repertoire(publish_world(tiny_frames, tmp_path))


def _answer(lignes, distances, a_distance=(), proches=(), nb=None) -> Resultat:
    def ints(values):
        return np.array(values, dtype="int64")

    return Resultat(
        lignes=ints(lignes),
        distances_m=np.array(distances, dtype="float64"),
        minima_m=np.array(distances, dtype="float64"),
        a_distance=ints(a_distance),
        total=len(lignes) if nb is None else nb,
        nb_a_distance=len(a_distance),
        proches=ints(proches),
        proches_repondent=True,
        proches_m=np.full(len(proches), 30_000.0),
        proches_minima_m=np.full(len(proches), 30_000.0),
        nb_non_places=0,
        facettes={},
        texte=Texte(),
        requete=Requete(),
    )


@pytest.fixture
def resultat(repertoire):
    """Return an answer in an order of its own: neither that of the table nor of any column."""
    actions = repertoire.colonnes["id_action"]
    remote = actions.index("tiny:a6")
    lignes = [i for i in reversed(range(len(actions))) if i != remote]
    return _answer(lignes, [np.nan, *range(1000, 1000 * len(lignes), 1000)], [remote])


def _bytes(resultat, repertoire, format: str) -> bytes:
    return file_bytes(offers_file(resultat, repertoire), FORMATS[format])


def _expected(resultat, repertoire) -> list[tuple[str, str]]:
    return [(card["id"], card["id_lieu"]) for card in list_cards(resultat, repertoire)]


def test_cards_follow_the_list_then_the_remote_ones(resultat, repertoire):
    cards = list(list_cards(resultat, repertoire))
    assert [card["bloc"] for card in cards] == ["Résultat"] * 6 + ["À distance"]
    assert [repertoire.colonnes["id_lieu"][ligne] for ligne in resultat.lignes] == [
        card["id_lieu"] for card in cards[:6]
    ]
    assert (
        cards[0]["distance_m"] is None
        and cards[1]["distance_m"] == 1000
        and cards[6]["distance_m"] is None
    )


def test_neighbouring_jobs_are_marked(repertoire):
    found = _answer([0, 1, 2], [1.0, 2.0, 3.0], nb=1)
    assert [card["bloc"] for card in list_cards(found, repertoire)] == [
        "Résultat",
        "Métier voisin",
        "Métier voisin",
    ]
    about = describe_export(found, repertoire)
    assert (about["nb_resultats"], about["nb_voisins"]) == (1, 2)
    assert about["titre"].startswith("1 formation")


def test_nearest_ones_are_marked(repertoire):
    assert [card["bloc"] for card in list_cards(_answer([], [], proches=[2, 0]), repertoire)] == [
        BLOCS["proche"]
    ] * 2


@pytest.mark.parametrize(
    "format, delimiter, encoding", [("csv", ";", "utf-8-sig"), ("csv-simple", ",", "utf-8")]
)
def test_csv_is_the_list(resultat, repertoire, format, delimiter, encoding):
    content = _bytes(resultat, repertoire, format)
    assert content.startswith(b"\xef\xbb\xbf") == (format == "csv")
    rows = list(csv.reader(io.StringIO(content.decode(encoding), newline=""), delimiter=delimiter))
    assert rows[0] == [c.titre if format == "csv" else c.nom for c in COLONNES]
    assert [(row[1], row[2]) for row in rows[1:]] == _expected(resultat, repertoire)
    assert all(len(row) == len(COLONNES) for row in rows)


def test_prices_and_pages_are_columns_and_unknown_is_empty(tiny_frames, tmp_path):
    third = tiny_frames["offres"]["id_action"].eq("tiny:a3")
    for nom, value in {
        "prix_eur": 6621.5,
        "est_gratuite": True,
        "url": "https://exemple.fr/?a=1",
    }.items():
        tiny_frames["offres"].loc[third, nom] = value
    tiny_frames["offres"].loc[tiny_frames["offres"]["id_action"].eq("tiny:a4"), "url"] = (
        "javascript:alert(1)"
    )
    repertoire = open_repertoire(publish_world(tiny_frames, tmp_path))
    answer = _answer(range(7), [np.nan] * 7)
    rows = list(
        csv.DictReader(
            io.StringIO(_bytes(answer, repertoire, "csv").decode("utf-8-sig"), newline=""),
            delimiter=";",
        )
    )
    titres = ("Prix total (€)", "Prix horaire (€)", "Gratuit pour le stagiaire", "Page web")
    known = {tuple(row[t] for t in titres) for row in rows if row["Identifiant"] == "tiny:a3"}
    assert known == {("6621,5", "", "Oui", "https://exemple.fr/?a=1")}
    assert {tuple(row[t] for t in titres) for row in rows if row["Identifiant"] != "tiny:a3"} == {
        ("", "", "Non renseigné", "")
    }
    sheet = openpyxl.load_workbook(io.BytesIO(_bytes(answer, repertoire, "xlsx")))["Formations"]
    column = [c.nom for c in COLONNES].index("prix_eur") + 1
    assert {sheet.cell(row, column).value for row in range(2, 9)} == {6621.5, None}
    assert {
        f["properties"]["prix_eur"]
        for f in json.loads(_bytes(answer, repertoire, "geojson"))["features"]
    } == {6621.5, None}


def test_csv_is_neutralised_and_round_trips(resultat, repertoire):
    rows = list(
        csv.DictReader(
            io.StringIO(_bytes(resultat, repertoire, "csv").decode("utf-8-sig"), newline=""),
            delimiter=";",
        )
    )
    titles = [row["Titre"] for row in rows]
    assert titles == [row["Intitulé reçu"] for row in rows]
    assert "'" + FORMULA in titles and HOSTILE in titles and '\'@bois\x07 ; "dur"\nfin' in titles
    assert not [cell for row in rows for cell in row.values() if cell[:1] in tuple("=+-@\t\r")]
    restored = [title[1:] if title[:1] == "'" else title for title in titles]
    assert restored == [card["intitule"] for card in list_cards(resultat, repertoire)]
    by_id = {row["Identifiant"]: row for row in rows}
    assert by_id["tiny:a1"]["Longitude"] == "2,05" and by_id["tiny:a5"]["Longitude"] == ""
    assert (
        by_id["tiny:a2"]["Niveau de sortie"] == "Non renseigné"
        and by_id["tiny:a2"]["Code du niveau"] == ""
    )
    assert (
        by_id["tiny:a6"]["Bloc"] == "À distance" and by_id["tiny:a6"]["Données fictives"] == "Oui"
    )


def test_workbook_is_the_list_with_types(resultat, repertoire):
    book = openpyxl.load_workbook(io.BytesIO(_bytes(resultat, repertoire, "xlsx")))
    sheet = book["Formations"]
    titres = [cell.value for cell in sheet[1]]
    rows = [dict(zip(titres, row, strict=True)) for row in sheet.iter_rows(min_row=2)]
    assert sheet.freeze_panes == "A2" and titres == [c.titre for c in COLONNES]
    assert [
        (row["Identifiant"].value, row["Identifiant du lieu"].value) for row in rows
    ] == _expected(resultat, repertoire)
    first = next(row for row in rows if row["Identifiant"].value == "tiny:a1")
    assert first["Code commune"].value == "80001" and first["Code postal"].value == "80100"
    assert (
        first["Longitude"].data_type == "n"
        and first["Places"].value == 12
        and first["Titre"].value == HOSTILE
        and first["Intitulé reçu"].value == HOSTILE
    )
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}, "no formula"
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink]


def test_codes_keep_their_zeros(tiny_frames, tmp_path):
    tiny_frames["offres"]["code_postal"] = "02100"
    repertoire = open_repertoire(publish_world(tiny_frames, tmp_path))
    sheet = openpyxl.load_workbook(io.BytesIO(_bytes(_answer([0], [0.0]), repertoire, "xlsx")))[
        "Formations"
    ]
    cell = sheet.cell(2, [c.nom for c in COLONNES].index("code_postal") + 1)
    assert (cell.value, cell.data_type) == ("02100", "s")


def test_workbook_has_a_notice(resultat, repertoire):
    resultat = replace(resultat, requete=Requete(texte="=cmd|' /C calc'!A0"))
    notice = openpyxl.load_workbook(io.BytesIO(_bytes(resultat, repertoire, "xlsx")))["Lisez-moi"]
    text = "\n".join(str(cell.value) for row in notice.iter_rows() for cell in row if cell.value)
    for expected in (
        "6 formations",
        "1 formation à distance",
        "Licence Ouverte 2.0",
        "2026",
        "assemblé le 2 janvier 2026",
        "Offre inventée (données fictives)",
        *(typeset(c.sens) for c in COLONNES),
    ):
        assert expected in text, expected
    assert {cell.data_type for row in notice.iter_rows() for cell in row} <= {"s", "n"}


def test_geojson_is_the_list(resultat, repertoire):
    content = _bytes(resultat, repertoire, "geojson")
    assert b"<script" not in content
    data = json.loads(content)
    assert data["type"] == "FeatureCollection" and "crs" not in data
    assert [
        (f["properties"]["id"], f["properties"]["id_lieu"]) for f in data["features"]
    ] == _expected(resultat, repertoire)
    by_id = {f["properties"]["id"]: f for f in data["features"]}
    assert by_id["tiny:a1"]["geometry"] == {"type": "Point", "coordinates": [2.05, 50.05]}
    assert (
        by_id["tiny:a5"]["geometry"] is None
        and by_id["tiny:a1"]["properties"]["intitule"] == HOSTILE
    )
    assert len({f["id"] for f in data["features"]}) == len(data["features"])
    assert {s["id_source"] for s in data["metadata"]["sources"]} == {"tiny", "fictive"} and data[
        "metadata"
    ]["nb_a_distance"] == 1


def test_every_format_says_the_same(resultat, repertoire):
    raw = list(
        csv.DictReader(io.StringIO(_bytes(resultat, repertoire, "csv-simple").decode(), newline=""))
    )
    features = json.loads(_bytes(resultat, repertoire, "geojson"))["features"]
    for row, feature in zip(raw, features, strict=True):
        for nom, value in feature["properties"].items():
            text = "" if value is None else str(value)
            assert row[nom].removeprefix("'") == text


def test_the_same_export_has_the_same_bytes(resultat, repertoire):
    for format in FORMATS:
        assert _bytes(resultat, repertoire, format) == _bytes(resultat, repertoire, format)


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_answer_is_an_empty_file_with_its_header(repertoire, format):
    content = _bytes(_answer([], []), repertoire, format)
    assert content and describe_export(_answer([], []), repertoire)["nb_resultats"] == 0


def test_too_many_rows_for_a_workbook(repertoire, monkeypatch):
    monkeypatch.setattr("geoapp.outputs.files.workbook.LIGNES_MAX", 1)
    with pytest.raises(ParameterError, match="Un classeur"):
        _bytes(_answer([0, 1], [1, 2]), repertoire, "xlsx")


def test_a_geopackage_is_the_list_with_types_points_and_style(resultat, repertoire, tmp_path):
    path = tmp_path / "f.gpkg"
    path.write_bytes(_bytes(resultat, repertoire, "gpkg"))
    layer = gpd.read_file(path, layer="Formations")
    assert list(zip(layer["id"], layer["id_lieu"], strict=True)) == _expected(resultat, repertoire)
    assert layer.crs == "EPSG:4326" and "longitude" not in layer
    by_id = layer.set_index("id")
    assert by_id.loc["tiny:a1", "geometry"].coords[0] == (2.05, 50.05)
    assert by_id.loc["tiny:a5", "geometry"] is None and by_id.loc["tiny:a1", "capacite"] == 12
    assert set(pyogrio.list_layers(path)[:, 0]) == {
        "Formations",
        "lisez_moi",
        "dictionnaire",
        "layer_styles",
    }


def test_a_parquet_is_the_list_with_types_and_points(resultat, repertoire, tmp_path):
    path = tmp_path / "f.parquet"
    path.write_bytes(_bytes(resultat, repertoire, "parquet"))
    layer = gpd.read_parquet(path)
    assert list(zip(layer["id"], layer["id_lieu"], strict=True)) == _expected(resultat, repertoire)
    assert str(layer["capacite"].dtype) == "Int64" and str(layer["prix_eur"].dtype) == "float64"
    assert layer.geometry.isna().sum() == layer["id"].eq("tiny:a5").sum() == 1
    notice = dict(json.loads(pq.read_schema(path).metadata[b"geoforma"]))
    assert notice["Contenu"] == "6 formations, 1 formation à distance"


@pytest.mark.parametrize("format", FORMATS)
def test_a_long_list_is_written_piece_by_piece_to_the_same_rows(
    resultat, repertoire, monkeypatch, tmp_path, format
):
    suffix = FORMATS[format].suffixe
    whole, parts = tmp_path / f"entier{suffix}", tmp_path / f"morceaux{suffix}"
    whole.write_bytes(_bytes(resultat, repertoire, format))
    monkeypatch.setattr("geoapp.outputs.offers.PAQUET", 2)
    fichier = offers_file(resultat, repertoire)
    assert [len(part) for part in fichier.table.lire()] == [2, 2, 2, 1]
    parts.write_bytes(_bytes(resultat, repertoire, format))
    if format.startswith("gpkg"):
        one, other = (gpd.read_file(path, layer="Formations") for path in (whole, parts))
        assert one.equals(other)
    else:
        assert whole.read_bytes() == parts.read_bytes()
