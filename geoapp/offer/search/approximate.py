"""Places known by their commune only: how far they are is an interval, never a number.

The training is somewhere in the commune: at least as far as its outline, at most as far as its
farthest vertex.  Both are measured as every other distance is (`proximity`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from geoapp.core.config import CRS_GEO, CRS_METRIC
from geoapp.core.geometry import to_geographic, to_metric
from geoapp.offer.search.proximity import distances_m, to_ecef


@dataclass(frozen=True, kw_only=True)
class CommunePlaces:
    """The outlines of the places known by their commune only.

    `places` are their rows among the places, `contours` their communes (EPSG:2154), `sommets` the
    vertices of all of them (ECEF), those of outline i from `debuts[i]` on.
    """

    places: np.ndarray
    contours: np.ndarray
    sommets: np.ndarray
    debuts: np.ndarray

    def bound(
        self, exact_m: np.ndarray, longitude: float, latitude: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the least and the greatest distance of every place to a point, in metres.

        `exact_m` are the distances to the points of all places: both bounds where the place is
        known.
        """
        least, most = exact_m.copy(), exact_m.copy()
        if not len(self.places) or math.isnan(longitude):
            return least, most
        x, y = to_metric(longitude, latitude)
        lines = shapely.shortest_line(self.contours, shapely.Point(float(x), float(y)))
        # Both ends are one point where the outline holds the point searched from.
        ends = shapely.get_coordinates(lines)[::2]
        nearest = distances_m(to_ecef(*to_geographic(*ends.T)), longitude, latitude)
        inside = shapely.length(lines) == 0
        gaps = distances_m(self.sommets, longitude, latitude)
        most[self.places] = np.maximum.reduceat(gaps, self.debuts)
        least[self.places] = np.minimum(np.where(inside, 0.0, nearest), most[self.places])
        return least, most


ALL_EXACT = CommunePlaces(
    places=np.empty(0, dtype=np.int64),
    contours=np.empty(0, dtype=object),
    sommets=np.empty((0, 3)),
    debuts=np.empty(0, dtype=np.int64),
)
"""Every place taken for its point."""


def outline_places(codes: np.ndarray, communes: gpd.GeoDataFrame) -> CommunePlaces:
    """Return the outlines of some places; `codes` tells the commune of each, "" for an exact one.

    A commune without outline leaves its place where it is.
    """
    outlines = communes.set_index("code_commune").geometry
    outlines = outlines[outlines.notna()]
    places = np.flatnonzero(np.isin(codes, outlines.index.to_numpy(dtype=object)))
    mine = outlines.reindex(codes[places])
    vertices = [shapely.get_coordinates(outline) for outline in mine]
    sizes = np.array([len(one) for one in vertices], dtype=np.int64)
    degrees = np.concatenate([np.empty((0, 2)), *vertices])
    metric = gpd.GeoSeries(mine.to_numpy(), crs=CRS_GEO).to_crs(CRS_METRIC).to_numpy()
    return CommunePlaces(
        places=places,
        contours=metric,
        sommets=to_ecef(degrees[:, 0], degrees[:, 1]),
        debuts=np.cumsum(sizes) - sizes,
    )
