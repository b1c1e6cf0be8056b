"""Costs of travel between people and places: made at the build, stored sparse, then read."""

from geoapp.coverage.travel.matrix import DOSSIER, Trajets, open_trajets, write_trajets

__all__ = ["DOSSIER", "Trajets", "open_trajets", "write_trajets"]
