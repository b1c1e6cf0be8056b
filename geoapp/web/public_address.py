"""Where visitors find the product: its public address, and the proxies in front of it.

A request says by which host it came, and a proxy for whom it asks.  Neither is
believed: every absolute address comes from `GEOAPP_URL`, else from a host that
nobody else can own, and what a proxy says counts when the settings name it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as PlainResponse

from geoapp.core.config import Settings
from geoapp.core.errors import ParameterError

UNIX = "unix"
"""Name, in the settings, of whoever may open our Unix socket: its rights already choose them."""

_SAID = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_SSL",
    "HTTP_X_REAL_IP",
    "HTTP_X_SCRIPT_NAME",
)
"""What a request may say of the way it came by."""

_BELIEVED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO")
"""What a proxy that is trusted may say.

Host and prefix are not: many proxies pass them as the client wrote them; `GEOAPP_URL` says both.
"""

_UNKNOWN = "geoapp.hote_inconnu"
"""Key of the environment of a request whose host may be anybody's."""

_TOLD = "geoapp.hote_dit"
"""Key of the environment of a request whose answer holds an absolute address."""

_SUPERVISED = ("/sante", "/pret")
"""Paths that a supervisor asks without knowing the public address."""


@dataclass(frozen=True, kw_only=True)
class SiteAddress:
    """A public address in its parts; the prefix is "" or begins, and does not end, with a slash."""

    scheme: str
    host: str
    prefix: str


@dataclass(frozen=True, kw_only=True)
class Mandataires:
    """The proxies that are trusted: networks of addresses, and our Unix socket or not."""

    reseaux: tuple[IPv4Network | IPv6Network, ...] = ()
    est_unix: bool = False

    def know(self, peer: str) -> bool:
        """Tell whether the other end of a connection is one of them."""
        try:
            address = ip_address(peer)
        except ValueError:
            # The other end of a Unix socket has no address.
            return self.est_unix and peer in ("", "127.0.0.1", "localhost")
        return any(address in network for network in self.reseaux)


def parse_site(url: str) -> SiteAddress | None:
    """Return the parts of `GEOAPP_URL`; None when it is not set.

    Raises
    ------
    ParameterError
        When it is no address of a site: scheme, host, and maybe a port and a path.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 – reading it checks it
    except ValueError:
        parts = urlsplit("")
    is_plain = not (parts.query or parts.fragment or "@" in parts.netloc or "//" in parts.path)
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_plain:
        raise ParameterError(
            f"GEOAPP_URL = « {url[:80]} » : une adresse de site est attendue, "
            "par exemple https://formation.exemple.fr ou https://exemple.fr/carte."
        )
    return SiteAddress(scheme=parts.scheme, host=parts.netloc, prefix=parts.path.rstrip("/"))


def parse_proxies(text: str) -> Mandataires:
    """Return the proxies that `GEOAPP_MANDATAIRES` names.

    Raises
    ------
    ParameterError
        When one is neither an address, a network, nor « unix ».
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    try:
        networks = tuple(ip_network(word) for word in words if word != UNIX)
    except ValueError:
        raise ParameterError(
            f"GEOAPP_MANDATAIRES = « {text[:80]} » : des adresses ou réseaux séparés par des "
            "virgules sont attendus (127.0.0.1, 10.0.0.0/8), ou « unix » pour une socket Unix."
        ) from None
    return Mandataires(reseaux=networks, est_unix=UNIX in words)


def register(app: Flask, settings: Settings) -> None:
    """Settle, before anything reads a request, where it came from and where it was sent."""
    front = PublicAddress(app.wsgi_app, settings)
    app.wsgi_app = front  # type: ignore[method-assign]
    app.extensions["prefixe"] = front.prefix
    app.after_request(_relative_redirect)


class PublicAddress:
    """WSGI middleware: scheme, host, prefix and client of a request are ours to say."""

    def __init__(self, app: Callable, settings: Settings):
        self._app = app
        self._site = parse_site(settings.url)
        self._proxies = parse_proxies(settings.proxies)
        self._declared = settings.host
        self._behind_proxy = ProxyFix(self._settle, x_for=1, x_proto=1, x_host=0)

    @property
    def prefix(self) -> str:
        """Return the path under which the product answers; "" at the root of its host."""
        return self._site.prefix if self._site else ""

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """Answer a request, what it says of its way believed only from a proxy we know."""
        is_proxy = self._proxies.know(environ.get("REMOTE_ADDR") or "")
        for name in _SAID:
            if not (is_proxy and name in _BELIEVED):
                environ.pop(name, None)
        answer = self._behind_proxy if is_proxy else self._settle
        return answer(environ, start_response)

    def _settle(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """Answer a request once its host, scheme and prefix are known ones."""
        if self._site is None:
            if not is_ours(environ.get("HTTP_HOST", ""), self._declared):
                environ["HTTP_HOST"] = "localhost"
                environ[_UNKNOWN] = True
            return self._app(environ, start_response)
        environ["wsgi.url_scheme"] = self._site.scheme
        environ["HTTP_HOST"] = self._site.host
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        if self._is_under(path):
            environ["SCRIPT_NAME"] = self.prefix
            environ["PATH_INFO"] = path.removeprefix(self.prefix)
        elif path not in _SUPERVISED:
            return self._outside()(environ, start_response)
        return self._app(environ, start_response)

    def _is_under(self, path: str) -> bool:
        return path.startswith(f"{self.prefix}/")

    def _outside(self) -> PlainResponse:
        """Return the answer to a request that is not for us: where we are."""
        home = f"{self.prefix}/"
        return PlainResponse(
            f"GéoForma répond sous {home}\n", 404, {"Content-Type": "text/plain; charset=utf-8"}
        )


def is_ours(host: str, declared: str = "") -> bool:
    """Tell whether a host may be written in an answer: loopback, or the one we listen on."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or (declared and name == declared.strip("[]").lower()):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def site_prefix(app: Flask) -> str:
    """Return the path under which an application answers; "" at the root of its host."""
    return app.extensions["prefixe"]


def public_url(path: str) -> str:
    """Return the absolute address of a path of ours, itself when the host may be anybody's."""
    request.environ[_TOLD] = True
    if request.environ.get(_UNKNOWN):
        return path
    return request.host_url.rstrip("/") + path


def has_told_host() -> bool:
    """Tell whether the answer to the request holds an absolute address."""
    return _TOLD in request.environ


def _relative_redirect(response: Response) -> Response:
    """Make a redirect within the site one without host: right whatever the host is."""
    target = response.headers.get("Location", "")
    if target.startswith(request.host_url):
        response.headers["Location"] = "/" + target.removeprefix(request.host_url)
    return response
