"""Search benchmark: `python -m benchmarks.search [--mirror DIR] [--sizes 4000,60000,1000000]
[--queries 1000] [--postgis DSN] [--out FILE]`.

Each size is a snapshot of its own (the first one the real offer as it is), opened in a process of
its own, where the product's engine, SQLite and PostGIS answer the same searches in turn.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.build import ID_SOURCE, link_mirror
from benchmarks.measure import run_job
from benchmarks.queries import MIX, make_queries
from benchmarks.search_http import measure_http
from geoapp.core.snapshot import open_snapshot
from geoapp.offer.search.engine import open_engine

SIZES = (4_000, 60_000, 1_000_000)
REAL_MAX = 5_000
"""A size up to this is the offer of the mirror as it is."""

HTTP_MAX = 100_000
HTTP_QUERIES = 200
LARGE, LARGE_QUERIES = 500_000, 300
"""From this size fewer queries are asked: rivals take a second for some of them."""

OURS = "GéoForma"


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and print its report; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.search", description="Temps de réponse de la recherche."
    )
    parser.add_argument(
        "--mirror", type=Path, help="dossier des sources réelles (défaut : offre de démonstration)"
    )
    parser.add_argument(
        "--data", type=Path, help="dossier d'un instantané déjà construit, au lieu de le construire"
    )
    parser.add_argument(
        "--sizes", type=_sizes, default=SIZES, help="nombres d'offres, séparés par des virgules"
    )
    parser.add_argument("--queries", type=int, default=1000, help="recherches par taille")
    parser.add_argument(
        "--postgis",
        default="",
        help="adresse d'un serveur PostGIS (écrit dans son schéma « banc »)",
    )
    parser.add_argument("--out", type=Path, help="fichier Markdown où écrire le rapport")
    options = parser.parse_args(arguments)
    dsn = options.postgis if importlib.util.find_spec("psycopg") else ""
    with tempfile.TemporaryDirectory() as folder:
        base = options.data or build_base(options.mirror, Path(folder))
        records = [
            run_size(base, size, options.queries, dsn, Path(folder)) for size in options.sizes
        ]
    report = make_report(records)
    print(report)
    if options.out:
        options.out.write_text(report + "\n", encoding="utf-8")
    return 0


def _sizes(text: str) -> tuple[int, ...]:
    """Return the sizes asked for, smallest first."""
    sizes = tuple(sorted(int(part) for part in text.split(",")))
    if not sizes or sizes[0] < 1:
        raise argparse.ArgumentTypeError("des nombres positifs sont attendus.")
    return sizes


def build_base(mirror: Path | None, folder: Path) -> Path:
    """Build the snapshot of the mirror (of the demonstration without one) and return its data
    folder.
    """
    link_mirror(mirror, folder / "mirror", without="")
    run_job("benchmarks.job_geoforma", str(folder / "mirror"), str(folder / "base"), ID_SOURCE)
    return folder / "base"


def run_size(base: Path, size: int, nb_queries: int, dsn: str, folder: Path) -> dict:
    """Measure one size in process, then over HTTP when it is not too large."""
    print(f"{size} offres…", file=sys.stderr, flush=True)
    data, record = base, {"size": size}
    if size > REAL_MAX:
        data = folder / str(size)
        record["write_s"] = run_job("benchmarks.search_world", str(base), str(data), str(size))[
            "wall_s"
        ]
    record["queries"] = min(nb_queries, LARGE_QUERIES) if size >= LARGE else nb_queries
    record |= run_job("benchmarks.search_job", str(data), str(record["queries"]), dsn)
    if size <= HTTP_MAX:
        queries = make_queries(open_engine(open_snapshot(data)), min(nb_queries, HTTP_QUERIES))
        record["http"] = measure_http(data, queries)
    return record


def make_report(records: list[dict]) -> str:
    """Return the report as Markdown: times beside the rivals, kinds, HTTP, memory, equality of
    answers.
    """
    names = [name for name in records[-1]["engines"] if name != OURS]
    absent = "" if "PostGIS" in names else " PostGIS absent."
    parts = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d}; milliseconds in process, p50 / p95.{absent}",
        _times_table(records, names),
    ]
    parts += [
        "p95 by kind of search:",
        _kinds_table(records, names),
        "Opening and memory:",
        _memory_table(records),
    ]
    if any("http" in record for record in records):
        parts += [
            "Over HTTP (`/api/v1/formations` on loopback), milliseconds:",
            _http_table(records),
        ]
    return "\n\n".join(
        [
            *parts,
            "Same totals and counts as ours, radius searches without text:",
            _totals_table(records, names),
        ]
    )


def _times_table(records: list[dict], names: list[str]) -> str:
    header = ["offers", "queries", OURS, *names, "ours / best rival, p50", "ours / best rival, p95"]
    rows = []
    for record in records:
        whole = {name: kinds["all"] for name, kinds in record["engines"].items()}
        ratios = [
            f"× {whole[OURS][p] / min(whole[name][p] for name in names):.2f}"
            for p in ("p50", "p95")
        ]
        rows.append(
            [
                f"{record['offers']:,}",
                str(record["queries"]),
                *(_pair(whole[name]) for name in (OURS, *names)),
                *ratios,
            ]
        )
    return _table(header, rows)


def _kinds_table(records: list[dict], names: list[str]) -> str:
    header = [
        "search",
        "share",
        *(f"{record['offers']:,}: {' / '.join((OURS, *names))}" for record in records),
    ]
    rows = []
    for kind, share in MIX.items():
        cells = [
            " / ".join(_milliseconds(record, name, kind) for name in (OURS, *names))
            for record in records
        ]
        rows.append([kind, f"{share:.0%}", *cells])
    return _table(header, rows)


def _milliseconds(record: dict, name: str, kind: str) -> str:
    """Return the p95 of one kind, a dash when no query was of that kind."""
    return f"{record['engines'][name].get(kind, {}).get('p95', math.nan):.1f}".replace("nan", "–")


def _memory_table(records: list[dict]) -> str:
    header = [
        "offers",
        "places",
        "engine opens in s",
        "process with the engine MB",
        "web server after its queries MB",
        "synthesised and written in s",
    ]
    return _table(
        header,
        [
            [
                f"{r['offers']:,}",
                f"{r['places']:,}",
                f"{r['open_s']:.1f}",
                f"{r['rss_mb']:.0f}",
                f"{r['http']['rss_mb']:.0f}" if "http" in r else "–",
                f"{r['write_s']:.0f}" if "write_s" in r else "real",
            ]
            for r in records
        ],
    )


def _http_table(records: list[dict]) -> str:
    header = ["offers", "queries", "1 client p50 / p95", "2 clients p50 / p95"]
    return _table(
        header,
        [
            [
                f"{r['offers']:,}",
                str(r["http"]["queries"]),
                _pair(r["http"]["one"]),
                _pair(r["http"]["two"]),
            ]
            for r in records
            if "http" in r
        ],
    )


def _totals_table(records: list[dict], names: list[str]) -> str:
    rows = []
    for record in records:
        cells = [record["totals"][name] for name in names]
        rows.append(
            [
                f"{record['offers']:,}",
                *(
                    f"{c['equal']} of {c['asked']} (widest gap {c['widest_gap_pct']:.2f} %)"
                    for c in cells
                ),
            ]
        )
    return _table(["offers", *names], rows)


def _pair(values: dict[str, float]) -> str:
    return f"{values['p50']:.1f} / {values['p95']:.1f}"


def _table(header: list[str], rows: list[list[str]]) -> str:
    """Return rows of texts as a Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---:|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


if __name__ == "__main__":
    sys.exit(main())
