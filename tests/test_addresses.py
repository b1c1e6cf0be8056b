"""The address client, against a small service of ours on loopback."""

import contextlib
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from geoapp.core.config import Settings
from geoapp.sources import addresses
from geoapp.sources.addresses import Adresse, find_addresses, is_configured
from support.producer import ADDRESS


def test_an_address_is_found_with_its_position(service):
    handler, settings = service
    assert find_addresses("1 rue de la gare lens", settings=settings) == [
        Adresse("1 Rue de la Gare 62300 Lens", 2.832, 50.431, "62498")
    ]
    assert parse_qs(urlsplit(handler.seen[0]).query) == {
        "q": ["1 rue de la gare lens"],
        "limit": ["4"],
        "autocomplete": ["1"],
    }


def test_nothing_is_asked_without_a_service_or_for_a_short_text(service):
    handler, settings = service
    assert find_addresses("1 rue de la gare", settings=Settings()) == [] and not is_configured(
        Settings()
    )
    assert find_addresses(" le ", settings=settings) == [] and handler.seen == []
    assert not is_configured(replace(Settings(), adresses="file:///etc/passwd"))


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<html>",
        "[]",
        '{"features": 3}',
        '{"features": [null, {}, {"geometry": {"coordinates": ["a"]}}]}',
        json.dumps({"features": [{**ADDRESS, "geometry": {"coordinates": [50.431, 2.832]}}]}),
        "{" * 100_000,
        "x" * 600_000,
    ],
)
def test_a_service_that_answers_nonsense_gives_nothing(service, answer):
    handler, settings = service
    handler.answer = answer
    assert find_addresses("1 rue de la gare", settings=settings) == []


def test_a_service_that_fails_or_is_slow_gives_nothing(service):
    handler, settings = service
    handler.status = 500
    assert find_addresses("1 rue de la gare", settings=settings) == []
    handler.status, handler.delay_s = 200, 3.0
    assert find_addresses("1 rue de la gare", settings=settings) == []
    assert (
        find_addresses(
            "1 rue de la gare", settings=replace(settings, adresses="http://127.0.0.1:9/")
        )
        == []
    )


def test_a_service_that_drips_or_sends_elsewhere_is_given_up(monkeypatch):
    monkeypatch.setattr(addresses, "TIMEOUT_S", 0.4)
    asked = []

    class Dripping(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            with contextlib.suppress(OSError):
                if self.path.startswith("/ailleurs"):
                    self.send_response(302)
                    self.send_header("Location", "/goutte")
                    self.end_headers()
                    return
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                for _ in range(40):
                    self.wfile.write(b"{")
                    time.sleep(0.05)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        settings = Settings(adresses=f"{base}/goutte")
        start = time.monotonic()
        with ThreadPoolExecutor(12) as pool:
            found = list(pool.map(lambda _: ask(settings), range(12)))
        assert found == [[]] * 12 and time.monotonic() - start < 2
        # A few at once, the others are not even sent.
        assert len(asked) <= addresses.A_LA_FOIS
        asked.clear()
        wait_until(lambda: addresses._LIBRES._value == addresses.A_LA_FOIS)
        assert ask(Settings(adresses=f"{base}/ailleurs")) == []
        assert len(asked) == 1
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(settings: Settings) -> list:
    return find_addresses("1 rue de la gare", settings=settings)


def wait_until(is_so, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
