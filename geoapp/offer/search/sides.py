"""Inside the region or beside it: a search says what is known on the other side of its border."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import shapely

from geoapp.core.french import (
    count,
    format_date,
    format_decimal,
    join_words,
    upper_first,
    with_unit,
)
from geoapp.core.snapshot import Snapshot
from geoapp.offer.search.model import Lieu, Requete
from geoapp.offer.search.proximity import distances_m, to_ecef
from geoapp.reference.borders import countries_near
from geoapp.reference.codes.voies import only_track

_COLLECTEE_KM = 50
"""A neighbour of whom nothing is known as far as this has not been collected at all."""

_KM_PAR_MIN, _KM_PAR_MIN_SANS_VOITURE = 0.7, 0.25
"""How far a minute takes at most, as the crow flies: enough to know whether a border is near."""


def tell_side(lieu: Lieu | None, snapshot: Snapshot) -> Lieu | None:
    """Return a place with the side that it is on: a point knows it from the communes alone."""
    if lieu is None or lieu.type != "point":
        return lieu
    communes = snapshot.read("communes")
    mine = communes[communes["est_region"].astype(bool)]
    held = mine.sindex.query(shapely.Point(*lieu.point), predicate="intersects")
    return replace(lieu, est_region=bool(len(held)))


def tell_neighbour(requete: Requete, snapshot: Snapshot) -> str:
    """Return what is known outside the region around the place of a search, as a sentence.

    "" where a search does not go beyond the region: a hole of the list is no lack of trainings.
    """
    lieu = requete.lieu
    if lieu is None or lieu.est_zone:
        return ""
    reach = _reach_km(requete)
    is_near = not lieu.est_region or _is_near_neighbour(lieu, reach, snapshot)
    abroad = countries_near(*lieu.point, reach * 1000)
    if not is_near and not abroad:
        return ""
    known = _neighbours(snapshot, lieu, reach)
    is_partly = bool(len(_neighbours(snapshot, lieu, max(reach, _COLLECTEE_KM))))
    parts = ["La région s'arrête près de là, et cette liste avec elle."]
    if not lieu.est_region:
        name = "Ce point" if lieu.type == "point" else lieu.nom
        parts = [f"{name} est hors de la région : la liste montre les formations de la région."]
    where = "Au-delà" if lieu.est_region else "De ce côté"
    if len(known):
        parts.append(f"{where}, {_tell_known(known, requete, snapshot)}")
    elif is_near and is_partly:
        parts.append(f"{where}, aucune formation n'est connue : toutes n'ont pas été collectées.")
    elif is_near:
        parts.append(f"{where}, l'offre n'a pas été collectée.")
    if abroad and (is_partly or not is_near):
        parts.append(f"{upper_first(join_words(abroad))}, l'offre n'a pas été collectée.")
    return " ".join(parts)


def _reach_km(requete: Requete) -> float:
    """Return how far a search looks at most, as the crow flies."""
    if requete.minutes is None or requete.moyen is None:
        return requete.rayon_km
    by_car = not requete.moyen.sans_voiture or requete.sans_voiture
    return requete.minutes * (_KM_PAR_MIN if by_car else _KM_PAR_MIN_SANS_VOITURE)


def _tell_known(near: pd.DataFrame, requete: Requete, snapshot: Snapshot) -> str:
    """Return how many trainings are known beyond the region, of which voie and of when."""
    sources = snapshot.read("sources").set_index("id_source")["millesime"]
    days = sorted(sources.reindex(near["id_source"].unique()).dropna())
    kind = ", ".join(one for one in (only_track(near["voie"]), *map(format_date, days)) if one)
    what = f" ({kind})" if kind else ""
    if requete.minutes is not None:
        return (
            f"des formations sont connues{what}, hors de cette liste : "
            "les autres n'ont pas été collectées."
        )
    known = "est connue" if len(near) < 2 else "sont connues"
    radius = with_unit(format_decimal(requete.rayon_km), "km")
    every = ", tous métiers et tous filtres confondus" if _is_narrowed(requete) else ""
    return (
        f"{count(len(near), 'formation')} à {radius} {known}{what}{every}, "
        "hors de cette liste : les autres n'ont pas été collectées."
    )


def _is_narrowed(requete: Requete) -> bool:
    """Tell whether a search keeps some trainings alone."""
    return bool(requete.texte or requete.filtres.choix)


def _neighbours(snapshot: Snapshot, lieu: Lieu, radius_km: float) -> pd.DataFrame:
    """Return the trainings of the neighbours that are known within a radius: source and voie."""
    offers, places = snapshot.derive("offres voisines placées", lambda: _placed(snapshot))
    gaps = distances_m(places, *lieu.point)
    return offers[gaps <= radius_km * 1000]


def _placed(snapshot: Snapshot) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the trainings of the neighbours that have a place, and their positions."""
    offers = snapshot.read("offres_voisines")
    offers = offers[offers.geometry.notna()]
    return pd.DataFrame(offers[["id_source", "voie"]]), to_ecef(
        offers.geometry.x, offers.geometry.y
    )


def _is_near_neighbour(lieu: Lieu, radius_km: float, snapshot: Snapshot) -> bool:
    """Tell whether the town hall of a commune outside the region is within a radius."""
    halls = snapshot.derive("mairies hors de la région", lambda: _halls_outside(snapshot))
    return bool((distances_m(halls, *lieu.point) <= radius_km * 1000).any())


def _halls_outside(snapshot: Snapshot) -> np.ndarray:
    communes = snapshot.read("communes")
    found = communes[~communes["est_region"].astype(bool)]
    found = found.dropna(subset=["longitude_mairie", "latitude_mairie"])
    return to_ecef(found["longitude_mairie"], found["latitude_mairie"])
