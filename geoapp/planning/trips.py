"""What it costs to go from where people live to where nothing is yet.

By the law of the way of travelling, with the floors inside a commune, as the costs of a snapshot
are worked out; only pairs near enough to count.  Where a file of costs was given, the places that
it knows have theirs, and nothing else may open by a way that has no law.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from geoapp.core.geometry import to_metric
from geoapp.coverage.model import Question
from geoapp.coverage.travel.crow import RAYON_M, to_ecef
from geoapp.coverage.travel.intrazonal import COTE_KM, PART_RACINE
from geoapp.coverage.travel.law import Law, Lines, load_laws
from geoapp.coverage.travel.matrix import PAR_UNITE
from geoapp.coverage.world import World
from geoapp.planning.candidates import COMMUNE, list_candidates
from geoapp.reference.zonings import CARREAU

_BANDES = 8
"""Groups of points by their reach, in which the pairs near enough are looked for."""

_PLAN = 1.003
"""Lambert-93 lengthens a distance by less than this in the region: none is missed."""


def is_given(world: World, mode: str) -> bool:
    """Tell whether the costs of a way of travelling come from a file, not from a law."""
    return "sha256" in world.parametres(mode)


def can_open(world: World, question: Question) -> np.ndarray:
    """Tell which candidates have trips by the way asked: all by a law, the known places without."""
    candidates = list_candidates(world)
    if question.mode in load_laws():
        return np.ones(len(candidates), dtype=bool)
    return candidates.colonne >= 0


def trips_to(
    world: World, question: Question, rows: np.ndarray, chosen: np.ndarray, limit: np.ndarray
) -> scipy.sparse.csr_array:
    """Return the costs from some points to some candidates, up to a limit by point, inclusive.

    Parameters
    ----------
    rows : int array
        Rows of the matrix: points of demand.
    chosen : int array
        Candidates, the columns of the result.
    limit : float array
        Greatest cost kept of each point, in the unit of the question.

    Returns
    -------
    csr_array, (rows, chosen)
        In the unit of the question, to the step of the matrix; an absent entry is beyond the limit.
    """
    candidates = list_candidates(world)
    law = load_laws().get(question.mode)
    parts = []
    if law is not None:
        parts.append(_by_law(world, question, law, rows, chosen, limit))
    if law is None or is_given(world, question.mode):
        known = np.flatnonzero(candidates.colonne[chosen] >= 0)
        parts.append(_by_matrix(world, question, rows, chosen, known, limit))
    if len(parts) == 1:
        return parts[0]
    # A place that the file knows has the cost of the file.
    given = np.zeros(len(chosen), dtype=bool)
    given[np.flatnonzero(candidates.colonne[chosen] >= 0)] = True
    by_law = parts[0].tocoo()
    kept = ~given[by_law.col]
    rest = scipy.sparse.coo_array(
        (by_law.data[kept], (by_law.row[kept], by_law.col[kept])), shape=by_law.shape
    )
    one, two = rest, parts[1].tocoo()
    data = np.r_[one.data, two.data]
    return scipy.sparse.csr_array(
        (data, (np.r_[one.row, two.row], np.r_[one.col, two.col])), shape=by_law.shape
    )


def _by_matrix(
    world: World,
    question: Question,
    rows: np.ndarray,
    chosen: np.ndarray,
    known: np.ndarray,
    limit: np.ndarray,
) -> scipy.sparse.csr_array:
    """Return the costs of the matrix to the candidates that are places of it."""
    columns = list_candidates(world).colonne[chosen[known]]
    costs = world.cost(question.unite, question.mode, rows)[:, columns].tocoo()
    kept = costs.data <= np.asarray(limit)[costs.row]
    return scipy.sparse.csr_array(
        (costs.data[kept].astype(float), (costs.row[kept], known[costs.col[kept]])),
        shape=(len(rows), len(chosen)),
    )


def _by_law(
    world: World,
    question: Question,
    law: Law,
    rows: np.ndarray,
    chosen: np.ndarray,
    limit: np.ndarray,
) -> scipy.sparse.csr_array:
    """Return the costs of a law (see `trips_to`)."""
    candidates, shape = list_candidates(world), (len(rows), len(chosen))
    if not len(rows) or not len(chosen):
        return scipy.sparse.csr_array(shape)
    i, j = _near(world, rows, chosen, _crow_limit(law, question.unite, limit))
    crow = _crow_km(world, rows[i], chosen[j])
    ends = (world.trajets.densites.get("origines"), candidates.densite)
    here = np.full(len(world.points), np.nan) if ends[0] is None else ends[0]
    mean = (law.log_density(here[rows])[i] + law.log_density(ends[1][chosen])[j]) / 2
    work = law.minutes_of if question.unite == "min" else law.road_of
    cost = work(Lines(crow.astype("f4")), mean.astype("f4")).astype(float)
    step = PAR_UNITE[question.unite]
    steps = np.rint(cost * step)
    steps[(steps == 0) & (cost > 0)] = 1
    cost = steps / step
    kept = cost <= np.asarray(limit, dtype=float)[i] + 1e-9
    result = scipy.sparse.csr_array((cost[kept], (i[kept], j[kept])), shape=shape)
    result.sort_indices()
    return result


def _crow_limit(law: Law, unite: str, limit: np.ndarray) -> np.ndarray:
    """Return straight lines (km) beyond which no trip costs so little."""
    limit = np.asarray(limit, dtype=float)
    if unite == "km":
        # A road is never shorter than the straight line.
        return limit
    minutes = np.linspace(0, max(float(limit.max(initial=0)), 1.0), 25)
    reach = np.array([law.reach_km(one) for one in minutes])
    # The next step up: none is missed between two.
    return reach[np.minimum(np.searchsorted(minutes, limit), len(minutes) - 1)]


@dataclass(frozen=True, eq=False)
class _Places:
    """Where points and candidates are: Lambert-93 km, geocentric metres by axis, commune's rank."""

    plan: tuple[np.ndarray, ...]
    ecef: tuple[np.ndarray, ...]
    communes: tuple[np.ndarray, ...]
    is_cell: np.ndarray
    is_hall: np.ndarray


def _places(world: World) -> _Places:
    """Return where everything is, worked out once."""
    return world.memoire.get("lieux_candidats", lambda: _locate(world))


def _locate(world: World) -> _Places:
    points, table = world.points, list_candidates(world).table
    frames = (points, table)
    codes = {code: rank for rank, code in enumerate(table["code_commune"].unique())}
    return _Places(
        plan=tuple(
            np.column_stack(to_metric(one["longitude"], one["latitude"])) / 1000 for one in frames
        ),
        ecef=tuple(
            np.ascontiguousarray(to_ecef(one[["longitude", "latitude"]].to_numpy(float)).T)
            for one in frames
        ),
        communes=tuple(
            one["code_commune"].map(codes).fillna(-1).to_numpy(dtype=np.intp) for one in frames
        ),
        is_cell=points["type_point"].eq(CARREAU).to_numpy(),
        is_hall=table["sorte"].eq(COMMUNE).to_numpy(),
    )


def _near(
    world: World, rows: np.ndarray, chosen: np.ndarray, crow_km: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs (rank of the point, rank of the candidate) within a straight line.

    In no order: the matrix made of them is sorted.
    """
    origins, places = _places(world).plan
    reach, tree = np.asarray(crow_km) * _PLAN, scipy.spatial.cKDTree(places[chosen])
    found = [np.empty((2, 0), dtype=np.intp)]
    # By bands of reach: sought together, the nearest would be given the pairs of the farthest.
    for mine in np.array_split(np.argsort(reach, kind="stable"), _BANDES):
        if len(mine):
            pairs = scipy.spatial.cKDTree(origins[rows[mine]]).sparse_distance_matrix(
                tree, float(reach[mine[-1]]), output_type="ndarray"
            )
            kept = pairs["v"] <= reach[mine[pairs["i"]]]
            found.append(np.stack([mine[pairs["i"][kept]], pairs["j"][kept]]))
    i, j = np.concatenate(found, axis=1)
    return i, j


def _crow_km(world: World, rows: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the straight lines of some pairs, raised to the floors inside a commune or a cell."""
    where, floors = _places(world), list_candidates(world).plancher_km
    chord = np.zeros(len(rows))
    # One axis at a time: its numbers are side by side in the memory of the processor.
    for one, two in zip(*where.ecef, strict=True):
        gap = one[rows]
        gap -= two[chosen]
        chord += np.square(gap, out=gap)
    np.sqrt(chord, out=chord)
    crow = np.arcsin(chord / (2 * RAYON_M)) * (2 * RAYON_M / 1000)
    is_cell = where.is_cell[rows]
    crow[is_cell] = np.maximum(crow[is_cell], PART_RACINE * COTE_KM)
    inside = where.communes[0][rows] == where.communes[1][chosen]
    inside &= ~is_cell | where.is_hall[chosen]
    crow[inside] = np.maximum(crow[inside], floors[chosen[inside]])
    return crow
