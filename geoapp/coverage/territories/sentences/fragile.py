"""The sentence of who is left behind, or of whom the cover depends on."""

from __future__ import annotations

import pandas as pd

from geoapp.core.french import (
    at_place,
    count,
    format_number,
    upper_first,
)
from geoapp.coverage.indicators import INDICATEURS, format_share, format_value
from geoapp.coverage.model import Question, describe_offer, describe_reach
from geoapp.coverage.offered import is_information, name_offer
from geoapp.coverage.publics import Public
from geoapp.coverage.territories.coverage import BlocCouverture
from geoapp.coverage.territories.offer import BlocOffre
from geoapp.coverage.territories.outside import BlocDehors
from geoapp.coverage.territories.sentences.common import (
    ECART_SENSIBLE,
    at_cost,
    cite,
    near_sentence,
    of_ours,
)
from geoapp.coverage.territories.tables import name_body
from geoapp.coverage.territories.zone import Zone
from geoapp.offer.perimeter import CONNUE
from geoapp.reference.zonings import COMMUNE, COMPARES


def tell_fragile(
    question: Question,
    zone: Zone,
    *,
    offre: BlocOffre,
    couverture: BlocCouverture,
    dehors: BlocDehors,
) -> str:
    """Say who is left behind, or on whom the cover depends: the gravest that can be said."""
    # In this order: nobody covered, one body for all, a public left behind, communes or domains
    # that one body holds, and at last that nothing of the kind is the case.
    if couverture.ligne["part_couverte"] == 0:
        return _nobody(question, couverture)
    alone = format_share(couverture.part_communes_uniques_region)
    body = f"un seul {name_offer(question).tenant}"
    if pd.notna(couverture.ligne["offreur_unique"]):
        return (
            f"Toute sa couverture tient à {body}, "
            f"{name_body(couverture.ligne['offreur_unique'])} : "
            f"s'il ferme, {_left(couverture)}, "
            f"comme dans {alone} des communes de la région."
        )
    gaps = [
        (one.ici, one.ailleurs, one.region)
        for one in couverture.publics
        if one.ailleurs is not None
        and one.ici.part_couverte < one.ailleurs.part_couverte - ECART_SENSIBLE
    ]
    if gaps:
        here, others, region = max(
            gaps, key=lambda gap: gap[1].part_couverte - gap[0].part_couverte
        )
        return _gap(question, here, others, region)
    if zone.type_zone != COMMUNE and couverture.part_communes_uniques > 0:
        return _alone(zone, couverture, body)
    if len(couverture.domaines_uniques):
        return _alone_by_domain(couverture)
    if zone.type_zone == COMMUNE or zone.nb_communes < 2:
        others_too = format_share(1 - couverture.part_communes_uniques_region)
        return (
            f"Sa couverture ne tient pas à {body}, "
            f"comme celle de {others_too} des communes de la région."
        )
    # Of places of information, what is near was told with their kinds.
    is_told = not offre.nb or is_information(question)
    start = "Aucune" if is_told else f"{near_sentence(question, zone, dehors)} ; aucune"
    return (
        f"{start} de ses communes n'est couverte par {body}, "
        f"ce qui est le cas de {alone} de celles de la région."
    )


def _left(couverture: BlocCouverture) -> str:
    """Return what is left of a zone when its only body closes, as far as is known."""
    if couverture.ligne["perimetre"] == CONNUE:
        return "plus personne n'est couvert"
    return "plus personne n'est couvert par l'offre que nous connaissons"


def _nobody(question: Question, couverture: BlocCouverture) -> str:
    """Say where the nearest offer is, for a zone that none reaches."""
    mediane = format_value(INDICATEURS["mediane"], couverture.ensemble["mediane"], question.unite)
    nom = name_offer(question)
    region = (
        f"la moitié des habitants n'en ont aucun{nom.e} à portée"
        if pd.isna(couverture.ensemble["mediane"])
        else f"la moitié des habitants en ont un{nom.e} à {mediane} ou moins"
    )
    if not couverture.presque:
        return (
            f"{upper_first(nom.aucune)}{of_ours(couverture)} n'est à portée de ses habitants, "
            "même lointaine ; "
            f"dans la région, {region}."
        )
    first = couverture.presque[0]
    return (
        f"{upper_first(nom.la)}{of_ours(couverture)} {nom.le_plus} proche est "
        f"{at_place(first.nom_commune or 'une commune inconnue')}, {at_cost(first.cout, question)} "
        f"du premier de ses habitants ; dans la région, {region}."
    )


def _alone_by_domain(couverture: BlocCouverture) -> str:
    """Say in which domains only one body covers the zone."""
    names = [
        f"« {row.domaine} » ({name_body(row.offreur_unique)})"
        for row in couverture.domaines_uniques.itertuples()
    ]
    whole = "un domaine" if len(names) == 1 else f"{len(names)} domaines"
    return (
        f"Dans {whole}, sa couverture tient à un seul organisme, alors que la région en compte "
        f"{format_number(couverture.nb_offreurs_region)} "
        f"dans {'ce domaine' if len(names) == 1 else 'ces domaines'} : {cite(names)}."
    )


def _alone(zone: Zone, couverture: BlocCouverture, seul: str) -> str:
    """Say how many communes only one body covers."""
    first, nb = couverture.uniques.iloc[0], int(couverture.uniques["nb_communes"].sum())
    whole = (
        "Une de ses communes n'est couverte"
        if nb == 1
        else f"{format_number(nb)} de ses communes ne sont couvertes"
    )
    body = name_body(first["organisme"])
    named = (
        body
        if nb == first["nb_communes"]
        else f"d'abord {body} ({count(first['nb_communes'], 'commune')})"
    )
    return (
        f"{whole} que par {seul} ({format_share(couverture.part_communes_uniques)}, "
        f"contre {format_share(couverture.part_communes_uniques_region)} "
        f"de celles de la région) : {named}."
    )


def _gap(question: Question, here: Public, others: Public, region: Public | None) -> str:
    """Say how a public of the zone is covered beside the others, there and in the region."""
    mots = COMPARES[here.zonage]
    ses, ensemble = mots.ses, mots.ensemble
    if here.est_estimee and mots.communes:
        ses, ensemble = mots.communes, "de ces communes"
    texte = (
        f"Dans ses {ses}, {format_share(1 - here.part_couverte)} des habitants "
        f"sont à plus de {describe_reach(question)} d'{describe_offer(question)}, "
        f"contre {format_share(1 - others.part_couverte)} ailleurs dans la zone"
    )
    if region is not None and pd.notna(region.part_couverte):
        theirs = format_share(1 - region.part_couverte)
        texte += f" et {theirs} pour l'ensemble {ensemble} de la région"
    return f"{texte}{' (estimé par communes entières)' if here.est_estimee else ''}."
