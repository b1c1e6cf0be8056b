"""The options that several commands share: filters of the offer, question of coverage."""

from __future__ import annotations

import click

from geoapp.reference.zonings import MAILLES

NOMS_FILTRES = (
    "domaine",
    "niveau",
    "type_diplome",
    "voie",
    "modalite",
    "conventionnee",
    "certification",
    "financeur",
    "public_vise",
    "entree",
    "prix",
    "rev3",
    "debut",
    "organisme",
    "zone",
)


def filter_options(command, noms=NOMS_FILTRES):
    """Add one repeatable option per filter of the product."""
    for nom in reversed(noms):
        command = click.option(
            f"--{nom}", multiple=True, help=f"Filtre « {nom} » : code ou libellé ; répétable."
        )(command)
    return command


def offer_options(command):
    """Add the filters of the offer: a territory is not one of them."""
    return filter_options(command, NOMS_FILTRES[:-1])


_PREMIER, *_AUTRES, _DERNIER = MAILLES
_ZONAGES = f"{', '.join([f'{_PREMIER} (par défaut)', *_AUTRES])} ou {_DERNIER}"

QUESTION = (
    ("zonage", f"{_ZONAGES}."),
    ("seuil_km", "Distance par la route, 1 à 100 km (20 par défaut)."),
    ("seuil_min", "Durée du trajet, 1 à 120 minutes, à la place de --seuil-km."),
    ("mode", "voiture (par défaut), voiture_fluide, velo, pied ou transports."),
    ("mesure", "Indicateur dont les classes sont faites (part_non_couverte par défaut)."),
    (
        "offre",
        "Ce qui compte : actions, places, sessions, mixte ou information (lieux d'orientation).",
    ),
    ("voisins", "oui (par défaut) ou non : l'offre et les habitants des départements voisins."),
    (
        "public",
        "tous (par défaut), adultes, jeunes, jeunes_non_scolarises, demandeurs, "
        "demandeurs_50 ou rsa (foyers).",
    ),
    ("classes", "jenks (par défaut), quantiles ou fixes."),
)


def question_options(command, sans: str = ""):
    """Add the parameters of a question of coverage that are not filters, one of them left out."""
    return question_options_of(*(nom for nom, _ in QUESTION if nom != sans))(command)


def question_options_of(*noms: str):
    """Return what adds some of the parameters of a question of coverage."""

    def add(command):
        for nom, aide in reversed([row for row in QUESTION if row[0] in noms]):
            command = click.option(f"--{nom.replace('_', '-')}", nom, help=aide)(command)
        return command

    return add


SITES = (
    ("objectif", "couverture (par défaut), nombre, trajet ou acces."),
    ("ouvertures", "Nombre d'ouvertures, 1 à 20 (3 par défaut)."),
    ("part", "Part des habitants à couvrir en %, avec --objectif nombre (95 par défaut)."),
    ("territoire", "Où compter et ouvrir, « ze2020:3215 » ou « departement:Aisne »."),
    ("parmi", "tous (par défaut), frr, zrr, qpv2024 ou qpv2015."),
    ("candidats", "tous (par défaut), communes, etablissements ou lieux."),
    ("reel", "Part cédée, en %, pour un lieu qui forme déjà (10 par défaut)."),
    ("capacite", "Places de chaque ouverture, avec --offre places (12 par défaut)."),
)


def site_options(command):
    """Add the parameters of a question of siting, and those of coverage that draw no map."""
    for nom, aide in reversed(SITES):
        command = click.option(f"--{nom}", help=aide)(command)
    asked = (nom for nom, _ in QUESTION if nom not in ("mesure", "classes"))
    return question_options_of(*asked)(offer_options(command))


def unzoned_options(command):
    """Add the parameters of a question whose zoning is asked apart, filters included."""
    return question_options(offer_options(command), "zonage")
