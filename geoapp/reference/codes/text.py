"""Text as the nomenclatures need it: trimmed codes, folded labels.

Codes reach us as text, as integers that lost their zeros, or as floats that
gained a ``.0``.  Everything below answers in the ``str`` dtype, NA kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import wraps

import pandas as pd

_SPACES = r"[\s\u00a0\u202f]+"
_NO_WORD = re.compile(r"[^0-9a-z]+")
_LIGATURES = (("œ", "oe"), ("Œ", "OE"), ("æ", "ae"), ("Æ", "AE"))


def as_text(values: pd.Series) -> pd.Series:
    """Return values as trimmed text; a float's ``.0`` goes, blank becomes NA."""
    text = values.astype("object").astype("str").str.replace(_SPACES, " ", regex=True)
    text = text.str.strip().str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    return text.mask(text.eq(""))


def as_code(values: pd.Series) -> pd.Series:
    """Return values as upper-case text without any space."""
    return as_text(values).str.replace(" ", "").str.upper()


def first_code(codes: pd.Series) -> pd.Series:
    """Return the first of the codes parted by "|"."""
    return codes.str.replace(r"\|.*$", "", regex=True)


def fold(text: str) -> str:
    """Return text in lower case, unaccented, words parted by one space.

    ``+`` is spelled ``plus``, so that "bac + 2" and "Bac+2" fold alike.
    """
    plain = text
    if not text.isascii():
        for ligature, letters in _LIGATURES:
            plain = plain.replace(ligature, letters)
        plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return _NO_WORD.sub(" ", plain.lower().replace("+", " plus ")).strip()


def is_among(values: pd.Series, held: Iterable[str]) -> pd.Series:
    """Tell which texts are among many others; NA is not.

    Texts of Arrow are told by taking each of those held apart: thirty milliseconds for the codes of
    all communes, twenty times more than by their objects.
    """
    known = held.astype("object") if isinstance(held, (pd.Series, pd.Index)) else list(held)
    return values.notna() & values.astype("object").isin(known)


def map_distinct(values: pd.Series, function: Callable[[str], object]) -> pd.Series:
    """Apply function once per distinct value; NA stays NA, index kept."""
    known = {value: function(value) for value in values.dropna().unique()}
    return values.map(known).astype("object")


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
