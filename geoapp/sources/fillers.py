"""Cells that say that nothing is known, and HTML left in the cells of a table."""

from __future__ import annotations

import re

import pandas as pd
import pyarrow as pa

from geoapp.core.texts import contains, is_among
from geoapp.reference.codes.text import map_distinct
from geoapp.sources.headers import rule_columns
from geoapp.sources.registry import Source
from geoapp.sources.texts import clean_text

REMPLISSAGES = frozenset(
    (
        "null", "(null)", "nan", "n/a", "#n/a", "#n/d", "na", "<na>", "none", "nil", "undefined",
        "-", "--", "---", "–", "—", ".", "?", "/", "nc", "n.c.", "n.c", "nd", "n.d.",
        "n.d", "nr", "n.r.", "néant", "neant", "non renseigné", "non renseignée", "non renseigne",
        "non communiqué", "non communiquée", "non précisé", "non précisée", "non disponible",
        "non défini", "non définie", "inconnu", "inconnue", "vide", "sans objet", "#ref!",
        "#valeur!", "#nom?", "#div/0!", "#value!", "#name?", "(vide)", "à compléter", "à préciser",
    )
)  # fmt: skip
"""What fills a cell of which nothing is known, in lower case: unknown, never a value."""

_FILLERS = pa.array(sorted(REMPLISSAGES), type=pa.large_string())

PARLANTES = ("frais_restants", "est_gratuite")
"""Columns of ours where « néant » or « - » says something: nothing is left to pay."""

_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|&(?:#\d+|#x[0-9a-fA-F]+|[A-Za-z]\w+);")
_TEXTES = (
    "intitule", "type_diplome", "objectif", "contenu", "formateur_nom", "responsable_nom",
    "lieu_adresse", "entree",
)  # fmt: skip
"""Columns of an offer that people read."""


def blank_fillers(raw: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Return rows in which a cell that only fills its place is NA.

    A value that the mapping of a source names stays, and so do the columns that
    tell what is left to pay.
    """
    spared: set[str] = set()
    named: dict[str, set[str]] = {}
    for ours, rule in source.colonnes.items():
        columns = rule_columns(rule)
        if ours in PARLANTES:
            spared.update(columns)
        if isinstance(rule, dict):
            for column in columns:
                named.setdefault(column, set()).update(map(str.lower, rule.get("valeurs", {})))
    found = {}
    for name in raw.columns:
        if name == "geometry" or name in spared:
            continue
        values = raw[name]
        spelt = named.get(str(name))
        fillers = REMPLISSAGES - spelt if spelt else _FILLERS
        blank = is_among(values.str.lower(), fillers)
        if blank.any():
            found[name] = values.mask(blank)
    return raw.assign(**found) if found else raw


def plain_texts(mapped: pd.DataFrame) -> pd.DataFrame:
    """Return an offer whose texts hold neither HTML nor its entities, as those of LHÉO."""
    found = {}
    for name in (name for name in _TEXTES if name in mapped):
        values = mapped[name]
        marked = contains(values, "[<&]")
        marked[marked] = values[marked].str.contains(_MARKUP, na=False)
        if marked.any():
            clean = map_distinct(values[marked], clean_text).astype("str").reindex(values.index)
            found[name] = values.where(~marked, clean)
    return mapped.assign(**found) if found else mapped
