"""Searches on one snapshot, measured in this process: `python -m benchmarks.search_job DATA
NB_QUERIES [DSN]`.

Every query is put to each engine in turn, so that what else the machine does
weighs on all of them alike.  The memory of hits that ours keeps between
queries is emptied before each one: only cold texts are measured.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.queries import FILTERS, MIX, make_queries
from benchmarks.search_postgis import connect_or_none
from benchmarks.search_rival import Answer, lay_out
from benchmarks.search_sqlite import SqliteRival
from geoapp.core.snapshot import open_snapshot
from geoapp.offer.search.approximate import ALL_EXACT
from geoapp.offer.search.engine import Moteur, open_engine, search
from geoapp.offer.search.model import Requete

WARM_UP = 20
SAME_TOTALS = ("radius", "radius + filter")
"""Kinds whose totals must be equal: no text, which each reads in its own way."""


class Ours:
    """The engine of the product; every filter is counted, and its counts read."""

    name = "GéoForma"

    def __init__(self, moteur: Moteur):
        # The rivals know points only: the same question is put to all.
        self.moteur = replace(moteur, vagues=ALL_EXACT)

    def answer(self, requete: Requete) -> Answer:
        """Return the first page, the total and the counts of all filters."""
        found = search(self.moteur, requete)
        facets = {
            nom: {option.valeur: option.nb for option in found.facettes[nom] if option.nb}
            for nom in found.facettes
        }
        return Answer(found.total, found.lignes[found.page].tolist(), facets)

    def forget(self) -> None:
        """Empty the memory of texts already looked for."""
        self.moteur.index.memoire.clear()


def main(data: str, nb_queries: str, dsn: str = "") -> None:
    """Measure and print one line of JSON."""
    start = time.perf_counter()
    moteur = open_engine(open_snapshot(Path(data)))
    record = {
        "open_s": time.perf_counter() - start,
        "offers": len(moteur.ordre),
        "places": len(moteur.longitudes),
    }
    queries = make_queries(moteur, int(nb_queries))
    ours = Ours(moteur)
    for _, requete in queries[:WARM_UP]:
        ours.answer(requete)
    gc.collect()
    record["rss_mb"] = resident_memory_mb()
    with tempfile.TemporaryDirectory() as folder:
        rivals, record["load_s"] = _open_rivals(moteur, Path(folder) / "rival.sqlite", dsn)
        answers, times = run(queries, [ours, *rivals], ours.forget)
        for rival in rivals:
            rival.close()
    record["engines"] = {name: summarise(queries, values) for name, values in times.items()}
    record["totals"] = {
        rival.name: compare_totals(queries, answers[ours.name], answers[rival.name])
        for rival in rivals
    }
    print(json.dumps(record))


def _open_rivals(moteur: Moteur, path: Path, dsn: str) -> tuple[list, dict[str, float]]:
    """Return the rivals, loaded, and the seconds that loading took."""
    offers, rivals, seconds = lay_out(moteur), [], {}
    for make in (lambda: SqliteRival(offers, path), lambda: connect_or_none(offers, dsn)):
        start = time.perf_counter()
        if (rival := make()) is not None:
            rivals.append(rival)
            seconds[rival.name] = time.perf_counter() - start
    return rivals, seconds


def run(
    queries: list[tuple[str, Requete]], engines: list, forget: Callable[[], None]
) -> tuple[dict[str, list[Answer]], dict[str, np.ndarray]]:
    """Return the answers and the milliseconds of each engine, query by query."""
    answers, times = (
        {engine.name: [] for engine in engines},
        {engine.name: [] for engine in engines},
    )
    for engine in engines:
        for _, requete in queries[:WARM_UP]:
            engine.answer(requete)
    gc.freeze()
    for _, requete in queries:
        forget()
        for engine in engines:
            start = time.perf_counter()
            answers[engine.name].append(engine.answer(requete))
            times[engine.name].append(1000 * (time.perf_counter() - start))
    return answers, {name: np.array(values) for name, values in times.items()}


def summarise(queries: list[tuple[str, Requete]], times: np.ndarray) -> dict[str, dict[str, float]]:
    """Return p50 and p95 of all queries and of each kind."""
    kinds = np.array([kind for kind, _ in queries])
    parts = {"all": times} | {kind: times[kinds == kind] for kind in MIX if (kinds == kind).any()}
    return {name: percentiles(part) for name, part in parts.items()}


def percentiles(times) -> dict[str, float]:
    """Return the median and the 95th percentile."""
    return {"p50": float(np.percentile(times, 50)), "p95": float(np.percentile(times, 95))}


def compare_totals(
    queries: list[tuple[str, Requete]], ours: list[Answer], theirs: list[Answer]
) -> dict[str, float]:
    """Return how many searches without text have the same total and counts, out of how many, and
    the widest gap of totals in per cent.
    """
    rows = [i for i, (kind, _) in enumerate(queries) if kind in SAME_TOTALS]
    equal = sum(
        ours[i].total == theirs[i].total
        and all(ours[i].facets[nom] == theirs[i].facets[nom] for nom in FILTERS)
        for i in rows
    )
    gaps = [100 * abs(ours[i].total - theirs[i].total) / max(1, ours[i].total) for i in rows]
    return {"asked": len(rows), "equal": equal, "widest_gap_pct": max(gaps, default=0.0)}


def resident_memory_mb(pid: int | str = "self") -> float:
    """Return the resident memory of a process, in megabytes (10⁶ bytes); NaN where the system does
    not tell.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6
    except (OSError, IndexError, ValueError):
        return float("nan")


if __name__ == "__main__":
    main(*sys.argv[1:])
