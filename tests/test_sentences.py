"""Sentences are rules over figures: random figures are given to each rule, and read back."""

import math
import re
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoapp.coverage import sentences
from geoapp.coverage.change import Evolution, tell_change
from geoapp.coverage.counted_publics import PublicCompte, tell_publics
from geoapp.coverage.legend import bounds_in_words
from geoapp.coverage.model import Question
from geoapp.coverage.publics import _INDICES, Public
from geoapp.coverage.territories import sentences as of_zone
from geoapp.coverage.world import open_world
from geoapp.offer.perimeter import CONNUE, INCONNUE, PARTIELLE
from geoapp.outputs.figures.coverage import tell_whites
from geoapp.planning.dashboard import against
from geoapp.planning.evolution import _tell as tell_evolution
from geoapp.planning.need_words import _difficult, _strong, say_projects
from geoapp.planning.scenario import parse_scenario, run_scenario
from geoapp.planning.scenario_words import _tell as tell_scenario
from geoapp.planning.scenario_words import tell_closures
from geoapp.planning.stress import Fermeture
from geoapp.web.coverage_view import _gap
from support.words import plain
from support.world import make_tiny_frames, publish_world

NB = st.one_of(st.integers(0, 9).map(float), st.integers(0, 9_999_999).map(float))
UNKNOWN = st.just(math.nan)
PART = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))
STATUTS = st.sampled_from((CONNUE, PARTIELLE, INCONNUE))
NOBODY = re.compile(r"\b(aucun|aucune|personne|tous|toutes|chaque)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def monde(tmp_path_factory):
    return open_world(publish_world(make_tiny_frames(), tmp_path_factory.mktemp("phrases")))


def numbers(told: str) -> list[int]:
    """Return the whole numbers of a sentence that count people or things."""
    return [int(one.replace(" ", "")) for one in re.findall(r"\d{1,3}(?: \d{3})+|\d+", plain(told))]


@given(NB, st.one_of(NB, UNKNOWN), st.booleans())
def test_the_main_sentence_of_coverage(monde, population, left, est_masquee):
    """« Tous » only of nobody left; a hidden number is told by no figure."""
    left = min(left, population)
    row = pd.Series(
        {
            "population": math.nan if est_masquee else population,
            "population_non_couverte": left,
            "part_non_couverte": left / population if population else 0.0,
            "masques": "population" if est_masquee else "",
            "perimetre": CONNUE,
        }
    )
    points = pd.DataFrame({"est_couvert": [True] * len(monde.points)})
    told = plain(sentences._count_far(monde, Question(), row, points))
    assert ("Tous" in told) == (left == 0)
    if math.isnan(left):
        assert "est tu" in told and not set(numbers(told)) - {20}
    elif left:
        assert numbers(told)[0] == left


@given(st.one_of(NB, UNKNOWN), st.one_of(PART, UNKNOWN))
def test_who_is_too_far_in_a_zone(left, region):
    row = pd.Series({"population_non_couverte": left, "part_non_couverte": 0.25})
    whole = pd.Series({"part_non_couverte": region})
    told = plain(of_zone._how_many(Question(), row, whole, "à plus de 20 km d'une formation"))
    assert ("Tous ses habitants" in told) == (left == 0)
    assert ("comme tous" in told) == (left == 0 and region == 0)
    assert "nan" not in told
    if math.isnan(left):
        assert "est tu" in told
    elif left:
        assert int(left) in numbers(told)


@given(st.integers(0, 14), st.integers(0, 14), STATUTS)
def test_domains_that_lack(absents, unknown, status):
    nb = 14
    absents, unknown = min(absents, nb - min(unknown, nb)), min(unknown, nb)
    names = [[f"d{rank}" for rank in range(many)] for many in (absents, unknown)]
    told = plain(of_zone._lacking(nb, names[0], names[1], status))
    assert ("tous" in told) == (absents == 0)
    assert "tous enseignés" not in told or unknown == 0 or "connus" in told
    assert ("collectée" in told) == (unknown > 0)
    if absents:
        assert numbers(told)[0] == absents


@given(st.integers(2, 40), st.integers(0, 40), st.integers(0, 40))
def test_white_communes_of_a_zone(communes, blanches, far):
    nb = min(blanches, communes)
    causes = ["eloignee"] * min(far, nb) + ["sans_offre"] * (nb - min(far, nb))
    frame = pd.DataFrame({"nom": [f"c{rank}" for rank in range(nb)], "cause": causes})
    zone = SimpleNamespace(nb_communes=communes, type_zone="ze2020")
    told = plain(of_zone._white(zone, SimpleNamespace(blanches=frame)))
    assert ("aucune de ses" in told) == (nb == 0)
    assert ("sont toutes en zone blanche" in told) == (nb == communes)
    assert ("toutes parce que" in told) == (1 < nb < communes and len(set(causes)) == 1)


@given(st.one_of(NB, UNKNOWN), st.one_of(st.floats(0.01, 90), st.just(0.0), UNKNOWN))
def test_what_a_zone_reaches(population, score):
    """« Personne » only where people are known and reach nothing."""
    row = pd.Series({"population": population, "e2sfca": score, "mediane": 12.0})
    block = SimpleNamespace(
        ligne=pd.concat([row, pd.Series({"perimetre": CONNUE})]),
        ensemble=pd.Series({"e2sfca": 3.0, "mediane": 8.0}),
    )
    told = of_zone._access(Question(), block)
    reaches_nothing = math.isnan(score) or score == 0
    assert ("Personne" in told) == (
        reaches_nothing and not (math.isnan(score) and math.isnan(population))
    )


@given(st.lists(st.one_of(PART, UNKNOWN), min_size=1, max_size=4), st.one_of(PART, UNKNOWN))
def test_publics_compared_with_everybody(parts, everybody):
    found = [
        PublicCompte(
            nom=str(rank),
            titre=f"Public {rank}",
            annee="2023",
            nombre=10.0,
            nb_loin=1.0,
            part_loin=part,
            est_petit=False,
            nb_tues=0,
            publie=math.nan,
            gini=math.nan,
        )
        for rank, part in enumerate(parts)
    ]
    told = tell_publics(found, everybody)
    known = [part for part in parts if part == part]
    if not known or everybody != everybody:
        assert told == ""
    elif told.startswith("Aucun"):
        assert max(known) - everybody < 0.001
        assert ("Aucun de ces publics" in told) == (len(known) == len(parts))
    else:
        assert max(known) > everybody


@given(STATUTS, st.one_of(PART, UNKNOWN), st.one_of(PART, UNKNOWN))
def test_the_gap_of_two_publics(perimetre, here, others):
    two = [
        Public(
            zonage="frr",
            titre="t",
            population=10,
            part_couverte=part,
            population_non_couverte=1,
            mediane=1,
            p90=1,
            e2sfca=1,
            est_estimee=False,
            perimetre=perimetre,
        )
        for part in (here, others)
    ]
    told = _gap(two)
    if perimetre == INCONNUE or here != here or others != others:
        assert "haute" not in told and "basse" not in told and "même" not in told
    elif "plus haute" in told:
        assert here > others
    elif "plus basse" in told:
        assert here < others
    else:
        assert math.isclose(here, others, abs_tol=0.0006)


@given(st.one_of(st.floats(0.001, 1e4), UNKNOWN, st.just(math.inf)))
def test_indices_say_why_they_are_not_there(value):
    for _, _, _, say in _INDICES:
        told = say(value)
        assert ("Ne peut être calculé" in told) == (not math.isfinite(value))


@given(st.integers(0, 60), STATUTS, st.booleans())
def test_white_communes_of_the_region(nb, status, est_chiffrable):
    causes = pd.DataFrame({"cause": pd.Series(["eloignee"] * nb, dtype=object)})
    told = tell_whites(
        SimpleNamespace(
            blanches=causes,
            perimetre=SimpleNamespace(est_chiffrable=est_chiffrable),
            ensemble={"perimetre": status},
        )
    )
    assert ("Aucune" in told) == (nb == 0 or not est_chiffrable)
    if status == INCONNUE:
        assert "Aucune commune de la région" not in told


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=7))
def test_the_classes_of_a_legend_are_those_of_their_bounds(bounds):
    words = [f"{one:.6f}" for one in sorted(bounds)]
    told = bounds_in_words(words)
    assert len(told) == len(words) - 1
    for low, high, one in zip(words, words[1:], told, strict=False):
        assert one.endswith(high) and (low in one)


@given(st.tuples(NB, NB, NB, NB, NB))
def test_what_changed_between_two_snapshots(found):
    gained, lost, same, merged, parted = (int(one) for one in found)
    merged, parted = min(merged, lost), min(parted, gained)
    evolution = Evolution(
        avant="1er mars 2025",
        apres="2 avril 2026",
        zonage="ze2020",
        description="",
        ensemble={
            "nb_avant": lost + same,
            "nb_apres": gained + same,
            "gagnees": gained,
            "perdues": lost,
            "inchangees": same,
        },
        reunies=merged,
        separees=parted,
        zones=pd.DataFrame(),
        sortes=pd.DataFrame(),
        derniers=pd.DataFrame(),
        sources=pd.DataFrame(),
        avertissements=[],
    )
    told = tell_change(evolution)
    read = numbers(told.split(" : ", 1)[1])
    assert read[:5] == [gained, lost, same, lost + same, gained + same]
    assert ("toujours donnée" in told) == (merged > 0)
    assert ("déjà donnée" in told) == (parted > 0)


@given(NB, NB, NB)
def test_who_loses_and_who_gains_from_a_snapshot_to_another(population, lost, gained):
    found = SimpleNamespace(
        question=Question(),
        effectif=SimpleNamespace(population=population),
        perdus=lost,
        gagnes=gained,
    )
    told = plain(tell_evolution(found))
    assert ("Personne n'a" in told) == (population > 0 and not lost and not gained)
    if population:
        assert ("n'ont plus" in told) == (lost > 0) and ("désormais" in told) == (gained > 0)
        assert not {1, 2, 3, 4} & set(numbers(told))
        assert all(nb < 5 or int(nb) in numbers(told) for nb in (lost, gained))


@given(NB, NB)
def test_what_a_scenario_changes(monde, lost, gained):
    base = run_scenario(monde, parse_scenario({"type_diplome": "bts", "seuil_km": "12"}, monde))
    told = plain(tell_scenario(replace(base, perdus=lost, gagnes=gained)))
    assert ("Personne ne passe" in told) == (not lost and not gained)
    assert ("n'auraient plus" in told) == (lost > 0) and ("de plus près" in told) == (gained > 0)
    first = numbers(told.split(" Le ")[0])
    assert all(nb < 5 or int(nb) in first for nb in (lost, gained))
    assert not {1, 2, 3, 4} & (set(first) - {12})


@given(st.lists(st.integers(5, 9_999_999), max_size=3))
def test_the_worst_closures(people):
    found = [
        Fermeture(ferme="", nom="N", lieu="L", nb_offres=1, personnes=float(nb), reste=math.nan)
        for nb in sorted(people, reverse=True)
    ]
    told = plain(tell_closures(Question(), found))
    assert told.startswith("Aucune") == (not found)
    assert not found or max(people) in numbers(told)


LEVELS = st.sampled_from(["fort", "modere", "inconnu"])
OFFERS = st.sampled_from(["presente", "faible", "loin", "aucune", "inconnue"])


@given(st.lists(st.tuples(LEVELS, OFFERS, st.integers(0, 999)), max_size=6))
def test_strong_needs_and_what_lacks(rows):
    frame = pd.DataFrame(rows, columns=["besoin", "offre", "nb_projets"]).assign(nom="F")
    told = [plain(one) for one in _strong(frame)]
    strong = [row for row in rows if row[0] == "fort"]
    lacking = [row for row in strong if row[1] in ("faible", "loin")]
    none = [row for row in strong if row[1] == "aucune"]
    assert told[0].startswith("Aucune famille") == (not strong)
    assert (len(told) == 2) == bool(none)
    if strong:
        assert numbers(told[0])[0] == len(strong) and ("dont" in told[0]) == bool(lacking)


@given(
    st.one_of(st.integers(0, 999).map(float), UNKNOWN),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_projects_that_are_hidden_are_no_zero(projects, hidden, bassins):
    row = SimpleNamespace(nb_projets=projects, nb_tus=hidden, nb_bassins=bassins)
    told = plain(say_projects(row))
    if math.isnan(projects):
        assert told in ("tu", "non publié") and (told == "non publié") == (not bassins)
    else:
        assert numbers(told) == [projects] and ("au moins" in told) == (hidden > 0)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 1)), min_size=1, max_size=4))
def test_difficult_projects_are_a_part_of_those_that_are_known(rows):
    frame = pd.DataFrame(rows, columns=["nb_projets", "nb_tus"]).assign(nb_difficiles_tus=0)
    frame["nb_difficiles"] = frame["nb_projets"] // 2
    told = _difficult(frame)
    known = [nb for nb, hidden in rows if not hidden]
    assert (told == "") == (not sum(known))
    assert not told or 0 <= numbers(told)[0] <= 100


@given(st.one_of(st.floats(0, 1e3), UNKNOWN), st.one_of(st.floats(0, 1e3), UNKNOWN))
def test_nothing_is_compared_with_an_unknown(rate, usual):
    told = against(rate, usual)
    assert (told == "") == (math.isnan(rate) or math.isnan(usual) or usual == 0)
