"""French words that pages, sheets and exports share: numbers, plurals, dates, distances, positions.

Loads nothing heavy: the command line says the same words without opening a map.
"""

from __future__ import annotations

NON_RENSEIGNE = "Non renseigné"

THIN = "\u202f"
"""Narrow no-break space: parts thousands, and stands before « ; » « : » « ? »."""

MOIS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)

POSITIONS = {
    "adresse": "adresse exacte",
    "coordonnees": "coordonnées fournies",
    "uai": "établissement (code UAI)",
    "commune": "commune seulement, placé à la mairie",
}
"""`precision_position` in words."""


def _is_unknown(value) -> bool:
    """Tell whether a value is None or NaN (a table says unknown so)."""
    return value is None or value != value


def format_number(value: float) -> str:
    """Return a whole number as French writes it: 4 219."""
    return f"{int(value):,}".replace(",", THIN)


def format_euros(value: float) -> str:
    """Return an amount as French writes it, cents only when there are some: 6 621,50 €, 900 €."""
    euros, cents = divmod(round(value * 100), 100)
    return f"{format_number(euros)}{f',{cents:02d}' if cents else ''}{THIN}€"


def describe_price(
    prix_eur: float | None, prix_horaire_eur: float | None, est_gratuite: bool | None
) -> str:
    """Return what a training costs, as the source tells it; "" when it tells nothing: no price is not free.

    The whole price comes first, the price of an hour only without it: « 900 € TTC, gratuit pour le stagiaire ».
    """
    parts = []
    if not _is_unknown(prix_eur):
        parts.append(f"{format_euros(prix_eur)} TTC")
    elif not _is_unknown(prix_horaire_eur):
        parts.append(f"{format_euros(prix_horaire_eur)} TTC de l'heure")
    if not _is_unknown(est_gratuite):
        parts.append(
            "gratuit pour le stagiaire" if est_gratuite else "frais à la charge du stagiaire"
        )
    texte = ", ".join(parts)
    return texte[:1].upper() + texte[1:]


def count(value: int, singulier: str, pluriel: str | None = None) -> str:
    """Return a number and its noun: « 0 formation », « 1 formation », « 2 formations »."""
    return f"{format_number(value)} {singulier if value < 2 else pluriel or singulier + 's'}"


def join_words(mots: list[str]) -> str:
    """Return « a, b et c »."""
    return " et ".join([", ".join(mots[:-1]), mots[-1]]) if len(mots) > 1 else "".join(mots)


def format_decimal(value: float) -> str:
    """Return a number as short as it is exact, with a decimal comma: 20, 7,5."""
    return f"{value:g}".replace(".", ",")


def format_date(value: str) -> str:
    """Return an ISO date of any precision in words: « 1er septembre 2020 », « septembre 2020 »."""
    annee, _, reste = value.partition("-")
    mois, _, jour = reste.partition("-")
    if not mois:
        return annee
    mots = f"{MOIS[int(mois) - 1]} {annee}"
    return f"{'1er' if int(jour) == 1 else int(jour)} {mots}" if jour else mots


def format_period(debut: str | None, fin: str | None) -> str:
    """Return the dates of an offer in words; "" when none is known."""
    if _is_unknown(debut) and _is_unknown(fin):
        return ""
    if _is_unknown(fin) or debut == fin:
        return f"à partir de {format_date(debut)}" if _is_unknown(fin) else format_date(debut)
    return (
        f"jusqu'à {format_date(fin)}"
        if _is_unknown(debut)
        else f"de {format_date(debut)} à {format_date(fin)}"
    )


def format_distance(distance_m: float | None) -> str:
    """Return a distance in words: « moins de 100 m », « 850 m », « 3,2 km »; "" when unknown."""
    if _is_unknown(distance_m):
        return ""
    if distance_m < 100:
        return "moins de 100 m"
    return (
        f"{round(distance_m / 10) * 10} m"
        if distance_m < 995
        else f"{distance_m / 1000:.1f} km".replace(".", ",")
    )


def describe_position(precision: str | None, est_placee: bool = True) -> str:
    """Return how precisely an offer is placed, in words."""
    return POSITIONS.get(precision, "précision inconnue") if est_placee else "non placée"


def describe_doubt(est_douteuse: bool, distance_m: float | None) -> str:
    """Return why a position is doubtful, in words; "" when it is not."""
    if not est_douteuse:
        return ""
    if _is_unknown(distance_m):
        return "Position douteuse."
    km = f"{distance_m / 1000:.1f}".replace(".", ",")
    return f"Position douteuse{THIN}: le point reçu est à {km} km de la commune déclarée."


def say_if(value: bool | None) -> str:
    """Return « Oui », « Non » or « Non renseigné »."""
    return NON_RENSEIGNE if value is None else ("Oui" if value else "Non")
