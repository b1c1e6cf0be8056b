"""The places as vector tiles: read back, they are the tables; by ranges; never unfiltered."""

from __future__ import annotations

import gzip
import html
import json
import re

import geopandas as gpd
import mapbox_vector_tile
import numpy as np
import pandas as pd
import pyogrio
import pytest
from pmtiles.reader import MemorySource, Reader, all_tiles

from geoapp.core.snapshot import TUILES
from geoapp.ingest.step_tiles import tiles_file
from geoapp.offer.search.engine import open_engine, search
from geoapp.offer.search.requests import parse_request
from geoapp.offer.search.tile_counts import COMPTEES, property_name
from geoapp.offer.search.tiled import (
    SEUIL_LIEUX,
    Archive,
    answering,
    open_archive,
    placed_rows,
)
from geoapp.offer.search.tiles import (
    DERNIER_ZOOM,
    LIEUX_MAX,
    MAILLES,
    PAS_DU_MONDE,
    archive,
    offer_tiles,
)
from geoapp.web import create_app
from support.needs import make_needs_world
from support.world import publish_world


def make_world() -> dict[str, pd.DataFrame]:
    """Return the tiny world, one of its actions at a distance: it is in no tile."""
    frames = make_needs_world()
    frames["offres"].loc[frames["offres"]["id_action"].eq("tiny:a2"), "modalite"] = "a_distance"
    return frames


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    frames = make_world()
    content = tiles_file(offer_tiles(frames), frames["sources"])
    return publish_world(
        frames,
        tmp_path_factory.mktemp("tuiles"),
        also=lambda folder: (folder / TUILES).write_bytes(content),
    )


@pytest.fixture(scope="module")
def content(snapshot) -> bytes:
    return (snapshot.path / TUILES).read_bytes()


@pytest.fixture(scope="module")
def client(snapshot):
    return create_app(snapshot.path.parents[1]).test_client()


def decode(content: bytes) -> pd.DataFrame:
    """Return every point of a file: zoom, tile, longitude, latitude, properties."""
    rows = []
    for (zoom, column, row), tile in all_tiles(MemorySource(content)):
        layer = mapbox_vector_tile.decode(
            gzip.decompress(tile), default_options={"y_coord_down": True}
        )["lieux"]
        for feature in layer["features"]:
            x, y = (
                (corner + step / layer["extent"]) / 2**zoom
                for corner, step in zip(
                    (column, row), feature["geometry"]["coordinates"], strict=True
                )
            )
            where = {
                "zoom": zoom,
                "tuile": (column, row),
                "longitude": x * 360 - 180,
                "latitude": np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * y)))),
            }
            rows.append(where | feature["properties"])
    return pd.DataFrame(rows)


def crowd(nb: int, spread: float) -> dict[str, pd.DataFrame]:
    """Return `nb` offers, each in its place with long texts, within `spread` degrees of Lille."""
    random = np.random.default_rng(7)
    x, y = 3.06 + random.normal(0, spread, nb), 50.63 + random.normal(0, spread, nb)
    offres = pd.DataFrame(
        {
            "id_lieu": [f"source-{n:032x}" for n in random.integers(0, 2**62, nb)],
            "nom_organisme": [f"Organisme {n:024x}" for n in random.integers(0, 2**62, nb)],
            "nom_commune": "Villeneuve-d'Ascq",
            "code_commune": "59009",
            "modalite": None,
            "code_domaine": random.choice(["sante", "industrie", "commerce", "art"], nb),
            "niveau_sortie": random.choice(["3", "4", "5", None], nb),
            "precision_position": "adresse",
            "est_douteuse": False,
        }
    )
    return {"offres": gpd.GeoDataFrame(offres, geometry=gpd.points_from_xy(x, y), crs=4326)}


def test_each_zoom_sums_to_what_a_search_finds_whatever_the_filter(snapshot, content):
    engine, points = open_engine(snapshot), decode(content)
    known = placed_rows(engine)
    asked = {"nb": {}} | {
        property_name(nom, one.valeur): {nom: one.valeur}
        for nom in COMPTEES
        for one in engine.colonnes[nom].options
    }
    seen = 0
    for nom, query in asked.items():
        found = search(engine, parse_request(query, engine))
        placed = int(known[found.lignes].sum())
        sums = points.groupby("zoom")[nom].sum() if nom in points else pd.Series(0, [0])
        assert set(sums) == {placed}, nom
        seen += placed > 0
    assert set(points["zoom"]) == set(range(DERNIER_ZOOM + 1)) and seen > 4


def test_the_last_zoom_has_each_place_where_it_is(snapshot, content):
    offres = snapshot.read("offres")
    placed = offres[offres.geometry.notna() & offres["modalite"].ne("a_distance").fillna(True)]
    points = decode(content)
    last = points[points["zoom"].eq(points["zoom"].max())]
    assert last["nb_lieux"].isna().all() if "nb_lieux" in last else True
    told = last.assign(id_lieu=last["id_lieu"].str.split("|")).explode("id_lieu")
    assert sorted(told["id_lieu"]) == sorted(placed["id_lieu"].unique())
    assert int(last["nb"].sum()) == len(placed)
    where = placed.drop_duplicates("id_lieu").set_index("id_lieu").loc[told["id_lieu"]]
    # A step of the coordinates, in degrees.
    for got, kept in ((told["longitude"], where.geometry.x), (told["latitude"], where.geometry.y)):
        assert np.abs(got.to_numpy() - kept.to_numpy()).max() <= 360 / PAS_DU_MONDE
    assert (told["commune"].to_numpy() == where["nom_commune"].to_numpy()).all()
    doubtful = told["est_douteuse"].eq(True).to_numpy()
    assert (doubtful == where["est_douteuse"].fillna(False).to_numpy(bool)).all()
    assert doubtful.any(), "approximate is not exact: a doubt is told"


def test_another_program_reads_the_same(content, tmp_path):
    path = tmp_path / TUILES
    path.write_bytes(content)
    points = decode(content)
    read = pyogrio.read_dataframe(path, layer="lieux")
    assert read["nb"].sum() == points.loc[points["zoom"].eq(DERNIER_ZOOM), "nb"].sum()
    assert set(read["id_lieu"]) == set(points["id_lieu"].dropna())


@pytest.mark.parametrize("spread", [0.004, 0.3])
def test_no_tile_is_heavy_however_close_places_are(spread):
    made = offer_tiles(crowd(1_200, spread))
    points = decode(archive(made, {}))
    by_tile = points.groupby(["zoom", "tuile"]).size()
    last = points["zoom"].max()
    assert by_tile[by_tile.index.get_level_values("zoom") < last].max() <= MAILLES**2
    assert by_tile[last].max() <= LIEUX_MAX
    assert max(len(one.contenu) for one in made.tuiles) <= 40_000
    assert set(points.groupby("zoom")["nb"].sum()) == {1_200}
    assert (last > DERNIER_ZOOM) == (spread < 0.01), "closer places, one zoom more"


def test_the_same_tables_give_the_same_bytes_and_nothing_gives_no_file(content):
    frames = make_world()
    assert tiles_file(offer_tiles(frames), frames["sources"]) == content
    frames["offres"] = frames["offres"].iloc[::-1].reset_index(drop=True)
    assert tiles_file(offer_tiles(frames), frames["sources"]) == content, "whatever their order"
    frames["offres"] = frames["offres"].iloc[:0]
    assert tiles_file(offer_tiles(frames), frames["sources"]) == b""


def test_the_file_says_where_it_comes_from(snapshot, content):
    told = Reader(MemorySource(content)).metadata()
    assert told["name"] and told["vector_layers"][0]["id"] == "lieux"
    assert told["vector_layers"][0]["maxzoom"] == DERNIER_ZOOM
    source = snapshot.read("sources").query("usage == 'offre'").iloc[0]
    for nom in ("titre", "millesime", "licence"):
        assert str(source[nom]) in told["attribution"]


def test_it_is_served_by_ranges_to_any_site(client, content, snapshot):
    path = f"/donnees/{TUILES}"

    def ask(**given):
        with client.get(path, **given) as answer:
            return answer, answer.data

    whole, data = ask()
    assert data == content and whole.mimetype == "application/vnd.pmtiles"
    assert whole.headers["Accept-Ranges"] == "bytes" and "Content-Encoding" not in whole.headers
    etag = whole.headers["ETag"]
    part, data = ask(headers={"Range": "bytes=10-29", "Origin": "null"})
    assert part.status_code == 206 and data == content[10:30]
    assert part.headers["Content-Range"] == f"bytes 10-29/{len(content)}"
    assert part.headers["ETag"] == etag and part.headers["Access-Control-Allow-Origin"] == "*"
    exposed = part.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"ETag", "Content-Range"} <= set(exposed)
    allowed = client.options(path).headers["Access-Control-Allow-Headers"]
    assert "Range" in allowed.split(", ")
    assert ask(headers={"If-None-Match": etag})[0].status_code == 304
    assert ask(headers={"Range": "bytes=99999999-"})[0].status_code == 416
    stale, data = ask(headers={"Range": "bytes=10-29", "If-Range": '"autre"'})
    assert stale.status_code == 200 and data == content, "bytes of two files never mix"
    assert "immutable" in ask(query_string={"v": snapshot.id})[0].headers["Cache-Control"]


def test_a_snapshot_without_tiles_serves_none(tmp_path):
    published = publish_world(make_needs_world(), tmp_path)
    client = create_app(tmp_path).test_client()
    assert client.get(f"/donnees/{TUILES}").status_code == 404
    assert open_archive(published) is None
    catalogue = client.get("/donnees/catalogue.jsonld").text
    assert TUILES not in catalogue


def test_a_portal_finds_it_beside_the_places(client, content):
    graph = client.get("/donnees/catalogue.jsonld").get_json()["@graph"]
    (one,) = [row for row in graph if row["@id"].endswith("#lieux-pmtiles")]
    assert one["dcat:downloadURL"]["@id"].endswith(f"/donnees/{TUILES}")
    assert one["dcat:byteSize"]["@value"] == str(len(content))
    (places,) = [row for row in graph if row.get("dct:identifier") == "lieux"]
    assert {"@id": one["@id"]} in places["dcat:distribution"]


@pytest.mark.parametrize(
    "query, names",
    [
        ("", ["nb"]),
        ("domaine=sante", ["domaine_sante"]),
        ("niveau=4&niveau=5", ["niveau_4", "niveau_5"]),
        ("domaine=sante&niveau=4", []),
        ("voie=scolaire", []),
        ("texte=cap", []),
        ("lieu=commune:80001", []),
        ("lieu=departement:80", []),
    ],
)
def test_tiles_answer_only_what_they_tell(client, query, names, monkeypatch):
    page = client.get(f"/integrer/recherche?{query}")
    assert '"tuiles"' not in page.text, "few places: the points of a view weigh less"
    monkeypatch.setattr("geoapp.offer.search.tiled.SEUIL_LIEUX", 1)
    # Kept by address: another one is asked.
    page = client.get(f"/integrer/recherche?{query}&tri=titre")
    found = re.search(r'id="tuiles">(.*?)</script>', page.text, re.S)
    told = json.loads(html.unescape(found[1])) if found else {"proprietes": []}
    assert told["proprietes"] == names
    if names:
        points = client.get(f"/api/v1/points?{query}&emprise=-5,41,10,55&zoom=5").get_json()
        assert told["nb"] == sum(point["nb"] for point in points["points"])
        asked = {"Range": f"bytes=0-{told['tete'] - 1}"}
        with client.get(told["adresse"], headers=asked) as head:
            assert head.status_code == 206 and len(head.data) == told["tete"]


def test_a_count_that_is_not_that_of_the_search_is_not_drawn(snapshot):
    engine = open_engine(snapshot)
    requete = parse_request({}, engine)
    held = Archive(tete=127, totaux={"nb": [50, SEUIL_LIEUX]})
    assert answering(held, requete, 50) == ["nb"]
    assert answering(held, requete, 49) == []
    assert answering(Archive(tete=127, totaux={"nb": [50, SEUIL_LIEUX - 1]}), requete, 50) == []
    assert answering(None, requete, 50) == []
