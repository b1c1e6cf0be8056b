"""Add up what was measured, tile by tile: communes, then EPCI, départements, regions, the country.

An offer that no source holds in a region is not known there: what depends on it is left empty,
in the region and in all that it is part of.  The country is told over the regions where the offer
is known, and says how many they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from geoapp.core.errors import ContractError
from geoapp.core.geometry import make_points
from geoapp.coverage.national.measure import as_geoparquet
from geoapp.coverage.national.plan import (
    SOMMES,
    Plan,
    answering,
    name_filter,
    part_of,
    read_plan,
    write_parquet,
)
from geoapp.offer.perimeter import INCONNUE, PARTIELLE

COMMUNES, ZONES = "communes", "zones.parquet"

ENSEMBLE = "ensemble"
"""The regions where the offer is known, together."""

MAILLES = {
    "region": ("code_region", "nom_region"),
    "departement": ("code_departement", "nom_departement"),
    "epci": ("code_epci", "nom_epci"),
}
"""Divisions told, and their columns in the table of communes."""


def add_up(
    dossier: Path,
    communes: pd.DataFrame,
    offers: pd.DataFrame,
    claimed: Sequence[tuple[str, str]],
) -> None:
    """Write the results by commune (folders by region) and by zone of a plan that is done.

    Parameters
    ----------
    communes : DataFrame
        Those of the country, with the codes and names of `MAILLES`, and their town halls.
    offers : DataFrame
        `code_commune`, `domaine`, `niveau`, one row by offer.
    claimed : sequence of (domain, level)
        Filters of which the source says that it holds the offer, at least in part.

    Raises
    ------
    ContractError
        When the people counted are not those of the plan.
    """
    plan = read_plan(dossier)
    communes = communes.sort_values("code_commune", ignore_index=True)
    people, points, served = _read_sums(dossier, plan, communes["code_commune"])
    if people.sum() != plan.population:
        raise ContractError(
            f"{people.sum()} habitants comptés dans les tuiles, {plan.population} attendus."
        )
    held = _count_offers(plan, communes["code_commune"], offers)
    known = _known(plan, communes, held, claimed)
    _write_communes(dossier, plan, communes, (people, points, served, held, known))
    parts = [_whole(plan, people, served, held, known, communes)]
    for type_zone, (code, nom) in MAILLES.items():
        parts.append(_by_zone(plan, type_zone, communes[[code, nom]], people, served, held, known))
    table = pd.concat(parts, ignore_index=True)
    # By filter, then by division: a page reads the rows of its question alone.
    order = {nom: rank for rank, nom in enumerate(plan.noms)}
    table = table.sort_values("filtre", key=lambda one: one.map(order), kind="stable")
    write_parquet(pa.Table.from_pandas(table, preserve_index=False), dossier / ZONES)


def _read_sums(
    dossier: Path, plan: Plan, codes: pd.Series
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return people, points and people served of each commune, over all tiles."""
    rank_of = pd.Index(codes)
    shape = len(codes), len(plan.filtres), len(plan.seuils_km)
    people, points = np.zeros(len(codes), np.int64), np.zeros(len(codes), np.int64)
    served = np.zeros(shape, np.int32)
    for tile in plan.tuiles:
        sums = pq.read_table(part_of(dossier, SOMMES, tile), partitioning=None)
        # A commune is once in a tile.
        ranks = rank_of.get_indexer(sums.column("code_commune").to_numpy(zero_copy_only=False))
        people[ranks] += sums.column("population").to_numpy()
        points[ranks] += sums.column("nb_points").to_numpy()
        flat = sums.column("servis").combine_chunks().flatten().to_numpy()
        served[ranks] += flat.reshape(len(ranks), *shape[1:])
    return people, points, served


def _count_offers(plan: Plan, codes: pd.Series, offers: pd.DataFrame) -> np.ndarray:
    """Return the offers of each commune, by filter."""
    rank = pd.Index(codes).get_indexer(offers["code_commune"])
    held = np.zeros((len(codes), len(plan.filtres)), np.int32)
    for column, filtre in enumerate(plan.filtres):
        mine = rank[answering(offers, *filtre)]
        held[:, column] = np.bincount(mine[mine >= 0], minlength=len(codes))
    return held


def _known(
    plan: Plan,
    communes: pd.DataFrame,
    held: np.ndarray,
    claimed: Sequence[tuple[str, str]],
) -> np.ndarray:
    """Tell in which communes the offer of each filter is known, at least in part.

    A source that holds a part, and not one training of a region, tells nothing of it.
    """
    region, distinct = pd.factorize(communes["code_region"])
    by_region = _gather(held, region, len(distinct))
    is_claimed = np.isin(plan.noms, [name_filter(*one) for one in claimed])
    return np.logical_and(by_region > 0, is_claimed)[region]


def _gather(values: np.ndarray, ranks: np.ndarray, nb: int) -> np.ndarray:
    """Return sums by zone; a rank of −1 is in none."""
    result = np.zeros((nb, *values.shape[1:]), np.int64)
    # Sorted, then summed by runs: `np.add.at` takes a hundred times longer on rows of rows.
    order = np.argsort(ranks, kind="stable")
    order = order[ranks[order] >= 0]
    held, starts = np.unique(ranks[order], return_index=True)
    if len(held):
        result[held] = np.add.reduceat(values[order], starts, axis=0, dtype=np.int64)
    return result


def _by_zone(
    plan: Plan,
    type_zone: str,
    zones: pd.DataFrame,
    people: np.ndarray,
    served: np.ndarray,
    held: np.ndarray,
    known: np.ndarray,
) -> pd.DataFrame:
    """Return one row by filter and zone of one division."""
    ranks, codes = pd.factorize(zones.iloc[:, 0], sort=True)
    nb = len(codes)
    noms = zones.iloc[:, 1].groupby(ranks).first().reindex(range(nb)).to_numpy(dtype=object)
    is_known = np.equal(_gather(~known, ranks, nb), 0)
    return _rows(
        plan,
        {"type_zone": type_zone, "code_zone": np.asarray(codes, dtype=object), "nom": noms},
        np.repeat(_gather(people, ranks, nb)[:, None], len(plan.filtres), axis=1),
        _gather(served, ranks, nb),
        _gather(held, ranks, nb),
        is_known,
        np.ones_like(is_known, dtype=np.int64),
    )


def _whole(
    plan: Plan,
    people: np.ndarray,
    served: np.ndarray,
    held: np.ndarray,
    known: np.ndarray,
    communes: pd.DataFrame,
) -> pd.DataFrame:
    """Return one row by filter: the regions where its offer is known, together."""
    region, distinct = pd.factorize(communes["code_region"])
    regions = _gather(known, region, len(distinct)) > 0
    return _rows(
        plan,
        {"type_zone": ENSEMBLE, "code_zone": ENSEMBLE, "nom": "Régions où cette offre est connue"},
        (people[:, None] * known).sum(axis=0)[None],
        np.where(known[:, :, None], served, 0).sum(axis=0, dtype=np.int64)[None],
        held.sum(axis=0, dtype=np.int64)[None],
        np.any(known, axis=0, keepdims=True),
        regions.sum(axis=0)[None],
    )


def _rows(
    plan: Plan,
    zone: Mapping[str, object],
    people: np.ndarray,
    served: np.ndarray,
    held: np.ndarray,
    known: np.ndarray,
    nb_regions: np.ndarray,
) -> pd.DataFrame:
    """Return the rows of some zones, filter after filter; empty where the offer is not known."""
    parts = []
    for rank, (domaine, niveau) in enumerate(plan.filtres):
        told = known[:, rank]
        row = {
            **zone,
            "filtre": plan.noms[rank],
            "domaine": domaine,
            "niveau": niveau,
            "perimetre": np.where(told, PARTIELLE, INCONNUE),
            "nb_regions": nb_regions[:, rank],
            "nb_offres": held[:, rank],
            "population": people[:, rank],
        }
        for place, km in enumerate(plan.seuils_km):
            row[f"couverte_{km}"] = _whole_numbers(served[:, rank, place], told)
        parts.append(pd.DataFrame(row, index=range(len(told))))
    return pd.concat(parts, ignore_index=True)


def _whole_numbers(values: np.ndarray, known: np.ndarray) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(values.astype(np.int64), ~known)


def _write_communes(
    dossier: Path, plan: Plan, communes: pd.DataFrame, numbers: tuple[np.ndarray, ...]
) -> None:
    """Write one GeoParquet file by region: a row by commune, a column by filter and threshold."""
    people, points, served, held, known = numbers
    halls: gpd.GeoSeries = make_points(communes["longitude_mairie"], communes["latitude_mairie"])
    names = ["code_commune", "nom", "code_epci", "code_departement"]
    for code, mine in communes.groupby("code_region").groups.items():
        rows = mine.to_numpy()
        columns = {
            nom: pa.array(communes[nom].iloc[rows], type=pa.string(), from_pandas=True)
            for nom in names
        }
        columns |= {"population": people[rows], "nb_points": points[rows]}
        for rank, filtre in enumerate(plan.noms):
            columns[f"{filtre}_offres"] = held[rows, rank]
            for place, km in enumerate(plan.seuils_km):
                values = served[rows, rank, place]
                columns[f"{filtre}_{km}"] = pa.array(values, mask=~known[rows, rank])
        table = as_geoparquet(pa.table(columns), halls.to_numpy()[rows])
        write_parquet(table, part_of(dossier, COMMUNES, str(code), "region"))
