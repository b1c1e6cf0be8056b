"""Vocational tracks: a training by speciality, its seconde the way in, no place counted twice."""

from __future__ import annotations

import csv
from collections import Counter

import pandas as pd
import pytest

from geoapp.ingest.nomenclatures import key_of, read_nomenclature
from geoapp.ingest.tracks import NON_PRECISEE, make_offers, read_tracks
from geoapp.reference.codes.tracks import read_filieres, successors
from geoapp.sources.reading import read_source
from geoapp.sources.records import Lecture
from geoapp.sources.registry import get_source

X, Y = "0590258K", "0622309Y"


def table(columns: str, *rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split(), dtype="str")


NOMENCLATURES = {
    "code_mef": table(
        "code_mef code_mefstat code_cfd libelle",
        ("2412214231", "23210022142", "50022142", "1cap2 cuisine"),
        ("2413122121", "23C10023201", "40123201", "1bma2 gravure sur pierre"),
        ("2473121131", "23810031211", "40031211", "2nde pro métiers relation client 2nde commune"),
        ("2473121231", "23820031212", "40031212", "1ère pro métiers de l'accueil"),
        ("2473121331", "23820031213", "40031213", "1ère pro mét. commerce&vente opt.A"),
        ("2472540831", "23810025408", "40025408", "2ndpro réparation des carrosseries"),
        ("2472540832", "23820025408", "40025408", "1ère pro réparation des carrosseries"),
        ("2473360331", "23820033603", "40033603", "1erpro esthétique"),
        ("2473360531", "23810033605", "40033605", "2nde pro métiers de la beauté 2nde commune"),
        ("2472000231", "23820020002", "40020002", "1ere pro  etud.definition"),
        ("2763300131", "23811033001", "40333001", "2nde pro agricole Service aux personnes"),
        ("2763300231", "23821033002", "40333002", "1ere pro agricole Services aux personnes"),
        ("2762111231", "23811021112", "40321112", "2nde pro agricole productions"),
        ("2762100432", "23821021004", "40321004", "1eproa cgea"),
        ("2473300531", "23810033005", "40033005", "2ndpro soins à la personne 2nde commune"),
        ("2473300331", "23820033003", "40033003", "1erpro soins"),
        ("2473300431", "23820033004", "40033004", "1erpro soins"),
    ),
    "code_cfd": table(
        "code_cfd libelle nouveaux",
        ("40033603", "ESTHETIQUE (BAC PRO)", "40033606"),
        ("40033606", "ESTHETIQUE (BAC PRO)", None),
        ("40020002", "ETUDE ET DEFINITION DE PRODUITS (BAC PRO)", None),
    ),
    "code_mefstat_commun": table(
        "code_mefstat_commun famille code_mefstat code_cfd",
        ("23810031211", "Métiers de la relation client", "23830031212", "40031212"),
        ("23810031211", "Métiers de la relation client", "23830031213", "40031213"),
        ("23810033605", "Métiers de la beauté", "23830033606", "40033606"),
        ("23811021112", "Métiers des productions", "23831021004", "40321004"),
    ),
    "code_certifinfo": table(
        "code_certifinfo code_cfd libelle",
        ("1", "50022142", "CAP cuisine"),
        ("2", "40123201", "BMA spécialité gravure sur pierre"),
        ("3", "40031212", "Bac pro métiers de l'accueil"),
        ("4", "40031213", "Bac pro métiers du commerce option A animation"),
        ("5", "40025408", "Bac pro réparation des carrosseries"),
        ("6", "40033003", "Bac pro soins à la personne option A à domicile"),
        ("7", "40033004", "Bac pro soins à la personne option B en structure"),
        ("8", "40321004", "Bac pro conduite et gestion de l'entreprise agricole"),
    ),
}
FILIERES = read_filieres(NOMENCLATURES)
COLUMNS = "code_uai code_mef capacite nb_voeux famille mef_terminale"


def read(*rows: tuple):
    """Return the checked rows of a file and their counts."""
    frame = table(COLUMNS, *(row + (None,) * (6 - len(row)) for row in rows))
    frame = frame.assign(voie="scolaire", periodes="2022-09")
    frame.index = pd.Index([f"ligne {i}" for i in range(2, len(rows) + 2)], name="ligne")
    return read_tracks(Lecture(frame=frame, nb_lues=len(frame)), get_source("voie-pro-2022"))


def offers(*rows: tuple) -> dict[str, dict]:
    """Return the trainings of a file by « UAI-MEF »."""
    flat, _ = make_offers(read(*rows)[0], FILIERES)
    plain = flat.astype("object").where(flat.notna(), None)
    return {row["id_action"]: row for row in plain.to_dict("records")}


def test_a_cap_and_a_bma_are_one_training_each():
    found = offers((X, "23210022142", "12", "18"), (X, "23C10023201", "8", "3"))
    cap, bma = found.values()
    assert (cap["intitule"], cap["niveau"], cap["capacite"], cap["entree"]) == (
        "CAP Cuisine",
        "3",
        "12",
        None,
    )
    assert (bma["intitule"], bma["niveau"]) == ("BMA Gravure sur pierre", "4")
    assert cap["code_cfd"] == "50022142" and cap["periodes"] == "2022-09"
    assert cap["type_diplome"] == "Certificat d'aptitude professionnelle"


def test_a_shared_seconde_is_the_way_in_of_its_specialities_and_its_places_are_told_beside():
    rows = [
        (X, "23810031211", "53", "50"),
        (X, "23820031212", "18", "10", "RELATION CLIENT", "23830031212"),
        (X, "23820031213", "35", "49", "RELATION CLIENT", "23830031213"),
    ]
    found = offers(*rows)
    assert list(found) == [f"{X}-23820031212", f"{X}-23820031213"]
    assert [row["capacite"] for row in found.values()] == ["18", "35"]
    assert {row["entree"] for row in found.values()} == {
        "Entrée en seconde Métiers de la relation client : 53 places, 50 premiers vœux, "
        "communes à 2 spécialités de l'établissement."
    }
    assert [row["intitule"] for row in found.values()] == [
        "Bac pro Métiers de l'accueil",
        "Bac pro Métiers du commerce option A animation",
    ]
    assert make_offers(read(*rows)[0], FILIERES)[1] == {X: 1}
    (alone,) = offers(*rows[:2]).values()
    assert alone["capacite"] == "18" and alone["entree"].endswith("à une famille de métiers.")


def test_the_seconde_of_one_speciality_gives_its_places():
    rows = [(X, "23820025408", "14", "2"), (X, "23810025408", "15", "3")]
    (found,) = offers(*rows).values()
    assert (found["id_action"], found["capacite"]) == (f"{X}-23820025408", "15")
    assert found["entree"] == (
        "Entrée en seconde de la spécialité : 15 places, moins de 5 premiers vœux."
    )
    (unknown,) = offers(rows[0], (X, "23810025408", None, None)).values()
    assert unknown["capacite"] == "14" and "places inconnues" in unknown["entree"]


def test_a_seconde_that_leads_to_no_premiere_here_is_a_training_of_its_own():
    found = offers((X, "23810031211", "53", "50"), (Y, "23820031212", "18", "10"))
    seconde, premiere = found.values()
    assert seconde["intitule"] == "Seconde professionnelle Métiers de la relation client"
    assert (seconde["niveau"], seconde["capacite"], seconde["entree"]) == ("4", "53", None)
    assert premiere["entree"] == NON_PRECISEE and premiere["capacite"] == "18"


def test_a_diploma_that_took_the_place_of_another_is_of_the_same_family():
    (found,) = offers((X, "23810033605", "24", "30"), (X, "23820033603", "12", "9")).values()
    assert found["id_action"] == f"{X}-23820033603" and "Métiers de la beauté" in found["entree"]
    assert successors("a", {"a": ("b", "c"), "b": ("a",), "c": ("d",)}) == ["a", "b", "c", "d"]
    assert successors(None, {}) == []


def test_the_label_of_a_family_links_what_the_table_does_not_know():
    known = (Y, "23820031212", "18", "10", "RELATION CLIENT", "23830031212")
    unknown = (X, "23820020002", "12", "9", "RELATION CLIENT", "23830020002")
    found = offers((X, "23810031211", "53", "50"), known, unknown)
    assert "Métiers de la relation client" in found[f"{X}-23820020002"]["entree"]
    other = (*known[:1], "23820033603", "1", "1", "RELATION CLIENT", "23830033603")
    found = offers((X, "23810031211", "53", "50"), known, unknown, other)
    assert found[f"{X}-23820020002"]["entree"] == NON_PRECISEE, "one label, two families"


def test_the_name_links_a_seconde_to_its_premieres_with_or_without_their_option():
    (found,) = offers((X, "23811033001", "28", "22"), (X, "23821033002", "5", "0")).values()
    assert (found["id_action"], found["capacite"]) == (f"{X}-23821033002", "28")
    found = offers(
        (X, "23810033005", "60", "70"), (X, "23820033003", "15", "9"), (X, "23820033004", "30", "9")
    )
    assert [row["capacite"] for row in found.values()] == ["15", "30"]
    assert all("communes à 2 spécialités" in row["entree"] for row in found.values())


def test_the_places_of_a_farming_premiere_are_only_those_left_to_newcomers():
    (found,) = offers((X, "23811021112", "35", "39"), (X, "23821021004", "5", "0")).values()
    assert found["capacite"] is None
    assert found["entree"] == (
        "Entrée en seconde Métiers des productions : 35 places, 39 premiers vœux, "
        "communes à une famille de métiers. En première : 5 places ouvertes."
    )


def test_two_rows_of_one_training_are_two_intakes_of_it():
    rows = [(X, "23210022142", "10", "5"), (X, "23210022142", "25", "34")]
    kept, bilan = read(*rows)
    flat, complements = make_offers(kept, FILIERES)
    assert (bilan.nb_lues, bilan.nb_valides, bilan.rejets) == (2, 2, [])
    assert (len(flat), complements, flat.index.tolist()) == (1, {X: 1}, ["ligne 2"])
    assert flat["capacite"].tolist() == ["35"]
    assert flat["entree"].tolist() == ["2 effectifs réunis : 10 et 25 places."]
    (unknown,) = offers(rows[0], (X, "23210022142", None, "34")).values()
    assert unknown["capacite"] is None and "un nombre inconnu" in unknown["entree"]


def test_what_is_no_entry_of_a_training_is_refused_and_a_bad_number_set_aside():
    kept, bilan = read(
        ("0590258Z", "23210022142", "12", "1"),
        (None, "23210022142", "12", "1"),
        (X, "23830031212", "12", "1"),
        (X, None, "12", "1"),
        (X, "2321002214", "12", "1"),
        (X, "23210022142", "-3", "douze"),
    )
    assert (bilan.nb_lues, bilan.nb_valides) == (6, 1)
    assert Counter(one["code_raison"] for one in bilan.rejets) == {
        "uai_faux": 1,
        "uai_absent": 1,
        "annee_etude_inconnue": 3,
    }
    assert kept[["capacite", "nb_voeux"]].isna().all(axis=None)
    assert sorted(one["valeur"] for one in bilan.corrections) == ["-3", "douze"]


def test_without_nomenclatures_a_training_has_its_code_and_no_name():
    flat, _ = make_offers(read((X, "23210022142", "12", "18"))[0], read_filieres({}))
    assert flat["intitule"].isna().all() and flat["code_mef"].tolist() == ["23210022142"]


@pytest.fixture(scope="module")
def filieres(mirror):
    """Return what the real nomenclatures say."""
    tables = {}
    for id_source in ("bcn-mef", "bcn-cfd", "bcn-familles", "certif-info-2024"):
        source = get_source(id_source)
        table, bilan = read_nomenclature(read_source(source, mirror / source.fichier), source)
        assert bilan.nb_lues == bilan.nb_valides + len(bilan.rejets)
        tables[key_of(source)] = table.table
    return read_filieres(tables)


@pytest.mark.real
@pytest.mark.parametrize("year, nb", [("2022", 2137), ("2021", 2134)])
def test_every_real_row_is_a_training_or_completes_one(mirror, filieres, year, nb):
    """Oracle: the rows counted one by one from the file."""
    source = get_source(f"voie-pro-{year}")
    path = mirror / source.fichier
    rows, bilan = read_tracks(read_source(source, path), source)
    flat, complements = make_offers(rows, filieres)
    assert (bilan.nb_lues, bilan.nb_valides) == (nb, nb)
    assert len(flat) + sum(complements.values()) == nb
    with open(path, encoding="utf-8") as stream:
        file = list(csv.DictReader(stream, delimiter=";"))
    pairs = {(row["Etablissement d'accueil"], row["MEF STAT 11"]) for row in file}
    kinds = Counter(mef[:4] for _, mef in pairs)
    made = Counter(flat["code_mef"].str[:4])
    for kind in ("2321", "2382", "23C1"):
        assert made[kind] == kinds[kind], kind
    assert 0 < made["2381"] < 0.2 * kinds["2381"]
    assert flat["intitule"].notna().all() and flat["code_cfd"].notna().mean() > 0.99
    assert not flat["capacite"].isin(["0", "999"]).any()
    assert flat["niveau"].eq("3").sum() > 400 and flat["niveau"].eq("4").sum() > 900
    # A place is counted once at most: those of a shared seconde are never among the sums.
    rows = [
        (f"{uai}-{row['MEF STAT 11']}", row["MEF STAT 11"], int(row["Capacité carte scolaire"]))
        for row in file
        if (uai := row["Etablissement d'accueil"])
        and row["Capacité carte scolaire"] not in ("0", "999")
    ]
    seats = sum(places for _, _, places in rows)
    shared, shown = set(filieres.communes.values()) - {None}, set(flat["id_action"].tolist())
    beside = sum(n for key, mef, n in rows if mef in shared and key not in shown)
    assert beside > 10_000 and pd.to_numeric(flat["capacite"]).sum() <= seats - beside


@pytest.mark.real
def test_one_real_lycee_read_by_eye(mirror, filieres):
    """Ten rows of 0020012C in 2022: three CAP, two secondes of families, five premières."""
    source = get_source("voie-pro-2022")
    rows, _ = read_tracks(read_source(source, mirror / source.fichier), source)
    flat, _ = make_offers(rows[rows["code_uai"].eq("0020012C")], filieres)
    assert dict(zip(flat["code_mef"], flat["capacite"], strict=True)) == {
        "23210022142": "12",
        "23210033205": "15",
        "23210033411": "15",
        "23820030004": "18",
        "23820031212": "18",
        "23820031213": "35",
        "23820031214": "18",
        "23820033004": "30",
    }
    told = flat.set_index("code_mef")["entree"]
    assert "70 places, 83 premiers vœux, communes à 3 spécialités" in told["23820031213"]
    assert told["23820033004"] == NON_PRECISEE
