"""Why a row is refused, as a table.

A stable code to count by, its title, and the sentence that tells the cure.

Adding a reason is adding a row; a reader or a check names it by its code
(`geoapp.sources.records.reject`).  What changes from a row to another (a
number, the place of another row) is a `{name}` of the sentence, never a part
of the code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Raison:
    """One reason: its title, and its sentence with what to do."""

    titre: str
    phrase: str


RAISONS: dict[str, Raison] = {
    "ligne_repetee": Raison(
        "Ligne répétée",
        "Ligne répétée : mêmes valeurs que « {origine} » dans toutes les colonnes lues. "
        "Rien n'est perdu.",
    ),
    "largeur": Raison(
        "Nombre de cellules",
        "{trouvees} cellules au lieu de {attendues} : "
        "séparateur en trop, en moins, ou ligne coupée. Corrigez la ligne.",
    ),
    "pas_un_objet": Raison(
        "Élément qui n'est pas un objet", "Ce n'est pas un objet : retirez-le ou corrigez l'export."
    ),
    "champ_repete": Raison("Champ répété", "Un champ y figure deux fois : gardez-en un seul."),
    "caractere_coupe": Raison(
        "Caractère coupé",
        "Un caractère y est coupé en deux (« \\ud800 » à « \\udfff ») : corrigez l'export.",
    ),
    "sans_action": Raison(
        "Formation sans action",
        "Formation sans action : elle ne dit ni où, ni quand. Complétez-la.",
    ),
    "sans_session": Raison(
        "Formation sans session",
        "Formation sans session : elle ne dit ni où, ni quand. Complétez-la.",
    ),
    "formation_retiree": Raison(
        "Formation retirée",
        "Formation retirée du catalogue par le producteur : il n'y a rien à corriger.",
    ),
    "intitule_absent": Raison(
        "Intitulé absent",
        "Intitulé absent : complétez-le, ou joignez la ligne à Certif Info ou au RNCP.",
    ),
    "identifiant_absent": Raison(
        "Identifiant absent",
        "Identifiant absent : il permet de suivre la formation d'une livraison à l'autre.",
    ),
    "lieu_absent": Raison(
        "Lieu inutilisable",
        "Aucun lieu utilisable : ni commune connue, ni code UAI, ni coordonnées.",
    ),
    "code_postal_partage": Raison(
        "Code postal qui ne dit pas la commune",
        "Ni code INSEE, ni position, et ce code postal ne dit pas la commune (CEDEX, ou partagé "
        "par plusieurs) : donnez le code INSEE, ou le nom de la commune à côté du code postal.",
    ),
    "code_ambigu": Raison(
        "Code de commune ou code postal",
        "Ce code peut être celui d'une ancienne commune ou un code postal, et rien d'autre ne le "
        "dit : donnez le code INSEE actuel, ou mettez le code postal dans sa colonne.",
    ),
    "nom_absent": Raison(
        "Nom absent", "Nom absent : cette source ne sert qu'à nommer les établissements."
    ),
    "uai_absent": Raison("Code UAI absent", "Code UAI absent : complétez-le."),
    "uai_faux": Raison("Code UAI faux", "Code UAI de forme ou de clé fausse : corrigez-le."),
    "annee_etude_inconnue": Raison(
        "Année d'études inconnue",
        "Code MEF STAT 11 absent, faux, ou d'une année d'études qui n'est pas une entrée "
        "(première année de CAP ou de BMA, seconde ou première professionnelle) : corrigez-le.",
    ),
    "position_absente": Raison(
        "Position absente", "Ni coordonnées ni commune utilisables : complétez la ligne."
    ),
    "commune_inconnue": Raison(
        "Commune inconnue", "Commune inconnue, ni actuelle ni ancienne : vérifiez le code INSEE."
    ),
    "departement_inconnu": Raison(
        "Département inconnu",
        "Département absent, ou hors de la région et de ses voisins : vérifiez le code.",
    ),
    "valeur_absente": Raison(
        "Valeur absente", "Valeur absente : elle est nécessaire pour compter la formation."
    ),
    "nombre_attendu": Raison("Nombre attendu", "Nombre attendu : corrigez la valeur."),
    "code_absent": Raison(
        "Code absent", "Code absent : la ligne ne peut être jointe. Complétez-le."
    ),
    "code_faux": Raison(
        "Code de forme inconnue",
        "Code de forme inconnue : la ligne ne peut être jointe. Corrigez-le.",
    ),
    "contour_absent": Raison("Contour absent", "Objet sans contour : redemandez-le au producteur."),
    "contour_attendu": Raison("Contour attendu", "Un contour (polygone) est attendu."),
    "contour_hors_france": Raison(
        "Contour hors de France",
        "Contour hors de France : vérifiez ses coordonnées ou leur système.",
    ),
}


def say_reason(code: str, **details) -> str:
    """Return the sentence of a reason, its details filled in."""
    return RAISONS[code].phrase.format(**details)


def count_reasons(codes: Iterable[str]) -> dict[str, int]:
    """Return how many rows were refused by reason, the most frequent first.

    Equal counts come in the order of the table.
    """
    found = dict.fromkeys(RAISONS, 0)
    for code in codes:
        found[code] += 1
    # The sort is stable: equal counts keep the order of the table, whatever order rows came in.
    return {code: nb for code, nb in sorted(found.items(), key=lambda pair: -pair[1]) if nb}
