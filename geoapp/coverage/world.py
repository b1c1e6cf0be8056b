"""The world of coverage in memory: people, places, costs and zones as aligned arrays.

Rows are the demand points of the cost matrix, columns its places.  Read once
by process, then only read: threads may share it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pandas as pd
from scipy import sparse

from geoapp.core.memory import Memory
from geoapp.core.snapshot import Snapshot
from geoapp.coverage import access
from geoapp.coverage.model import Question
from geoapp.coverage.travel import Trajets, open_trajets
from geoapp.offer.filters import FILTRES
from geoapp.reference.zonings import CARREAU, COMMUNE, ZONAGES

_POIDS_GARDES = 16
"""Weight matrices kept: three thresholds (the asked one, ± 25 %) and the count, for four questions."""

_PROCHES = (12.5, 25.0, 62.5)
"""Costs kept apart, so that a threshold reads no more of them than it needs."""

_POPULATIONS = {"tous": "population_retenue", "adultes": "nb_adultes", "jeunes": "nb_18_24"}


@dataclass(frozen=True)
class Maille:
    """One division of the region: its zones, and which points lie in each.

    `points` and `zones` are the member pairs (row of the matrix, rank of the
    zone); a point may lie in no zone, or in several when zones overlap.
    `offres` and `zones_offres` are those of the offers of the region (row of `World.comptes`, rank of the zone).
    `est_sans_contour` tells the zones of free form without outline: which offers lie inside is not known.
    """

    type_zone: str
    codes: np.ndarray
    noms: np.ndarray
    points: np.ndarray
    zones: np.ndarray
    est_estimee: np.ndarray
    offres: np.ndarray
    zones_offres: np.ndarray
    est_sans_contour: np.ndarray | None = None


@dataclass(frozen=True)
class World:
    """Everything that answers read; see the module.

    `points` has one row per row of the matrix: id_point, type_point,
    code_commune, est_region, longitude, latitude, and the population of each
    public (NaN when unknown).  `offres` has the placed offers of the region and
    of its neighbours as texts, `comptes` the same rows as numbers: `place`
    (column of the matrix), `organisme` (rank), `est_voisine`, `capacite`…
    `memoire` keeps what is worked out once.
    """

    snapshot: Snapshot
    trajets: Trajets
    points: pd.DataFrame
    offres: pd.DataFrame
    comptes: pd.DataFrame
    noms_organismes: np.ndarray
    nb_non_placees: int
    nb_a_distance: int
    mailles: dict[str, Maille] = field(default_factory=dict)
    memoire: Memory = field(default_factory=Memory, repr=False)

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

    @property
    def residents(self) -> tuple[np.ndarray, float]:
        """Return the people of the region by point (0 elsewhere or when unknown) and their sum."""
        return self.memoire.get("residents", self._count_residents)

    def _count_residents(self) -> tuple[np.ndarray, float]:
        people = np.nan_to_num(self.demand(False))
        return people, float(people.sum())

    def _near(self, unite: str, seuil: float) -> sparse.csr_array:
        """Return the costs up to the least of `_PROCHES` that holds a threshold: far fewer than all of them, and kept."""
        limite = next((one for one in _PROCHES if seuil <= one), None)
        if limite is None:
            return self.cost(unite)
        return self.memoire.get((unite, limite), lambda: access.within(self.cost(unite), limite))

    def last_ones(self, sorte: Hashable, maxsize: int) -> Memory:
        """Return the memory of one kind of answers, of which only the last ones asked are kept."""
        return self.memoire.get(("dernieres", sorte), lambda: Memory(maxsize))

    def weights(self, unite: str, seuil: float, forme: str) -> sparse.csr_array:
        """Return the weights of the costs up to `seuil`, one form (`pas` E2SFCA steps, `un` 2SFCA); the last ones are kept."""

        def make() -> sparse.csr_array:
            weight = access.default_steps(seuil) if forme == "pas" else access.binary()
            return access.weigh(self._near(unite, seuil), seuil, weight)

        return self.last_ones("poids", _POIDS_GARDES).get((unite, seuil, forme), make)


COMPTES: dict[str, Callable[[pd.DataFrame], np.ndarray]] = {
    "actions": lambda comptes: np.ones(len(comptes)),
    "places": lambda comptes: comptes["capacite"].to_numpy(),
    "sessions": lambda comptes: comptes["nb_sessions"].to_numpy(),
    "mixte": lambda comptes: comptes["capacite"].fillna(comptes["nb_sessions"]).to_numpy(),
}
"""How an offer counts as supply; NaN when it is not known, and then it counts for nothing."""


@dataclass(frozen=True)
class OffreComptee:
    """The offer of one question: its rows of `World.comptes` (same index), and its supply by place (columns of the matrix).

    `sures` is the supply without the offers of doubtful position.
    """

    comptes: pd.DataFrame
    par_place: np.ndarray
    sures: np.ndarray


def open_world(snapshot: Snapshot) -> World:
    """Return the world of a snapshot.

    Raises
    ------
    SnapshotError
        When the snapshot holds no cost matrix.
    """
    trajets = open_trajets(snapshot)
    points = _points(snapshot, trajets)
    offres, non_placees, a_distance = _offers(snapshot)
    comptes, noms = _numbers(offres, trajets)
    world = World(snapshot, trajets, points, offres, comptes, noms, non_placees, a_distance)
    world.mailles.update(_mailles(snapshot, points, offres))
    return world


def _points(snapshot: Snapshot, trajets: Trajets) -> pd.DataFrame:
    """Return the demand points in the order of the matrix, numbers as floats."""
    demande = snapshot.read("demande").set_index("id_point").loc[trajets.origines].reset_index()
    points = pd.DataFrame(demande.drop(columns="geometry"))
    points["est_region"] = points["est_region"].astype(bool)
    for column in _POPULATIONS.values():
        points[column] = points[column].astype("float64")
    return points.assign(
        longitude=demande.geometry.x.to_numpy(), latitude=demande.geometry.y.to_numpy()
    )


def _offers(snapshot: Snapshot) -> tuple[pd.DataFrame, int, int]:
    """Return the placed offers of the region then of its neighbours, and how many are left out: without position, remote."""
    mine, theirs = snapshot.read("offres"), snapshot.read("offres_voisines")
    every = pd.concat(
        [_plain(mine).assign(est_voisine=False), _plain(theirs).assign(est_voisine=True)],
        ignore_index=True,
    )
    remote = every["modalite"].eq("a_distance").fillna(False).astype(bool)
    nowhere = every["id_place"].isna() & ~remote
    outside = ~every["est_voisine"]
    return (
        every[every["id_place"].notna() & ~remote].reset_index(drop=True),
        int((nowhere & outside).sum()),
        int((remote & outside).sum()),
    )


def _numbers(offres: pd.DataFrame, trajets: Trajets) -> tuple[pd.DataFrame, np.ndarray]:
    """Return what is counted of each offer as plain numbers (same rows), and the names of the bodies by rank."""
    body = (
        offres["id_organisme"]
        .fillna(offres["nom_organisme"])
        .fillna("organisme inconnu : " + offres["id_lieu"])
    )
    rank, distinct = pd.factorize(body, sort=True)
    names = (
        offres["nom_organisme"]
        .groupby(rank)
        .first()
        .reindex(range(len(distinct)))
        .fillna(pd.Series(distinct))
    )
    comptes = pd.DataFrame(
        {
            "place": pd.Index(trajets.places).get_indexer(offres["id_place"]),
            "organisme": rank,
            "capacite": offres["capacite"].astype("float64").to_numpy(),
            "nb_sessions": offres["dates_debut"]
            .str.count(r"\|")
            .add(1)
            .fillna(1)
            .astype("float64")
            .to_numpy(),
            "est_douteuse": offres["est_douteuse"].to_numpy(dtype=bool),
            "est_voisine": offres["est_voisine"].to_numpy(dtype=bool),
            "est_fictive": offres["est_fictive"].to_numpy(dtype=bool),
            "est_mairie": offres["precision_position"]
            .eq("commune")
            .fillna(False)
            .to_numpy(dtype=bool),
        }
    )
    return comptes, names.to_numpy(dtype=object)


def _plain(offres: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(offres.drop(columns="geometry"))


def _mailles(snapshot: Snapshot, points: pd.DataFrame, offres: pd.DataFrame) -> dict[str, Maille]:
    """Return every division of the region, with the points and the offers that lie in each zone."""
    zones = snapshot.read("zones")
    region = points[points["est_region"]]
    inside = pd.DataFrame({"rang": region.index, "code_commune": region["code_commune"].to_numpy()})
    mine = offres[~offres["est_voisine"]]
    held = mine["zones"].str.split("|").explode().dropna()
    held = (
        pd.DataFrame(
            {
                "rang": held.index,
                "type_zone": held.str.partition(":")[0],
                "code_zone": held.str.partition(":")[2],
            }
        )
        if len(held)
        else _aucune()
    )
    result = {}
    for type_zone, part in zones.groupby("type_zone"):
        maille = _maille(
            type_zone,
            part[["code_zone", "nom"]],
            _members(snapshot, type_zone, points, inside),
            held[held["type_zone"].eq(type_zone)],
        )
        result[type_zone] = replace(maille, est_sans_contour=_without_outline(type_zone, part))
    communes = snapshot.read("communes")
    communes = communes[communes["est_region"].astype(bool)]
    in_communes = pd.DataFrame({"rang": mine.index, "code_zone": mine["code_commune"].to_numpy()})
    named = communes[["code_commune", "nom"]].set_axis(["code_zone", "nom"], axis=1)
    result[COMMUNE] = _maille(
        COMMUNE, named, inside.rename(columns={"code_commune": "code_zone"}), in_communes
    )
    cells = region[region["type_point"].eq(CARREAU)]
    names = (
        cells["code_commune"]
        .map(communes.set_index("code_commune")["nom"])
        .fillna(cells["code_commune"])
    )
    result[CARREAU] = _maille(
        CARREAU,
        pd.DataFrame({"code_zone": cells["id_point"], "nom": names}),
        pd.DataFrame({"rang": cells.index, "code_zone": cells["id_point"]}),
        _aucune(),
    )
    return result


def _without_outline(type_zone: str, zones: pd.DataFrame) -> np.ndarray | None:
    """Tell which zones of a zoning joined by geometry have no outline, in the order of codes; None for a zoning joined by code."""
    if ZONAGES[type_zone].methode == "code":
        return None
    ordered = zones.sort_values("code_zone", kind="stable")
    return (ordered.geometry.isna() | ordered.geometry.is_empty).to_numpy()


def _aucune() -> pd.DataFrame:
    """Return no member."""
    return pd.DataFrame(
        {
            "rang": pd.Series(dtype=int),
            "type_zone": pd.Series(dtype="str"),
            "code_zone": pd.Series(dtype="str"),
        }
    )


def _members(
    snapshot: Snapshot, type_zone: str, points: pd.DataFrame, inside: pd.DataFrame
) -> pd.DataFrame:
    """Return the points of each zone of a zoning: `rang`, `code_zone`, `est_estimee`."""
    if ZONAGES[type_zone].methode == "code":
        links = snapshot.read("communes_zones")
        whole = links[links["type_zone"].eq(type_zone) & links["type_lien"].eq("entiere")]
        return inside.merge(whole[["code_commune", "code_zone"]], on="code_commune").assign(
            est_estimee=False
        )
    free = snapshot.read("demande_zones")
    mine = free[free["type_zone"].eq(type_zone)]
    rank = pd.Series(range(len(points)), index=points["id_point"])
    return pd.DataFrame(
        {
            "rang": mine["id_point"].map(rank),
            "code_zone": mine["code_zone"],
            "est_estimee": mine["methode"].eq("estimee"),
        }
    )


def _maille(
    type_zone: str, zones: pd.DataFrame, members: pd.DataFrame, offers: pd.DataFrame
) -> Maille:
    """Return one division, zones sorted by code; members that are no zone of it are left out."""
    zones = zones.sort_values("code_zone", kind="stable")
    codes = pd.Index(zones["code_zone"].to_numpy(dtype=object))
    (points, of_points), (rows, of_offers) = _pairs(members, codes), _pairs(offers, codes)
    estimated = np.zeros(len(codes), dtype=bool)
    if "est_estimee" in members:
        estimated[
            codes.get_indexer(
                members.loc[members["est_estimee"] & members["code_zone"].isin(codes), "code_zone"]
            )
        ] = True
    return Maille(
        type_zone,
        codes.to_numpy(),
        zones["nom"].to_numpy(dtype=object),
        points,
        of_points,
        estimated,
        rows,
        of_offers,
    )


def _pairs(members: pd.DataFrame, codes: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    """Return (row, rank of the zone) of the members that are in a zone."""
    zone = codes.get_indexer(members["code_zone"])
    return members["rang"].to_numpy(dtype=np.intp)[zone >= 0], zone[zone >= 0]


def choose_offer(world: World, question: Question, today: date | None = None) -> OffreComptee:
    """Return the offers of a question and their supply by place.

    An offer whose supply is unknown (no capacity) counts for nothing in the
    supply, and is counted in the quality of the answer.
    """
    kept = (
        np.ones(len(world.comptes), dtype=bool)
        if question.voisins
        else ~world.comptes["est_voisine"].to_numpy()
    )
    for nom in question.filtres.choix:
        kept &= (
            FILTRES[nom]
            .garder(world.offres, set(question.filtres.valeurs(nom)), today)
            .to_numpy(dtype=bool)
        )
    comptes = world.comptes[kept]
    supply = np.nan_to_num(COMPTES[question.offre](comptes))
    place, size, sure = (
        comptes["place"].to_numpy(),
        len(world.trajets.places),
        ~comptes["est_douteuse"].to_numpy(),
    )
    return OffreComptee(
        comptes, np.bincount(place, supply, size), np.bincount(place[sure], supply[sure], size)
    )
