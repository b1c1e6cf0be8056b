"""Streams sealed with a key, block by block: what is read was written with that key, and is whole.

Nothing of a block is given before its seal is checked, and a stream of any length is written and
read without ever being in memory at once.
"""

from __future__ import annotations

import hmac
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

BLOCK = 1 << 20
"""Bytes sealed at once."""

_SEAL, _LENGTH = 32, 4


class AlteredError(Exception):
    """What is read is not what was sealed with this key under this name, or it was cut."""


@contextmanager
def sealing(stream: IO[bytes], key: bytes, name: str) -> Iterator[IO[bytes]]:
    """Yield a stream whose bytes are sealed into another, under a name."""
    raw = _Sealed(stream, key, name)
    with io.BufferedWriter(raw, BLOCK) as writer:
        yield writer
        writer.flush()
        # An empty block ends the stream: without it, it was cut.
        raw.put(memoryview(b""))


def unsealing(stream: IO[bytes], key: bytes, name: str) -> io.BufferedReader:
    """Return a stream of what was sealed into another; reading raises `AlteredError`."""
    return io.BufferedReader(_Sealed(stream, key, name), BLOCK)


class _Sealed(io.RawIOBase):
    """Blocks over a stream, each after its length and its seal."""

    def __init__(self, stream: IO[bytes], key: bytes, name: str):
        super().__init__()
        self._stream, self._key, self._name = stream, key, name
        self._rank = 0
        self._left = memoryview(b"")
        self._is_over = False

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def write(self, data) -> int:
        view = memoryview(data).cast("B")
        for start in range(0, len(view), BLOCK):
            self.put(view[start : start + BLOCK])
        return len(view)

    def put(self, block: memoryview) -> None:
        """Write one block."""
        self._stream.write(len(block).to_bytes(_LENGTH, "big"))
        self._stream.write(self._seal(block))
        self._stream.write(block)

    def readinto(self, into) -> int:
        if not self._left and not self._is_over:
            self._left = memoryview(self._next())
            self._is_over = not self._left
        nb = min(len(self._left), len(into))
        into[:nb] = self._left[:nb]
        self._left = self._left[nb:]
        return nb

    def _next(self) -> bytes:
        head = self._stream.read(_LENGTH + _SEAL)
        block = self._stream.read(min(int.from_bytes(head[:_LENGTH], "big"), BLOCK))
        if not hmac.compare_digest(head[_LENGTH:], self._seal(block)):
            raise AlteredError
        return block

    def _seal(self, block: bytes | memoryview) -> bytes:
        """Return the seal of the next block: of another name, or at another rank, it is void."""
        digest = hmac.new(self._key, f"{self._rank} {self._name}\0".encode(), "sha256")
        digest.update(block)
        self._rank += 1
        return digest.digest()
