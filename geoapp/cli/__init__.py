"""The command line: parse, call, print.  Heavy imports wait until a command runs."""

from geoapp.cli import (
    answers,
    data,
    laws,
    national,
    needs,
    service,
    snapshots,
    travel,
)  # each adds its commands to the group
from geoapp.cli.group import main

__all__ = ["answers", "data", "laws", "main", "national", "needs", "service", "snapshots", "travel"]
