"""`geoapp.sources.demo`, on the communes shipped with the product."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geoapp.core.config import CRS_METRIC, GEODATA
from geoapp.core.schema import MODALITES, NIVEAUX, VOIES
from geoapp.core.schema.offer_columns import FLAT
from geoapp.offer.rows import check_offre
from geoapp.sources import demo, demo_zones
from geoapp.sources.demo import GENERATEURS
from geoapp.sources.registry import load_sources

REGION = "32"


@pytest.fixture(scope="module")
def communes() -> gpd.GeoDataFrame:
    return gpd.read_parquet(GEODATA / "communes.parquet")


@pytest.fixture(scope="module")
def own(communes) -> gpd.GeoDataFrame:
    return communes[communes["code_region"].eq(REGION)].set_index("code_commune")


@pytest.fixture(scope="module")
def offre(communes) -> pd.DataFrame:
    return GENERATEURS["offre"](communes, REGION)


@pytest.fixture(scope="module")
def mix() -> pd.DataFrame:
    return pd.read_csv(demo.MIX, sep=";", dtype="str").astype({"part": "float64"})


def parquet_bytes(frame: pd.DataFrame, path) -> bytes:
    frame.to_parquet(path)
    return path.read_bytes()


@pytest.mark.parametrize("nom", GENERATEURS)
def test_same_communes_give_the_same_bytes(communes, tmp_path, nom):
    shuffled = communes.sample(frac=1, random_state=1)
    first, second = (GENERATEURS[nom](table, REGION) for table in (communes, shuffled))
    assert parquet_bytes(first, tmp_path / "a") == parquet_bytes(second, tmp_path / "b")


def test_communes_are_left_as_they_were(communes):
    before = communes.copy()
    for generate in GENERATEURS.values():
        generate(communes, REGION)
    pd.testing.assert_frame_equal(communes, before)


def test_registry_names_only_known_generators():
    named = {source.demonstration for source in load_sources().values() if source.demonstration}
    assert named <= set(GENERATEURS)


# --- Offer
# ------------------------------------------------------------------------------------------


def test_offer_has_its_columns_as_text(offre):
    assert tuple(offre.columns) == demo.COLONNES and set(demo.COLONNES) <= set(FLAT)
    assert {str(dtype) for dtype in offre.dtypes} == {"str"}
    assert len(offre) == demo.NB_OFFRES and offre["id_action"].is_unique
    assert not offre.isin(["", "nan", "None", "<NA>"]).any().any()


def test_offer_is_named_fictitious_and_borrows_no_identity(offre):
    for colonne in (
        "id_formation",
        "id_action",
        "intitule",
        "responsable_nom",
        "formateur_nom",
        "lieu_adresse",
    ):
        assert offre[colonne].str.contains("fictif", regex=False).all(), colonne
    unknown = [
        "responsable_siret",
        "formateur_siret",
        "responsable_uai",
        "formateur_uai",
        "lieu_uai",
        "code_rncp",
        "code_certifinfo",
        "code_cfd",
    ]
    assert offre[unknown].isna().all().all()


def test_offer_passes_the_checks_of_a_real_one(offre, communes):
    checked = check_offre(offre, load_sources()["rco-2020-11"], communes=communes, passage={})
    assert len(checked.flat) == len(offre) and checked.rejets == [] and checked.corrections == []


def test_formation_is_one_title_of_one_body(offre):
    columns = ["intitule", "niveau", "code_nsf", "responsable_nom"]
    assert offre.groupby("id_formation")[columns].nunique(dropna=False).eq(1).all().all()
    assert 1000 < offre["id_formation"].nunique() < len(offre)


def test_places_lie_in_their_commune(offre, own):
    polygons = own.geometry.loc[offre["lieu_code_commune"]].to_numpy()
    assert shapely.contains_xy(
        polygons, offre["longitude"].astype(float), offre["latitude"].astype(float)
    ).all()
    postcodes = own["codes_postaux"].loc[offre["lieu_code_commune"]].to_numpy()
    assert all(
        code in known.split("|")
        for code, known in zip(offre["lieu_code_postal"], postcodes, strict=True)
    )


def test_offer_is_spread_and_stacked_like_a_real_one(offre, own):
    sizes = offre.groupby("lieu_adresse").size()
    assert len(sizes) == demo.NB_LIEUX
    assert 3 <= sizes.median() <= 10 and 40 <= sizes.max() <= demo.OFFRES_MAX
    assert (
        offre.groupby("lieu_adresse")[["latitude", "longitude", "lieu_code_commune"]]
        .nunique()
        .eq(1)
        .all()
        .all()
    )
    towns = own.index[own["population"].ge(demo.POPULATION_TOWN)]
    assert set(towns) <= set(offre["lieu_code_commune"])
    assert set(own["code_arrondissement"]) == set(
        own.loc[offre["lieu_code_commune"], "code_arrondissement"]
    )
    by_commune = offre.groupby("lieu_code_commune").size().reindex(own.index, fill_value=0)
    assert np.corrcoef(by_commune, own["population"].astype(float))[0, 1] > 0.7


def test_shares_are_those_of_the_table(offre, mix):
    titles = offre["intitule"].str.removesuffix(" (fictif)").value_counts(normalize=True)
    assert (titles - mix.set_index("intitule")["part"]).abs().max() < 1 / demo.NB_OFFRES
    known = offre["niveau"].value_counts(normalize=True)
    for niveau, part in {"3": 0.388, "4": 0.230, "5": 0.207, "6": 0.119, "7": 0.056}.items():
        assert known[niveau] == pytest.approx(part, abs=0.01)
    assert offre["niveau"].isna().mean() == pytest.approx(demo.PART_NIVEAU_INCONNU, abs=0.015)
    assert offre["capacite"].notna().mean() == pytest.approx(demo.PART_CAPACITE_CONNUE, abs=0.03)
    assert offre["modalite"].eq("a_distance").mean() == pytest.approx(0.03, abs=0.01)


@pytest.mark.real
def test_real_shares_are_imitated(mirror, mix):
    real = pd.read_csv(
        mirror / "offre" / "rcoformations_2020-11-16_hdf_enrichi.csv",
        dtype="str",
        sep=None,
        engine="python",
    )
    for colonne, theirs, tolerance in (
        ("niveau", real["niveau_europeen"], 0.001),
        ("code_nsf", real["nsf"].str[:3], 0.02),
    ):
        gap = (
            mix.groupby(colonne)["part"]
            .sum()
            .sub(theirs.value_counts(normalize=True), fill_value=0)
        )
        assert gap.abs().max() < tolerance


def test_mix_is_plausible(mix):
    assert mix["part"].sum() == pytest.approx(1) and (mix["part"] > 0).all()
    assert mix["intitule"].is_unique and set(mix["niveau"]) <= set(NIVEAUX)
    assert mix["code_nsf"].str.fullmatch(r"\d{3}").all()
    assert mix["code_formacode"].dropna().str.fullmatch(r"\d{5}").all()
    assert mix["code_rome"].str.fullmatch(r"[A-N]\d{4}(\|[A-N]\d{4})*").all()


def test_values_of_actions(offre):
    assert set(offre["voie"]) == set(VOIES) and set(offre["modalite"]) == set(MODALITES)
    assert not (offre["type_diplome"].str.startswith("Titre") & offre["voie"].eq("scolaire")).any()
    assert offre.loc[offre["voie"] != "continue", "est_conventionnee"].isna().all()
    assert set(offre["modalite_entree"]) == {"0", "1"}
    assert offre["periodes"].str.fullmatch(r"20\d\d-\d\d(\|20\d\d-\d\d)*").all()
    assert offre["duree_h"].dropna().astype(int).between(100, 1300).all()


# --- Zonings
# ----------------------------------------------------------------------------------------


def test_employment_zones_part_the_region(communes, own):
    zones = GENERATEURS["zones_emploi"](communes, REGION)
    assert list(zones.columns) == ["code_commune", "code_zone", "nom"]
    assert zones["code_commune"].is_unique and set(zones["code_commune"]) == set(own.index)
    assert zones["code_zone"].nunique() == zones["nom"].nunique() == demo_zones.NB_ZONES_EMPLOI
    assert (
        zones["nom"].str.contains("fictive").all()
        and zones["code_zone"].str.fullmatch(r"F\d\d").all()
    )
    assert zones.groupby("code_zone")["nom"].nunique().eq(1).all()
    assert "Zone d'emploi fictive de Lille" in set(zones["nom"])


def test_commune_joins_the_nearest_town():
    names = ["Le Havre", "Les Andelys", "Amiens", "Lens"]
    tiny = gpd.GeoDataFrame(
        {
            "code_commune": ["1", "2", "3", "4"],
            "code_region": "32",
            "nom": names,
            "population": [9, 8, 7, 6],
            "longitude_mairie": [2.0, 2.5, 3.0, 3.5],
            "latitude_mairie": 50.0,
        },
        geometry=[shapely.Point(0, 0)] * 4,
        crs="EPSG:4326",
    )
    zones = demo_zones.make_zones_emploi(tiny, "32")
    assert zones["nom"].tolist() == [
        f"Zone d'emploi fictive {of}" for of in ("du Havre", "des Andelys", "d'Amiens", "de Lens")
    ]


@pytest.mark.parametrize(("nom", "low", "high"), [("zrr", 900, 1300), ("frr", 1400, 1800)])
def test_rural_zones(communes, own, nom, low, high):
    zone = GENERATEURS[nom](communes, REGION)
    assert list(zone.columns) == ["code_commune", "code_zone", "nom"]
    assert (
        zone["code_commune"].is_unique
        and set(zone["code_commune"]) <= set(own.index)
        and low < len(zone) < high
    )
    assert zone["nom"].str.contains("fictive").all() and zone["code_zone"].nunique() == 1
    members = own.loc[zone["code_commune"]]
    density = members["population"].sum() / (members.to_crs(CRS_METRIC).area.sum() / 1e6)
    assert density < 60 and own.loc[zone["code_commune"], "population"].max() < 20_000


def test_quarters_are_valid_small_apart_and_in_one_commune(communes, own):
    quarters = GENERATEURS["qpv"](communes, REGION)
    assert (
        list(quarters.columns) == ["code_zone", "nom", "geometry"] and quarters.crs == "EPSG:4326"
    )
    assert len(quarters) == demo_zones.NB_QPV and quarters["code_zone"].is_unique
    assert quarters["nom"].str.contains("Quartier fictif").all()
    assert quarters.is_valid.all() and set(quarters.geom_type) == {"Polygon"}
    area_m2 = quarters.to_crs(CRS_METRIC).area
    assert area_m2.between(5_000, 500_000).all()
    inside, commune = own.sindex.query(quarters.geometry, predicate="covered_by")
    assert inside.tolist() == list(range(len(quarters)))
    assert quarters["nom"].str.extract(r"\((.*)\)")[0].tolist() == own["nom"].iloc[commune].tolist()
    pairs = quarters.sindex.query(quarters.geometry, predicate="intersects")
    assert pairs.shape[1] == len(quarters)


@pytest.mark.parametrize("region", ["28", "44"])
def test_another_region_gets_its_own(communes, region):
    codes = set(communes.loc[communes["code_region"].eq(region), "code_commune"])
    for nom, generate in GENERATEURS.items():
        frame = generate(communes, region)
        colonne = {"offre": "lieu_code_commune", "qpv": None}.get(nom, "code_commune")
        assert colonne is None or set(frame[colonne]) <= codes


def test_three_communes_of_unknown_population_are_enough(tiny_frames):
    communes = tiny_frames["communes"].assign(population=pd.array([pd.NA] * 3, dtype="Int64"))
    frames = {nom: generate(communes, "32") for nom, generate in GENERATEURS.items()}
    assert (
        len(frames["offre"]) == demo.NB_OFFRES
        and len(frames["zones_emploi"]) == 3
        and len(frames["qpv"]) == 0
    )
