"""The API keeps its contract: Schemathesis asks all of it, and finds nothing (short runs, seeded).

`python -m benchmarks.contract` makes the long one.
"""

import pytest

from benchmarks.contract import PHASES, ask
from support.browsing import running
from support.world import make_tiny_frames, publish_world

BOUNDS = ("formations", "places_post", "qualite", "zones")
"""Operations of which every bound is tried here: each kind of parameter, and both kinds of body.
All of them cost 16 s of processor."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Serve the tiny world."""
    pytest.importorskip("schemathesis", reason="paquet schemathesis absent")
    folder = tmp_path_factory.mktemp("contract")
    publish_world(make_tiny_frames(), folder)
    with running(folder) as address:
        yield address


@pytest.mark.parametrize(
    "phases, operations, nb",
    [(tuple(one for one in PHASES if one != "coverage"), (), 23), (("coverage",), BOUNDS, 4)],
    ids=["everything", "bounds"],
)
def test_schemathesis_finds_nothing_wrong(server, phases, operations, nb):
    done = ask(server, seed=7, examples=4, phases=phases, operations=operations)
    assert done.returncode == 0 and "No issues found" in done.stdout, done.stdout + done.stderr
    assert f"Tested: {nb}\n" in done.stdout
