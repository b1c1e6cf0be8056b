"""Colours and hatches of figures: those of the web map on its light ground (`coverage.css`).

They are read without colour vision, and in black and white.
"""

from __future__ import annotations

from dataclasses import dataclass

from geoapp.coverage.legend import COULEURS

CHORO = COULEURS
"""Shades of a choropleth, from the lightest (`--choro-0`…`--choro-4`)."""

CHORO_BORD = "#5b6470"
ENCRE, DISCRET, MOTIF = "#1c2430", "#54606f", "#10233f"
DEHORS, TERRE, VOISINS = "#f3f4f1", "#ffffff", "#e7e9e4"
"""Grounds: out of the known land, land of the region, land around."""

TRAIT_LEGER, TRAIT_FORT = "#c9cfc8", "#3d4a5c"
"""Borders."""

OFFRE, OFFRE_DEHORS, ALERTE = "#0d5c63", "#8fb3b5", "#a3200d"

ZONES = ("#d7e6f0", "#f3e3c2", "#dcebd2", "#ecd8e6", "#e2e0f2", "#f6ddd3")
"""Light tints that only part a zone from its neighbours: no order, no meaning."""


@dataclass(frozen=True)
class Hachure:
    """One hatch.

    `motif` is made of letters of `hatches.SENS`, repeated to draw the lines closer; `epaisseur` is
    their width in points, `lisere` that of a white edge under each.
    """

    motif: str
    couleur: str
    epaisseur: float
    lisere: float = 0.0


INCONNU = Hachure("\\\\\\\\\\", "#6d7680", 0.5)
INCONNU_FOND = "#dfe3e7"

BLANCHE = "#0a4bc2"
"""Outline of the white communes: no shade of the ramp, nor border, has its hue."""

NON_COLLECTEE = Hachure("xx", "#8a6d00", 0.5)
NON_COLLECTEE_FOND = "#f4ecd0"
"""A zone whose offer no source holds: neither lacking nor served."""
