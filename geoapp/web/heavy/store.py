"""Heavy answers kept on the disk, by snapshot and address, for every web process."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

OCTETS = 128 * 1024 * 1024
"""Bytes kept at most: a temporary folder may be memory.  The one asked the longest ago goes."""

GARDEES = "gardees"
"""Name of the folder of the answers kept, in that of the workshop."""

_LENGTH = 4

Entetes = tuple[tuple[str, str], ...]


class Etagere:
    """The answers kept of one snapshot, one file each: its headers, then its body."""

    def __init__(self, folder: Path, instantane: str):
        self._folder = folder / instantane

    def open(self, cle: str) -> tuple[Entetes, BinaryIO] | None:
        """Return the headers of an answer, and its file read up to its body; None when not kept."""
        path = self._folder / cle
        try:
            stream = open(path, "rb", buffering=0)  # noqa: SIM115 – closed once it is sent
        except OSError:
            return None
        headers = read_headers(stream)
        with suppress(OSError):
            os.utime(path)
        return headers, stream

    def has(self, cle: str) -> bool:
        """Tell whether an answer is kept."""
        return (self._folder / cle).exists()

    def put(self, cle: str, part: Path) -> None:
        """Keep a file written by `start`, then let go those asked the longest ago."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.replace(part, self._folder / cle)
        self._let_go()

    def _let_go(self) -> None:
        """Remove the answers asked the longest ago until the others fit."""
        found = []
        for path in self._folder.iterdir():
            with suppress(OSError):
                told = path.stat()
                found.append((told.st_mtime_ns, told.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= OCTETS:
                return
            path.unlink(missing_ok=True)
            total -= size

    def remove(self) -> None:
        """Remove every answer: the snapshot is no longer served."""
        shutil.rmtree(self._folder, ignore_errors=True)


def start(stream: BinaryIO, headers: Entetes) -> None:
    """Write the headers of an answer; its body is written after them."""
    text = json.dumps(headers).encode()
    stream.write(len(text).to_bytes(_LENGTH, "big") + text)


def read_headers(stream: BinaryIO) -> Entetes:
    """Return the headers of a kept answer; the stream is then at its body."""
    size = int.from_bytes(stream.read(_LENGTH), "big")
    return tuple((nom, valeur) for nom, valeur in json.loads(stream.read(size)))
