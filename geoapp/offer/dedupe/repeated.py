"""The rows of one catalogue that are one training: the same thing, by the same body, at one place.

A catalogue lists an intake, a year or a contract on a row of its own.  People are offered one
training, with several sessions.
"""

from __future__ import annotations

from itertools import combinations

import pandas as pd

from geoapp.offer.dedupe.titles import read_title
from geoapp.reference.codes.text import fold, map_distinct

REGLE = "catalogue"
PREUVE = "même formation, même organisme, même lieu et même voie dans ce catalogue"

_EGAUX = ("id_source", "apprise", "entite", "endroit", "voie", "modalite", "niveau_sortie")
"""What two rows share to be one training; only voie, modality and level may be unknown in both."""


def group_repeats(
    offers: pd.DataFrame, refus: frozenset[frozenset[str]] = frozenset()
) -> pd.Series:
    """Return the label of the first offer that each one repeats, itself when it repeats none.

    Parameters
    ----------
    offers : DataFrame
        `id_source`, `id_action`, `id_lieu`, `id_place`, `precision_position`, `adresse`,
        `intitule`, `type_diplome`, codes of certification, `siren`, `id_organisme`, `voie`,
        `modalite`, `niveau_sortie`, `est_fictive`; unique index.
    refus : set of pairs
        Pairs of actions that a person says are two trainings.

    Returns
    -------
    Series
        Same index.  An offer without body, or without place, repeats none.
    """
    table = offers.assign(
        apprise=_learnt(offers),
        entite=offers["siren"].fillna(offers["id_organisme"]),
        endroit=_place(offers),
    )
    same = [*_EGAUX]
    known = table[["entite", "endroit"]].notna().all(axis=1)
    known &= ~table["est_fictive"].astype("boolean").fillna(False).astype(bool)
    kept = table[known].sort_values(["id_action", "id_lieu"], kind="stable")
    first = pd.Series(kept.index, index=kept.index).groupby(
        [kept[nom].fillna("") for nom in same], sort=False
    )
    result = pd.Series(offers.index, index=offers.index)
    result[kept.index] = first.transform("first")
    if refus:
        actions = offers["id_action"]
        pairs = zip(actions, result.map(actions), strict=True)
        refused = pd.Series([frozenset(pair) in refus for pair in pairs], index=offers.index)
        result = result.mask(refused, pd.Series(offers.index, index=offers.index))
    return result


def repeat_pairs(repeats: pd.Series) -> pd.DataFrame:
    """Return every pair of offers that repeat one another, as `score_pairs` gives pairs."""
    several = repeats[repeats.duplicated(keep=False)]
    rows = [
        (one, other, REGLE, 1.0, PREUVE)
        for _, labels in several.groupby(several)
        for one, other in combinations(labels.index, 2)
    ]
    return pd.DataFrame(rows, columns=["gauche", "droite", "regle", "score", "preuve"])


def _learnt(offers: pd.DataFrame) -> pd.Series:
    """Return what each offer teaches: its code, else the words of its title; and its option.

    A common first year, a course at a distance are another training under the same code.
    """
    titles = pd.Series(
        [
            _title_key(title, kind if isinstance(kind, str) else None)
            for title, kind in zip(offers["intitule"], offers["type_diplome"], strict=True)
        ],
        index=offers.index,
    )
    code = offers["code_certifinfo"].fillna(offers["code_cfd"]).fillna(offers["code_rncp"])
    # « option | courses | words »: a code stands for the words, never for the rest.
    head = titles.map(lambda one: one.rpartition("|")[0])
    return (head + "|" + code.astype("object").where(code.notna(), titles)).astype("object")


def _title_key(intitule: str, type_diplome: str | None) -> str:
    titre = read_title(intitule, type_diplome)
    courses = ",".join(sorted(titre.parcours))
    return f"{titre.option}/{courses}|{titre.diplome} {titre.mots}"


def _place(offers: pd.DataFrame) -> pd.Series:
    """Return where each offer is: its point; with its address where only the commune is known."""
    point = offers["id_place"].fillna(offers["id_lieu"]).astype("object")
    is_vague = offers["precision_position"].eq("commune").fillna(False).astype(bool)
    address = map_distinct(offers["adresse"].fillna(""), fold)
    return point.where(~is_vague, point + "|" + address)
