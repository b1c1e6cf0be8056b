"""Files written whole or not at all: aside, under a name of their own, then renamed in one step.

`aside` gives the name, `replacing` renames what is there, `writing` says in French
why a file that a user asked for cannot be written.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from geoapp.core.errors import StorageError


def write_text(path: Path, text: str) -> None:
    """Write a file that a user asked for: whole or not at all (see `writing`)."""
    with writing(path) as aside:
        aside.write_text(text, encoding="utf-8", newline="")


AILLEURS = "Choisissez un autre dossier."

PANNES = {
    errno.ENOSPC: ("le disque est plein", "Libérez de la place, ou choisissez un autre dossier."),
    errno.EDQUOT: (
        "votre quota est atteint",
        "Libérez de la place, ou choisissez un autre dossier.",
    ),
    errno.ENOENT: ("le dossier n'existe pas", AILLEURS),
    errno.ENOTDIR: ("ce n'est pas un dossier", AILLEURS),
    errno.EISDIR: ("c'est un dossier", AILLEURS),
    errno.EACCES: ("l'accès est refusé", AILLEURS),
    errno.EROFS: ("le disque est en lecture seule", AILLEURS),
    errno.ENOTEMPTY: ("ce dossier existe déjà et n'est pas vide", AILLEURS),
}
"""What an error of the file system means, and what to do about it."""


def is_full(error: OSError) -> bool:
    """Tell whether an error of the file system says that there is no room left."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Give the name under which to write the file (or folder) `path`; it takes its own once whole.

    Raises
    ------
    StorageError
        When it cannot be written; nothing half-written is left, what was there stays.
    """
    try:
        with replacing(path) as temporary:
            yield temporary
    except OSError as error:
        unknown = (error.strerror or str(error), AILLEURS)
        reason, cure = PANNES.get(error.errno or 0, unknown)
        raise StorageError(f"Impossible d'écrire {path} ({reason}). {cure}") from error


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a name: the file, folder or link written under it then takes the place of `target`."""
    with aside(target) as temporary:
        yield temporary
        os.replace(temporary, target)


@contextmanager
def aside(target: Path) -> Iterator[Path]:
    """Yield a free name beside `target`; what is there at the end, not renamed, is removed.

    It holds the number of the process: what a killed one left can be told (see `is_left_over`).
    """
    target = Path(target)
    temporary = target.with_name(f".{os.getpid()}.{target.name}")
    _remove(temporary)  # a killed process may have had our number: in a container it is always 1
    try:
        yield temporary
    finally:
        _remove(temporary)


def _remove(temporary: Path) -> None:
    """Remove what was not finished, with the journals that a database leaves beside itself."""
    try:
        names = os.listdir(temporary.parent)
    except OSError:
        return
    for path in (temporary.parent / name for name in names if name.startswith(temporary.name)):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


HELD = 1 << 25
"""Bytes of a file that the memory of the system may hold when it is read or written once."""


def let_file_go(descriptor: int) -> None:
    """Put a file on the disk, and have the memory of the system hold it no more.

    Gigabytes written once would take all the memory there is: taking it costs more than writing.  A
    system or a disk that takes no such advice goes without.
    """
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.fdatasync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def sha256_of(path: Path, *, is_last: bool = False) -> str:
    """Return the SHA-256 digest of a file, in hexadecimal.

    Where nobody reads it after (`is_last`), one larger than `HELD` is let go as it is read.
    """
    digest, piece = hashlib.sha256(), memoryview(bytearray(1 << 18))
    with Path(path).open("rb", buffering=0) as stream:
        while nb := stream.readinto(piece):
            digest.update(piece[:nb])
            if is_last and stream.tell() % HELD == 0:
                let_file_go(stream.fileno())
    return digest.hexdigest()


SECRET = 32
"""Bytes of a key."""


def read_secret(path: Path) -> bytes:
    """Return the key of a file that only its user reads; it is made the first time.

    Raises
    ------
    OSError
        When the file can be neither read nor made.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside(path) as temporary, suppress(FileExistsError):
            temporary.touch(mode=0o600)
            temporary.write_bytes(secrets.token_bytes(SECRET))
            # A link never takes the place of the key that another process made meanwhile.
            path.hardlink_to(temporary)
    return path.read_bytes()


def is_left_over(path: Path) -> bool:
    """Tell whether a hidden file or folder was being written by a process that no longer runs."""
    return path.name.startswith(".") and not any(map(_is_alive, path.name.split(".")))


def _is_alive(pid: str) -> bool:
    """Tell whether a process runs; a text that is no number is none."""
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        # It runs, and belongs to someone else.
        return True
    return True


def put_in_place(path: Path, target: Path) -> None:
    """Give a file or folder the name `target` in one step, once its bytes are on the disk."""
    # Without this, a power cut after the rename may leave a whole name over empty content.
    for one in filter(Path.is_file, [path, *path.rglob("*")]):
        with open(one, "rb") as stream:
            os.fsync(stream.fileno())
    os.replace(path, target)
