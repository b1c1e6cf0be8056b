"""What the points of the vector tiles count, and under which names: what reads them needs no more.

Apart from `tiles`, so that a server does not load the encoder of tiles that the build made.
"""

from __future__ import annotations

COMPTEES = ("domaine", "niveau")
"""Filters whose values each point counts: of one value by offer."""


def property_name(filtre: str, valeur: str) -> str:
    """Return the property of a point that counts one value of a filter."""
    return f"{filtre}_{valeur}"
