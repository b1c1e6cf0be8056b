"""Identical answers, kept: what the snapshot and an address decide is worked out once.

Kept by snapshot and address, in a bounded memory that goes with the snapshot; by host too when the
answer tells it, so that what the warm-up asked serves whoever comes by another host.
An address that holds a text, a place or a position typed by a person is never
kept: only those whose every parameter is a choice among values of the product.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date
from functools import wraps

from flask import Flask, Response, current_app, request

from geoapp.core.memory import Memory
from geoapp.coverage.model import PARAMETRES
from geoapp.offer.filters import FILTRES
from geoapp.planning.asked import PARAMETRES as PLAN
from geoapp.planning.need_answer import PARAMETRES as BESOINS
from geoapp.reference.zonings import REGION
from geoapp.web.public_address import has_told_host, public_url
from geoapp.web.security import nonce
from geoapp.web.served import courant, holder, signals

ENDPOINTS = (
    "pages.home",
    "pages.regional_map",
    "pages.sources",
    "pages.rejects",
    "search.index",
    "search.sheet",
    "change.index",
    "coverage.index",
    "coverage.zone",
    "coverage.publics",
    "dashboard.index",
    "needs.index",
    "territories.index",
    "territories.zone",
    "planning.sites",
    "downloads.index",
    "embed.index",
    "embed.found",
    "embed.covered",
    "embed.told",
    "quality.index",
    "quality.source",
    "quality.organisme",
    "api.index",
    "api.openapi",
    "api.facets",
    "api.formations",
    "api.couverture",
    "api.ou_ouvrir",
    "api.qualite",
    "api.besoins",
    "api.publics",
    "api.zones",
    "api.sources",
)
"""Views whose answers are kept."""

PLACES = ("zone", "emprise", "territoire")
"""Parameters that are a choice when they hold a key, and else may be a name that a person typed."""

CHOICES = {
    *(*FILTRES, *PARAMETRES, *BESOINS, *PLAN, *PLACES),
    *("type", "page", "taille", "tri", "ordre", "format", "largeur_mm", "dpi", "sans_voiture"),
    *("avant", "apres", "contenu", "hauteur", "entree"),
}
"""Parameters that are choices: none holds what a person typed."""

OCTETS = 32 * 1024 * 1024
"""Bytes of answers kept by snapshot; the one asked for the longest ago is let go."""

_OCTETS_CLE = 1_000
"""Bytes of what an answer is kept under, about."""


@dataclass(frozen=True, kw_only=True)
class Gardee:
    """An answer kept, and the nonce that its page holds."""

    contenu: bytes
    mimetype: str
    entetes: tuple[tuple[str, str], ...]
    nonce: bytes


class NotKeptError(Exception):
    """Carries an answer that the memory must not keep."""

    def __init__(self, response: Response):
        self.response = response


def register(app: Flask) -> None:
    """Keep the answers of the views that may be; called once every view is registered."""
    for endpoint in ENDPOINTS:
        app.view_functions[endpoint] = _keeping(app.view_functions[endpoint])


def may_keep() -> bool:
    """Tell whether the answer to the request depends on choices only."""
    is_plain = request.method == "GET" and not request.if_none_match and not request.range
    return is_plain and has_choices_only()


def has_choices_only() -> bool:
    """Tell whether the address of the request holds nothing that a person typed."""
    return all(_is_choice(nom, valeur) for nom, valeur in request.args.items(multi=True))


def _is_choice(nom: str, valeur: str) -> bool:
    """Tell whether a parameter holds nothing typed: a zone is chosen by its key, never its name."""
    return not valeur or (
        nom in CHOICES and (nom not in PLACES or ":" in valeur or valeur == REGION)
    )


def _keeping(view: Callable) -> Callable:
    """Return a view that answers from what is kept."""

    @wraps(view)
    def answer(**path):
        if not may_keep():
            return view(**path)
        kept = courant().derive("reponses", lambda snapshot: Memory(OCTETS, weigh=_weigh))
        try:
            return _answer(_find(kept, lambda: _make(view, path)))
        except NotKeptError as unkept:
            return unkept.response

    return answer


def _find(kept: Memory, make: Callable[[], Gardee]) -> Gardee:
    """Return the answer to the request, made unless it is kept.

    One that tells the host it was asked by (the QR code of a sheet) is kept for that host alone.
    """
    key = _key()

    def of_host() -> Hashable:
        return public_url(request.script_root), key

    def make_for_all() -> Gardee | None:
        made = make()
        if not has_told_host():
            return made
        kept.get(of_host(), lambda: made)
        return None

    return kept.get(key, make_for_all) or kept.get(of_host(), make)


def _key() -> Hashable:
    """Return what an answer depends on besides snapshot and host: address, day, what pages tell."""
    asked = request.script_root, request.full_path, "X-Fragment" in request.headers
    return *asked, date.today(), tuple(signals().items()), holder().refus


def _make(view: Callable, path: dict) -> Gardee:
    """Return the answer of a view, to be kept.

    Raises
    ------
    NotKeptError
        When it is an error, or a file sent piece by piece.
    """
    response = current_app.make_response(view(**path))
    if response.status_code != 200 or response.is_streamed:
        raise NotKeptError(response)
    return Gardee(
        contenu=response.get_data(),
        mimetype=response.mimetype or "",
        entetes=tuple((nom, valeur) for nom, valeur in response.headers if nom not in _OWN),
        nonce=nonce().encode(),
    )


_OWN = ("Content-Type", "Content-Length")


def _answer(kept: Gardee) -> Response:
    """Return a kept answer, its scripts allowed by the nonce of this request."""
    contenu = kept.contenu.replace(kept.nonce, nonce().encode())
    return Response(contenu, mimetype=kept.mimetype, headers=list(kept.entetes))


def _weigh(kept: Gardee | None) -> int:
    return _OCTETS_CLE + (len(kept.contenu) if kept else 0)
