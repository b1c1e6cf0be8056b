"""The whole content of the sheet of a zone, worked out once for the page, the PDF and the HTML."""

from __future__ import annotations

from dataclasses import dataclass, replace

from geoapp.coverage.model import Question, to_parameters
from geoapp.coverage.offered import is_information
from geoapp.coverage.territories.answers import kept
from geoapp.coverage.territories.coverage import BlocCouverture, coverage_block
from geoapp.coverage.territories.offer import BlocOffre, offer_block
from geoapp.coverage.territories.outside import BlocDehors, outside_block
from geoapp.coverage.territories.quality import BlocQualite, quality_block
from geoapp.coverage.territories.sentences.essentials import write_essentials
from geoapp.coverage.territories.warnings import list_warnings
from geoapp.coverage.territories.zone import Zone
from geoapp.coverage.world import World
from geoapp.offer.by_departement import ParDepartement, count_by_departement


@dataclass(frozen=True, kw_only=True)
class ContenuZone:
    """Everything said of a zone: blocks, `phrases` to retain, `avertissements` on its figures."""

    zone: Zone
    question: Question
    offre: BlocOffre
    couverture: BlocCouverture
    dehors: BlocDehors
    departements: ParDepartement
    qualite: BlocQualite
    phrases: tuple[str, ...]
    avertissements: tuple[str, ...]


def build_content(world: World, question: Question, zone: Zone) -> ContenuZone:
    """Return the content of the sheet of a zone for a question (its zoning is that of the zone)."""
    asked = replace(question, zonage=zone.type_zone)
    world = world.of(asked)
    key = zone.cle, tuple(to_parameters(asked))
    return kept(world, "contenu", key, lambda: _build(world, asked, zone))


def _build(world: World, asked: Question, zone: Zone) -> ContenuZone:
    """Work out the content of a zone, in the world of what its question looks for."""
    offre, couverture = offer_block(world, asked, zone), coverage_block(world, asked, zone)
    dehors = outside_block(world, asked, zone, offre=offre, couverture=couverture)
    # Sources that tell trainings by département alone tell no place of information.
    codes = [] if is_information(asked) else _codes(world, zone)
    departements = count_by_departement(world.snapshot, codes, asked.filtres)
    qualite = quality_block(
        world, asked, zone, offre, aussi=frozenset(departements.lignes["id_source"])
    )
    return ContenuZone(
        zone=zone,
        question=asked,
        offre=offre,
        couverture=couverture,
        dehors=dehors,
        departements=departements,
        qualite=qualite,
        phrases=write_essentials(asked, zone, offre=offre, couverture=couverture, dehors=dehors),
        avertissements=list_warnings(world, zone, offre, couverture),
    )


def _codes(world: World, zone: Zone) -> list[str]:
    """Return the codes of the départements of a zone, those of the region."""
    communes = world.snapshot.read("communes")
    mine = communes["nom_departement"].isin(zone.departements) & communes["est_region"].astype(bool)
    return sorted(communes.loc[mine, "code_departement"].unique())
