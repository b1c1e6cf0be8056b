"""What the sentences of a zone share: names cited, shares compared, what is near."""

from __future__ import annotations

import pandas as pd

from geoapp.core.french import (
    at_place,
    format_number,
    join_words,
    upper_first,
)
from geoapp.coverage.indicators import INDICATEURS, format_share, format_value
from geoapp.coverage.model import Question, describe_reach
from geoapp.coverage.offered import name_offer
from geoapp.coverage.territories.coverage import BlocCouverture
from geoapp.coverage.territories.outside import BlocDehors
from geoapp.coverage.territories.zone import Zone
from geoapp.offer.filters import describe_filters
from geoapp.offer.perimeter import CONNUE
from geoapp.reference.codes.levels import load_niveaux

NB_CITES = 3
"""Names cited at most in one sentence; the others are counted."""


ECART_SENSIBLE = 0.005
"""A gap of shares under half a point is none: « à peu près comme dans la région »."""


def filter_words(question: Question) -> str:
    """Return the filters as the end of « formation… »: « (Santé, niveau 4) »."""
    mots = describe_filters(question.filtres)
    return f" ({mots})" if mots else ""


def cite(mots: list[str], autre: str = "autre", autres: str = "autres") -> str:
    """Return the first names of a list, the others counted: « a, b, c et 4 autres »."""
    rest = len(mots) - NB_CITES
    if rest <= 0:
        return join_words(mots)
    return join_words([*mots[:NB_CITES], f"{format_number(rest)} {autre if rest == 1 else autres}"])


def compare_share(part: float, region: float) -> str:
    """Return how a share stands to that of the region: « contre 12 % dans la région »."""
    if pd.isna(region):
        return "part de la région inconnue"
    if abs(part - region) < ECART_SENSIBLE:
        return f"à peu près comme dans la région ({format_share(region)})"
    return f"contre {format_share(region)} dans la région"


def label_levels() -> dict[str, str]:
    """Return the label of each exit level: « Niveau 5 (Bac + 2 : BTS, DUT) »."""
    table = load_niveaux()
    return {row.niveau: f"{row.libelle} ({row.libelle_usager})" for row in table.itertuples()}


def at_cost(cout: float, question: Question) -> str:
    """Return a cost as a place: « à 12,3 km », « sur place »."""
    if cout < 0.05:
        return "sur place"
    return f"à {format_value(INDICATEURS['mediane'], cout, question.unite)}"


def near_sentence(question: Question, zone: Zone, dehors: BlocDehors) -> str:
    """Say what is in reach outside the zone (or around it, when what is inside is not known)."""
    seuil = describe_reach(question)
    outside, nom = " hors de la zone" if zone.est_offre_connue else "", name_offer(question)
    if not dehors.nb_offres:
        none = f"{upper_first(nom.aucune)}{filter_words(question)}"
        return f"{none}{outside} n'est, dans nos sources, à {seuil} ou moins de ses habitants"
    first = dehors.communes.iloc[0]
    return (
        f"{nom.count(dehors.nb_offres)}{outside} "
        f"{'est' if dehors.nb_offres == 1 else 'sont'} "
        f"à {seuil} ou moins d'au moins un de ses habitants, "
        f"d'abord {at_place(first['nom_commune'])} ({format_number(first['nb_offres'])}, "
        f"{at_cost(first['cout'], question)})"
    )


def of_ours(couverture: BlocCouverture) -> str:
    """Return « de nos sources » where other trainings may be."""
    return "" if couverture.ligne["perimetre"] == CONNUE else " de nos sources"
