"""What waitress takes of HTTP and we refuse: doubtful lengths, no host, headers without end."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask
from waitress.utilities import RequestEntityTooLarge, RequestHeaderFieldsTooLarge

ENTETES_MAX = 100
"""Headers of one request; browsers send about twenty, and proxies take a hundred."""

RECEPTION_S = 20.0
"""Seconds for a request to come whole, however it drips: our longest holds 64 KB."""

ADIEU_S = 2.0
"""Seconds during which what comes after a refused request is thrown away."""

_VERSIONS = ("1.0", "1.1")


class StrictParser(HTTPRequestParser):
    """A parser that refuses what two servers in a row could understand in two ways.

    A request refused is answered, then its connection closed: nothing after it is read.
    """

    is_too_long = False

    def received(self, data: bytes) -> int:
        """Take some bytes of a request; return how many."""
        consumed = super().received(data)
        if self.is_too_long:
            self.error = RequestHeaderFieldsTooLarge(f"Plus de {ENTETES_MAX} en-têtes.")
        elif isinstance(self.error, RequestEntityTooLarge):
            self.error = RequestEntityTooLarge("Demande trop longue. Raccourcissez votre demande.")
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Read the first line and the headers."""
        # Counted before they are read: ten thousand of them cost nothing.  The first line and the
        # blank one are none.
        if header_plus.count(b"\n") > ENTETES_MAX + 2:
            self.is_too_long = True
            raise ParsingError("")
        super().parse_header(header_plus)
        if self.version not in _VERSIONS:
            raise ParsingError("Version de HTTP inconnue : 1.0 ou 1.1.")
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError(
                "Deux longueurs : Content-Length ou Transfer-Encoding, pas les deux."
            )
        hosts = self.headers.get("HOST")
        if (self.version == "1.1" and hosts is None) or "," in (hosts or ""):
            raise ParsingError("Un en-tête Host est attendu, un seul.")


class Refusal(ErrorTask):
    """The answer to a request refused."""

    def execute(self) -> None:
        """Say why; what its client still sends is not read."""
        self.channel.is_refused = True
        super().execute()


class StrictChannel(HTTPChannel):
    """A connection whose requests are read by the strict parser, whole within a time limit.

    Once a request is refused, what its client still sends is thrown away for a
    moment: closed at once, the connection would be reset and the answer lost.
    """

    parser_class = StrictParser
    error_task_class = Refusal
    begun = 0.0
    leaves_at = 0.0
    is_refused = False

    def received(self, data: bytes) -> bool:
        """Take some bytes; the time of a request counts from its first one."""
        if self.request is None:
            self.begun = time.monotonic()
        return super().received(data)

    def check_client_disconnected(self) -> bool:
        """Tell whether the client has left, for what asks it while an answer is being made.

        Who has only ended what it sends is taken for gone: they cannot be told apart.
        """
        if not self.connected:
            return True
        try:
            return self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except (OSError, AttributeError):
            return True

    def readable(self) -> bool:
        """Tell whether bytes are awaited; a request that takes too long to come is closed.

        The server asks every connection at least once a second.
        """
        now = time.monotonic()
        if self.leaves_at:
            if now > self.leaves_at:
                super().handle_close()
            return now <= self.leaves_at
        if self.request is not None and now - self.begun > RECEPTION_S:
            self.will_close = True
        return super().readable()

    def writable(self) -> bool:
        """Tell whether bytes are to be sent."""
        return not self.leaves_at and super().writable()

    def handle_read(self) -> None:
        """Take what came, or throw it away when the connection is about to close."""
        if not self.leaves_at:
            super().handle_read()
            return
        with suppress(OSError):
            if self.recv(self.adj.recv_bytes):
                return
        super().handle_close()

    def handle_close(self) -> None:
        """Close; a moment later, when the client may still be sending what was refused."""
        if not self.is_refused or self.leaves_at:
            super().handle_close()
            return
        self.leaves_at = time.monotonic() + ADIEU_S
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)


def make_strict(servers) -> None:
    """Make every listening socket of a map of waitress read requests strictly."""
    for server in servers.values():
        if hasattr(server, "channel_class"):
            server.channel_class = StrictChannel
