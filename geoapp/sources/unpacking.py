"""Take the only table out of an archive: readers of tables are given a plain file.

An archive of outlines, of a workbook or of LHÉO is left to its own reader.
"""

from __future__ import annotations

import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath

from geoapp.core.errors import SourceError
from geoapp.sources.archive import open_archive_member
from geoapp.sources.content import list_members, read_bytes
from geoapp.sources.records import show

TABLES = (
    ".csv",
    ".tsv",
    ".xlsx",
    ".xls",
    ".xlsb",
    ".ods",
    ".json",
    ".jsonl",
    ".ndjson",
    ".parquet",
)
"""Endings of the files that hold a table; « .txt » too, when nothing else does."""
_APART = (".shp", ".gpkg", ".geojson", ".kml", ".fgb", ".dbf", ".xml")
"""Endings that say an archive of another kind."""

_FOLDER = tempfile.TemporaryDirectory(prefix="geoforma-")


def is_noise(name: str) -> bool:
    """Tell what a system adds to an archive: the doubles of a Mac, hidden files, thumbnails."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return (
        "__MACOSX" in parts
        or any(part.startswith(".") for part in parts)
        or parts[-1:] in (("Thumbs.db",), ("desktop.ini",))
    )


def unpacked(path: Path) -> Path:
    """Return a plain file that holds the only table of an archive; another file is itself.

    Raises
    ------
    SourceError
        Several tables in the archive, or an unsafe one.
    """
    path = Path(path)
    if not path.is_file():
        return path
    with path.open("rb") as stream:
        magic = stream.read(4)
    if magic != b"PK\x03\x04" and not magic.startswith(b"\x1f\x8b"):
        return path
    told = path.stat()
    return _unpacked(path, magic[:2] == b"PK", (told.st_mtime_ns, told.st_size, told.st_ino))


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """Give what `unpacked` returns; a refusal of it names the archive, which is what was given.

    Raises
    ------
    SourceError
        What is raised inside, under the name of the file that a person has.
    """
    plain = unpacked(path)
    try:
        yield plain
    except SourceError as error:
        if plain == Path(path) or Path(error.path) != plain:
            raise
        place = ", ".join(filter(None, (plain.name, error.place)))
        raise SourceError(path, error.problem, cure=error.cure, place=place) from error


@lru_cache(maxsize=64)
def _unpacked(path: Path, is_zip: bool, changed: tuple[int, ...]) -> Path:
    """Return what `unpacked` does, taken out once for each state of the file."""
    if is_zip and not zipfile.is_zipfile(path):
        # Its reader says what it was to be.
        return path
    if is_zip:
        member = table_member(path)
        if not member:
            return path
        with open_archive_member(path, member) as stream:
            return unpacked(_laid(PurePosixPath(member).name, stream.read()))
    # Text is read through gzip as it is; a workbook must be had whole.
    with gzip.open(path) as expanded:
        try:
            start = expanded.read(4)
        except (OSError, EOFError, zlib.error):
            return path
    if start not in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1"):
        return path
    return unpacked(_laid(path.name.removesuffix(".gz"), read_bytes(path)))


def _laid(name: str, content: bytes) -> Path:
    """Return the path of a temporary file of that name and content."""
    folder = Path(tempfile.mkdtemp(dir=_FOLDER.name))
    target = folder / name
    target.write_bytes(content)
    return target


def expanded(path: Path) -> Path:
    """Return a plain file of the content of a gzipped one; another file is itself."""
    path = Path(path)
    with path.open("rb") as stream:
        if stream.read(2) != b"\x1f\x8b":
            return path
    return _laid(path.name.removesuffix(".gz"), read_bytes(path))


def table_member(path: Path) -> str:
    """Return the name of the only table of an archive; "" for an archive of another kind.

    Raises
    ------
    SourceError
        Several tables, or an unsafe archive.
    """
    names = list_members(path)
    lowered = {name: name.lower() for name in names if not is_noise(name)}
    is_workbook = "[Content_Types].xml" in names or "content.xml" in names
    if is_workbook or any(name.endswith(_APART) for name in lowered.values()):
        return ""
    plain = {name: low.removesuffix(".gz") for name, low in lowered.items()}
    tables = [name for name, low in plain.items() if low.endswith(TABLES)]
    tables = tables or [name for name, low in plain.items() if low.endswith(".txt")]
    if len(tables) > 1:
        raise SourceError(
            path,
            f"l'archive contient {len(tables)} tableaux : {', '.join(map(show, tables[:5]))}.",
            cure="Extrayez celui qu'il faut lire.",
        )
    return tables[0] if tables else ""
