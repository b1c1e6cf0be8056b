"""Gather the offers that are one training, and keep the best informed of each group.

A group holds one training of a catalogue at most, on one row or several (`repeated`).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

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
    order = best_informed(offers)
    first = pd.Series(order, index=order).groupby(group.reindex(order)).first()
    return group.map(first)


RANG = {"nb_connus": False, "millesime": False, "id_action": True, "id_lieu": True}
"""What tells the best informed of several offers, and whether the least comes first."""


def best_informed(offers: pd.DataFrame) -> pd.Index:
    """Return the labels of offers, the best informed first."""
    told = offers[list(RANG)].sort_values(list(RANG), ascending=list(RANG.values()), kind="stable")
    return told.index


def list_duplicates(offers: pd.DataFrame, pairs: pd.DataFrame, retained: pd.Series) -> pd.DataFrame:
    """Return the table `doublons`.

    One row per offer merged into another, and one per pair that is only possible.

    Nothing is lost: the rows named stay in the tables of actions, sessions and
    places.  A merge is undone by refusing the pair (`geodata/doublons_refuses.csv`).
    """
    offers = offers.drop(columns=[nom for nom in offers if nom not in _INFORMED])
    merged = retained[retained.ne(pd.Series(retained.index, index=retained.index))]
    links = _best_links(pairs, retained).reindex(merged.index)
    grouped = _named(offers, merged.index, merged.to_numpy()).assign(
        etat="fusionnee", **{nom: links[nom].to_numpy() for nom in links}
    )
    apart = pairs[pairs["gauche"].map(retained).ne(pairs["droite"].map(retained))]
    order = offers.sort_values(["nb_connus", "id_action", "id_lieu"], kind="stable").index
    rank = pd.Series(range(len(order)), index=order)
    is_less = apart["gauche"].map(rank) <= apart["droite"].map(rank)
    less = apart["gauche"].where(is_less, apart["droite"])
    more = apart["droite"].where(is_less, apart["gauche"])
    # Sure and yet apart: a group holds one training of a catalogue at most.
    is_sure = apart["score"].ge(SEUIL_FUSION)
    told = apart["preuve"] + " ; déjà réunie à une autre ligne de ce catalogue"
    possible = _named(offers, less.to_numpy(), more.to_numpy()).assign(
        etat="possible",
        regle=apart["regle"].to_numpy(),
        score=apart["score"].to_numpy(),
        preuve=apart["preuve"].where(~is_sure, told).to_numpy(),
    )
    parts = [part for part in (grouped, possible) if len(part)]
    found = pd.concat(parts, ignore_index=True) if parts else grouped
    return found[list(DOUBLONS)]


_INFORMED = ("id_action", "id_lieu", "id_source", "nb_connus")


def _best_links(pairs: pd.DataFrame, retained: pd.Series) -> pd.DataFrame:
    """Return rule, score and evidence of each grouped offer (its label).

    Its direct link with the one retained, else its best link in the group.
    """
    inside = pairs[
        pairs["gauche"].map(retained).eq(pairs["droite"].map(retained))
        & pairs["score"].ge(SEUIL_FUSION)
    ].reset_index(drop=True)
    ways = (["gauche", "droite"], ["droite", "gauche"])
    both = pd.concat([inside[way].set_axis(["mine", "theirs"], axis=1) for way in ways])
    both["est_directe"] = both["mine"].map(retained).eq(both["theirs"])
    best = both.sort_index(kind="stable").sort_values("est_directe", ascending=False, kind="stable")
    best = best.drop_duplicates("mine")
    links = inside.loc[best.index, ["regle", "score", "preuve"]].set_axis(best["mine"])
    is_direct = best["est_directe"].to_numpy(dtype=bool)
    told = links["preuve"] + ", avec une troisième offre de ce groupe"
    return links.assign(preuve=links["preuve"].where(is_direct, told))


def _named(offers: pd.DataFrame, labels: Sequence, kept: Sequence) -> pd.DataFrame:
    """Return the identifiers of pairs of offers, as the first columns of `DOUBLONS` name them."""
    mine, theirs = (offers.loc[some].reset_index(drop=True) for some in (labels, kept))
    return pd.DataFrame(
        {
            "id_action": mine["id_action"],
            "id_lieu": mine["id_lieu"],
            "id_action_retenue": theirs["id_action"],
            "id_lieu_retenu": theirs["id_lieu"],
            "id_source": mine["id_source"],
            "id_source_retenue": theirs["id_source"],
        }
    )
