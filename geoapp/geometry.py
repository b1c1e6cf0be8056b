"""Coordinates: systems, metric distances, and recognition of wrong coordinates."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from geoapp.config import CRS_GEO, CRS_METRIC

GEOD = pyproj.Geod(ellps="GRS80")

METROPOLE = (-5.5, 41.0, 10.0, 51.5)
"""Longitude and latitude bounds of metropolitan France, in degrees."""

METROPOLE_L93 = (0.0, 6_000_000.0, 1_300_000.0, 7_200_000.0)
"""The same in Lambert-93 metres."""

_TO_GEO = pyproj.Transformer.from_crs(CRS_METRIC, CRS_GEO, always_xy=True)
_TO_METRIC = pyproj.Transformer.from_crs(CRS_GEO, CRS_METRIC, always_xy=True)


def to_metric(longitude, latitude) -> tuple[np.ndarray, np.ndarray]:
    """Return Lambert-93 x, y in metres from degrees (EPSG:4326), same shape."""
    return _TO_METRIC.transform(np.asarray(longitude, float), np.asarray(latitude, float))


def to_geographic(x, y) -> tuple[np.ndarray, np.ndarray]:
    """Return longitude, latitude in degrees from Lambert-93 metres, same shape."""
    return _TO_GEO.transform(np.asarray(x, float), np.asarray(y, float))


def measure_distance_m(longitude_a, latitude_a, longitude_b, latitude_b) -> np.ndarray:
    """Return geodesic distances in metres on the GRS80 ellipsoid (Karney 2013, PROJ)."""
    points = [np.asarray(v, float) for v in (longitude_a, latitude_a, longitude_b, latitude_b)]
    return np.asarray(GEOD.inv(*np.broadcast_arrays(*points))[2])


def _within(x: np.ndarray, y: np.ndarray, box: tuple) -> np.ndarray:
    """Tell which points lie in a box, borders included."""
    return (x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])


def repair_coordinates(latitude: pd.Series, longitude: pd.Series) -> pd.DataFrame:
    """Return coordinates in degrees with the repair made, recognised from their values.

    Parameters
    ----------
    latitude, longitude : Series of text or numbers
        As received; a decimal comma is accepted.

    Returns
    -------
    DataFrame
        Same index; `latitude`, `longitude` (degrees EPSG:4326, NA when unusable)
        and `reparation`: NA when nothing was wrong or nothing was given,
        `coordonnees_inversees`, `lambert_93`, `coordonnees_nulles` (0, 0) or
        `coordonnees_refusees` (outside metropolitan France whatever the reading).
    """
    lat, lon = _numbers(latitude), _numbers(longitude)
    given = latitude.notna().to_numpy() | longitude.notna().to_numpy()
    zero = given & (np.nan_to_num(lat) == 0) & (np.nan_to_num(lon) == 0)
    good, swapped = _within(lon, lat, METROPOLE), _within(lat, lon, METROPOLE)
    metric, metric_swapped = _within(lon, lat, METROPOLE_L93), _within(lat, lon, METROPOLE_L93)
    x, y = to_geographic(np.where(metric_swapped, lat, lon), np.where(metric_swapped, lon, lat))
    lambert = metric | metric_swapped
    cases = [good, swapped, lambert]
    result = pd.DataFrame(
        {"latitude": np.select(cases, [lat, lon, y], np.nan), "longitude": np.select(cases, [lon, lat, x], np.nan)},
        index=latitude.index,
    )
    names = np.select(
        [good | ~given, zero, swapped, lambert], ["", "coordonnees_nulles", "coordonnees_inversees", "lambert_93"], "coordonnees_refusees"
    )
    result["reparation"] = pd.Series(names, index=latitude.index, dtype="str").replace("", pd.NA)
    return result


def _numbers(values: pd.Series) -> np.ndarray:
    """Return text as floats; decimal commas accepted, anything else NaN."""
    text = values.astype("str").str.replace(",", ".", regex=False)
    return pd.to_numeric(text, errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def find_crs(bounds, declared: str | None) -> str | None:
    """Return the CRS that bounding box `bounds` fits, the declared one first.

    Recognised: what was declared, EPSG:4326 and EPSG:2154 (metropolitan France).
    None when the coordinates fit neither.
    """
    fits_geo, fits_metric = _box_inside(bounds, METROPOLE), _box_inside(bounds, METROPOLE_L93)
    if fits_metric:
        return CRS_METRIC
    if fits_geo:
        return CRS_GEO
    if declared and not pyproj.CRS(declared).is_geographic:
        return declared
    return None


def _box_inside(bounds, box) -> bool:
    """Tell whether a bounding box lies inside another, borders included."""
    return bounds[0] >= box[0] and bounds[1] >= box[1] and bounds[2] <= box[2] and bounds[3] <= box[3]


def make_points(longitude, latitude) -> gpd.GeoSeries:
    """Return points in EPSG:4326; an unknown coordinate gives a missing point, never POINT EMPTY."""
    longitude, latitude = np.asarray(longitude, float), np.asarray(latitude, float)
    known = ~(np.isnan(longitude) | np.isnan(latitude))
    geometry = np.full(len(longitude), None, dtype=object)
    geometry[known] = shapely.points(longitude[known], latitude[known])
    return gpd.GeoSeries(geometry, crs=CRS_GEO)
