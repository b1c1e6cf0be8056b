"""Answers of the coverage on the served snapshot, in process: `python -m benchmarks.coverage --data
DIR [--nb 200]`.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

import numpy as np

from benchmarks.measure import peak_memory_mb
from geoapp.core.snapshot import open_snapshot
from geoapp.coverage.answer import answer, describe_response
from geoapp.coverage.model import parse_question
from geoapp.coverage.world import open_world
from geoapp.offer.filters import list_options


def draw_questions(world, nb: int, zonage: str) -> list[dict]:
    """Return `nb` questions by one zoning: any domain, level, voie, measure and threshold,
    seeded.
    """
    draw = random.Random(4)
    options = {
        nom: [None, *(o.valeur for o in list_options(world.snapshot, nom, world.offres) if o.nb)]
        for nom in ("domaine", "niveau", "voie")
    }
    asked = []
    for _ in range(nb):
        question = {nom: value for nom, values in options.items() if (value := draw.choice(values))}
        asked.append(
            {
                **question,
                "zonage": zonage,
                "mesure": draw.choice(
                    ["part_non_couverte", "e2sfca", "mediane", "population_non_couverte"]
                ),
                "seuil_km": str(draw.choice([5, 10, 20, 30, 50])),
            }
        )
    return asked


def main() -> None:
    """Print the seconds to open, and the quantiles of the answers, JSON body included."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--nb", type=int, default=100)
    options = parser.parse_args()
    start = time.perf_counter()
    world = open_world(open_snapshot(options.data))
    opened = time.perf_counter() - start
    print(
        f"{len(world.points):,} points × {len(world.trajets.places):,} places, "
        f"{world.cost('km').nnz:,} costs; opened in {opened:.2f} s"
    )
    for zonage in ("departement", "ze2020", "epci", "qpv2024", "commune", "carreau"):
        seconds = []
        for parameters in draw_questions(world, options.nb, zonage):
            start = time.perf_counter()
            describe_response(answer(world, parse_question(parameters, world)), world)
            seconds.append(time.perf_counter() - start)
        p50, p95, worst = (f"{1000 * np.quantile(seconds, q):.0f}" for q in (0.5, 0.95, 1))
        print(f"| {zonage} | {p50} | {p95} | {worst} |")
    print(f"peak {peak_memory_mb():.0f} MB")


if __name__ == "__main__":
    main()
