"""Costs on a road network that the user gives: an OpenStreetMap extract, travelled by OSRM."""

from geoapp.coverage.travel.network.matrix import (
    report_network,
    warn_of,
    work_out_network,
    write_network,
)
from geoapp.coverage.travel.network.profiles import PROFILS

__all__ = ["PROFILS", "report_network", "warn_of", "work_out_network", "write_network"]
