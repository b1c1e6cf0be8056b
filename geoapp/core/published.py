"""What is published: each snapshot with its state and name, two of them, the way back to one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from geoapp.core.errors import ParameterError, SnapshotError
from geoapp.core.french import format_date
from geoapp.core.publishing import serve_folder, storage_errors
from geoapp.core.snapshot import (
    Snapshot,
    copy_verified,
    list_snapshots,
    open_folder,
    open_snapshot,
    served_folder,
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


def name_snapshots(snapshots: Iterable[Snapshot]) -> dict[str, str]:
    """Return the name in words of each snapshot, by id: the day it was made.

    The hour is told of those made the same day.
    """
    made = {one.id: str(one.manifest.get("cree_le", "")) for one in snapshots}
    days = [moment[:10] for moment in made.values()]
    return {
        nom: _name(moment, is_alone=days.count(moment[:10]) < 2) or nom
        for nom, moment in made.items()
    }


def _name(moment: str, *, is_alone: bool) -> str:
    """Return a moment in words: « 29 novembre 2026 », « 29 novembre 2026 à 16 h 25 (UTC) »."""
    day = format_date(moment[:10]) if moment else ""
    return day if is_alone or not day else f"{day} à {moment[11:13]} h {moment[14:16]} (UTC)"


def open_pair(avant: str, apres: str, data_dir: Path) -> tuple[Snapshot, Snapshot]:
    """Return two snapshots, each named by its id, its folder, « precedent » or « courant ».

    Raises
    ------
    ParameterError
        When a name is none of these; the ids known are given.
    """
    return _open_one(avant, Path(data_dir)), _open_one(apres, Path(data_dir))


def _open_one(name: str, data_dir: Path) -> Snapshot:
    """Return one snapshot."""
    known = {path.name: path for path in list_snapshots(data_dir)}
    if name == "courant":
        return open_snapshot(data_dir)
    if name == "precedent":
        current = open_snapshot(data_dir).id
        older = [path for nom, path in sorted(known.items()) if nom < current]
        if not older:
            raise ParameterError(
                f"Il n'y a pas d'instantané avant {current}. Il en faut deux pour comparer : "
                "relancez « geoapp build » quand les sources changent."
            )
        return open_folder(older[-1])
    if name in known:
        return open_folder(known[name])
    if (Path(name) / "manifest.json").exists():
        return open_folder(Path(name))
    raise ParameterError(
        f"Instantané inconnu : « {name[:80]} ». "
        f"Connus : {', '.join(known) or 'aucun'}, « precedent », « courant », "
        "ou un dossier d'instantané."
    )


def comparable_snapshots(data_dir: Path) -> list[Snapshot]:
    """Return the snapshots kept that this version can read, oldest first."""
    kept = []
    for path in list_snapshots(data_dir):
        try:
            kept.append(open_folder(path))
        except SnapshotError:
            # Made by another version: nothing to compare with, and no error of the user.
            continue
    return kept
