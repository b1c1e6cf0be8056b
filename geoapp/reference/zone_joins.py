"""The assignment of places to zones, the members and the outlines of zones.

The only file that joins geometries: everything else joins by code.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoapp.core.config import CRS_METRIC
from geoapp.core.texts import is_among
from geoapp.reference.commune_codes import to_current
from geoapp.reference.zonings import ZONAGES


def assign_by_code(
    code_commune: pd.Series, communes_zones: pd.DataFrame, type_zone: str
) -> pd.Series:
    """Return the code of the zone of each row, joined by commune code.

    Parameters
    ----------
    code_commune : Series of text
        Any index; NA allowed.
    communes_zones : DataFrame
        `code_commune`, `type_zone`, `code_zone`, `type_lien`; only whole
        communes count.  When a commune lies in several zones the smallest code wins.

    Returns
    -------
    Series of text
        Same index and length; NA where no zone holds the commune.
    """
    links = communes_zones[
        communes_zones["type_zone"].eq(type_zone) & communes_zones["type_lien"].eq("entiere")
    ]
    one = (
        links.sort_values("code_zone")
        .drop_duplicates("code_commune")
        .set_index("code_commune")["code_zone"]
    )
    return code_commune.map(one).astype("str")


def assign_by_geometry(
    points: gpd.GeoSeries, zones: gpd.GeoDataFrame, code: str = "code_zone"
) -> pd.Series:
    """Return the code of the polygon that holds each point, border included.

    Points are joined once per distinct position.  On a shared border the
    smallest code wins.  CRS: both in EPSG:4326, joined in the metric CRS.

    Returns
    -------
    Series of text
        Same index and length as `points`; NA outside every polygon, or when
        the point is unknown.
    """
    codes = np.full(len(points), np.nan, dtype=object)
    is_known = (points.notna() & ~points.is_empty).to_numpy()
    if is_known.any() and not zones.empty:
        xy = shapely.get_coordinates(points.to_numpy()[is_known])
        distinct, rank = np.unique(xy[:, 0] + 1j * xy[:, 1], return_inverse=True)
        unique = gpd.GeoSeries.from_xy(distinct.real, distinct.imag, crs=points.crs)
        places = gpd.GeoDataFrame(geometry=unique).to_crs(CRS_METRIC)
        held = zones[[code, "geometry"]].to_crs(CRS_METRIC)
        joined = gpd.sjoin(places, held, predicate="intersects")
        first = joined.groupby(level=0)[code].min().reindex(places.index)
        codes[is_known] = first.to_numpy(dtype=object)[rank]
    return pd.Series(codes, index=points.index, dtype="str")


def zones_of_communes(communes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the zonings that every commune carries: département, arrondissement, EPCI.

    Rows: `code_commune`, `type_zone`, `code_zone`, `nom`, `type_lien` (`entiere`).
    """
    parts = []
    for type_zone in ZONAGES:
        if f"code_{type_zone}" in communes:
            part = communes[["code_commune", f"code_{type_zone}", f"nom_{type_zone}"]].set_axis(
                ["code_commune", "code_zone", "nom"], axis=1
            )
            parts.append(
                part.dropna(subset="code_zone").assign(type_zone=type_zone, type_lien="entiere")
            )
    return pd.concat(parts, ignore_index=True)


def move_to_current(
    members: pd.DataFrame, passage: dict[str, str], communes: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the members of a zoning in the current geography, and what moved.

    When communes that merged were in different zones of a partition, the zone
    of the commune that gave its code to the merged one is kept; failing that,
    the smallest code.  Communes outside `communes` are left out.

    Returns
    -------
    members : DataFrame
        One row per commune and zone, `code_commune` current.
    moved : DataFrame
        Rows whose code changed: `ancien_code`, `code_commune`.
    """
    current = members.assign(
        ancien_code=members["code_commune"],
        code_commune=to_current(members["code_commune"], passage),
    )
    current = current[is_among(current["code_commune"], communes["code_commune"])]
    moved = current.loc[
        current["ancien_code"].ne(current["code_commune"]), ["ancien_code", "code_commune"]
    ]
    # The commune that gave its code to the merged one comes first: its zone is kept.
    current = current.assign(_rank=current["ancien_code"].ne(current["code_commune"]))
    current = current.sort_values(["code_commune", "_rank", "code_zone"]).drop_duplicates(
        ["code_commune", "code_zone"]
    )
    return current.drop(columns=["_rank", "ancien_code"]), moved


def keep_partition(members: pd.DataFrame) -> pd.DataFrame:
    """Return one zone per commune: the first row, as `move_to_current` ordered them."""
    return members.drop_duplicates("code_commune")


def fill_partition(members: pd.DataFrame, communes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return one row per commune of the region that a partition of an older vintage lacks.

    A commune re-established since then takes the zone that most of the communes
    touching it have (then the smallest code); it gets no row when none has one.
    """
    inside = communes[communes["est_region"].astype(bool)]
    missing = inside[~is_among(inside["code_commune"], members["code_commune"])]
    if missing.empty or members.empty:
        return members.iloc[:0]
    pairs = gpd.sjoin(
        missing[["code_commune", "geometry"]],
        communes[["code_commune", "geometry"]],
        predicate="intersects",
    )
    found = pairs.merge(members, left_on="code_commune_right", right_on="code_commune")
    votes = found.groupby(["code_commune_left", "code_zone"]).size().reset_index(name="n")
    best = votes.sort_values(["n", "code_zone"], ascending=[False, True]).drop_duplicates(
        "code_commune_left"
    )
    model = (
        members.drop_duplicates("code_zone")
        .set_index("code_zone")
        .reindex(best["code_zone"])
        .reset_index()
    )
    return model.assign(code_commune=best["code_commune_left"].to_numpy())[members.columns]


def outline_zones(members: pd.DataFrame, outlines: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return the outline of each zone, the union of its communes.

    Parameters
    ----------
    members : DataFrame
        `code_commune`, `code_zone` (one zoning).
    outlines : GeoSeries
        Outline of each commune (index `code_commune`), a valid coverage.

    Returns
    -------
    GeoSeries
        Index `code_zone`, sorted; same CRS.
    """
    known = members[is_among(members["code_commune"], outlines.index)]
    polygons = gpd.GeoDataFrame(
        {"code_zone": known["code_zone"].to_numpy()},
        geometry=outlines.reindex(known["code_commune"]).to_numpy(),
        crs=outlines.crs,
    )
    return polygons.dissolve("code_zone", method="coverage").geometry
