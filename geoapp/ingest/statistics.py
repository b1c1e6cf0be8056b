"""Statistics of a build: wishes and places, what became of those who left.

Each keeps the year of its source.
"""

from __future__ import annotations

from itertools import compress

import pandas as pd

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.schema import TABLES, conform
from geoapp.ingest.code_joins import cfd_from_mef
from geoapp.ingest.tally import Bilan
from geoapp.offer.journal import Journal
from geoapp.reference import codes
from geoapp.reference.codes.tracks import Filieres
from geoapp.sources.records import Lecture
from geoapp.sources.registry import Source

NON_DIFFUSE = ("nd", "nc", "s", "ns")
"""What producers write for a figure that they do not give: unknown, not an error."""

_ENTIERS = ("nb_voeux", "capacite", "nb_entrants", "nb_eleves")
_PERSONNES = ("nb_voeux", "nb_entrants", "nb_eleves")
_TAUX = (
    "taux_poursuite_pct",
    "taux_emploi_pct",
    "taux_emploi_attendu_pct",
    "taux_emploi_24_pct",
    "part_poursuite_pct",
    "part_emploi_pct",
    "part_autres_pct",
)


NO_FILIERES = Filieres()

REGION = "debouches_region"
"""The table of which each row tells its years itself, and no establishment."""

_CLES = {
    "flux": ["code_uai", "code_mef", "voie"],
    "debouches": ["code_uai", "public"],
    REGION: ["annee", "voie", "code_cfd", "code_mef"],
}
"""What names a row of each table, after its source."""

_NOMBRES = [*_ENTIERS, *_TAUX, "valeur_ajoutee_pts"]


def read_statistics(lecture: Lecture, source: Source) -> tuple[pd.DataFrame, Bilan]:
    """Return the rows of the table that a statistics source feeds (its option `table`), counted.

    A row without valid UAI code is a reject; in the table of the region, which has none, one
    without code of a diploma or a year of study is.  A figure that is no number is set
    aside; one that the producer does not give (`NON_DIFFUSE`) is unknown.  A
    word that the table does not know is set aside too, and a row that needs it is a reject.
    """
    table = source.options["table"]
    journal = Journal(lecture.frame.reindex(columns=_columns(table)).astype("str"))
    frame = journal.frame
    if "code_uai" in frame:
        uai = codes.check_uai(frame["code_uai"])
        journal.replace("code_uai", uai, "code_normalise", quiet_if_valid=True)
    for column in frame.columns.intersection(_NOMBRES):
        is_withheld = frame[column].str.strip().str.lower().isin(NON_DIFFUSE)
        values = frame[column] = frame[column].mask(is_withheld)
        number = pd.to_numeric(values.str.replace(",", ".", regex=False), errors="coerce")
        sound = values.where(_is_sound(column, number))
        journal.replace(column, sound, "", quiet_if_valid=True)
    for one in TABLES[table].colonnes:
        if one.valeurs and one.nom in frame:
            known = frame[one.nom].where(frame[one.nom].isin(one.valeurs))
            journal.replace(one.nom, known, "")
        if one.requis and one.nom in frame and one.nom != "code_uai":
            journal.refuse(one.nom, frame[one.nom].isna(), "valeur_absente")
    if "code_uai" in frame:
        journal.refuse_codes("code_uai", "uai_absent", "uai_faux")
    else:
        is_lost = frame["code_cfd"].isna() & frame["code_mef"].isna()
        journal.refuse("code_cfd", is_lost, "code_absent")
    journal.refuse_repeats()
    return _typed(journal.kept(), table, source), Bilan.of(source.id, lecture, journal)


def _columns(table: str) -> list[str]:
    """Return the columns that a source gives of one table."""
    return [
        nom
        for nom in TABLES[table].noms
        if nom not in ("id_flux", "id_debouche", "id_source", "masques")
        and (nom != "annee" or table == REGION)
    ]


def _is_sound(column: str, number: pd.Series) -> pd.Series:
    """Tell which figures may be kept.

    Whole counts, rates from 0 to 100, differences from -100 to 100.
    """
    if column in _ENTIERS:
        return number.ge(0) & number.lt(1e6) & number.mod(1).eq(0)
    return number.between(-100 if column == "valeur_ajoutee_pts" else 0, 100)


def _typed(kept: pd.DataFrame, table: str, source: Source) -> pd.DataFrame:
    """Return rows with their types, year and identifier.

    Equal rows under one key are numbered in the order of their content.
    """
    rows = kept.sort_values(list(kept.columns), na_position="last", ignore_index=True)
    named = _CLES[table]
    cells = rows[named].fillna("").itertuples(index=False, name=None)
    # Typed: of no row, pandas would make a table and not a column.
    key = pd.Series([":".join([source.id, *one]) for one in cells], index=rows.index, dtype="str")
    rank = key.groupby(key).cumcount() + 1
    rows[TABLES[table].cle[0]] = key + ("~" + rank.astype("str")).mask(rank.eq(1), "")
    for column in rows.columns.intersection(_NOMBRES):
        rows[column] = pd.to_numeric(rows[column].str.replace(",", ".", regex=False))
    told = rows["annee"].str.replace("_", "-") if table == REGION else source.millesime
    return _hide_small(rows).assign(id_source=source.id, annee=told)


def _hide_small(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows without the counts of people from 1 to 4; `masques` names those hidden."""
    people = rows.columns.intersection(list(_PERSONNES))
    small = {nom: rows[nom].between(1, PETIT_NOMBRE - 1) for nom in people}
    names = None
    if small:
        flags = zip(*small.values(), strict=True)
        hidden = (compress(small, one) for one in flags)
        names = ["|".join(one) or None for one in hidden]
    # Zero tells of nobody, and five of no one in particular: both are shown.
    return rows.assign(
        masques=pd.Series(names, index=rows.index, dtype="str"),
        **{nom: rows[nom].mask(small[nom]) for nom in people},
    )


def statistics_tables(
    parts: dict[str, list[pd.DataFrame]],
    tables: dict[str, pd.DataFrame],
    filieres: Filieres = NO_FILIERES,
) -> dict[str, pd.DataFrame]:
    """Return the tables of statistics, and what joins them to actions.

    Parameters
    ----------
    parts : dict
        Rows of `flux`, `debouches` and `debouches_region` by source (see `read_statistics`).
    tables : dict
        formations, actions, organismes, lieux, actions_lieux.
    filieres : Filieres
        What the BCN says of years of study and of renewed diplomas.
    """
    found = {}
    for nom in _CLES:
        empty = pd.DataFrame(columns=TABLES[nom].noms)
        found[nom] = conform(pd.concat([empty, *parts.get(nom, [])], ignore_index=True), nom)
    return {
        **found,
        "actions_flux": link_flux(found["flux"], tables, filieres),
        "actions_debouches": link_outcomes(found[REGION], tables, filieres),
    }


def link_flux(
    flux: pd.DataFrame, tables: dict[str, pd.DataFrame], filieres: Filieres = NO_FILIERES
) -> pd.DataFrame:
    """Return the table `actions_flux`.

    Same establishment (UAI), same diploma (CFD, that of the MEF), same voie.  A diploma that one
    other alone has replaced since describes that one too; one that several replace describes none
    of them.  The seconde that a family of jobs shares has a code of its own: it is that of none.
    """
    cfd = _diploma_of(flux["code_mef"], filieres)
    renewed = {code: _heirs(code, filieres) for code in cfd.dropna().unique()}
    wanted = pd.DataFrame(
        {
            "id_flux": flux["id_flux"],
            "code_uai": flux["code_uai"],
            "code_cfd": cfd.map(renewed),
            "voie": flux["voie"],
        }
    ).explode("code_cfd")
    pairs = uai_of_actions(tables).merge(_diplomas_of_actions(tables), on="id_action")
    # All three must be known: a diploma prepared by two voies has two flows.
    linked = wanted.dropna().merge(pairs.dropna(), on=["code_uai", "code_cfd", "voie"])
    return conform(linked[["id_action", "id_flux"]].drop_duplicates(), "actions_flux")


def link_outcomes(
    outcomes: pd.DataFrame, tables: dict[str, pd.DataFrame], filieres: Filieres
) -> pd.DataFrame:
    """Return the table `actions_debouches`: same diploma (see `link_flux`), same voie."""
    cfd = outcomes["code_cfd"].fillna(_diploma_of(outcomes["code_mef"], filieres))
    renewed = {code: _heirs(code, filieres) for code in cfd.dropna().unique()}
    wanted = pd.DataFrame(
        {
            "id_debouche": outcomes["id_debouche"],
            "code_cfd": cfd.map(renewed),
            "voie": outcomes["voie"],
        }
    ).explode("code_cfd")
    known = _diplomas_of_actions(tables).dropna()
    of_action = known.groupby(["code_cfd", "voie"], sort=False).ngroup()
    # By diploma and voie first: the actions of one have the same outcomes, and are in their order.
    kinds = known.assign(rang=of_action).drop_duplicates("rang")
    found = wanted.dropna().merge(kinds, on=["code_cfd", "voie"])
    found = found[["rang", "id_debouche"]].drop_duplicates().sort_values("id_debouche")
    linked = known[["id_action"]].assign(rang=of_action).merge(found, on="rang")
    return conform(linked[["id_action", "id_debouche"]], "actions_debouches")


def _diploma_of(mef: pd.Series, filieres: Filieres) -> pd.Series:
    """Return the diploma (CFD) that each year of study leads to, NA when it is not known."""
    return cfd_from_mef(mef).fillna(mef.map(filieres.cfd).astype("str"))


def _diplomas_of_actions(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return `id_action`, `code_cfd` and `voie` of each action."""
    codes = ["id_formation", "code_cfd", "code_mef"]
    formations = tables["formations"][codes].set_index("id_formation")
    diploma = formations["code_cfd"].fillna(cfd_from_mef(formations["code_mef"]))
    actions = tables["actions"][["id_action", "id_formation", "voie"]]
    return pd.DataFrame(
        {
            "id_action": actions["id_action"],
            "code_cfd": actions["id_formation"].map(diploma),
            "voie": actions["voie"],
        }
    )


def _heirs(cfd: str, filieres: Filieres) -> list[str]:
    """Return a diploma and the one that replaced it, and so on while it is alone to do so."""
    found = [cfd]
    while len(after := filieres.nouveaux.get(found[-1], ())) == 1 and after[0] not in found:
        found.append(after[0])
    return found


def uai_of_actions(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the UAI codes of each action: those of its places, and of the body that teaches."""
    codes_of_places = tables["lieux"][["id_lieu", "code_uai"]]
    places = tables["actions_lieux"][["id_action", "id_lieu"]].merge(codes_of_places, on="id_lieu")
    codes_of_bodies = tables["organismes"][["id_organisme", "code_uai"]]
    actions = tables["actions"][["id_action", "id_organisme"]]
    bodies = actions.merge(codes_of_bodies, on="id_organisme")
    both = pd.concat([part[["id_action", "code_uai"]] for part in (places, bodies)])
    return both.dropna().drop_duplicates()
