"""The least distance inside one commune, or one cell: nobody is at 0 km of a training.

The people of a commune are counted at one point, and some trainings are known by their commune
only: between the two the straight line would be 0.  The mean distance of a disc of area A to its
centre stands for what is not known: 2/3·√(A/π) = 0.376·√A, as CEPII measures the distance of a
country to itself (Head and Mayer 2002, « Illusory border effects », CEPII 2002-01; Mayer and
Zignago 2011, « Notes on CEPII's distances measures », 2011-25).
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy import sparse

from geoapp.core.config import CRS_METRIC
from geoapp.reference.zonings import CARREAU

PART_RACINE = 0.376
"""Mean distance of a disc to its centre, as a part of the square root of its area."""

COTE_KM = 0.2
"""Side of a cell of population."""


@dataclass(frozen=True)
class Floors:
    """Least straight lines (km) between some points of demand and some places.

    `rows`, `columns` and `km` are those of pairs, sorted by row; `least` is that of each point
    (0: none) up to a straight line of `least` itself.
    """

    rows: np.ndarray
    columns: np.ndarray
    km: np.ndarray
    least: np.ndarray

    def raise_block(self, crow_km: np.ndarray, start: int) -> None:
        """Raise to the floors, in place, the straight lines of the points from rank `start` on."""
        first, last = np.searchsorted(self.rows, [start, start + len(crow_km)])
        rows, columns = self.rows[first:last] - start, self.columns[first:last]
        crow_km[rows, columns] = np.maximum(crow_km[rows, columns], self.km[first:last])
        np.maximum(crow_km, self.least[start : start + len(crow_km), None], out=crow_km)


def find_floors(points: pd.DataFrame, places: pd.DataFrame, communes: gpd.GeoDataFrame) -> Floors:
    """Return the floors inside a commune or a cell.

    Three rules, of which the first two name the floor of the commune: a commune counted at its town
    hall and any place in it; anybody of a commune and a place known by that commune only; a cell
    and a place in it.

    Parameters
    ----------
    points : DataFrame
        `type_point`, `code_commune`, in the order of the rows.
    places : DataFrame
        `code_commune`, `est_vague` (known by its commune only), in the order of the columns.
    communes : GeoDataFrame
        `code_commune` and outlines.
    """
    is_cell = points["type_point"].eq(CARREAU).to_numpy()
    origins = pd.DataFrame({"row": np.arange(len(points)), "code": points["code_commune"].array})
    origins["est_carreau"] = is_cell
    ends = pd.DataFrame({"column": np.arange(len(places)), "code": places["code_commune"].array})
    ends["est_vague"] = places["est_vague"].to_numpy(dtype=bool)
    pairs = origins.merge(ends.dropna(subset="code"), on="code")
    pairs = pairs[~pairs["est_carreau"] | pairs["est_vague"]].sort_values(["row", "column"])
    return Floors(
        rows=pairs["row"].to_numpy(),
        columns=pairs["column"].to_numpy(),
        km=pairs["code"].map(commune_floors(communes)).fillna(0).to_numpy("f4"),
        # A cell holds every place nearer than half its side: this floor is under it.
        least=np.where(is_cell, PART_RACINE * COTE_KM, 0).astype("f4"),
    )


def floor_distances(
    distance_km: sparse.csr_array,
    points: pd.DataFrame,
    places: pd.DataFrame,
    communes: gpd.GeoDataFrame,
    *,
    detour: float,
) -> None:
    """Raise to their floor, in place, the distances inside a commune or a cell.

    Three rules, of which the first two name the floor of the commune: a commune counted at its town
    hall and any place in it; anybody of a commune and a place known by that commune only; a cell
    and a place in it.  A longer distance stays what it is, and no entry is added nor removed.

    Parameters
    ----------
    distance_km : csr_array, (n_points, n_places)
        By road, columns sorted in each row.
    points : DataFrame
        `type_point`, `code_commune`, in the order of the rows.
    places : DataFrame
        `code_commune`, `est_vague` (known by its commune only), in the order of the columns.
    communes : GeoDataFrame
        `code_commune` and outlines.
    detour : float
        Road kilometres by kilometre of straight line.
    """
    floors = commune_floors(communes)
    origins = pd.DataFrame(
        {"row": np.arange(len(points)), "code": points["code_commune"].to_numpy()}
    )
    origins["est_carreau"] = points["type_point"].eq(CARREAU).to_numpy()
    ends = pd.DataFrame({"column": np.arange(len(places)), "code": places["code_commune"]})
    ends["est_vague"] = places["est_vague"].to_numpy(dtype=bool)
    pairs = origins.merge(ends.dropna(subset="code"), on="code")
    pairs = pairs[~pairs["est_carreau"] | pairs["est_vague"]]
    pairs["km"] = pairs["code"].map(floors).fillna(0)
    _raise_to(distance_km, pairs, detour)
    # A cell holds every place nearer than half its side: this floor is under it.
    least = np.float32(PART_RACINE * COTE_KM * detour)
    for row in origins.loc[origins["est_carreau"], "row"]:
        mine = slice(distance_km.indptr[row], distance_km.indptr[row + 1])
        np.maximum(distance_km.data[mine], least, out=distance_km.data[mine])


def commune_floors(communes: gpd.GeoDataFrame) -> pd.Series:
    """Return the least straight line inside each commune, in kilometres (index `code_commune`)."""
    known = communes[communes.geometry.notna()]
    km2 = known.geometry.to_crs(CRS_METRIC).area / 1e6
    return PART_RACINE * np.sqrt(km2.set_axis(known["code_commune"]))


def _raise_to(distance_km: sparse.csr_array, pairs: pd.DataFrame, detour: float) -> None:
    """Raise the entries of some pairs (`row`, `column`) to a straight line (`km`)."""
    data, indices, indptr = distance_km.data, distance_km.indices, distance_km.indptr
    for row, mine in pairs.groupby("row"):
        start, end = indptr[row], indptr[row + 1]
        columns = mine["column"].to_numpy()
        at = start + np.searchsorted(indices[start:end], columns)
        # Beyond the largest distance kept there is no entry to raise.
        at = np.minimum(at, end - 1)
        held = (indices[at] == columns) if end > start else np.zeros(len(at), dtype=bool)
        at, km = at[held], mine["km"].to_numpy()[held]
        data[at] = np.maximum(data[at], (km * detour).astype("f4"))
