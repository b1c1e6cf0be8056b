"""The offer of a zone by domain × level × voie: formations, places, seats when they are known."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geoapp.coverage.model import Question
from geoapp.coverage.sentences import offer_years
from geoapp.coverage.territories.answers import offer_rows, region_rows
from geoapp.coverage.territories.zone import Zone
from geoapp.coverage.world import World
from geoapp.offer.values import INCONNU

CLE = ["code_domaine", "niveau_sortie", "voie"]


@dataclass(frozen=True)
class BlocOffre:
    """The offer of a zone.

    `cases` has one row per domain, level and voie met: `nb_offres`, `nb_lieux`, `nb_places` (sum of
    those known, NA when none is), `nb_sans_places` (offers whose places are not known).  `region`
    is the same for the region.  Levels and voies that the source does not give are « inconnu ».
    `annees` are the years of its sources, of those of the region when the zone has none.
    `est_connue` is False when the zone has no outline: its offers are then unknown, not none.
    """

    lignes: pd.DataFrame
    cases: pd.DataFrame
    region: pd.DataFrame
    est_connue: bool
    annees: str = ""

    @property
    def nb(self) -> int:
        """Return the number of offers."""
        return len(self.lignes)

    def shares(self, colonne: str) -> pd.DataFrame:
        """Return `nb`, `part` and `part_region` by value of a column of `CLE`, most first."""
        mine = self.cases.groupby(colonne)["nb_offres"].sum()
        theirs = self.region.groupby(colonne)["nb_offres"].sum()
        both = pd.DataFrame(
            {"nb": mine.reindex(theirs.index.union(mine.index), fill_value=0), "nb_region": theirs}
        )
        both = both.assign(
            part=both["nb"] / max(both["nb"].sum(), 1),
            part_region=both["nb_region"] / max(both["nb_region"].sum(), 1),
        )
        return both.sort_values(["nb", "nb_region"], ascending=False, kind="stable")


def offer_block(world: World, question: Question, zone: Zone) -> BlocOffre:
    """Return the offer of a zone for a question; an offer counts once by place."""
    mine = offer_rows(world, question, zone.type_zone, zone.code_zone)
    whole = region_rows(world, question)
    return BlocOffre(
        lignes=mine,
        cases=count_cases(mine),
        region=count_cases(whole),
        est_connue=zone.est_offre_connue,
        annees=offer_years(world, (mine if len(mine) else whole)["id_source"]),
    )


def count_cases(offres: pd.DataFrame) -> pd.DataFrame:
    """Return offers counted by domain, level and voie (`BlocOffre`); Σ nb_offres = rows."""
    plain = pd.DataFrame(
        {nom: offres[nom].astype("object").where(offres[nom].notna(), INCONNU) for nom in CLE}
    )
    plain = plain.assign(place=offres["place"], capacite=offres["capacite"].astype("Int64"))
    if not len(plain):
        counts = ["nb_offres", "nb_lieux", "nb_places", "nb_sans_places"]
        return pd.DataFrame(columns=[*CLE, *counts])
    groups = plain.groupby(CLE, sort=True)
    return groups.agg(
        nb_offres=("place", "size"),
        nb_lieux=("place", "nunique"),
        # Seats that no source gives are unknown, not none.
        nb_places=("capacite", lambda s: s.sum(min_count=1)),
        nb_sans_places=("capacite", lambda s: int(s.isna().sum())),
    ).reset_index()
