"""Classes of a map: reference breaks, unknown apart, and few values."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoapp.coverage.classes import JENKS_MAX, METHODES, assign_classes, make_classes
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


def test_fixed_bounds_hold_beyond_themselves():
    classes = make_classes([0.0, 0.1, 0.5, 9.0, np.nan], methode="fixes", bornes=(0.0, 0.1, 0.5))
    assert assign_classes([0.0, 0.1, 0.5, 9.0, np.nan], classes).tolist() == [0, 0, 1, 1, -1]
    assert classes.effectifs == (2, 2) and classes.nb_inconnus == 1


def test_many_values_are_classed_in_a_blink_and_always_the_same():
    values = np.random.default_rng(3).gamma(0.5, 10, 20 * JENKS_MAX)
    assert make_classes(values) == make_classes(values)
    assert len(make_classes(values).effectifs) == 5
    assert make_classes(np.repeat([0.0, 1.0], 4000)).effectifs == (4000, 4000)


def test_every_method_has_a_name():
    assert set(METHODES) == {"jenks", "quantiles", "fixes"}
