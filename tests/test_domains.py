"""Domains: the titles judged by reading, and the doubtful ones by their evidence."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from geoapp.reference.codes import assign_domaine, load_domaines
from geoapp.reference.codes.domains import domain_of

JUGES = pd.read_csv(Path(__file__).parent / "domains" / "titres.csv", sep=";", dtype="str")
PRECISION = 0.97


def test_the_judged_titles_are_whole():
    assert JUGES["titre"].is_unique and JUGES.notna().all(axis=None)
    assert JUGES["moitie"].value_counts().to_dict() == {"reglage": 200, "jugement": 100}
    assert set("|".join(JUGES["domaines"]).split("|")) <= set(load_domaines()["code_domaine"])


@pytest.mark.parametrize(
    ("offre", "domaine"),
    [
        # Sold as management by its jobs; its NSF group and title are logistics.
        (
            {
                "intitule": "mention gestion de production, logistique, achats",
                "code_rome": "H1401|M1102|M1301|M1101|M1302",
                "code_nsf": "311",
                "code_cfd": "13531113",
            },
            "transport",
        ),
        # Its first Formacode is chemistry, its NSF group all sciences together.
        (
            {
                "intitule": "Licence mention sciences et technologies",
                "code_formacode": "11554",
                "code_rome": "H1404|H1502|H2502|H2603",
                "code_nsf": "110",
            },
            "enseignement",
        ),
        ({"intitule": "chimie", "code_formacode": "11554"}, "industrie"),
        # Quality, hygiene, safety: one domain whatever the list of jobs.
        (
            {
                "intitule": "Responsable qualité hygiène santé sécurité environnement",
                "code_rome": "H1502|H1302",
                "code_nsf": "200",
            },
            "securite",
        ),
        (
            {
                "intitule": "Responsable système qualité hygiène sécurité environnement",
                "code_rome": "H1502|H1302|M1402",
                "code_nsf": "200",
            },
            "securite",
        ),
        ({"intitule": "Constructions paysagères"}, "agriculture"),
        ({"intitule": "DUT - Production - Génie électrique et informatique"}, "energie"),
    ],
)
def test_doubtful_titles_are_decided_by_evidence(offre, domaine):
    assert assign_domaine(pd.DataFrame([offre]))["code_domaine"].tolist() == [domaine]


@pytest.mark.real
@pytest.mark.parametrize("moitie", ["reglage", "jugement"])
def test_domains_of_the_judged_titles_are_right(real_snapshot, moitie):
    formations = real_snapshot.read("formations")
    found = formations.groupby("titre")["code_domaine"].agg(set)
    judged = JUGES[JUGES["moitie"].eq(moitie)].set_index("titre")["domaines"]
    known = judged[judged.index.isin(found.index)]
    assert len(known) >= 0.9 * len(judged), "titles changed: draw and judge again"
    wrong = [titre for titre, codes in known.items() if not found[titre] <= set(codes.split("|"))]
    assert len(wrong) <= (1 - PRECISION) * len(known), wrong


@pytest.mark.parametrize(
    ("romes", "words", "domaine"),
    [
        ("J1104", "Sage-femme", "sante"),
        ("", "Infirmière de nuit", "sante"),
        ("", "xyzzy", "autre"),
        ("", "", "autre"),
        ("F1703|F1610", "Maçon couvreur", "batiment"),
        ("K1302|D1106", "Vente et aide à domicile", ""),
    ],
)
def test_the_domain_of_words_is_that_of_a_training_so_named(romes, words, domaine):
    row = pd.DataFrame({"code_rome": [romes], "intitule": [words]})
    assert domain_of(romes, words) == assign_domaine(row)["code_domaine"].iloc[0]
    assert not domaine or domain_of(romes, words) == domaine
