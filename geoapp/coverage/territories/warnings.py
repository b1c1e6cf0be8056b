"""What is missing or partial in the sheet of a zone, in plain sentences."""

from __future__ import annotations

import pandas as pd

from geoapp.core.french import count, of_place, upper_first, with_article
from geoapp.coverage.model import tell_households
from geoapp.coverage.offered import Nom, name_offer
from geoapp.coverage.territories.coverage import BlocCouverture
from geoapp.coverage.territories.offer import BlocOffre
from geoapp.coverage.territories.zone import Zone
from geoapp.coverage.world import World
from geoapp.offer.perimeter import INCONNUE
from geoapp.reference.zone_joins import assign_by_geometry
from geoapp.reference.zonings import MAILLES

PAR_CODE = "uai"
"""Precision of an offer placed by the code of its establishment."""


def list_warnings(
    world: World, zone: Zone, offre: BlocOffre, couverture: BlocCouverture
) -> tuple[str, ...]:
    """Return what is missing or partial in the sheet of a zone, one sentence each."""
    nom = name_offer(couverture.reponse.question)
    found = [
        "Données fictives : une partie de ce qui est compté ici "
        "est engendrée pour la démonstration, à ne jamais citer."
        if zone.est_fictive or couverture.reponse.qualite["est_fictive"]
        else "",
        _beyond(world, zone, nom),
        _undrawn(zone, nom),
        _partial(zone),
        f"{upper_first(nom.aucune)} n'est placé{nom.e} dans la zone : les tableaux de l'offre "
        "sont vides, ceux de la couverture comptent l'offre des alentours."
        if offre.est_connue and not offre.nb and couverture.ligne["perimetre"] != INCONNUE
        else "",
        "Chiffres estimés : ce sont ceux des communes entières qui portent la zone, "
        "son contour ou sa population propre n'étant pas connus."
        if couverture.ligne["est_estimee"]
        else "",
        _counted(zone),
        tell_households(couverture.reponse.question.public),
        "" if world.est_information else _by_establishment(world, zone),
    ]
    return tuple(filter(None, found))


def _beyond(world: World, zone: Zone, nom: Nom) -> str:
    """Say that a zone goes beyond the region."""
    if not zone.nb_dehors:
        return ""
    people = (
        f" ({count(round(zone.population_dehors), 'habitant')})"
        if pd.notna(zone.population_dehors)
        else ""
    )
    theirs = count(zone.nb_dehors, "de ses communes est", "de ses communes sont")
    region = of_place(with_article(world.snapshot.manifest.get("nom_region", "les limites")))
    return (
        f"Cette zone dépasse la région : {theirs} hors {region}{people}. "
        f"Habitants, {nom.des} et couverture sont ceux de sa partie régionale."
    )


def _undrawn(zone: Zone, nom: Nom) -> str:
    if zone.est_offre_connue and zone.est_dessinee:
        return ""
    end = (
        "."
        if zone.est_offre_connue
        else f", et l'on ne sait quel{'le' * nom.est_feminin}s {nom.des} sont dedans : "
        "ces cases disent « inconnu »."
    )
    return (
        "Aucune source de cet instantané ne donne le contour de cette zone : "
        f"elle ne peut être dessinée{end}"
    )


def _partial(zone: Zone) -> str:
    """Say that communes are in the zone in part only."""
    if not zone.nb_partielles:
        return ""
    theirs = count(zone.nb_partielles, "commune est", "communes sont")
    return f"{theirs} dans la zone en partie seulement."


def _counted(zone: Zone) -> str:
    """Say how many people a producer counted in a zone that is no union of communes."""
    if MAILLES[zone.type_zone].methode == "code" or not zone.annee_population:
        return ""
    return (
        f"Population municipale de {zone.annee_population} : "
        f"{count(round(zone.population), 'habitant')}."
    )


def _by_establishment(world: World, zone: Zone) -> str:
    """Say how many offers lie in a zone of free form by the position of their establishment.

    That position comes with a code, not with the offer: it does not count in such a zone.
    """
    if MAILLES[zone.type_zone].methode == "code" or not zone.est_dessinee:
        return ""
    offres = world.snapshot.read("offres")
    placed = offres[offres["precision_position"].eq(PAR_CODE) & offres["geometry"].notna()]
    zones = world.snapshot.read("zones")
    mine = zones[zones["type_zone"].eq(zone.type_zone) & zones["code_zone"].eq(zone.code_zone)]
    nb = int(assign_by_geometry(placed.geometry, mine).notna().sum())
    if not nb:
        return ""
    theirs = count(nb, "autre formation y est", "autres formations y sont")
    return (
        f"{theirs} par la position de l'établissement, moins sûre : "
        "elles ne sont pas comptées dans la zone."
    )
