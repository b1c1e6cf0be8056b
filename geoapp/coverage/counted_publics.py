"""How many of each public live too far: job seekers, RSA households, young people, QPV of 2015.

Publics are counted by commune, and their people taken to live where the inhabitants of the commune
do.  A commune whose number is hidden is in no sum; what the communes hide together is told by the
total that the producer publishes for the region.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geoapp.core.schema.model import MESURES
from geoapp.coverage import equity
from geoapp.coverage.indicators import format_share
from geoapp.coverage.measures import points_of
from geoapp.coverage.model import Question
from geoapp.coverage.scope import RANGS
from geoapp.coverage.small_counts import tells_of_few
from geoapp.coverage.table import region_row, zone_table
from geoapp.coverage.world import World, choose_offer
from geoapp.coverage.zone_values import PAR_HABITANTS
from geoapp.offer.perimeter import INCONNUE
from geoapp.reference.zonings import COMMUNE, REGION

PUBLICS = ("demandeurs", "demandeurs_50", "rsa", "jeunes_non_scolarises")
"""Measures of communes that are people to train; one more is one more name."""

GAP = 0.001
"""Least difference of two shares that a sentence tells."""

QPV = "qpv2015"
"""The zoning whose people a producer counted zone by zone."""


@dataclass(frozen=True, kw_only=True)
class PublicCompte:
    """One public: how many are known, how many of them live too far, who is hidden.

    Attributes
    ----------
    annee : str
        Year of the numbers.
    nombre : float
        People (or households) of the communes (or quarters) whose number is known.
    nb_loin, part_loin : float
        Those beyond the threshold; NaN when the offer or the trips are not known, or few.
    est_petit : bool
        From one to four are beyond the threshold, or within: neither is shown.
    nb_tues : int
        Communes, or quarters, whose number is hidden or whose trips are not known.
    publie : float
        What the producer publishes for the region; NaN when it does not.
    gini : float
        How unequally the access of these people is spread (0: all alike).
    """

    nom: str
    titre: str
    annee: str
    nombre: float
    nb_loin: float
    part_loin: float
    est_petit: bool
    nb_tues: int
    publie: float
    gini: float
    unite: str = "commune"


def count_publics(world: World, question: Question) -> list[PublicCompte]:
    """Return each public, the year of its last numbers; those that no source counts are left out.

    Where the offer asked is not known, people are counted and nothing is told of their access.
    """
    world = world.of(question)
    points = points_of(world, question)
    region = world.points["est_region"].to_numpy()
    is_told = points.loc[region, "perimetre"].max() < RANGS[INCONNUE]
    access = _by_commune(world, question, points)
    measures = world.snapshot.read("mesures_communes")
    found = [
        _count(measures[measures["mesure"].eq(nom)], nom, access, is_told=is_told)
        for nom in PUBLICS
        if measures["mesure"].eq(nom).any()
    ]
    return [*found, *_quarters(world, question, points, is_told=is_told)]


def _by_commune(world: World, question: Question, points: pd.DataFrame) -> pd.DataFrame:
    """Return of each commune the part of its people who live too far, and the points it is made of.

    Index `code_commune`: `part` (NaN when no trip is known), and lists `poids` and `score`.
    """
    inside = world.points["est_region"].to_numpy()
    people = np.nan_to_num(world.population("tous"))
    known = world.known_trips(question.mode)
    told = inside & (people > 0) & (True if known is None else known)
    frame = pd.DataFrame(
        {
            "code_commune": world.points["code_commune"].to_numpy()[told],
            "people": people[told],
            "loin": people[told] * ~points["est_couvert"].to_numpy()[told],
            "score": np.nan_to_num(points["e2sfca"].to_numpy())[told] * PAR_HABITANTS,
        }
    )
    total = frame.groupby("code_commune")["people"].transform("sum")
    frame["poids"] = frame["people"] / total
    frame["part"] = frame["loin"] / total
    return frame[["code_commune", "poids", "part", "score"]]


def _count(mine: pd.DataFrame, nom: str, access: pd.DataFrame, *, is_told: bool) -> PublicCompte:
    """Return one public from its rows of `mesures_communes`: those of its last year."""
    year = mine["annee"].max()
    mine = mine[mine["annee"].eq(year)]
    communes = mine[mine["type_zone"].eq(COMMUNE)].set_index("code_zone")["nombre"]
    whole = mine.loc[mine["type_zone"].eq(REGION), "nombre"]
    known = communes.dropna()
    rows = access[access["code_commune"].isin(known.index)]
    number = rows["code_commune"].map(known)
    far = float((rows["part"] * number).sum())
    reached = known[known.index.isin(rows["code_commune"])]
    total = float(reached.sum())
    few = tells_of_few(round(far), round(total))
    shown = is_told and total > 0 and not few
    weights = (rows["poids"] * number).to_numpy()
    return PublicCompte(
        nom=nom,
        titre=MESURES[nom],
        annee=year,
        nombre=total,
        nb_loin=far if shown else float("nan"),
        part_loin=far / total if shown else float("nan"),
        est_petit=is_told and few,
        nb_tues=int(len(communes) - len(reached)),
        publie=float(whole.iloc[0]) if len(whole) and pd.notna(whole.iloc[0]) else float("nan"),
        gini=equity.gini(rows["score"].to_numpy(), weights) if shown else float("nan"),
    )


def _quarters(
    world: World, question: Question, points: pd.DataFrame, *, is_told: bool
) -> list[PublicCompte]:
    """Return the people of the QPV of 2015 as their producer counted them; nothing without them."""
    if QPV not in world.mailles:
        return []
    zones = world.snapshot.read("zones")
    mine = zones[zones["type_zone"].eq(QPV)].set_index("code_zone")
    people = mine["population"].astype("float64").dropna()
    if people.empty:
        return []
    table = zone_table(
        world, _of_zoning(question, QPV), choose_offer(world, question), points
    ).set_index("code_zone")
    parts = table["part_non_couverte"].astype("float64").reindex(people.index)
    reached = people[parts.notna()]
    total, far = float(reached.sum()), float((parts * people).sum())
    few = tells_of_few(round(far), round(total))
    shown = is_told and total > 0 and not few
    return [
        PublicCompte(
            nom=QPV,
            titre="Habitants des quartiers prioritaires de 2015",
            annee=str(mine["annee_population"].dropna().iloc[0]),
            nombre=total,
            nb_loin=far if shown else float("nan"),
            part_loin=far / total if shown else float("nan"),
            est_petit=is_told and few,
            nb_tues=int(len(mine) - len(reached)),
            publie=float(people.sum()),
            gini=float("nan"),
            unite="quartier",
        )
    ]


def part_of_all(world: World, question: Question) -> float:
    """Return which part of all the inhabitants of the region lives too far; NaN when unknown."""
    world = world.of(question)
    offre, points = choose_offer(world, question), points_of(world, question)
    return float(region_row(world, question, offre, points)["part_non_couverte"])


def tell_publics(found: list[PublicCompte], everybody: float) -> str:
    """Return which public lives too far the most often, against all the inhabitants; "" for none.

    Said only of a gap of a tenth of a point or more.
    """
    known = [one for one in found if not np.isnan(one.part_loin)]
    if not known or np.isnan(everybody):
        return ""
    worst = max(known, key=lambda one: one.part_loin)
    if worst.part_loin - everybody < GAP:
        which = "Aucun de ces publics" if len(known) == len(found) else "Aucun des publics connus"
        return f"{which} ne vit trop loin plus souvent que l'ensemble des habitants."
    return (
        f"{worst.titre} ({worst.annee}) : {format_share(worst.part_loin)} vivent trop loin, contre "
        f"{format_share(everybody)} de l'ensemble des habitants."
    )


def _of_zoning(question: Question, zonage: str) -> Question:
    """Return the same question, by another zoning."""
    return replace(question, zonage=zonage)
