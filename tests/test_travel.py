"""Costs of travel: estimated ones, those of a snapshot, those that the user gives."""

from __future__ import annotations

import math
import mmap
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from scipy import sparse

from geoapp.cli import main
from geoapp.core.config import CRS_METRIC
from geoapp.core.errors import SnapshotError, SourceError, StorageError
from geoapp.core.geometry import GEOD, make_points, metric_points, place_ids
from geoapp.core.publishing import publish
from geoapp.core.snapshot import open_snapshot
from geoapp.coverage.travel import (
    DOSSIER,
    Trajets,
    open_trajets,
    store_matrices,
    write_trajets,
)
from geoapp.coverage.travel.choice import choose_trajets, list_origins, list_places
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.given import COLONNES, COUT_MAX, read_trajets, write_parquet
from support.builds import lend_steps
from support.examples import NIGHT
from support.law_oracle import oracle
from support.world import CREATED, publish_world

L1, L2, L3 = "50.05000,2.05000", "50.10000,2.30000", "50.10000,2.50000"
"""Places of the tiny world, in the order of the columns."""


def same(one: sparse.csr_array, other: sparse.csr_array) -> bool:
    """Tell whether two matrices hold the same entries, stored zeros included, bit for bit."""
    return one.shape == other.shape and all(
        np.array_equal(getattr(one, nom), getattr(other, nom))
        for nom in ("indptr", "indices", "data")
    )


# --- The matrix of a snapshot
# ----------------------------------------------------------------------


def test_a_snapshot_holds_its_matrix(tiny_snapshot):
    trajets = open_trajets(tiny_snapshot).trajets("voiture")
    assert trajets.origines.tolist() == ["commune:59001", "commune:80001", "commune:80002"]
    assert trajets.places.tolist() == [L1, L2, L3]
    # l1 is in the commune: at least the mean distance of a disc of its area to its centre.
    line_km = GEOD.inv(2.1, 50.1, 2.05, 50.05)[2] / 1000
    outline = tiny_snapshot.read("communes").set_index("code_commune").to_crs(2154).loc[["80001"]]
    line_km = max(line_km, 0.376 * (outline.area.iloc[0] / 1e6) ** 0.5)
    expected = oracle("voiture", "route", line_km, *density_around([(2.1, 50.1), (2.05, 50.05)]))
    assert trajets.distance_km.toarray()[1, 0] == pytest.approx(expected, abs=0.0051)
    outline = tiny_snapshot.read("communes").set_index("code_commune").to_crs(2154).loc[["80002"]]
    # l2 is at the very town hall where its commune is counted: nobody is at 0 km all the same.
    floor = 0.376 * (outline.area.iloc[0] / 1e6) ** 0.5
    floor = oracle("voiture", "temps", floor, *density_around([(2.3, 50.1)] * 2))
    assert trajets.duree_min.toarray()[2, 1] == pytest.approx(floor, abs=0.051)
    assert trajets.distance_km.nnz == 9
    told = trajets.parametres
    assert (told["maximum_km"], told["maximum_min"]) == (100, 120)
    assert "OpenStreetMap" in told["note"] and [band["de_km"] for band in told["erreurs"]][:2] == [
        0,
        1,
    ]
    matrices = open_trajets(tiny_snapshot)
    assert list(matrices.modes) == ["voiture", "voiture_fluide", "velo", "pied"]
    assert "rien ne les a mesurées" in matrices.parametres["pied"]["note"]
    assert {nom: len(values) for nom, values in matrices.densites.items()} == {
        "origines": 3,
        "places": 3,
    }


def test_the_matrix_is_mapped_from_its_files(tiny_snapshot):
    steps = open_trajets(tiny_snapshot).modes["voiture"].pas
    assert {cost.dtype for cost in steps.values()} == {np.dtype("u2")}
    for array in (steps["km"].data, steps["min"].data, steps["km"].indices):
        while not isinstance(array, mmap.mmap):
            array = array.base
            assert array is not None, "copied into memory"


def test_a_snapshot_without_matrix_says_what_to_do(tiny_frames, tmp_path):
    snapshot = publish(tiny_frames, {"cree_le": CREATED}, tmp_path)
    with pytest.raises(
        SnapshotError, match=r"n'a pas de matrice de trajets. Relancez « geoapp build »"
    ):
        open_trajets(snapshot)


@pytest.mark.parametrize("missing", ["distance_km", "duree_min"])
def test_a_unit_that_is_not_known_stays_unknown(tmp_path, missing, tiny_frames):
    cost = sparse.csr_array(np.array([[1.5, 0.0]], dtype="f4"))
    units = {"distance_km": cost, "duree_min": cost, missing: None}
    costs = Trajets(
        origines=np.array(["a"]), places=np.array(["x", "y"]), **units, parametres={}, mode="velo"
    )
    write_trajets(store_matrices([costs]), tmp_path)
    (tmp_path / "instantane").mkdir()
    opened = open_trajets(type("Opened", (), {"path": tmp_path, "id": "x"}))
    assert opened.defaut == "velo" and list(opened.modes) == ["velo"]
    again = opened.trajets("velo")
    assert getattr(again, missing) is None
    assert sum(getattr(again, nom) is not None for nom in ("distance_km", "duree_min")) == 1


def test_same_tables_same_bytes(tiny_frames, tmp_path):
    one, two = (publish_world(tiny_frames, tmp_path / nom).path / DOSSIER for nom in "ab")
    names, others = (
        sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        for folder in (one, two)
    )
    assert names == others and len(names) >= 7
    assert all((one / nom).read_bytes() == (two / nom).read_bytes() for nom in names)


def test_points_that_do_not_count_and_places_unknown_are_no_rows(tiny_frames):
    frames = {
        **tiny_frames,
        "demande": tiny_frames["demande"].assign(
            est_compte=pd.array([True, False, True], dtype="boolean")
        ),
    }
    assert list_origins(frames)["id_point"].tolist() == ["commune:59001", "commune:80002"]
    places = list_places(frames)
    assert places["id_place"].tolist() == [L1, L2, L3]
    assert places.iloc[0, 1:].tolist() == [2.05, 50.05, "80001", False]


def test_a_place_is_named_by_its_position():
    points = make_points([2.0, np.nan, 1.2345678], [50.0, np.nan, 49.9999999])
    assert place_ids(points).tolist()[::2] == ["50.00000,2.00000", "50.00000,1.23457"]
    assert pd.isna(place_ids(points)[1])


def test_points_in_metres_are_those_of_a_map_in_metres():
    points = make_points([2.0, np.nan, 3.0573], [50.0, np.nan, 50.6292]).set_axis([7, 8, 9])
    metric = points.to_crs(CRS_METRIC)
    for found, told in zip(metric_points(points), (metric.x, metric.y), strict=True):
        pd.testing.assert_series_equal(found, told)


# --- A matrix given by the user
# ---------------------------------------------------------------------

PLACED = ("offres", "offres_voisines", "lieux_information")
"""Tables whose places are joined to people."""

GOOD = [
    ("commune:80001", L1, 12.0, 8.0),
    ("commune:80001", L3, 40.0, 38.0),
    ("80002", L2, 0.0, 0.0),
    ("commune:59001", L3, 900.0, 400.0),
]


def write_matrix(path: Path, rows, columns=COLONNES, **changed) -> Path:
    frame = pd.DataFrame(rows, columns=list(columns)).assign(**changed)
    frame.to_parquet(path, index=False)
    return path


def read(frames, path):
    return read_trajets(
        path, list_origins(frames), list_places(frames)["id_place"].to_numpy(dtype=str)
    )


def test_a_matrix_of_the_user_replaces_the_estimate(tiny_frames, tmp_path):
    path = write_matrix(tmp_path / "m.parquet", GOOD[::-1])
    trajets = choose_trajets(tiny_frames, [(None, path)]).trajets("voiture")
    assert trajets.distance_km.nnz == 4 and trajets.distance_km.has_sorted_indices
    assert trajets.distance_km.toarray().tolist() == [[0, 0, 400], [8, 0, 38], [0, 0, 0]]
    assert trajets.duree_min.toarray()[0, 2] == 900, (
        "pairs beyond the maximum of the estimate are kept"
    )
    assert (
        trajets.parametres["part_population"] == 1.0
        and "m.parquet" in trajets.parametres["fournisseur"]
    )


def test_the_share_of_the_population_is_told(tiny_frames, tmp_path):
    trajets = read(tiny_frames, write_matrix(tmp_path / "m.parquet", GOOD[:3]))
    assert trajets.parametres["part_population"] == round(1200 / 6200, 4)
    assert "19,4\u202f%" in trajets.parametres["note"]


@pytest.mark.parametrize("empty, left", [("time_min", "distance_km"), ("distance_km", "duree_min")])
def test_one_of_the_two_costs_may_be_wholly_empty(tiny_frames, tmp_path, empty, left):
    trajets = read(tiny_frames, write_matrix(tmp_path / "m.parquet", GOOD, **{empty: None}))
    known = {nom: getattr(trajets, nom) is not None for nom in ("distance_km", "duree_min")}
    assert known == {nom: nom == left for nom in known}


def test_a_commune_counted_by_its_cells_stands_for_each_of_them(tiny_frames, tmp_path):
    cells = (
        tiny_frames["demande"]
        .iloc[[1, 1]]
        .assign(id_point=["carreau:a", "carreau:b"], type_point="carreau")
    )
    halls = tiny_frames["demande"].assign(est_compte=pd.array([True, False, True], dtype="boolean"))
    frames = {
        **tiny_frames,
        "demande": gpd.GeoDataFrame(pd.concat([halls, cells], ignore_index=True)),
    }
    trajets = read(frames, write_matrix(tmp_path / "m.parquet", GOOD))
    assert trajets.origines.tolist() == ["commune:59001", "commune:80002", "carreau:a", "carreau:b"]
    assert trajets.distance_km.toarray().tolist() == [
        [0, 0, 400],
        [0, 0, 0],
        [8, 0, 38],
        [8, 0, 38],
    ]
    assert same(
        trajets.distance_km,
        read(
            frames,
            write_matrix(
                tmp_path / "n.parquet",
                [("80001", *row[1:]) if row[0] == "commune:80001" else row for row in GOOD],
            ),
        ).distance_km,
    )
    with pytest.raises(
        SourceError, match=r"1 ligne.*ligne 5 : paire déjà donnée : carreau:b → 50.05"
    ):
        read(frames, write_matrix(tmp_path / "o.parquet", [*GOOD, ("carreau:b", L1, 1.0, 1.0)]))


BAD_ROWS = {
    "paire en double": (
        (*GOOD[0][:2], 1.0, 1.0),
        f"ligne 5 : paire déjà donnée : commune:80001 → {L1}",
    ),
    "code et identifiant": (("80001", L3, 1.0, 1.0), f"ligne 5 : paire déjà donnée : 80001 → {L3}"),
    "coût négatif": (("80002", L1, -1.0, 5.0), "ligne 5 : time_min = -1.0"),
    "coût vide": (("80002", L1, 5.0, None), "ligne 5 : distance_km = vide"),
    "coût infini": (("80002", L1, math.inf, 5.0), "ligne 5 : time_min = inf"),
    "valeur convenue": (
        ("80002", L1, 5.0, 9999.0),
        "ligne 5 : distance_km = 9999.0 (un nombre de 0 à 650 est attendu)",
    ),
    "origine inconnue": (
        ("commune:8001", L1, 5.0, 5.0),
        "origin « commune:8001 » inconnu (le plus proche : « commune:80001 »)",
    ),
    "code inconnu": (
        ("5900", L1, 5.0, 5.0),
        "origin « 5900 » inconnu (le plus proche : « commune:59001 »)",
    ),
    "origine vide": ((None, L1, 5.0, 5.0), "ligne 5 : origin"),
    "destination inconnue": (
        ("80002", "50.05,2.05", 5.0, 5.0),
        f"destination « 50.05,2.05 » inconnu (le plus proche : « {L1} »)",
    ),
    "commande de terminal": (("\x1b[31m", L1, 5.0, 5.0), "origin « ·[31m » inconnu"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_faulty_row_is_named_with_its_reason(tiny_frames, tmp_path, case):
    row, words = BAD_ROWS[case]
    with pytest.raises(SourceError) as caught:
        read(tiny_frames, write_matrix(tmp_path / "m.parquet", [*GOOD, row]))
    assert (
        words in str(caught.value)
        and "1 ligne(s) refusée(s)" in str(caught.value)
        and "geoapp trajets" in str(caught.value)
    )


def test_a_cost_at_the_limits_is_accepted(tiny_frames, tmp_path):
    assert read(
        tiny_frames,
        write_matrix(tmp_path / "m.parquet", [("80001", L1, 0.0, COUT_MAX["distance_km"])]),
    ).distance_km.data.tolist() == [COUT_MAX["distance_km"]]


def test_ten_faulty_rows_are_named_and_all_are_counted(tiny_frames, tmp_path):
    with pytest.raises(SourceError) as caught:
        read(
            tiny_frames,
            write_matrix(
                tmp_path / "m.parquet", [*GOOD, *[("nulle part", L1, -1.0, math.nan)] * 25]
            ),
        )
    assert (
        "25 ligne(s) refusée(s)" in str(caught.value)
        and str(caught.value).count("ligne ") == 10
        and "ligne 14" in str(caught.value)
    )


def test_a_missing_column_proposes_the_nearest_name(tiny_frames, tmp_path):
    with pytest.raises(SourceError, match=r"« time_min » est absente. Est-ce « temps_min »"):
        read(
            tiny_frames,
            write_matrix(
                tmp_path / "m.parquet", GOOD, ("origin", "destination", "temps_min", "distance_km")
            ),
        )


@pytest.mark.parametrize(
    "rows, changed, word",
    [
        (GOOD, {"time_min": None, "distance_km": None}, "ni time_min ni distance_km"),
        ([], {}, "ni time_min ni distance_km"),
        (GOOD, {"time_min": "douze"}, "« time_min » est de type"),
        (GOOD, {"time_min": pd.Timestamp(0)}, "« time_min » est de type"),
    ],
)
def test_a_file_without_costs_is_refused(tiny_frames, tmp_path, rows, changed, word):
    with pytest.raises(SourceError, match=word):
        read(tiny_frames, write_matrix(tmp_path / "m.parquet", rows, **changed))


def test_a_column_given_twice_is_refused(tiny_frames, tmp_path):
    table = pa.table(
        [["a"]] * 2 + [[1.0]] * 3,
        names=["origin", "destination", "time_min", "distance_km", "time_min"],
    )
    pq.write_table(table, tmp_path / "m.parquet")
    with pytest.raises(SourceError, match="« time_min » est donnée plusieurs fois"):
        read(tiny_frames, tmp_path / "m.parquet")


def test_codes_that_became_numbers_are_refused_as_unknown(tiny_frames, tmp_path):
    with pytest.raises(SourceError, match="origin « 1001 » inconnu"):
        read(tiny_frames, write_matrix(tmp_path / "m.parquet", GOOD, origin=1001))


def test_nothing_that_starts_in_the_region_is_refused(tiny_frames, tmp_path):
    outside = tiny_frames["demande"].assign(
        est_region=pd.array([True, False, True], dtype="boolean")
    )
    with pytest.raises(SourceError, match="aucun trajet ne part d'un point de la région"):
        read({**tiny_frames, "demande": outside}, write_matrix(tmp_path / "m.parquet", GOOD[:2]))


@pytest.mark.parametrize("content", [None, b"", b"PAR1 coupe", b"a;b\n1;2\n"])
def test_a_file_that_is_no_parquet_is_refused(tiny_frames, tmp_path, content):
    path = tmp_path / "m.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=r"m.parquet : matrice de trajets illisible"):
        read(tiny_frames, path)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_written_is_what_is_read(tiny_frames, tmp_path, seed):
    """Random matrices, stored zeros and empty rows included, one unit or both."""
    generator = np.random.default_rng(seed)
    estimate = choose_trajets(tiny_frames)
    known = np.flatnonzero(generator.random(9) < 0.6)
    known = known if len(known) else np.array([4])
    indptr = np.searchsorted(known, np.arange(0, 10, 3))

    def draw():
        return sparse.csr_array(
            (
                generator.choice([0.0, 0.1, 7.3, 250.0], len(known)).astype("f4"),
                (known % 3).astype("i4"),
                indptr,
            ),
            shape=(3, 3),
        )

    distance, minutes = (draw(), draw()) if seed % 4 else (None, draw())
    write_parquet(
        Trajets(
            origines=estimate.origines,
            places=estimate.places,
            distance_km=distance,
            duree_min=minutes,
            parametres={},
        ),
        tmp_path / "m.parquet",
    )
    again = read(tiny_frames, tmp_path / "m.parquet")
    assert (again.distance_km is None) == (distance is None) and same(again.duree_min, minutes)
    assert distance is None or same(again.distance_km, distance)


def test_the_command_writes_the_matrix(tiny_snapshot, tmp_path, tiny_frames):
    out = tmp_path / "modele.parquet"
    result = CliRunner().invoke(main, ["trajets", "--out", str(out), "--data", str(tmp_path)])
    assert result.exit_code == 0 and "9 trajets" in result.output, result.output
    assert pq.read_schema(out).names == list(COLONNES)
    again, before = read(tiny_frames, out), open_trajets(tiny_snapshot).trajets("voiture")
    assert same(again.distance_km, before.distance_km) and same(again.duree_min, before.duree_min)


def test_a_folder_that_cannot_be_written_is_told(tiny_snapshot, tmp_path):
    with pytest.raises(StorageError, match="Choisissez un autre dossier"):
        write_parquet(
            open_trajets(tiny_snapshot).trajets("voiture"), tmp_path / "absent" / "m.parquet"
        )


def test_a_matrix_that_is_not_there_is_told_before_anything_is_read(tmp_path):
    result = CliRunner().invoke(
        main, ["build", "--trajets", str(tmp_path / "m.parquet"), "--data", str(tmp_path / "var")]
    )
    assert (
        result.exit_code == 2
        and "Vérifiez le chemin donné à --trajets" in result.stderr
        and not (tmp_path / "var").exists()
    )


# --- The real mirror
# --------------------------------------------------------------------------------


@pytest.mark.real
def test_the_real_matrix_joins_counted_points_to_every_place(real_snapshot):
    trajets = open_trajets(real_snapshot).trajets("voiture")
    demande = real_snapshot.read("demande")
    assert (
        trajets.origines.tolist()
        == demande.loc[demande["est_compte"].astype(bool), "id_point"].tolist()
    )
    places = pd.concat([real_snapshot.read(nom)["id_place"] for nom in PLACED]).dropna()
    assert trajets.places.tolist() == sorted(set(places))
    assert (
        (trajets.distance_km.data < 100.01) | (trajets.duree_min.data < 120.1)
    ).all() and trajets.distance_km.data.min() > 0
    assert real_snapshot.manifest["trajets"]["voiture"] == trajets.parametres
    inside = demande.loc[demande["est_compte"].astype(bool), "est_region"].to_numpy(dtype=bool)
    assert (np.diff(trajets.distance_km.indptr)[inside] > 0).all(), (
        "nobody of the region is out of reach of everything"
    )


@pytest.mark.real
def test_real_distances_hold_against_the_geodesic(real_snapshot):
    trajets, demande = (
        open_trajets(real_snapshot).trajets("voiture"),
        real_snapshot.read("demande").set_index("id_point"),
    )
    points = demande.geometry.loc[trajets.origines]
    offers = pd.concat([real_snapshot.read(nom)[["id_place", "geometry"]] for nom in PLACED])
    places = gpd.GeoSeries(
        offers.dropna(subset="id_place")
        .drop_duplicates("id_place")
        .set_index("id_place")["geometry"]
    ).loc[trajets.places]
    drawn = np.random.default_rng(0).integers(0, trajets.distance_km.nnz, 20_000)
    rows = np.searchsorted(trajets.distance_km.indptr, drawn, side="right") - 1
    columns = trajets.distance_km.indices[drawn]
    metres = GEOD.inv(
        points.x.to_numpy()[rows],
        points.y.to_numpy()[rows],
        places.x.to_numpy()[columns],
        places.y.to_numpy()[columns],
    )[2]
    densities = open_trajets(real_snapshot).densites
    ends = densities["origines"][rows], densities["places"][columns]
    crow, found = np.array(metres) / 1000, trajets.distance_km.data[drawn]
    road, minutes = (oracle("voiture", cost, crow, *ends) for cost in ("route", "temps"))
    # Inside one commune the straight line has a floor: that of the largest one is the longest.
    surfaces = real_snapshot.read("communes").to_crs(2154).area / 1e6
    far = crow > 0.376 * np.sqrt(surfaces.max())
    assert far.mean() > 0.9
    assert np.abs(found - road)[far].max() < 0.009, (
        "places are named to the metre, costs are whole decametres"
    )
    assert np.abs(trajets.duree_min.data[drawn] - minutes)[far].max() < 0.056
    assert (found > road - 0.009).all(), "a floor only raises"


@pytest.mark.real
def test_the_real_matrix_has_the_same_bytes_again(real_snapshot, tmp_path):
    names = ("demande", *PLACED, "communes")
    frames = {nom: real_snapshot.read(nom) for nom in names}
    write_trajets(choose_trajets(frames), tmp_path)
    for path in filter(Path.is_file, (real_snapshot.path / DOSSIER).rglob("*")):
        made = tmp_path / path.relative_to(real_snapshot.path)
        assert path.read_bytes() == made.read_bytes(), path.name


@pytest.mark.usefixtures("no_network")
def test_a_build_takes_the_matrix_that_the_command_wrote(request, tmp_path):
    """That of the demonstration; by night, that of the real mirror."""
    snapshot = request.getfixturevalue("real_snapshot" if NIGHT else "demo_snapshot")
    given = ["--mirror", str(request.getfixturevalue("mirror"))] if NIGHT else []
    out, data = tmp_path / "modele.parquet", tmp_path / "var"
    before = open_trajets(snapshot).trajets("voiture")
    assert write_parquet(before, out) == before.distance_km.nnz
    lend_steps(snapshot, data)
    result = CliRunner().invoke(main, ["build", *given, "--data", str(data), "--trajets", str(out)])
    assert result.exit_code == 0, result.output
    after = open_trajets(open_snapshot(data)).trajets("voiture")
    assert same(after.distance_km, before.distance_km) and same(after.duree_min, before.duree_min)
    assert after.parametres["part_population"] == 1.0
