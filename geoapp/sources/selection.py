"""Keep the rows of a file that a source is about: one region, the last of stacked years.

The others are counted.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from geoapp.core.errors import SourceError
from geoapp.reference.vicinity import region_name
from geoapp.sources.records import show
from geoapp.sources.registry import Source


def keep_rows(raw: pd.DataFrame, source: Source, path: Path) -> pd.DataFrame:
    """Return the rows that the options `garder` and `derniere` of a source keep, in their order.

    Their index stays.

    `garder` gives the value that a column must hold, « {region} » being the
    name of the one served; `derniere` names a column of which the greatest
    text is kept, after that.  Rows where the column is unknown are kept:
    nothing says that they are of elsewhere.

    Raises
    ------
    SourceError
        A column named is absent.
    """
    for column, wanted in source.options.get("garder", {}).items():
        values = _column(raw, column, source, path)
        raw = raw[values.isna() | values.eq(wanted.format(region=region_name()))]
    if column := source.options.get("derniere"):
        values = _column(raw, column, source, path)
        last = values.dropna().max() if values.notna().any() else None
        raw = raw[values.isna() | values.eq(last)]
    return raw


def _column(raw: pd.DataFrame, name: str, source: Source, path: Path) -> pd.Series:
    """Return a column by its name, or say that it is absent."""
    if name not in raw:
        raise SourceError(
            path,
            f"la colonne « {name} » est absente (source « {source.id} »).",
            place="en-tête",
            cure=f"Colonnes trouvées : {', '.join(map(show, list(raw.columns)[:12]))}.",
        )
    return raw[name]
