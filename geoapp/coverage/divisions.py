"""Divisions of the region: which points and which offers lie in each zone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
import pandas as pd

from geoapp.core.memory import Lazily
from geoapp.core.snapshot import Snapshot
from geoapp.reference.zonings import CARREAU, COMMUNE, ZONAGES


@dataclass(frozen=True, kw_only=True)
class Maille:
    """One division of the region: its zones, and which points lie in each.

    `points` and `zones` are the member pairs (row of the matrix, rank of the zone); a point may lie
    in no zone, or in several when zones overlap. `offres` and `zones_offres` are those of the
    offers of the region (row of `World.comptes`, rank of the zone). `est_sans_contour` tells the
    zones of free form without outline: which offers lie inside is not known.
    """

    type_zone: str
    codes: np.ndarray
    noms: np.ndarray
    points: np.ndarray
    zones: np.ndarray
    est_estimee: np.ndarray
    offres: np.ndarray
    zones_offres: np.ndarray
    est_sans_contour: np.ndarray | None = None


def divide(snapshot: Snapshot, points: pd.DataFrame, offres: pd.DataFrame) -> Lazily[Maille]:
    """Return every division of the region, with the points and the offers that lie in each zone."""
    region, mine = points[points["est_region"]], offres[~offres["est_voisine"]]
    inside = pd.DataFrame({"rang": region.index, "code_commune": region["code_commune"].to_numpy()})
    held = cache(lambda: _offers_in_zones(mine))

    def zoning(type_zone: str) -> Maille:
        zones, offers = snapshot.read("zones"), held()
        part = zones[zones["type_zone"].eq(type_zone)]
        maille = _make_maille(
            type_zone,
            part[["code_zone", "nom"]],
            _members(snapshot, type_zone, points, inside),
            offers[offers["type_zone"].eq(type_zone)],
        )
        return replace(maille, est_sans_contour=_without_outline(type_zone, part))

    def communes() -> pd.DataFrame:
        every = snapshot.read("communes")
        return every[every["est_region"].astype(bool)]

    def by_commune() -> Maille:
        return _make_maille(
            COMMUNE,
            communes()[["code_commune", "nom"]].set_axis(["code_zone", "nom"], axis=1),
            inside.rename(columns={"code_commune": "code_zone"}),
            pd.DataFrame({"rang": mine.index, "code_zone": mine["code_commune"].to_numpy()}),
        )

    return Lazily(
        {nom: partial(zoning, nom) for nom in sorted(snapshot.read("zones")["type_zone"].unique())}
        | {
            COMMUNE: by_commune,
            CARREAU: lambda: _cells(region, communes().set_index("code_commune")["nom"]),
        }
    )


def _offers_in_zones(offres: pd.DataFrame) -> pd.DataFrame:
    """Return the zones that hold each offer: `rang`, `type_zone`, `code_zone`."""
    held = offres["zones"].str.split("|").explode().dropna()
    if not len(held):
        return _no_member()
    parts = held.str.partition(":")
    return pd.DataFrame({"rang": held.index, "type_zone": parts[0], "code_zone": parts[2]})


def _cells(region: pd.DataFrame, communes: pd.Series) -> Maille:
    """Return the division into cells of 200 m, each named by its commune, holding no offer.

    A cell is finer than the address of a place: which offers lie inside is not known.
    """
    cells = region[region["type_point"].eq(CARREAU)]
    names = cells["code_commune"].map(communes).fillna(cells["code_commune"])
    return _make_maille(
        CARREAU,
        pd.DataFrame({"code_zone": cells["id_point"], "nom": names}),
        pd.DataFrame({"rang": cells.index, "code_zone": cells["id_point"]}),
        _no_member(),
    )


def _without_outline(type_zone: str, zones: pd.DataFrame) -> np.ndarray | None:
    """Tell which zones have no outline, in the order of codes; None for a zoning joined by code."""
    if ZONAGES[type_zone].methode == "code":
        return None
    ordered = zones.sort_values("code_zone", kind="stable")
    return (ordered.geometry.isna() | ordered.geometry.is_empty).to_numpy()


def _no_member() -> pd.DataFrame:
    """Return no member."""
    return pd.DataFrame(
        {
            "rang": pd.Series(dtype=int),
            "type_zone": pd.Series(dtype="str"),
            "code_zone": pd.Series(dtype="str"),
        }
    )


def _members(
    snapshot: Snapshot, type_zone: str, points: pd.DataFrame, inside: pd.DataFrame
) -> pd.DataFrame:
    """Return the points of each zone of a zoning: `rang`, `code_zone`, `est_estimee`."""
    if ZONAGES[type_zone].methode == "code":
        links = snapshot.read("communes_zones")
        whole = links[links["type_zone"].eq(type_zone) & links["type_lien"].eq("entiere")]
        return inside.merge(whole[["code_commune", "code_zone"]], on="code_commune").assign(
            est_estimee=False
        )
    free = snapshot.read("demande_zones")
    mine = free[free["type_zone"].eq(type_zone)]
    rank = pd.Series(range(len(points)), index=points["id_point"])
    return pd.DataFrame(
        {
            "rang": mine["id_point"].map(rank),
            "code_zone": mine["code_zone"],
            "est_estimee": mine["methode"].eq("estimee"),
        }
    )


def _make_maille(
    type_zone: str, zones: pd.DataFrame, members: pd.DataFrame, offers: pd.DataFrame
) -> Maille:
    """Return one division, zones sorted by code; members that are no zone of it are left out."""
    zones = zones.sort_values("code_zone", kind="stable")
    codes = pd.Index(zones["code_zone"].to_numpy(dtype=object))
    (points, of_points), (rows, of_offers) = _pairs(members, codes), _pairs(offers, codes)
    estimated = np.zeros(len(codes), dtype=bool)
    if "est_estimee" in members:
        doubted = members.loc[members["est_estimee"], "code_zone"]
        estimated[codes.get_indexer(doubted[doubted.isin(codes)])] = True
    return Maille(
        type_zone=type_zone,
        codes=codes.to_numpy(),
        noms=zones["nom"].to_numpy(dtype=object),
        points=points,
        zones=of_points,
        est_estimee=estimated,
        offres=rows,
        zones_offres=of_offers,
    )


def _pairs(members: pd.DataFrame, codes: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    """Return (row, rank of the zone) of the members that are in a zone."""
    zone = codes.get_indexer(members["code_zone"])
    return members["rang"].to_numpy(dtype=np.intp)[zone >= 0], zone[zone >= 0]
