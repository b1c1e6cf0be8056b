"""Headers of every answer: a strict content policy with a nonce, no cookie, no third party."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_OPEN = ("/api/", "/donnees/", "/figures/")
"""Paths of open data: any site may read them; pages and their files are for ours alone."""

_HSTS = "max-age=31536000"
"""A year of HTTPS only, said over HTTPS; other names of the domain are not ours to bind."""


def nonce() -> str:
    """Return the nonce of the current answer, the same all along."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return g.nonce


def register(app: Flask) -> None:
    """Add the headers to every answer, and `nonce()` to the templates."""
    app.after_request(_harden)
    app.jinja_env.globals["nonce"] = nonce


def _harden(response: Response) -> Response:
    """Set the headers that are not already there."""
    response.headers.setdefault("Content-Security-Policy", _POLICY.format(nonce=nonce()))
    for nom, valeur in _HEADERS.items():
        response.headers.setdefault(nom, valeur)
    reader = "cross-origin" if request.path.startswith(_OPEN) else "same-origin"
    response.headers.setdefault("Cross-Origin-Resource-Policy", reader)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", _HSTS)
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-cache")
    return response
