"""Steps of a build kept on disk: what has the same inputs is not done twice.

A step is named, and keyed by the digest of its inputs and of the code that
makes it: the module of its function and those that this module imports, so
that a change elsewhere throws nothing away.  Its result is written aside and
renamed.  Whether it was done or found, the build goes on with the same bytes
read back, so that an incremental build cannot differ from a full one.

Results are pickles, and a pickle runs what it holds: each is signed with a
key of this user that is kept outside the data folder.  One that was cut,
altered, made by another user or brought with a copied folder is done again.
"""

from __future__ import annotations

import ast
import hashlib
import io
import logging
import pickle
import platform
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from time import process_time
from typing import IO, Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from geopandas.array import GeometryArray

from geoapp.core.config import GEODATA, ROOT
from geoapp.core.errors import ParameterError
from geoapp.core.files import HELD, let_file_go, read_secret, replacing, sha256_of
from geoapp.core.sealed import BLOCK, AlteredError, sealing, unsealing
from geoapp.core.snapshot import read_shapes
from geoapp.core.unused import give_back
from geoapp.reference.vicinity import communes_file, region_code

DOSSIER = "etapes"
EMPLOYEES = "employees.txt"
"""Names of the results that the last build used."""
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
_FORM = 3
"""Number of the form in which results are written: one written in another is done again."""
_LENGTH = 8
LONGUE = 1.0
"""Seconds of processor from which a step may have used much memory."""
_MISSING = object()
T = TypeVar("T")
LOG = logging.getLogger("geoapp")


@dataclass(frozen=True, kw_only=True)
class Etapes:
    """The steps of one build: where they are kept (None: nowhere), those done, those found."""

    dossier: Path | None
    cle: bytes = field(repr=False)
    """What signs the results: only those signed with it are opened."""
    version: Callable[[str], str]
    """Returns the digest of the code that a module runs."""
    region: str = ""
    """Region served, and digest of the communes at hand."""
    faites: list[str] = field(default_factory=list)
    trouvees: list[str] = field(default_factory=list)
    employees: set[str] = field(default_factory=set)
    en_cours: list[set[str]] = field(default_factory=list, repr=False)
    """What each step being made has used so far, the innermost last."""

    def key(self, nom: str, make: Callable, *entrees: object) -> str:
        """Return the key of a step that `make` does: equal inputs, equal code, equal key.

        Inputs are plain values or other keys.
        """
        function = make.func if isinstance(make, partial) else make
        return digest_of(self.version(function.__module__), self.region, nom, entrees)

    def path(self, nom: str, key: str) -> Path | None:
        """Return where the result of a step is kept."""
        name = "".join(c if c.isalnum() or c in "-." else "_" for c in nom)
        return self.dossier / f"{name}.{key[:32]}" if self.dossier else None


def open_etapes(data_dir: Path, cle: Path) -> Etapes:
    """Return the steps kept in `data_dir`, signed with the key of the file `cle`.

    Raises
    ------
    ParameterError
        When the key is in the folder that it protects.
    """
    if cle.resolve().is_relative_to(Path(data_dir).resolve()):
        raise ParameterError(
            f"La clé des étapes ({cle}) est dans le dossier de données, qui se copie avec elle. "
            "Choisissez un autre endroit : GEOAPP_CLE_ETAPES."
        )
    try:
        key = read_secret(cle)
    except OSError as error:
        LOG.warning(
            "Étapes non gardées : clé %s illisible (%s). Choisissez-en une : GEOAPP_CLE_ETAPES.",
            *(cle, error.strerror or error),
        )
        return Etapes(dossier=None, cle=b"", version=code_version)
    region = f"{region_code()} {sha256_of(communes_file())}"
    folder = Path(data_dir) / DOSSIER
    return Etapes(dossier=folder, cle=key, version=code_version, region=region)


def digest_of(*values: object) -> str:
    """Return a digest of plain values."""
    return hashlib.sha256(repr(values).encode()).hexdigest()


@cache
def code_version(module: str) -> str:
    """Return a digest of what makes a result besides its inputs.

    The code of a module and of all that it imports, reference tables, libraries.
    """
    digest = hashlib.sha256(platform.python_version().encode())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}".encode())
    # Each row of sources.toml is an input of its own: one changed row reads one source again.
    reference = [path for path in GEODATA.iterdir() if path.suffix in (".csv", ".parquet")]
    for path in sorted([*_files_of(module), *reference]):
        digest.update(f"{path.relative_to(ROOT)} {_content_of(path)}".encode())
    return digest.hexdigest()


@cache
def _content_of(path: Path) -> str:
    """Return the digest of a file of the product: many steps run the same code."""
    return sha256_of(path)


def _files_of(module: str) -> set[Path]:
    """Return the files of a module of the product and of all those that it imports."""
    found: set[Path] = set()
    todo = [_file_of(module)]
    while todo:
        path = todo.pop()
        if path and path not in found:
            found.add(path)
            todo += _imports(path)
    return found


def _file_of(module: str) -> Path | None:
    """Return the file of a module of the product; None for another, or a name in a module."""
    parts = module.split(".")
    if parts[0] != "geoapp":
        return None
    return _code_at(ROOT.joinpath(*parts))


@cache
def _code_at(base: Path) -> Path | None:
    """Return the file of a module, or of a package; None without one."""
    files = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in files if path.is_file()), None)


@cache
def _imports(path: Path) -> frozenset[Path]:
    """Return the files of the modules that a file imports, and of the packages that hold them."""
    return frozenset(found for nom in set(_named(path)) if (found := _file_of(nom)))


def _named(path: Path) -> Iterator[str]:
    """Yield what a file imports: modules, their packages, and the names taken from them."""
    for node in _statements(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            named = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            named = [f"{node.module}.{one.name}" for one in node.names]
        else:
            continue
        for name in named:
            parts = name.split(".")
            yield from (".".join(parts[:n]) for n in range(1, len(parts) + 1))


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the statements of a file, those inside others too; expressions, ten times more, import
    nothing.
    """
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        yield node
        for inside in ("body", "orelse", "finalbody", "handlers", "cases"):
            todo += getattr(node, inside, ())


def content_key(value) -> str:
    """Return a key of a result itself, when it may be the same although its inputs are not."""
    digest = hashlib.sha256()
    _dump(value, _Told(digest.update))
    return digest.hexdigest()


class _Told(NamedTuple):
    """A stream that only tells what is written to it."""

    write: Callable[[bytes | memoryview], object]


def _dump(value: object, stream: _Told | IO[bytes]) -> None:
    """Write a value: the columns of its tables as they are met, then the pickle that names them.

    A pickler remembers all that it writes itself: every column would be in memory twice.
    """

    def put(part: memoryview) -> None:
        stream.write(len(part).to_bytes(_LENGTH, "big"))
        stream.write(part)

    told = io.BytesIO()
    _Pickler(told, protocol=5, buffer_callback=lambda part: put(part.raw())).dump(value)
    put(told.getbuffer())


class _Pickler(pickle.Pickler):
    """A pickler that gives large texts as they are: pandas copies them first."""

    def reducer_override(self, obj: object) -> Any:
        if isinstance(obj, pd.arrays.ArrowStringArray):
            texts = pa.array(obj)
            # In several pieces, or a part of longer texts: they are copied as pandas does.
            is_whole = isinstance(texts, pa.Array) and texts.nbytes > BLOCK
            if is_whole and texts.get_total_buffer_size() < 2 * texts.nbytes:
                return pd.array, (texts, obj.dtype)
        if isinstance(obj, GeometryArray):
            # All at once: one by one, as shapes are written else, takes ten times as long.
            wkb = pa.array(shapely.to_wkb(np.asarray(obj)), type=pa.large_binary())
            return _shapes, (wkb, obj.crs)
        return NotImplemented


def _shapes(wkb: pa.Array, crs: Any) -> GeometryArray:
    """Return shapes that `_Pickler` wrote."""
    return read_shapes(wkb, crs)


def _undump(stream: io.BufferedReader) -> Any:
    """Return a value that `_dump` wrote."""
    parts = []
    while head := stream.read(_LENGTH):
        part = bytearray(int.from_bytes(head, "big"))
        stream.readinto(part)
        parts.append(part)
    return pickle.loads(parts.pop(), buffers=parts)


def do(etapes: Etapes, nom: str, key: str, make: Callable[[], T]) -> T:
    """Return the result of step `nom`: the one kept under `key`, else that of `make()`, then kept.

    The results that a step used inside are kept as long as its own: what
    changes next may need them again.  A result that cannot be kept (full
    disk, read-only folder) is used all the same.
    """
    path = etapes.path(nom, key)
    found = _load(etapes, path)
    if found is _MISSING:
        etapes.faites.append(nom)
        # Read back even when just made: both ways go on with the same bytes.
        value, used = _made(etapes, path, make)
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


def _made(etapes: Etapes, path: Path | None, make: Callable[[], T]) -> tuple[T, list[str]]:
    """Do a step and keep it; return its result and what it used as they are read back."""
    start = process_time()
    made = _make(etapes, make)
    if path is None or not _write(etapes, path, made):
        return pickle.loads(pickle.dumps(made, protocol=5))
    # Let go before it is read: there may be no room for two of a large result.
    del made
    if process_time() - start > LONGUE:
        give_back()
    kept = _load(etapes, path)
    # It is not read again by this build.
    with suppress(OSError), open(path, "rb") as file:
        if file.seek(0, io.SEEK_END) > HELD:
            let_file_go(file.fileno())
    # Another build may have removed it meanwhile.
    return _made(etapes, None, make) if kept is _MISSING else kept


def _use(etapes: Etapes, names: Iterable[str]) -> None:
    """Count results as used, by this build and by the step being made."""
    etapes.employees.update(names)
    if etapes.en_cours:
        etapes.en_cours[-1].update(names)


def is_kept(etapes: Etapes, nom: str, key: str) -> bool:
    """Tell whether a result is there, whole; it then counts as used."""
    path = etapes.path(nom, key)
    if path is None or _read(etapes, path, _drain) is _MISSING:
        return False
    _use(etapes, [path.name])
    return True


def _drain(stream: io.BufferedReader) -> None:
    """Read a stream to its end."""
    while stream.read(BLOCK):
        pass


def _load(etapes: Etapes, path: Path | None) -> Any:
    """Return a result kept and what it used, or `_MISSING`."""
    return _read(etapes, path, _undump) if path else _MISSING


def _read(etapes: Etapes, path: Path, read: Callable[[io.BufferedReader], Any]) -> Any:
    """Return what is read of a result that is ours and whole, else `_MISSING`.

    It is sealed under its name: one put in the place of another is void.
    """
    try:
        with open(path, "rb") as file, unsealing(file, etapes.cle, _seal_name(path)) as stream:
            value = read(stream)
            _drain(stream)
            return value
    except (OSError, AlteredError):
        return _MISSING


def _write(etapes: Etapes, path: Path, made: object) -> bool:
    """Write a result with what it used; tell whether it could be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            replacing(path) as temporary,
            open(temporary, "wb") as file,
            sealing(file, etapes.cle, _seal_name(path)) as stream,
        ):
            _dump(made, stream)
    except OSError:
        return False
    return True


def _seal_name(path: Path) -> str:
    """Return the name that a result is sealed under: that of its form too, which may change."""
    return f"{_FORM} {path.name}"


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
