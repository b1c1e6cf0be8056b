"""Exit levels: every notation met, put on the scale 3 to 8 in force since 2019.

``geodata/niveaux.csv`` names the six levels, ``geodata/niveaux_equivalences.csv``
holds one row per known writing.  A row whose level is empty is a writing
that is understood and tells no level from 3 to 8; it gives NA like an
unknown one.  Nothing is guessed.

The trap: LHÉO's ``dict-niveaux`` counts the OLD scale from 0 to 8 (4 is
niveau V, a CAP, hence 3) and the new one from 11 to 18.  The "code niveau
EN" runs the other way round (5 is niveau V).  So the notation is always said
by the caller, never sniffed.
"""

from __future__ import annotations

import re
from functools import cache

import pandas as pd

from geoapp.core.config import GEODATA
from geoapp.core.errors import ParameterError
from geoapp.reference.codes.identifiers import nearest_accepted, normalise_cfd
from geoapp.reference.codes.text import (
    as_code,
    as_text,
    first_code,
    fold,
    map_distinct,
    on_scalar_too,
)

NIVEAUX = ("3", "4", "5", "6", "7", "8")

NOTATIONS = {
    "europeen": "3 à 8, nus ou après le mot niveau (« Niveau 5 »)",
    "ancien": "I à V, nus ou après le mot niveau (« Niveau IV (Bac) »)",
    "education_nationale": "code niveau EN 5 à 1 (5 = V = CAP), intitulés d'avant 2019 compris",
    "lheo": "dict-niveaux : 0 à 8 (ancienne échelle, 4 = CAP) et 11 à 18",
    "cfd": "code formation diplôme : son premier caractère, sauf 010 et 100",
    "mef": "module élémentaire de formation : ses trois premiers caractères",
    "mefstat": "MEFSTAT11 : ses trois premiers caractères",
    "libelle": "diplôme en toutes lettres (« Bac pro », « BTS - Services », « bac + 2 »)",
}
_ARABIC = re.compile(r"(?:^|\bniveau ?)([1-8])(?=$| [^0-9]|[^ 0-9])")
_ROMAN = re.compile(r"(?:^|\bniveau ?)(v bis|vi|iv|v|iii|ii|i)\b")


@on_scalar_too
def normalise_niveau(values: pd.Series, *, notation: str) -> pd.Series:
    """Return the exit level as text, "3" to "8", NA when not told.

    Parameters
    ----------
    values : Series
        Levels, codes or labels in one notation.
    notation : str
        One of `NOTATIONS`.  An old "niveau I" gives "7": it covers 7 and 8,
        and doctorates are told apart only by their label or a newer code.
        Under ``libelle`` an Arabic "niveau 3" or "niveau 5" alone is
        ambiguous (old code or European scale) and gives NA, as do two
        diplomas of different levels in one label.

    Returns
    -------
    Series of str
        Same index and row count.  Levels 1 and 2, "sans niveau" and anything
        unknown are NA.

    Raises
    ------
    ParameterError
        When the notation is not one of `NOTATIONS`.
    """
    if notation not in NOTATIONS:
        nearest = nearest_accepted(notation, NOTATIONS)
        hint = f" Vouliez-vous dire « {nearest} » ?" if nearest else ""
        raise ParameterError(
            f"Notation de niveau « {notation} » inconnue.{hint} Acceptées : {', '.join(NOTATIONS)}."
        )
    return _READERS[notation](values).astype("str")


@cache
def _equivalences(notation: str) -> dict[str, str | None]:
    """Return writing → level (None when it tells none) for one notation."""
    table = _read("niveaux_equivalences.csv")
    rows = table.loc[table["notation"].eq(notation)]
    return {
        valeur: (niveau if isinstance(niveau, str) else None)
        for valeur, niveau in zip(rows["valeur"], rows["niveau"], strict=True)
    }


def load_niveaux() -> pd.DataFrame:
    """Return the six levels: niveau, libelle, libelle_usager, ancien_niveau, note, phrase, suite.

    The last two say in a sentence what it is and what comes after in general.
    """
    return _read("niveaux.csv").copy()


@cache
def _read(name: str) -> pd.DataFrame:
    """Read one of our tables as text."""
    return pd.read_csv(GEODATA / name, sep=";", dtype="str", encoding="utf-8")


def _by_number(values: pd.Series, notation: str, *patterns: re.Pattern) -> pd.Series:
    """Look up the only number that follows the word "niveau", or stands alone."""
    known = {fold(valeur): niveau for valeur, niveau in _equivalences(notation).items()}

    def level(text: str) -> str | None:
        # « Niveau III ou IV » names two levels: none is chosen.
        found = {n for pattern in patterns for n in pattern.findall(fold(text))}
        return known.get(found.pop()) if len(found) == 1 else None

    return map_distinct(as_text(values), level)


def _european(values: pd.Series) -> pd.Series:
    return _by_number(values, "europeen", _ARABIC)


def _old(values: pd.Series) -> pd.Series:
    return _by_number(values, "ancien", _ROMAN)


def _education(values: pd.Series) -> pd.Series:
    """Read Arabic numbers of the old scale, else Roman ones."""
    arabic = _by_number(values, "education_nationale", _ARABIC)
    return arabic.astype("str").fillna(_old(values).astype("str"))


def _lheo(values: pd.Series) -> pd.Series:
    """Look the whole code up: "4" and "04" are the same, "14" is another."""
    codes = as_code(values).str.replace(r"^0+(?=\d)", "", regex=True)
    return map_distinct(codes, _equivalences("lheo").get)


def _by_prefix(codes: pd.Series, notation: str) -> pd.Series:
    """Look up the longest prefix that our table knows."""
    known = _equivalences(notation)
    longest = max(map(len, known))

    def level(code: str) -> str | None:
        prefixes = (code[:length] for length in range(longest, 0, -1))
        return next((known[prefix] for prefix in prefixes if prefix in known), None)

    return map_distinct(codes, level)


def _cfd(values: pd.Series) -> pd.Series:
    """Read the first code of the cell."""
    return _by_prefix(first_code(normalise_cfd(values)), "cfd")


def _mef(values: pd.Series) -> pd.Series:
    return _by_prefix(as_code(values), "mef")


def _mefstat(values: pd.Series) -> pd.Series:
    return _by_prefix(as_code(values), "mefstat")


def _label(values: pd.Series) -> pd.Series:
    return map_distinct(as_text(values), _level_of_label)


def _level_of_label(label: str) -> str | None:
    """Return the level of the diplomas named; the longest phrase hides those inside it."""
    # « BTS ou licence » names two levels: none is chosen, as for numbers.
    text, known = fold(label), _equivalences("libelle")
    levels = {known[phrase] for phrase in _phrases().findall(text)} - {None}
    return levels.pop() if len(levels) == 1 else None


@cache
def _phrases() -> re.Pattern:
    """Return one pattern of all label phrases, longest first, whole words."""
    phrases = sorted(_equivalences("libelle"), key=lambda phrase: (-len(phrase), phrase))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b")


_READERS = {
    "europeen": _european,
    "ancien": _old,
    "education_nationale": _education,
    "lheo": _lheo,
    "cfd": _cfd,
    "mef": _mef,
    "mefstat": _mefstat,
    "libelle": _label,
}
