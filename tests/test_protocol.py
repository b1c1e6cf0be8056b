"""HTTP as bytes: what two servers could understand in two ways is refused; where we listen."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable

import pytest
from waitress import create_server, wasyncore

from geoapp.core.config import Settings
from geoapp.core.errors import ParameterError
from geoapp.web import protocol
from geoapp.web.protocol import ENTETES_MAX, make_strict
from geoapp.web.server import RESERVES, addresses, run


def _echo(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


@pytest.fixture(scope="module")
def port():
    """Return the port of a strict server of one small application."""
    sockets: dict = {}
    server = create_server(_echo, sockets, host="127.0.0.1", port=0, threads=1, ident="GeoForma")
    make_strict(sockets)

    def serve():
        # Closed by another thread, the socket may be gone when the loop next asks for it.
        with contextlib.suppress(OSError):
            server.run()

    threading.Thread(target=serve, daemon=True).start()
    yield server.effective_port
    server.close()


def say(port: int, request: bytes) -> bytes:
    """Return all that the server answers to some bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


SECOND = b"GET /second HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    "request_, status, words",
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"200", b"ok"),
        (b"GET / HTTP/1.0\r\n\r\n", b"200", b"ok"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", b"200", b"ok"),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\n",
            b"400",
            b"Deux longueurs",
        ),
        (b"GET / HTTP/1.1\r\n\r\n", b"400", "en-tête Host".encode()),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400", "en-tête Host".encode()),
        (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", b"400", b"Version de HTTP"),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
            b"431",
            f"Plus de {ENTETES_MAX} en-têtes".encode(),
        ),
    ],
    ids="plain old body two-lengths no-host two-hosts version headers".split(),
)
def test_a_doubtful_request_is_refused_and_nothing_after_it_is_read(port, request_, status, words):
    answer = say(port, request_ + SECOND)
    assert answer.startswith((b"HTTP/1.1 " + status, b"HTTP/1.0 " + status)) and words in answer
    if status != b"200":
        assert answer.count(b"HTTP/1.") == 1 and b"Connection: close" in answer


def test_a_hundred_headers_are_taken(port):
    headers = b"".join(b"X-%d: y\r\n" % rank for rank in range(ENTETES_MAX - 1))
    answer = say(port, b"GET / HTTP/1.1\r\nHost: a\r\n" + headers + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "host, port, words",
    [
        ("127.0.0.1", 99999, "de 0 à 65535"),
        ("127.0.0.1", -1, "de 0 à 65535"),
        ("300.1.1.1", 0, "« 300.1.1.1 » n'est pas une adresse de cette machine"),
        ("nul.invalid", 0, "« nul.invalid » n'est pas une adresse de cette machine"),
    ],
)
def test_a_port_or_a_host_that_is_none_is_said_in_french(tmp_path, host, port, words):
    with pytest.raises(ParameterError, match=words):
        run(Settings(data_dir=tmp_path), host=host, port=port)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_the_addresses_printed_are_those_that_a_browser_takes(host):
    try:
        server = create_server(_echo, {}, host=host, port=0, threads=1)
    except (OSError, ValueError):
        pytest.skip(f"no {host} on this machine")
    try:
        told = addresses(server)
    finally:
        server.close()
    assert told and all(one.startswith(("http://127.0.0.1:", "http://[::1]:")) for one in told)
    assert host != "::1" or told[0].startswith("http://[::1]:")


def test_a_body_too_long_is_refused_before_it_is_read():
    port, stop = serve_small()
    try:
        # Nothing of the body is sent: the answer does not wait for it.
        told = say(port, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 400000000\r\n\r\n")
        assert b" 413 " in told.splitlines()[0] and b"Demande trop longue" in told
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        told = say(
            port,
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 2,
        )
        assert b" 413 " in told.splitlines()[0]
    finally:
        stop()


def test_a_hundred_dripping_clients_stop_nobody_and_are_closed(monkeypatch):
    monkeypatch.setattr(protocol, "RECEPTION_S", 2.0)
    port, stop = serve_small()
    with contextlib.ExitStack() as opened:
        opened.callback(stop)
        dripping = [
            opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            for _ in range(150)
        ]
        start = time.monotonic()
        for client in dripping:
            client.sendall(b"GET / HTTP/1.1\r\n")
        for _ in range(5):
            assert b" 200 " in say(port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert time.monotonic() - start < 2
        # One byte now and then does not give them more time.
        closed = 0
        while closed < len(dripping) and time.monotonic() - start < 10:
            time.sleep(0.3)
            closed = sum(is_closed(client) for client in dripping)
        assert closed == len(dripping)


def serve_small() -> tuple[int, Callable[[], None]]:
    """Serve one small application with the reserves of the product: its port, how it ends."""
    sockets: dict = {}
    server = create_server(_echo, sockets, host="127.0.0.1", port=0, **{**RESERVES, "threads": 2})
    make_strict(sockets)
    is_over = threading.Event()

    def turn() -> None:
        while not is_over.is_set():
            wasyncore.loop(timeout=0.1, use_poll=True, map=sockets, count=1)

    thread = threading.Thread(target=turn)
    thread.start()

    def stop() -> None:
        is_over.set()
        thread.join()
        server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(sockets, ignore_all=True)

    return server.effective_port, stop


def is_closed(client: socket.socket) -> bool:
    """Tell whether the server closed a connection; else send it one byte more."""
    try:
        client.sendall(b"x")
        client.setblocking(False)
        return client.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        client.setblocking(True)
