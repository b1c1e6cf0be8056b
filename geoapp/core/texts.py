"""Many texts at once: which are among others, and what is worked out once by distinct text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Set

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

FEW = 64
"""Values fewer than these are not searched for equal ones: it would take longer."""


def is_among(values: pd.Series, held: Iterable[str] | pa.Array | pa.ChunkedArray) -> pd.Series:
    """Tell which texts are among many others; NA is not.

    Arrow is asked: `isin` of pandas takes each of the texts held apart, twenty times slower.  A set
    is asked itself by a few values.
    """
    if isinstance(held, Set | Mapping) and len(values) < FEW:
        one_by_one = (isinstance(one, str) and one in held for one in plain(values))
        found = np.fromiter(one_by_one, bool, len(values))
    else:
        known = held if isinstance(held, pa.Array | pa.ChunkedArray) else _texts(held)
        found = np.asarray(pc.is_in(_texts(values), value_set=known, skip_nulls=True))
    return pd.Series(found, index=values.index, dtype=bool)


def contains(values: pd.Series, pattern: str) -> pd.Series:
    """Tell which texts hold a pattern of Arrow, which knows digits and spaces of ASCII alone.

    Pandas looks for most patterns text by text, ten times slower.
    """
    if len(values) < FEW:
        # Arrow reads the pattern again each time: that is longer than to look.
        search = re.compile(pattern, re.ASCII).search
        found = [isinstance(one, str) and bool(search(one)) for one in plain(values)]
    else:
        # In each distinct text once: they repeat much.
        rank, distinct = pd.factorize(values)
        held = pc.match_substring_regex(_texts(distinct), pattern)
        # The last is that of the rank -1: no text.
        found = np.append(np.asarray(held), False)[rank]
    return pd.Series(np.asarray(found), index=values.index, dtype=bool)


def _texts(some: Iterable[str]) -> pa.Array:
    """Return texts as Arrow holds them: those of pandas are so already."""
    if isinstance(some, pd.Series | pd.Index):
        return pa.array(some if some.dtype == "str" else some.astype("object").astype("str"))
    return pa.array(list(some), type=pa.large_string(), from_pandas=True)


def plain(values: pd.Series) -> list:
    """Return the values of a column as a list, NA as NaN.

    Pandas makes a scalar of Arrow of each text that it iterates over, ten times slower.
    """
    return values.to_numpy(dtype=object).tolist()


def distinct_rows(table: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """Return which of its distinct rows each row of a table is, and these rows, the first of each.

    What many offers share is worked out once, and taken back by `take` of the ranks.
    """
    rank = table.groupby(list(table), dropna=False, sort=False).ngroup().to_numpy()
    return rank, table[~pd.Series(rank).duplicated().to_numpy()]


def by_distinct(values: pd.Series, function: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Return `function(values)`, worked out once by distinct value: codes repeat much."""
    if len(values) < FEW:
        return function(values).rename(None)
    rank, distinct = pd.factorize(values, use_na_sentinel=False)
    return function(pd.Series(distinct)).take(rank).set_axis(values.index)
