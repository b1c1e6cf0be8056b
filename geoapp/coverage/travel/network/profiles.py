"""Ways to travel on a road network, one row each."""

from __future__ import annotations

from dataclasses import dataclass

from geoapp.coverage.travel.modes import PIED, VELO, VOITURE_FLUIDE


@dataclass(frozen=True, kw_only=True)
class Profil:
    """A profile of OSRM, and the travel mode that it works out.

    `lua` is the file among the profiles that come with OSRM, `mode` the row of `MODES`.
    """

    nom: str
    mode: str
    lua: str


PROFILS = {
    one.nom: one
    for one in (
        Profil(nom="voiture", mode=VOITURE_FLUIDE, lua="car.lua"),
        Profil(nom="velo", mode=VELO, lua="bicycle.lua"),
        Profil(nom="pied", mode=PIED, lua="foot.lua"),
    )
}

ACCROCHE_MAX_M = 500.0
"""Farther from any way than this, straight line in metres, a point is not of the network.

Half the inhabited cells of the region are within 30 m of a way: beyond 500 m it is the network that
stops, not the road.
"""

ACCES_KM_H = 5.0
"""Speed from a point to its way and from a way to a place, along the straight line: on foot, as the
foot profile of OSRM walks."""
