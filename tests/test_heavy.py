"""Heavy files are made apart: light pages answer meanwhile, what is too much is put off and said,
what is of no more use is ended, and nothing is left behind.
"""

from __future__ import annotations

import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from flask import Response

from geoapp.core.config import Settings
from geoapp.web import api, create_app
from geoapp.web.heavy import ahead, foreman, views
from geoapp.web.heavy.quota import Quota
from geoapp.web.heavy.workshop import REGARD_S, start_heavy
from support.stack import SERVE
from support.world import make_tiny_frames, publish_world

ROOT = Path(__file__).resolve().parents[1]
SHEET = "/territoires/ze2020/3201/fiche.pdf"

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="without fork, heavy files are made where they are asked"
)


@contextmanager
def serving(folder: Path):
    """Run a server of the tiny world, whose temporary folder is its own; yield (process, port)."""
    temporary = folder / "tmp"
    temporary.mkdir()
    publish_world(make_tiny_frames(), folder / "var")
    environ = {**os.environ, "TMPDIR": str(temporary), "GEOAPP_DATA": str(folder / "var")}
    # A test tells what it asked from what is made ahead by the folder of what is being made.
    environ["GEOAPP_AVANCE_S"] = "0"
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, int(process.stdout.readline().split()[2].rstrip("/").rpartition(":")[2])
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all: (its temporary folder, its port, its process)."""
    folder = tmp_path_factory.mktemp("serveur")
    with serving(folder) as (process, port):
        yield folder / "tmp", port, process


def ask(port: int, address: str, seconds: float = 60) -> tuple[int, dict, bytes]:
    """Return the status, the headers and the body of an answer."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        client.request("GET", address)
        answer = client.getresponse()
        return answer.status, dict(answer.headers), answer.read()
    finally:
        client.close()


def wait_until(is_so, seconds: float = 20) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def test_an_answer_of_choices_is_kept_for_all_and_one_typed_is_not(server):
    temporary, port, _ = server
    # On a busy machine the first one may take longer than its time: who comes back finds it.
    wait_until(lambda: ask(port, SHEET)[0] == 200, seconds=120)
    first = ask(port, SHEET)
    kept = set(temporary.rglob("gardees/*/*"))
    again = ask(port, SHEET)
    assert first[0] == 200 and first[2].startswith(b"%PDF") and kept
    assert first[2] == again[2] and first[1]["Content-Type"] == "application/pdf"
    assert first[1]["Content-Disposition"] == again[1]["Content-Disposition"]
    assert ask(port, "/api/v1/formations.xlsx?texte=soins")[0] == 200
    assert set(temporary.rglob("gardees/*/*")) == kept
    wait_until(lambda: not list(temporary.rglob("travail-*")))


def test_ten_greedy_clients_stop_no_light_page(server):
    _, port, _ = server
    ask(port, "/recherche")
    numbers, answers, clients = iter(range(2, 10_000)), [], []
    stop = threading.Event()

    def hammer(client: http.client.HTTPConnection) -> None:
        # At the end the clients leave without their answer.
        with closing(client), suppress(OSError, http.client.HTTPException):
            while not stop.is_set():
                client.request("GET", f"{SHEET}?seuil_km={next(numbers)}")
                with client.getresponse() as answer:
                    answers.append((answer.status, answer.headers.get("Retry-After")))
                    answer.read()
                stop.wait(0.2)

    with ThreadPoolExecutor(10) as pool:
        for _ in range(10):
            clients.append(http.client.HTTPConnection("127.0.0.1", port, timeout=60))
            clients[-1].connect()
            pool.submit(hammer, clients[-1])
        waits = []
        for address in ("/sante", "/recherche") * 4:
            start = time.monotonic()
            status, _, _ = ask(port, address)
            waits.append((status, time.monotonic() - start))
            time.sleep(0.1)
        stop.set()
        for client in clients:
            with suppress(OSError, AttributeError):
                client.sock.shutdown(socket.SHUT_RDWR)
    assert {status for status, _ in waits} == {200} and max(wait for _, wait in waits) < 1
    assert {status for status, _ in answers} <= {200, 503}
    put_off = [after for status, after in answers if status == 503]
    assert put_off and all(put_off)


def test_what_is_wrong_is_said_as_without_a_workshop(server):
    _, port, _ = server
    wait_until(lambda: ask(port, "/donnees/tables/offres.csv")[0] == 200)
    status, headers, body = ask(port, f"{SHEET}?seuil_km=beaucoup")
    assert status == 400 and "seuil_km" in body.decode() and "text/html" in headers["Content-Type"]
    assert ask(port, "/donnees/tables/inconnue.csv")[0] == 404
    status, headers, _ = ask(port, "/api/v1/formations.csv")
    assert status == 200 and headers["Content-Type"].startswith("text/csv")


def test_told_to_stop_it_ends_what_it_began_and_leaves_nothing(server):
    temporary, port, process = server
    group = int(list_children(process.pid)[0])
    answers = []
    wait_until(lambda: not list(temporary.rglob("travail-*")))
    asking = threading.Thread(target=lambda: answers.append(ask(port, "/figures/offre.png")[0]))
    asking.start()
    wait_until(lambda: list(temporary.rglob("travail-*")))
    process.terminate()
    asking.join()
    assert process.wait(20) == 0
    assert answers == [200]
    assert list(temporary.iterdir()) == []
    assert not has_processes(group)


def list_children(pid: int) -> list[str]:
    """Return the children of a process."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True
    )
    return listed.stdout.split()


def has_processes(group: int) -> bool:
    """Tell whether any process of a group runs."""
    listed = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return any(row[0] == str(group) and not row[1].startswith("Z") for row in rows)


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    """A workshop of this process, one of whose files is made by a view; nothing is warmed."""
    # Longer than the name of a socket may be: the workshop is reached all the same.
    deep = tmp_path / ("dossier-temporaire-au-long-nom-" * 4)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    monkeypatch.setattr(foreman, "prepare", lambda app, servi: iter(()))
    publish_world(make_tiny_frames(), tmp_path)
    app = create_app(settings=Settings(data_dir=tmp_path, avance_s=0))
    started = []

    def start(view, *, avance_s=0, sheet=None, **options):
        app.config["SETTINGS"] = replace(app.config["SETTINGS"], avance_s=avance_s)
        if sheet:
            app.view_functions["territories.sheet"] = views.apart(sheet, Quota(2))
        app.view_functions["downloads.everything"] = views.apart(view, Quota(2))
        started.append(start_heavy(app, **options))
        return app.test_client(), started[-1]

    yield start
    for one in started:
        one.stop()


FILE = "/donnees/geoforma.gpkg"


def slow(seconds: float):
    """Return a view that takes some seconds."""

    def view():
        time.sleep(seconds)
        return "fait"

    return view


def get(client, address: str, **environ) -> tuple[int, str]:
    """Return the status and the text of an answer, read to its end."""
    with client.get(address, environ_overrides=environ) as answer:
        return answer.status_code, answer.get_data(as_text=True)


def is_idle(atelier) -> bool:
    return not list(atelier.folder.glob("travail-*"))


def test_what_takes_too_long_is_put_off(workshop, monkeypatch):
    monkeypatch.setattr(foreman, "DELAI_S", 0.5)
    monkeypatch.setattr(foreman, "DELAI_GARDE_S", 1.0)
    client, atelier = workshop(slow(30))
    with client.get(FILE) as answer:
        assert answer.status_code == 503 and answer.headers["Retry-After"] == "30"
        assert "temps permis" in answer.get_json()["erreur"]["message"]
    wait_until(lambda: is_idle(atelier))


def test_who_comes_back_finds_what_took_too_long(workshop, monkeypatch):
    monkeypatch.setattr(foreman, "DELAI_S", 0.3)
    client, atelier = workshop(slow(1))
    assert get(client, FILE)[0] == 503
    wait_until(lambda: list(atelier.folder.glob("gardees/*/*")))
    assert get(client, FILE) == (200, "fait")


def test_a_client_that_leaves_ends_its_file(workshop):
    client, atelier = workshop(slow(30))
    left = {"waitress.client_disconnected": lambda: not is_idle(atelier)}
    assert get(client, FILE, **left)[0] == 503
    wait_until(lambda: is_idle(atelier))


def test_a_full_disk_is_said_with_its_cure_and_nothing_is_left(workshop):
    def half():
        yield b"half of it"
        raise OSError(errno.ENOSPC, "No space left on device")

    client, atelier = workshop(lambda: Response(half()))
    with client.get(FILE) as answer:
        assert answer.status_code == 503 and answer.headers["Retry-After"] == "60"
        assert "plus de place" in answer.get_json()["erreur"]["message"]
    wait_until(lambda: is_idle(atelier))
    assert not list(atelier.folder.rglob("gardees/*/*"))


def test_one_client_has_so_many_files_a_minute_and_kept_ones_are_free(workshop):
    client, _ = workshop(slow(0))
    typed = FILE + "?q="
    for address in ("203.0.113.7", "2001:db8::1"):
        statuses = [get(client, typed + x, REMOTE_ADDR=address)[0] for x in "abc"]
        assert statuses == [200, 200, 429], address
    with client.get(typed, environ_overrides={"REMOTE_ADDR": "2001:db8::2"}) as answer:
        assert answer.status_code == 429 and answer.headers["Retry-After"] == "60"
    assert get(client, FILE, REMOTE_ADDR="203.0.113.8")[0] == 200
    assert get(client, FILE, REMOTE_ADDR="203.0.113.7") == (200, "fait")
    # This machine is its operator, or a proxy with many people behind it.
    assert [get(client, typed + x)[0] for x in "abcd"] == [200] * 4


def test_what_is_asked_most_is_made_while_nobody_asks(workshop, monkeypatch):
    monkeypatch.setattr(foreman, "REPOS_S", 0.1)
    monkeypatch.setattr(foreman, "AVANCE_S", 0.3)
    monkeypatch.setattr(ahead, "_sheets", lambda: [])
    monkeypatch.setattr(ahead, "TYPES", ("zones",))
    client, atelier = workshop(slow(0), avance_s=900)
    wait_until(lambda: list(atelier.folder.glob("gardees/*/*")), seconds=180)
    wait_until(lambda: is_idle(atelier))
    # Without a workshop to make it, an answer can only be the one kept.
    os.killpg(atelier.pid, signal.SIGKILL)
    assert get(client, FILE)[0] == 503
    form = "/figures?emprise=region&largeur_mm=170&type=zones&format=png"
    with client.get(form) as answer:
        assert answer.status_code == 200 and answer.mimetype == "image/png"


def test_what_is_asked_passes_before_what_is_made_ahead(workshop, monkeypatch):
    def view():
        time.sleep(60 if os.nice(0) == foreman.DERNIER_RANG else 0)
        return "fait"

    monkeypatch.setattr(foreman, "REPOS_S", 0.1)
    monkeypatch.setattr(foreman, "EN_COURS", 1)
    monkeypatch.setattr(ahead, "_sheets", lambda: [])
    monkeypatch.setattr(ahead, "_figures", lambda: [FILE])
    client, atelier = workshop(view, avance_s=900)
    wait_until(lambda: not is_idle(atelier))
    # Another file has its place, and the same one does not wait for the last rank.
    assert get(client, FILE + "?q=a") == (200, "fait")
    assert not is_idle(atelier)
    assert get(client, FILE) == (200, "fait")
    wait_until(lambda: is_idle(atelier))


@pytest.mark.parametrize(("short_s", "status"), [(1.0, 200), (0.0, 503)])
def test_a_short_kind_of_file_does_not_wait_behind_long_ones(
    workshop, monkeypatch, short_s, status
):
    monkeypatch.setattr(foreman, "EN_COURS", 1)
    monkeypatch.setattr(foreman, "COURT_S", short_s)
    monkeypatch.setattr(foreman, "DELAI_S", 8 if status == 200 else 2)
    client, atelier = workshop(slow(0), sheet=lambda **path: slow(60)())
    assert get(client, FILE) == (200, "fait")
    wait_until(lambda: is_idle(atelier))
    with ThreadPoolExecutor() as pool:
        long = pool.submit(get, client.application.test_client(), SHEET)
        wait_until(lambda: not is_idle(atelier))
        assert get(client, FILE + "?q=a")[0] == status
        assert long.result()[0] == 503


def test_the_addresses_made_ahead_are_those_of_the_pages(tiny_snapshot, tmp_path, monkeypatch):
    # Of three zonings: a page of each is made.
    monkeypatch.setattr(ahead, "list_types", lambda world: ["departement", "epci", "ze2020"])
    site = Settings(data_dir=tmp_path, url="https://exemple.fr/carte")
    app = create_app(settings=site)
    servi = app.extensions["courant"].current()
    asked = [*ahead.asked_most(app, servi), *ahead.asked_next(app, servi)]
    assert all(one.cle for one in asked)
    assert {one.environ["SCRIPT_NAME"] for one in asked} == {"/carte"}
    assert SHEET in {one.environ["PATH_INFO"] for one in asked}
    page = app.test_client().get("/carte" + SHEET.rpartition("/")[0]).text
    assert f'href="/carte{SHEET}"' in page
    form = app.test_client().get("/carte/carte").text
    questions = [
        one.environ["QUERY_STRING"] for one in asked if one.environ["PATH_INFO"] == "/figures"
    ]
    for nom, valeur in parse_qsl(questions[0]):
        assert f'name="{nom}"' in form and f'value="{valeur}"' in form


def test_no_address_is_kept_by_the_quota():
    quota = Quota(5)
    assert not quota.is_over("203.0.113.7")
    assert b"203" not in b"".join(quota._counts) and "203" not in repr(vars(quota))
    assert next(iter(quota._counts)) not in Quota(5)._counts


def test_a_manager_that_ends_is_forked_again(workshop):
    client, atelier = workshop(slow(0))
    assert get(client, FILE) == (200, "fait")
    os.kill(int(list_children(atelier.pid)[0]), signal.SIGKILL)
    wait_until(lambda: get(client, "/donnees/tables/sources.csv")[0] == 200)


def test_a_publication_is_followed_and_a_bad_one_is_not(workshop, tmp_path):
    client, atelier = workshop(slow(0))
    assert get(client, FILE)[0] == 200
    new = publish_world(make_tiny_frames(), tmp_path, "2026-05-02T03:04:05Z").id
    wait_until(lambda: get(client, FILE)[0] == 200 and is_kept(atelier, new))
    bad = publish_world(make_tiny_frames(), tmp_path, "2026-06-02T03:04:05Z")
    (bad.path / "offres.parquet").write_bytes(b"")
    time.sleep(REGARD_S + 1)
    assert get(client, "/donnees/tables/offres.csv")[0] == 200
    assert not is_kept(atelier, bad.id)


def is_kept(atelier, instantane: str) -> bool:
    return (atelier.folder / "gardees" / instantane).exists()


def test_a_server_killed_leaves_no_process_and_no_file(workshop, tmp_path):
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        _, atelier = workshop(slow(0))
        os.write(write_end, str(atelier.pid).encode())
        signal.pause()
    group = int(os.read(read_end, 20))
    assert has_processes(group)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    wait_until(lambda: not has_processes(group))
    assert not list(tmp_path.rglob(f".geoforma.{pid}.*"))


def test_a_workshop_renewed_ends_what_it_began_and_loses_nothing(workshop):
    client, atelier = workshop(slow(2))
    before, answers = atelier.pid, []
    asking = threading.Thread(target=lambda: answers.append(get(client, FILE)))
    asking.start()
    wait_until(lambda: not is_idle(atelier))
    atelier.renew(client.application)
    assert atelier.pid != before
    # Asked of the new one, while the one before still works.
    assert get(client, "/donnees/tables/sources.csv")[0] == 200
    asking.join()
    assert answers == [(200, "fait")]
    wait_until(lambda: not has_processes(before))
    assert get(client, FILE) == (200, "fait") and atelier.folder.exists()


def test_what_is_asked_before_the_server_is_warm_waits_for_it(workshop):
    client, atelier = workshop(slow(0), est_tenu=True)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(get(client, FILE)))
    asking.start()
    asking.join(1)
    assert asking.is_alive() and not atelier.has_died()
    atelier.renew(client.application)
    asking.join(20)
    assert answers == [(200, "fait")]
    os.killpg(atelier.pid, signal.SIGKILL)
    wait_until(atelier.has_died)
    atelier.renew(client.application)
    assert get(client, "/donnees/tables/sources.csv")[0] == 200


def test_what_gets_ready_asks_nothing_of_the_workshop(workshop, monkeypatch):
    client, _ = workshop(slow(0), est_tenu=True)
    asked = []
    monkeypatch.setattr(views, "_ask", lambda *_: asked.append(1))
    app = client.application
    for _ in ahead.prepare(app, app.extensions["courant"].current()):
        pass
    assert not asked


def test_a_short_text_is_made_where_it_is_asked_and_a_long_one_is_not(workshop, monkeypatch):
    client, atelier = workshop(slow(0))
    short, workbook = "/api/v1/formations.csv", "/api/v1/formations.xlsx"
    assert get(client, short)[0] == 200
    with client.get(workbook) as answer:
        assert answer.status_code == 200
    os.killpg(atelier.pid, signal.SIGKILL)
    wait_until(atelier.has_died)
    assert get(client, short)[0] == 200
    assert get(client, short + "?texte=soins&page=2")[0] == 200
    assert get(client, workbook + "?texte=soins")[0] == 503
    monkeypatch.setattr(api, "COURT", 0)
    assert get(client, short + "?texte=soins")[0] == 503
    # What is wrong is said at once.
    assert get(client, short + "?rayon_km=loin")[0] == 400
