"""The map of coverage: zones by class, white communes hatched, outlines that the page fetches."""

from __future__ import annotations

import json
from collections.abc import Callable

import geopandas as gpd
import shapely

from geoapp.core.snapshot import Snapshot
from geoapp.outputs.maps.folium_map import Appel, Cadre, CarteFolium, CoucheZones, Fond
from geoapp.outputs.maps.layers import FOND
from geoapp.outputs.maps.sketch import region_frame

SCRIPT = "js/coverage.js"
DECIMALES = 4
"""Decimals of an outline: about ten metres."""


class Choroplethe(Appel):
    """Zones by class of one measure, and the white communes over them."""

    fonction = "choroplethe"


def build_coverage_map(
    snapshot: Snapshot,
    *,
    donnees: Callable[[str], str],
    contours: Callable[[str], str],
    zonage: str,
    cadre: list | None = None,
    adresse: Callable[[str], str] | None = None,
) -> CarteFolium:
    """Return the map of one answer; the values are in the block `#valeurs-couverture` of the page.

    Parameters
    ----------
    donnees : callable
        Name of a base layer → address of its outlines.
    contours : callable
        Name of a zoning → address of the outlines that are coloured.
    zonage : str
        Zoning coloured.
    cadre : list, optional
        [[south, west], [north, east]] to show first; the region when not given.
    """
    carte = CarteFolium(adresse=adresse)
    if adresse:
        carte.default_js = [*carte.default_js, (SCRIPT, adresse(SCRIPT))]
    Cadre(limites=cadre or region_frame(snapshot), marge=8).add_to(carte)
    Fond(donnees=donnees(FOND)).add_to(carte)
    Choroplethe(
        donnees=contours(zonage),
        communes=contours("commune"),
        valeurs="#valeurs-couverture",
        zonage=zonage,
    ).add_to(carte)
    CoucheZones(id="departement", titre="Départements", donnees=donnees("departement")).add_to(
        carte
    )
    return carte


def outlines_json(contours: gpd.GeoSeries, dehors: gpd.GeoSeries | None = None) -> str:
    """Return outlines as compact GeoJSON text (EPSG:4326), `code` being their index.

    `dehors` are the parts of zones outside the region, which the figures leave out: features with
    `dehors`, never coloured.
    """
    features = _features(contours)
    if dehors is not None:
        features += _features(dehors, dehors=True)
    return json.dumps(
        {"type": "FeatureCollection", "features": features},
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _features(contours: gpd.GeoSeries, **properties) -> list[dict]:
    """Return outlines as features, coordinates rounded."""
    light = shapely.transform(contours.to_numpy(), lambda xy: xy.round(DECIMALES))
    return [
        {
            "type": "Feature",
            "properties": {"code": code, **properties},
            "geometry": json.loads(text),
        }
        for code, text in zip(contours.index, shapely.to_geojson(light), strict=True)
    ]


def frame_of(contours: gpd.GeoSeries, code: str | None) -> list[list[float]] | None:
    """Return [[south, west], [north, east]] of one zone, of all without code; None if not drawn."""
    shown = contours if code is None else contours[contours.index == code]
    if not len(shown):
        return None
    west, south, east, north = (round(float(v), 4) for v in shown.total_bounds)
    return [[south, west], [north, east]]
