"""Headers of every answer: a strict content policy with a nonce, no cookie, no third party."""

from __future__ import annotations

import re
import secrets

from flask import Flask, Response, current_app, g, request
from werkzeug.datastructures import ImmutableMultiDict

from geoapp.core.errors import ParameterError
from geoapp.offer.parameters import TROP_DE_VALEURS, VALEURS_MAX

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; "
    "manifest-src 'self'; worker-src 'self'; frame-src 'self'; base-uri 'none'"
)
_OURS = "; frame-ancestors 'self'"
"""No other site shows our pages inside its own: a person could be made to click what is hidden."""

FRAMED = "/integrer/"
"""Paths of the pages that other sites show inside theirs."""

BAC = "allow-scripts allow-popups allow-popups-to-escape-sandbox"
"""What a page shown inside another may do: draw, and open GéoForma in a tab.

Without an origin of its own, it reads nothing that the browser keeps of our site.
"""

TOUS, AUCUN = "tous", "aucun"
_ORIGINE = re.compile(r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_FRAMED_HEADERS = {
    # Neither may be said of a page in a sandbox, else browsers refuse it.
    "Cross-Origin-Opener-Policy": "unsafe-none",
    # A site that isolates itself shows only what says that it does too.
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_OPEN = ("/api/", "/donnees/", "/figures/", "/ogc/", "/static/", "/couverture/contours/")
"""Paths of open data, and of what draws it in pages that other sites show: any site may read them,
and no answer depends on who asks; pages are for ours alone."""

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
        "ETag, Content-Disposition, Allow, Retry-After, X-Total-Count, Content-Crs, "
        "Accept-Ranges, Content-Range"
    ),
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST",
    "Access-Control-Allow-Headers": "Content-Type, If-None-Match, Range, If-Range",
    "Access-Control-Max-Age": "86400",
}


def nonce() -> str:
    """Return the nonce of the current answer, the same all along."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return g.nonce


def register(app: Flask) -> None:
    """Add the headers to every answer, `nonce()` to the templates, and a bound to addresses."""
    app.extensions["cadres"] = frame_ancestors(app.config["SETTINGS"].integration)
    app.before_request(_bound)
    app.after_request(_harden)
    app.jinja_env.globals["nonce"] = nonce


def frame_ancestors(sites: str) -> str:
    """Return the end of the policy that says who may show our framed pages; "" for any site.

    Parameters
    ----------
    sites : str
        « tous », « aucun », or origins parted by commas (`GEOAPP_INTEGRATION`).

    Raises
    ------
    ParameterError
        When one is not an origin: scheme, host, and maybe a port.
    """
    sites = sites.strip().lower()
    if sites == TOUS:
        # Said by no directive: « * » would leave out a page opened from a disk, to try.
        return ""
    origins = [] if sites == AUCUN else [one.strip().rstrip("/") for one in sites.split(",")]
    for one in origins:
        if not _ORIGINE.fullmatch(one):
            raise ParameterError(
                f"GEOAPP_INTEGRATION = « {one[:80]} » : tous, aucun, ou des origines séparées par "
                "des virgules sont attendus, par exemple https://exemple.fr."
            )
    return " ".join([_OURS, *origins])


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
    is_framed = request.path.startswith(FRAMED)
    end = f"; sandbox {BAC}{current_app.extensions['cadres']}" if is_framed else _OURS
    response.headers.setdefault("Content-Security-Policy", _POLICY.format(nonce=nonce()) + end)
    for nom, valeur in {**_HEADERS, **(_FRAMED_HEADERS if is_framed else _shared())}.items():
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
