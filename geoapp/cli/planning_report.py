"""What the commands of planning print: where to open, what if, the worst closures."""

from __future__ import annotations

import json

from rich.table import Table

from geoapp.cli.encoding import print_data
from geoapp.cli.terminal import open_console
from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.french import format_decimal, format_number
from geoapp.coverage.model import Question, in_households
from geoapp.coverage.world import World
from geoapp.planning.opening import Sites
from geoapp.planning.scenario import Effets
from geoapp.planning.scenario_words import (
    compare_effects,
    describe_effects,
    describe_scenario,
    describe_stress,
    tell_changes,
    tell_effects,
)
from geoapp.planning.scenario_words import list_notes as scenario_notes
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
    people = in_households("Habitants rapprochés", sites.recherche.question.public)
    for titre in ("", "Commune", "Lieu candidat", people, "Cumul", "Pourquoi"):
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


def print_scenario(
    world: World, found: Effets, *, second: Effets | None, before: Effets | None, is_json: bool
) -> None:
    """Print a scenario, beside another one, and what it has become since another snapshot."""
    if is_json:
        told = describe_effects(world, found)
        print_data(json.dumps(told, ensure_ascii=False, indent=1))
        return
    console = open_console()
    table = Table(title=describe_scenario(world, found.scenario), title_justify="left")
    titles = ["Mesure", "Aujourd'hui", "Après"]
    for titre in titles if second is None else [*titles, describe_scenario(world, second.scenario)]:
        table.add_column(titre)
    for row in compare_effects(found, second or found):
        table.add_row(*(row if second else row[:3]))
    console.print(table)
    lines = [tell_effects(found), *(f"- {note}" for note in scenario_notes(world, found))]
    if second:
        lines.append(tell_effects(second))
    if before:
        lines.append(f"Depuis l'autre instantané : {tell_changes(before, found)}")
    for line in lines:
        console.print(line, highlight=False, markup=False)


def print_stress(world: World, question: Question, *, is_json: bool) -> None:
    """Print the closures that would hurt most."""
    told = describe_stress(world, question)
    if is_json:
        print_data(json.dumps(told, ensure_ascii=False, indent=1))
        return
    console = open_console()
    for titre, cle in (("Organismes", "fermetures"), ("Lieux", "lieux")):
        table = Table(title=titre, title_justify="left")
        people = in_households("Habitants sans rien", question.public)
        for colonne in ("Qui fermerait", "Où", people, "Resterait à", "Scénario"):
            table.add_column(colonne)
        for one in told[cle]:
            left = "hors de portée"
            if one["reste"] is not None:
                left = f"{format_decimal(one['reste'])} {question.unite}"
            table.add_row(
                one["nom"],
                one["lieu"],
                format_number(one["personnes"]),
                left,
                one["ferme"],
            )
        console.print(table)
    console.print(told["phrase"], highlight=False, markup=False)
