"""Ways of travelling: rows, stored costs, thresholds, questions, files given, what is said."""

from __future__ import annotations

import itertools
import json
import mmap
import time
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from scipy import sparse

from geoapp.cli.group import main
from geoapp.core.errors import ParameterError, SourceError
from geoapp.coverage import access
from geoapp.coverage.indicators import INDICATEURS, show_value
from geoapp.coverage.measures import points_of
from geoapp.coverage.model import Question, describe_question, parse_question, to_parameters
from geoapp.coverage.offered import counted_numbers
from geoapp.coverage.scope import known_offer
from geoapp.coverage.sentences import main_sentence
from geoapp.coverage.table import region_row
from geoapp.coverage.travel import (
    Matrices,
    Trajets,
    open_trajets,
    store_matrices,
    words,
    write_trajets,
)
from geoapp.coverage.travel.choice import choose_trajets, list_origins, parse_given
from geoapp.coverage.travel.given import Couverture, SourceTrajets
from geoapp.coverage.travel.given import write_matrix as write_costs
from geoapp.coverage.travel.matrix import PAR_UNITE
from geoapp.coverage.travel.modes import MODES, UNITES
from geoapp.coverage.variants import answer_otherwise
from geoapp.coverage.ways import compare_ways
from geoapp.coverage.world import World, choose_offer, open_world
from tests.test_coverage import make_monde
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
        self.modes = tuple(self.trajets.modes)
        self.maille, self.mailles = "ze2020", {"ze2020": None}

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
        ({"mode": "transports"}, "Modes connus : voiture (en voiture), pied (à pied)."),
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


# --- What costs are worth, and what is said of it
# ----------------------------------------------------------------------

BANDES = [
    {"de_km": 0, "a_km": 5, "a_min": 12, "biais": 0.0, "mediane": 0.2, "p90": 0.5, "nb": 40},
    {"de_km": 5, "a_km": 20, "a_min": 30, "biais": 0.0, "mediane": 0.1, "p90": 0.3, "nb": 90},
]


@pytest.mark.parametrize(
    ("unite", "cost", "median"), [("min", 11.9, 0.2), ("min", 12, 0.1), ("min", 99, 0.1)]
)
def test_the_error_of_a_cost_is_that_of_its_band(unite, cost, median):
    assert words.error_at({"erreurs": BANDES}, unite, cost).mediane == median
    assert words.error_at({"erreurs_km": BANDES}, unite, cost) is None


def test_bands_without_minutes_have_their_widest_error():
    bare = [{nom: value for nom, value in one.items() if nom != "a_min"} for one in BANDES]
    assert words.error_at({"erreurs": bare}, "min", 25).p90 == 0.5
    assert words.error_at({"erreurs_km": bare}, "km", 6.4).p90 == 0.5
    assert words.error_at({"erreurs_km": bare}, "km", 6.6).p90 == 0.3


def test_minutes_are_told_with_their_source_and_their_error():
    told = words.describe_cost({"erreurs": BANDES}, "min", 25.2).replace("\u202f", " ")
    assert told == "environ 25 min, à 10 % près une fois sur deux"
    assert words.describe_cost({}, "min", 25).endswith("erreur inconnue")
    assert words.describe_cost({}, "min", 5.3).replace("\u202f", " ").startswith("environ 5 min,")
    for minutes, said in ((59.4, "59 min"), (62, "1 h"), (63, "1 h 05"), (208, "3 h 30")):
        told = words.describe_cost({}, "min", minutes).replace("\u202f", " ")
        assert told == f"environ {said}, erreur inconnue"
    assert words.describe_cost({}, "min", 0.4) == "moins d'une minute"
    told = words.describe_precision(
        {"erreurs": BANDES, "fournisseur": "loi calée", "date": "2026", "licence": "ODbL, © OSM"},
        mode="velo",
        unite="min",
        seuil=25,
    ).replace("\u202f", " ")
    assert told == (
        "Trajets à vélo : loi calée, 2026 (ODbL, © OSM). Vers 25 minutes, ils sont justes à 10 % "
        "près une fois sur deux, à 30 % près neuf fois sur dix (erreur mesurée)."
    )


def make_monde_of(*costs: Trajets) -> World:
    """Return the world of `test_coverage` with these costs: one row each, one place."""
    nb = len(costs[0].origines)
    monde = make_monde(
        {
            "costs": [[1.0]] * nb,
            "people": [100.0] * nb,
            "region": [True] * nb,
            "zones": [0] * nb,
            "nb_zones": 1,
            "offers": [(0, 0, False, False)],
        }
    )
    return replace(monde, trajets=store_matrices(costs))


def column(mode: str, minutes: list[float], **more) -> Trajets:
    cost = sparse.csr_array(np.array(minutes, dtype="f4")[:, None])
    return Trajets(
        origines=np.array([f"p{i}" for i in range(len(minutes))]),
        places=np.array(["l0"]),
        distance_km=None,
        duree_min=cost,
        mode=mode,
        **{"parametres": {}, **more},
    )


def test_who_reaches_an_offer_by_car_alone_is_too_far_without_a_car():
    monde = make_monde_of(column("voiture", [10, 25, 35, 80]), column("velo", [20, 50, 90, 200]))
    asked = Question(mode="velo", unite="min", seuil=30)
    causes = points_of(monde, asked)["cause"].astype(object).tolist()
    assert causes[1:] == ["sans_voiture", "sans_offre", "sans_offre"] and causes[0] != causes[0]
    by_car = points_of(monde, replace(asked, mode="voiture"))["cause"].astype(object).tolist()
    assert "sans_voiture" not in by_car and by_car[2] == "eloignee"


def test_nobody_is_counted_as_too_far_without_a_car_by_a_question_by_car():
    monde = make_monde_of(column("voiture", [10, 25, 35, 80]), column("velo", [20, 50, 90, 200]))

    def counted(**more):
        question = Question(unite="min", seuil=30, **more)
        measured = points_of(monde, question)
        offre = choose_offer(monde, question)
        shown = counted_numbers(question, INDICATEURS)
        row = region_row(monde, question, offre, measured)
        return row["population_sans_voiture"], "population_sans_voiture" in shown

    people, is_shown = counted(mode="velo")
    assert people > 0 and is_shown
    people, is_shown = counted(mode="voiture")
    assert np.isnan(people) and not is_shown


def test_a_white_zone_is_solid_under_the_whole_error_of_its_trips():
    bands = [{**BANDES[0], "a_min": 120, "p90": 0.6}]
    for known, solid in (({}, [False, True]), ({"erreurs": bands}, [False, False])):
        monde = make_monde_of(column("voiture", [36, 45], parametres=known))
        asked = Question(mode="voiture", unite="min", seuil=30)
        assert points_of(monde, asked)["est_robuste"].tolist() == solid


def test_beyond_the_costs_kept_nothing_is_solid():
    for maximum, solid in ((40, True), (36, False)):
        costs = column("voiture", [20, 20], parametres={"maximum_min": maximum})
        far = sparse.csr_array(np.array([[20.0], [0.0]], dtype="f4"))
        monde = make_monde_of(replace(costs, duree_min=far))
        asked = Question(mode="voiture", unite="min", seuil=30)
        assert points_of(monde, asked)["est_robuste"].tolist() == [False, solid]


def test_the_answer_is_told_with_other_trips():
    bands = [{**BANDES[0], "a_min": 120, "p90": 0.5}]
    monde = make_monde_of(
        column("voiture", [10, 25, 35], parametres={"erreurs": bands}),
        column("voiture", [10, 25, 50], parametres={"erreurs": bands}),
        column("voiture_fluide", [8, 20, 28]),
    )
    found = answer_otherwise(monde, Question(mode="voiture", unite="min", seuil=30))
    people = {one.nom: one.population_non_couverte for one in found}
    assert people == {"retenue": 100, "longs": 200, "courts": 0, "voiture_fluide": 0, "loi": 100}
    assert {one.nom: one.cout_median for one in found}["longs"] == pytest.approx(37.5)


def test_a_few_people_within_the_threshold_are_hidden_with_other_trips_too():
    asked = Question(mode="voiture", unite="min", seuil=15)
    for nb, is_hidden in ((100.0, False), (3.0, True)):
        monde = make_monde_of(column("voiture", [10, 25, 35]))
        people = monde.points.assign(population_retenue=[nb, 100.0, 100.0])
        (kept,) = answer_otherwise(replace(monde, points=people), asked)
        assert kept.est_masquee is is_hidden
        assert np.isnan(kept.part_non_couverte) == is_hidden


def test_points_that_no_timetable_reaches_are_neither_near_nor_far():
    costs = column(
        "transports",
        [20, 50, 50],
        parametres={"est_partielle": True},
        origines_reseau=np.array([1, 1, 0], dtype="u1"),
        places_reseau=np.array([1], dtype="u1"),
    )
    monde = make_monde_of(column("voiture", [10, 10, 10]), costs)
    asked = Question(mode="transports", unite="min", seuil=30)
    assert points_of(monde, asked)["cause"].isna().tolist() == [True, False, True]
    assert np.nan_to_num(monde.people(asked)).sum() == 200
    # The sentence is about those people: it says of whom nothing is known.
    points, offre = points_of(monde, asked), choose_offer(monde, asked)
    whole = region_row(monde, asked, offre, points)
    known = known_offer(monde, asked, offre)
    told = main_sentence(monde, asked, ensemble=whole, points=points, perimetre=known)
    told = told.replace("\u202f", " ").replace("\xa0", " ")
    assert (
        "200 habitants dont les trajets en transports en commun sont connus (66,7 % de la région)"
        in told
    )
    assert "100 personnes, soit 50 %" in told and "ous les habitants connus" not in told


def test_where_nobody_is_known_a_cost_is_unknown_and_not_out_of_reach():
    nobody = {"masques": "", "perimetre": "connue", "population": np.nan, "mediane": np.nan}
    assert show_value(nobody, "mediane", "min") == "inconnu"
    assert show_value({**nobody, "population": 12.0}, "mediane", "min") == "hors de portée"
    assert show_value({**nobody, "masques": "population"}, "mediane", "min") == "hors de portée"


# --- Files that tell whom they reach
# ----------------------------------------------------------------------


def make_source(mode="voiture", **more) -> SourceTrajets:
    return SourceTrajets(
        mode=mode,
        fournisseur="réseau d'essai",
        note="Réseau d'essai.",
        licence="ODbL",
        date="2026-01-02",
        fichiers=({"nom": "a.pbf", "sha256": "0"},),
        **more,
    )


def write_reached(path, world: Matrices, reached, *, minutes, mode="voiture"):
    """Write a file of the first point's trips to every place, that reaches some ends."""
    shape = (len(world.origines), len(world.places))
    costs = np.zeros(shape, dtype="f4")
    costs[0] = minutes
    cost = sparse.csr_array(costs)
    write_costs(
        path,
        origines=world.origines,
        places=world.places,
        duree_min=cost,
        distance_km=None if mode == "transports" else cost,
        source=make_source(mode),
        couverture=Couverture(origines=np.array(reached[0]), places=np.array(reached[1])),
    )
    return path


ENDS = ([True, False, False], [True, True, False])


def test_the_law_fills_in_where_a_file_does_not_reach(tiny_frames, tmp_path):
    law = choose_trajets(tiny_frames)
    path = write_reached(tmp_path / "r.parquet", law, ENDS, minutes=[7.0, 0.0, 9.0])
    found = choose_trajets(tiny_frames, [(None, path)])
    got = found.modes["voiture"].pas["min"].toarray()
    expected = law.modes["voiture"].pas["min"].toarray()
    # Between two ends that it reaches, a pair that is absent cannot be travelled.
    expected[0, :2] = [70, 0]
    assert (got == expected).all() and found.modes["voiture"].pas["min"].has_sorted_indices
    assert found.modes["voiture"].origines_reseau.tolist() == [1, 0, 0]
    assert (found.lois["voiture"].pas["min"] != law.modes["voiture"].pas["min"]).nnz == 0
    told = found.modes["voiture"].parametres
    assert told["fournisseur"] == "réseau d'essai" and told["date"] == "2026-01-02"
    assert 0 < told["part_reseau"] < 1 and "ailleurs" in told["note"]


def test_a_timetable_that_no_law_completes_is_known_in_part(tiny_frames, tmp_path):
    path = write_reached(
        tmp_path / "t.parquet", choose_trajets(tiny_frames), ENDS, minutes=[30, 0, 0],
        mode="transports",
    )  # fmt: skip
    matrices = choose_trajets(tiny_frames, [(None, path)])
    found = matrices.modes["transports"]
    assert found.parametres["est_partielle"] and found.unites == ("min",)
    assert found.pas["min"].nnz == 1 and "transports" not in matrices.lois
    write_trajets(matrices, tmp_path)
    again = open_trajets(type("Opened", (), {"path": tmp_path, "id": "x"}))
    assert again.modes["transports"].origines_reseau.tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("asked", "told", "words"),
    [
        ("velo", {"mode": "voiture"}, "du mode « voiture », donnés pour « velo »"),
        (None, {"mode": "cheval"}, "mode de déplacement inconnu : « cheval »"),
        (None, {"mode": "velo"}, "ne dit pas quels « origines »"),
    ],
)
def test_a_file_that_tells_something_else_is_refused(tiny_frames, tmp_path, asked, told, words):
    path = write_matrix(tmp_path / "m.parquet", GOOD)
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({"geoapp": json.dumps(told)}), path)
    with pytest.raises(SourceError) as caught:
        choose_trajets(tiny_frames, [(asked, path)])
    assert words in str(caught.value)


# --- With a car and without
# ----------------------------------------------------------------------


def test_the_same_people_are_compared_by_each_way_of_travelling():
    monde = make_monde_of(
        column("voiture", [10, 25, 35, 25], parametres={"erreurs": BANDES}),
        column("velo", [20, 50, 90, 119], parametres={"maximum_min": 120}),
        replace(column("pied", [100, 0, 0, 0], parametres={"maximum_min": 120})),
    )
    pied = monde.trajets.modes["pied"].pas["min"]
    pied.eliminate_zeros()
    rows = np.arange(4)
    found = {one.mode: one for one in compare_ways(monde, Question(), rows)}
    assert {mode: one.population_non_couverte for mode, one in found.items()} == {
        "voiture": 100,
        "velo": 300,
        "pied": 400,
    }
    assert [found[mode].sans_voiture for mode in found] == [False, True, True]
    median = found["voiture"].mediane_mots.replace("\u202f", " ")
    assert median == "environ 25 min, à 10 % près une fois sur deux"
    assert found["velo"].mediane_mots.endswith("erreur inconnue")
    assert found["pied"].mediane_mots == "plus de 120 min" and np.isnan(found["pied"].mediane_min)
    asked = compare_ways(monde, Question(unite="min", seuil=50, mode="velo"), rows)
    assert {one.mode: one.part_couverte for one in asked}["velo"] == 0.5


def test_a_few_people_are_hidden_and_nothing_is_told_of_an_unknown_offer():
    monde = make_monde_of(column("voiture", [10, 40]))
    monde.points["population_retenue"] = [100.0, 3.0]
    (one,) = compare_ways(monde, Question(), np.arange(2))
    assert one.est_masquee and np.isnan(one.part_couverte)
    assert compare_ways(monde, Question(), np.arange(0)) == []


# --- Sound costs
# ----------------------------------------------------------------------


def test_adding_pairs_never_lengthens_a_trip():
    generator = np.random.default_rng(3)
    for _ in range(20):
        costs = generator.integers(1, 900, (12, 9)).astype("f4") / 10
        few = costs * (generator.random(costs.shape) < 0.3)
        more = np.where(few > 0, few, costs * (generator.random(costs.shape) < 0.3))
        is_open = generator.random(9) < 0.6
        one, two = (
            access.nearest(store_matrices([column_of(matrix)]).modes["pied"].pas["min"], is_open)
            for matrix in (few, more)
        )
        assert not (two > one).any() and not (np.isnan(two) & ~np.isnan(one)).any()


def column_of(minutes: np.ndarray) -> Trajets:
    """Return the costs by foot of a whole matrix; 0 is out of reach."""
    return Trajets(
        origines=np.arange(len(minutes)).astype("U"),
        places=np.arange(minutes.shape[1]).astype("U"),
        distance_km=None,
        duree_min=sparse.csr_array(minutes),
        parametres={},
        mode="pied",
    )


@pytest.mark.real
def test_the_real_ways_of_travelling_are_sound(real_snapshot):
    world = open_world(real_snapshot)
    assert {"voiture", "voiture_fluide", "velo", "pied"} <= set(world.modes)
    is_open = np.ones(len(world.trajets.places), dtype=bool)
    near = {}
    for mode in world.modes:
        for unite in world.unites(mode):
            # Nobody is at the very place of a training: the least is that of a commune or a cell.
            assert world.trajets.modes[mode].pas[unite].data.min() > 0, (mode, unite)
        near[mode] = world.nearest(Question(mode=mode, unite="min", seuil=30), is_open)
    within = {mode: near[mode] <= 30 for mode in near}
    assert within["pied"].sum() < within["velo"].sum() < within["voiture"].sum()
    assert within["voiture"].sum() <= within["voiture_fluide"].sum()
    assert not (within["pied"] & ~within["velo"]).any()
    covered = [
        points_of(world, Question(unite="min", seuil=seuil))["est_couvert"].to_numpy()
        for seuil in (10.0, 20.0, 45.0)
    ]
    assert all((long | ~short).all() for short, long in itertools.pairwise(covered))


@pytest.mark.real
def test_a_world_opens_fast_and_copies_no_way_of_travelling(real_snapshot):
    start = time.process_time()
    matrices = open_trajets(real_snapshot)
    assert time.process_time() - start < 0.5
    for matrice in matrices.modes.values():
        for cost in matrice.pas.values():
            array = cost.data
            while not isinstance(array, mmap.mmap):
                array = array.base
                assert array is not None, "copied into memory"
