"""Demand points of a build: where people are, each counted once, with their age when known."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from geoapp.core.config import CRS_GEO
from geoapp.core.geometry import make_points
from geoapp.core.schema import conform
from geoapp.ingest.tally import Bilan
from geoapp.offer.journal import Journal
from geoapp.reference.zone_joins import assign_by_geometry
from geoapp.reference.zonings import ZONAGES
from geoapp.sources.records import Lecture

PART_CARREAUX = 0.8
"""A commune is counted by its grid cells when they hold at least this part of its people."""

_LIENS = ["id_point", "type_zone", "code_zone", "methode"]
"""Columns of the table `demande_zones`."""

AGES = ("nb_18_24", "nb_25_39", "nb_40_54", "nb_55_64", "nb_65_79", "nb_80_plus")
"""Age bands of a source of ages, adults together."""


def demand_table(
    communes: gpd.GeoDataFrame, grids: list[gpd.GeoDataFrame], ages: list[gpd.GeoDataFrame]
) -> gpd.GeoDataFrame:
    """Return the table `demande`: communes at their town hall (neighbours last), then grid cells.

    Both may describe the same people: `est_compte` keeps one partition of them.
    Where cells are counted, their population is scaled to the municipal one of
    their commune, so that Σ population_retenue over the region is that of its communes.

    Parameters
    ----------
    communes : GeoDataFrame
        Table `communes`, neighbours included.
    grids : list of GeoDataFrame
        Cells: id_point, population, code_commune, millesime, geometry (points, EPSG:4326).
    ages : list of GeoDataFrame
        Areas with their numbers by age (see `read_ages`), EPSG:4326.
    """
    halls = _town_halls(communes)
    cells = pd.concat(grids, ignore_index=True) if grids else halls.iloc[:0]
    region = communes[communes["est_region"].astype(bool)].set_index("code_commune")
    official = region["population"].astype("float64")
    sums = cells["population"].astype("float64").groupby(cells["code_commune"]).sum()
    held = sums.reindex(official.index).fillna(0)
    # Cells that hold a few of its people only would put all of them in one place.
    by_cells = set(official.index[held.ge(PART_CARREAUX * official) & held.gt(0)])
    halls = halls.assign(
        est_compte=~halls["code_commune"].isin(by_cells), population_retenue=halls["population"]
    )
    scaled = cells["population"] * cells["code_commune"].map(official / held).astype("float64")
    cells = cells.assign(
        est_compte=cells["code_commune"].isin(by_cells),
        est_region=cells["code_commune"].isin(official.index),
        population_retenue=scaled,
    )
    every = pd.concat([halls, _with_ages(cells, ages)], ignore_index=True)
    every["population_retenue"] = every["population_retenue"].where(every["est_compte"])
    return gpd.GeoDataFrame(conform(every, "demande"), crs=CRS_GEO)


def _town_halls(communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one point per commune, at its town hall."""
    points = make_points(communes["longitude_mairie"], communes["latitude_mairie"])
    return gpd.GeoDataFrame(
        {
            "id_point": "commune:" + communes["code_commune"],
            "type_point": "commune",
            "population": communes["population"].astype("float64"),
            "code_commune": communes["code_commune"],
            "millesime": communes["millesime_population"].fillna("inconnu"),
            "est_region": communes["est_region"].astype(bool),
        },
        geometry=points.set_axis(communes.index),
    )


def _with_ages(cells: gpd.GeoDataFrame, ages: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return the cells with their adults and their 18–24: the shares of the area that holds them.

    NA where no area tells ages.
    """
    if not ages or cells.empty:
        return cells.assign(nb_adultes=None, nb_18_24=None)
    areas = pd.concat(ages, ignore_index=True).drop_duplicates("code_zone").set_index("code_zone")
    inside = assign_by_geometry(cells.geometry, areas.reset_index())
    parts = {
        "nb_adultes": areas[list(AGES)].sum(axis=1) / areas["population"],
        "nb_18_24": areas["nb_18_24"] / areas["population"],
    }
    counted = cells["population_retenue"].where(cells["est_compte"])
    # Bands are rounded by the producer: their sum may pass the whole by a little.
    shares = {nom: inside.map(part.clip(0, 1)) for nom, part in parts.items()}
    return cells.assign(
        **{nom: (counted * share).astype("float64") for nom, share in shares.items()}
    )


def read_ages(lecture: Lecture, id_source: str) -> tuple[gpd.GeoDataFrame, Bilan]:
    """Return areas with `code_zone`, `population` and the bands of `AGES`, and the counts.

    An area where a number is missing or negative is a reject; one where nobody lives is valid and
    gives nothing.
    """
    journal = Journal(lecture.frame)
    frame = journal.frame
    for column in ("population", *AGES):
        frame[column] = pd.to_numeric(frame[column], errors="coerce")
        is_wrong = frame[column].isna() | frame[column].lt(0)
        journal.refuse(column, is_wrong, "nombre_attendu", with_original=True)
    kept = journal.kept()
    areas = gpd.GeoDataFrame(kept[kept["population"].gt(0)], geometry="geometry", crs=CRS_GEO)
    return areas, Bilan.of(id_source, lecture, journal)


def link_demand(
    demande: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, communes_zones: pd.DataFrame
) -> pd.DataFrame:
    """Return the table `demande_zones`: the counted points of each free polygon.

    A cell lies in the polygon that holds its centre (`geometrie`).  Communes counted at
    their town hall, and zones without outline or too small to hold the centre of a cell,
    go by the communes that hold a part of the zone (`estimee`): no zone is left without points.
    """
    mine = demande[demande["est_compte"].astype(bool) & demande["est_region"].astype(bool)]
    cells, halls = mine[mine["type_point"].eq("carreau")], mine[mine["type_point"].eq("commune")]
    parts = [pd.DataFrame(columns=_LIENS)]
    for type_zone, part in zones.groupby("type_zone"):
        if ZONAGES[type_zone].methode != "geometrie":
            continue
        found = assign_by_geometry(cells.geometry, part[part.geometry.notna()])
        inside = cells[["id_point"]].assign(
            type_zone=type_zone, code_zone=found, methode="geometrie"
        )
        is_mine = communes_zones["type_zone"].eq(type_zone)
        links = communes_zones.loc[is_mine, ["code_commune", "code_zone"]]
        without = links[~links["code_zone"].isin(found)]
        parts += [
            inside.dropna(),
            _estimated(halls, links, type_zone),
            _estimated(cells, without, type_zone),
        ]
    return conform(pd.concat(parts, ignore_index=True), "demande_zones")


def _estimated(points: gpd.GeoDataFrame, links: pd.DataFrame, type_zone: str) -> pd.DataFrame:
    """Return the points of whole communes as members of the zones that lie partly there."""
    pairs = points[["id_point", "code_commune"]].merge(links, on="code_commune")
    return pairs.assign(type_zone=type_zone, methode="estimee")[_LIENS]
