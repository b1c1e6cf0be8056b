"""Classes of a map: reference breaks, unknown apart, and few values."""

import itertools
import json
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from geoapp.coverage.classes import (
    JENKS_MAX,
    METHODES,
    assign_classes,
    make_classes,
    round_classes,
)
from geoapp.coverage.legend import bounds_in_words
from support.sources import TRUTH

VALUES = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.just(float("nan")), st.sampled_from([0.0, 1.0])), max_size=40
)


@pytest.mark.real
@pytest.mark.parametrize("methode, name", [("jenks", "FisherJenks"), ("quantiles", "Quantiles")])
def test_reference_breaks(methode, name):
    if not TRUTH.exists():
        pytest.skip("valeurs de référence absentes (dossier shared/truth à côté du dépôt)")
    values = pd.read_csv(TRUTH / "classification/calemp_emp_per_sqkm.csv").iloc[:, 0]
    known = json.loads((TRUTH / "classification/expected.json").read_text())[name]
    classes = make_classes(values, methode=methode)
    np.testing.assert_allclose(classes.bornes[1:], known["bins"], atol=1e-6)
    assert list(classes.effectifs) == known["counts"]
    assert classes.bornes[0] == values.min()


@given(VALUES, st.sampled_from(["jenks", "quantiles"]), st.integers(2, 6))
def test_every_known_value_has_one_class_and_unknown_none(values, methode, nb):
    classes = make_classes(values, methode=methode, nb=nb)
    ranks = assign_classes(values, classes)
    unknown = np.isnan(np.array(values, dtype=float))
    assert (ranks[unknown] == -1).all() and (ranks[~unknown] >= 0).all()
    assert sum(classes.effectifs) + classes.nb_inconnus == len(values)
    assert len(classes.effectifs) <= nb
    for value, rank in zip(np.array(values, dtype=float)[~unknown], ranks[~unknown], strict=True):
        assert value <= classes.bornes[rank + 1] and (rank == 0 or value > classes.bornes[rank])


def spread(values) -> int:
    """Return the squares around the mean, summed, times the number of values: a whole number."""
    return len(values) * sum(v * v for v in values) - sum(values) ** 2


@given(st.lists(st.integers(0, 30), min_size=4, max_size=9), st.integers(2, 3))
def test_natural_classes_spread_least_among_every_cut(values, nb):
    """Oracle: every way of cutting the ordered values, in fractions."""
    distinct = sorted(set(values))
    assume(len(distinct) > nb)

    def within(bounds) -> Fraction:
        parts = [
            [v for v in values if low < v <= high]
            for low, high in itertools.pairwise((-1, *bounds, distinct[-1]))
        ]
        return sum((Fraction(spread(part), len(part)) for part in parts), Fraction(0))

    classes = make_classes(values, nb=nb)
    assert len(classes.bornes) == nb + 1
    every = itertools.combinations(distinct[:-1], nb - 1)
    assert within(classes.bornes[1:-1]) == min(within(bounds) for bounds in every)


def test_quantiles_fall_between_two_values_when_no_value_is_at_their_rank():
    assert make_classes(range(1, 12), methode="quantiles", nb=2).bornes == (1, 6, 11)
    assert make_classes(range(1, 11), methode="quantiles", nb=2).bornes == (1, 5.5, 10)


@given(
    st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=60),
    st.sampled_from(["jenks", "quantiles"]),
)
@example([10.999999999883585], "jenks")
def test_rounded_bounds_hold_every_value_and_empty_no_class(values, methode):
    exact = make_classes(values, methode=methode)
    found = round_classes(values, exact)
    assert found.bornes[0] <= min(values) and found.bornes[-1] >= max(values)
    assert sum(found.effectifs) == len(values) and list(found.bornes) == sorted(found.bornes)
    assert [not nb for nb in found.effectifs] == [not nb for nb in exact.effectifs]
    counted = np.bincount(assign_classes(values, found), minlength=len(found.effectifs))
    assert tuple(counted) == found.effectifs


def test_a_bound_is_the_shortest_number_that_parts_two_classes():
    values = [0.031, 0.04, 0.0697, 0.0721, 0.148, 0.152, 0.3, 0.31]
    found = round_classes(values, make_classes(values, methode="quantiles", nb=4))
    assert found.bornes == (0.031, 0.06, 0.1, 0.2, 0.31) and found.effectifs == (2, 2, 2, 2)


def test_fixed_bounds_hold_beyond_themselves():
    classes = make_classes([0.0, 0.1, 0.5, 9.0, np.nan], methode="fixes", bornes=(0.0, 0.1, 0.5))
    assert assign_classes([0.0, 0.1, 0.5, 9.0, np.nan], classes).tolist() == [0, 0, 1, 1, -1]
    assert classes.effectifs == (2, 2) and classes.nb_inconnus == 1
    few = make_classes([0.05], methode="fixes", bornes=(0.0, 0.1, 0.5, 1.0))
    assert few.effectifs == (1, 0, 0), "a class where nobody is stays in the legend"
    assert (few.methode, make_classes([1.0, 2.0]).methode) == ("fixes", "jenks")


def test_many_values_are_classed_in_a_blink_and_always_the_same():
    values = np.random.default_rng(3).gamma(0.5, 10, 20 * JENKS_MAX)
    assert make_classes(values) == make_classes(values)
    assert len(make_classes(values).effectifs) == 5
    assert make_classes(np.repeat([0.0, 1.0], 4000)).effectifs == (4000, 4000)


def test_where_nearly_all_are_at_the_ends_the_classes_still_part_the_others():
    """« 0 % », « plus de 0 % à 100 % » said nothing of the communes that are partly covered."""
    between = [0.02, 0.05, 0.31, 0.33, 0.36, 0.71, 0.74, 0.97]
    values = np.array([0.0] * 2_900 + [1.0] * 700 + between)
    found = round_classes(values, make_classes(values))
    assert found.effectifs[0] == 2_900 and found.effectifs[-1] == 700
    assert len(found.effectifs) == 5 and all(found.effectifs)
    assert found.bornes == (0.0, 0.0, 0.05, 0.4, 0.97, 1.0)


def test_every_method_has_a_name():
    assert set(METHODES) == {"jenks", "quantiles", "fixes"}


def test_a_class_that_holds_its_bound_alone_is_told_by_it():
    found = round_classes([0.0] * 9 + [1.0] * 6, make_classes([0.0] * 9 + [1.0] * 6))
    assert found.seules == (True, True)
    assert bounds_in_words(["0 %", "0 %", "100 %"], found.seules) == ["0 %", "100 %"]
    values = [0, 0, 1, 2, 7, 8, 9, 30]
    spread = make_classes(values, methode="fixes", bornes=(0, 0, 9, 30))
    assert spread.seules == (True, False, True)
    told = bounds_in_words(["0", "0", "9", "30"], spread.seules)
    assert told == ["0", "plus de 0 à 9", "30"]
    # A bound that is rounded up is no value of its class.
    assert make_classes(values, methode="fixes", bornes=(0, 0, 9, 31)).seules[2] is False
