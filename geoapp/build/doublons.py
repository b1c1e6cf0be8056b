"""Show once the training that two catalogues give: duplicates found, shown offers merged, provenance of each field kept."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd

from geoapp.build.jonction import cfd_from_mef
from geoapp.build.offres import wide_offers
from geoapp.config import CRS_METRIC, GEODATA
from geoapp.dedupe.fusion import group_offers, list_duplicates, retain
from geoapp.dedupe.paires import PROFIL, score_pairs
from geoapp.locating import shared_points
from geoapp.schema import conform
from geoapp.tables import Snapshot

BRUTES = ("formations", "actions", "sessions", "lieux", "actions_lieux", "organismes", "lieux_zones")
"""Tables that hold every row of every catalogue: no merge touches them."""

COMPLETES = ("nom_organisme", "niveau_sortie", "modalite", "est_conventionnee", "est_permanente", "capacite", "adresse", "code_postal", "rev3",
             "financeurs", "publics", "niveau_entree", "prix_eur", "url")
"""Fields of a shown offer that an unknown value takes from the next catalogue of its group."""

CONNUS = ("intitule", "niveau_sortie", "nom_organisme", "modalite", "est_conventionnee", "est_permanente", "capacite", "date_debut", "adresse",
          "code_postal", "code_commune", "id_place", "code_certifinfo", "code_rncp", "code_rome", "code_formacode")
"""Facts counted to say which offer of a group is the best informed."""


REFUS = GEODATA / "doublons_refuses.csv"
"""Pairs of actions that a person says are two trainings: they are never merged nor listed."""


def read_refusals(path: Path = REFUS) -> frozenset[frozenset[str]]:
    """Return the refused pairs of `id_action`, `id_action_autre`, in any order."""
    table = pd.read_csv(path, dtype="str")
    return frozenset(map(frozenset, zip(table["id_action"], table["id_action_autre"], strict=True)))


def merge_catalogues(
    tables: dict[str, pd.DataFrame], millesimes: dict[str, str], *, refus: frozenset[frozenset[str]] | None = None
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
    offers["nb_connus"] = offers[list(CONNUS)].notna().sum(axis=1)
    offers["millesime"] = offers["id_source"].map(millesimes).astype("object").fillna("")
    pairs = _without(score_pairs(offers.loc[~offers["est_fictive"].astype(bool), list(PROFIL)]), offers, read_refusals() if refus is None else refus)
    retained = retain(offers, group_offers(offers, pairs))
    found = list_duplicates(offers, pairs, retained)
    return {"offres": _merge_rows(tables["offres"], offers, retained), "doublons": conform(found, "doublons")}


def whole_offer(snapshot: Snapshot) -> gpd.GeoDataFrame:
    """Return the table `offres` of a snapshot as it was before any merge: every offer of every catalogue."""
    if not snapshot.read("doublons")["etat"].eq("fusionnee").any():
        return snapshot.read("offres")
    sources = snapshot.read("sources")
    fictive = set(sources.loc[sources["mode"].eq("demonstration"), "id_source"])
    return wide_offers({nom: snapshot.read(nom) for nom in BRUTES}, fictive)


def profile_offers(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the offers with what is compared of them (`PROFIL`); same rows and index as `offres`."""
    offers = tables["offres"]
    formations = tables["formations"].set_index("id_formation")
    codes = formations[["type_diplome", "code_certifinfo", "code_rncp", "code_rome", "code_formacode"]]
    codes = codes.assign(code_cfd=formations["code_cfd"].fillna(cfd_from_mef(formations["code_mef"])))
    bodies, places = tables["organismes"].set_index("id_organisme"), tables["lieux"].set_index("id_lieu")
    result = pd.DataFrame(offers.drop(columns="geometry")).join(codes, on="id_formation")
    of_place, of_body = offers["id_lieu"].map(places["code_uai"]), offers["id_organisme"].map(bodies["code_uai"])
    result["code_uai"] = of_place.fillna(of_body).mask(of_place.notna() & of_body.notna() & of_place.ne(of_body), of_place + "|" + of_body)
    result["siret"] = offers["id_organisme"].map(bodies["siret"])
    metric = offers.geometry.to_crs(CRS_METRIC)
    sure = offers["precision_position"].ne("commune") & ~offers["est_douteuse"].astype(bool) & ~shared_points(offers, rues_max=1)
    return result.assign(x_m=metric.x.where(sure), y_m=metric.y.where(sure))


def _without(pairs: pd.DataFrame, offers: pd.DataFrame, refus: frozenset[frozenset[str]]) -> pd.DataFrame:
    """Return the pairs that nobody refused."""
    actions = offers["id_action"]
    both = zip(pairs["gauche"].map(actions), pairs["droite"].map(actions), strict=True)
    return pairs[[frozenset(pair) not in refus for pair in both]] if len(pairs) else pairs


def _merge_rows(offres: gpd.GeoDataFrame, offers: pd.DataFrame, retained: pd.Series) -> gpd.GeoDataFrame:
    """Return the shown offers: the retained ones, completed by the others of their group."""
    result = offres.assign(sources=offres["id_source"], provenances=None)
    sizes = retained.value_counts()
    several = retained[retained.isin(sizes[sizes > 1].index)]
    order = offers.loc[several.index].sort_values(["nb_connus", "millesime", "id_action", "id_lieu"], ascending=[False, False, True, True], kind="stable").index
    for kept, labels in several.reindex(order).groupby(several.reindex(order)).groups.items():
        for nom, value in _completed(offres.loc[list(labels)]).items():
            result.at[kept, nom] = value
    shown = result[retained.eq(pd.Series(retained.index, index=retained.index))]
    return gpd.GeoDataFrame(conform(shown, "offres"), geometry="geometry", crs=offres.crs)


def _completed(group: pd.DataFrame) -> dict:
    """Return the fields of a shown offer that its group changes, and where each comes from; the retained row comes first."""
    values, origins = {}, {}
    for nom in COMPLETES:
        known = group[nom].dropna()
        if len(known) and known.index[0] != group.index[0]:
            values[nom], origins[nom] = known.iloc[0], group.loc[known.index[0], "id_source"]
    starts = group["dates_debut"].dropna()
    if len(starts):
        dates = sorted({date for text in starts for date in text.split("|")})
        values |= {"dates_debut": "|".join(dates), "date_debut": dates[0], "date_fin": max(group["date_fin"].dropna(), default=None)}
        origins["dates_debut"] = ",".join(group.loc[starts.index, "id_source"])
    if group["est_certifiante"].fillna(False).any():
        values["est_certifiante"] = True
    informed = group.loc[group["code_domaine"].ne("autre")]
    if group["code_domaine"].iloc[0] == "autre" and len(informed):
        values["code_domaine"], origins["code_domaine"] = informed["code_domaine"].iloc[0], informed["id_source"].iloc[0]
    values["sources"] = "|".join(group["id_source"])
    values["provenances"] = "|".join(f"{nom}:{origin}" for nom, origin in sorted(origins.items())) or None
    return values
