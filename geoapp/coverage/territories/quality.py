"""How good the data behind a sheet are: defects, offers without a place, sources, vintages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from geoapp.coverage.indicators import INDICATEURS, MENTIONS
from geoapp.coverage.model import OFFRES, PUBLICS, Question, describe_reach, usages_of
from geoapp.coverage.offered import is_information, worded
from geoapp.coverage.sentences import list_sources
from geoapp.coverage.territories.answers import region_rows, unplaced_rows
from geoapp.coverage.territories.offer import BlocOffre
from geoapp.coverage.territories.zone import Zone
from geoapp.coverage.white_zones import CAUSES, SOLIDITES, Terme
from geoapp.coverage.world import World
from geoapp.offer.counted import is_remote
from geoapp.offer.values import yes
from geoapp.reference.zonings import COMPARES

DEFAUTS: tuple[tuple[str, str, Callable[[pd.DataFrame], pd.Series]], ...] = (
    (
        "douteuse",
        "Position douteuse (à plus d'un kilomètre de la commune déclarée)",
        lambda offres: yes(offres["est_douteuse"]),
    ),
    (
        "mairie",
        "Placée à la mairie (adresse inconnue ou position douteuse)",
        lambda offres: offres["precision_position"].eq("commune").fillna(False),
    ),
    ("sans_places", "Nombre de places inconnu", lambda offres: offres["capacite"].isna()),
    ("sans_niveau", "Niveau de sortie inconnu", lambda offres: offres["niveau_sortie"].isna()),
    ("sans_voie", "Voie inconnue", lambda offres: offres["voie"].isna()),
    ("sans_date", "Date de début inconnue", lambda offres: offres["date_debut"].isna()),
)
"""Defects counted among the placed offers: name, title, which rows have it."""

DE_LIEU = ("mairie",)
"""Those that a place of information may have."""


@dataclass(frozen=True, kw_only=True)
class BlocQualite:
    """The quality of the data of a zone.

    `defauts`: `nom`, `titre`, `nb` (NaN when the offers inside are not known), `part`, `nb_region`,
    `part_region` (shares NaN without offer); `nb_non_placees` the offers of the whole region
    without position, `nb_non_placees_zone` those of them whose commune is in the zone; `sources`
    those of the offers of the zone (`id_source`, `titre`, `millesime`, `nb_offres`…), `autres` the
    other sources behind the figures.
    """

    defauts: pd.DataFrame
    nb_non_placees: int
    nb_non_placees_zone: int
    nb_a_distance: int
    sources: pd.DataFrame
    autres: pd.DataFrame


def quality_block(
    world: World,
    question: Question,
    zone: Zone,
    offre: BlocOffre,
    *,
    aussi: frozenset[str] = frozenset(),
) -> BlocQualite:
    """Return the quality of the data of a zone; `aussi` are other sources that its sheet shows."""
    region, lost = region_rows(world, question), unplaced_rows(world, question)
    # A remote formation has no place to lack: it is counted apart.
    lost = lost[~is_remote(lost)]
    inside = lost["zones"].str.split("|").map(lambda held: zone.cle in held).astype(bool)
    sources, others = _sources(world, offre.lignes, _used(world, question, zone) | aussi)
    defects = _defects(offre.lignes, region)
    if world.est_information:
        defects = defects[defects["nom"].isin(DE_LIEU)].reset_index(drop=True)
    if not offre.est_connue:
        defects["nb"] = float("nan")
    return BlocQualite(
        defauts=defects,
        nb_non_placees=len(lost),
        nb_non_placees_zone=int(inside.sum()),
        nb_a_distance=world.nb_a_distance,
        sources=sources,
        autres=others,
    )


def _defects(mine: pd.DataFrame, region: pd.DataFrame) -> pd.DataFrame:
    """Return the count and share of each defect in the zone and in the region."""
    rows = []
    for nom, titre, find in DEFAUTS:
        here, there = int(find(mine).sum()), int(find(region).sum())
        part = here / len(mine) if len(mine) else float("nan")
        part_region = there / len(region) if len(region) else float("nan")
        rows.append((nom, titre, here, part, there, part_region))
    return pd.DataFrame(rows, columns=["nom", "titre", "nb", "part", "nb_region", "part_region"])


def _used(world: World, question: Question, zone: Zone) -> set[str]:
    """Return the sources of communes, people, neighbours, zoning and publics behind a sheet."""
    zones = world.snapshot.read("zones")
    compared = zones[zones["type_zone"].isin([*COMPARES, zone.type_zone])]["id_source"]
    usages = {
        "communes",
        "population",
        *usages_of(question.public),
        *(["offre_voisine"] if question.voisins else []),
    }
    return {
        *compared,
        zone.id_source,
        *(source["id_source"] for source in list_sources(world) if source["usage"] in usages),
    }


def _sources(
    world: World, offres: pd.DataFrame, used: set[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the sources of the offers of a zone with their counts, and the others used."""
    known = pd.DataFrame(list_sources(world))
    counts = offres["id_source"].value_counts()
    mine = known[known["id_source"].isin(counts.index)]
    mine = mine.assign(nb_offres=mine["id_source"].map(counts).astype(int)).sort_values(
        ["nb_offres", "id_source"], ascending=[False, True], ignore_index=True
    )
    others = known[known["id_source"].isin(used) & ~known["id_source"].isin(counts.index)]
    return mine, others.sort_values(["usage", "id_source"], ignore_index=True)


def list_methods(question: Question) -> list[tuple[str, str]]:
    """Return the definitions that a reader needs, (term, meaning)."""
    counted = (
        (
            "Lieu d'information",
            "Un lieu où l'on s'informe sur les formations et s'oriente, compté une fois.",
        )
        if is_information(question)
        else (
            "Formation",
            "Une formation dans un lieu de formation : la même, donnée en deux lieux, "
            "compte deux fois.",
        )
    )
    return [
        counted,
        (
            "Seuil",
            f"{describe_reach(question)}, compris. "
            + worded("Le trajet est estimé, jusqu'à la formation la plus proche.", question),
        ),
        ("Habitants", PUBLICS[question.public] + "."),
        ("Offre comptée dans l'accessibilité", OFFRES[question.offre] + "."),
        (
            "Accessibilité (E2SFCA)",
            INDICATEURS["e2sfca"].sens + ".",
        ),
        (
            "Zone blanche",
            "Commune dont la moitié au moins des habitants manque d'offre. Cause : "
            + ", ou ".join(_bracketed(terme) for terme in CAUSES.values())
            + ".",
        ),
        (
            MENTIONS["solidite"].titre,
            "Zone blanche " + ", ou ".join(_bracketed(terme) for terme in SOLIDITES.values()) + ".",
        ),
        (
            MENTIONS["offreur_unique"].titre,
            worded(
                "Organisme sans lequel la zone, ou la commune, perdrait toute sa couverture : "
                "aucun autre n'est à portée de ses habitants couverts.",
                question,
            ),
        ),
        (
            "Petits nombres",
            "Un nombre de personnes de 1 à 4 s'écrit « < 5 » ; inconnu n'est jamais zéro.",
        ),
    ]


def _bracketed(terme: Terme) -> str:
    """Return a term as « mot (sens) »."""
    return f"{terme.libelle} ({terme.definition})"
