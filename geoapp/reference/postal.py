"""Communes named in a postal address, by its postcode and its name, when only one is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from geoapp.reference.codes.text import fold, map_distinct

_POSTCODE = re.compile(r"(?<!\d)(\d{5})(?!\d)")
_SPACED = re.compile(r"(?<![\d.,])(\d\d)[ \u00a0\u202f](?=\d{3}(?!\d))")
"""A postcode written as a number of thousands: « 62 300 Lens »."""
_DEPARTEMENT = re.compile(r"([^\d()]+)\((\d\d|2[AB])\)")
_CEDEX = re.compile(r"\bcedex\b.*$")
_SAINT = ((re.compile(r"\bst\b"), "saint"), (re.compile(r"\bste\b"), "sainte"))


class AnnuairePostal:
    """The communes by postcode, and by département and name.

    Parameters
    ----------
    communes : DataFrame
        code_commune, nom, code_departement, codes_postaux (parted by « | »).
    """

    def __init__(self, communes: pd.DataFrame):
        self._par_code: dict[str, dict[str, str]] = {}
        self._par_nom: dict[tuple[str, str], set[str]] = {}
        columns = ("code_commune", "nom", "code_departement", "codes_postaux")
        for code, nom, departement, postcodes in _rows(communes, columns):
            name = _plain(nom)
            self._par_nom.setdefault((departement, name), set()).add(code)
            for postcode in postcodes.split("|"):
                self._par_code.setdefault(postcode, {})[name] = code

    def find(self, adresse: str) -> str | None:
        """Return the code of the commune of an address; None when none is sure.

        The last postcode counts, and the name that follows it, or that precedes it where it is
        last: the commune of that postcode and name, else the only one of that postcode.  A postcode
        of no commune (CEDEX) says the département: the only commune of that name in it; so does
        « Béthune (62) ».
        """
        adresse = self.restore_zero(adresse)
        found = list(_POSTCODE.finditer(adresse))
        if not found:
            adresse = _SPACED.sub(r"\1", adresse)
            found = list(_POSTCODE.finditer(adresse))
        if not found:
            return self._named_with_departement(adresse)
        postcode, name = found[-1][1], _plain(adresse[found[-1].end() :])
        name = name or _plain(adresse[: found[-1].start()].rpartition(",")[2])
        here = self._par_code.get(postcode, {})
        if name in here:
            return here[name]
        if len(here) == 1:
            return next(iter(here.values()))
        same = self._par_nom.get((postcode[:2], name), set())
        return next(iter(same)) if len(same) == 1 else None

    def _named_with_departement(self, adresse: str) -> str | None:
        """Return the commune of « Béthune (62) », the only one of that name in the département."""
        told = _DEPARTEMENT.fullmatch(adresse.strip())
        named = self._par_nom.get((told[2], _plain(told[1])), set()) if told else set()
        return next(iter(named)) if len(named) == 1 else None

    def restore_zero(self, texte: str) -> str:
        """Return « 2100 Saint-Quentin » with the zero that its postcode lost.

        The name beside must be that of a commune of the département so made: « 1400 Nivelles » is
        of another country, and stays.
        """
        postcode, _, name = texte.strip().partition(" ")
        if not re.fullmatch(r"[1-9]\d{3}", postcode):
            return texte
        return f"0{texte.strip()}" if (f"0{postcode[0]}", _plain(name)) in self._par_nom else texte

    def find_all(self, adresses: pd.Series) -> pd.Series:
        """Return the code of the commune of each address, NA when none is sure."""
        return map_distinct(adresses, self.find).astype("str")


def _rows(table: pd.DataFrame, columns: tuple[str, ...]) -> Iterable[tuple]:
    """Return some columns of a table row by row, unknown as an empty text."""
    return zip(*(table[nom].astype("object").fillna("") for nom in columns), strict=True)


def _plain(name: str) -> str:
    """Return what is compared of the name of a commune."""
    text = _CEDEX.sub("", fold(name)).strip()
    for short, long in _SAINT:
        text = short.sub(long, text)
    return text
