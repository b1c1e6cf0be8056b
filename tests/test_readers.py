"""Every reader of the offer: samples written by us after each format, the real ones, and nobody's
name anywhere.
"""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from geoapp.ingest.by_departement import read_by_departement
from geoapp.ingest.check_file import check_file
from geoapp.ingest.checking import check_lecture
from geoapp.ingest.territories import load_communes
from geoapp.offer.rows import check_offre, split_offre
from geoapp.reference.commune_codes import make_passage
from geoapp.sources.personal import MASQUE, mask_frame, mask_text
from geoapp.sources.reading import read_source
from geoapp.sources.registry import get_source, load_sources

DATA = Path(__file__).parent / "data"
SAMPLES = {
    "lheo-region": "lheo_2.3.xml",
    "catalogue-apprentissage": "catalogue.json",
    "onisep-actions": "onisep_actions.csv",
    "parcoursup-carte": "parcoursup_carte.csv",
    "mon-compte-formation": "moncompteformation.csv",
    "intercarif-exemple-formation": "intercarif.json",
}
PERSONAL = (
    "jeanne",
    "durand",
    "temoin",
    "06 12 34 56 78",
    "0612345678",
    "+33612345678",
    "03 21 00 00 01",
)
REAL_TABLE = {
    "intercarif-exemple-formation": (2, 2, 0),
    "intercarif-exemple-professionnalisante": (1, 1, 0),
    "onisep-seconde": (226, 226, 0),
}


@pytest.fixture(scope="module")
def communes():
    return load_communes("32")


def read(id_source: str):
    source = get_source(id_source)
    return source, read_source(source, DATA / SAMPLES[id_source])


def checked(id_source: str, communes) -> pd.DataFrame:
    """Return the checked rows of a sample, all valid."""
    source, lecture = read(id_source)
    offre = check_offre(
        lecture.frame, source, communes=communes, passage=make_passage(communes, [])
    )
    assert not offre.rejets and not lecture.rejets and len(offre.flat) == lecture.nb_lues
    return offre.flat


@pytest.mark.parametrize("id_source", SAMPLES)
def test_every_sample_is_recognised_by_its_content_and_holds_its_counts(id_source, tmp_path):
    path = tmp_path / "fichier.dat"
    path.write_bytes((DATA / SAMPLES[id_source]).read_bytes())
    source, bilan = check_file(path)
    assert source.format == get_source(id_source).format and (
        source.id == id_source or source.format == "intercarif"
    )
    assert bilan.nb_lues == bilan.nb_valides + bilan.nb_rejetees > 0


def test_the_catalogue_of_apprenticeship(communes):
    flat = checked("catalogue-apprentissage", communes)
    assert flat["niveau_sortie"].tolist() == ["5", "5"] and flat["voie"].eq("apprentissage").all()
    assert (
        flat["modalite"].tolist() == ["sur_place", "a_distance"]
        and flat["code_rome"].iloc[0] == "I1304|I1310"
    )
    assert flat[["latitude", "longitude"]].to_numpy().tolist() == [
        ["50.4322", "2.8333"],
        ["50.43", "2.83"],
    ]
    sessions = split_offre(flat, "x")["sessions"].sort_values("date_debut")
    assert sessions["date_debut"].dropna().tolist() == ["2026-09-01", "2027-09-01"] and sessions[
        "date_fin"
    ].dropna().tolist() == ["2028-06-30", "2029-06-30"]
    assert sessions["capacite"].dropna().tolist() == [12] and len(sessions) == 3


def test_the_catalogue_of_older_years(communes):
    """2020 (names of months, no key), 2021 (months of entry in a text), 2022 (midnight in Paris
    written in UTC); what was withdrawn is told.
    """
    source = get_source("catalogue-apprentissage")
    lecture = read_source(source, DATA / "catalogue_anciens.json")
    assert (lecture.nb_lues, len(lecture.frame)) == (
        4,
        3,
    ) and "retirée du catalogue" in lecture.rejets[0]["raison"]
    flat = check_offre(lecture.frame, source, communes=communes, passage={}).flat
    assert flat["id_action"].tolist() == [
        "5e8df0000000000000000001",
        "20_F1|20_A1|88281",
        "cle-3",
    ] and flat["niveau_sortie"].tolist() == ["4", "5", "5"]
    assert (
        flat["code_rome"].fillna("").tolist() == ["I1310", "I1304", ""]
        and flat["code_nsf"].fillna("").tolist()[1] == "252"
    )
    assert flat["latitude"].fillna("").tolist() == ["", "50.4322", "50.4322"], (
        "the position of the body is not that of the place"
    )
    assert flat["lieu_uai"].fillna("").tolist()[0] == "0590184E" and flat["periodes"].fillna(
        ""
    ).tolist() == ["", "2021-09|2022-09", "2022-09"]
    sessions = split_offre(flat, "x")["sessions"].set_index("id_action")
    assert sessions.loc["x:5e8df0000000000000000001", "capacite"] == 15 and sessions.loc[
        "x:20_F1|20_A1|88281", "date_debut"
    ].tolist() == ["2021-09", "2022-09"]
    assert sessions.loc["x:20_F1|20_A1|88281", "capacite"].fillna(0).tolist() == [0, 12]
    assert sessions.loc["x:cle-3", ["date_debut", "date_fin"]].tolist() == [
        "2022-09-01",
        "2023-12-31",
    ]


def test_the_catalogue_of_the_nested_api(communes):
    source = get_source("catalogue-apprentissage")
    lecture = read_source(source, DATA / "catalogue_2025.json")
    assert (lecture.nb_lues, len(lecture.frame), len(lecture.rejets)) == (2, 1, 1)
    row = check_offre(lecture.frame, source, communes=communes, passage={}).flat.iloc[0]
    expected = {
        "id_action": "cle-2025",
        "id_formation": "32025001-13002374000439",
        "intitule": "BTS maintenance d'essai",
        "type_diplome": "BREVET DE TECHNICIEN SUPERIEUR",
        "niveau_sortie": "5",
        "code_formacode": "31624",
        "code_nsf": "250",
        "code_rome": "I1304|I1310",
        "code_rncp": "RNCP35354",
        "code_cfd": "32025001",
        "code_mef": "3112520021",
        "responsable_nom": "CMA",
        "formateur_nom": "CMA Lens",
        "formateur_uai": "0590184E",
        "lieu_uai": "0590184E",
        "lieu_adresse": "1 rue des Essais",
        "lieu_code_postal": "62300",
        "lieu_code_commune": "62498",
        "latitude": "50.4322",
        "longitude": "2.8333",
        "modalite": "sur_place",
        "sessions": ";2025-09-01;2026-08-31;10;|;2026-09-01;2027-08-31;;",
        "url": "https://exemple.fr/onisep",
        "objectif": f"Écrire à {MASQUE}",
        "contenu": "Apprendre.",
    }
    assert {name: row[name] for name in expected} == expected


def test_the_feed_that_fills_the_catalogue_is_a_table(tmp_path):
    """It has the key of the catalogue, empty, and columns of its own."""
    place = {f"etablissement_lieu_formation_{name}": None for name in ("siret", "uai")} | {
        "etablissement_lieu_formation_adresse": "1 rue des Essais",
        "etablissement_lieu_formation_code_postal": "62300",
        "etablissement_lieu_formation_code_insee": "62498",
        "etablissement_lieu_formation_geo_coordonnees": "50.4322,2.8333",
    }
    bodies = {
        f"etablissement_{role}_{name}": None
        for role in ("gestionnaire", "formateur")
        for name in ("siret", "uai", "adresse", "code_postal", "code_insee", "geo_coordonnees")
    }
    record = (
        bodies
        | place
        | {
            "id_formation": "20_1",
            "id_action": "20_2",
            "id_certifinfo": "1",
            "cfd": "32025001",
            "rncp_code": None,
            "capacite": None,
            "periode": ["2021-09"],
            "intitule_formation": "BTS d'essai",
            "cle_ministere_educatif": None,
        }
    )
    path = tmp_path / "fichier.dat"
    path.write_text(json.dumps([record]), encoding="utf-8")
    source, bilan = check_file(path)
    assert (source.id, bilan.nb_lues, bilan.nb_valides) == ("rco-2020-11-json", 1, 1)
    assert read_source(source, path).frame["intitule"].tolist() == ["BTS d'essai"]


def test_intercarif_groups_the_sessions_of_one_action_and_place(communes):
    flat = checked("intercarif-exemple-formation", communes)
    assert flat["lieu_code_commune"].tolist() == ["62498", "02691"] and flat[
        "niveau_sortie"
    ].tolist() == ["3", "3"]
    assert flat["sessions"].tolist() == [
        "S1;2026-09-14;2027-06-30;;|S2;2027-01-04;2027-12-17;;",
        "S3;2027-02-01;2027-12-17;;",
    ]
    assert (
        flat["financeurs"].iloc[0] == "2|4"
        and flat["nb_places_financees"].iloc[0] == "12"
        and flat["url"].iloc[0] == "https://exemple.fr/"
    )
    assert not flat["lieu_adresse"].str.contains("Contact").any()
    assert len(split_offre(flat, "x")["sessions"]) == 3


def test_onisep_actions_survive_their_known_defects(communes):
    _, lecture = read("onisep-actions")
    assert (lecture.nb_lues, lecture.nb_ecartees) == (4, 1)
    flat = checked("onisep-actions", communes)
    assert flat["id_formation"].tolist() == ["FOR.494", "FOR.12", "FOR.13", "FOR.1152"] and flat[
        "code_rncp"
    ].fillna("").tolist() == ["RNCP35354", "", "", ""]
    assert flat["niveau_sortie"].fillna("").tolist() == ["5", "3", "7", ""] and flat[
        "lieu_code_postal"
    ].tolist() == ["62300", "02100", "59651", "62300"]
    assert flat["url"].fillna("").tolist() == [
        "https://exemple.fr/bts",
        "",
        "https://exemple.fr",
        "https://exemple.fr",
    ]
    assert flat["prix_eur"].fillna("").tolist() == ["", "4500", "4200", ""] and flat[
        "modalite"
    ].tolist() == ["sur_place", "sur_place", "a_distance", "mixte"]
    assert flat["contenu"].fillna("").tolist()[0] == "option A\noption B"


@pytest.mark.parametrize(
    "cost, price",
    [
        ("3600 euros en 2026 (1800 euros par an)", "3600"),
        ("12\u202f300 euros en 2026 (4100 euros par an)", "12300"),
        ("0 euros en 2026", ""),
        ("Gratuit", ""),
        ("777 euros en 2026.", "777"),
        ("24000 euros en 2026 (4.000 euros par an\net rien pour les boursiers)", "24000"),
        ("4 500 €", "4500"),
        ("de 300 euros jusqu'à 1500 euros en 2026", ""),
        ("environ 5000 euros", ""),
        ("frais de pension variables", ""),
    ],
)
def test_the_cost_that_onisep_writes_in_words(communes, cost, price, tmp_path):
    """The grammar of their texts: an amount and its year, a detail between brackets; a range says
    no price.
    """
    source, path = get_source("onisep-actions"), tmp_path / "t.csv"
    header, row = (
        (DATA / SAMPLES["onisep-actions"]).read_text(encoding="utf-8-sig").splitlines()[:2]
    )
    cells = row.split(";")
    cells[header.split(";").index("AF coût scolarité")] = f'"{cost}"'
    path.write_text(f"{header}\n{';'.join(cells)}\n", encoding="utf-8")
    flat = check_offre(read_source(source, path).frame, source, communes=communes, passage={}).flat
    assert flat["prix_eur"].fillna("").tolist() == [price]
    assert flat["est_gratuite"].fillna("").tolist() == [
        "1" if cost in ("0 euros en 2026", "Gratuit") else ""
    ], "free where they write so, never where they write nothing"


def test_parcoursup_keeps_the_last_year_of_the_region_and_counts_the_rest(communes):
    _, lecture = read("parcoursup-carte")
    assert (lecture.nb_lues, lecture.nb_ecartees) == (3, 2) and lecture.frame["periodes"].eq(
        "2026"
    ).all()
    flat = checked("parcoursup-carte", communes)
    assert flat["intitule"].tolist() == [
        "BTS Comptabilité et gestion",
        "BTS Opticien-Lunetier",
        "DN MADE - Objet - Spécialité : Objets d'essai",
    ]
    assert flat["voie"].tolist() == ["scolaire", "apprentissage", "scolaire"] and flat[
        "niveau_sortie"
    ].tolist() == ["5", "5", "6"]
    assert (
        flat["modalite"].fillna("").tolist() == ["sur_place", "mixte", ""]
        and flat["formateur_nom"].eq("Lycée des Essais").all()
    )
    assert flat["url"].tolist() == [
        "https://exemple.fr/fiche?g_ta_cod=100",
        "https://exemple.fr/fiche?g_ta_cod=101",
        "https://exemple.fr",
    ]
    source, bilan = check_file(DATA / "parcoursup_carte.csv")
    assert (source.id, bilan.nb_lues, bilan.nb_valides) == ("parcoursup-carte", 5, 5)


OTHER_SHAPES = {
    "parcoursup_libelles.csv": ("parcoursup-carte", 2, 2),
    "parcoursup_export_v1.json": ("parcoursup-carte", 2, 2),
    "onisep_api.json": ("onisep-actions", 5, 5),
    "catalogue_anciens.json": ("catalogue-apprentissage", 4, 3),
    "catalogue_2025.json": ("catalogue-apprentissage", 2, 1),
    "moncompteformation_2025.csv": ("mon-compte-formation", 2, 2),
    "annuaire_education.csv": ("annuaire-education-2025", 2, 2),
    "annuaire_education.json": ("annuaire-education-2025", 2, 2),
}
"""File → source that it is read as, rows read, rows valid."""


@pytest.mark.parametrize("name", OTHER_SHAPES)
def test_the_same_table_is_recognised_in_its_other_shapes(name, tmp_path):
    """Labels in place of keys, JSON of a portal or of an API, an older version: by content, under
    any name.
    """
    path = tmp_path / "fichier.dat"
    path.write_bytes((DATA / name).read_bytes())
    source, bilan = check_file(path)
    assert (source.id, bilan.nb_lues, bilan.nb_valides) == OTHER_SHAPES[name]


def test_the_same_table_gives_the_same_rows_in_its_other_shapes(communes):
    one, two = (
        read_source(get_source("onisep-actions"), DATA / name).frame
        for name in ("onisep_actions.csv", "onisep_api.json")
    )
    assert one.reset_index(drop=True).equals(two.reset_index(drop=True))
    keys, labels = (
        read_source(get_source("parcoursup-carte"), DATA / name).frame
        for name in ("parcoursup_carte.csv", "parcoursup_libelles.csv")
    )
    assert keys.iloc[0].drop("url").equals(labels.iloc[0].drop("url"))
    old = check_offre(
        read_source(get_source("parcoursup-carte"), DATA / "parcoursup_export_v1.json").frame,
        get_source("parcoursup-carte"),
        communes=communes,
        passage={},
    ).flat
    assert old["intitule"].tolist() == [
        "BTS Comptabilité et gestion",
        "Bachelor en management d'essai",
    ] and old["niveau_sortie"].tolist() == ["5", "6"]
    assert old[["latitude", "longitude"]].to_numpy().tolist() == [["50.63", "3.06"]] * 2 and old[
        "modalite"
    ].fillna("").tolist() == ["sur_place", ""]


def test_mon_compte_formation_is_counted_by_departement_and_never_placed(communes):
    source, lecture = read("mon-compte-formation")
    table, bilan = read_by_departement(lecture, source, communes)
    assert (lecture.nb_ecartees, bilan.nb_lues, bilan.nb_valides, len(bilan.rejets)) == (
        1,
        3,
        2,
        1,
    ) and "Département absent" in bilan.rejets[0]["raison"]
    rows = table.set_index("code_departement")
    assert rows.loc[
        "02", ["niveau_sortie", "nb_formations", "nb_actions", "nb_sessions"]
    ].tolist() == ["3", 1, 2, 5]
    assert rows["date_extraction"].tolist() == ["2026-10-01"] * 2
    assert pd.isna(rows.loc["59", "nb_sessions"]) and rows.loc["59", "nb_sessions_a_distance"] == 3
    assert not {"latitude", "longitude", "geometry", "id_lieu"} & set(table.columns)


def test_mon_compte_formation_under_the_header_of_2025(communes):
    """« siret_of » and « date_chargement »; -1 and « Sans niveau spécifique » are unknown; the
    certification names a training without a title.
    """
    source = get_source("mon-compte-formation")
    table, _ = read_by_departement(
        read_source(source, DATA / "moncompteformation_2025.csv"), source, communes
    )
    rows = table.set_index("code_departement")
    assert (
        rows["niveau_sortie"].fillna("").to_dict() == {"59": "", "02": "3"}
        and rows["date_extraction"].tolist() == ["2026-10-01"] * 2
    )
    frame = read_source(source, DATA / "moncompteformation_2025.csv").frame.fillna("")
    assert frame["intitule"].tolist() == ["Test d'anglais d'essai", "Devenir plaquiste"]
    assert (
        frame["code_rncp"].tolist() == ["", "35027"]
        and frame["code_nsf"].tolist() == ["", "233"]
        and frame["id_formation"].iloc[0] == "13002374000439-E1"
    )


def test_the_directory_of_education_under_its_real_header(tmp_path):
    """The whole header; lower-case keys in JSON; and the labels of the file of positions."""
    one, two = (
        read_source(
            get_source("annuaire-education"), DATA / f"annuaire_education.{ending}"
        ).frame.reset_index(drop=True)
        for ending in ("csv", "json")
    )
    assert (
        one.equals(two)
        and one["code_uai"].tolist() == ["0629999G", "0599999Y"]
        and one["code_commune"].tolist() == ["62498", "59350"]
    )
    path = tmp_path / "positions.csv"
    path.write_text(
        "Code établissement;Appellation officielle;Latitude;Longitude;Code "
        "commune\n0599999Y;Collège d'essai;50.63;3.06;59350\n",
        encoding="utf-8",
    )
    row = read_source(get_source("colleges-depp-2024"), path).frame.iloc[0]
    assert row[["code_uai", "nom", "latitude", "code_commune"]].tolist() == [
        "0599999Y",
        "Collège d'essai",
        "50.63",
        "59350",
    ]


# --- Personal data
# ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, masked",
    [
        ("Écrire à jeanne.durand@exemple.fr.", f"Écrire à {MASQUE}."),
        ("Tél. 06 12 34 56 78", f"Tél. {MASQUE}"),
        ("0612345678", MASQUE),
        ("+33 6 12 34 56 78", MASQUE),
        ("03.21.00.00.01 poste 4", f"{MASQUE} poste 4"),
        ("13002374000439", "13002374000439"),
        ("12 rue du 8 mai 1945, 59000", "12 rue du 8 mai 1945, 59000"),
        ("2026-09-14", "2026-09-14"),
        ("RNCP35027", "RNCP35027"),
        ("0033612345678", MASQUE),
        ("06-12-34-56-78", MASQUE),
        ("+33(0)6 12 34 56 78", MASQUE),
    ],
)
def test_mails_and_telephones_inside_a_text_are_masked(text, masked):
    assert mask_text(text) == masked


def test_a_code_that_is_a_sentence_or_an_address_is_masked():
    frame = pd.DataFrame(
        {"id_action": ["appeler le 06 12 34 56 78", "A1"], "code_rome": [None, "a@b.fr"]},
        dtype="str",
    )
    masked = mask_frame(frame)
    assert masked["id_action"].tolist() == [f"appeler le {MASQUE}", "A1"]
    assert masked["code_rome"].isna()[0] and masked["code_rome"][1] == MASQUE


def test_identifiers_and_codes_keep_their_digits():
    frame = pd.DataFrame(
        {
            "id_action": ["0612345678"],
            "latitude": ["0612345678"],
            "intitule": ["0612345678"],
            "url": ["mailto:a@b.fr"],
        },
        dtype="str",
    )
    assert mask_frame(frame).iloc[0].tolist() == [
        "0612345678",
        "0612345678",
        MASQUE,
        f"mailto:{MASQUE}",
    ]


@pytest.mark.parametrize(
    "id_source, name",
    [*SAMPLES.items(), *((source, name) for name, (source, *_) in OTHER_SHAPES.items())],
)
def test_no_reader_lets_a_person_through(id_source, name, communes):
    """Names, e-mails and telephones are in every sample: none is in the rows, the rejects, the
    corrections.
    """
    source = get_source(id_source)
    raw = (DATA / name).read_text(encoding="utf-8").lower()
    assert any(word in raw for word in PERSONAL) or id_source == "parcoursup-carte"
    lecture = read_source(source, DATA / name)
    bilan = check_lecture(source, lecture, communes=communes, passage=make_passage(communes, []))
    shown = f"{lecture.frame.to_csv()} {lecture.rejets} {bilan.rejets} {bilan.corrections}".lower()
    assert not [word for word in PERSONAL if word in shown]


def test_nobody_is_in_the_bytes_of_a_snapshot(communes, demo_snapshot, tmp_path):
    """Every sample in one mirror, plus hostile rows: the snapshot and its index are searched byte
    by byte.
    """
    from geoapp.ingest.pipeline import build_snapshot
    from support.builds import lend_steps

    mirror = tmp_path / "miroir"
    for id_source, name in SAMPLES.items():
        target = mirror / get_source(id_source).fichier
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((DATA / name).read_bytes())
    bts = mirror / get_source("bts-2024").fichier
    bts.write_text(
        "UAI;LIBELLÉFORMATION;MEFSTAT11;NB_VOEUX_CONFIRMES;STATUT;CAPACITEPSUP\n"
        "0590184E;BTS appeler le 06 12 34 56 78;32211031312;jeanne.durand@exemple.fr;Scolaire;15\n"
        "0590184E;BTS;32211031312;1;Scolaire;15;jeanne.durand@exemple.fr;0612345678\n",
        encoding="utf-8",
    )
    lend_steps(demo_snapshot, tmp_path / "var")
    snapshot = build_snapshot(mirror=mirror, data_dir=tmp_path / "var")
    sources = snapshot.read("sources").set_index("id_source")
    assert (
        sources.loc["lheo-region", "nb_valides"] == 3
        and sources.loc["bts-2024", "nb_rejetees"] == 1
    )
    assert (
        sources.loc["parcoursup-carte", "nb_lues"] == 5
        and "laissées de côté" in sources.loc["parcoursup-carte", "note"]
    )
    assert len(snapshot.read("offres_departements")) == 2
    tables = [
        snapshot.read(path.stem)
        for path in snapshot.path.glob("*.parquet")
        if path.stem not in ("communes", "couches", "zones")
    ]
    shown = " ".join(pd.DataFrame(table).to_csv() for table in tables if len(table.columns)).lower()
    content = b"".join(
        path.read_bytes()
        for path in snapshot.path.rglob("*")
        if path.is_file() and path.suffix != ".parquet"
    ).lower()
    for word in PERSONAL:
        assert word not in shown and word.encode() not in content, word


# --- The real files
# ---------------------------------------------------------------------------------


@pytest.mark.real
def test_the_real_examples_are_read_checked_and_placed_and_feed_nothing(real_snapshot):
    sources = real_snapshot.read("sources").set_index("id_source")
    for id_source, counts in REAL_TABLE.items():
        assert tuple(sources.loc[id_source, ["nb_lues", "nb_valides", "nb_rejetees"]]) == counts
    intercarif = sources[sources.index.str.startswith("intercarif-")]
    assert (
        len(intercarif) == 19
        and intercarif["nb_lues"].sum() == 37
        and intercarif["nb_placees"].eq(intercarif["nb_hors_region"]).all()
    )
    examples = {s.id for s in load_sources().values() if s.usage == "offre_exemple"}
    assert not examples & set(real_snapshot.read("formations")["id_source"])


@pytest.mark.real
def test_one_real_training_in_two_formats_is_the_same_training(mirror):
    one, two = (
        read_source(get_source(i), mirror / get_source(i).fichier).frame.iloc[0]
        for i in ("lheo-exemple-formation", "intercarif-exemple-formation")
    )
    same = [
        "id_formation",
        "intitule",
        "niveau",
        "code_rome",
        "code_rncp",
        "code_certifinfo",
        "objectif",
        "contenu",
        "modalite",
        "lieu_code_commune",
    ]
    assert one[same].tolist() == two[same].tolist()


@pytest.mark.parametrize("id_source", ["lheo-region", "intercarif-exemple-formation"])
def test_a_default_voie_is_that_of_the_source(id_source):
    source = get_source(id_source)
    source = replace(source, options={**source.options, "voie": "continue"})
    assert "continue" in set(read_source(source, DATA / SAMPLES[id_source]).frame["voie"])
