"""The sentences of how many people are too far, and of what the others reach."""

from __future__ import annotations

import pandas as pd

from geoapp.core.french import (
    count,
    format_number,
    lower_first,
)
from geoapp.coverage.indicators import INDICATEURS, format_share, format_value
from geoapp.coverage.model import Question, describe_offer, describe_reach
from geoapp.coverage.offered import name_offer
from geoapp.coverage.territories.coverage import BlocCouverture
from geoapp.coverage.territories.sentences.common import compare_share, of_ours
from geoapp.coverage.territories.zone import Zone
from geoapp.coverage.white_zones import CAUSES
from geoapp.offer.perimeter import CONNUE
from geoapp.reference.zonings import COMMUNE


def tell_cover(question: Question, zone: Zone, couverture: BlocCouverture) -> str:
    """Say how many people are too far, and where."""
    ligne, region = couverture.ligne, couverture.ensemble
    loin = f"à plus de {describe_reach(question)} d'{describe_offer(question)}"
    if pd.isna(ligne["population"]) and "population" not in (ligne["masques"] or "").split("|"):
        beyond = (
            f" ; dans la région, {format_share(region['part_non_couverte'])} vit {loin}"
            if pd.notna(region["part_non_couverte"])
            else ""
        )
        return f"La population n'y est pas connue : la couverture ne peut être chiffrée{beyond}."
    told = f"{_how_many(question, ligne, region, loin)}{_white(zone, couverture)}."
    if ligne["perimetre"] == CONNUE:
        return told
    return f"Dans l'offre que nos sources tiennent, {lower_first(told)}"


def _how_many(question: Question, ligne: pd.Series, region: pd.Series, loin: str) -> str:
    """Return how many people of the zone are too far, against the region."""
    if pd.isna(ligne["population_non_couverte"]):
        return (
            f"Le nombre de ses habitants qui vivent {loin} est tu : il dirait un nombre de une à "
            "quatre personnes"
        )
    # People of a cell are not whole numbers: less than half a person is nobody.
    if ligne["population_non_couverte"] < 0.5:
        others = (
            ""
            if pd.isna(region["part_non_couverte"])
            else ", comme tous ceux de la région"
            if region["part_non_couverte"] == 0
            else f", contre {format_share(1 - region['part_non_couverte'])} de ceux de la région"
        )
        return (
            f"Tous ses habitants ont {describe_offer(question)} à {describe_reach(question)} "
            f"ou moins{others}"
        )
    nb = round(ligne["population_non_couverte"])
    texte = (
        f"{format_share(ligne['part_non_couverte'])} de ses habitants ({count(nb, 'personne')}) "
        f"{'vit' if nb == 1 else 'vivent'} {loin}"
    )
    return f"{texte}, {compare_share(ligne['part_non_couverte'], region['part_non_couverte'])}"


def _white(zone: Zone, couverture: BlocCouverture) -> str:
    """Return the end of a sentence on the white communes of a zone of several."""
    if zone.nb_communes < 2 or zone.type_zone == COMMUNE:
        return ""
    whites, total = couverture.blanches, format_number(zone.nb_communes)
    if not len(whites):
        return f" ; aucune de ses {total} communes n'est en zone blanche"
    first = whites.iloc[0]
    if len(whites) == zone.nb_communes:
        return f" ; ses {total} communes sont toutes en zone blanche"
    if len(whites) == 1:
        offre = CAUSES[first["cause"]].de_l_offre
        return f" ; une de ses {total} communes est en zone blanche, {first['nom']} (offre {offre})"
    causes = whites["cause"].value_counts()
    return (
        f" ; {format_number(len(whites))} de ses {total} communes sont en zone blanche, "
        f"la plus peuplée étant {first['nom']}, "
        f"{_how_often(int(causes.iloc[0]), len(whites))} "
        f"parce que l'offre y est {CAUSES[causes.index[0]].de_l_offre}"
    )


def _how_often(nb: int, total: int) -> str:
    return "toutes" if nb == total else f"{format_number(nb)} d'entre elles"


def tell_access(question: Question, couverture: BlocCouverture) -> str:
    """Say what one reaches, the competition of others counted, and how far the nearest is."""
    ligne, region = couverture.ligne, couverture.ensemble

    def show(nom: str, row: pd.Series) -> str:
        return format_value(INDICATEURS[nom], row[nom], question.unite)

    if pd.isna(ligne["e2sfca"]) and pd.isna(ligne["population"]):
        return "On ne sait pas ce que ses habitants atteignent : leur nombre n'est pas connu."
    if pd.isna(ligne["e2sfca"]) or not ligne["e2sfca"]:
        return (
            f"Personne n'y atteint d'offre{of_ours(couverture)} jusqu'au seuil, "
            "alors que la région en donne "
            f"{show('e2sfca', region)} pour 10 000 habitants, concurrence comptée."
        )
    ratio = ligne["e2sfca"] / region["e2sfca"] - 1
    gap = (
        "autant que"
        if abs(ratio) < 0.005
        else f"{format_share(abs(ratio))} de {'plus' if ratio > 0 else 'moins'} que"
    )
    nom = name_offer(question)
    nouns = {"places": ("place", "places"), "sessions": ("session", "sessions")}
    one, many = nouns.get(question.offre, (nom.un, nom.des))
    texte = (
        f"Concurrence entre habitants comptée, on y atteint {show('e2sfca', ligne)} "
        f"{many if ligne['e2sfca'] >= 2 else one} pour 10 000 habitants, "
        f"{gap} dans la région ({show('e2sfca', region)})"
    )
    if pd.isna(ligne["mediane"]):
        return f"{texte} ; la moitié de ses habitants n'a {nom.aucune} à portée."
    if pd.isna(region["mediane"]):
        return f"{texte}."
    half = "sur place" if ligne["mediane"] < 0.05 else f"à {show('mediane', ligne)} ou moins"
    return (
        f"{texte} ; un habitant sur deux a {nom.une} {half}, "
        f"contre {show('mediane', region)} dans la région."
    )
