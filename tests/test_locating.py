"""Placing: where each lieu goes, how precisely, and what is doubtful."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geoapp.core.geometry import to_geographic
from geoapp.offer.locating import locate_lieux, merge_etablissements

X0, Y0 = 700_000.0, 7_050_000.0


def _lonlat(dx: float, dy: float) -> tuple[float, float]:
    """Return degrees for a point at metres from the south-west corner of the world."""
    longitude, latitude = to_geographic([X0 + dx], [Y0 + dy])
    return float(longitude[0]), float(latitude[0])


@pytest.fixture(scope="module")
def communes() -> gpd.GeoDataFrame:
    """Two square communes of 10 km side, one beside the other, town halls at their centres."""
    boxes = gpd.GeoSeries(
        [
            shapely.box(X0, Y0, X0 + 10_000, Y0 + 10_000),
            shapely.box(X0 + 10_000, Y0, X0 + 20_000, Y0 + 10_000),
        ],
        crs=2154,
    )
    halls = [_lonlat(5_000, 5_000), _lonlat(15_000, 5_000)]
    return gpd.GeoDataFrame(
        {
            "code_commune": ["59001", "59002"],
            "nom": ["Ouest", "Est"],
            "longitude_mairie": [h[0] for h in halls],
            "latitude_mairie": [h[1] for h in halls],
        },
        geometry=boxes.to_crs(4326),
    )


ETABLISSEMENTS = merge_etablissements(
    [
        pd.DataFrame(
            {
                "code_uai": ["0590001A"],
                "nom": ["Lycée"],
                "latitude": [str(_lonlat(2_000, 2_000)[1])],
                "longitude": [str(_lonlat(2_000, 2_000)[0])],
                "code_commune": [None],
            }
        ),
        pd.DataFrame(
            {
                "code_uai": ["0590001A", "0590002B"],
                "nom": ["Autre nom", "CFA"],
                "latitude": [None, None],
                "longitude": [None, None],
                "code_commune": ["59001", "59002"],
            }
        ),
    ]
)


def _locate(communes, **values):
    row = {
        "id_lieu": "x",
        "id_source": "s",
        "lieu_code_commune": None,
        "lieu_uai": None,
        "latitude": None,
        "longitude": None,
        **values,
    }
    lieux = pd.DataFrame([row]).astype("str")
    placed, repairs = locate_lieux(
        lieux, communes=communes, etablissements=ETABLISSEMENTS, doubtful_distance_m=1000.0
    )
    return placed.iloc[0], repairs


def _at(dx, dy):
    longitude, latitude = _lonlat(dx, dy)
    return {"longitude": str(longitude), "latitude": str(latitude)}


def test_coordinates_come_first(communes):
    lieu, repairs = _locate(
        communes, lieu_code_commune="59001", lieu_uai="0590002B", **_at(1_000, 1_000)
    )
    assert (lieu.precision_position, lieu.est_douteuse, lieu.distance_commune_m) == (
        "coordonnees",
        False,
        0.0,
    )
    assert repairs.empty


@pytest.mark.parametrize(
    ("beyond_m", "doubtful"), [(999.0, False), (1_000.0, False), (1_001.0, True)]
)
def test_the_doubtful_limit_is_exclusive(communes, beyond_m, doubtful):
    lieu, _ = _locate(communes, lieu_code_commune="59001", **_at(10_000 + beyond_m, 5_000))
    assert lieu.distance_commune_m == pytest.approx(beyond_m, abs=0.05)
    assert lieu.est_douteuse == (
        doubtful if abs(beyond_m - 1000) > 0.5 else lieu.distance_commune_m > 1000
    )


def test_a_doubtful_lieu_goes_to_the_town_hall_and_says_why(communes):
    lieu, _ = _locate(communes, lieu_code_commune="59001", **_at(18_000, 5_000))
    assert lieu.est_douteuse and lieu.precision_position == "commune"
    assert (lieu.geometry.x, lieu.geometry.y) == pytest.approx(_lonlat(5_000, 5_000), abs=1e-9)
    assert "8,0 km" in lieu.motif_position
    assert lieu.latitude_declaree == pytest.approx(_lonlat(18_000, 5_000)[1])


def test_uai_then_commune_then_nothing(communes):
    by_uai, _ = _locate(communes, lieu_uai="0590001A")
    assert (by_uai.precision_position, by_uai.code_commune, by_uai.nom_commune) == (
        "uai",
        "59001",
        "Ouest",
    )
    by_commune, _ = _locate(communes, lieu_uai="0590002B")
    assert (by_commune.precision_position, by_commune.code_commune) == ("commune", "59002")
    nowhere, _ = _locate(communes, lieu_uai="0599999Z")
    assert (
        nowhere.geometry is None
        and pd.isna(nowhere.precision_position)
        and pd.isna(nowhere.est_douteuse)
    )
    assert "Aucune position" in nowhere.motif_position


def test_an_undeclared_commune_is_found_from_the_point(communes):
    lieu, _ = _locate(communes, **_at(15_000, 2_000))
    assert lieu.code_commune == "59002" and lieu.distance_commune_m == 0


def test_swapped_coordinates_are_put_right_and_recorded(communes):
    good = _at(3_000, 3_000)
    lieu, repairs = _locate(
        communes, lieu_code_commune="59001", latitude=good["longitude"], longitude=good["latitude"]
    )
    assert lieu.precision_position == "coordonnees" and lieu.distance_commune_m == 0
    assert repairs["type_correction"].tolist() == ["coordonnees_inversees"]


def test_unusable_coordinates_fall_back_and_are_recorded(communes):
    lieu, repairs = _locate(communes, lieu_code_commune="59002", latitude="0", longitude="0")
    assert lieu.precision_position == "commune"
    assert (
        repairs["type_correction"].tolist() == ["coordonnees_nulles"]
        and repairs["corrigee"].isna().all()
    )


def test_first_source_wins_for_each_value_of_an_establishment():
    lycee = ETABLISSEMENTS.loc["0590001A"]
    assert (
        lycee["nom"] == "Lycée" and lycee["code_commune"] == "59001" and pd.notna(lycee["latitude"])
    )
    assert merge_etablissements([]).empty
