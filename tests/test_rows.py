"""The flat offer: what is kept, repaired, refused, and how it becomes tables."""

import pandas as pd
import pytest

from geoapp.offer.periods import read_periods
from geoapp.offer.rows import check_offre, check_small, merge_organismes, split_offre
from geoapp.sources.registry import Source

COMMUNES = pd.DataFrame(
    {
        "code_commune": ["02691", "59350"],
        "code_departement": ["02", "59"],
        "nom": ["Saint-Quentin", "Lille"],
        "codes_postaux": ["02100", "59000|59160|59260|59777|59800"],
        "longitude_mairie": [3.2867, 3.0675],
        "latitude_mairie": [49.8465, 50.6305],
    }
)
SOURCE = Source(
    id="essai",
    titre="Essai",
    producteur="x",
    licence="x",
    millesime="2026",
    usage="offre",
    format="csv",
    options={"niveau": "europeen"},
)
ROW = {
    "id_formation": "F1",
    "id_action": "A1",
    "intitule": "CAP boulanger",
    "niveau": "3",
    "lieu_code_commune": "59350",
    "voie": "apprentissage",
    "periodes": "2026-09",
    "formateur_siret": "13002374000439",
    "formateur_nom": "CMA",
}


def _flat(*rows: dict) -> pd.DataFrame:
    frame = pd.DataFrame(
        [{**ROW, **row} for row in rows], index=[f"ligne {i}" for i in range(2, len(rows) + 2)]
    )
    return frame.astype("str")


def _check(*rows: dict, source: Source = SOURCE):
    flat = _flat(*rows)
    offre = check_offre(flat, source, communes=COMMUNES, passage={"59355": "59350"})
    assert len(offre.flat) + len(offre.rejets) == len(flat)
    return offre


def _kinds(offre) -> list[tuple]:
    return [(c["colonne"], c["type_correction"]) for c in offre.corrections]


def test_a_good_row_is_kept_as_it_is():
    offre = _check({})
    assert not offre.rejets and not offre.corrections
    assert offre.flat.iloc[0][["niveau_sortie", "voie", "lieu_code_commune"]].tolist() == [
        "3",
        "apprentissage",
        "59350",
    ]


def test_lost_zero_and_old_commune_are_repaired_and_counted():
    offre = _check({"lieu_code_commune": "2691"}, {"id_action": "A2", "lieu_code_commune": "59355"})
    assert offre.flat["lieu_code_commune"].tolist() == ["02691", "59350"]
    assert _kinds(offre) == [
        ("lieu_code_commune", "zero_restitue"),
        ("lieu_code_commune", "ancienne_commune"),
    ]


@pytest.mark.parametrize(
    ("change", "colonne"),
    [
        ({"intitule": None}, "intitule"),
        ({"id_action": None}, "id_action"),
        ({"id_formation": None}, "id_formation"),
        ({"lieu_code_commune": None}, "lieu_code_commune"),
        ({"lieu_code_commune": "59999"}, "lieu_code_commune"),
    ],
)
def test_a_row_without_title_id_or_place_is_refused(change, colonne):
    offre = _check(change)
    assert [r["colonne"] for r in offre.rejets] == [colonne]
    assert offre.rejets[0]["ligne"] == "ligne 2" and len(offre.rejets[0]["raison"]) > 20


def test_the_refused_code_is_shown_as_received():
    assert _check({"lieu_code_commune": "59999"}).rejets[0]["valeur"] == "59999"


def test_an_unknown_commune_with_coordinates_is_kept():
    offre = _check({"lieu_code_commune": "59999", "latitude": "50.6", "longitude": "3.0"})
    assert not offre.rejets and _kinds(offre) == [("lieu_code_commune", "valeur_ecartee")]


def test_a_fully_remote_training_needs_no_place():
    assert not _check({"lieu_code_commune": None, "modalite": "a_distance"}).rejets


def test_sans_intitule_says_so_instead_of_refusing():
    import dataclasses

    offre = _check(
        {"intitule": None}, source=dataclasses.replace(SOURCE, options={"sans_intitule": True})
    )
    assert offre.flat["intitule"].tolist() == ["(intitulé non fourni)"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("formateur_siret", "123"),
        ("lieu_uai", "0590001B"),
        ("capacite", "-3"),
        ("capacite", "2,5"),
        ("duree_h", "0"),
        ("periodes", "septembre"),
        ("periodes", "2026-13"),
        ("niveau", "12"),
        ("modalite", "ailleurs"),
        ("code_rncp", "RNCPx"),
    ],
)
def test_an_unusable_value_is_set_aside_never_zero(column, value):
    offre = _check({column: value})
    assert not offre.rejets and _kinds(offre) == [(column, "valeur_ecartee")]
    kept = "niveau_sortie" if column == "niveau" else column
    assert offre.flat[kept].isna().all()


def test_a_repeated_row_is_refused_and_names_the_first():
    offre = _check({}, {"id_action": "A2"}, {})
    assert len(offre.flat) == 2
    assert "« ligne 2 »" in offre.rejets[0]["raison"] and offre.rejets[0]["ligne"] == "ligne 4"


def test_capacity_goes_to_the_last_session_only():
    tables = split_offre(_check({"periodes": "2025-09|2026-09", "capacite": "12"}).flat, "essai")
    sessions = tables["sessions"].set_index("date_debut")["capacite"]
    assert sessions.isna().tolist() == [True, False] and sessions["2026-09"] == 12


def test_an_action_without_date_has_one_session_of_unknown_date():
    sessions = split_offre(_check({"periodes": None}).flat, "essai")["sessions"]
    assert (
        len(sessions) == 1
        and sessions["date_debut"].isna().all()
        and sessions["capacite"].isna().all()
    )


def test_one_action_in_two_places_is_one_action_with_two_links():
    tables = split_offre(
        _check({"lieu_adresse": "1 rue A"}, {"lieu_adresse": "2 rue B"}).flat, "essai"
    )
    assert (
        len(tables["actions"]) == 1
        and len(tables["lieux"]) == 2
        and len(tables["actions_lieux"]) == 2
    )


def test_two_contents_under_one_id_are_two_actions_whatever_the_order():
    rows = ({"capacite": "30"}, {"capacite": "15"})
    one = split_offre(_check(*rows).flat, "essai")["actions"]["id_action"]
    other = split_offre(_check(*rows[::-1]).flat, "essai")["actions"]["id_action"]
    assert sorted(one) == sorted(other) == ["essai:A1", "essai:A1~2"]


def test_every_formation_has_one_domain_and_its_evidence():
    formations = split_offre(_check({}).flat, "essai")["formations"]
    assert formations[["code_domaine", "preuve_domaine"]].notna().all().all()
    assert formations["code_domaine"].tolist() == ["alimentation"]


def test_bodies_are_known_by_siret_else_uai_else_name():
    tables = split_offre(
        _check(
            {},
            {"id_action": "A2", "formateur_siret": None, "formateur_uai": "0593321P"},
            {"id_action": "A3", "formateur_siret": None, "formateur_nom": "École X"},
        ).flat,
        "essai",
    )
    assert sorted(tables["organismes"]["id_organisme"]) == [
        "essai:ÉCOLE X",
        "siret:13002374000439",
        "uai:0593321P",
    ]


def test_merged_bodies_take_their_most_frequent_name():
    part = pd.DataFrame(
        {
            "id_organisme": ["a"] * 3,
            "siret": ["1", None, "1"],
            "code_uai": [None] * 3,
            "nom": ["Zed", "CMA", "CMA"],
        }
    ).astype("str")
    merged = merge_organismes([part])
    assert merged[["id_organisme", "siret", "nom"]].to_dict("records") == [
        {"id_organisme": "a", "siret": "1", "nom": "CMA"}
    ]


@pytest.mark.parametrize(
    ("intitule", "attendue"),
    [
        ("BTS Tourisme - Entièrement en distanciel", "a_distance"),
        ("Anglais 100 % en ligne", "a_distance"),
        ("Comptabilité, partiellement à distance", "mixte"),
        # A trade, not a way to be trained.
        ("CS Assistance, conseil, vente à distance", None),
    ],
)
def test_a_title_tells_the_modality_and_the_correction_is_its_evidence(intitule, attendue):
    read = _check({"intitule": intitule})
    found = read.flat["modalite"].iloc[0]
    assert found == attendue if attendue else pd.isna(found)
    kinds = [row["type_correction"] for row in read.corrections]
    assert kinds.count("modalite_de_l_intitule") == (attendue is not None)


def test_a_modality_that_the_source_gives_is_not_replaced_by_its_title():
    read = _check({"intitule": "Anglais 100 % en ligne", "modalite": "mixte"})
    assert read.flat["modalite"].iloc[0] == "mixte"


@pytest.mark.parametrize(
    "typed, postcode, commune",
    [
        ("2100 Saint-Quentin", "02100", "02691"),
        ("2100 ST QUENTIN", "02100", "02691"),
        # The postcode of a postbox: the name and the département say the town.
        ("2104 Saint-Quentin CEDEX", "02104", "02691"),
        # Of Belgium: no town of the Ain has that name.
        ("1400 Nivelles", None, None),
    ],
)
def test_a_postcode_before_a_name_gets_its_zero_back(typed, postcode, commune):
    offre = _check({"lieu_code_commune": None, "lieu_code_postal": typed})
    if commune is None:
        assert [one["code_raison"] for one in offre.rejets] == ["lieu_absent"]
        return
    row = offre.flat.iloc[0]
    assert (row["lieu_code_postal"], row["lieu_code_commune"]) == (postcode, commune)
    assert ("lieu_code_postal", "zero_restitue") in _kinds(offre)


_SMALL = {
    "repeats": ({}, {}),
    "another repeats": ({},),
    "postcodes": ({"lieu_code_commune": "59800"}, {"lieu_code_commune": "59777"}),
    "more postcodes": ({"lieu_code_commune": "59160"}, {"lieu_code_commune": "59260"}),
    "lost zeros": ({"lieu_code_commune": "2691"}, {"id_action": "A2", "lieu_code_postal": "2100"}),
    "old commune": ({"lieu_code_commune": "59355", "url": "cma.fr"},),
    "nothing": ({"id_action": None, "niveau": "?"}, {"lieu_code_commune": None}),
}


def test_small_files_checked_together_are_checked_as_if_alone():
    flats = {nom: _flat(*rows) for nom, rows in _SMALL.items()}
    flats["old commune"] = flats["old commune"].drop(columns="voie")
    passage = {"59355": "59350"}
    together = check_small(flats, SOURCE, communes=COMMUNES, passage=passage)
    assert list(together) == list(flats)
    for nom, flat in flats.items():
        alone = check_offre(flat, SOURCE, communes=COMMUNES, passage=passage)
        assert together[nom].flat.equals(alone.flat), nom
        assert together[nom].flat.index.tolist() == alone.flat.index.tolist()
        assert (together[nom].rejets, together[nom].corrections) == (
            alone.rejets,
            alone.corrections,
        )
    assert [len(one.rejets) for one in together.values()] == [1, 0, 0, 0, 0, 0, 2]


@pytest.mark.parametrize(
    "written, days",
    [
        ("du 05/10/2026 au 12/12/2026", "2026-10-05"),
        ("du 5 au 9 octobre 2026", "2026-10-05"),
        ("05/10 au 12/12/2026", "2026-10-05"),
        ("sept. 2026 - juin 2027", "2026-09"),
        ("octobre 2026, mars 2027", "2026-10|2027-03"),
        ("01/09/2026 et 01/03/2027|2027-09", "2026-09-01|2027-03-01|2027-09"),
        ("novembre à février 2027", None),
        ("du 12/12/2026 au 05/10/2026", None),
        ("octobre 2026, à convenir", None),
        ("2026-2027", None),
        ("46266", None),
    ],
)
def test_periods_are_read_as_bodies_write_them(written, days):
    assert read_periods(written) == days


def test_a_row_without_place_shows_what_was_told_of_it():
    offre = _check({"lieu_code_commune": None, "lieu_adresse": "Arras, Lens"})
    assert [(one["colonne"], one["valeur"]) for one in offre.rejets] == [
        ("lieu_adresse", "Arras, Lens")
    ]
