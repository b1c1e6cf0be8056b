"""The layers of a map: how each zoning is drawn, its outlines, its legend.

Drawing a zoning another way is changing its row (`reference/zonings.py`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoapp.core.french import count, format_number, join_words
from geoapp.core.schema.model import LIEUX_INFORMATION
from geoapp.core.snapshot import ROUTES, Snapshot
from geoapp.coverage.border import ABSENTE, DEHORS, crossing_zones, split_at_region
from geoapp.coverage.model import INFORMATION
from geoapp.offer.filters import Filtres
from geoapp.reference.zonings import ZONAGES, Trait

FOND = "fond"
OFFRES = "offres"
ROUTES_DU_FOND = "routes"
"""Name of the base layer: land of the region and outlines of its communes."""

DECIMALES = 4
"""Decimals of a degree kept in outlines: about ten metres."""

POINTS: dict[str, tuple[str, Trait]] = {
    INFORMATION: (
        "Lieux d'information et d'orientation",
        Trait(clair="#7b2d8b", sombre="#dca6e8", largeur=1.5, opacite=0.75, decimales=5),
    )
}
"""Layers of points, by name: title and look."""

TAILLES = {7: 40_000, 8: 20_000, 9: 8_000, 10: 3_000, 11: 1_500, 12: 0}
"""Least population of a town named at each zoom: no small town hides a large one."""


@dataclass(frozen=True, kw_only=True)
class Calque:
    """One switchable layer and its line of the legend."""

    type_zone: str
    titre: str
    millesime: str
    nb_zones: int
    nb_dessinees: int
    est_visible: bool
    est_fictive: bool
    classes: tuple[tuple[str, str], ...] = ()
    nb_dehors: int = 0
    est_points: bool = False

    @property
    def est_dessine(self) -> bool:
        """Tell whether there is an outline to draw."""
        return self.nb_dessinees > 0

    @property
    def note(self) -> str:
        """Return what the legend must say of the layer, after its title."""
        parts = [f"données de {self.millesime}"]
        if self.est_points:
            parts.append(count(self.nb_zones, "lieu", "lieux"))
        elif not self.est_dessine:
            parts.append(f"liste sans contour : {count(self.nb_zones, 'zone')}, non dessinées")
        elif self.nb_zones > 1:
            parts.append(count(self.nb_zones, "zone"))
        if self.est_dessine and self.nb_dessinees < self.nb_zones:
            parts.append(f"dont {format_number(self.nb_dessinees)} dessinées")
        if self.est_dessine and self.nb_dehors:
            parts.append(f"pointillé : {ABSENTE}")
        return ", ".join([*parts, *(["données fictives"] if self.est_fictive else [])])


def show_chosen(calques: list[Calque], filtres: Filtres) -> list[Calque]:
    """Return the layers, those of the zones that are filtered being shown."""
    types = {valeur.partition(":")[0] for valeur in filtres.values_of("zone")}
    return [
        replace(c, est_visible=c.est_visible or (c.est_dessine and c.type_zone in types))
        for c in calques
    ]


def list_layers(snapshot: Snapshot) -> list[Calque]:
    """Return the layers of a snapshot in the order of the zonings."""
    zones, couches = snapshot.read("zones"), snapshot.read("couches")
    dessinees = couches.loc[couches.geometry.notna(), "type_zone"].value_counts()
    return [
        *(
            replace(
                _layer(
                    type_zone,
                    zones[zones["type_zone"].eq(type_zone)],
                    int(dessinees.get(type_zone, 0)),
                ),
                nb_dehors=len(crossing_zones(snapshot, type_zone)),
            )
            for type_zone in ZONAGES
            if zones["type_zone"].eq(type_zone).any()
        ),
        *_information_layer(snapshot),
    ]


def _information_layer(snapshot: Snapshot) -> list[Calque]:
    """Return the layer of the places of information, none without any."""
    places = snapshot.read("lieux_information")
    drawn = places[places.geometry.notna()]
    if drawn.empty:
        return []
    sources = snapshot.read("sources").set_index("id_source")
    used = sources.reindex(sorted(drawn["id_source"].unique()))
    return [
        Calque(
            type_zone=INFORMATION,
            titre=POINTS[INFORMATION][0],
            millesime=join_words(sorted({str(one)[:4] for one in used["millesime"].dropna()})),
            nb_zones=len(drawn),
            nb_dessinees=len(drawn),
            est_visible=False,
            est_fictive=bool(used["mode"].eq("demonstration").any()),
            est_points=True,
        )
    ]


def trait_of(type_zone: str) -> Trait:
    """Return how a layer is drawn."""
    return POINTS[type_zone][1] if type_zone in POINTS else ZONAGES[type_zone].trait


def _layer(type_zone: str, zones: pd.DataFrame, nb_dessinees: int) -> Calque:
    """Return one layer; its classes are the zones drawn apart, by name."""
    names = dict(zip(zones["code_zone"], zones["nom"], strict=True))
    forms = dict(ZONAGES[type_zone].trait.classes)
    classes = tuple((nom, forms.get(code, "")) for code, nom in names.items()) if forms else ()
    return Calque(
        type_zone=type_zone,
        titre=ZONAGES[type_zone].titre,
        millesime=str(zones["millesime"].iloc[0]),
        nb_zones=len(zones),
        nb_dessinees=nb_dessinees,
        est_visible=ZONAGES[type_zone].est_affichee and nb_dessinees > 0,
        est_fictive=bool(zones["est_fictive"].any()),
        classes=classes,
    )


def layer_css(layers: list[Calque]) -> str:
    """Return the colours of the layers as CSS variables, light then dark."""
    rows = [(c.type_zone, trait_of(c.type_zone)) for c in layers]
    clair = "".join(
        f".zone-{nom}{{--trait:{t.clair};--tirets:{t.tirets};"
        f"--largeur:{t.largeur}px;--teinte:{t.opacite}}}"
        for nom, t in rows
    )
    sombre = "".join(f".zone-{nom}{{--trait:{t.sombre}}}" for nom, t in rows)
    return f"{clair}@media screen and (prefers-color-scheme:dark){{{sombre}}}"


def has_roads(snapshot: Snapshot) -> bool:
    """Tell whether a snapshot holds main roads to draw."""
    return (snapshot.path / ROUTES).is_file()


def outline_geojson(snapshot: Snapshot, type_zone: str) -> str:
    """Return the outlines of one zoning as compact GeoJSON text (EPSG:4326).

    Each feature has `code`, `nom` and, when its zoning tells zones apart,
    `forme`; the part of a zone outside the region is a feature of its own, of
    `forme` « dehors ».  `fond` gives the land of the region, the outlines of its
    communes, each border once, and the towns to name; `ROUTES_DU_FOND` the main roads, with
    their `credit`.
    """
    if type_zone == ROUTES_DU_FOND:
        return (snapshot.path / ROUTES).read_text(encoding="utf-8")
    if type_zone == INFORMATION:
        return _dump(_information_features(snapshot))
    couches = snapshot.read("couches")
    if type_zone == FOND:
        return _dump(_base_features(couches) + _landmarks(snapshot.read("communes")))
    trait = ZONAGES[type_zone].trait
    formes = {code: {"forme": forme} for code, forme in trait.classes}
    names = couches[couches["type_zone"].eq(type_zone)].set_index("code_zone")["nom"]
    inside, outside = split_at_region(snapshot, type_zone)
    return _dump(
        [
            *(
                _feature(shape, trait.decimales, code=code, nom=names[code], **formes.get(code, {}))
                for code, shape in inside.items()
            ),
            *(
                _feature(
                    shape,
                    trait.decimales,
                    code=code,
                    nom=f"{names[code]} ({ABSENTE})",
                    forme=DEHORS,
                )
                for code, shape in outside.items()
            ),
        ]
    )


def _information_features(snapshot: Snapshot) -> list[dict]:
    """Return the places of information as points: their name and what they are."""
    places = snapshot.read("lieux_information")
    drawn = places[places.geometry.notna()].sort_values("id_lieu_information")
    return [
        _feature(
            row.geometry,
            POINTS[INFORMATION][1].decimales,
            code=row.id_lieu_information,
            nom=f"{row.nom} ({LIEUX_INFORMATION.get(row.type_lieu, row.type_lieu)})",
        )
        for row in drawn.itertuples()
    ]


def _base_features(couches: gpd.GeoDataFrame) -> list[dict]:
    """Return the land of the region, then the borders of its communes."""
    terres = couches.loc[couches["type_zone"].eq("departement"), "geometry"]
    communes = couches.loc[couches["type_zone"].eq("commune"), "geometry"]
    return [
        _feature(shapely.union_all(terres.to_numpy()), forme="terre"),
        _feature(borders(communes), forme="communes"),
    ]


def borders(polygons: gpd.GeoSeries) -> shapely.Geometry:
    """Return the borders of a coverage as lines, a shared border only once.

    Neighbours share the same vertices in a coverage, so that equal segments
    are found by their ends, and no overlay is needed.
    """
    rings = shapely.get_rings(polygons.to_numpy())
    if not len(rings):
        return shapely.MultiLineString()
    points, ring = shapely.get_coordinates(rings, return_index=True)
    points = points.round(DECIMALES)
    same = ring[1:] == ring[:-1]
    ends = np.stack([points[:-1][same], points[1:][same]], axis=1)
    ends = ends[(ends[:, 0] != ends[:, 1]).any(axis=1)]
    # A border is met from both sides: its ends are put in one order, to be found equal.
    swap = (ends[:, 0, 0] > ends[:, 1, 0]) | (
        (ends[:, 0, 0] == ends[:, 1, 0]) & (ends[:, 0, 1] > ends[:, 1, 1])
    )
    ends[swap] = ends[swap][:, ::-1]
    segments = np.unique(ends.reshape(len(ends), 4), axis=0).reshape(-1, 2, 2)
    return shapely.line_merge(shapely.multilinestrings(shapely.linestrings(segments)))


def _feature(geometry: shapely.Geometry, decimales: int = DECIMALES, **properties) -> dict:
    """Return one GeoJSON feature, coordinates rounded."""
    rounded = shapely.transform(geometry, lambda xy: xy.round(decimales))
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": json.loads(shapely.to_geojson(rounded)),
    }


def _dump(features) -> str:
    """Return features as compact GeoJSON text."""
    return json.dumps(
        {"type": "FeatureCollection", "features": list(features)},
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _landmarks(communes: gpd.GeoDataFrame) -> list[dict]:
    """Return the towns to name as points, with the least `zoom` where each is named.

    The largest town comes first; a town is named at the zoom of its size
    (`TAILLES`) where no named town is closer than about 85 pixels (28 pixels
    from north to south).
    """
    towns = (
        communes[communes["est_region"]]
        .sort_values(["population", "code_commune"], ascending=[False, True])
        .head(400)
    )
    kept: dict[str, tuple] = {}
    for zoom, taille in TAILLES.items():
        ecart = 85 * 360 / (256 * 2**zoom)
        large = towns[towns["population"].ge(taille)]
        for code, nom, lon, lat in zip(
            large["code_commune"],
            large["nom"],
            large["longitude_mairie"],
            large["latitude_mairie"],
            strict=True,
        ):
            if code not in kept and all(_apart(lon, lat, town, ecart) for town in kept.values()):
                kept[code] = (lon, lat, nom, zoom)
    return [
        _feature(shapely.Point(lon, lat), forme="repere", nom=nom, zoom=zoom)
        for lon, lat, nom, zoom in kept.values()
    ]


def _apart(lon: float, lat: float, town: tuple, ecart: float) -> bool:
    """Tell whether a place is far enough from a named town (`ecart` in degrees of longitude)."""
    # At 50° N a degree of latitude is 1.56 of longitude; a name is three times wider than high.
    return abs(lon - town[0]) > ecart or abs(lat - town[1]) * 1.56 > ecart / 3
