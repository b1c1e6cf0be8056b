"""Producers and services on this machine, for the tests of downloads: told how to answer, stopped
at the end.
"""

import contextlib
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from geoapp.core.config import Settings
from geoapp.sources import transport

SETTINGS = Settings(connect_timeout_s=0.5, read_timeout_s=0.4, download_max_mb=1)
PAGE = b"<!DOCTYPE html><html><body>Erreur</body></html>"
ADDRESS = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [2.832, 50.431]},
    "properties": {"label": "1 Rue de la Gare 62300 Lens", "citycode": "62498"},
}


class Answering(BaseHTTPRequestHandler):
    """Sends whole answers, one by connection, and logs nothing."""

    protocol_version = "HTTP/1.1"

    def answer(self, status: int, body: bytes, length: int | None = None, **headers):
        """Send `body`, announced as `length` bytes (-1: not announced); `_` in the name of a header
        stands for `-`.
        """
        self.close_connection = True
        self.send_response(status)
        for name, value in {"Connection": "close", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        if length != -1:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *args):
        pass


@contextmanager
def serving(handler: type[Answering]):
    """Serve on loopback while the block runs; `asked` is for what is asked, `released` lets those
    who wait go.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.asked, server.released = [], threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def make_csv(nb: int) -> bytes:
    return b"code;nom\n" + b"".join(b"%05d;Commune\n" % (80000 + i) for i in range(nb))


class Producer(Answering):
    """Serves `server.body` with its validators; `server.script` says how each answer in turn goes
    wrong.
    """

    def do_GET(self):
        self.close_connection = True
        self.server.asked.append(dict(self.headers))
        act = self.server.script.pop(0) if self.server.script else None
        body, start = self.server.body, 0
        if act == "muet":
            return self.server.released.wait(5)
        if isinstance(act, int):
            return self.answer(act, b"")
        if act == "page":
            return self.answer(200, PAGE, Content_Type="text/csv")
        if (
            self.headers.get("If-None-Match") == self.server.etag
            or self.headers.get("If-Modified-Since") == self.server.dated != ""
        ):
            return self.answer(304, b"")
        if self.headers.get("Range") and self.headers.get("If-Range") in (
            self.server.etag,
            self.server.dated,
        ):
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            if act == "mauvaise suite":
                return self.answer(
                    206, body[start:], Content_Range=f"bytes 0-{len(body) - 1}/{len(body)}"
                )
            if start >= len(body):
                return self.answer(416, b"")
        headers = {
            "ETag": self.server.etag,
            "Last-Modified": self.server.dated,
            "Accept-Ranges": "bytes",
            **self.server.more,
        }
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        sent = body[start : len(body) // 2] if act == "moitie" else body[start:]
        self.answer(
            206 if start else 200,
            sent,
            length=len(body) - start,
            **{k: v for k, v in headers.items() if v},
        )
        if act == "fige":
            self.server.released.wait(5)


@pytest.fixture
def producer(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(transport, "BACKOFF_S", 0.0)
    with serving(Producer) as server:
        server.script, server.more = [], {}
        server.body, server.etag, server.dated = make_csv(100), '"v1"', ""
        server.url += "/communes.csv"
        yield server


class _Service(BaseHTTPRequestHandler):
    answer, status, delay_s = json.dumps({"features": [ADDRESS]}), 200, 0.0
    seen: ClassVar[list[str]] = []

    def do_GET(self):
        time.sleep(self.delay_s)
        type(self).seen.append(self.path)
        with contextlib.suppress(
            OSError
        ):  # the client may be gone: that is what some tests are about
            self.send_response(self.status)
            self.end_headers()
            self.wfile.write(self.answer.encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def service(monkeypatch):
    handler = type("Handler", (_Service,), {"seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield handler, replace(Settings(), adresses=f"http://127.0.0.1:{server.server_port}/search/")
    server.shutdown()
    thread.join()
    server.server_close()
