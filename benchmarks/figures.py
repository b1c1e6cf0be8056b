"""Static maps on the served snapshot, in process: `python -m benchmarks.figures --data DIR
[--largeur-mm 170 --dpi 150]`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.measure import peak_memory_mb
from geoapp.core.snapshot import open_snapshot
from geoapp.coverage.world import World, open_world
from geoapp.outputs.figures import parse_figure, render_figure
from geoapp.outputs.figures.model import FORMATS, TYPES

DEMANDES = {
    "offre": {},
    "densite": {"zonage": "epci"},
    "couverture": {"zonage": "commune", "domaine": "sante", "niveau": "5"},
    "zones": {"zonage": "epci"},
    "ouvertures": {"domaine": "batiment", "niveau": "3"},
}
"""What each type is asked, beside its territory."""


def list_territories(world: World, zonage: str) -> list[str]:
    """Return every territory of a zoning, as `emprise` names it."""
    return [f"{zonage}:{code}" for code in world.mailles[zonage].codes]


def draw_all(
    world: World, territories: list[str], **parametres: str
) -> Iterator[tuple[float, float, int]]:
    """Yield the seconds on the clock, those of the processor, and the bytes of the figure of each
    territory.
    """
    for emprise in territories:
        clock, processor = time.perf_counter(), time.process_time()
        content = render_figure(world, parse_figure({**parametres, "emprise": emprise}, world))
        yield time.perf_counter() - clock, time.process_time() - processor, len(content)


def main() -> None:
    """Print the seconds of a figure by type and by format, and the peak of memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--largeur-mm", default="170")
    parser.add_argument("--dpi", default="150")
    options = parser.parse_args()
    world = open_world(open_snapshot(options.data))
    size = {"largeur_mm": options.largeur_mm, "dpi": options.dpi}
    first = next(draw_all(world, ["region"], type="zones", **size))
    print(
        f"first figure, matplotlib loaded and outlines projected: {first[0]:.2f} s; memory "
        f"{peak_memory_mb():.0f} MB"
    )
    for type_ in TYPES:
        for titre, territories in (
            ("region", ["region"] * 3),
            ("24 zones d'emploi", list_territories(world, "ze2020")),
            ("92 EPCI", list_territories(world, "epci")),
        ):
            clock, processor, weights = np.array(
                list(draw_all(world, territories, type=type_, **DEMANDES.get(type_, {}), **size))
            ).T
            print(
                f"| {type_} | {titre} | {np.median(clock):.2f} | {clock.max():.2f} | "
                f"{np.median(processor):.2f} | {clock.sum():.0f} | {weights.max() / 1e3:.0f} |"
            )
    for format_ in FORMATS:
        for type_ in TYPES:
            clock, processor, weights = np.array(
                list(
                    draw_all(
                        world,
                        ["region"] * 2,
                        type=type_,
                        format=format_,
                        **DEMANDES.get(type_, {}),
                        **size,
                    )
                )
            ).T
            print(
                f"| {format_} | {type_} | {clock.min():.2f} | {processor.min():.2f} | "
                f"{weights.max() / 1e3:.0f} |"
            )
    print(f"peak {peak_memory_mb():.0f} MB")


if __name__ == "__main__":
    main()
