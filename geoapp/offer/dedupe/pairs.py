"""The pairs of offers of two catalogues that may be one training.

Candidates, parts, score, evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
import scipy
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from geoapp.core.schema.check import tell_order
from geoapp.offer.dedupe.names import name_places, read_towns, shared_name
from geoapp.offer.dedupe.rules import (
    APPRENTISSAGES,
    ILOT_M,
    LIEUX,
    PART_CODES_OPPOSES,
    RAYON_M,
    SEUIL_POSSIBLE,
    SITE_M,
    TITRE_PROCHE,
    VOISINAGE_M,
    part_of_distance,
)
from geoapp.offer.dedupe.titles import Titre, opposed, read_titles

CODES = ("certification", "diplome")
"""Rules of what is learnt that rest on a code."""

PROFIL = (
    "id_action",
    "id_lieu",
    "id_source",
    "intitule",
    "type_diplome",
    "niveau_sortie",
    "voie",
    "modalite",
    "code_certifinfo",
    "code_rncp",
    "code_cfd",
    "code_uai",
    "siret",
    "siren_sur",
    "nom_organisme",
    "adresse",
    "code_commune",
    "nom_commune",
    "x_m",
    "y_m",
)
"""Columns of an offer that are compared.

`x_m`, `y_m` (EPSG:2154) are NA unless the position is trusted; `code_uai` may hold several,
parted by « | »; `siren_sur` is that of the legal entity, NA when the commune is doubted.
"""

_LOT = 1024
"""Offers of which those nearby are looked for at once: each may have thousands of them in its town,
most of which contradict it."""
_PAIRES = 4_000_000
"""Pairs whose titles are compared at once: most of them are not alike."""

COLONNES = ("gauche", "droite", "regle", "score", "preuve")


def score_pairs(profil: pd.DataFrame, titres: pd.Series | None = None) -> pd.DataFrame:
    """Return the pairs of offers of different catalogues that may be one training.

    Parameters
    ----------
    profil : DataFrame
        One row per offer, columns of `PROFIL`, unique index.
    titres : Series of Titre, optional
        What `read_titles` says of them, when it is at hand.

    Returns
    -------
    DataFrame
        `gauche`, `droite` (labels of the index), `regle` (« what+where »),
        `score` (`SEUIL_POSSIBLE` to 1) and `preuve` in French, best first; ties
        by identifiers, so that the order of the rows given does not matter.
        A pair whose voie, level, modality, diploma, option or course differ,
        both being known, is never there.
    """
    keys = ["id_source", "id_action", "id_lieu"]
    # Those of a build are in this order: they are not copied.
    if tell_order(profil[keys]) is None:
        profil = profil.sort_values(keys, kind="stable")
    titres = read_titles(profil) if titres is None else titres.reindex(profil.index)
    left, right, likeness = _compared(profil, titres.tolist())
    metres = _metres(profil, left, right)
    # Those compared alone: the texts of all would be the most that a build holds.
    compared, both = np.unique([left, right], return_inverse=True)
    left, right = both.reshape(2, -1)
    compare = _Comparateur(profil.iloc[compared], read_towns(profil)).compare
    rows = map(compare, left.tolist(), right.tolist(), likeness.tolist(), metres.tolist())
    pairs = pd.DataFrame([row for row in rows if row is not None], columns=list(COLONNES))
    pairs = pairs.sort_values(
        ["score", "gauche", "droite"],
        ascending=[False, True, True],
        kind="stable",
        ignore_index=True,
    )
    labels = profil.index.to_numpy()[compared]
    return pairs.assign(
        gauche=labels[pairs["gauche"].to_numpy(dtype=int)],
        droite=labels[pairs["droite"].to_numpy(dtype=int)],
    )


def _metres(profil: pd.DataFrame, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the metres between the offers of each pair, NaN where a position is not trusted."""
    x, y = profil[["x_m", "y_m"]].to_numpy(dtype=float).T
    return np.hypot(x[left] - x[right], y[left] - y[right])


def _shared(values: pd.Series, read: Callable[[str], Any] = str, unknown: Any = None) -> list:
    """Return what is read of texts, made once by distinct text."""
    rank, distinct = pd.factorize(values)
    # The last is that of the rank -1.
    found = [*map(read, distinct), unknown]
    return [found[one] for one in rank.tolist()]


def _compared(
    profil: pd.DataFrame, titres: list[Titre]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the candidates that may teach the same thing, and the likeness of their titles."""
    alike, parts, waiting, nb = _alike(profil, titres), [], [], 0
    nothing = np.empty(0, dtype=np.int64)
    # Most teach something else: all of them at once would take as much as the offers.
    for pairs in _candidates(profil):
        waiting.append(pairs)
        nb += len(pairs[0])
        if nb > _PAIRES:
            parts.append(alike(*map(np.concatenate, zip(*waiting, strict=True))))
            waiting, nb = [], 0
    waiting.append((nothing, nothing))
    parts.append(alike(*map(np.concatenate, zip(*waiting, strict=True))))
    left, right, likeness = map(np.concatenate, zip(*parts, strict=True))
    return left, right, likeness


def _candidates(profil: pd.DataFrame) -> Iterator[Paires]:
    """Yield the positions of the offers of two catalogues that may be at one place, some at a time.

    They share a commune or an UAI code, or are at most `VOISINAGE_M` apart, and nothing that is
    told of both contradicts (`_agreement`).  Each pair comes once.

    The rows are those of one catalogue after the other; pairs inside one, whose
    number would grow with the square of it, are never made.
    """
    texts = profil[["code_commune", "code_uai"]].reset_index(drop=True).astype("str")
    keys = [
        _by_rank(key) for key in (texts["code_commune"], texts["code_uai"].str.split("|").explode())
    ]
    agree = _agreement(profil)
    bounds = np.append(np.flatnonzero(~profil["id_source"].duplicated()), len(profil))
    catalogues = [slice(start, end) for start, end in pairwise(bounds.tolist())]
    # A pair is one number, left × width + right: cheap to make distinct and to sort.
    width = max(len(profil), 1)
    for one, other in combinations(catalogues, 2):
        ways = [*(_joined(key, other) for key in keys), _near(profil, other)]
        for start in range(one.start, one.stop, _LOT):
            some = slice(start, min(start + _LOT, one.stop))
            kept = (agree(*meet(some)) for meet in ways)
            pairs = np.concatenate([left * width + right for left, right in kept])
            pairs.sort()
            pairs = pairs[np.diff(pairs, prepend=-1) > 0]
            yield pairs // width, pairs % width


def _by_rank(texts: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the known keys of offers as numbers, and the rank (the label) of each, in order."""
    codes = pd.factorize(texts)[0]
    known = np.flatnonzero(codes >= 0)
    return codes[known], texts.index.to_numpy(dtype=np.int64)[known]


def _joined(keys: tuple[np.ndarray, np.ndarray], other: slice) -> Callable[[slice], Paires]:
    """Return what tells the ranks of some offers and of a catalogue that share a key."""
    codes, ranks = keys
    theirs = slice(*np.searchsorted(ranks, [other.start, other.stop]))
    order = np.argsort(codes[theirs], kind="stable")
    held, their_ranks = codes[theirs][order], ranks[theirs][order]

    def meet(some: slice) -> Paires:
        mine = slice(*np.searchsorted(ranks, [some.start, some.stop]))
        first = np.searchsorted(held, codes[mine], side="left")
        count = np.searchsorted(held, codes[mine], side="right") - first
        # The rows of the other catalogue that each one meets follow one another in their order.
        within = np.arange(count.sum()) + np.repeat(first - (np.cumsum(count) - count), count)
        return np.repeat(ranks[mine], count), their_ranks[within]

    return meet


def _near(profil: pd.DataFrame, other: slice) -> Callable[[slice], Paires]:
    """Return what tells the ranks of some offers and of a catalogue at most `VOISINAGE_M` apart."""
    xy = profil[["x_m", "y_m"]].to_numpy(dtype=float)
    is_known = np.isfinite(xy).all(axis=1)
    theirs = other.start + np.flatnonzero(is_known[other])
    tree = scipy.spatial.cKDTree(xy[theirs])

    def meet(some: slice) -> Paires:
        mine = some.start + np.flatnonzero(is_known[some])
        here = scipy.spatial.cKDTree(xy[mine])
        found = here.sparse_distance_matrix(tree, VOISINAGE_M, output_type="ndarray")
        return mine[found["i"]].astype(np.int64), theirs[found["j"]].astype(np.int64)

    return meet


Paires = tuple[np.ndarray, np.ndarray]
"""Ranks of the offers on the left, ranks of those on the right."""


def _agreement(profil: pd.DataFrame) -> Callable[[np.ndarray, np.ndarray], Paires]:
    """Return what keeps the pairs whose voie, level and modality do not contradict each other."""
    told = [pd.factorize(profil[nom])[0] for nom in ("voie", "niveau_sortie", "modalite")]
    # What two kinds of offers say is compared once: there are a hundred, and millions of pairs.
    kinds, kind = np.unique(np.stack(told), axis=1, return_inverse=True)
    agree = np.ones((kinds.shape[1],) * 2, dtype=bool)
    for codes in kinds:
        a, b = codes[:, None], codes
        # −1 is unknown: what is not told contradicts nothing.
        agree &= (a == b) | (a < 0) | (b < 0)
    kind = kind.reshape(-1).astype(np.int32)

    def keep(left: np.ndarray, right: np.ndarray) -> Paires:
        kept = agree[kind[left], kind[right]]
        return left[kept], right[kept]

    return keep


def _alike(
    profil: pd.DataFrame, titres: list[Titre]
) -> Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return what keeps the pairs that may teach the same thing, and the likeness of their titles.

    Their titles are near or they share a certification, and nothing opposes their titles.
    """
    like = _likeness([titre.mots for titre in titres])
    codes = [pd.factorize(profil[nom])[0] for nom in ("code_certifinfo", "code_cfd")]
    agree = cache(lambda one, other: not opposed(one, other))

    def keep(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        likeness = like(left, right)
        worth = likeness >= TITRE_PROCHE
        for code in codes:
            worth |= (code[left] == code[right]) & (code[left] >= 0)
        left, right, likeness = left[worth], right[worth], likeness[worth]
        both = zip(left.tolist(), right.tolist(), strict=True)
        kept = np.array([agree(titres[one], titres[other]) for one, other in both], dtype=bool)
        return left[kept], right[kept], likeness[kept]

    return keep


def _likeness(mots: list[str]) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return what tells the likeness of the titles of pairs, 0 to 100; 0 below `TITRE_PROCHE`.

    Worked out once by distinct pair.
    """
    rank, distinct = pd.factorize(np.array(mots, dtype=object))
    width = max(len(distinct), 1)

    def like(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        pairs, where = np.unique(rank[left] * width + rank[right], return_inverse=True)
        found = cpdist(
            distinct[pairs // width],
            distinct[pairs % width],
            scorer=fuzz.token_sort_ratio,
            score_cutoff=TITRE_PROCHE,
            dtype=np.float64,
        )
        return found[where.reshape(-1)]

    return like


def _codes(text: str) -> frozenset[str]:
    """Return the codes that « | » parts."""
    return frozenset(text.split("|")) - {""}


class _Comparateur:
    """Compares two offers by their positions in a profile.

    What is costly is worked out once by distinct value.
    """

    def __init__(self, profil: pd.DataFrame, towns: set[frozenset[str]]):
        codes = ("code_certifinfo", "code_rncp", "code_cfd", "siret", "siren_sur", "code_commune")
        self.colonnes = {nom: _shared(profil[nom]) for nom in codes}
        self.uai = _shared(profil["code_uai"], _codes, frozenset())
        self.noms = name_places(profil, towns)
        self._noms: dict = {}

    def compare(self, one: int, other: int, likeness: float, metres: float) -> tuple | None:
        """Return (one, other, rule, score, evidence); None when the pair is not worth a look."""
        learnt = self._learnt(one, other, likeness)
        # No place makes up for what is learnt.
        if learnt is None or learnt[1] < SEUIL_POSSIBLE:
            return None
        where = self._where(one, other, learnt[0], metres)
        if where is None:
            return None
        (what, part, evidence), (place, place_part, place_evidence) = learnt, where
        score = part * place_part
        if score < SEUIL_POSSIBLE:
            return None
        return one, other, f"{what}+{place}", round(score, 3), f"{evidence}, {place_evidence}"

    def _same(self, nom: str, one: int, other: int) -> str | None:
        """Return the value that two offers share in a column; None when they do not."""
        value = self.colonnes[nom][one]
        return value if value is not None and value == self.colonnes[nom][other] else None

    def _differ(self, nom: str, one: int, other: int) -> bool:
        """Tell whether two offers hold different values, both known, in a column."""
        values = {self.colonnes[nom][one], self.colonnes[nom][other]}
        return len(values) == 2 and None not in values

    def _learnt(self, one: int, other: int, likeness: float) -> tuple[str, float, str] | None:
        """Return the rule, part and evidence of what is learnt; None when no rule holds."""
        near = f"{likeness:.0f}" if likeness >= TITRE_PROCHE else None
        found = {
            "certification": self._same("code_certifinfo", one, other),
            "diplome": self._same("code_cfd", one, other),
            "intitule": "=" if likeness == 100 else None,
            "rncp": self._same("code_rncp", one, other) if near else None,
            "intitule_proche": near,
        }
        # Rules that name a code come before: this weighs on titles that are only near.
        codes = ("code_cfd", "code_certifinfo")
        are_opposed = any(self._differ(nom, one, other) for nom in codes)
        return _first(
            APPRENTISSAGES, found, likeness / 100 * (PART_CODES_OPPOSES if are_opposed else 1)
        )

    def _where(
        self, one: int, other: int, learnt: str, metres: float
    ) -> tuple[str, float, str] | None:
        """Return the rule, part and evidence of the place; None when they are elsewhere.

        `learnt` is the rule that told what is learnt.
        """
        commune = self._same("code_commune", one, other)
        elsewhere = self._differ("code_commune", one, other)
        # NaN is neither near nor far: one of the two points is not trusted.
        is_near, is_unknown = metres <= VOISINAGE_M, metres != metres
        # A code may be that of the body, which teaches in several communes: see `elsewhere`.
        same_uai = sorted(self.uai[one] & self.uai[other])
        # The same name in one commune is one site, whatever geocoders say of it; beyond, another.
        may_share_name = commune and not metres > SITE_M
        found = {
            "uai": same_uai[0] if same_uai and not elsewhere else None,
            "siret": self._same("siret", one, other) if commune else None,
            "point": f"{metres:.0f}" if metres <= RAYON_M else None,
            "siren": self._same("siren_sur", one, other) if commune else None,
        }
        # Names are read last: the rules before theirs decide of most.
        may_share_name = may_share_name and set(found.values()) == {None}
        found |= {
            "nom": self._shared_name(one, other, is_near) if may_share_name else None,
            "ilot": f"{metres:.0f}" if metres <= ILOT_M and learnt in CODES else None,
            "voisinage": f"{metres:.0f}" if is_near else None,
            "commune": commune if is_unknown else None,
        }
        return _first(LIEUX, found, 0.0 if is_unknown else part_of_distance(metres))

    def _shared_name(self, one: int, other: int, is_near: bool) -> str | None:
        """Return the name that two establishments share; None when they share none."""
        pair = (self.noms[one], self.noms[other], is_near)
        if pair not in self._noms:
            self._noms[pair] = shared_name(self.noms[one], self.noms[other], est_proche=is_near)
        return self._noms[pair]


def _first(regles: tuple, found: dict, measured: float) -> tuple[str, float, str] | None:
    """Return name, part and evidence of the first rule that holds."""
    for regle in regles:
        if found[regle.nom] is not None:
            part = measured if regle.part is None else regle.part
            return regle.nom, part, regle.preuve.format(valeur=found[regle.nom])
    return None
