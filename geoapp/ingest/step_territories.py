"""Steps of a build that make territories: old communes, zonings, population, drawn outlines."""

from __future__ import annotations

from functools import partial

import geopandas as gpd
import pandas as pd

from geoapp.ingest import demand, territories
from geoapp.ingest.former_communes import old_communes
from geoapp.ingest.readings import Lectures, per_source
from geoapp.ingest.state import BuildState
from geoapp.ingest.tally import Bilan
from geoapp.reference.commune_codes import make_passage
from geoapp.sources.fetch import Located


def fill_passage(state: BuildState, lectures: Lectures) -> tuple[dict[str, str], pd.DataFrame]:
    """Return the passage from old to current communes, completed with the tables of the sources, and the old communes."""
    frames = []
    for one in state.present("passage"):
        lecture = lectures[one.source.id]
        frames.append(lecture.frame)
        state.bilans[one.source.id] = Bilan(
            one.source.id, lecture.nb_lues, len(lecture.frame), lecture.rejets, lecture.corrections
        )
    passage = make_passage(state.communes, frames)
    return passage, old_communes(state.communes, frames, passage)


def zone_tables(state: BuildState, lectures: Lectures) -> dict[str, pd.DataFrame]:
    """Return zones, communes_zones and couches."""
    members = [territories.communes_members(state.communes, territories.MILLESIME_COMMUNES)]
    polygons: dict[str, gpd.GeoSeries] = {}
    for one in state.present("zonage"):
        part, state.bilans[one.source.id], outlines = per_source(
            state, "zonage", one, partial(_read_zoning, one, lectures, state)
        )
        if not state.is_replaced(one.source):
            members.append(part)
            if outlines is not None:
                polygons[one.source.type_zone] = outlines
    tables = territories.zones_tables(
        pd.concat(members, ignore_index=True), polygons, state.communes
    )
    return {
        **tables,
        "couches": territories.drawn_outlines(
            state.communes, tables["zones"], tables["communes_zones"]
        ),
    }


def demand_tables(
    state: BuildState, lectures: Lectures, tables: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return demande and demande_zones: no offer depends on them."""
    grids, ages = [], []
    for one in state.feeding("population"):
        points, state.bilans[one.source.id] = per_source(
            state, "population", one, partial(_read_grid, one, lectures, state)
        )
        grids.append(points)
    for one in state.feeding("ages"):
        areas, state.bilans[one.source.id] = demand.read_ages(
            lectures[one.source.id], one.source.id
        )
        ages.append(areas)
    points = demand.demand_table(state.communes, grids, ages)
    return {
        "demande": points,
        "demande_zones": demand.link_demand(points, tables["zones"], tables["communes_zones"]),
    }


def _read_zoning(
    one: Located, lectures: Lectures, state: BuildState
) -> tuple[pd.DataFrame, Bilan, gpd.GeoSeries | None]:
    """Return members, counts and free polygons of one zoning, whichever way it is given."""
    source, lecture = one.source, lectures[one.source.id]
    stamp = {
        "type_zone": source.type_zone,
        "millesime": source.millesime,
        "id_source": source.id,
        "est_fictive": one.mode == "demonstration",
    }
    if "geometry" not in lecture.frame:
        members, bilan = territories.read_members(lecture, source, state.communes, state.passage)
        return members.assign(**stamp), bilan, None
    zones = gpd.GeoDataFrame(lecture.frame, geometry="geometry", crs="EPSG:4326")
    members = territories.polygon_members(zones, state.communes)
    bilan = Bilan(source.id, lecture.nb_lues, len(zones), lecture.rejets, lecture.corrections)
    return members.assign(**stamp), bilan, zones.set_index("code_zone").geometry


def _read_grid(
    one: Located, lectures: Lectures, state: BuildState
) -> tuple[gpd.GeoDataFrame, Bilan]:
    """Return the cells of one grid, and its counts."""
    return territories.read_grid(lectures[one.source.id], one.source, state.communes, state.passage)
