"""The main roads that the maps draw under everything else: a file beside the tables."""

from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import shapely

from geoapp.core.config import CRS_GEO, CRS_METRIC
from geoapp.ingest.readings import Lectures
from geoapp.ingest.state import BuildState

CLASSES = ("major", "highway")
"""Classes of roads that are drawn, the widest last."""

SIMPLIFIE_M = 60.0
COURTE_M = 300.0
"""Shorter than this, a piece of road is a crossing or a ramp."""

DECIMALES = 4
"""Decimals of degrees, about ten metres: a road is drawn, not followed."""


def road_map(state: BuildState, lectures: Lectures) -> bytes:
    """Return the main roads of the sources that have lines, as GeoJSON; nothing without any.

    One feature by class (`forme`: « route-highway »), and `credit`: who must be named.
    """
    sources = [one.source for one in state.feeding("rues")]
    drawn = [one for one in sources if "geometry" in lectures[one.id].frame]
    if not drawn:
        return b""
    roads = pd.concat([lectures[one.id].frame for one in drawn], ignore_index=True)
    credits = sorted({f"{one.producteur} ({one.licence})" for one in drawn})
    return roads_geojson(roads, f"Routes : {', '.join(credits)}")


def roads_geojson(roads: pd.DataFrame, credit: str) -> bytes:
    """Return roads (`classe`, `geometry` in degrees) as light GeoJSON."""
    features = []
    for classe in CLASSES:
        lines = roads.loc[roads["classe"].eq(classe), "geometry"]
        metric = gpd.GeoSeries(lines.to_numpy(), crs=CRS_GEO).to_crs(CRS_METRIC).to_numpy()
        merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(metric)))
        simple = shapely.simplify(merged, SIMPLIFIE_M)
        kept = gpd.GeoSeries(simple[shapely.length(simple) >= COURTE_M], crs=CRS_METRIC)
        shape = shapely.multilinestrings(kept.to_crs(CRS_GEO).to_numpy())
        rounded = shapely.transform(shape, lambda xy: xy.round(DECIMALES))
        features.append(
            {
                "type": "Feature",
                "properties": {"forme": f"route-{classe}"},
                "geometry": json.loads(shapely.to_geojson(rounded)),
            }
        )
    collection = {"type": "FeatureCollection", "credit": credit, "features": features}
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":")).encode()
