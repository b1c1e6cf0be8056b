"""Which rows hold each stem, and what it says of them: worked out once, when the index is written.

A score is that of BM25 over weighted columns: a text only adds up numbers that wait for it, and a
stem that most documents hold (« BTS ») costs one read.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

LISTES = """
CREATE TABLE listes (champ TEXT, racine TEXT, lignes BLOB, notes BLOB);
CREATE UNIQUE INDEX listes_par_racine ON listes (champ, racine);
"""
LISTE = "SELECT lignes, notes FROM listes WHERE champ = ? AND racine = ?"

K1, B = 1.2, 0.75
"""Constants of BM25: how soon a stem said again tells no more, how much a long document loses."""

NOTE_MIN = 1e-6
"""What a stem tells at least, when more than half of the documents hold it."""

_ROWS, _NOTES = "<i4", "<f8"


Lire = Callable[[str, str], tuple[bytes, bytes] | None]
"""Field, stem → its rows and its scores as they are stored; None when nothing holds it."""


class Liste(NamedTuple):
    """The rows that hold something, in order, and the score of each."""

    lignes: np.ndarray
    notes: np.ndarray


def make_lists(
    documents: Iterable[Sequence[str]], champs: Mapping[str, Sequence[float]]
) -> Iterator[tuple[str, str, bytes, bytes]]:
    """Yield the rows of table `listes` of documents given as cells of stems parted by blanks.

    Parameters
    ----------
    documents : iterable of sequence of str
        The cells of each document, in the order of its columns.
    champs : mapping
        By name of a field, the weight of each column; a column of weight 0 is not read in it, but
        counts in the length of the document.
    """
    held = _count(documents, champs)
    for champ, weighted in zip(champs, held.poids, strict=True):
        yield from ((champ, *row) for row in _lists(held, weighted))


class _Tenues(NamedTuple):
    """Every (stem, document) in order, how often by field, the limits of each stem, and what the
    length of a document weighs.
    """

    racines: list[str]
    debuts: np.ndarray
    lignes: np.ndarray
    poids: list[np.ndarray]
    longueurs: np.ndarray


def _count(documents: Iterable[Sequence[str]], champs: Mapping[str, Sequence[float]]) -> _Tenues:
    """Return which documents hold each stem, and how often, weighted by field."""
    known: dict[str, int] = {}
    stems, rows, columns, sizes = array("i"), array("i"), array("b"), array("i")
    for row, cells in enumerate(documents):
        before = len(stems)
        for column, cell in enumerate(cells):
            found = [known.setdefault(root, len(known)) for root in cell.split()]
            stems.extend(found)
            columns.extend([column] * len(found))
        sizes.append(len(stems) - before)
        rows.extend([row] * sizes[-1])
    racines = sorted(known)
    rank = np.empty(len(known), np.int64)
    rank[[known[root] for root in racines]] = np.arange(len(known))
    nb = max(1, len(sizes))
    keys = rank[np.frombuffer(stems, np.int32)] * nb + np.frombuffer(rows, np.int32)
    distinct, at = np.unique(keys, return_inverse=True)
    read = np.frombuffer(columns, np.int8)
    poids = [
        np.bincount(at.reshape(-1), np.asarray(weights, float)[read], minlength=len(distinct))
        for weights in champs.values()
    ]
    long = np.frombuffer(sizes, np.int32).astype(float)
    mean = long.sum() / nb if long.any() else 1.0
    return _Tenues(
        racines=racines,
        debuts=np.searchsorted(distinct, np.arange(len(racines) + 1) * nb),
        lignes=distinct % nb,
        poids=poids,
        longueurs=K1 * (1 - B + B * long / mean),
    )


def _lists(held: _Tenues, weighted: np.ndarray) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield each stem of a field with its rows and its scores, as they are stored."""
    nb = len(held.longueurs)
    for i, racine in enumerate(held.racines):
        part = slice(held.debuts[i], held.debuts[i + 1])
        often = weighted[part]
        said = often > 0
        if not said.any():
            continue
        rows, often = held.lignes[part][said], often[said]
        # The rarer a stem, the more it tells.
        told = math.log((nb - len(rows) + 0.5) / (len(rows) + 0.5))
        told = told if told > 0 else NOTE_MIN
        scores = told * ((often * (K1 + 1.0)) / (often + held.longueurs[rows]))
        yield racine, rows.astype(_ROWS).tobytes(), scores.astype(_NOTES).tobytes()


def read_postings(lire: Lire, champ: str, locutions: Sequence[Sequence[str]]) -> Liste:
    """Return the rows that hold one of some expressions, in order, and the sum of what each says.

    An expression is held where all its stems are, and none of those that start with « - ».
    """
    lists = [_hold(lire, champ, locution) for locution in locutions]
    lists = [one for one in lists if len(one[0])]
    if not lists:
        return Liste(np.empty(0, np.int64), np.empty(0, np.float32))
    if len(lists) == 1:
        rows, parts = lists[0]
        total = sum(parts[1:], parts[0])
    else:
        size = max(int(rows[-1]) for rows, _ in lists) + 1
        here, sums = np.zeros(size, bool), np.zeros(size)
        for held, parts in lists:
            here[held] = True
            for part in parts:
                sums[held] += part
        rows = np.flatnonzero(here)
        total = sums[rows]
    return Liste(rows.astype(np.int64), total.astype(np.float32))


def _hold(lire: Lire, champ: str, locution: Sequence[str]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the rows that hold an expression, in order, and what each of its stems says there."""
    found = [_read(lire, champ, root) for root in locution if not root.startswith("-")]
    refused = [_read(lire, champ, root[1:]) for root in locution if root.startswith("-")]
    rows = min((one.lignes for one in found), key=len)
    for other in found:
        rows = rows[_held(rows, other.lignes)]
    for other in refused:
        rows = rows[~_held(rows, other.lignes)]
    return rows, [one.notes[np.searchsorted(one.lignes, rows)] for one in found]


def _held(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Tell which rows are among others; both are in order."""
    if rows is others or not len(others):
        return np.full(len(rows), len(others) > 0)
    return others[np.minimum(np.searchsorted(others, rows), len(others) - 1)] == rows


def _read(lire: Lire, champ: str, racine: str) -> Liste:
    """Return the list of one stem, empty when nothing holds it."""
    lignes, notes = lire(champ, racine) or (b"", b"")
    return Liste(np.frombuffer(lignes, _ROWS), np.frombuffer(notes, _NOTES))
