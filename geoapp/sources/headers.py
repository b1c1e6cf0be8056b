"""Names of columns as producers write them: by label or by key, of this year or of an older one.

One table of a portal is downloaded under its labels (« Session ») or its keys
(`annee`), in CSV or in JSON.  The registry gives the other names of a column
(`autres_noms`); a name that differs by case, accents or signs only is the same.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from geoapp.sources.header_line import bare
from geoapp.sources.registry import Source


def rule_columns(rule) -> list[str]:
    """Return the file columns one rule of `colonnes` reads."""
    if isinstance(rule, str):
        return [rule]
    if isinstance(rule, list):
        return rule
    return [rule["colonne"]] if "colonne" in rule else list(rule.get("colonnes", []))


def required_columns(source: Source) -> set[str]:
    """Return the columns that a file of `source` must have.

    Those that some versions lack (`facultatives`) are left out.
    """
    return _declared(source) - set(source.facultatives)


def known_columns(source: Source, columns: set[str]) -> set[str]:
    """Return the columns of a file under the names that `source` declares."""
    renamed = match_columns(source, sorted(columns))
    return {renamed.get(name, name) for name in columns}


def rename_columns(raw: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Return raw rows with the column names that `source` declares.

    The other columns keep theirs.
    """
    renamed = match_columns(source, [str(name) for name in raw.columns if name != "geometry"])
    return raw.rename(columns=renamed) if renamed else raw


def match_columns(source: Source, columns: list[str]) -> dict[str, str]:
    """Return name in the file → name declared, for the columns that are not written as declared.

    A name that two columns of the file could bear is given to none.
    """
    declared = _declared(source) | _kept(source)
    wanted = declared.difference(columns)
    if not wanted:
        return {}
    free: dict[str, list[str]] = {}
    for name in columns:
        if name not in declared:
            free.setdefault(bare(name), []).append(name)
    found: dict[str, str] = {}
    for name in sorted(wanted):
        others = (_same(other, free) for other in (name, *source.autres_noms.get(name, ())))
        if (theirs := next(filter(None, others), None)) and theirs not in found:
            found[theirs] = name
    return found


def expected_names(sources: Iterable[Source]) -> frozenset[str]:
    """Return the names that the columns of some sources may bear, bare."""
    return frozenset(
        bare(name)
        for source in sources
        for declared in _declared(source) | _kept(source)
        for name in (declared, *source.autres_noms.get(declared, ()))
    )


def needed_columns(source: Source) -> set[str]:
    """Return the columns of a file that are read: mapped, or what rows are kept by."""
    return _declared(source) | _kept(source)


def _declared(source: Source) -> set[str]:
    return {name for rule in source.colonnes.values() for name in rule_columns(rule)}


def _kept(source: Source) -> set[str]:
    """Return the columns by which rows are kept, and the one that says the year."""
    kept = {*source.options.get("garder", {}), source.options.get("derniere"), source.colonne_annee}
    return kept - {None, ""}


def _same(name: str, columns: dict[str, list[str]]) -> str | None:
    """Return the column of that name, else the only one of the same letters and digits."""
    alike = columns.get(bare(name), [])
    return name if name in alike else alike[0] if len(alike) == 1 else None
