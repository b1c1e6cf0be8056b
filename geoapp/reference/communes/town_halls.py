"""Rule that puts every town-hall point inside its own commune.

The source geocoded addresses without looking at the commune: one point in
seventeen falls elsewhere, most often 2 to 5 km away in a neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoapp.reference.communes.outlines import CRS_METRIQUE, CRS_STOCKAGE

#: Outlines are simplified by about this much: a point this close outside is
#: right and the outline is not.  Further, the point itself is wrong.
PROCHE_M = 200.0
#: Points are kept or brought this far inside, so that rounding cannot push them out.
RETRAIT_M = 1.0
#: Decimals of the stored longitude and latitude: 0.1 m.
DECIMALES = 6


@dataclass(frozen=True)
class Mairies:
    """Repaired points and what was done, by code_commune.

    `table` has longitude_mairie, latitude_mairie (degrees, EPSG:4326) and
    est_mairie_deplacee (True when the point is not the one of the source).
    """

    table: pd.DataFrame
    collees: tuple[str, ...]
    replacees: tuple[str, ...]
    absentes: tuple[str, ...]


def place_mairies(outlines: gpd.GeoSeries, points: gpd.GeoSeries) -> Mairies:
    """Put one point inside each outline.

    The point of the source is kept when it is at least RETRAIT_M inside the
    outline.  Otherwise, within PROCHE_M (inclusive) of it, the nearest
    interior point replaces it.  Further, or when the source has none, it is
    a representative point of the outline, which always lies inside.

    Parameters
    ----------
    outlines : GeoSeries
        As stored, EPSG:4326, index code_commune.
    points : GeoSeries
        EPSG:2154, index code_commune; codes may be missing.

    Returns
    -------
    Mairies
        One row per outline, in the same order; never NA.
    """
    metric = outlines.to_crs(CRS_METRIQUE)
    inner = metric.buffer(-RETRAIT_M)
    inner = inner.where(~inner.is_empty, metric)
    given = points.reindex(outlines.index)
    absent = given.isna() | given.is_empty
    inside = ~absent & given.intersects(inner)
    near = ~absent & ~inside & (given.distance(metric) <= PROCHE_M)
    far = ~absent & ~inside & ~near
    placed = inner.representative_point()
    placed[inside] = given[inside]
    placed[near] = _nearest_inside(given[near], inner[near])
    return Mairies(
        _to_columns(placed, moved=~inside),
        tuple(outlines.index[near]),
        tuple(outlines.index[far]),
        tuple(outlines.index[absent]),
    )


def _nearest_inside(points: gpd.GeoSeries, inner: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return the point of each shrunken outline that is nearest to the given point."""
    lines = shapely.shortest_line(inner.to_numpy(), points.to_numpy())
    return gpd.GeoSeries(shapely.get_point(lines, 0), index=points.index, crs=CRS_METRIQUE)


def _to_columns(placed: gpd.GeoSeries, *, moved: pd.Series) -> pd.DataFrame:
    """Write points as rounded degrees with the flag."""
    degrees = placed.to_crs(CRS_STOCKAGE)
    return pd.DataFrame(
        {
            "longitude_mairie": np.round(degrees.x, DECIMALES),
            "latitude_mairie": np.round(degrees.y, DECIMALES),
            "est_mairie_deplacee": moved.astype(bool),
        },
        index=placed.index,
    )
