"""The tables that say what a build did: rows refused, values repaired, sources read."""

from __future__ import annotations

from geoapp.core.reasons import RAISONS
from geoapp.core.repairs import REPARATIONS
from geoapp.core.schema.model import MODES, column, table

SUIVI = [
    table(
        "rejets",
        "Lignes refusées : rien n'est perdu en silence",
        "id_source ligne colonne",
        [
            column("id_source", "texte", "Source", requis=True),
            column("ligne", "texte", "Ligne ou chemin dans le fichier", requis=True),
            column("colonne", "texte", "Colonne en cause", requis=True),
            column("valeur", "texte", "Valeur reçue"),
            column("code_raison", "texte", "Raison, par son code", requis=True, valeurs=RAISONS),
            column("raison", "texte", "Pourquoi, et comment corriger", requis=True),
            column("valeur_proche", "texte", "Valeur acceptée la plus proche"),
        ],
    ),
    table(
        "corrections",
        "Valeurs réparées à la lecture, ligne par ligne",
        "id_source ligne colonne type_correction",
        [
            column("id_source", "texte", "Source", requis=True),
            column("ligne", "texte", "Ligne ou chemin dans le fichier", requis=True),
            column("colonne", "texte", "Colonne", requis=True),
            column("valeur", "texte", "Valeur reçue"),
            column("corrigee", "texte", "Valeur retenue"),
            column(
                "type_correction",
                "texte",
                "Réparation, par son code",
                requis=True,
                valeurs=REPARATIONS,
            ),
            column("reparation", "texte", "Ce qui a été réparé", requis=True),
        ],
    ),
    table(
        "sources",
        "D'où vient chaque donnée",
        "id_source",
        [
            column("id_source", "texte", "Identifiant", requis=True),
            column("titre", "texte", "Titre", requis=True),
            column("producteur", "texte", "Producteur", requis=True),
            column("licence", "texte", "Licence", requis=True),
            column("millesime", "texte", "Millésime", requis=True),
            column(
                "rythme",
                "texte",
                "Rythme de mise à jour annoncé par le producteur, ou que ses livraisons montrent",
            ),
            column("adresse", "texte", "Page où l'on trouve la source"),
            column("usage", "texte", "Ce que la source alimente", requis=True),
            column("mode", "texte", "D'où elle a été lue", requis=True, valeurs=MODES),
            column("fichier", "texte", "Nom du fichier lu"),
            column("sha256", "texte", "Empreinte du fichier lu"),
            column(
                "date_obtention",
                "texte",
                "Jour où le contenu a été obtenu du producteur (AAAA-MM-JJ) ; "
                "vide pour un fichier de miroir",
            ),
            column(
                "alerte",
                "texte",
                "Pourquoi la dernière bonne version est employée à la place de la dernière "
                "livraison ; vide si tout va bien",
            ),
            column("nb_lues", "entier", "Lignes lues"),
            column("nb_valides", "entier", "Lignes valides"),
            column("nb_rejetees", "entier", "Lignes rejetées"),
            column(
                "nb_complements",
                "entier",
                "Dont lignes qui complètent une autre offre : seconde d'un bac pro, autre effectif "
                "de la même formation",
            ),
            column("nb_placees", "entier", "Lignes placées sur la carte (offre)"),
            column("nb_douteuses", "entier", "Lignes de position douteuse (offre)"),
            column("nb_hors_region", "entier", "Lignes placées hors de la région (offre)"),
            column("nb_corrections", "entier", "Valeurs réparées"),
            column("note", "texte", "À savoir"),
        ],
    ),
]
