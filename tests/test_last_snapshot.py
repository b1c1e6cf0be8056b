"""The server keeps the last good snapshot: a bad publication is refused and told, no one harmed."""

from __future__ import annotations

import html
import json
import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from geoapp.core.errors import SnapshotError
from geoapp.core.snapshot import (
    CURRENT,
    MANIFEST,
    SNAPSHOTS,
    Snapshot,
    copy_verified,
    digest_of,
    list_snapshots,
)
from geoapp.web import create_app, served, warming
from geoapp.web.served import Courant
from support.examples import NIGHT
from support.words import plain
from support.world import make_tiny_frames, publish_world

PAGES = (
    "/",
    "/recherche",
    "/couverture",
    "/territoires/ze2020/3201",
    "/qualite",
    "/api/v1/formations",
    "/donnees/tables/lieux.csv",
)

LIGHT = ("/recherche", "/api/v1/formations")
"""What is asked of a server that holds everything, however a folder was harmed."""


def flip(path: Path) -> None:
    """Change one byte in the middle of a file, its length kept."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def change_manifest(folder: Path, **values) -> None:
    path = folder / MANIFEST
    told = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**told, **values}), encoding="utf-8")


CORRUPTIONS: dict[str, Callable[[Path], None]] = {
    "table manquante": lambda folder: (folder / "lieux.parquet").unlink(),
    "autre version": lambda folder: change_manifest(folder, schema="ancien"),
    "dossier disparu": shutil.rmtree,
    "octet changé": lambda folder: flip(folder / "offres.parquet"),
    "index coupé": lambda folder: cut(folder / "recherche.sqlite"),
    "index vide": lambda folder: (folder / "recherche.sqlite").write_bytes(b""),
    "table coupée": lambda folder: cut(folder / "lieux.parquet"),
    "trajets disparus": lambda folder: shutil.rmtree(folder / "trajets"),
    "manifeste illisible": lambda folder: cut(folder / MANIFEST),
    "manifeste changé": lambda folder: change_manifest(folder, nom_region="Bretagne"),
    "manifeste d'un autre genre": lambda folder: (folder / MANIFEST).write_text("[]"),
    "octet des trajets changé": lambda folder: flip(next((folder / "trajets").glob("*.npy"))),
}


def publish(frames, folder: Path, second: int) -> Snapshot:
    return publish_world(frames, folder, f"2026-01-02T03:04:{second:02d}Z")


def fewer(frames) -> dict:
    """Return the tables of a world with five offers instead of seven."""
    return {**frames, "offres": frames["offres"].iloc[:5]}


def answers(client) -> list[int]:
    return [client.get(page).status_code for page in PAGES]


def check_kept(client, good: str, caplog, pages: tuple[str, ...] = PAGES) -> None:
    """Check that the good one is served, and the bad one told everywhere."""
    assert [client.get(page).status_code for page in pages] == [200] * len(pages)
    page = html.unescape(client.get("/").text)
    assert "7 formations" in page and "Mise à jour refusée" in page
    told = client.get("/pret")
    assert told.status_code == 200 and told.get_json()["instantane"] == good
    assert told.get_json()["etat"] == "dernieres_bonnes_donnees"
    assert plain(told.get_json()["refus"]["raison"]) in plain(page)
    assert any(good in record.getMessage() for record in caplog.records)
    assert client.get("/sante").get_json() == {"etat": "ok"}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Return a client that has read everything of a good snapshot, that snapshot, a copy of it."""
    folder = tmp_path_factory.mktemp("servi")
    good = publish(make_tiny_frames(), folder, 1)
    client = create_app(folder).test_client()
    assert answers(client) == [200] * len(PAGES)
    shutil.copytree(good.path, folder / "copie")
    return client, good, folder / "copie"


@pytest.fixture
def living(running):
    """Return the same client and snapshot, as if nothing had ever been published after it."""
    client, good, copy = running
    data_dir = good.path.parents[1]
    shutil.rmtree(data_dir / SNAPSHOTS)
    shutil.copytree(copy, good.path)
    (data_dir / CURRENT).unlink()
    (data_dir / CURRENT).symlink_to(good.path)
    told = client.get("/pret").get_json()
    assert told["etat"] == "pret" and told["instantane"] == good.id
    return client, good, data_dir


@pytest.mark.parametrize("case", CORRUPTIONS)
def test_a_bad_publication_is_refused_and_the_good_one_stays(tiny_frames, living, case, caplog):
    caplog.set_level(logging.WARNING)
    client, good, data_dir = living
    CORRUPTIONS[case](publish(fewer(tiny_frames), data_dir, 2).path)
    check_kept(client, good.id, caplog, PAGES if case == "octet changé" else LIGHT)
    # A process started now has nothing in memory: it falls back to the one before.
    caplog.clear()
    again = create_app(data_dir).test_client()
    assert again.get("/pret").get_json()["instantane"] == good.id
    assert "Mise à jour refusée" in again.get("/sources").text and len(caplog.records) == 1
    last = publish(fewer(tiny_frames), data_dir, 3).id
    page = again.get("/").text
    assert "5 formations" in page and "Mise à jour refusée" not in page
    assert client.get("/pret").get_json()["instantane"] == last


@pytest.mark.parametrize("case", CORRUPTIONS)
def test_what_happens_to_the_folder_served_changes_no_answer(living, case, caplog):
    client, good, _ = living
    CORRUPTIONS[case](good.path)
    check_kept(client, good.id, caplog, LIGHT)


def cut_all(folder: Path) -> None:
    """Cut every file where it lies: one that is not a copy is cut too."""
    for path in filter(Path.is_file, folder.rglob("*")):
        cut(path)


@pytest.mark.parametrize("harm", [shutil.rmtree, cut_all])
def test_what_was_not_read_yet_is_read_in_the_copy(tiny_frames, tmp_path, harm, caplog):
    """Nothing was asked before: every table, the index and the costs are yet to be read."""
    good = publish(tiny_frames, tmp_path, 1)
    client = create_app(tmp_path).test_client()
    harm(good.path)
    check_kept(client, good.id, caplog)


def test_the_link_removed_and_put_back(tiny_frames, tmp_path):
    good = publish(tiny_frames, tmp_path, 1)
    client = create_app(tmp_path).test_client()
    (tmp_path / CURRENT).unlink()
    assert answers(client) == [200] * len(PAGES)
    assert client.get("/pret").get_json()["refus"]["instantane"] is None
    (tmp_path / CURRENT).symlink_to(good.path)
    assert client.get("/pret").get_json()["refus"] is None


def test_a_refusal_is_logged_once_and_a_repair_is_seen(tiny_frames, tmp_path, caplog):
    publish(tiny_frames, tmp_path, 1)
    client = create_app(tmp_path).test_client()
    bad = publish(fewer(tiny_frames), tmp_path, 2).path / "offres.parquet"
    whole = bad.read_bytes()
    flip(bad)
    for _ in range(5):
        assert "7 formations" in client.get("/").text
    assert [one.levelname for one in caplog.records] == ["WARNING"]
    bad.write_bytes(whole)
    assert "5 formations" in client.get("/").text
    assert client.get("/pret").get_json()["refus"] is None


def test_nothing_good_at_all_is_told_without_a_path(tiny_frames, tmp_path):
    flip(publish(tiny_frames, tmp_path, 1).path / "offres.parquet")
    client = create_app(tmp_path).test_client()
    told = client.get("/pret")
    assert told.status_code == 503 and told.get_json()["etat"] == "indisponible"
    assert "offres.parquet" in told.get_json()["refus"]["raison"]
    assert str(tmp_path) not in told.text + client.get("/").text
    assert client.get("/").status_code == 503 and client.get("/sante").status_code == 200


def test_a_name_that_leads_out_of_the_folder_is_refused(tiny_frames, tmp_path):
    snapshot = publish(tiny_frames, tmp_path, 1)
    told = {**snapshot.manifest, "fichiers": {"../dehors": "0" * 64}}
    change_manifest(snapshot.path, **{**told, "empreinte": digest_of(told)})
    with pytest.raises(SnapshotError, match="abîmé"):
        copy_verified(snapshot.path, tmp_path / "copie")
    assert not (tmp_path / "dehors").exists()


def test_a_manifest_that_lists_no_file_has_its_tables_proven(tiny_frames, tmp_path):
    snapshot = publish(tiny_frames, tmp_path, 1)
    path = snapshot.path / MANIFEST
    told = json.loads(path.read_text(encoding="utf-8"))
    del told["fichiers"], told["empreinte"]
    path.write_text(json.dumps(told), encoding="utf-8")
    assert copy_verified(snapshot.path, None).id == snapshot.id
    copy = copy_verified(snapshot.path, tmp_path / "copie").path
    assert (copy / "recherche.sqlite").exists() and list((copy / "trajets").glob("*.npy"))
    flip(snapshot.path / "lieux.parquet")
    with pytest.raises(SnapshotError, match=r"lieux\.parquet"):
        copy_verified(snapshot.path, None)


def test_a_full_temporary_folder_serves_where_the_snapshot_lies(tiny_frames, tmp_path, monkeypatch):
    good = publish(tiny_frames, tmp_path, 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    courant = Courant(tmp_path)
    assert courant.snapshot().path == good.path and courant.refus is None


def test_the_copy_goes_with_what_is_served(tiny_frames, tmp_path):
    publish(tiny_frames, tmp_path, 1)
    courant = Courant(tmp_path)
    first = courant.snapshot().path
    assert first.exists() and tmp_path not in first.parents
    publish(tiny_frames, tmp_path, 2)
    assert courant.snapshot().path != first and not first.exists()


def test_eight_first_searches_build_each_thing_once(tiny_frames, tmp_path, monkeypatch):
    publish(tiny_frames, tmp_path, 1)
    made = []

    def count(name: str, make: Callable) -> Callable:
        def counted(*args, **options):
            made.append(name)
            time.sleep(0.05)  # long enough for the seven others to come meanwhile
            return make(*args, **options)

        return counted

    for name in ("open_engine", "open_repertoire", "list_layers", "copy_verified"):
        monkeypatch.setattr(served, name, count(name, getattr(served, name)))
    app = create_app(tmp_path)
    together = threading.Barrier(8)

    def ask(_) -> int:
        together.wait()
        return app.test_client().get("/recherche?texte=soins").status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [200] * 8
    assert sorted(made) == ["copy_verified", "list_layers", "open_engine", "open_repertoire"]


def test_publications_under_load_fail_no_request(tiny_frames, tmp_path, monkeypatch):
    quick_warm_up(monkeypatch)
    publish(tiny_frames, tmp_path, 1)
    app = create_app(tmp_path, est_prechauffee=True)
    failed, waits, stop = [], [], threading.Event()

    def ask(page: str) -> None:
        client = app.test_client()
        while not stop.is_set():
            start = time.monotonic()
            status = client.get(page).status_code
            waits.append(time.monotonic() - start)
            if status >= 500:
                failed.append((page, status))
            time.sleep(0.1)

    threads = [threading.Thread(target=ask, args=(page,)) for page in PAGES]
    for thread in threads:
        thread.start()
    try:
        for second in range(2, 6 if NIGHT else 4):
            last = publish(tiny_frames if second % 2 else fewer(tiny_frames), tmp_path, second)
            time.sleep(0.2)
        wait_until(lambda: app.test_client().get("/pret").get_json()["instantane"] == last.id)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == [] and len(waits) > 20
    assert len(list_snapshots(tmp_path)) == 2


def quick_warm_up(monkeypatch) -> None:
    """Let the warm-up ask for one page only."""
    monkeypatch.setattr(warming, "ADDRESSES", ("/recherche",))
    monkeypatch.setattr(warming, "_samples", lambda servi: [])


def test_the_warm_up_asks_for_what_answers(tiny_frames, tmp_path):
    publish(tiny_frames, tmp_path, 1)
    app = create_app(tmp_path)
    servi = app.extensions["courant"].current()
    for address in [*warming.ADDRESSES, *warming._samples(servi)]:
        assert app.test_client().get(address).status_code == 200, address


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that a thread does."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def test_the_old_one_is_served_until_the_new_one_is_warm(tiny_frames, tmp_path, monkeypatch):
    quick_warm_up(monkeypatch)
    good = publish(tiny_frames, tmp_path, 1).id
    held, free = threading.Event(), threading.Event()

    def slow(app, servi) -> None:
        if servi.snapshot().id != good:
            held.set()
            free.wait(30)
        warming.warm_pages(app, servi)

    monkeypatch.setattr("geoapp.web.warm_pages", slow)
    client = create_app(tmp_path, est_prechauffee=True).test_client()
    last = publish(fewer(tiny_frames), tmp_path, 2).id
    assert client.get("/pret").get_json()["instantane"] == good
    assert held.wait(30) and "7 formations" in client.get("/").text
    free.set()
    wait_until(lambda: client.get("/pret").get_json()["instantane"] == last)
    assert client.get("/pret").get_json()["est_chaud"] and "5 formations" in client.get("/").text


def test_a_snapshot_that_breaks_a_page_is_refused_before_anybody_sees_it(
    tiny_frames, tmp_path, monkeypatch
):
    quick_warm_up(monkeypatch)
    good = publish(tiny_frames, tmp_path, 1).id
    app = create_app(tmp_path, est_prechauffee=True)
    app.extensions["courant"].warm_up()
    client = app.test_client()
    wait_until(lambda: client.get("/pret").get_json()["est_chaud"])
    make = served.list_layers
    monkeypatch.setattr(
        served, "list_layers", lambda snapshot: make(snapshot) if snapshot.id == good else 1 / 0
    )
    publish(fewer(tiny_frames), tmp_path, 2)
    wait_until(lambda: client.get("/pret").get_json()["refus"] is not None)
    assert client.get("/pret").get_json()["instantane"] == good
    assert (
        "n'a pas pu être montré (/recherche)" in client.get("/pret").get_json()["refus"]["raison"]
    )
    assert answers(client) == [200] * len(PAGES)


def test_an_answer_reads_one_snapshot_from_start_to_end(tiny_frames, tmp_path, monkeypatch):
    good = publish(tiny_frames, tmp_path, 1).id
    app = create_app(tmp_path)
    seen = []

    def publish_meanwhile():
        seen.append(served.courant().snapshot().id)
        publish(fewer(tiny_frames), tmp_path, 2)
        seen.append(served.courant().snapshot().id)
        return "fait"

    app.add_url_rule("/essai", view_func=publish_meanwhile)
    assert app.test_client().get("/essai").text == "fait" and seen == [good, good]
    assert app.test_client().get("/pret").get_json()["instantane"] != good
