"""The world of coverage in memory: people, places, costs and zones as aligned arrays.

Rows are the demand points of the cost matrix, columns its places.  Read once
by process, then only read: threads may share it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from threading import Lock

import numpy as np
import pandas as pd
from scipy import sparse

from geoapp import access
from geoapp.coverage.model import CARREAU, COMMUNE, Question
from geoapp.filters import apply_filters
from geoapp.tables import Snapshot
from geoapp.travel import Trajets, open_trajets
from geoapp.zones import ZONAGES

_POIDS_GARDES = 9
"""Weight matrices kept: three thresholds (the asked one, ± 25 %) for three questions."""

_POPULATIONS = {"tous": "population_retenue", "adultes": "nb_adultes", "jeunes": "nb_18_24"}


@dataclass(frozen=True)
class Maille:
    """One division of the region: its zones, and which points lie in each.

    `points` and `zones` are the member pairs (row of the matrix, rank of the
    zone); a point may lie in no zone, or in several when zones overlap.
    """

    type_zone: str
    codes: np.ndarray
    noms: np.ndarray
    points: np.ndarray
    zones: np.ndarray
    est_estimee: np.ndarray


@dataclass(frozen=True)
class Monde:
    """Everything that answers read; see the module.

    `points` has one row per row of the matrix: id_point, type_point,
    code_commune, est_region, longitude, latitude, and the population of each
    public (NaN when unknown).  `offres` has the placed offers of the region and
    of its neighbours, with `place` (column of the matrix), `organisme` (rank) and `est_voisine`.
    """

    snapshot: Snapshot
    trajets: Trajets
    points: pd.DataFrame
    offres: pd.DataFrame
    noms_organismes: np.ndarray
    nb_non_placees: int
    nb_a_distance: int
    mailles: dict[str, Maille] = field(default_factory=dict)
    _poids: OrderedDict = field(default_factory=OrderedDict, repr=False)
    _verrou: Lock = field(default_factory=Lock, repr=False)

    @property
    def unites(self) -> tuple[str, ...]:
        """Return the units in which costs are known."""
        known = {"km": self.trajets.distance_km, "min": self.trajets.duree_min}
        return tuple(unite for unite, cost in known.items() if cost is not None)

    def cost(self, unite: str) -> sparse.csr_array:
        """Return the cost matrix of one unit, points × places."""
        return self.trajets.distance_km if unite == "km" else self.trajets.duree_min

    def population(self, public: str) -> np.ndarray:
        """Return the people of a public by point; NaN when unknown."""
        return self.points[_POPULATIONS[public]].to_numpy()

    def demand(self, voisins: bool) -> np.ndarray:
        """Return the people who compete for the offer, by point; those of the neighbours only when they count."""
        everybody = self.points["population_retenue"].to_numpy()
        return everybody if voisins else np.where(self.points["est_region"], everybody, 0.0)

    def weights(self, unite: str, seuil: float, forme: str) -> sparse.csr_array:
        """Return the weights of the costs up to `seuil`, one form (`pas` E2SFCA steps, `un` 2SFCA); the last ones are kept."""
        cle = (unite, seuil, forme)
        with self._verrou:
            if cle in self._poids:
                self._poids.move_to_end(cle)
                return self._poids[cle]
        weight = access.default_steps(seuil) if forme == "pas" else access.binary()
        made = access.weigh(self.cost(unite), seuil, weight)
        with self._verrou:
            self._poids[cle] = made
            while len(self._poids) > _POIDS_GARDES:
                self._poids.popitem(last=False)
        return made


COMPTES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "actions": lambda offres: pd.Series(1.0, index=offres.index),
    "places": lambda offres: offres["capacite"],
    "sessions": lambda offres: offres["nb_sessions"],
    "mixte": lambda offres: offres["capacite"].fillna(offres["nb_sessions"]),
}
"""How an offer counts as supply; NaN when it is not known, and then it counts for nothing."""


@dataclass(frozen=True)
class Offre:
    """The offer of one question: its rows, and its supply by place (columns of the matrix).

    `sures` is the supply without the offers of doubtful position.
    """

    offres: pd.DataFrame
    par_place: np.ndarray
    sures: np.ndarray


def open_world(snapshot: Snapshot) -> Monde:
    """Return the world of a snapshot.

    Raises
    ------
    SnapshotError
        When the snapshot holds no cost matrix.
    """
    trajets = open_trajets(snapshot)
    points = _points(snapshot, trajets)
    offres, noms, non_placees, a_distance = _offers(snapshot, trajets)
    monde = Monde(snapshot, trajets, points, offres, noms, non_placees, a_distance)
    monde.mailles.update(_mailles(snapshot, points))
    return monde


def _points(snapshot: Snapshot, trajets: Trajets) -> pd.DataFrame:
    """Return the demand points in the order of the matrix, numbers as floats."""
    demande = snapshot.read("demande").set_index("id_point").loc[trajets.origines].reset_index()
    points = pd.DataFrame(demande.drop(columns="geometry"))
    points["est_region"] = points["est_region"].astype(bool)
    for column in _POPULATIONS.values():
        points[column] = points[column].astype("float64")
    return points.assign(longitude=demande.geometry.x.to_numpy(), latitude=demande.geometry.y.to_numpy())


def _offers(snapshot: Snapshot, trajets: Trajets) -> tuple[pd.DataFrame, np.ndarray, int, int]:
    """Return the placed offers with place and body as ranks, the names of bodies, and what is left out."""
    mine, theirs = snapshot.read("offres"), snapshot.read("offres_voisines")
    every = pd.concat([_plain(mine).assign(est_voisine=False), _plain(theirs).assign(est_voisine=True)], ignore_index=True)
    remote = every["modalite"].eq("a_distance").fillna(False).astype(bool)
    nowhere = every["id_place"].isna() & ~remote
    kept = every[every["id_place"].notna() & ~remote].reset_index(drop=True)
    body = kept["id_organisme"].fillna(kept["nom_organisme"]).fillna("organisme inconnu : " + kept["id_lieu"])
    kept["organisme"], distinct = pd.factorize(body, sort=True)
    names = kept["nom_organisme"].groupby(kept["organisme"]).first().reindex(range(len(distinct)))
    kept["place"] = pd.Index(trajets.places).get_indexer(kept["id_place"])
    kept["capacite"] = kept["capacite"].astype("float64")
    kept["nb_sessions"] = kept["dates_debut"].str.count(r"\|").add(1).astype("float64")
    outside = ~every["est_voisine"]
    return kept, names.fillna(pd.Series(distinct)).to_numpy(dtype=object), int((nowhere & outside).sum()), int((remote & outside).sum())


def _plain(offres: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(offres.drop(columns="geometry"))


def _mailles(snapshot: Snapshot, points: pd.DataFrame) -> dict[str, Maille]:
    """Return every division of the region, with the points that lie in each zone."""
    region = np.flatnonzero(points["est_region"])
    zones, links = snapshot.read("zones"), snapshot.read("communes_zones")
    free = snapshot.read("demande_zones")
    rank = pd.Series(range(len(points)), index=points["id_point"])
    inside = pd.DataFrame({"point": region, "code_commune": points["code_commune"].to_numpy()[region]})
    result = {}
    for type_zone, part in zones.groupby("type_zone"):
        if ZONAGES[type_zone].methode == "code":
            whole = links[links["type_zone"].eq(type_zone) & links["type_lien"].eq("entiere")]
            members = inside.merge(whole[["code_commune", "code_zone"]], on="code_commune").assign(est_estimee=False)
        else:
            mine = free[free["type_zone"].eq(type_zone) & free["id_point"].isin(rank.index)]
            members = pd.DataFrame({"point": mine["id_point"].map(rank), "code_zone": mine["code_zone"], "est_estimee": mine["methode"].eq("estimee")})
        result[type_zone] = _maille(type_zone, part["code_zone"], part["nom"], members)
    communes = snapshot.read("communes")
    communes = communes[communes["est_region"].astype(bool)]
    result[COMMUNE] = _maille(COMMUNE, communes["code_commune"], communes["nom"], inside.rename(columns={"code_commune": "code_zone"}).assign(est_estimee=False))
    cells = points[points["type_point"].eq(CARREAU) & points["est_region"]]
    names = cells["code_commune"].map(communes.set_index("code_commune")["nom"]).fillna(cells["code_commune"])
    result[CARREAU] = _maille(CARREAU, cells["id_point"], names, pd.DataFrame({"point": cells.index, "code_zone": cells["id_point"], "est_estimee": False}))
    return result


def _maille(type_zone: str, codes: pd.Series, noms: pd.Series, members: pd.DataFrame) -> Maille:
    """Return one division, zones sorted by code."""
    order = np.argsort(codes.to_numpy(dtype=str), kind="stable")
    codes, noms = codes.to_numpy(dtype=object)[order], noms.to_numpy(dtype=object)[order]
    zone = pd.Index(codes).get_indexer(members["code_zone"])
    kept = zone >= 0
    estimated = np.zeros(len(codes), dtype=bool)
    estimated[zone[kept & members["est_estimee"].to_numpy(dtype=bool)]] = True
    return Maille(type_zone, codes, noms, members["point"].to_numpy(dtype=np.intp)[kept], zone[kept], estimated)


def choose_offer(monde: Monde, question: Question, today: date | None = None) -> Offre:
    """Return the offers of a question and their supply by place.

    An offer whose supply is unknown (no capacity) counts for nothing in the
    supply, and is counted in the quality of the answer.
    """
    offres = monde.offres if question.voisins else monde.offres[~monde.offres["est_voisine"]]
    kept = apply_filters(offres, question.filtres, today=today)
    supply = COMPTES[question.offre](kept).fillna(0.0).to_numpy(dtype=float)
    place, size = kept["place"].to_numpy(), len(monde.trajets.places)
    sure = ~kept["est_douteuse"].to_numpy(dtype=bool)
    return Offre(kept, np.bincount(place, supply, size), np.bincount(place[sure], supply[sure], size))
