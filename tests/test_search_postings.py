"""Scores that wait in the index are those that SQLite works out with its own BM25, bit for bit."""

import random
import sqlite3

import numpy as np
import pytest

from geoapp.offer.search.index import CHAMPS, DIPLOMES_TITRES, POIDS, TEXTES, TITRES
from geoapp.offer.search.postings import make_lists, read_postings

STEMS = [f"w{i}" for i in range(40)]
WITHIN = {
    TEXTES: "",
    TITRES: "{intitule codes} : ",
    DIPLOMES_TITRES: "{intitule codes type_diplome} : ",
}


@pytest.fixture(scope="module")
def drawn():
    """Return drawn documents, in the full-text engine and in the lists of the product."""
    rng = random.Random(14)
    documents = [
        [" ".join(rng.choices(STEMS, k=rng.choice((0, 1, 3, 8)))) for _ in POIDS]
        for _ in range(200)
    ]
    db = sqlite3.connect(":memory:")
    columns = ", ".join(POIDS)
    db.execute(f"CREATE VIRTUAL TABLE textes USING fts5({columns}, content='', tokenize='ascii')")
    marks = ", ".join("?" * (1 + len(POIDS)))
    db.executemany(
        f"INSERT INTO textes(rowid, {columns}) VALUES ({marks})",
        ((row, *cells) for row, cells in enumerate(documents)),
    )
    lists = {
        (champ, root): (rows, notes) for champ, root, rows, notes in make_lists(documents, CHAMPS)
    }
    return db, lambda champ, root: lists.get((champ, root))


def _expression(locution, within: str) -> str:
    held = " AND ".join(f'{within}"{root}"' for root in locution if root[0] != "-")
    without = "".join(f' NOT {within}"{root[1:]}"' for root in locution if root[0] == "-")
    return f"(({held}){without})"


def test_rows_and_scores_are_those_of_the_full_text_engine(drawn):
    connection, lire = drawn
    rng, nb = random.Random(7), 0
    weights = ", ".join(map(str, POIDS.values()))
    for _ in range(150):
        champ = rng.choice(list(WITHIN))
        locutions = [
            (
                *rng.sample(STEMS, rng.choice((1, 1, 2, 3))),
                *(f"-{root}" for root in rng.sample(STEMS, rng.choice((0, 0, 1)))),
            )
            for _ in range(rng.choice((1, 1, 2, 6)))
        ]
        expression = " OR ".join(_expression(one, WITHIN[champ]) for one in locutions)
        told = connection.execute(
            f"SELECT rowid, bm25(textes, {weights}) FROM textes WHERE textes MATCH ? "
            "ORDER BY rowid",
            (expression,),
        ).fetchall()
        found = read_postings(lire, champ, locutions)
        assert found.lignes.tolist() == [row for row, _ in told]
        assert found.notes.tolist() == np.array([-s for _, s in told], np.float32).tolist()
        nb += len(told)
    assert nb > 1000


def test_nothing_is_held_by_an_unknown_stem_nor_without_expression(drawn):
    _, lire = drawn
    for locutions in ((), (("inconnu",),), (("w1", "inconnu"),)):
        assert not len(read_postings(lire, TEXTES, locutions).lignes)
    whole = read_postings(lire, TEXTES, (("w1",),)).lignes.tolist()
    assert read_postings(lire, TEXTES, (("w1", "-inconnu"),)).lignes.tolist() == whole
