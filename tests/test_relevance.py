"""The relevance set: its measures are right, its rules judge something, and the search of the
product passes it.
"""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.precision import Question, Reponse, answer_all, read_questions
from benchmarks.precision import summarise as summarise_halves
from benchmarks.relevance import (
    RAPPEL_MINIMAL,
    Jugement,
    draw_job_names,
    measure,
    measure_places,
    open_search,
    read_judgments,
    read_places,
    score,
    summarise,
)
from geoapp.core.config import GEODATA
from geoapp.reference.codes.text import fold

TYPES = {
    "metier",
    "feminin",
    "diplome",
    "sigle",
    "faute",
    "pluriel",
    "bacpro",
    "code",
    "mots",
    "phrase",
}


@pytest.mark.parametrize(
    "found, recall, mrr",
    [
        ([3, 4], 1.0, 1.0),
        ([9, 3, 4], 1.0, 0.5),
        ([9, 8], 0.0, 0.0),
        ([3], 0.5, 1.0),
        ([9] * 10 + [3], 0.0, 0.0),
        ([], 0.0, 0.0),
    ],
)
def test_measures_by_hand(found, recall, mrr):
    note = score(Jugement("boulanger", "metier", frozenset({3, 4})), found)
    assert (note.rappel, note.rang_inverse) == (recall, mrr)


def test_recall_is_out_of_ten_when_more_are_relevant():
    assert score(Jugement("vente", "metier", frozenset(range(500))), np.arange(10)).rappel == 1.0


def test_summary_counts_by_type_and_for_all():
    notes = measure(
        [Jugement("a", "metier", frozenset({1})), Jugement("b", "sigle", frozenset({2}))],
        lambda texte: [1],
    )
    table = summarise(notes)
    assert table.loc["ensemble"].tolist() == [2, 0.5, 0.5] and table.loc["sigle", "rappel_10"] == 0


def test_rules_are_read_as_written(tmp_path):
    formations = pd.DataFrame(
        {
            "id_formation": ["a", "b", "c"],
            "intitule": ["CAP Pâtissier", "BP Pâtissier", "Plâtrier"],
            "type_diplome": ["CAP", None, None],
            "niveau_sortie": ["3", "4", "3"],
            "code_rome": ["D1104", None, "F1601"],
            "code_nsf": None,
            "code_rncp": None,
            "code_cfd": None,
        }
    )
    offres = pd.DataFrame({"id_formation": ["c", "b", "a", "a"]})
    path = tmp_path / "r.csv"
    path.write_text(
        "requete;type;pertinents;exclus\nx;metier;intitule:patiss ET niveau:3 OU "
        "rome:F16;\ny;metier;intitule:p;intitule:^bp\n",
        encoding="utf-8",
    )
    assert [sorted(j.pertinents) for j in read_judgments(offres, formations, path)] == [
        [0, 2, 3],
        [0, 2, 3],
    ]
    path.write_text("requete;type;pertinents;exclus\nz;metier;intitule:zzz;\n", encoding="utf-8")
    with pytest.raises(ValueError, match="« z »"):
        read_judgments(offres, formations, path)


def test_the_set_is_large_and_of_every_kind():
    with open(
        Path(__file__).parent / "relevance" / "requetes.csv", encoding="utf-8", newline=""
    ) as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    assert len(rows) >= 130 and {row["type"] for row in rows} == TYPES
    assert len({row["requete"] for row in rows}) == len(rows)
    assert len(read_places()) >= 60


def test_synonyms_are_well_formed():
    with open(GEODATA / "synonymes.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    terms = [fold(row["terme"]) for row in rows]
    assert len(rows) >= 130 and len(set(terms)) == len(terms) and all(terms)
    for row in rows:
        equivalents = [fold(text) for text in row["equivalents"].split("|")]
        assert (
            all(equivalents)
            and fold(row["terme"]) not in equivalents
            and len(set(equivalents)) == len(equivalents)
        ), row["terme"]


@pytest.mark.real
def test_the_search_finds_what_people_judged_relevant(real_snapshot):
    judgments = read_judgments(real_snapshot.read("offres"), real_snapshot.read("formations"))
    notes = measure(judgments, open_search(real_snapshot))
    failing = [(n.jugement.requete, round(n.rappel, 2)) for n in notes if n.rappel < 0.7]
    assert summarise(notes).loc["ensemble", "rappel_10"] >= RAPPEL_MINIMAL, failing


@pytest.mark.real
def test_the_search_finds_the_trainings_of_a_job_by_any_of_its_names(real_snapshot):
    notes = measure(draw_job_names(real_snapshot), open_search(real_snapshot))
    failing = [(n.jugement.requete, round(n.rappel, 2)) for n in notes if n.rappel < 0.7]
    assert len(notes) == 60
    assert np.mean([note.rappel for note in notes]) >= 0.85, failing


@pytest.mark.real
def test_the_search_finds_the_places_people_type(real_snapshot):
    places = measure_places(real_snapshot)
    wrong = places.loc[~places["est_juste"], ["saisie", "compris"]].values.tolist()
    assert places["est_juste"].mean() >= 0.97, wrong


# --- Precision of the first block


def test_the_marks_of_an_answer_by_hand():
    question = Question("boucher", "", "juge", "bouch", "charcut")
    told = Reponse(question, (2, 1, 0, 2), ("a", "b", "c", "d"), 4, 2)
    assert (told.precision, told.rappel, told.est_faux_zero) == (0.75, 0.5, False)
    lie = Reponse(question, (), (), 1, 0)
    assert lie.precision == 0 and lie.est_faux_zero
    truth = Reponse(question, (), (), 0, 0)
    assert truth.precision is None and truth.rappel is None and not truth.est_faux_zero
    assert Reponse(question, (0,), ("c",), 0, 0).precision == 0


def test_the_judged_questions_are_many_half_of_them_with_a_place_and_in_two_halves():
    questions = read_questions()
    assert len(questions) >= 300 and len({one.texte for one in questions}) == len(questions)
    placed = sum(bool(one.lieu) for one in questions) / len(questions)
    judging = sum(one.moitie == "juge" for one in questions) / len(questions)
    assert 0.4 < placed < 0.6 and 0.3 < judging < 0.7


@pytest.mark.real
def test_the_half_that_judges_finds_the_first_block_right(real_snapshot):
    table = summarise_halves(answer_all(real_snapshot, read_questions()))
    every, placed = table.loc[("juge", "ensemble")], table.loc[("juge", "avec lieu")]
    assert every["precision_10"] >= 0.90 and placed["precision_10"] >= 0.88, table
    assert every["faux_zeros"] == 0 and every["rappel"] >= 0.8, table
