"""Open a snapshot, one immutable folder of checked GeoParquet tables; copy it, proven whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from geopandas.array import GeometryArray
from pyarrow.parquet import ParquetFile

from geoapp.core import schema
from geoapp.core.config import CRS_GEO
from geoapp.core.errors import SnapshotError, StorageError
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


def read_table(
    path: Path | IO[bytes],
    nom: str,
    columns: list[str] | None = None,
    *,
    is_shared: bool = True,
) -> pd.DataFrame | gpd.GeoDataFrame:
    """Return the Parquet file `path` as table `nom` of the schema, or some of its columns.

    `is_shared` between threads it is there sooner; by one alone, it takes less processor.
    """
    # Not by pandas, that looks for a folder of files before it reads this one.
    with ParquetFile(path) as file:
        table = file.read(columns, use_threads=is_shared)
    if not schema.TABLES[nom].est_geographique or "geometry" not in table.column_names:
        return table.to_pandas(use_threads=is_shared)
    rank = table.column_names.index("geometry")
    frame = table.remove_column(rank).to_pandas(use_threads=is_shared)
    # Not by GeoPandas: reading the reference system that a file spells out takes longer than all
    # the rest of a small table, and a snapshot holds no other one.
    frame.insert(rank, "geometry", read_shapes(table.column(rank).combine_chunks(), CRS_GEO))
    return gpd.GeoDataFrame(frame, geometry="geometry")


def read_shapes(wkb: pa.Array, crs: Any) -> GeometryArray:
    """Return shapes written as WKB, each made once: a place is that of many offers."""
    coded = wkb.dictionary_encode()
    made = shapely.from_wkb(coded.dictionary.to_numpy(zero_copy_only=False))
    # The last is that of the rank -1: no shape.
    ranks = coded.indices.fill_null(-1).to_numpy()
    return GeometryArray(np.append(made, np.array([None]))[ranks], crs=crs)


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
        return dict.fromkeys(file_names(path)) | {
            f"{nom}.parquet": row["sha256"] for nom, row in tables.items()
        }
    files = manifest.get("fichiers", {})
    outside = [name for name in files if ".." in name or name.startswith("/")]
    if manifest.get("empreinte") != digest_of(manifest) or outside or not files:
        raise _damaged(path, MANIFEST)
    return files


def digest_of(manifest: dict) -> str:
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


def served_folder(data_dir: Path) -> Path | None:
    """Return the folder that the link leads to; None when nothing is there."""
    link = Path(data_dir) / CURRENT
    return link.resolve() if link.exists() else None


def file_names(folder: Path) -> list[str]:
    """Return the files of a snapshot, those of its folders included, but not its manifest."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name != MANIFEST)
