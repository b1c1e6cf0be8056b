"""Build curve: `python -m benchmarks.build [--mirror DIR] [--sizes 2000,20000,200000]
[--repeat 3] [--alone] [--out FILE]`.

Each size is built by the real `build_snapshot`, in a process of its own, on a
mirror where only the offer file changes; a plain GeoPandas script does the
same joins beside it.  Wall times depend on who else uses the machine:
processor times and ratios are what to compare.
"""

from __future__ import annotations

import argparse
import itertools
import math
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from benchmarks.measure import run_job
from benchmarks.synthesise import read_rows, rows_of_demonstration, synthesise_offers, write_rows
from geoapp.ingest.steps import DOSSIER
from geoapp.sources.registry import Source, get_source

ID_SOURCE = "rco-2020-11"
SIZES = (2_000, 20_000, 200_000)
NB_BASE = 20
"""Offers of the first build: what the rest of the mirror costs, taken off the others."""
STEPS = {
    "lecture des sources": "read",
    "territoires": "territories",
    "offre : contrôle, position, zones": "offer",
    "trajets": "trips",
    "publication": "publish",
}


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and print its report; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.build", description="Courbe de construction de l'instantané."
    )
    parser.add_argument(
        "--mirror", type=Path, help="dossier des sources réelles (défaut : offre de démonstration)"
    )
    parser.add_argument(
        "--sizes", type=_sizes, default=SIZES, help="nombres d'offres, séparés par des virgules"
    )
    parser.add_argument(
        "--repeat", type=int, default=3, help="exécutions par taille ; la moins coûteuse est gardée"
    )
    parser.add_argument(
        "--alone", action="store_true", help="sans le script ordinaire mesuré à côté"
    )
    parser.add_argument(
        "--titres-par-copie",
        action="store_true",
        help="un intitulé par copie d'une ligne : dix fois plus que n'en a un catalogue",
    )
    parser.add_argument("--out", type=Path, help="fichier Markdown où écrire le rapport")
    parser.add_argument(
        "--etapes",
        type=Path,
        help="étapes gardées d'où partir : les temps ne veulent plus rien dire",
    )
    options = parser.parse_args(arguments)
    records = run_sizes(
        options.mirror,
        options.sizes,
        options.repeat,
        options.etapes,
        is_alone=options.alone,
        title_by_copy=options.titres_par_copie,
    )
    report = make_report(records, options.mirror)
    print(report)
    if options.out:
        options.out.write_text(report + "\n", encoding="utf-8")
    return 0


def _sizes(text: str) -> tuple[int, ...]:
    """Return the sizes asked for, smallest first."""
    sizes = tuple(sorted(int(part) for part in text.split(",")))
    if not sizes or sizes[0] <= NB_BASE:
        raise argparse.ArgumentTypeError(f"des nombres supérieurs à {NB_BASE} sont attendus.")
    return sizes


def run_sizes(
    mirror: Path | None,
    sizes: tuple[int, ...],
    repeat: int,
    etapes: Path | None = None,
    *,
    is_alone: bool = False,
    title_by_copy: bool = False,
) -> list[dict]:
    """Measure the base, then every size; one record each, the base first."""
    source = get_source(ID_SOURCE)
    rows = load_rows(mirror, source)
    records = []
    for nb_offers in (NB_BASE, *sizes):
        print(f"{nb_offers} offres…", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            offers = synthesise_offers(rows, source, nb_offers, title_by_copy=title_by_copy)
            if etapes:
                shutil.copytree(etapes, Path(folder) / "data" / DOSSIER)
            records.append(
                _run_size(offers, mirror, source, Path(folder), repeat=repeat, is_alone=is_alone)
            )
    return records


def load_rows(mirror: Path | None, source: Source) -> pd.DataFrame:
    """Return the rows to draw from: the real file, else the demonstration offer."""
    if mirror is not None:
        return read_rows(mirror / source.fichier)
    from geoapp.ingest.territories import load_communes
    from geoapp.sources.demo import GENERATEURS

    print("Sans miroir : offre de démonstration (fictive).", file=sys.stderr)
    return rows_of_demonstration(
        GENERATEURS[source.demonstration](load_communes("32"), "32"), source
    )


def _run_size(
    offers: pd.DataFrame,
    mirror: Path | None,
    source: Source,
    folder: Path,
    *,
    repeat: int,
    is_alone: bool,
) -> dict:
    """Build on these offers, then run the plain script on the same file unless `is_alone`."""
    place = [
        column
        for column in ("lieu_adresse", "latitude", "longitude")
        if isinstance(source.colonnes[column], str)
    ]
    nb_places = len(offers[[source.colonnes[column] for column in place]].drop_duplicates())
    link_mirror(mirror, folder / "mirror", without=source.fichier)
    file = folder / "mirror" / source.fichier
    write_rows(offers, file)
    build = _cheapest(
        repeat, "benchmarks.job_geoforma", str(folder / "mirror"), str(folder / "data"), source.id
    )
    record = {"nb_offers": len(offers), "nb_places": nb_places, "build": build}
    if is_alone:
        return record
    coordinates = (source.colonnes["latitude"], source.colonnes["longitude"])
    snapshot = str((folder / "data" / "courant").resolve())
    plain = _cheapest(
        repeat, "benchmarks.job_plain", str(file), snapshot, str(folder / "plain"), *coordinates
    )
    return {**record, "plain": plain}


def _cheapest(repeat: int, module: str, *arguments: str) -> dict:
    """Run a job several times and return the measures of the run that took least processor time."""
    return min(
        (run_job(module, *arguments) for _ in range(repeat)), key=lambda measures: measures["cpu_s"]
    )


def link_mirror(mirror: Path | None, folder: Path, *, without: str = "") -> None:
    """Lay out `folder` as `mirror`, by links, leaving out one file at most."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in mirror.rglob("*") if mirror else ():
        if path.is_file() and path.relative_to(mirror) != Path(without):
            link = folder / path.relative_to(mirror)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())


def growth_n_log_n(before: int, after: int) -> float:
    """Return how much n·log n grows from one size to another."""
    return after * math.log(after) / (before * math.log(before))


def make_report(records: list[dict], mirror: Path | None) -> str:
    """Return the report as Markdown: cost, growth, steps, and the plain script beside."""
    base, *sizes = records
    origin = (
        "the real offer of the mirror"
        if mirror
        else (
            "the demonstration offer (no mirror given; sources without file are generated or "
            "absent)"
        )
    )
    parts = [
        f"Offers drawn from {origin}. The rest of the build costs {base['build']['cpu_s']:.1f} s "
        "of processor "
        f"({base['build']['wall_s']:.1f} s of wall time, {base['build']['peak_mb']:.0f} MB) with "
        f"{base['nb_offers']} offers; "
        "“own” columns are what is left when that is taken off.",
        _table(sizes, _cost_columns(base)),
        "Growth from one size to the next, in processor time:",
        _table(_pairs(base, sizes), _GROWTH),
        "Wall seconds by step:",
        _table(records, _STEP_COLUMNS),
    ]
    if "plain" in base:
        parts += [
            "The plain GeoPandas script, on the same file and the outlines of the same snapshot:",
            _table(sizes, _plain_columns(base)),
        ]
    return "\n\n".join(parts)


Columns = dict[str, Callable[[dict], str]]


def _own_cpu(record: dict, base: dict) -> float:
    """Return the processor seconds that the offers themselves cost."""
    return max(record["build"]["cpu_s"] - base["build"]["cpu_s"], 0.0)


def _cost_columns(base: dict) -> Columns:
    return {
        "offers": lambda r: f"{r['nb_offers']:,}",
        "places": lambda r: f"{r['nb_places']:,}",
        "valid": lambda r: f"{r['build']['valid']:,}",
        "wall s": lambda r: f"{r['build']['wall_s']:.1f}",
        "CPU s": lambda r: f"{r['build']['cpu_s']:.1f}",
        "peak MB": lambda r: f"{r['build']['peak_mb']:.0f}",
        "own CPU s": lambda r: f"{_own_cpu(r, base):.1f}",
        "own ms/offer": lambda r: f"{1000 * _own_cpu(r, base) / r['nb_offers']:.3f}",
    }


def _pairs(base: dict, sizes: list[dict]) -> list[dict]:
    """Return one record per step from a size to the next."""
    return [
        {
            "from": a["nb_offers"],
            "to": b["nb_offers"],
            "own": _ratio(_own_cpu(b, base), _own_cpu(a, base)),
            "whole": _ratio(b["build"]["cpu_s"], a["build"]["cpu_s"]),
            "memory": _ratio(b["build"]["peak_mb"], a["build"]["peak_mb"]),
        }
        for a, b in itertools.pairwise(sizes)
    ]


def _ratio(value: float, reference: float) -> float:
    """Return a ratio; NaN when the reference is too small to be told from noise."""
    return value / reference if reference > 0 else math.nan


def _times(ratio: float) -> str:
    """Return a ratio as text, a dash when it is unknown."""
    return "–" if math.isnan(ratio) else f"× {ratio:.1f}"


_GROWTH: Columns = {
    "from": lambda r: f"{r['from']:,}",
    "to": lambda r: f"{r['to']:,}",
    "own t(b)/t(a)": lambda r: _times(r["own"]),
    "n·log n": lambda r: _times(growth_n_log_n(r["from"], r["to"])),
    "whole build t(b)/t(a)": lambda r: _times(r["whole"]),
    "peak memory": lambda r: _times(r["memory"]),
}
_STEP_COLUMNS: Columns = {
    "offers": lambda r: f"{r['nb_offers']:,}",
    **{
        title: (lambda r, step=step: f"{r['build']['steps'].get(step, 0):.1f}")
        for step, title in STEPS.items()
    },
}


def _plain_columns(base: dict) -> Columns:
    return {
        "offers": lambda r: f"{r['nb_offers']:,}",
        "wall s": lambda r: f"{r['plain']['wall_s']:.1f}",
        "CPU s": lambda r: f"{r['plain']['cpu_s']:.1f}",
        "peak MB": lambda r: f"{r['plain']['peak_mb']:.0f}",
        "rows out": lambda r: f"{r['plain']['rows_out']:,}",
        "joins s": lambda r: f"{r['plain']['steps']['jointures']:.1f}",
        "our CPU / its CPU": lambda r: _times(_ratio(r["build"]["cpu_s"], r["plain"]["cpu_s"])),
        "our own CPU / its CPU": lambda r: _times(_ratio(_own_cpu(r, base), r["plain"]["cpu_s"])),
        "our memory / its memory": lambda r: _times(
            _ratio(r["build"]["peak_mb"], r["plain"]["peak_mb"])
        ),
    }


def _table(records: list[dict], columns: Columns) -> str:
    """Return records as a Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---:|" * len(columns)]
    lines += [
        "| " + " | ".join(show(record) for show in columns.values()) + " |" for record in records
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
