"""The tables of a snapshot, as data: columns, types, units, meaning, keys.

Adding a column is adding a row here.  `check_table` compares a frame with its
contract; the data dictionary and the documentation are made from the same rows.

Types are `texte`, `entier`, `reel`, `booleen` and `geometrie` (EPSG:4326).
Every code is text.  An unknown value is NA, never 0 nor an empty text.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import pandas as pd

from geoapp.errors import ContractError
from geoapp.raisons import RAISONS

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

_DTYPES = {"texte": "str", "entier": "Int64", "reel": "float64", "booleen": "boolean"}


@dataclass(frozen=True)
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


def _c(nom: str, type: str, sens: str, *, requis=False, valeurs=(), renvoi="") -> Colonne:
    return Colonne(nom, type, sens, requis, tuple(valeurs), renvoi)


def _table(nom: str, sens: str, cle: str, *colonnes: Colonne) -> tuple[str, Table]:
    return nom, Table(nom, sens, tuple(cle.split()), colonnes)


TABLES: dict[str, Table] = dict([
    _table("organismes", "Organismes responsables ou formateurs", "id_organisme",
        _c("id_organisme", "texte", "Identifiant : siret:…, uai:… ou source:nom", requis=True),
        _c("siret", "texte", "SIRET (14 chiffres, clé vérifiée)"),
        _c("code_uai", "texte", "Code UAI de l'établissement"),
        _c("nom", "texte", "Nom de l'organisme")),
    _table("formations", "Ce qui est appris (niveau « formation » de LHÉO)", "id_formation",
        _c("id_formation", "texte", "Identifiant : source:identifiant d'origine", requis=True),
        _c("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
        _c("id_organisme", "texte", "Organisme responsable", renvoi="organismes.id_organisme"),
        _c("intitule", "texte", "Intitulé", requis=True),
        _c("type_diplome", "texte", "Type de diplôme ou de titre, tel que fourni"),
        _c("niveau_sortie", "texte", "Niveau de sortie 3 à 8 (cadre 2019)", valeurs=NIVEAUX),
        _c("code_domaine", "texte", "Domaine simplifié principal", requis=True),
        _c("preuve_domaine", "texte", "Ce qui a décidé du domaine", requis=True),
        _c("code_formacode", "texte", "Formacode principal (5 chiffres)"),
        _c("code_nsf", "texte", "Groupe de spécialité NSF (3 chiffres)"),
        _c("code_rome", "texte", "Codes ROME, séparés par « | »"),
        _c("code_rncp", "texte", "Code RNCP"),
        _c("code_certifinfo", "texte", "Code Certif Info"),
        _c("code_cfd", "texte", "Code formation diplôme (8 caractères)"),
        _c("niveau_entree", "texte", "Niveau demandé à l'entrée : aucun, infra (moins que 3), ou 3 à 8", valeurs=NIVEAUX_ENTREE),
        _c("est_certifiante", "booleen", "Certifiante, selon la source"),
        _c("objectif", "texte", "Objectif, en texte simple (3 000 caractères au plus)"),
        _c("contenu", "texte", "Contenu, en texte simple (3 000 caractères au plus)"),
        _c("code_mef", "texte", "Code MEF ou MEFSTAT de l'Éducation nationale, tel que fourni"),
        _c("metiers", "texte", "Métiers visés (libellés ROME), séparés par « | »"),
        _c("mots", "texte", "Mots de recherche venus des nomenclatures, séparés par « | »"),
        _c("preuve_metiers", "texte", "D'où viennent les métiers et les mots : code de la source, ou jointure"),
        _c("rev3", "texte", "Transitions servies (ecologique, energetique, numerique), séparées par « | »"),
        _c("preuve_rev3", "texte", "Ce qui a décidé de chaque transition")),
    _table("actions", "Comment et par qui (niveau « action » de LHÉO)", "id_action",
        _c("id_action", "texte", "Identifiant : source:identifiant d'origine", requis=True),
        _c("id_formation", "texte", "Formation", requis=True, renvoi="formations.id_formation"),
        _c("id_organisme", "texte", "Organisme formateur", renvoi="organismes.id_organisme"),
        _c("voie", "texte", "Voie d'accès", valeurs=VOIES),
        _c("modalite", "texte", "Sur place, mixte ou à distance", valeurs=MODALITES),
        _c("est_conventionnee", "booleen", "Financée par une convention publique"),
        _c("est_permanente", "booleen", "Entrées et sorties permanentes"),
        _c("duree_h", "reel", "Durée totale en heures"),
        _c("nb_voeux", "entier", "Vœux confirmés (Parcoursup), quand la source les donne ; vide de 1 à 4"),
        _c("financeurs", "texte", "Financeurs, codes du dictionnaire LHÉO séparés par « | »"),
        _c("nb_places_financees", "entier", "Places financées, tous financeurs connus additionnés"),
        _c("publics", "texte", "Publics visés, codes Formacode (8xxxx) séparés par « | »"),
        _c("prix_eur", "reel", "Prix total, en euros TTC"),
        _c("prix_horaire_eur", "reel", "Prix horaire, en euros TTC"),
        _c("est_gratuite", "booleen", "Rien à payer pour la personne qui se forme, dit par la source ; vide quand elle n'en dit rien"),
        _c("url", "texte", "Page web de contact ou de description (http ou https)")),
    _table("sessions", "Quand (niveau « session » de LHÉO)", "id_session",
        _c("id_session", "texte", "Identifiant", requis=True),
        _c("id_action", "texte", "Action", requis=True, renvoi="actions.id_action"),
        _c("date_debut", "texte", "Début, ISO 8601 à la précision connue (AAAA, AAAA-MM, AAAA-MM-JJ)"),
        _c("date_fin", "texte", "Fin, même forme"),
        _c("capacite", "entier", "Places offertes"),
        _c("numero", "texte", "Numéro de la session chez le producteur"),
        _c("etat_recrutement", "texte", "État du recrutement, au jour de la source", valeurs=("ouvert", "ferme", "suspendu"))),
    _table("lieux", "Lieux de formation", "id_lieu",
        _c("id_lieu", "texte", "Identifiant", requis=True),
        _c("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
        _c("adresse", "texte", "Adresse telle que fournie"),
        _c("code_postal", "texte", "Code postal"),
        _c("code_uai", "texte", "Code UAI du lieu"),
        _c("code_commune", "texte", "Commune actuelle (code INSEE)"),
        _c("nom_commune", "texte", "Nom de la commune"),
        _c("precision_position", "texte", "D'où vient le point", valeurs=PRECISIONS),
        _c("est_douteuse", "booleen", "Position à plus d'un kilomètre de la commune déclarée", requis=True),
        _c("distance_commune_m", "reel", "Distance du point déclaré au polygone de la commune, en mètres"),
        _c("latitude_declaree", "reel", "Latitude reçue, en degrés (après réparation)"),
        _c("longitude_declaree", "reel", "Longitude reçue, en degrés (après réparation)"),
        _c("motif_position", "texte", "Réparation ou doute, en clair"),
        _c("geometry", "geometrie", "Point retenu ; vide quand le lieu n'a pu être placé")),
    _table("actions_lieux", "Où se passe chaque action", "id_action id_lieu",
        _c("id_action", "texte", "Action", requis=True, renvoi="actions.id_action"),
        _c("id_lieu", "texte", "Lieu", requis=True, renvoi="lieux.id_lieu")),
    _table("communes", "Communes de la région et de ses voisines", "code_commune",
        _c("code_commune", "texte", "Code INSEE", requis=True),
        _c("nom", "texte", "Nom", requis=True),
        _c("code_departement", "texte", "Département", requis=True),
        _c("nom_departement", "texte", "Nom du département", requis=True),
        _c("code_region", "texte", "Région", requis=True),
        _c("nom_region", "texte", "Nom de la région", requis=True),
        _c("code_arrondissement", "texte", "Arrondissement"),
        _c("nom_arrondissement", "texte", "Nom de l'arrondissement"),
        _c("code_epci", "texte", "EPCI à fiscalité propre"),
        _c("nom_epci", "texte", "Nom de l'EPCI"),
        _c("population", "entier", "Population municipale"),
        _c("millesime_population", "texte", "Année de la population"),
        _c("codes_postaux", "texte", "Codes postaux, séparés par « | »"),
        _c("anciens_codes", "texte", "Anciens codes de communes, séparés par « | »"),
        _c("longitude_mairie", "reel", "Longitude de la mairie, en degrés", requis=True),
        _c("latitude_mairie", "reel", "Latitude de la mairie, en degrés", requis=True),
        _c("est_mairie_deplacee", "booleen", "Point de mairie corrigé par notre règle", requis=True),
        _c("est_region", "booleen", "Dans la région couverte", requis=True),
        _c("geometry", "geometrie", "Contour", requis=True)),
    _table("anciennes_communes", "Communes déléguées, associées ou réunies à une autre", "code_ancien code_commune",
        _c("code_ancien", "texte", "Ancien code INSEE", requis=True),
        _c("code_commune", "texte", "Commune actuelle", requis=True, renvoi="communes.code_commune"),
        _c("nom", "texte", "Nom de l'ancienne commune, quand il est connu"),
        _c("type_ancienne", "texte", "Déléguée, associée, ou fusionnée (le code seul est connu)", requis=True, valeurs=("deleguee", "associee", "fusionnee"))),
    _table("zones", "Zones de chaque zonage", "type_zone code_zone",
        _c("type_zone", "texte", "Zonage", requis=True),
        _c("code_zone", "texte", "Code de la zone", requis=True),
        _c("nom", "texte", "Nom", requis=True),
        _c("millesime", "texte", "Millésime du zonage", requis=True),
        _c("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
        _c("nb_communes", "entier", "Communes de la zone, dans la région"),
        _c("population", "entier", "Population municipale de la zone, dans la région"),
        _c("est_fictive", "booleen", "Données fictives", requis=True),
        _c("geometry", "geometrie", "Contour ; vide quand la source n'en donne pas")),
    _table("communes_zones", "Appartenance des communes aux zones", "code_commune type_zone code_zone",
        _c("code_commune", "texte", "Commune", requis=True, renvoi="communes.code_commune"),
        _c("type_zone", "texte", "Zonage", requis=True),
        _c("millesime", "texte", "Millésime", requis=True),
        _c("code_zone", "texte", "Zone", requis=True),
        _c("type_lien", "texte", "Commune entière, ou en partie seulement", requis=True, valeurs=LIENS)),
    _table("lieux_zones", "Appartenance des lieux aux zones", "id_lieu type_zone code_zone",
        _c("id_lieu", "texte", "Lieu", requis=True, renvoi="lieux.id_lieu"),
        _c("type_zone", "texte", "Zonage", requis=True),
        _c("code_zone", "texte", "Zone", requis=True),
        _c("methode", "texte", "Par le code de la commune, ou par le point", requis=True, valeurs=("code", "geometrie"))),
    _table("demande", "Points de population", "id_point",
        _c("id_point", "texte", "Identifiant", requis=True),
        _c("type_point", "texte", "Commune (à la mairie) ou carreau de 200 m", requis=True, valeurs=("commune", "carreau")),
        _c("population", "reel", "Habitants, selon la source ; les carreaux Filosofi portent des fractions"),
        _c("population_retenue", "reel", "Habitants comptés dans la couverture ; vide quand un autre point décrit les mêmes gens, ou inconnue"),
        _c("nb_adultes", "reel", "Dont 18 ans et plus ; vide quand l'âge n'est pas connu"),
        _c("nb_18_24", "reel", "Dont 18 à 24 ans ; vide quand l'âge n'est pas connu"),
        _c("est_compte", "booleen", "Compte dans la couverture : chaque habitant y est une seule fois", requis=True),
        _c("est_region", "booleen", "Dans la région couverte", requis=True),
        _c("code_commune", "texte", "Commune", requis=True),
        _c("millesime", "texte", "Année de la population", requis=True),
        _c("geometry", "geometrie", "Point", requis=True)),
    _table("demande_zones", "Points de population dans les zones qui ne sont pas des communes entières (QPV)", "id_point type_zone code_zone",
        _c("id_point", "texte", "Point de population", requis=True, renvoi="demande.id_point"),
        _c("type_zone", "texte", "Zonage", requis=True),
        _c("code_zone", "texte", "Zone", requis=True),
        _c("methode", "texte", "Carreau dans le contour, ou commune entière faute de mieux", requis=True, valeurs=("geometrie", "estimee"))),
    _table("offres", "Une ligne par action et lieu, prête à afficher ; la même formation de deux catalogues y est une fois", "id_action id_lieu",
        _c("id_action", "texte", "Action", requis=True, renvoi="actions.id_action"),
        _c("id_lieu", "texte", "Lieu", requis=True, renvoi="lieux.id_lieu"),
        _c("id_formation", "texte", "Formation", requis=True, renvoi="formations.id_formation"),
        _c("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
        _c("intitule", "texte", "Intitulé", requis=True),
        _c("nom_organisme", "texte", "Organisme formateur, sinon responsable"),
        _c("niveau_sortie", "texte", "Niveau 3 à 8", valeurs=NIVEAUX),
        _c("code_domaine", "texte", "Domaine simplifié", requis=True),
        _c("voie", "texte", "Voie", valeurs=VOIES),
        _c("modalite", "texte", "Modalité", valeurs=MODALITES),
        _c("est_conventionnee", "booleen", "Financée par une convention publique"),
        _c("est_permanente", "booleen", "Entrées et sorties permanentes"),
        _c("est_certifiante", "booleen", "Mène à une certification : dit par la source, sinon un code connu (RNCP, Certif Info, diplôme national)"),
        _c("financeurs", "texte", "Financeurs, codes du dictionnaire LHÉO séparés par « | »"),
        _c("publics", "texte", "Publics visés, codes Formacode séparés par « | »"),
        _c("niveau_entree", "texte", "Niveau demandé à l'entrée", valeurs=NIVEAUX_ENTREE),
        _c("prix_eur", "reel", "Prix total, en euros TTC"),
        _c("prix_horaire_eur", "reel", "Prix horaire, en euros TTC"),
        _c("est_gratuite", "booleen", "Rien à payer pour la personne qui se forme, dit par la source ; vide quand elle n'en dit rien"),
        _c("url", "texte", "Page web de contact ou de description"),
        _c("rev3", "texte", "Transitions servies, séparées par « | »"),
        _c("id_organisme", "texte", "Organisme formateur, sinon responsable", renvoi="organismes.id_organisme"),
        _c("dates_debut", "texte", "Tous les débuts connus, séparés par « | »"),
        _c("date_debut", "texte", "Première session connue"),
        _c("date_fin", "texte", "Dernière session connue"),
        _c("capacite", "entier", "Somme des places connues ; vide si aucune n'est connue"),
        _c("adresse", "texte", "Adresse"),
        _c("code_postal", "texte", "Code postal"),
        _c("code_commune", "texte", "Commune"),
        _c("nom_commune", "texte", "Nom de la commune"),
        _c("precision_position", "texte", "Précision du point", valeurs=PRECISIONS),
        _c("id_place", "texte", "Position, « latitude,longitude » à cinq décimales : colonne de la matrice de trajets ; vide si le lieu n'est pas placé"),
        _c("est_douteuse", "booleen", "Position douteuse", requis=True),
        _c("distance_commune_m", "reel", "Écart du point déclaré à sa commune, en mètres"),
        _c("est_fictive", "booleen", "Données fictives", requis=True),
        _c("sources", "texte", "Catalogues qui donnent cette formation, celui de la ligne d'abord, séparés par « | »"),
        _c("provenances", "texte", "Champs venus d'un autre catalogue, « champ:source » séparés par « | »"),
        _c("zones", "texte", "Zones du lieu, « type:code » séparés par « | »", requis=True),
        _c("geometry", "geometrie", "Point ; vide quand le lieu n'a pu être placé")),
    _table("doublons", "Offres de deux catalogues qui sont une même formation : montrées une fois, ou à vérifier",
           "id_action id_lieu id_action_retenue id_lieu_retenu",
        _c("id_action", "texte", "Action non retenue", requis=True, renvoi="actions.id_action"),
        _c("id_lieu", "texte", "Son lieu", requis=True, renvoi="lieux.id_lieu"),
        _c("id_action_retenue", "texte", "Action montrée", requis=True, renvoi="actions.id_action"),
        _c("id_lieu_retenu", "texte", "Son lieu", requis=True, renvoi="lieux.id_lieu"),
        _c("id_source", "texte", "Source de l'action non retenue", requis=True, renvoi="sources.id_source"),
        _c("id_source_retenue", "texte", "Source de l'action montrée", requis=True, renvoi="sources.id_source"),
        _c("etat", "texte", "Réunies dans l'affichage, ou seulement semblables", requis=True, valeurs=ETATS_DOUBLON),
        _c("regle", "texte", "Règle de rapprochement : ce qui est appris + où", requis=True),
        _c("score", "reel", "Vraisemblance, de 0 à 1", requis=True),
        _c("preuve", "texte", "Ce qui a décidé, en clair", requis=True)),
    _table("offres_departements", "Formations dont la source ne donne que le département : comptées, jamais placées", "id_source code_departement niveau_sortie code_domaine",
        _c("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
        _c("code_departement", "texte", "Département", requis=True),
        _c("niveau_sortie", "texte", "Niveau 3 à 8, vide quand il n'est pas dit", valeurs=NIVEAUX),
        _c("code_domaine", "texte", "Domaine simplifié", requis=True),
        _c("nb_formations", "entier", "Formations", requis=True),
        _c("nb_actions", "entier", "Actions ; vide si aucune n'est connue"),
        _c("nb_sessions", "entier", "Sessions ouvertes ; vide si aucune n'est connue"),
        _c("nb_sessions_a_distance", "entier", "Dont à distance ; vide si aucune n'est connue"),
        _c("date_extraction", "texte", "Jour où le producteur a extrait ces lignes, le plus récent (AAAA-MM-JJ), quand la source le donne")),
    _table("qualite", "Qualité de chaque source et de chaque organisme, critère par critère", "type_entite id_entite critere",
        _c("type_entite", "texte", "Source ou organisme", requis=True, valeurs=ENTITES),
        _c("id_entite", "texte", "Identifiant de la source ou de l'organisme", requis=True),
        _c("critere", "texte", "Critère (docs/qualite.md)", requis=True),
        _c("nb_offres", "entier", "Offres de l'entité, tous catalogues", requis=True),
        _c("nb_applicables", "entier", "Offres auxquelles le critère s'applique", requis=True),
        _c("nb_satisfaites", "entier", "Offres qui le satisfont, parmi celles-là", requis=True),
        _c("est_fournie", "booleen", "Une source de l'entité porte au moins une fois l'information", requis=True)),
    _table("defauts", "Ce qui est à corriger, offre par offre et critère par critère", "critere id_action id_lieu",
        _c("critere", "texte", "Critère non satisfait", requis=True),
        _c("id_action", "texte", "Action", requis=True, renvoi="actions.id_action"),
        _c("id_lieu", "texte", "Lieu", requis=True, renvoi="lieux.id_lieu"),
        _c("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
        _c("id_organisme", "texte", "Organisme formateur, sinon responsable", renvoi="organismes.id_organisme"),
        _c("valeur", "texte", "Valeur en cause"),
        _c("constat", "texte", "Ce qui ne va pas, en clair", requis=True)),
    _table("flux", "Vœux, places et entrants par établissement et formation, une année donnée : statistique, jamais l'état du jour", "id_flux",
        _c("id_flux", "texte", "Identifiant : source:UAI:MEF:voie", requis=True),
        _c("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
        _c("annee", "texte", "Année de la statistique, celle de sa source", requis=True),
        _c("code_uai", "texte", "Établissement", requis=True),
        _c("code_mef", "texte", "Code MEF ou MEFSTAT de la formation"),
        _c("intitule", "texte", "Formation, telle que nommée par la source"),
        _c("voie", "texte", "Voie", valeurs=VOIES),
        _c("nb_voeux", "entier", "Vœux confirmés ; vide si inconnu, ou de 1 à 4"),
        _c("capacite", "entier", "Places offertes cette année-là"),
        _c("nb_entrants", "entier", "Entrants ; vide quand la source ne les donne pas"),
        _c("masques", "texte", "Nombres de personnes de 1 à 4, qui ne sont pas montrés : noms des colonnes, séparés par « | »")),
    _table("actions_flux", "Actions que décrit un flux : même établissement, même diplôme, même voie", "id_action id_flux",
        _c("id_action", "texte", "Action", requis=True, renvoi="actions.id_action"),
        _c("id_flux", "texte", "Flux", requis=True, renvoi="flux.id_flux")),
    _table("debouches", "Ce que deviennent les sortants d'un établissement, une année donnée, toutes formations professionnelles ensemble", "id_debouche",
        _c("id_debouche", "texte", "Identifiant : source:UAI:public", requis=True),
        _c("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
        _c("annee", "texte", "Années de la statistique, celles de sa source", requis=True),
        _c("code_uai", "texte", "Établissement", requis=True),
        _c("nom", "texte", "Nom de l'établissement"),
        _c("public", "texte", "De qui il s'agit", requis=True, valeurs=PUBLICS_DEBOUCHES),
        _c("taux_poursuite_pct", "reel", "Poursuivent leurs études, en % ; vide quand le producteur ne diffuse pas"),
        _c("taux_emploi_pct", "reel", "En emploi salarié six mois après la sortie, en % de ceux qui ont quitté les études"),
        _c("taux_emploi_attendu_pct", "reel", "Taux d'emploi attendu, compte tenu des élèves et du lieu, en %"),
        _c("valeur_ajoutee_pts", "reel", "Taux d'emploi moins taux attendu, en points (arrondi par le producteur)"),
        _c("part_poursuite_pct", "reel", "En poursuite d'études, en % de tous"),
        _c("part_emploi_pct", "reel", "En emploi à six mois, en % de tous"),
        _c("part_autres_pct", "reel", "Autres situations, en % de tous")),
    _table("couches", "Contours simplifiés pour l'affichage", "type_zone code_zone",
        _c("type_zone", "texte", "Zonage (ou « commune »)", requis=True),
        _c("code_zone", "texte", "Code", requis=True),
        _c("nom", "texte", "Nom", requis=True),
        _c("millesime", "texte", "Millésime", requis=True),
        _c("est_fictive", "booleen", "Données fictives", requis=True),
        _c("geometry", "geometrie", "Contour simplifié", requis=True)),
    _table("rejets", "Lignes refusées : rien n'est perdu en silence", "id_source ligne colonne",
        _c("id_source", "texte", "Source", requis=True),
        _c("ligne", "texte", "Ligne ou chemin dans le fichier", requis=True),
        _c("colonne", "texte", "Colonne en cause", requis=True),
        _c("valeur", "texte", "Valeur reçue"),
        _c("code_raison", "texte", "Raison, par son code", requis=True, valeurs=RAISONS),
        _c("raison", "texte", "Pourquoi, et comment corriger", requis=True),
        _c("valeur_proche", "texte", "Valeur acceptée la plus proche")),
    _table("corrections", "Valeurs réparées à la lecture, ligne par ligne", "id_source ligne colonne type_correction",
        _c("id_source", "texte", "Source", requis=True),
        _c("ligne", "texte", "Ligne ou chemin dans le fichier", requis=True),
        _c("colonne", "texte", "Colonne", requis=True),
        _c("valeur", "texte", "Valeur reçue"),
        _c("corrigee", "texte", "Valeur retenue"),
        _c("type_correction", "texte", "zero_restitue, ancienne_commune, coordonnees_inversees…", requis=True)),
    _table("sources", "D'où vient chaque donnée", "id_source",
        _c("id_source", "texte", "Identifiant", requis=True),
        _c("titre", "texte", "Titre", requis=True),
        _c("producteur", "texte", "Producteur", requis=True),
        _c("licence", "texte", "Licence", requis=True),
        _c("millesime", "texte", "Millésime", requis=True),
        _c("rythme", "texte", "Rythme de mise à jour annoncé par le producteur, ou que ses livraisons montrent"),
        _c("adresse", "texte", "Page où l'on trouve la source"),
        _c("usage", "texte", "Ce que la source alimente", requis=True),
        _c("mode", "texte", "D'où elle a été lue", requis=True, valeurs=MODES),
        _c("fichier", "texte", "Nom du fichier lu"),
        _c("sha256", "texte", "Empreinte du fichier lu"),
        _c("date_obtention", "texte", "Jour où le contenu a été obtenu du producteur (AAAA-MM-JJ) ; vide pour un fichier de miroir"),
        _c("alerte", "texte", "Pourquoi la dernière bonne version est employée à la place de la dernière livraison ; vide si tout va bien"),
        _c("nb_lues", "entier", "Lignes lues"),
        _c("nb_valides", "entier", "Lignes valides"),
        _c("nb_rejetees", "entier", "Lignes rejetées"),
        _c("nb_placees", "entier", "Lignes placées sur la carte (offre)"),
        _c("nb_douteuses", "entier", "Lignes de position douteuse (offre)"),
        _c("nb_hors_region", "entier", "Lignes placées hors de la région (offre)"),
        _c("nb_corrections", "entier", "Valeurs réparées"),
        _c("note", "texte", "À savoir")),
])


def _as_neighbours(offres: Table) -> Table:
    """Return the table of the neighbours' offers: that of the region, without what it refers to."""
    return replace(offres, nom="offres_voisines", sens="Offres des départements voisins, comptées dans la couverture seulement",
                   colonnes=tuple(replace(colonne, renvoi="") for colonne in offres.colonnes))


TABLES["offres_voisines"] = _as_neighbours(TABLES["offres"])


def fingerprint() -> str:
    """Return a digest of the tables and their columns: two versions that agree read each other's snapshots."""
    text = "\n".join(f"{table.nom}:{','.join(f'{c.nom} {c.type}' for c in table.colonnes)}" for table in TABLES.values())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def conform(frame: pd.DataFrame, nom: str) -> pd.DataFrame:
    """Return `frame` with the columns, order, types and row order of table `nom`.

    Missing optional columns are added as NA, columns outside the contract are
    dropped, rows are sorted by the primary key so that equal content gives
    equal bytes.  The row count never changes.
    """
    table = TABLES[nom]
    result = frame.copy()
    for colonne in table.colonnes:
        if colonne.nom not in result:
            result[colonne.nom] = None
        if colonne.type in _DTYPES:
            result[colonne.nom] = result[colonne.nom].astype(_DTYPES[colonne.type])
    return result[table.noms].sort_values(list(table.cle), kind="stable", ignore_index=True)


def check_table(frame: pd.DataFrame, nom: str) -> None:
    """Raise `ContractError` unless `frame` obeys the contract of table `nom`.

    Checked: the columns present and their types, required values, accepted
    values and the uniqueness of the primary key.
    """
    import pandera.pandas as pa

    table = TABLES[nom]
    columns = {c.nom: _pandera_column(pa, c) for c in table.colonnes}
    contract = pa.DataFrameSchema(columns, unique=list(table.cle), strict=True)
    try:
        contract.validate(pd.DataFrame(frame), lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases[["column", "check", "failure_case"]].head(5)
        raise ContractError(f"La table « {nom} » rompt son contrat :\n{cases.to_string(index=False)}") from None


def _pandera_column(pa, colonne: Colonne):
    """Return one row of the schema as a pandera column."""
    checks = [pa.Check.isin(list(colonne.valeurs))] if colonne.valeurs else []
    dtype = _DTYPES.get(colonne.type)
    return pa.Column(dtype, checks=checks, nullable=not colonne.requis, title=colonne.sens)


def check_references(frames: dict[str, pd.DataFrame]) -> None:
    """Raise `ContractError` unless every reference between `frames` resolves.

    A reference that is NA is allowed: it says "unknown".
    """
    for nom, frame in frames.items():
        for colonne in TABLES[nom].colonnes:
            if not colonne.renvoi:
                continue
            cible, cle = colonne.renvoi.split(".")
            perdus = frame[colonne.nom].dropna()
            perdus = perdus[~perdus.astype("object").isin(set(frames[cible][cle]))]
            if len(perdus):
                raise ContractError(
                    f"{nom}.{colonne.nom} renvoie à {len(perdus)} valeur(s) absente(s) de {colonne.renvoi}, "
                    f"par exemple « {perdus.iloc[0]} »."
                )
