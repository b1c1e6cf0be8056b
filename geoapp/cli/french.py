"""The words of Click in French: usage, help, refusals.

Click asks the system's catalogues for each of its sentences and ships none: these take their place.
`tests/test_cli_french.py` finds the sentences of Click that have no row here.
"""

from __future__ import annotations

from click import core, decorators, exceptions, formatting, parser, types

from geoapp.cli.encoding import printable

PHRASES = {
    "Usage:": "Emploi :",
    "Options": "Options ",
    "Positional arguments": "Arguments ",
    "Commands": "Commandes ",
    "required": "obligatoire",
    "default: {default}": "par défaut : {default}",
    "env var: {var}": "variable : {var}",
    "(dynamic)": "(selon le cas)",
    "deprecated": "abandonnée",
    "Show this message and exit.": "Montre cette aide.",
    "Show the version and exit.": "Dit la version.",
    "%(prog)s, version %(version)s": "%(prog)s, version %(version)s",
    "Error: {message}": "Erreur : {message}",
    "Try '{command} {option}' for help.": "Tout est dit par « {command} {option} ».",
    "Aborted!": "Interrompu.",
    "unknown error": "erreur inconnue",
    "Missing command.": "Il manque la commande.",
    "Missing argument": "Il manque l'argument",
    "Missing option": "Il manque l'option",
    "Missing parameter": "Il manque le paramètre",
    "Missing {param_type}": "Il manque {param_type}",
    "Missing parameter: {param_name}": "Il manque le paramètre {param_name}",
    "No such option {name!r}.": "Option inconnue : {name}.",
    "No such command {name!r}.": "Commande inconnue : {name}.",
    "Did you mean {possibility}?": "Vouliez-vous dire {possibility} ?",
    "(Did you mean one of: {possibilities}?)": "Vouliez-vous dire l'une de : {possibilities} ?",
    "Invalid value: {message}": "Valeur refusée : {message}",
    "Invalid value for {param_hint}: {message}": "Valeur refusée pour {param_hint} : {message}",
    "Invalid start character for option ({option})": "Option mal écrite : {option}.",
    "Got unexpected extra argument ({args})": "Argument en trop : {args}.",
    "Got unexpected extra arguments ({args})": "Arguments en trop : {args}.",
    "Argument {name!r} takes {nargs} values.": "L'argument {name} prend {nargs} valeurs.",
    "Option {name!r} does not take a value.": "L'option {name} ne prend pas de valeur.",
    "Option {name!r} requires an argument.": "L'option {name} attend une valeur.",
    "Option {name!r} requires {nargs} arguments.": "L'option {name} attend {nargs} valeurs.",
    "Takes {nargs} values but 1 was given.": "{nargs} valeurs sont attendues, une est donnée.",
    "Takes {nargs} values but {len} were given.": (
        "{nargs} valeurs sont attendues, {len} sont données."
    ),
    "{len_type} values are required, but {len_value} was given.": (
        "{len_type} valeurs sont attendues, {len_value} est donnée."
    ),
    "{len_type} values are required, but {len_value} were given.": (
        "{len_type} valeurs sont attendues, {len_value} sont données."
    ),
    "Value must be an iterable.": "Plusieurs valeurs sont attendues.",
    "Choose from:\n\t{choices}": "Admis :\n\t{choices}",
    "{value!r} is not {choice}.": "« {value} » n'est pas {choice}.",
    "{value!r} is not one of {choices}.": "« {value} » est inconnu. Admis : {choices}.",
    "{value!r} is not a valid {number_type}.": "« {value} » n'est pas un {number_type}.",
    "{value} is not in the range {range}.": "« {value} » n'est pas dans {range}.",
    "{value!r} is not a valid boolean. Recognized values: {states}": (
        "« {value} » n'est ni oui ni non. Admis : {states}"
    ),
    "{value!r} does not match the format {format}.": (
        "« {value} » n'est pas une date de la forme {format}."
    ),
    "{value!r} does not match the formats {formats}.": (
        "« {value} » n'est pas une date de l'une des formes {formats}."
    ),
    "Could not open file {filename!r}: {message}": (
        "Le fichier « {filename} » ne s'ouvre pas : {message}"
    ),
    "file": "fichier",
    "directory": "dossier",
    "path": "chemin",
    "{name} {filename!r} does not exist.": "Le {name} « {filename} » n'existe pas.",
    "{name} {filename!r} is a file.": "« {filename} » est un fichier.",
    "{name} {filename!r} is a directory.": "« {filename} » est un dossier.",
    "{name} {filename!r} is not readable.": "Le {name} « {filename} » ne se lit pas.",
    "{name} {filename!r} is not writable.": "Le {name} « {filename} » ne s'écrit pas.",
    "{name} {filename!r} is not executable.": "Le {name} « {filename} » ne s'exécute pas.",
}
"""Each sentence of Click that a command may show, and ours."""

TYPES: dict[type[types.ParamType], str] = {
    types.IntParamType: "entier",
    types.IntRange: "entier",
    types.FloatParamType: "nombre",
    types.FloatRange: "nombre",
    types.StringParamType: "texte",
}
"""How each kind of value is named; the help writes it in capitals."""

COMMANDE = "COMMANDE [ARGUMENTS]..."
"""What a group of commands takes, in the first line of its help."""


class Phrase(str):
    """A sentence whose values cannot drive the terminal: names of files and options are typed."""

    __slots__ = ()

    def format(self, *args, **values) -> str:
        return printable(super().format(*args, **values))


def say(phrase: str) -> str:
    """Return a sentence of Click in French, itself when it has no row."""
    return Phrase(PHRASES.get(phrase, phrase))


def say_number(one: str, several: str, nb: int) -> str:
    """Return what `say` does, of the form that a number asks: 0 and 1 are singular."""
    return say(one if nb < 2 else several)


def speak_french() -> None:
    """Give Click our words, before any option is declared: its types are named then."""
    for module in (core, decorators, exceptions, formatting, parser, types):
        for name, ours in (("_", say), ("ngettext", say_number)):
            if name in vars(module):
                setattr(module, name, ours)
    for kind, name in TYPES.items():
        kind.name = name
