"""A share of the requests of `benchmarks/fuzz_http.py`; GEOAPP_FUZZ=10000 makes them all."""

import os

import pytest

from benchmarks.fuzz_http import make_request, open_trial, try_requests
from geoapp.web import create_app
from support.world import make_tiny_frames, publish_world


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    publish_world(make_tiny_frames(), folder)
    return open_trial(create_app(folder))


def test_whatever_is_asked_is_answered_and_never_by_an_error_of_ours(trial):
    nb = int(os.environ.get("GEOAPP_FUZZ", "150"))
    outcomes = try_requests(range(nb), trial)
    assert outcomes.total() == nb
    assert min(outcomes[status] for status in (200, 400, 404, 405)) > nb / 100, outcomes


def test_the_same_seed_asks_the_same(trial):
    assert [make_request(rank, trial) for rank in range(20)] == [
        make_request(rank, trial) for rank in range(20)
    ]


def test_an_error_of_ours_is_found(trial):
    with pytest.raises(AssertionError, match="demande"):
        try_requests(range(100), open_trial(_broken(trial.app)))


def _broken(app):
    """Return the application with a view that fails."""
    app.view_functions = {**app.view_functions, "coverage.index": lambda: 1 / 0}
    return app
