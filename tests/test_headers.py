"""A column is found under its label, its key, its older name, whatever its case and accents; never
by guess.
"""

import pandas as pd
import pytest

from geoapp.sources.headers import known_columns, match_columns, rename_columns, required_columns
from geoapp.sources.registry import Source, load_sources


def source(autres_noms=None, facultatives=(), options=None, **colonnes) -> Source:
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
        options=options or {},
        autres_noms=autres_noms or {},
        facultatives=list(facultatives),
    )


@pytest.mark.parametrize(
    "theirs",
    [
        "AF éléments d'enseignement",
        "af_elements_denseignement",
        "AF ELEMENTS D’ENSEIGNEMENT",
        "af elements d enseignement",
    ],
)
def test_case_accents_and_signs_make_no_other_name(theirs):
    mine = source(contenu="AF éléments d'enseignement")
    assert list(rename_columns(pd.DataFrame({theirs: ["x"]}), mine).columns) == [
        "AF éléments d'enseignement"
    ]


def test_another_name_is_a_row_of_the_registry():
    mine = source({"annee": ["Session", "An"]}, periodes="annee")
    assert match_columns(mine, ["Session", "autre"]) == {"Session": "annee"} and match_columns(
        mine, ["SESSION"]
    ) == {"SESSION": "annee"}
    assert match_columns(mine, ["An", "Session"]) == {"Session": "annee"}, (
        "the first name given wins"
    )
    assert match_columns(mine, ["annee", "Session"]) == {}, "the name declared wins"
    assert match_columns(mine, ["année de session"]) == {}


def test_a_name_that_two_columns_could_bear_is_given_to_none():
    mine = source(nom="Nom du lieu")
    assert match_columns(mine, ["nom_du_lieu", "NOM DU LIEU"]) == {}
    assert match_columns(source(a="code_x", b="Code X"), ["code_x"]) == {}, (
        "a column that is declared is not taken for another"
    )


def test_the_columns_that_sort_rows_are_found_too():
    mine = source(
        {"region": ["Région"]}, options={"garder": {"region": "32"}, "derniere": "annee"}, nom="nom"
    )
    assert match_columns(mine, ["Région", "ANNEE", "nom"]) == {"Région": "region", "ANNEE": "annee"}


def test_a_file_is_known_by_the_columns_it_must_have():
    mine = source({"annee": ["Session"]}, ["amg"], periodes="annee", modalite="amg")
    assert required_columns(mine) == {"annee"} and known_columns(mine, {"Session", "x"}) == {
        "annee",
        "x",
    }


def test_every_other_name_and_every_column_that_may_lack_is_read():
    for one in load_sources().values():
        read = (
            required_columns(one)
            | set(one.facultatives)
            | set(one.options.get("garder", {}))
            | {one.options.get("derniere")}
        )
        assert set(one.autres_noms) <= read and len(set(one.facultatives)) == len(
            one.facultatives
        ), one.id
        names = [name for others in one.autres_noms.values() for name in others]
        assert len(set(names)) == len(names) and not set(names) & set(one.autres_noms), one.id
