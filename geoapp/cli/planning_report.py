"""What the commands of planning print: where to open."""

from __future__ import annotations

import json

from rich.table import Table

from geoapp.cli.encoding import print_data
from geoapp.cli.terminal import open_console
from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.french import format_number
from geoapp.coverage.world import World
from geoapp.planning.opening import Sites
from geoapp.planning.words import (
    describe_search,
    describe_sites,
    list_notes,
    tell_access,
    tell_opening,
    tell_sites,
)


def print_sites(world: World, sites: Sites, *, is_json: bool) -> None:
    """Print where to open: the answer of the API, or the sentence, the openings, the notes."""
    if is_json:
        print_data(json.dumps(describe_sites(world, sites), ensure_ascii=False, indent=1))
        return
    console = open_console()
    table = Table(title=describe_search(sites.recherche), title_justify="left")
    for titre in ("", "Commune", "Lieu candidat", "Habitants rapprochés", "Cumul", "Pourquoi"):
        table.add_column(titre)
    for one in sites.ouvertures:
        table.add_row(
            str(one.rang),
            one.nom_commune,
            "" if one.sorte == "commune" else one.nom,
            _people(one.personnes),
            _people(one.cumul),
            tell_opening(sites, one),
        )
    console.print(table)
    for line in (
        tell_sites(sites),
        tell_access(sites.acces_avant, sites.acces_apres),
        *(f"- {note}" for note in list_notes(world, sites)),
    ):
        if line:
            console.print(line, highlight=False, markup=False)


def _people(nb: float) -> str:
    return f"< {PETIT_NOMBRE}" if nb != nb else format_number(round(nb))
