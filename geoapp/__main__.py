"""Run the command line with `python -m geoapp`."""

from geoapp.cli import main

main(prog_name="geoapp")
