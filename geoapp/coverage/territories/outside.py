"""What is near a zone but outside it: what its people reach, where to find what it lacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoapp.coverage.model import Question
from geoapp.coverage.territories.answers import AUTRE
from geoapp.coverage.territories.coverage import BlocCouverture
from geoapp.coverage.territories.offer import BlocOffre
from geoapp.coverage.territories.zone import Zone
from geoapp.coverage.world import World, choose_offer


@dataclass(frozen=True)
class BlocDehors:
    """What surrounds a zone; costs are those of the nearest of its inhabitants.

    `communes`: the communes outside that teach within the threshold (`nom_commune`,
    `code_commune`, `est_voisine`, `nb_offres`, `cout`), the most offers first; `nb_offres` their
    total.  `absents`: the domains that the zone lacks, where the nearest is (`domaine`,
    `nom_commune`, `cout`, `part_couverte` of the people of the zone); costs are NaN when nothing
    is in the matrix.
    """

    communes: pd.DataFrame
    nb_offres: int
    absents: pd.DataFrame


def outside_block(
    world: World, question: Question, zone: Zone, *, offre: BlocOffre, couverture: BlocCouverture
) -> BlocDehors:
    """Return what is near a zone but outside."""
    chosen = choose_offer(world, question).comptes
    outside = chosen[~chosen.index.isin(offre.lignes.index)]
    cost = _nearest_costs(world, question, couverture.points)[outside["place"].to_numpy()]
    rows = world.offres.loc[
        outside.index, ["nom_commune", "code_commune", "code_domaine", "est_voisine"]
    ].assign(cout=cost)
    near = rows[rows["cout"] <= question.seuil]
    return BlocDehors(
        communes=_by_commune(near),
        nb_offres=len(near),
        absents=_lacking(rows, couverture.domaines, est_connue=offre.est_connue),
    )


def _nearest_costs(world: World, question: Question, points: np.ndarray) -> np.ndarray:
    """Return the cost of each place from the nearest inhabited point of a zone, NaN without one."""
    people = np.nan_to_num(world.people(question)[points])
    # From where people live: an empty cell at the border would make everything near.
    rows = world.cost(question.unite, question.mode, points[people > 0])
    best = np.full(rows.shape[1], np.inf)
    np.minimum.at(best, rows.indices, rows.data)
    return np.where(np.isfinite(best), best, np.nan)


def _by_commune(near: pd.DataFrame) -> pd.DataFrame:
    """Return offers counted by commune, the most first, then the nearest."""
    named = near.assign(
        nom_commune=near["nom_commune"].fillna("commune inconnue"),
        code_commune=near["code_commune"].fillna(""),
    )
    counted = named.groupby(["code_commune", "nom_commune"]).agg(
        nb_offres=("cout", "size"), cout=("cout", "min"), est_voisine=("est_voisine", "first")
    )
    return counted.reset_index().sort_values(
        ["nb_offres", "cout", "code_commune"], ascending=[False, True, True], ignore_index=True
    )


def _lacking(outside: pd.DataFrame, domaines: pd.DataFrame, *, est_connue: bool) -> pd.DataFrame:
    """Return the domains that have no offer in the zone, with the nearest place outside.

    A domain whose offer is not known is not lacking: its number of offers is unknown.
    """
    # Where what lies inside is not known, no domain is known to be lacking.
    absent = domaines[domaines["nb_offres"].eq(0) & domaines["code_domaine"].ne(AUTRE) & est_connue]
    nearest = (
        outside.dropna(subset="cout")
        .sort_values(["cout", "code_commune"])
        .drop_duplicates("code_domaine")
        .set_index("code_domaine")
    )
    found = nearest.reindex(absent["code_domaine"])
    return pd.DataFrame(
        {
            "code_domaine": absent["code_domaine"].to_numpy(),
            "domaine": absent["domaine"].to_numpy(),
            "nom_commune": found["nom_commune"].to_numpy(),
            "cout": found["cout"].to_numpy(dtype=float),
            "part_couverte": absent["part_couverte"].to_numpy(),
        }
    )
