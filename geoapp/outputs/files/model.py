"""What a file holds: a table, its columns, its notice.

And its rows as plain values, a few at a time.  How they are shown to a reader is in `shown`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geoapp.core.french import typeset

PAQUET = 2_000
"""Rows turned into plain values at once, so that a long table never lies twice in memory."""

LIGNES_MAX = 1_048_575
"""Rows that one sheet of a workbook can hold under its header."""

POINT, CONTOUR = "point", "contour"
"""What a table may draw: `Fichier.forme` is one of them, or "" for a table without geometry."""


TYPES = {"entier": "Int64", "reel": "float64", "booleen": "boolean", "texte": "object"}
"""What holds each type of column in a table; unknown values stay unknown."""


UNITES = {
    "_pct": ("%", 1),
    "_pts": ("points", 1),
    "_eur": ("€", 2),
    "_min": ("min", 0),
    "_km": ("km", 1),
    "_m": ("m", 0),
    "_h": ("h", 1),
}
"""Unit and decimals that the end of a name tells: names of columns carry their unit."""


@dataclass(frozen=True, kw_only=True)
class ColonneFichier:
    """One column: name, title and meaning, type (`texte`, `entier`, `reel`, `booleen`).

    What follows is how a reader sees it (CSV for spreadsheets, workbook); formats for programs hold
    the values as they are.  `unite` follows the title, `decimales` are those of a `reel`,
    `est_part` tells a share (0 to 1), shown in percents.  `libelles` gives the words of codes, or
    is what makes them; `dire_vide` says in a word why a cell is empty, from its row, "" when it is
    unknown.
    `largeur` is its width in a workbook (0: that of what it holds); `est_annexe` leaves it, last
    of all, out of what is printed.
    `est_position` tells a coordinate: a format that holds geometries leaves it out.
    """

    nom: str
    titre: str
    sens: str
    type: str = "texte"
    largeur: int = 0
    decimales: int = 2
    unite: str = ""
    est_part: bool = False
    libelles: Mapping[str, str] | Callable[[str], str] | None = None
    dire_vide: Callable[[Mapping], str] | None = None
    est_annexe: bool = False
    est_position: bool = False


def make_column(nom: str, titre: str, sens: str, type_: str, **autres) -> ColonneFichier:
    """Return a column whose name tells its unit, its decimals, and whether it is a share."""
    if type_ == "reel" or nom.endswith(("_m", "_min")):
        end = next((end for end in UNITES if nom.endswith(end)), "")
        # `part_30_min` is a share of people within minutes, `part_emploi_pct` one in percents.
        if nom.startswith("part_") and end != "_pct":
            autres = {"est_part": True, "decimales": 1, **autres}
        elif end:
            unite, decimales = UNITES[end]
            autres = {"unite": unite, "decimales": decimales, **autres}
    return ColonneFichier(nom=nom, titre=titre, sens=sens, type=type_, **autres)


def as_columns(*rows: tuple[str, str, str, str]) -> tuple[ColonneFichier, ...]:
    """Return columns from rows of name, title, meaning and type (see `make_column`)."""
    return tuple(make_column(*row) for row in rows)


DEGRES: tuple[ColonneFichier, ...] = (
    ColonneFichier(
        nom="longitude",
        titre="Longitude",
        sens="Longitude du point, en degrés (WGS84) ; vide quand il n'est pas placé",
        type="reel",
        decimales=6,
        est_position=True,
    ),
    ColonneFichier(
        nom="latitude",
        titre="Latitude",
        sens="Latitude du point, en degrés (WGS84)",
        type="reel",
        decimales=6,
        est_position=True,
    ),
)
"""Columns that stand for a point where a format holds no geometry."""


@dataclass(frozen=True)
class Suite:
    """A table too long to lie in memory: its number of rows, what reads it piece by piece.

    Each reading starts anew and yields one piece at least, be it empty.
    """

    nb_lignes: int
    lire: Callable[[], Iterator[pd.DataFrame]]

    def __len__(self) -> int:
        return self.nb_lignes


@dataclass(frozen=True, kw_only=True)
class Fichier:
    """A table to be written, without regard to the format.

    `table` holds the `colonnes`, and a `geometry` (EPSG:4326) when `forme` says so.
    `notice` holds (key, text) pairs that must travel with the figures; beside a CSV they are a
    file of their own.  `description` says the same for programs, in a GeoJSON.
    `titre` names the layer, `feuille` the sheet; `nom` is the short name of the file.
    `identifiant` names the columns that make the identifier of a feature, () for none.
    `style` is the QML of the layer, "" for none.
    `parquet` is the file of the snapshot that holds exactly this table, if any.
    """

    table: pd.DataFrame | Suite
    colonnes: Sequence[ColonneFichier]
    notice: Sequence[tuple[str, str]]
    titre: str
    nom: str = "donnees"
    feuille: str = "Données"
    forme: str = ""
    nb_figees: int = 0
    style: str = ""
    parquet: Path | None = None
    identifiant: tuple[str, ...] = ()
    description: Mapping | None = None

    @property
    def mentions(self) -> list[tuple[str, str]]:
        """Return the notice, typeset, as every format writes it."""
        return [(cle, typeset(texte)) for cle, texte in self.notice]

    @property
    def attributs(self) -> list[ColonneFichier]:
        """Return the columns beside the geometry, all of them without geometry."""
        return [one for one in self.colonnes if not (self.forme and one.est_position)]

    @property
    def noms(self) -> list[str]:
        """Return the names of `attributs`."""
        return [one.nom for one in self.attributs]

    @property
    def colonnes_plates(self) -> list[ColonneFichier]:
        """Return the columns of a format without geometry (see `flat_columns`)."""
        return flat_columns(self.colonnes, self.forme)


def flat_columns(colonnes: Sequence[ColonneFichier], forme: str) -> list[ColonneFichier]:
    """Return the columns of a format without geometry: a point is two numbers, an outline none."""
    is_told = any(one.est_position for one in colonnes)
    return [*colonnes, *(DEGRES if forme == POINT and not is_told else ())]


def flat_rows(fichier: Fichier) -> Iterator[list]:
    """Yield the rows of `colonnes_plates` as plain values, None when unknown."""
    noms = [one.nom for one in fichier.colonnes_plates]
    for part in pieces(fichier):
        plain = part
        if fichier.forme == POINT:
            plain = pd.DataFrame(part.drop(columns="geometry")).assign(
                longitude=part.geometry.x, latitude=part.geometry.y
            )
        yield from plain_rows(plain, noms)


def pieces(fichier: Fichier) -> Iterator[pd.DataFrame]:
    """Yield the table in pieces of at most `PAQUET` rows."""
    if isinstance(fichier.table, Suite):
        yield from fichier.table.lire()
        return
    for debut in range(0, len(fichier.table), PAQUET):
        yield fichier.table.iloc[debut : debut + PAQUET]


def layers(fichier: Fichier) -> Iterator[pd.DataFrame]:
    """Yield the table for a format that keeps types: whole, or piece by piece as it is read."""
    parts = fichier.table.lire() if isinstance(fichier.table, Suite) else [fichier.table]
    for part in parts:
        yield part[[*fichier.noms, *(["geometry"] if fichier.forme else [])]]


def plain_rows(part: pd.DataFrame, noms: list[str]) -> list[list]:
    """Return some columns as rows of plain Python values, None when unknown."""
    table = pd.DataFrame(part)[noms].astype("object")
    return table.where(table.notna(), None).to_numpy(dtype=object).tolist()
