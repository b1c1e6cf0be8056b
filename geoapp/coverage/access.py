"""Measures of spatial access: pure functions on a sparse cost matrix, many filters at once.

A cost matrix is a `scipy.sparse.csr_array`, rows = origins (people), columns =
places (supply).  Only stored entries can be reached: a stored 0.0 is a cost of
zero, an absent entry is out of reach.  Limits are inclusive, compared in the
precision of the costs.  What cannot be reached is NaN, never a large number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy

Weight = Callable[[np.ndarray], np.ndarray]
"""Decay: costs → weights from 0 to 1, same shape."""

STEPS = ((1, 1.0), (2, 0.68), (3, 0.22))
"""Default bands of E2SFCA: thirds of the limit, weight (Luo and Qi 2009)."""

_BLOCK = 1 << 17
"""Costs weighed at a time: small enough for their ranks to stay in the processor's cache."""

_BIG = 50_000_000
"""Products of more terms than this are shared between two threads."""


def nearest(cost: scipy.sparse.csr_array, is_open: np.ndarray) -> np.ndarray:
    """Return the least cost of each origin to an open place.

    Parameters
    ----------
    cost : csr_array, (n_origins, n_places)
        Floats, or whole steps without sign, of which the greatest number is no cost.
    is_open : bool array, (n_places,) or (n_places, n_filters)

    Returns
    -------
    float64 array
        In the unit or the steps of `cost`, (n_origins,) or (n_origins, n_filters); NaN where no
        open place can be reached.
    """
    is_open = np.asarray(is_open, dtype=bool)
    if is_open.ndim == 2:
        columns = [nearest(cost, is_open[:, k]) for k in range(is_open.shape[1])]
        return np.stack(columns, axis=1) if columns else np.empty((cost.shape[0], 0))
    result = np.full(cost.shape[0], np.nan)
    # Rows without a cost are left out: `reduceat` would give them the first cost of the next row.
    filled = np.flatnonzero(np.diff(cost.indptr))
    if len(filled):
        # A shut place is farther than all: one pass over the costs, no copy of the matrix.
        is_whole = cost.dtype.kind == "u"
        far = np.iinfo(cost.dtype).max if is_whole else np.inf
        shut = np.where(is_open, 0, far).astype(cost.dtype)
        open_costs = np.empty_like(cost.data)
        for start in range(0, len(open_costs), _BLOCK):
            part = slice(start, start + _BLOCK)
            np.take(shut, cost.indices[part], out=open_costs[part], mode="clip")
            np.maximum(open_costs[part], cost.data[part], out=open_costs[part])
        least = np.minimum.reduceat(open_costs, cost.indptr[filled])
        result[filled] = np.where(least == far, np.nan, least)
    return result


def cumulative(cost: scipy.sparse.csr_array, supply: np.ndarray, max_cost: float) -> np.ndarray:
    """Return the supply within `max_cost` of each origin, inclusive; 0 when there is none.

    Shape (n_origins,) or (n_origins, n_filters), as `supply` has filters or not.
    """
    return _product(weigh(cost, max_cost, binary()), np.asarray(supply, dtype=float))


def binary() -> Weight:
    """Return the weight 1 at every cost."""
    return lambda cost: np.ones(len(cost))


def steps(bands: Sequence[tuple[float, float]]) -> Weight:
    """Return weights by bands, 0 beyond the last.

    `bands` are (upper limit, weight), the limit included.
    """
    ordered = sorted(bands)
    values = np.array([*(value for _, value in ordered), 0.0])

    def weight(cost: np.ndarray) -> np.ndarray:
        result = np.empty(len(cost))
        for start in range(0, len(cost), _BLOCK):
            block = cost[start : start + _BLOCK]
            rank = np.zeros(len(block), dtype=np.intp)
            # In the precision of the costs, or a float32 could miss the limit that it is at.
            for limit, _ in ordered:
                rank += ~(block <= np.asarray(limit, dtype=cost.dtype))
            np.take(values, rank, out=result[start : start + _BLOCK], mode="clip")
        return result

    return weight


def default_steps(max_cost: float) -> Weight:
    """Return the weights of `STEPS`: 1 to a third of `max_cost`, 0.68 to two thirds, then 0.22."""
    return steps([(thirds * max_cost / 3, weight) for thirds, weight in STEPS])


def gaussian(sigma: float) -> Weight:
    """Return the weight exp(−½ (cost / sigma)²), 1 at cost 0."""
    return lambda cost: np.exp(-0.5 * (cost.astype(float) / sigma) ** 2)


def weigh(cost: scipy.sparse.csr_array, max_cost: float, weight: Weight) -> scipy.sparse.csr_array:
    """Return the weights of the costs up to `max_cost`, inclusive, as float64; no entry of 0.

    Raises
    ------
    ValueError
        When a cost is negative or NaN: such a matrix is refused where it is read.
    """
    # Written with « not », so that NaN is refused too.
    if len(cost.data) and not cost.data.min() >= 0:
        raise ValueError("costs must be known and not negative")
    near = within(cost, max_cost)
    values = np.asarray(weight(near.data), dtype=float)
    weights = scipy.sparse.csr_array((values, near.indices, near.indptr), shape=near.shape)
    return weights if values.min(initial=1) > 0 else _keep(weights, values > 0)


def within(cost: scipy.sparse.csr_array, max_cost: float) -> scipy.sparse.csr_array:
    """Return the costs up to `max_cost`, inclusive; a stored zero stays stored."""
    # Of a limit in whole steps, the whole part counts; a last bit under it must not lose a step.
    whole = np.floor(max_cost + 1e-6) if cost.dtype.kind == "u" else max_cost
    limit = np.asarray(whole, dtype=cost.dtype)
    return cost if cost.data.max(initial=0) <= limit else _keep(cost, cost.data <= limit)


def _keep(matrix: scipy.sparse.csr_array, mask: np.ndarray) -> scipy.sparse.csr_array:
    """Return the stored entries that a mask keeps."""
    kept = np.flatnonzero(mask)
    # In the type of the indices: with two types, scipy would widen both.
    indptr = np.searchsorted(kept, matrix.indptr).astype(matrix.indices.dtype)
    return scipy.sparse.csr_array(
        (matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape
    )


def weight_of(matrix: scipy.sparse.csr_array) -> int:
    """Return the bytes of a matrix, those of its structure included."""
    return int(matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes)


def floating_catchment(
    weights: scipy.sparse.csr_array, population: np.ndarray, supply: np.ndarray
) -> np.ndarray:
    """Return the supply per inhabitant that each origin reaches, competition counted.

    A_i = Σ_j w_ij S_j / Σ_k w_kj P_k: 2SFCA (Luo and Wang 2003) with `binary`
    weights, E2SFCA (Luo and Qi 2009) with `steps` or `gaussian` ones.

    Parameters
    ----------
    weights : csr_array, (n_origins, n_places)
        Made by `weigh`.
    population : float array, (n_origins,)
        Inhabitants; NaN counts as nobody.
    supply : float array, (n_places,) or (n_places, n_filters)

    Returns
    -------
    float64 array
        (n_origins,) or (n_origins, n_filters); NaN where no supply can be
        reached.  Σ A·P = Σ S over the places that somebody reaches.
    """
    return shared_supply(weights, competition(weights, population), supply)


def competition(weights: scipy.sparse.csr_array, population: np.ndarray) -> np.ndarray:
    """Return the people who share each place, by their weights; NaN counts as nobody."""
    return weights.T @ np.nan_to_num(np.asarray(population, dtype=float))


def shared_supply(
    weights: scipy.sparse.csr_array, demand: np.ndarray, supply: np.ndarray
) -> np.ndarray:
    """Return `floating_catchment` where the people who share each place are already counted."""
    supply = np.asarray(supply, dtype=float)
    # A place that nobody can reach has a ratio of 0, not an infinite one.
    inverse = np.divide(1.0, demand, out=np.zeros_like(demand), where=demand > 0)
    ratio = supply * (inverse if supply.ndim == 1 else inverse[:, None])
    result = _product(weights, ratio)
    result[~_reaches(weights, demand, supply, result)] = np.nan
    return result


def _reaches(
    weights: scipy.sparse.csr_array, demand: np.ndarray, supply: np.ndarray, result: np.ndarray
) -> np.ndarray:
    """Tell which origins reach a supply: what they reach may be zero, which is not nothing."""
    reached = result > 0
    # A place in nobody's demand has a ratio of 0, and is reached all the same.
    idle = demand <= 0
    if (supply[idle] > 0).any():
        open_to_nobody = np.where(idle if supply.ndim == 1 else idle[:, None], supply > 0, 0.0)
        reached |= _product(weights, open_to_nobody) > 0
    return reached


def three_step(
    weights: scipy.sparse.csr_array,
    population: np.ndarray,
    supply: np.ndarray,
    *,
    selection: scipy.sparse.csr_array | None = None,
) -> np.ndarray:
    """Return 3SFCA: E2SFCA where each origin shares its demand (Wan et al. 2012).

    An origin shares it between the places that it reaches:
    G_ij = w_ij / Σ_j w_ij over the places with supply; A_i = Σ_j G_ij w_ij S_j / Σ_k G_kj w_kj P_k.
    Same parameters and result as `floating_catchment`; `selection` holds the
    weights over which an origin chooses, when it also looks at places beyond the limit.
    """
    supply = np.asarray(supply, dtype=float)
    if supply.ndim == 2:
        columns = [
            three_step(weights, population, supply[:, k], selection=selection)
            for k in range(supply.shape[1])
        ]
        return np.stack(columns, axis=1) if columns else np.empty((weights.shape[0], 0))
    total = (weights if selection is None else selection) @ (supply > 0).astype(float)
    share = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    squared = scipy.sparse.csr_array(
        (
            weights.data**2 * np.repeat(share, np.diff(weights.indptr)),
            weights.indices,
            weights.indptr,
        ),
        shape=weights.shape,
    )
    return floating_catchment(squared, population, supply)


def _product(weights: scipy.sparse.csr_array, dense: np.ndarray) -> np.ndarray:
    """Return weights @ dense; a large one in two threads, without the columns of zeros."""
    if dense.ndim == 1 or weights.nnz * dense.shape[1] < _BIG:
        return weights @ dense
    used = np.flatnonzero(dense.any(axis=0))
    part = np.ascontiguousarray(dense[:, used])
    # Halves of as many costs, not of as many rows: an origin in a town has many more.
    middle = int(np.searchsorted(weights.indptr, weights.nnz // 2))
    with ThreadPoolExecutor(2) as pool:
        top, bottom = pool.map(lambda block: block @ part, (weights[:middle], weights[middle:]))
    if len(used) == dense.shape[1]:
        return np.concatenate([top, bottom])
    result = np.zeros((weights.shape[0], dense.shape[1]))
    result[:middle, used], result[middle:, used] = top, bottom
    return result
