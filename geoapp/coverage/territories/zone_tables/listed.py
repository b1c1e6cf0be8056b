"""Every table of a sheet: adding one is adding a function and its row in `TABLEAUX`."""

from __future__ import annotations

from collections.abc import Callable

from geoapp.coverage.model import Question
from geoapp.coverage.offered import is_information
from geoapp.coverage.territories.content import ContenuZone
from geoapp.coverage.territories.tables import (
    Tableau,
)
from geoapp.coverage.territories.zone_tables.coverage import (
    coverage_table,
    domains_table,
    ways_table,
)
from geoapp.coverage.territories.zone_tables.elsewhere import (
    almost_table,
    lacking_table,
    outside_table,
)
from geoapp.coverage.territories.zone_tables.fragile import sole_table, white_table
from geoapp.coverage.territories.zone_tables.known import (
    departements_table,
    quality_table,
    sources_table,
)
from geoapp.coverage.territories.zone_tables.offer import offer_table, places_table
from geoapp.coverage.territories.zone_tables.publics import publics_table

TABLEAUX: dict[str, Callable[[ContenuZone], Tableau]] = {
    "offre": offer_table,
    "couverture": coverage_table,
    "modes": ways_table,
    "domaines": domains_table,
    "blanches": white_table,
    "uniques": sole_table,
    "publics": publics_table,
    "dehors": outside_table,
    "absents": lacking_table,
    "presque": almost_table,
    "departements": departements_table,
    "qualite": quality_table,
    "sources": sources_table,
}
"""Every table of a sheet, in its order."""


DE_FORMATIONS = ("domaines", "absents", "departements")
"""Tables that places of information do not have."""


def list_tables(question: Question) -> dict[str, Callable[[ContenuZone], Tableau]]:
    """Return the tables of a sheet for what its question counts, in their order."""
    if not is_information(question):
        return TABLEAUX
    kept = {nom: make for nom, make in TABLEAUX.items() if nom not in DE_FORMATIONS}
    return {**kept, "offre": places_table}
