"""What an outline source hands over, whoever the producer is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import pandas as pd
import shapely

CRS_METRIQUE = 2154
CRS_STOCKAGE = 4326


@dataclass(frozen=True, kw_only=True)
class ContoursCommunes:
    """Outlines of communes as read from a source, before any repair.

    Attributes
    ----------
    communes : GeoSeries
        One outline per commune, index = code_commune (text), EPSG:2154;
        None when the source has no outline for it.
    membres : GeoDataFrame
        Outlines of communes déléguées and associées: code_membre,
        code_commune (the commune they belong to), geometry, EPSG:2154.
    mairies : GeoSeries
        Town-hall points, index = code_commune, EPSG:2154; may lack codes.
    source, version, licence : str
        What the notes say of the source, in French.
    """

    communes: gpd.GeoSeries
    membres: gpd.GeoDataFrame
    mairies: gpd.GeoSeries
    source: str
    version: str
    licence: str


def no_members() -> gpd.GeoDataFrame:
    """Return the empty table of members, for sources that have none."""
    columns = {"code_membre": pd.Series(dtype="str"), "code_commune": pd.Series(dtype="str")}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=CRS_METRIQUE))


def select_around(
    contours: ContoursCommunes, codes: pd.Index, *, marge_m: float
) -> ContoursCommunes:
    """Keep the asked communes and those within `marge_m` of their bounding box.

    Neighbours are needed because a hole along the edge of the asked
    départements is only a hole when the communes beyond are there too.
    """
    asked = contours.communes[contours.communes.index.isin(codes)]
    xmin, ymin, xmax, ymax = asked.total_bounds
    box = shapely.box(xmin - marge_m, ymin - marge_m, xmax + marge_m, ymax + marge_m)
    near = shapely.intersects(contours.communes.to_numpy(), box)
    missing = contours.communes.isna().to_numpy()
    keep = near | missing | contours.communes.index.isin(codes)
    return replace(contours, communes=contours.communes[keep])
