"""What if: nothing changed changes nothing, addresses are stable, closing never gains anybody."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from geoapp.cli import main
from geoapp.core.errors import ParameterError
from geoapp.coverage.answer import answer
from geoapp.coverage.model import parse_question
from geoapp.coverage.world import open_world
from geoapp.planning.scenario import (
    PARAMETRES,
    parse_scenario,
    read_address,
    run_scenario,
    write_address,
)
from geoapp.planning.scenario_words import (
    compare_effects,
    describe_effects,
    tell_changes,
    tell_effects,
)
from geoapp.planning.stress import worst_closures
from geoapp.web import create_app
from support.examples import cheap
from support.words import plain
from support.world import make_tiny_frames, publish_world


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return publish_world(make_tiny_frames(), tmp_path_factory.mktemp("scenarios"))


@pytest.fixture(scope="module")
def monde(snapshot):
    return open_world(snapshot)


def run(monde, **parametres):
    return run_scenario(monde, parse_scenario(parametres, monde))


def test_nothing_changed_changes_nothing(monde):
    effets = run(monde, type_diplome="bts", seuil_km="12")
    assert effets.scenario.est_vide and effets.avant == effets.apres
    assert effets.perdus == effets.gagnes == 0 and not len(effets.zones)
    question = parse_question({"type_diplome": "bts", "seuil_km": "12"}, monde)
    assert effets.avant.non_couverts == answer(monde, question).ensemble["population_non_couverte"]
    assert "Personne ne passe le seuil" in plain(tell_effects(effets))


def test_closing_a_place_loses_its_people_and_who_takes_over_is_told(monde):
    place = monde.trajets.places[0]
    lieu = monde.offres.loc[monde.offres["code_commune"].eq("80001"), "id_place"].iloc[0]
    assert lieu in set(monde.trajets.places) and place
    effets = run(monde, type_diplome="bts", seuil_km="12", ferme=f"lieu:{lieu}")
    assert effets.perdus == 1000 and effets.gagnes == 0 and effets.nb_fermees == 1
    assert plain(tell_effects(effets)).startswith("1 000 habitants n'auraient plus")
    # From farther, the other place takes over.
    effets = run(monde, type_diplome="bts", seuil_km="80", ferme=f"lieu:{lieu}")
    assert effets.perdus == 0 and effets.reprises["habitants"].sum() >= 1000
    assert effets.apres.trajet_moyen > effets.avant.trajet_moyen


def test_opening_and_moving(monde):
    effets = run(monde, type_diplome="bts", seuil_km="12", ouvre="Beauval")
    assert effets.gagnes == 200 and effets.scenario.ouvre == ("commune:80002",)
    lieu = monde.offres.loc[monde.offres["code_commune"].eq("80001"), "id_place"].iloc[0]
    moved = run(
        monde, type_diplome="bts", seuil_km="12", ouvre="commune:80002", ferme=f"lieu:{lieu}"
    )
    assert (moved.gagnes, moved.perdus) == (200, 1000)


def test_threshold_mode_and_places(monde):
    longer = run(monde, type_diplome="bts", seuil_km="12", apres_seuil="40")
    assert longer.gagnes == 200 and longer.apres.non_couverts == 0
    more = run(monde, offre="places", places="tiny:a1=120")
    assert more.apres.e2sfca > more.avant.e2sfca
    unknown = run(monde, ferme="organisme:rien", places="rien=3", ouvre="uai:rien")
    assert set(unknown.inconnus) == {"organisme:rien", "rien=3", "uai:rien"}
    assert unknown.avant == unknown.apres


def test_on_foot_the_threshold_is_as_far_as_trips_are_known(monde):
    scenario = parse_scenario({"apres_mode": "pied"}, monde)
    assert (scenario.question.seuil, scenario.apres.seuil) == (20, 8)
    assert "apres_seuil=8" in write_address(scenario)
    with pytest.raises(ParameterError, match="de 1 à 8"):
        parse_scenario({"apres_mode": "pied", "apres_seuil": "20"}, monde)


FERME = st.sampled_from(["lieu:50.05000,2.05000", "formation:tiny:a3", "organisme:tiny:o1"])
GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "domaine": st.sampled_from(["sante", "hotellerie"]),
        "seuil_km": st.sampled_from(["12", "20", "33,5"]),
        "voisins": st.sampled_from(["oui", "non"]),
        "ferme": st.lists(FERME, max_size=3),
        "ouvre": st.lists(st.sampled_from(["Beauval", "commune:59001"]), max_size=2),
        "places": st.sampled_from(["tiny:a1=24", "tiny:a2=3"]),
        "apres_seuil": st.sampled_from(["5", "30"]),
        "apres_mode": st.sampled_from(["velo", "voiture", "pied"]),
        "nom": st.sampled_from(["Été 2027 & suite", "a=b?c", "« fin »"]),
    },
)


@cheap()
@given(GIVEN)
def test_a_scenario_read_again_is_the_same_bytes(monde, given):
    try:
        scenario = parse_scenario(given, monde)
    except ParameterError:
        return
    address = write_address(scenario)
    again = read_address(address, monde)
    assert again == scenario and write_address(again) == address
    assert write_address(read_address(f"https://exemple.fr/et-si?{address}", monde)) == address


@given(st.lists(FERME, min_size=1, max_size=3), st.sampled_from(["12", "25", "40"]))
def test_closing_never_gains_anybody(monde, ferme, seuil):
    effets = run(monde, seuil_km=seuil, ferme=ferme)
    assert effets.gagnes == 0
    assert effets.apres.non_couverts >= effets.avant.non_couverts or np.isnan(
        effets.apres.non_couverts
    )


@pytest.mark.parametrize(
    "given",
    [{"ferme": "porte:1"}, {"places": "a1"}, {"apres_seuil": "900"}, {"nom": "x" * 500}],
)
def test_what_is_refused(monde, given):
    with pytest.raises(ParameterError):
        parse_scenario(given, monde)


def test_page_and_api_tell_one_scenario(snapshot):
    client = create_app(snapshot.path.parents[1]).test_client()
    address = "/et-si?type_diplome=bts&seuil_km=12&ouvre=commune%3A80002&nom=Ouvrir"
    told = client.get("/api/v1" + address).get_json()
    assert told["gagnes"] == 200 and "/et-si?" + told["adresse"] == address
    page = plain(client.get(address).text)
    assert "<h1>Ouvrir</h1>" in page and "200 habitants" in page
    both = plain(
        client.get("/et-si?type_diplome=bts&seuil_km=12&compare=" + "apres_seuil%3D40").text
    )
    assert "seuil de 40 km" in both
    assert client.get("/api/v1/fermetures?type_diplome=bts").status_code == 200


def test_what_a_scenario_has_become_is_told_with_its_sign(monde):
    base = run(monde, type_diplome="bts", seuil_km="12")
    before = replace(base, avant=replace(base.avant, non_couverts=400.0))
    assert "400 habitants étaient trop loin, 200 maintenant (−50 %)" in plain(
        tell_changes(before, base)
    )
    assert tell_changes(before, base).startswith("Sans rien changer")


@pytest.mark.real
def test_the_worst_closures_of_a_domain(real_snapshot, real_world):
    question = parse_question({"domaine": "transport"}, real_world)
    found = worst_closures(real_world, question)
    people = [one.personnes for one in found]
    assert len(found) == 10 and people == sorted(people, reverse=True) and people[0] > 50_000
    # What is counted at once is what closing the body does.
    effets = run(real_world, domaine="transport", ferme=found[0].ferme)
    assert effets.perdus == pytest.approx(found[0].personnes)
    assert effets.avant.non_couverts + effets.perdus == pytest.approx(effets.apres.non_couverts)
    told = describe_effects(real_world, effets)
    assert told["changements"]["ferme"][0]["nom"] == found[0].nom
    folder = str(real_snapshot.path.parents[1])
    arguments = ["scenario", told["adresse"], "--json", "--data", folder]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0 and json.loads(done.stdout)["perdus"] == told["perdus"]


@pytest.mark.parametrize(
    ("nom", "text"),
    [("places", "__main__"), ("places", "x="), ("ferme", "abri:1"), ("ferme", "lieu")],
)
def test_what_a_scenario_refuses_is_no_text_that_the_api_describes(monde, nom, text):
    assert re.search(PARAMETRES[nom].motif, PARAMETRES[nom].exemple)
    assert not re.search(PARAMETRES[nom].motif, text)
    with pytest.raises(ParameterError, match=nom):
        parse_scenario({nom: text}, monde)


def test_two_scenarios_side_by_side_say_the_unit_of_their_trips(monde):
    first = run_scenario(monde, parse_scenario({}, monde))
    second = run_scenario(monde, parse_scenario({"apres_mode": "pied"}, monde))
    rows = {row[0]: row[1:] for row in compare_effects(first, second)}
    assert all(plain(one).endswith((" km", "inconnu")) for one in rows["Trajet moyen"])
    assert not any("km" in one for nom, row in rows.items() if nom != "Trajet moyen" for one in row)
