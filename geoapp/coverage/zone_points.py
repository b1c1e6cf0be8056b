"""The coverage of one zone: against the region, its white communes, what almost reaches it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoapp.core.errors import NotFoundError
from geoapp.coverage.answer import Reponse
from geoapp.coverage.indicators import format_share
from geoapp.coverage.model import Question
from geoapp.coverage.offered import name_offer
from geoapp.coverage.scope import RANGS
from geoapp.coverage.world import World, choose_offer
from geoapp.offer.perimeter import CONNUE, INCONNUE, LIBELLES, SENS, Perimetre
from geoapp.offer.values import yes
from geoapp.reference.codes.identifiers import name_unnamed
from geoapp.reference.zonings import COMMUNE, MAILLES

NB_PRESQUE = 10
"""Offers listed that almost reach a zone."""


@dataclass(frozen=True, kw_only=True)
class Presque:
    """One place whose offer almost reaches people who have none; `cout` to the nearest of them."""

    nom_commune: str
    nom_organisme: str
    titre: str
    identifiant: str | None
    nb_offres: int
    cout: float
    est_douteuse: bool
    est_voisine: bool


@dataclass(frozen=True, kw_only=True)
class FicheZone:
    """The sheet of one zone; `zone` and `ensemble` are rows of the table."""

    zone: pd.Series
    ensemble: pd.Series
    blanches: pd.DataFrame
    presque: list[Presque]
    phrases: list[str]


def zone_sheet(world: World, reponse: Reponse, code_zone: str) -> FicheZone:
    """Return the sheet of a zone of the zoning that `reponse` shows.

    Raises
    ------
    NotFoundError
        When the zoning has no such zone.
    """
    found = reponse.tableau[reponse.tableau["code_zone"].eq(code_zone)]
    if not len(found):
        raise NotFoundError(
            f"{MAILLES[reponse.question.zonage].singulier} « {code_zone[:40]} » : "
            "zone inconnue de cet instantané."
        )
    zone = found.iloc[0]
    inside = zone_points(world, reponse.question.zonage, code_zone)
    communes = set(world.points["code_commune"].to_numpy()[inside])
    blanches = reponse.blanches[reponse.blanches["code_commune"].isin(communes)].reset_index(
        drop=True
    )
    return FicheZone(
        zone=zone,
        ensemble=reponse.ensemble,
        blanches=blanches,
        presque=almost_reaching(world, reponse, inside),
        phrases=_sentences(zone, reponse, blanches),
    )


def zone_points(world: World, zonage: str, code_zone: str) -> np.ndarray:
    """Return the rows of the matrix that lie in a zone."""
    maille = world.mailles[zonage]
    return np.unique(maille.points[maille.codes[maille.zones] == code_zone])


def almost_reaching(world: World, reponse: Reponse, inside: np.ndarray) -> list[Presque]:
    """Return the nearest places beyond the threshold for the people of a zone who have none.

    Where the offer is not known, who has none is not either: there is no place to tell.
    """
    question: Question = reponse.question
    world = world.of(question)
    ranks = reponse.points["perimetre"].to_numpy()[inside]
    if not len(ranks) or ranks.max() >= RANGS[INCONNUE]:
        return []
    offre = choose_offer(world, question)
    people = np.nan_to_num(world.people(question)[inside])
    lacking = inside[~reponse.points["est_couvert"].to_numpy()[inside] & (people > 0)]
    rows = world.cost(question.unite, question.mode, lacking)
    best = np.full(len(offre.par_place), np.inf)
    np.minimum.at(best, rows.indices, rows.data)
    best[offre.par_place <= 0] = np.inf
    # Of places at the same cost, the first identifier: the same list at each build.
    order = np.lexsort((world.trajets.places, best))[:NB_PRESQUE]
    by_place = offre.comptes.groupby("place").groups
    return [
        _almost(world.offres.loc[by_place[place]], float(best[place]))
        for place in order
        if np.isfinite(best[place])
    ]


def _almost(offres: pd.DataFrame, cout: float) -> Presque:
    """Return one place, told by its first offer in the order of titles."""
    first = offres.sort_values(["titre", "id_action"]).iloc[0]

    def text(value) -> str:
        return "" if pd.isna(value) else str(value)

    return Presque(
        nom_commune=text(first["nom_commune"]),
        nom_organisme=text(first["nom_organisme"]) or name_unnamed(first["id_organisme"]) or "",
        titre=text(first["titre"]),
        # An offer of the neighbours has no page of its own.
        identifiant=None
        if first["est_voisine"] or pd.isna(first["id_formation"])
        else first["id_action"],
        nb_offres=len(offres),
        cout=cout,
        est_douteuse=bool(yes(offres["est_douteuse"]).all()),
        est_voisine=bool(first["est_voisine"]),
    )


def tell_status(perimetre: Perimetre, statut: str) -> str:
    """Return what is known of the offer of a zone, whose status may not be that of the region."""
    if statut == perimetre.statut:
        return perimetre.phrase
    return f"{LIBELLES[statut]} : {SENS[statut]}. Pour toute la région : {perimetre.portee}."


def _sentences(zone: pd.Series, reponse: Reponse, blanches: pd.DataFrame) -> list[str]:
    """Return what must be retained of the zone: first what is known of its offer."""
    ensemble, question = reponse.ensemble, reponse.question
    parts = [tell_status(reponse.perimetre, zone["perimetre"])]
    if zone["perimetre"] == INCONNUE:
        return parts
    if pd.notna(zone["part_non_couverte"]) and pd.notna(ensemble["part_non_couverte"]):
        parts.append(
            f"{format_share(zone['part_non_couverte'])} des habitants sont au-delà du seuil, "
            f"contre {format_share(ensemble['part_non_couverte'])} dans la région."
        )
    if pd.notna(zone["offreur_unique"]):
        parts.append(
            f"Un seul {name_offer(question).tenant} couvre la zone : {zone['offreur_unique']}. "
            + (
                "S'il ferme, elle perd toute sa couverture."
                if zone["perimetre"] == CONNUE
                else "Nos sources n'en connaissent pas d'autre, et ne connaissent pas tout."
            )
        )
    if question.zonage != COMMUNE and len(blanches):
        first = blanches.iloc[0]
        parts.append(
            f"{len(blanches)} commune{'s' if len(blanches) > 1 else ''} en zone blanche, "
            f"la plus peuplée étant {first['nom']}."
        )
    return parts
