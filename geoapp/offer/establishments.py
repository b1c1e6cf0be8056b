"""What sources of establishments tell by SIRET: legal entities, and places of UAI codes."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

LIENS_ETABLISSEMENT = ("siret", "adresse")
"""What a source of establishments may give beside what names and places them."""

_POINT = ["latitude", "longitude"]


def complete_etablissements(merged: pd.DataFrame, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the establishments with their legal entity, and placed by their SIRET at worst.

    Parameters
    ----------
    merged : DataFrame
        One row per UAI code (`geoapp.offer.locating.merge_etablissements`).
    frames : sequence of DataFrame
        `code_uai`, `siret`, `latitude`, `longitude`, `id_source`, one frame by source, the
        surest first; a row without UAI code says where a SIRET is.
    """
    placed = _place_by_siret(frames).reindex(merged.index)
    is_lost = merged["latitude"].isna()
    filled = {nom: merged[nom].where(~is_lost, placed[nom]) for nom in _POINT}
    return merged.assign(**filled).join(link_sirens(frames))


def _place_by_siret(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return `latitude` and `longitude` by UAI code: those of its SIRET, when it has one point."""
    every = _stack(frames, ["code_uai", "siret", *_POINT])
    points = every.dropna(subset=["siret", *_POINT])[["siret", *_POINT]].drop_duplicates()
    sure = points.drop_duplicates("siret", keep=False)
    links = every[["code_uai", "siret"]].dropna().drop_duplicates()
    found = links.merge(sure, on="siret")[["code_uai", *_POINT]].drop_duplicates()
    return found.drop_duplicates("code_uai", keep=False).set_index("code_uai")[_POINT]


def link_sirens(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return `siren` and `id_source_siren` by UAI code, when most sources agree on one.

    An establishment may shelter several bodies: the SIREN that the most
    sources give wins, and none does when two are given as often.
    """
    every = _stack(frames, ["code_uai", "siret", "id_source"]).dropna()
    every["siren"] = every["siret"].str[:9]
    told = every.drop_duplicates(["code_uai", "siren", "id_source"])
    votes = told.groupby(["code_uai", "siren"], sort=False).agg(
        nb=("id_source", "size"), id_source_siren=("id_source", "first")
    )
    best = votes[votes["nb"].eq(votes.groupby("code_uai")["nb"].transform("max"))].reset_index()
    alone = best[~best["code_uai"].duplicated(keep=False)]
    return alone.set_index("code_uai")[["siren", "id_source_siren"]]


def _stack(frames: Sequence[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Return some columns of every frame, as text."""
    parts = [frame.reindex(columns=columns).astype("str") for frame in frames]
    return pd.concat([pd.DataFrame(columns=columns, dtype="str"), *parts], ignore_index=True)


def group_entities(organismes: pd.DataFrame, actions: pd.DataFrame) -> pd.DataFrame:
    """Return the bodies with the legal entity that each belongs to: `id_entite`, `nom_entite`.

    `id_entite` is « siren:… », else the identifier of the body.  Its name is the one displayed of
    its body that gives the most actions among those that have a name, then the first in order.

    Parameters
    ----------
    organismes : DataFrame
        `id_organisme`, `siren`, `nom_affiche`.
    actions : DataFrame
        `id_organisme`.
    """
    entity = ("siren:" + organismes["siren"]).fillna(organismes["id_organisme"])
    nb = organismes["id_organisme"].map(actions["id_organisme"].value_counts()).fillna(0)
    ranked = organismes.assign(id_entite=entity, nb=nb).dropna(subset="nom_affiche")
    # Names and not bodies: three sites that bear one name say it louder than one that does not.
    counts = ranked.groupby(["id_entite", "nom_affiche"], as_index=False)["nb"].sum()
    best = counts.sort_values(["id_entite", "nb", "nom_affiche"], ascending=[True, False, True])
    names = best.drop_duplicates("id_entite").set_index("id_entite")["nom_affiche"]
    return organismes.assign(id_entite=entity, nom_entite=entity.map(names).astype("str"))


def name_entities(organismes: pd.DataFrame, sirens: pd.DataFrame) -> pd.DataFrame:
    """Return the bodies with `siren`: that of their SIRET, else that of their UAI code.

    `id_source_siren` names the source of the second.
    """
    own = organismes["siret"].str[:9]
    linked, sources = (
        organismes["code_uai"].map(sirens[nom]).astype("str")
        for nom in ("siren", "id_source_siren")
    )
    return organismes.assign(
        siren=own.fillna(linked), id_source_siren=sources.where(own.isna() & linked.notna())
    )
