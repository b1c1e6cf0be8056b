"""What an answer adds to the counts of use: route, filters, zones, files, searches; nobody.

Nothing is read of who asks but the name of the browser, to set robots apart:
no cookie, no address, no identifier.  Counts wait in memory and are written
together, in a thread of their own: no answer waits for the disk.
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import date

from flask import Flask, Response, request

from geoapp.core.config import Settings
from geoapp.offer.filters import FILTRES
from geoapp.offer.search.places import RUES
from geoapp.reference.codes.text import fold
from geoapp.reference.zonings import ZONAGES
from geoapp.web.served import SERVI, courant, served_engine
from geoapp.web.usage_store import add

LOG = logging.getLogger("geoapp")

FRAGMENT = "X-Fragment"
"""Header by which the script of the search asks only for what changes."""

TOTAL = "X-Total-Count"
"""Header by which a search says how many trainings it found, remote ones too."""

FLUSH_S = 30.0
"""Seconds that counts wait in memory."""

PENDING_MAX = 20_000
"""Different counts, and texts, that wait at most: beyond, what is new is not counted."""

_ROBOTS = re.compile(r"bot\b|bot[/;-]|crawl|spider|slurp|monitor|uptime|headless|preview", re.I)
"""Browsers that are no person, wherever they go."""

_PROGRAMS = re.compile(
    r"^$|python|curl|wget|java/|go-http|libwww|httpclient|okhttp|axios|node", re.I
)
"""Programs: somebody's, when they ask for data; robots, when they ask for pages."""

_APART = ("static", "health.", "usage.", "search.favicon", "about.robots", "about.sitemap")
"""Endpoints that are no use of the product: files of the pages, probes, these counts."""

_TYPING = ("api.places", "api.suggestions", "search.values")
"""Endpoints asked at each key pressed."""

_LONGEST, _MOST_WORDS = 60, 6
OPEN_FILTERS = ("organisme", "zone")
"""Filters whose values are not a short list of ours."""


class Recorder:
    """The counts of one process that wait to be written."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._lock = threading.Lock()
        self._start()
        atexit.register(self.flush)

    def _start(self) -> None:
        """Wait for counts anew; those of the process that forked this one are its own."""
        self._pid = os.getpid()
        self._waiting: dict[date, tuple[Counter, Counter]] = {}
        self._timer: threading.Timer | None = None

    def count(self, keys: list[tuple[str, str]], texte: str) -> None:
        """Add one to some counts, and to those of a text; they are written later."""
        with self._lock:
            if self._pid != os.getpid():
                self._start()
            counts, texts = self._waiting.setdefault(date.today(), (Counter(), Counter()))
            for key in keys:
                _add_one(counts, key)
            if texte:
                _add_one(texts, texte)
            if self._timer is None:
                self._timer = threading.Timer(FLUSH_S, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write what waits; when it cannot be, what was counted is lost and nobody waits."""
        with self._lock:
            if self._pid != os.getpid():
                return
            if self._timer:
                self._timer.cancel()
            waiting, self._waiting, self._timer = self._waiting, {}, None
        settings = self._settings
        for jour, (comptes, textes) in waiting.items():
            if settings.data_dir.is_dir():
                try:
                    add(
                        settings.data_dir,
                        settings.cle_usage,
                        jour=jour,
                        comptes=comptes,
                        textes=textes,
                    )
                except (OSError, sqlite3.Error) as error:
                    LOG.warning("Usage non compté (%s).", type(error).__name__)


def _add_one(counts: Counter, key) -> None:
    """Add one, unless too many different things wait already."""
    if key in counts or len(counts) < PENDING_MAX:
        counts[key] += 1


def register(app: Flask) -> None:
    """Count the answers of an application."""
    recorder = Recorder(app.config["SETTINGS"])
    app.extensions["usage"] = recorder

    @app.after_request
    def count(response: Response) -> Response:
        """Add the answer to the counts; whatever happens, it leaves as it is."""
        try:
            if is_counted(response):
                recorder.count(*what_counts(response))
        except Exception as error:
            LOG.warning("Usage non compté (%s).", type(error).__name__)
        return response


def is_counted(response: Response) -> bool:
    """Tell whether an answer is a use of the product: a good one, to somebody, of a route."""
    return (
        request.method in ("GET", "POST")
        and response.status_code in (200, 304)
        and SERVI not in request.environ
        and request.endpoint is not None
        and not request.endpoint.startswith(_APART)
        and request.endpoint not in _TYPING
    )


def what_counts(response: Response) -> tuple[list[tuple[str, str]], str]:
    """Return what an answer adds one to, as (section, key), and the text that was searched."""
    section, rule = _route(response)
    agent = request.headers.get("User-Agent", "")
    if _ROBOTS.search(agent) or (section == "page" and _PROGRAMS.search(agent)):
        return [("robot", "toutes")], ""
    given = _given()
    keys = [] if FRAGMENT in request.headers else [(section, rule)]
    keys += [*_zone_of_page(), *(key for nom, value in given for key in _filter(nom, value))]
    is_first = not any(nom == "page" and value != "1" for nom, value in given)
    if TOTAL not in response.headers or not given or not is_first:
        return keys, ""
    texte = " ".join(value for nom, value in given if nom == "texte")
    told = {
        "toutes": True,
        "sans résultat": response.headers[TOTAL] == "0",
        "avec un texte": bool(texte),
        "autour d'un lieu": bool({"lieu", "lat"} & dict(given).keys()),
    }
    return keys + [("recherche", nom) for nom, is_so in told.items() if is_so], sayable(texte)


def _route(response: Response) -> tuple[str, str]:
    """Return the section of a route and its template, the format of a file in its place."""
    endpoint, rule = request.endpoint or "", str(request.url_rule)
    given = request.view_args or {}
    is_sent = "attachment" in response.headers.get("Content-Disposition", "")
    if not is_sent and "format" not in given:
        return ("api" if endpoint.startswith("api.") else "page"), rule
    if response.status_code == 200:
        # A file that was made has a name of ours: never one of a person or of a training.
        for nom in ("format", "fichier", "nom", "type"):
            rule = rule.replace(f"<{nom}>", str(given.get(nom)))
    return "fichier", rule


def _given() -> list[tuple[str, str]]:
    """Return the parameters of the request that hold something."""
    pairs = list(request.args.items(multi=True))
    if request.method == "POST":
        pairs += request.form.items(multi=True)
        body = request.get_json(silent=True)
        for nom, value in body.items() if isinstance(body, dict) else ():
            pairs += [(nom, str(one)) for one in (value if isinstance(value, list) else [value])]
    return [(nom, value) for nom, value in pairs if value.strip()]


def _filter(nom: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield what one value of a filter adds to: itself when it is a code of ours."""
    if nom == "zone" and _is_zone(*value.partition(":")[::2]):
        yield "zone", value
    if nom in FILTRES:
        known = courant().derive(("usage", nom), lambda snapshot: _codes(nom, snapshot))
        yield "filtre", f"{nom}={value}" if value in known else nom


def _codes(nom: str, snapshot) -> frozenset[str]:
    """Return the values of a filter that may be counted apart."""
    if nom in OPEN_FILTERS:
        return frozenset()
    return frozenset(option.valeur for option in FILTRES[nom].lister(snapshot))


def _zone_of_page() -> Iterator[tuple[str, str]]:
    """Yield the zone that a page or a file is about; a commune is a place, and is not kept."""
    given = request.view_args or {}
    type_zone, code = given.get("type_zone", ""), given.get("code_zone", "")
    if _is_zone(type_zone, code):
        yield "zone", f"{type_zone}:{code}"


def _is_zone(type_zone: str, code: str) -> bool:
    """Tell whether a zone is one of the data, larger than a commune."""
    if type_zone not in ZONAGES:
        return False
    zones = courant().derive("usage_zones", _zones)
    return (type_zone, code) in zones


def _zones(snapshot) -> frozenset[tuple[str, str]]:
    table = snapshot.read("zones")
    return frozenset(zip(table["type_zone"], table["code_zone"], strict=True))


def sayable(texte: str) -> str:
    """Return a text searched as it may one day be written; "" when it may tell of a person.

    An address, a number, an e-mail, a name of place, or more than a few words never is.
    """
    words = fold(texte).split()
    plain = " ".join(words)
    if not plain or len(plain) > _LONGEST or len(words) > _MOST_WORDS:
        return ""
    if any(c.isdigit() or c in "@:\\" for c in texte) or RUES.intersection(words):
        return ""
    names = courant().derive("usage_lieux", lambda snapshot: _places())
    parts = (
        " ".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, len(words) + 1)
    )
    return "" if any(part in names for part in parts) else plain


def _places() -> frozenset[str]:
    """Return the names of places that a text may hold, folded."""
    places = served_engine().index.toponymes
    return frozenset(places.plies) | {fold(row[2]) for row in places.lignes}
