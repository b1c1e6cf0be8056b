"""Transitions: each tag says why, a broad clue needs a second one, and the real offer keeps useful
shares.
"""

import pandas as pd
import pytest

from geoapp.reference.codes.jobs import choose_metiers, read_rome
from geoapp.reference.codes.rev3 import TRANSITIONS, VOIX_REQUISES, assign_rev3, load_regles

ROME = pd.DataFrame(
    [
        (
            "F1610",
            "Installateur mainteneur / Installatrice mainteneuse en systèmes solaires",
            "F1610",
            "Emploi Vert",
            "N",
        ),
        (
            "F1629",
            "Couvreur / Couvreuse",
            "F1610",
            "Emploi stratégique pour la Transition écologique",
            "N",
        ),
        (
            "F1703",
            "Maçon / Maçonne",
            "F1703",
            "Emploi stratégique pour la Transition écologique",
            "N",
        ),
        ("A1204", "Garde de parc naturel", "A1204", "Emploi Vert", None),
        ("M1805", "Développeur / Développeuse informatique", "M1805", "Emploi Blanc", "O"),
        ("D1102", "Boulanger / Boulangère", "D1102", "Emploi Blanc", "N"),
    ],
    columns=["code_rome", "libelle", "code_parent", "transition_eco", "transition_num"],
)


def _one(**cells) -> tuple:
    found = assign_rev3(pd.DataFrame([cells]), ROME).iloc[0]
    return tuple(None if pd.isna(value) else value for value in found)


def test_rules_name_known_transitions_and_nomenclatures_once():
    rules = load_regles()
    assert {rule.transition for rule in rules if rule.nomenclature != "mot_vide"} == set(
        TRANSITIONS
    )
    assert {rule.nomenclature for rule in rules} <= {
        "rome",
        "rome_eco",
        "rome_num",
        "formacode",
        "nsf",
        "cfd",
        "mot",
        "mot_vide",
    }
    keys = [rule[:3] for rule in rules]
    assert len(keys) == len(set(keys)) and all(rule.motif for rule in rules)
    assert all(1 <= rule.voix <= VOIX_REQUISES for rule in rules if rule.nomenclature != "mot_vide")


def test_a_green_job_decides_alone_and_says_so():
    assert _one(intitule="BTSA gestion", code_rome="A1204") == (
        "ecologique",
        "écologique : rome A1204 (Emploi Vert)",
    )


def test_a_strategic_job_needs_a_second_clue():
    assert _one(intitule="CAP maçon", code_rome="F1703", code_nsf="232") == (None, None)
    rev3, proof = _one(intitule="CAP maçonnerie et isolation", code_rome="F1703", code_nsf="232")
    assert rev3 == "ecologique|energetique"
    assert proof == (
        "écologique : rome F1703 (emploi stratégique pour la transition écologique) + mot « "
        "isolation » ; énergétique : mot « isolation »"
    )


def test_one_nomenclature_speaks_once():
    """Two flags of ROME are one evidence, not two."""
    assert _one(intitule="CAP couvreur", code_rome="F1610|F1703") == (None, None)


def test_the_title_chooses_the_job_of_a_former_code():
    rome = read_rome(ROME)
    assert [job.code for job in choose_metiers("F1610", "CAP couvreur", rome)] == ["F1629"]
    assert [job.code for job in choose_metiers("F1610", "zinguerie", rome)] == ["F1610", "F1629"]
    assert [job.code for job in choose_metiers("F1629", "zinguerie", rome)] == ["F1629"]
    assert choose_metiers("Z9999", "zinguerie", rome) == ()


@pytest.mark.parametrize(
    "codes, expected", [("A1204", True), ("A1204|D1102", False), ("A1204|A1204|D1102", True)]
)
def test_most_of_the_jobs_must_agree(codes, expected):
    assert (_one(intitule="Sans mot", code_rome=codes)[0] == "ecologique") is expected


@pytest.mark.parametrize(
    "title, expected",
    [
        ("Technicien d'usinage en commande numérique", None),
        ("Bac pro métiers de l'électricité et de ses environnements connectés", None),
        ("BTS négociation et digitalisation de la relation client", None),
        ("BTS gestion et maîtrise de l'eau", "ecologique"),
        ("Chef de projet digital", "numerique"),
        ("BTS maintenance des systèmes option C systèmes éoliens", "energetique"),
        ("Bureau", None),
    ],
)
def test_words_of_the_title(title, expected):
    assert _one(intitule=title)[0] == expected


def test_unknown_stays_unknown_without_rome_and_without_codes():
    found = assign_rev3(
        pd.DataFrame({"intitule": ["Garde", "Eau"], "code_rome": ["A1204", None]}, index=[7, 3])
    )
    assert (
        list(found.index) == [7, 3]
        and pd.isna(found["rev3"].iloc[0])
        and found["rev3"].iloc[1] == "ecologique"
    )
    assert len(assign_rev3(pd.DataFrame({"intitule": pd.Series([], dtype="str")}))) == 0


@pytest.mark.real
def test_the_real_offer_is_tagged_with_measure_and_evidence(real_snapshot):
    offres, formations = real_snapshot.read("offres"), real_snapshot.read("formations")
    shares = {
        name: offres["rev3"]
        .fillna("")
        .str.split("|")
        .map(lambda tags, name=name: name in tags)
        .mean()
        for name in TRANSITIONS
    }
    assert (
        0.04 < shares["ecologique"] < 0.15
        and 0.02 < shares["energetique"] < 0.10
        and 0.04 < shares["numerique"] < 0.15
    ), shares
    tagged = formations.dropna(subset="rev3")
    assert (
        tagged["preuve_rev3"].notna().all()
        and formations.loc[formations["rev3"].isna(), "preuve_rev3"].isna().all()
    )
    titles = tagged["intitule"].str.lower()
    assert not titles.str.fullmatch(
        r"(cap )?(maçon|macon|boulanger|coiffure|couvreur|boucher)"
    ).any()


@pytest.mark.real
@pytest.mark.parametrize(
    "words, transition",
    [
        ("services informatiques aux organisations", "numerique"),
        ("gestion et maitrise de l'eau", "ecologique"),
        ("énergies renouvelables", "energetique"),
        ("gestion et protection de la nature", "ecologique"),
        ("froid et conditionnement", "energetique"),
    ],
)
def test_what_everyone_expects_is_tagged(real_snapshot, words, transition):
    formations = real_snapshot.read("formations")
    mine = formations[formations["intitule"].str.lower().str.contains(words, regex=False)]
    assert len(mine) and mine["rev3"].fillna("").str.contains(transition).all()
