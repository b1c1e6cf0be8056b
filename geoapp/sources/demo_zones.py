"""Fictitious zonings drawn on the real communes: employment zones, rural zones, quarters.

Deterministic: the same communes give the same frames, byte for byte.
"""

from __future__ import annotations

from itertools import cycle, islice

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoapp.core.config import CRS_GEO, CRS_METRIC
from geoapp.core.french import of_place
from geoapp.core.geometry import to_geographic, to_metric

SEED = 20260901
NB_ZONES_EMPLOI = 24
SPACING_MAX_KM = 24
"""Spacing of the towns at the centre of zones, lowered until there are enough of them."""
DENSITY_ZRR, DENSITY_FRR = 57.0, 64.0
"""Inhabitants per km² of an intercommunalité under which its communes are taken as rural."""
NB_QPV, NB_COMMUNES_QPV, POPULATION_QPV = 60, 40, 5000
QPV_SIDE_M = (250.0, 700.0)
QPV_TRIALS = 60


def communes_of(communes: gpd.GeoDataFrame, region: str) -> gpd.GeoDataFrame:
    """Return the communes of a region, sorted by code, with a fresh index."""
    return communes[communes["code_region"].eq(region)].sort_values(
        "code_commune", ignore_index=True
    )


def make_zones_emploi(communes: gpd.GeoDataFrame, region: str) -> pd.DataFrame:
    """Return a partition of the region's communes in fictitious employment zones.

    Each commune joins the nearest of 24 large and well-spaced towns, by the
    distance between town halls in EPSG:2154; the smallest zone code wins a tie.

    Parameters
    ----------
    communes : GeoDataFrame
        `code_commune`, `code_region`, `nom`, `population`, `longitude_mairie`,
        `latitude_mairie` (degrees).

    Returns
    -------
    DataFrame
        `code_commune`, `code_zone` (F01…), `nom`; one row per commune of the region.
    """
    own = communes_of(communes, region)
    points_m = np.column_stack(to_metric(own["longitude_mairie"], own["latitude_mairie"]))
    centres = _spaced_towns(points_m, own["population"])
    dx, dy = (points_m[:, None, :] - points_m[centres][None, :, :]).transpose(2, 0, 1)
    distance_m = np.hypot(dx, dy)
    # `argmin` keeps the first of equal distances, that of the smallest code.
    zone = distance_m.argmin(axis=1)
    names = np.array([f"Zone d'emploi fictive {of_place(nom)}" for nom in own["nom"].iloc[centres]])
    return _members(own["code_commune"], np.char.mod("F%02d", zone + 1), names[zone])


def _spaced_towns(points_m: np.ndarray, population: pd.Series) -> np.ndarray:
    """Return positions of the largest towns, at the widest spacing that gives enough of them."""
    order = population.fillna(0).sort_values(ascending=False, kind="stable").index
    for spacing_km in range(SPACING_MAX_KM, -1, -1):
        chosen: list[int] = []
        for i in order:
            if all(np.hypot(*(points_m[i] - points_m[j])) >= spacing_km * 1000 for j in chosen):
                chosen.append(i)
            if len(chosen) == NB_ZONES_EMPLOI:
                return np.array(chosen)
    return np.array(chosen)


def make_zrr(communes: gpd.GeoDataFrame, region: str) -> pd.DataFrame:
    """Return the communes of a fictitious ZRR: `code_commune`, `code_zone`, `nom`."""
    rural = _rural_communes(communes, region, DENSITY_ZRR)
    return _members(rural, "ZRR-F", "Zone de revitalisation rurale fictive")


def make_frr(communes: gpd.GeoDataFrame, region: str) -> pd.DataFrame:
    """Return the communes of a fictitious FRR zone: `code_commune`, `code_zone`, `nom`."""
    rural = _rural_communes(communes, region, DENSITY_FRR)
    return _members(rural, "FRR-F", "France ruralités revitalisation (zone fictive)")


def _rural_communes(communes: gpd.GeoDataFrame, region: str, density_max: float) -> pd.Series:
    """Return the codes of the communes whose EPCI has under `density_max` inhabitants per km²."""
    own = communes_of(communes, region)
    area_km2 = own.geometry.to_crs(CRS_METRIC).area / 1e6
    group = own["code_epci"].fillna(own["code_commune"])
    sizes = pd.DataFrame({"population": own["population"], "area_km2": area_km2})
    sums = sizes.groupby(group).transform("sum")
    return own.loc[sums["population"].lt(density_max * sums["area_km2"]), "code_commune"]


def _members(codes: pd.Series, code_zone, nom) -> pd.DataFrame:
    """Return the frame commune → zone, all text."""
    frame = pd.DataFrame({"code_commune": codes, "code_zone": code_zone, "nom": nom})
    return frame.astype("str").reset_index(drop=True)


def make_qpv(communes: gpd.GeoDataFrame, region: str) -> gpd.GeoDataFrame:
    """Return about 60 small fictitious quarters inside the densest communes.

    Returns
    -------
    GeoDataFrame
        `code_zone` (FQ001…), `nom`, `geometry` (POLYGON, EPSG:4326): turned
        rectangles of 250 to 700 m of side, each inside one commune and apart
        from the others.
    """
    rng = np.random.default_rng([SEED, 4])
    quarters: list[shapely.Polygon] = []
    towns: list[str] = []
    for town in islice(cycle(_dense_communes(communes, region).itertuples()), 3 * NB_QPV):
        quarter = _draw_quarter(rng, town.geometry, quarters)
        if quarter is not None and len(quarters) < NB_QPV:
            quarters.append(quarter)
            towns.append(town.nom)
    numbers = range(1, len(quarters) + 1)
    frame = {
        "code_zone": [f"FQ{n:03d}" for n in numbers],
        "nom": [f"Quartier fictif {n} ({nom})" for n, nom in zip(numbers, towns, strict=True)],
    }
    return gpd.GeoDataFrame(pd.DataFrame(frame, dtype="str"), geometry=quarters, crs=CRS_GEO)


def _dense_communes(communes: gpd.GeoDataFrame, region: str) -> gpd.GeoDataFrame:
    """Return the densest towns of the region, the most populated first."""
    own = communes_of(communes, region)
    own = own[own["population"].fillna(0).ge(POPULATION_QPV)]
    density = own["population"].astype("float64") / own.geometry.to_crs(CRS_METRIC).area
    dense = own.loc[density.sort_values(ascending=False, kind="stable").index[:NB_COMMUNES_QPV]]
    return dense.sort_values("population", ascending=False, kind="stable")


def _draw_quarter(
    rng: np.random.Generator, commune: shapely.Geometry, others: list
) -> shapely.Polygon | None:
    """Return a turned rectangle inside `commune`, apart from `others`; None if none fits."""
    west, south, east, north = commune.bounds
    for trial in range(QPV_TRIALS):
        centre = np.array(to_metric(rng.uniform(west, east), rng.uniform(south, north)))
        # A little smaller at each trial: it fits at last, or the town is skipped.
        sides_m = rng.uniform(*QPV_SIDE_M, size=2) * 0.97**trial
        quarter = _rectangle(centre, sides_m, rng.uniform(0, np.pi))
        if commune.contains(quarter) and not any(quarter.intersects(other) for other in others):
            return quarter
    return None


def _rectangle(centre: np.ndarray, sides_m: np.ndarray, angle: float) -> shapely.Polygon:
    """Return a rectangle given in EPSG:2154 as a polygon in EPSG:4326, to a tenth of a metre."""
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * sides_m / 2
    turn = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
    longitude, latitude = to_geographic(*(corners @ turn + centre).T)
    return shapely.Polygon(np.round(np.column_stack([longitude, latitude]), 6))
