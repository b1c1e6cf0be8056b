"""One person's browser for `benchmarks.charge`: a connection kept open, answers dropped."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

TIMEOUT_S = 60.0
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True)
class Reponse:
    """What became of one request: status (0: none), seconds to the last byte, `Retry-After`."""

    statut: int
    secondes: float
    attendre: str = ""
    probleme: str = ""


class Client:
    """A connection to a server, opened again when it closes it."""

    def __init__(self, host: str, port: int):
        self._place = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str, headers: dict[str, str]) -> Reponse:
        """Ask for an address and read the answer whole."""
        start = time.monotonic()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                is_kept = self._streams is not None
                try:
                    status, told = await self._exchange(path, headers)
                except (ConnectionError, asyncio.IncompleteReadError) as error:
                    # A connection kept open may have been closed since: as a browser does, once
                    # more on a new one, unless an answer had begun.
                    if not is_kept or getattr(error, "partial", b""):
                        raise
                    await self.close()
                    status, told = await self._exchange(path, headers)
        except (OSError, ValueError, EOFError, TimeoutError) as error:
            await self.close()
            return Reponse(0, time.monotonic() - start, probleme=type(error).__name__)
        return Reponse(status, time.monotonic() - start, told.get("retry-after", ""))

    async def _exchange(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
        """Send a request; return the status and the headers once the body is read."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._place, limit=1 << 20)
        reader, writer = self._streams
        own = {
            "Host": "{}:{}".format(*self._place),
            "User-Agent": AGENT,
            "Accept-Encoding": "gzip",
            **headers,
        }
        lines = [f"GET {path} HTTP/1.1", *(f"{nom}: {value}" for nom, value in own.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        head = await reader.readuntil(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        told = {
            nom.lower(): value.strip() for nom, _, value in (row.partition(":") for row in rest)
        }
        status = int(first.split()[1])
        await self._read_body(reader, status, told)
        if told.get("connection", "").lower() == "close" or first.startswith("HTTP/1.0"):
            await self.close()
        return status, told

    async def _read_body(self, reader, status: int, told: dict[str, str]) -> None:
        """Read a body by its length, its pieces, or to the end of the connection."""
        if status in (204, 304):
            return
        if "chunked" in told.get("transfer-encoding", ""):
            while size := int((await reader.readline()).split(b";")[0], 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        elif "content-length" in told:
            await reader.readexactly(int(told["content-length"]))
        else:
            await reader.read()
            await self.close()

    async def close(self) -> None:
        """Close the connection."""
        streams, self._streams = self._streams, None
        if streams:
            streams[1].close()
            with suppress(OSError):
                await streams[1].wait_closed()
