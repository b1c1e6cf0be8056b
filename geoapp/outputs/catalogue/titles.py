"""Titles and words of the columns of tables, for readers: a rule from their names, few exceptions.

The names of columns are French words without accents, with a prefix that says what they are and a
suffix that says their unit (`/docs/dictionnaire.md`): a title is those words with their accents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from geoapp.core import schema
from geoapp.core.french import upper_first
from geoapp.core.schema.model import LIEUX_INFORMATION, MESURES
from geoapp.core.schema.offer_columns import COLONNES_OFFRE
from geoapp.offer.lookups import code_labels
from geoapp.offer.perimeter import LIBELLES as STATUTS
from geoapp.outputs.files.model import UNITES, ColonneFichier, make_column
from geoapp.reference.zonings import TERRITOIRES

_MOTS = {
    **{nom: nom.upper() for nom in ("cfd", "epci", "mef", "nsf", "rncp", "rome", "rsa", "uai")},
    **{nom: nom.upper() for nom in ("siren", "siret")},
    "a": "à",
    "affichee": "affichée",
    "affiche": "affiché",
    "ajoutee": "ajoutée",
    "annee": "année",
    "certifinfo": "Certif Info",
    "completees": "complétées",
    "complements": "compléments",
    "conventionnee": "conventionnée",
    "corrigee": "corrigée",
    "critere": "critère",
    "debouche": "débouché",
    "debut": "début",
    "declaree": "déclarée",
    "demandeurs": "demandeurs d'emploi",
    "departement": "département",
    "deplacee": "déplacée",
    "diplome": "diplôme",
    "durabilite": "durabilité",
    "duree": "durée",
    "echeance": "échéance",
    "eleves": "élèves",
    "entite": "entité",
    "entree": "entrée",
    "entrees": "entrées",
    "etat": "état",
    "geographique": "géographique",
    "id": "identifiant",
    "inadequation": "inadéquation",
    "intensite": "intensité",
    "intitule": "intitulé",
    "itinerant": "itinérant",
    "median": "médian",
    "metier": "métier",
    "metiers": "métiers",
    "masques": "nombres masqués",
    "methode": "méthode",
    "millesime": "millésime",
    "millesimes": "millésimes",
    "modalite": "modalité",
    "numero": "numéro",
    "oeuvre": "d'œuvre",
    "placees": "placées",
    "precision": "précision",
    "region": "région",
    "regle": "règle",
    "rejetees": "rejetées",
    "remplacee": "remplacée",
    "repartie": "répartie",
    "sante": "santé",
    "sha256": "empreinte SHA-256",
    "voeux": "vœux",
}
"""Words that a name of column cannot write: accents, initials."""

_TITRES = {
    "annee": "Année",
    "annee_taux": "Années de ces taux",
    "code_certifinfo": "Code Certif Info",
    "code_nsf": "Code NSF",
    "code_rncp": "Code RNCP",
    "code_rome": "Codes ROME",
    "conditions_travail": "Conditions de travail contraignantes",
    "date_debut": "Début",
    "date_fin": "Fin",
    "dates_debut": "Débuts",
    "distance_commune_m": "Distance à la commune",
    "est_compte": "Comptés",
    "est_proche_dehors": "La plus proche est hors de la zone",
    "est_sante_social": "Santé et action sociale",
    "fin_permanente": "Entrées permanentes jusqu'au",
    "id_action_proche": "Action la plus proche",
    "lien_formation": "Formation précise exigée",
    "manque_main_oeuvre": "Manque de main-d'œuvre",
    "motif_position": "Motif de la position",
    "nb_18_24": "18 à 24 ans",
    "nb_sans_places": "Aux places inconnues",
    "nb_taux": "Formations au taux diffusé",
    "nb_tenus": "Tenus par notre offre",
    "precision_position": "Précision de la position",
    "est_fictive": "Données fictives",
    "est_mairie_deplacee": "Point de mairie corrigé",
    "est_region": "Dans la région",
    "nb_applicables": "Offres concernées",
    "nb_satisfaites": "Offres qui satisfont",
    "nb_demandeurs_tus": "Bassins aux demandeurs non publiés",
    "nb_difficiles_tus": "Bassins aux difficiles tus",
    "nb_projets_juges": "Projets aux difficiles connus",
    "nb_saisonniers_tus": "Bassins aux saisonniers tus",
    "nb_tus": "Bassins au nombre tu",
    "part_30_min": "Part à 30 minutes",
    "projets_pour_1000": "Projets pour 1 000 habitants",
    "capacite": "Places",
    "rev3": "Transitions (rev3)",
    "taux_emploi_24_pct": "Taux d'emploi à 24 mois",
    "url": "Page web",
}
"""Titles that the rule would say badly."""

_SANS = ("est", "nb")
"""Prefixes that a title leaves out."""

_CODES = {
    "voie": "voie",
    "modalite": "modalite",
    "niveau_sortie": "niveau",
    "niveau_entree": "niveau_entree",
    "rev3": "rev3",
    "financeurs": "financeur",
    "publics": "public",
    "code_domaine": "domaine",
    "code_diplome": "diplome",
}
"""Columns whose codes are those of an offer, and which of `code_labels` says them."""

_AUTRES: dict[str, Mapping[str, str]] = {
    "statut": STATUTS,
    "mesure": MESURES,
    "type_lieu": LIEUX_INFORMATION,
    "type_zone": {nom: row.singulier for nom, row in TERRITOIRES.items()},
}


@cache
def column_words() -> Mapping[str, Mapping[str, str] | Callable[[str], str]]:
    """Return the words of the codes of a column, in whatever table it is, by its name."""
    labels = code_labels()
    return _AUTRES | {nom: labels[words] for nom, words in _CODES.items()}


_OFFRE = {row.nom: row.libelle for row in COLONNES_OFFRE if row.libelle}


def column_title(nom: str) -> str:
    """Return the title of a column of a table: « code_departement » is « Code département »."""
    if nom in _TITRES or nom in _OFFRE:
        return _TITRES.get(nom) or _OFFRE[nom]
    stem = nom
    for end in UNITES:
        stem = stem.removesuffix(end)
    words = [_MOTS.get(word, word) for word in stem.split("_") if word not in _SANS]
    title = " ".join(words)
    return upper_first(title)


def table_column(colonne: schema.Colonne, sens: str) -> ColonneFichier:
    """Return a column of a table as a file has it, under its title, its codes with their words."""
    return make_column(
        colonne.nom,
        column_title(colonne.nom),
        sens,
        colonne.type,
        libelles=column_words().get(colonne.nom),
    )
