"""Ways of travelling, as rows: how each is told, and how far its costs are kept.

Adding a way of travelling is adding a row here, and what works its costs out in `choice`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

VOITURE, VOITURE_FLUIDE, VELO, PIED, TRANSPORTS = (
    "voiture",
    "voiture_fluide",
    "velo",
    "pied",
    "transports",
)


@dataclass(frozen=True, kw_only=True)
class Unite:
    """A unit of thresholds: its symbol, its word, its least and greatest threshold."""

    nom: str
    mot: str
    minimum: float
    maximum: float


UNITES: dict[str, Unite] = {
    unite.nom: unite
    for unite in (
        Unite(nom="km", mot="km", minimum=1, maximum=100),
        Unite(nom="min", mot="minutes", minimum=1, maximum=120),
    )
}
"""The units of a cost: kilometres of the way, minutes of the trip."""


@dataclass(frozen=True, kw_only=True)
class Mode:
    """One way of travelling.

    `titre` is how a list names it, `phrase` how a sentence does: « à moins de 30 minutes à vélo ».
    `sans_voiture` tells that who has no car can travel so.  `maximum_min` and `maximum_km` are how
    far its estimated costs are kept (either is enough), and so the greatest thresholds; `seuil` in
    `unite` is the threshold when none is asked.
    """

    nom: str
    titre: str
    phrase: str
    couleur: str
    sans_voiture: bool
    maximum_min: float
    maximum_km: float
    unite: str
    seuil: float


MODES: dict[str, Mode] = {
    mode.nom: mode
    for mode in (
        Mode(
            nom=VOITURE,
            titre="En voiture, circulation habituelle",
            phrase="en voiture",
            couleur="#1f5fa8",
            sans_voiture=False,
            maximum_min=120,
            maximum_km=100,
            unite="km",
            seuil=20,
        ),
        Mode(
            nom=VOITURE_FLUIDE,
            titre="En voiture, sans bouchon",
            phrase="en voiture sans bouchon",
            couleur="#6b8fb8",
            sans_voiture=False,
            maximum_min=120,
            maximum_km=100,
            unite="min",
            seuil=20,
        ),
        Mode(
            nom=VELO,
            titre="À vélo",
            phrase="à vélo",
            couleur="#2f7d32",
            sans_voiture=True,
            maximum_min=120,
            maximum_km=25,
            unite="min",
            seuil=30,
        ),
        Mode(
            nom=PIED,
            titre="À pied",
            phrase="à pied",
            couleur="#8a5a00",
            sans_voiture=True,
            maximum_min=120,
            maximum_km=8,
            unite="min",
            seuil=30,
        ),
        Mode(
            nom=TRANSPORTS,
            titre="En transports en commun",
            phrase="en transports en commun",
            couleur="#7b3294",
            sans_voiture=True,
            maximum_min=120,
            maximum_km=100,
            unite="min",
            seuil=45,
        ),
    )
}
"""Every way of travelling, the default first; a snapshot holds those whose costs exist."""

DEFAUT = VOITURE
"""Usual traffic: what people live, and what most of the trips known to fit the law are."""

SANS_VOITURE = tuple(nom for nom, mode in MODES.items() if mode.sans_voiture)
"""Ways open to who has no car."""


def greatest_threshold(parametres: dict, unite: str) -> float:
    """Return the greatest threshold that the costs of a way of travelling answer, in a unit.

    `parametres` are those of its matrix: estimated costs tell how far they were kept.
    """
    return min(UNITES[unite].maximum, greatest_cost(parametres, unite))


def greatest_cost(parametres: dict, unite: str) -> float:
    """Return how far the costs of a matrix were kept, in a unit; infinite when all were."""
    return float(parametres.get(f"maximum_{unite}", np.inf))
