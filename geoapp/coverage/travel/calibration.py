"""Detour and speed of the default costs: declared, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoapp.core.french import format_decimal, with_unit

DETOUR = 1.3
"""Road distance over distance as the crow flies: the usual value for a dense road network.

Declared, not measured here.
"""

VITESSE_KM_H = 62.0
"""Car speed along the road, in km/h.

It is what `fit_speed` finds with `DETOUR` on the trips under `COURT_KM`.
"""

COURT_KM = 60.0
"""Trips up to this, in km as the crow flies, fit the speed: the nearest to those of the product."""

ERREUR_MEDIANE, ERREUR_P90 = 0.068, 0.163
"""Relative error of the minutes on these trips.

Half are under the first, nine tenths under the second.
"""


@dataclass(frozen=True)
class Calage:
    """A fitted speed, the trips behind it, and its relative errors."""

    vitesse_km_h: float
    nb_trajets: int
    erreur_mediane: float
    erreur_p90: float


def fit_speed(
    duree_min, vol_oiseau_km, *, detour: float = DETOUR, court_km: float = COURT_KM
) -> Calage:
    """Return the road speed that gives half the short trips a longer time and half a shorter one.

    Parameters
    ----------
    duree_min, vol_oiseau_km : arrays
        Car minutes and kilometres as the crow flies of the same trips.
    """
    minutes, crow = np.asarray(duree_min, dtype=float), np.asarray(vol_oiseau_km, dtype=float)
    short = (crow < court_km) & (minutes > 0)
    minutes, crow = minutes[short], crow[short]
    speed = round(detour * 60 / float(np.median(minutes / crow)))
    error = np.abs(crow * detour * 60 / speed / minutes - 1)
    return Calage(float(speed), len(crow), float(np.median(error)), float(np.quantile(error, 0.9)))


def describe_calibration() -> str:
    """Return in French what the costs are worth."""

    def percent(part: float) -> str:
        return with_unit(format_decimal(part * 100, 0), "%")

    return (
        f"Trajets estimés : distance à vol d'oiseau × {format_decimal(DETOUR)}, "
        f"en voiture à {VITESSE_KM_H:.0f} km/h. "
        f"La vitesse est calée sur les trajets routiers de moins de {COURT_KM:.0f} km connus "
        "(vers Paris, plus longs que ceux montrés ici) : "
        f"l'écart y est d'au plus {percent(ERREUR_MEDIANE)} pour la moitié, "
        f"{percent(ERREUR_P90)} pour neuf sur dix. Le détour est une valeur usuelle. "
        "Fleuves, péages et transports en commun sont ignorés. "
        "Dans une même commune, ou un même carreau, la distance à vol d'oiseau est d'au moins "
        "0,376 × √surface, la distance moyenne au centre d'un disque : personne n'est à 0 km."
    )
