"""Exceptions of the product.

Every message is written for the person who reads it: in French, naming what
happened, where, and how to put it right.  Each class has a builtin twin so
that callers may catch either.
"""

from __future__ import annotations

from pathlib import Path


class GeoFormaError(Exception):
    """Base of every error that a user can cause and cure."""

    exit_code = 1


class ParameterError(GeoFormaError, ValueError):
    """A value given by the user is not one of those accepted."""

    exit_code = 2


class NotFoundError(GeoFormaError, LookupError):
    """What was asked by its identifier is not in the snapshot."""


class SnapshotError(GeoFormaError, FileNotFoundError):
    """There is no snapshot to open, or the one found is not complete."""


class MissingPartError(SnapshotError):
    """The snapshot served lacks a part; the message names no path, a visitor may read it."""


class StorageError(GeoFormaError, OSError):
    """A folder or file of ours cannot be written (full disk, read-only…)."""


class ContractError(GeoFormaError, AssertionError):
    """Tables of ours break their own contract: a defect of the product."""


class SourceError(GeoFormaError, ValueError):
    """A source file cannot be read at all.

    The message names the file, the place in it when known, what is wrong,
    and the cure.
    """

    def __init__(self, path: Path | str, problem: str, *, cure: str, place: str = ""):
        self.path, self.problem, self.cure, self.place = str(path), problem, cure, place
        where = f"{Path(path).name}, {place}" if place else Path(path).name
        super().__init__(f"{where} : {problem} {cure}")
