"""What if: a scenario, its one address, and what it changes for people.

A scenario closes bodies, places or trainings, opens candidates, changes a number of places, a
threshold or a way of travelling.  Its address holds it whole: read again, it is written with the
same bytes, and asked of another snapshot it is the same scenario.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import parse_qs, urlencode

import numpy as np
import pandas as pd
import scipy

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.errors import ParameterError
from geoapp.coverage import access, equity
from geoapp.coverage.model import PARAMETRES as COUVERTURE
from geoapp.coverage.model import Question, parse_question
from geoapp.coverage.model import to_parameters as coverage_parameters
from geoapp.coverage.small_counts import tells_of_few
from geoapp.coverage.territories.tables import name_body
from geoapp.coverage.territories.zone import find_zone
from geoapp.coverage.travel.modes import greatest_threshold
from geoapp.coverage.world import COMPTES, World, choose_offer
from geoapp.coverage.zone_values import PAR_HABITANTS
from geoapp.offer.parameters import Parametre, check_length, read_values
from geoapp.offer.values import entity_of
from geoapp.planning.candidates import list_candidates
from geoapp.planning.people import Recensement, count_people
from geoapp.planning.trips import can_open, trips_to
from geoapp.planning.two_sides import publics_of, zones_of
from geoapp.reference.codes.identifiers import suggest
from geoapp.reference.zonings import COMMUNE

ORGANISME, LIEU, FORMATION = "organisme", "lieu", "formation"
SORTES = (ORGANISME, LIEU, FORMATION)
"""What may close: a body (all its places), a place, a training."""

CHANGEMENTS_MAX = 20
"""Changes of one kind in a scenario: an address has a length."""

PARAMETRES: dict[str, Parametre] = {
    parametre.nom: parametre
    for parametre in (
        Parametre(nom="nom", type="texte", aide="Nom du scénario", exemple="Fermeture"),
        Parametre(
            nom="ferme",
            type="texte",
            aide="Ce qui ferme : organisme:ID, lieu:ID ou formation:ID ; répétable",
            exemple="organisme:siren:775662141",
            motif=f"^({'|'.join(SORTES)}):.",
        ),
        Parametre(
            nom="ouvre",
            type="texte",
            aide="Où une formation ouvre : commune:CODE, lieu:ID ou uai:CODE ; répétable",
            exemple="commune:59350",
        ),
        Parametre(
            nom="places",
            type="texte",
            aide="Places d'une formation après le changement : ID=nombre ; répétable",
            exemple="tiny:a1=24",
            motif="^.+=[0-9]+$",
        ),
        Parametre(
            nom="apres_seuil",
            type="nombre",
            aide="Seuil après le changement, dans l'unité du seuil",
            exemple="15",
            minimum=1,
            maximum=100,
        ),
        Parametre(
            nom="apres_mode",
            type="texte",
            aide="Mode de déplacement après le changement",
            exemple="velo",
            valeurs=COUVERTURE["mode"].valeurs,
        ),
    )
}
"""Parameters of a scenario, beside those of coverage."""

SANS = ("mesure", "classes")

ACCEPTES = (*(nom for nom in COUVERTURE if nom not in SANS), *PARAMETRES)
"""Parameters of a scenario beside the filters of the offer."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A question of coverage, and what changes; `places` are (id_action, number) pairs."""

    question: Question
    nom: str = ""
    ferme: tuple[str, ...] = ()
    ouvre: tuple[str, ...] = ()
    places: tuple[tuple[str, float], ...] = ()
    apres: Question

    @property
    def est_vide(self) -> bool:
        """Tell whether nothing changes."""
        is_same = self.apres == self.question
        return is_same and not (self.ferme or self.ouvre or self.places)


def parse_scenario(parametres: Mapping, world: World, *, autres: tuple[str, ...] = ()) -> Scenario:
    """Return the scenario that `parametres` ask.

    Raises
    ------
    ParameterError
        When a name or a value is not accepted.
    """
    values = read_values(parametres)
    for nom in ("ferme", "ouvre", "places"):
        if len(values.get(nom, ())) > CHANGEMENTS_MAX:
            raise ParameterError(f"{nom} : {CHANGEMENTS_MAX} changements au plus.")
    for nom in ("nom", "apres_seuil", "apres_mode"):
        if len(values.get(nom, ())) > 1:
            raise ParameterError(f"{nom} : une seule valeur est attendue.")
    rest = {nom: found for nom, found in values.items() if nom not in PARAMETRES}
    question = parse_question(rest, world, autres=(*PARAMETRES, *autres))
    nom = values.get("nom", [""])[0]
    check_length("nom", nom)
    for one in values.get("ferme", ()):
        sorte, deux_points, code = one.partition(":")
        if sorte not in SORTES or not deux_points or not code:
            hint = suggest(sorte, SORTES) or f"Attendu : {', '.join(f'{s}:ID' for s in SORTES)}."
            raise ParameterError(f"ferme = « {one[:80]} » : valeur inconnue. {hint}")
    return Scenario(
        question=question,
        nom=nom,
        ferme=tuple(sorted(set(values.get("ferme", ())))),
        ouvre=tuple(sorted({_candidate(one, world) for one in values.get("ouvre", ())})),
        places=tuple(sorted({_places(one) for one in values.get("places", ())})),
        apres=_after(values, rest, question, world),
    )


def _candidate(text: str, world: World) -> str:
    """Return the key of a candidate; a name alone is that of a commune."""
    return text if ":" in text else find_zone(world, f"{COMMUNE}:{text}").cle


def _places(text: str) -> tuple[str, float]:
    """Return an offer and its places after."""
    code, sign, number = text.rpartition("=")
    if not sign or not code or not number.isdecimal():
        raise ParameterError(f"places = « {text[:80]} » : « identifiant=nombre » est attendu.")
    return code, float(number)


def _after(values: Mapping, rest: dict, question: Question, world: World) -> Question:
    """Return the question after the change of threshold or of way of travelling."""
    if not ("apres_seuil" in values or "apres_mode" in values):
        return question
    asked = {nom: one for nom, one in rest.items() if not nom.startswith("seuil_")}
    asked["mode"] = values.get("apres_mode", [question.mode])
    # Trips on foot are not known as far as those by car: the threshold is then their last one.
    row = world.parametres(asked["mode"][0]) if asked["mode"][0] in world.modes else {}
    usual = min(question.seuil, greatest_threshold(row, question.unite))
    asked[f"seuil_{question.unite}"] = values.get("apres_seuil", [f"{usual:g}"])
    return parse_question({nom: one for nom, one in asked.items() if nom in _LUS or one}, world)


_LUS = ("mode",)


def to_parameters(scenario: Scenario) -> list[tuple[str, str]]:
    """Return a scenario as (name, value) pairs: those of its question, then its changes."""
    pairs = [one for one in coverage_parameters(scenario.question) if one[0] not in SANS]
    pairs += [("ferme", one) for one in scenario.ferme]
    pairs += [("ouvre", one) for one in scenario.ouvre]
    pairs += [("places", f"{code}={number:g}") for code, number in scenario.places]
    if scenario.apres.seuil != scenario.question.seuil:
        pairs.append(("apres_seuil", f"{scenario.apres.seuil:g}"))
    if scenario.apres.mode != scenario.question.mode:
        pairs.append(("apres_mode", scenario.apres.mode))
    return pairs + ([("nom", scenario.nom)] if scenario.nom else [])


def write_address(scenario: Scenario) -> str:
    """Return the one address of a scenario: what follows « ? »."""
    return urlencode(to_parameters(scenario))


def read_address(address: str, world: World) -> Scenario:
    """Return the scenario of an address, or of what follows its « ? »."""
    return parse_scenario(parse_qs(address.rpartition("?")[2]), world)


@dataclass(frozen=True, kw_only=True)
class Cote:
    """One side of a scenario for some people; NaN when unknown or hidden (one to four people)."""

    population: float
    non_couverts: float
    trajet_moyen: float
    e2sfca: float
    gini: float
    palma: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Effets:
    """What a scenario changes.

    `perdus` are the people who had an offer within the threshold and have none after, `gagnes` the
    reverse.  `publics` and `zones` have `nom`, `population`, `avant`, `apres` (people beyond);
    `reprises` has `nom` (body), `habitants` (those whose nearest place closes and who go there),
    `trajet` (their mean cost after).  `inconnus` are the changes that name nothing here.
    """

    scenario: Scenario
    effectif: Recensement
    avant: Cote
    apres: Cote
    perdus: float
    gagnes: float
    nb_fermees: int
    publics: pd.DataFrame
    zones: pd.DataFrame
    reprises: pd.DataFrame
    inconnus: tuple[str, ...]


_GARDES = 16


def run_scenario(world: World, scenario: Scenario) -> Effets:
    """Return what a scenario changes, kept by scenario whatever its name."""
    world = world.of(scenario.question)
    key = (write_address(replace(scenario, nom="")), date.today())
    kept = world.last_ones("scenarios", _GARDES).get(key, lambda: _run(world, scenario))
    return replace(kept, scenario=scenario)


def _run(world: World, scenario: Scenario) -> Effets:
    before, after = scenario.question, scenario.apres
    effectif = count_people(world, before, None, "tous")
    closed, lost = _closed(world, scenario.ferme)
    opened, unknown = _opened(world, scenario)
    offre = choose_offer(world, after)
    comptes = offre.comptes[~closed[offre.comptes.index.to_numpy()]]
    supply, missing = _supply(world, scenario, comptes)
    rows = np.arange(len(world.points))
    far = np.full(len(rows), after.seuil)
    most = np.full(len(rows), 1e6)
    cost = trips_to(world, after, rows, opened, np.minimum(most, _limit(world, after)))
    costs = world.nearest(after, supply > 0)
    for rank in range(len(opened)):
        column = cost[:, [rank]].tocsc()
        costs[column.indices] = np.fmin(costs[column.indices], column.data)
    first = Side(world, before, _today(world, before), choose_offer(world, before).par_place, None)
    then = Side(world, after, costs, supply, trips_to(world, after, rows, opened, far))
    mine = effectif.rows
    was, is_now = first.near[mine], then.near[mine]
    return Effets(
        scenario=scenario,
        effectif=effectif,
        avant=first.measure(effectif),
        apres=then.measure(effectif),
        perdus=float(effectif.people[was & ~is_now].sum()),
        gagnes=float(effectif.people[~was & is_now].sum()),
        nb_fermees=int(len(offre.comptes) - len(comptes)),
        publics=publics_of(world, effectif, first.near, then.near),
        zones=zones_of(world, effectif, before.zonage, first.near, then.near),
        reprises=_takers(world, effectif, first, then, closed),
        inconnus=(*lost, *unknown, *missing),
    )


def _limit(world: World, question: Question) -> float:
    from_matrix = world.parametres(question.mode).get(f"maximum_{question.unite}")
    return float(from_matrix or 120.0)


def _today(world: World, question: Question) -> np.ndarray:
    return world.nearest(question, choose_offer(world, question).par_place > 0)


class Side:
    """One side of a scenario: cost of the nearest offer by point, supply by place."""

    def __init__(
        self,
        world: World,
        question: Question,
        cost: np.ndarray,
        supply: np.ndarray,
        openings: scipy.sparse.csr_array | None,
    ):
        self.world, self.question, self.cost, self.supply = world, question, cost, supply
        self.openings = openings
        self.near = cost <= question.seuil

    def measure(self, effectif: Recensement) -> Cote:
        """Return the figures of this side."""
        rows, people, total = effectif.rows, effectif.people, effectif.population
        if not total or not effectif.perimetre.est_chiffrable:
            nothing = float("nan")
            return Cote(
                population=total,
                non_couverts=nothing,
                trajet_moyen=nothing,
                e2sfca=nothing,
                gini=nothing,
                palma=nothing,
            )
        score = np.nan_to_num(self._score()[rows])
        most = _limit(self.world, self.question)
        beyond = float(people[~self.near[rows]].sum())
        cost = np.nan_to_num(self.cost[rows], nan=most)
        return Cote(
            population=total,
            non_couverts=float("nan") if tells_of_few(beyond, total) else beyond,
            trajet_moyen=float(np.minimum(cost, most) @ people / total),
            e2sfca=float(score @ people / total) * PAR_HABITANTS,
            gini=equity.gini(score, people),
            palma=equity.palma(score, people),
        )

    def _score(self) -> np.ndarray:
        """Return E2SFCA by point."""
        world, question = self.world, self.question
        weights, supply = world.weights(question, "pas"), self.supply
        if self.openings is not None and self.openings.shape[1]:
            steps = access.default_steps(question.seuil)
            new = access.weigh(self.openings, question.seuil, steps)
            weights = scipy.sparse.csr_array(scipy.sparse.hstack([weights, new]))
            supply = np.r_[supply, np.ones(new.shape[1])]
        demand = np.nan_to_num(world.demand(question.voisins))
        return access.floating_catchment(weights, demand, supply)


def _closed(world: World, ferme: tuple[str, ...]) -> tuple[np.ndarray, list[str]]:
    """Tell which offers close, and which changes close none."""
    closed, lost = np.zeros(len(world.offres), dtype=bool), []
    columns = {
        ORGANISME: entity_of(world.offres),
        LIEU: world.offres["id_place"],
        FORMATION: world.offres["id_action"],
    }
    for one in ferme:
        sorte, _, code = one.partition(":")
        mine = columns[sorte].eq(code).fillna(False).to_numpy(dtype=bool)
        closed |= mine
        if not mine.any():
            lost.append(one)
    return closed, lost


def _opened(world: World, scenario: Scenario) -> tuple[np.ndarray, list[str]]:
    """Return the candidates that open, and which are none."""
    table = list_candidates(world).table
    rank = pd.Series(np.arange(len(table)), index=table["id"])
    able = can_open(world, scenario.apres)
    known = [one for one in scenario.ouvre if one in rank.index and able[rank[one]]]
    lost = [one for one in scenario.ouvre if one not in known]
    return rank.reindex(known).to_numpy(dtype=np.intp), lost


def _supply(
    world: World, scenario: Scenario, comptes: pd.DataFrame
) -> tuple[np.ndarray, list[str]]:
    """Return the supply by place after, and the changes of places that name no offer."""
    changed, missing = comptes, []
    actions = world.offres["id_action"].to_numpy()[comptes.index.to_numpy()]
    for code, number in scenario.places:
        mine = actions == code
        if mine.any():
            changed = changed.assign(capacite=np.where(mine, number, changed["capacite"]))
        else:
            missing.append(f"{code}={number:g}")
    supply = np.nan_to_num(COMPTES[scenario.apres.offre](changed))
    size = len(world.trajets.places)
    return np.bincount(changed["place"].to_numpy(), supply, size), missing


def _takers(
    world: World, effectif: Recensement, first: Side, then: Side, closed: np.ndarray
) -> pd.DataFrame:
    """Return which bodies the people go to whose nearest offer closes, the most people first."""
    columns = ["nom", "habitants", "trajet"]
    worse = ~(then.cost[effectif.rows] <= first.cost[effectif.rows] + 1e-6)
    worse &= first.near[effectif.rows]
    rows = effectif.rows[worse & (then.cost[effectif.rows] < np.inf)]
    if not closed.any() or not len(rows) or first.question != then.question:
        return pd.DataFrame(columns=columns)
    offre = choose_offer(world, then.question)
    kept = offre.comptes[~closed[offre.comptes.index.to_numpy()]]
    body = pd.Series(kept["organisme"].to_numpy(), index=kept["place"]).groupby(level=0).min()
    part = world.cost(then.question.unite, then.question.mode, rows)
    data = np.where(then.supply[part.indices] > 0, part.data, np.inf)
    best = np.array(
        [
            part.indices[a + int(data[a:b].argmin())] if b > a else -1
            for a, b in zip(part.indptr[:-1], part.indptr[1:], strict=True)
        ]
    )
    people = effectif.people[np.isin(effectif.rows, rows)]
    ranks = body.reindex(best).fillna(0).to_numpy(dtype=np.intp)
    names = [name_body(str(one)) for one in world.noms_organismes[ranks]]
    table = pd.DataFrame({"nom": names, "habitants": people, "cout": then.cost[rows] * people})
    sums = table[best >= 0].groupby("nom").sum()
    sums = sums.assign(trajet=sums["cout"] / sums["habitants"]).reset_index()[columns]
    sums = sums[sums["habitants"] >= PETIT_NOMBRE]
    return sums.sort_values(["habitants", "nom"], ascending=[False, True], ignore_index=True)
