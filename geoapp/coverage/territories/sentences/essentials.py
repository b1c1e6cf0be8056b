"""What must be retained of a zone: five sentences, each with its figure and the region's."""

from __future__ import annotations

import pandas as pd

from geoapp.core.french import (
    count,
)
from geoapp.coverage.model import Question
from geoapp.coverage.offered import is_information, name_offer
from geoapp.coverage.territories.coverage import BlocCouverture
from geoapp.coverage.territories.offer import BlocOffre
from geoapp.coverage.territories.outside import BlocDehors
from geoapp.coverage.territories.sentences.access import tell_access, tell_cover
from geoapp.coverage.territories.sentences.common import filter_words
from geoapp.coverage.territories.sentences.fragile import tell_fragile
from geoapp.coverage.territories.sentences.offer import tell_domains, tell_kinds, tell_offer
from geoapp.coverage.territories.zone import Zone
from geoapp.coverage.zone_points import tell_status
from geoapp.offer.perimeter import CONNUE, INCONNUE


def write_essentials(
    question: Question,
    zone: Zone,
    *,
    offre: BlocOffre,
    couverture: BlocCouverture,
    dehors: BlocDehors,
) -> tuple[str, ...]:
    """Return the sentences to retain: offer, domains, cover, access, what makes it fragile.

    What is known of the offer ends them when it is not all; where it is not known, it is all
    that is told, with what our sources hold of it all the same.
    """
    status = couverture.ligne["perimetre"]
    told = tell_status(couverture.reponse.perimetre, status)
    if status == INCONNUE:
        return told, _not_told(couverture), _cited(question, zone, offre)
    sentences = (
        tell_offer(question, zone, offre, couverture),
        tell_kinds(question, zone, offre, dehors)
        if is_information(question)
        else tell_domains(question, zone, offre=offre, couverture=couverture, dehors=dehors),
        tell_cover(question, zone, couverture),
        tell_access(question, couverture),
        tell_fragile(question, zone, offre=offre, couverture=couverture, dehors=dehors),
    )
    if status == CONNUE:
        return sentences
    return (*sentences, f"{told} Les nombres qui précèdent sont ceux de cette offre.")


def _not_told(couverture: BlocCouverture) -> str:
    """Say what cannot be told of the people of a zone whose offer is not known."""
    people = couverture.ligne["population"]
    whose = f"ses {count(round(people), 'habitant')}" if pd.notna(people) else "ses habitants"
    return f"On ne peut dire lesquels de {whose} en sont loin, ni quelles communes en manquent."


def _cited(question: Question, zone: Zone, offre: BlocOffre) -> str:
    """Say what our sources hold all the same of an offer that none claims to hold."""
    nb_region, nom = int(offre.region["nb_offres"].sum()), name_offer(question)
    if not nb_region:
        return f"Nos sources n'en citent aucun{nom.e}, faute de les collecter."
    told = nom.count(nb_region)
    where = (
        f", dont {nom.count(offre.nb)} dans {zone.sujet}" if offre.est_connue and offre.nb else ""
    )
    return (
        f"Nos sources en citent pourtant {told}{filter_words(question)} dans la région{where} : "
        f"elles ne disent pas {'les tenir toutes' if nom.est_feminin else 'les tenir tous'}."
    )
