"""Headers of every answer: a strict content policy with a nonce, no cookie, no third party."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g

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
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-cache")
    return response
