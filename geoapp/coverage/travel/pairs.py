"""Known trips: a file of pairs of points with their car time and distance, checked row by row."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from geoapp.core.errors import SourceError
from geoapp.coverage.travel.crow import pair_km
from geoapp.reference.codes.identifiers import nearest_accepted
from geoapp.sources.records import show

COLONNES = ("o_lon", "o_lat", "d_lon", "d_lat", "driving_s", "driving_m")
"""Degrees (EPSG:4326) of both ends, seconds and metres by road; others are ignored."""

_BORNES = {"o_lon": 180.0, "d_lon": 180.0, "o_lat": 90.0, "d_lat": 90.0}
_MONTRES = 5
"""Faulty rows named in the message; the others are counted."""


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Trips that can be judged: arrays of one length.

    `origins`, `ends` are (n, 2) degrees (EPSG:4326), `crow_km` above 0; `nb_exclues` counts the
    rows that nothing can be judged on (same point, or a time or distance of 0).
    """

    nom: str
    origins: np.ndarray
    ends: np.ndarray
    crow_km: np.ndarray
    minutes: np.ndarray
    road_km: np.ndarray
    nb_exclues: int

    def __len__(self) -> int:
        return len(self.crow_km)

    def take(self, kept: np.ndarray) -> Pairs:
        """Return some of the trips, by rank or by mask."""
        parts = {
            nom: getattr(self, nom)[kept]
            for nom in ("origins", "ends", "crow_km", "minutes", "road_km")
        }
        return Pairs(nom=self.nom, nb_exclues=self.nb_exclues, **parts)


def read_pairs(path: Path) -> Pairs:
    """Return the trips of a CSV file, compressed (.gz) or not, separated by `;` or `,`.

    Decimals may be written with a comma, the file may begin with a byte order mark.

    Raises
    ------
    SourceError
        Unreadable file, missing column, or rows with a value that is missing, no number, or out of
        bounds: the first are named by their line in the file, the header being line 1.
    """
    path = Path(path)
    frame = _read(path)
    numbers = {nom: _numbers(frame[nom]) for nom in COLONNES}
    _refuse(path, frame, numbers)
    origins = np.column_stack([numbers["o_lon"], numbers["o_lat"]])
    ends = np.column_stack([numbers["d_lon"], numbers["d_lat"]])
    crow = pair_km(origins, ends)
    kept = (crow > 0) & (numbers["driving_s"] > 0) & (numbers["driving_m"] > 0)
    return Pairs(
        nom=path.name,
        origins=origins[kept],
        ends=ends[kept],
        crow_km=crow[kept],
        minutes=numbers["driving_s"][kept] / 60,
        road_km=numbers["driving_m"][kept] / 1000,
        nb_exclues=int((~kept).sum()),
    )


def _read(path: Path) -> pd.DataFrame:
    """Return the cells of the columns read, as text."""
    options = {"dtype": "str", "keep_default_na": False, "skip_blank_lines": False}
    compression = "gzip" if path.suffix == ".gz" else None
    try:
        head = pd.read_csv(
            path, sep="\x01", header=None, nrows=1, compression=compression, encoding="utf-8-sig"
        )
        line = str(head.iloc[0, 0])
        separator = ";" if line.count(";") >= line.count(",") else ","
        frame = pd.read_csv(
            path, sep=separator, compression=compression, encoding="utf-8-sig", **options
        )
    except (OSError, EOFError, UnicodeError, ValueError, csv.Error) as error:
        raise SourceError(
            path,
            f"fichier de trajets illisible ({show(str(error).splitlines()[0])}).",
            cure="Un fichier CSV en UTF-8, compressé (.gz) ou non, est attendu.",
        ) from None
    frame.columns = frame.columns.str.strip()
    for nom in COLONNES:
        if nom not in frame.columns:
            near = nearest_accepted(nom, frame.columns)
            hint = f" (le plus proche : « {near} »)" if near else ""
            raise SourceError(
                path,
                f"colonne {nom} absente{hint}.",
                cure=f"Colonnes attendues : {', '.join(COLONNES)}, séparées par ; ou ,.",
            )
    return frame


def _numbers(cells: pd.Series) -> np.ndarray:
    """Return the numbers of cells, NaN where there is none."""
    texts = cells.str.strip().str.replace(",", ".", regex=False)
    return pd.to_numeric(texts, errors="coerce").to_numpy(float)


def _refuse(path: Path, frame: pd.DataFrame, numbers: dict[str, np.ndarray]) -> None:
    """Raise `SourceError` naming the first faulty rows and why, and how many there are."""
    faults = []
    for nom, values in numbers.items():
        bound = _BORNES.get(nom)
        with np.errstate(invalid="ignore"):
            wrong = ~(np.abs(values) <= bound) if bound else ~((values >= 0) & (values < np.inf))
        what = f"un nombre de −{bound:.0f} à {bound:.0f}" if bound else "un nombre positif ou nul"
        faults += [(i, nom, what) for i in np.flatnonzero(wrong)]
    if not faults:
        if not len(frame):
            raise SourceError(path, "aucun trajet.", cure="Donnez au moins une ligne.")
        return
    faults.sort(key=lambda one: one[0])
    told = [
        f"ligne {i + 2} : {nom} = « {show(frame[nom].iloc[i])} » ({what} est attendu)"
        for i, nom, what in faults[:_MONTRES]
    ]
    nb, more = len({one[0] for one in faults}), " ; …" if len(faults) > _MONTRES else ""
    raise SourceError(
        path,
        f"{nb} ligne(s) refusée(s). {' ; '.join(told)}{more}.",
        cure="Corrigez ou retirez ces lignes : degrés, secondes et mètres sont attendus.",
    )
