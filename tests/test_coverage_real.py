"""Coverage on the real mirror: totals, borders, thresholds, and what is published elsewhere."""

import itertools
import json

import numpy as np
import pytest

from geoapp.core.french import join_words
from geoapp.coverage.answer import answer
from geoapp.coverage.measures import measure_points
from geoapp.coverage.model import Question, parse_question
from geoapp.coverage.publics import compare_publics
from geoapp.coverage.table import zone_table
from geoapp.coverage.world import choose_offer, open_world
from geoapp.reference.zonings import MAILLES, ZONAGES
from support.sources import TRUTH

pytestmark = pytest.mark.real

TOTAL = 5_992_194
PARTITIONS = [
    nom for nom in MAILLES if nom == "commune" or (nom in ZONAGES and ZONAGES[nom].est_partition)
]


@pytest.fixture(scope="module")
def monde(real_snapshot):
    return open_world(real_snapshot)


def ask(monde, **parametres):
    return parse_question(parametres, monde)


def raw(monde, question):
    offre = choose_offer(monde, question)
    return zone_table(monde, question, offre, measure_points(monde, question, offre))


@pytest.mark.parametrize("zonage", PARTITIONS)
def test_everybody_is_counted_once(monde, zonage):
    table = raw(monde, ask(monde, zonage=zonage, domaine="commerce"))
    assert table["population"].sum() == pytest.approx(TOTAL, abs=1e-3)
    assert table["nb_points"].gt(0).all(), "a zone with people has a point of demand"
    assert (
        table["population_sans_offre"] + table["population_eloignee"]
    ).to_numpy() == pytest.approx(table["population_non_couverte"].to_numpy())
    assert table["part_couverte"].dropna().between(0, 1).all()


@pytest.mark.parametrize("zonage", ["zrr", "frr", "qpv2015", "qpv2024"])
def test_zones_with_people_have_points(monde, zonage):
    table = raw(monde, ask(monde, zonage=zonage))
    assert table["nb_points"].gt(0).all() and table["population"].gt(0).all()


@pytest.mark.parametrize("mesure", ["e2sfca", "deuxsfca", "troissfca"])
def test_all_supply_within_reach_is_shared_out(monde, mesure):
    question = ask(monde, niveau="5")
    offre = choose_offer(monde, question)
    points = measure_points(monde, question, offre)
    people = np.nan_to_num(monde.demand(True))
    reach = (monde.weights("km", 20.0, "un").T @ people) > 0
    assert np.nan_to_num(points[mesure].to_numpy()) @ people == pytest.approx(
        offre.par_place[reach].sum()
    )


def test_cover_grows_with_the_threshold_and_with_the_offer(monde):
    shares = [
        raw(monde, ask(monde, domaine="sante", seuil_km=str(seuil)))["part_couverte"].to_numpy()
        for seuil in (1, 5, 10, 20, 35, 50)
    ]
    assert all((short <= long + 1e-12).all() for short, long in itertools.pairwise(shares))
    with_them, without = (
        raw(monde, ask(monde, niveau="3", voisins=voisins))["population_non_couverte"].to_numpy()
        for voisins in ("oui", "non")
    )
    assert (with_them <= without).all() and with_them.sum() < without.sum(), (
        "the neighbours' offer covers people near the border"
    )


def test_a_zone_without_any_offer_near_is_white_for_every_threshold(monde):
    """« Santé », level 4: only Lille, Roubaix and the border have it; Boulogne is far from all."""
    for seuil in ("5", "20", "50"):
        table = raw(monde, ask(monde, domaine="sante", niveau="4", seuil_km=seuil)).set_index(
            "code_zone"
        )
        assert table.loc["3206", "part_non_couverte"] == 1.0
        assert table.loc["3206", "solidite"] == "robuste"


def test_what_no_offer_answers_leaves_everybody_without(monde):
    reponse = answer(monde, ask(monde, niveau="8"))
    assert reponse.ensemble["population_sans_offre"] == pytest.approx(TOTAL)
    assert "100\u202f%" in reponse.phrase


def test_ages_are_known_in_the_lille_metropolis_alone(monde):
    table = raw(monde, ask(monde, public="adultes", zonage="epci")).set_index("code_zone")
    known = table["population"].dropna()
    assert list(known.index) == ["200093201"]
    total = (
        raw(monde, ask(monde, zonage="epci")).set_index("code_zone").loc["200093201", "population"]
    )
    assert 0.72 < known.iloc[0] / total < 0.80
    assert "connus" in " ".join(answer(monde, ask(monde, public="adultes")).notes)


def test_published_figures_that_can_be_compared(monde, real_snapshot):
    """Ours are municipal 2023; the published ones are of other years and perimeters (see
    docs/couverture.md).
    """
    if not TRUTH.exists():
        pytest.skip("valeurs de référence absentes (dossier shared/truth à côté du dépôt)")
    figures = {
        one["figure"]: one["value"]
        for one in json.loads((TRUTH / "published_figures_hdf.json").read_text())
    }
    assert abs(TOTAL / figures["population HdF 1/1/2022"] - 1) < 0.002
    zones = real_snapshot.read("zones")
    assert zones["type_zone"].eq("qpv2024").sum() == figures["QPV 1/1/2024 nombre HdF"]
    publics = {one.titre: one for one in compare_publics(monde, Question())}
    qpv = publics["Quartiers prioritaires 2015 (QPV)"]
    assert qpv.population < figures["QPV 2015 perimeter: population 2018 HdF"], (
        "the 26 of the Lille metropolis are a part of the 199"
    )
    assert publics["Quartiers prioritaires 2024 (QPV)"].est_estimee, (
        "whole communes: 2.8 million people against 753,100 in the QPV themselves"
    )


def test_the_sentence_the_table_and_the_region_agree(monde):
    reponse = answer(monde, ask(monde, domaine="sante", niveau="4"))
    said = int("".join(c for c in reponse.phrase.split(" personnes")[0] if c.isdigit()))
    assert (
        said
        == round(reponse.ensemble["population_non_couverte"])
        == round(reponse.tableau["population_non_couverte"].sum())
    )


def test_the_years_that_are_mixed_are_those_of_the_tables(monde):
    said = next(
        note
        for note in answer(monde, ask(monde)).notes
        if note.startswith("Ces chiffres rapprochent")
    )
    years = {
        str(year)[:4] for nom in ("offres", "offres_voisines") for year in _vintages(monde, nom)
    }
    assert (
        f"offre {join_words(sorted(years))} ;" in said
        and "habitants 2017 et 2023" in said
        and "zones 2020" in said
    )


def _vintages(monde, nom: str) -> list[str]:
    sources = monde.snapshot.read("sources").set_index("id_source")["millesime"]
    return sources.reindex(monde.snapshot.read(nom)["id_source"].unique()).tolist()
