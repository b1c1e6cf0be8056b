"""Trips from any point, by every way of travelling that is known: what a search asks.

By the law of the way: minutes from the straight line and the density at both ends.  Where a
network, a timetable or a file was given for it, by the row of its matrix at the nearest point of
demand, when that point is near.  A way without law nor matrix is not there.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from math import isfinite

import numpy as np
import scipy
import shapely

from geoapp.core.errors import MissingPartError
from geoapp.core.french import format_distance, say_between, say_minutes
from geoapp.core.geometry import to_metric
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.law import Law, load_laws
from geoapp.coverage.travel.matrix import PAR_UNITE, Matrice, Matrices, open_trajets
from geoapp.coverage.travel.modes import MODES, Mode
from geoapp.coverage.travel.words import (
    describe_cost,
    describe_error,
    describe_precision,
    error_at,
)
from geoapp.offer.search.travel import Depart, Duree, Durees

PROCHE_M = 500.0
"""A point of demand at most this far stands for the point searched from (metres)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FromPoint:
    """The trips from any point to some places (see the module).

    Attributes
    ----------
    lois : dict
        Law by way of travelling.
    donnees : dict
        Matrix by way of travelling of which one was given.
    longitudes, latitudes, densites : (n,) arrays
        Places (EPSG:4326), and people per km² around them.
    colonnes : (n,) array
        Column of each place in the matrices, −1 when they do not hold it.
    points : callable
        Gives the points of demand, (m, 2) degrees, in the order of the rows.
    """

    lois: Mapping[str, Law]
    donnees: Mapping[str, Matrice]
    densites: np.ndarray
    colonnes: np.ndarray
    points: Callable[[], np.ndarray] = field(repr=False)

    @cached_property
    def moyens(self) -> dict[str, Mode]:
        """Return the ways of travelling that are known, the default first."""
        return {nom: one for nom, one in MODES.items() if nom in self.lois or nom in self.donnees}

    def durees(self, mode: str, depart: Depart) -> Durees:
        """Return the trips to every place by one way of travelling.

        A place known by its commune only is at an interval: the law at both bounds.
        """
        least, most = self._by_law(mode, depart)
        given = np.zeros(len(most), dtype=bool)
        if (row := self._row(mode, depart.longitude, depart.latitude)) is not None:
            minutes, given = self._by_matrix(mode, row)
            given &= depart.moins_m == depart.plus_m
            least, most = (np.where(given, minutes, one) for one in (least, most))
        return Durees(
            noms=(mode,),
            rangs=np.zeros(len(most), dtype=np.int64),
            moins=least,
            plus=most,
            metres=depart.plus_m,
            est_donnee=given,
            dire=self._say,
        )

    def _by_law(self, mode: str, depart: Depart) -> tuple[np.ndarray, np.ndarray]:
        """Return the minutes to every place, at least and at most; unknown without law."""
        if (law := self.lois.get(mode)) is None:
            return (np.full(len(depart.plus_m), np.nan),) * 2
        here = density_around(np.array([[depart.longitude, depart.latitude]]))
        most = law.minutes(depart.plus_m / 1000, here, self.densites)
        vague = np.flatnonzero(depart.moins_m < depart.plus_m)
        least = most.copy()
        least[vague] = law.minutes(depart.moins_m[vague] / 1000, here, self.densites[vague])
        return least, most

    def _row(self, mode: str, longitude: float, latitude: float) -> int | None:
        """Return the row of a given matrix that stands for a point; None when none is near."""
        if mode not in self.donnees:
            return None
        gap_m, row = self._tree.query(np.array(to_metric(longitude, latitude)))
        known = self.donnees[mode].origines_reseau
        if gap_m > PROCHE_M or (known is not None and not known[row]):
            return None
        return int(row)

    @cached_property
    def _tree(self) -> scipy.spatial.cKDTree:
        """Return the points of demand (Lambert-93, metres)."""
        return scipy.spatial.cKDTree(np.column_stack(to_metric(*self.points().T)))

    def _by_matrix(self, mode: str, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the minutes of a row to every place, and for which the matrix knows them.

        Between two ends that it reaches, a trip that is absent is out of reach.
        """
        matrice = self.donnees[mode]
        steps = matrice.pas["min"]
        start, end = steps.indptr[row : row + 2]
        minutes = np.full(steps.shape[1], np.inf)
        minutes[steps.indices[start:end]] = steps.data[start:end] / PAR_UNITE["min"]
        reached = matrice.places_reseau
        known = np.ones(steps.shape[1], dtype=bool) if reached is None else reached.astype(bool)
        # One more at the end: a place that the matrix does not hold, −1, reads it.
        return np.append(minutes, np.nan)[self.colonnes], np.append(known, False)[self.colonnes]

    def _say(self, duree: Duree) -> str:
        """Return a trip in words with its error: « environ 25 min en voiture, à 10 % près… »."""
        phrase = MODES[duree.mode].phrase
        if not isfinite(duree.plus):
            return f"hors de portée {phrase}" if duree.est_donnee else ""
        error = describe_error(error_at(self._errors(duree), "min", duree.plus))
        if duree.moins < duree.plus:
            most = say_minutes(max(1, duree.plus))
            bounds = say_between(duree.moins, duree.plus) if duree.moins >= 1 else most
            least = "environ" if duree.moins >= 1 else "au plus environ"
            return f"{least} {bounds} {phrase} selon l'endroit de la commune, {error}"
        if duree.plus < 1:
            return f"moins d'une minute {phrase}"
        cost, _, _ = describe_cost(self._errors(duree), "min", duree.plus).partition(", ")
        return f"{cost} {phrase}, {error}"

    def _errors(self, duree: Duree) -> Mapping:
        """Return the errors of the provider of a trip; none beyond what its law is meant for."""
        if duree.est_donnee:
            return self.donnees[duree.mode].parametres
        law = self.lois[duree.mode]
        band = next((one for one in law.errors if duree.metres / 1000 <= one.a_km), None)
        return {"erreurs": [asdict(band)] if band else []}

    def tell_source(self, mode: str, longitude: float, latitude: float, minutes: float) -> str:
        """Return where the trips come from, and how far they are wrong around some minutes."""
        phrase = MODES[mode].phrase
        if self._row(mode, longitude, latitude) is None:
            if (law := self.lois.get(mode)) is not None:
                return describe_precision(_told(law), mode=mode, unite="min", seuil=minutes)
            near = format_distance(PROCHE_M)
            return (
                f"Trajets {phrase} : inconnus depuis ce lieu, à plus de {near} d'un point "
                "dont les trajets sont calculés."
            )
        matrice = self.donnees[mode]
        gap_m, _ = self._tree.query(np.array(to_metric(longitude, latitude)))
        told = describe_precision(matrice.parametres, mode=mode, unite="min", seuil=minutes)
        told += f" Ils partent du point habité le plus proche, à {format_distance(gap_m)}."
        if matrice.places_reseau is None or mode not in self.lois:
            return told
        return f"{told} Vers les lieux que ces trajets n'atteignent pas, une loi les estime."


@functools.cache
def _told(law: Law) -> dict:
    """Return what is told of a law as of a matrix, each band of error with its minutes."""
    bands = [asdict(band) | {"a_min": float(law.minutes(band.a_km))} for band in law.errors]
    kind = "loi calée" if law.est_mesuree else "loi déclarée"
    return {
        "fournisseur": f"{kind} ({law.source})",
        "date": law.date,
        "licence": law.licence,
        "erreurs": bands,
    }


def from_points(snapshot: Snapshot) -> Callable[[np.ndarray], FromPoint]:
    """Return what makes, of the positions of places ((n, 2) degrees), the trips to them."""

    def make(lonlat: np.ndarray) -> FromPoint:
        matrices = _matrices(snapshot)
        given = {
            nom: one
            for nom, one in (matrices.modes if matrices else {}).items()
            if _is_given(one) and "min" in one.pas
        }
        ids = [f"{y:.5f},{x:.5f}" for x, y in lonlat.tolist()]
        column = _ranks(matrices)
        return FromPoint(
            lois=load_laws(),
            donnees=given,
            densites=density_around(lonlat),
            colonnes=np.array([column.get(one, -1) for one in ids], dtype=np.int64),
            # Without a matrix nothing of it is held: laws need no point.
            points=partial(_demand, snapshot, matrices.origines if matrices and given else None),
        )

    return make


def _matrices(snapshot: Snapshot) -> Matrices | None:
    """Return the matrices of a snapshot; None when it holds none: laws need no snapshot."""
    try:
        return open_trajets(snapshot)
    except MissingPartError:
        return None


def _ranks(matrices: Matrices | None) -> dict[str, int]:
    """Return the column of each place."""
    return {one: rank for rank, one in enumerate(matrices.places)} if matrices else {}


def _is_given(matrice: Matrice) -> bool:
    """Tell whether costs come from a file: a law has no digest."""
    return "sha256" in matrice.parametres


def _demand(snapshot: Snapshot, ids: np.ndarray | None) -> np.ndarray:
    """Return some points of demand in the order of `ids`, (n, 2) degrees."""
    if ids is None:
        return np.empty((0, 2))
    demande = snapshot.read("demande").set_index("id_point").loc[ids]
    return shapely.get_coordinates(demande.geometry.to_numpy())
