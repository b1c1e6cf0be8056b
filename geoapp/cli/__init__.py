"""The command line: parse, call, print.  Heavy imports wait until a command runs."""

from geoapp.cli import donnees, reponses, service  # each adds its commands to the group
from geoapp.cli.groupe import main

__all__ = ["donnees", "main", "reponses", "service"]
