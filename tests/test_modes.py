"""Ways of travelling: rows, stored costs, thresholds, questions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import sparse

from geoapp.cli.group import main
from geoapp.core.errors import ParameterError
from geoapp.coverage import access
from geoapp.coverage.model import describe_question, parse_question, to_parameters
from geoapp.coverage.travel import Trajets, store_matrices
from geoapp.coverage.travel.choice import choose_trajets, list_origins, parse_given
from geoapp.coverage.travel.matrix import PAR_UNITE
from geoapp.coverage.travel.modes import MODES, UNITES
from geoapp.coverage.world import open_world
from tests.test_travel import GOOD, L1, write_matrix


def make_costs(mode="voiture", **parametres) -> Trajets:
    cost = sparse.csr_array(np.array([[12.34, 0.0], [0.001, 99.999]], dtype="f4"))
    return Trajets(
        origines=np.array(["a", "b"]),
        places=np.array(["x", "y"]),
        distance_km=cost,
        duree_min=cost,
        parametres=parametres,
        mode=mode,
    )


class Costs:
    """What a question reads of a world, for ways of travelling given."""

    def __init__(self, snapshot, *costs: Trajets):
        self.snapshot, self.trajets = snapshot, store_matrices(costs)
        self.modes, self.mailles = tuple(self.trajets.modes), {"ze2020": None}

    def unites(self, mode):
        return self.trajets.modes[mode].unites

    def parametres(self, mode):
        return self.trajets.modes[mode].parametres


def test_costs_are_whole_steps_and_only_nothing_is_zero():
    stored = store_matrices([make_costs()]).modes["voiture"]
    assert stored.pas["km"].data.tolist() == [1234, 1, 10000]
    assert stored.pas["min"].data.tolist() == [123, 1, 1000]
    assert stored.cost("km").data == pytest.approx([12.34, 0.01, 100.0], abs=1e-5)
    assert {cost.dtype for cost in stored.pas.values()} == {np.dtype("u2")}


@pytest.mark.parametrize("limit", [0.4, 12.3, 12.34, 20, 99.99, 100])
def test_whole_steps_and_costs_say_the_same_of_a_limit(limit):
    stored = store_matrices([make_costs()]).modes["voiture"]
    steps = access.within(stored.pas["km"], limit * PAR_UNITE["km"])
    assert steps.data.tolist() == [
        step for step in stored.pas["km"].data.tolist() if step / 100 <= limit
    ]


@pytest.mark.parametrize("is_open", list(itertools.product([False, True], repeat=2)))
def test_the_nearest_of_whole_steps_is_that_of_costs(is_open):
    stored = store_matrices([make_costs()]).modes["voiture"]
    floats, steps = (
        access.nearest(one, np.array(is_open))
        for one in (stored.cost("km").astype("f8"), stored.pas["km"])
    )
    assert steps / 100 == pytest.approx(floats, abs=1e-4, nan_ok=True)


def test_a_longer_threshold_never_loses_a_place():
    generator = np.random.default_rng(7)
    data = generator.uniform(0, 130, (30, 20)).astype("f4") * (generator.random((30, 20)) < 0.7)
    cost = sparse.csr_array(data)
    stored = store_matrices(
        [
            Trajets(
                origines=np.arange(30).astype("U"),
                places=np.arange(20).astype("U"),
                distance_km=None,
                duree_min=cost,
                parametres={},
                mode="velo",
            )
        ]
    ).modes["velo"]
    before = np.zeros((30, 20), dtype=bool)
    for limit in range(1, 121, 7):
        within = access.within(stored.pas["min"], limit * PAR_UNITE["min"]).toarray() > 0
        assert (within | ~before).all()
        before = within


def test_a_question_has_the_mode_asked_and_one_address(tiny_snapshot):
    world = Costs(tiny_snapshot, make_costs(), make_costs("velo"), make_costs("pied", maximum_km=8))
    plain = parse_question({}, world)
    assert (plain.mode, plain.seuil, plain.unite, to_parameters(plain)) == ("voiture", 20, "km", [])
    bike = parse_question({"mode": "velo"}, world)
    assert (bike.seuil, bike.unite) == (30, "min") and to_parameters(bike) == [("mode", "velo")]
    assert "à 30 minutes à vélo, par" in describe_question(bike).replace("\u202f", " ")
    asked = parse_question({"mode": "pied", "seuil_km": "8"}, world)
    assert to_parameters(asked) == [("seuil_km", "8"), ("mode", "pied")]
    assert parse_question(dict(to_parameters(asked)), world) == asked


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"mode": "transports"}, "ne connaît pas de trajets en transports en commun"),
        ({"mode": "transports"}, "Modes connus : voiture, pied."),
        ({"mode": "velos"}, "Vouliez-vous dire « velo » ?"),
        ({"mode": "pied", "seuil_km": "9"}, "un nombre de 1 à 8 est attendu à pied"),
        ({"seuil_min": "121"}, "un nombre de 1 à 120 est attendu"),
        ({"seuil_km": "101"}, "un nombre de 1 à 100 est attendu"),
    ],
)
def test_what_a_mode_cannot_answer_is_refused(tiny_snapshot, asked, words):
    world = Costs(tiny_snapshot, make_costs(), make_costs("pied", maximum_km=8))
    with pytest.raises(ParameterError) as caught:
        parse_question(asked, world)
    assert words in str(caught.value)


def test_the_limits_of_each_unit_are_accepted(tiny_snapshot):
    world = Costs(tiny_snapshot, make_costs())
    for unite in UNITES.values():
        for limit in (unite.minimum, unite.maximum):
            asked = parse_question({f"seuil_{unite.nom}": f"{limit:g}"}, world)
            assert (asked.seuil, asked.unite) == (limit, unite.nom)


def test_files_are_given_by_mode(tiny_frames, tmp_path):
    path = write_matrix(tmp_path / "m.parquet", GOOD)
    matrices = choose_trajets(tiny_frames, [parse_given(f"transports={path}")])
    assert matrices.modes["transports"].pas["min"].nnz == 4 and "voiture" in matrices.modes
    assert list(matrices.modes) == [nom for nom in MODES if nom in matrices.modes]
    with pytest.raises(ParameterError, match="Deux matrices de trajets sont données pour le mode"):
        choose_trajets(tiny_frames, [(None, path), ("voiture", path)])
    with pytest.raises(ParameterError, match="mode de déplacement inconnu"):
        parse_given("velos=m.parquet")
    assert parse_given("./a=b.parquet")[0] is None


def test_the_model_of_a_mode_that_is_not_known_is_refused(tiny_snapshot, tmp_path):
    asked = ["trajets", "--out", str(tmp_path / "m.parquet"), "--mode", "transports"]
    result = CliRunner().invoke(main, [*asked, "--data", str(tmp_path)])
    assert result.exit_code != 0 and "n'a pas de trajets « transports »" in result.output


def test_a_world_opens_its_modes_and_costs_nothing_more(tiny_snapshot, tiny_frames):
    world = open_world(tiny_snapshot)
    assert world.modes[0] == "voiture" and len(world.memoire) == 0
    rows = world.cost("km", "voiture", np.array([1]))
    assert rows.shape == (1, 3) and rows.toarray()[0] == pytest.approx(
        world.cost("km").toarray()[1]
    )
    assert len(world.trajets.origines) == len(list_origins(tiny_frames))
    assert L1 in world.trajets.places
