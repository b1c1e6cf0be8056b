"""Costs of travel between people and places: made at the build, stored sparse, then read."""

from geoapp.coverage.travel.matrix import (
    DOSSIER,
    Matrice,
    Matrices,
    Trajets,
    open_trajets,
    read_modes,
    store_matrices,
    write_trajets,
)

__all__ = [
    "DOSSIER",
    "Matrice",
    "Matrices",
    "Trajets",
    "open_trajets",
    "read_modes",
    "store_matrices",
    "write_trajets",
]
