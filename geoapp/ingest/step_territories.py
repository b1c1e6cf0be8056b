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
    """Return the passage from old to current communes, and the old communes.

    The passage is completed with the tables of the sources.
    """
    frames = []
    for one in state.present("passage"):
        lecture = lectures[one.source.id]
        frames.append(lecture.frame)
        state.bilans[one.source.id] = Bilan(
            id_source=one.source.id,
            nb_lues=lecture.nb_lues,
            nb_valides=len(lecture.frame),
            rejets=lecture.rejets,
            corrections=lecture.corrections,
            note=" ".join(lecture.notes),
        )
    passage = make_passage(state.communes, frames)
    return passage, old_communes(state.communes, frames, passage)


def zone_tables(state: BuildState, lectures: Lectures) -> dict[str, pd.DataFrame]:
    """Return zones, communes_zones and couches."""
    members = [territories.communes_members(state.communes, territories.MILLESIME_COMMUNES)]
    polygons: dict[str, gpd.GeoSeries] = {}
    for one in state.present("zonage"):
        read = partial(_read_zoning, one, lectures, state)
        part, state.bilans[one.source.id], outlines = per_source(state, one, read)
        if not state.is_replaced(one.source):
            members.append(part)
            if outlines is not None:
                polygons[one.source.type_zone] = outlines
    every = pd.concat(members, ignore_index=True)
    tables = territories.zones_tables(every, polygons, state.communes)
    tables["zones"] = _tell_people(state, lectures, tables["zones"])
    zones, links = tables["zones"], tables["communes_zones"]
    return {**tables, "couches": territories.drawn_outlines(state.communes, zones, links)}


def _tell_people(
    state: BuildState, lectures: Lectures, zones: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the zones with the people that producers count in them, and count these sources."""
    for one in state.present("population_zonage"):
        read = partial(territories.read_zone_people, lectures[one.source.id], one.source)
        people, state.bilans[one.source.id] = per_source(state, one, read)
        if not state.is_replaced(one.source):
            zones = territories.tell_people(zones, people)
    return zones


def demand_tables(
    state: BuildState, lectures: Lectures, tables: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return demande and demande_zones: no offer depends on them."""
    grids, ages = [], []
    for one in state.feeding("population"):
        read = partial(_read_grid, one, lectures, state)
        cells, state.bilans[one.source.id] = per_source(state, one, read)
        grids.append(cells)
    for one in state.feeding("ages"):
        lecture = lectures[one.source.id]
        areas, state.bilans[one.source.id] = demand.read_ages(lecture, one.source.id)
        ages.append(areas)
    points = demand.demand_table(state.communes, grids, ages)
    links = demand.link_demand(points, tables["zones"], tables["communes_zones"])
    return {"demande": points, "demande_zones": links}


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
    members, bilan, outlines = territories.read_polygons(lecture, source, state.communes)
    return members.assign(**stamp), bilan, outlines


def _read_grid(
    one: Located, lectures: Lectures, state: BuildState
) -> tuple[gpd.GeoDataFrame, Bilan]:
    """Return the cells of one grid, and its counts."""
    return territories.read_grid(lectures[one.source.id], one.source, state.communes, state.passage)
