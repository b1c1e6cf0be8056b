"""The journal of what is done to rows, and the codes of communes brought to the current
geography.
"""

import pandas as pd
import pytest

from geoapp.offer.journal import Journal, resolve_communes
from geoapp.reference.commune_codes import is_lost, make_passage, to_current

COMMUNES = pd.DataFrame(
    {
        "code_commune": ["80001", "80002", "02001", "59001"],
        "code_departement": ["80", "80", "02", "59"],
        "anciens_codes": ["80010|80011", None, "02999", None],
    }
)


def journal_of(**columns) -> Journal:
    """Return a journal of text columns, lines numbered from 2."""
    lines = [f"ligne {i}" for i in range(2, 2 + len(next(iter(columns.values()))))]
    return Journal(
        pd.DataFrame(columns, index=pd.Index(lines, name="ligne", dtype="str"), dtype="str")
    )


def series(journal: Journal, *values) -> pd.Series:
    return pd.Series(values, index=journal.frame.index, dtype="str")


def mask(journal: Journal, *values, dtype=bool) -> pd.Series:
    return pd.Series(values, index=journal.frame.index, dtype=dtype)


def told(journal: Journal) -> list[tuple]:
    return [
        (c["ligne"], c["valeur"], c["corrigee"], c["type_correction"])
        for c in journal.kept_corrections()
    ]


def test_replace_records_what_changed_and_what_was_lost():
    journal = journal_of(code=["a", "b", None, "d"])
    journal.replace("code", series(journal, "a", "B", "c", None), "mise_en_forme")
    assert told(journal) == [
        ("ligne 5", "d", None, "valeur_ecartee"),
        ("ligne 3", "b", "B", "mise_en_forme"),
    ]
    assert journal.frame["code"].iloc[:3].tolist() == ["a", "B", "c"] and pd.isna(
        journal.frame["code"].iloc[3]
    )


def test_replace_records_only_what_is_asked():
    journal = journal_of(code=["a", "b", "c"])
    journal.replace(
        "code", series(journal, "A", "B", None), "zero", only=mask(journal, False, True, False)
    )
    assert told(journal) == [
        ("ligne 4", "c", None, "valeur_ecartee"),
        ("ligne 3", "b", "B", "zero"),
    ]
    quiet = journal_of(code=["a", "b"])
    quiet.replace("code", series(quiet, "A", None), "zero", quiet_if_valid=True)
    assert told(quiet) == [("ligne 3", "b", None, "valeur_ecartee")]


def test_a_row_is_refused_once_and_its_corrections_go_with_it():
    journal = journal_of(code=["a", "b", "c"], nom=["x", None, "z"])
    journal.replace("code", series(journal, "A", "B", "C"), "forme")
    journal.refuse("nom", mask(journal, False, True, False), "intitule_absent")
    journal.refuse(
        "code",
        mask(journal, True, True, False),
        "code_absent",
        with_original=True,
        closest=lambda value: value.upper(),
    )
    assert [
        (r["ligne"], r["colonne"], r["valeur"], r["valeur_proche"]) for r in journal.rejets
    ] == [
        ("ligne 3", "nom", None, None),
        ("ligne 2", "code", "a", "A"),
    ]
    assert list(journal.kept().index) == ["ligne 4"] and told(journal) == [
        ("ligne 4", "c", "C", "forme")
    ]
    assert len(journal.frame) == len(journal.kept()) + len(journal.rejets)


def test_the_order_of_the_checks_changes_the_reason_never_the_rows_kept():
    first, second = ("code", [True, False, True, False]), ("nom", [True, True, False, False])
    kept = []
    for order in ((first, second), (second, first)):
        journal = journal_of(code=list("abcd"), nom=list("wxyz"))
        for column, values in order:
            journal.refuse(column, mask(journal, *values), "code_absent")
        kept.append((list(journal.kept().index), sorted(r["ligne"] for r in journal.rejets)))
    assert kept[0] == kept[1] == (["ligne 5"], ["ligne 2", "ligne 3", "ligne 4"])


def test_an_unknown_in_a_mask_refuses_nothing_and_loses_nothing():
    journal = journal_of(code=["a", "b", "c"])
    journal.refuse("code", mask(journal, True, None, False, dtype="boolean"), "code_absent")
    journal.set_aside("code", mask(journal, None, None, True, dtype="boolean"))
    journal.refuse_repeats()
    assert (
        len(journal.kept()) == 2
        and len(journal.rejets) == 1
        and told(journal) == [("ligne 4", "c", None, "valeur_ecartee")]
    )


def test_repeats_of_a_kept_row_are_refused_naming_the_first():
    journal = journal_of(code=["a", "b", "a", None, None, "b"], nom=["x", "y", "x", "z", "z", "Y"])
    journal.refuse("code", mask(journal, True, False, False, False, False, False), "code_absent")
    journal.refuse_repeats()
    assert [(r["ligne"], r["colonne"]) for r in journal.rejets] == [
        ("ligne 2", "code"),
        ("ligne 6", "(ligne)"),
    ]
    assert "« ligne 5 »" in journal.rejets[1]["raison"] and len(journal.kept()) == 4
    journal.refuse_repeats()
    assert len(journal.rejets) == 2


def test_the_frame_received_is_left_as_it_was():
    frame = pd.DataFrame({"code": ["a"]}, dtype="str")
    journal = Journal(frame)
    journal.replace("code", pd.Series(["b"], dtype="str"), "x")
    assert frame["code"].tolist() == ["a"]


# --- Codes of communes
# -----------------------------------------------------------------------------


def frame_of(*pairs) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["ancien_code", "code_commune"], dtype="str")


def test_a_passage_follows_chains_and_stops_at_loops():
    extra = frame_of(
        ("80020", "80010"),
        ("80030", "80020"),
        ("80040", "80041"),
        ("80041", "80040"),
        ("80050", "99999"),
        ("80001", "80002"),
        (None, "80001"),
        ("80060", None),
        ("", "80001"),
    )
    passage = make_passage(COMMUNES, [extra])
    assert passage == {
        "80010": "80001",
        "80011": "80001",
        "02999": "02001",
        "80020": "80001",
        "80030": "80001",
    }
    assert not set(passage) & set(COMMUNES["code_commune"]) and set(passage.values()) <= set(
        COMMUNES["code_commune"]
    )


def test_what_the_communes_say_wins_over_a_passage_table():
    assert make_passage(COMMUNES, [frame_of(("80010", "80002"))])["80010"] == "80001"


def test_codes_are_moved_whatever_the_index_and_unknown_ones_stay():
    values = pd.Series(["80010", "75056", None, "80001"], index=list("wxyz"), dtype="str")
    moved = to_current(values, make_passage(COMMUNES, []))
    assert (
        moved.tolist()[:2] == ["80001", "75056"]
        and pd.isna(moved["y"])
        and moved["z"] == "80001"
        and list(moved.index) == list("wxyz")
    )
    assert to_current(values, {}).tolist()[:2] == ["80010", "75056"]


def test_each_repair_of_a_commune_code_is_counted():
    journal = journal_of(
        code=["2001", "80010", "80999", "75056", None, "80001", "2999", "n'importe"]
    )
    resolve_communes(journal, "code", COMMUNES, make_passage(COMMUNES, []))
    assert [None if pd.isna(v) else v for v in journal.frame["code"]] == [
        "02001",
        "80001",
        None,
        "75056",
        None,
        "80001",
        "02001",
        None,
    ]
    assert sorted(told(journal)) == sorted(
        [
            ("ligne 2", "2001", "02001", "zero_restitue"),
            ("ligne 3", "80010", "80001", "ancienne_commune"),
            ("ligne 4", "80999", None, "valeur_ecartee"),
            ("ligne 8", "2999", "02999", "zero_restitue"),
            ("ligne 8", "02999", "02001", "ancienne_commune"),
            ("ligne 9", "n'importe", None, "valeur_ecartee"),
        ]
    )


@pytest.mark.parametrize(
    "code, lost",
    [("80999", True), ("80001", False), ("75999", False), (None, False), ("2A004", False)],
)
def test_a_code_is_lost_only_where_all_communes_are_known(code, lost):
    assert is_lost(pd.Series([code], dtype="str"), COMMUNES).tolist() == [lost]


def test_a_code_that_is_absent_and_one_that_is_false_are_two_reasons():
    journal = Journal(
        pd.DataFrame(
            {"code": [None, "X", "0597011L"]}, index=["ligne 2", "ligne 3", "ligne 4"], dtype="str"
        )
    )
    journal.replace(
        "code",
        journal.frame["code"].where(journal.frame["code"].eq("0597011L")),
        "",
        quiet_if_valid=True,
    )
    journal.refuse_codes("code", "uai_absent", "uai_faux")
    assert [(r["ligne"], r["code_raison"], r["valeur"]) for r in journal.rejets] == [
        ("ligne 2", "uai_absent", None),
        ("ligne 3", "uai_faux", "X"),
    ]
    assert list(journal.kept().index) == ["ligne 4"]
