"""Territories of a build: communes, zonings, population points, drawn outlines."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from geoapp.core.config import CRS_GEO, CRS_METRIC
from geoapp.core.errors import ParameterError
from geoapp.core.geometry import make_points
from geoapp.core.schema import conform
from geoapp.core.texts import is_among
from geoapp.ingest.tally import Bilan
from geoapp.offer.journal import Journal, resolve_communes, restore_codes
from geoapp.reference.codes import nearest_accepted
from geoapp.reference.commune_codes import is_lost, to_current
from geoapp.reference.vicinity import communes_file
from geoapp.reference.zone_joins import (
    fill_partition,
    keep_partition,
    move_to_current,
    outline_zones,
    zones_of_communes,
)
from geoapp.reference.zonings import ZONAGES
from geoapp.sources.records import Lecture
from geoapp.sources.registry import Source

ID_COMMUNES = "communes"
MILLESIME_COMMUNES = "2025"
"""Year of the geography (COG) of the communes shipped with the product."""
SIMPLIFY_M = 350.0
"""Tolerance of the drawn outlines, in metres: the area of a corner left out is under its square."""
PART_QPV = 0.01
"""A commune is linked to a free polygon when it holds at least this share of it."""


def load_communes(region: str) -> gpd.GeoDataFrame:
    """Return the communes at hand, `est_region` telling those of `region`.

    Raises
    ------
    ParameterError
        When no commune of that region is among them.
    """
    return _known_communes(communes_file(), region).copy()


@cache
def _known_communes(path: Path, region: str) -> gpd.GeoDataFrame:
    """Do what `load_communes` gives a copy of, once: a check by file reads them each time."""
    communes = gpd.read_parquet(path)
    communes["est_region"] = communes["code_region"].eq(region).astype("boolean")
    if not communes["est_region"].any():
        known = communes[["code_region", "nom_region"]].drop_duplicates().sort_values("code_region")
        present = ", ".join(known["code_region"] + " " + known["nom_region"])
        raise ParameterError(
            f"Aucune commune de la région « {region} » dans {path.name}. "
            f"Régions présentes : {present}. "
            f"Pour une autre région : « geoapp init --region {region} »."
        )
    return gpd.GeoDataFrame(conform(communes, "communes"), crs=CRS_GEO)


def read_members(
    lecture: Lecture, source: Source, communes: pd.DataFrame, passage: dict[str, str]
) -> tuple[pd.DataFrame, Bilan]:
    """Return commune → zone rows of a zoning in the current geography, and the counts.

    A row of a commune that is not in a zone (code NA) is valid and gives nothing.
    """
    journal = Journal(lecture.frame)
    restore_codes(journal, "code_commune")
    received = journal.frame["code_commune"]
    lost = received.isna() | is_lost(to_current(received, passage), communes)
    journal.refuse(
        "code_commune",
        lost,
        "commune_inconnue",
        with_original=True,
        closest=lambda code: nearest_accepted(code, communes["code_commune"]),
    )
    kept = journal.kept().dropna(subset="code_zone")
    if "type_lien" not in kept:
        kept["type_lien"] = "entiere"
    members, moved = move_to_current(kept, passage, communes)
    corrections = _moves(moved)
    if ZONAGES[source.type_zone].est_partition:
        members = keep_partition(members)
        # A commune that no row names, in a partition, is one that the table forgot.
        filled = fill_partition(members, communes)
        members = pd.concat([members, filled])
        corrections += _fillings(filled)
    bilan = Bilan.of(source.id, lecture, journal)
    bilan.corrections += corrections
    return members, bilan


def _moves(moved: pd.DataFrame) -> list[dict]:
    """Return one correction per row whose commune is now another one."""
    return [
        {
            "ligne": ligne,
            "colonne": "code_commune",
            "valeur": row.ancien_code,
            "corrigee": row.code_commune,
            "type_correction": "ancienne_commune",
        }
        for ligne, row in moved.iterrows()
    ]


def _fillings(filled: pd.DataFrame) -> list[dict]:
    """Return one correction per commune put back in its zone."""
    return [
        {
            "ligne": f"commune {row.code_commune}",
            "colonne": "code_zone",
            "valeur": None,
            "corrigee": row.code_zone,
            "type_correction": "commune_retablie",
        }
        for row in filled.itertuples()
    ]


def read_polygons(
    lecture: Lecture, source: Source, communes: gpd.GeoDataFrame
) -> tuple[pd.DataFrame, Bilan, gpd.GeoSeries]:
    """Return the members of a zoning of free polygons, the counts, and the polygons by code.

    A polygon without code is a reject; those of elsewhere are valid and said.  A
    code that comes twice is one zone of several pieces.
    """
    journal = Journal(pd.DataFrame(lecture.frame.drop(columns="geometry")))
    journal.refuse("code_zone", journal.frame["code_zone"].isna(), "code_absent")
    kept = journal.kept()
    zones = gpd.GeoDataFrame(kept, geometry=lecture.frame.geometry.reindex(kept.index), crs=CRS_GEO)
    if zones["code_zone"].duplicated().any():
        zones = zones.dissolve("code_zone", as_index=False, sort=False)
    members = polygon_members(zones, communes)
    bilan = Bilan.of(source.id, lecture, journal)
    nearby = communes.loc[communes["est_region"].astype(bool), "code_commune"]
    here = members.loc[is_among(members["code_commune"], nearby), "code_zone"]
    nb_elsewhere = int((~is_among(kept["code_zone"], here)).sum())
    bilan.nb_hors_region = nb_elsewhere
    if nb_elsewhere == len(kept):
        told = "Aucun contour de ce fichier ne touche une commune de la région : zonage vide."
        bilan.note = " ".join(filter(None, (bilan.note, told)))
    return members, bilan, zones.set_index("code_zone").geometry


def polygon_members(zones: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the communes that hold at least `PART_QPV` of each free polygon, as partial links."""
    near = zones.cx[slice(*communes.total_bounds[[0, 2]]), slice(*communes.total_bounds[[1, 3]])]
    pieces = gpd.overlay(
        near[["code_zone", "nom", "geometry"]].to_crs(CRS_METRIC),
        communes[["code_commune", "geometry"]].to_crs(CRS_METRIC),
        keep_geom_type=True,
    )
    if pieces.empty:
        # The overlay of what does not meet has no column that can be counted on.
        held = pd.DataFrame(columns=["code_commune", "code_zone", "nom"], dtype="str")
        return held.assign(type_lien="partielle")
    whole = zones.set_index("code_zone").to_crs(CRS_METRIC).area
    share = pieces.area / pieces["code_zone"].map(whole)
    held = pieces.loc[share.ge(PART_QPV), ["code_commune", "code_zone", "nom"]]
    return pd.DataFrame(held).assign(type_lien="partielle")


def communes_members(communes: gpd.GeoDataFrame, millesime: str) -> pd.DataFrame:
    """Return the members of the zonings that communes carry themselves."""
    return zones_of_communes(communes).assign(
        millesime=millesime, id_source=ID_COMMUNES, est_fictive=False
    )


def read_zone_people(lecture: Lecture, source: Source) -> tuple[pd.DataFrame, Bilan]:
    """Return the people of the zones of a zoning that a source counts, and the counts.

    A row without code, or without a number of people, is a reject.
    """
    journal = Journal(lecture.frame)
    frame = journal.frame
    journal.refuse("code_zone", frame["code_zone"].isna(), "identifiant_absent")
    people = pd.to_numeric(frame["population"], errors="coerce")
    is_wrong = people.isna() | people.lt(0)
    journal.refuse("population", is_wrong, "nombre_attendu", with_original=True)
    frame["population"] = people
    kept = journal.kept().assign(type_zone=source.type_zone, annee_population=source.millesime)
    return kept, Bilan.of(source.id, lecture, journal)


def tell_people(zones: gpd.GeoDataFrame, people: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the zones, those whose people no commune gives having what a producer counted.

    Parameters
    ----------
    people : DataFrame
        `type_zone`, `code_zone`, `population`, `annee_population` (see `read_zone_people`).
    """
    key = ["type_zone", "code_zone"]
    known = people.drop_duplicates(key).set_index(key)
    mine = known.reindex(pd.MultiIndex.from_frame(zones[key])).set_axis(zones.index)
    is_told = zones["population"].isna() & mine["population"].notna()
    return zones.assign(
        population=zones["population"].mask(is_told, mine["population"].astype("Int64")),
        annee_population=zones["annee_population"].mask(is_told, mine["annee_population"]),
    )


def zones_tables(
    members: pd.DataFrame, polygons: dict[str, gpd.GeoSeries], communes: gpd.GeoDataFrame
) -> dict[str, pd.DataFrame]:
    """Return the tables `zones` and `communes_zones` from the members of every zoning.

    Parameters
    ----------
    members : DataFrame
        `code_commune`, `type_zone`, `code_zone`, `nom`, `millesime`, `type_lien`,
        `id_source`, `est_fictive`.  Zones without any commune of the region are left out.
    polygons : dict
        Free polygons by zoning, index `code_zone`, EPSG:4326.
    communes : GeoDataFrame
        With `est_region` and `population`.
    """
    facts = communes[["code_commune", "est_region", "population", "millesime_population"]]
    members = members.merge(facts, on="code_commune", validate="m:1")
    zone = members.groupby(["type_zone", "code_zone"])
    members = members[zone["est_region"].transform("any").astype(bool)]
    outlines = communes.set_index("code_commune").geometry
    rows = [
        _zones_of(part, outlines, polygons.get(type_zone))
        for type_zone, part in members.groupby("type_zone")
    ]
    zones = gpd.GeoDataFrame(pd.concat(rows, ignore_index=True), geometry="geometry", crs=CRS_GEO)
    return {"zones": conform(zones, "zones"), "communes_zones": conform(members, "communes_zones")}


def _zones_of(
    members: pd.DataFrame, outlines: gpd.GeoSeries, polygons: gpd.GeoSeries | None
) -> gpd.GeoDataFrame:
    """Return one row per zone of one zoning, with its outline when there is one.

    Population counts whole communes of the region only: it is unknown for a
    zone made of parts of communes.
    """
    inside = members[members["est_region"].astype(bool)]
    by_zone = inside.groupby("code_zone")
    told = ["type_zone", "nom", "millesime", "id_source", "est_fictive"]
    zones = members.groupby("code_zone")[told].first()
    zones["nb_communes"] = by_zone["code_commune"].nunique()
    is_whole = inside["type_lien"].eq("entiere").groupby(inside["code_zone"]).all()
    zones["population"] = by_zone["population"].sum(min_count=1).where(is_whole)
    # Communes of several years make a sum of no year.
    firsts = inside.drop_duplicates("code_zone").set_index("code_zone")
    years = firsts["millesime_population"].reindex(is_whole.index)
    is_one = by_zone["millesime_population"].nunique().eq(1)
    zones["annee_population"] = years.where(is_one & zones["population"].notna())
    whole = members[members["type_lien"].eq("entiere")]
    zones["geometry"] = None
    if polygons is not None:
        zones["geometry"] = polygons.reindex(zones.index)
    elif len(whole):
        zones["geometry"] = outline_zones(whole, outlines).reindex(zones.index)
    return gpd.GeoDataFrame(zones.reset_index(), geometry="geometry", crs=CRS_GEO)


def read_grid(
    lecture: Lecture, source: Source, communes: pd.DataFrame, passage: dict[str, str]
) -> tuple[gpd.GeoDataFrame, Bilan]:
    """Return the grid cells of a population source as demand points, and the counts."""
    journal = Journal(lecture.frame)
    resolve_communes(journal, "code_commune", communes, passage)
    frame = journal.frame
    for column in ("population", "longitude", "latitude"):
        frame[column] = pd.to_numeric(frame[column], errors="coerce")
        is_wrong = frame[column].isna() | frame["population"].lt(0)
        journal.refuse(column, is_wrong, "nombre_attendu", with_original=True)
    lost = frame["code_commune"].isna()
    journal.refuse("code_commune", lost, "commune_inconnue", with_original=True)
    kept = journal.kept()
    named = kept.assign(
        id_point="carreau:" + kept["id_point"], type_point="carreau", millesime=source.millesime
    )
    centres = make_points(kept["longitude"], kept["latitude"]).set_axis(kept.index)
    points = gpd.GeoDataFrame(named, geometry=centres)
    return points, Bilan.of(source.id, lecture, journal)


def drawn_outlines(
    communes: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, members: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Return the table `couches`: outlines light enough for a page, borders shared exactly.

    Communes are simplified together as one coverage, then dissolved into
    zones, so that layers stay aligned; free polygons are kept as they are.
    """
    # Members of a zone may lie beyond the region: the zone is drawn whole.
    is_member = is_among(communes["code_commune"], members["code_commune"])
    used = communes["est_region"].astype(bool) | is_member
    metric = communes[used].set_index("code_commune").geometry.to_crs(CRS_METRIC)
    simple = shapely.coverage_simplify(metric.array, SIMPLIFY_M)
    light = gpd.GeoSeries(simple, index=metric.index, crs=CRS_METRIC).to_crs(CRS_GEO)
    region = communes[communes["est_region"].astype(bool)]
    rows = [
        region.assign(
            type_zone="commune",
            code_zone=region["code_commune"],
            millesime=region["millesime_population"],
            est_fictive=False,
            geometry=light.reindex(region["code_commune"]).to_numpy(),
        )
    ]
    for type_zone, part in zones[zones.geometry.notna()].groupby("type_zone"):
        if ZONAGES[type_zone].methode == "code":
            mine = members[members["type_zone"].eq(type_zone) & members["type_lien"].eq("entiere")]
            drawn = outline_zones(mine, light).reindex(part["code_zone"])
            part = part.assign(geometry=drawn.to_numpy())
        rows.append(part)
    every = gpd.GeoDataFrame(pd.concat(rows, ignore_index=True), geometry="geometry", crs=CRS_GEO)
    return gpd.GeoDataFrame(conform(every[every.geometry.notna()], "couches"), crs=CRS_GEO)
