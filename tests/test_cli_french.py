"""The command line speaks French, even where it is Click that speaks."""

import ast
import inspect

import click
import pytest
from click import core, decorators, exceptions, formatting, parser, types
from click.testing import CliRunner

from geoapp.cli import main
from geoapp.cli.french import PHRASES

NEVER_SHOWN = (
    # What a program that declares its options wrongly is told.
    "Could not determine name",
    "No options defined but",
    "Arguments take exactly one",
    "Boolean option {decl!r}",
    "Name '{name}' defined twice",
    "DeprecationWarning",
    # What none of our commands asks: a confirmation, a UUID, a choice described.
    "Do you want to continue?",
    "Confirm the action",
    "{value!r} is not a valid UUID.",
    "Choice({choices})",
)


def sentences(module) -> set[str]:
    """Return the sentences that a module of Click hands to the translation."""
    return {
        text.value
        for call in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("_", "ngettext")
        for text in call.args
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }


def test_every_sentence_of_click_has_ours():
    for module in (core, decorators, exceptions, formatting, parser, types):
        found = sentences(module)
        assert found, module
        ours = {one for one in found if not one.startswith(NEVER_SHOWN)}
        assert ours <= PHRASES.keys(), ours - PHRASES.keys()


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["search", "--rayon", "3"], "Option inconnue : --rayon. Vouliez-vous dire"),
        (["check"], "Il manque l'argument 'FICHIER'."),
        (["check", "a.csv", "b\x1b[2J.csv"], "Argument en trop : b·[2J.csv."),
        (["serv"], "Commande inconnue : serv. Vouliez-vous dire"),
        (["serve", "--port", "abc"], "Valeur refusée pour '--port' : « abc » n'est pas un entier."),
        (["serve", "--port"], "L'option --port attend une valeur."),
        (["export"], "Il manque l'option '--out'."),
        (
            ["trajets", "calibrer", "--mode", "zut"],
            "Valeur refusée pour '--mode' : « zut » est inconnu. Admis : 'voiture'",
        ),
    ],
)
def test_a_wrong_command_is_refused_in_french(arguments, words):
    found = CliRunner().invoke(main, arguments)
    assert found.exit_code == 2 and f"Erreur : {words}" in found.output
    assert "Error" not in found.output and "Usage" not in found.output
    assert "\x1b" not in found.output


def test_the_help_of_every_command_is_in_french():
    commands = [main, *main.commands.values(), *main.commands["trajets"].commands.values()]
    for command in commands:
        shown = command.get_help(click.Context(command, info_name="geoapp"))
        assert shown.startswith("Emploi : geoapp") and "Montre cette aide." in shown
        for word in (
            "Usage",
            "Show",
            "TEXT ",
            "INTEGER",
            "PATH",
            "COMMAND ",
            "required",
            "default",
        ):
            assert word not in shown, (command.name, word)
