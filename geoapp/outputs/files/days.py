"""Dates told as texts, as days: what a geographic information system sorts, filters and plays.

Producers give a day, a month or a year (ISO 8601, as precise as it is known).  A column of days
becomes a column of dates.  Where some are known less well the text stays as it is, and a column of
dates beside it, ended by `_jour`, has the first day that the text may mean, or the last one for an
end.
"""

from __future__ import annotations

import re
from datetime import date

import pandas as pd
import pyarrow as pa

from geoapp.reference.codes.text import map_distinct

PREFIXES = ("date_", "echeance_", "fin_")
"""Beginnings of the names of columns that hold one date."""

JOUR = "_jour"
_FIN = ("date_fin", "fin_", "echeance_")
_ISO = r"\d{4}(-\d{2}){0,2}"
_LONGUEUR = len("2020-01-01")


def as_days(table: pd.DataFrame, *, is_whole: bool) -> pd.DataFrame:
    """Return a table whose columns of dates are dates, or have one beside them.

    One that is not whole has one beside each, whatever it holds: its pieces must be alike.
    """
    found = table.copy()
    for nom in [one for one in table.columns if one.startswith(PREFIXES)]:
        texts = table[nom].where(table[nom].map(_is_date))
        known = texts.dropna()
        is_told = len(known) == table[nom].notna().sum()
        if is_whole and not (is_told and len(known)):
            continue
        days = _days(texts, is_end=nom.startswith(_FIN))
        # A day that no calendar has is kept as it was told.
        if is_whole and known.str.len().eq(_LONGUEUR).all() and days.notna().sum() == len(known):
            found[nom] = days
        else:
            found.insert(int(found.columns.get_loc(nom)) + 1, f"{nom}{JOUR}", days)
    return found


def _is_date(value) -> bool:
    return isinstance(value, str) and re.fullmatch(_ISO, value) is not None


def _days(texts: pd.Series, *, is_end: bool) -> pd.Series:
    """Return the first, or the last, day of each date as precise as it is known; NA if none."""
    found = map_distinct(texts, lambda one: _bound(one, is_end))
    return pd.Series(found.to_numpy(), index=texts.index, dtype=pd.ArrowDtype(pa.date32()))


def _bound(texte: str, is_end: bool) -> date | None:
    """Return the first or the last day of a year, a month or a day; None for one that is none."""
    try:
        period = pd.Period(texte, freq="YMD"[texte.count("-")])
    except ValueError:
        return None
    return (period.end_time if is_end else period.start_time).date()
