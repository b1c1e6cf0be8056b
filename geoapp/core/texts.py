"""Many texts at once: which are among others, and what is worked out once by distinct text."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

FEW = 64
"""Values fewer than these are not searched for equal ones: it would take longer."""


def is_among(values: pd.Series, held: Iterable[str]) -> pd.Series:
    """Tell which texts are among many others; NA is not.

    Arrow is asked: `isin` of pandas takes each of the texts held apart, twenty times slower.
    """
    held = held if isinstance(held, (pd.Series, pd.Index)) else list(held)
    known, texts = (pa.array(pd.Series(some, dtype="str")) for some in (held, values))
    found = pc.is_in(texts, value_set=known, skip_nulls=True)
    return pd.Series(np.asarray(found), index=values.index, dtype=bool)


def contains(values: pd.Series, pattern: str) -> pd.Series:
    """Tell which texts hold a pattern of Arrow, which knows digits and spaces of ASCII alone.

    Pandas looks for most patterns text by text, ten times slower.
    """
    texts = pa.array(pd.Series(values, dtype="str"))
    found = pc.match_substring_regex(texts, pattern).fill_null(False)
    return pd.Series(np.asarray(found), index=values.index, dtype=bool)


def by_distinct(values: pd.Series, function: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Return `function(values)`, worked out once by distinct value: codes repeat much."""
    if len(values) < FEW:
        return function(values).rename(None)
    rank, distinct = pd.factorize(values, use_na_sentinel=False)
    return function(pd.Series(distinct)).take(rank).set_axis(values.index)
