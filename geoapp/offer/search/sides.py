"""Inside the region or beside it: a search from a neighbour says what is known there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import shapely

from geoapp.core.french import count, format_date, format_decimal, with_unit
from geoapp.core.snapshot import Snapshot
from geoapp.offer.search.model import Lieu, Requete
from geoapp.offer.search.proximity import distances_m, to_ecef
from geoapp.reference.codes.voies import only_track


def tell_side(lieu: Lieu | None, snapshot: Snapshot) -> Lieu | None:
    """Return a place with the side that it is on: a point knows it from the communes alone."""
    if lieu is None or lieu.type != "point":
        return lieu
    communes = snapshot.read("communes")
    mine = communes[communes["est_region"].astype(bool)]
    held = mine.sindex.query(shapely.Point(*lieu.point), predicate="intersects")
    return replace(lieu, est_region=bool(len(held)))


def tell_neighbour(requete: Requete, snapshot: Snapshot) -> str:
    """Return what is known around a place outside the region, as a sentence; "" inside."""
    lieu = requete.lieu
    if lieu is None or lieu.est_region:
        return ""
    name = "Ce point" if lieu.type == "point" else lieu.nom
    near = _neighbours(snapshot, lieu, requete.rayon_km)
    beside = _tell_known(near, requete.rayon_km, snapshot) if len(near) else _NOTHING
    return f"{name} est hors de la région : la liste montre les formations de la région.{beside}"


_NOTHING = " De ce côté, l'offre n'a pas été collectée."


def _tell_known(near: pd.DataFrame, radius_km: float, snapshot: Snapshot) -> str:
    """Return how many trainings of a neighbour are known, of which voie and of when."""
    sources = snapshot.read("sources").set_index("id_source")["millesime"]
    days = sorted(sources.reindex(near["id_source"].unique()).dropna())
    kind = ", ".join(one for one in (only_track(near["voie"]), *map(format_date, days)) if one)
    known = "est connue" if len(near) < 2 else "sont connues"
    radius = with_unit(format_decimal(radius_km), "km")
    return (
        f" De ce côté, {count(len(near), 'formation')} à {radius} {known}"
        f"{f' ({kind})' if kind else ''}, hors de cette liste : "
        "les autres n'ont pas été collectées."
    )


def _neighbours(snapshot: Snapshot, lieu: Lieu, radius_km: float) -> pd.DataFrame:
    """Return the trainings of the neighbours that are known within a radius."""
    offers = snapshot.read("offres_voisines")
    offers = offers[offers.geometry.notna()]
    if offers.empty or np.isnan(lieu.point[0]):
        return offers.iloc[:0]
    gaps = distances_m(to_ecef(offers.geometry.x, offers.geometry.y), *lieu.point)
    return offers[gaps <= radius_km * 1000]
