"""What a change of the offer, from one snapshot to another, is for people.

The people are those of the newer snapshot, wherever both know the offer and the trips: what changes
is the offer alone, as each snapshot holds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import isnan

import numpy as np
import pandas as pd

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.french import format_number, upper_first
from geoapp.core.published import name_snapshots
from geoapp.coverage.change import counted_offers
from geoapp.coverage.model import (
    FILTRES_OFFRE,
    Question,
    describe_offer,
    describe_reach,
    of_trainings,
    parse_question,
    to_parameters,
)
from geoapp.coverage.small_counts import tells_of_few
from geoapp.coverage.travel.modes import MODES
from geoapp.coverage.world import World, choose_offer
from geoapp.planning.people import INCONNU, Recensement, count_people, tell_people
from geoapp.planning.two_sides import COLONNES, beyond_sides, publics_of, zones_of

_GARDES = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class EffetAcces:
    """What becomes of access: people lost and gained, and who is beyond, by public, zone and way.

    `publics`, `zones` and `modes` are tables of `two_sides.COLONNES`.
    """

    question: Question
    effectif: Recensement
    perdus: float
    gagnes: float
    publics: pd.DataFrame
    zones: pd.DataFrame
    modes: pd.DataFrame


def measure_change(avant: World, apres: World, parametres: Mapping) -> EffetAcces:
    """Return what the change from one snapshot to another is for people, for one question.

    Raises
    ------
    ParameterError
        When either snapshot refuses a parameter.
    """
    questions = tuple(of_trainings(parse_question(parametres, world)) for world in (avant, apres))
    kept = apres.last_ones("evolutions", _GARDES)
    # By day: a filter on dates counts from today.
    key = (avant.snapshot.id, tuple(to_parameters(questions[1])), date.today())
    return kept.get(key, lambda: _measure(avant, apres, *questions))


def _measure(avant: World, apres: World, old: Question, new: Question) -> EffetAcces:
    before, after = count_people(avant, old, None, "tous"), count_people(apres, new, None, "tous")
    place = pd.Series(np.arange(len(avant.points)), index=avant.points["id_point"])
    same = place.reindex(apres.points["id_point"]).fillna(-1).to_numpy(dtype=np.intp)
    # Where either does not know the offer, who lost it is not known.
    both = np.isin(same[after.rows], before.rows)
    effectif = replace(
        after,
        rows=after.rows[both],
        people=after.people[both],
        cost=after.cost[both],
        nb_inconnus=after.nb_inconnus + float(after.people[~both].sum()),
    )
    was, is_now = _near(avant, old, same), _near(apres, new)
    lost = was[effectif.rows] & ~is_now[effectif.rows]
    gained = ~was[effectif.rows] & is_now[effectif.rows]
    return EffetAcces(
        question=new,
        effectif=effectif,
        perdus=float(effectif.people[lost].sum()),
        gagnes=float(effectif.people[gained].sum()),
        publics=publics_of(apres, effectif, was, is_now),
        zones=zones_of(apres, effectif, new.zonage, was, is_now),
        modes=_by_mode(avant, apres, new, effectif, same),
    )


def _near(world: World, question: Question, same: np.ndarray | None = None) -> np.ndarray:
    """Tell who has an offer within the threshold, by point, or by the points of another world."""
    near = world.nearest(question, choose_offer(world, question).par_place > 0) <= question.seuil
    return near if same is None else np.r_[near, False][same]


def _by_mode(
    avant: World, apres: World, question: Question, effectif: Recensement, same: np.ndarray
) -> pd.DataFrame:
    """Return who is beyond the usual threshold of each way of travelling without a car."""
    rows = []
    for mode, row in MODES.items():
        asked = replace(question, mode=mode, seuil=row.seuil, unite=row.unite)
        known = all(mode in one.modes and row.unite in one.unites(mode) for one in (avant, apres))
        if not row.sans_voiture or not known or mode == question.mode:
            continue
        trips = [one.known_trips(mode) for one in (avant, apres)]
        inside = np.ones(len(effectif.rows), dtype=bool)
        if trips[0] is not None:
            inside &= np.r_[trips[0], False][same][effectif.rows]
        if trips[1] is not None:
            inside &= trips[1][effectif.rows]
        was, is_now = _near(avant, asked, same), _near(apres, asked)
        sides = beyond_sides(effectif, was, is_now, inside)
        rows.append({"code_zone": mode, "nom": describe_reach(asked), **sides})
    return pd.DataFrame(rows, columns=COLONNES)


def tell_access_change(found: EffetAcces) -> str:
    """Return what must be retained for people; where the offer is not known, nothing else is."""
    perimetre = found.effectif.perimetre
    if not perimetre.est_chiffrable:
        return perimetre.phrase
    return perimetre.tell(_tell(found))


def _tell(found: EffetAcces) -> str:
    offre, seuil = describe_offer(found.question), describe_reach(found.question)
    if not found.effectif.population:
        return "Personne n'est compté : la population ou l'offre de ce choix n'est pas connue."
    lost, gained = found.perdus, found.gagnes
    if not lost and not gained:
        return f"Personne n'a perdu ni gagné {offre} à {seuil} ou moins."
    sides = ((lost, "n'ont plus"), (gained, "ont désormais"))
    told = [f"{upper_first(tell_people(nb))} {verb} {offre}" for nb, verb in sides if nb]
    phrase = " ; ".join(told)
    return f"{upper_first(phrase)} à {seuil} ou moins."


def list_access_notes(found: EffetAcces) -> list[str]:
    """Return what must be known before using these counts of people."""
    unknown = round(found.effectif.nb_inconnus)
    notes = [
        "Les habitants sont ceux de l'instantané le plus récent : seule l'offre change.",
        f"{format_number(unknown)} habitants ne sont pas comptés : l'un des deux instantanés ne "
        "connaît pas l'offre ou les trajets où ils vivent."
        if unknown >= PETIT_NOMBRE
        else "",
    ]
    return [note for note in notes if note]


@dataclass(frozen=True, kw_only=True)
class Releve:
    """One snapshot of a series: its trainings, their places, who is beyond the threshold.

    `non_couverts` is NaN when unknown, or from one to four.
    """

    id: str
    nom: str
    nb_formations: int
    nb_lieux: int
    non_couverts: float

    @property
    def non_couverts_dits(self) -> str:
        """Return who is beyond the threshold, as a table says it."""
        return INCONNU if isnan(self.non_couverts) else format_number(round(self.non_couverts))


def read_series(worlds: Sequence[World], parametres: Mapping) -> list[Releve]:
    """Return one row by snapshot, in the order given, for one question."""
    names = name_snapshots([one.snapshot for one in worlds])
    filtres = {nom: valeur for nom, valeur in parametres.items() if nom in FILTRES_OFFRE}
    rows = []
    for world in worlds:
        question = parse_question(parametres, world)
        offres = counted_offers(world.snapshot, filtres)
        effectif = count_people(world, question, None, "tous")
        beyond = effectif.beyond(effectif.cost, question.seuil)
        told = effectif.perimetre.est_chiffrable and effectif.population
        hidden = not told or tells_of_few(beyond, effectif.population)
        rows.append(
            Releve(
                id=world.snapshot.id,
                nom=names[world.snapshot.id],
                nb_formations=len(offres),
                nb_lieux=int(offres["id_place"].nunique()),
                non_couverts=float("nan") if hidden else beyond,
            )
        )
    return rows
