"""Steps of a build that describe the offer: statistics of producers, and what we know of it."""

from __future__ import annotations

from functools import partial

import pandas as pd

from geoapp.ingest.perimeter import perimeter_table
from geoapp.ingest.readings import Lectures, per_source
from geoapp.ingest.state import BuildState
from geoapp.ingest.statistics import read_statistics, statistics_tables
from geoapp.ingest.step_offer import read_nomenclatures
from geoapp.ingest.tally import Bilan
from geoapp.ingest.totals import count_totals, read_totals, totals_table
from geoapp.reference.codes.tracks import read_filieres
from geoapp.sources.fetch import Located
from geoapp.sources.usages import USAGES

OFFRES = tuple(nom for nom, usage in USAGES.items() if usage.est_offre)
"""Usages of the sources that may say what they hold of the offer."""


def describing_tables(
    state: BuildState, lectures: Lectures, tables: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return the tables of statistics, and count their sources."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for one in state.feeding("statistique"):
        read = partial(_read_statistics, one, lectures)
        rows, state.bilans[one.source.id] = per_source(state, one, read)
        parts.setdefault(one.source.options["table"], []).append(rows)
    filieres = read_filieres(read_nomenclatures(state, lectures))
    return statistics_tables(parts, tables, filieres)


def _read_statistics(one: Located, lectures: Lectures) -> tuple[pd.DataFrame, Bilan]:
    """Return the rows of one source of statistics, and its counts."""
    return read_statistics(lectures[one.source.id], one.source)


def perimeter_tables(
    state: BuildState, lectures: Lectures, tables: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return what the sources say that they hold, and the totals that check it.

    The sources of totals are counted.
    """
    totals = []
    for one in state.feeding("total"):
        rows, state.bilans[one.source.id] = read_totals(lectures[one.source.id], one.source)
        totals.append(rows)
    communes = state.communes[state.communes["est_region"].astype(bool)]
    departements = sorted(communes["code_departement"].unique())
    counted_totals = count_totals(totals, tables, departements)
    feeding = [one.source for usage in OFFRES for one in state.feeding(usage)]
    return {
        "perimetre": perimeter_table(feeding, tables, counted_totals, departements),
        "totaux": totals_table(counted_totals),
    }
