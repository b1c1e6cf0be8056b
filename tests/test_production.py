"""The files that ship, run for real: nginx, TLS, two web processes, a sub-path; reload, stop."""

import json
import shutil
import signal
import socket
import ssl
import tempfile
import threading
import time
from pathlib import Path

import pytest

from geoapp.core.published import roll_back
from geoapp.core.publishing import serve_folder
from geoapp.core.snapshot import SNAPSHOTS, TUILES
from support.stack import NAME, PREFIX, Stack, start_stack, stop_stack, wait_for, what_lacks
from support.world import make_tiny_frames, publish_world

pytestmark = pytest.mark.skipif(bool(what_lacks()), reason=f"no {what_lacks()} on this machine")

TYPED = "secretissime"
POSITION = "50.13579"
CLIENT = "203.0.113.77"
EVIL = "evil.example"


@pytest.fixture(scope="module")
def stack():
    # The path of a socket is short: the folders of pytest are not.
    folder = Path(tempfile.mkdtemp(prefix="gf-"))
    publish_world(
        make_tiny_frames(),
        folder / "donnees",
        also=lambda aside: (aside / TUILES).write_bytes(bytes(range(256)) * 64),
    )
    running = start_stack(folder)
    try:
        yield running
    finally:
        stop_stack(running)
        shutil.rmtree(folder, ignore_errors=True)


def test_a_page_comes_through_the_proxy_under_its_path(stack: Stack):
    status, headers, body = stack.ask(f"{PREFIX}/recherche", headers={"Accept-Encoding": "gzip"})
    assert status == 200 and body[:2] == b"\x1f\x8b" and headers["Content-Encoding"] == "gzip"
    assert "max-age" in headers["Strict-Transport-Security"] and headers["Server"] == "nginx"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    page = stack.ask(f"{PREFIX}/")[2].decode()
    assert f'href="{PREFIX}/recherche"' in page and 'href="/recherche"' not in page
    for path, expected in (("/", 404), (PREFIX, 301), (f"{PREFIX}/rien", 404)):
        assert stack.ask(path)[0] == expected, path


def test_plain_http_is_sent_to_https(stack: Stack):
    with socket.create_connection(("127.0.0.1", stack.plain), timeout=10) as plain:
        plain.sendall(f"GET {PREFIX}/ HTTP/1.1\r\nHost: {EVIL}\r\n\r\n".encode())
        answer = plain.recv(4096).decode()
    assert answer.startswith("HTTP/1.1 301") and f"Location: {stack.root}/" in answer


def test_files_of_the_site_are_kept_by_the_proxy_and_by_browsers(stack: Stack):
    page = stack.ask(f"{PREFIX}/")[2].decode()
    address = page.partition(f'href="{PREFIX}/static/css/base.css')[2].partition('"')[0]
    path = f"{PREFIX}/static/css/base.css{address}"
    answers = [stack.ask(path) for _ in range(3)]
    assert [status for status, _, _ in answers] == [200] * 3
    assert "immutable" in answers[0][1]["Cache-Control"]
    # A line is written once its answer is sent: those of a page asked later come after.
    stack.ask(f"{PREFIX}/sources")
    wait_for(lambda: "/sources" in routes(stack))
    assert routes(stack).count("/static/<path:filename>") == 1, "the others come from the proxy"
    assert stack.ask(f"{PREFIX}/static/css/base.css")[1]["Cache-Control"].endswith("max-age=3600")


def test_vector_tiles_are_read_by_ranges_through_the_proxy(stack: Stack):
    asked = {"Range": "bytes=5000-5099", "Origin": "https://ailleurs.example"}
    status, headers, part = stack.ask(f"{PREFIX}/donnees/{TUILES}", headers=asked)
    assert status == 206 and part == (bytes(range(256)) * 64)[5000:5100]
    assert headers["Content-Range"] == f"bytes 5000-5099/{256 * 64}" and headers["ETag"]
    assert headers["Access-Control-Allow-Origin"] == "*" and "Content-Encoding" not in headers


def lines(stack: Stack) -> list[dict]:
    """Return what the web processes wrote, each line a JSON object."""
    # The first three may be those of the program that opens the socket, before ours is there.
    written = stack.log().splitlines()
    is_ours = [line.startswith("{") for line in written]
    assert all(is_ours[3:])
    return [json.loads(line) for line in written[is_ours.index(True) :]]


def routes(stack: Stack) -> list[str]:
    """Return the routes that the web processes answered."""
    return [line.get("route", "") for line in lines(stack)]


def test_another_host_is_answered_nothing_and_written_nowhere(stack: Stack):
    with pytest.raises(OSError):
        stack.ask(f"{PREFIX}/", headers={"Host": EVIL})
    context = stack.context()
    context.check_hostname = False
    plain = socket.create_connection(("127.0.0.1", stack.tls), timeout=10)
    with plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname=EVIL)
    said = {
        "X-Forwarded-Host": EVIL,
        "X-Forwarded-Prefix": f"//{EVIL}",
        "Forwarded": f"host={EVIL}",
    }
    for path in ("/donnees/catalogue.jsonld", "/api/v1/openapi.json", "/", "/api"):
        for ask, host in ((stack.ask, f"{NAME}:{stack.tls}"), (stack.ask_directly, EVIL)):
            status, headers, body = ask(PREFIX + path, headers={"Host": host} | said)
            assert status in (200, 308) and EVIL not in f"{headers}{body.decode()}"
    catalogue = json.loads(stack.ask(f"{PREFIX}/donnees/catalogue.jsonld")[2])
    assert catalogue["@graph"][0]["@id"] == f"{stack.root}/donnees#catalogue"


def test_figures_are_given_on_their_port_and_not_through_the_proxy(stack: Stack):
    for path in ("/metrics", f"{PREFIX}/metrics"):
        assert stack.ask(path)[0] == 404
    stack.ask(f"{PREFIX}/formations/{TYPED}")
    stack.ask(f"{PREFIX}/sources")
    assert stack.ask(f"{PREFIX}/donnees/tables/offres.xlsx")[0] == 200
    told = stack.measures()
    named = 'route="/formations/<identifiant>"'
    assert f'geoforma_answers_total{{method="GET",{named},status="404"}} 1.0' in told
    assert 'geoforma_answer_seconds_bucket{le="1.0",route="/sources"}' in told
    for name in (
        "geoforma_served_snapshot_timestamp_seconds",
        "geoforma_published_snapshot_age_seconds",
        "geoforma_publication_refused",
        "geoforma_heavy_requests",
    ):
        assert f"\n{name} " in told, name


def test_greedy_and_slow_clients_stop_at_the_proxy(stack: Stack):
    assert stack.ask(f"{PREFIX}/recherche", method="POST", body=b"a" * 70_000)[0] == 413
    half = []
    try:
        for _ in range(60):
            plain = socket.create_connection(("127.0.0.1", stack.tls), timeout=10)
            secure = stack.context().wrap_socket(plain, server_hostname=NAME)
            secure.sendall(f"POST {PREFIX}/recherche HTTP/1.1\r\nHost: {NAME}\r\n".encode())
            half.append(secure)
        start = time.monotonic()
        assert stack.ask(f"{PREFIX}/sante")[0] == 200
        assert time.monotonic() - start < 2
    finally:
        for one in half:
            one.close()


def test_a_client_that_asks_without_end_is_told_to_wait(stack: Stack):
    with stack.connection() as channel:
        for _ in range(400):
            channel.request("GET", f"{PREFIX}/sante", headers={"Host": f"{NAME}:{stack.tls}"})
            with channel.getresponse() as answer:
                body = answer.read().decode()
            if answer.status != 200:
                break
    assert answer.status == 429 and answer.headers["Retry-After"] and "Trop de demandes" in body
    wait_for(lambda: stack.ask(f"{PREFIX}/sante")[0] == 200, 10)


def test_nothing_typed_and_no_client_is_in_all_that_is_written(stack: Stack):
    asked = (
        ("GET", f"/recherche?texte={TYPED}&lat={POSITION}&lon=2.24681", None),
        ("POST", "/recherche", f"texte={TYPED}&lat={POSITION}&lon=2.24681"),
        ("POST", "/api/v1/places", f"q=12+rue+{TYPED}"),
        ("GET", f"/api/v1/suggestions?q={TYPED}", None),
        ("GET", f"/{TYPED}?lat={POSITION}", None),
        ("GET", f"/api/v1/formations.csv?texte={TYPED}", None),
    )
    headers = {
        "X-Forwarded-For": CLIENT,
        "User-Agent": TYPED,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    for method, path, body in asked:
        for ask in (stack.ask, stack.ask_directly):
            ask(PREFIX + path, method=method, body=body, headers=headers)
    with socket.socket(socket.AF_UNIX) as rude:
        rude.connect(stack.socket)
        rude.sendall(f"GET /{TYPED} HTTP/1.1\r\n{TYPED} {POSITION}\r\n\r\n".encode())
        assert b"400" in rude.recv(4096)
    wait_for(lambda: any("refusée avant" in line.get("message", "") for line in lines(stack)))
    told = stack.written() + stack.measures()
    for private in (TYPED, POSITION, CLIENT, "127.0.0.1,", "client: 127.0.0.1"):
        assert private not in told, private
    answers = [line for line in lines(stack) if line["journal"] == "geoapp.acces"]
    assert len(answers) > 10 and all(line["statut"] and "duree_ms" in line for line in answers)


class SlowRequest:
    """A request half sent to a web process: it is being answered, and waits for its body."""

    BODY = b"texte=cap&lieu=Amiville"

    def __init__(self, stack: Stack):
        self._plain = socket.socket(socket.AF_UNIX)
        self._plain.settimeout(60)
        self._plain.connect(stack.socket)
        head = (
            f"POST {PREFIX}/recherche HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(self.BODY)}\r\n\r\n"
        )
        self._plain.sendall(head.encode() + self.BODY[:5])
        time.sleep(0.5)

    def end(self) -> bytes:
        """Send the rest, and return the answer."""
        with self._plain as plain:
            plain.sendall(self.BODY[5:])
            pieces = iter(lambda: plain.recv(65536), b"")
            return b"".join(pieces)


def ready(stack: Stack) -> dict:
    # Not through the proxy, which would find us greedy.
    return json.loads(stack.ask_directly(f"{PREFIX}/pret")[2])


def test_a_publication_is_taken_and_warmed_once_then_shared(stack: Stack):
    wait_for(lambda: ready(stack)["est_chaud"])
    before, failed, stop = set(web_processes(stack)), [], threading.Event()

    def ask() -> None:
        while not stop.is_set():
            for path in ("/recherche", "/sources", "/pret"):
                status, _, _ = stack.ask(PREFIX + path)
                if status != 200:
                    failed.append((path, status))
                time.sleep(0.05)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        new = publish_world(make_tiny_frames(), stack.folder / "donnees", "2026-02-03T04:05:06Z")
        wait_for(lambda: new.id in stack.log() and len(set(web_processes(stack)) - before) >= 2)
        wait_for(lambda: not before & set(stack.children()))
        told = [ready(stack) for _ in range(6)]
    finally:
        stop.set()
        asking.join()
    assert failed == []
    assert {(one["instantane"], one["est_chaud"], one["etat"]) for one in told} == {
        (new.id, True, "pret")
    }
    # The figures of a process that ended go once its end is seen.
    served = "geoforma_served_snapshot_timestamp_seconds 1.770091506e+09"
    wait_for(lambda: served in stack.measures())
    # Two web processes, the figures, one workshop: the one before has ended what it began.
    wait_for(lambda: len(stack.children()) == 4)
    assert stack.ask(f"{PREFIX}/donnees/tables/lieux.xlsx")[0] == 200


def test_a_bad_publication_is_refused_told_and_rolled_back(stack: Stack):
    # Damaged before it is seen: one that was read whole would be served.
    bad = publish_world(make_tiny_frames(), stack.folder / "ailleurs", "2026-02-03T04:05:07Z")
    (bad.path / "offres.parquet").write_bytes(b"abime")
    data = stack.folder / "donnees"
    serve_folder(data, shutil.move(bad.path, data / SNAPSHOTS / bad.id))
    wait_for(lambda: ready(stack)["refus"], 30)
    wait_for(lambda: "geoforma_publication_refused 1.0" in stack.measures())
    told = ready(stack)
    assert told["instantane"] != bad.id and told["refus"]["instantane"] == bad.id
    back = roll_back(data)
    wait_for(lambda: ready(stack)["refus"] is None and ready(stack)["instantane"] == back)


def web_processes(stack: Stack) -> list[int]:
    """Return the processes of the server that answered or were started as web ones."""
    return [line["processus"] for line in lines(stack) if "Booting" in line.get("message", "")]


def test_a_reload_renews_the_processes_and_loses_no_request(stack: Stack):
    before, slow = set(stack.children()), SlowRequest(stack)
    failed, stop = [], threading.Event()

    def ask() -> None:
        while not stop.is_set():
            status, _, _ = stack.ask(f"{PREFIX}/sante")
            if status != 200:
                failed.append(status)
            time.sleep(0.05)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        stack.server.send_signal(signal.SIGHUP)
        wait_for(lambda: len(set(stack.children()) - before) >= 2)
        assert stack.server.poll() is None
        time.sleep(0.5)
        answer = slow.end()
    finally:
        stop.set()
        asking.join()
    assert failed == [] and answer.startswith(b"HTTP/1.1 200") and b"</html>" in answer
    wait_for(lambda: stack.ask(f"{PREFIX}/recherche")[0] == 200)
    assert 'route="/sante"' in stack.measures(), "the figures outlive the processes"


def test_a_stop_ends_the_answers_begun_and_leaves_nothing(stack: Stack):
    assert stack.ask(f"{PREFIX}/donnees/tables/offres.xlsx")[0] == 200
    slow = SlowRequest(stack)
    stack.server.send_signal(signal.SIGTERM)
    time.sleep(1)
    assert stack.server.poll() is None, "an answer is begun"
    answer = slow.end()
    assert answer.startswith(b"HTTP/1.1 200") and b"</html>" in answer
    children = stack.children()
    assert stack.server.wait(30) == 0
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
    assert list((stack.folder / "temporaire").iterdir()) == []
    with pytest.raises(OSError):
        stack.measures()
    status, headers, body = stack.ask(f"{PREFIX}/recherche")
    assert status == 503 and headers["Retry-After"] == "10" and "redémarre" in body.decode()
