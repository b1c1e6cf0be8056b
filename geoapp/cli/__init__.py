"""The command line: parse, call, print.  Heavy imports wait until a command runs."""

from geoapp.cli import (
    answers,
    data,
    service,
    snapshots,
    travel,
)  # each adds its commands to the group
from geoapp.cli.group import main

__all__ = ["answers", "data", "main", "service", "snapshots", "travel"]
