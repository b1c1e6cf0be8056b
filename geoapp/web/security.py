"""Headers of every answer: a strict content policy with a nonce, no cookie, no third party."""

from __future__ import annotations

import re
import secrets

from flask import Flask, Response, g, request
from werkzeug.datastructures import ImmutableMultiDict

from geoapp.core.errors import ParameterError
from geoapp.offer.parameters import TROP_DE_VALEURS, VALEURS_MAX

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'self'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_OPEN = ("/api/", "/donnees/", "/figures/", "/ogc/")
"""Paths of open data: any site may read them, and no answer depends on who asks; pages and their
files are for ours alone."""

_AJOUTES = re.compile(
    r"(?:utm|mtm|pk|matomo|piwik|at|hsa|mc|_hs)_\w+|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|"
    r"yclid|twclid|ttclid|igshid|li_fat_id|xtor|_ga|_gl"
)
"""Names that mail tools, social networks and advertisers add to addresses."""

_HSTS = "max-age=31536000"
"""A year of HTTPS only, said over HTTPS; other names of the domain are not ours to bind."""


_SHARED = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "ETag, Content-Disposition, Allow, Retry-After, X-Total-Count, Content-Crs"
    ),
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST",
    "Access-Control-Allow-Headers": "Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


def nonce() -> str:
    """Return the nonce of the current answer, the same all along."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return g.nonce


def register(app: Flask) -> None:
    """Add the headers to every answer, `nonce()` to the templates, and a bound to addresses."""
    app.before_request(_bound)
    app.after_request(_harden)
    app.jinja_env.globals["nonce"] = nonce


def _bound() -> None:
    """Refuse an address of too many values before any of them is read.

    What mail tools and social networks add to the address of a page says nothing of what is asked:
    it is not read.  Programs get what they wrote: an unknown name of theirs is a mistake.
    """
    if request.query_string.count(b"&") >= VALEURS_MAX:
        raise ParameterError(TROP_DE_VALEURS)
    if request.path.startswith(_OPEN):
        return
    pairs = list(request.args.items(multi=True))
    kept = [pair for pair in pairs if not _AJOUTES.fullmatch(pair[0])]
    if len(kept) < len(pairs):
        request.args = ImmutableMultiDict(kept)


def _harden(response: Response) -> Response:
    """Set the headers that are not already there."""
    response.headers.setdefault("Content-Security-Policy", _POLICY.format(nonce=nonce()))
    for nom, valeur in {**_HEADERS, **_shared()}.items():
        response.headers.setdefault(nom, valeur)
    reader = "cross-origin" if request.path.startswith(_OPEN) else "same-origin"
    response.headers.setdefault("Cross-Origin-Resource-Policy", reader)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", _HSTS)
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-cache")
    return response


def _shared() -> dict[str, str]:
    """Return the headers by which another site may read the answer: none for a page."""
    if not request.path.startswith(_OPEN):
        return {}
    return {**_SHARED, **_PREFLIGHT} if request.method == "OPTIONS" else _SHARED
