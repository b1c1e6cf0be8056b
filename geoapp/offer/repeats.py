"""Find the rows that repeat an earlier one: in a whole table, or across the batches of a stream."""

from __future__ import annotations

import hashlib
import zlib
from bisect import bisect_right

import numpy as np
import pandas as pd

_OCTETS = 16
"""Bytes of the digest of a row: two different rows never share one in practice (2**-128)."""


def first_places(rows: pd.DataFrame) -> pd.Series:
    """Return, by row, the place of an earlier row with the same content.

    NA for the first of its kind.
    """
    found = pd.Series(None, index=rows.index, dtype="object")
    at = np.arange(len(rows))
    for column in rows.columns:
        # Two rows alike are so in each column: those left soon are few.
        at = at[rows[column].array[at].duplicated(keep=False)]
        if not len(at):
            return found
    like = rows.iloc[at]
    kind = like.groupby(list(rows.columns), dropna=False, sort=False).ngroup().to_numpy()
    firsts = pd.Series(like.index).groupby(kind).first()
    repeat = pd.Series(kind).duplicated().to_numpy()
    found.iloc[at[repeat]] = firsts.reindex(kind[repeat]).to_numpy()
    return found


class LignesVues:
    """The rows that a stream has given so far, by their digests.

    A row costs 24 bytes of digest and rank, and its place compressed with those
    of its batch (a few bytes): about 30 MB for a million rows.
    """

    def __init__(self):
        self._digests = np.empty(0, dtype=f"S{_OCTETS}")
        self._ranks = np.empty(0, dtype="int64")
        self._starts: list[int] = []
        self._places: list[bytes] = []
        self._count = 0

    def first_places(self, rows: pd.DataFrame) -> pd.Series:
        """Return what `first_places` does, the batches before counted too; remember these rows."""
        distinct, first, kind = np.unique(_digests(rows), return_index=True, return_inverse=True)
        at = np.searchsorted(self._digests, distinct)
        known = np.zeros(len(distinct), dtype=bool)
        inside = at < len(self._digests)
        known[inside] = self._digests[at[inside]] == distinct[inside]
        origins = self._count + first
        origins[known] = self._ranks[at[known]]
        new = ~known
        self._digests = np.insert(self._digests, at[new], distinct[new])
        self._ranks = np.insert(self._ranks, at[new], origins[new])
        self._remember_places(rows)
        mine = origins[kind]
        repeat = mine != self._count - len(rows) + np.arange(len(rows))
        found = pd.Series(None, index=rows.index, dtype="object")
        found[repeat] = self._names(mine[repeat])
        return found

    def _remember_places(self, rows: pd.DataFrame) -> None:
        """Add the places of a batch, compressed."""
        self._starts.append(self._count)
        self._places.append(zlib.compress("\n".join(rows.index).encode()))
        self._count += len(rows)

    def _names(self, ranks: np.ndarray) -> list[str]:
        """Return the places of some rows; each batch is unpacked once."""
        unpacked: dict[int, list[str]] = {}
        names = []
        for rank in ranks.tolist():
            batch = bisect_right(self._starts, rank) - 1
            if batch not in unpacked:
                unpacked[batch] = zlib.decompress(self._places[batch]).decode().split("\n")
            names.append(unpacked[batch][rank - self._starts[batch]])
        return names


def _digests(rows: pd.DataFrame) -> np.ndarray:
    """Return the digest of each row.

    The same for the same values in the same columns, unknown ones included.
    """
    columns = (rows[name].to_numpy(dtype=object, na_value=None) for name in rows)
    found = (
        hashlib.blake2b(repr(row).encode(), digest_size=_OCTETS).digest()
        for row in zip(*columns, strict=True)
    )
    return np.frombuffer(b"".join(found), dtype=f"S{_OCTETS}")
