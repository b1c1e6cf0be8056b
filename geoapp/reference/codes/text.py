"""Text as the nomenclatures need it: trimmed codes, folded labels.

Codes reach us as text, as integers that lost their zeros, or as floats that
gained a ``.0``.  Everything below answers in the ``str`` dtype, NA kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import wraps

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geoapp.core.texts import FEW, by_distinct, plain

_SPACES = "[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
"""What Python counts as spaces; Arrow knows those of ASCII alone."""
_DOT_ZERO = re.compile(r"^(\d+)\.0+\Z")
_LETTERS = str.maketrans(
    {sign: sign.lower() if sign.isalnum() else " " for sign in map(chr, range(128))}
    | {"+": " plus "}
)
"""What each character of ASCII reads as."""
_LIGATURES = (("œ", "oe"), ("Œ", "OE"), ("æ", "ae"), ("Æ", "AE"))


def as_str(values: pd.Series) -> pd.Series:
    """Return values as text, untouched."""
    return values if values.dtype == "str" else values.astype("object").astype("str")


def as_text(values: pd.Series) -> pd.Series:
    """Return values as trimmed text; a float's ``.0`` goes, blank becomes NA."""
    return by_distinct(as_str(values), _trimmed)


def _trimmed(values: pd.Series) -> pd.Series:
    if len(values) < FEW:
        # Arrow reads its patterns again each time: that is longer than to do without.
        found = [_trim(one) if isinstance(one, str) else None for one in plain(values)]
        return pd.Series(found, index=values.index, dtype="str")
    texts = pc.replace_substring_regex(pa.array(values), _SPACES, " ")
    texts = pc.utf8_trim_whitespace(texts)
    if pc.any(pc.match_substring(texts, ".0")).as_py():
        texts = pc.replace_substring_regex(texts, r"^(\p{Nd}+)\.0+$", r"\1")
    texts = pc.if_else(pc.equal(texts, ""), None, texts)
    return pd.Series(pd.array(texts, dtype="str"), index=values.index)


def _trim(text: str) -> str | None:
    text = " ".join(text.split())
    return (_DOT_ZERO.sub(r"\1", text) if ".0" in text else text) or None


def as_code(values: pd.Series) -> pd.Series:
    """Return values as upper-case text without any space."""
    return by_distinct(as_str(values), _code)


def _code(values: pd.Series) -> pd.Series:
    return _trimmed(values).str.replace(" ", "").str.upper()


def first_code(codes: pd.Series) -> pd.Series:
    """Return the first of the codes parted by "|"."""
    return codes.str.replace(r"\|.*$", "", regex=True)


def fold(text: str) -> str:
    """Return text in lower case, unaccented, words parted by one space.

    ``+`` is spelled ``plus``, so that "bac + 2" and "Bac+2" fold alike.
    """
    if not text.isascii():
        for ligature, letters in _LIGATURES:
            text = text.replace(ligature, letters)
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(text.translate(_LETTERS).split())


def map_distinct(values: pd.Series, function: Callable[[str], object]) -> pd.Series:
    """Apply function once per distinct value; NA stays NA, index kept."""
    rank, distinct = pd.factorize(values)
    found = pd.Series([function(value) for value in distinct.astype("object")])
    if not isinstance(found.dtype, pd.StringDtype):
        return found.reindex(rank).set_axis(values.index).astype("object")
    # The last is that of the rank -1.
    texts = np.append(found.to_numpy(dtype=object), np.array([np.nan], dtype=object))
    return pd.Series(texts[rank], index=values.index, dtype="object")


def on_scalar_too(function: Callable) -> Callable:
    """Let a function of one Series also take one value (NA comes back as None)."""

    @wraps(function)
    def either(values, *args, **kwargs):
        if isinstance(values, pd.Series):
            return function(values, *args, **kwargs)
        result = function(pd.Series([values], dtype="object"), *args, **kwargs)
        if isinstance(result, tuple):
            return tuple(_first(part) for part in result)
        return _first(result)

    return either


def _first(series: pd.Series):
    """Return the only value of a series as a plain Python value."""
    value = series.iloc[0]
    if pd.isna(value):
        return None
    return bool(value) if series.dtype == bool else value
