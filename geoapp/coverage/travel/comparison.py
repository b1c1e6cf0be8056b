"""Two sets of costs side by side: where they differ, by how much, and on whose trips.

The pairs compared are those that both hold; the differences are told as those of a law
(`judging`), the second set standing for the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy
import shapely

from geoapp.core.errors import ParameterError
from geoapp.coverage.travel.choice import list_origins, list_places
from geoapp.coverage.travel.completed import read_given
from geoapp.coverage.travel.crow import pair_km, to_ecef
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.estimated import estimate_trajets
from geoapp.coverage.travel.judging import Judgement, judge
from geoapp.coverage.travel.law import load_laws
from geoapp.coverage.travel.matrix import Trajets
from geoapp.coverage.travel.modes import DEFAUT
from geoapp.coverage.travel.pairs import Pairs
from geoapp.reference.codes.identifiers import suggest

LOI = "loi"
"""Word that stands for the costs of the law in place of a file."""

PROCHE_M = 300.0
"""Farthest that the ends of a known trip may be from the point and the place that stand for it."""


@dataclass(frozen=True)
class DeuxCouts:
    """What two sets of costs have in common, and how the first differs from the second.

    `ecarts` is by commune of origin the median of the size of first / second − 1 (index
    `code_commune`); `seuls` counts the pairs that only the first holds, then only the second.
    """

    jugement: Judgement
    trajets: Pairs
    ecarts: pd.Series
    seuls: tuple[int, int]


def read_side(
    text: str, points: gpd.GeoDataFrame, places: pd.DataFrame, communes: gpd.GeoDataFrame, mode: str
) -> Trajets:
    """Return the costs of a file, or those of the law of `mode` for the word « loi ».

    Raises
    ------
    SourceError
        When the file cannot be used.
    ParameterError
        When that way of travelling has no law.
    """
    if text != LOI:
        return read_given(Path(text), points, places["id_place"].to_numpy(dtype=str))
    others = tuple(nom for nom in load_laws() if nom != mode)
    densites = densities_of(points, places)
    found = next(estimate_trajets(points, places, communes, densites, sauf=others), None)
    if found is None:
        raise ParameterError(f"Le mode « {mode} » n'a pas de loi. {suggest(mode, load_laws())}")
    return found


def densities_of(points: gpd.GeoDataFrame, places: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the people per km² around points and places."""
    return {
        "origines": density_around(shapely.get_coordinates(points.geometry.to_numpy())),
        "places": density_around(places[["longitude", "latitude"]].to_numpy(float)),
    }


def compare_costs(frames: dict, first: str, second: str, mode: str | None = None) -> DeuxCouts:
    """Return how two sets of costs differ on the pairs that both hold.

    Parameters
    ----------
    frames : dict of tables
        `demande`, `offres`, `offres_voisines`, `communes` of a snapshot.
    first, second : str
        Paths of matrices, or the word « loi ».
    mode : str, optional
        Way of travelling of the law; that of the other side when left out.

    Raises
    ------
    ParameterError
        When no pair is in both with its minutes, or both sides are the law.
    SourceError
        When a file cannot be used.
    """
    if first == second == LOI:
        raise ParameterError("--comparer : donnez au moins une matrice ; « loi » des deux côtés.")
    points, places = list_origins(frames), list_places(frames)
    sides: dict[str, Trajets] = {}
    for text in sorted((first, second), key=lambda one: one == LOI):
        known = mode or next((one.mode for one in sides.values()), DEFAUT)
        sides[text] = read_side(text, points, places, frames["communes"], known)
    one, other = _flat(sides[first]), _flat(sides[second])
    both = one.merge(other, on="pair", suffixes=("_a", "_b"))
    width = max(len(places), 1)
    rows, columns = (both["pair"] // width).to_numpy(), (both["pair"] % width).to_numpy()
    origins = shapely.get_coordinates(points.geometry.to_numpy())[rows]
    ends = places[["longitude", "latitude"]].to_numpy(float)[columns]
    crow = pair_km(origins, ends)
    kept = ((crow > 0) & (both["min_b"] > 0)).to_numpy()
    if not kept.any():
        raise ParameterError("--comparer : aucun trajet n'a de durée des deux côtés.")
    both, rows = both[kept], rows[kept]
    pairs = Pairs(
        nom=f"{_name(first)} à côté de {_name(second)}",
        origins=origins[kept],
        ends=ends[kept],
        crow_km=crow[kept],
        minutes=both["min_b"].to_numpy(),
        road_km=both["km_b"].to_numpy(),
        nb_exclues=int((~kept).sum()),
    )
    found = judge(sides[first].mode, pairs, both["min_a"].to_numpy(), both["km_a"].to_numpy())
    size = pd.Series(np.abs(both["min_a"].to_numpy() / both["min_b"].to_numpy() - 1))
    codes = points["code_commune"].to_numpy()[rows]
    return DeuxCouts(
        jugement=found,
        trajets=pairs,
        ecarts=size.groupby(codes).median(),
        seuls=(len(one) - len(kept), len(other) - len(kept)),
    )


def judge_matrix(frames: dict, path: Path, pairs: Pairs) -> tuple[Pairs, Judgement]:
    """Return the known trips that a matrix can be judged on, and its errors on them.

    A trip stands for the nearest point and the nearest place, at `PROCHE_M` at most.

    Parameters
    ----------
    frames : dict of tables
        `demande`, `offres`, `offres_voisines` of a snapshot.

    Raises
    ------
    SourceError
        When the matrix cannot be used.
    ParameterError
        When it holds none of the trips.
    """
    points, places = list_origins(frames), list_places(frames)
    found = read_given(path, points, places["id_place"].to_numpy(dtype=str))
    ends = (
        (pairs.origins, shapely.get_coordinates(points.geometry.to_numpy())),
        (pairs.ends, places[["longitude", "latitude"]].to_numpy(float)),
    )
    near = [scipy.spatial.cKDTree(to_ecef(known)).query(to_ecef(asked)) for asked, known in ends]
    (from_m, rows), (to_m, columns) = near
    keys = pd.Series(rows.astype("i8") * max(len(places), 1) + columns)
    costs = _flat(found).set_index("pair").reindex(keys)
    held = (from_m <= PROCHE_M) & (to_m <= PROCHE_M) & costs["min"].notna().to_numpy()
    if not held.any():
        raise ParameterError(
            f"{path.name} ne contient aucun de ces trajets, à {PROCHE_M:.0f} m près aux deux bouts."
        )
    mine = replace(pairs.take(held), nb_exclues=pairs.nb_exclues + int((~held).sum()))
    minutes, km = (costs[nom].to_numpy(float)[held] for nom in ("min", "km"))
    return mine, judge(found.mode, mine, minutes, km)


def _name(text: str) -> str:
    return "la loi" if text == LOI else Path(text).name


def _flat(trajets: Trajets) -> pd.DataFrame:
    """Return one row by pair: its rank, minutes and kilometres, NaN where a unit is not known."""
    structure = trajets.structure
    many = np.diff(structure.indptr)
    rows = np.repeat(np.arange(len(many), dtype="i8"), many)
    none = np.full(structure.nnz, np.nan, dtype="f4")
    costs = {"min": trajets.duree_min, "km": trajets.distance_km}
    return pd.DataFrame(
        {"pair": rows * max(structure.shape[1], 1) + structure.indices}
        | {nom: none if cost is None else cost.data for nom, cost in costs.items()}
    )
