"""Write and open a snapshot: one immutable folder of checked GeoParquet tables.

A snapshot is written aside, then published by one atomic rename of the
`courant` link.  A build that fails or is killed leaves what is served as it was.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import geopandas as gpd
import pandas as pd

from geoapp.core import schema
from geoapp.core.config import CRS_GEO
from geoapp.core.errors import SnapshotError, StorageError
from geoapp.core.files import aside, is_left_over, put_in_place, replacing
from geoapp.core.memory import Memory

T = TypeVar("T")

SNAPSHOTS = "instantanes"
CURRENT = "courant"
MANIFEST = "manifest.json"
RECHERCHE = "recherche.sqlite"
"""Index of the search, made with the tables."""
ROUTES = "routes.geojson"
"""Main roads and stations that the maps draw, when a source gives some: under their own licences,
no table.
"""
TUILES = "offres.pmtiles"
"""Places of training as vector tiles: a file beside the tables, of the table `offres` alone."""
_PIECE = 1 << 20
KEPT = 2
"""Published snapshots kept, unless the settings say more: the one served, and the one before for
comparison and roll-back."""


@dataclass(frozen=True)
class Snapshot:
    """An open snapshot, read-only; tables are read once and kept."""

    path: Path
    manifest: dict
    _tables: Memory = field(default_factory=Memory, repr=False, compare=False)
    _derived: Memory = field(default_factory=Memory, repr=False, compare=False)

    @property
    def id(self) -> str:
        """Return the name of the snapshot's folder."""
        return self.path.name

    def read(self, nom: str) -> pd.DataFrame | gpd.GeoDataFrame:
        """Return table `nom`; a GeoDataFrame in EPSG:4326 when it holds a geometry.

        The frame is shared: copy it before changing it.

        Raises
        ------
        SnapshotError
            When its file is gone or damaged since the snapshot was opened.
        """
        return self._tables.get(nom, lambda: self._read(nom))

    def derive(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is worked out of the tables, made once by key and kept as they are."""
        return self._derived.get(key, make)

    def nb_rows(self, nom: str) -> int:
        """Return how many rows table `nom` has, without reading it."""
        return self.manifest["tables"][nom]["lignes"]

    def _read(self, nom: str) -> pd.DataFrame | gpd.GeoDataFrame:
        try:
            return read_table(self.path / f"{nom}.parquet", nom)
        except (OSError, ValueError) as error:
            raise _damaged(self.path, f"{nom}.parquet") from error


def read_table(path: Path, nom: str) -> pd.DataFrame | gpd.GeoDataFrame:
    """Return the Parquet file `path` as table `nom` of the schema."""
    frame = pd.read_parquet(path)
    if not schema.TABLES[nom].est_geographique:
        return frame
    # Not by GeoPandas: reading the reference system that a file spells out takes longer than all
    # the rest of a small table, and a snapshot holds no other one.
    shapes = gpd.GeoSeries.from_wkb(frame["geometry"], crs=CRS_GEO)
    return gpd.GeoDataFrame(frame.assign(geometry=shapes), crs=CRS_GEO)


def open_snapshot(data_dir: Path) -> Snapshot:
    """Return the snapshot published in `data_dir`.

    Raises
    ------
    SnapshotError
        When nothing was published there yet, a table is missing, or the
        snapshot was written by a version with other tables.
    """
    link = Path(data_dir) / CURRENT
    if not link.exists():
        raise SnapshotError(f"Aucun instantané dans {data_dir}. Lancez d'abord « geoapp build ».")
    return open_folder(link.resolve())


def open_folder(path: Path) -> Snapshot:
    """Return the snapshot in folder `path`, or raise `SnapshotError` (see `open_snapshot`)."""
    path = Path(path)
    missing = [nom for nom in schema.TABLES if not (path / f"{nom}.parquet").exists()]
    if missing or not (path / MANIFEST).exists():
        raise SnapshotError(
            f"L'instantané {path.name} est incomplet ({', '.join(missing)}). "
            "Relancez « geoapp build »."
        )
    manifest = _read_manifest(path)
    if manifest.get("schema") != schema.fingerprint():
        raise SnapshotError(
            f"L'instantané {path.name} vient d'une autre version de GéoForma. "
            "Relancez « geoapp build »."
        )
    return Snapshot(path, manifest)


def _read_manifest(path: Path) -> dict:
    """Return the manifest of a folder; one that cannot be read makes the snapshot a damaged one."""
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict):
        raise _damaged(path, MANIFEST)
    return manifest


def _damaged(path: Path, name: str) -> SnapshotError:
    """Return the error that tells which file of a snapshot is not as it was published."""
    return SnapshotError(f"L'instantané {path.name} est abîmé ({name}). Relancez « geoapp build ».")


def copy_verified(path: Path, into: Path | None) -> Snapshot:
    """Copy the snapshot of a folder into `into`, and return the one copied.

    Each file is read once: what was proven whole is what is then read, whatever
    happens to the folder it came from.  Without `into`, the folder is proven
    whole and read where it is.

    Raises
    ------
    SnapshotError
        When `open_folder` refuses it, or a file is missing, cut or changed
        since it was published.  What was already copied is left.
    StorageError
        When the copy cannot be written.
    """
    manifest = open_folder(path).manifest
    digests = _digests(path, manifest)
    copy = Path(into) / path.name if into else None
    for name, digest in digests.items():
        found = _read_through(path / name, copy and copy / name)
        if not found or (digest and found != digest):
            raise _damaged(path, name)
    if copy is None:
        return Snapshot(path, manifest)
    _read_through(path / MANIFEST, copy / MANIFEST)
    return Snapshot(copy, manifest)


def _digests(path: Path, manifest: dict) -> dict[str, str | None]:
    """Return the digest of each file that a manifest announces, the manifest being whole.

    One published before manifests named every file gives those of its tables only.
    """
    if "fichiers" not in manifest and "empreinte" not in manifest:
        tables = manifest.get("tables", {})
        return dict.fromkeys(_names(path)) | {
            f"{nom}.parquet": row["sha256"] for nom, row in tables.items()
        }
    files = manifest.get("fichiers", {})
    outside = [name for name in files if ".." in name or name.startswith("/")]
    if manifest.get("empreinte") != _digest_of(manifest) or outside or not files:
        raise _damaged(path, MANIFEST)
    return files


def _digest_of(manifest: dict) -> str:
    """Return the digest of a manifest, its own left out."""
    rest = {nom: value for nom, value in manifest.items() if nom != "empreinte"}
    text = json.dumps(rest, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _read_through(source: Path, copy: Path | None) -> str:
    """Return the digest of a file, "" when it cannot be read; its bytes are written to `copy`.

    Piece by piece: a file of streets may be of tens of megabytes.
    """
    digest = hashlib.sha256()
    try:
        with source.open("rb") as stream, _writing(copy) as write:
            while piece := stream.read(_PIECE):
                digest.update(piece)
                write(piece)
    except StorageError:
        raise
    except OSError:
        return ""
    return digest.hexdigest()


@contextmanager
def _writing(copy: Path | None) -> Iterator[Callable[[bytes], None]]:
    """Yield what writes a piece of a file to `copy`; without one, what writes nothing."""
    if copy is None:
        yield lambda piece: None
        return
    with _copy_errors(copy):
        copy.parent.mkdir(parents=True, exist_ok=True)
        stream = copy.open("wb")

    def write(piece: bytes) -> None:
        with _copy_errors(copy):
            stream.write(piece)

    try:
        yield write
    finally:
        with _copy_errors(copy):
            stream.close()


@contextmanager
def _copy_errors(copy: Path) -> Iterator[None]:
    """Turn errors of writing a copy into one message."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"Impossible d'écrire dans {copy.parent} ({error.strerror or error})."
        ) from error


def list_snapshots(data_dir: Path) -> list[Path]:
    """Return the published snapshots of `data_dir`, oldest first."""
    # The manifest is written last: a folder without one is not a snapshot.
    found = (Path(data_dir) / SNAPSHOTS).glob("*")
    return sorted(p for p in found if (p / MANIFEST).exists() and not p.name.startswith("."))


def publish(
    frames: dict[str, pd.DataFrame],
    manifest: dict,
    data_dir: Path,
    *,
    finish: Callable[[Path], None] = lambda folder: None,
    ready: Mapping[str, bytes] = MappingProxyType({}),
    kept: int = KEPT,
) -> Snapshot:
    """Check `frames`, write them aside, publish them atomically, return the snapshot.

    Parameters
    ----------
    frames : dict
        Every table of the schema, by name.
    manifest : dict
        What the build knows; `cree_le` (ISO 8601, UTC) names the folder.  The
        sha256 and row count of each table are added, and the sha256 of every file.
    finish : callable
        Writes what else the snapshot holds (the search index) into its folder,
        before it is published.
    ready : mapping
        Tables already checked and made into Parquet (see `table_bytes`).
    kept : int
        Published snapshots left in the folder; the one served until now is, whatever its age.

    Raises
    ------
    ContractError
        When a table breaks its contract; nothing is published.
    StorageError
        When the folder cannot be written; nothing is published.
    """
    content = {
        nom: ready[nom] if nom in ready else table_bytes(frame, nom)
        for nom, frame in frames.items()
    }
    # Kept tables were checked alone; what they refer to may be of another build.
    schema.check_references(frames)
    tables = {
        nom: {"lignes": len(frame), "sha256": hashlib.sha256(content[nom]).hexdigest()}
        for nom, frame in frames.items()
    }
    data_dir = Path(data_dir)
    before = served_folder(data_dir)
    with storage_errors(data_dir):
        final = _write(content, {**manifest, "tables": tables}, data_dir / SNAPSHOTS, finish)
        serve_folder(data_dir, final)
        _forget_old(data_dir, kept, before)
        return open_snapshot(data_dir)


def table_bytes(frame: pd.DataFrame, nom: str) -> bytes:
    """Return a table as Parquet.

    Raises
    ------
    ContractError
        When the frame breaks the contract of table `nom`.
    """
    schema.check_table(frame, nom)
    stream = io.BytesIO()
    frame.to_parquet(stream, index=False, compression="zstd")
    return stream.getvalue()


def _write(content: Mapping[str, bytes], manifest: dict, folder: Path, finish) -> Path:
    """Write a snapshot under a hidden name, rename it, return its folder."""
    nom = manifest["cree_le"].replace(":", "").replace("-", "")
    folder.mkdir(parents=True, exist_ok=True)
    with aside(folder / nom) as temporary:
        temporary.mkdir()
        for table, parquet in content.items():
            (temporary / f"{table}.parquet").write_bytes(parquet)
        finish(temporary)
        _write_manifest(temporary, manifest)
        final = _free_name(folder, nom)
        put_in_place(temporary, final)
    return final


def served_folder(data_dir: Path) -> Path | None:
    """Return the folder that the link leads to; None when nothing is there."""
    link = Path(data_dir) / CURRENT
    return link.resolve() if link.exists() else None


def serve_folder(data_dir: Path, folder: Path) -> None:
    """Move the link to the snapshot of a folder, in one step."""
    with replacing(data_dir / CURRENT) as link:
        # Relative: the folder of data may be moved, or seen under another path in a container.
        link.symlink_to(os.path.relpath(folder, data_dir))


def _write_manifest(folder: Path, manifest: dict) -> None:
    """Write the manifest of a folder that holds everything else: every digest, then its own."""
    files = {}
    for name in _names(folder):
        with (folder / name).open("rb") as stream:
            files[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    whole = {**manifest, "schema": schema.fingerprint(), "fichiers": files}
    whole["empreinte"] = _digest_of(whole)
    text = json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def _names(folder: Path) -> list[str]:
    """Return the files of a snapshot, those of its folders included, but not its manifest."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name != MANIFEST)


def _free_name(folder: Path, nom: str) -> Path:
    """Return a name not yet taken (two builds may end in the same second)."""
    names = [folder / nom] + [folder / f"{nom}-{i}" for i in range(2, 100)]
    return next(p for p in names if not p.exists())


def _forget_old(data_dir: Path, kept: int, before: Path | None) -> None:
    """Remove published snapshots beyond the last `kept`, and left-overs of killed builds.

    After a roll-back the one served until now is older than the one left
    aside: it is the last known to be good, and stays.
    """
    for path in list_snapshots(data_dir)[:-kept]:
        if path.resolve() != before:
            shutil.rmtree(path, ignore_errors=True)
    for path in filter(is_left_over, (data_dir / SNAPSHOTS).glob(".*")):
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def storage_errors(data_dir: Path):
    """Turn errors of the file system into one message that says what to do."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"Impossible d'écrire dans {data_dir} ({error.strerror or error}). "
            "Libérez de la place, vérifiez les droits, "
            "ou choisissez un autre dossier avec GEOAPP_DATA. "
            "L'instantané servi n'a pas changé."
        ) from error
