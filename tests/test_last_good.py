"""A source whose producer breaks keeps its last good data, and says so on the pages, in `geoapp
info` and in the snapshot.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date

import pytest
from click.testing import CliRunner

from geoapp.cli import main
from geoapp.cli.info import describe_snapshot
from geoapp.core.errors import GeoFormaError, SourceError
from geoapp.core.files import sha256_of
from geoapp.core.snapshot import open_snapshot
from geoapp.ingest import pipeline
from geoapp.ingest.pipeline import build_snapshot
from geoapp.ingest.steps import DOSSIER
from geoapp.sources import cache
from geoapp.sources.cache import (
    Etat,
    cache_path,
    day_of,
    etat_path,
    now,
    previous_path,
    read_etat,
    write_etat,
)
from geoapp.sources.freshness import Signal, list_signals, served_sources
from geoapp.sources.network import Network
from geoapp.sources.refresh import refresh
from geoapp.sources.registry import load_sources
from geoapp.web import create_app
from support.builds import lend_steps
from support.producer import SETTINGS
from support.sources import HEADER, ROW
from support.world import publish_world

ID = "affelnet-2020"
GOOD = (HEADER + ROW + ROW.replace("0590258K", "0622309Y").replace("59350", "62041")).encode()


@pytest.fixture(scope="module")
def kept_steps(demo_snapshot, tmp_path_factory):
    """The steps kept by all the builds of this file, which differ by one small source: those of
    the demonstration first.
    """
    folder = tmp_path_factory.mktemp("etapes")
    lend_steps(demo_snapshot, folder)
    return folder / DOSSIER


@pytest.fixture
def world(producer, tmp_path, monkeypatch, kept_steps, small_demo):
    """The registry with one source that a local producer serves, and none other to download."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / DOSSIER).symlink_to(kept_steps)
    sources = {key: replace(one, telechargement="") for key, one in load_sources().items()}
    sources[ID] = replace(sources[ID], telechargement=producer.url)
    monkeypatch.setattr(pipeline, "sources_with_mirror", lambda mirror: sources)
    producer.body = GOOD
    return sources[ID], tmp_path / "var"


def described(snapshot) -> dict:
    return next(one for one in describe_snapshot(snapshot)["sources"] if one["id"] == ID)


def try_refresh(source, data_dir) -> None:
    with pytest.raises(SourceError):
        refresh(source, data_dir=data_dir, settings=SETTINGS, network=Network())


def test_a_producer_that_breaks_leaves_its_last_good_data_flagged(world, producer):
    source, data_dir = world
    first = described(build_snapshot(data_dir=data_dir))
    assert (first["mode"], first["valid"], first["alert"]) == ("telechargement", 2, None) and len(
        first["obtained"]
    ) == 10
    producer.script, producer.etag = ["page"], '"v2"'
    try_refresh(source, data_dir)
    snapshot = build_snapshot(data_dir=data_dir)
    second = described(snapshot)
    assert (second["mode"], second["valid"], second["sha256"]) == ("cache", 2, first["sha256"])
    assert (
        second["alert"].startswith("en panne, dernières bonnes données du ")
        and "Actualisation en échec le " in second["alert"]
        and "page web" in second["alert"]
    )
    damaged = etat_path(ID, data_dir)
    damaged.unlink()  # what the build met is told even when the record of the cache is lost
    shown = CliRunner().invoke(main, ["info", "--data", str(data_dir)]).output
    assert f"{ID} : en panne, dernières bonnes données du" in shown and "page web" in shown
    assert "page web au lieu des données" in card(create_app(data_dir).test_client())


def card(client) -> str:
    """Return what the page « Sources » says of the source."""
    return (
        client.get("/sources")
        .get_data(as_text=True)
        .partition(f'id="source-{ID}"')[2]
        .partition("</article>")[0]
    )


def served(client) -> tuple[bytes, ...]:
    """Return the bytes of what is served of the data."""
    return tuple(
        client.get(address).data
        for address in ("/donnees/points.json", "/donnees/tables/offres.csv", "/rejets.csv")
    )


WAYS = {
    "500": ([500], "500"),
    "silence": (["muet"], "dans le délai"),
    "page": (["page"], "page web"),
    "moitié": (["moitie"], "incomplet"),
}


def test_a_failed_fetch_is_flagged_at_once_and_the_data_served_are_the_same(world, producer):
    source, data_dir = world
    build_snapshot(data_dir=data_dir)
    client = create_app(data_dir).test_client()
    before = served(client)
    assert all(len(one) > 50 for one in before)
    for script, word in WAYS.values():
        assert "En panne" not in client.get("/").text and "en panne" not in card(client)
        producer.script, producer.etag = list(script), '"v2"'
        try_refresh(source, data_dir)
        check_flags(source, client, data_dir, word)
        assert served(client) == before
        producer.etag = '"v1"'
        refresh(source, data_dir=data_dir, settings=SETTINGS, network=Network())


def check_flags(source, client, data_dir, word: str) -> None:
    """Check that the pages and `geoapp info` tell a failure of today, and its reason."""
    today = day_of(now())
    assert f"En panne depuis le {today}, dernières bonnes données du {today} gardées" in card(
        client
    ) and word in card(client)
    banner = (
        client.get("/").text.partition('aria-label="Sources en panne"')[2].partition("</aside>")[0]
    )
    assert (
        f"{source.titre} (depuis le {today}, dernières bonnes données du {today} gardées)" in banner
    )
    assert (
        "en panne</span>" in client.get("/qualite").text
        and f"en panne depuis le {today}" in client.get(f"/qualite/source/{ID}").text
    )
    shown = CliRunner().invoke(main, ["info", "--data", str(data_dir)]).output
    assert f"{ID} : en panne depuis le {today}" in shown and word in shown
    told = json.loads(CliRunner().invoke(main, ["info", "--json", "--data", str(data_dir)]).output)
    assert next(one for one in told["sources"] if one["id"] == ID)["broken_since"] == now()[:10]


def test_the_flag_goes_as_soon_as_the_producer_answers_well(world, producer):
    source, data_dir = world
    build_snapshot(data_dir=data_dir)
    producer.script = [500]
    try_refresh(source, data_dir)
    build_snapshot(data_dir=data_dir)  # the failure is now in the snapshot too
    client = create_app(data_dir).test_client()
    assert "En panne depuis" in card(client)
    refresh(source, data_dir=data_dir, settings=SETTINGS, network=Network())
    assert "panne" not in card(client).lower() and "En panne" not in client.get("/").text
    producer.body, producer.etag = GOOD + ROW.replace("0590258K", "0590117G").encode(), '"v2"'
    refresh(source, data_dir=data_dir, settings=SETTINGS, network=Network())
    assert "pas encore servie" in card(client)


def test_the_first_failure_gives_the_day_and_the_last_one_the_reason(world, producer):
    source, data_dir = world
    producer.script = [500, "page"]
    try_refresh(source, data_dir)
    write_etat(
        source, data_dir, replace(read_etat(source, data_dir), panne_le="2026-01-02T00:00:00Z")
    )
    try_refresh(source, data_dir)
    row = {
        "id_source": ID,
        "mode": "demonstration",
        "rythme": "annuel",
        "millesime": "2020",
        "date_obtention": None,
        "alerte": None,
        "sha256": None,
    }
    signal = list_signals([row], data_dir, date(2026, 2, 1))[ID]
    assert (
        signal.panne == "en panne depuis le 02/01/2026, aucune bonne donnée encore obtenue"
        and "page web" in signal.raison
    )


DAMAGED = {
    "coupé": b'{"echec": "le prod',
    "liste": b"[1, 2]",
    "nombre": b"3",
    "rien": b"null",
    "octets": b"\xff\xfe\x00",
    "vide": b"",
    "profond": b"[" * 100_000,
    "types": (
        b'{"echec": 3, "echec_le": [], "obtenu_le": {}, "sha256": null, "nb_lignes": "x", '
        b'"verifie_le": true}'
    ),
    "dates": (
        b'{"echec": "non", "echec_le": "hier", "panne_le": "2026-13-45T99:99:99Z", "obtenu_le": '
        b'"0000-00-00"}'
    ),
    "demi-caractere": (
        b'{"echec": "\\ud800 \\u001b[31m <script>alert(1)</script>", "echec_le": '
        b'"2026-01-02T00:00:00Z"}'
    ),
    "long": b'{"echec": "' + b"x" * 200_000 + b'"}',
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_record_never_breaks_a_page(tiny_snapshot, tmp_path, case):
    record = etat_path("tiny", tmp_path)
    record.parent.mkdir(parents=True)
    record.write_bytes(DAMAGED[case])
    client = create_app(tmp_path).test_client()
    pages = [client.get(address) for address in ("/", "/sources", "/qualite")]
    assert [page.status_code for page in pages] == [200] * 3 and all(
        "<script>alert" not in page.text and "None" not in page.text for page in pages[1:]
    )
    shown = CliRunner().invoke(main, ["info", "--data", str(tmp_path)])
    assert shown.exit_code == 0 and "\x1b" not in shown.output
    assert ("En panne" in pages[1].text) == (case in ("dates", "demi-caractere"))


def test_a_record_that_is_no_file_says_nothing(tiny_snapshot, tmp_path):
    etat_path("tiny", tmp_path).mkdir(parents=True)
    os.mkfifo(etat_path("fictive", tmp_path).parent.parent / "fifo")
    etat_path("fictive", tmp_path).parent.mkdir()
    (tmp_path / "cache" / "fifo").rename(etat_path("fictive", tmp_path))
    assert create_app(tmp_path).test_client().get("/sources").status_code == 200


def test_lateness_is_that_of_the_day_of_reading(tiny_frames, tmp_path):
    tiny_frames["sources"]["rythme"] = "mensuel"
    rows = served_sources(publish_world(tiny_frames, tmp_path))
    assert list_signals(rows, None, date(2027, 1, 31))["tiny"] == Signal()
    late = list_signals(rows, None, date(2027, 2, 1))
    assert (
        late["tiny"].retard
        == "en retard\u202f: rythme annoncé (mensuel) dépassé depuis le 31/01/2027"
        and late["tiny"].retard_depuis == "2027-01-31"
    )
    assert late["fictive"] == Signal(), "invented data are late on nothing"
    info = {
        one["id"]: one
        for one in describe_snapshot(open_snapshot(tmp_path), today=date(2027, 2, 1))["sources"]
    }
    assert info["tiny"]["late_since"] == "2027-01-31" and info["fictive"]["late"] is None


def test_a_record_is_read_again_only_when_it_changed(tmp_path, monkeypatch):
    record, read = etat_path("tiny", tmp_path), []
    record.parent.mkdir(parents=True)
    record.write_text('{"echec": "un"}')
    monkeypatch.setattr(
        cache, "_load_etat", lambda path: read.append(path) or Etat(echec=str(len(read)))
    )
    assert [cache.recent_etat("tiny", tmp_path).echec for _ in range(3)] == ["1"] * 3
    record.write_text('{"echec": "deux"}')
    assert cache.recent_etat("tiny", tmp_path).echec == "2"


def damage(source, data_dir) -> None:
    """Make the cached copy one that cannot be read, as a delivery in a new layout is for an older
    product.
    """
    path = cache_path(source, data_dir)
    path.unlink()
    path.write_text("autre;colonnes\n1;2\n", encoding="utf-8")
    write_etat(source, data_dir, replace(read_etat(source, data_dir), sha256=sha256_of(path)))


def test_an_unreadable_copy_gives_way_to_the_one_before(world, producer):
    source, data_dir = world
    refresh(source, data_dir=data_dir, settings=SETTINGS, network=Network())
    producer.body, producer.etag = GOOD + ROW.replace("0590258K", "0590117G").encode(), '"v2"'
    refresh(source, data_dir=data_dir, settings=SETTINGS, network=Network())
    damage(source, data_dir)
    info = described(build_snapshot(data_dir=data_dir))
    assert (
        info["valid"] == 2
        and "Dernière livraison illisible, la précédente est gardée." in info["alert"]
    )
    previous_path(source, data_dir).unlink()


def test_an_unreadable_copy_gives_way_to_what_the_snapshot_served_holds(world):
    source, data_dir = world
    good = described(build_snapshot(data_dir=data_dir))
    damage(source, data_dir)
    info = described(build_snapshot(data_dir=data_dir))
    assert (info["valid"], info["sha256"], info["obtained"]) == (
        2,
        good["sha256"],
        good["obtained"],
    )
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
