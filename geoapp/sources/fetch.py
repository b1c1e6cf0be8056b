"""Where the bytes of a source come from: mirror, cache, download, demonstration.

The only room that uses the network.  A source that cannot be had never blocks
the others: `locate` always answers, and says in French what went wrong.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from geoapp import __version__
from geoapp.config import Settings
from geoapp.errors import SourceError
from geoapp.sources.archive import check_archive, open_archive_member
from geoapp.sources.content import sha256_of
from geoapp.sources.network import Network, Progress, no_progress, rich_progress
from geoapp.sources.registry import Source

__all__ = [
    "Located", "Network", "cache_path", "check_archive", "download", "locate", "no_progress", "open_archive_member",
    "rich_progress", "sha256_of",
]

CHUNK = 1 << 16
DOWNLOAD_MAX_S = 600
"""Longest download in seconds: a producer that drips its bytes must not hold the build."""
MAX_REDIRECTS = 5

_CURE = "Fournissez le fichier dans un miroir (MIRROR=…) ou recommencez plus tard."
_CURE_SIZE = "Relevez GEOAPP_TAILLE_MAX_MO, ou fournissez le fichier dans un miroir (MIRROR=…)."


@dataclass(frozen=True)
class Located:
    """Where a source was found.

    `path` and `sha256` are None for the modes `demonstration` and `absente`;
    `note` tells in French what was tried in vain, and is empty otherwise.
    """

    source: Source
    path: Path | None
    mode: str
    sha256: str | None
    note: str


def locate(source: Source, *, mirror: Path | None, data_dir: Path, settings: Settings,
           network: Network, say: Callable[[str], None]) -> Located:
    """Return where `source` is to be read: mirror, else cache, else download, else demonstration.

    `say` receives the messages for the person who waits, in French.  Nothing is
    raised for a source that cannot be had: its mode is then `demonstration`
    (`path` None, data made by `geoapp.sources.demo`) or `absente`, and the note
    names the reasons, without any path of this machine: it enters the snapshot.
    """
    reasons: list[str] = []
    steps = ((_in_mirror, mirror), (_in_cache, data_dir), (_downloaded, data_dir))
    for step, folder in steps:
        try:
            found = step(source, folder, settings=settings, network=network, say=say)
            if found:
                return Located(source, found[0], found[1], sha256_of(found[0]), " ".join(reasons))
        except SourceError as error:
            reasons.append(str(error))
        except OSError as error:
            reasons.append(f"Dossier « {Path(folder).name} » : lecture ou écriture impossible ({error.strerror}).")
        else:
            continue
        say(f"{source.titre} : {reasons[-1]}")
    mode = "demonstration" if source.demonstration else "absente"
    if not source.telechargement:
        reasons.append("Pas d'adresse de téléchargement direct : fournissez le fichier dans un miroir (MIRROR=…).")
    say(f"{source.titre} : " + ("données de démonstration (fictives)." if source.demonstration else "source absente."))
    return Located(source, None, mode, None, " ".join(reasons))


def cache_path(source: Source, data_dir: Path) -> Path:
    """Return where the cached copy of `source` lives; its name comes from the registry alone."""
    return data_dir / "cache" / source.id / (Path(source.fichier).name or f"{source.id}.{source.format}")


def _in_mirror(source: Source, mirror: Path | None, **context) -> tuple[Path, str] | None:
    """Find the source in the mirror folder; a file missing there is an error that is told."""
    if mirror is None or not source.fichier:
        return None
    path = Path(mirror) / source.fichier
    if not path.is_file():
        raise SourceError(source.fichier, "absent du miroir.", cure="Vérifiez le dossier donné (MIRROR=…).")
    return path, "miroir"


def _in_cache(source: Source, data_dir: Path, **context) -> tuple[Path, str] | None:
    """Find the copy that an earlier download left."""
    path = cache_path(source, data_dir)
    return (path, "cache") if path.is_file() else None


def _downloaded(source: Source, data_dir: Path, *, settings: Settings, network: Network,
                say: Callable[[str], None]) -> tuple[Path, str] | None:
    """Download the source, unless it has no address or the network is known to be out."""
    if not source.telechargement:
        return None
    if not network.refuses(source.telechargement):
        say(f"{source.titre} : téléchargement depuis {urlsplit(source.telechargement).netloc}…")
    try:
        return download(source, data_dir=data_dir, settings=settings, network=network), "telechargement"
    finally:
        if network.is_offline and not network.is_told:
            network.is_told = True
            say("Réseau injoignable : aucun autre téléchargement ne sera tenté pendant cette exécution.")


def download(source: Source, *, data_dir: Path, settings: Settings, network: Network) -> Path:
    """Download `source` into the cache, replacing the cached copy only by a complete one.

    Raises
    ------
    SourceError
        When the producer cannot be reached or answers an error, HTML in place of
        data, half a file, too large a file, or an archive that is not safe.
    OSError
        When the cache cannot be written.
    """
    if network.refuses(source.telechargement):
        raise _refusal(source, "réseau injoignable, téléchargement non tenté.")
    target = cache_path(source, data_dir)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _aside(target) as received:
        _receive(source, received, settings=settings, network=network)
        if not source.membre:
            os.replace(received, target)
            return target
        with _aside(target) as extracted:
            _extract(source, received, extracted)
            os.replace(extracted, target)
    return target


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """Yield a temporary file beside `target`, removed at the end unless it was renamed."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _extract(source: Source, archive: Path, path: Path) -> None:
    """Write the entry `source.membre` of a downloaded archive to `path`."""
    try:
        with open_archive_member(archive, source.membre) as stream, path.open("wb") as out:
            shutil.copyfileobj(stream, out, CHUNK)
    except SourceError as error:
        # The person knows the producer's address, not our temporary file.
        where = f"{error.place} : " if error.place else ""
        raise _refusal(source, f"{where}{error.problem}") from None


def _refusal(source: Source, problem: str, *, cure: str = _CURE) -> SourceError:
    """Return the error of a download, naming the file and the producer's host."""
    name = cache_path(source, Path()).name
    return SourceError(name, problem, cure=cure, place=f"téléchargement depuis {urlsplit(source.telechargement).netloc}")


def _receive(source: Source, path: Path, *, settings: Settings, network: Network) -> None:
    """Write the producer's answer to `path` and check it, every failure becoming a `SourceError`."""
    import requests
    import urllib3

    try:
        with _answer(source.telechargement, settings, network) as response:
            if response.status_code != 200:
                raise _refusal(source, f"le producteur a répondu {response.status_code} {response.reason}.")
            with network.progress(source.titre) as progress:
                _stream(source, response, path, limit=settings.download_max_mb * 1_000_000, progress=progress)
            _check_body(source, path, response.headers.get("Content-Type", ""))
    except (requests.Timeout, urllib3.exceptions.ReadTimeoutError):
        raise _refusal(source, "le producteur n'a pas répondu dans le délai.") from None
    except requests.TooManyRedirects:
        raise _refusal(source, f"plus de {MAX_REDIRECTS} redirections.") from None
    except requests.exceptions.InvalidSchema:
        raise _refusal(source, "l'adresse mène ailleurs que vers http ou https : refusée.") from None
    except (urllib3.exceptions.ProtocolError, urllib3.exceptions.IncompleteRead):
        raise _refusal(source, "fichier reçu incomplet.") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _refusal(source, f"connexion impossible ou rompue ({type(error).__name__}).") from None


@contextmanager
def _answer(url: str, settings: Settings, network: Network) -> Iterator:
    """Open `url` and yield its answer, remembering in `network` whether it was reached."""
    import requests
    from urllib3.exceptions import ProtocolError

    host = urlsplit(url).netloc
    with requests.Session() as session:
        session.max_redirects = MAX_REDIRECTS
        # The length announced is that of the bytes sent: ask for them as they are.
        session.headers.update({"User-Agent": f"geoforma/{__version__}", "Accept-Encoding": "identity"})
        try:
            _resolve(url, settings.connect_timeout_s)
            response = session.get(url, stream=True, timeout=(settings.connect_timeout_s, settings.read_timeout_s))
        except (requests.ConnectTimeout, requests.ConnectionError) as error:
            if not (error.args and isinstance(error.args[0], ProtocolError)):
                network.unreachable.add(host)
            raise
        network.reached = True
        with response:
            yield response


def _resolve(url: str, timeout_s: float) -> None:
    """Raise `requests.ConnectTimeout` when the name is not resolved in time: no library bounds that wait."""
    import requests

    if requests.utils.get_environ_proxies(url):
        return
    parts = urlsplit(url)
    thread = threading.Thread(target=_lookup, args=(parts.hostname, parts.port), daemon=True)
    thread.start()
    thread.join(timeout_s)
    if thread.is_alive():
        raise requests.ConnectTimeout(f"{parts.hostname} : nom non résolu")


def _lookup(host: str | None, port: int | None) -> None:
    """Resolve a name for its delay only: the connection that follows reports its failure."""
    try:
        socket.getaddrinfo(host, port)
    except (OSError, UnicodeError):
        pass


def _stream(source: Source, response, path: Path, *, limit: int, progress: Progress) -> None:
    """Write the body of `response` to `path` as it comes, within `limit` bytes and the longest duration."""
    declared = response.headers.get("Content-Length", "")
    total = int(declared) if declared.isdecimal() and "Content-Encoding" not in response.headers else None
    received, deadline = 0, time.monotonic() + DOWNLOAD_MAX_S
    if total and total > limit:
        raise _refusal(source, f"fichier de plus de {limit // 1_000_000} Mo, refusé.", cure=_CURE_SIZE)
    with path.open("wb") as out:
        # read1 returns what has come: read(n) would let a slow producer hold us past the deadline.
        while piece := response.raw.read1(CHUNK, decode_content=True):
            received += len(piece)
            if received > limit:
                raise _refusal(source, f"fichier de plus de {limit // 1_000_000} Mo, refusé.", cure=_CURE_SIZE)
            if time.monotonic() > deadline:
                raise _refusal(source, f"téléchargement de plus de {DOWNLOAD_MAX_S} s, abandonné.")
            out.write(piece)
            progress(received, total)
    if total is not None and received != total:
        raise _refusal(source, f"fichier incomplet : {received} octets reçus sur {total}.")


def _check_body(source: Source, path: Path, content_type: str) -> None:
    """Refuse an empty answer, and a web page in place of data."""
    with path.open("rb") as stream:
        head = stream.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not head:
        raise _refusal(source, "le producteur a envoyé un fichier vide.")
    is_page = head.startswith((b"<!doctype html", b"<html")) or (head.startswith(b"<?xml") and b"<html" in head)
    if is_page or ("html" in content_type.lower() and head.startswith(b"<")):
        raise _refusal(source, "le producteur a envoyé une page web au lieu des données.")
