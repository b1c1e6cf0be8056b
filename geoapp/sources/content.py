"""From a file to its bytes and its text, refusing what is no data.

Empty, cut, disguised or far too large.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

from geoapp.core.errors import SourceError
from geoapp.sources.archive import (
    ARCHIVE_MAX_BYTES,
    RATIO_FROM_BYTES,
    RATIO_MAX,
    check_archive,
    open_archive_member,
)
from geoapp.sources.encodings import TexteLu, read_otherwise, without_mark

MAX_BYTES = 2 * ARCHIVE_MAX_BYTES
"""Largest content read, in bytes, once expanded, that of a million offers: it is held in memory."""

LFS_POINTER = b"version https://git-lfs"
WEB_PAGE = (b"<!doctype html", b"<html")

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 1 << 20
_AGAIN = "Téléchargez-le à nouveau auprès du producteur."


def read_bytes(path: Path) -> bytes:
    """Return the content of a plain or gzipped file.

    Raises
    ------
    SourceError
        Not a file, empty, beyond `MAX_BYTES`, a damaged or dishonest gzip, a
        Git LFS pointer, or a web page in place of data.
    """
    path = Path(path)
    content = _expand(path, _load(path))
    check_start(path, content)
    return content


def check_start(path: Path, content: bytes) -> None:
    """Raise `SourceError` for an empty content, a Git LFS pointer or a web page.

    The first bytes tell.
    """
    bare = content.removeprefix(_bom(content)[0])
    start = bare[:1000].lstrip().lower()
    if not start and not bare.strip():
        raise SourceError(path, "le fichier est vide.", cure=_AGAIN)
    if start.startswith(LFS_POINTER):
        raise SourceError(
            path,
            "c'est un renvoi Git LFS, pas les données.",
            place="ligne 1",
            cure="Récupérez le fichier lui-même.",
        )
    if start.startswith(WEB_PAGE):
        raise SourceError(
            path, "c'est une page web, pas les données.", place="ligne 1", cure=_AGAIN
        )


def stream_bytes(path: Path, *, suffix: str = "", chunk: int = _CHUNK) -> Iterator[bytes]:
    """Yield the content of a plain, gzipped or zipped file piece by piece, never the whole of it.

    A zip archive is read when exactly one of its files ends in `suffix`.  Refuses
    what `read_bytes` refuses, sizes apart: a content that is not held has no
    largest size, only a ratio of expansion.
    """
    path = Path(path)
    _check_file(path)
    pieces = _pieces(path, suffix, chunk)
    first = next(pieces, b"")
    check_start(path, first)
    yield first
    yield from pieces


def _pieces(path: Path, suffix: str, chunk: int) -> Iterator[bytes]:
    """Yield the pieces of a file, expanded when it is packed."""
    try:
        with path.open("rb") as raw:
            magic = raw.read(4)
            raw.seek(0)
            if magic == b"PK\x03\x04" and suffix:
                yield from _zipped(path, suffix, chunk)
            elif magic.startswith(b"\x1f\x8b"):
                yield from _gunzipped(path, raw, chunk)
            else:
                yield from iter(lambda: raw.read(chunk), b"")
    except OSError as error:
        raise SourceError(
            path,
            f"fichier illisible ({error.strerror}).",
            cure="Vérifiez ses droits, ou téléchargez-le à nouveau.",
        ) from None


def _zipped(path: Path, suffix: str, chunk: int) -> Iterator[bytes]:
    """Yield the pieces of the only file of a zip archive that ends in `suffix`."""
    members = [name for name in list_members(path) if name.lower().endswith(suffix)]
    if len(members) != 1:
        raise SourceError(
            path,
            f"l'archive contient {len(members)} fichiers « {suffix} », un seul est attendu.",
            cure="Extrayez celui qu'il faut lire.",
        )
    with open_archive_member(path, members[0]) as stream:
        yield from iter(lambda: stream.read(chunk), b"")


def _gunzipped(path: Path, raw, chunk: int) -> Iterator[bytes]:
    """Yield the pieces of a gzipped stream, refusing one that expands as no data does."""
    packed, size = path.stat().st_size, 0
    try:
        with gzip.GzipFile(fileobj=raw) as stream:
            while piece := stream.read(chunk):
                size += len(piece)
                if size > RATIO_FROM_BYTES and size > RATIO_MAX * packed:
                    raise _too_large(path)
                yield piece
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise SourceError(
            path, "fichier gzip coupé ou abîmé.", place=f"après {size} octets étendus", cure=_AGAIN
        ) from None


def _check_file(path: Path) -> None:
    """Raise `SourceError` for a folder or a path without file."""
    if path.is_dir():
        raise SourceError(
            path, "c'est un dossier, un fichier est attendu.", cure="Donnez le chemin du fichier."
        )
    if not path.is_file():
        raise SourceError(path, "fichier introuvable.", cure="Vérifiez le chemin.")


def _load(path: Path) -> bytes:
    """Return the bytes of a file, or say why they cannot be had."""
    _check_file(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _too_large(path)
        return path.read_bytes()
    except OSError as error:
        raise SourceError(
            path,
            f"fichier illisible ({error.strerror}).",
            cure="Vérifiez ses droits, ou téléchargez-le à nouveau.",
        ) from None


def _expand(path: Path, content: bytes) -> bytes:
    """Return `content`, expanded piece by piece when it is gzipped."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    pieces, size = [], 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            while piece := stream.read(_CHUNK):
                size += len(piece)
                expands = size > RATIO_FROM_BYTES and size > RATIO_MAX * len(content)
                if size > MAX_BYTES or expands:
                    raise _too_large(path)
                pieces.append(piece)
    except (OSError, EOFError, zlib.error):
        raise SourceError(
            path, "fichier gzip coupé ou abîmé.", place=f"après {size} octets étendus", cure=_AGAIN
        ) from None
    return b"".join(pieces)


def _too_large(path: Path) -> SourceError:
    """Return the error for a content that must not be held in memory."""
    return SourceError(
        path,
        f"contenu trop grand (plus de {MAX_BYTES // 1_000_000} Mo, "
        f"ou plus de {RATIO_MAX} fois le fichier compressé), refusé.",
        cure="Demandez un fichier sain au producteur, ou découpez-le.",
    )


def _bom(content: bytes) -> tuple[bytes, str]:
    """Return the byte order mark that opens a content and its encoding, or nothing."""
    return next(((bom, encoding) for bom, encoding in _BOMS if content.startswith(bom)), (b"", ""))


def decode(path: Path, content: bytes, encoding: str) -> TexteLu:
    """Return `content` as text, and how it was read when that is not as announced.

    A byte order mark wins over the declared `encoding`; bytes that are not in it
    are read in the encoding that their letters tell (`geoapp.sources.encodings`).

    Raises
    ------
    SourceError
        Unknown encoding, bytes that are in none (the line is given), NUL characters.
    """
    mark, by_mark = _bom(content)
    try:
        other = None if mark or not without_mark(content) else read_otherwise(content)
        found = other or TexteLu(content.decode(by_mark or encoding))
    except LookupError:
        raise SourceError(
            path,
            f"encodage « {encoding} » inconnu.",
            cure="Écrivez par exemple utf-8 ou cp1252 dans geodata/sources.toml.",
        ) from None
    except UnicodeDecodeError as error:
        # A mark that lies says that the file is damaged, not that it is in another encoding.
        other = None if mark else read_otherwise(content)
        if other is None:
            raise _undecodable(path, content, by_mark or encoding, error.start) from None
        found = other
    if "\x00" in found.texte:
        line = found.texte[: found.texte.index("\0")].count("\n") + 1
        raise SourceError(
            path,
            "caractère nul : ce n'est pas un fichier de texte.",
            place=f"ligne {line}",
            cure="Exportez-le en UTF-8.",
        )
    return TexteLu(found.texte.removeprefix("\ufeff"), found.dit)


def _undecodable(path: Path, content: bytes, encoding: str, start: int) -> SourceError:
    """Return the error for a byte that is in no encoding that is read."""
    return SourceError(
        path,
        f"le texte n'est ni en {encoding.removesuffix('-sig').upper()}, "
        f"ni en Windows-1252, ni en MacRoman (octet 0x{content[start]:02X}).",
        place=f"ligne {content[:start].count(10) + 1}",
        cure="Ce n'est peut-être pas un texte : exportez-le à nouveau, en UTF-8.",
    )


def list_members(path: Path) -> list[str]:
    """Return the files of a zip archive, each checked (`check_archive`).

    A damaged offset is refused too: zipfile seeks where a damaged directory says.
    """
    try:
        return check_archive(path)
    except OSError as error:
        raise SourceError(path, f"archive abîmée ({error.strerror}).", cure=_AGAIN) from None
