"""Quality: each criterion by hand, wrong positions by rule, scores that add up, files and pages."""

from __future__ import annotations

import io
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from shapely.geometry import Point

from geoapp.cli import main
from geoapp.core.errors import NotFoundError, ParameterError
from geoapp.core.snapshot import open_snapshot
from geoapp.offer.naming.titles import CONTREDIT
from geoapp.offer.quality.answer import describe_quality
from geoapp.offer.quality.criteria import CRITERES, assess, describe_title
from geoapp.offer.quality.positions import REGLES_POSITION, find_wrong_positions
from geoapp.offer.quality.reading import assessed_offers
from geoapp.offer.quality.scores import (
    POIDS_TOTAL,
    find_entity,
    list_defects,
    open_quality,
    score_parts,
)
from geoapp.web import create_app
from support.world import FORMULA, make_tiny_frames, publish_world, with_quality

GOOD = {
    "id_action": "s:a",
    "id_lieu": "s:l",
    "id_source": "s",
    "id_organisme": "o",
    "nom_organisme": "Lycée",
    "intitule": "CAP Cuisine",
    "modalite": None,
    "code_commune": "80001",
    "nom_commune": "Amiville",
    "codes_postaux": "80100",
    "code_postal": "80100",
    "adresse": "1 rue du Lycée",
    "precision_position": "coordonnees",
    "id_place": "50.1,2.1",
    "est_douteuse": False,
    "distance_commune_m": 0.0,
    "niveau_sortie": "3",
    "preuve_niveau": "source",
    "code_diplome": "cap",
    "type_diplome": "Certificat d'aptitude professionnelle",
    "code_domaine": "hotellerie",
    "code_rncp": "RNCP1",
    "code_certifinfo": None,
    "code_cfd": None,
    "code_mef": None,
    "certifiante_declaree": None,
    "siret": "1",
    "code_uai": None,
    "dates_debut": "2026-09",
    "date_fin": "2027-06",
    "est_permanente": None,
    "capacite": 12,
    "url": "https://example.org",
    "millesime": "2026-01",
    "voie": "scolaire",
    "duree_h": None,
    "position_recue": "50.1,2.1",
    "x_m": 650_000.0,
    "y_m": 7_000_000.0,
}


def frame(*rows: dict) -> pd.DataFrame:
    """Return offers as a criterion reads them: a good one, changed."""
    table = pd.DataFrame([GOOD | {"id_action": f"s:a{n}"} | row for n, row in enumerate(rows)])
    types = {
        nom: "str"
        for nom in GOOD
        if nom
        not in (
            "est_douteuse",
            "est_permanente",
            "certifiante_declaree",
            "capacite",
            "duree_h",
            "distance_commune_m",
            "x_m",
            "y_m",
        )
    }
    return table.astype(
        types
        | {
            "est_permanente": "boolean",
            "certifiante_declaree": "boolean",
            "capacite": "Int64",
            "duree_h": "float64",
        }
    )


def verdict(critere: str, **values) -> str:
    """Return « bon », « mauvais » or « sans objet » for one offer beside a good one."""
    applies, satisfied, findings = assess(
        frame(values, {"id_action": "s:temoin", "intitule": "Autre intitulé"})
    )
    if not applies[critere].iloc[0]:
        return "sans objet"
    assert satisfied[critere].iloc[0] == (findings[critere].isna().iloc[0])
    return "bon" if satisfied[critere].iloc[0] else "mauvais"


@pytest.mark.parametrize("critere", CRITERES)
def test_a_good_offer_satisfies_every_criterion(critere):
    assert verdict(critere) == "bon"


@pytest.mark.parametrize(
    ("critere", "values", "expected"),
    [
        ("lieu", {"code_commune": None}, "mauvais"),
        ("lieu", {"code_commune": None, "modalite": "a_distance"}, "sans objet"),
        ("precision", {"precision_position": "commune"}, "mauvais"),
        ("precision", {"precision_position": "uai"}, "bon"),
        ("precision", {"est_douteuse": True}, "mauvais"),
        (
            "precision",
            {"code_commune": None, "id_place": None, "precision_position": None},
            "sans objet",
        ),
        ("position", {"est_douteuse": True, "distance_commune_m": 3200.0}, "mauvais"),
        ("position", {"code_postal": "59100"}, "mauvais"),
        ("position", {"code_postal": "59100", "codes_postaux": "80100|59100"}, "bon"),
        ("intitule", {"intitule": "CAP MENUISIER FABRICANT"}, "mauvais"),
        ("intitule", {"intitule": "CAP MAINT.VEHIC. option"}, "mauvais"),
        ("intitule", {"intitule": "BTS"}, "mauvais"),
        ("niveau", {"niveau_sortie": None}, "mauvais"),
        ("diplome", {"preuve_niveau": f"type de diplôme CAP ({CONTREDIT}, 5)"}, "mauvais"),
        ("diplome", {"preuve_niveau": "intitulé"}, "sans objet"),
        ("diplome", {"code_diplome": None}, "sans objet"),
        ("domaine", {"code_domaine": "autre"}, "mauvais"),
        ("certification", {"code_rncp": None}, "mauvais"),
        ("certification", {"code_rncp": None, "code_mef": "241"}, "bon"),
        ("certification", {"code_rncp": None, "certifiante_declaree": False}, "sans objet"),
        ("organisme", {"siret": None}, "mauvais"),
        ("organisme", {"siret": None, "code_uai": "0800001A"}, "bon"),
        ("dates", {"dates_debut": None, "date_fin": None}, "mauvais"),
        ("dates", {"dates_debut": "2026"}, "mauvais"),
        ("dates", {"dates_debut": "2026|2026-09"}, "bon"),
        ("dates", {"dates_debut": None, "est_permanente": True}, "bon"),
        ("capacite", {"capacite": None}, "mauvais"),
        ("contact", {"url": None}, "mauvais"),
        ("fraicheur", {"date_fin": "2025-01"}, "bon"),
        ("fraicheur", {"date_fin": "2024-12"}, "mauvais"),
        ("fraicheur", {"date_fin": "2025"}, "bon"),
        ("fraicheur", {"date_fin": "2020-01", "est_permanente": True}, "bon"),
        ("fraicheur", {"date_fin": None}, "sans objet"),
        ("fraicheur", {"millesime": "fictif"}, "sans objet"),
        ("doublons", {"intitule": "AUTRE INTITULE"}, "bon"),
    ],
)
def test_each_criterion_by_hand(critere, values, expected):
    assert verdict(critere, **values) == expected


def test_a_row_entered_twice_is_told_on_the_second_only():
    _, satisfied, findings = assess(frame({}, {}, {"dates_debut": "2027-09"}, {"id_source": "t"}))
    assert satisfied["doublons"].tolist() == [True, False, True, True]
    assert "« s:a0 »" in findings["doublons"].iloc[1]


def test_what_a_source_never_carries_is_not_a_fault():
    applies, satisfied, findings = assess(
        frame({"capacite": None}, {"capacite": None, "id_source": "t"}, {"id_source": "t"})
    )
    assert applies["capacite"].tolist() == [False, True, True], (
        "s carries no capacity at all, t does"
    )
    assert satisfied["capacite"].tolist() == [False, False, True] and findings[
        "capacite"
    ].notna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("intitule", "expected"),
    [
        ("(intitulé non fourni)", "Intitulé absent."),
        ("x" * 256, "256 caractères"),
        ("BTS Services informatiques aux organisations", None),
        ("CAP cuisine", None),
        ("Diplôme d'ingénieur E.S.T.I.A", None),
    ],
)
def test_titles(intitule, expected):
    found = describe_title(intitule)
    assert (found is None) == (expected is None) or expected in (found or "")


def test_wrong_positions_are_found_by_rule():
    table = frame(
        {"est_douteuse": True, "distance_commune_m": 12_340.0},
        *(
            {"adresse": f"{n} rue {nom}", "id_place": "50.2,2.2"}
            for n, nom in enumerate(("Abel", "Beau", "Cap"))
        ),
        {"adresse": "9 rue Dur"},
        {"adresse": "9 rue Dur"},
        {"adresse": "9 RUE DUR", "id_place": "50.3,2.3", "y_m": 7_002_000.0},
        {"code_postal": "59100"},
        {},
    )
    found = find_wrong_positions(table)
    assert found["regle"].tolist() == [
        "hors_commune",
        *["point_de_ville"] * 3,
        None,
        None,
        "adresse_dispersee",
        "autre_departement",
        None,
    ]
    assert (
        found["constat"].iloc[0] == "Position à 12,3 km de la commune déclarée (Amiville)."
        and "2,0 km" in found["constat"].iloc[6]
    )
    assert {r.nom for r in REGLES_POSITION} == set(found["regle"].dropna())


def test_the_order_of_rows_changes_no_finding():
    rng = np.random.default_rng(1)
    rows = [
        {
            "adresse": f"{rng.integers(3)} rue {rng.choice(['Abel', 'Beau', 'Cap', 'Dur'])}",
            "id_place": str(place),
            "x_m": 2000.0 * place,
            "dates_debut": rng.choice(["2026", "2026-09"]),
        }
        for place in rng.integers(9, size=40).tolist()
    ]
    table = frame(*rows)
    expected = assess(table)[2]
    assert expected.notna().any().sum() >= 3
    found = assess(table.sample(frac=1, random_state=2))[2].reindex(table.index)
    pd.testing.assert_frame_equal(found, expected)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """Return the tiny world with the quality that a build works out, published."""
    return publish_world(with_quality(make_tiny_frames()), tmp_path_factory.mktemp("qualite"))


def test_the_tables_add_up(snapshot):
    qualite, defauts, offres = (snapshot.read(nom) for nom in ("qualite", "defauts", "offres"))
    assert (qualite["nb_satisfaites"] <= qualite["nb_applicables"]).all() and (
        qualite["nb_applicables"] <= qualite["nb_offres"]
    ).all()
    sources = qualite[qualite["type_entite"].eq("source")]
    assert sources.groupby("critere")["nb_offres"].sum().eq(len(offres)).all()
    missing = (
        (sources["nb_applicables"] - sources["nb_satisfaites"]).groupby(sources["critere"]).sum()
    )
    assert (
        defauts["critere"]
        .value_counts()
        .reindex(missing.index)
        .fillna(0)
        .astype(int)
        .eq(missing)
        .all()
    ), "one defect by offer that does not satisfy"


def test_the_score_is_the_weighted_share_of_what_could_be_assessed(snapshot):
    found = open_quality(snapshot)
    row = find_entity(found, "source", "tiny")
    parts = [part for part in score_parts(found, "source", "tiny") if part["etat"] == "evalue"]
    by_hand = (
        100
        * sum(part["poids"] * part["nb_satisfaites"] / part["nb_applicables"] for part in parts)
        / sum(part["poids"] for part in parts)
    )
    assert row["score"] == pytest.approx(by_hand) and 0 <= row["score"] <= 100
    assert row["part_evaluee"] == pytest.approx(sum(part["poids"] for part in parts) / POIDS_TOTAL)
    contact = next(
        part for part in score_parts(found, "source", "tiny") if part["critere"] == "contact"
    )
    assert (contact["etat"], contact["part"], contact["points"]) == ("non_fourni", None, None), (
        "no source carries a link: unknown, not zero"
    )


def test_a_body_is_found_by_identifier_or_name(snapshot):
    found = open_quality(snapshot)
    assert (
        find_entity(found, "organisme", "tiny:o1")["nom"]
        == find_entity(found, "organisme", "lycee b test b")["nom"]
    )
    with pytest.raises(NotFoundError, match="Vouliez-vous dire"):
        find_entity(found, "source", "tinyy")
    with pytest.raises(ParameterError, match="Vouliez-vous dire « position »"):
        list_defects(found, critere="positions")
    with pytest.raises(ParameterError, match="l'un ou l'autre"):
        describe_quality(found, source="tiny", organisme="tiny:o1")


def test_the_trend_is_that_of_the_snapshot_kept_before(tmp_path):
    first = publish_world(with_quality(make_tiny_frames()), tmp_path, "2025-01-02T03:04:05Z")
    assert (
        open_quality(first).precedent is None
        and "aucun instantané plus ancien" in open_quality(first).sans_precedent
    )
    frames = make_tiny_frames()
    frames["offres"]["niveau_sortie"] = frames["offres"]["niveau_sortie"].fillna("4")
    second = open_quality(publish_world(with_quality(frames), tmp_path))
    assert second.precedent == first.id
    row, before = (
        find_entity(second, "source", "tiny"),
        find_entity(open_quality(first), "source", "tiny"),
    )
    assert row["score_avant"] == before["score"] < row["score"]
    (first.path / "manifest.json").write_text(
        json.dumps(first.manifest | {"schema": "autre"}), encoding="utf-8"
    )
    assert "d'une autre version" in open_quality(open_snapshot(tmp_path)).sans_precedent


@pytest.fixture(scope="module")
def client(snapshot):
    return create_app(snapshot.path.parents[1]).test_client()


def test_pages_say_the_scores_and_what_to_correct(client):
    page = client.get("/qualite").get_data(as_text=True)
    assert (
        "2 sources et 1 organisme sont notés" in page
        and "Pas d’évolution à montrer" in page
        and 'aria-sort="descending"' in page
    )
    page = client.get("/qualite/source/tiny").get_data(as_text=True)
    assert (
        "Non fourni par la source, non compté" in page
        and "Position à 3,2\u202fkm" in page
        and "Vérifiez les coordonnées" in page
    )
    assert (
        "<script>alert(1)</script>" not in page
        and "<b>Test</b>" not in page
        and "nan" not in page.replace("financ", "").replace("maintenan", "").lower().split()
    )
    only = client.get("/qualite/organisme/tiny:o1?critere=niveau").get_data(as_text=True)
    assert "Lignes 1 à 1 sur 1" in only
    assert (
        client.get("/qualite?q=aucun").get_data(as_text=True).count("Aucun organisme de ce nom")
        == 1
    )


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/qualite?tri=age", 400),
        ("/qualite?ordre=haut", 400),
        ("/qualite?x=1", 400),
        ("/qualite?page=9", 400),
        (f"/qualite?page={'9' * 5000}", 400),
        ("/qualite/source/inconnue", 404),
        ("/qualite/source/tiny?critere=x", 400),
        ("/qualite/scores.pdf", 404),
        ("/qualite/source/inconnue/corrections.csv", 404),
        ("/api/v1/qualite?source=tiny&organisme=tiny:o1", 400),
        ("/api/v1/qualite?source=rien", 404),
    ],
)
def test_what_is_not_understood_is_refused(client, path, status):
    assert client.get(path).status_code == status


@pytest.mark.parametrize(
    "column", ["nom", "score", "evolution", "part_evaluee", "nb_offres", "nb_defauts"]
)
def test_every_column_sorts(client, column):
    for ordre, aria in (("asc", "ascending"), ("desc", "descending")):
        assert f'aria-sort="{aria}"' in client.get(f"/qualite?tri={column}&ordre={ordre}").get_data(
            as_text=True
        )


def test_files_neutralise_formulas(client):
    text = client.get("/qualite/source/tiny/corrections.csv").get_data().decode("utf-8-sig")
    rows = pd.read_csv(io.StringIO(text.replace("\r\n", "\n").split("\n\n")[0]), sep=";", dtype=str)
    for titre in ("Formation", "Intitulé reçu"):
        assert f"'{FORMULA}" in set(rows[titre])
    assert not rows.stack().str.match(r"[=+@]").any()
    assert len(rows) == len(
        pd.read_excel(
            io.BytesIO(client.get("/qualite/source/tiny/corrections.xlsx").get_data()),
            engine="calamine",
        )
    )
    assert client.get("/qualite/scores.csv").get_data().decode("utf-8-sig").startswith("Sorte;")


def test_the_api_the_page_and_the_command_agree(client, snapshot, tmp_path):
    answer = client.get("/api/v1/qualite?source=tiny").get_json()
    assert answer == json.loads(json.dumps(describe_quality(open_quality(snapshot), source="tiny")))
    assert (
        answer["nb_corrections"]
        == len(answer["corrections"])
        == len(list_defects(open_quality(snapshot), source="tiny"))
    )
    assert len(client.get("/api/v1/qualite").get_json()["entites"]) == 3
    out, data = tmp_path / "q.csv", str(snapshot.path.parents[1])
    result = CliRunner().invoke(
        main, ["quality", "--source", "tiny", "--out", str(out), "--data", data]
    )
    assert (
        result.exit_code == 0
        and f"{answer['nb_corrections']} lignes" in result.output
        and out.exists()
    )
    assert CliRunner().invoke(main, ["quality", "--data", data]).exit_code == 0
    wrong = CliRunner().invoke(main, ["quality", "--organisme", "Personne", "--data", data])
    assert (
        wrong.exit_code == 1
        and "sans offre dans les données servies" in wrong.output
        and "Traceback" not in wrong.output
    )


def test_a_frame_for_criteria_has_a_row_by_offer():
    frames = make_tiny_frames()
    table = assessed_offers(frames, frames["communes"], {})
    assert table.index.equals(frames["offres"].index) and set(GOOD) <= set(table.columns)
    assert isinstance(frames["offres"], gpd.GeoDataFrame) and isinstance(
        frames["offres"].geometry.iloc[0], Point
    )


@pytest.mark.real
def test_wrong_positions_of_the_real_files(real_snapshot):
    defauts = real_snapshot.read("defauts")
    wrong = defauts[defauts["critere"].eq("position")]
    doubtful = real_snapshot.read("sources")["nb_douteuses"]
    sources = real_snapshot.read("sources").set_index("id_source")
    mine = wrong["constat"].str.startswith("Position à").groupby(wrong["id_source"]).sum()
    assert (
        mine.eq(sources.loc[mine.index, "nb_douteuses"].astype(int)).all()
        and doubtful.notna().any()
    ), "the doubtful ones are all there"
    town = wrong[wrong["constat"].str.contains("celui de la ville")]
    assert "50.63498,3.06404" in set(town["valeur"]) and town["valeur"].nunique() >= 5, (
        "the point of Lille, given for ten streets"
    )
    print(f"{len(wrong)} offres, {wrong['id_lieu'].nunique()} lieux de position fausse")
    assert len(wrong) > 200
