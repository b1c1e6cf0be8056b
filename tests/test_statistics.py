"""Statistics join the offer by establishment and diploma, keep their year, and are never said of
the present.
"""

from __future__ import annotations

import pandas as pd
import pytest

from geoapp.core.schema import conform
from geoapp.ingest.statistics import link_flux, read_statistics, statistics_tables
from geoapp.offer.lookups import open_repertoire
from geoapp.offer.sheet import offer_sheet
from geoapp.offer.statistics import (
    AVERTISSEMENT,
    debouches_of_zone,
    describe_debouches,
    flux_of_zone,
    flux_rows,
    format_rate,
    zone_rows,
)
from geoapp.reference.codes.tracks import Filieres
from geoapp.sources.records import Lecture
from geoapp.sources.registry import Source, get_source
from geoapp.web import create_app
from support.words import plain
from support.world import publish_world

UAI, AUTRE = "0590258K", "0622309Y"


def read(table: str, rows: list[dict], **changes):
    source = Source(
        id="stat",
        titre="S",
        producteur="p",
        licence="l",
        millesime="2022-2023",
        usage="statistique",
        format="csv",
        options={"table": table},
        **changes,
    )
    frame = pd.DataFrame(rows, index=[f"ligne {i}" for i in range(2, len(rows) + 2)]).rename_axis(
        "ligne"
    )
    return read_statistics(Lecture(frame=frame.astype("str"), nb_lues=len(frame)), source)


def test_a_figure_that_is_not_given_is_unknown_and_no_error():
    rows, bilan = read(
        "debouches",
        [
            {
                "code_uai": UAI,
                "public": "ensemble",
                "taux_emploi_pct": "35",
                "valeur_ajoutee_pts": "-6",
                "taux_poursuite_pct": "0",
            },
            {
                "code_uai": AUTRE,
                "public": "ensemble",
                "taux_emploi_pct": "nd",
                "valeur_ajoutee_pts": "ND",
                "taux_poursuite_pct": None,
            },
        ],
    )
    assert rows["taux_emploi_pct"].tolist()[0] == 35 and rows[
        "taux_emploi_pct"
    ].isna().tolist() == [False, True]
    assert (
        rows["taux_poursuite_pct"].tolist()[0] == 0 and rows["valeur_ajoutee_pts"].tolist()[0] == -6
    )
    assert rows["annee"].eq("2022-2023").all() and (
        bilan.nb_lues,
        bilan.nb_valides,
        bilan.rejets,
        bilan.corrections,
    ) == (2, 2, [], [])


def test_rows_without_establishment_are_refused_and_absurd_figures_set_aside():
    rows, bilan = read(
        "debouches",
        [
            {"code_uai": "0590258Z", "public": "ensemble", "taux_emploi_pct": "35"},
            {"code_uai": UAI, "public": "ensemble", "taux_emploi_pct": "101"},
            {"code_uai": AUTRE, "public": "ensemble", "taux_emploi_pct": "trente"},
        ],
    )
    assert len(rows) == 2 and rows["taux_emploi_pct"].isna().all()
    assert (
        bilan.nb_lues == bilan.nb_valides + len(bilan.rejets) == 3
        and "UAI" in bilan.rejets[0]["raison"]
    )
    assert [c["valeur"] for c in bilan.corrections] == ["101", "trente"]


def test_a_word_that_a_table_does_not_know_is_set_aside_or_refuses_the_row_that_needs_it():
    rows, bilan = read(
        "debouches_region",
        [
            {"annee": "2019_2020", "code_cfd": "32031312", "voie": "zz"},
            {"code_cfd": "32031312", "voie": "scolaire"},
        ],
    )
    assert rows["voie"].isna().tolist() == [True]
    assert [one["code_raison"] for one in bilan.rejets] == ["valeur_absente"]
    assert [one["valeur"] for one in bilan.corrections] == ["zz"]
    rows, bilan = read("debouches", [{"code_uai": UAI, "public": "zz", "taux_emploi_pct": "35"}])
    assert rows.empty and [one["code_raison"] for one in bilan.rejets] == ["valeur_absente"]
    statistics_tables({"debouches": [rows]}, offer())


def test_two_rows_of_one_training_keep_identifiers_of_their_own_whatever_their_order():
    rows = [
        {
            "code_uai": UAI,
            "code_mef": "32211031312",
            "voie": "scolaire",
            "intitule": nom,
            "nb_voeux": "7",
        }
        for nom in ("BTS b", "BTS a")
    ]
    one, other = (read("flux", part)[0] for part in (rows, rows[::-1]))
    assert one[["id_flux", "intitule"]].to_dict("list") == other[["id_flux", "intitule"]].to_dict(
        "list"
    )
    assert one["id_flux"].tolist() == [
        "stat:0590258K:32211031312:scolaire",
        "stat:0590258K:32211031312:scolaire~2",
    ]


def test_a_count_of_people_under_five_is_not_kept_and_zero_is():
    rows, _ = read(
        "flux",
        [
            {"code_uai": UAI, "code_mef": str(i), "nb_voeux": n, "capacite": "2"}
            for i, n in enumerate(("0", "1", "4", "5", "nd"))
        ],
    )
    assert [None if pd.isna(n) else int(n) for n in rows["nb_voeux"]] == [0, None, None, 5, None]
    assert (
        rows["masques"].fillna("").tolist() == ["", "nb_voeux", "nb_voeux", "", ""]
        and rows["capacite"].eq(2).all()
    )


def offer(**changes) -> dict[str, pd.DataFrame]:
    """Two actions of one training, at two establishments: one known by its place, one by
    its body.
    """
    tables = {
        "formations": pd.DataFrame(
            {
                "id_formation": ["f1", "f2"],
                "code_cfd": ["32031312", None],
                "code_mef": [None, "32211031312"],
            },
            dtype="str",
        ),
        "actions": pd.DataFrame(
            {
                "id_action": ["a1", "a2"],
                "id_formation": ["f1", "f2"],
                "id_organisme": ["o1", "o2"],
                "voie": "scolaire",
            }
        ),
        "organismes": pd.DataFrame(
            {"id_organisme": ["o1", "o2"], "code_uai": [None, AUTRE]}, dtype="str"
        ),
        "lieux": pd.DataFrame({"id_lieu": ["l1", "l2"], "code_uai": [UAI, None]}, dtype="str"),
        "actions_lieux": pd.DataFrame({"id_action": ["a1", "a2"], "id_lieu": ["l1", "l2"]}),
    }
    return tables | changes


def flux(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["id_flux", "code_uai", "code_mef", "voie"]).assign(
        id_source="s", annee="2024"
    )
    return conform(frame, "flux")


def test_a_flux_joins_the_same_establishment_diploma_and_voie_only():
    rows = flux(
        [
            ("même", UAI, "32211031312", "scolaire"),
            ("par l'organisme", AUTRE, "32211031312", "scolaire"),
            ("autre voie", UAI, "32211031312", "apprentissage"),
            ("autre diplôme", UAI, "32211031213", "scolaire"),
            ("ailleurs", "0020012C", "32211031312", "scolaire"),
            ("sans code", UAI, None, "scolaire"),
        ]
    )
    from geoapp.ingest.code_joins import cfd_from_mef

    cfd = cfd_from_mef(pd.Series(["32211031312"], dtype="str")).iloc[0]
    tables = offer()
    tables["formations"].loc[0, "code_cfd"] = cfd
    linked = link_flux(rows, tables)
    assert linked.to_dict("list") == {
        "id_action": ["a1", "a2"],
        "id_flux": ["même", "par l'organisme"],
    }


def test_a_flux_describes_the_only_diploma_that_replaced_its_own_and_a_year_of_school_by_the_bcn():
    filieres = Filieres(
        cfd={"23820030002": "40030002", "23830030004": "40030004", "23830030009": "40030009"},
        nouveaux={
            "40030002": ("40030003",),
            "40030003": ("40030004",),
            "40030009": ("40030004", "40030005"),
        },
    )
    rows = flux(
        [
            ("remplacé deux fois", UAI, "23820030002", "scolaire"),
            ("le même", UAI, "23830030004", "scolaire"),
            ("remplacé par deux", UAI, "23830030009", "scolaire"),
            ("seconde de famille", UAI, "23810030006", "scolaire"),
        ]
    )
    tables = offer()
    tables["formations"].loc[0, "code_cfd"] = "40030004"
    linked = link_flux(rows, tables, filieres)
    assert linked.to_dict("list") == {
        "id_action": ["a1", "a1"],
        "id_flux": ["le même", "remplacé deux fois"],
    }


def test_the_years_of_a_zone_are_summed_by_source_without_places_counted_twice(
    tiny_frames, tmp_path
):
    frames = tiny_frames
    frames["lieux"]["code_uai"] = pd.array([UAI, None, AUTRE, None], dtype="str")
    rows = [
        ("2021", UAI, "23810030006", 20, 18, None, None),
        ("2021", UAI, "23820030004", 15, 6, None, None),
        ("2021", UAI, "23210031224", None, None, None, "nb_voeux"),
        ("2022", UAI, "23810030006", 24, 30, None, None),
        ("2020", UAI, "23830030004", None, None, 33, None),
        ("2020", UAI, "23820030004", None, None, None, "nb_eleves"),
        ("2022", "0020012C", "23810030006", 99, 99, None, None),
    ]
    columns = ["annee", "code_uai", "code_mef", "capacite", "nb_voeux", "nb_eleves", "masques"]
    made = pd.DataFrame(rows, columns=columns).assign(id_source="tiny", voie="scolaire")
    frames["flux"] = conform(made.assign(id_flux=[f"x{i}" for i in range(len(made))]), "flux")
    linked = pd.DataFrame({"id_action": "tiny:a1", "id_flux": ["x3", "x1", "x4", "x5"]})
    frames["actions_flux"] = conform(linked, "actions_flux")
    snapshot = publish_world(frames, tmp_path)
    found = flux_of_zone(snapshot, "departement", "80")
    kept = ("annee", "capacite", "nb_voeux", "nb_eleves", "nb_tus", "nb_etablissements")
    assert [tuple(row[nom] for nom in kept) for row in found] == [
        ("2020", None, None, 33, 1, 1),
        ("2021", 20, 18, None, 1, 1),
        ("2022", 24, 30, None, 0, 1),
    ]
    assert flux_rows(found)[0]["capacite"] == "" and flux_of_zone(snapshot, "ze2010", "x") == []
    client = create_app(snapshot.path.parents[1]).test_client()
    page = client.get("/couverture/zones/departement/80").get_data(as_text=True)
    assert "Places, vœux et élèves" in page and ">nan" not in page and ">None" not in page
    told = offer_sheet(open_repertoire(snapshot), "tiny:a1")["statistiques"]["flux"]
    assert [
        (one["annee"], one["annee_etudes"], plain(" ".join(one["cellules"]))) for one in told
    ] == [
        ("2020", "première", "   < 5"),
        ("2020", "terminale", "   33"),
        ("2021", "première", "15 6 premiers vœux  "),
        ("2022", "seconde", "24 30 premiers vœux  "),
    ]


def test_without_any_statistics_the_tables_are_empty():
    assert [len(table) for table in statistics_tables({}, offer()).values()] == [0] * 5


@pytest.fixture
def snapshot(tiny_frames, tmp_path):
    """The tiny world, with statistics of its first and third actions."""
    frames = tiny_frames
    frames["lieux"]["code_uai"] = pd.array([UAI, None, AUTRE, None], dtype="str")
    frames["flux"] = conform(
        pd.DataFrame(
            {
                "id_flux": ["x1", "x2"],
                "id_source": "tiny",
                "annee": "2024",
                "code_uai": UAI,
                "intitule": ["BTS Soins", "BTS Rare"],
                "nb_voeux": [133, None],
                "capacite": [15, None],
                "masques": [None, "nb_voeux"],
            }
        ),
        "flux",
    )
    frames["actions_flux"] = conform(
        pd.DataFrame({"id_action": "tiny:a1", "id_flux": ["x1", "x2"]}), "actions_flux"
    )
    frames["debouches"] = conform(
        pd.DataFrame(
            {
                "id_debouche": ["d1", "d2", "d3", "d4"],
                "id_source": "tiny",
                "annee": "2022-2023",
                "code_uai": [UAI, UAI, AUTRE, "0020012C"],
                "nom": ["Lycée <b>A</b>", "Lycée <b>A</b>", "CFA B", "Ailleurs"],
                "public": ["ensemble", "apprentis", "apprentis", "ensemble"],
                "taux_emploi_pct": [35.0, 60.0, None, 90.0],
                "taux_emploi_attendu_pct": [40.0, None, None, 1.0],
                "taux_poursuite_pct": [50.5, None, 0.0, 1.0],
            }
        ),
        "debouches",
    )
    return publish_world(frames, tmp_path)


def test_the_sheet_gives_wishes_places_and_outcomes_with_their_year(snapshot):
    found = offer_sheet(open_repertoire(snapshot), "tiny:a1")["statistiques"]
    assert [row["phrase"] for row in found["flux"]] == [
        "En 2024\u202f: 133 vœux confirmés, 15 places.",
        "En 2024\u202f: moins de 5 vœux confirmés.",
    ]
    assert (
        found["flux"][1]["nb_voeux"] is None and found["flux"][0]["source"]["millesime"] == "2026"
    )
    assert [
        (row["public"], row["annee"], row["emploi"], row["attendu"], row["poursuite"])
        for row in found["debouches"]
    ] == [
        ("ensemble", "2022-2023", "35\u202f%", "40\u202f%", "50,5\u202f%"),
        ("apprentis", "2022-2023", "60\u202f%", "non diffusé", "non diffusé"),
    ]
    assert offer_sheet(open_repertoire(snapshot), "tiny:a5")["statistiques"]["debouches"] == []


def test_a_zone_gives_its_establishments_each_once_and_unknown_is_not_zero(snapshot):
    west = debouches_of_zone(snapshot, "departement", "80")
    assert (
        west.annees,
        west.nb_etablissements,
        west.nb_connus,
        west.mediane_emploi_pct,
        west.mediane_poursuite_pct,
    ) == (("2022-2023",), 1, 1, 35.0, 50.5)
    assert len(west.lignes) == 2 and zone_rows(west)[0]["public"] in (
        "apprentis",
        "élèves et apprentis ensemble",
    )
    east = debouches_of_zone(snapshot, "commune", "59001")
    assert (
        east.nb_etablissements,
        east.nb_connus,
        east.mediane_emploi_pct,
        east.mediane_poursuite_pct,
    ) == (1, 0, None, 0.0)
    assert (
        "non diffusé" in describe_debouches(east)[0]
        and describe_debouches(west)[-1] == AVERTISSEMENT
    )
    whole = debouches_of_zone(snapshot, "ze2010", "3299")
    assert whole.nb_etablissements == 2 and whole.mediane_poursuite_pct == 25.25
    nowhere = debouches_of_zone(snapshot, "ze2010", "rien")
    assert (
        nowhere.nb_etablissements == 0
        and describe_debouches(nowhere) == []
        and zone_rows(nowhere) == []
    )


def test_a_rate_in_words():
    assert [format_rate(v) for v in (0.0, 35.0, 50.5, None, float("nan"))] == [
        "0\u202f%",
        "35\u202f%",
        "50,5\u202f%",
        "non diffusé",
        "non diffusé",
    ]


def test_the_pages_say_the_year_and_escape_names(snapshot):
    client = create_app(snapshot.path.parents[1]).test_client()
    sheet = plain(client.get("/formations/tiny:a1").get_data(as_text=True))
    assert (
        "années passées" in sheet
        and "133 vœux confirmés" in sheet
        and "2022-2023" in sheet
        and AVERTISSEMENT in sheet
    )
    assert "<b>A</b>" not in sheet and ">nan" not in sheet and ">None" not in sheet
    zone = client.get("/couverture/zones/departement/80").get_data(as_text=True)
    assert "Débouchés 2022-2023" in zone and "<b>A</b>" not in zone
    assert "années passées" not in client.get("/formations/tiny:a5").get_data(as_text=True)
    answer = client.get("/api/v1/formations/tiny:a1").get_json()
    assert answer["formation"]["statistiques"]["flux"][0]["annee"] == "2024"


def test_statistics_need_to_say_their_table():
    assert {
        get_source(one).options["table"] for one in ("bts-2024-flux", "inserjeunes-lycees-2023")
    } == {"flux", "debouches"}


def test_outcomes_of_a_training_in_the_region_keep_the_years_of_their_rows():
    rows, bilan = read(
        "debouches_region",
        [
            {
                "annee": "2019_2020",
                "code_cfd": "32031312",
                "voie": "scolaire",
                "taux_emploi_pct": "35",
            },
            {"annee": "2020_2021", "code_mef": "32211031312", "voie": "scolaire"},
            {"annee": "2020_2021", "voie": "scolaire", "taux_emploi_pct": "35"},
        ],
    )
    assert rows["annee"].tolist() == ["2019-2020", "2020-2021"]
    assert [one["code_raison"] for one in bilan.rejets] == ["code_absent"]
    tables = offer()
    tables["formations"]["code_cfd"] = ["32031312", "32031213"]
    found = statistics_tables({"debouches_region": [rows]}, tables)
    linked = found["actions_debouches"]
    assert linked["id_action"].tolist() == ["a1", "a1"], "same diploma, whatever the establishment"
    other = tables["actions"].assign(voie="apprentissage")
    assert statistics_tables({"debouches_region": [rows]}, tables | {"actions": other})[
        "actions_debouches"
    ].empty


def test_the_sheet_says_that_outcomes_of_the_region_are_not_of_the_establishment(
    tiny_frames, tmp_path
):
    frames = tiny_frames
    rows = pd.DataFrame(
        {
            "id_debouche": ["r2", "r1", "r3"],
            "id_source": "tiny",
            "annee": ["2020-2021", "2019-2020", "2020-2021"],
            "code_cfd": ["40030004", "40030004", "40030002"],
            "voie": "scolaire",
            "taux_poursuite_pct": [50.0, None, 1.0],
            "taux_emploi_pct": [40.0, None, 2.0],
            "taux_emploi_24_pct": [60.0, None, 3.0],
        }
    )
    frames["debouches_region"] = conform(rows, "debouches_region")
    frames["actions_debouches"] = conform(
        pd.DataFrame(
            {
                "id_action": ["tiny:a1", "tiny:a1", "tiny:a3", "tiny:a3"],
                "id_debouche": ["r1", "r2", "r2", "r3"],
            }
        ),
        "actions_debouches",
    )
    snapshot = publish_world(frames, tmp_path)
    told = offer_sheet(open_repertoire(snapshot), "tiny:a1")["statistiques"]["debouches_region"]
    assert [(one["annee"], plain(" ".join(one["cellules"]))) for one in told] == [
        ("2019-2020", "non diffusé non diffusé non diffusé"),
        ("2020-2021", "50 % 40 % 60 %"),
    ]
    client = create_app(snapshot.path.parents[1]).test_client()
    page = plain(client.get("/formations/tiny:a1").get_data(as_text=True))
    assert "ce ne sont pas les débouchés de celui-ci" in page and "60 %" in page
    assert "(code " not in page, "one diploma a year needs no code"
    both = offer_sheet(open_repertoire(snapshot), "tiny:a3")["statistiques"]["debouches_region"]
    assert [(one["code"], one["est_double"]) for one in both] == [
        ("40030004", True),
        ("40030002", True),
    ]


@pytest.mark.real
def test_real_statistics_join_the_offer(real_snapshot):
    flux, debouches, linked = (
        real_snapshot.read(nom) for nom in ("flux", "debouches", "actions_flux")
    )
    assert len(debouches) == 722 and debouches["annee"].eq("2022-2023").all()
    assert flux.groupby(["id_source", "annee"]).size().to_dict() == {
        ("affelnet-1pro-flux", "2021 au plus tard"): 609,
        ("bts-2022-flux", "2022"): 1078,
        ("bts-2023-flux", "2023"): 1226,
        ("bts-2024-flux", "2024"): 1393,
        ("constat-rentree-2020", "2020"): 4707,
        ("voie-pro-2021-flux", "2021"): 2133,
        ("voie-pro-2022-flux", "2022"): 2137,
    }
    known = debouches.set_index("id_debouche").loc["inserjeunes-lycees-2023:0020012C:ensemble"]
    assert (
        known["taux_poursuite_pct"],
        known["taux_emploi_pct"],
        known["taux_emploi_attendu_pct"],
        known["valeur_ajoutee_pts"],
    ) == (50, 35, 40, -6)
    assert (
        debouches.loc[
            debouches["id_debouche"].eq("inserjeunes-lycees-2023:0020012C:apprentis"),
            "taux_emploi_pct",
        ]
        .isna()
        .all()
    )
    assert int(debouches["taux_emploi_pct"].isna().sum()) == 140
    assert linked["id_flux"].nunique() > 10_000 and {
        "bts-2024",
        "parcoursup-apprentissage-2020",
        "rco-2020-11",
        "voie-pro-2022",
    } <= set(linked["id_action"].str.split(":").str[0])
    region, told = real_snapshot.read("debouches_region"), real_snapshot.read("actions_debouches")
    assert len(region) == 2996 and set(region["annee"]) == {
        "2019-2020",
        "2020-2021",
        "2021-2022",
        "2022-2023",
    }
    assert told["id_action"].nunique() > 3000
    nord = debouches_of_zone(real_snapshot, "departement", "59")
    assert nord.nb_etablissements >= nord.nb_connus > 50 and 0 < nord.mediane_emploi_pct < 100
