"""What a file holds: a table, its columns, its notice; and its rows as plain values, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

PAQUET = 2_000
"""Rows turned into plain values at once, so that a long table never lies twice in memory."""

LIGNES_MAX = 1_048_575
"""Rows that one sheet of a workbook can hold under its header."""

POINT, CONTOUR = "point", "contour"
"""What a table may draw: `Fichier.forme` is one of them, or "" for a table without geometry."""

ColonneFichier = tuple[str, str, str, str]
"""Name, title, meaning and type (`texte`, `entier`, `reel`, `booleen`) of one column."""

DEGRES: tuple[ColonneFichier, ...] = (
    (
        "longitude",
        "Longitude",
        "Longitude du point, en degrés (WGS84) ; vide quand il n'est pas placé",
        "reel",
    ),
    ("latitude", "Latitude", "Latitude du point, en degrés (WGS84)", "reel"),
)
"""Columns that stand for a point where a format holds no geometry."""


@dataclass(frozen=True)
class Fichier:
    """A table to be written, without regard to the format.

    `table` is a DataFrame with the `colonnes`, and a `geometry` (EPSG:4326) when `forme` says so.
    `notice` holds (key, text) pairs that must travel with the figures.
    `titre` names the layer or the sheet; `nom` is the short name of the file.
    `style` is the QML of the layer, "" for none.  `parquet` is the file of the snapshot that holds exactly this table, if any.
    """

    table: pd.DataFrame
    colonnes: Sequence[ColonneFichier]
    notice: Sequence[tuple[str, str]]
    titre: str
    nom: str = "donnees"
    forme: str = ""
    nb_figees: int = 0
    style: str = ""
    parquet: Path | None = None

    @property
    def noms(self) -> list[str]:
        """Return the names of the columns, geometry left out."""
        return [nom for nom, *_ in self.colonnes]

    @property
    def colonnes_plates(self) -> list[ColonneFichier]:
        """Return the columns of a format without geometry: a point is two numbers, an outline is left out."""
        return [*self.colonnes, *(DEGRES if self.forme == POINT else ())]


def flat_rows(fichier: Fichier) -> Iterator[list]:
    """Yield the rows of `colonnes_plates` as plain values, None when unknown."""
    for part in pieces(fichier):
        plain = part
        if fichier.forme == POINT:
            plain = pd.DataFrame(part.drop(columns="geometry")).assign(
                longitude=part.geometry.x, latitude=part.geometry.y
            )
        yield from plain_rows(plain, [nom for nom, *_ in fichier.colonnes_plates])


def pieces(fichier: Fichier) -> Iterator[pd.DataFrame]:
    """Yield the table in pieces of at most `PAQUET` rows."""
    for debut in range(0, len(fichier.table), PAQUET):
        yield fichier.table.iloc[debut : debut + PAQUET]


def plain_rows(part: pd.DataFrame, noms: list[str]) -> list[list]:
    """Return some columns as rows of plain Python values, None when unknown."""
    table = pd.DataFrame(part)[noms].astype("object")
    return table.where(table.notna(), None).to_numpy(dtype=object).tolist()
