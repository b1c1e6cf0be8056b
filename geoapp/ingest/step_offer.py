"""Steps of a build that make the offer: each source checked apart, then placed with those it is shown with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from geoapp.core.schema import conform
from geoapp.ingest import offers
from geoapp.ingest.by_departement import no_departement_offers, read_by_departement
from geoapp.ingest.duplicates import merge_catalogues
from geoapp.ingest.neighbours import keep_neighbours, name_trainings, no_neighbours
from geoapp.ingest.nomenclatures import key_of, read_nomenclature
from geoapp.ingest.readings import Lectures, per_source, reading_key, sources_key
from geoapp.ingest.steps import content_key, do
from geoapp.ingest.tally import Bilan
from geoapp.ingest.world import World, counted
from geoapp.offer.locating import merge_etablissements
from geoapp.offer.quality.reading import quality_tables
from geoapp.offer.rows import check_offre
from geoapp.offer.whole import wide_offers, with_zones
from geoapp.sources.fetch import Located


@dataclass(frozen=True)
class Socle:
    """What offers are placed on: establishments, how far from its commune a point is doubtful; `cle` stands for both."""

    etablissements: pd.DataFrame
    doubtful_distance_m: float
    cle: str


def offer_tables(
    world: World,
    lectures: Lectures,
    doubtful_distance_m: float,
    territoires: Mapping[str, pd.DataFrame],
) -> dict[str, pd.DataFrame]:
    """Return the offer tables, and count every offer source: those replaced and the examples too, which feed nothing.

    Zones come last: offers are placed and compared without them, so that a
    new zoning places and compares nothing again.
    """
    etablissements = _merge_etablissements(world, lectures)
    socle = Socle(
        etablissements,
        doubtful_distance_m,
        world.etapes.cle("socle", doubtful_distance_m, content_key(etablissements)),
    )
    nomenclatures = _read_nomenclatures(world, lectures)
    place = partial(_place, world, lectures, socle)
    feeding = world.feeding("offre")
    result = place("offre-placee", feeding, nomenclatures)
    for one in sorted(world.present("offre"), key=lambda one: one.source.id):
        if one not in feeding:
            place(f"offre-ecartee-{one.source.id}", [one], {})
    if examples := sorted(world.present("offre_exemple"), key=lambda one: one.source.id):
        place("offre-exemples", examples, {})
    result |= _compare_catalogues(world, feeding, result)
    result["offres_departements"] = _departement_offers(world, lectures)
    result |= _link(result, territoires)
    neighbours = world.feeding("offre_voisine")
    result["offres_voisines"] = (
        _link(place("offre-voisine", neighbours, nomenclatures), territoires)["offres"]
        if neighbours
        else no_neighbours()
    )
    return result


def _link(
    placed: Mapping[str, pd.DataFrame], territoires: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return `lieux_zones`, and the offers with their zones."""
    links = offers.link_places(placed["lieux"], territoires["zones"], territoires["communes_zones"])
    return {"lieux_zones": links, "offres": with_zones(placed["offres"], links)}


def _compare_catalogues(
    world: World, feeding: list[Located], placed: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return what is said of the offers together: quality of each row, then duplicates and the offers shown."""
    millesimes = {one.source.id: one.source.millesime for one in feeding}

    def compare() -> dict[str, pd.DataFrame]:
        return quality_tables(placed, world.communes, millesimes) | merge_catalogues(
            placed, millesimes
        )

    cle = world.etapes.cle(
        "rapprochement", content_key(placed), world.region, sorted(millesimes.items())
    )
    return do(world.etapes, "rapprochement", cle, compare)


def _departement_offers(world: World, lectures: Lectures) -> pd.DataFrame:
    """Return the table `offres_departements`: what has no address, counted by département."""
    parts = [no_departement_offers()]
    for one in world.feeding("offre_departement"):
        part, bilan = per_source(
            world, "offre_departement", one, partial(_read_departements, one, lectures, world)
        )
        world.bilans[one.source.id] = bilan
        parts.append(part)
    return conform(pd.concat(parts, ignore_index=True), "offres_departements")


def _read_departements(
    one: Located, lectures: Lectures, world: World
) -> tuple[pd.DataFrame, Bilan]:
    part, bilan = read_by_departement(lectures[one.source.id], one.source, world.communes)
    bilan.count_apart(lectures[one.source.id].nb_ecartees)
    return part, bilan


def _merge_etablissements(world: World, lectures: Lectures) -> pd.DataFrame:
    """Return the establishments of every source by UAI code, and count them."""
    references = []
    for one in world.present("etablissements"):
        frame, world.bilans[one.source.id] = per_source(
            world, "etablissements", one, partial(_read_etablissements, one, lectures, world)
        )
        references.append(frame.assign(id_source=one.source.id))
    return merge_etablissements(references)


def _read_etablissements(
    one: Located, lectures: Lectures, world: World
) -> tuple[pd.DataFrame, Bilan]:
    return offers.read_etablissements(
        lectures[one.source.id], one.source, world.communes, world.passage
    )


def _read_nomenclatures(world: World, lectures: Lectures) -> dict[str, pd.DataFrame]:
    """Return the nomenclatures at hand by the code that they list, and count them."""
    tables = {}
    for one in world.present("nomenclature"):
        nomenclature, world.bilans[one.source.id] = per_source(
            world, "nomenclature", one, partial(_read_nomenclature, one, lectures)
        )
        tables[key_of(one.source)] = nomenclature
    return tables


def _read_nomenclature(one: Located, lectures: Lectures) -> tuple[pd.DataFrame, Bilan]:
    nomenclature, bilan = read_nomenclature(lectures[one.source.id], one.source)
    return nomenclature.table, bilan


def _checked(
    world: World, lectures: Lectures, one: Located, certifications: pd.DataFrame | None
) -> tuple[dict[str, pd.DataFrame], Bilan, tuple]:
    """Return the tables of one offer source read alone, its counts, and what to count apart once they are placed."""
    autres = [sources_key(world, "nomenclature")] if one.source.usage == "offre_voisine" else []
    return per_source(
        world, one.source.usage, one, partial(_check, one, lectures, world, certifications), *autres
    )


def _check(
    one: Located, lectures: Lectures, world: World, certifications: pd.DataFrame | None
) -> tuple[dict[str, pd.DataFrame], Bilan, tuple]:
    """Do what `_checked` keeps."""
    source, lecture = one.source, lectures[one.source.id]
    apart = (lecture.nb_ecartees,)
    if source.usage == "offre_voisine":
        lecture, outside = keep_neighbours(lecture, world.communes)
        apart = outside, "hors du voisinage"
    checked = check_offre(lecture.frame, source, communes=world.communes, passage=world.passage)
    bilan = Bilan(
        source.id,
        lecture.nb_lues,
        len(checked.flat),
        lecture.rejets + checked.rejets,
        lecture.corrections + checked.corrections,
    )
    flat = (
        name_trainings(checked.flat, certifications)
        if source.usage == "offre_voisine"
        else checked.flat
    )
    return offers.split_source(flat, source.id), bilan, apart


def _place(
    world: World,
    lectures: Lectures,
    socle: Socle,
    nom: str,
    sources: list[Located],
    nomenclatures: Mapping[str, pd.DataFrame],
) -> dict[str, pd.DataFrame]:
    """Return the offers of some sources checked, placed and joined to nomenclatures, and count them."""
    read = [reading_key(world, one) for one in sources]
    cle = world.etapes.cle(
        "placement",
        socle.cle,
        sources_key(world, "passage"),
        read,
        sources_key(world, "nomenclature") if nomenclatures else "",
    )
    return counted(world, nom, cle, partial(_place_now, lectures, socle, sources, nomenclatures))


def _place_now(
    lectures: Lectures,
    socle: Socle,
    sources: list[Located],
    nomenclatures: Mapping[str, pd.DataFrame],
    world: World,
) -> dict[str, pd.DataFrame]:
    """Do what `_place` keeps."""
    checked = [
        _checked(world, lectures, one, nomenclatures.get("code_certifinfo")) for one in sources
    ]
    tables, repairs = offers.offer_tables(
        [parts for parts, _, _ in checked],
        communes=world.communes,
        etablissements=socle.etablissements,
        doubtful_distance_m=socle.doubtful_distance_m,
        nomenclatures=nomenclatures,
    )
    inside = set(world.communes.loc[world.communes["est_region"].astype(bool), "code_commune"])
    for _, bilan, apart in checked:
        _count(bilan, tables, repairs, inside)
        bilan.count_apart(*apart)
        world.bilans[bilan.id_source] = bilan
    tables["offres"] = wide_offers(
        tables, {one.source.id for one in sources if one.mode == "demonstration"}
    )
    return tables


def _count(
    bilan: Bilan, tables: Mapping[str, pd.DataFrame], repairs: pd.DataFrame, inside: set[str]
) -> None:
    """Complete the counts of one source once its offers are placed."""
    offers.count_places(bilan, tables, inside)
    mine = repairs[repairs.index.str.startswith(bilan.id_source + ":")]
    bilan.corrections += [
        {"ligne": f"lieu {id_lieu}", "colonne": "latitude, longitude", **row}
        for id_lieu, row in mine.to_dict("index").items()
    ]
