"""The main roads and stations that the maps draw under the rest: a file beside the tables."""

from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import shapely

from geoapp.core.config import CRS_GEO, CRS_METRIC
from geoapp.core.french import say_licence
from geoapp.core.geometry import repair_coordinates
from geoapp.ingest.readings import Lectures
from geoapp.ingest.state import BuildState
from geoapp.ingest.tally import Bilan
from geoapp.offer.journal import Journal
from geoapp.sources.records import Lecture
from geoapp.sources.registry import Source

CLASSES = ("major", "highway")
"""Classes of roads that are drawn, the widest last."""

SIMPLIFIE_M = 60.0
COURTE_M = 300.0
"""Shorter than this, a piece of road is a crossing or a ramp."""

DECIMALES = 4
"""Decimals of degrees, about ten metres: a road is drawn, not followed."""


def road_map(state: BuildState, lectures: Lectures) -> bytes:
    """Return main roads, of the sources that have lines, and stations, as GeoJSON.

    Nothing without any.  One feature by class of road (`forme`: « route-highway »), one by station
    (`forme`: « gare »), and `credit`: who must be named.  Sources of stations are counted.
    """
    sources = [one.source for one in state.feeding("rues")]
    drawn = [one for one in sources if "geometry" in lectures[one.id].frame]
    features, told = [], []
    if drawn:
        roads = pd.concat([lectures[one.id].frame for one in drawn], ignore_index=True)
        features += road_features(roads)
        told.append(_credit("Routes", drawn))
    mine = state.communes[state.communes["est_region"].astype(bool)]
    ouest, sud, est, nord = mine.total_bounds
    for one in state.feeding("gares"):
        stations, bilan = read_stations(lectures[one.source.id], one.source)
        state.bilans[one.source.id] = bilan
        near = stations["longitude"].between(ouest, est) & stations["latitude"].between(sud, nord)
        features += station_features(stations[near])
        told.append(_credit("Gares", [one.source]))
    if not features:
        return b""
    collection = {"type": "FeatureCollection", "credit": " · ".join(told), "features": features}
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":")).encode()


def _credit(subject: str, sources: list[Source]) -> str:
    """Return who made what is drawn."""
    makers = sorted({f"{one.producteur} ({say_licence(one.licence)})" for one in sources})
    return f"{subject} : {', '.join(makers)}"


def read_stations(lecture: Lecture, source: Source) -> tuple[pd.DataFrame, Bilan]:
    """Return stations (`nom`, `longitude`, `latitude` in degrees), and the counts."""
    journal = Journal(lecture.frame.reindex(columns=["nom", "latitude", "longitude"]))
    frame = journal.frame
    points = repair_coordinates(frame["latitude"], frame["longitude"])
    journal.refuse("nom", frame["nom"].isna(), "nom_absent")
    journal.refuse("latitude", points["latitude"].isna(), "position_absente", with_original=True)
    kept = journal.kept()
    stations = kept.assign(**points.loc[kept.index, ["latitude", "longitude"]])
    return stations, Bilan.of(source.id, lecture, journal)


def station_features(stations: pd.DataFrame) -> list[dict]:
    """Return stations as points, each name once: a list may have a row for each of its lines."""
    once = stations.drop_duplicates("nom").sort_values("nom")
    return [
        {
            "type": "Feature",
            "properties": {"forme": "gare", "nom": nom},
            "geometry": {
                "type": "Point",
                "coordinates": [round(x, DECIMALES), round(y, DECIMALES)],
            },
        }
        for nom, x, y in zip(once["nom"], once["longitude"], once["latitude"], strict=True)
    ]


def road_features(roads: pd.DataFrame) -> list[dict]:
    """Return roads (`classe`, `geometry` in degrees) as light lines, a feature by class."""
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
    return features
