"""Inside the region or beside it: a search from a neighbour says what is known there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from geoapp.core.french import count, format_decimal, with_unit
from geoapp.core.snapshot import Snapshot
from geoapp.offer.search.model import Lieu, Requete
from geoapp.offer.search.proximity import distances_m, to_ecef


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
    nb = _neighbours(snapshot, lieu, requete.rayon_km)
    radius = with_unit(format_decimal(requete.rayon_km), "km")
    beside = (
        f" De ce côté, {count(nb, 'formation')} en apprentissage à {radius} "
        f"{'est connue' if nb < 2 else 'sont connues'} (novembre 2020), hors de cette liste : "
        "les autres n'ont pas été collectées."
        if nb
        else " De ce côté, l'offre n'a pas été collectée."
    )
    return f"{name} est hors de la région : la liste montre les formations de la région.{beside}"


def _neighbours(snapshot: Snapshot, lieu: Lieu, radius_km: float) -> int:
    """Return how many trainings of the neighbours are known within a radius."""
    offers = snapshot.read("offres_voisines")
    offers = offers[offers.geometry.notna()]
    if offers.empty or np.isnan(lieu.point[0]):
        return 0
    gaps = distances_m(to_ecef(offers.geometry.x, offers.geometry.y), *lieu.point)
    return int((gaps <= radius_km * 1000).sum())
