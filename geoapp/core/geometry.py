"""Coordinates: systems, metric distances, and recognition of wrong coordinates."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from geoapp.core.config import CRS_GEO, CRS_METRIC

GEOD = pyproj.Geod(ellps="GRS80")

METROPOLE = (-5.5, 41.0, 10.0, 51.5)
"""Longitude and latitude bounds of metropolitan France, in degrees."""

OUTRE_MER = (
    (-63.5, 14.0, -60.5, 18.5),
    (-55.0, 2.0, -51.0, 6.0),
    (54.5, -22.0, 56.5, -20.0),
    (44.5, -13.5, 45.7, -12.0),
    (-57.0, 46.5, -56.0, 47.5),
    (-155.0, -28.0, -134.0, -7.0),
    (158.0, -23.5, 172.5, -17.5),
    (-178.5, -14.8, -176.0, -13.0),
)
"""The same of the Antilles, Guyane, La Réunion, Mayotte, Saint-Pierre-et-Miquelon, Polynésie,
Nouvelle-Calédonie, Wallis-et-Futuna: in this order."""

METROPOLE_L93 = (0.0, 6_000_000.0, 1_300_000.0, 7_200_000.0)
"""Bounds of metropolitan France in Lambert-93 metres."""

SYSTEMES_METRIQUES = (
    CRS_METRIC,
    "EPSG:3857",
    "EPSG:27572",
    *(f"EPSG:{code}" for code in range(3942, 3951)),
    *(f"EPSG:{code}" for code in (27561, 27562, 27563, 27564, 27571, 27573, 27574)),
)
"""Systems in metres met in French files, the most frequent first.

Lambert-93, web maps, Lambert II étendu, CC42 to CC50, Lambert zones I to IV and étendu.
"""

_TO_GEO = pyproj.Transformer.from_crs(CRS_METRIC, CRS_GEO, always_xy=True)
_TO_METRIC = pyproj.Transformer.from_crs(CRS_GEO, CRS_METRIC, always_xy=True)


def to_metric(longitude, latitude) -> tuple[np.ndarray, np.ndarray]:
    """Return Lambert-93 x, y in metres from degrees (EPSG:4326), same shape."""
    return _TO_METRIC.transform(np.asarray(longitude, float), np.asarray(latitude, float))


def to_geographic(x, y) -> tuple[np.ndarray, np.ndarray]:
    """Return longitude, latitude in degrees from Lambert-93 metres, same shape."""
    return _TO_GEO.transform(np.asarray(x, float), np.asarray(y, float))


def metric_points(points: gpd.GeoSeries) -> tuple[pd.Series, pd.Series]:
    """Return x, y in metres (Lambert-93) of points in EPSG:4326, NaN for a missing one.

    As `to_crs`, without another point of each.
    """
    degrees = np.stack([shapely.get_x(points.to_numpy()), shapely.get_y(points.to_numpy())])
    known = ~np.isnan(degrees).any(axis=0)
    degrees[:, known] = to_metric(*degrees[:, known])
    x, y = (pd.Series(values, index=points.index) for values in degrees)
    return x, y


def measure_distance_m(longitude_a, latitude_a, longitude_b, latitude_b) -> np.ndarray:
    """Return geodesic distances in metres on the GRS80 ellipsoid (Karney 2013, PROJ)."""
    points = [np.asarray(v, float) for v in (longitude_a, latitude_a, longitude_b, latitude_b)]
    lon_a, lat_a, lon_b, lat_b = np.broadcast_arrays(*points)
    _, _, distances = GEOD.inv(lon_a, lat_a, lon_b, lat_b)
    return np.asarray(distances)


def _within(x: np.ndarray, y: np.ndarray, box: tuple) -> np.ndarray:
    """Tell which points lie in a box, borders included."""
    return (x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])


def repair_coordinates(
    latitude: pd.Series,
    longitude: pd.Series,
    *,
    near: tuple[float, float, float, float] | None = None,
) -> pd.DataFrame:
    """Return coordinates in degrees with the repair made, recognised from their values.

    Parameters
    ----------
    latitude, longitude : Series of text or numbers
        As received; a decimal comma is accepted.
    near : tuple, optional
        Bounds in degrees of where points are expected: they choose between the
        systems in metres that a pair could be of; Lambert-93 alone without them.

    Returns
    -------
    DataFrame
        Same index; `latitude`, `longitude` (degrees EPSG:4326, NA when unusable)
        and `reparation`: NA when nothing was wrong or nothing was given,
        `coordonnees_inversees`, `lambert_93`, `systeme_de_coordonnees` (other
        metres), `coordonnees_nulles` (0, 0) or `coordonnees_refusees`
        (outside metropolitan France whatever the reading).
    """
    lat, lon = _numbers(latitude), _numbers(longitude)
    lat_given, lon_given = latitude.notna().to_numpy(), longitude.notna().to_numpy()
    given = lat_given | lon_given
    # An export that writes 0 for « unknown » may leave the other one empty.
    zero = given & ((lat == 0) | ~lat_given) & ((lon == 0) | ~lon_given)
    good, swapped = _within(lon, lat, METROPOLE), _within(lat, lon, METROPOLE)
    metric, metric_swapped = _within(lon, lat, METROPOLE_L93), _within(lat, lon, METROPOLE_L93)
    x, y = to_geographic(np.where(metric_swapped, lat, lon), np.where(metric_swapped, lon, lat))
    lambert = metric | metric_swapped
    other, other_x, other_y = _other_systems(
        lon, lat, given & ~good & ~swapped & ~zero & ~(lambert & _near(x, y, near)), near
    )
    # The boxes of the readings do not meet: a pair of numbers has one of them at most.
    cases = [good, swapped, other, lambert]
    result = pd.DataFrame(
        {
            "latitude": np.select(cases, [lat, lon, other_y, y], np.nan),
            "longitude": np.select(cases, [lon, lat, other_x, x], np.nan),
        },
        index=latitude.index,
    )
    names = np.select(
        [good | ~given, zero, swapped, other, lambert],
        [
            "",
            "coordonnees_nulles",
            "coordonnees_inversees",
            "systeme_de_coordonnees",
            "lambert_93",
        ],
        "coordonnees_refusees",
    )
    result["reparation"] = pd.Series(names, index=latitude.index, dtype="str").replace("", pd.NA)
    return result


def _near(x: np.ndarray, y: np.ndarray, near: tuple | None) -> np.ndarray:
    """Tell which points in degrees lie where points are expected; all of them without bounds."""
    return np.full(len(x), True) if near is None else _within(x, y, near)


def _other_systems(
    x: np.ndarray, y: np.ndarray, asked: np.ndarray, near: tuple | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which pairs a system in metres puts where points are expected, and their degrees."""
    found, lon, lat = np.full(len(x), False), np.full(len(x), np.nan), np.full(len(x), np.nan)
    asked = asked & ~(np.isnan(x) | np.isnan(y))
    if near is None or not asked.any():
        return found, lon, lat
    for crs in SYSTEMES_METRIQUES:
        transformer = pyproj.Transformer.from_crs(crs, CRS_GEO, always_xy=True)
        for first, second in ((x, y), (y, x)):
            rest = np.flatnonzero(asked & ~found)
            east, north = transformer.transform(first[rest], second[rest])
            good = _within(east, north, near)
            found[rest[good]] = True
            lon[rest[good]], lat[rest[good]] = east[good], north[good]
    return found, lon, lat


def _numbers(values: pd.Series) -> np.ndarray:
    """Return text as floats: decimal commas and blanks between digits accepted, else NaN."""
    text = (
        values.astype("str").str.replace(",", ".", regex=False).str.replace(r"\s", "", regex=True)
    )
    return pd.to_numeric(text, errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def inside_france(bounds: np.ndarray) -> np.ndarray:
    """Tell which boxes (minx, miny, maxx, maxy in degrees) lie in one territory of France.

    Borders included.

    An unknown or infinite box lies nowhere.
    """
    return np.any(
        [
            _within(bounds[:, 0], bounds[:, 1], box) & _within(bounds[:, 2], bounds[:, 3], box)
            for box in (METROPOLE, *OUTRE_MER)
        ],
        axis=0,
    )


def make_points(longitude, latitude) -> gpd.GeoSeries:
    """Return points in EPSG:4326.

    An unknown coordinate gives a missing point, never POINT EMPTY.
    """
    longitude, latitude = np.asarray(longitude, float), np.asarray(latitude, float)
    known = ~(np.isnan(longitude) | np.isnan(latitude))
    geometry = np.full(len(longitude), None, dtype=object)
    geometry[known] = shapely.points(longitude[known], latitude[known])
    return gpd.GeoSeries(geometry, crs=CRS_GEO)


def place_ids(points: gpd.GeoSeries) -> pd.Series:
    """Return the identifier of each position.

    « latitude,longitude », five decimals (about a metre).

    Points in EPSG:4326; same index; NA where there is no point.
    """
    known = points.notna()
    result = pd.Series(pd.NA, index=points.index, dtype="str")
    result[known] = [
        f"{y:.5f},{x:.5f}" for x, y in shapely.get_coordinates(points[known].to_numpy())
    ]
    return result


def mercator(longitude: np.ndarray, latitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return web map coordinates, from 0 to 1."""
    sine = np.sin(np.radians(np.clip(latitude, -85.0, 85.0)))
    return longitude / 360 + 0.5, 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)
