"""Features: the rows of a table as a client of maps pages through them.

The tree of the outlines and the places of identifiers are made once; the text of a page when it is
asked, some of it kept, so that what a collection holds in memory is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoapp.core.errors import ParameterError
from geoapp.outputs.files.geo import dump_json
from geoapp.outputs.files.model import Fichier, plain_rows
from geoapp.outputs.ogc.references import REFERENCES, Reference, project

OCTETS_TEXTE = 16_000_000
"""Characters of properties kept as text: those of what is asked first."""

VRAI, FAUX = ("true", "oui", "1"), ("false", "non", "0")


@dataclass(frozen=True, kw_only=True)
class Demandes:
    """What is asked of a collection: a box in degrees, a time, values, and a mask of rows."""

    boite: tuple[float, float, float, float] | None = None
    periode: tuple[pd.Timestamp | None, pd.Timestamp | None] | None = None
    valeurs: Mapping[str, str] | None = None
    masque: np.ndarray | None = None


class Features:
    """The rows of a file (geometries in EPSG:4326, None where there is none).

    Parameters
    ----------
    fichier : Fichier
        Whole table, its columns and what they mean.
    cle : tuple of str
        Columns that make the identifier of a feature.
    dates : tuple of str
        Columns of the first and last day of a feature, () when it has no time.
    """

    def __init__(self, fichier: Fichier, cle: tuple[str, ...], dates: tuple[str, ...] = ()):
        table = fichier.table
        assert isinstance(table, pd.DataFrame)
        self.fichier = fichier
        self.table = pd.DataFrame(table)[fichier.noms]
        self.shapes = (
            table.geometry.to_numpy()
            if isinstance(table, gpd.GeoDataFrame)
            else np.full(len(table), None)
        )
        keys = (table[nom].astype("str").tolist() for nom in cle)
        self.ids = ["@".join(row) for row in zip(*keys, strict=True)]
        self.ranks = {one: rank for rank, one in enumerate(self.ids)}
        self._placed = np.flatnonzero(~shapely.is_missing(self.shapes))
        self._tree = shapely.STRtree(self.shapes[self._placed])
        self._heads: dict[int, str] = {}
        self._left = OCTETS_TEXTE
        self._times = [_instants(self.table[nom], est_fin=nom == dates[-1]) for nom in dates]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def poids(self) -> int:
        """Return about how many bytes of memory it takes."""
        shapes = 16 * int(shapely.get_num_coordinates(self.shapes).sum()) + 300 * len(self._placed)
        return (
            int(self.table.memory_usage(deep=True).sum()) + shapes + 250 * len(self) + OCTETS_TEXTE
        )

    @property
    def etendue(self) -> list[float] | None:
        """Return the box that holds every geometry, in degrees; None when there is none."""
        if not len(self._placed):
            return None
        return [round(float(one), 6) for one in shapely.total_bounds(self.shapes)]

    @property
    def duree(self) -> list[str | None] | None:
        """Return the first and the last day of the features, None when they have no time."""
        if not self._times:
            return None
        first, last = self._times[0].min(), self._times[-1].max()
        return [
            None if pd.isna(day) else day.strftime("%Y-%m-%dT00:00:00Z") for day in (first, last)
        ]

    def select(self, asked: Demandes) -> np.ndarray:
        """Return the ranks of the features that obey everything asked.

        A feature without geometry is in no box.  One without any date is of every time: what is
        unknown is not refused (OGC 17-069r4, 7.15.4).
        """
        kept = np.ones(len(self), bool)
        if asked.masque is not None:
            kept &= asked.masque
        if asked.boite is not None:
            inside = np.zeros(len(self), bool)
            for box in _boxes(asked.boite):
                inside[self._placed[self._tree.query(box, predicate="intersects")]] = True
            kept &= inside
        if asked.periode is not None and self._times:
            kept &= self._during(*asked.periode)
        for nom, texte in (asked.valeurs or {}).items():
            kept &= self._holds(nom, texte)
        return np.flatnonzero(kept)

    def _during(self, start: pd.Timestamp | None, end: pd.Timestamp | None) -> np.ndarray:
        first, last = self._times[0], self._times[-1]
        first, last = first.fillna(last), last.fillna(first)
        kept = np.ones(len(self), bool)
        if end is not None:
            kept &= ~(first > end).to_numpy()
        if start is not None:
            kept &= ~(last < start).to_numpy()
        return kept

    def _holds(self, nom: str, texte: str) -> np.ndarray:
        """Tell which features have a value; one that the type of the column refuses is an error."""
        column = self.table[nom]
        kind = next(one.type for one in self.fichier.attributs if one.nom == nom)
        if kind == "booleen":
            if texte.lower() not in VRAI + FAUX:
                raise ParameterError(f"{nom} = « {texte[:40]} » : true ou false est attendu.")
            return column.eq(texte.lower() in VRAI).fillna(False).to_numpy(bool)
        if kind in ("entier", "reel"):
            try:
                number = float(texte)
            except ValueError:
                raise ParameterError(f"{nom} = « {texte[:40]} » : un nombre est attendu.") from None
            return column.eq(number).fillna(False).to_numpy(bool)
        return column.eq(texte).fillna(False).to_numpy(bool)

    def write(self, ranks: np.ndarray, reference: Reference) -> list[str]:
        """Return some features as GeoJSON text, in a reference system."""
        drawn = shapely.to_geojson(project(self.shapes[ranks], reference))
        return [
            f'{head}"geometry":{shape or "null"}}}'
            for head, shape in zip(self._heads_of(ranks.tolist()), drawn, strict=True)
        ]

    def _heads_of(self, ranks: list[int]) -> list[str]:
        """Return all of some features but their geometry; what fits in `OCTETS_TEXTE` is kept."""
        lacking = [rank for rank in ranks if rank not in self._heads]
        if not lacking:
            return [self._heads[rank] for rank in ranks]
        noms, made = self.fichier.noms, dict.fromkeys(lacking, "")
        for rank, row in zip(lacking, plain_rows(self.table.iloc[lacking], noms), strict=True):
            properties = dump_json(dict(zip(noms, row, strict=True)))
            made[rank] = (
                f'{{"type":"Feature","id":{dump_json(self.ids[rank])},"properties":{properties},'
            )
            if self._left > 0:
                self._heads[rank] = made[rank]
                self._left -= len(made[rank])
        return [made.get(rank) or self._heads[rank] for rank in ranks]


JOUR = pd.Timedelta(days=1) - pd.Timedelta(seconds=1)


def _instants(dates: pd.Series, *, est_fin: bool) -> pd.Series:
    """Return the first second of days, months (2026-09) or years (2026), or their last one.

    A day that no calendar has is unknown.
    """
    found = pd.to_datetime(dates, utc=True, format="ISO8601", errors="coerce")
    if not est_fin:
        return found
    length = dates.str.len()
    found = found.mask(length.eq(7), found + pd.offsets.MonthEnd(0))
    return found.mask(length.eq(4), found + pd.offsets.YearEnd(0)) + JOUR


def _boxes(box: tuple[float, float, float, float]) -> list[shapely.Polygon]:
    """Return a box as polygons: two when it spans the antimeridian (RFC 7946, 5.2)."""
    west, south, east, north = box
    if west <= east:
        return [shapely.box(west, south, east, north)]
    return [shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)]


def find_reference(nom: str, texte: str) -> Reference:
    """Return the reference system that an address names.

    Raises
    ------
    ParameterError
        When it is not one of ours; the message names them.
    """
    found = REFERENCES.get(texte.strip("[]"))
    if found is None:
        raise ParameterError(
            f"{nom} = « {texte[:80]} » : systèmes acceptés : {', '.join(REFERENCES)}."
        )
    return found
