"""Publish a snapshot: checked, written aside, then served by one atomic rename of `courant`.

A build that fails or is killed leaves what is served as it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from geoapp.core import schema
from geoapp.core.errors import StorageError
from geoapp.core.files import aside, is_left_over, put_in_place, replacing, sha256_of
from geoapp.core.packed import Packed
from geoapp.core.snapshot import (
    CURRENT,
    MANIFEST,
    SNAPSHOTS,
    Snapshot,
    digest_of,
    file_names,
    list_snapshots,
    open_snapshot,
    served_folder,
)

KEPT = 2
"""Published snapshots kept, unless the settings say more: the one served, and the one before for
comparison and roll-back."""


def publish(
    frames: Mapping[str, pd.DataFrame | Packed],
    manifest: dict,
    data_dir: Path,
    *,
    finish: Callable[[Path], None] = lambda folder: None,
    kept: int = KEPT,
) -> Snapshot:
    """Check `frames`, write them aside, publish them atomically, return the snapshot.

    Parameters
    ----------
    frames : dict
        Every table of the schema, by name; packed ones were checked when they were.
    manifest : dict
        What the build knows; `cree_le` (ISO 8601, UTC) names the folder.  The
        sha256 and row count of each table are added, and the sha256 of every file.
    finish : callable
        Writes what else the snapshot holds (the search index) into its folder,
        before it is published.
    kept : int
        Published snapshots left in the folder; the one served until now is, whatever its age.

    Raises
    ------
    ContractError
        When a table breaks its contract; nothing is published.
    StorageError
        When the folder cannot be written; nothing is published.
    """
    packed = {
        nom: frame if isinstance(frame, Packed) else Packed.of(frame, nom)
        for nom, frame in frames.items()
    }
    # Kept tables were checked alone; what they refer to may be of another build.
    schema.check_references(frames)
    content = {nom: table.content for nom, table in packed.items()}
    tables = {
        nom: {"lignes": len(table), "sha256": hashlib.sha256(content[nom]).hexdigest()}
        for nom, table in packed.items()
    }
    data_dir = Path(data_dir)
    before = served_folder(data_dir)
    with storage_errors(data_dir):
        final = _write(content, {**manifest, "tables": tables}, data_dir / SNAPSHOTS, finish)
        serve_folder(data_dir, final)
        _forget_old(data_dir, kept, before)
        return open_snapshot(data_dir)


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


def serve_folder(data_dir: Path, folder: Path) -> None:
    """Move the link to the snapshot of a folder, in one step."""
    with replacing(data_dir / CURRENT) as link:
        # Relative: the folder of data may be moved, or seen under another path in a container.
        link.symlink_to(os.path.relpath(folder, data_dir))


def _write_manifest(folder: Path, manifest: dict) -> None:
    """Write the manifest of a folder that holds everything else: every digest, then its own."""
    files = {name: sha256_of(folder / name, is_last=True) for name in file_names(folder)}
    whole = {**manifest, "schema": schema.fingerprint(), "fichiers": files}
    whole["empreinte"] = digest_of(whole)
    text = json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text, encoding="utf-8")


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
