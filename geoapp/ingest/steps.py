"""Steps of a build kept on disk: what has the same inputs is not done twice.

A step is named, and keyed by the digest of its inputs and of the code that
makes it.  Its result is written aside and renamed, with its own digest: one
that was cut or altered is done again.  Whether it was done or found, the
build goes on with the same bytes read back, so that an incremental build
cannot differ from a full one.

The folder belongs to the product like the snapshots beside it: results are
pickles, read only when the user who builds owns them.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from geoapp.core.config import GEODATA, ROOT
from geoapp.core.files import replacing
from geoapp.sources.content import sha256_of

DOSSIER = "etapes"
EMPLOYEES = "employees.txt"
"""Names of the results that the last build used."""
ROOMS = ("core", "reference", "sources", "offer", "coverage", "planning", "ingest")
"""Rooms whose code a build may run: a page that changes throws no step away."""
_LIBRARIES = (
    "geopandas",
    "numpy",
    "pandas",
    "pyarrow",
    "pyogrio",
    "pyproj",
    "rapidfuzz",
    "scipy",
    "shapely",
)
_MISSING = object()
T = TypeVar("T")


@dataclass(frozen=True)
class Etapes:
    """The steps of one build: where they are kept (None: nowhere), those done, those found."""

    dossier: Path | None
    version: str
    faites: list[str] = field(default_factory=list)
    trouvees: list[str] = field(default_factory=list)
    employees: set[str] = field(default_factory=set)
    en_cours: list[set[str]] = field(default_factory=list, repr=False)
    """What each step being made has used so far, the innermost last."""

    def key(self, nom: str, *entrees: object) -> str:
        """Return the key of a step: equal inputs, equal code, equal key.

        Inputs are plain values or other keys.
        """
        return hashlib.sha256(repr((self.version, nom, entrees)).encode()).hexdigest()

    def path(self, nom: str, key: str) -> Path | None:
        """Return where the result of a step is kept."""
        name = "".join(c if c.isalnum() or c in "-." else "_" for c in nom)
        return self.dossier / f"{name}.{key[:32]}" if self.dossier else None


def open_etapes(data_dir: Path) -> Etapes:
    """Return the steps kept in `data_dir`."""
    return Etapes(Path(data_dir) / DOSSIER, code_version())


@cache
def code_version() -> str:
    """Return a digest of what makes a result besides its inputs.

    Code, reference tables, libraries.
    """
    digest = hashlib.sha256(platform.python_version().encode())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}".encode())
    # Each row of sources.toml is an input of its own: one changed row reads one source again.
    reference = [path for path in GEODATA.iterdir() if path.suffix in (".csv", ".parquet")]
    code = [path for room in ROOMS for path in (ROOT / "geoapp" / room).rglob("*.py")]
    for path in sorted([*code, *reference]):
        digest.update(f"{path.relative_to(ROOT)} {sha256_of(path)}".encode())
    return digest.hexdigest()


def content_key(value) -> str:
    """Return a key of a result itself, when it may be the same although its inputs are not."""
    return hashlib.sha256(pickle.dumps(value, protocol=5)).hexdigest()


def do(etapes: Etapes, nom: str, key: str, make: Callable[[], T]) -> T:
    """Return the result of step `nom`: the one kept under `key`, else that of `make()`, then kept.

    The results that a step used inside are kept as long as its own: what
    changes next may need them again.  A result that cannot be kept (full
    disk, read-only folder) is used all the same.
    """
    path = etapes.path(nom, key)
    found = _load(path)
    if found is _MISSING:
        etapes.faites.append(nom)
        # Read back even when just made: both ways go on with the same bytes.
        value, used = _keep(path, _make(etapes, make))
    else:
        etapes.trouvees.append(nom)
        value, used = found
    _use(etapes, [path.name, *used] if path else used)
    return value


def _make(etapes: Etapes, make: Callable[[], T]) -> tuple[T, list[str]]:
    """Return the result of a step, and the names of the results that it used."""
    etapes.en_cours.append(set())
    try:
        return make(), sorted(etapes.en_cours[-1])
    finally:
        etapes.en_cours.pop()


def _use(etapes: Etapes, names: Iterable[str]) -> None:
    """Count results as used, by this build and by the step being made."""
    etapes.employees.update(names)
    if etapes.en_cours:
        etapes.en_cours[-1].update(names)


def is_kept(etapes: Etapes, nom: str, key: str) -> bool:
    """Tell whether a result is there, whole; it then counts as used."""
    path = etapes.path(nom, key)
    if path is None or _read(path) is None:
        return False
    _use(etapes, [path.name])
    return True


def _read(path: Path) -> bytes | None:
    """Return the content of a result that is ours and whole, else None."""
    try:
        with open(path, "rb") as stream:
            # A pickle runs what it holds: that of another user is not read.
            if os.fstat(stream.fileno()).st_uid != os.geteuid():
                return None
            digest, content = stream.read(32), stream.read()
    except OSError:
        return None
    return content if hashlib.sha256(content).digest() == digest else None


def _load(path: Path | None) -> Any:
    """Return a result kept and what it used, or `_MISSING`."""
    content = _read(path) if path else None
    return _MISSING if content is None else pickle.loads(content)


def _keep(path: Path | None, value: tuple[T, list[str]]) -> tuple[T, list[str]]:
    """Write a result with what it used, and return both as they will be read back."""
    content = pickle.dumps(value, protocol=5)
    if path:
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as temporary, open(temporary, "wb") as stream:
                stream.write(hashlib.sha256(content).digest())
                stream.write(content)
    return pickle.loads(content)


def sweep(etapes: Etapes) -> None:
    """Remove the results that neither this build nor the one before used.

    Left-overs of killed builds go too.
    """
    if etapes.dossier is None or not etapes.dossier.is_dir():
        return
    record = etapes.dossier / EMPLOYEES
    try:
        before = set(record.read_text(encoding="utf-8").split()) if record.exists() else set()
        for path in etapes.dossier.iterdir():
            if path.name not in etapes.employees | before | {EMPLOYEES}:
                path.unlink(missing_ok=True)
        with replacing(record) as temporary:
            temporary.write_text("\n".join(sorted(etapes.employees)), encoding="utf-8")
    except OSError:
        # The snapshot is published: a sweep that fails is done by the next build.
        return
