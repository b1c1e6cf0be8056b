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
import scipy

from geoapp.core.memory import Lazily, Memory
from geoapp.core.schema.model import LIEUX_INFORMATION
from geoapp.core.snapshot import Snapshot
from geoapp.coverage import access
from geoapp.coverage.divisions import Maille, divide
from geoapp.coverage.model import COMPTES_PAR_COMMUNE, INFORMATION, Question
from geoapp.coverage.travel import Matrice, Matrices, open_trajets
from geoapp.coverage.travel.matrix import PAR_UNITE, as_cost
from geoapp.coverage.travel.modes import DEFAUT
from geoapp.offer.counted import is_counted, is_remote
from geoapp.offer.filters import FILTRES
from geoapp.offer.starts import PASSES, read_starts, state_of
from geoapp.offer.values import entity_of, yes
from geoapp.reference.codes.text import map_distinct
from geoapp.reference.zonings import COMMUNE, MAILLES

_OCTETS_POIDS = 96 << 20
"""Bytes of the weight matrices kept: those of the last questions asked."""

_CONCURRENCES = 64
"""Questions whose trips tell how many people share each place, kept: a number by place."""

_OCTETS_PROCHES = 48 << 20
"""Bytes of the costs kept apart, over all units and ways of travelling."""

_PROCHES = (12.5, 25.0, 62.5)
"""Costs kept apart, so that a threshold reads no more of them than it needs."""

_POPULATIONS = {"tous": "population_retenue", "adultes": "nb_adultes", "jeunes": "nb_18_24"}


@dataclass(frozen=True, kw_only=True)
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
    trajets: Matrices
    points: pd.DataFrame
    offres: pd.DataFrame
    comptes: pd.DataFrame
    noms_organismes: np.ndarray
    nb_non_placees: int
    nb_a_distance: int
    mailles: Lazily[Maille] = field(default_factory=lambda: Lazily({}))
    memoire: Memory = field(default_factory=Memory, repr=False)

    est_information: bool = False

    def of(self, question: Question) -> World:
        """Return the world of what a question looks for: its trainings, or its places to ask.

        People, costs and zones are the same.
        """
        if self.est_information or question.offre != INFORMATION:
            return self
        return self.memoire.get(INFORMATION, lambda: information_world(self))

    @property
    def maille(self) -> str:
        """Return the division asked by default: the first that the sources tell."""
        return next(nom for nom in MAILLES if nom in self.mailles)

    @property
    def modes(self) -> tuple[str, ...]:
        """Return the ways of travelling whose costs are known, the default first."""
        return tuple(self.trajets.modes)

    def parametres(self, mode: str) -> dict:
        """Return where the costs of a way of travelling come from, and what they are worth."""
        return self.trajets.modes[mode].parametres

    def unites(self, mode: str = DEFAUT) -> tuple[str, ...]:
        """Return the units in which the costs of a way of travelling are known."""
        return self.trajets.modes[mode].unites

    def cost(self, unite: str, mode: str = DEFAUT, rows: np.ndarray | None = None):
        """Return the costs of one unit by one way of travelling, points × places, as float32.

        Some `rows` alone when they are given: their costs only are made.
        """
        steps = self.trajets.modes[mode].pas[unite]
        return as_cost(steps if rows is None else steps[rows], unite)

    def nearest(self, question: Question, is_open: np.ndarray) -> np.ndarray:
        """Return the least cost of each point to an open place, NaN where none is in reach."""
        return self.nearest_of(self.trajets.modes[question.mode], question.unite, is_open)

    def nearest_of(self, matrice: Matrice, unite: str, is_open: np.ndarray) -> np.ndarray:
        """Return what `nearest` does, with costs of any matrix of the snapshot."""
        return access.nearest(matrice.pas[unite], is_open) / PAR_UNITE[unite]

    def population(self, public: str) -> np.ndarray:
        """Return the people of a public by point; NaN when unknown."""
        if public in COMPTES_PAR_COMMUNE:
            return self.memoire.get(("public", public), lambda: self._count_public(public))
        return self.points[_POPULATIONS[public]].to_numpy()

    def _count_public(self, public: str) -> np.ndarray:
        """Return a public counted by commune, shared among its points as its inhabitants are."""
        mine = self._counted(public)
        last = mine[mine["annee"].eq(mine["annee"].max())].set_index("code_zone")["nombre"]
        people = self.points["population_retenue"]
        code = self.points["code_commune"]
        total = people.groupby(code.to_numpy()).transform("sum")
        number = code.map(last.astype("float64"))
        return (number * people / total.where(total > 0)).to_numpy(dtype=float)

    def _counted(self, public: str) -> pd.DataFrame:
        """Return the numbers of a public by commune, every year."""
        measures = self.snapshot.read("mesures_communes")
        return measures[measures["mesure"].eq(public) & measures["type_zone"].eq(COMMUNE)]

    def year_of(self, public: str) -> str:
        """Return the year of a public counted by commune; "" for any other."""
        if public not in COMPTES_PAR_COMMUNE:
            return ""
        years = self._counted(public)["annee"]
        return str(years.max()) if len(years) else ""

    def people(self, question: Question) -> np.ndarray:
        """Return the people of a question by point; NaN when unknown, or when their trips are."""
        found = self.population(question.public)
        known = self.known_trips(question.mode)
        return found if known is None else np.where(known, found, np.nan)

    def make_all(self) -> None:
        """Make every division and every cost: the processes begun after it share them."""
        self.mailles.make_all()
        for matrice in (*self.trajets.modes.values(), *self.trajets.lois.values()):
            dict(matrice.pas)

    def known_trips(self, mode: str) -> np.ndarray | None:
        """Tell from which points the trips of a way of travelling are known; None: from all.

        Where no law stands for a timetable, a point that it does not reach has trips that are
        neither long nor short: nothing is known of them.
        """
        matrice = self.trajets.modes[mode]
        if matrice.origines_reseau is None or not matrice.parametres.get("est_partielle"):
            return None
        return matrice.origines_reseau > 0

    def demand(self, voisins: bool) -> np.ndarray:
        """Return the people who compete for the offer, by point; neighbours when they count."""
        everybody = self.points["population_retenue"].to_numpy()
        return everybody if voisins else np.where(self.points["est_region"], everybody, 0.0)

    @property
    def residents(self) -> tuple[np.ndarray, float]:
        """Return the people of the region by point (0 elsewhere or when unknown) and their sum."""
        return self.memoire.get("residents", self._count_residents)

    def _count_residents(self) -> tuple[np.ndarray, float]:
        people = np.nan_to_num(self.demand(False))
        return people, float(people.sum())

    def _near(self, unite: str, mode: str, seuil: float) -> scipy.sparse.csr_array:
        """Return the costs up to the least of `_PROCHES` that holds a threshold, and keep them."""
        limite = next((one for one in _PROCHES if seuil <= one), None)
        if limite is None:
            return self.cost(unite, mode)

        def make() -> scipy.sparse.csr_array:
            steps = self.trajets.modes[mode].pas[unite]
            return as_cost(access.within(steps, limite * PAR_UNITE[unite]), unite)

        kept = self.memoire.get("proches", lambda: Memory(_OCTETS_PROCHES, weigh=access.weight_of))
        return kept.get((unite, mode, limite), make)

    def past(self, today: date) -> np.ndarray:
        """Tell which rows of `comptes` have past sessions only, seen from a day (kept by day)."""

        def make() -> np.ndarray:
            states = map_distinct(read_starts(self.offres), lambda one: state_of(one, today))
            return states.isin(PASSES).to_numpy(dtype=bool)

        return self.last_ones("passees", 2).get(today, make)

    def last_ones(self, sorte: Hashable, maxsize: int) -> Memory:
        """Return the memory of one kind of answers, of which only the last ones asked are kept."""
        return self.memoire.get(("dernieres", sorte), lambda: Memory(maxsize))

    def weights(self, question: Question, forme: str, ecart: float = 1.0) -> scipy.sparse.csr_array:
        """Return the weights of the costs up to `ecart` times the threshold of a question.

        `forme` is `pas` (steps of E2SFCA) or `un` (2SFCA).  The last ones asked are kept.
        """
        unite, mode, seuil = question.unite, question.mode, question.seuil * ecart

        def make() -> scipy.sparse.csr_array:
            weight = access.default_steps(seuil) if forme == "pas" else access.binary()
            return access.weigh(self._near(unite, mode, seuil), seuil, weight)

        kept = self.memoire.get("poids", lambda: Memory(_OCTETS_POIDS, weigh=access.weight_of))
        return kept.get((unite, mode, seuil, forme), make)

    def competition(self, question: Question, forme: str, ecart: float = 1.0) -> np.ndarray:
        """Return the people who share each place, by the weights of a question: those of its
        trips alone, whatever the offer is.
        """
        asked = (question.unite, question.mode, question.seuil * ecart, forme, question.voisins)
        return self.last_ones("concurrence", _CONCURRENCES).get(
            asked,
            lambda: access.competition(
                self.weights(question, forme, ecart), self.demand(question.voisins)
            ),
        )


COMPTES: dict[str, Callable[[pd.DataFrame], np.ndarray]] = {
    "actions": lambda comptes: np.ones(len(comptes)),
    "places": lambda comptes: comptes["capacite"].to_numpy(),
    "sessions": lambda comptes: comptes["nb_sessions"].to_numpy(),
    "mixte": lambda comptes: comptes["capacite"].fillna(comptes["nb_sessions"]).to_numpy(),
    INFORMATION: lambda comptes: np.ones(len(comptes)),
}
"""How an offer counts as supply; NaN when it is not known, and then it counts for nothing."""


PART_PLACES_INCONNUES = 0.2
"""Part of the offer whose places may be unknown where an offer is said to be saturated
(`methods.md`)."""


@dataclass(frozen=True)
class OffreComptee:
    """The offer of one question.

    `comptes` are its rows of `World.comptes` (same index), `par_place` its supply by column of the
    matrix, `sures` that supply without the offers of doubtful position.
    """

    comptes: pd.DataFrame
    par_place: np.ndarray
    sures: np.ndarray

    @property
    def est_saturation_dite(self) -> bool:
        """Tell whether places are known for enough of the offer to say where it is saturated."""
        unknown = self.comptes["capacite"].isna().to_numpy()
        return float(unknown.sum()) <= PART_PLACES_INCONNUES * len(unknown)


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
    bodies = snapshot.read("organismes").dropna(subset="id_entite").drop_duplicates("id_entite")
    noms_entites = bodies.set_index("id_entite")["nom_entite"].dropna()
    comptes, noms = _numbers(offres, trajets, noms_entites)
    return World(
        snapshot=snapshot,
        trajets=trajets,
        points=points,
        offres=offres,
        comptes=comptes,
        noms_organismes=noms,
        nb_non_placees=non_placees,
        nb_a_distance=a_distance,
        mailles=divide(snapshot, points, offres),
    )


def information_world(world: World) -> World:
    """Return a world whose offer is the places of information of its snapshot, each once."""
    table = pd.DataFrame(world.snapshot.read("lieux_information").drop(columns="geometry"))
    known = table["id_place"].notna()
    rows = table[known].reset_index(drop=True)
    # What a training has and a place of information has not is unknown.
    offres = rows.reindex(columns=world.offres.columns).astype(world.offres.dtypes)
    own = rows["id_lieu_information"]
    offres = offres.assign(
        id_action=own,
        id_lieu=own,
        # It closes alone: a network of places is no body.
        id_organisme=own,
        titre=rows["nom"],
        nom_organisme=rows["type_lieu"].map(LIEUX_INFORMATION),
        est_douteuse=False,
        est_voisine=False,
        est_fictive=False,
    )
    comptes, noms = _numbers(offres, world.trajets, rows.set_index(own)["nom"])
    return replace(
        world,
        offres=offres,
        comptes=comptes,
        noms_organismes=noms,
        nb_non_placees=int((~known).sum()),
        nb_a_distance=0,
        mailles=divide(world.snapshot, world.points, offres),
        memoire=Memory(),
        est_information=True,
    )


def _points(snapshot: Snapshot, trajets: Matrices) -> pd.DataFrame:
    """Return the demand points in the order of the matrix, numbers as floats."""
    # The order of the matrix: everything after is read by rank.
    demande = snapshot.read("demande").set_index("id_point").loc[trajets.origines].reset_index()
    points = pd.DataFrame(demande.drop(columns="geometry"))
    points["est_region"] = points["est_region"].astype(bool)
    for column in _POPULATIONS.values():
        points[column] = points[column].astype("float64")
    return points.assign(
        longitude=demande.geometry.x.to_numpy(), latitude=demande.geometry.y.to_numpy()
    )


def _offers(snapshot: Snapshot) -> tuple[pd.DataFrame, int, int]:
    """Return the placed offers of the region then of its neighbours, and how many are left out.

    Those of the region that have no position are counted first, then the remote ones.
    """
    mine, theirs = snapshot.read("offres"), snapshot.read("offres_voisines")
    every = pd.concat(
        [_plain(mine).assign(est_voisine=False), _plain(theirs).assign(est_voisine=True)],
        ignore_index=True,
    )
    # What is wholly remote is reached from everywhere: it would make everybody covered.
    remote = is_remote(every)
    nowhere = every["id_place"].isna() & ~remote
    outside = ~every["est_voisine"]
    return (
        every[is_counted(every)].reset_index(drop=True),
        int((nowhere & outside).sum()),
        int((remote & outside).sum()),
    )


def _numbers(
    offres: pd.DataFrame, trajets: Matrices, noms_entites: pd.Series
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return what is counted of each offer (same rows, plain numbers), and the bodies by rank.

    A body is a legal entity: its sites close together.
    """
    # A body without identifier is told by its name; without name, each place has its own.
    body = (
        entity_of(offres)
        .fillna(offres["nom_organisme"])
        .fillna("organisme inconnu : " + offres["id_lieu"])
    )
    rank, distinct = pd.factorize(body, sort=True)
    named = body.map(noms_entites).astype("str").fillna(offres["nom_organisme"])
    names = named.groupby(rank).first().reindex(range(len(distinct))).fillna(pd.Series(distinct))
    # An offer whose dates are not known is held once.
    sessions = offres["dates_debut"].str.count(r"\|").add(1).fillna(1)
    comptes = pd.DataFrame(
        {
            "place": pd.Index(trajets.places).get_indexer(offres["id_place"]),
            "organisme": rank,
            "capacite": offres["capacite"].astype("float64").to_numpy(),
            "nb_sessions": sessions.astype("float64").to_numpy(),
            "est_douteuse": yes(offres["est_douteuse"]).to_numpy(),
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


def choose_offer(world: World, question: Question, today: date | None = None) -> OffreComptee:
    """Return the offers of a question and their supply by place.

    An offer whose supply is unknown (no capacity) counts for nothing in the
    supply, and is counted in the quality of the answer.
    """
    world = world.of(question)
    kept = (
        np.ones(len(world.comptes), dtype=bool)
        if question.voisins
        else ~world.comptes["est_voisine"].to_numpy()
    )
    for nom in question.filtres.choix:
        kept &= (
            FILTRES[nom]
            .keep(world.offres, set(question.filtres.values_of(nom)), today)
            .to_numpy(dtype=bool)
        )
    comptes = world.comptes[kept]
    supply = np.nan_to_num(COMPTES[question.offre](comptes))
    place, size = comptes["place"].to_numpy(), len(world.trajets.places)
    sure = ~comptes["est_douteuse"].to_numpy()
    return OffreComptee(
        comptes=comptes,
        par_place=np.bincount(place, supply, size),
        sures=np.bincount(place[sure], supply[sure], size),
    )
