"""The tables that say what a build did: rows refused, values repaired, sources read."""

from __future__ import annotations

from geoapp.core.reasons import RAISONS
from geoapp.core.schema.model import MODES, colonne, table

SUIVI = [
    table(
        "rejets",
        "Lignes refusées : rien n'est perdu en silence",
        "id_source ligne colonne",
        colonne("id_source", "texte", "Source", requis=True),
        colonne("ligne", "texte", "Ligne ou chemin dans le fichier", requis=True),
        colonne("colonne", "texte", "Colonne en cause", requis=True),
        colonne("valeur", "texte", "Valeur reçue"),
        colonne("code_raison", "texte", "Raison, par son code", requis=True, valeurs=RAISONS),
        colonne("raison", "texte", "Pourquoi, et comment corriger", requis=True),
        colonne("valeur_proche", "texte", "Valeur acceptée la plus proche"),
    ),
    table(
        "corrections",
        "Valeurs réparées à la lecture, ligne par ligne",
        "id_source ligne colonne type_correction",
        colonne("id_source", "texte", "Source", requis=True),
        colonne("ligne", "texte", "Ligne ou chemin dans le fichier", requis=True),
        colonne("colonne", "texte", "Colonne", requis=True),
        colonne("valeur", "texte", "Valeur reçue"),
        colonne("corrigee", "texte", "Valeur retenue"),
        colonne(
            "type_correction",
            "texte",
            "zero_restitue, ancienne_commune, coordonnees_inversees…",
            requis=True,
        ),
    ),
    table(
        "sources",
        "D'où vient chaque donnée",
        "id_source",
        colonne("id_source", "texte", "Identifiant", requis=True),
        colonne("titre", "texte", "Titre", requis=True),
        colonne("producteur", "texte", "Producteur", requis=True),
        colonne("licence", "texte", "Licence", requis=True),
        colonne("millesime", "texte", "Millésime", requis=True),
        colonne(
            "rythme",
            "texte",
            "Rythme de mise à jour annoncé par le producteur, ou que ses livraisons montrent",
        ),
        colonne("adresse", "texte", "Page où l'on trouve la source"),
        colonne("usage", "texte", "Ce que la source alimente", requis=True),
        colonne("mode", "texte", "D'où elle a été lue", requis=True, valeurs=MODES),
        colonne("fichier", "texte", "Nom du fichier lu"),
        colonne("sha256", "texte", "Empreinte du fichier lu"),
        colonne(
            "date_obtention",
            "texte",
            "Jour où le contenu a été obtenu du producteur (AAAA-MM-JJ) ; vide pour un fichier de miroir",
        ),
        colonne(
            "alerte",
            "texte",
            "Pourquoi la dernière bonne version est employée à la place de la dernière livraison ; vide si tout va bien",
        ),
        colonne("nb_lues", "entier", "Lignes lues"),
        colonne("nb_valides", "entier", "Lignes valides"),
        colonne("nb_rejetees", "entier", "Lignes rejetées"),
        colonne("nb_placees", "entier", "Lignes placées sur la carte (offre)"),
        colonne("nb_douteuses", "entier", "Lignes de position douteuse (offre)"),
        colonne("nb_hors_region", "entier", "Lignes placées hors de la région (offre)"),
        colonne("nb_corrections", "entier", "Valeurs réparées"),
        colonne("note", "texte", "À savoir"),
    ),
]
