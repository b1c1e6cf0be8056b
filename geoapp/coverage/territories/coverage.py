"""The coverage of a zone beside the region: white communes, who holds it alone, publics."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd

from geoapp.coverage.answer import Reponse
from geoapp.coverage.model import Question
from geoapp.coverage.publics import Public, publics_among
from geoapp.coverage.territories.answers import AUTRE, domain_rows, region_rows, zoning_answer
from geoapp.coverage.territories.zone import Zone
from geoapp.coverage.ways import ParMode, compare_ways
from geoapp.coverage.world import World
from geoapp.coverage.zone_points import Presque, almost_reaching, zone_points
from geoapp.reference.zonings import COMMUNE


@dataclass(frozen=True)
class PublicZone:
    """The access of one public of a zone; the others are None when nobody is there.

    `ailleurs` is that of the other residents of the zone, `region` that of the same public in the
    whole region.
    """

    ici: Public
    ailleurs: Public | None
    region: Public | None


@dataclass(frozen=True, kw_only=True)
class BlocCouverture:
    """The coverage of a zone.

    `ligne` and `ensemble` are rows of the table of coverage (zone, region); `domaines` the row of
    the zone by domain; `blanches` its communes mostly white; `uniques` the bodies on which communes
    of the zone depend alone (`organisme`, `nb_communes`, `population`, `communes`),
    `part_communes_uniques` the share of such communes, also in the region; `nb_offreurs_region` the
    bodies of the region in the domains that one alone covers here; `points` the rows of the matrix
    inside; `par_mode` the access of its people by each way of travelling.
    """

    reponse: Reponse
    ligne: pd.Series
    ensemble: pd.Series
    domaines: pd.DataFrame
    blanches: pd.DataFrame
    uniques: pd.DataFrame
    publics: list[PublicZone]
    presque: list[Presque]
    points: np.ndarray
    part_communes_uniques: float
    part_communes_uniques_region: float
    nb_offreurs_region: int
    par_mode: list[ParMode]

    @property
    def domaines_uniques(self) -> pd.DataFrame:
        """Return the domains in which one body alone covers the zone."""
        return alone_in(self.domaines)


def alone_in(domaines: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table by domain that one body alone covers."""
    return domaines[domaines["offreur_unique"].notna() & domaines["code_domaine"].ne(AUTRE)]


def coverage_block(world: World, question: Question, zone: Zone) -> BlocCouverture:
    """Return the coverage of a zone, with the numbers of the API."""
    reponse = zoning_answer(world, question, zone.type_zone)
    inside = zone_points(world, zone.type_zone, zone.code_zone)
    communes = set(world.points["code_commune"].to_numpy()[inside])
    alone = (
        zoning_answer(world, question, COMMUNE)
        .tableau.set_index("code_zone")["offreur_unique"]
        .notna()
    )
    domaines = domain_rows(world, question, zone.type_zone, zone.code_zone)
    region = region_rows(world, question)
    return BlocCouverture(
        reponse=reponse,
        ligne=reponse.tableau[reponse.tableau["code_zone"].eq(zone.code_zone)].iloc[0],
        ensemble=reponse.ensemble,
        domaines=domaines,
        blanches=reponse.blanches[reponse.blanches["code_commune"].isin(communes)].reset_index(
            drop=True
        ),
        uniques=sole_providers(world, question, communes),
        publics=publics_inside(world, question, zone, inside),
        presque=almost_reaching(world, reponse, inside),
        points=inside,
        par_mode=compare_ways(world, question, inside),
        part_communes_uniques=float(alone[alone.index.isin(communes)].mean()),
        part_communes_uniques_region=float(alone.mean()),
        nb_offreurs_region=region.loc[
            region["code_domaine"].isin(alone_in(domaines)["code_domaine"]), "organisme"
        ].nunique(),
    )


def sole_providers(world: World, question: Question, communes: set[str]) -> pd.DataFrame:
    """Return the bodies that alone cover communes, and which (names, the most people first)."""
    table = zoning_answer(world, question, COMMUNE).tableau
    mine = table[table["code_zone"].isin(communes) & table["offreur_unique"].notna()].sort_values(
        ["population", "code_zone"], ascending=[False, True]
    )
    groups = mine.groupby("offreur_unique", sort=True).agg(
        nb_communes=("nom", "size"),
        population=("population", lambda s: s.sum(min_count=1)),
        communes=("nom", lambda s: ", ".join(s)),
    )
    return groups.reset_index(names="organisme").sort_values(
        ["population", "organisme"], ascending=[False, True], ignore_index=True
    )


def publics_inside(
    world: World, question: Question, zone: Zone, inside: np.ndarray
) -> list[PublicZone]:
    """Return the access of the residents of QPV and rural zones of a zone."""
    points = zoning_answer(world, question, zone.type_zone).points
    everywhere = np.flatnonzero(world.points["est_region"].to_numpy())
    # The side that bears the title of the zoning is the public itself, « Ailleurs » the others.
    region = {
        one.titre: one
        for one in publics_among(world, question, points, everywhere)
        if one.titre == one.groupe
    }
    result = []
    for zonage, pair in groupby(
        publics_among(world, question, points, inside), key=lambda one: one.zonage
    ):
        first, *others = pair
        # A zoning is not compared with itself, nor a side that holds the others alone.
        if zonage != zone.type_zone and first.titre == first.groupe:
            known = region.get(first.groupe)
            rest = others[0] if others else None
            result.append(PublicZone(ici=first, ailleurs=rest, region=known))
    return result
