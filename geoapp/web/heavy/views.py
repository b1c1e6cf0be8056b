"""The heavy routes, as the web processes answer them: kept, worked out apart, or put off."""

from __future__ import annotations

import base64
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from typing import BinaryIO

from flask import Flask, Response, current_app, request
from werkzeug.wsgi import wrap_file

from geoapp.web.heavy.asked import answer_key, read_asked
from geoapp.web.heavy.foreman import DELAI_S
from geoapp.web.heavy.job import APART
from geoapp.web.heavy.quota import FENETRE_S, Quota
from geoapp.web.heavy.store import Entetes
from geoapp.web.heavy.wire import (
    DELAI,
    PANNE,
    PLACE,
    PLEIN,
    Retour,
    receive_answer,
    send,
)
from geoapp.web.heavy.workshop import EXTENSION, Atelier
from geoapp.web.served import courant

ENDPOINTS = (
    "api.export",
    "change.export",
    "coverage.export",
    "downloads.everything",
    "downloads.indicators",
    "downloads.table",
    "figures.ask",
    "figures.figure",
    "layers.standalone_map",
    "planning.export",
    "planning.prove",
    "territories.sheet",
)
"""Views that make a file: measured from 0.1 to 6 s of processor on the offer of a region
(`benchmarks/routes.py`)."""

TRIED = ("api.export",)
"""Those that begin where they are asked, and tell whether their file is long to make."""

_MORCEAU = 256 * 1024
"""Bytes of a text sent at once, so that it can be compressed on its way."""

_PAS_S = 0.5
"""Seconds between two looks at whether the client is still there."""

TROP = "trop"
"""Reason of the web process itself: this client asked for too many files."""

REVENIR_S = {PLEIN: 10, DELAI: 30, PANNE: 30, PLACE: 60, TROP: FENETRE_S}
"""Seconds after which to come back, by reason."""

RAISONS = {
    PLEIN: "Le serveur prépare déjà d'autres fichiers.",
    DELAI: "La préparation de ce fichier a dépassé le temps permis.",
    PANNE: "La préparation de ce fichier a été interrompue.",
    PLACE: "Le serveur n'a plus de place pour préparer ce fichier.",
    TROP: "Vous avez demandé beaucoup de fichiers en une minute.",
}
"""What a visitor reads, by reason."""


class OccupeError(Exception):
    """Says that a heavy file cannot be made now, and when to come back."""

    def __init__(self, raison: str):
        super().__init__(f"{RAISONS[raison]} Réessayez dans {REVENIR_S[raison]} secondes.")
        self.raison = raison
        self.revenir_s = REVENIR_S[raison]
        self.statut = 429 if raison == TROP else 503


class DepartError(Exception):
    """Says that the client left before its answer."""


class LongError(Exception):
    """Says that the file asked is long to make: the workshop makes it."""


def register(app: Flask) -> None:
    """Have the heavy views answered by the workshop, once there is one (see `start_heavy`)."""
    quota = Quota(app.config["SETTINGS"].lourdes_par_minute)
    for endpoint in ENDPOINTS:
        view, is_tried = app.view_functions[endpoint], endpoint in TRIED
        app.view_functions[endpoint] = apart(view, quota, is_tried=is_tried)


def leave_to_workshop() -> None:
    """Have the workshop make the file asked; without a workshop, or in it, do nothing.

    Raises
    ------
    LongError
        When there is one: the view that is tried first ends here.
    """
    if _workshop():
        raise LongError


def _workshop() -> Atelier | None:
    """Return the workshop that would answer the request; None in the workshop itself."""
    return None if APART in request.environ else current_app.extensions.get(EXTENSION)


def apart(view: Callable, quota: Quota, *, is_tried: bool = False) -> Callable:
    """Return a view that the workshop answers; without a workshop, it works at once.

    One that `is_tried` is first asked here, and calls `leave_to_workshop` when its file is long.
    """

    @wraps(view)
    def answer(**path):
        atelier = _workshop()
        if atelier is None:
            return view(**path)
        if is_tried:
            with suppress(LongError):
                return view(**path)
        shelf = atelier.shelf(courant().snapshot().id)
        cle = answer_key()
        kept = shelf.open(cle) if cle else None
        if kept:
            return _send_file(*kept)
        if quota.is_over(request.remote_addr):
            raise OccupeError(TROP)
        if not atelier.places.acquire(blocking=False):
            raise OccupeError(PLEIN)
        try:
            return _ask(atelier, cle)
        finally:
            atelier.places.release()

    return answer


def _ask(atelier: Atelier, cle: str) -> Response:
    """Return the answer of the workshop.

    Raises
    ------
    OccupeError
        When it cannot be made now.
    """
    try:
        channel = atelier.connect()
    except OSError:
        current_app.logger.warning("L'atelier des demandes lourdes ne répond pas.")
        raise OccupeError(PANNE) from None
    with channel:
        try:
            send(channel, read_asked(cle))
            _wait(channel)
            told, file = receive_answer(channel)
        except (OSError, ValueError) as error:
            raise OccupeError(DELAI if isinstance(error, TimeoutError) else PANNE) from None
    if told.refus:
        raise OccupeError(told.refus)
    return _send_file(told.entetes, file) if file else _send_text(told)


def _wait(channel: socket.socket) -> None:
    """Wait for an answer; leaving tells the workshop to stop.

    Raises
    ------
    DepartError
        When the client left.
    TimeoutError
        When even the workshop says nothing.
    """
    end = time.monotonic() + DELAI_S + 5
    while not select.select([channel], [], [], _PAS_S)[0]:
        if _has_left():
            raise DepartError
        if time.monotonic() > end:
            raise TimeoutError


def _has_left() -> bool:
    """Tell whether the client has closed its connection, where the server tells."""
    told = request.environ.get("waitress.client_disconnected")
    if told is not None:
        return told()
    own = request.environ.get("gunicorn.socket")
    if own is None:
        return False
    try:
        return own.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except (OSError, ValueError):
        return True


def _send_text(told: Retour) -> Response:
    """Return a short answer."""
    return Response(base64.b64decode(told.corps), status=told.statut, headers=list(told.entetes))


def _send_file(entetes: Entetes, file: BinaryIO) -> Response:
    """Return a file, sent as it is read; the server sends it itself when nothing compresses it."""
    start = file.tell()
    length = file.seek(0, 2) - start
    file.seek(start)
    response = Response(headers=list(entetes))
    if response.mimetype in current_app.config["COMPRESS_MIMETYPES"]:
        response.response = _pieces(file)
    else:
        response.response = wrap_file(request.environ, file, _MORCEAU)
        response.direct_passthrough = True
    response.call_on_close(file.close)
    response.content_length = length
    if response.get_etag()[0]:
        response.make_conditional(request)
    return response


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while morceau := file.read(_MORCEAU):
            yield morceau
