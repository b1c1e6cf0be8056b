"""Files that a user asked for: written whole or not at all."""

from __future__ import annotations

import errno
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def writing(path: Path):
    """Give the name under which to write the file (or folder) `path`; it takes its own once whole.

    Raises
    ------
    StorageError
        When it cannot be written; nothing half-written is left, what was there stays.
    """
    path = Path(path)
    aside = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield aside
        os.replace(aside, path)
    except OSError as error:
        reason, cure = PANNES.get(error.errno, (error.strerror or error, AILLEURS))
        raise StorageError(f"Impossible d'écrire {path} ({reason}). {cure}") from error
    finally:
        _remove(aside)


def _remove(aside: Path) -> None:
    """Remove what was not finished, with the journals that a database leaves beside itself."""
    for path in aside.parent.glob(glob.escape(aside.name) + "*"):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


@contextmanager
def aside(target: Path) -> Iterator[Path]:
    """Yield a temporary file beside `target`, removed at the end unless it was renamed."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
