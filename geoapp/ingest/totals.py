"""Outside totals: what others count, and the part of it whose establishment our offer holds.

Pupils by establishment and year of study (MEF STAT 11), vocational lycées of
the directory, CFA: each tells how much of the world the offer holds, without
which a claim of a source could not be checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.schema import TABLES, conform
from geoapp.ingest.statistics import uai_of_actions
from geoapp.ingest.tally import Bilan
from geoapp.offer.journal import Journal
from geoapp.reference import codes
from geoapp.sources.records import Lecture
from geoapp.sources.registry import Source
from geoapp.sources.usages import USAGES

ELEVES = "élèves"
CASE = ["voie", "niveau_sortie", "code_domaine", "code_departement"]


@dataclass(frozen=True)
class TotalExterieur:
    """One source of totals and its rows: `code_uai`, `siret`, `code_mef`, `nb`, `sujet`."""

    source: Source
    lignes: pd.DataFrame


def read_totals(lecture: Lecture, source: Source) -> tuple[TotalExterieur, Bilan]:
    """Return the rows of a source of totals, and the counts.

    A row without valid UAI code is a reject; one whose `sujet` is empty is
    valid and counts for nothing (the directory has primary schools too).
    """
    journal = Journal(lecture.frame.reindex(columns=list(USAGES["total"].colonnes)).astype("str"))
    frame = journal.frame
    for column, check in (("code_uai", codes.check_uai), ("siret", codes.check_siret)):
        journal.replace(column, check(frame[column]), "code_normalise", quiet_if_valid=True)
    number = pd.to_numeric(frame["nb_eleves"], errors="coerce")
    good = number.ge(0) & number.lt(1e6) & number.mod(1).eq(0)
    journal.replace("nb_eleves", frame["nb_eleves"].where(good), "", quiet_if_valid=True)
    journal.refuse_codes("code_uai", "uai_absent", "uai_faux")
    kept = journal.kept()
    bilan = Bilan.of(source.id, lecture, journal)
    counted = kept[kept["sujet"].notna()].reset_index(drop=True)
    is_people = counted["sujet"].eq(ELEVES)
    # An establishment that two rows name is one; pupils of two rows are added.
    counted = counted[is_people | ~counted.duplicated(["code_uai", "sujet"])]
    nb = pd.to_numeric(counted["nb_eleves"]).where(counted["sujet"].eq(ELEVES), 1).fillna(0)
    lignes = counted.drop(columns="nb_eleves").assign(nb=nb.astype(int))
    return TotalExterieur(source, lignes.reset_index(drop=True)), bilan


def count_totals(
    totaux: Iterable[TotalExterieur],
    tables: Mapping[str, pd.DataFrame],
    departements: Iterable[str],
) -> pd.DataFrame:
    """Return each thing counted outside, its cell, and whether our offer holds it.

    Pupils are held when the offer has, in their establishment, a training of
    the same voie and level; an establishment, when it has one of the voie.
    (A speciality that closed or changed its name since does not refute a list
    of establishments, one that is missing does.)  Columns: `id_source`,
    `sujet`, those of `CASE` (level and domain unknown for an establishment),
    `nb`, `est_tenu`.
    """
    offer = _held_offer(tables)
    parts = [_count_one(one, offer) for one in totaux]
    columns = ["id_source", "sujet", *CASE, "nb", "est_tenu"]
    every = pd.concat([pd.DataFrame(columns=columns), *parts], ignore_index=True)[columns]
    return every[every["code_departement"].isin(list(departements))].reset_index(drop=True)


def _held_offer(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return where each action is taught (UAI, SIREN) and what (voie, level, domain, MEF).

    One row for all those of which the same is told: `nb` counts them.
    """
    told = ["niveau_sortie", "code_domaine", "code_mef"]
    formations = tables["formations"][["id_formation", *told]].set_index("id_formation")
    actions = tables["actions"][["id_action", "id_formation", "id_organisme", "voie"]]
    bodies = tables["organismes"][["id_organisme", "siret"]].set_index("id_organisme")["siret"]
    offer = formations.reindex(actions["id_formation"]).assign(
        id_action=actions["id_action"].array,
        voie=actions["voie"].array,
        siren=actions["id_organisme"].map(bodies.str[:9]).array,
    )
    where = offer.merge(uai_of_actions(dict(tables)), on="id_action", how="left")
    same = [nom for nom in where if nom != "id_action"]
    return where.groupby(same, dropna=False, sort=False).size().rename("nb").reset_index()


def _count_one(total: TotalExterieur, offer: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of one source of totals with their cell, and whether each is held."""
    voie = total.source.options["voie"]
    mine, rows = offer[offer["voie"].eq(voie).fillna(False)], total.lignes
    is_people = rows["sujet"].eq(ELEVES)
    niveau = codes.normalise_niveau(rows["code_mef"], notation="mefstat").where(is_people)
    domaine = _domains(rows["code_mef"], niveau, mine).where(is_people)
    held = set(zip(mine["code_uai"], mine["niveau_sortie"], strict=True))
    by_level = [one in held for one in zip(rows["code_uai"], niveau, strict=True)]
    by_body = rows["code_uai"].isin(set(mine["code_uai"].dropna())) | rows["siret"].str[:9].isin(
        set(mine["siren"].dropna())
    )
    return pd.DataFrame(
        {
            "id_source": total.source.id,
            "sujet": rows["sujet"],
            "voie": voie,
            "niveau_sortie": niveau,
            "code_domaine": domaine,
            "code_departement": _departement(rows["code_uai"]),
            "nb": rows["nb"],
            "est_tenu": pd.Series(by_level, index=rows.index, dtype=bool).where(is_people, by_body),
        }
    )


def _departement(uai: pd.Series) -> pd.Series:
    """Return the département that a UAI code begins with: « 0590005K » is of the Nord."""
    return uai.str[1:3].where(uai.str[0].eq("0"), uai.str[:3])


def _domains(mef: pd.Series, niveau: pd.Series, offer: pd.DataFrame) -> pd.Series:
    """Return the domain of each year of study: that of our offers of it, else of its NSF.

    A speciality is the level and the last six characters of the MEF STAT 11,
    whatever the year of study.
    """
    known = offer[offer["code_mef"].str.len().eq(11).fillna(False)]
    votes = (
        pd.DataFrame(
            {
                "cle": known["niveau_sortie"] + known["code_mef"].str[5:],
                "code_domaine": known["code_domaine"],
                "nb": known["nb"],
            }
        )
        .groupby(["cle", "code_domaine"])["nb"]
        .sum()
        .reset_index()
        .sort_values(["nb", "code_domaine"], ascending=[False, True])
        .drop_duplicates("cle")
        .set_index("cle")["code_domaine"]
    )
    own = (niveau + mef.str[5:]).map(votes)
    by_nsf = codes.assign_domaine(pd.DataFrame({"code_nsf": codes.nsf_from_mefstat(mef)}))
    return own.astype("object").where(own.notna(), by_nsf["code_domaine"].astype("object"))


def totals_table(counted: pd.DataFrame) -> pd.DataFrame:
    """Return the table `totaux`: by source, level and département, the total and what is held.

    Pupils whose level is not told by their year of study are in no row.
    """
    kept = counted[counted["sujet"].ne(ELEVES) | counted["niveau_sortie"].notna()]
    if not len(kept):
        return conform(pd.DataFrame(columns=TABLES["totaux"].noms), "totaux")
    keys = ["id_source", "sujet", "voie", "niveau_sortie", "code_departement"]
    plain = kept.assign(
        nb_tenus=kept["nb"].where(kept["est_tenu"].astype(bool), 0),
        niveau_sortie=kept["niveau_sortie"]
        .astype("object")
        .where(kept["niveau_sortie"].notna(), ""),
    )
    sums = plain.groupby(keys)[["nb", "nb_tenus"]].sum().reset_index()
    rows = sums.rename(columns={"nb": "nb_total"}).assign(
        id_total=sums["id_source"]
        + ":"
        + sums["niveau_sortie"].replace("", "tous")
        + ":"
        + sums["code_departement"],
        niveau_sortie=sums["niveau_sortie"].replace("", None),
    )
    people = rows["sujet"].eq(ELEVES)
    for column in ("nb_total", "nb_tenus"):
        small = people & rows[column].between(1, PETIT_NOMBRE - 1)
        rows[column] = rows[column].astype("Int64").mask(small)
    return conform(rows, "totaux")


def shares_by_case(counted: pd.DataFrame) -> dict[tuple, tuple[float, str]]:
    """Return (share held, source) by cell, for the cells where enough pupils are counted.

    A share of fewer than five people says nothing of an offer.
    """
    people = counted[counted["sujet"].eq(ELEVES)].dropna(subset=CASE)
    if not len(people):
        return {}
    plain = people.assign(tenus=people["nb"].where(people["est_tenu"].astype(bool), 0))
    sums = plain.groupby([*CASE, "id_source"])[["nb", "tenus"]].sum().reset_index()
    sums = sums[sums["nb"].ge(PETIT_NOMBRE)]
    return {
        tuple(row[nom] for nom in CASE): (row["tenus"] / row["nb"], row["id_source"])
        for row in sums.to_dict("records")
    }
