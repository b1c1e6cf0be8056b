"""`python -m benchmarks.fuzz_http [n]`: n requests over every address, on every core; prints what
became of them.

Each request depends on the seed and its rank only: `--only RANK` makes one again.  Half of what it
gives is what the product accepts, which reaches the code, half is hostile, which tries its edges.
The snapshot is that of `GEOAPP_DATA`; the application answers in this process, without a socket.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import quote

from flask import Flask
from werkzeug.routing import Rule

from geoapp.core.config import ROOT, load_settings
from geoapp.coverage.model import PARAMETRES as QUESTION
from geoapp.offer.filters import FILTRES
from geoapp.offer.lookups import public_id
from geoapp.offer.search.requests import PARAMETRES as RECHERCHE
from geoapp.outputs.files.formats import FORMATS
from geoapp.web import create_app
from geoapp.web.contract import PROPRES

SEED = "géoforma"
BATCH = 250
LONGEST_S = 30.0
"""Most seconds of processor for one answer; the whole GeoPackage of the real mirror takes ten."""

HEAVY = ("fiche.", "/figures/", "geoforma.gpkg", "carte.html", "/indicateurs/", ".xlsx", ".gpkg")
"""What takes a second of processor or more: one request in forty of those drawn is kept."""

MARK = "<script>alert(7)</script>"
HOSTILE = (
    "",
    " ",
    "\x00",
    "%00",
    "\ud800",
    "é" * 300,
    "x" * 8_000,
    "9" * 400,
    "-1",
    "0",
    "1e400",
    "NaN",
    "inf",
    "1_000",
    "٣",
    "²",
    MARK,
    '"><img src=x onerror=alert(7)>',
    "' OR 1=1 --",
    "NEAR(",
    '"',
    "*",
    "((((",
    "{{7*7}}",
    "${7*7}",
    "../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%c0%ae%c0%ae/",
    "C:\\windows",
    "file:///etc/passwd",
    "http://evil.example/",
    "javascript:alert(7)",
    "\r\nSet-Cookie: a=b",
    "=1+1",
    "null",
    "true",
    "[]",
    "\u202e",
    "😀",
    "a:b:c",
    "commune:",
    ":",
    "ze2020:0000",
    "departement:80",
    "1,2,3,4",
    "-5,41,10,51",
    "nan,nan,nan,nan",
)
METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE")
COUNTED = ("couverture", "territoires", "figures", "indicateurs", "carte.html")
"""What in an address tells that it takes a question of coverage; others take a search."""
HEADERS = (
    {},
    {"X-Fragment": "1"},
    {"If-None-Match": "*"},
    {"If-None-Match": '"' + "a" * 200},
    {"If-Modified-Since": "hier"},
    {"Range": "bytes=0-1"},
    {"Range": "bytes=9-1,-,a-b"},
    {"Accept-Encoding": "gzip"},
    {"Accept-Encoding": "br;q=x,*;q=-1"},
    {"Accept": "image/webp"},
    {"X-Forwarded-For": MARK, "X-Forwarded-Host": "evil.example"},
    {"Host": "evil.example:99999"},
    {"Host": ""},
    {"Cookie": "a=" + "b" * 4_000},
    {"User-Agent": MARK},
    {"Content-Type": "application/json; charset=klingon"},
    {"Content-Type": "multipart/form-data"},
)
BODIES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"a": {"b": {"c": []}}}',
    b"[" * 5_000,
    b"\xff\xfe\x00",
    b"a=b&a=c&=&&=x",
    b"%zz=%",
    b'{"lieu": "\\ud800"}',
    b'{"rayon": 1e999, "page": -0.0}',
    b'{"niveau": [[3]], "lat": true}',
)
DOUBTFUL = ("Traceback (most recent", str(ROOT), "sqlite3.", "pandas.", "KeyError")
"""What no answer may hold: it would tell of our code, or of the machine."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request."""

    methode: str
    chemin: str
    parametres: list[tuple[str, str]]
    entetes: dict[str, str]
    corps: bytes | None


@dataclass
class Essai:
    """An application, and the values that it accepts, by name."""

    app: Flask
    regles: list[Rule]
    bonnes: dict[str, list[str]] = field(default_factory=dict)


def open_trial(app: Flask) -> Essai:
    """Return what to try of an application."""
    with app.app_context():
        snapshot = app.extensions["courant"].snapshot()
    zones = snapshot.read("zones")[["type_zone", "code_zone"]].astype(str)
    ids = [public_id(one) for one in snapshot.read("offres")["id_action"].head(50)]
    suffixes = [form.suffixe.lstrip(".") for form in FORMATS.values()]
    rows = {**RECHERCHE, **QUESTION, **PROPRES}
    bonnes = {nom: [row.exemple, *row.valeurs] for nom, row in rows.items()}
    bonnes |= {
        nom: [one.valeur for one in filtre.lister(snapshot)[:40]] for nom, filtre in FILTRES.items()
    }
    bonnes |= {
        "type_zone": [*zones["type_zone"].unique(), "commune", "carreau"],
        "code_zone": zones["code_zone"].drop_duplicates().head(60).tolist(),
        "identifiant": [*ids, "bts-2024"],
        "format": [*FORMATS, "png", "svg", "pdf", "html"],
        "fichier": [f"{nom}.{fin}" for nom in ("offres", "zones", "ze2020") for fin in suffixes],
        "nom": ["offre", "population", "acces", *FILTRES],
        "filename": ["css/base.css", "js/search.js"],
        "q": ["lille", "boul", "12 rue de la paix"],
        "avant": [snapshot.id, "precedent"],
        "apres": ["courant"],
        "largeur_mm": ["170"],
        "dpi": ["60"],
        "ordre": ["asc", "desc"],
    }
    bonnes["type"] += ["offre", "densite", "couverture", "zones"]
    return Essai(app, list(app.url_map.iter_rules()), bonnes)


def make_request(rank: int, trial: Essai, seed: str = SEED) -> Asked:
    """Return the request of one rank."""
    rng = random.Random(f"{seed} {rank}")
    while True:
        rule = rng.choice(trial.regles)
        path = _path(rule, trial, rng)
        if not any(mark in path for mark in HEAVY) or rng.random() < 1 / 40:
            break
    rows = QUESTION if any(mark in path for mark in COUNTED) else RECHERCHE
    names = (*rows, *FILTRES, "q", "source", "critere", "type", "zoom", "limite")
    pairs = [_pair(names, trial, rng) for _ in range(rng.choice((0, 0, 1, 1, 2, 3, 6)))]
    if rng.random() < 0.01:
        pairs = [_pair(names, trial, rng)] * rng.choice((50, 1_500))
    methode = rng.choice(sorted(rule.methods or ()) if rng.random() < 0.9 else METHODS)
    corps = rng.choice((None, *BODIES)) if methode not in ("GET", "HEAD") else None
    entetes = dict(rng.choice(HEADERS))
    if corps is not None and rng.random() < 0.6:
        entetes["Content-Type"] = rng.choice(
            ("application/json", "application/x-www-form-urlencoded")
        )
    return Asked(methode=methode, chemin=path, parametres=pairs, entetes=entetes, corps=corps)


def _path(rule: Rule, trial: Essai, rng: random.Random) -> str:
    """Return an address of a route, its variables filled."""
    path = rule.rule
    for nom in rule.arguments:
        value = rng.choice(trial.bonnes.get(nom, HOSTILE) if rng.random() < 0.7 else HOSTILE)
        path = path.replace(f"<path:{nom}>", f"<{nom}>").replace(f"<{nom}>", _quoted(value))
    if rng.random() < 0.05:
        path = rng.choice((path + "/", path + "//", path + "%00", path.upper(), path + "/.."))
    # Two bars at the start would be those of a host to the client.
    return "/" + path.lstrip("/")


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def _pair(names: tuple[str, ...], trial: Essai, rng: random.Random) -> tuple[str, str]:
    """Return one parameter: of the route, of another or of none; its value accepted or not."""
    others = (*trial.bonnes, "inconnu", "", MARK)
    nom = rng.choice(names if rng.random() < 0.9 else others)
    is_good = rng.random() < 0.75 and trial.bonnes.get(nom)
    return nom, rng.choice(trial.bonnes[nom] if is_good else HOSTILE)


def ask(asked: Asked, trial: Essai) -> int:
    """Return the status of the answer to one request.

    Raises
    ------
    AssertionError
        When it is an error of ours, tells what it must not, or takes too long.
    """
    query = "&".join(f"{_quoted(nom)}={_quoted(value)}" for nom, value in asked.parametres)
    start = time.process_time()
    with trial.app.test_client().open(
        asked.chemin + (f"?{query}" if query else ""),
        method=asked.methode,
        headers=asked.entetes,
        data=asked.corps,
    ) as answer:
        content, status = answer.get_data(), answer.status_code
        assert status < 500, status
        assert time.process_time() - start < LONGEST_S, "trop long"
        is_read = answer.mimetype in ("text/html", "application/json")
        if is_read and "Content-Encoding" not in answer.headers:
            text = content.decode()
            assert not [mark for mark in DOUBTFUL if mark in text], "en dit trop"
            assert answer.mimetype != "text/html" or MARK not in text, "rend ce qu'il reçoit"
        assert "Set-Cookie" not in answer.headers and answer.headers["X-Content-Type-Options"]
    return status


def try_requests(ranks: Iterable[int], trial: Essai, seed: str = SEED) -> Counter:
    """Return the statuses of the answers to the requests of some ranks.

    Raises
    ------
    AssertionError
        Naming the request.
    """
    outcomes: Counter = Counter()
    for rank in ranks:
        asked = make_request(rank, trial, seed)
        try:
            outcomes[ask(asked, trial)] += 1
        except Exception as error:
            raise AssertionError(
                f"demande {rank} : {type(error).__name__} {error}\n{asked}"[:3_000]
            ) from error
    return outcomes


def _batch(ranks: range, data_dir: Path, seed: str) -> tuple[Counter, list[str]]:
    """Return what became of one batch in a process of its own, and what went wrong."""
    trial, outcomes, faults = open_trial(create_app(data_dir)), Counter(), []
    for rank in ranks:
        try:
            outcomes += try_requests([rank], trial, seed)
        except AssertionError as error:
            faults.append(str(error))
    return outcomes, faults


def fuzz(
    nb: int, data_dir: Path, *, seed: str = SEED, say: Callable[[str], None] = lambda text: None
) -> tuple[Counter, list[str]]:
    """Return the statuses of `nb` answers and the faults; the same for the same seed."""
    step = max(BATCH, -(-nb // (os.cpu_count() or 1)))
    batches = [range(start, min(start + step, nb)) for start in range(0, nb, step)]
    outcomes, faults = Counter(), []
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(_batch, one, data_dir, seed) for one in batches]):
            some, wrong = done.result()
            outcomes += some
            faults += wrong
            say(f"{outcomes.total()} / {nb}, {len(faults)} fautes")
    return outcomes, faults


def main() -> None:
    """Ask what is asked for and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nb", type=int, nargs="?", default=10_000)
    parser.add_argument("--seed", default=SEED)
    parser.add_argument("--only", type=int, help="rang de la seule demande à essayer")
    options = parser.parse_args()
    data_dir, start = load_settings().data_dir, time.perf_counter()
    if options.only is not None:
        outcomes, faults = _batch(range(options.only, options.only + 1), data_dir, options.seed)
    else:
        outcomes, faults = fuzz(
            options.nb,
            data_dir,
            seed=options.seed,
            say=lambda text: print(text, file=sys.stderr, flush=True),
        )
    print("\n\n".join(faults))
    for status, nb in sorted(outcomes.items()):
        print(f"{status}  {nb}")
    print(f"{outcomes.total()} requests, {len(faults)} faults, {time.perf_counter() - start:.0f} s")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
