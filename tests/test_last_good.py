"""A source whose producer breaks keeps its last good data, and says so on the pages, in `geoapp info` and in the snapshot."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner
from test_build import HEADER, ROW
from test_refresh import SETTINGS, producer  # noqa: F401

from geoapp.build import build_snapshot, pipeline
from geoapp.cli import main
from geoapp.errors import GeoFormaError, SourceError
from geoapp.info import describe_snapshot
from geoapp.sources.cache import cache_path, previous_path, read_etat, write_etat
from geoapp.sources.content import sha256_of
from geoapp.sources.network import Network
from geoapp.sources.refresh import refresh
from geoapp.sources.registry import load_sources
from geoapp.web import create_app

ID = "affelnet-2020"
GOOD = (HEADER + ROW + ROW.replace("0590258K", "0622309Y").replace("59350", "62041")).encode()


@pytest.fixture
def world(producer, tmp_path, monkeypatch):  # noqa: F811
    """The registry with one source that a local producer serves, and none other to download."""
    sources = {key: replace(one, telechargement="") for key, one in load_sources().items()}
    sources[ID] = replace(sources[ID], telechargement=producer.url)
    monkeypatch.setattr(pipeline, "load_sources", lambda: sources)
    producer.body = GOOD
    return sources[ID], tmp_path / "var"


def described(snapshot) -> dict:
    return next(one for one in describe_snapshot(snapshot)["sources"] if one["id"] == ID)


def try_refresh(source, data_dir) -> None:
    with pytest.raises(SourceError):
        refresh(source, data_dir=data_dir, settings=SETTINGS, network=Network())


def test_a_producer_that_breaks_leaves_its_last_good_data_flagged(world, producer):  # noqa: F811
    source, data_dir = world
    first = described(build_snapshot(data_dir=data_dir))
    assert (first["mode"], first["valid"], first["alert"]) == ("telechargement", 2, None) and len(first["obtained"]) == 10
    producer.script, producer.etag = ["page"], '"v2"'
    try_refresh(source, data_dir)
    snapshot = build_snapshot(data_dir=data_dir)
    second = described(snapshot)
    assert (second["mode"], second["valid"], second["sha256"]) == ("cache", 2, first["sha256"])
    assert second["alert"].startswith("Actualisation en échec le ") and "page web" in second["alert"]
    shown = CliRunner().invoke(main, ["info", "--data", str(data_dir)]).output
    assert f"Dernière bonne version gardée pour {ID}" in shown and "page web" in shown
    client = create_app(data_dir).test_client()
    page = client.get("/sources").get_data(as_text=True)
    assert "dernière bonne version</span>" in page and "page web au lieu des données" in page
    assert f"la dernière bonne version est employée : {source.titre}" in client.get("/").get_data(as_text=True)


def damage(source, data_dir) -> None:
    """Make the cached copy one that cannot be read, as a delivery in a new layout is for an older product."""
    path = cache_path(source, data_dir)
    path.unlink()
    path.write_text("autre;colonnes\n1;2\n", encoding="utf-8")
    write_etat(source, data_dir, replace(read_etat(source, data_dir), sha256=sha256_of(path)))


def test_an_unreadable_copy_gives_way_to_the_one_before(world, producer):  # noqa: F811
    source, data_dir = world
    refresh(source, data_dir=data_dir, settings=SETTINGS, network=Network())
    producer.body, producer.etag = GOOD + ROW.replace("0590258K", "0590117G").encode(), '"v2"'
    refresh(source, data_dir=data_dir, settings=SETTINGS, network=Network())
    damage(source, data_dir)
    info = described(build_snapshot(data_dir=data_dir))
    assert info["valid"] == 2 and info["alert"].startswith("Dernière livraison illisible, la précédente est gardée.")
    previous_path(source, data_dir).unlink()


def test_an_unreadable_copy_gives_way_to_what_the_snapshot_served_holds(world):
    source, data_dir = world
    good = described(build_snapshot(data_dir=data_dir))
    damage(source, data_dir)
    info = described(build_snapshot(data_dir=data_dir))
    assert (info["valid"], info["sha256"], info["obtained"]) == (2, good["sha256"], good["obtained"])
    assert "celle de l'instantané précédent est gardée" in info["alert"]
    again = described(build_snapshot(data_dir=data_dir))
    assert again == info, "and for as long as the producer does not send better"


def test_without_any_good_copy_the_build_stops_and_names_it(world):
    source, data_dir = world
    refresh(source, data_dir=data_dir, settings=SETTINGS, network=Network())
    damage(source, data_dir)
    with pytest.raises(GeoFormaError, match=f"- {ID} : .*colonne"):
        build_snapshot(data_dir=data_dir)
    assert not (data_dir / "courant").exists()
