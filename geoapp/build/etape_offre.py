"""Steps of a build that make the offer: each source checked apart, then placed with those it is shown with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import geopandas as gpd
import pandas as pd

from geoapp.build import offres
from geoapp.build.bilan import Bilan
from geoapp.build.departements import no_departement_offers, read_by_departement
from geoapp.build.doublons import merge_catalogues
from geoapp.build.etapes import content_key, do
from geoapp.build.lectures import Lectures, per_source, reading_key, sources_key
from geoapp.build.nomenclatures import key_of, read_nomenclature
from geoapp.build.voisines import keep_neighbours, name_trainings, no_neighbours
from geoapp.build.world import World, counted
from geoapp.locating import merge_etablissements
from geoapp.offre import check_offre
from geoapp.quality.lecture import quality_tables
from geoapp.schema import conform
from geoapp.sources.fetch import Located

@dataclass(frozen=True)
class Socle:
    """What every offer is placed on: territories, and how far from its commune a point is doubtful; `cle` stands for all of it."""

    tables: Mapping[str, pd.DataFrame]
    cle: str
    doubtful_distance_m: float


def offer_tables(world: World, lectures: Lectures, socle: Socle) -> dict[str, pd.DataFrame]:
    """Return the offer tables, and count every offer source: those replaced and the examples too, which feed nothing."""
    etablissements = _merge_etablissements(world, lectures)
    nomenclatures = _read_nomenclatures(world, lectures)
    place = partial(_place, world, lectures, socle, etablissements)
    feeding = world.feeding("offre")
    result = place("offre-placee", feeding, nomenclatures)
    for one in sorted(world.present("offre"), key=lambda one: one.source.id):
        if one not in feeding:
            place(f"offre-ecartee-{one.source.id}", [one], {})
    if examples := sorted(world.present("offre_exemple"), key=lambda one: one.source.id):
        place("offre-exemples", examples, {})
    result |= _compare_catalogues(world, feeding, result)
    result["offres_departements"] = _departement_offers(world, lectures)
    neighbours = world.feeding("offre_voisine")
    result["offres_voisines"] = place("offre-voisine", neighbours, nomenclatures)["offres"] if neighbours else no_neighbours()
    return result


def _compare_catalogues(world: World, feeding: list[Located], placed: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return what is said of the offers together: quality of each row, then duplicates and the offers shown."""
    millesimes = {one.source.id: one.source.millesime for one in feeding}

    def compare() -> dict[str, pd.DataFrame]:
        return quality_tables(placed, world.communes, millesimes) | merge_catalogues(placed, millesimes)

    cle = world.etapes.cle("rapprochement", content_key(placed), world.region, sorted(millesimes.items()))
    return do(world.etapes, "rapprochement", cle, compare)


def _placement_key(world: World, socle: Socle, sources: list[Located], is_named: bool) -> str:
    """Return the key of the offers of some sources, placed; `is_named` when nomenclatures complete them."""
    read = [reading_key(world, one) for one in sources]
    return world.etapes.cle("placement", socle.cle, read, sources_key(world, "nomenclature") if is_named else "")


def _departement_offers(world: World, lectures: Lectures) -> pd.DataFrame:
    """Return the table `offres_departements`: what has no address, counted by département."""
    parts = [no_departement_offers()]
    for one in world.feeding("offre_departement"):
        part, bilan = per_source(world, "offre_departement", one, partial(_read_departements, one, lectures, world))
        world.bilans[one.source.id] = bilan
        parts.append(part)
    return conform(pd.concat(parts, ignore_index=True), "offres_departements")


def _read_departements(one: Located, lectures: Lectures, world: World) -> tuple[pd.DataFrame, Bilan]:
    part, bilan = read_by_departement(lectures[one.source.id], one.source, world.communes)
    bilan.count_apart(lectures[one.source.id].nb_ecartees)
    return part, bilan


def _merge_etablissements(world: World, lectures: Lectures) -> pd.DataFrame:
    """Return the establishments of every source by UAI code, and count them."""
    references = []
    for one in world.present("etablissements"):
        frame, world.bilans[one.source.id] = per_source(world, "etablissements", one, partial(_read_etablissements, one, lectures, world))
        references.append(frame)
    return merge_etablissements(references)


def _read_etablissements(one: Located, lectures: Lectures, world: World) -> tuple[pd.DataFrame, Bilan]:
    return offres.read_etablissements(lectures[one.source.id], one.source, world.communes, world.passage)


def _read_nomenclatures(world: World, lectures: Lectures) -> dict[str, pd.DataFrame]:
    """Return the nomenclatures at hand by the code that they list, and count them."""
    tables = {}
    for one in world.present("nomenclature"):
        nomenclature, world.bilans[one.source.id] = per_source(world, "nomenclature", one, partial(_read_nomenclature, one, lectures))
        tables[key_of(one.source)] = nomenclature
    return tables


def _read_nomenclature(one: Located, lectures: Lectures) -> tuple[pd.DataFrame, Bilan]:
    nomenclature, bilan = read_nomenclature(lectures[one.source.id], one.source)
    return nomenclature.table, bilan


def _check(one: Located, lectures: Lectures, world: World) -> tuple[pd.DataFrame, Bilan, tuple]:
    """Return the rows of one offer source that can be kept, its counts, and what to count apart once they are placed."""
    source, lecture = one.source, lectures[one.source.id]
    apart = (lecture.nb_ecartees,)
    if source.usage == "offre_voisine":
        lecture, outside = keep_neighbours(lecture, world.communes)
        apart = outside, "hors du voisinage"
    checked = check_offre(lecture.frame, source, communes=world.communes, passage=world.passage)
    bilan = Bilan(source.id, lecture.nb_lues, len(checked.flat), lecture.rejets + checked.rejets, lecture.corrections + checked.corrections)
    return checked.flat, bilan, apart


def _place(world: World, lectures: Lectures, socle: Socle, etablissements: pd.DataFrame, nom: str, sources: list[Located],
           nomenclatures: Mapping[str, pd.DataFrame]) -> dict[str, gpd.GeoDataFrame]:
    """Return the offers of some sources checked, placed, joined to nomenclatures and zones, and count them."""
    cle = _placement_key(world, socle, sources, bool(nomenclatures))
    return counted(world, nom, cle, partial(_place_now, lectures, socle, etablissements, sources, nomenclatures))


def _place_now(lectures: Lectures, socle: Socle, etablissements: pd.DataFrame, sources: list[Located],
               nomenclatures: Mapping[str, pd.DataFrame], world: World) -> dict[str, pd.DataFrame]:
    """Do what `_place` keeps."""
    checked = {one.source.id: per_source(world, one.source.usage, one, partial(_check, one, lectures, world)) for one in sources}
    flats = {id_source: flat for id_source, (flat, _, _) in checked.items()}
    if sources[0].source.usage == "offre_voisine":
        flats = {id_source: name_trainings(flat, nomenclatures.get("code_certifinfo")) for id_source, flat in flats.items()}
    parts, repairs = offres.offer_tables(
        flats, communes=world.communes, etablissements=etablissements, doubtful_distance_m=socle.doubtful_distance_m, nomenclatures=nomenclatures
    )
    parts["lieux_zones"] = offres.link_places(parts["lieux"], socle.tables["zones"], socle.tables["communes_zones"])
    parts["offres"] = offres.wide_offers(parts, {one.source.id for one in sources if one.mode == "demonstration"})
    inside = set(world.communes.loc[world.communes["est_region"].astype(bool), "code_commune"])
    for id_source, (_, bilan, apart) in checked.items():
        _count(bilan, parts["offres"], repairs, inside)
        bilan.count_apart(*apart)
        world.bilans[id_source] = bilan
    return parts


def _count(bilan: Bilan, offers: gpd.GeoDataFrame, repairs: pd.DataFrame, inside: set[str]) -> None:
    """Complete the counts of one source once its offers are placed."""
    offres.count_places(bilan, offers, inside)
    mine = repairs[repairs.index.str.startswith(bilan.id_source + ":")]
    bilan.corrections += [{"ligne": f"lieu {id_lieu}", "colonne": "latitude, longitude", **row} for id_lieu, row in mine.to_dict("index").items()]
