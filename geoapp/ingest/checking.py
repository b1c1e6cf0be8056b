"""Check one lecture against what its usage expects, without building: `geoapp check`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd

from geoapp.ingest import demand, needs, offers, territories
from geoapp.ingest.by_departement import read_by_departement
from geoapp.ingest.neighbours import keep_neighbours, keep_region
from geoapp.ingest.nomenclatures import read_nomenclature
from geoapp.ingest.roads import read_stations
from geoapp.ingest.statistics import read_statistics
from geoapp.ingest.tally import Bilan
from geoapp.ingest.totals import read_totals
from geoapp.ingest.tracks import read_tracks
from geoapp.offer.journal import Journal, resolve_communes
from geoapp.offer.repeats import LignesVues
from geoapp.offer.rows import check_offre
from geoapp.sources.records import Lecture
from geoapp.sources.registry import Source
from geoapp.sources.usages import USAGES


@dataclass(frozen=True, kw_only=True)
class Reperes:
    """What a source is checked against: communes, old codes, the offers of the batches before."""

    communes: gpd.GeoDataFrame
    passage: dict[str, str]
    vues: LignesVues | None = None


def check_lecture(
    source: Source,
    lecture: Lecture,
    *,
    communes: gpd.GeoDataFrame,
    passage: dict[str, str],
    vues: LignesVues | None = None,
) -> Bilan:
    """Return the counts, rejects and corrections of one source read alone.

    `vues` holds the offers of the batches before.
    """
    reperes = Reperes(communes=communes, passage=passage, vues=vues)
    lecture = keep_region(lecture, source, communes)
    bilan = CONTROLES[source.usage](source, lecture, reperes)
    bilan.count_apart(lecture.nb_ecartees)
    return bilan


def _check_offer(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    """Check the rows of an offer."""
    checked = check_offre(
        lecture.frame,
        source,
        communes=reperes.communes,
        passage=reperes.passage,
        vues=reperes.vues,
    )
    bilan = Bilan.of_offer(source.id, lecture, checked)
    offers.locate_alone(bilan, checked.flat, reperes.communes)
    return bilan


def _check_by_departement(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    return read_by_departement(lecture, source, reperes.communes)[1]


def _check_zoning(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    if "geometry" in lecture.frame:
        return territories.read_polygons(lecture, source, reperes.communes)[1]
    return territories.read_members(lecture, source, reperes.communes, reperes.passage)[1]


def _check_grid(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    return territories.read_grid(lecture, source, reperes.communes, reperes.passage)[1]


def _check_places(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    return offers.read_etablissements(lecture, source, reperes.communes, reperes.passage)[1]


def _check_nomenclature(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    return read_nomenclature(lecture, source)[1]


def _check_statistics(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    return read_statistics(lecture, source)[1]


def _check_totals(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    return read_totals(lecture, source)[1]


def _check_ages(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    return demand.read_ages(lecture, source.id)[1]


def _check_tracks(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    return read_tracks(lecture, source)[1]


def _check_zone_people(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    return territories.read_zone_people(lecture, source)[1]


def _check_neighbours(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    """Check the rows of the neighbouring départements; the others are valid as they are."""
    mine, outside = keep_neighbours(lecture, reperes.communes)
    bilan = _check_offer(source, mine, reperes)
    bilan.nb_lues, bilan.nb_valides = bilan.nb_lues + outside, bilan.nb_valides + outside
    return bilan


def _check_streets(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    return Bilan.of_reading(source.id, lecture)


def _check_codes(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    """Check the commune codes of any table, when it has some."""
    journal = Journal(lecture.frame.drop(columns="geometry", errors="ignore"))
    if "code_commune" in journal.frame and USAGES[source.usage].etape == "verification":
        resolve_communes(journal, "code_commune", reperes.communes, reperes.passage)
        lost = journal.frame["code_commune"].isna()
        journal.refuse("code_commune", lost, "commune_inconnue", with_original=True)
    return Bilan.of(source.id, lecture, journal)


def _check_measures(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    return needs.read_measures(lecture, source, reperes.communes, reperes.passage)[1]


def _check_information(source: Source, lecture: Lecture, reperes: Reperes) -> Bilan:
    return needs.read_information(lecture, source, reperes.communes, reperes.passage)[1]


CONTROLES: dict[str, Callable[[Source, Lecture, Reperes], Bilan]] = {
    "offre": _check_offer,
    "offre_exemple": _check_offer,
    "offre_departement": _check_by_departement,
    "offre_voisine": _check_neighbours,
    "filieres": _check_tracks,
    "zonage": _check_zoning,
    "population_zonage": _check_zone_people,
    "passage": _check_codes,
    "etablissements": _check_places,
    "population": _check_grid,
    "ages": _check_ages,
    "statistique": _check_statistics,
    "total": _check_totals,
    "nomenclature": _check_nomenclature,
    "besoins": lambda source, lecture, _: needs.read_needs(lecture, source)[1],
    "familles_rome": lambda source, lecture, _: needs.read_job_families(lecture, source)[1],
    "tensions": lambda source, lecture, _: needs.read_tensions(lecture, source)[1],
    "demandeurs_secteurs": lambda source, lecture, _: needs.read_sectors(lecture, source)[1],
    "mesures_communes": _check_measures,
    "rues": _check_streets,
    "gares": lambda source, lecture, _: read_stations(lecture, source)[1],
    "lieux_information": _check_information,
    "verification": _check_codes,
}
"""How each usage of `geoapp.sources.usages` that a source may have is checked."""
