"""The tables of a sheet: columns with their meaning, raw values for files, words for readers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import pandas as pd

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.french import format_number
from geoapp.coverage.indicators import INDICATEURS, PETIT, format_share, format_value

INCONNU = "inconnu"

_FORMATS: dict[str, Callable[[Any, str], str]] = {
    "texte": lambda v, unite: str(v),
    "entier": lambda v, unite: format_number(round(v)),
    "personnes": lambda v, unite: (
        PETIT if isinstance(v, str) or 0 < v < PETIT_NOMBRE else format_number(round(v))
    ),
    "part": lambda v, unite: format_share(v),
    "cout": lambda v, unite: format_value(INDICATEURS["mediane"], v, unite),
    "taux": lambda v, unite: format_value(INDICATEURS["e2sfca"], v, unite),
}
"""How a value of each type is written."""


@dataclass(frozen=True, kw_only=True)
class ColonneTableau:
    """One column of a table.

    `type` is one of `_FORMATS`, `vide` what is written when a value is unknown.  A column
    `est_cachee` is in the files only.
    """

    nom: str
    titre: str
    sens: str
    type: str = "texte"
    vide: str = INCONNU
    est_cachee: bool = False

    @property
    def est_nombre(self) -> bool:
        """Tell whether the column holds numbers."""
        return self.type != "texte"


@dataclass(frozen=True, kw_only=True)
class Tableau:
    """One table: raw `valeurs` (NA when unknown), and `mots`, its cells as a reader sees them.

    `cles` are the zones that its rows are about, `vide` what is said when there is no row, `note`
    what must be known to read it.  A table `est_groupee` shows the same value of its first column
    once for the rows that follow one another.  `unite` is that of its trips.
    """

    nom: str
    titre: str
    colonnes: tuple[ColonneTableau, ...]
    valeurs: pd.DataFrame
    mots: list[list[str]]
    vide: str = "Aucune ligne."
    note: str = ""
    cles: list[str | None] = field(default_factory=list)
    est_groupee: bool = False
    unite: str = "km"

    def groups(self, limite: int | None = None) -> list[list[int]]:
        """Return the ranks of the rows shown, by first cell when the table `est_groupee`."""
        shown = range(len(self.mots) if limite is None else min(limite, len(self.mots)))
        if not self.est_groupee:
            return [[rank] for rank in shown]
        return [list(part) for _, part in groupby(shown, key=lambda rank: self.mots[rank][0])]

    @property
    def montrees(self) -> list[ColonneTableau]:
        """Return the columns shown to a reader."""
        return [colonne for colonne in self.colonnes if not colonne.est_cachee]


def make_table(
    nom: str,
    titre: str,
    colonnes: Sequence[ColonneTableau],
    valeurs: pd.DataFrame,
    *,
    unite: str = "km",
    **autres,
) -> Tableau:
    """Return a table whose words are those of the type of each column."""
    kept = valeurs[[colonne.nom for colonne in colonnes]].reset_index(drop=True)
    columns = [
        [write_cell(value, colonne, unite) for value in kept[colonne.nom].tolist()]
        for colonne in colonnes
        if not colonne.est_cachee
    ]
    return Tableau(
        nom=nom,
        titre=titre,
        colonnes=tuple(colonnes),
        valeurs=kept,
        mots=[list(row) for row in zip(*columns, strict=True)],
        unite=unite,
        **autres,
    )


def write_cell(value, colonne: ColonneTableau, unite: str = "km") -> str:
    """Return one value in words."""
    return colonne.vide if value is None or pd.isna(value) else _FORMATS[colonne.type](value, unite)


def as_people(values: pd.Series) -> list:
    """Return counts of people as a file may hold them: whole, « < 5 » when small, NA."""
    return [
        value if pd.isna(value) else PETIT if 0 < value < PETIT_NOMBRE else round(value)
        for value in values
    ]


def name_body(nom: str) -> str:
    """Return a body in words, also when the source gives its identifier alone."""
    # An identifier is `uai:…`, `siren:…` or `siret:…`; a name may hold a colon too.
    sorte, deux_points, code = nom.partition(":")
    return (
        f"organisme sans nom ({sorte.upper()} {code})"
        if deux_points and sorte in ("siren", "siret", "uai")
        else nom
    )
