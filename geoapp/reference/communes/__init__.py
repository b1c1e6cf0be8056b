"""Reference table of communes: built from public packages, repaired by stated rules.

``build_communes`` is the only entry point a caller needs; ``geodata/communes.md``
tells in plain words which sources are read and which repairs are made.
"""

from geoapp.reference.communes.build import build_communes
from geoapp.reference.communes.report import RepairReport

__all__ = ["RepairReport", "build_communes"]
