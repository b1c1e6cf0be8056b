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

    def raise_near(self, km: np.ndarray, pairs: np.ndarray, start: int, width: int) -> None:
        """Raise to the floors, in place, the straight lines of some pairs.

        Each is told by its rank among those of the points from rank `start` on with every place,
        of which there are `width`; they are in order.
        """
        if not len(pairs):
            return
        first, last = np.searchsorted(self.rows, [start, start + pairs[-1] // width + 1])
        wanted = (self.rows[first:last] - start) * width + self.columns[first:last]
        ranks = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
        found = pairs[ranks] == wanted
        ranks = ranks[found]
        km[ranks] = np.maximum(km[ranks], self.km[first:last][found])
        nb = int(pairs[-1] // width) + 1
        ends = np.searchsorted(pairs, np.arange(1, nb + 1) * width)
        least = np.repeat(self.least[start : start + nb], np.diff(ends, prepend=0))
        np.maximum(km, least, out=km)


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


def commune_floors(communes: gpd.GeoDataFrame) -> pd.Series:
    """Return the least straight line inside each commune, in kilometres (index `code_commune`)."""
    known = communes[communes.geometry.notna()]
    km2 = known.geometry.to_crs(CRS_METRIC).area / 1e6
    return PART_RACINE * np.sqrt(km2.set_axis(known["code_commune"]))
