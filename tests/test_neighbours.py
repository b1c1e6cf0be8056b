"""Offers of the neighbouring départements: kept, named, counted once, and only in the coverage."""

from __future__ import annotations

import gzip

import pandas as pd
import pytest

from geoapp.core.french import format_number
from geoapp.core.schema.offer_columns import FLAT
from geoapp.ingest.neighbours import keep_neighbours, name_trainings
from geoapp.offer.rows import SANS_INTITULE, check_offre
from geoapp.sources.records import Lecture
from geoapp.sources.registry import load_sources

ID = "rco-2020-11-france"
COMMUNES = pd.DataFrame(
    {
        "code_commune": ["59350", "02691", "08105", "76540"],
        "code_departement": ["59", "02", "08", "76"],
        "est_region": pd.array([True, True, False, False], dtype="boolean"),
    }
)
CERTIFICATIONS = pd.DataFrame(
    {
        "code_certifinfo": ["1", "2", "3", "4", "4"],
        "code_cfd": ["50022130", "40025214", "40025214", None, None],
        "libelle": ["CAP Boulanger", "Bac pro A", "Bac pro B", "Titre C", "Titre D"],
    },
    dtype="str",
)


def lecture(*codes: str | None, rejets=()) -> Lecture:
    frame = pd.DataFrame(
        {"lieu_code_commune": pd.array(codes, dtype="str")},
        index=[f"ligne {i}" for i in range(2, len(codes) + 2)],
    )
    return Lecture(frame=frame, nb_lues=len(codes) + len(rejets), rejets=list(rejets))


def test_only_the_neighbouring_departements_are_kept():
    kept, outside = keep_neighbours(
        lecture("59350", "08105", "76540", "75056", "2A004", None), COMMUNES
    )
    assert kept.frame["lieu_code_commune"].tolist() == ["08105", "76540"] and outside == 4
    assert kept.frame.index.tolist() == ["ligne 3", "ligne 4"]


def test_a_lost_zero_and_a_commune_that_is_gone_keep_their_departement():
    kept, outside = keep_neighbours(lecture("8105", "2691", "08999"), COMMUNES)
    assert kept.frame["lieu_code_commune"].tolist() == ["8105", "08999"] and outside == 1


def test_rows_refused_at_the_reading_stay_counted():
    kept, outside = keep_neighbours(
        lecture("08105", "75056", rejets=[{"ligne": "ligne 9"}]), COMMUNES
    )
    assert kept.nb_lues + outside == 3 and kept.nb_lues == len(kept.frame) + len(kept.rejets)


def test_no_neighbour_at_all_is_no_error():
    source = load_sources()[ID]
    frame = pd.DataFrame(
        {
            column: pd.array(["75056" if column == "lieu_code_commune" else "1"], dtype="str")
            for column in FLAT
        },
        index=["ligne 2"],
    )
    kept, outside = keep_neighbours(Lecture(frame=frame, nb_lues=1), COMMUNES)
    checked = check_offre(
        kept.frame, source, communes=COMMUNES.assign(nom="x", anciens_codes=None), passage={}
    )
    assert (len(checked.flat), len(checked.rejets), outside) == (0, 0, 1)


@pytest.mark.parametrize(
    "certifinfo, cfd, intitule, expected",
    [
        ("1", None, SANS_INTITULE, "CAP Boulanger"),
        ("1", None, "Le sien", "Le sien"),
        ("9", "50022130", SANS_INTITULE, "CAP Boulanger"),
        ("9", "40025214", SANS_INTITULE, SANS_INTITULE),
        ("4", None, SANS_INTITULE, SANS_INTITULE),
        (None, None, SANS_INTITULE, SANS_INTITULE),
    ],
)
def test_a_training_without_title_takes_that_of_its_certification(
    certifinfo, cfd, intitule, expected
):
    flat = pd.DataFrame(
        {"code_certifinfo": [certifinfo], "code_cfd": [cfd], "intitule": [intitule]}, dtype="str"
    )
    assert name_trainings(flat, CERTIFICATIONS)["intitule"].tolist() == [expected]
    assert name_trainings(flat, None)["intitule"].tolist() == [intitule]


# --- Builds
# -----------------------------------------------------------------------------------------


def test_without_the_source_the_table_is_empty_and_the_source_says_it_is_absent(demo_snapshot):
    snapshot = demo_snapshot
    sources = snapshot.read("sources").set_index("id_source")
    assert len(snapshot.read("offres_voisines")) == 0 and sources.loc[ID, "mode"] == "absente"
    assert (
        snapshot.read("demande")["nb_adultes"].isna().all()
        and sources.loc["iris-mel-2019", "mode"] == "absente"
    )
    from geoapp.coverage.travel import open_trajets

    assert open_trajets(snapshot).trajets("voiture").distance_km.nnz > 0


@pytest.mark.real
def test_the_real_neighbours_are_kept_and_the_region_is_never_counted_twice(real_snapshot):
    theirs, mine = real_snapshot.read("offres_voisines"), real_snapshot.read("offres")
    communes = real_snapshot.read("communes").set_index("code_commune")
    assert (
        len(theirs) > 1_500
        and not communes.loc[theirs["code_commune"].dropna(), "est_region"].any()
    )
    assert set(theirs["id_source"]) == {ID} and ID not in set(mine["id_source"])
    assert not set(theirs["id_action"]) & set(mine["id_action"])
    assert theirs["id_place"].notna().all() and theirs["voie"].eq("apprentissage").all()
    assert theirs["niveau_sortie"].notna().mean() > 0.9
    assert (
        theirs["intitule"].eq(SANS_INTITULE).mean() < 0.2
        and theirs["code_domaine"].ne("autre").mean() > 0.98
    )


@pytest.mark.real
def test_the_real_source_is_counted_to_the_last_row(real_snapshot, mirror):
    row = real_snapshot.read("sources").set_index("id_source").loc[ID]
    source = load_sources()[ID]
    with gzip.open(mirror / source.fichier, "rt", encoding="utf-8") as stream:
        lines = pd.read_csv(stream, dtype=str, sep=None, engine="python")
    assert row["nb_lues"] == len(lines) == row["nb_valides"] + row["nb_rejetees"]
    kept = row["nb_placees"]
    assert (
        f"{format_number(len(lines) - kept - row['nb_rejetees'])} lignes hors du voisinage"
        in row["note"]
    )
    departements = lines["etablissement_lieu_formation_code_insee"].str.zfill(5).str[:2]
    near = lines[departements.isin(["08", "27", "51", "76", "77", "95"])]
    assert len(near) == kept + row["nb_rejetees"]
    # Rows of one training, by one body, at one point are its sessions: they are one offer.
    offers = zip(
        near["etablissement_formateur_siret"].str[:9],
        near["id_certifinfo"],
        near["etablissement_lieu_formation_geo_coordonnees"],
        strict=True,
    )
    assert len(real_snapshot.read("offres_voisines")) == len(set(offers))


@pytest.mark.real
def test_the_file_can_be_checked_alone(mirror):
    from geoapp.ingest.check_file import check_file

    source, bilan = check_file(mirror / load_sources()[ID].fichier)
    assert source.id == ID and bilan.nb_lues == 39_510 and not bilan.nb_rejetees
