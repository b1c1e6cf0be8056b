"""Where to open so that access is more even, places and competition counted (E2SFCA).

What an opening brings to who reaches it is its places shared between them all, whatever else is
open: what openings bring adds up.  What is filled is Σ P · max(0, T − A), the access that people
lack under the mean of today T (Hoover 1936).  Each opening fills less than if it were alone, so
growing one opening at a time is no worse than 63 % of the best (Nemhauser, Wolsey and Fisher 1978),
and what the best candidates would add to any set bounds what as many openings could fill.
"""

from __future__ import annotations

import numpy as np
import scipy

from geoapp.planning.siting import EPSILON, Choice


class Levelling:
    """A set of open candidates that grows, and what each would fill (see `siting.Growing`).

    Parameters
    ----------
    brought : csr_array
        Access that each candidate brings to each point, points × candidates.
    lack : float array
        What each point lacks today under the mean; nothing is negative.
    people : float array
        Who lives there.
    """

    def __init__(self, brought: scipy.sparse.csr_array, lack: np.ndarray, people: np.ndarray):
        self.lack, self.people = lack, people
        # Who lacks nothing is filled by nothing.
        kept = scipy.sparse.csr_array(brought.multiply((lack > 0)[:, None]))
        kept.eliminate_zeros()
        self.columns = kept.tocsc()
        self.rows, self.data = self.columns.indices, self.columns.data
        self.crowd = people[self.rows]
        # Sums by column: `reduceat` would give an empty one the first entry of the next.
        self.filled = np.flatnonzero(np.diff(self.columns.indptr))
        self.opened: list[int] = []
        self.left = lack.copy()

    def set(self, opened: list[int]) -> None:
        """Open these candidates, and no other."""
        self.opened = list(opened)
        self.left = self._left(self.opened)

    def _left(self, opened: list[int]) -> np.ndarray:
        brought = np.asarray(self.columns[:, opened].sum(axis=1)).ravel()
        return np.maximum(self.lack - brought, 0.0)

    def _gains(self, opened: list[int], left: np.ndarray) -> np.ndarray:
        filled = left[self.rows]
        np.minimum(filled, self.data, out=filled)
        filled *= self.crowd
        gains = np.zeros(self.columns.shape[1])
        if len(self.filled):
            gains[self.filled] = np.add.reduceat(filled, self.columns.indptr[self.filled])
        # Nothing opens twice.
        gains[opened] = 0.0
        return gains

    @property
    def gains(self) -> np.ndarray:
        """Return what each candidate would fill of what is left."""
        return self._gains(self.opened, self.left)

    @property
    def value(self) -> float:
        """Return what is filled."""
        return self._filled(self.left)

    def _filled(self, left: np.ndarray) -> float:
        # No product of the library of vectors: its threads cost more than the sum.
        return float((self.people * (self.lack - left)).sum())

    @property
    def alone(self) -> np.ndarray:
        """Return what each open candidate fills that the others leave."""
        return np.array([self.value - self._without(rank) for rank in range(len(self.opened))])

    def _without(self, rank: int) -> float:
        return self._filled(self._left(self._others(rank)))

    def _others(self, rank: int) -> list[int]:
        return [one for other, one in enumerate(self.opened) if other != rank]

    def instead_of(self, rank: int) -> np.ndarray:
        """Return what each candidate would fill in the place of one that is open."""
        others = self._others(rank)
        return self._gains(others, self._left(others))


def level(growing: Levelling, nb: int, rangs: np.ndarray, part: float) -> tuple[Choice, Choice]:
    """Return at most `nb` openings that fill most, and those of which real places are preferred.

    A more real candidate (`rangs`) is taken while it fills nearly as much: `part` is given up at
    most, at each opening.
    """
    free = _grow(growing, nb, rangs, 0.0)
    real = _grow(growing, nb, rangs, part) if part else free
    return free, Choice(opened=real.opened, gains=real.gains, bound=max(free.bound, real.value))


def _grow(growing: Levelling, nb: int, rangs: np.ndarray, part: float) -> Choice:
    growing.set([])
    gains: list[float] = []
    bound = np.inf
    while True:
        added = growing.gains
        top = np.sort(added)[::-1][:nb].sum() if len(added) else 0.0
        bound = min(bound, growing.value + float(top))
        best = float(added.max(initial=0.0))
        if len(gains) >= nb or best <= EPSILON * max(growing.value, 1e-12):
            break
        near = np.flatnonzero(added >= (1 - part) * best - EPSILON * best)
        # The most real, then what fills most, then the first; without preference, what fills most.
        order = np.lexsort((near, -added[near], -rangs[near] if part else np.zeros(len(near))))
        chosen = int(near[order[0]])
        gains.append(float(added[chosen]))
        growing.set([*growing.opened, chosen])
    return Choice(
        opened=np.array(growing.opened, dtype=np.intp),
        gains=np.array(gains, dtype=float),
        bound=max(bound, growing.value),
    )
