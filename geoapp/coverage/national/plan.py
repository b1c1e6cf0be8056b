"""What a run needs, written once: the places, the points of each tile, the parameters.

A folder is named by the digest of all of it: what was measured there can only be the answer to
the same question, so that a run that was stopped goes on from the tiles that are done.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from geoapp.core.files import replacing, write_text
from geoapp.core.geometry import to_metric
from geoapp.coverage.national.roads import (
    density_ranks,
    square_limits,
    straight_lines_km,
    to_whole_metres,
)
from geoapp.coverage.national.tiles import tiles_of

VERSION = 1
"""Of what is written: another one is measured again."""

SEUILS_KM = (10, 20, 40)
COTE_M = 50_000
"""Side of a tile: 250 of them hold the country, enough to share between twenty workers."""

PLAN, LIEUX, LIMITES = "plan.json", "lieux.parquet", "limites.parquet"
POINTS, RESULTATS, SOMMES = "points", "resultats", "sommes"
GEOCENTRIQUES = ("geo_x", "geo_y", "geo_z")
TOUS = "tous"
"""What stands for every domain, or every level, in the name of a filter."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One run: its parameters, and the tiles to measure.

    `filtres` are (domain, level), "" for all of them; `maille` is `communes` or `carreaux`.
    """

    maille: str
    seuils_km: tuple[int, ...]
    filtres: tuple[tuple[str, str], ...]
    cote_m: int
    tuiles: tuple[str, ...]
    nb_points: int
    population: int
    nb_offres: int
    nb_lieux: int
    halo_m: float
    """Longest straight line within the greatest threshold, at any density."""

    @property
    def noms(self) -> list[str]:
        """Return the column of each filter."""
        return [name_filter(*filtre) for filtre in self.filtres]


def name_filter(domaine: str, niveau: str) -> str:
    """Return the column of a filter: « commerce_5 », « tous_tous »."""
    return f"{domaine or TOUS}_{niveau or TOUS}"


def part_of(dossier: Path, sorte: str, nom: str, cle: str = "tuile") -> Path:
    """Return the file of one part, in folders that readers know (`tuile=E0600N6850`)."""
    return dossier / sorte / f"{cle}={nom}" / "part-0.parquet"


def make_plan(
    folder: Path,
    points: pd.DataFrame,
    offers: pd.DataFrame,
    *,
    maille: str,
    filtres: Sequence[tuple[str, str]],
    seuils_km: Sequence[int] = SEUILS_KM,
    cote_m: int = COTE_M,
) -> Path:
    """Write in a folder of `folder` what a run needs, unless it is there; return that folder.

    Parameters
    ----------
    points : DataFrame
        Made by `people`: `code_commune`, `x`, `y`, `longitude`, `latitude`, `population`,
        `plancher_m` (least straight line to a place of the commune).
    offers : DataFrame
        One row by offer: `id_place`, `longitude`, `latitude`, `code_commune`, `est_vague` (known
        by its commune only), `domaine`, `niveau` ("" when unknown).
    """
    points = points.sort_values(["code_commune", "y", "x"], kind="stable", ignore_index=True)
    seuils = tuple(sorted(seuils_km))
    places = list_places(offers, filtres, est_partout=maille == "communes")
    tiles, ranks = tiles_of(points["x"].to_numpy(), points["y"].to_numpy(), cote_m)
    plan = Plan(
        maille=maille,
        seuils_km=seuils,
        filtres=tuple(filtres),
        cote_m=cote_m,
        tuiles=tuple(tile.nom for tile in tiles),
        nb_points=len(points),
        population=int(points["population"].sum()),
        nb_offres=len(offers),
        nb_lieux=len(places),
        halo_m=float(np.ceil(straight_lines_km(seuils[-1:]).max() * 1000)),
    )
    dossier = Path(folder) / f"{maille}-{_digest(plan, points, places)}"
    if (dossier / PLAN).is_file():
        return dossier
    write_parquet(places, dossier / LIEUX)
    limits = square_limits(seuils)
    write_parquet(
        pa.table({f"{km}": row for km, row in zip(seuils, limits, strict=True)}), dossier / LIMITES
    )
    order = np.argsort(ranks, kind="stable")
    ends = np.searchsorted(ranks[order], np.arange(len(tiles) + 1))
    for rank, tile in enumerate(tiles):
        mine = pa.Table.from_pandas(
            points.iloc[order[ends[rank] : ends[rank + 1]]], preserve_index=False
        )
        write_parquet(mine, part_of(dossier, POINTS, tile.nom))
    # Last: a folder without its plan is one that was not finished.
    write_text(dossier / PLAN, json.dumps(asdict(plan), ensure_ascii=False, indent=1) + "\n")
    return dossier


def read_plan(dossier: Path) -> Plan:
    """Return the plan of a folder."""
    told = json.loads((Path(dossier) / PLAN).read_text(encoding="utf-8"))
    told["filtres"] = tuple(tuple(one) for one in told["filtres"])
    return Plan(**{**told, **{nom: tuple(told[nom]) for nom in ("seuils_km", "tuiles")}})


def list_places(
    offers: pd.DataFrame, filtres: Sequence[tuple[str, str]], *, est_partout: bool
) -> pa.Table:
    """Return the places of some offers: where each is, and the filters that one of them answers.

    `commune_locale` names the commune inside which nobody is at 0 km of it: that of any place
    when people are counted by commune (`est_partout`), else that of a place known by it only.
    """
    first = offers.sort_values(["id_place", "code_commune"]).drop_duplicates("id_place")
    ids = pd.Index(first["id_place"])
    vague = offers.groupby("id_place")["est_vague"].all().reindex(ids).to_numpy(dtype=bool)
    degrees = first[["longitude", "latitude"]].to_numpy(float)
    x, y = to_metric(degrees[:, 0], degrees[:, 1])
    columns = {"longitude": degrees[:, 0], "latitude": degrees[:, 1], "x": x, "y": y}
    columns |= dict(zip(GEOCENTRIQUES, to_whole_metres(degrees).T, strict=True))
    columns["densite"] = density_ranks(degrees)
    columns["commune_locale"] = np.where(vague | est_partout, first["code_commune"], "")
    of_offer = ids.get_indexer(offers["id_place"])
    for domaine, niveau in filtres:
        held = np.zeros(len(ids), dtype=bool)
        held[of_offer[answering(offers, domaine, niveau)]] = True
        columns[name_filter(domaine, niveau)] = held
    return pa.table(columns)


def answering(offers: pd.DataFrame, domaine: str, niveau: str) -> np.ndarray:
    """Tell which offers answer a filter."""
    kept = np.ones(len(offers), dtype=bool)
    if domaine:
        kept &= offers["domaine"].eq(domaine).to_numpy()
    if niveau:
        kept &= offers["niveau"].eq(niveau).to_numpy()
    return kept


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table whole or not at all: the same table, the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as aside:
        pq.write_table(table, aside, compression="zstd")


def _digest(plan: Plan, points: pd.DataFrame, places: pa.Table) -> str:
    """Return what names a run: the digest of all that its numbers depend on."""
    made = hashlib.sha256(json.dumps([VERSION, asdict(plan)], sort_keys=True).encode())
    made.update(pd.util.hash_pandas_object(points, index=False).to_numpy().tobytes())
    made.update(pd.util.hash_pandas_object(places.to_pandas(), index=False).to_numpy().tobytes())
    return made.hexdigest()[:12]
