"""Measures of access: reference values of independent software, a pure-Python oracle, the sanity of
each measure.
"""

import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from geoapp.coverage.access import (
    binary,
    cumulative,
    default_steps,
    floating_catchment,
    gaussian,
    nearest,
    steps,
    three_step,
    weigh,
)
from support.examples import cheap
from support.sources import TRUTH

LIMITE = 20.0
COSTS = st.sampled_from([0.0, 6.6, 20 / 3, 6.7, 13.3, 40 / 3, 13.4, 19.9, 20.0, 20.1, 35.0, None])


@pytest.fixture(scope="module")
def truth():
    if not TRUTH.exists():
        pytest.skip("valeurs de référence absentes (dossier shared/truth à côté du dépôt)")
    return TRUTH / "pysal_access"


def matrix(costs, dtype="f8") -> sparse.csr_array:
    """Return a cost matrix from lists; None is out of reach, 0.0 is stored."""
    nb = len(costs[0])
    pairs = [(i, j, c) for i, line in enumerate(costs) for j, c in enumerate(line) if c is not None]
    rows, columns, data = (
        (list(column) for column in zip(*pairs, strict=True)) if pairs else ([], [], [])
    )
    indptr = (
        np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(costs)))])
        if rows
        else np.zeros(len(costs) + 1, dtype=int)
    )
    return sparse.csr_array(
        (np.array(data, dtype=dtype), np.array(columns, dtype=int), indptr), shape=(len(costs), nb)
    )


@st.composite
def worlds(draw):
    """Return costs, people, and the supply of two filters."""
    nb_i, nb_j = draw(st.integers(1, 6)), draw(st.integers(1, 5))

    def lists(values, nb):
        return draw(st.lists(values, min_size=nb, max_size=nb))

    costs = lists(st.lists(COSTS, min_size=nb_j, max_size=nb_j), nb_i)
    people = lists(st.sampled_from([0.0, 1.0, 50.0, 1234.5]), nb_i)
    return costs, people, [lists(st.sampled_from([0.0, 1.0, 12.0]), nb_j) for _ in range(2)]


def oracle_sfca(costs, people, supply, weight):
    """Return A by the definition: Σ_j w_ij S_j / Σ_k w_kj P_k; NaN where nothing is reached."""
    result = []
    for line in costs:
        reached = [j for j, c in enumerate(line) if supply[j] and weight(c)]
        total = 0.0
        for j in reached:
            crowd = sum(weight(other[j]) * p for other, p in zip(costs, people, strict=True))
            total += weight(line[j]) * supply[j] / crowd if crowd else 0.0
        result.append(total if reached else math.nan)
    return result


def oracle_three(costs, people, supply, weight):
    """Return 3SFCA by the definition, selection weights over the places with supply."""

    def share(line, j):
        total = sum(weight(c) for k, c in enumerate(line) if supply[k])
        return weight(line[j]) / total if total else 0.0

    result = []
    for line in costs:
        reached = [j for j, c in enumerate(line) if supply[j] and weight(c)]
        total = 0.0
        for j in reached:
            crowd = sum(
                share(other, j) * weight(other[j]) * p
                for other, p in zip(costs, people, strict=True)
            )
            total += share(line, j) * weight(line[j]) * supply[j] / crowd if crowd else 0.0
        result.append(total if reached else math.nan)
    return result


def by_steps(c):
    return (
        0.0
        if c is None or c > LIMITE
        else 1.0
        if c <= LIMITE / 3
        else 0.68
        if c <= 2 * LIMITE / 3
        else 0.22
    )


@given(worlds())
@cheap()
def test_every_measure_is_that_of_the_oracle_and_many_filters_are_one_by_one(world):
    costs, people, supplies = world
    cost, both = matrix(costs), np.array(supplies).T
    weights = weigh(cost, LIMITE, default_steps(LIMITE))
    ones = weigh(cost, LIMITE, binary())
    for k, supply in enumerate(supplies):
        found = {
            "e2sfca": (
                floating_catchment(weights, people, np.array(supply)),
                oracle_sfca(costs, people, supply, by_steps),
            ),
            "2sfca": (
                floating_catchment(ones, people, np.array(supply)),
                oracle_sfca(costs, people, supply, lambda c: float(c is not None and c <= LIMITE)),
            ),
            "3sfca": (
                three_step(weights, people, np.array(supply)),
                oracle_three(costs, people, supply, by_steps),
            ),
            "nearest": (
                nearest(cost, np.array(supply) > 0),
                [
                    min(
                        (c for c, s in zip(line, supply, strict=True) if c is not None and s),
                        default=math.nan,
                    )
                    for line in costs
                ],
            ),
            "cumulative": (
                cumulative(cost, np.array(supply), LIMITE),
                [
                    sum(
                        s
                        for c, s in zip(line, supply, strict=True)
                        if c is not None and c <= LIMITE
                    )
                    for line in costs
                ],
            ),
        }
        together = {
            "e2sfca": floating_catchment(weights, people, both),
            "2sfca": floating_catchment(ones, people, both),
            "3sfca": three_step(weights, people, both),
            "nearest": nearest(cost, both > 0),
            "cumulative": cumulative(cost, both, LIMITE),
        }
        for name, (mine, expected) in found.items():
            np.testing.assert_allclose(mine, expected, rtol=1e-9, atol=1e-15, err_msg=name)
            np.testing.assert_allclose(
                together[name][:, k], expected, rtol=1e-9, atol=1e-15, err_msg=name
            )


@given(worlds())
@cheap()
def test_supply_is_wholly_shared_out(world):
    costs, people, (supply, _) = world
    weights = weigh(matrix(costs), LIMITE, default_steps(LIMITE))
    reached = sum(
        s
        for j, s in enumerate(supply)
        if any(by_steps(line[j]) and p for line, p in zip(costs, people, strict=True))
    )
    for measure in (floating_catchment, three_step):
        assert np.nan_to_num(measure(weights, people, np.array(supply))) @ people == pytest.approx(
            reached
        )


@given(worlds(), st.integers(0, 4))
@cheap()
def test_one_more_place_brings_nobody_farther_and_reach_grows_with_the_limit(world, place):
    costs, _, (supply, _) = world
    cost, more = matrix(costs), list(supply)
    more[place % len(supply)] += 1
    before, after = (
        np.nan_to_num(nearest(cost, np.array(s) > 0), nan=np.inf) for s in (supply, more)
    )
    assert (after <= before).all()
    reach = [cumulative(cost, np.array(supply), limit) for limit in (0, 6.6, 19.9, 20, 40)]
    assert all((short <= long).all() for short, long in itertools.pairwise(reach))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("limit", [20.0, 7.2, 0.1])
def test_a_limit_is_inclusive_in_the_precision_of_the_costs(limit, dtype):
    stored = np.array([limit], dtype=dtype)[0]
    above = np.nextafter(stored, np.array(np.inf, dtype=dtype))
    cost = matrix([[stored], [above]], dtype)
    assert cumulative(cost, np.array([1.0]), limit).tolist() == [1.0, 0.0]
    assert steps([(limit, 1.0)])(cost.data).tolist() == [1.0, 0.0]


def test_unreachable_is_not_known_and_zero_cost_counts():
    cost = matrix([[0.0, None], [None, None]])
    assert nearest(cost, np.array([True, True])).tolist()[0] == 0.0
    assert np.isnan(nearest(cost, np.array([True, True]))[1])
    assert np.isnan(floating_catchment(weigh(cost, 5, binary()), [10, 10], np.array([4.0, 4.0]))[1])
    assert floating_catchment(weigh(cost, 5, binary()), [10, 10], np.array([4.0, 4.0]))[0] == 0.4


def test_a_step_of_one_gives_2sfca_and_unknown_people_are_nobody():
    cost, supply = matrix([[1.0, 9.0], [4.0, 2.0]]), np.array([3.0, 5.0])
    one = floating_catchment(weigh(cost, 10, steps([(10, 1.0)])), [7, 5], supply)
    assert one.tolist() == floating_catchment(weigh(cost, 10, binary()), [7, 5], supply).tolist()
    assert floating_catchment(weigh(cost, 10, binary()), [7, np.nan], supply).tolist() == [
        8 / 7,
        8 / 7,
    ]


def test_no_place_no_origin_no_filter():
    assert nearest(sparse.csr_array((0, 0)), np.array([], dtype=bool)).shape == (0,)
    assert nearest(sparse.csr_array((2, 3)), np.zeros((3, 0), dtype=bool)).shape == (2, 0)
    assert np.isnan(
        floating_catchment(weigh(sparse.csr_array((2, 3)), 5, binary()), [1, 1], np.ones(3))
    ).all()


def test_a_negative_or_unknown_cost_is_refused():
    for bad in (-1.0, np.nan):
        with pytest.raises(ValueError, match="costs"):
            weigh(matrix([[bad, 1.0]]), 5, binary())


def test_a_large_product_in_two_threads_is_the_same(monkeypatch):
    rng = np.random.default_rng(1)
    cost = sparse.random_array((300, 40), density=0.3, format="csr", rng=rng) * 30
    supply = rng.integers(0, 3, (40, 12)).astype(float)
    supply[:, 5] = 0
    weights, people = weigh(cost, 20, default_steps(20)), rng.integers(1, 99, 300)
    expected = floating_catchment(weights, people, supply)
    monkeypatch.setattr("geoapp.coverage.access._BIG", 0)
    np.testing.assert_allclose(floating_catchment(weights, people, supply), expected, rtol=1e-12)


@pytest.mark.real
def test_belo_horizonte_is_that_of_pysal(truth):
    people = pd.read_csv(truth / "bho_demand_population.csv").set_index("id")["population"]
    schools = pd.read_csv(truth / "bho_supply_schools.csv").set_index("id")["schools"]
    expected = (
        pd.read_csv(truth / "bho_schools_access_results.csv").set_index("id").loc[people.index]
    )
    trips = pd.read_parquet(truth / "bho_travel_matrix.parquet")
    trips = trips[trips["from_id"].isin(people.index) & trips["to_id"].isin(schools.index)]
    rows, columns = (
        people.index.get_indexer(trips["from_id"]),
        schools.index.get_indexer(trips["to_id"]),
    )
    order = np.lexsort((columns, rows))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(people)))])
    cost = sparse.csr_array(
        (trips["travel_time"].to_numpy()[order], columns[order], indptr),
        shape=(len(people), len(schools)),
    )
    bands = {
        "e2sfca": [(10, 1), (20, 0.68), (30, 0.22)],
        "3sfca": [(10, 0.962), (20, 0.704), (30, 0.377), (60, 0.042)],
    }
    supply = schools.to_numpy(float)
    found = {
        "2sfca30_schools": floating_catchment(weigh(cost, 30, binary()), people, supply),
        "e2sfca_schools": floating_catchment(
            weigh(cost, 30, steps(bands["e2sfca"])), people, supply
        ),
        "3sfca_schools": three_step(weigh(cost, 60, steps(bands["3sfca"])), people, supply),
        "g2sfca_schools": floating_catchment(weigh(cost, 60, gaussian(20)), people, supply),
    }
    for name, mine in found.items():
        theirs = expected[name].to_numpy()
        reached = (
            np.nan_to_num(theirs) > 0
        )  # PySAL writes 0 beyond its last step, where we say that nothing is reached
        # The file gives twelve decimals: 1e-9 relative, or half its last one.
        np.testing.assert_allclose(
            mine[reached], theirs[reached], rtol=1e-9, atol=6e-13, err_msg=name
        )
        assert np.isnan(mine[~reached]).all() and reached.sum() > 700, name


@pytest.mark.real
def test_the_hospital_example(truth):
    known = json.loads((truth / "hospital_example_expected.json").read_text())
    tracts = pd.DataFrame(known["inputs"]["tracts"])
    for name, (inbound, outbound, cross) in known["inputs"][
        "scenarios(inbound,outbound,cross; self=1)"
    ].items():
        expected = known["expected"][name]
        best = min(
            _hospital(tracts, inbound, outbound, cross, way, expected) for way in ("row", "column")
        )
        assert best < 1e-6, name


def _hospital(tracts, inbound, outbound, cross, way, expected) -> float:
    """Return the largest relative gap; tract 3, where the hospital is, is the centre; `inbound` is
    the cost towards it.
    """
    cost = np.array([[1.0, cross, inbound], [cross, 1.0, inbound], [outbound, outbound, 1.0]])
    cost = cost if way == "row" else cost.T
    # The reference lets people choose among all the places, those beyond the limit of 61 included.
    weights, selection = (
        weigh(matrix(cost.tolist()), limit, lambda c: 1 / c) for limit in (61, 1000)
    )
    gaps = []
    people, supply = tracts["pop"].to_numpy(float), tracts["doc"].to_numpy(float)
    for measure, mine in (
        ("2sfca", floating_catchment(weights, people, supply)),
        ("3sfca", three_step(weights, people, supply, selection=selection)),
    ):
        gaps.append(
            max(abs(m / v - 1) for m, v in zip(mine, expected[measure].values(), strict=True))
        )
    return max(gaps)
