"""Rules that map the columns of a file to ours."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from geoapp.core.errors import SourceError
from geoapp.sources.mapping import apply_mapping, required_columns
from geoapp.sources.registry import Source

RAW = pd.DataFrame(
    {
        "a": ["x1", None, "x3"],
        "b": ["y1", "y2", None],
        "vide": [None, None, None],
        "geo": ["50.6,3.1", "50.6", None],
        "Nom de la voie": ["p", "q", "r"],
    },
    index=pd.Index(["ligne 2", "ligne 3", "ligne 9"], name="ligne", dtype="str"),
    dtype="str",
)


def source(**colonnes) -> Source:
    """Return a source with that mapping."""
    return Source(
        id="essai",
        titre="E",
        producteur="p",
        licence="l",
        millesime="2026",
        usage="offre",
        format="csv",
        colonnes=colonnes,
    )


def apply(rule, raw=RAW) -> list:
    """Return the cells one rule gives, None for unknown."""
    frame = apply_mapping(raw, source(nous=rule), Path("fichier.csv"))
    assert list(frame.index) == list(raw.index) and frame["nous"].dtype == "str"
    return [None if cell != cell else cell for cell in frame["nous"]]


@pytest.mark.parametrize(
    "rule, expected",
    [
        ("a", ["x1", None, "x3"]),
        (["a", "b"], ["x1-y1", "y2", "x3"]),
        (["vide", "vide"], [None, None, None]),
        ({"colonne": "a"}, ["x1", None, "x3"]),
        ({"colonnes": ["a", "vide", "b"], "separateur": " / "}, ["x1 / y1", "y2", "x3"]),
        ({"colonnes": ["vide", "a", "b"], "premiere": True}, ["x1", "y2", "x3"]),
        ({"colonnes": ["a", "b"], "premiere": True, "remplace": [["^x", "z"]]}, ["z1", "y2", "z3"]),
        ({"colonne": "a", "remplace": [["^.+$", "oui"]], "sinon": "non"}, ["oui", "non", "oui"]),
        ({"valeur": "fixe"}, ["fixe"] * 3),
        ({"colonne": "geo", "partie": 0}, ["50.6", "50.6", None]),
        ({"colonne": "geo", "partie": 1, "separateur": ","}, ["3.1", None, None]),
        ({"colonne": "geo", "partie": 9}, [None, None, None]),
        ({"colonne": "geo", "partie": -1, "separateur": "."}, ["1", "6", None]),
        ({"colonne": "a", "remplace": [[r"^x(\d)$", r"\1z"], ["z", "t"]]}, ["1t", None, "3t"]),
        ({"colonne": "a", "valeurs": {"x1": "un"}}, ["un", None, None]),
        (
            {"colonne": "a", "remplace": [["x", ""]], "valeurs": {"3": "trois"}},
            [None, None, "trois"],
        ),
    ],
)
def test_each_kind_of_rule(rule, expected):
    assert apply(rule) == expected


def test_a_separator_is_no_regular_expression():
    raw = pd.DataFrame({"c": ["p | q", "p.q"]}, dtype="str")
    assert apply({"colonne": "c", "partie": 1, "separateur": " | "}, raw) == ["q", None]
    assert apply({"colonne": "c", "partie": 1, "separateur": ".q"}, raw) == [None, None]


def test_rules_hold_on_no_row():
    for rule in (
        "a",
        ["a", "b"],
        {"valeur": "x"},
        {"colonne": "geo", "partie": 1},
        {"colonne": "a", "valeurs": {"x": "y"}},
    ):
        assert apply(rule, RAW.iloc[:0]) == []


@pytest.mark.parametrize(
    "rule, word",
    [
        ({"colone": "a"}, "Vouliez-vous dire « colonne »"),
        ({"colonne": "a", "colonnes": ["b"]}, "une seule"),
        ({}, "une seule"),
        ({"valeur": "x", "remplace": [["a", "b"]]}, "une seule"),
        ({"colonne": "a", "partie": "1"}, "partie"),
        ({"colonne": ""}, "colonne"),
        ({"colonne": "a", "remplace": [["(", "b"]]}, "illisible"),
        ({"colonne": "a", "remplace": [["(a)", r"\2"]]}, "groupe absent"),
        ({"colonne": "a", "remplace": ["ab"]}, "paires"),
        ({"colonne": "a", "valeurs": {"x": 1}}, "textes"),
        ([], "liste"),
        (3, "table"),
        ("", "vide"),
        ({"colonne": "a", "premiere": 1}, "premiere"),
        ({"colonne": "a", "sinon": ""}, "sinon"),
        ({"colonne": "a", "separateur": ""}, "separateur"),
        ({"colonnes": "ab"}, "colonnes"),
    ],
)
def test_a_rule_that_cannot_be_applied_is_told(rule, word):
    with pytest.raises(SourceError, match="nous") as caught:
        apply(rule)
    assert word in str(caught.value) and "essai" in caught.value.place


def test_an_absent_column_is_told_with_the_nearest_and_those_found():
    with pytest.raises(SourceError) as caught:
        apply_mapping(RAW, source(voie="Nom de la voix", x="a"), Path("fichier.csv"))
    text = str(caught.value)
    assert (
        "fichier.csv, en-tête" in text
        and "« Nom de la voix » est absente" in text
        and "La plus proche : « Nom de la voie »" in text
        and "geo" in text
    )


def test_required_columns_are_those_the_rules_read():
    mapping = source(
        a="A", b=["B", "C"], c={"colonne": "D"}, d={"colonnes": ["E", "A"]}, e={"valeur": "x"}
    )
    assert required_columns(mapping) == {"A", "B", "C", "D", "E"}


def test_a_column_that_some_versions_lack_is_unknown_there():
    mine = replace(source(x="a", y="plus", z=["plus", "b"]), facultatives=["plus"])
    frame = apply_mapping(RAW, mine, Path("fichier.csv"))
    assert (
        frame["x"].tolist()[0] == "x1"
        and frame["y"].isna().all()
        and frame["y"].dtype == "str"
        and frame["z"].tolist()[:2] == ["y1", "y2"]
    )
    assert apply_mapping(RAW.assign(plus="p"), mine, Path("fichier.csv"))["y"].eq("p").all()


def test_a_column_name_cannot_drive_a_terminal():
    raw = pd.DataFrame({"\x1b[31mnom": ["x"]}, dtype="str")
    with pytest.raises(SourceError) as caught:
        apply_mapping(raw, source(nom="[31mnom2"), Path("f.csv"))
    assert "\x1b" not in str(caught.value) and "·[31mnom" in str(caught.value)
