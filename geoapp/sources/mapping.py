"""Apply the column mapping of a source: raw columns of the file → columns of ours.

A rule of `colonnes` in `geodata/sources.toml` is one of

* `"X"`: column X of the file;
* `["A", "B"]`: columns joined by "-", for identifiers;
* a table with `colonne` or `colonnes` (joined by `separateur`, an unknown one leaving its place
  with `vides = true`; or the first known one with `premiere = true`), then, in this order,
  `partie` (piece of the text cut at `separateur`), `remplace` (pairs of regular expression and
  replacement), `valeurs` (accepted values → ours, others NA) and `sinon` (what an empty cell of a
  flag means);
* `{valeur = "x"}`: the constant x;
* `{annee = true}`: the year of the file (`geoapp.sources.series`), then `remplace`.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pandas as pd

from geoapp.core.errors import SourceError
from geoapp.core.texts import plain
from geoapp.sources.headers import required_columns, rule_columns
from geoapp.sources.records import show
from geoapp.sources.registry import Source, rule_problem


def apply_mapping(raw: pd.DataFrame, source: Source, path: Path) -> pd.DataFrame:
    """Return the columns that `source` declares, as text, with the index of `raw`.

    A column of `facultatives` that the file lacks is unknown everywhere.  A source of a format
    whose reader gives the columns of ours declares none.

    Raises
    ------
    SourceError
        When a column the mapping needs is absent (the nearest one is
        proposed), or a rule cannot be applied.
    """
    if not source.colonnes:
        return raw
    for ours, rule in source.colonnes.items():
        if problem := rule_problem(rule):
            raise SourceError(
                path,
                f"règle de la colonne « {ours} » : {problem}",
                place=f"source « {source.id} »",
                cure="Corrigez geodata/sources.toml.",
            )
    require_columns(raw, source, path)
    unknown = pd.Series(None, index=raw.index, dtype="str")
    raw = raw.assign(**{name: unknown for name in source.facultatives if name not in raw})
    columns = {ours: _apply(raw, rule, source.annee) for ours, rule in source.colonnes.items()}
    return pd.DataFrame(columns, index=raw.index)


def require_columns(raw: pd.DataFrame, source: Source, path: Path) -> None:
    """Raise `SourceError` when a column that the mapping needs is absent; the nearest is named."""
    for name in sorted(required_columns(source)):
        if name not in raw:
            raise _missing(name, raw, source, path)


def _missing(name: str, raw: pd.DataFrame, source: Source, path: Path) -> SourceError:
    """Return the error for an absent column."""
    found = [str(column) for column in raw.columns if column != "geometry"]
    close = difflib.get_close_matches(name, found, n=1)
    hint = f" La plus proche : « {show(close[0])} »." if close else ""
    return SourceError(
        path,
        f"la colonne « {name} » est absente (source « {source.id} »).{hint}",
        place="en-tête",
        cure=f"Colonnes trouvées : {', '.join(map(show, found[:12])) or 'aucune'}. "
        "Vérifiez le fichier, ou le champ « colonnes » de geodata/sources.toml.",
    )


def _apply(raw: pd.DataFrame, rule, annee: str) -> pd.Series:
    """Return one column of ours."""
    if isinstance(rule, str):
        return raw[rule]
    if isinstance(rule, list):
        return _join(raw, rule, "-")
    if "valeur" in rule:
        return pd.Series(rule["valeur"], index=raw.index, dtype="str")
    values = _cells(raw, rule, annee)
    if "partie" in rule:
        values = _pieces(values, rule.get("separateur", ","), rule["partie"])
    for pattern, replacement in rule.get("remplace", []):
        values = values.str.replace(pattern, replacement, regex=True)
    if "valeurs" in rule:
        values = values.map(rule["valeurs"]).astype("str")
    values = values.mask(values.eq(""))
    return values.fillna(rule["sinon"]) if "sinon" in rule else values


def _pieces(values: pd.Series, separator: str, rank: int) -> pd.Series:
    """Return one piece of each text, NA where it has none; unknown ones alone are texts too."""
    parts = [one.split(separator) if isinstance(one, str) else [] for one in plain(values)]
    found = [one[rank].strip() if -len(one) <= rank < len(one) else None for one in parts]
    return pd.Series(found, index=values.index, dtype="str")


def _cells(raw: pd.DataFrame, rule: dict, annee: str) -> pd.Series:
    """Return the cells that a rule starts from."""
    if "annee" in rule:
        return pd.Series(annee or None, index=raw.index, dtype="str")
    if rule.get("premiere"):
        return _first_known(raw, rule_columns(rule))
    names, separator = rule_columns(rule), rule.get("separateur", "-")
    if rule.get("vides"):
        known = raw[names]
        return _join(known.fillna(""), names, separator).where(known.notna().any(axis=1))
    return _join(raw, names, separator)


def _join(raw: pd.DataFrame, names: list[str], separator: str) -> pd.Series:
    """Return columns joined, skipping unknown cells; NA when all are unknown."""
    result = raw[names[0]]
    for name in names[1:]:
        both = result.notna() & raw[name].notna()
        result = (result + separator + raw[name]).where(both, result.fillna(raw[name]))
    return result


def _first_known(raw: pd.DataFrame, names: list[str]) -> pd.Series:
    """Return, row by row, the first of the columns that is known."""
    result = raw[names[0]]
    for name in names[1:]:
        result = result.fillna(raw[name])
    return result
