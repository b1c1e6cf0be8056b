"""The area reached from a point within some minutes: its outline by the law, and who lives there.

The outline is the line of equal minutes over a grid of points, each with the density around it: an
estimate, which knows neither rivers nor roads.  Only ways that have a law have one: a timetable
tells the way to places of training, not to everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import cos, radians
from typing import cast

import contourpy
import numpy as np
import pandas as pd
import shapely

from geoapp.core.snapshot import Snapshot
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.law import Law
from geoapp.offer.search.proximity import distances_m, to_ecef

COTE = 49
"""Points on a side of the grid: its step is about a twenty-fourth of the reach."""

KM_PAR_DEGRE = 111.195
"""Length of a degree of latitude, in kilometres: enough to lay a grid."""

DECIMALES = 4
"""Decimals of an outline, in degrees: ten metres."""

NB_COMMUNES = 12
"""Communes told by their name: those where most people are reached."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Peuplement:
    """The points of demand as aligned arrays: ECEF, people, density around, rank of the commune.

    `noms` are those of the communes, by rank.
    """

    xyz: np.ndarray
    habitants: np.ndarray
    densites: np.ndarray
    rangs: np.ndarray
    noms: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Atteinte:
    """What is reached within some minutes by one way.

    `contour` is a multipolygon (EPSG:4326).  `nb_habitants` counts the people of the points of
    demand in time, of `nb_communes`; `communes` are the names of those where most live and the
    minutes of their nearest point, nearest first.
    """

    mode: str
    minutes: float
    contour: shapely.MultiPolygon
    nb_habitants: float
    nb_communes: int
    communes: tuple[tuple[str, float], ...]


def read_people(snapshot: Snapshot) -> Peuplement:
    """Return the counted points of demand of a snapshot."""
    demande = snapshot.read("demande")
    demande = demande[demande["est_compte"].astype(bool)]
    lonlat = shapely.get_coordinates(demande.geometry.to_numpy())
    names = snapshot.read("communes").set_index("code_commune")["nom"]
    ranks, codes = pd.factorize(demande["code_commune"], sort=True)
    return Peuplement(
        xyz=to_ecef(lonlat[:, 0], lonlat[:, 1]),
        habitants=np.nan_to_num(demande["population_retenue"].to_numpy(dtype=float)),
        densites=density_around(lonlat),
        rangs=ranks,
        noms=np.array([names.get(code, code) for code in codes], dtype=object),
    )


def find_reach(
    law: Law, people: Peuplement, longitude: float, latitude: float, minutes: float
) -> Atteinte:
    """Return the area that a law reaches from a point (degrees) within `minutes`, inclusive."""
    density = density_around(np.array([[longitude, latitude]]))
    km = distances_m(people.xyz, longitude, latitude) / 1000
    costs = law.minutes(km, density, people.densites)
    inside = costs <= minutes
    ranks, nb_names = people.rangs[inside], len(people.noms)
    nearest = np.full(nb_names, np.inf)
    np.minimum.at(nearest, ranks, costs[inside])
    nb = np.bincount(ranks, people.habitants[inside], nb_names)
    towns = np.flatnonzero(np.isfinite(nearest))
    named = towns[np.argsort(-nb[towns], kind="stable")][:NB_COMMUNES]
    named = named[np.argsort(nearest[named], kind="stable")]
    return Atteinte(
        mode=law.mode,
        minutes=minutes,
        contour=_outline(law, longitude, latitude, minutes, density),
        nb_habitants=float(people.habitants[inside].sum()),
        nb_communes=len(towns),
        communes=tuple(zip(people.noms[named].tolist(), nearest[named].tolist(), strict=True)),
    )


def _outline(
    law: Law, longitude: float, latitude: float, minutes: float, density: np.ndarray
) -> shapely.MultiPolygon:
    """Return the line of equal minutes around a point, closed."""
    # Nobody arrives at the edge of the grid: every line is inside, whole.
    half = law.reach_km(minutes) * 1.05 / KM_PAR_DEGRE
    x = longitude + np.linspace(-1, 1, COTE) * half / cos(radians(latitude))
    y = latitude + np.linspace(-1, 1, COTE) * half
    grid = np.array(np.meshgrid(x, y)).reshape(2, -1)
    km = distances_m(to_ecef(*grid), longitude, latitude) / 1000
    costs = law.minutes(km, density, density_around(grid.T)).reshape(COTE, COTE)
    costs[0], costs[-1], costs[:, 0], costs[:, -1] = (minutes + 1,) * 4
    lines = contourpy.contour_generator(x, y, costs, fill_type="OuterOffset")
    points, offsets = cast(tuple[list, list], lines.filled(-1.0, minutes))
    shapes = [
        shapely.Polygon(rings[0], rings[1:])
        for one, cuts in zip(points, offsets, strict=True)
        if (rings := [one[start:end] for start, end in pairwise(cuts)])
    ]
    whole = shapely.set_precision(shapely.union_all(shapes), 10**-DECIMALES)
    return shapely.MultiPolygon([one for one in shapely.get_parts(whole) if not one.is_empty])
