"""Laws that nothing measured yet: bicycle and walking, from published speeds and a plain detour.

Speeds are the default ones of the OSRM profiles: walking 5 km/h, cycling 15 km/h.  The detour is
4/π, the mean of a fine rectangular grid.  Their errors are declared: half the walkers are taken
between 4.25 and 5.75 km/h, half the cyclists between 12 and 18 km/h.
"""

from __future__ import annotations

import math
from itertools import pairwise

from geoapp.core.errors import ParameterError
from geoapp.coverage.travel.law import BANDES_KM, Bande, Courbe, Law

DETOUR = 4 / math.pi
"""Mean road distance over straight line on a fine rectangular grid of streets."""

VITESSES_KM_H = {"velo": 15.0, "pied": 5.0}
ERREURS = {"velo": (0.20, 0.40), "pied": (0.15, 0.35)}
"""Declared size of the errors of minutes: median, nine tenths."""
ERREURS_KM = (0.12, 0.30)
"""The same of kilometres: those of car trips of 1 to 3 km, the nearest that are measured."""
JUSQU_A_KM = {"velo": 20.0, "pied": 5.0}
"""Straight line up to which the law is meant: longer trips are computed, and no error is said."""


def declare_law(mode: str, date: str) -> Law:
    """Return the declared law of a mode.

    Raises
    ------
    ParameterError
        A mode for which nothing is declared.
    """
    if mode not in VITESSES_KM_H:
        raise ParameterError(
            f"La loi « {mode} » se cale sur des trajets : donnez au moins un fichier."
        )
    bounds = [one for one in pairwise(BANDES_KM) if one[1] <= JUSQU_A_KM[mode]]
    bands = [
        tuple(Bande(low, high, None, *sizes, 0) for low, high in bounds)
        for sizes in (ERREURS[mode], ERREURS_KM)
    ]
    speed = VITESSES_KM_H[mode]
    return Law(
        mode=mode,
        temps=Courbe(round(math.log(DETOUR * 60 / speed), 4)),
        route=Courbe(round(math.log(DETOUR), 4)),
        densite_type=100.0,
        errors=bands[0],
        errors_km=bands[1],
        est_mesuree=False,
        source=f"vitesse usuelle ({speed:.0f} km/h, celle d'OSRM) et détour de 4/π, déclarés",
        perimetre="aucun trajet mesuré",
        licence="aucune donnée de tiers",
        date=date,
        nb_paires=0,
    )
