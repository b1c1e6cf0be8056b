"""Sentences are rules over figures: random figures are given to each rule, and read back."""

import math
import re
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoapp.core.french import say_percent
from geoapp.coverage import sentences
from geoapp.coverage.change import Evolution, tell_change
from geoapp.coverage.counted_publics import PublicCompte, tell_publics
from geoapp.coverage.legend import bounds_in_words
from geoapp.coverage.model import Question, in_households
from geoapp.coverage.publics import _INDICES, Public
from geoapp.coverage.sentences import _border
from geoapp.coverage.territories.sentences import access, common, offer
from geoapp.coverage.world import open_world
from geoapp.coverage.zone_points import _sentences as zone_sentences
from geoapp.offer.perimeter import CONNUE, INCONNUE, PARTIELLE
from geoapp.outputs.figures.coverage import tell_whites
from geoapp.planning.dashboard import Territoire, _trend, against
from geoapp.planning.evolution import _tell as tell_evolution
from geoapp.planning.need_words import (
    _difficult,
    _in_region,
    _projects,
    _strong,
    _unlinked,
    say_difficult,
    say_places,
    say_projects,
)
from geoapp.planning.opening import Acces
from geoapp.planning.scenario import parse_scenario, run_scenario
from geoapp.planning.scenario_words import _tell as tell_scenario
from geoapp.planning.scenario_words import tell_changes, tell_closures
from geoapp.planning.stress import Fermeture
from geoapp.planning.trained import Formes
from geoapp.planning.words import tell_access
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
    told = plain(access._how_many(Question(), row, whole, "à plus de 20 km d'une formation"))
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
    told = plain(offer._lacking(nb, names[0], names[1], status))
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
    told = plain(access._white(zone, SimpleNamespace(blanches=frame)))
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
    told = access.tell_access(Question(), block)
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
    assert ("n'auraient plus" in told) == (lost > 0) and ("désormais" in told) == (gained > 0)
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
    frame = pd.DataFrame(rows, columns=["besoin", "offre", "nb_projets"])
    frame = frame.assign(nom="F", nb_bassins=1, nb_tus=0)
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
    if math.isnan(projects) or (hidden and not projects):
        assert told in ("tu", "non publié")
        assert (told == "non publié") == (math.isnan(projects) and not bassins)
    else:
        assert numbers(told) == [projects] and ("au moins" in told) == (hidden > 0)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 1)), min_size=1, max_size=4))
def test_difficult_projects_are_a_part_of_those_that_are_known(rows):
    """Hidden or not, only the projects of the bassins that tell both are divided."""
    frame = pd.DataFrame(rows, columns=["nb_projets", "is_hidden"], dtype=float)
    judged = frame["nb_projets"].where(frame["is_hidden"].eq(0))
    frame = frame.assign(nb_projets_juges=judged, nb_difficiles=judged // 2)
    told = plain(_difficult(frame))
    known, total = judged.sum(), frame["nb_projets"].sum()
    assert (told == "") == (not known)
    if known:
        shares = [frame["nb_difficiles"].sum() / known]
        shares = shares if known == total else [known / total, *shares]
        assert numbers(told) == [numbers(plain(say_percent(one)))[0] for one in shares]


@given(st.one_of(st.floats(0, 1e3), UNKNOWN), st.one_of(st.floats(0, 1e3), UNKNOWN))
def test_nothing_is_compared_with_an_unknown(rate, usual):
    told = against(rate, usual)
    assert (told == "") == (math.isnan(rate) or math.isnan(usual) or usual == 0)


SCORE = st.one_of(st.floats(0, 1), UNKNOWN)


@given(SCORE, SCORE)
def test_what_becomes_of_inequality(before, after):
    old, new = (Acces(e2sfca=1.0, gini=one, palma=1.0) for one in (before, after))
    told = tell_access(old, new)
    assert (told == "") == (math.isnan(before) or math.isnan(after))
    assert "baisse" not in told or after < before
    assert "monte" not in told or after > before


@given(st.tuples(NB, NB, NB), st.tuples(NB, NB, NB))
def test_what_a_scenario_has_become(old, new):
    def effects(lost, gained, far):
        side = SimpleNamespace(non_couverts=far)
        return SimpleNamespace(perdus=lost, gagnes=gained, avant=side)

    told = plain(tell_changes(effects(*old), effects(*new)))
    assert told.startswith("Rien n'a changé") == (old == new)
    assert ("perdraient" in told) == (old[0] != new[0])
    assert ("gagneraient" in told) == (old[1] != new[1])
    if old[2] != new[2]:
        assert {int(old[2]), int(new[2])} <= set(numbers(told))


NEED = st.tuples(
    st.one_of(st.integers(0, 9999).map(float), UNKNOWN), st.integers(0, 2), st.integers(0, 2)
)


def need_rows(rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["nb_projets", "nb_tus", "nb_bassins"])
    return frame.assign(
        nb_difficiles=math.nan,
        nb_projets_juges=math.nan,
        cause=[("poste", None)[rank % 2] for rank in range(len(rows))],
        code_famille="R0X61",
        nom_famille="F",
        type_zone="region",
    )


@given(st.lists(NEED, min_size=1, max_size=5))
def test_projects_of_a_territory(rows):
    """The sum is that of what is known; « au moins » as soon as one number is hidden."""
    frame = need_rows(rows)
    told = plain(_projects(SimpleNamespace(toutes=frame, sources=[])))
    kept = frame[frame["nb_bassins"].gt(0)]
    assert numbers(told)[0] == round(kept["nb_projets"].sum())
    assert told.startswith("Au moins") == bool(kept["nb_tus"].gt(0).any())
    assert f"dans {len(kept)} famille" in told and "nan" not in told


@given(st.lists(NEED, min_size=1, max_size=5))
def test_the_part_of_projects_that_has_a_training(rows):
    frame = need_rows(rows)
    question = SimpleNamespace(famille="")
    told = [plain(one) for one in _unlinked(SimpleNamespace(toutes=frame, question=question))]
    total = frame["nb_projets"].sum()
    without = frame[frame["nb_bassins"].gt(0) & frame["cause"].notna()]
    if not total or without.empty:
        assert told == []
    else:
        part = 1 - without["nb_projets"].sum() / total
        assert numbers(told[0])[:2] == [numbers(plain(say_percent(part)))[0], len(without)]


@given(NEED, st.integers(0, 500))
def test_a_family_in_the_region(row, trainings):
    projects, hidden, _ = row
    made = SimpleNamespace(nb_projets=projects, nb_tus=hidden, nb_formations=trainings)
    told = plain(_in_region(made, SimpleNamespace(sources=[])))
    assert ("nombre de projets tu" in told) == math.isnan(projects)
    assert numbers(told)[-1] == trainings
    if not math.isnan(projects):
        assert numbers(told)[0] == projects and ("au moins" in told) == (hidden > 0)


@given(st.one_of(st.integers(0, 99).map(float), UNKNOWN), st.integers(0, 1), st.integers(0, 1))
def test_difficult_projects_of_a_row(difficult, hidden, all_hidden):
    row = SimpleNamespace(
        nb_difficiles=difficult, nb_difficiles_tus=hidden, nb_tus=all_hidden, nb_projets=100.0
    )
    told = plain(say_difficult(row))
    is_hidden = bool(hidden or all_hidden)
    assert (told == "inconnu") == (math.isnan(difficult) or (is_hidden and not difficult))
    if told != "inconnu":
        assert ("au moins" in told) == is_hidden
        assert numbers(told)[0] == difficult


@given(st.one_of(st.integers(0, 99).map(float), UNKNOWN), st.integers(0, 9), st.integers(0, 9))
def test_places_that_are_unknown_are_no_zero(places, trainings, without):
    row = SimpleNamespace(nb_places=places, nb_formations=trainings, nb_sans_places=without)
    told = plain(say_places(row))
    if math.isnan(places):
        assert told == ("inconnues" if trainings else "")
    else:
        assert numbers(told) == [places, *([without] if without else [])]


@given(st.lists(st.one_of(st.none(), st.integers(5, 9999)), max_size=4), NB.map(int), NB.map(int))
def test_who_is_trained(leaving, trainings, places):
    rows = pd.DataFrame(
        {"nom": "F", "nb_sortants": pd.Series(leaving, dtype="Int64")},
        index=range(len(leaving)),
    )
    found = Formes(
        lignes=rows,
        annees_places=(),
        annee_eleves="2020",
        nb_formations=trainings,
        nb_lieux=places,
    )
    told = plain(found.phrase)
    known = [one for one in leaving if one is not None]
    assert told.startswith("Aucune formation") == (not trainings)
    if trainings:
        assert numbers(told)[:3] == [trainings, places, len(leaving)]
        assert ("ne sont pas connus" in told) == (not known)
        assert not known or numbers(told)[-1] == max(known)


@given(st.floats(100, 1e4), st.floats(0, 1e4))
def test_a_trend_is_that_of_its_years(before, after):
    communes = pd.Series([100.0], index=["80001"])
    whole = Territoire(type_zone="region", code_zone="32", nom="R", communes=communes)
    everywhere = pd.Series({"2009": before, "2023": after})
    told = plain(_trend((("2009", before), ("2023", after)), everywhere, whole))
    change = round((after / before - 1) * 100, 1)
    assert told.endswith("de 2009 à 2023.")
    assert told.startswith("+") == (after / before > 1)
    assert float(re.sub(r"[^\d,]", "", told.split("%")[0]).replace(",", ".")) == abs(change)


@given(st.integers(0, 99), st.integers(0, 99))
def test_past_trainings(past, total):
    past = min(past, total)
    told = plain(
        sentences.past_offer({"nb_passees": past, "nb_offres": total, "annees_passees": ["2020"]})
    )
    assert (told == "") == (not past)
    assert ("n'ont toutes" in told) == (0 < past == total > 1)
    if past and past < total:
        assert numbers(told)[:2] == [past, total]


@given(STATUTS, st.one_of(PART, UNKNOWN), PART, st.booleans(), st.integers(0, 5))
def test_a_zone_of_the_coverage(status, here, region, is_alone, whites):
    """Nothing is told of an offer that is not known, nothing compared with an unknown."""
    zone = pd.Series(
        {
            "perimetre": status,
            "part_non_couverte": here,
            "offreur_unique": "Lycée" if is_alone else None,
        }
    )
    perimetre = SimpleNamespace(statut=status, phrase="P.", portee="p")
    reponse = SimpleNamespace(
        ensemble={"part_non_couverte": region}, question=Question(), perimetre=perimetre
    )
    found = pd.DataFrame({"nom": [f"c{rank}" for rank in range(whites)]})
    told = [plain(one) for one in zone_sentences(zone, reponse, found)]
    whole = " ".join(told)
    if status == INCONNUE:
        assert told == ["P."]
        return
    assert ("contre" in whole) == (not math.isnan(here))
    assert ("Un seul organisme" in whole) == is_alone
    assert ("S'il ferme" in whole) == (is_alone and status == CONNUE)
    assert ("zone blanche" in whole) == (whites > 0)


@given(PART, st.one_of(PART, UNKNOWN))
def test_a_share_against_that_of_the_region(part, region):
    told = plain(common.compare_share(part, region))
    assert ("inconnue" in told) == math.isnan(region)
    if not math.isnan(region):
        assert ("à peu près" in told) == (abs(part - region) < 0.005)


@given(st.integers(0, 12))
def test_a_list_of_names_loses_none(nb):
    told = common.cite([f"n{rank}" for rank in range(nb)])
    named = len(re.findall(r"n\d+", told))
    rest = [int(one) for one in re.findall(r"(\d+) autres?", told)]
    assert named + sum(rest) == nb


@given(st.integers(0, 900), st.floats(0, 60), st.booleans())
def test_what_is_near_but_outside(monde, nb, cost, is_known):
    zone = SimpleNamespace(est_offre_connue=is_known)
    communes = pd.DataFrame({"nom_commune": ["Lens"], "nb_offres": [nb], "cout": [cost]})
    told = plain(
        common.near_sentence(
            Question(), zone, SimpleNamespace(nb_offres=nb, communes=communes.head(nb))
        )
    )
    assert told.startswith("Aucune formation") == (not nb)
    assert ("hors de la zone" in told) == is_known
    assert not nb or numbers(told)[0] == nb


def test_households_are_no_inhabitants():
    told = "Ouvrir à Lens rapprocherait 3 des 9 habitants qui vivent loin"
    assert in_households(told, "rsa").endswith("3 des 9 foyers qui vivent loin")
    assert in_households(told, "tous") == told


def test_neighbours_that_answer_nothing_leave_the_cover_underestimated():
    """Of those of the mirror apprenticeship alone is known: nothing answers « voie scolaire »."""
    offers = pd.DataFrame({"est_voisine": [True], "voie": ["apprentissage"]})
    snapshot = SimpleNamespace(derive=lambda key, make: [])
    world = SimpleNamespace(offres=offers, snapshot=snapshot)
    none, some = (plain(_border(world, Question(), {"nb_voisines": nb})) for nb in (0, 9))
    assert "aucune formation connue (apprentissage seulement) ne répond" in none
    assert none.endswith("la couverture est sous-estimée.")
    assert "9 de leurs formations comptent (apprentissage seulement)" in some
