"""Indices of inequality: reference values, plain formulas, known extremes."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoapp.coverage.equity import atkinson, gini, p90_p10, palma, theil, weighted_quantile
from support.sources import TRUTH

PEOPLE = st.lists(st.tuples(st.floats(0.5, 100), st.integers(1, 6)), min_size=1, max_size=12)


@pytest.mark.real
def test_mexican_states_are_those_of_pysal():
    if not TRUTH.exists():
        pytest.skip("valeurs de référence absentes (dossier shared/truth à côté du dépôt)")
    states = pd.read_csv(TRUTH / "inequality/mexico.csv")
    known = json.loads((TRUTH / "inequality/expected.json").read_text())["recomputed"]
    for name, value in known["Gini all years"].items():
        assert gini(states[name]) == pytest.approx(value, rel=1e-9)
    years = [name for name in states if name.startswith("pcgdp")]
    for name, value in zip(years, known["Theil"], strict=True):
        assert theil(states[name]) == pytest.approx(value, rel=1e-9)
    assert atkinson([10, 20, 30, 40, 50], 0.5) == pytest.approx(0.06315, abs=1e-5)
    assert atkinson([10, 20, 30, 40, 50], 1) == pytest.approx(0.1316096, abs=1e-5)


@given(PEOPLE)
def test_a_weight_is_so_many_equal_people(people):
    values, weights = (np.array(column, dtype=float) for column in zip(*people, strict=True))
    each = np.repeat(values, weights.astype(int))
    pairs = np.abs(each[:, None] - each[None, :]).mean() / (2 * each.mean())
    assert gini(values, weights) == pytest.approx(pairs, abs=1e-12) == gini(each)
    for index in (
        theil,
        lambda v, w=None: atkinson(v, 0.5, w),
        lambda v, w=None: atkinson(v, 1, w),
    ):
        assert index(values, weights) == pytest.approx(index(each), abs=1e-9)
    ordered = np.sort(each)
    for q in (0.1, 0.5, 0.9):
        assert weighted_quantile(values, weights, q) == ordered[math.ceil(q * len(each) - 1e-9) - 1]


def test_extremes_and_what_cannot_be_said():
    assert gini([5, 5, 5]) == pytest.approx(0, abs=1e-12) and gini([0, 0, 0, 1]) == 0.75
    assert palma(np.ones(10)) == pytest.approx(0.25) and palma([0] * 9 + [1]) != palma(
        [0] * 9 + [1]
    )
    assert p90_p10(range(1, 11)) == 9.0
    for index in (gini, theil, palma, p90_p10):
        assert math.isnan(index([])) and math.isnan(index([np.nan]))
    assert math.isnan(gini([0, 0]))


def test_an_unknown_cost_is_farther_than_all_when_asked():
    assert weighted_quantile([1, np.nan], [1, 1], 0.5, inconnu="loin") == 1
    assert math.isnan(weighted_quantile([1, np.nan], [1, 1], 0.9, inconnu="loin"))
    assert weighted_quantile([1, np.nan], [1, 1], 0.9) == 1
    assert math.isnan(p90_p10([1, 2, np.nan], [1, 1, 1]))
