"""Steps of a build that make the offer.

Each source checked apart, then placed with those it is shown with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

import pandas as pd

from geoapp.core.packed import Packed
from geoapp.core.schema import conform
from geoapp.core.unused import give_back
from geoapp.ingest import offers
from geoapp.ingest.by_departement import no_departement_offers, read_by_departement
from geoapp.ingest.duplicates import merge_catalogues
from geoapp.ingest.naming import gather_labels
from geoapp.ingest.neighbours import keep_neighbours, keep_region, name_trainings, no_neighbours
from geoapp.ingest.nomenclatures import job_names, key_of, read_nomenclature
from geoapp.ingest.readings import Lectures, per_source, reading_key, sources_key
from geoapp.ingest.state import BuildState, counted
from geoapp.ingest.steps import content_key, digest_of, do
from geoapp.ingest.tally import Bilan
from geoapp.ingest.tracks import make_offers, read_tracks
from geoapp.offer.establishments import complete_etablissements
from geoapp.offer.locating import locate_lieux, merge_etablissements
from geoapp.offer.naming.titles import Libelles
from geoapp.offer.quality.reading import quality_tables
from geoapp.offer.rows import PETITE, check_offre, check_small, split_offre, split_places
from geoapp.offer.whole import wide_offers, with_zones
from geoapp.reference.codes.tracks import Filieres, read_filieres
from geoapp.sources.fetch import Located
from geoapp.sources.records import Lecture
from geoapp.sources.registry import Source

Split = Callable[[pd.DataFrame, str], dict[str, pd.DataFrame]]
"""What parts a checked flat offer into tables: all of them, or those of its places."""

Checked = tuple[dict[str, pd.DataFrame], Bilan, tuple]
"""The tables of an offer source, its counts, and what to count apart once it is placed."""


@dataclass(frozen=True)
class Socle:
    """What offers are placed on: establishments, how far from its commune a point is doubtful.

    `key` stands for both.
    """

    etablissements: pd.DataFrame
    doubtful_distance_m: float
    key: str


@dataclass(frozen=True, kw_only=True)
class Placement:
    """What every placement of offers uses; without nomenclatures, jobs stay unknown."""

    lectures: Lectures
    socle: Socle
    nomenclatures: Mapping[str, pd.DataFrame]

    @cached_property
    def filieres(self) -> Filieres:
        """Return what the nomenclatures say of tracks."""
        return read_filieres(self.nomenclatures)


_PAR_OFFRE = ("offres", "doublons", "lieux_zones")
"""Tables of rows by offer or by place, packed once they are final."""


def offer_tables(
    state: BuildState,
    lectures: Lectures,
    doubtful_distance_m: float,
    territoires: Mapping[str, pd.DataFrame],
) -> dict[str, pd.DataFrame | Packed]:
    """Return the offer tables, those that grow with it packed, and count every offer source.

    Those replaced and the examples too, which feed nothing.

    Zones come last: offers are placed and compared without them, so that a
    new zoning places and compares nothing again.
    """
    etablissements = _merge_etablissements(state, lectures)
    key = digest_of(doubtful_distance_m, content_key(etablissements))
    socle = Socle(etablissements, doubtful_distance_m, key)
    nomenclatures = read_nomenclatures(state, lectures)
    feeding = [*state.feeding("offre"), *state.feeding("filieres")]
    placement = Placement(lectures=lectures, socle=socle, nomenclatures=nomenclatures)
    result = place_offers(state, "offre-placee", feeding, placement, is_kept=True)
    _place_apart(state, placement)
    result |= _compare_catalogues(state, feeding, result)
    result["offres_departements"] = _departement_offers(state, lectures)
    result["appellations"] = job_names(nomenclatures)
    result["etablissements"] = etablissements
    result |= _link(result, territoires)
    result["offres_voisines"] = no_neighbours()
    if neighbours := state.feeding("offre_voisine"):
        placed = place_offers(state, "offre-voisine", neighbours, placement)
        # One training, once, there too: their repeats would weigh on the people of the border.
        merged = merge_catalogues(placed, _vintages(neighbours))
        placed = {**placed, "offres": merged["offres"]}
        result["offres_voisines"] = _link(placed, territoires)["offres"]
    return result | {nom: Packed.of(result.pop(nom), nom) for nom in _PAR_OFFRE}


def _place_apart(state: BuildState, placement: Placement) -> None:
    """Count the sources that are replaced by another, and the examples: they feed nothing.

    Their places are made and located, nothing else.  They need no nomenclature, but tracks, of
    which the codes say what row completes another.
    """
    unnamed = replace(placement, nomenclatures={})
    for one in sorted(state.present("offre", "filieres"), key=lambda one: one.source.id):
        if state.is_replaced(one.source):
            named = placement if one.source.usage == "filieres" else unnamed
            _locate_apart(state, f"offre-ecartee-{one.source.id}", [one], named)
    if examples := sorted(state.present("offre_exemple"), key=lambda one: one.source.id):
        _locate_apart(state, "offre-exemples", examples, unnamed)


def _locate_apart(
    state: BuildState, nom: str, sources: list[Located], placement: Placement
) -> None:
    """Count the offers of some sources that feed nothing, once their places are located."""
    key = _placement_key(state, sources, placement, "a part")
    counted(state, nom, key, lambda mine: _locate_now(mine, sources, placement))


def _locate_now(state: BuildState, sources: list[Located], placement: Placement) -> None:
    """Do what `_locate_apart` keeps."""
    together = _checked_together(state, placement, sources)
    every = [
        together.get(one.source.id) or _checked(state, one, placement, split_places)
        for one in sources
    ]
    parts, told = [tables for tables, *_ in every], [(bilan, apart) for _, bilan, apart in every]
    tables = {nom: pd.concat([part[nom] for part in parts], ignore_index=True) for nom in parts[0]}
    lieux, repairs = locate_lieux(
        tables["lieux"],
        communes=state.communes,
        etablissements=placement.socle.etablissements,
        doubtful_distance_m=placement.socle.doubtful_distance_m,
    )
    tables["lieux"] = lieux.assign(id_source=tables["lieux"]["id_source"].to_numpy())
    _count_all(state, told, tables, repairs)


def _checked_together(
    state: BuildState, placement: Placement, sources: list[Located]
) -> dict[str, Checked]:
    """Return what `_checked` does of the examples of a row or two, by their id."""
    alike: dict[str, dict[str, Lecture]] = {}
    for one in sources:
        source = one.source
        if source.usage == "offre_exemple" and not _is_named(source):
            lecture = placement.lectures[source.id]
            if 0 < len(lecture.frame) <= PETITE:
                alike.setdefault(repr(source.options), {})[source.id] = lecture
    found: dict[str, Checked] = {}
    for lectures in alike.values():
        checked = check_small(
            {nom: lecture.frame for nom, lecture in lectures.items()},
            state.find(next(iter(lectures))).source,
            communes=state.communes,
            passage=state.passage,
        )
        for nom, mine in checked.items():
            bilan = Bilan.of_offer(nom, lectures[nom], mine)
            found[nom] = split_places(mine.flat, nom), bilan, (lectures[nom].nb_ecartees,)
    return found


def _link(
    placed: Mapping[str, pd.DataFrame], territoires: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return `lieux_zones`, and the offers with their zones."""
    told = ["id_lieu", "code_commune", "precision_position", "est_douteuse", "geometry"]
    lieux = placed["lieux"][told]
    links = offers.link_places(lieux, territoires["zones"], territoires["communes_zones"])
    return {"lieux_zones": links, "offres": with_zones(placed["offres"], links)}


def _compare_catalogues(
    state: BuildState, feeding: list[Located], placed: dict[str, pd.DataFrame | Packed]
) -> dict[str, pd.DataFrame | Packed]:
    """Return what is said of the offers together.

    Quality of each row, then duplicates and the offers shown.
    """
    millesimes = _vintages(feeding)

    def compare() -> dict[str, pd.DataFrame | Packed]:
        quality = quality_tables(placed, state.communes, millesimes)
        # Several rows by offer: as large as the offers, which are about to be there twice.
        packed = {"defauts": Packed.of(quality.pop("defauts"), "defauts")}
        give_back()
        return quality | packed | merge_catalogues(placed, millesimes)

    # By content: what is placed is often the same though a source has changed.
    dated = sorted(millesimes.items())
    key = state.etapes.key("rapprochement", compare, content_key(placed), state.cle_passage, dated)
    return do(state.etapes, "rapprochement", key, compare)


def _vintages(sources: list[Located]) -> dict[str, str]:
    """Return the vintage of each source."""
    return {one.source.id: one.source.millesime for one in sources}


def _departement_offers(state: BuildState, lectures: Lectures) -> pd.DataFrame:
    """Return the table `offres_departements`: what has no address, counted by département."""
    parts = [no_departement_offers()]
    for one in state.feeding("offre_departement"):
        part, bilan = per_source(state, one, partial(_read_departements, one, lectures, state))
        state.bilans[one.source.id] = bilan
        parts.append(part)
    return conform(pd.concat(parts, ignore_index=True), "offres_departements")


def _read_departements(
    one: Located, lectures: Lectures, state: BuildState
) -> tuple[pd.DataFrame, Bilan]:
    """Return the formations of one source by département, and its counts."""
    part, bilan = read_by_departement(lectures[one.source.id], one.source, state.communes)
    bilan.count_apart(lectures[one.source.id].nb_ecartees)
    return part, bilan


def _merge_etablissements(state: BuildState, lectures: Lectures) -> pd.DataFrame:
    """Return the establishments of every source by UAI code, and count them."""
    references = []
    for one in state.present("etablissements"):
        read = partial(_read_etablissements, one, lectures, state)
        frame, state.bilans[one.source.id] = per_source(state, one, read)
        references.append(frame.assign(id_source=one.source.id))
    return complete_etablissements(merge_etablissements(references), references)


def _read_etablissements(
    one: Located, lectures: Lectures, state: BuildState
) -> tuple[pd.DataFrame, Bilan]:
    """Return the establishments of one source, and its counts."""
    lecture = lectures[one.source.id]
    return offers.read_etablissements(lecture, one.source, state.communes, state.passage)


def read_nomenclatures(state: BuildState, lectures: Lectures) -> dict[str, pd.DataFrame]:
    """Return the nomenclatures at hand by the code that they list, and count them."""
    tables = {}
    for one in state.present("nomenclature"):
        read = partial(_read_nomenclature, one, lectures)
        table, state.bilans[one.source.id] = per_source(state, one, read)
        tables[key_of(one.source)] = table
    return tables


def _read_nomenclature(one: Located, lectures: Lectures) -> tuple[pd.DataFrame, Bilan]:
    """Return the rows of one nomenclature, and its counts."""
    nomenclature, bilan = read_nomenclature(lectures[one.source.id], one.source)
    return nomenclature.table, bilan


def _is_named(source: Source) -> bool:
    """Tell whether the nomenclatures name the trainings of a source as soon as they are read."""
    return source.usage in ("offre_voisine", "filieres") or "garder_region" in source.options


def _checked_all(
    state: BuildState, placement: Placement, sources: list[Located], split: Split = split_offre
) -> tuple[list[dict[str, pd.DataFrame]], list[tuple[Bilan, tuple]]]:
    """Return the tables of some offer sources, and what `_checked` counts of each."""
    checked = [_checked(state, one, placement, split) for one in sources]
    return [tables for tables, _, _ in checked], [(bilan, apart) for _, bilan, apart in checked]


def _checked(
    state: BuildState, one: Located, placement: Placement, split: Split = split_offre
) -> Checked:
    """Return the tables of one offer source read alone, its counts, and what to count apart.

    What is counted apart is so once the offers are placed.
    """
    autres = [sources_key(state, "nomenclature")] if _is_named(one.source) else []
    work = partial(_check, one, state, placement, split)
    return per_source(state, one, work, [*autres, split.__name__])


def _check(one: Located, state: BuildState, placement: Placement, split: Split) -> Checked:
    """Do what `_checked` keeps."""
    source = one.source
    lecture = keep_region(placement.lectures[source.id], source, state.communes)
    apart: tuple[int] | tuple[int, str] = (lecture.nb_ecartees,)
    if source.usage == "filieres":
        return *_check_tracks(source, lecture, state, placement, split), apart
    is_neighbour = source.usage == "offre_voisine"
    if is_neighbour:
        lecture, outside = keep_neighbours(lecture, state.communes)
        apart = outside, "hors du voisinage"
    checked = check_offre(lecture.frame, source, communes=state.communes, passage=state.passage)
    bilan = Bilan.of_offer(source.id, lecture, checked)
    certifications = placement.nomenclatures.get("code_certifinfo")
    flat = name_trainings(checked.flat, certifications) if _is_named(source) else checked.flat
    return split(flat, source.id), bilan, apart


def _check_tracks(
    source: Source, lecture: Lecture, state: BuildState, placement: Placement, split: Split
) -> tuple[dict[str, pd.DataFrame], Bilan]:
    """Return the tables of one source of tracks, and its counts."""
    rows, bilan = read_tracks(lecture, source)
    flat, complements = make_offers(rows, placement.filieres)
    checked = check_offre(flat, source, communes=state.communes, passage=state.passage)
    bilan.rejets += checked.rejets
    bilan.corrections += checked.corrections
    bilan.nb_valides -= len(checked.rejets)
    bilan.complements = complements
    return split(checked.flat, source.id), bilan


def place_offers(
    state: BuildState,
    nom: str,
    sources: list[Located],
    placement: Placement,
    *,
    is_kept: bool = False,
) -> dict[str, pd.DataFrame | Packed]:
    """Return the offers of some sources checked, placed, joined to nomenclatures and counted.

    Those kept as tables of the snapshot are packed: all but `offres`, which is not final.
    """
    key = _placement_key(state, sources, placement, "placement")
    return counted(state, nom, key, lambda mine: _place_now(mine, sources, placement, is_kept))


def _placement_key(
    state: BuildState, sources: list[Located], placement: Placement, sorte: str
) -> str:
    """Return the key of what places the offers of some sources."""
    read = [reading_key(state, one) for one in sources]
    read.append(state.cle_passage)
    if placement.nomenclatures:
        read.append(sources_key(state, "nomenclature"))
    return state.etapes.key(sorte, _place_now, placement.socle.key, read)


def _place_now(
    state: BuildState, sources: list[Located], placement: Placement, is_kept: bool
) -> dict[str, pd.DataFrame | Packed]:
    """Do what `place_offers` keeps."""
    socle, nomenclatures = placement.socle, placement.nomenclatures
    parts, told = _checked_all(state, placement, sources)
    tables, repairs = offers.offer_tables(
        parts,
        communes=state.communes,
        etablissements=socle.etablissements,
        doubtful_distance_m=socle.doubtful_distance_m,
        nomenclatures=nomenclatures,
        libelles=_labels(state, nomenclatures) if nomenclatures else None,
        **({"keep": Packed.of} if is_kept else {}),
    )
    _count_all(state, told, tables, repairs)
    fictive = {one.source.id for one in sources if one.mode == "demonstration"}
    if is_kept:
        # What the tables took before they were packed.
        give_back()
    return {**tables, "offres": wide_offers(tables, fictive)}


def _count_all(
    state: BuildState,
    told: list[tuple[Bilan, tuple]],
    tables: Mapping[str, pd.DataFrame],
    repairs: pd.DataFrame,
) -> None:
    """Give the state the counts of sources checked, once their offers are placed."""
    inside = set(state.communes.loc[state.communes["est_region"].astype(bool), "code_commune"])
    placed = offers.list_placed(tables)
    for bilan, apart in told:
        offers.count_places(bilan, placed, inside)
        offers.add_repairs(bilan, repairs)
        bilan.count_apart(*apart)
        state.bilans[bilan.id_source] = bilan


def _labels(state: BuildState, nomenclatures: Mapping[str, pd.DataFrame]) -> Libelles:
    """Return the labels that titles rest on, learnt again when a nomenclature changes."""
    key = state.etapes.key("libelles", gather_labels, sources_key(state, "nomenclature"))
    return do(state.etapes, "libelles", key, partial(gather_labels, nomenclatures))
