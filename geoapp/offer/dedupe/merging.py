"""Gather the offers that are one training, and keep the best informed of each group.

A group holds one training of a catalogue at most, on one row or several (`repeated`).
"""

from __future__ import annotations

from collections.abc import Hashable

import pandas as pd

from geoapp.offer.dedupe.rules import SEUIL_FUSION

DOUBLONS = (
    "id_action",
    "id_lieu",
    "id_action_retenue",
    "id_lieu_retenu",
    "id_source",
    "id_source_retenue",
    "etat",
    "regle",
    "score",
    "preuve",
)


def group_offers(
    offers: pd.DataFrame, pairs: pd.DataFrame, repeats: pd.Series | None = None
) -> pd.Series:
    """Return the group of each offer, named by the label of its first member.

    Parameters
    ----------
    offers : DataFrame
        `id_source`, and `sources` when rows already gather several catalogues
        (ids parted by « | »); unique index.
    pairs : DataFrame
        From `score_pairs`: best first.
    repeats : Series, optional
        From `group_repeats`: rows of one catalogue that are one training to begin with.

    Returns
    -------
    Series
        Index of `offers`.  A group holds one training of a catalogue at most: two rows of one
        catalogue that are not repeats are two trainings, so that what is grouped once is not
        grouped further.
    """
    texts = offers["id_source"]
    if "sources" in offers:
        texts = offers["sources"].fillna(texts)
    held = {text: frozenset(text.split("|")) for text in texts.unique()}
    sources = dict(zip(texts.index, map(held.__getitem__, texts.tolist()), strict=True))
    group = {label: label for label in offers.index}
    if repeats is not None:
        group = repeats.to_dict()
    members: dict[Hashable, list[Hashable]] = {}
    for label, first in group.items():
        members.setdefault(first, []).append(label)
    sure = pairs.loc[pairs["score"].ge(SEUIL_FUSION), ["gauche", "droite"]]
    # Best first: a sure pair is never refused for a catalogue that a weaker one brought.
    for one, other in sure.itertuples(index=False):
        kept, lost = group[one], group[other]
        if kept == lost or sources[kept] & sources[lost]:
            continue
        for label in members[lost]:
            group[label] = kept
        members[kept] += members.pop(lost)
        sources[kept] |= sources.pop(lost)
    return pd.Series(group, index=offers.index)


def retain(offers: pd.DataFrame, group: pd.Series) -> pd.Series:
    """Return the label of the offer retained in the group of each offer.

    `offers` holds `nb_connus` (facts known), `millesime` (of its source),
    `id_action` and `id_lieu`: the best informed offer is retained, then that of
    the latest source, then the first identifier.
    """
    order = offers.sort_values(
        ["nb_connus", "millesime", "id_action", "id_lieu"],
        ascending=[False, False, True, True],
        kind="stable",
    )
    first = pd.Series(order.index, index=order.index).groupby(group.reindex(order.index)).first()
    return group.map(first)


def list_duplicates(offers: pd.DataFrame, pairs: pd.DataFrame, retained: pd.Series) -> pd.DataFrame:
    """Return the table `doublons`.

    One row per offer merged into another, and one per pair that is only possible.

    Nothing is lost: the rows named stay in the tables of actions, sessions and
    places.  A merge is undone by refusing the pair (`geodata/doublons_refuses.csv`).
    """
    ids = {
        nom: dict(zip(offers.index, offers[nom].tolist(), strict=True))
        for nom in ("id_action", "id_lieu", "id_source", "nb_connus")
    }
    merged = retained[retained.ne(pd.Series(retained.index, index=retained.index))]
    best = _best_links(pairs, retained)
    rows = [
        (*_named(ids, label, kept), "fusionnee", *best[label]) for label, kept in merged.items()
    ]
    apart = pairs[pairs["gauche"].map(retained).ne(pairs["droite"].map(retained))]

    def informed(label: Hashable) -> tuple:
        return ids["nb_connus"][label], ids["id_action"][label], ids["id_lieu"][label]

    for one, other, regle, score, preuve in apart.itertuples(index=False):
        less, more = sorted((one, other), key=informed)
        # Sure and yet apart: a group holds one training of a catalogue at most.
        if score >= SEUIL_FUSION:
            preuve = f"{preuve} ; déjà réunie à une autre ligne de ce catalogue"
        rows.append((*_named(ids, less, more), "possible", regle, score, preuve))
    return pd.DataFrame(rows, columns=list(DOUBLONS))


def _best_links(pairs: pd.DataFrame, retained: pd.Series) -> dict:
    """Return (rule, score, evidence) of each grouped offer.

    Its direct link with the one retained, else its best link in the group.
    """
    inside = pairs[
        pairs["gauche"].map(retained).eq(pairs["droite"].map(retained))
        & pairs["score"].ge(SEUIL_FUSION)
    ]
    best: dict = {}
    kept = retained.to_dict()
    for one, other, regle, score, preuve in inside.itertuples(index=False):
        for mine, theirs in ((one, other), (other, one)):
            is_direct = kept[mine] == theirs
            if mine not in best or (is_direct and not best[mine][0]):
                told = "" if is_direct else ", avec une troisième offre de ce groupe"
                best[mine] = (is_direct, regle, score, f"{preuve}{told}")
    return {label: link[1:] for label, link in best.items()}


def _named(ids: dict, label: Hashable, kept: Hashable) -> tuple:
    """Return the identifiers of two offers, as the first columns of `DOUBLONS` name them."""
    two = [ids[nom][one] for one in (label, kept) for nom in ("id_action", "id_lieu")]
    return (*two, ids["id_source"][label], ids["id_source"][kept])
