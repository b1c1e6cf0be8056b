"""Steps of a build that say what is needed, and where the offer stands against it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from geoapp.core.schema import TABLES, conform
from geoapp.core.texts import is_among
from geoapp.coverage.travel import Matrices
from geoapp.ingest import needs
from geoapp.ingest.code_joins import LUES, find_codes
from geoapp.ingest.readings import Lectures, per_source
from geoapp.ingest.state import BuildState
from geoapp.ingest.step_offer import read_nomenclatures
from geoapp.ingest.tally import Bilan
from geoapp.offer.values import join_by_group
from geoapp.planning.families import link_formations, name_families, parents_of
from geoapp.planning.need_table import need_table
from geoapp.sources.fetch import Located
from geoapp.sources.records import Lecture
from geoapp.sources.registry import Source

Reader = Callable[[Lecture, Source], tuple[pd.DataFrame, Bilan]]

_LECTEURS: dict[str, Reader] = {
    "besoins": needs.read_needs,
    "familles_rome": needs.read_job_families,
    "tensions": needs.read_tensions,
    "demandeurs_secteurs": needs.read_sectors,
}


def needs_tables(
    state: BuildState, lectures: Lectures, tables: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return the tables of the need that no travel time enters, and count their sources."""
    read = {usage: _read(state, lectures, usage, lire) for usage, lire in _LECTEURS.items()}
    measures = _read(
        state,
        lectures,
        "mesures_communes",
        partial(needs.read_measures, communes=state.communes, passage=state.passage),
    )
    information = _read(
        state,
        lectures,
        "lieux_information",
        partial(needs.read_information, communes=state.communes, passage=state.passage),
    )
    nomenclatures = read_nomenclatures(state, lectures)
    families = name_families(
        read["besoins"].reindex(columns=["code_famille", "nom", "code_groupe", "groupe"]),
        read["familles_rome"].reindex(columns=["code_fap", "code_rome"]),
    )
    formations = tables["formations"][["id_formation", *LUES]]
    formations = formations[is_among(formations["id_formation"], tables["offres"]["id_formation"])]
    found = find_codes(formations, nomenclatures.get("code_certifinfo"))
    jobs = pd.DataFrame(
        {
            "id_formation": formations["id_formation"],
            "code_rome": found["code_rome"],
            "preuve": found["preuve"].str.extract(r"ROME : ([^;]+)", expand=False),
        }
    )
    links = link_formations(jobs, families, parents_of(nomenclatures.get("code_rome")))
    made = {
        "familles_metiers": _with_offer(families, links, tables),
        "besoins": read["besoins"],
        "tensions": read["tensions"],
        "demandeurs_secteurs": read["demandeurs_secteurs"],
        "mesures_communes": measures,
        "lieux_information": needs.place_information(
            _shaped(information, "lieux_information"), state.communes, tables["communes_zones"]
        ),
        "formations_familles": links,
    }
    return {nom: conform(_shaped(frame, nom), nom) for nom, frame in made.items()}


def _read(state: BuildState, lectures: Lectures, usage: str, lire: Reader) -> pd.DataFrame:
    """Return the rows of the sources of one usage, and count them."""
    parts = []
    for one in state.feeding(usage):
        work = partial(_read_one, one, lectures, lire)
        rows, state.bilans[one.source.id] = per_source(state, one, work)
        parts.append(rows)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _read_one(one: Located, lectures: Lectures, lire: Reader) -> tuple[pd.DataFrame, Bilan]:
    """Return the rows of one source, and its counts."""
    return lire(lectures[one.source.id], one.source)


def _shaped(frame: pd.DataFrame, nom: str) -> pd.DataFrame:
    """Return a frame with the key of its table, be it of no row."""
    return frame if len(frame.columns) else pd.DataFrame(columns=TABLES[nom].noms)


def _with_offer(
    families: pd.DataFrame, links: pd.DataFrame, tables: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return the families with the offer of the region linked to each, and what became of it."""
    offers = pd.DataFrame(tables["offres"][["id_action", "id_formation", "id_source"]])
    # By rank: an action is in the rows of each of its families, and of each of its outcomes.
    offers["action"], actions = pd.factorize(offers.pop("id_action"))
    mine = offers.merge(links[["id_formation", "code_famille"]], on="id_formation")
    found = mine.groupby("code_famille")
    each = mine[["code_famille", "id_source"]].drop_duplicates().sort_values("id_source")
    sources = join_by_group(each["id_source"], each["code_famille"])
    outcomes = tables["debouches_region"]
    last = outcomes[outcomes["annee"].eq(outcomes["annee"].max())]
    told = last[["id_debouche", "taux_emploi_pct", "annee"]].dropna(subset="taux_emploi_pct")
    linked = tables["actions_debouches"][["id_action", "id_debouche"]]
    linked = linked[is_among(linked["id_debouche"], told["id_debouche"])]
    rates = (
        linked.assign(action=actions.get_indexer(linked["id_action"]))[["action", "id_debouche"]]
        .merge(told, on="id_debouche")
        .merge(mine[["action", "code_famille"]].drop_duplicates(), on="action")
        .drop_duplicates(["id_debouche", "code_famille"])
        .groupby("code_famille")
    )
    told = pd.DataFrame(
        {
            "nb_formations": found.size(),
            "sources_offre": sources,
            "taux_emploi_pct": rates["taux_emploi_pct"].median(),
            "nb_taux": rates.size(),
            "annee_taux": rates["annee"].max(),
        }
    )
    rows = families.merge(told, left_on="code_famille", right_index=True, how="left")
    return rows.assign(nb_formations=rows["nb_formations"].fillna(0))


def need_against_offer(
    tables: dict[str, pd.DataFrame], trajets: Matrices
) -> dict[str, pd.DataFrame]:
    """Return the table `besoins_offres`, which travel times enter."""
    return {"besoins_offres": need_table(tables, trajets)}
