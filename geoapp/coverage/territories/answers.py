"""Answers of coverage that several zones share, kept: one by question and zoning, one by domain."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from geoapp.coverage.answer import Reponse, answer
from geoapp.coverage.measures import measure_points
from geoapp.coverage.model import Question, to_parameters
from geoapp.coverage.offered import is_information
from geoapp.coverage.small_counts import protect
from geoapp.coverage.table import table_of
from geoapp.coverage.world import World, choose_offer
from geoapp.offer.filters import FILTRES, Filtres, Option, apply_filters
from geoapp.reference.zonings import MAILLE, MAILLES

_GARDEES = {"reponse": 8, "points": 44, "domaines": 8, "contenu": 4}
"""Answers, measures of points and tables by domain kept at most: two questions, a few zonings; and
what is told of the last zones asked, whose files are asked after their page."""

AUTRE = "autre"
"""The domain of what could not be told: neither taught nor lacking."""


def kept(world: World, sorte: str, cle: Hashable, make: Callable[[], object]):
    """Return `make()`, made once by key as long as it is among the last ones asked."""
    memory = world.last_ones(("territoires", sorte), _GARDEES[sorte])
    # By day too: a filter on dates counts from today.
    return memory.get((cle, date.today()), make)


def _key(question: Question) -> tuple:
    """Return what the numbers of a question depend on: neither measure nor classes of a map."""
    return tuple(to_parameters(replace(question, mesure="part_non_couverte", methode="jenks")))


def zoning_answer(world: World, question: Question, type_zone: str) -> Reponse:
    """Return the answer to a question for every zone of a zoning: that of the API."""
    asked = replace(question, zonage=type_zone)
    return kept(world, "reponse", _key(asked), lambda: answer(world, asked))


def chosen_domains(world: World, question: Question) -> tuple[Option, ...]:
    """Return the domains that a question asks, all those of the product when it chooses none.

    A place of information has none.
    """
    if is_information(question):
        return ()
    return question.filtres.choix.get("domaine") or tuple(FILTRES["domaine"].lister(world.snapshot))


def with_domain(question: Question, domaine: Option) -> Question:
    """Return a question for one domain alone."""
    return replace(question, filtres=Filtres({**question.filtres.choix, "domaine": (domaine,)}))


def domain_rows(world: World, question: Question, type_zone: str, code_zone: str) -> pd.DataFrame:
    """Return the numbers of one zone, a row by domain (`code_domaine`, `domaine` beside them)."""
    tables = kept(
        world,
        "domaines",
        _key(replace(question, zonage=type_zone)),
        lambda: _tables(world, question, type_zone),
    )
    # What has no domain has no row.
    none = zoning_answer(world, question, type_zone).tableau.iloc[:0]
    rows = [table[table["code_zone"].eq(code_zone)] for _, table in tables]
    frame = pd.concat(rows, ignore_index=True) if rows else none
    return frame.assign(
        code_domaine=[domaine.valeur for domaine, _ in tables],
        domaine=[domaine.libelle for domaine, _ in tables],
    )


def _tables(world: World, question: Question, type_zone: str) -> list[tuple[Option, pd.DataFrame]]:
    """Return the protected table of a zoning for each domain."""
    partition = MAILLES[type_zone].est_partition
    maille, made = world.mailles[type_zone], []
    for domaine in chosen_domains(world, question):
        asked = with_domain(question, domaine)
        offre, points = choose_offer(world, asked), domain_points(world, asked)
        table = table_of(maille, world, asked, offre=offre, points=points)
        made.append((domaine, protect(table, est_partition=partition)))
    return made


def domain_points(world: World, question: Question) -> pd.DataFrame:
    """Return the measures of the demand points for one domain."""
    return kept(
        world,
        "points",
        _key(replace(question, zonage=MAILLE)),
        lambda: measure_points(world, question, choose_offer(world, question)),
    )


def rank_of(world: World, type_zone: str, code_zone: str) -> int:
    """Return the rank of a zone in its division."""
    return int(np.flatnonzero(world.mailles[type_zone].codes == code_zone)[0])


def offer_rows(world: World, question: Question, type_zone: str, code_zone: str) -> pd.DataFrame:
    """Return the offers of a question whose place is in a zone.

    They are rows of `World.offres`, with the columns `place` and `organisme` of `World.comptes`.
    """
    maille, chosen = world.mailles[type_zone], choose_offer(world, question).comptes.index
    inside = maille.offres[maille.zones_offres == rank_of(world, type_zone, code_zone)]
    rows = np.intersect1d(inside, chosen)
    return world.offres.iloc[rows].assign(
        place=world.comptes["place"].iloc[rows], organisme=world.comptes["organisme"].iloc[rows]
    )


def region_rows(world: World, question: Question) -> pd.DataFrame:
    """Return the offers of a question in the whole region, in the form of `offer_rows`."""
    chosen = choose_offer(world, question).comptes
    mine = chosen[~chosen["est_voisine"]]
    return world.offres.loc[mine.index].assign(place=mine["place"], organisme=mine["organisme"])


def unplaced_rows(world: World, question: Question) -> pd.DataFrame:
    """Return the offers of the region that have no position: in no zone without a commune."""
    offres = world.snapshot.read("offres")
    if world.est_information:
        return offres.iloc[:0]
    return apply_filters(offres[offres["id_place"].isna()], question.filtres)
