"""The copies of the sources in the cache, and what is known of each: `etat.json` beside it.

A copy is replaced in one atomic step and the one before is kept, so that a
delivery that proves unreadable never leaves the product without data.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import Field, asdict, dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from geoapp.core.errors import SourceError
from geoapp.core.files import put_in_place, replacing
from geoapp.sources.registry import Source

ETAT = "etat.json"
ETAT_MAX_OCTETS = 100_000
"""A longer record is none of ours: it is not read."""
MOMENTS = ("obtenu_le", "verifie_le", "panne_le", "echec_le")
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
PRECEDENT = "precedent"


@dataclass(frozen=True, kw_only=True)
class Etat:
    """What is known of the cached copy of a source; an empty text is unknown.

    Attributes
    ----------
    adresse, etag, modifie_le : str
        Where the copy came from, and the validators its producer gave.
    sha256, nb_lignes : str, int
        Digest of the copy, and the rows it was read with.
    obtenu_le, verifie_le : str
        Moment (ISO 8601, UTC) the copy changed last, and of the last answer of its producer.
    panne_le, echec_le, echec : str
        Moments of the first failure since the last good answer and of the last one, and its reason
        (French); empty once the producer answers well again.
    partiel : str
        Validator of the half-received file kept to be resumed.
    """

    adresse: str = ""
    etag: str = ""
    modifie_le: str = ""
    sha256: str = ""
    nb_lignes: int = 0
    obtenu_le: str = ""
    verifie_le: str = ""
    panne_le: str = ""
    echec_le: str = ""
    echec: str = ""
    partiel: str = ""


def cache_path(source: Source, data_dir: Path) -> Path:
    """Return where the cached copy of `source` lives; its name comes from the registry alone."""
    name = Path(source.fichier).name or f"{source.id}.{source.format}"
    return data_dir / "cache" / source.id / name


def previous_path(source: Source, data_dir: Path) -> Path:
    """Return where the copy before the cached one lives."""
    path = cache_path(source, data_dir)
    return path.parent / PRECEDENT / path.name


def partial_path(source: Source, data_dir: Path) -> Path:
    """Return where the bytes of an interrupted download wait to be resumed."""
    path = cache_path(source, data_dir)
    return path.with_name(f".{path.name}.partiel")


def _is_moment(text: str) -> bool:
    """Tell whether a text is a moment as `now` writes them."""
    try:
        return datetime.strptime(text, _MOMENT) is not None
    except ValueError:
        return False


def etat_path(id_source: str, data_dir: Path) -> Path:
    """Return where what is known of the cached copy of a source is written."""
    return data_dir / "cache" / id_source / ETAT


def read_etat(source: Source, data_dir: Path) -> Etat:
    """Return what is known of the cached copy.

    Nothing when it was never fetched or its record is damaged.
    """
    return _load_etat(etat_path(source.id, data_dir))


def recent_etat(id_source: str, data_dir: Path) -> Etat:
    """Return what `read_etat` returns, the file read again only when it changed.

    Every page asks.
    """
    path = etat_path(id_source, data_dir)
    try:
        found = path.stat()
    except (OSError, ValueError):
        return Etat()
    if not stat.S_ISREG(found.st_mode):
        return Etat()
    # A copy of the same second and size has another inode: records are renamed into place.
    return _load_once(path, (found.st_mtime_ns, found.st_size, found.st_ino))


@lru_cache(maxsize=1024)
def _load_once(path: Path, version: tuple[int, int, int]) -> Etat:
    """Return the record of one version of a file."""
    return _load_etat(path)


def _load_etat(path: Path) -> Etat:
    """Return a record, field by field: what is not of its type is unknown.

    Nothing when the file is damaged.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(ETAT_MAX_OCTETS + 1)
        record = json.loads(raw) if len(raw) <= ETAT_MAX_OCTETS else {}
        return Etat(**{f.name: _sound(f, record[f.name]) for f in fields(Etat) if f.name in record})
    except (OSError, ValueError, TypeError, RecursionError):
        return Etat()


def _sound(field: Field, value: Any) -> Any:
    """Return a value of a record, or the default of its field when it cannot be one."""
    if type(value) is not type(field.default):
        return field.default
    if field.name in MOMENTS and not _is_moment(str(value)):
        return ""
    # A lone surrogate is valid JSON and cannot be sent in a page.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def write_etat(source: Source, data_dir: Path, etat: Etat) -> None:
    """Write what is known of the cached copy, whole or not at all."""
    target = etat_path(source.id, data_dir)
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(etat), ensure_ascii=False, indent=1, sort_keys=True)
    with replacing(target) as path:
        path.write_text(text, encoding="utf-8")


def replace_copy(source: Source, data_dir: Path, received: Path) -> None:
    """Put a complete file in the place of the cached copy, which becomes the previous one.

    Killed at any moment, the cache holds the old copy or the new one, whole.
    """
    target, previous = cache_path(source, data_dir), previous_path(source, data_dir)
    if target.exists():
        previous.parent.mkdir(exist_ok=True)
        with replacing(previous) as kept:
            # A link and not a move: a kill between the two would leave no copy at all.
            os.link(target, kept)
    put_in_place(received, target)


@contextmanager
def locked(source: Source, data_dir: Path) -> Iterator[None]:
    """Hold the cached copy of one source; two refreshes at once would mix their bytes.

    Raises
    ------
    SourceError
        When another process holds it.
    """
    folder = cache_path(source, data_dir).parent
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".verrou", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SourceError(
                source.id,
                "une autre actualisation de cette source est en cours.",
                cure="Attendez qu'elle finisse.",
            ) from None
        yield


def now() -> str:
    """Return the present moment, ISO 8601, UTC, to the second."""
    return datetime.now(UTC).strftime(_MOMENT)


def day_of(moment: str) -> str:
    """Return the day of a moment as 25/11/2026."""
    return f"{moment[8:10]}/{moment[5:7]}/{moment[:4]}"
