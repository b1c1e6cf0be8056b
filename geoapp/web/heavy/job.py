"""One heavy request, answered by the process that was forked for it."""

from __future__ import annotations

import base64
import os
import socket
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path

from flask import Flask, Response, current_app, g

from geoapp.web.heavy import store
from geoapp.web.heavy.store import Etagere
from geoapp.web.heavy.wire import Demande, Retour, send
from geoapp.web.served import SERVI, Servi

APART = "geoapp.lourd"
"""Key of the environment of a request that the workshop answers: its views work at once."""


PRIS = "pris"
"""Name of the file, in the folder of a job, that says the processor seconds that it took."""


class Travail:
    """One job: its request, where its answer goes, a folder of its own, removed when it ends.

    Parameters
    ----------
    channel : socket, optional
        Where the answer is sent; without it, the answer is only kept.
    """

    def __init__(self, demande: Demande, channel: socket.socket | None, folder: Path):
        self.demande = demande
        self.channel = channel
        self.folder = folder

    def run(self, app: Flask, servi: Servi, etagere: Etagere) -> None:
        """Answer the request from one snapshot; keep the answer when it may be."""
        # What libraries write aside goes with the folder, even when they are killed.
        tempfile.tempdir = str(self.folder)
        names = ("TMPDIR", "CPL_TMPDIR", "SQLITE_TMPDIR")
        os.environ.update(dict.fromkeys(names, str(self.folder)))
        with app.request_context({**_environ(self.demande), SERVI: servi}):
            g.nonce = self.demande.nonce
            response = _respond()
            try:
                if response.status_code == 200:
                    return self._send_file(response, etagere)
            except Exception as error:
                response = current_app.make_response(app.handle_user_exception(error))
            self._send_text(response)

    def _send_file(self, response: Response, etagere: Etagere) -> None:
        """Write an answer whole, keep it, send it open: nothing is sent of what cannot be ended."""
        part = self.folder / "reponse"
        with open(part, "wb") as stream:
            store.start(stream, _headers(response))
            stream.writelines(response.iter_encoded())
        response.close()
        with open(part, "rb", buffering=0) as file:
            headers = store.read_headers(file)
            if self.demande.cle and not self._holds_nonce(response, part):
                etagere.put(self.demande.cle, part)
            (self.folder / PRIS).write_text(str(time.process_time()))
            if self.channel:
                send(self.channel, Retour(entetes=headers), file)

    def _send_text(self, response: Response) -> None:
        """Send a short answer, such as an error: it needs no room on the disk."""
        if self.channel:
            corps = base64.b64encode(response.get_data()).decode()
            entetes = _headers(response)
            send(self.channel, Retour(statut=response.status_code, entetes=entetes, corps=corps))

    def _holds_nonce(self, response: Response, part: Path) -> bool:
        """Tell whether a page lets its scripts run by the nonce of one answer."""
        is_page = response.mimetype == "text/html"
        return is_page and self.demande.nonce.encode() in part.read_bytes()


def _environ(demande: Demande) -> dict:
    """Return the environment of the request, as the web process read it."""
    corps = base64.b64decode(demande.corps)
    return {
        **demande.environ,
        "CONTENT_LENGTH": str(len(corps)),
        "wsgi.input": BytesIO(corps),
        "wsgi.errors": sys.stderr,
        APART: True,
    }


def _respond() -> Response:
    """Return the answer of the view, or that of its error; headers of all answers come later."""
    try:
        answer = current_app.dispatch_request()
    except Exception as error:
        answer = current_app.handle_user_exception(error)
    return current_app.make_response(answer)


def _headers(response: Response) -> tuple[tuple[str, str], ...]:
    """Return the headers of an answer, without the length of its body."""
    return tuple((nom, valeur) for nom, valeur in response.headers if nom != "Content-Length")
