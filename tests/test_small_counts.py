"""Small counts of people: what is hidden, what would give it away, by the rule in plain loops."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoapp.coverage.small_counts import PERSONNES, hide_small, protect
from support.examples import cheap

COUNTS = st.one_of(st.sampled_from([0.0, 1.0, 4.0, 5.0, math.nan]), st.integers(0, 30).map(float))
TERMS = ("population_sans_offre", "population_eloignee", "population_sans_voiture")


def is_small(count: float) -> bool:
    return 0 < count < 5


def hidden_cells(rows: list[dict[str, float]], est_partition: bool) -> list[set[str]]:
    """Return the columns hidden in each row, by the rule, one cell after the other."""
    hidden = [{nom for nom in PERSONNES if is_small(row[nom])} for row in rows]
    for row, mine in zip(rows, hidden, strict=True):
        if is_small(row["population"] - row["population_non_couverte"]):
            mine.add("population_non_couverte")
        if "population" in mine:
            mine.update(PERSONNES)
    _hide_other_terms(hidden)
    if est_partition:
        for nom in PERSONNES:
            alone = [mine for mine in hidden if nom in mine]
            shown = [
                (row[nom], rank)
                for rank, row in enumerate(rows)
                if nom not in hidden[rank] and row[nom] > 0
            ]
            if len(alone) == 1 and shown:
                hidden[min(shown)[1]].add(nom)
        _hide_other_terms(hidden)
    return hidden


def _hide_other_terms(hidden: list[set[str]]) -> None:
    for mine in hidden:
        if mine & set(TERMS) and "population_non_couverte" not in mine:
            mine.update(TERMS)


@given(
    st.lists(st.fixed_dictionaries(dict.fromkeys(PERSONNES, COUNTS)), min_size=1, max_size=6),
    st.booleans(),
)
@cheap()
def test_what_is_hidden_is_what_the_rule_says(rows, est_partition):
    labels = [f"zone {rank}" for rank in range(len(rows), 0, -1)]
    parts = {"part_couverte": 0.25, "part_non_couverte": 0.75}
    table = pd.DataFrame([{**row, **parts} for row in rows], index=labels)
    shown = protect(table, est_partition=est_partition)
    assert shown.index.tolist() == labels
    for row, mine, found in zip(
        rows, hidden_cells(rows, est_partition), shown.to_dict("records"), strict=True
    ):
        # What is not known has nothing to hide.
        mine = {nom for nom in mine if not math.isnan(row[nom])}
        assert set(found["masques"].split("|")) == (mine or {""})
        for nom in PERSONNES:
            assert math.isnan(found[nom]) if nom in mine else same(found[nom], row[nom]), nom
        closed = "population_non_couverte" in mine and "population" not in mine
        for nom, part in parts.items():
            assert math.isnan(found[nom]) if closed else found[nom] == part


def same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


def test_small_counts_are_hidden_and_cannot_be_worked_out():
    columns = {nom: [100.0, 200.0, 300.0] for nom in ("population", "population_eloignee")}
    table = pd.DataFrame(
        {
            **columns,
            "population_non_couverte": [102.0, 50.0, 3.0],
            "population_sans_offre": [2.0, 0.0, 3.0],
            "population_sans_voiture": 0.0,
            "population_saturee": 0.0,
            "population_douteuse": 0.0,
            "part_couverte": 0.5,
            "part_non_couverte": 0.5,
        }
    )
    result = protect(table, est_partition=True)
    assert result["population_sans_offre"].isna().tolist() == [True, False, True]
    assert result["population_eloignee"].isna().tolist() == [True, True, False], (
        "the other term of the sum would give it away"
    )
    assert result["population_non_couverte"].isna().tolist() == [False, True, True], (
        "the only hidden count of a column hides the least other one"
    )
    assert result["part_couverte"].isna().tolist() == [False, True, True]
    assert result["masques"][2].split("|") == ["population_non_couverte", "population_sans_offre"]
    assert (result["population"] == table["population"]).all()


@pytest.mark.parametrize(
    ("covered", "hidden"), [(0, False), (1, True), (4, True), (5, False), (math.nan, False)]
)
def test_one_to_four_covered_people_hide_the_count_that_would_give_them(covered, hidden):
    """Three zones: the one in question, one of large counts, one of three people covered."""
    table = pd.DataFrame(
        {
            **{nom: [0.0, 0.0, 0.0] for nom in PERSONNES},
            "population": [100.0, 1000.0, 1000.0],
            "population_non_couverte": [100.0 - covered, 400.0, 997.0],
            "part_couverte": [covered / 100, 0.6, 0.003],
            "part_non_couverte": [1 - covered / 100, 0.4, 0.997],
        }
    )
    for shown in (
        protect(table, est_partition=False),
        protect(table.head(2), est_partition=False),  # nothing else is small
    ):
        expected = [hidden or math.isnan(covered), False, True][: len(shown)]
        for nom in ("population_non_couverte", "part_couverte", "part_non_couverte"):
            assert shown[nom].isna().tolist() == expected, nom
        masked = [hidden, False, True][: len(shown)]
        assert shown["masques"].ne("").tolist() == masked


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=8))
def test_a_white_commune_shows_neither_a_handful_nor_what_is_left_of_its_people(pairs):
    people = [float(max(pair)) for pair in pairs]
    white = [float(min(pair)) for pair in pairs]
    shown = hide_small(pd.DataFrame({"population": people, "population_blanche": white}))
    few = [(is_small(p), is_small(w), is_small(p - w)) for p, w in zip(people, white, strict=True)]
    assert shown["population"].isna().tolist() == [one for one, _, _ in few]
    assert shown["population_blanche"].isna().tolist() == [any(three) for three in few]


def test_a_white_commune_gives_no_handful_of_people_away():
    blanches = pd.DataFrame(
        {
            "code_commune": list("abcd"),
            "population": [4.0, 100.0, 100.0, 5.0],
            "population_blanche": [4.0, 97.0, 95.0, 5.0],
        }
    )
    shown = hide_small(blanches)
    assert shown["population"].isna().tolist() == [True, False, False, False]
    assert shown["population_blanche"].isna().tolist() == [True, True, False, False]
