"""Every table of a snapshot, column by column.

Adding a column is adding a row here (in `tracking` for what a build says of itself).
"""

from __future__ import annotations

from dataclasses import replace

from geoapp.core.schema.model import (
    ENTITES,
    ETATS_DOUBLON,
    LIENS,
    NIVEAUX,
    PUBLICS_DEBOUCHES,
    STATUTS,
    SUJETS_TOTAUX,
    VOIES,
    Table,
    column,
    table,
)
from geoapp.core.schema.needs import BESOINS_TABLES
from geoapp.core.schema.offer_columns import contract_of
from geoapp.core.schema.tracking import SUIVI

_ROWS = [
    table(
        "organismes",
        "Organismes responsables ou formateurs",
        "id_organisme",
        [
            column(
                "id_organisme",
                "texte",
                "Identifiant : siret:…, uai:… ou source:nom",
                requis=True,
            ),
            column("siret", "texte", "SIRET (14 chiffres, clé vérifiée)"),
            column("code_uai", "texte", "Code UAI de l'établissement"),
            column(
                "siren",
                "texte",
                "SIREN de la personne morale : celui du SIRET, sinon celui que les sources "
                "donnent le plus souvent à l'établissement",
            ),
            column(
                "id_source_siren",
                "texte",
                "Source qui donne le SIREN, quand celles de l'offre ne donnent que le code UAI",
                renvoi="sources.id_source",
            ),
            column(
                "id_entite",
                "texte",
                "Personne morale : siren:…, sinon l'identifiant de l'organisme",
            ),
            column(
                "nom_entite",
                "texte",
                "Nom affiché de la personne morale : celui que portent le plus de ses formations",
            ),
            column("nom", "texte", "Nom de l'organisme, tel que fourni"),
            column("nom_affiche", "texte", "Nom affiché : capitales et abréviations en clair"),
            column(
                "id_source_nom",
                "texte",
                "Source qui nomme l'établissement, "
                "quand celles de l'offre ne donnent que son code UAI",
                renvoi="sources.id_source",
            ),
        ],
    ),
    table(
        "formations",
        "Ce qui est appris (niveau « formation » de LHÉO)",
        "id_formation",
        [
            column(
                "id_formation",
                "texte",
                "Identifiant : source:identifiant d'origine",
                requis=True,
            ),
            column("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
            column(
                "id_organisme",
                "texte",
                "Organisme responsable",
                renvoi="organismes.id_organisme",
            ),
            *contract_of("formations"),
        ],
    ),
    table(
        "actions",
        "Comment et par qui (niveau « action » de LHÉO)",
        "id_action",
        [
            column("id_action", "texte", "Identifiant : source:identifiant d'origine", requis=True),
            column(
                "id_formation",
                "texte",
                "Formation",
                requis=True,
                renvoi="formations.id_formation",
            ),
            column(
                "id_organisme", "texte", "Organisme formateur", renvoi="organismes.id_organisme"
            ),
            *contract_of("actions"),
        ],
    ),
    table(
        "sessions",
        "Quand (niveau « session » de LHÉO)",
        "id_session",
        [
            column("id_session", "texte", "Identifiant", requis=True),
            column("id_action", "texte", "Action", requis=True, renvoi="actions.id_action"),
            *contract_of("sessions"),
        ],
    ),
    table(
        "lieux",
        "Lieux de formation",
        "id_lieu",
        [
            column("id_lieu", "texte", "Identifiant", requis=True),
            column("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
            *contract_of("lieux"),
            column("geometry", "geometrie", "Point retenu ; vide quand le lieu n'a pu être placé"),
        ],
    ),
    table(
        "actions_lieux",
        "Où se passe chaque action",
        "id_action id_lieu",
        [
            column("id_action", "texte", "Action", requis=True, renvoi="actions.id_action"),
            column("id_lieu", "texte", "Lieu", requis=True, renvoi="lieux.id_lieu"),
        ],
    ),
    table(
        "communes",
        "Communes de la région et de ses voisines",
        "code_commune",
        [
            column("code_commune", "texte", "Code INSEE", requis=True),
            column("nom", "texte", "Nom", requis=True),
            column("code_departement", "texte", "Département", requis=True),
            column("nom_departement", "texte", "Nom du département", requis=True),
            column("code_region", "texte", "Région", requis=True),
            column("nom_region", "texte", "Nom de la région", requis=True),
            column("code_arrondissement", "texte", "Arrondissement"),
            column("nom_arrondissement", "texte", "Nom de l'arrondissement"),
            column("code_epci", "texte", "EPCI à fiscalité propre"),
            column("nom_epci", "texte", "Nom de l'EPCI"),
            column("population", "entier", "Population municipale"),
            column("millesime_population", "texte", "Année de la population"),
            column("codes_postaux", "texte", "Codes postaux, séparés par « | »"),
            column("anciens_codes", "texte", "Anciens codes de communes, séparés par « | »"),
            column("longitude_mairie", "reel", "Longitude de la mairie, en degrés", requis=True),
            column("latitude_mairie", "reel", "Latitude de la mairie, en degrés", requis=True),
            column(
                "est_mairie_deplacee",
                "booleen",
                "Point de mairie corrigé par notre règle",
                requis=True,
            ),
            column("est_region", "booleen", "Dans la région couverte", requis=True),
            column("geometry", "geometrie", "Contour", requis=True),
        ],
    ),
    table(
        "anciennes_communes",
        "Communes déléguées, associées ou réunies à une autre",
        "code_ancien code_commune",
        [
            column("code_ancien", "texte", "Ancien code INSEE", requis=True),
            column(
                "code_commune",
                "texte",
                "Commune actuelle",
                requis=True,
                renvoi="communes.code_commune",
            ),
            column("nom", "texte", "Nom de l'ancienne commune, quand il est connu"),
            column(
                "type_ancienne",
                "texte",
                "Déléguée, associée, ou fusionnée (le code seul est connu)",
                requis=True,
                valeurs=("deleguee", "associee", "fusionnee"),
            ),
        ],
    ),
    table(
        "zones",
        "Zones de chaque zonage",
        "type_zone code_zone",
        [
            column("type_zone", "texte", "Zonage", requis=True),
            column("code_zone", "texte", "Code de la zone", requis=True),
            column("nom", "texte", "Nom", requis=True),
            column("millesime", "texte", "Millésime du zonage", requis=True),
            column("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
            column("nb_communes", "entier", "Communes de la zone, dans la région"),
            column("population", "entier", "Population municipale de la zone, dans la région"),
            column("annee_population", "texte", "Année de cette population"),
            column("est_fictive", "booleen", "Données fictives", requis=True),
            column("geometry", "geometrie", "Contour ; vide quand la source n'en donne pas"),
        ],
    ),
    table(
        "communes_zones",
        "Appartenance des communes aux zones",
        "code_commune type_zone code_zone",
        [
            column("code_commune", "texte", "Commune", requis=True, renvoi="communes.code_commune"),
            column("type_zone", "texte", "Zonage", requis=True),
            column("millesime", "texte", "Millésime", requis=True),
            column("code_zone", "texte", "Zone", requis=True),
            column(
                "type_lien",
                "texte",
                "Commune entière, ou en partie seulement",
                requis=True,
                valeurs=LIENS,
            ),
        ],
    ),
    table(
        "lieux_zones",
        "Appartenance des lieux aux zones",
        "id_lieu type_zone code_zone",
        [
            column("id_lieu", "texte", "Lieu", requis=True, renvoi="lieux.id_lieu"),
            column("type_zone", "texte", "Zonage", requis=True),
            column("code_zone", "texte", "Zone", requis=True),
            column(
                "methode",
                "texte",
                "Par le code de la commune, ou par le point",
                requis=True,
                valeurs=("code", "geometrie"),
            ),
        ],
    ),
    table(
        "demande",
        "Points de population",
        "id_point",
        [
            column("id_point", "texte", "Identifiant", requis=True),
            column(
                "type_point",
                "texte",
                "Commune (à la mairie) ou carreau de 200 m",
                requis=True,
                valeurs=("commune", "carreau"),
            ),
            column(
                "population",
                "reel",
                "Habitants, selon la source ; les carreaux Filosofi portent des fractions",
            ),
            column(
                "population_retenue",
                "reel",
                "Habitants comptés dans la couverture ; "
                "vide quand un autre point décrit les mêmes gens, ou inconnue",
            ),
            column("nb_adultes", "reel", "Dont 18 ans et plus ; vide quand l'âge n'est pas connu"),
            column("nb_18_24", "reel", "Dont 18 à 24 ans ; vide quand l'âge n'est pas connu"),
            column(
                "est_compte",
                "booleen",
                "Compte dans la couverture : chaque habitant y est une seule fois",
                requis=True,
            ),
            column("est_region", "booleen", "Dans la région couverte", requis=True),
            column("code_commune", "texte", "Commune", requis=True),
            column("millesime", "texte", "Année de la population", requis=True),
            column("geometry", "geometrie", "Point", requis=True),
        ],
    ),
    table(
        "demande_zones",
        "Points de population dans les zones qui ne sont pas des communes entières (QPV)",
        "id_point type_zone code_zone",
        [
            column(
                "id_point",
                "texte",
                "Point de population",
                requis=True,
                renvoi="demande.id_point",
            ),
            column("type_zone", "texte", "Zonage", requis=True),
            column("code_zone", "texte", "Zone", requis=True),
            column(
                "methode",
                "texte",
                "Carreau dans le contour, ou commune entière faute de mieux",
                requis=True,
                valeurs=("geometrie", "estimee"),
            ),
        ],
    ),
    table(
        "offres",
        "Une ligne par formation et lieu, prête à afficher : ce que deux catalogues donnent, "
        "ou un seul sur plusieurs lignes, y est une fois",
        "id_action id_lieu",
        [
            column("id_action", "texte", "Action", requis=True, renvoi="actions.id_action"),
            column("id_lieu", "texte", "Lieu", requis=True, renvoi="lieux.id_lieu"),
            column(
                "id_formation",
                "texte",
                "Formation",
                requis=True,
                renvoi="formations.id_formation",
            ),
            column("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
            *contract_of("offres"),
            column("est_fictive", "booleen", "Données fictives", requis=True),
            column(
                "sources",
                "texte",
                "Catalogues qui donnent cette formation, celui de la ligne d'abord, "
                "séparés par « | »",
            ),
            column(
                "provenances",
                "texte",
                "Champs venus d'un autre catalogue, « champ:source » séparés par « | »",
            ),
            column("zones", "texte", "Zones du lieu, « type:code » séparés par « | »", requis=True),
            column("geometry", "geometrie", "Point ; vide quand le lieu n'a pu être placé"),
        ],
    ),
    table(
        "doublons",
        "Offres de deux catalogues, ou répétées dans un seul, qui sont une même formation : "
        "montrées une fois, ou à vérifier",
        "id_action id_lieu id_action_retenue id_lieu_retenu",
        [
            column(
                "id_action",
                "texte",
                "Action non retenue",
                requis=True,
                renvoi="actions.id_action",
            ),
            column("id_lieu", "texte", "Son lieu", requis=True, renvoi="lieux.id_lieu"),
            column(
                "id_action_retenue",
                "texte",
                "Action montrée",
                requis=True,
                renvoi="actions.id_action",
            ),
            column("id_lieu_retenu", "texte", "Son lieu", requis=True, renvoi="lieux.id_lieu"),
            column(
                "id_source",
                "texte",
                "Source de l'action non retenue",
                requis=True,
                renvoi="sources.id_source",
            ),
            column(
                "id_source_retenue",
                "texte",
                "Source de l'action montrée",
                requis=True,
                renvoi="sources.id_source",
            ),
            column(
                "etat",
                "texte",
                "Réunies dans l'affichage, ou seulement semblables",
                requis=True,
                valeurs=ETATS_DOUBLON,
            ),
            column(
                "regle", "texte", "Règle de rapprochement : ce qui est appris + où", requis=True
            ),
            column("score", "reel", "Vraisemblance, de 0 à 1", requis=True),
            column("preuve", "texte", "Ce qui a décidé, en clair", requis=True),
        ],
    ),
    table(
        "offres_departements",
        "Formations dont la source ne donne que le département : comptées, jamais placées",
        "id_source code_departement niveau_sortie code_domaine",
        [
            column("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
            column("code_departement", "texte", "Département", requis=True),
            column(
                "niveau_sortie",
                "texte",
                "Niveau 3 à 8, vide quand il n'est pas dit",
                valeurs=NIVEAUX,
            ),
            column("code_domaine", "texte", "Domaine simplifié", requis=True),
            column("nb_formations", "entier", "Formations", requis=True),
            column("nb_actions", "entier", "Actions ; vide si aucune n'est connue"),
            column("nb_sessions", "entier", "Sessions ouvertes ; vide si aucune n'est connue"),
            column(
                "nb_sessions_a_distance",
                "entier",
                "Dont à distance ; vide si aucune n'est connue",
            ),
            column(
                "date_extraction",
                "texte",
                "Jour où le producteur a extrait ces lignes, le plus récent (AAAA-MM-JJ), "
                "quand la source le donne",
            ),
        ],
    ),
    table(
        "qualite",
        "Qualité de chaque source et de chaque organisme, critère par critère",
        "type_entite id_entite critere",
        [
            column("type_entite", "texte", "Source ou organisme", requis=True, valeurs=ENTITES),
            column("id_entite", "texte", "Identifiant de la source ou de l'organisme", requis=True),
            column("critere", "texte", "Critère (docs/qualite.md)", requis=True),
            column("nb_offres", "entier", "Offres de l'entité, tous catalogues", requis=True),
            column(
                "nb_applicables",
                "entier",
                "Offres auxquelles le critère s'applique",
                requis=True,
            ),
            column(
                "nb_satisfaites",
                "entier",
                "Offres qui le satisfont, parmi celles-là",
                requis=True,
            ),
            column(
                "est_fournie",
                "booleen",
                "Une source de l'entité porte au moins une fois l'information",
                requis=True,
            ),
        ],
    ),
    table(
        "defauts",
        "Ce qui est à corriger, offre par offre et critère par critère",
        "critere id_action id_lieu",
        [
            column("critere", "texte", "Critère non satisfait", requis=True),
            column("id_action", "texte", "Action", requis=True, renvoi="actions.id_action"),
            column("id_lieu", "texte", "Lieu", requis=True, renvoi="lieux.id_lieu"),
            column("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
            column(
                "id_organisme",
                "texte",
                "Organisme formateur, sinon responsable",
                renvoi="organismes.id_organisme",
            ),
            column("id_entite", "texte", "Personne morale : siren:…, sinon l'organisme"),
            column("valeur", "texte", "Valeur en cause"),
            column("constat", "texte", "Ce qui ne va pas, en clair", requis=True),
        ],
    ),
    table(
        "flux",
        "Vœux, places et entrants par établissement et formation, une année donnée : "
        "statistique, jamais l'état du jour",
        "id_flux",
        [
            column("id_flux", "texte", "Identifiant : source:UAI:MEF:voie", requis=True),
            column("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
            column("annee", "texte", "Année de la statistique, celle de sa source", requis=True),
            column("code_uai", "texte", "Établissement", requis=True),
            column("code_mef", "texte", "Code MEF ou MEFSTAT de la formation"),
            column("intitule", "texte", "Formation, telle que nommée par la source"),
            column("voie", "texte", "Voie", valeurs=VOIES),
            column(
                "nb_voeux",
                "entier",
                "Vœux confirmés (Parcoursup) ou premiers vœux (Affelnet) ; "
                "vide si inconnu, ou de 1 à 4",
            ),
            column("capacite", "entier", "Places offertes cette année-là"),
            column("nb_entrants", "entier", "Entrants ; vide quand la source ne les donne pas"),
            column("nb_eleves", "entier", "Élèves à la rentrée ; vide si inconnu, ou de 1 à 4"),
            column(
                "masques",
                "texte",
                "Nombres de personnes de 1 à 4, qui ne sont pas montrés : "
                "noms des colonnes, séparés par « | »",
            ),
        ],
    ),
    table(
        "actions_flux",
        "Actions que décrit un flux : même établissement, même diplôme (ou le seul qui l'a "
        "remplacé depuis), même voie",
        "id_action id_flux",
        [
            column("id_action", "texte", "Action", requis=True, renvoi="actions.id_action"),
            column("id_flux", "texte", "Flux", requis=True, renvoi="flux.id_flux"),
        ],
    ),
    table(
        "debouches",
        "Ce que deviennent les sortants d'un établissement, une année donnée, "
        "toutes formations professionnelles ensemble",
        "id_debouche",
        [
            column("id_debouche", "texte", "Identifiant : source:UAI:public", requis=True),
            column("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
            column("annee", "texte", "Années de la statistique, celles de sa source", requis=True),
            column("code_uai", "texte", "Établissement", requis=True),
            column("nom", "texte", "Nom de l'établissement"),
            column("public", "texte", "De qui il s'agit", requis=True, valeurs=PUBLICS_DEBOUCHES),
            column(
                "taux_poursuite_pct",
                "reel",
                "Poursuivent leurs études, en % ; vide quand le producteur ne diffuse pas",
            ),
            column(
                "taux_emploi_pct",
                "reel",
                "En emploi salarié six mois après la sortie, "
                "en % de ceux qui ont quitté les études",
            ),
            column(
                "taux_emploi_attendu_pct",
                "reel",
                "Taux d'emploi attendu, compte tenu des élèves et du lieu, en %",
            ),
            column(
                "valeur_ajoutee_pts",
                "reel",
                "Taux d'emploi moins taux attendu, en points (arrondi par le producteur)",
            ),
            column("part_poursuite_pct", "reel", "En poursuite d'études, en % de tous"),
            column("part_emploi_pct", "reel", "En emploi à six mois, en % de tous"),
            column("part_autres_pct", "reel", "Autres situations, en % de tous"),
        ],
    ),
    table(
        "perimetre",
        "Ce que les sources disent tenir de l'offre, par voie, niveau, domaine et département",
        "voie niveau_sortie code_domaine code_departement",
        [
            column("voie", "texte", "Voie", requis=True, valeurs=VOIES),
            column("niveau_sortie", "texte", "Niveau de sortie", requis=True, valeurs=NIVEAUX),
            column("code_domaine", "texte", "Domaine", requis=True),
            column("code_departement", "texte", "Département", requis=True),
            column(
                "statut",
                "texte",
                "Connue, connue en partie, ou inconnue : aucune source ne dit la tenir",
                requis=True,
                valeurs=STATUTS,
            ),
            column(
                "id_sources",
                "texte",
                "Sources qui disent la tenir, séparées par « | » ; les complètes seules "
                "quand il y en a",
            ),
            column("noms", "texte", "Ce que chacune dit tenir, dans le même ordre"),
            column("millesimes", "texte", "Millésime de chacune, dans le même ordre"),
            column(
                "types_diplome",
                "texte",
                "Types de diplôme que chacune dit tenir, séparés par des virgules, dans le même "
                "ordre ; rien pour tous ceux du niveau",
            ),
            column("nb_offres", "entier", "Formations que nous en avons", requis=True),
            column(
                "part_connue",
                "reel",
                "Part d'un total extérieur que notre offre tient, de 0 à 1 ; vide sans total",
            ),
            column("source_totale", "texte", "Source de ce total", renvoi="sources.id_source"),
            column("preuve", "texte", "D'où vient le statut, en une phrase", requis=True),
        ],
    ),
    table(
        "totaux",
        "Totaux extérieurs, et la part d'eux que notre offre tient",
        "id_total",
        [
            column("id_total", "texte", "Identifiant : source:niveau:département", requis=True),
            column("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
            column("sujet", "texte", "Ce qui est compté", requis=True, valeurs=SUJETS_TOTAUX),
            column("voie", "texte", "Voie", requis=True, valeurs=VOIES),
            column(
                "niveau_sortie",
                "texte",
                "Niveau de sortie ; vide quand le total est de tous les niveaux",
                valeurs=NIVEAUX,
            ),
            column("code_departement", "texte", "Département", requis=True),
            column("nb_total", "entier", "Total extérieur ; vide de 1 à 4 élèves"),
            column(
                "nb_tenus",
                "entier",
                "Ceux dont notre offre tient l'établissement, pour cette voie et ce niveau ; "
                "vide de 1 à 4 élèves",
            ),
        ],
    ),
    table(
        "appellations",
        "Noms des métiers (ROME) : une recherche y lit ce qu'aucune formation ne dit",
        "code_appellation",
        [
            column("code_appellation", "texte", "Code de l'appellation (OGR)", requis=True),
            column("nom", "texte", "Nom, au masculin et au féminin", requis=True),
            column("code_rome", "texte", "Code ROME du métier", requis=True),
            column("metier", "texte", "Libellé du métier", requis=True),
            column(
                "metiers",
                "texte",
                "Libellés des métiers que ce code a couverts, tels que les formations les "
                "donnent, séparés par « | »",
                requis=True,
            ),
        ],
    ),
    table(
        "debouches_region",
        "Ce que deviennent les sortants d'une formation dans toute la région, une année donnée, "
        "tous établissements ensemble",
        "id_debouche",
        [
            column("id_debouche", "texte", "Identifiant : source:années:voie:code", requis=True),
            column("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
            column("annee", "texte", "Années de la statistique, dites par le fichier", requis=True),
            column("code_cfd", "texte", "Diplôme (CFD), quand la source le donne"),
            column("code_mef", "texte", "Année terminale (MEFSTAT 11), quand la source la donne"),
            column("voie", "texte", "Voie", valeurs=VOIES),
            column(
                "taux_poursuite_pct",
                "reel",
                "Poursuivent leurs études, en % ; vide quand le producteur ne diffuse pas",
            ),
            column(
                "taux_emploi_pct",
                "reel",
                "En emploi salarié six mois après la sortie, "
                "en % de ceux qui ont quitté les études",
            ),
            column("taux_emploi_24_pct", "reel", "De même, vingt-quatre mois après"),
        ],
    ),
    table(
        "actions_debouches",
        "Actions dont la formation a des débouchés connus dans la région : même diplôme, même voie",
        "id_action id_debouche",
        [
            column("id_action", "texte", "Action", requis=True, renvoi="actions.id_action"),
            column(
                "id_debouche",
                "texte",
                "Débouchés",
                requis=True,
                renvoi="debouches_region.id_debouche",
            ),
        ],
    ),
    table(
        "couches",
        "Contours simplifiés pour l'affichage",
        "type_zone code_zone",
        [
            column("type_zone", "texte", "Zonage (ou « commune »)", requis=True),
            column("code_zone", "texte", "Code", requis=True),
            column("nom", "texte", "Nom", requis=True),
            column("millesime", "texte", "Millésime", requis=True),
            column("est_fictive", "booleen", "Données fictives", requis=True),
            column("geometry", "geometrie", "Contour simplifié", requis=True),
        ],
    ),
    *BESOINS_TABLES,
    *SUIVI,
]

TABLES: dict[str, Table] = dict(_ROWS)


def _as_neighbours(offres: Table) -> Table:
    """Return the table of the neighbours' offers: that of the region, without what it refers to."""
    return replace(
        offres,
        nom="offres_voisines",
        sens="Offres des départements voisins, comptées dans la couverture seulement",
        colonnes=tuple(replace(one, renvoi="") for one in offres.colonnes),
    )


TABLES["offres_voisines"] = _as_neighbours(TABLES["offres"])
