"""The rows of one catalogue that are one training: the same thing, by the same body, at one place.

A catalogue lists an intake, a year or a contract on a row of its own.  People are offered one
training, with several sessions.
"""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from geoapp.offer.dedupe.titles import Titre, read_titles
from geoapp.reference.codes.text import fold, map_distinct

REGLE = "catalogue"
PREUVE = "même formation, même organisme, même lieu et même voie dans ce catalogue"

_EGAUX = ("id_source", "apprise", "entite", "endroit", "voie", "modalite", "niveau_sortie")
"""What two rows share to be one training; only voie, modality and level may be unknown in both."""


def group_repeats(
    offers: pd.DataFrame,
    refus: frozenset[frozenset[str]] = frozenset(),
    titres: pd.Series | None = None,
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
    titres : Series of Titre, optional
        What `read_titles` says of them, when it is at hand.

    Returns
    -------
    Series
        Same index.  An offer without body, or without place, repeats none.
    """
    table = offers.assign(
        apprise=_learnt(offers, read_titles(offers) if titres is None else titres),
        entite=offers["siren"].fillna(offers["id_organisme"]),
        endroit=_place(offers),
    )
    same = [*_EGAUX]
    known = table[["entite", "endroit"]].notna().all(axis=1)
    known &= ~table["est_fictive"].astype("boolean").fillna(False).astype(bool)
    kept = table.loc[known, ["id_action", "id_lieu", *same]]
    kept = kept.sort_values(["id_action", "id_lieu"], kind="stable")
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
    # Those of a group follow one another; each group is in the order of its offers.
    several = several.sort_values(kind="stable")
    labels = several.index.tolist()
    ends = np.flatnonzero(several.ne(several.shift(-1))) + 1
    groups = (labels[start:end] for start, end in pairwise([0, *ends.tolist()]))
    pairs = [pair for group in groups for pair in combinations(group, 2)]
    found = pd.DataFrame(pairs, columns=["gauche", "droite"])
    return found.assign(regle=REGLE, score=1.0, preuve=PREUVE)


def _learnt(offers: pd.DataFrame, titres: pd.Series) -> pd.Series:
    """Return what each offer teaches: its code, else the words of its title; and its option.

    A common first year, a course at a distance are another training under the same code.
    """
    code = offers["code_certifinfo"].fillna(offers["code_cfd"]).fillna(offers["code_rncp"])
    # « option | courses | words »: a code stands for the words, never for the rest.
    learnt = [_key(titre, one) for titre, one in zip(titres, code.astype("object"), strict=True)]
    return pd.Series(learnt, index=offers.index, dtype="object")


def _key(titre: Titre, code: str | float) -> str:
    head = f"{titre.option}/{','.join(sorted(titre.parcours))}"
    return f"{head}|{code}" if isinstance(code, str) else f"{head}|{titre.diplome} {titre.mots}"


def _place(offers: pd.DataFrame) -> pd.Series:
    """Return where each offer is: its point; with its address where only the commune is known."""
    point = offers["id_place"].fillna(offers["id_lieu"]).astype("object")
    is_vague = offers["precision_position"].eq("commune").fillna(False).astype(bool)
    address = map_distinct(offers["adresse"].fillna(""), fold)
    return point.where(~is_vague, point + "|" + address)
