"""Siting beside spopt: `python -m benchmarks.siting [--spopt PYTHON]`.

On the communes of the region (people, town halls), 15 and 20 km as the crow flies.  The first
answer of 3,782 × 3,782 with its bound, the proof; then 3,789 × 500 given to both, each in a process
of its own, the same optimum being asked.  `--spopt` is a Python that has the package `spopt`
(benchmarks/requirements.txt).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measure import run_job

CASES = ((15.0, 3), (15.0, 10), (20.0, 3), (20.0, 10), (20.0, 20))
"""Kilometres and openings of the large case."""

BESIDE = (15.0, 5)
"""Those of the case given to both."""

NB_DEMANDES, NB_CANDIDATS = 3_789, 500


def read_communes() -> tuple[np.ndarray, np.ndarray]:
    """Return kilometres (n, 2), Lambert-93, and people of the communes: the region's first."""
    import pyproj

    path = Path(__file__).resolve().parents[1] / "geodata" / "communes.parquet"
    columns = ["code_region", "population", "longitude_mairie", "latitude_mairie"]
    communes = pd.read_parquet(path, columns=columns).dropna()
    communes = communes.assign(autre=communes["code_region"].ne("32")).sort_values(
        "autre", kind="stable"
    )
    change = pyproj.Transformer.from_crs(4326, 2154, always_xy=True)
    x, y = change.transform(communes["longitude_mairie"], communes["latitude_mairie"])
    return np.column_stack([x, y]) / 1000, communes["population"].to_numpy(float)


def large(_: str) -> dict:
    """Answer 3,782 × 3,782."""
    from geoapp.planning.proof import prove
    from geoapp.planning.siting import choose, coverage_worth

    points, people = (one[:3_782] for one in read_communes())
    rows = []
    for km, nb in CASES:
        reach = _reach(points, points, km)
        seconds = []
        # The first touch of memory is not the method's: the better of two.
        for _ in range(2):
            start = time.perf_counter()
            first = choose(coverage_worth(reach, people), nb)
            seconds.append(time.perf_counter() - start)
        start = time.perf_counter()
        proven = prove(coverage_worth(reach, people), nb, first)
        rows.append(
            {
                "km": km,
                "nb": nb,
                "pairs": int(reach.nnz),
                "first_s": min(seconds),
                "first": first.value,
                "bound": first.bound,
                "gap": first.gap,
                "proof_s": time.perf_counter() - start,
                "best": proven.value,
                "proof_gap": proven.gap,
            }
        )
    return {"rows": rows}


def ours(_: str) -> dict:
    """Answer 3,789 × 500, proven."""
    from geoapp.planning.proof import prove
    from geoapp.planning.siting import choose, coverage_worth

    points, candidates, people = _beside()
    start = time.perf_counter()
    worth = coverage_worth(_reach(points, candidates, BESIDE[0]), people)
    first = choose(worth, BESIDE[1])
    found = prove(worth, BESIDE[1], first)
    return {"s": time.perf_counter() - start, "value": found.value, "gap": found.gap}


def spopt(_: str) -> dict:
    """Answer the same by spopt, with the solver that it comes with; costs are given."""
    import pulp
    from scipy.spatial.distance import cdist
    from spopt.locate import MCLP

    points, candidates, people = _beside()
    cost = cdist(points, candidates)
    start = time.perf_counter()
    model = MCLP.from_cost_matrix(
        cost, people, service_radius=BESIDE[0], p_facilities=BESIDE[1]
    ).solve(pulp.PULP_CBC_CMD(msg=False))
    return {"s": time.perf_counter() - start, "value": float(model.problem.objective.value())}


JOBS = {"large": large, "ours": ours, "spopt": spopt}


def _beside() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points, candidates (the most peopled communes) and people of the case for both."""
    points, people = (one[:NB_DEMANDES] for one in read_communes())
    most = np.sort(np.argsort(-people, kind="stable")[:NB_CANDIDATS])
    return points, points[most], people


def _reach(points: np.ndarray, candidates: np.ndarray, km: float):
    """Return which candidates are within some kilometres of each point, as a csr_array."""
    from scipy import sparse
    from scipy.spatial import cKDTree

    near = cKDTree(points).sparse_distance_matrix(cKDTree(candidates), km, output_type="ndarray")
    shape = (len(points), len(candidates))
    return sparse.csr_array((np.ones(len(near)), (near["i"], near["j"])), shape=shape)


def main() -> None:
    """Run every job and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", nargs="?", choices=JOBS, help="one job, in this process")
    parser.add_argument("--spopt", help="Python that has the package spopt")
    options = parser.parse_args()
    if options.job:
        print(json.dumps(JOBS[options.job]("")))
        return
    print("| km | openings | pairs | first s | people | bound | gap | proof s | best | its gap |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for row in run_job("benchmarks.siting", "large")["rows"]:
        print(
            f"| {row['km']:g} | {row['nb']} | {row['pairs']:,} | {row['first_s']:.2f} | "
            f"{row['first']:,.0f} | {row['bound']:,.0f} | {row['gap']:.2%} | "
            f"{row['proof_s']:.2f} | {row['best']:,.0f} | {row['proof_gap']:.2%} |"
        )
    mine = run_job("benchmarks.siting", "ours")
    print(f"3,789 × 500: {mine['s']:.2f} s, {mine['value']:,.0f} people, gap {mine['gap']:.2%}")
    if options.spopt:
        theirs = run_job("benchmarks.siting", "spopt", python=options.spopt)
        same = "same" if abs(theirs["value"] - mine["value"]) < 0.5 else "ANOTHER"
        print(
            f"spopt: {theirs['s']:.2f} s, {theirs['value']:,.0f} people ({same} optimum), "
            f"× {theirs['s'] / mine['s']:.0f}"
        )


if __name__ == "__main__":
    sys.exit(main())
