"""Streets of a snapshot: one SQLite file by source, written at the build, asked by commune.

No process holds them: a file is opened for the question and read through its two indexes (commune,
name).  Each source has a file of its own, with its licence (`docs/sources.md`).
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pandas as pd

from geoapp.offer.search.street_words import fold_street
from geoapp.reference.codes.text import map_distinct
from geoapp.sources.street_files import read_numbers

DOSSIER = "rues"
_COLONNES = "code_commune, plie, rang, nom, ou, code_postal, longitude, latitude, numeros"
_TABLES = f"""
PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN;
CREATE TABLE rues ({_COLONNES}, PRIMARY KEY (code_commune, plie, rang)) WITHOUT ROWID;
CREATE TABLE source (credit);
"""
_PLUS_AU_TOTAL = 400
"""Streets of one name read at most when no commune is told."""


class Rue(NamedTuple):
    """A street of a commune: a point of its middle, its house numbers packed, who told it.

    `ou` parts two streets of one name in a commune: a former commune, or a side.
    """

    code_commune: str
    plie: str
    rang: int
    nom: str
    ou: str
    code_postal: str
    longitude: float
    latitude: float
    numeros: bytes
    credit: str

    @property
    def code(self) -> str:
        """Return what an address of a page names the street by: « 59350-rue-faidherbe »."""
        end = f"-{self.rang}" if self.rang else ""
        return f"{self.code_commune}-{self.plie.replace(' ', '_')}{end}"

    def find_number(self, numero: int, suite: str) -> tuple[float, float] | None:
        """Return longitude and latitude of a house number; None when it is not known.

        « 12 bis » is that of 12 when only 12 is known.
        """
        known = [one for one in read_numbers(self.numeros) if one[0] == numero]
        best = sorted(known, key=lambda one: (one[1] != suite, one[1] != "", one[1]))
        return best[0][2:] if best else None


def streets_bytes(rues: pd.DataFrame, credit: str) -> bytes:
    """Return the file of the streets of one source.

    Parameters
    ----------
    rues : DataFrame
        `code_commune`, `nom`, `ou`, `code_postal`, `longitude`, `latitude` (degrees), `numeros`.
    credit : str
        Who must be named where one of them is shown; "" when nobody must.
    """
    plie = map_distinct(rues["nom"], fold_street)
    table = rues.assign(plie=plie)[plie.ne("").to_numpy()]
    table = table.sort_values(
        ["code_commune", "plie", "ou", "nom", "longitude", "latitude"], kind="stable"
    )
    table["rang"] = table.groupby(["code_commune", "plie"]).cumcount()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rues.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.executescript(_TABLES)
            columns = [table[name].tolist() for name in _COLONNES.split(", ")]
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO rues VALUES ({marks})", zip(*columns, strict=True))
            connection.execute("INSERT INTO source VALUES (?)", (credit,))
            connection.execute("CREATE INDEX par_nom ON rues (plie)")
            connection.execute("COMMIT")
            connection.execute("VACUUM")
        return path.read_bytes()


@dataclass(frozen=True)
class Rues:
    """The streets of a snapshot: the files of its sources, in their order."""

    fichiers: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fichiers)

    def in_communes(self, codes: Sequence[str], plie: str) -> list[Rue]:
        """Return the streets of some communes, of the first source that knows some there.

        Those of the very name asked alone, where there are some: they are found by the index.
        """
        there = f"code_commune IN ({', '.join('?' * len(codes))})"
        for fichier in self.fichiers:
            exact = list(_ask(fichier, f"{there} AND plie = ?", [*codes, plie]))
            if found := exact or list(_ask(fichier, there, codes)):
                return found
        return []

    def named(self, plie: str) -> list[Rue]:
        """Return the streets of one name; in a commune, those of the first source that has some."""
        told: dict[str, int] = {}
        found = []
        for rank, fichier in enumerate(self.fichiers):
            for rue in _ask(fichier, f"plie = ? LIMIT {_PLUS_AU_TOTAL}", [plie]):
                if told.setdefault(rue.code_commune, rank) == rank:
                    found.append(rue)
        return found

    def coded(self, code: str) -> Rue | None:
        """Return the street that an address of a page names; None when there is none."""
        commune, _, rest = code.partition("-")
        plie, _, rang = rest.partition("-")
        if rang and not rang.isdigit():
            return None
        asked = [commune, plie.replace("_", " "), int(rang or 0)]
        for fichier in self.fichiers:
            where = "code_commune = ? AND plie = ? AND rang = ?"
            if found := list(_ask(fichier, where, asked)):
                return found[0]
        return None


def open_streets(folder: Path) -> Rues:
    """Return the streets of the folder of a snapshot, in the order of the registry of sources."""
    return Rues(tuple(sorted((folder / DOSSIER).glob("*.sqlite"))))


def _ask(fichier: Path, where: str, values: Sequence) -> Iterator[Rue]:
    """Yield the streets of a file that a condition of ours keeps."""
    uri = f"file:{quote(str(fichier))}?mode=ro&immutable=1"
    asked = f"SELECT {_COLONNES}, credit FROM rues, source WHERE {where}"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        yield from map(Rue._make, connection.execute(asked, list(values)))
