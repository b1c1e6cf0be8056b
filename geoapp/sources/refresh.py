"""Refresh the cached copy of a source from its producer, and never lose a good one.

What comes is first received aside, then read as the build will read it; only a
file that can be read takes the place of the copy at hand.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from geoapp.core.config import Settings
from geoapp.core.errors import SourceError, StorageError
from geoapp.core.files import aside, sha256_of
from geoapp.sources.archive import open_archive_member
from geoapp.sources.cache import (
    Etat,
    cache_path,
    locked,
    now,
    partial_path,
    read_etat,
    replace_copy,
    write_etat,
)
from geoapp.sources.network import Network
from geoapp.sources.reading import read_source
from geoapp.sources.registry import Source
from geoapp.sources.transport import CHUNK, Incomplete, receive, refusal

PART_LIGNES = 0.5
"""A delivery with fewer rows than this part of the last one is held to be cut."""
_CURE_CUT = (
    "Si le fichier a bien été réduit, acceptez-le avec « geoapp fetch --source {} --accepter »."
)


@dataclass(frozen=True)
class Issue:
    """How one refresh ended, with a sentence in French.

    `nouvelle`, `inchangee`, `en_panne` or `sans_adresse`.
    """

    source: Source
    issue: str
    message: str


def refresh_all(
    sources: list[Source],
    *,
    data_dir: Path,
    settings: Settings,
    network: Network,
    watch: Callable[[Issue], None] = lambda issue: None,
    accept_smaller: bool = False,
) -> list[Issue]:
    """Refresh the copies of some sources one after the other; a broken one never stops the others.

    Raises
    ------
    StorageError
        When the cache cannot be written: no other source would fare better.
    """
    done = []
    for source in sources:
        try:
            done.append(
                _refresh_one(
                    source,
                    data_dir=data_dir,
                    settings=settings,
                    network=network,
                    accept_smaller=accept_smaller,
                )
            )
        except OSError as error:
            raise StorageError(
                f"Impossible d'écrire dans {data_dir / 'cache'} ({error.strerror or error}). "
                "Libérez de la place, vérifiez les droits, "
                "ou choisissez un autre dossier avec GEOAPP_DATA. "
                "Les copies déjà obtenues sont gardées."
            ) from error
        watch(done[-1])
    return done


def _refresh_one(
    source: Source, *, data_dir: Path, settings: Settings, network: Network, accept_smaller: bool
) -> Issue:
    """Refresh one copy and say in words how it went."""
    if not source.telechargement:
        where = f" Elle se trouve ici : {source.adresse}" if source.adresse else ""
        return Issue(
            source,
            "sans_adresse",
            f"Pas d'adresse de téléchargement direct : à fournir dans un miroir (MIRROR=…).{where}",
        )
    try:
        is_new = refresh(
            source,
            data_dir=data_dir,
            settings=settings,
            network=network,
            accept_smaller=accept_smaller,
        )
    except SourceError as error:
        has_copy = cache_path(source, data_dir).is_file()
        kept = " La dernière bonne version est gardée." if has_copy else ""
        return Issue(source, "en_panne", f"{error}{kept}")
    nb = read_etat(source, data_dir).nb_lignes
    return Issue(
        source,
        "nouvelle" if is_new else "inchangee",
        f"{nb} lignes." if is_new else "Rien de neuf chez le producteur.",
    )


def refresh(
    source: Source,
    *,
    data_dir: Path,
    settings: Settings,
    network: Network,
    accept_smaller: bool = False,
) -> bool:
    """Bring the cached copy of `source` up to date; tell whether its content changed.

    Raises
    ------
    SourceError
        When no good file can be had (see `receive`), or the one received cannot
        be read, or is much shorter than the last: the copy at hand is kept, and
        the failure recorded beside it.
    OSError
        When the cache cannot be written.
    """
    with locked(source, data_dir):
        etat = _trusted(source, data_dir)
        try:
            changed, etat = _bring(
                source,
                etat,
                data_dir=data_dir,
                settings=settings,
                network=network,
                accept_smaller=accept_smaller,
            )
        except SourceError as error:
            write_etat(source, data_dir, _failed(source, etat, error, data_dir))
            raise
        partial_path(source, data_dir).unlink(missing_ok=True)
        write_etat(source, data_dir, _answered(source, etat))
    return changed


def _failed(source: Source, etat: Etat, error: SourceError, data_dir: Path) -> Etat:
    """Return what is known of the copy after a failure; bytes worth resuming are kept."""
    partiel = error.validateur if isinstance(error, Incomplete) else ""
    if not partiel:
        partial_path(source, data_dir).unlink(missing_ok=True)
    # `panne_le` stays the day of the first failure, whatever comes after it.
    began = etat.panne_le or etat.echec_le or now()
    return replace(etat, panne_le=began, echec_le=now(), echec=str(error), partiel=partiel)


def _answered(source: Source, etat: Etat) -> Etat:
    """Return what is known of the copy once its producer has answered well."""
    return replace(
        etat,
        adresse=source.telechargement,
        verifie_le=now(),
        panne_le="",
        echec_le="",
        echec="",
        partiel="",
    )


def _trusted(source: Source, data_dir: Path) -> Etat:
    """Return what is known of the copy.

    Without its validators when it is gone, altered, or came from elsewhere.
    """
    etat, path = read_etat(source, data_dir), cache_path(source, data_dir)
    # Bytes begun at another address are of another file.
    is_resumable = etat.adresse in ("", source.telechargement)
    if not is_resumable or not partial_path(source, data_dir).is_file():
        etat = replace(etat, partiel="")
    if not path.is_file() or etat.sha256 != sha256_of(path):
        return replace(etat, etag="", modifie_le="", sha256="")
    if etat.adresse != source.telechargement:
        return replace(etat, etag="", modifie_le="")
    return etat


def _bring(
    source: Source,
    etat: Etat,
    *,
    data_dir: Path,
    settings: Settings,
    network: Network,
    accept_smaller: bool,
) -> tuple[bool, Etat]:
    """Receive, check and put in place what the producer has.

    Return whether it is new, and what is then known.
    """
    if network.refuses(source.telechargement):
        raise refusal(source, "réseau injoignable, téléchargement non tenté.")
    received, target = partial_path(source, data_dir), cache_path(source, data_dir)
    answer = receive(source, received, settings=settings, network=network, known=etat)
    if answer.est_inchangee:
        return False, etat
    with aside(target) as extracted:
        path = _extract(source, received, extracted) if source.membre else received
        digest = sha256_of(path)
        found = replace(etat, etag=answer.etag, modifie_le=answer.modifie_le, sha256=digest)
        if digest == etat.sha256:
            return False, found
        nb = _count_rows(source, path, 0 if accept_smaller else etat.nb_lignes)
        replace_copy(source, data_dir, path)
    return True, replace(found, nb_lignes=nb, obtenu_le=now())


def _extract(source: Source, archive: Path, path: Path) -> Path:
    """Write the entry `source.membre` of a downloaded archive to `path`, and return it."""
    try:
        with open_archive_member(archive, source.membre) as stream, path.open("wb") as out:
            shutil.copyfileobj(stream, out, CHUNK)
    except SourceError as error:
        # The person knows the producer's address, not our temporary file.
        where = f"{error.place} : " if error.place else ""
        raise refusal(source, f"{where}{error.problem}") from None
    return path


def _count_rows(source: Source, path: Path, nb_before: int) -> int:
    """Return the rows of a file received, read as the build will read it.

    Raises
    ------
    SourceError
        When it cannot be read, or holds less than `PART_LIGNES` of the rows before.
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        # Readers look at the extension, which the name of what is received lacks.
        named = Path(folder) / cache_path(source, path.parent).name
        named.hardlink_to(path)
        try:
            lecture = read_source(source, named)
        except SourceError as error:
            where = f"{error.place} : " if error.place else ""
            raise refusal(source, f"{where}{error.problem}") from None
    if lecture.nb_lues < PART_LIGNES * nb_before:
        problem = f"{lecture.nb_lues} lignes au lieu de {nb_before} : fichier sans doute coupé."
        raise refusal(source, problem, cure=_CURE_CUT.format(source.id))
    return lecture.nb_lues


def host_of(source: Source) -> str:
    """Return the producer's host, for messages."""
    return urlsplit(source.telechargement).netloc
