"""The whole offer: every formation, action, place and session in one wide table."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from geoapp.core.config import CRS_GEO
from geoapp.core.geometry import place_ids
from geoapp.core.schema import TABLES, conform
from geoapp.core.snapshot import Snapshot
from geoapp.offer.dedupe.titles import names_diploma
from geoapp.offer.starts import DUREE_PERMANENTE
from geoapp.offer.values import join_by_group, yes
from geoapp.reference.codes import normalise_niveau
from geoapp.reference.codes.text import map_distinct
from geoapp.sources.rhythm import parse_vintage

BRUTES = ("formations", "actions", "sessions", "lieux", "actions_lieux", "organismes")
"""Tables that hold every row of every catalogue: no merge touches them."""


def whole_offer(snapshot: Snapshot) -> gpd.GeoDataFrame:
    """Return the table `offres` of a snapshot as it was before any merge.

    Every offer of every catalogue.
    """
    if not snapshot.read("doublons")["etat"].eq("fusionnee").any():
        return snapshot.read("offres")
    sources = snapshot.read("sources")
    fictive = set(sources.loc[sources["mode"].eq("demonstration"), "id_source"])
    every = wide_offers({nom: snapshot.read(nom) for nom in BRUTES}, fictive)
    millesimes = sources.dropna(subset="millesime").set_index("id_source")["millesime"]
    held = hold_permanent(every, millesimes.to_dict())
    return with_zones(every.assign(fin_permanente=held), snapshot.read("lieux_zones"))


CERTIFICATIONS = ("code_rncp", "code_certifinfo", "code_cfd")
"""A formation that holds one of these codes leads to a certification; a MEF of a diploma too."""


def wide_offers(tables: Mapping[str, pd.DataFrame], fictive: set[str]) -> gpd.GeoDataFrame:
    """Return the table `offres` (`offres_voisines` has the same columns).

    One row per action and place, in no zone yet (`with_zones`).

    `fictive` holds the sources whose rows are demonstration data.
    """
    dated = ["id_action", "date_debut", "date_fin", "capacite"]
    sessions = _summarise_sessions(tables["sessions"][dated])
    formations = _read(tables, "formations", "type_diplome", "code_mef", *CERTIFICATIONS)
    formations = formations.rename(columns={"id_organisme": "id_responsable"})
    bodies = tables["organismes"][["id_organisme", "nom_affiche", "id_entite"]]
    bodies = bodies.set_index("id_organisme")
    names, entities = bodies["nom_affiche"], bodies["id_entite"]
    offers = (
        tables["actions_lieux"][["id_action", "id_lieu"]]
        .merge(_read(tables, "actions"), on="id_action", validate="m:1")
        .merge(formations, on="id_formation", validate="m:1")
        .merge(sessions, left_on="id_action", right_index=True, how="left", validate="m:1")
        .merge(_shown_places(tables), on="id_lieu", validate="m:1")
    )
    del sessions, formations
    # The body that teaches, else the one that answers for the training.
    answers = offers["id_responsable"]
    offers["nom_organisme"] = offers["id_organisme"].map(names).fillna(answers.map(names))
    offers["id_organisme"] = offers["id_organisme"].fillna(answers)
    offers["id_entite"] = offers["id_organisme"].map(entities).astype("str")
    offers["est_certifiante"] = _is_certifying(offers)
    offers["est_fictive"] = offers["id_source"].isin(fictive)
    offers["sources"] = offers["id_source"]
    table = conform(offers.assign(zones=""), "offres")
    return gpd.GeoDataFrame(table, geometry="geometry", crs=CRS_GEO)


def _is_certifying(offers: pd.DataFrame) -> pd.Series:
    """Return whether each offer leads to a certification: as declared, else by evidence, else NA.

    A code or the name of a diploma says yes.  Nothing here says no: only a source does.
    """
    is_named = pd.Series(False, index=offers.index)
    for nom in ("intitule", "type_diplome"):
        is_named |= map_distinct(offers[nom].fillna(""), names_diploma).astype(bool)
    is_coded = offers[list(CERTIFICATIONS)].notna().any(axis=1)
    for notation in ("mef", "mefstat"):
        is_coded |= normalise_niveau(offers["code_mef"], notation=notation).notna()
    told = is_coded | is_named
    declared = offers["est_certifiante"].astype("boolean")
    return declared.fillna(told.astype("boolean").where(told))


def _read(tables: Mapping[str, pd.DataFrame], nom: str, *also: str) -> pd.DataFrame:
    """Return what an offer holds of a table, and some columns beside."""
    wanted = {*TABLES["offres"].noms, *also}
    return tables[nom][[colonne for colonne in TABLES[nom].noms if colonne in wanted]]


def _shown_places(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the places with the address and postcode that are shown."""
    shown = {"adresse_affichee": "adresse", "code_postal_affiche": "code_postal"}
    lieux = _read(tables, "lieux", *shown)
    lieux["id_place"] = place_ids(gpd.GeoSeries(lieux["geometry"], crs=CRS_GEO))
    return lieux.drop(columns=["id_source", *shown.values()]).rename(columns=shown)


def hold_permanent(offers: pd.DataFrame, millesimes: dict[str, str]) -> pd.Series:
    """Return the day until which permanent entries are held (`fin_permanente`), NA for others.

    What a source knew is true of its day: the last date that it gives, else a year after its own.
    Nothing here depends on today.
    """
    days = {nom: parse_vintage(text) for nom, text in millesimes.items()}
    after = {
        nom: f"{day.year + DUREE_PERMANENTE}{day.isoformat()[4:]}"
        for nom, day in days.items()
        if day
    }
    held = offers["date_fin"].fillna(offers["id_source"].map(after).astype("str"))
    return held.where(yes(offers["est_permanente"]))


def with_zones(offers: gpd.GeoDataFrame, lieux_zones: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the offers with the zones of their place, as "type:code|type:code".

    In the order of `lieux_zones`; "" for none.
    """
    pairs = lieux_zones["type_zone"] + ":" + lieux_zones["code_zone"]
    by_place = join_by_group(pairs, lieux_zones["id_lieu"])
    return offers.assign(zones=offers["id_lieu"].map(by_place).astype("str").fillna(""))


def _summarise_sessions(sessions: pd.DataFrame) -> pd.DataFrame:
    """Return by action first start, last known date and total capacity (NA when none is known)."""
    action, ids = pd.factorize(sessions["id_action"], sort=True)
    # By rank: sorting and comparing texts takes ten times longer.
    days = pd.concat([sessions["date_debut"], sessions["date_fin"]], ignore_index=True)
    rank, known = pd.factorize(days, sort=True)
    start, end = rank[: len(sessions)], rank[len(sessions) :]
    width = max(len(known), 1)
    begins = np.sort((action * width + start)[start >= 0])
    begins = begins[np.diff(begins, prepend=-1) > 0]
    of_action, day = begins // width, begins % width
    dated, first = np.unique(of_action, return_index=True)
    # A session without end ends at the earliest when it begins.
    last = np.full(len(ids), -1)
    np.maximum.at(last, action, np.where(end < 0, start, end))
    told = pd.DataFrame(
        {
            "dates_debut": join_by_group(pd.Series(known.take(day)), pd.Series(of_action)).array,
            "date_debut": known.take(day[first]).array,
            "date_fin": known.take(last[dated]).array,
        },
        index=ids.take(dated),
        dtype="str",
    )
    capacity = sessions["capacite"].groupby(action).sum(min_count=1).set_axis(ids)
    return pd.DataFrame({"capacite": capacity}).join(told)
