"""States of sessions, seen from one day: to come, under way, past, permanent or no longer."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from geoapp.coverage.sentences import past_offer
from geoapp.offer.starts import DEBUTS, ETATS, read_starts, session_state, start_value, state_of
from geoapp.offer.whole import hold_permanent
from geoapp.web.offer_view import badges, gather, say_dates

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("debut", "fin", "attendu"),
    [
        ("2026-03-01", None, "a_venir"),
        ("2026-02-28", None, "passee"),
        ("2026-02", None, "passee"),
        ("2026-03", None, "a_venir"),
        # A year is an interval: it may still begin as long as it lasts.
        ("2026", None, "a_venir"),
        ("2025", None, "passee"),
        ("2025", "2026", "en_cours"),
        ("2025-09-01", "2026-03-01", "en_cours"),
        ("2025-09-01", "2026-02-28", "passee"),
        (None, "2026-06", "en_cours"),
        (None, None, "inconnue"),
        ("2026-13", None, "inconnue"),
    ],
)
def test_a_session_at_its_limits(debut, fin, attendu):
    assert session_state(debut, fin, TODAY) == attendu


@pytest.mark.parametrize(
    ("starts", "attendu"),
    [
        ("2020-09|2026-09##2026-09", "a_venir"),
        ("2020-09##2020-09", "passee"),
        ("2020-09##2026-06", "en_cours"),
        ("#P#", "permanente"),
        ("#P2026-03#", "permanente"),
        ("#P2026-02#", "permanente_echue"),
        ("2021-01|2022-08#P2022-08#2022-08", "permanente_echue"),
        ("2026-09#P2022-08#2026-09", "a_venir"),
        ("##", "inconnue"),
    ],
)
def test_an_offer_by_its_sessions_and_its_permanent_entries(starts, attendu):
    assert state_of(starts, TODAY) == attendu
    # The filter of starts says the same, « to come » being told by its delay.
    value = start_value(starts, TODAY)
    assert value in DEBUTS or value == "inconnu"
    expected = {"inconnue": {"inconnu"}, "a_venir": {"3mois", "6mois", "12mois", "plus_tard"}}
    assert value in expected.get(attendu, {attendu})
    assert attendu in ETATS


def test_permanent_entries_are_held_to_the_last_date_else_a_year_after_the_source():
    offers = pd.DataFrame(
        {
            "id_source": ["s", "s", "s", "sans_date"],
            "est_permanente": pd.array([True, True, False, True], dtype="boolean"),
            "date_fin": [None, "2022-08", "2022-08", None],
        }
    ).astype({"date_fin": "str"})
    held = hold_permanent(offers, {"s": "2020-11-16", "sans_date": "inconnu"})
    assert held.fillna("").tolist() == ["2021-11-16", "2022-08", "", ""]
    frame = offers.assign(fin_permanente=held, dates_debut=None)
    states = [state_of(text, TODAY) for text in read_starts(frame)]
    assert states == ["permanente_echue", "permanente_echue", "passee", "permanente"]


def test_a_card_says_its_state():
    card = {
        "etat": {"code": "passee", "libelle": "Passée"},
        "periode": "septembre 2020",
        "est_permanente": True,
        "est_conventionnee": None,
        "est_fictive": False,
    }
    assert say_dates(card) == "session passée (septembre 2020) : à vérifier"
    over = {**card, "etat": {"code": "permanente_echue", "libelle": "Entrées permanentes échues"}}
    assert [one["libelle"] for one in badges(over)] == ["Entrées permanentes échues"]
    held = {**card, "etat": {"code": "permanente", "libelle": "Entrées permanentes"}}
    assert [one["libelle"] for one in badges(held)] == ["Entrées permanentes"]


def test_the_headline_says_how_many_offers_are_past():
    quality = {"nb_passees": 3120, "nb_offres": 3695, "annees_passees": ["2020", "2024"]}
    assert past_offer(quality).replace("\u202f", " ") == (
        " 3 120 des 3 695 formations comptées n'ont que des sessions passées (2020 à 2024) :"
        " à vérifier."
    )
    assert past_offer({**quality, "nb_passees": 0}) == ""
    every = past_offer({**quality, "nb_passees": 3695}).replace("\u202f", " ")
    assert every.startswith(" Les 3 695 formations comptées n'ont toutes que des sessions passées")
    one = past_offer({"nb_passees": 1, "nb_offres": 1, "annees_passees": ["2020"]})
    assert one.startswith(" La seule formation comptée n'a que des sessions passées (2020)")


def test_offers_of_one_training_by_one_body_are_one_card():
    def card(titre, organisme, voie="scolaire", niveau="3", lieu="a"):
        return {
            "titre": titre,
            "organisme": organisme,
            "organisme_dit": organisme or "Organisme non renseigné",
            "voie": {"code": voie},
            "niveau": {"code": niveau},
            "id_lieu": lieu,
        }

    every = [
        card("CAP Cuisine", "Lycée A", lieu="a"),
        card("CAP Cuisine", "Lycée B"),
        card("CAP Cuisine", "Lycée A", lieu="b"),
        card("CAP Cuisine", "Lycée A", voie="apprentissage"),
        card("CAP Cuisine", None),
        card("CAP Cuisine", None),
    ]
    found = gather(every)
    assert [(one["organisme_dit"], one["voie"]["code"]) for one in found] == [
        ("Lycée A", "scolaire"),
        ("Lycée B", "scolaire"),
        ("Lycée A", "apprentissage"),
        # Two bodies that nobody names may be two.
        ("Organisme non renseigné", "scolaire"),
        ("Organisme non renseigné", "scolaire"),
    ]
    assert [one["id_lieu"] for one in found[0]["autres"]] == ["b"]
    # None is lost, and those given are left as they were.
    assert sum(1 + len(one["autres"]) for one in found) == len(every) and "autres" not in every[0]
