"""The tables of a snapshot, as data: columns, types, units, meaning, keys.

Adding a column is adding a row of `geoapp.core.schema.tables`, or of `offer_columns` for one of the
offer.  `check_table` compares a frame with its contract; the data dictionary is made from the rows.

Types are `texte`, `entier`, `reel`, `booleen` and `geometrie` (EPSG:4326).
Every code is text.  An unknown value is NA, never 0 nor an empty text.
"""

from geoapp.core.schema.check import check_references, check_table, conform, fingerprint
from geoapp.core.schema.model import (
    ENTITES,
    ETATS_DOUBLON,
    LIENS,
    MODALITES,
    MODES,
    NIVEAUX,
    NIVEAUX_ENTREE,
    PRECISIONS,
    PUBLICS_DEBOUCHES,
    STATUTS,
    SUJETS_TOTAUX,
    VOIES,
    Colonne,
    Table,
)
from geoapp.core.schema.tables import TABLES

__all__ = [
    "ENTITES",
    "ETATS_DOUBLON",
    "LIENS",
    "MODALITES",
    "MODES",
    "NIVEAUX",
    "NIVEAUX_ENTREE",
    "PRECISIONS",
    "PUBLICS_DEBOUCHES",
    "STATUTS",
    "SUJETS_TOTAUX",
    "TABLES",
    "VOIES",
    "Colonne",
    "Table",
    "check_references",
    "check_table",
    "conform",
    "fingerprint",
]
