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
from geoapp.ingest.state import BuildState, counted
from geoapp.ingest.steps import content_key, do
from geoapp.ingest.tally import Bilan
from geoapp.offer.locating import merge_etablissements
from geoapp.offer.quality.reading import quality_tables
from geoapp.offer.rows import check_offre, split_offre
from geoapp.offer.whole import wide_offers, with_zones
from geoapp.sources.fetch import Located


@dataclass(frozen=True)
class Socle:
    """What offers are placed on: establishments, how far from its commune a point is doubtful; `cle` stands for both."""

    etablissements: pd.DataFrame
    doubtful_distance_m: float
    cle: str


def offer_tables(
    state: BuildState,
    lectures: Lectures,
    doubtful_distance_m: float,
    territoires: Mapping[str, pd.DataFrame],
) -> dict[str, pd.DataFrame]:
    """Return the offer tables, and count every offer source: those replaced and the examples too, which feed nothing.

    Zones come last: offers are placed and compared without them, so that a
    new zoning places and compares nothing again.
    """
    etablissements = _merge_etablissements(state, lectures)
    socle = Socle(
        etablissements,
        doubtful_distance_m,
        state.etapes.cle("socle", doubtful_distance_m, content_key(etablissements)),
    )
    nomenclatures = _read_nomenclatures(state, lectures)
    place = partial(_place, state, lectures, socle)
    feeding = state.feeding("offre")
    result = place("offre-placee", feeding, nomenclatures)
    for one in sorted(state.present("offre"), key=lambda one: one.source.id):
        if one not in feeding:
            place(f"offre-ecartee-{one.source.id}", [one], {})
    if examples := sorted(state.present("offre_exemple"), key=lambda one: one.source.id):
        place("offre-exemples", examples, {})
    result |= _compare_catalogues(state, feeding, result)
    result["offres_departements"] = _departement_offers(state, lectures)
    result |= _link(result, territoires)
    neighbours = state.feeding("offre_voisine")
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
    state: BuildState, feeding: list[Located], placed: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return what is said of the offers together: quality of each row, then duplicates and the offers shown."""
    millesimes = {one.source.id: one.source.millesime for one in feeding}

    def compare() -> dict[str, pd.DataFrame]:
        return quality_tables(placed, state.communes, millesimes) | merge_catalogues(
            placed, millesimes
        )

    cle = state.etapes.cle(
        "rapprochement", content_key(placed), state.region, sorted(millesimes.items())
    )
    return do(state.etapes, "rapprochement", cle, compare)


def _departement_offers(state: BuildState, lectures: Lectures) -> pd.DataFrame:
    """Return the table `offres_departements`: what has no address, counted by département."""
    parts = [no_departement_offers()]
    for one in state.feeding("offre_departement"):
        part, bilan = per_source(
            state, "offre_departement", one, partial(_read_departements, one, lectures, state)
        )
        state.bilans[one.source.id] = bilan
        parts.append(part)
    return conform(pd.concat(parts, ignore_index=True), "offres_departements")


def _read_departements(
    one: Located, lectures: Lectures, state: BuildState
) -> tuple[pd.DataFrame, Bilan]:
    part, bilan = read_by_departement(lectures[one.source.id], one.source, state.communes)
    bilan.count_apart(lectures[one.source.id].nb_ecartees)
    return part, bilan


def _merge_etablissements(state: BuildState, lectures: Lectures) -> pd.DataFrame:
    """Return the establishments of every source by UAI code, and count them."""
    references = []
    for one in state.present("etablissements"):
        frame, state.bilans[one.source.id] = per_source(
            state, "etablissements", one, partial(_read_etablissements, one, lectures, state)
        )
        references.append(frame.assign(id_source=one.source.id))
    return merge_etablissements(references)


def _read_etablissements(
    one: Located, lectures: Lectures, state: BuildState
) -> tuple[pd.DataFrame, Bilan]:
    return offers.read_etablissements(
        lectures[one.source.id], one.source, state.communes, state.passage
    )


def _read_nomenclatures(state: BuildState, lectures: Lectures) -> dict[str, pd.DataFrame]:
    """Return the nomenclatures at hand by the code that they list, and count them."""
    tables = {}
    for one in state.present("nomenclature"):
        nomenclature, state.bilans[one.source.id] = per_source(
            state, "nomenclature", one, partial(_read_nomenclature, one, lectures)
        )
        tables[key_of(one.source)] = nomenclature
    return tables


def _read_nomenclature(one: Located, lectures: Lectures) -> tuple[pd.DataFrame, Bilan]:
    nomenclature, bilan = read_nomenclature(lectures[one.source.id], one.source)
    return nomenclature.table, bilan


def _checked(
    state: BuildState, lectures: Lectures, one: Located, certifications: pd.DataFrame | None
) -> tuple[dict[str, pd.DataFrame], Bilan, tuple]:
    """Return the tables of one offer source read alone, its counts, and what to count apart once they are placed."""
    autres = [sources_key(state, "nomenclature")] if one.source.usage == "offre_voisine" else []
    return per_source(
        state, one.source.usage, one, partial(_check, one, lectures, state, certifications), *autres
    )


def _check(
    one: Located, lectures: Lectures, state: BuildState, certifications: pd.DataFrame | None
) -> tuple[dict[str, pd.DataFrame], Bilan, tuple]:
    """Do what `_checked` keeps."""
    source, lecture = one.source, lectures[one.source.id]
    apart = (lecture.nb_ecartees,)
    if source.usage == "offre_voisine":
        lecture, outside = keep_neighbours(lecture, state.communes)
        apart = outside, "hors du voisinage"
    checked = check_offre(lecture.frame, source, communes=state.communes, passage=state.passage)
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
    return split_offre(flat, source.id), bilan, apart


def _place(
    state: BuildState,
    lectures: Lectures,
    socle: Socle,
    nom: str,
    sources: list[Located],
    nomenclatures: Mapping[str, pd.DataFrame],
) -> dict[str, pd.DataFrame]:
    """Return the offers of some sources checked, placed and joined to nomenclatures, and count them."""
    read = [reading_key(state, one) for one in sources]
    cle = state.etapes.cle(
        "placement",
        socle.cle,
        sources_key(state, "passage"),
        read,
        sources_key(state, "nomenclature") if nomenclatures else "",
    )
    return counted(state, nom, cle, partial(_place_now, lectures, socle, sources, nomenclatures))


def _place_now(
    lectures: Lectures,
    socle: Socle,
    sources: list[Located],
    nomenclatures: Mapping[str, pd.DataFrame],
    state: BuildState,
) -> dict[str, pd.DataFrame]:
    """Do what `_place` keeps."""
    checked = [
        _checked(state, lectures, one, nomenclatures.get("code_certifinfo")) for one in sources
    ]
    tables, repairs = offers.offer_tables(
        [parts for parts, _, _ in checked],
        communes=state.communes,
        etablissements=socle.etablissements,
        doubtful_distance_m=socle.doubtful_distance_m,
        nomenclatures=nomenclatures,
    )
    inside = set(state.communes.loc[state.communes["est_region"].astype(bool), "code_commune"])
    for _, bilan, apart in checked:
        _count(bilan, tables, repairs, inside)
        bilan.count_apart(*apart)
        state.bilans[bilan.id_source] = bilan
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
