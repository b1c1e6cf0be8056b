"""Publics compared (QPV, rural zones, départements), and how unequal access is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoapp.core.french import format_decimal, upper_first
from geoapp.coverage import equity
from geoapp.coverage.divisions import Maille
from geoapp.coverage.measures import points_of
from geoapp.coverage.model import Question
from geoapp.coverage.scope import RANGS, known_offer
from geoapp.coverage.small_counts import protect
from geoapp.coverage.table import table_of
from geoapp.coverage.world import OffreComptee, World, choose_offer
from geoapp.coverage.zone_values import PAR_HABITANTS
from geoapp.offer.perimeter import INCONNUE
from geoapp.reference.zonings import CARREAU, COMPARES, ZONAGES


@dataclass(frozen=True, kw_only=True)
class Public:
    """One group of people and its access.

    Numbers are NaN when unknown, or hidden because too small.

    `zonage` is what makes the group: its zones, against the others of the region.
    """

    zonage: str
    titre: str
    population: float
    part_couverte: float
    population_non_couverte: float
    mediane: float
    p90: float
    e2sfca: float
    est_estimee: bool
    perimetre: str
    note: str = ""

    @property
    def groupe(self) -> str:
        """Return the title of the zoning, or of the communes that stand for it."""
        return _title(self.zonage, self.est_estimee)


@dataclass(frozen=True)
class Indice:
    """One index of equity, and what its value means in one plain line."""

    nom: str
    titre: str
    valeur: float
    sens: str


def compare_publics(world: World, question: Question) -> list[Public]:
    """Return the access of each public beside that of the rest, then of each département.

    The people of two zones that share a point are counted once.  A QPV without
    outline is estimated by the whole communes that hold it.
    """
    world = world.of(question)
    offre = choose_offer(world, question)
    points = points_of(world, question)
    rows = publics_among(
        world, question, points, np.flatnonzero(world.points["est_region"].to_numpy())
    )
    departements = world.mailles.get("departement")
    if departements is not None:
        rows += [
            _public("departement", row, False, "")
            for row in protect(
                table_of(departements, world, question, offre=offre, points=points),
                est_partition=True,
            ).itertuples()
        ]
    return rows


def publics_among(
    world: World, question: Question, points: pd.DataFrame, parmi: np.ndarray
) -> list[Public]:
    """Return the access of each public among some demand points, beside that of the others.

    `parmi` are rows of the matrix, `points` the measures of the question.  A side that holds no
    point is left out.
    """
    world = world.of(question)
    offre, rows = choose_offer(world, question), []
    for zonage, compare in COMPARES.items():
        maille, cells_only = world.mailles.get(zonage), compare.est_par_carreaux
        if maille is None or not len(maille.points):
            continue
        autre = "Ailleurs, sur le même territoire" if cells_only else "Ailleurs"
        field = (
            parmi[world.points["type_point"].to_numpy()[parmi] == CARREAU] if cells_only else parmi
        )
        # Zones may overlap: each point is there once, and each of its people.
        inside = np.intersect1d(maille.points, field)
        if not len(inside):
            continue
        est_estimee = bool(maille.est_estimee.any()) and not cells_only
        two = [
            (nom, members)
            for nom, members in (
                (_title(zonage, est_estimee), inside),
                (autre, np.setdiff1d(field, inside)),
            )
            if len(members)
        ]
        table = _table(zonage, two, world=world, question=question, offre=offre, points=points)
        rows += [
            _public(zonage, row, est_estimee, _note(maille, cells_only))
            for row in table.itertuples()
        ]
    return rows


def _table(
    zonage: str,
    groups: list[tuple[str, np.ndarray]],
    *,
    world: World,
    question: Question,
    offre: OffreComptee,
    points: pd.DataFrame,
) -> pd.DataFrame:
    """Return the numbers of some groups of points, small counts hidden."""
    names = np.array([titre for titre, _ in groups], dtype=object)
    # What a public itself offers is not a question: no offer lies inside.
    nothing = np.empty(0, dtype=np.intp)
    maille = Maille(
        type_zone=zonage,
        codes=names,
        noms=names,
        points=np.concatenate([rows for _, rows in groups]).astype(np.intp),
        zones=np.repeat(np.arange(len(groups)), [len(rows) for _, rows in groups]),
        est_estimee=np.zeros(len(groups), dtype=bool),
        offres=nothing,
        zones_offres=nothing,
    )
    table = table_of(maille, world, question, offre=offre, points=points)
    # The two sides add up to a total that is known: one hidden count would be told by the other.
    return protect(table, est_partition=True)


def _title(zonage: str, est_estimee: bool) -> str:
    """Return who is compared: whole communes, where the outlines of a zoning are not known."""
    communes = COMPARES[zonage].communes if est_estimee else ""
    return upper_first(communes) if communes else ZONAGES[zonage].titre


def _note(maille: Maille, cells_only: bool) -> str:
    """Return what limits the comparison."""
    if cells_only:
        return "Sur le territoire où contours et carreaux de population sont connus."
    return "Estimé : communes entières qui portent un quartier." if maille.est_estimee.any() else ""


def _public(zonage: str, row, est_estimee: bool, note: str) -> Public:
    return Public(
        zonage=zonage,
        titre=row.nom,
        population=row.population,
        part_couverte=row.part_couverte,
        population_non_couverte=row.population_non_couverte,
        mediane=row.mediane,
        p90=row.p90,
        e2sfca=row.e2sfca,
        est_estimee=est_estimee,
        perimetre=row.perimetre,
        note=note,
    )


def measure_equity(world: World, question: Question) -> list[Indice]:
    """Return the indices of equity of access over the people of the region, with their meaning.

    Gini and Palma read E2SFCA (nothing in reach counts as zero access), P90/P10 the
    cost of the nearest offer (out of reach is farther than everything).  Where the offer is not
    known, they are not either.
    """
    offre = choose_offer(world, question)
    points = points_of(world, question)
    if points.loc[world.points["est_region"].to_numpy(), "perimetre"].max() >= RANGS[INCONNUE]:
        told = known_offer(world, question, offre).phrase
        return [Indice(nom, titre, float("nan"), told) for nom, titre, _, _ in _INDICES]
    people = np.where(world.points["est_region"], np.nan_to_num(world.people(question)), 0.0)
    kept = people > 0
    score = np.nan_to_num(points["e2sfca"].to_numpy())[kept] * PAR_HABITANTS
    cost = points["cout"].to_numpy()[kept]
    return [
        Indice(nom, titre, value, say(value))
        for nom, titre, compute, say in _INDICES
        for value in [compute(score, cost, people[kept])]
    ]


def _unknown_or(say: Callable[[float], str], why: str) -> Callable[[float], str]:
    """Return the meaning of a value, or why it cannot be computed."""
    return lambda value: (
        f"Ne peut être calculé ici : {why}." if not np.isfinite(value) else say(value)
    )


def _gini(value: float) -> str:
    return (
        f"0 : tous ont le même accès ; 1 : un seul a tout. Ici {format_decimal(round(value, 2))}."
    )


def _palma(value: float) -> str:
    return (
        f"Les 10 % les mieux servis ont {format_decimal(round(value, 1))} fois l'accès que "
        f"se partagent les 40 % les moins bien servis."
    )


def _spread(value: float) -> str:
    return (
        f"Le trajet dépassé par un habitant sur dix vaut {format_decimal(round(value, 1))} fois "
        "celui que neuf sur dix dépassent."
    )


_INDICES = (
    (
        "gini",
        "Indice de Gini de l'accessibilité",
        lambda score, cost, people: equity.gini(score, people),
        _unknown_or(_gini, "personne n'a d'offre à portée"),
    ),
    (
        "palma",
        "Rapport de Palma",
        lambda score, cost, people: equity.palma(score, people),
        _unknown_or(_palma, "les 40 % les moins bien servis n'ont pas d'offre à portée"),
    ),
    (
        "p90_p10",
        "Rapport P90/P10 des trajets",
        lambda score, cost, people: equity.p90_p10(cost, people),
        _unknown_or(
            _spread,
            "un habitant sur dix au moins n'a rien dans les trajets connus, ou un sur dix a tout "
            "sur place",
        ),
    ),
)
"""Indices of equity: name, title, how it is computed, what it means."""
