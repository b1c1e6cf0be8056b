"""What a source writes of the costs left to pay: free only where it says so."""

import pandas as pd
import pytest

from geoapp.ingest.territories import load_communes
from geoapp.offer.rows import check_offre
from geoapp.reference.codes import read_frais_restants
from geoapp.sources.registry import get_source


@pytest.mark.parametrize(
    "text",
    [
        "Aucun",
        "aucuns frais",
        "Aucun frais à la charge du stagiaire",
        "Néant",
        "0",
        "0 €",
        "0,00 euros",
        "Gratuit",
        "gratuite pour le stagiaire",
        "Formation gratuite",
        "Sans frais",
        "Pas de frais restants à la charge de l'apprenant",
        "Aucun reste à charge",
    ],
)
def test_nothing_left_to_pay_is_free(text):
    assert read_frais_restants(text) == "1"


@pytest.mark.parametrize(
    "text",
    [
        "150 €",
        "Frais de dossier : 35,50 euros",
        "1 200 EUR",
        "Frais à la charge du stagiaire",
        "0 € puis 20 €",
    ],
)
def test_something_left_to_pay_is_not(text):
    assert read_frais_restants(text) == "0"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "Nous consulter",
        "Gratuit selon statut",
        "Frais d'inscription possibles",
        "Aucune information",
        "10",
    ],
)
def test_what_does_not_decide_is_unknown(text):
    assert read_frais_restants(text) is None


def test_prices_of_zero_and_texts_that_do_not_decide_are_set_aside_and_noted():
    rows = pd.DataFrame(
        {
            "id_formation": ["1", "2", "3"],
            "id_action": ["1", "2", "3"],
            "intitule": "CAP",
            "lieu_code_commune": "62498",
            "prix_eur": ["0", "0,00 €", "900"],
            "frais_restants": ["Nous consulter", None, "néant"],
            "est_gratuite": ["non", None, None],
        },
        dtype="str",
    )
    offre = check_offre(rows, get_source("lheo-region"), communes=load_communes("32"), passage={})
    assert offre.flat["prix_eur"].fillna("").tolist() == ["", "", "900"] and offre.flat[
        "est_gratuite"
    ].fillna("").tolist() == ["0", "", "1"]
    noted = [
        (c["colonne"], c["valeur"], c["type_correction"])
        for c in offre.corrections
        if c["type_correction"] == "valeur_ecartee"
    ]
    assert noted == [
        ("frais_restants", "Nous consulter", "valeur_ecartee"),
        ("prix_eur", "0", "valeur_ecartee"),
        ("prix_eur", "0,00 €", "valeur_ecartee"),
    ]
