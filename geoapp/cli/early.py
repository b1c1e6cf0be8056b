"""Arguments that are refused before anything is loaded: what needs neither data nor libraries.

The lists are those of the rooms that read the question, written again so that a mistake costs a
tenth of a second (`tests/test_cli_early.py` holds them true).  What only the data can tell, a zone
or a training, is read by those rooms.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from geoapp.core.errors import ParameterError, StorageError
from geoapp.reference.zonings import MAILLES

CHOIX: dict[str, tuple[str, ...]] = {
    "zonage": tuple(MAILLES),
    "mode": ("voiture", "voiture_fluide", "velo", "pied", "transports"),
    "mesure": (
        "part_non_couverte",
        "population_non_couverte",
        "part_couverte",
        "mediane",
        "p90",
        "e2sfca",
        "deuxsfca",
        "troissfca",
        "cumulative",
        "population_sans_offre",
        "population_eloignee",
        "population_sans_voiture",
        "population_saturee",
        "nb_offres",
        "nb_lieux",
        "nb_offreurs",
        "nb_places",
        "population",
        "population_douteuse",
    ),
    "offre": ("actions", "places", "sessions", "mixte", "information"),
    "voisins": ("oui", "non"),
    "public": (
        "tous",
        "adultes",
        "jeunes",
        "jeunes_non_scolarises",
        "demandeurs",
        "demandeurs_50",
        "rsa",
    ),
    "classes": ("jenks", "quantiles", "fixes"),
    "type": ("offre", "densite", "couverture", "zones", "flux", "ouvertures", "essentiel"),
    "volet": ("territoire", "metier", "secteur", "public"),
    "format": ("png", "svg", "pdf"),
}
"""Values of the parameters that accept a few words."""

BORNES = {
    "seuil_km": (1.0, 100.0),
    "seuil_min": (1.0, 120.0),
    "largeur_mm": (60.0, 400.0),
    "dpi": (50.0, 600.0),
}
"""Least and greatest number of those that accept one."""

TABLEUR = (".csv", ".xlsx")
FICHIERS = (".csv", ".simple.csv", ".xlsx", ".geojson", ".gpkg", ".l93.gpkg", ".parquet")
IMAGES = (".png", ".svg", ".pdf")
"""Endings of the files that a command writes."""


def check_question(parametres: Mapping) -> None:
    """Refuse a word or a number that no data could make right.

    Raises
    ------
    ParameterError
        With the nearest accepted value, or the bounds.
    """
    given = {nom: valeur for nom, valeur in parametres.items() if isinstance(valeur, str)}
    if "seuil_km" in given and "seuil_min" in given:
        raise ParameterError("Donnez seuil_km ou seuil_min, pas les deux.")
    for nom, valeur in given.items():
        if nom in CHOIX and valeur.strip() and valeur.strip() not in CHOIX[nom]:
            raise ParameterError(
                f"{nom} = « {valeur[:80]} » : valeur inconnue. {_cure(nom, valeur)}"
            )
        if nom in BORNES and valeur.strip():
            _check_number(nom, valeur)


def _cure(nom: str, valeur: str) -> str:
    near = difflib.get_close_matches(valeur.lower(), CHOIX[nom], n=1)
    if near:
        return f"Vouliez-vous dire « {near[0]} » ?"
    return f"Valeurs acceptées : {', '.join(CHOIX[nom])}."


def _check_number(nom: str, valeur: str) -> None:
    low, high = BORNES[nom]
    try:
        number = float(valeur.replace(",", "."))
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise ParameterError(
            f"{nom} = « {valeur[:40]} » : un nombre de {low:g} à {high:g} est attendu."
        )


def check_out(out: Path | None, endings: Sequence[str] = ()) -> None:
    """Refuse a file that could not be written: its ending is none of those, or no folder.

    Raises
    ------
    ParameterError, StorageError
    """
    if out is None:
        return
    if endings and not out.name.lower().endswith(tuple(endings)):
        raise ParameterError(
            f"« {out.name} » : extension inconnue. Extensions admises : {', '.join(endings)}."
        )
    if not out.parent.is_dir():
        raise StorageError(
            f"Impossible d'écrire {out} (le dossier n'existe pas). Choisissez un autre dossier."
        )
