"""Where the bytes of a source come from: mirror, cache, download, demonstration.

A source that cannot be had never blocks the others: `locate` always answers,
and says in French what went wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geoapp.core.config import Settings
from geoapp.core.errors import SourceError
from geoapp.core.files import sha256_of
from geoapp.sources.archive import check_archive, open_archive_member
from geoapp.sources.cache import Etat, cache_path, day_of, previous_path, read_etat
from geoapp.sources.local import local_file
from geoapp.sources.network import Network, no_progress
from geoapp.sources.refresh import host_of, refresh
from geoapp.sources.registry import Source

ALERTE_ECHEC = "Actualisation en échec le "
"""Beginning of the alert of a copy whose last refresh failed.

It holds until the producer answers well again.
"""

__all__ = [
    "ALERTE_ECHEC",
    "Located",
    "Network",
    "cache_path",
    "check_archive",
    "locate",
    "no_progress",
    "open_archive_member",
    "sha256_of",
]


@dataclass(frozen=True, kw_only=True)
class Located:
    """Where a source was found.

    `path` and `sha256` are None for the modes `demonstration` and `absente`;
    `note` tells in French what was tried in vain, `alerte` why an older delivery
    than the producer's last is used; both are empty otherwise.
    """

    source: Source
    path: Path | None
    mode: str
    sha256: str | None
    note: str
    alerte: str = ""
    obtenu_le: str = ""


def locate(
    source: Source,
    *,
    mirror: Path | None,
    data_dir: Path,
    settings: Settings,
    network: Network,
    say: Callable[[str], None],
) -> Located:
    """Return where `source` is to be read: mirror, else cache, else download, else demonstration.

    `say` receives the messages for the person who waits, in French.  Nothing is
    raised for a source that cannot be had: its mode is then `demonstration`
    (`path` None, data made by `geoapp.sources.demo`) or `absente`, and the note
    names the reasons, without any path of this machine: it enters the snapshot.
    """
    reasons: list[str] = []
    steps: tuple[tuple[str, Callable[[], tuple[Path, str] | None]], ...] = (
        (data_dir.name, lambda: _in_local(source, data_dir)),
        (Path(mirror).name if mirror else "", lambda: _in_mirror(source, mirror)),
        (data_dir.name, lambda: _in_cache(source, data_dir)),
        (
            data_dir.name,
            lambda: _downloaded(source, data_dir, settings=settings, network=network, say=say),
        ),
    )
    for folder, find in steps:
        try:
            if found := find():
                return _located(source, found, reasons, data_dir)
        except SourceError as error:
            reasons.append(str(error))
        except OSError as error:
            # The name of the folder alone: a path of this machine must not enter the snapshot.
            reasons.append(
                f"Dossier « {folder} » : lecture ou écriture impossible ({error.strerror})."
            )
        else:
            continue
        say(f"{source.titre} : {reasons[-1]}")
    mode = "demonstration" if source.demonstration else "absente"
    if not source.telechargement:
        reasons.append(
            "Pas d'adresse de téléchargement direct : "
            "fournissez le fichier dans un miroir (MIRROR=…)."
        )
    shown = "données de démonstration (fictives)" if source.demonstration else "source absente"
    say(f"{source.titre} : {shown}.")
    return Located(source=source, path=None, mode=mode, sha256=None, note=" ".join(reasons))


def _located(
    source: Source, found: tuple[Path, str], reasons: list[str], data_dir: Path
) -> Located:
    """Return the record of a file found; one of the cache tells whether its last refresh failed."""
    path, mode = found
    # A mirror is given by hand: the cache's record is of another copy.
    etat = Etat() if mode == "miroir" else read_etat(source, data_dir)
    return Located(
        source=source,
        path=path,
        mode=mode,
        sha256=sha256_of(path),
        note=" ".join(reasons),
        alerte=f"{ALERTE_ECHEC}{day_of(etat.echec_le)} : {etat.echec}" if etat.echec else "",
        obtenu_le=etat.obtenu_le,
    )


def previous_copy(one: Located, data_dir: Path, problem: str) -> Located | None:
    """Return the copy before the cached one, which proved unreadable; None without."""
    path = previous_path(one.source, data_dir)
    if one.mode not in ("cache", "telechargement") or one.path == path or not path.is_file():
        return None
    return Located(
        source=one.source,
        path=path,
        mode="cache",
        sha256=sha256_of(path),
        note=one.note,
        alerte=f"Dernière livraison illisible, la précédente est gardée. {problem}",
    )


def _in_local(source: Source, data_dir: Path) -> tuple[Path, str] | None:
    """Find the file of a source of the local registry; a missing one is an error that is told."""
    if not source.est_locale:
        return None
    path = local_file(source, data_dir)
    if not path.is_file():
        raise SourceError(
            source.fichier,
            "absent du dossier « local » des données.",
            cure="Donnez-le à nouveau : « geoapp check FICHIER --proposer ».",
        )
    return path, "miroir"


def _in_mirror(source: Source, mirror: Path | None) -> tuple[Path, str] | None:
    """Find the source in the mirror folder; a file missing there is an error that is told."""
    if mirror is None or not source.fichier or source.est_locale:
        return None
    path = Path(mirror) / source.fichier
    if not path.is_file():
        raise SourceError(
            source.fichier, "absent du miroir.", cure="Vérifiez le dossier donné (MIRROR=…)."
        )
    return path, "miroir"


def _in_cache(source: Source, data_dir: Path) -> tuple[Path, str] | None:
    """Find the copy that an earlier download left, whole.

    Its digest is that of what was received.
    """
    path, etat = cache_path(source, data_dir), read_etat(source, data_dir)
    if not path.is_file():
        return None
    if etat.sha256 and etat.sha256 != sha256_of(path):
        raise SourceError(
            path,
            "la copie du cache a été abîmée ou changée à la main.",
            cure="Relancez « geoapp fetch », ou donnez le fichier par un miroir.",
        )
    return path, "cache"


def _downloaded(
    source: Source,
    data_dir: Path,
    *,
    settings: Settings,
    network: Network,
    say: Callable[[str], None],
) -> tuple[Path, str] | None:
    """Download the source, unless it has no address or the network is known to be out."""
    if not source.telechargement:
        return None
    if not network.refuses(source.telechargement):
        say(f"{source.titre} : téléchargement depuis {host_of(source)}…")
    try:
        refresh(source, data_dir=data_dir, settings=settings, network=network)
        return cache_path(source, data_dir), "telechargement"
    finally:
        if network.is_offline and not network.is_told:
            network.is_told = True
            say(
                "Réseau injoignable : "
                "aucun autre téléchargement ne sera tenté pendant cette exécution."
            )
