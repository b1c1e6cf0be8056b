"""What the web processes and the workshop tell each other: JSON after its length, and one file.

The body of an answer never passes through the socket: its open file does, so
that a child ends as soon as its work is done, however slowly a client reads.
"""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass
from typing import BinaryIO

_LENGTH = 4
_OCTETS_MAX = 512 * 1024
"""Bytes of one message at most: the body of a request is bounded by Flask to 64 KB."""


@dataclass(frozen=True, kw_only=True)
class Demande:
    """A request for a heavy file: the plain texts of its environment (WSGI), and its body.

    `cle` names its answer when it may be kept, else it is empty; `genre` says which kind of file
    it is, none of what was asked of it.
    """

    environ: dict[str, str | bool]
    corps: str
    nonce: str
    cle: str
    genre: str = ""


@dataclass(frozen=True, kw_only=True)
class Retour:
    """What the workshop answers: a status, headers and a text or a file; or why there is none.

    `refus` is one of `PLEIN`, `DELAI`, `PANNE`, `PLACE`; empty when there is an answer.
    """

    statut: int = 200
    entetes: tuple[tuple[str, str], ...] = ()
    corps: str = ""
    refus: str = ""


PLEIN, DELAI, PANNE, PLACE = "plein", "delai", "panne", "place"
"""Too many files wait; this one took too long; the child that made it ended without an answer;
the disk is full."""


def send(channel: socket.socket, message: Demande | Retour, file: BinaryIO | None = None) -> None:
    """Send one message, and the open file that goes with it."""
    text = json.dumps(asdict(message)).encode()
    content = len(text).to_bytes(_LENGTH, "big") + text
    if file is None:
        channel.sendall(content)
        return
    sent = socket.send_fds(channel, [content], [file.fileno()])
    channel.sendall(content[sent:])


def receive_request(channel: socket.socket) -> Demande:
    """Return the request that a web process sends.

    Raises
    ------
    OSError, ValueError, TypeError
        When it leaves before the end, or sends anything else.
    """
    return Demande(**json.loads(_rest(channel, b"")))


def receive_answer(channel: socket.socket) -> tuple[Retour, BinaryIO | None]:
    """Return the answer of the workshop, and its file.

    Raises
    ------
    OSError
        When the workshop ends before the end of its answer.
    """
    start, files, _, _ = socket.recv_fds(channel, 64 * 1024, 1)
    file = os.fdopen(files[0], "rb", buffering=0) if files else None
    try:
        told = json.loads(_rest(channel, start))
    except BaseException:
        if file:
            file.close()
        raise
    told["entetes"] = tuple((nom, valeur) for nom, valeur in told["entetes"])
    return Retour(**told), file


def _rest(channel: socket.socket, start: bytes) -> bytes:
    """Return the text of a message whose first bytes were read."""
    content = bytearray(start)
    while len(content) < _LENGTH or len(content) < _whole(content):
        piece = channel.recv(64 * 1024)
        if not piece:
            raise ConnectionResetError("cut before its end")
        content += piece
    return bytes(content[_LENGTH:])


def _whole(content: bytearray) -> int:
    """Return the number of bytes of a message, its length included."""
    size = int.from_bytes(content[:_LENGTH], "big")
    if size > _OCTETS_MAX:
        raise ValueError("a message too long")
    return _LENGTH + size
