"""Outlines in Lambert-93, projected once by world: zones, communes, land around, towns."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoapp.core.config import CRS_METRIC
from geoapp.core.geometry import to_metric
from geoapp.coverage.border import split_at_region
from geoapp.coverage.outlines import zone_outlines
from geoapp.coverage.world import World
from geoapp.reference.zonings import CARREAU, COMMUNE, MAILLES

VOISINS_M = 400.0
"""Tolerance of the outlines of the land around the region: it is only a ground."""


def outlines(world: World, zonage: str, est_detaille: bool) -> gpd.GeoSeries:
    """Return the outline of each zone that has one (index `code_zone`, EPSG:2154), made once.

    `est_detaille` gives the outlines of the tables `zones` and `communes`, else those of the web
    map, simplified together.
    """
    key = ("figures", "contours", zonage, est_detaille)
    return world.memoire.get(key, lambda: _read(world, zonage, est_detaille).to_crs(CRS_METRIC))


def is_drawn(world: World, zonage: str) -> bool:
    """Tell whether a source gives the outline of a zone of a zoning."""
    return zonage == CARREAU or len(outlines(world, zonage, False)) > 0


def _read(world: World, zonage: str, est_detaille: bool) -> gpd.GeoSeries:
    """Return the outlines of a zoning in the CRS of their table, without the missing ones."""
    if est_detaille and zonage == COMMUNE:
        communes = world.snapshot.read("communes")
        found = communes[communes["est_region"].astype(bool)].set_index("code_commune").geometry
    elif est_detaille and zonage != CARREAU:
        zones = world.snapshot.read("zones")
        found = zones[zones["type_zone"].eq(zonage)].set_index("code_zone").geometry
    else:
        found = zone_outlines(world, zonage)
    return found[found.notna() & ~found.is_empty].sort_index()


def region_parts(world: World, zonage: str, est_detaille: bool) -> gpd.GeoSeries:
    """Return the outline of each zone inside the region (index `code_zone`, EPSG:2154), made once.

    A zone made of communes is the union of those of the region, since only
    their people are counted: a zone that goes beyond the border is cut there.
    """
    if zonage == COMMUNE or MAILLES[zonage].methode != "code":
        return outlines(world, zonage, est_detaille)
    key = ("figures", "parts", zonage, est_detaille)
    make = _unite if est_detaille else _inside
    return world.memoire.get(key, lambda: make(world, zonage))


def _inside(world: World, zonage: str) -> gpd.GeoSeries:
    """Return the outlines of the web map, cut at the border of the region."""
    return split_at_region(world.snapshot, zonage)[0].to_crs(CRS_METRIC)


def _unite(world: World, zonage: str) -> gpd.GeoSeries:
    """Return the union of the detailed communes of the region in each zone."""
    links, communes = world.snapshot.read("communes_zones"), outlines(world, COMMUNE, True)
    mine = links[
        links["type_zone"].eq(zonage)
        & links["type_lien"].eq("entiere")
        & links["code_commune"].isin(communes.index)
    ]
    shapes = {
        code: shapely.coverage_union_all(communes[part].to_numpy())
        for code, part in mine.groupby("code_zone")["code_commune"]
    }
    return gpd.GeoSeries(shapes, crs=CRS_METRIC).sort_index() if shapes else communes.iloc[:0]


def find_outline(world: World, zonage: str, code: str) -> shapely.Geometry | None:
    """Return the detailed outline of one zone; None when it is not known."""
    return outlines(world, zonage, True).get(code)


def land_around(world: World) -> np.ndarray:
    """Return the départements known around the region as simplified polygons, made once."""
    return world.memoire.get(("figures", "alentours"), lambda: _simplify_around(world))


def _simplify_around(world: World) -> np.ndarray:
    """Return the départements of `land_around`."""
    communes = world.snapshot.read("communes")
    around = communes[~communes["est_region"].astype(bool) & communes.geometry.notna()].to_crs(
        CRS_METRIC
    )
    # United first: the borders of their communes are not drawn, and are most of the lines.
    whole = [
        shapely.coverage_union_all(part.to_numpy())
        for _, part in around.set_index("code_departement").geometry.groupby(level=0)
    ]
    return shapely.coverage_simplify(np.array(whole, dtype=object), VOISINS_M)


def towns(world: World) -> pd.DataFrame:
    """Return the communes as points (EPSG:2154), the most peopled first; unknown people: NaN."""
    return world.memoire.get(("figures", "villes"), lambda: _read_towns(world))


def _read_towns(world: World) -> pd.DataFrame:
    """Return the table of `towns`."""
    communes = world.snapshot.read("communes").dropna(
        subset=["longitude_mairie", "latitude_mairie"]
    )
    x, y = to_metric(communes["longitude_mairie"], communes["latitude_mairie"])
    frame = pd.DataFrame(
        {
            "code_commune": communes["code_commune"].to_numpy(),
            "nom": communes["nom"].to_numpy(),
            "x": x,
            "y": y,
            "population": communes["population"].to_numpy(dtype=float, na_value=np.nan),
            "est_region": communes["est_region"].to_numpy(dtype=bool),
        }
    )
    return frame.sort_values(
        ["population", "code_commune"], ascending=[False, True], ignore_index=True
    )
