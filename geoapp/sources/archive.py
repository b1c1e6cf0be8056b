"""Open zip archives that come from elsewhere, refusing those that could do harm."""

from __future__ import annotations

import difflib
import errno
import lzma
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from geoapp.core.errors import SourceError

ARCHIVE_MAX_BYTES = 500_000_000
"""Largest content of an archive once expanded, in bytes."""
ARCHIVE_MAX_ENTRIES = 10_000
RATIO_MAX, RATIO_FROM_BYTES = 200, 1_000_000
"""Expansion that no data file reaches; looked at from one megabyte up."""

_CHUNK = 1 << 16
_SAFE = "Demandez une archive saine au producteur."
_AGAIN = "Téléchargez-la de nouveau."
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    UnicodeDecodeError,
    OSError,
)


def check_archive(path: Path, *, max_bytes: int = ARCHIVE_MAX_BYTES) -> list[str]:
    """Return the names of the files of a zip archive, in its order, after checking every entry.

    Every entry is read to its end once, so that a damaged archive, or one that
    lies about its sizes, is found here and not by the library that reads it.

    Raises
    ------
    SourceError
        Not a zip, truncated or damaged; an entry with an absolute path, `..`,
        a symbolic link or an encrypted content; too many entries; an expansion
        beyond `max_bytes` or beyond any honest ratio.
    """
    with _opened(path) as archive:
        _check_entries(archive, path)
        files = [info for info in archive.infolist() if not info.is_dir()]
        if sum(info.file_size for info in files) > max_bytes:
            raise SourceError(
                path,
                f"l'archive s'étend à plus de {max_bytes // 1_000_000} Mo, refusée.",
                cure=_SAFE,
            )
        for info in files:
            _check_size(info, path, max_bytes)
            with _entry(archive, info, path) as stream:
                while stream.read(_CHUNK):
                    pass
        return [info.filename for info in files]


@contextmanager
def open_archive_member(
    path: Path, member: str, *, max_bytes: int = ARCHIVE_MAX_BYTES
) -> Iterator[IO[bytes]]:
    """Yield the bytes of one file of a zip archive; the names of all entries are checked first.

    Raises
    ------
    SourceError
        As `check_archive` (sizes: for this file only), or when the archive
        holds no such file; the nearest name is then given.
    """
    with _opened(path) as archive:
        _check_entries(archive, path)
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        if member not in names:
            near = difflib.get_close_matches(member, names, n=1, cutoff=0.3) or names[:1]
            cure = f"Vouliez-vous dire « {near[0]} » ?" if near else "Elle est vide."
            raise SourceError(path, f"l'archive ne contient pas « {member} ».", cure=cure)
        info = archive.getinfo(member)
        _check_size(info, path, max_bytes)
        with _entry(archive, info, path) as stream:
            yield stream


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive, or say that it is none."""
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise SourceError(path, "archive introuvable.", cure="Vérifiez le chemin.") from None
    except _BROKEN:
        raise SourceError(
            path, "ce n'est pas une archive zip, ou elle est tronquée.", cure=_AGAIN
        ) from None
    with archive:
        yield archive


@contextmanager
def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> Iterator[IO[bytes]]:
    """Open one entry; what its content breaks is said with its name."""
    try:
        with archive.open(info) as stream:
            yield stream
    except _BROKEN as error:
        # Damaged bytes give no number, a damaged offset EINVAL: any other one is the disk's.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise SourceError(
            path,
            f"contenu tronqué ou abîmé ({error}).",
            cure=_AGAIN,
            place=f"entrée « {info.filename} »",
        ) from None


def _check_entries(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse an archive for the names or the kind of its entries, before anything is expanded."""
    entries = archive.infolist()
    if len(entries) > ARCHIVE_MAX_ENTRIES:
        raise SourceError(path, f"plus de {ARCHIVE_MAX_ENTRIES} entrées, refusée.", cure=_SAFE)
    for info in entries:
        if problem := _danger(info):
            raise SourceError(path, problem, cure=_SAFE, place=f"entrée « {info.orig_filename} »")


def _danger(info: zipfile.ZipInfo) -> str:
    """Return in French what is dangerous in an entry, or an empty text."""
    name = info.orig_filename.replace("\\", "/")
    if "\0" in name or not name:
        return "nom d'entrée invalide."
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "chemin absolu, refusé."
    if ".." in PurePosixPath(name).parts:
        return "chemin qui sort de l'archive (« .. »), refusé."
    # The mode of Unix, in the high half; 0 when another system wrote the archive.
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "lien symbolique ou fichier spécial, refusé."
    if info.flag_bits & 0x1:
        return "entrée chiffrée : illisible sans mot de passe."
    return ""


def _check_size(info: zipfile.ZipInfo, path: Path, max_bytes: int) -> None:
    """Refuse an entry too large, or that expands as no data file does.

    The reader enforces the declared size.
    """
    place = f"entrée « {info.filename} »"
    if info.file_size > max_bytes:
        raise SourceError(
            path,
            f"plus de {max_bytes // 1_000_000} Mo une fois étendue, refusée.",
            cure=_SAFE,
            place=place,
        )
    packed = max(info.compress_size, 1)
    if info.file_size > RATIO_FROM_BYTES and info.file_size > RATIO_MAX * packed:
        raise SourceError(
            path,
            f"s'étend plus de {RATIO_MAX} fois (bombe de décompression), refusée.",
            cure=_SAFE,
            place=place,
        )
