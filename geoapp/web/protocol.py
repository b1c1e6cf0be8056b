"""What waitress takes of HTTP and we refuse: doubtful lengths, no host, headers without end."""

from __future__ import annotations

import time

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.utilities import RequestHeaderFieldsTooLarge

ENTETES_MAX = 100
"""Headers of one request; browsers send about twenty, and proxies take a hundred."""

RECEPTION_S = 20.0
"""Seconds for a request to come whole, however it drips: our longest holds 64 KB."""

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


class StrictChannel(HTTPChannel):
    """A connection whose requests are read by the strict parser, whole within a time limit."""

    parser_class = StrictParser
    begun = 0.0

    def received(self, data: bytes) -> bool:
        """Take some bytes; the time of a request counts from its first one."""
        if self.request is None:
            self.begun = time.monotonic()
        return super().received(data)

    def readable(self) -> bool:
        """Tell whether bytes are awaited; a request that takes too long to come is closed.

        The server asks every connection at least once a second.
        """
        if self.request is not None and time.monotonic() - self.begun > RECEPTION_S:
            self.will_close = True
        return super().readable()


def make_strict(servers) -> None:
    """Make every listening socket of a map of waitress read requests strictly."""
    for server in servers.values():
        if hasattr(server, "channel_class"):
            server.channel_class = StrictChannel
