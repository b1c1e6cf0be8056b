"""Nomenclatures enrich the formations, replace nothing, and their absence leaves the unknown
unknown.
"""

import pandas as pd
import pytest

from geoapp.ingest.code_joins import cfd_from_mef, find_codes, title_key
from geoapp.ingest.former_communes import old_communes
from geoapp.ingest.nomenclatures import enrich_formations, job_names, key_of, read_nomenclature
from geoapp.sources.records import Lecture
from geoapp.sources.registry import load_sources

COLUMNS = [
    "id_formation",
    "intitule",
    "type_diplome",
    "code_rome",
    "code_formacode",
    "code_nsf",
    "code_cfd",
    "code_certifinfo",
    "code_mef",
]
NOMENCLATURES = {
    "code_rome": pd.DataFrame(
        {
            "code_rome": ["D1102", "M1203"],
            "libelle": ["Boulanger / Boulangère", "Comptable"],
            "code_parent": ["D1102", "M1203"],
            "transition_eco": "Emploi Blanc",
            "transition_num": "N",
        },
        dtype="str",
    ),
    "code_formacode": pd.DataFrame(
        {"code_formacode": ["21538"], "libelle": ["Boulangerie"]}, dtype="str"
    ),
    "code_nsf": pd.DataFrame(
        {"code_nsf": ["221"], "libelle": ["Agro-alimentaire, alimentation, cuisine"]}, dtype="str"
    ),
    "code_certifinfo": pd.DataFrame(
        {
            "code_certifinfo": ["1", "2", "3"],
            "libelle": [
                "CAP boulanger",
                "BTS comptabilité et gestion",
                "BTS comptabilité et gestion",
            ],
            "code_cfd": ["50022137", "32031408", "32031409"],
            "code_formacode": ["21538", None, None],
            "code_rome": ["D1102", "M1203|D1102", "M1203"],
        },
        dtype="str",
    ),
}


def _formations(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame(rows).reindex(columns=COLUMNS).astype("str")


def _enriched(**cells) -> pd.Series:
    return enrich_formations(_formations({"id_formation": "a", **cells}), NOMENCLATURES).iloc[0]


def test_a_code_received_names_the_job_in_both_genders():
    row = _enriched(intitule="Boulanger", code_rome="D1102", code_nsf="221")
    assert (
        row["metiers"] == "Boulanger / Boulangère"
        and row["mots"] == "Agro-alimentaire, alimentation, cuisine"
    )
    assert row["preuve_metiers"] == "ROME : source"


def test_a_school_offer_is_joined_by_its_mef_and_its_codes_stay_unknown():
    row = _enriched(intitule="CAP BOUL.", code_mef="24122137210")
    assert row["metiers"] == "Boulanger / Boulangère" and row["mots"] == "CAP boulanger|Boulangerie"
    assert pd.isna(row["code_rome"]) and pd.isna(row["code_formacode"])
    assert "ROME : Certif Info, mef 50022137" in row["preuve_metiers"]


def test_a_title_is_joined_when_its_rows_agree_and_keeps_what_they_share():
    row = _enriched(intitule="BTS Comptabilité et gestion - entièrement en distanciel")
    assert row["metiers"] == "Comptable" and "intitulé" in row["preuve_metiers"]


def test_a_code_received_is_never_replaced():
    row = _enriched(intitule="CAP boulanger", code_rome="M1203", code_cfd="50022137")
    assert row["metiers"] == "Comptable" and row["code_rome"] == "M1203"


def test_disagreement_gives_nothing():
    several = {
        "code_certifinfo": pd.DataFrame(
            {
                "code_certifinfo": ["1", "2"],
                "libelle": ["CAP essai", "CAP essai"],
                "code_cfd": None,
                "code_formacode": ["21538", "35054"],
                "code_rome": ["D1102", "M1203"],
            }
        ).astype("str")
    }
    found = find_codes(
        _formations({"id_formation": "a", "intitule": "CAP essai"}), several["code_certifinfo"]
    ).iloc[0]
    assert found[["code_rome", "code_formacode"]].isna().all() and found["libelle"] == "CAP essai"


def test_the_same_diploma_elsewhere_in_the_offer_serves():
    rows = _formations(
        {"id_formation": "a", "intitule": "Maçon", "code_cfd": "50023217", "code_rome": "F1703"},
        {"id_formation": "b", "intitule": "CAP MACON", "code_mef": "24123217210"},
    )
    found = find_codes(rows, None)
    assert (
        list(found["code_rome"]) == ["F1703", "F1703"] and "même diplôme" in found["preuve"].iloc[1]
    )


def test_without_any_nomenclature_all_is_unknown():
    rows = _formations({"id_formation": "a", "intitule": "Boulanger", "code_rome": "D1102"})
    result = enrich_formations(rows, {})
    assert (
        result[["metiers", "mots", "rev3", "preuve_rev3", "preuve_metiers"]].isna().all(axis=None)
    )
    pd.testing.assert_frame_equal(result[COLUMNS], rows)
    assert len(enrich_formations(rows.iloc[:0], NOMENCLATURES)) == 0


def test_the_names_of_jobs_lead_to_every_job_that_their_code_covered():
    rome = pd.DataFrame(
        {
            "code_rome": ["D1104", "D1102", "D1103"],
            "libelle": ["Pâtissier", "Boulanger", "Crêpier"],
            "code_parent": ["D1104", "D1102", "D1102"],
            "transition_eco": "",
            "transition_num": "",
        },
        dtype="str",
    )
    names = pd.DataFrame(
        {
            "code_appellation": ["3", "2", "1", "4"],
            "libelle": ["Tourier / Tourière", "Galettier", "Inconnu", None],
            "code_rome": ["D1102", "D1103", "Z9999", "D1102"],
        },
        dtype="str",
    )
    table = job_names({"code_rome": rome, "code_appellation": names})
    assert table.values.tolist() == [
        ["2", "Galettier", "D1103", "Crêpier", "Crêpier"],
        ["3", "Tourier / Tourière", "D1102", "Boulanger", "Boulanger|Crêpier"],
    ]
    assert job_names({"code_rome": rome}).empty and job_names({}).empty


@pytest.mark.parametrize(
    "mef, cfd",
    [
        ("24122137210", "50022137"),
        ("32211031213", "32031213"),
        ("3113121321", "32031213"),
        ("99922137210", None),
        (None, None),
    ],
)
def test_mef_holds_a_cfd(mef, cfd):
    found = cfd_from_mef(pd.Series([mef], dtype="str")).iloc[0]
    assert found == cfd or (cfd is None and pd.isna(found))


def test_titles_are_compared_without_what_varies():
    assert title_key("BTS Management en hôtellerie - restauration option A : unités") == title_key(
        "bts management hotellerie restauration opt. b unite"
    )
    assert title_key("Mention complémentaire - Sommellerie") == title_key("MC sommellerie")
    assert title_key("CAP cuisine") != title_key("BTS cuisine")


def test_a_row_without_valid_code_is_a_reject():
    source = load_sources()["nsf-2025"]
    frame = pd.DataFrame(
        {"code_nsf": ["221", "xx", None], "libelle": ["Cuisine", "Faux", "Vide"]},
        dtype="str",
        index=["ligne 2", "ligne 3", "ligne 4"],
    )
    nomenclature, bilan = read_nomenclature(Lecture(frame=frame, nb_lues=3), source)
    assert nomenclature.cle == key_of(source) == "code_nsf" and list(
        nomenclature.table["code_nsf"]
    ) == ["221"]
    assert (bilan.nb_lues, bilan.nb_valides, len(bilan.rejets)) == (3, 1, 2)


def test_old_communes_keep_their_names_and_say_when_only_a_code_is_known():
    communes = pd.DataFrame({"code_commune": ["80001", "80002"], "nom": ["Amiville", "Beauval"]})
    named = pd.DataFrame(
        {
            "ancien_code": ["80003", "80001", "80002", "99999"],
            "code_commune": ["80001", "80001", "80002", "99998"],
            "nom": ["Vieilleville", "Amiville-le-Vieux", "Beauval", "Ailleurs"],
            "type_ancienne": ["associee", "deleguee", "deleguee", "deleguee"],
        }
    )
    bare = pd.DataFrame({"ancien_code": ["80004", "80003"], "code_commune": ["80003", "80001"]})
    table = old_communes(communes, [named, bare], {"80003": "80001", "80004": "80001"})
    rows = table.astype("object").where(table.notna(), None).values.tolist()
    assert rows == [
        ["80001", "80001", "Amiville-le-Vieux", "deleguee"],
        ["80003", "80001", "Vieilleville", "associee"],
        ["80004", "80001", None, "fusionnee"],
    ]


@pytest.mark.parametrize(
    "passage, expected", [({}, []), ({"80003": "80001"}, [["80003", "80001", None, "fusionnee"]])]
)
def test_old_communes_without_any_source(passage, expected):
    communes = pd.DataFrame({"code_commune": ["80001"], "nom": ["Amiville"]})
    table = old_communes(communes, [], passage)
    assert table.astype("object").where(table.notna(), None).values.tolist() == expected


@pytest.mark.parametrize("key", list(NOMENCLATURES))
def test_one_nomenclature_alone_is_enough_to_build(key):
    rows = _formations(
        {"id_formation": "a", "intitule": "CAP boulanger", "code_rome": "D1102", "code_nsf": "221"}
    )
    assert len(enrich_formations(rows, {key: NOMENCLATURES[key]})) == 1


@pytest.mark.real
def test_the_real_nomenclatures_are_counted_and_enrich(real_snapshot):
    sources = real_snapshot.read("sources").set_index("id_source")
    counts = sources.loc[
        ["rome-460", "formacode-2024", "certif-info-2024", "nsf-2025"], ["nb_lues", "nb_valides"]
    ]
    assert counts.values.tolist() == [[1584, 1584], [1554, 1554], [10067, 10067], [115, 93]]
    formations = real_snapshot.read("formations")
    known = formations["metiers"].notna().groupby(formations["id_source"]).mean()
    assert known["rco-2020-11"] > 0.97 and known["bts-2024"] > 0.6 and known["affelnet-2020"] > 0.6
    couvreur = formations[formations["intitule"].str.fullmatch("(?i)(cap )?couvreur")]
    assert len(couvreur) and couvreur["metiers"].eq("Couvreur / Couvreuse").all()
    anciennes = real_snapshot.read("anciennes_communes").set_index("code_ancien")
    assert anciennes.loc["59355", ["nom", "code_commune", "type_ancienne"]].tolist() == [
        "Lomme",
        "59350",
        "associee",
    ]


@pytest.mark.real
def test_codes_of_the_real_sources_are_unchanged(real_snapshot):
    formations = real_snapshot.read("formations")
    schools = formations[
        formations["id_source"].isin(["bts-2024", "affelnet-2020", "parcoursup-apprentissage-2020"])
    ]
    assert (
        schools[["code_rome", "code_formacode"]].isna().all(axis=None)
        and schools["metiers"].notna().mean() > 0.5
    )


def test_repeated_formations_get_what_one_of_them_alone_would_in_their_own_order():
    kinds = [
        {"intitule": "Boulanger", "code_rome": "D1102"},
        {"intitule": "CAP BOUL.", "code_mef": "24122137210"},
        {"intitule": "Boulanger"},
        {"intitule": "Inconnu"},
    ]
    rows = _formations(
        *(
            {"id_formation": str(rank), **kinds[rank % 4 if rank < 8 else 3 - rank % 4]}
            for rank in range(16)
        )
    )
    rows.index = range(100, 116)
    together = enrich_formations(rows, NOMENCLATURES)
    once = enrich_formations(rows.iloc[:4], NOMENCLATURES).set_index(["intitule", "code_rome"])[
        ["metiers", "mots", "preuve_metiers", "rev3", "preuve_rev3"]
    ]
    assert together.index.equals(rows.index) and together["id_formation"].equals(
        rows["id_formation"]
    )
    for _, row in together.iterrows():
        expected = once[
            [
                a == row["intitule"]
                and (b == row["code_rome"] or (pd.isna(b) and pd.isna(row["code_rome"])))
                for a, b in once.index
            ]
        ].iloc[0]
        pd.testing.assert_series_equal(row[expected.index], expected, check_names=False)
