"""What is noted of each answer, and nothing of who asked or what: route, status, time, size."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from flask import Flask, Response, g, request

INCONNUE = "(aucune)"
"""Route of a request that no view answers: its path may hold anything."""

_ROUTE = "geoapp.route"
_SNAPSHOT = "geoapp.instantane"


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One answer: the template of its route, never its address."""

    route: str
    methode: str
    statut: int
    duree_s: float
    octets: int
    instantane: str


Tell = Callable[[Observation], None]

_METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH")


def observe(app: Flask, tell: Sequence[Tell]) -> Callable:
    """Return the application as a server runs it: each of `tell` is given every answer.

    An answer is told once it is sent whole, or once its client has left.
    """
    app.after_request(_name_route)

    def observed(environ: dict, start_response: Callable) -> Iterable[bytes]:
        watch = _Watch(environ, start_response, tell)
        return watch.follow(app.wsgi_app)

    return observed


def _name_route(response: Response) -> Response:
    """Leave, for who observes, the route and the snapshot of an answer."""
    rule = request.url_rule
    request.environ[_ROUTE] = rule.rule if rule else INCONNUE
    request.environ[_SNAPSHOT] = g.servi.snapshot().id if "servi" in g else ""
    return response


class _Watch:
    """Follows one answer from its request to its last byte."""

    def __init__(self, environ: dict, start_response: Callable, tell: Sequence[Tell]):
        self._environ = environ
        self._start_response = start_response
        self._tell = tell
        self._since = time.perf_counter()
        self._statut = 500
        self._octets = 0

    def follow(self, app: Callable) -> Iterable[bytes]:
        """Return the pieces of the answer, counted as they go."""
        try:
            pieces = app(self._environ, self._start)
        except BaseException:
            self._end()
            raise
        return _Pieces(pieces, self._count, self._end)

    def _start(self, status: str, headers: list, exc_info=None):
        self._statut = int(status.partition(" ")[0])
        return self._start_response(status, headers, exc_info)

    def _count(self, piece: bytes) -> None:
        self._octets += len(piece)

    def _end(self) -> None:
        method = self._environ.get("REQUEST_METHOD", "")
        seen = Observation(
            route=self._environ.get(_ROUTE, INCONNUE),
            # A method that a client invents is a text of a client.
            methode=method if method in _METHODS else INCONNUE,
            statut=self._statut,
            duree_s=time.perf_counter() - self._since,
            octets=self._octets,
            instantane=self._environ.get(_SNAPSHOT, ""),
        )
        for tell in self._tell:
            tell(seen)


class _Pieces:
    """The body of an answer, whose end is told once."""

    def __init__(self, pieces: Iterable[bytes], count: Callable, end: Callable):
        self._pieces = pieces
        self._iterator = iter(pieces)
        self._count = count
        self._end: Callable | None = end

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = next(self._iterator)
        self._count(piece)
        return piece

    def close(self) -> None:
        """Close the body, and tell its end."""
        try:
            if hasattr(self._pieces, "close"):
                self._pieces.close()
        finally:
            end, self._end = self._end, None
            if end:
                end()
