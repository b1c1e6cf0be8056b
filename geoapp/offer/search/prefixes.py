"""A sorted list of words that leads from the start of a word to the entries holding it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

_FIN = "\x7f"
"""Greater than every character of a folded word."""


@dataclass(frozen=True)
class Prefixes:
    """Words in order; the entries of word i are `entrees[debuts[i]:debuts[i + 1]]`."""

    mots: list[str]
    debuts: np.ndarray
    entrees: np.ndarray


def make_prefixes(words_of: Iterable[Iterable[str]]) -> Prefixes:
    """Return the index of some entries, given the words of each."""
    pairs = sorted({(word, entry) for entry, words in enumerate(words_of) for word in words})
    words = sorted({word for word, _ in pairs})
    rank = {word: i for i, word in enumerate(words)}
    ranks = np.array([rank[word] for word, _ in pairs], dtype=np.intp)
    counts = np.bincount(ranks, minlength=len(words))
    return Prefixes(
        words,
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.array([e for _, e in pairs], dtype=np.int64),
    )


def find_prefixes(index: Prefixes, tokens: Sequence[str]) -> np.ndarray:
    """Return the entries, in order, that hold for each token a word starting with it."""
    found = None
    for token in tokens:
        low, high = bisect_left(index.mots, token), bisect_left(index.mots, token + _FIN)
        entries = np.unique(index.entrees[index.debuts[low] : index.debuts[high]])
        found = entries if found is None else found[np.isin(found, entries, assume_unique=True)]
    return np.empty(0, dtype=np.int64) if found is None else found
