"""What is repaired in a value on its way in, as a table: a stable code, and its words.

Adding a repair is adding a row; a journal or a reader names it by its code.
"""

from __future__ import annotations

REPARATIONS: dict[str, str] = {
    "adresse_completee": "adresse web complétée",
    "ancienne_commune": "ancienne commune, remplacée par celle d'aujourd'hui",
    "code_normalise": "code remis en forme",
    "code_postal_pour_commune": "code postal donné pour un code de commune, remplacé",
    "commune_de_l_adresse": "commune lue dans l'adresse",
    "commune_du_code_postal": "commune trouvée par le code postal",
    "commune_retablie": "commune que la table oublie, rendue à sa zone",
    "contour_invalide": "contour invalide, réparé",
    "coordonnees_inversees": "latitude et longitude échangées, remises à leur place",
    "coordonnees_nulles": "coordonnées nulles, écartées",
    "coordonnees_refusees": "coordonnées hors de la France, écartées",
    "date_normalisee": "date réécrite année-mois-jour",
    "lambert_93": "coordonnées en mètres (Lambert-93), converties en degrés",
    "milliers": "séparateur de milliers retiré",
    "modalite_de_l_intitule": "modalité lue dans l'intitulé",
    "polygones_extraits": "polygones extraits d'un contour composé",
    "systeme_de_coordonnees": "coordonnées d'un autre système, converties en degrés",
    "valeur_ecartee": "valeur inutilisable, écartée",
    "zero_restitue": "zéro de tête rétabli",
}
