"""Siting: published optima, brute force on small worlds, a bound that holds, and monotony."""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from geoapp.planning.proof import least_sites, prove
from geoapp.planning.siting import choose, coverage_worth, grow, travel_worth
from support.examples import cheap
from support.sources import TRUTH


@pytest.fixture(scope="module")
def san_francisco():
    """Costs of 205 census tracts to 16 stores, people, and the published optima."""
    folder = TRUTH / "spopt"
    if not folder.exists():
        pytest.skip("valeurs de référence absentes (dossier shared/truth à côté du dépôt)")
    name = "SF_network_distance_candidateStore_16_censusTract_205_new.csv"
    table = pd.read_csv(folder / name, dtype={"DestinationName": str})
    cost = table.pivot_table(index="DestinationName", columns="name", values="distance")
    people = table.groupby("DestinationName")["demand"].first().loc[cost.index]
    known = json.loads((folder / "expected_sf_store.json").read_text())
    return cost, people.to_numpy(dtype=float), known


@pytest.mark.real
def test_the_published_optima_are_found_and_proven(san_francisco):
    cost, people, known = san_francisco
    radius, nb = known["service_radius"], known["p"]
    worth = coverage_worth(sparse.csr_array((cost.to_numpy() <= radius).astype(float)), people)

    most = prove(worth, nb, choose(worth, nb))
    assert most.value == known["MCLP_objective"] == 875_247 and most.gap == 0
    assert sorted(cost.columns[most.opened]) == known["MCLP_sites"]

    least = least_sites(worth, people.sum())
    assert len(least.opened) == known["LSCP_objective"] == 8 and least.est_prouve

    # Nothing is open: everybody is as far as can be, and each opening saves what it saves.
    far = cost.max(axis=1).to_numpy()
    saved = travel_worth(sparse.csr_array(cost.to_numpy()), people, far)
    travel = prove(saved, nb, choose(saved, nb))
    total = people @ far - travel.value
    assert total == pytest.approx(known["PMedian_objective"], rel=1e-9) and travel.gap == 0
    assert total == pytest.approx(2_848_268_129.71, rel=1e-9)


@st.composite
def problems(draw):
    """Return a small problem: worth as people covered, or as travel saved, and openings."""
    nb, many = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    people = draw(st.lists(st.integers(0, 50), min_size=nb, max_size=nb))
    costs = draw(
        st.lists(
            st.lists(st.sampled_from([1.0, 2.0, 3.5, 9.0, None]), min_size=many, max_size=many),
            min_size=nb,
            max_size=nb,
        )
    )
    # A stored cost is reached; an absent one is not.
    pairs = [(i, j, c) for i, row in enumerate(costs) for j, c in enumerate(row) if c is not None]
    rows, columns, data = (np.array([p[k] for p in pairs]) for k in range(3))
    cost = sparse.csr_array(
        (data.astype(float), (rows.astype(int), columns.astype(int))), shape=(nb, many)
    )
    if draw(st.booleans()):
        worth = coverage_worth(cost, np.array(people, dtype=float))
    else:
        worth = travel_worth(cost, np.array(people, dtype=float), np.full(nb, 4.0))
    return worth, draw(st.integers(1, many))


def value_of(dense, opened) -> float:
    """Return what a set is worth, in plain Python."""
    return sum(max((row[j] for j in opened), default=0.0) for row in dense)


@cheap()
@given(problems())
def test_small_worlds_are_those_of_brute_force(problem):
    worth, nb = problem
    dense = worth.toarray().tolist()
    best = max(value_of(dense, s) for s in combinations(range(worth.shape[1]), nb))
    first = choose(worth, nb)
    assert first.value == pytest.approx(value_of(dense, first.opened)) and len(first.opened) <= nb
    assert first.value <= best * (1 + 1e-9) + 1e-9
    assert first.bound >= best * (1 - 1e-9) - 1e-9, "nothing is better than the bound"
    proven = prove(worth, nb, first)
    assert proven.value == pytest.approx(best) and proven.gap == 0
    # Each is told with what it adds: less and less.
    assert (np.diff(proven.gains) <= 1e-9).all()


@cheap()
@given(problems(), st.sampled_from([0.3, 0.75, 1.0]))
def test_the_least_openings_are_those_of_brute_force(problem, part):
    worth, _ = problem
    dense, many = worth.toarray().tolist(), worth.shape[1]
    target = part * value_of(dense, range(many))
    least = next(
        nb
        for nb in range(many + 1)
        if any(value_of(dense, s) >= target - 1e-9 for s in combinations(range(many), nb))
    )
    found = least_sites(worth, target)
    assert found.est_possible and len(found.opened) == least and found.est_prouve
    assert value_of(dense, found.opened) >= target - 1e-9


@cheap()
@given(problems())
def test_one_opening_more_never_loses_anybody(problem):
    worth, _ = problem
    dense = worth.toarray().tolist()
    values = [0.0, *(value_of(dense, opened) for opened in grow(worth))]
    assert (np.diff(values) > -1e-9).all()


def test_what_is_out_of_reach_is_said():
    worth = coverage_worth(sparse.csr_array([[1.0, 0.0], [0.0, 0.0]]), np.array([10.0, 5.0]))
    found = least_sites(worth, 15.0)
    assert not found.est_possible and found.reached == 10 and not found.est_prouve


def test_unknown_people_count_for_nothing_and_none_may_be_open():
    worth = coverage_worth(sparse.csr_array([[1.0, 1.0], [0.0, 1.0]]), np.array([np.nan, 0.0]))
    nothing = choose(worth, 2)
    assert not len(nothing.opened) and nothing.value == 0 and nothing.gap == 0
    assert not len(least_sites(worth, 0.0).opened)
