"""What a table and a column are, and the closed lists of values that columns accept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

VOIES = ("scolaire", "apprentissage", "continue")
MODALITES = ("sur_place", "mixte", "a_distance")
NIVEAUX = ("3", "4", "5", "6", "7", "8")
NIVEAUX_ENTREE = ("aucun", "infra", *NIVEAUX)
PRECISIONS = ("coordonnees", "uai", "adresse", "commune")
MODES = ("miroir", "cache", "telechargement", "demonstration", "produit", "absente")
PUBLICS_DEBOUCHES = ("apprentis", "scolaires", "ensemble")
LIENS = ("entiere", "partielle")
ENTITES = ("source", "organisme")
ETATS_DOUBLON = ("fusionnee", "possible")
STATUTS = ("connue", "partielle", "inconnue")
SUJETS_TOTAUX = (
    "élèves",
    "lycées professionnels",
    "lycées professionnels et polyvalents",
    "CFA",
)
INDICES_TENSION = {
    "tension": "Tension sur le métier",
    "intensite_embauches": "Beaucoup d'embauches",
    "manque_main_oeuvre": "Peu de demandeurs d'emploi disponibles",
    "non_durabilite": "Emplois peu durables",
    "conditions_travail": "Conditions de travail contraignantes",
    "inadequation_geographique": "Emplois et demandeurs éloignés",
    "lien_formation": "Formation précise exigée",
}
"""Indices of a job, from 1 (weak) to 5 (strong): the tension, then its causes, in words."""

MESURES = {
    "demandeurs": "Demandeurs d'emploi (catégories A, B, C)",
    "demandeurs_50": "Demandeurs d'emploi de 50 ans et plus",
    "rsa": "Foyers allocataires du RSA",
    "jeunes_non_scolarises": "Jeunes de 15 à 24 ans non scolarisés",
    "salaries": "Postes salariés",
    "etablissements": "Établissements employeurs",
}
"""What is counted by commune, in words."""

LIEUX_INFORMATION = {
    "cio": "Centre d'information et d'orientation",
    "france_services": "Espace France Services",
    "mission_locale": "Mission locale",
    "france_travail": "Agence France Travail",
    "autre": "Autre lieu d'information",
}
"""Kinds of places where people are told of trainings, in words."""

BESOINS = ("fort", "modere", "inconnu")
OFFRES_BESOIN = ("presente", "faible", "loin", "aucune", "inconnue", "non_collectee")
LIENS_FAMILLE = ("publie", "ecrit", "aucun")


@dataclass(frozen=True, kw_only=True)
class Colonne:
    """One column: its name, type, meaning in French, and its constraints."""

    nom: str
    type: str
    sens: str
    requis: bool = False
    valeurs: tuple[str, ...] = ()
    renvoi: str = ""


@dataclass(frozen=True)
class Table:
    """One table: its name, meaning, primary key and columns."""

    nom: str
    sens: str
    cle: tuple[str, ...]
    colonnes: tuple[Colonne, ...]

    @property
    def noms(self) -> list[str]:
        """Return the column names in their order."""
        return [colonne.nom for colonne in self.colonnes]

    @property
    def est_geographique(self) -> bool:
        """Tell whether the table holds a geometry column."""
        return any(colonne.type == "geometrie" for colonne in self.colonnes)


def column(
    nom: str,
    type: str,
    sens: str,
    *,
    requis: bool = False,
    valeurs: Iterable[str] = (),
    renvoi: str = "",
) -> Colonne:
    """Return one column, written on one line of a table."""
    return Colonne(
        nom=nom, type=type, sens=sens, requis=requis, valeurs=tuple(valeurs), renvoi=renvoi
    )


def table(nom: str, sens: str, cle: str, colonnes: Iterable[Colonne]) -> tuple[str, Table]:
    """Return the name of a table and the table.

    `cle` names the columns of its key, separated by blanks.
    """
    return nom, Table(nom, sens, tuple(cle.split()), tuple(colonnes))
