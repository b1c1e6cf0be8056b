"""One file over HTTP: conditional, retried, resumed, bounded, checked.

The only room that uses the network is `sources`, and this is its door for files.
Refused or broken requests are retried by urllib3 with its back-off; a body cut
on its way is asked again from where it stopped (`Range`, `If-Range`).
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from geoapp import __version__
from geoapp.core.config import Settings
from geoapp.core.errors import SourceError
from geoapp.sources.cache import Etat, cache_path
from geoapp.sources.network import Network, Progress
from geoapp.sources.registry import Source

CHUNK = 1 << 16
DOWNLOAD_MAX_S = 600
"""Longest download in seconds: a producer that drips its bytes must not hold the build."""
MAX_REDIRECTS = 5
BACKOFF_S, BACKOFF_MAX_S = 1.0, 30.0
"""First wait before another try, in seconds, doubled each time, and the longest."""
NOTHING_KNOWN = Etat()
"""Of a copy that was never had."""
TRY_AGAIN = (429, 500, 502, 503, 504)
"""Answers after which a producer may be better a little later."""

_CURE = "Fournissez le fichier dans un miroir (MIRROR=…) ou recommencez plus tard."
_CURE_SIZE = "Relevez GEOAPP_TAILLE_MAX_MO, ou fournissez le fichier dans un miroir (MIRROR=…)."
_DIGESTS = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512, "md5": hashlib.md5}


@dataclass(frozen=True)
class Reception:
    """What a producer answered: nothing new, or a file with its validators (empty: none given)."""

    est_inchangee: bool
    etag: str = ""
    modifie_le: str = ""


class Incomplete(SourceError):
    """A body stopped before its end.

    `validateur` proves later that the rest belongs to it (empty: nothing does).
    """

    validateur = ""


def refusal(source: Source, problem: str, *, cure: str = _CURE) -> SourceError:
    """Return the error of a download, naming the file and the producer's host."""
    name = cache_path(source, Path()).name
    return SourceError(
        name,
        problem,
        cure=cure,
        place=f"téléchargement depuis {urlsplit(source.telechargement).netloc}",
    )


def _incomplete(source: Source, problem: str, validateur: str) -> Incomplete:
    """Return the error of a body cut on its way."""
    plain = refusal(source, problem)
    error = Incomplete(plain.path, problem, cure=plain.cure, place=plain.place)
    error.validateur = validateur
    return error


def receive(
    source: Source, path: Path, *, settings: Settings, network: Network, known: Etat = NOTHING_KNOWN
) -> Reception:
    """Write the producer's file to `path`, unless it says that nothing changed.

    Parameters
    ----------
    path : Path
        Holds the bytes of an interrupted download when `known.partiel` names
        their validator; otherwise it is written from its start.
    known : Etat
        Validators of the copy at hand: with them the request is conditional.

    Raises
    ------
    SourceError
        When the producer cannot be reached or answers an error, HTML in place of
        data, too large a file, or bytes that do not match its digest.
    Incomplete
        When only a part of the file came: `path` holds it, and `validateur` tells whether the
        rest may be asked.
    OSError
        When `path` cannot be written.
    """
    import requests
    import urllib3

    resume, deadline = known.partiel, time.monotonic() + DOWNLOAD_MAX_S
    try:
        for attempt in range(network.essais + 1):
            if attempt:
                time.sleep(min(BACKOFF_S * 2 ** (attempt - 1), BACKOFF_MAX_S))
            try:
                return _attempt(
                    source, path, (known, resume, deadline), settings=settings, network=network
                )
            except Incomplete as error:
                failure, resume = error, error.validateur
        raise failure
    except requests.TooManyRedirects:
        raise refusal(source, f"plus de {MAX_REDIRECTS} redirections.") from None
    except requests.exceptions.InvalidSchema:
        raise refusal(source, "l'adresse mène ailleurs que vers http ou https : refusée.") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise refusal(source, _problem(error)) from None


def _problem(error: Exception) -> str:
    """Return in French why a request got no answer."""
    import requests
    import urllib3

    if isinstance(error, (requests.Timeout, urllib3.exceptions.ReadTimeoutError)) or isinstance(
        _reason(error), urllib3.exceptions.ReadTimeoutError
    ):
        return "le producteur n'a pas répondu dans le délai."
    return f"connexion impossible ou rompue ({type(error).__name__})."


def _reason(error: Exception):
    """Return the last cause that urllib3 gives for a request it gave up."""
    inner = error.args[0] if error.args else None
    return getattr(inner, "reason", inner)


def _attempt(
    source: Source,
    path: Path,
    asked: tuple[Etat, str, float],
    *,
    settings: Settings,
    network: Network,
) -> Reception:
    """Ask once and write the body, appended to what `path` holds when the producer agrees."""
    known, resume, deadline = asked
    start = path.stat().st_size if resume and path.exists() else 0
    with _answer(
        source.telechargement, _headers(known, resume, start), settings=settings, network=network
    ) as response:
        found = Reception(
            False, response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
        )
        if response.status_code == 304 and not start and (known.etag or known.modifie_le):
            return Reception(True, known.etag, known.modifie_le)
        if response.status_code == 416 and start:
            raise _incomplete(source, "le producteur n'a plus la suite du fichier commencé.", "")
        if response.status_code not in (200, 206) or (
            response.status_code == 206 and not _continues(response, start)
        ):
            raise refusal(
                source, f"le producteur a répondu {response.status_code} {response.reason}."
            )
        start = start if response.status_code == 206 else 0
        with network.progress(source.titre) as progress:
            bounds = (start, deadline, settings.download_max_mb * 1_000_000)
            _stream(source, response, path, bounds=bounds, progress=progress)
        _check_body(source, path, response.headers)
    return found


def _headers(known: Etat, resume: str, start: int) -> dict[str, str]:
    """Return the headers of a request: the rest of a file begun, else a file only if it changed."""
    if start:
        return {"Range": f"bytes={start}-", "If-Range": resume}
    wanted = {"If-None-Match": known.etag, "If-Modified-Since": known.modifie_le}
    return {name: value for name, value in wanted.items() if value}


def _continues(response, start: int) -> bool:
    """Tell whether a partial answer is the rest that was asked."""
    return bool(start) and response.headers.get("Content-Range", "").startswith(f"bytes {start}-")


@contextmanager
def _answer(url: str, headers: dict[str, str], *, settings: Settings, network: Network) -> Iterator:
    """Open `url` and yield its answer, remembering in `network` whether it was reached."""
    import requests
    from requests.adapters import HTTPAdapter

    host = urlsplit(url).netloc
    with requests.Session() as session:
        session.max_redirects = MAX_REDIRECTS
        # The length announced is that of the bytes sent: ask for them as they are.
        session.headers.update(
            {"User-Agent": f"geoforma/{__version__}", "Accept-Encoding": "identity", **headers}
        )
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=_retries(network.essais)))
        try:
            _resolve(url, settings.connect_timeout_s)
            response = session.get(
                url, stream=True, timeout=(settings.connect_timeout_s, settings.read_timeout_s)
            )
        except (requests.ConnectTimeout, requests.ConnectionError) as error:
            if _never_connected(error):
                network.unreachable.add(host)
            raise
        network.reached = True
        with response:
            yield response


def _retries(essais: int):
    """Return how urllib3 tries again: refused connections, silence, and answers of `TRY_AGAIN`."""
    from urllib3 import Retry

    return Retry(
        total=essais,
        status_forcelist=TRY_AGAIN if essais else (),
        backoff_factor=BACKOFF_S / 2,
        backoff_max=BACKOFF_MAX_S,
        raise_on_status=False,
        # A producer may say « in an hour »: the next run will see.
        respect_retry_after_header=False,
    )


def _never_connected(error: Exception) -> bool:
    """Tell whether a request failed before the producer was reached."""
    from urllib3.exceptions import ProtocolError, ReadTimeoutError

    return not isinstance(_reason(error), (ProtocolError, ReadTimeoutError))


def _resolve(url: str, timeout_s: float) -> None:
    """Raise `requests.ConnectTimeout` when the name is not resolved in time.

    No library bounds that wait.
    """
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
    with suppress(OSError, UnicodeError):
        socket.getaddrinfo(host, port)


def _stream(
    source: Source,
    response,
    path: Path,
    *,
    bounds: tuple[int, float, int],
    progress: Progress,
) -> None:
    """Write the body of `response` after the bytes at hand, within a time and a size."""
    from urllib3.exceptions import IncompleteRead, ProtocolError, ReadTimeoutError

    start, deadline, limit = bounds
    received, resumable, total = start, _validator(response), _total(response, start)
    too_large = f"fichier de plus de {limit // 1_000_000} Mo, refusé."
    if total and total > limit:
        raise refusal(source, too_large, cure=_CURE_SIZE)
    with path.open("r+b" if start else "wb") as out:
        out.seek(start)
        try:
            # read1 returns what has come: read(n) would let a slow producer hold us too long.
            while piece := response.raw.read1(CHUNK, decode_content=True):
                received += len(piece)
                # What is announced may be less than what comes.
                if received > limit:
                    raise refusal(source, too_large, cure=_CURE_SIZE)
                if time.monotonic() > deadline:
                    raise refusal(
                        source, f"téléchargement de plus de {DOWNLOAD_MAX_S} s, abandonné."
                    )
                out.write(piece)
                progress(received, total)
        except ReadTimeoutError:
            raise _incomplete(
                source, "le producteur n'a pas répondu dans le délai.", resumable
            ) from None
        except (ProtocolError, IncompleteRead):
            raise _incomplete(source, "fichier reçu incomplet.", resumable) from None
    if total is not None and received != total:
        raise _incomplete(
            source, f"fichier incomplet : {received} octets reçus sur {total}.", resumable
        )


def _total(response, start: int) -> int | None:
    """Return the size of the whole file, None when it is unknown or counts packed bytes."""
    declared = response.headers.get("Content-Length", "")
    if not declared.isdecimal() or "Content-Encoding" in response.headers:
        return None
    return start + int(declared)


def _validator(response) -> str:
    """Return what proves later that the rest belongs to the same file; empty when nothing does."""
    etag = response.headers.get("ETag", "")
    gives_parts = response.headers.get("Accept-Ranges") == "bytes" or response.status_code == 206
    if not gives_parts or "Content-Encoding" in response.headers:
        return ""
    # A weak ETag (RFC 9110) says that two files mean the same, not that they have the same bytes.
    return etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified", "")


def _check_body(source: Source, path: Path, headers) -> None:
    """Refuse an empty answer, a web page in place of data, bytes unlike the digest announced."""
    with path.open("rb") as stream:
        head = stream.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not head:
        raise refusal(source, "le producteur a envoyé un fichier vide.")
    is_page = head.startswith((b"<!doctype html", b"<html")) or (
        head.startswith(b"<?xml") and b"<html" in head
    )
    if is_page or ("html" in headers.get("Content-Type", "").lower() and head.startswith(b"<")):
        raise refusal(source, "le producteur a envoyé une page web au lieu des données.")
    for name, digest in _announced(headers):
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, _DIGESTS[name]).digest() != digest:
                raise refusal(
                    source,
                    f"l'empreinte {name} annoncée par le producteur "
                    "n'est pas celle du fichier reçu.",
                )


def _announced(headers) -> Iterator[tuple[str, bytes]]:
    """Give the digests that a producer announces for the whole file (RFC 9530 and 3230)."""
    if "Content-Encoding" in headers:
        return
    text = f"{headers.get('Repr-Digest', '')},{headers.get('Digest', '')}"
    for name, value in re.findall(r"([\w-]+)=:?([A-Za-z0-9+/]+=*):?", text):
        if name.lower() in _DIGESTS:
            try:
                yield name.lower(), base64.b64decode(value, validate=True)
            except ValueError:
                continue
