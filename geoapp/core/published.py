"""What is published: each snapshot with its state, and the way back to an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from geoapp.core.errors import ParameterError, SnapshotError
from geoapp.core.snapshot import (
    copy_verified,
    list_snapshots,
    serve_folder,
    served_folder,
    storage_errors,
)


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One published snapshot: its size, whether it is served, and why it could not be."""

    id: str
    cree_le: str
    octets: int
    est_servie: bool
    defaut: str

    @property
    def est_entiere(self) -> bool:
        """Tell whether every file is as it was published."""
        return not self.defaut


def list_publications(data_dir: Path) -> list[Publication]:
    """Return the published snapshots, newest first, the digest of every file checked."""
    served = served_folder(data_dir)
    return [_describe(path, served) for path in reversed(list_snapshots(data_dir))]


def _describe(path: Path, served: Path | None) -> Publication:
    """Return one snapshot with its state."""
    try:
        manifest, defaut = copy_verified(path, None).manifest, ""
    except SnapshotError as error:
        manifest, defaut = {}, str(error)
    return Publication(
        id=path.name,
        cree_le=str(manifest.get("cree_le", "")),
        octets=sum(one.stat().st_size for one in path.rglob("*") if one.is_file()),
        est_servie=path.resolve() == served,
        defaut=defaut,
    )


def roll_back(data_dir: Path, id_instantane: str = "") -> str:
    """Serve an earlier snapshot, proven whole before the link moves; return its id.

    Parameters
    ----------
    data_dir : path
        Folder of the snapshots.
    id_instantane : str
        The one to serve; the newest whole one before the one served when not given.

    Raises
    ------
    ParameterError
        When there is no such snapshot, or none before the one served.
    SnapshotError
        When the one asked is damaged or of another version; what was served is unchanged.
    """
    data_dir = Path(data_dir)
    folder = _choose(data_dir, id_instantane)
    with storage_errors(data_dir):
        serve_folder(data_dir, folder)
    return folder.name


def _choose(data_dir: Path, id_instantane: str) -> Path:
    """Return the folder to serve, proven whole."""
    known = {path.name: path for path in list_snapshots(data_dir)}
    if id_instantane:
        if id_instantane not in known:
            raise ParameterError(
                f"Instantané inconnu : « {id_instantane[:80]} ». "
                "« geoapp snapshots » donne la liste."
            )
        copy_verified(known[id_instantane], None)
        return known[id_instantane]
    served = served_folder(data_dir)
    older = [path for path in known.values() if served is None or path.name < served.name]
    for path in reversed(older):
        if _is_whole(path):
            return path
    raise ParameterError(
        "Aucun instantané entier avant celui qui est servi. « geoapp snapshots » donne la liste ; "
        "GEOAPP_INSTANTANES dit combien sont gardés."
    )


def _is_whole(path: Path) -> bool:
    try:
        copy_verified(path, None)
    except SnapshotError:
        return False
    return True
