"""The tables of the need: recruitment, tensions, people to train, and the offer that meets it."""

from __future__ import annotations

from geoapp.core.schema.model import (
    BESOINS,
    INDICES_TENSION,
    LIENS_FAMILLE,
    LIEUX_INFORMATION,
    MESURES,
    OFFRES_BESOIN,
    PRECISIONS,
    column,
    table,
)

_INDICES = tuple(
    column(nom, "entier", f"{sens}, de 1 (faible) à 5 (fort) ; vide quand la source ne le dit pas")
    for nom, sens in INDICES_TENSION.items()
)

BESOINS_TABLES = (
    table(
        "lieux_information",
        "Lieux d'information et d'orientation",
        "id_lieu_information",
        [
            column("id_lieu_information", "texte", "Identifiant : source:commune:nom", requis=True),
            column("type_lieu", "texte", "Sorte", requis=True, valeurs=tuple(LIEUX_INFORMATION)),
            column("nom", "texte", "Nom", requis=True),
            column("adresse", "texte", "Adresse"),
            column("code_commune", "texte", "Commune", requis=True),
            column("nom_commune", "texte", "Nom de la commune", requis=True),
            column("est_itinerant", "booleen", "Se déplace ; vide quand la source ne le dit pas"),
            column(
                "precision_position",
                "texte",
                "Point donné par la source, ou mairie de la commune",
                requis=True,
                valeurs=PRECISIONS,
            ),
            column("id_place", "texte", "Position", requis=True),
            column("zones", "texte", "Zones, « type:code » séparés par « | »"),
            column("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
            column("geometry", "geometrie", "Point", requis=True),
        ],
    ),
    table(
        "familles_metiers",
        "Familles de métiers de l'enquête Besoins en main-d'œuvre, et métiers (ROME) de chacune",
        "code_famille",
        [
            column("code_famille", "texte", "Code de la famille dans l'enquête", requis=True),
            column("nom", "texte", "Nom de la famille", requis=True),
            column("code_groupe", "texte", "Groupe de familles, dans l'enquête"),
            column("groupe", "texte", "Nom du groupe"),
            column("est_sante_social", "booleen", "Santé et action sociale", requis=True),
            column("codes_rome", "texte", "Métiers (ROME), séparés par « | »"),
            column(
                "lien",
                "texte",
                "D'où viennent ces métiers : table publiée (même code de famille en 2009), "
                "écrits par nous, ou aucun",
                requis=True,
                valeurs=LIENS_FAMILLE,
            ),
            column("raison", "texte", "Pourquoi nous les avons écrits"),
            column("nb_formations", "entier", "Formations de la région reliées", requis=True),
            column("sources_offre", "texte", "Sources de ces formations, séparées par « | »"),
            column(
                "taux_emploi_pct",
                "reel",
                "Médiane des taux d'emploi à six mois de ses formations dans la région, "
                "chaque formation comptant une fois, en %",
            ),
            column("nb_taux", "entier", "Formations dont ce taux est diffusé"),
            column("annee_taux", "texte", "Années de ces taux"),
        ],
    ),
    table(
        "besoins",
        "Projets de recrutement déclarés, par bassin et famille de métiers : une ligne absente "
        "n'est pas un zéro",
        "code_zone code_famille",
        [
            column("code_zone", "texte", "Bassin d'emploi (bassin2024)", requis=True),
            column(
                "code_famille",
                "texte",
                "Famille de métiers",
                requis=True,
                renvoi="familles_metiers.code_famille",
            ),
            column("annee", "texte", "Année de l'enquête", requis=True),
            column("nb_projets", "entier", "Projets de recrutement ; vide quand il est tu"),
            column("nb_difficiles", "entier", "Dont jugés difficiles ; vide quand il est tu"),
            column("nb_saisonniers", "entier", "Dont saisonniers ; vide quand il est tu"),
            column("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
        ],
    ),
    table(
        "tensions",
        "Tension sur les métiers et ses causes, de 1 (faible) à 5 (fort)",
        "nomenclature code_metier type_zone code_zone",
        [
            column(
                "nomenclature",
                "texte",
                "Ce que code le métier",
                requis=True,
                valeurs=("rome", "fap"),
            ),
            column("code_metier", "texte", "Métier (ROME) ou famille (FAP 225)", requis=True),
            column("type_zone", "texte", "Zonage, « region » ou « france »", requis=True),
            column("code_zone", "texte", "Zone", requis=True),
            column("annee", "texte", "Année", requis=True),
            *_INDICES,
            column(
                "nb_demandeurs",
                "reel",
                "Demandeurs d'emploi (A, B, C) qui cherchent ce métier, en moyenne sur l'année",
            ),
            column("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
        ],
    ),
    table(
        "demandeurs_secteurs",
        "Demandeurs d'emploi par bassin et secteur d'activité",
        "code_zone secteur",
        [
            column("code_zone", "texte", "Bassin d'emploi (bassin2024)", requis=True),
            column("secteur", "texte", "Secteur d'activité", requis=True),
            column("nb_demandeurs", "entier", "Demandeurs d'emploi ; vide de 1 à 4"),
            column("annee", "texte", "Année, telle que la source la dit", requis=True),
            column("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
        ],
    ),
    table(
        "mesures_communes",
        "Publics et emploi par commune, année par année ; départements et région tels que "
        "publiés, pour mesurer ce que les communes taisent",
        "mesure annee type_zone code_zone",
        [
            column("mesure", "texte", "Ce qui est compté", requis=True, valeurs=tuple(MESURES)),
            column("annee", "texte", "Année", requis=True),
            column("type_zone", "texte", "commune, departement ou region", requis=True),
            column("code_zone", "texte", "Code", requis=True),
            column("nombre", "reel", "Nombre ; vide quand il est tu, ou de moins de 5"),
            column("id_source", "texte", "Source", requis=True, renvoi="sources.id_source"),
        ],
    ),
    table(
        "formations_familles",
        "Familles de métiers auxquelles mène chaque formation : une formation de plusieurs "
        "familles est dans chacune",
        "id_formation code_famille",
        [
            column(
                "id_formation",
                "texte",
                "Formation",
                requis=True,
                renvoi="formations.id_formation",
            ),
            column(
                "code_famille",
                "texte",
                "Famille de métiers",
                requis=True,
                renvoi="familles_metiers.code_famille",
            ),
            column("codes_rome", "texte", "Métiers (ROME) qui les relient", requis=True),
            column("preuve", "texte", "D'où vient le métier de la formation"),
        ],
    ),
    table(
        "besoins_offres",
        "Le besoin et l'offre, par zone et famille de métiers",
        "type_zone code_zone code_famille",
        [
            column("type_zone", "texte", "Zonage, ou « region »", requis=True),
            column("code_zone", "texte", "Zone", requis=True),
            column(
                "code_famille",
                "texte",
                "Famille de métiers",
                requis=True,
                renvoi="familles_metiers.code_famille",
            ),
            column(
                "nb_projets",
                "reel",
                "Projets de recrutement connus ; une fraction vient du passage des bassins aux "
                "zones, par la population",
            ),
            column("nb_difficiles", "reel", "Dont jugés difficiles, là où c'est connu"),
            column("nb_saisonniers", "reel", "Dont saisonniers, là où c'est connu"),
            column("nb_bassins", "entier", "Bassins de la zone qui ont une ligne", requis=True),
            column("nb_tus", "entier", "Dont le nombre de projets est tu", requis=True),
            column("nb_projets_juges", "reel", "Projets des bassins où les difficiles sont connus"),
            column("nb_difficiles_tus", "entier", "Dont le nombre de difficiles est tu"),
            column("nb_saisonniers_tus", "entier", "Dont le nombre de saisonniers est tu"),
            column("est_repartie", "booleen", "Des bassins sont partagés entre zones", requis=True),
            column("projets_pour_1000", "reel", "Projets connus pour 1 000 habitants"),
            column(
                "nb_demandeurs",
                "reel",
                "Demandeurs d'emploi de ces métiers, là où ils sont publiés ; vide sous 5",
            ),
            column(
                "nb_demandeurs_tus",
                "entier",
                "Bassins où les demandeurs d'un de ces métiers ne sont pas publiés : s'il y en a, "
                "la somme est un minimum",
            ),
            column("annee_demandeurs", "texte", "Année des demandeurs d'emploi"),
            column("tension", "reel", "Tension, de 1 à 5 : moyenne de ses métiers"),
            column("causes", "texte", "Causes de tension de 4 ou plus, séparées par « | »"),
            column("annee_tension", "texte", "Année de la tension"),
            column("nb_formations", "entier", "Formations reliées, dans la zone", requis=True),
            column("nb_lieux", "entier", "Lieux de ces formations", requis=True),
            column("nb_places", "entier", "Places connues ; vide quand aucune ne l'est"),
            column("nb_sans_places", "entier", "Formations de places inconnues", requis=True),
            column("nb_entrants", "entier", "Élèves de première année, constat de rentrée"),
            column("nb_sortants", "entier", "Élèves de dernière année, constat de rentrée"),
            column("annee_eleves", "texte", "Année du constat"),
            column(
                "trajet_median_min",
                "reel",
                "Trajet en voiture de la moitié des habitants à la formation reliée la plus "
                "proche, en minutes",
            ),
            column(
                "part_30_min",
                "reel",
                "Part des habitants à 30 minutes de voiture au plus d'une formation reliée, 0 à 1",
            ),
            column(
                "id_action_proche",
                "texte",
                "La plus proche pour le plus d'habitants",
                renvoi="actions.id_action",
            ),
            column("trajet_proche_min", "reel", "Son trajet médian en voiture, en minutes"),
            column("est_proche_dehors", "booleen", "Elle est hors de la zone"),
            column("besoin", "texte", "Le besoin, en un mot", requis=True, valeurs=BESOINS),
            column(
                "offre",
                "texte",
                "L'offre connue, en un mot ; « non_collectee » quand aucune source ne dit tenir "
                "les formations de la famille : ni part ni trajet n'est alors dit",
                requis=True,
                valeurs=OFFRES_BESOIN,
            ),
            column(
                "offre_relative",
                "reel",
                "Formations par projet, rapportées à la région : 1 veut dire autant ; vide quand "
                "un projet est tu",
            ),
        ],
    ),
)
"""Tables that say what is needed, and where the offer stands."""
