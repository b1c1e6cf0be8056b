"""Where to open for a question of coverage: openings, who they bring near, and what is not known.

The kernel (`siting`) is given the people whom the offer of today does not reach; what is open stays
open.  Every figure of people is protected: under five, it is not told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
import scipy

from geoapp.core.config import PETIT_NOMBRE
from geoapp.coverage import access, equity
from geoapp.coverage.measures import points_of
from geoapp.coverage.model import Question
from geoapp.coverage.small_counts import tells_of_few
from geoapp.coverage.territories.zone import Zone
from geoapp.coverage.travel.modes import greatest_threshold
from geoapp.coverage.world import World, choose_offer
from geoapp.coverage.zone_points import zone_points
from geoapp.coverage.zone_values import PAR_HABITANTS
from geoapp.planning import proof, siting
from geoapp.planning.asked import Recherche, to_parameters
from geoapp.planning.candidates import REALITES, allowed, list_candidates, realities
from geoapp.planning.levelling import Levelling, level
from geoapp.planning.people import Recensement, count_people
from geoapp.planning.trips import can_open, trips_to

PART_EGALE = 0.01
"""An opening is worth another when it brings so little less."""

NB_EGALES = 5
"""Openings named that are worth another."""

_GARDEES, _FOULES = 32, 16
"""Answers kept, and crowds by threshold, of a few kilobytes each."""


@dataclass(frozen=True, kw_only=True)
class Ouverture:
    """One opening: where, and what it adds to those before it (`gain`; people, or people × cost).

    `personnes` are those whom it brings within the threshold, `cumul` those of all until it; NaN
    when hidden (under five).  `egales` names where an opening would do as well, `nb_egales` how
    many communes.
    """

    rang: int
    id: str
    nom: str
    sorte: str
    realite: str
    code_commune: str
    nom_commune: str
    longitude: float
    latitude: float
    gain: float
    personnes: float
    cumul: float
    nb_egales: int
    egales: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Acces:
    """Inequality of access over the people counted: E2SFCA and its indices, NaN when unknown."""

    e2sfca: float
    gini: float
    palma: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Sites:
    """The answer: openings, their value, its bound, before and after.

    `valeur` and `borne` are what is looked for: people newly covered; people × unit of cost saved
    (`trajet`); openings (`nombre`: `borne` is then the least that is proven); access filled, out of
    `manque` that people lack under the mean (`acces`).  `cede` is the part of it given up for real
    places.  `hors_portee` are the people whom no candidate reaches.
    `zones` has `code_zone`, `nom`, `avant`, `apres` (people beyond), `gain`.
    `rapproches` and `encore_loin` are the points of demand that pass under the threshold, and those
    that do not.
    """

    recherche: Recherche
    comptes: Recensement
    ouvertures: tuple[Ouverture, ...]
    non_couverts: float
    non_couverts_apres: float
    trajet_moyen: float
    trajet_moyen_apres: float
    valeur: float
    borne: float
    ecart: float
    est_prouve: bool
    est_possible: bool
    cede: float
    hors_portee: float
    acces_avant: Acces
    acces_apres: Acces
    zones: pd.DataFrame
    rapproches: np.ndarray
    encore_loin: np.ndarray
    manque: float = float("nan")

    @property
    def gagnes(self) -> float:
        """Return the people newly within the threshold."""
        return self.non_couverts - self.non_couverts_apres


@dataclass(frozen=True, eq=False)
class Monde:
    """What the kernel reads: points, candidates kept (ranks), worth, reach within the threshold.

    With `lack`, what each point lacks, and its `people`, worth is the access brought.
    """

    lines: np.ndarray
    chosen: np.ndarray
    worth: scipy.sparse.csr_array
    today: np.ndarray
    rangs: np.ndarray
    lack: np.ndarray | None = None
    people: np.ndarray | None = None

    def growing(self) -> siting.Growing | Levelling:
        """Return an empty set of openings that may grow."""
        if self.lack is None or self.people is None:
            return siting.Growing(self.worth)
        return Levelling(self.worth, self.lack, self.people)


def find_sites(world: World, recherche: Recherche, *, delai_s: float = 0.0) -> Sites:
    """Return where to open; with some seconds, the solver looks for better and proves.

    Where the offer asked is not known, nothing is proposed: `comptes.perimetre` says why.
    """
    world = world.of(recherche.question)
    # By day: a filter on dates counts from today.
    key = (tuple(to_parameters(recherche)), date.today(), delai_s)
    kept = world.last_ones("sites", _GARDEES)
    return kept.get(key, lambda: _find(world, recherche, delai_s))


def _find(world: World, recherche: Recherche, delai_s: float) -> Sites:
    comptes = count_people(world, recherche.question, recherche.zone, recherche.parmi)
    if recherche.objectif == "acces":
        return _level(world, recherche, comptes)
    monde = _prepare(world, recherche, comptes)
    if recherche.objectif == "nombre":
        return _least(world, recherche, comptes, monde, delai_s)
    nb, worth = recherche.ouvertures, monde.worth
    opened, growing = choose_real(monde, nb, recherche.reel)
    free, gains = siting.rank_by_gain(worth, growing)
    first = siting.Choice(
        opened=free, gains=gains, bound=siting.relax(worth, nb, float(gains.sum())).bound
    )
    if delai_s:
        proven = proof.prove(worth, nb, first, delai_s=delai_s)
        if proven.value > first.value:
            real = _nearer_to_real(siting.Growing(worth), monde, proven.opened, recherche.reel)
            opened = real if _value(worth, real) >= _value(worth, opened) else opened
        first = proven
    ordered, gains = siting.rank_by_gain(worth, opened)
    value = float(gains.sum())
    choice = siting.Choice(opened=ordered, gains=gains, bound=max(first.bound, value))
    made = _answer(world, recherche, comptes, monde, choice)
    return replace(
        made,
        cede=max(first.value - value, 0.0),
        # Nobody is half of a person: the best is found when less than one may be missed.
        est_prouve=first.gap == 0
        or (recherche.objectif == "couverture" and first.bound - first.value < 1),
    )


def _prepare(world: World, recherche: Recherche, comptes: Recensement) -> Monde:
    """Return the problem of a search: the people not served today, and the candidates kept."""
    question = recherche.question
    chosen, rangs = _kept(world, recherche, comptes)
    most = greatest_threshold(world.parametres(question.mode), question.unite)
    if recherche.objectif == "trajet":
        today = np.where(np.isnan(comptes.cost), most, np.minimum(comptes.cost, most))
        lines, limit = np.arange(len(comptes.rows)), today
    else:
        # Who is within the threshold today is worth nothing more.
        lines = np.flatnonzero(~(comptes.cost <= question.seuil))
        today, limit = comptes.cost, np.full(len(lines), question.seuil)
    cost = trips_to(world, question, comptes.rows[lines], chosen, limit)
    people = comptes.people[lines]
    if recherche.objectif == "trajet":
        worth = siting.travel_worth(cost, people, today)
    else:
        worth = siting.coverage_worth(cost, people)
    return Monde(lines, chosen, worth, today, rangs)


def _kept(
    world: World, recherche: Recherche, comptes: Recensement
) -> tuple[np.ndarray, np.ndarray]:
    """Return the candidates that may open, and how real each is; none where nothing is known."""
    ranks = realities(world, recherche.question)
    kept = can_open(world, recherche.question) & allowed(ranks, recherche.candidats)
    if recherche.zone is not None:
        kept &= _inside(world, recherche.zone)
    chosen = np.flatnonzero(kept) if comptes.perimetre.est_chiffrable else np.empty(0, np.intp)
    return chosen, ranks[chosen]


def _level(world: World, recherche: Recherche, comptes: Recensement) -> Sites:
    """Return the openings that fill most of the access that people lack under the mean."""
    question = recherche.question
    chosen, rangs = _kept(world, recherche, comptes)
    rows = comptes.rows
    crowd = _crowd(world, question)[chosen]
    each = _places_of_each(recherche) / np.where(crowd > 0, crowd, np.inf)
    score = np.nan_to_num(points_of(world, question)["e2sfca"].to_numpy())[rows]
    total = comptes.population
    mean = float(score @ comptes.people / total) if total else 0.0
    lack = np.maximum(mean - score, 0.0)
    # Who lacks nothing is brought nothing.
    mine = np.flatnonzero(lack > 0)
    weights = _weights_of(world, question, rows[mine], chosen)
    brought = scipy.sparse.csr_array(weights.multiply(each[None, :]))
    lacking = lack[mine], comptes.people[mine]
    monde = Monde(mine, chosen, brought, comptes.cost, rangs, *lacking)
    growing = Levelling(brought, *lacking)
    free, choice = level(growing, recherche.ouvertures, rangs, recherche.reel)
    made = _answer(world, recherche, comptes, monde, choice)
    return replace(
        made,
        manque=float(lack @ comptes.people),
        cede=max(free.value - choice.value, 0.0),
        est_prouve=free.gap == 0,
    )


def _crowd(world: World, question: Question) -> np.ndarray:
    """Return the people who would share each candidate, as E2SFCA weighs them.

    The snapshot and the threshold decide it, whatever is taught: it is kept.
    """
    key = question.mode, question.unite, question.seuil, question.voisins

    def make() -> np.ndarray:
        able = np.flatnonzero(can_open(world, question))
        people = np.nan_to_num(world.demand(question.voisins))
        lived = np.flatnonzero(people > 0)
        crowd = np.zeros(len(list_candidates(world)))
        crowd[able] = people[lived] @ _weights_of(world, question, lived, able)
        return crowd

    return world.last_ones("foules", _FOULES).get(key, make)


def _places_of_each(recherche: Recherche) -> float:
    """Return what an opening counts for, in the offer counted."""
    return recherche.capacite if recherche.question.offre in ("places", "mixte") else 1.0


def _weights_of(
    world: World, question: Question, rows: np.ndarray, opened: np.ndarray
) -> scipy.sparse.csr_array:
    """Return the weights of E2SFCA from some points to some candidates."""
    cost = trips_to(world, question, rows, opened, np.full(len(rows), question.seuil))
    return access.weigh(cost, question.seuil, access.default_steps(question.seuil))


def _inside(world: World, zone: Zone) -> np.ndarray:
    """Tell which candidates lie in a territory, by their commune."""
    rows = zone_points(world, zone.type_zone, zone.code_zone)
    communes = set(world.points["code_commune"].to_numpy()[rows])
    return list_candidates(world).table["code_commune"].isin(communes).to_numpy()


def choose_real(monde: Monde, nb: int, part: float) -> tuple[list[int], list[int]]:
    """Return at most `nb` openings, real places preferred, and those found without preference.

    One opening more never loses anybody: where real places would, the choice before gets one more.
    """
    kept: list[int] = []
    opened: list[int] = []
    growing = siting.Growing(monde.worth)
    for opened in siting.grow(monde.worth):
        mine = _nearer_to_real(growing, monde, opened, part)
        if _value(monde.worth, mine) < _value(monde.worth, kept):
            growing.set(kept)
            growing.add_best()
            mine = growing.opened
        kept = mine
        if len(opened) >= nb:
            break
    return kept, opened


def _value(worth: scipy.sparse.csr_array, opened: list[int]) -> float:
    return float(siting.rank_by_gain(worth, opened)[1].sum()) if len(opened) else 0.0


def _nearer_to_real(growing: siting.Growing, monde: Monde, opened, part: float) -> list[int]:
    """Return a set where each opening is the most real of those that bring nearly as much."""
    mine = [int(one) for one in opened]
    for rank in range(len(mine)):
        growing.set(list(mine))
        instead, alone = growing.instead_of(rank), float(growing.alone[rank])
        near = np.flatnonzero(instead >= (1 - part) * alone - siting.EPSILON * max(alone, 1.0))
        near = near[~np.isin(near, [one for one in mine if one != mine[rank]])]
        # The most real, then what brings most, then the first.
        best = near[np.lexsort((near, -instead[near], -monde.rangs[near]))[0]]
        if monde.rangs[best] > monde.rangs[mine[rank]]:
            mine[rank] = int(best)
    return mine


def _least(
    world: World, recherche: Recherche, comptes: Recensement, monde: Monde, delai_s: float
) -> Sites:
    """Return the least openings that cover a part of the people."""
    covered = comptes.population - comptes.beyond(comptes.cost, recherche.question.seuil)
    target = recherche.part * comptes.population - covered
    found = proof.least_sites(monde.worth, target, delai_s=delai_s)
    ordered, gains = siting.rank_by_gain(monde.worth, found.opened.tolist())
    choice = siting.Choice(opened=ordered, gains=gains, bound=float(found.least))
    nb = len(found.opened)
    return replace(
        _answer(world, recherche, comptes, monde, choice),
        est_prouve=found.est_prouve,
        valeur=float(nb),
        borne=float(found.least),
        ecart=(nb - found.least) / nb if nb else 0.0,
        est_possible=found.est_possible,
    )


def _answer(
    world: World,
    recherche: Recherche,
    comptes: Recensement,
    monde: Monde,
    choice: siting.Choice,
) -> Sites:
    """Return the answer of some openings."""
    question, opened = recherche.question, monde.chosen[choice.opened]
    most = greatest_threshold(world.parametres(question.mode), question.unite)
    cost = trips_to(world, question, comptes.rows, opened, np.full(len(comptes.rows), most))
    after, personnes = comptes.cost.copy(), []
    for rank in range(len(opened)):
        before = comptes.beyond(after, question.seuil)
        column = cost[:, [rank]].tocsc()
        after[column.indices] = np.fmin(after[column.indices], column.data)
        personnes.append(before - comptes.beyond(after, question.seuil))
    reachable = np.diff(monde.worth.indptr) > 0
    by_reach = recherche.objectif in ("couverture", "nombre")
    beyond = comptes.people[monde.lines[~reachable]].sum() if by_reach else 0
    before, later = (comptes.beyond(one, question.seuil) for one in (comptes.cost, after))
    return Sites(
        recherche=recherche,
        comptes=comptes,
        ouvertures=tuple(_openings(world, monde, choice, personnes)),
        non_couverts=before,
        non_couverts_apres=later,
        trajet_moyen=_mean_cost(comptes, comptes.cost, most),
        trajet_moyen_apres=_mean_cost(comptes, after, most),
        valeur=choice.value,
        borne=choice.bound,
        ecart=choice.gap,
        est_prouve=False,
        est_possible=True,
        cede=0.0,
        hors_portee=float(beyond),
        acces_avant=measure_access(world, recherche, comptes, opened[:0]),
        acces_apres=measure_access(world, recherche, comptes, opened),
        zones=_by_zone(world, recherche, comptes, after),
        rapproches=comptes.rows[(after <= question.seuil) & ~(comptes.cost <= question.seuil)],
        encore_loin=comptes.rows[~(after <= question.seuil)],
    )


def _mean_cost(comptes: Recensement, cost: np.ndarray, most: float) -> float:
    """Return the mean cost of the people; who has nothing within the costs kept counts for them."""
    if not comptes.population:
        return float("nan")
    counted = np.where(np.isnan(cost), most, np.minimum(cost, most))
    return float(counted @ comptes.people / comptes.population)


def _openings(world: World, monde: Monde, choice: siting.Choice, personnes: list[float]):
    """Yield the openings in words and figures."""
    table, total = list_candidates(world).table, 0.0
    names, growing = list(REALITES), monde.growing()
    growing.set(choice.opened.tolist())
    for rank, opened in enumerate(choice.opened.tolist()):
        row = table.iloc[monde.chosen[opened]]
        total += personnes[rank]
        others = _as_good(table, monde, growing, rank)
        yield Ouverture(
            rang=rank + 1,
            id=row["id"],
            nom=row["nom"],
            sorte=row["sorte"],
            realite=names[monde.rangs[opened]],
            code_commune=row["code_commune"],
            nom_commune=row["nom_commune"],
            longitude=float(row["longitude"]),
            latitude=float(row["latitude"]),
            gain=float(choice.gains[rank]),
            personnes=_hide(personnes[rank]),
            cumul=_hide(total),
            nb_egales=len(others),
            egales=tuple(others[:NB_EGALES]),
        )


def _hide(people: float) -> float:
    """Return a count of people, NaN when it is from one to four."""
    return float("nan") if 0 < people < PETIT_NOMBRE else people


def _as_good(
    table: pd.DataFrame, monde: Monde, growing: siting.Growing | Levelling, rank: int
) -> list[str]:
    """Return the other communes where an opening would bring as many, the best first."""
    opened = growing.opened
    instead, alone = growing.instead_of(rank), float(growing.alone[rank])
    near = np.flatnonzero(instead >= (1 - PART_EGALE) * alone)
    near = near[~np.isin(near, opened)]
    near = near[np.lexsort((near, -instead[near]))]
    towns = table["nom_commune"].to_numpy()[monde.chosen[near]]
    mine = table["nom_commune"].iloc[monde.chosen[opened[rank]]]
    return [nom for nom in dict.fromkeys(towns) if nom != mine]


def measure_access(
    world: World, recherche: Recherche, comptes: Recensement, opened: np.ndarray
) -> Acces:
    """Return how unequal access (E2SFCA) is over the people counted, with some openings more."""
    question = recherche.question
    if not comptes.population or not comptes.perimetre.est_chiffrable:
        return Acces(e2sfca=np.nan, gini=np.nan, palma=np.nan)
    if len(opened):
        score = _score_with(world, recherche, opened)[comptes.rows]
    else:
        score = points_of(world, question)["e2sfca"].to_numpy()[comptes.rows]
    score = np.nan_to_num(score)
    return Acces(
        e2sfca=float(score @ comptes.people / comptes.population) * PAR_HABITANTS,
        gini=equity.gini(score, comptes.people),
        palma=equity.palma(score, comptes.people),
    )


def _score_with(world: World, recherche: Recherche, opened: np.ndarray) -> np.ndarray:
    """Return E2SFCA by point, with the openings beside the offer of today."""
    question = recherche.question
    new = _weights_of(world, question, np.arange(len(world.points)), opened)
    weights = scipy.sparse.csr_array(scipy.sparse.hstack([world.weights(question, "pas"), new]))
    each = np.full(len(opened), _places_of_each(recherche))
    supply = np.r_[choose_offer(world, question).par_place, each]
    demand = np.nan_to_num(world.demand(question.voisins))
    return access.floating_catchment(weights, demand, supply)


def _by_zone(
    world: World, recherche: Recherche, comptes: Recensement, after: np.ndarray
) -> pd.DataFrame:
    """Return the people beyond the threshold by zone, before and after, the most gained first."""
    seuil, maille = recherche.question.seuil, world.mailles[recherche.question.zonage]
    place = np.full(len(world.points), -1)
    place[comptes.rows] = np.arange(len(comptes.rows))
    mine = place[maille.points]
    zone, mine = maille.zones[mine >= 0], mine[mine >= 0]
    nb = len(maille.codes)
    people = comptes.people[mine]
    total = np.bincount(zone, people, nb)
    before, later = (
        np.bincount(zone, np.where(~(one[mine] <= seuil), people, 0.0), nb)
        for one in (comptes.cost, after)
    )
    table = pd.DataFrame(
        {
            "code_zone": maille.codes,
            "nom": maille.noms,
            "population": total,
            "avant": before,
            "apres": later,
            "gain": before - later,
        }
    )
    few = [
        any(tells_of_few(nb, whole) for nb in (a, b)) or 0 < a - b < PETIT_NOMBRE
        for whole, a, b in zip(total, before, later, strict=True)
    ]
    hidden = pd.Series(few, index=table.index)
    gained = table["gain"].gt(0)
    for nom in ("avant", "apres", "gain"):
        table[nom] = table[nom].mask(hidden)
    return table[gained].sort_values(["gain", "code_zone"], ascending=[False, True])
