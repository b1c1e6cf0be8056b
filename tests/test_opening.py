"""Where to open for a question of coverage: same figures as coverage, words that follow them."""

import itertools
import json
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse import csr_array

from geoapp.cli import main
from geoapp.core.errors import NotFoundError, ParameterError
from geoapp.core.schema import TABLES, conform
from geoapp.coverage.answer import answer
from geoapp.coverage.measures import points_of
from geoapp.coverage.model import parse_question
from geoapp.coverage.world import open_world
from geoapp.planning.asked import PARAMETRES, parse_sites, to_parameters
from geoapp.planning.candidates import list_candidates, realities
from geoapp.planning.levelling import Levelling, level
from geoapp.planning.opening import Monde, choose_real, find_sites
from geoapp.planning.siting import coverage_worth
from geoapp.planning.trips import trips_to
from geoapp.planning.words import describe_sites, tell_sites
from support.words import plain
from support.world import make_perimeter, make_tiny_frames, publish_world


@pytest.fixture(scope="module")
def monde(tmp_path_factory):
    return open_world(publish_world(make_tiny_frames(), tmp_path_factory.mktemp("ouvrir")))


def find(monde, delai_s=0.0, **parametres):
    return find_sites(monde, parse_sites(parametres, monde), delai_s=delai_s)


def test_the_commune_that_lacks_it_is_where_to_open(monde):
    # BTS Soins is in Amiville and Cysoing: at 12 km nobody of Beauval has it.
    sites = find(monde, type_diplome="bts", seuil_km="12", ouvertures="1")
    (one,) = sites.ouvertures
    assert one.nom_commune == "Beauval" and one.personnes == 200 == sites.gagnes
    assert one.realite == "lieu", "a place that trains is preferred to the town hall"
    assert (
        sites.non_couverts
        == answer(monde, parse_question({"type_diplome": "bts", "seuil_km": "12"}, monde)).ensemble[
            "population_non_couverte"
        ]
    )
    assert sites.est_prouve and sites.ecart == 0
    assert "200 des" in plain(tell_sites(sites)) and "prouvé" in tell_sites(sites)
    assert sites.zones[["code_zone", "gain"]].to_numpy().tolist() == [["3201", 200.0]]


def test_opening_again_gains_nobody_and_says_so(monde):
    sites = find(monde, seuil_km="60")
    assert not sites.ouvertures and sites.gagnes == 0
    assert plain(tell_sites(sites)).startswith("Tous les habitants comptés ont déjà")


@pytest.mark.parametrize("candidats", ["tous", "communes", "lieux"])
def test_one_opening_more_never_loses_anybody(monde, candidats):
    asked = {"domaine": "hotellerie", "seuil_km": "10", "candidats": candidats}
    gained = [find(monde, **asked, ouvertures=str(nb)).gagnes for nb in (1, 2, 3)]
    assert gained == sorted(gained)


FIGURES = st.floats(0, 9_999_999).map(round)


@given(FIGURES, FIGURES, st.floats(0, 0.5), st.booleans())
def test_sentences_say_the_figures_whatever_they_are(monde, far, near, gap, is_proven):
    """What is read back from the sentence is what was counted, and none of one to four people."""
    near = min(near, far)
    sites = find(monde, type_diplome="bts", seuil_km="12", ouvertures="1")
    made = replace(
        sites,
        non_couverts=float(far),
        non_couverts_apres=float(far - near),
        valeur=float(near),
        borne=float(round(near * (1 + gap))),
        ecart=gap,
        est_prouve=is_proven,
    )
    told = plain(tell_sites(made))
    if not far:
        assert told.startswith("Tous les habitants comptés ont déjà")
        return
    numbers = {
        int(one.replace(" ", "")) for one in re.findall(r"\d[\d ]*(?= des| habitants)", told)
    }
    for nb in (near, far):
        assert nb in numbers if nb == 0 or nb > 4 else nb not in numbers - {5}
    assert ("c'est prouvé" in told) == is_proven


def test_access_is_evened_within_its_bound(monde):
    """What is filled is what lacked less, Gini falls, and every set of as many is in the bound."""
    asked = {"type_diplome": "bts", "seuil_km": "12", "objectif": "acces", "reel": "0"}
    found = [find(monde, **asked, ouvertures=str(nb)) for nb in (1, 2)]
    assert 0 < found[0].valeur <= found[1].valeur <= found[1].manque
    assert all(one.valeur <= one.borne + 1e-12 for one in found)
    assert found[0].acces_apres.gini <= found[0].acces_avant.gini
    told = plain(tell_sites(found[0]))
    assert "comblerait" in told and "concurrence comptée" in told


@st.composite
def lacks(draw):
    nb, many = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    part = st.sampled_from([0.0, 0.1, 0.5, 1.0])
    rows = draw(st.lists(st.lists(part, min_size=many, max_size=many), min_size=nb, max_size=nb))
    lack = draw(st.lists(part, min_size=nb, max_size=nb))
    people = draw(st.lists(st.sampled_from([1.0, 10.0]), min_size=nb, max_size=nb))
    return np.array(rows), np.array(lack), np.array(people)


@given(lacks(), st.integers(1, 3))
def test_levelling_is_within_its_bound_of_every_set(world, nb):
    brought, lack, people = world
    growing = Levelling(sparse.csr_array(brought), lack, people)
    free, _ = level(growing, nb, np.zeros(brought.shape[1]), 0.0)

    def filled(some) -> float:
        return float(people @ np.minimum(lack, brought[:, list(some)].sum(axis=1)))

    sets = itertools.combinations(range(brought.shape[1]), min(nb, brought.shape[1]))
    best = max(map(filled, sets))
    assert filled(free.opened.tolist()) == pytest.approx(free.value)
    assert free.value <= best + 1e-9 and best <= free.bound + 1e-9
    assert free.value >= (1 - 1 / math.e) * best - 1e-9
    growing.set(free.opened.tolist())
    for rank in range(len(free.opened)):
        others = [one for one in free.opened.tolist() if one != free.opened[rank]]
        instead = growing.instead_of(rank)
        for one in range(brought.shape[1]):
            expected = filled([*others, one]) - filled(others) if one not in others else None
            assert expected is None or instead[one] == pytest.approx(expected)


def test_a_public_counted_by_commune_is_a_public_of_siting(tiny_frames, tmp_path):
    """Young people out of school: known in two communes, hidden in the third, which is unknown."""
    rows = [
        {"mesure": "jeunes_non_scolarises", "type_zone": "commune", "code_zone": code, "nombre": nb}
        for code, nb in (("80001", 50.0), ("80002", 30.0), ("59001", None))
    ]
    measures = pd.DataFrame(rows).assign(annee="2021", id_source="tiny")
    measures = measures.reindex(columns=TABLES["mesures_communes"].noms)
    frames = {**tiny_frames, "mesures_communes": conform(measures, "mesures_communes")}
    monde = open_world(publish_world(frames, tmp_path))
    asked = {"type_diplome": "bts", "seuil_km": "12", "public": "jeunes_non_scolarises"}
    sites = find(monde, **asked, ouvertures="1")
    assert sites.comptes.population == 80 and sites.gagnes == 30
    told = answer(monde, parse_question(asked, monde))
    assert told.ensemble["population"] == 80 and "(2021)" in " ".join(told.notes)
    assert told.tableau.set_index("code_zone")["population"].isna().to_dict()["0054"]


def test_openings_of_one_town_are_told_once(monde):
    sites = find(monde, type_diplome="bts", seuil_km="12", ouvertures="1")
    made = replace(sites, ouvertures=sites.ouvertures * 3)
    assert plain(tell_sites(made)).startswith("Ouvrir à Beauval (3 lieux) rapprocherait")


def test_candidates_are_chosen_and_restricted(monde):
    halls = find(monde, type_diplome="bts", seuil_km="12", candidats="communes", ouvertures="1")
    assert halls.ouvertures[0].realite == "commune"
    east = find(monde, type_diplome="bts", seuil_km="12", territoire="ze2020:0054")
    assert not east.ouvertures and east.comptes.population == 5000
    rural = find(monde, type_diplome="bts", seuil_km="12", parmi="frr")
    assert rural.comptes.population == 200


def test_the_least_openings_and_what_cannot_be_reached(monde):
    least = find(monde, delai_s=5, type_diplome="bts", seuil_km="12", objectif="nombre", part="100")
    assert least.valeur == 1 == least.borne and least.est_prouve
    none = find(monde, type_diplome="bts", seuil_km="12", objectif="nombre", part="50")
    assert not none.ouvertures and plain(tell_sites(none)).startswith("Rien n'est à ouvrir")
    far = find(
        monde, type_diplome="bts", seuil_km="1", objectif="nombre", part="100", candidats="communes"
    )
    assert not far.est_possible and "ne peuvent être couverts" in tell_sites(far)


def test_an_offer_that_is_not_known_opens_nothing(monde, tiny_frames, tmp_path):
    frames = {**tiny_frames, "perimetre": make_perimeter("inconnue")}
    unknown = open_world(publish_world(frames, tmp_path / "inconnu"))
    sites = find(unknown, domaine="sante")
    told = describe_sites(unknown, sites)
    assert not sites.ouvertures and told["non_couverts"] is None and told["valeur"] is None
    assert told["phrase"] == sites.comptes.perimetre.phrase


def test_a_search_has_one_address(monde):
    given = {"domaine": "sante", "ouvertures": "2", "parmi": "frr", "territoire": "ze2020:Amiville"}
    asked = parse_sites(given, monde)
    pairs = to_parameters(asked)
    assert ("territoire", "ze2020:3201") in pairs
    again: dict[str, list[str]] = {}
    for nom, valeur in pairs:
        again.setdefault(nom, []).append(valeur)
    assert parse_sites(again, monde) == asked and to_parameters(parse_sites(again, monde)) == pairs
    assert to_parameters(parse_sites({}, monde)) == []


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"objectif": "plus"}, ParameterError),
        ({"ouvertures": "0"}, ParameterError),
        ({"ouvertures": "1.5"}, ParameterError),
        ({"part": "101"}, ParameterError),
        ({"parmi": "ailleurs"}, ParameterError),
        ({"territoire": "ze2020:9999"}, NotFoundError),
        ({"mesure": "part_couverte", "reel": "abc"}, ParameterError),
        ({"nimporte": "1"}, ParameterError),
    ],
)
def test_what_is_not_accepted_is_refused(monde, given, error):
    with pytest.raises(error):
        parse_sites(given, monde)


def test_every_example_is_accepted(monde):
    for nom, row in PARAMETRES.items():
        if nom != "territoire":
            parse_sites({nom: row.exemple}, monde)


def test_a_real_place_is_preferred_as_far_as_asked():
    """A hall that brings 100, a lycée that brings 95, another that brings 80."""
    worth = coverage_worth(csr_array([[1.0, 1, 1], [1, 1, 0], [1, 0, 0]]), np.array([80.0, 15, 5]))
    monde = Monde(np.arange(3), np.arange(3), worth, np.zeros(3), np.array([0, 2, 3]))
    assert choose_real(monde, 1, 0.0) == ([0], [0])
    assert choose_real(monde, 1, 0.1) == ([1], [0])
    assert choose_real(monde, 1, 0.2) == ([2], [0])


@pytest.mark.real
def test_the_region_is_answered_as_coverage_counts_it(real_world, tmp_path):
    given = {"domaine": "batiment", "niveau": "3"}
    question = parse_question(given, real_world)
    sites = find(real_world, **given)
    far = answer(real_world, question).ensemble["population_non_couverte"]
    assert sites.non_couverts == pytest.approx(far) and sites.non_couverts > 500_000
    assert len(sites.ouvertures) == 3 and sites.valeur == pytest.approx(sites.gagnes)
    assert sites.zones["gain"].sum() == pytest.approx(sites.gagnes, abs=30)
    # A candidate that is a place of the matrix has its costs.
    candidates = list_candidates(real_world)
    chosen = np.flatnonzero(candidates.colonne >= 0)[::50]
    rows = np.arange(0, len(real_world.points), 97)
    mine = trips_to(real_world, question, rows, chosen, np.full(len(rows), 20.0)).toarray()
    theirs = real_world.cost("km", "voiture", rows)[:, candidates.colonne[chosen]].toarray()
    both = (mine > 0) & (theirs > 0)
    assert both.any() and np.abs(mine - theirs)[both].max() < 0.02
    assert {"domaine", "lieu", "etablissement", "commune"} >= {
        one.realite for one in sites.ouvertures
    }
    assert (realities(real_world, question) == 3).any()
    # Nobody who was near is farther.
    assert (points_of(real_world, question)["cout"] >= 0).sum() > 0


@pytest.mark.real
def test_the_command_answers_in_json(real_snapshot):
    arguments = ["site", "--type_diplome", "bac_pro", "--seuil-min", "30", "--json"]
    done = CliRunner().invoke(main, [*arguments, "--data", str(real_snapshot.path.parents[1])])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    people = [one["personnes"] for one in told["ouvertures"]]
    assert people == sorted(people, reverse=True)
    assert told["ouvertures"][-1]["cumul"] == sum(people)
    # The sentence says the figures that are beside it.
    numbers = [
        int(re.sub(r"\D", "", one)) for one in re.findall(r"\d[\d ]*", plain(told["phrase"]))
    ]
    assert {told["non_couverts"], told["non_couverts_apres"], sum(people)} <= set(numbers)
    assert told["valeur"] <= told["borne"] and told["est_prouve"]
