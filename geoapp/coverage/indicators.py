"""Indicators of a zone, as rows: name, meaning, unit, how it is written, which way is worse."""

from __future__ import annotations

from dataclasses import dataclass

from geoapp.core.french import format_decimal, format_number

PAR_HABITANTS = 10_000
"""Accessibility is written for so many inhabitants."""


@dataclass(frozen=True)
class Indicateur:
    """One number of a zone.

    `type` is `part` (0–1, shown in %), `nombre` (whole), `cout` (in the unit of
    the threshold) or `taux` (per 10,000 inhabitants).  `est_personnes` says
    that it counts people, so that small numbers are hidden.
    """

    nom: str
    titre: str
    sens: str
    type: str
    est_pire_si: str = "haut"
    est_personnes: bool = False
    est_carte: bool = True


INDICATEURS: dict[str, Indicateur] = {
    indicateur.nom: indicateur
    for indicateur in (
        Indicateur(
            "part_non_couverte",
            "Part non couverte",
            "Part des habitants dont la formation la plus proche est au-delà du seuil",
            "part",
        ),
        Indicateur(
            "population_non_couverte",
            "Habitants non couverts",
            "Habitants dont la formation la plus proche est au-delà du seuil",
            "nombre",
            est_personnes=True,
        ),
        Indicateur(
            "part_couverte",
            "Part couverte",
            "Part des habitants qui ont une formation jusqu'au seuil, compris",
            "part",
            "bas",
        ),
        Indicateur(
            "mediane",
            "Trajet médian",
            "La moitié des habitants a une formation à ce trajet ou moins",
            "cout",
        ),
        Indicateur(
            "p90",
            "Trajet de 90 % des habitants",
            "Neuf habitants sur dix ont une formation à ce trajet ou moins",
            "cout",
        ),
        Indicateur(
            "e2sfca",
            "Accessibilité (E2SFCA)",
            "Offre accessible pour 10 000 habitants, la concurrence comptée, le plus proche comptant plus (Luo et Qi, 2009)",
            "taux",
            "bas",
        ),
        Indicateur(
            "deuxsfca",
            "Accessibilité (2SFCA)",
            "Offre accessible pour 10 000 habitants, la concurrence comptée (Luo et Wang, 2003)",
            "taux",
            "bas",
        ),
        Indicateur(
            "troissfca",
            "Accessibilité (3SFCA)",
            "Offre accessible pour 10 000 habitants, chacun partageant sa demande entre les lieux (Wan et al., 2012)",
            "taux",
            "bas",
        ),
        Indicateur(
            "cumulative",
            "Offre à portée",
            "Offre moyenne jusqu'au seuil, pour un habitant, sans compter la concurrence",
            "taux_brut",
            "bas",
        ),
        Indicateur(
            "population_sans_offre",
            "Habitants sans offre",
            "Habitants sans formation jusqu'au double du seuil",
            "nombre",
            est_personnes=True,
        ),
        Indicateur(
            "population_eloignee",
            "Habitants éloignés",
            "Habitants dont la formation la plus proche est entre le seuil et son double",
            "nombre",
            est_personnes=True,
        ),
        Indicateur(
            "population_saturee",
            "Habitants en offre saturée",
            "Habitants couverts dont l'accessibilité (E2SFCA) est sous le quart de la moyenne régionale",
            "nombre",
            est_personnes=True,
        ),
        Indicateur(
            "nb_offres",
            "Formations dans la zone",
            "Formations dont le lieu est dans la zone (une par formation et lieu)",
            "nombre",
            "bas",
        ),
        Indicateur(
            "nb_lieux",
            "Lieux dans la zone",
            "Lieux distincts de formation dans la zone",
            "nombre",
            "bas",
        ),
        Indicateur(
            "nb_offreurs",
            "Organismes dans la zone",
            "Organismes distincts qui forment dans la zone",
            "nombre",
            "bas",
        ),
        Indicateur(
            "nb_places",
            "Places connues dans la zone",
            "Somme des places que les sources donnent ; inconnue si aucune ne les donne",
            "nombre",
            "bas",
        ),
        Indicateur(
            "population",
            "Habitants",
            "Habitants de la zone, dans la région",
            "nombre",
            "bas",
            est_personnes=True,
            est_carte=False,
        ),
        Indicateur(
            "population_douteuse",
            "Couverts par une position douteuse",
            "Habitants qui ne sont couverts que grâce à des formations de position douteuse",
            "nombre",
            est_personnes=True,
            est_carte=False,
        ),
    )
}
"""Every number of a zone, in the order of the table; adding one is adding a row here and its value in `tableau`."""

CAUSES = {
    "sans_offre": "sans offre : rien jusqu'au double du seuil",
    "eloignee": "éloignée : une offre entre le seuil et son double",
    "saturee": "saturée : une offre proche, mais moins du quart de l'accessibilité moyenne",
}
"""Why a point is a white zone, from the worst."""

SOLIDITES = {
    "robuste": "robuste : reste blanche avec un seuil de 25\u202f% plus court ou plus long, et sans les positions douteuses",
    "fragile": "fragile : cesse de l'être quand le seuil change de 25\u202f%",
}

PETIT = "< 5"
"""How a count of fewer than five people is written (`methods.md`)."""


def format_share(part: float) -> str:
    """Return a share in words: « 6,9 % »; what is not quite nothing or everything is not rounded to it."""
    if 0 < part < 0.0005:
        return "moins de 0,1\u202f%"
    if 0.9995 <= part < 1:
        return "plus de 99,9\u202f%"
    return f"{part * 100:.1f}".replace(".", ",").removesuffix(",0") + "\u202f%"


def format_value(indicateur: Indicateur, valeur, unite: str = "km") -> str:
    """Return a value as a reader expects it; what is NA is not known, or out of reach for a cost or an access."""
    if valeur is None or valeur != valeur:
        return "hors de portée" if indicateur.type in ("cout", "taux") else "inconnu"
    if isinstance(valeur, str):
        return valeur
    forms = {
        "part": format_share,
        "nombre": lambda v: format_number(round(v)),
        "cout": lambda v: f"{v:.1f}".replace(".", ",") + f"\u202f{unite}",
        "taux": lambda v: "moins de 0,001" if 0 < v < 0.001 else format_decimal(float(f"{v:.3g}")),
        "taux_brut": lambda v: f"{v:.1f}".replace(".", ","),
    }
    return forms[indicateur.type](float(valeur))


def list_map_measures() -> list[Indicateur]:
    """Return the indicators that a map may show."""
    return [indicateur for indicateur in INDICATEURS.values() if indicateur.est_carte]
