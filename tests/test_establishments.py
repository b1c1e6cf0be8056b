"""Establishments: communes read in addresses, places by SIRET, legal entities of UAI codes."""

from __future__ import annotations

import pandas as pd
import pytest

from geoapp.ingest.offers import read_etablissements
from geoapp.ingest.territories import load_communes
from geoapp.offer.establishments import complete_etablissements, link_sirens, name_entities
from geoapp.offer.locating import merge_etablissements
from geoapp.reference.postal import AnnuairePostal
from geoapp.sources.records import Lecture
from geoapp.sources.registry import get_source

X, Y, Z = "0590258K", "0622309Y", "0020012C"
UN, DEUX = "13002271800014", "19020050100038"


@pytest.fixture(scope="module")
def communes():
    return load_communes("32")


@pytest.mark.parametrize(
    "adresse, code",
    [
        ("1 PL DE LA GARE-LIEUDITBAC A L AUMONE 60280 CLAIROIX", "60156"),
        ("RUE PORTE DES CHAMPS 02140 FONTAINE-LES-VERVINS", "02321"),
        ("10 rue du Général Foy 02100 ST QUENTIN", "02691"),
        ("1 RUE RENE BLONDELLE 02007 LAON CEDEX", "02408"),
        ("59031 LILLE CEDEX 9", "59350"),
        ("12345 rue 59800 Lille", "59350"),
        ("59 800 Lille", "59350"),
        ("Lille 59800", "59350"),
        ("4 rue Neuve, ST QUENTIN 02100", "02691"),
        ("Saint-Quentin (02)", "02691"),
        ("Saint-Quentin (59)", None),
        ("BP 12 100, 59800 Lille", "59350"),
        ("1 259 800 Lille", None),
        ("59491 Villeneuve d'Ascq", "59009"),
        ("59493 n'importe où", "59009"),
        ("02140 n'importe où", None),
        ("59031 NULLE-PART CEDEX", None),
        ("Chemin d'Aulnois, Laon", None),
        ("75015 Paris", None),
    ],
)
def test_an_address_names_its_commune_or_none(communes, adresse, code):
    assert AnnuairePostal(communes).find(adresse) == code


def frame(*rows: tuple, source: str = "un") -> pd.DataFrame:
    columns = ["code_uai", "siret", "latitude", "longitude", "nom", "code_commune"]
    full = [row + (None,) * (len(columns) - len(row)) for row in rows]
    return pd.DataFrame(full, columns=columns, dtype="str").assign(id_source=source)


def complete(*frames: pd.DataFrame) -> pd.DataFrame:
    return complete_etablissements(merge_etablissements(list(frames)), frames)


def test_the_point_of_a_siret_places_the_establishment_that_nothing_else_places():
    lists = frame((X, UN), (Y, DEUX), (Z, UN), source="liste")
    points = frame((None, UN, "50.1", "3.1"), (Y, None, "50.2", "3.2"), (None, DEUX, "49", "2"))
    found = complete(lists, points)
    assert found.loc[X, ["latitude", "longitude"]].tolist() == ["50.1", "3.1"]
    assert found.loc[Z, "latitude"] == "50.1", "two codes of one SIRET are at its place"
    assert found.loc[Y, "latitude"] == "50.2", "its own point comes first"
    assert found.index.notna().all()


def test_a_siret_of_two_points_and_a_code_of_two_places_say_nothing():
    two = frame((None, UN, "50.1", "3.1"), (None, UN, "50.3", "3.3"))
    assert complete(frame((X, UN)), two)["latitude"].isna().all()
    both = frame((None, UN, "50.1", "3.1"), (None, DEUX, "50.3", "3.3"))
    assert complete(frame((X, UN), (X, DEUX)), both)["latitude"].isna().all()


def test_the_legal_entity_of_a_code_is_that_which_most_sources_give():
    frames = [
        frame((X, UN), (Y, UN), (Z, UN), source="un"),
        frame((X, DEUX), (X, DEUX), (Y, DEUX), source="deux"),
        frame((X, DEUX[:9] + "00012"), source="trois"),
    ]
    found = link_sirens(frames)
    assert found["siren"].to_dict() == {X: DEUX[:9], Z: UN[:9]}, "a tie tells nothing"
    assert found["id_source_siren"].to_dict() == {X: "deux", Z: "un"}
    assert link_sirens([]).empty


def test_a_body_has_the_siren_of_its_siret_before_that_of_its_establishment():
    bodies = pd.DataFrame(
        {"siret": [UN, None, None], "code_uai": [X, X, Y], "nom": ["a", "b", "c"]}, dtype="str"
    )
    named = name_entities(bodies, link_sirens([frame((X, DEUX), source="liste")]))
    assert named["siren"].fillna("").tolist() == [UN[:9], DEUX[:9], ""]
    assert named["id_source_siren"].fillna("").tolist() == ["", "liste", ""]


def test_a_list_of_bodies_gives_the_commune_of_its_addresses_and_refuses_the_rest(communes):
    rows = pd.DataFrame(
        {
            "code_uai": [X, Y, None, None, "0590258Z", Z],
            "siret": [UN, "123", DEUX, None, UN, UN],
            "adresse": ["1 rue x 59000 LILLE"] * 5 + ["Laon"],
        },
        index=pd.Index([f"ligne {i}" for i in range(2, 8)], name="ligne"),
        dtype="str",
    )
    kept, bilan = read_etablissements(
        Lecture(frame=rows, nb_lues=6), get_source("organismes-prepa-apprentissage"), communes, {}
    )
    assert kept["code_commune"].tolist() == ["59350"] * 3
    assert kept["siret"].fillna("").tolist() == [UN, "", DEUX]
    assert [(one["ligne"], one["code_raison"]) for one in bilan.rejets] == [
        ("ligne 5", "uai_absent"),
        ("ligne 6", "uai_faux"),
        ("ligne 7", "position_absente"),
    ]
    kinds = [one["type_correction"] for one in bilan.corrections]
    assert kinds.count("commune_de_l_adresse") == 3 and kinds.count("valeur_ecartee") == 1


@pytest.mark.real
def test_establishments_are_named_and_placed_by_the_directory(real_snapshot):
    """What the issue asks of today's offers, apart from the vocational school's, which is new."""
    offres, bodies = real_snapshot.read("offres"), real_snapshot.read("organismes")
    old = offres[~offres["id_source"].str.startswith("voie-pro")]
    assert old["precision_position"].eq("commune").sum() <= 270
    assert offres["precision_position"].isna().sum() <= 70
    assert bodies["nom"].isna().sum() <= 60
    assert bodies["siren"].notna().sum() >= 440
    own = bodies[bodies["siret"].notna()]
    assert own["siren"].eq(own["siret"].str[:9]).all() and own["id_source_siren"].isna().all()
    sources = real_snapshot.read("sources").set_index("id_source")
    tracks = sources.loc["voie-pro-2022"]
    assert tracks["nb_lues"] == 2137 == tracks["nb_valides"] and tracks["nb_placees"] >= 0.98 * 2137
    made = offres["id_source"].eq("voie-pro-2022").sum()
    merged = real_snapshot.read("doublons")
    merged = merged[merged["etat"].eq("fusionnee") & merged["id_source"].eq("voie-pro-2022")]
    assert made + len(merged) + tracks["nb_complements"] == 2137
