"""Show once the training that two catalogues give, or that one catalogue gives on several rows.

Duplicates found, shown offers merged, provenance of each field kept.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd

from geoapp.core.config import GEODATA
from geoapp.core.geometry import metric_points
from geoapp.core.schema import conform
from geoapp.core.schema.offer_columns import COLONNES_OFFRE, columns_of
from geoapp.ingest.code_joins import cfd_from_mef
from geoapp.offer.dedupe.merging import (
    RANG,
    best_informed,
    group_offers,
    list_duplicates,
    retain,
)
from geoapp.offer.dedupe.pairs import PROFIL, score_pairs
from geoapp.offer.dedupe.repeated import group_repeats, repeat_pairs
from geoapp.offer.dedupe.titles import read_titles
from geoapp.offer.locating import shared_points
from geoapp.offer.values import join_by_group, yes
from geoapp.offer.whole import hold_permanent

COMPLETES = tuple(row.nom for row in columns_of("offres") if row.fusion == "complete")
"""Fields of a shown offer that an unknown value takes from the next catalogue of its group."""

_LUES = tuple(
    dict.fromkeys(
        (*COMPLETES, "id_source", "code_domaine", "dates_debut", "date_fin", "est_certifiante")
    )
)
"""Fields of the offers of a group that those of the retained one are worked out from."""

CONNUS = tuple(row.nom for row in COLONNES_OFFRE if row.est_comptee)
"""Facts counted to say which offer of a group is the best informed."""

REFUS = GEODATA / "doublons_refuses.csv"
"""Pairs of actions that a person says are two trainings: they are never merged nor listed."""


def read_refusals(path: Path = REFUS) -> frozenset[frozenset[str]]:
    """Return the refused pairs of `id_action`, `id_action_autre`, in any order."""
    table = pd.read_csv(path, dtype="str")
    return frozenset(map(frozenset, zip(table["id_action"], table["id_action_autre"], strict=True)))


def merge_catalogues(
    tables: dict[str, pd.DataFrame],
    millesimes: dict[str, str],
    *,
    refus: frozenset[frozenset[str]] | None = None,
) -> dict[str, pd.DataFrame]:
    """Return the tables `offres`, each training once, and `doublons`, what was merged and why.

    Parameters
    ----------
    tables : dict
        formations, organismes, lieux and offres (one row per action and place).
    millesimes : dict
        Source → its vintage.
    refus : set of pairs, optional
        Pairs of actions never to merge (default: `read_refusals`).

    Returns
    -------
    dict
        Rows of `offres` + rows « fusionnee » of `doublons` = rows received.
        Every other table is left as it is: no action and no session is lost.
        Fictitious offers are merged with nothing.
    """
    offers = profile_offers(tables)
    # Column by column: a table of all of them would be there at once.
    offers["nb_connus"] = sum(offers[nom].notna().astype("int64") for nom in CONNUS)
    offers["millesime"] = offers["id_source"].map(millesimes).astype("object").fillna("")
    retained, found = _gathered(offers, read_refusals() if refus is None else refus)
    # The rest of the profile goes before the offers are there twice.
    offers = offers[list(RANG)].copy()
    shown = _merge_rows(tables["offres"], offers, retained)
    return {
        "offres": shown.assign(fin_permanente=hold_permanent(shown, millesimes)),
        "doublons": found,
    }


def _gathered(
    offers: pd.DataFrame, refus: frozenset[frozenset[str]]
) -> tuple[pd.Series, pd.DataFrame]:
    """Return the label retained for each offer, and the table `doublons`."""
    titres = read_titles(offers)
    is_real = ~offers["est_fictive"].astype(bool)
    mine = offers[list(PROFIL)] if is_real.all() else offers.loc[is_real, list(PROFIL)]
    pairs = _without(score_pairs(mine, titres), offers, refus)
    repeats = group_repeats(offers, refus, titres)
    retained = retain(offers, group_offers(offers, pairs, repeats))
    # Their own repeats first: what a row is merged with for itself tells why it is.
    every = pd.concat([repeat_pairs(repeats), pairs], ignore_index=True)
    return retained, conform(list_duplicates(offers, every, retained), "doublons")


def profile_offers(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the offers with what is compared of them (`PROFIL`).

    Same rows and index as `offres`.
    """
    offers = tables["offres"]
    kept = ["type_diplome", "code_certifinfo", "code_rncp", "code_rome", "code_formacode"]
    formations = tables["formations"][["id_formation", *kept, "code_cfd", "code_mef"]]
    formations = formations.set_index("id_formation")
    cfd = formations["code_cfd"].fillna(cfd_from_mef(formations["code_mef"]))
    codes = formations[kept].assign(code_cfd=cfd)
    bodies = tables["organismes"][["id_organisme", "code_uai", "siret", "siren"]]
    bodies = bodies.set_index("id_organisme")
    places = tables["lieux"][["id_lieu", "code_uai"]].set_index("id_lieu")
    result = pd.DataFrame(offers.drop(columns="geometry")).join(codes, on="id_formation")
    of_place = offers["id_lieu"].map(places["code_uai"])
    of_body = offers["id_organisme"].map(bodies["code_uai"])
    # One catalogue may know the place by its code where the other knows the body.
    are_two = of_place.notna() & of_body.notna() & of_place.ne(of_body)
    result["code_uai"] = of_place.fillna(of_body).mask(are_two, of_place + "|" + of_body)
    for nom in ("siret", "siren"):
        result[nom] = offers["id_organisme"].map(bodies[nom])
    # A body has one site in most communes, unless the commune itself is doubted: an UAI code tells
    # its own, whatever point is given for it.
    is_doubted = yes(offers["est_douteuse"]) & of_place.isna()
    result["siren_sur"] = result["siren"].mask(is_doubted)
    # Written out by the labels of its codes: « MAINT.VEHIC.OPTC MOTOCYCLES » says little.
    result["intitule"] = offers["titre"].fillna(offers["intitule"])
    x, y = metric_points(offers.geometry)
    # Stricter than for a map: a town hall or the point of a town would merge its two schools.
    sure = (
        offers["precision_position"].ne("commune")
        & ~yes(offers["est_douteuse"])
        & ~shared_points(offers, rues_max=1)
    )
    return result.assign(x_m=x.where(sure), y_m=y.where(sure))


def _without(
    pairs: pd.DataFrame, offers: pd.DataFrame, refus: frozenset[frozenset[str]]
) -> pd.DataFrame:
    """Return the pairs that nobody refused."""
    actions = offers["id_action"]
    both = zip(pairs["gauche"].map(actions), pairs["droite"].map(actions), strict=True)
    return pairs[[frozenset(pair) not in refus for pair in both]] if len(pairs) else pairs


def _merge_rows(
    offres: gpd.GeoDataFrame, offers: pd.DataFrame, retained: pd.Series
) -> gpd.GeoDataFrame:
    """Return the shown offers: the retained ones, completed by the others of their group."""
    is_shown = retained.eq(pd.Series(retained.index, index=retained.index))
    shown = offres[is_shown]
    shown = shown.assign(sources=shown["id_source"], provenances=None)
    several = retained[retained.duplicated(keep=False)]
    # In the order that chose the retained ones: what it lacks comes from the next best informed.
    order = best_informed(offers.loc[several.index])
    group = several.reindex(order)
    rows = pd.DataFrame(offres)[list(_LUES)].loc[order]
    for nom, values in _completed(rows, group).items():
        shown.loc[values.index, nom] = values
    return gpd.GeoDataFrame(conform(shown, "offres"), geometry="geometry", crs=offres.crs)


def _completed(rows: pd.DataFrame, group: pd.Series) -> dict[str, pd.Series]:
    """Return by field the new values of retained offers, and where each comes from (`provenances`).

    Parameters
    ----------
    rows : DataFrame
        Offers of all groups, the best informed of each group first.
    group : Series
        Same index; the index of the offer retained for the group.
    """
    known = {nom: rows[nom].notna() for nom in COMPLETES}
    known["code_domaine"] = rows["code_domaine"].ne("autre")
    values: dict[str, pd.Series] = {}
    origins: dict[str, pd.Series] = {}
    for nom, is_known in known.items():
        first = group[is_known].drop_duplicates()
        # The retained offer does not know it, another does.
        taken = first[first.index != first]
        values[nom] = rows.loc[taken.index, nom].set_axis(taken.to_numpy())
        others = rows.loc[taken.index, "id_source"].set_axis(taken.to_numpy())
        # What another row of the same catalogue says comes from no other catalogue.
        origins[nom] = others[others.ne(rows["id_source"].reindex(others.index))]
    # Dates add up: each catalogue may know other sessions of the same training.
    dated = rows["dates_debut"].notna()
    values |= _all_dates(rows, group, dated)
    sources = join_by_group(rows["id_source"], group, _each_once)
    has_several = sources[sources.str.contains("|", regex=False)].index
    tellers = join_by_group(rows["id_source"][dated], group[dated], _each_once)
    told = tellers[tellers.index.isin(has_several)]
    origins["dates_debut"] = told.str.replace("|", ",", regex=False)
    values["capacite"] = _add_capacities(rows, group, values["capacite"])
    # One catalogue that tells a certification is enough: silence and « no » say less.
    certifying = group[rows["est_certifiante"].fillna(False).astype(bool)].unique()
    values["est_certifiante"] = pd.Series(True, index=certifying, dtype="boolean")
    values["sources"] = sources
    pairs = pd.concat([nom + ":" + origins[nom].astype("object") for nom in sorted(origins)])
    values["provenances"] = join_by_group(pairs, pairs.index)
    return values


def _each_once(sources: list[str]) -> str:
    """Return the sources of a group, each once, that of the row shown first."""
    return "|".join(dict.fromkeys(sources))


def _add_capacities(rows: pd.DataFrame, group: pd.Series, completed: pd.Series) -> pd.Series:
    """Return the places of each retained offer: those of the rows that one catalogue gives add up.

    Those of another catalogue are the same places: they only complete what is not known.
    """
    mine = rows["id_source"].eq(rows["id_source"].reindex(group).to_numpy())
    total = rows["capacite"][mine].groupby(group[mine]).sum(min_count=1).dropna()
    return total.combine_first(completed).astype("Int64")


def _all_dates(rows: pd.DataFrame, group: pd.Series, dated: pd.Series) -> dict[str, pd.Series]:
    """Return the starts of each group that has one, the first of them, and its last known day."""
    dates = rows["dates_debut"][dated].str.split("|").explode()
    starts = pd.DataFrame(
        {"retenue": group.reindex(dates.index).to_numpy(), "date": dates.to_numpy()}
    )
    dates = starts.drop_duplicates().sort_values("date")
    by_group = dates.groupby("retenue")["date"]
    ends = rows["date_fin"].groupby(group).max()
    return {
        "dates_debut": join_by_group(dates["date"], dates["retenue"]),
        "date_debut": by_group.first(),
        "date_fin": ends.reindex(by_group.first().index),
    }
