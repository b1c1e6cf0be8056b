"""Laws of travel: what they say, how they are fitted and judged, what their files hold."""

from __future__ import annotations

import gzip
import json
import math

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from geoapp.cli import main
from geoapp.core.errors import ContractError, ParameterError, SourceError
from geoapp.core.geometry import GEOD
from geoapp.coverage.travel import law as module_law
from geoapp.coverage.travel.crow import near_pairs, pair_km, to_ecef
from geoapp.coverage.travel.declared import declare_law
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.fitting import (
    Lot,
    check_sound,
    describe,
    fit_law,
    half_of,
    make_lot,
)
from geoapp.coverage.travel.intrazonal import Floors
from geoapp.coverage.travel.judging import band_errors, judge_law, quantile
from geoapp.coverage.travel.law import (
    FICHIER,
    Courbe,
    Lines,
    build_costs,
    empty_law,
    load_laws,
    write_law,
)
from geoapp.coverage.travel.pairs import COLONNES, Pairs, read_pairs
from geoapp.reference.communes.population_points import load_population_points
from support.law_oracle import oracle

LOIS = load_laws()
LILLE, THIERACHE = (3.0636, 50.6365), (3.9, 49.85)


@pytest.mark.parametrize("mode", LOIS)
def test_a_law_is_that_of_its_file_by_an_oracle(mode):
    law = LOIS[mode]
    for crow in (0.05, 0.9, 4.9, 5.1, 14.0, 24.0, 60.0, 149.0):
        for ends in ((20.0, 40.0), (900.0, math.nan), (9000.0, 30000.0)):
            assert law.minutes(crow, *ends) == pytest.approx(oracle(mode, "temps", crow, *ends))
            assert law.road_km(crow, *ends) == pytest.approx(oracle(mode, "route", crow, *ends))


@pytest.mark.parametrize("mode", LOIS)
def test_a_law_is_sound_from_a_metre_to_beyond_its_range(mode):
    law, crow = LOIS[mode], np.geomspace(0.001, 400, 3000)
    check_sound(law)
    for density in (0.0, 60.0, 1000.0, 30_000.0, np.nan):
        for cost in (law.minutes, law.road_km):
            assert (np.diff(cost(crow, density, density)) > 0).all()
        assert (law.road_km(crow, density, density) >= crow).all()
        assert law.minutes(0.0, density, density) == law.road_km(0.0, density, density) == 0


def test_a_fluid_road_is_never_slower_than_one_with_traffic():
    crow = np.geomspace(0.01, 150, 500)
    for density in (0.0, 300.0, 5000.0, 30_000.0):
        ends = (density, density)
        assert (
            LOIS["voiture_fluide"].minutes(crow, *ends) <= LOIS["voiture"].minutes(crow, *ends)
        ).all()


@pytest.mark.parametrize("mode", LOIS)
def test_a_detour_by_a_third_commune_never_saves_a_trip(mode):
    communes, _ = load_population_points()
    region = communes[(communes[:, 1] > 48.9) & (communes[:, 0] > 1.4) & (communes[:, 0] < 4.2)]
    rng = np.random.default_rng(3)
    towns = region[rng.integers(len(region), size=1_500)]
    density, trips = density_around(towns), rng.integers(len(towns), size=(20_000, 3))

    def minutes(start: np.ndarray, end: np.ndarray) -> np.ndarray:
        return LOIS[mode].minutes(pair_km(towns[start], towns[end]), density[start], density[end])

    start, middle, end = trips[(np.diff(trips, append=trips[:, :1]) != 0).all(axis=1)].T
    through = minutes(start, middle) + minutes(middle, end)
    # Densities differ by the ends: a hundredth is the most that one law and another may differ.
    assert (minutes(start, end) / through).max() < 1.01


def test_what_is_not_measured_says_so_and_is_what_the_code_declares():
    for mode, law in LOIS.items():
        if mode in ("velo", "pied"):
            assert law == declare_law(mode, law.date)
            assert not law.est_mesuree and {band.biais for band in law.errors} == {None}
        else:
            assert law.est_mesuree and law.nb_paires > 20_000 and "OpenStreetMap" in law.licence
            assert all(band.nb > 100 for band in law.errors)
        assert law.source and law.perimetre and law.date
    # Five kilometres an hour on 4/π of the straight line, fifteen by bicycle.
    assert LOIS["pied"].minutes(1.0) == pytest.approx(12 * 4 / math.pi, rel=1e-3)
    assert LOIS["velo"].minutes(3.0) == pytest.approx(12 * 4 / math.pi, rel=1e-3)
    with pytest.raises(ParameterError, match="au moins un fichier"):
        declare_law("voiture", "2026-11-29")


def test_the_errors_of_the_usual_law_are_within_what_is_asked():
    for bands, most in ((LOIS["voiture"].errors, 0.12), (LOIS["voiture"].errors_km, 0.10)):
        held = {band.de_km: band for band in bands if band.de_km >= 3}
        assert sorted(held) == [3, 5, 10, 20, 40]
        assert all(abs(band.biais) <= 0.04 and band.mediane <= most for band in held.values())


# --- Density --------------------------------------------------------------------------------------


def test_density_is_a_gaussian_of_the_communes_by_an_oracle():
    lonlat, people = load_population_points()
    for point in (LILLE, THIERACHE):
        metres = np.array(GEOD.inv(*[np.full(len(lonlat), one) for one in point], *lonlat.T)[2])
        km = metres[metres < 10_000] / 1000
        expected = sum(
            n * math.exp(-(d**2) / 12.5) / (2 * math.pi * 6.25)
            for n, d in zip(people[metres < 10_000], km, strict=True)
        )
        assert density_around([point])[0] == pytest.approx(expected, rel=2e-3)
    city, country = density_around([LILLE, THIERACHE])
    assert city > 3000 and country < 150


def test_density_is_unknown_where_no_commune_is_in_reach():
    found = density_around([(4.35, 50.85), (55.5, -21.1), (np.nan, 50.0), LILLE])
    assert np.isnan(found).tolist() == [True, True, True, False]


def test_blocks_change_no_density(monkeypatch):
    points = np.random.default_rng(1).uniform([1.6, 49.0], [4.2, 51.0], (57, 2))
    whole = density_around(points)
    monkeypatch.setattr("geoapp.coverage.travel.density._BLOC", 10)
    np.testing.assert_array_equal(whole, density_around(points))


def test_every_commune_of_the_region_is_counted():
    _, people = load_population_points()
    assert len(people) > 34_000 and 65e6 < people.sum() < 67e6
    shipped = pd.read_parquet(
        FICHIER.parent / "communes.parquet", columns=["population", "code_region"]
    )
    region = shipped[shipped["code_region"] == "32"]
    table = pd.read_parquet(FICHIER.parent / "communes_population.parquet")
    codes = pd.read_parquet(
        FICHIER.parent / "communes.parquet", columns=["code_commune", "code_region"]
    )
    mine = table[
        table["code_commune"].isin(codes.loc[codes["code_region"] == "32", "code_commune"])
    ]
    assert mine["population"].sum() == region["population"].sum()


# --- Matrices -------------------------------------------------------------------------------------


def _points(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform([1.4, 48.6], [4.3, 51.1], (count, 2))


def test_costs_are_the_law_of_every_pair_in_reach(monkeypatch):
    origins, places, law = _points(41, 1), _points(17, 2), LOIS["voiture"]
    ends = density_around(origins), density_around(places)
    km, minutes = build_costs(law, origins, places, *ends, 60.0)
    expected = {}
    for i, a in enumerate(origins):
        for j, b in enumerate(places):
            crow = GEOD.inv(*a, *b)[2] / 1000
            cost = oracle("voiture", "temps", crow, ends[0][i], ends[1][j])
            if cost <= 60:
                expected[i, j] = cost, oracle("voiture", "route", crow, ends[0][i], ends[1][j])
    found = dict(
        zip(
            zip(*(axis.tolist() for axis in minutes.nonzero()), strict=True),
            zip(minutes.data.tolist(), km.data.tolist(), strict=True),
            strict=True,
        )
    )
    assert found.keys() == expected.keys() and 20 < len(found) < 41 * 17
    for pair, costs in expected.items():
        assert found[pair] == pytest.approx(costs, rel=1e-5)
    assert minutes.has_sorted_indices and km.data.dtype == minutes.data.dtype == np.float32
    monkeypatch.setattr(module_law, "_PAIRES", 50)
    again = build_costs(law, origins, places, *ends, 60.0)
    assert all(
        np.array_equal(getattr(one, nom), getattr(other, nom))
        for one, other in zip((km, minutes), again, strict=True)
        for nom in ("indptr", "indices", "data")
    )


def test_pairs_in_reach_are_those_of_the_arcs_and_their_kilometres_too():
    origins, places = _points(30, 5), _points(40, 6)
    pairs, km = near_pairs(to_ecef(origins), to_ecef(places).T, 90.0)
    arcs = pair_km(np.repeat(origins, 40, axis=0), np.tile(places, (30, 1)))
    assert np.array_equal(pairs, np.flatnonzero(arcs <= 90.0)) and 100 < len(pairs) < 1200
    assert km.dtype == np.float32
    # Two roundings of float32: no more than its arcsine alone would differ by.
    assert np.allclose(km, arcs[pairs], rtol=3e-7, atol=0)


def test_a_longer_threshold_loses_nothing():
    origins, places = _points(60, 3), _points(20, 4)
    ends = density_around(origins), density_around(places)
    short, long = (
        build_costs(LOIS["voiture_fluide"], origins, places, *ends, most)[1].toarray()
        for most in (30.0, 90.0)
    )
    assert (long[short > 0] == short[short > 0]).all() and (long > 0).sum() > (short > 0).sum()


def test_the_same_point_is_a_stored_zero_and_a_floor_comes_before_the_law():
    here, law = np.array([[2.0, 50.0], [2.0, 50.0]]), LOIS["voiture"]
    none = np.array([np.nan, np.nan])
    _, minutes = build_costs(law, here, here[:1], none, none[:1], 10.0)
    assert (minutes.nnz, minutes.data.tolist()) == (2, [0.0, 0.0])
    floors = Floors(
        rows=np.array([1]),
        columns=np.array([0]),
        km=np.array([2.0], "f4"),
        least=np.array([0.1, 0.1], "f4"),
    )
    km, minutes = build_costs(law, here, here[:1], none, none[:1], 10.0, floors)
    assert minutes.data == pytest.approx(law.minutes([0.1, 2.0]), rel=1e-5)
    assert km.data == pytest.approx(law.road_km([0.1, 2.0]), rel=1e-5)


@pytest.mark.parametrize("origins, places", [(0, 0), (0, 3), (3, 0)])
def test_nothing_on_a_side_gives_an_empty_matrix(origins, places):
    km, minutes = build_costs(
        LOIS["voiture"],
        _points(origins, 1),
        _points(places, 1),
        np.full(origins, 9.0),
        np.full(places, 9.0),
        60.0,
    )
    assert km.shape == minutes.shape == (origins, places) and km.nnz == 0


# --- Pairs ----------------------------------------------------------------------------------------

ROW = {
    "o_lon": "2.3",
    "o_lat": "49.9",
    "d_lon": "2.5",
    "d_lat": "50.0",
    "driving_s": "1500",
    "driving_m": "22000",
}


def _csv(path, rows, *, sep=";", comma=False, encoding="utf-8", columns=("x", *COLONNES)):
    lines = [sep.join(columns)]
    for row in rows:
        cells = [row.get(nom, "1") for nom in columns]
        lines.append(sep.join(cell.replace(".", ",") if comma else cell for cell in cells))
    content = "\n".join(lines).encode(encoding)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize(
    "name, options",
    [
        ("a.csv", {"sep": ","}),
        ("a.csv", {"comma": True}),
        ("a.csv.gz", {}),
        ("a.csv", {"encoding": "utf-8-sig", "columns": COLONNES}),
    ],
)
def test_pairs_are_read_however_they_are_written(tmp_path, name, options):
    same = {**ROW, "d_lon": "2.3", "d_lat": "49.9"}
    pairs = read_pairs(_csv(tmp_path / name, [ROW, same, {**ROW, "driving_s": "0"}], **options))
    assert (len(pairs), pairs.nb_exclues) == (1, 2)
    assert (pairs.minutes[0], pairs.road_km[0]) == (25.0, 22.0)
    assert pairs.crow_km[0] == pytest.approx(GEOD.inv(2.3, 49.9, 2.5, 50.0)[2] / 1000, rel=1e-6)


@pytest.mark.parametrize(
    "changed, words",
    [
        ({"o_lat": "95"}, "ligne 3 : o_lat = « 95 »"),
        ({"d_lon": "à Lille"}, "ligne 3 : d_lon = « à Lille »"),
        ({"driving_s": "-4"}, "ligne 3 : driving_s = « -4 »"),
        ({"driving_m": ""}, "ligne 3 : driving_m = «  »"),
    ],
)
def test_a_faulty_row_is_named_with_its_cure(tmp_path, changed, words):
    with pytest.raises(SourceError) as error:
        read_pairs(_csv(tmp_path / "p.csv", [ROW, {**ROW, **changed}]))
    assert words in str(error.value) and "Corrigez ou retirez" in str(error.value)


def test_a_file_that_cannot_be_judged_says_why(tmp_path):
    for content, words in (
        (b"", "illisible"),
        (b"\xff\xfe\x00", "illisible"),
        (b"o_lon;o_lat\n1;2\n", "colonne d_lon absente"),
    ):
        (tmp_path / "p.csv").write_bytes(content)
        with pytest.raises(SourceError, match=words):
            read_pairs(tmp_path / "p.csv")
    with pytest.raises(SourceError, match="aucun trajet"):
        read_pairs(_csv(tmp_path / "p.csv", []))
    with pytest.raises(SourceError, match="illisible"):
        read_pairs(tmp_path / "absent.csv")
    (tmp_path / "p.csv.gz").write_bytes(b"not gzip")
    with pytest.raises(SourceError, match="illisible"):
        read_pairs(tmp_path / "p.csv.gz")


# --- Errors and fit -------------------------------------------------------------------------------


def test_errors_by_band_are_medians_worked_out_by_hand():
    crow = np.array([0.5, 1.0, 2.0, 2.9, 9.0, 80.0])
    bands = band_errors(crow, np.array([0.1, -0.2, 0.1, 0.5, -0.3, 9.0]))
    assert [(band.de_km, band.a_km, band.nb) for band in bands] == [
        (0, 1, 1),
        (1, 3, 3),
        (5, 10, 1),
    ]
    assert (bands[1].biais, bands[1].mediane, bands[1].p90) == (0.1, 0.2, 0.44)
    assert quantile(np.array([1.0, 2.0, 3.0]), 0.5, np.array([1.0, 1.0, 5.0])) == 3.0


def _lot(curve: Courbe, count: int = 3000, noise: float = 0.1) -> Lot:
    """Return trips that follow a curve of minutes, by a road 1.4 times the straight line."""
    draw = np.random.default_rng(7)
    crow, density = draw.uniform(0.5, 70, count), draw.uniform(20, 5000, (2, count))
    mean = np.log1p(density / 100).mean(axis=0)
    minutes = np.exp(describe(crow, mean) @ [curve.constante, *curve.pentes, *curve.densite])
    origins = draw.uniform(1, 4, (count, 2))
    pairs = Pairs(
        nom="p",
        origins=origins,
        ends=origins,
        crow_km=crow,
        minutes=minutes * np.exp(draw.normal(0, noise, count)),
        road_km=crow * 1.4,
        nb_exclues=0,
    )
    return Lot(pairs, *density)


WORDS = {"source": "s", "perimetre": "p", "licence": "l", "date": "2026-11-29"}


def test_a_fit_finds_the_curve_behind_the_trips_and_the_size_of_their_errors():
    curve = Courbe(1.2, (0.9, -0.08, -0.02), (0.1, -0.04, 0.0))
    law = fit_law(empty_law("voiture", **WORDS), [_lot(curve)])
    crow, density = np.array([2.0, 8.0, 30.0, 60.0]), np.array([50.0, 4000.0, 300.0, 1000.0])
    truth = curve.cost(Lines(crow), np.log1p(density / 100))
    assert law.minutes(crow, density, density) == pytest.approx(truth, rel=0.05)
    assert law.road_km(crow, density, density) == pytest.approx(crow * 1.4, rel=1e-3)
    # The median size of a normal error of 0.1 is 0.067.
    assert all(band.mediane == pytest.approx(0.067, abs=0.03) for band in law.errors)
    assert law.est_mesuree and law.nb_paires == 3000


def test_the_errors_are_those_of_trips_that_the_fit_has_not_seen():
    lot = _lot(Courbe(1.2, (0.9, 0, 0)), noise=0.3)
    halves = half_of(lot.pairs)
    assert 0.45 < halves.mean() < 0.55
    again = lot.take(np.arange(0, 3000, 3))
    assert (half_of(again.pairs) == halves[::3]).all()


def test_a_fit_that_is_not_sound_or_has_no_trips_is_refused():
    with pytest.raises(ContractError, match="ne croissent pas"):
        fit_law(empty_law("voiture", **WORDS), [_lot(Courbe(3.0, (-0.3, 0, 0)))])
    few = _lot(Courbe(1.2), count=300)
    with pytest.raises(ParameterError, match="500 trajets"):
        fit_law(empty_law("voiture", **WORDS), [few])


def test_usual_traffic_is_taken_out_from_three_kilometres_of_road(tmp_path):
    near = {**ROW, "d_lon": "2.31", "d_lat": "49.91", "driving_s": "270", "driving_m": "2999"}
    at = {**near, "driving_m": "3000"}
    lot = make_lot(read_pairs(_csv(tmp_path / "p.csv", [near, at])), has_traffic=True)
    assert lot.pairs.minutes == pytest.approx([4.5, 4.5 / 1.35])


def test_a_law_is_read_as_it_was_written_and_leaves_the_others(tmp_path):
    path = tmp_path / "lois.json"
    write_law(LOIS["voiture_fluide"], path)
    write_law(declare_law("pied", "2026-11-29"), path)
    again = load_laws(path)
    assert again["voiture_fluide"] == LOIS["voiture_fluide"] and list(again) == [
        "voiture_fluide",
        "pied",
    ]


# --- Commands -------------------------------------------------------------------------------------


def test_the_command_judges_a_law_in_words_and_in_json(tmp_path):
    crow = GEOD.inv(2.3, 49.9, 2.5, 50.0)[2] / 1000
    ends = density_around([(2.3, 49.9)])[0], density_around([(2.5, 50.0)])[0]
    seconds = oracle("voiture", "temps", crow, *ends) * 60
    path = _csv(tmp_path / "p.csv", [{**ROW, "driving_s": str(seconds / 1.1)}])
    told = CliRunner().invoke(main, ["trajets", "evaluer", str(path), "--json"])
    assert told.exit_code == 0, told.output
    told = json.loads(told.output)
    assert told["mode"] == "voiture" and [band["de_km"] for band in told["bandes"]] == [10]
    assert told["bandes"][0]["minutes"] == {"biais": 0.1, "mediane": 0.1, "p90": 0.1}
    assert told["autres_lois"]["voiture_fluide"]["minutes"]["biais"] < 0
    words = CliRunner().invoke(main, ["trajets", "evaluer", str(path)]).output
    assert "+10,0 %" in words and "Avec la loi « En voiture, sans bouchon »" in words
    wrong = CliRunner().invoke(main, ["trajets", "evaluer", str(tmp_path / "absent.csv")])
    assert wrong.exit_code == 1 and "illisible" in wrong.output


def test_the_command_declares_what_is_not_fitted(tmp_path):
    out = tmp_path / "lois.json"
    asked = ["trajets", "calibrer", "--mode", "velo", "--date", "2026-11-29", "--out", str(out)]
    assert CliRunner().invoke(main, asked).exit_code == 0
    assert load_laws(out)["velo"] == declare_law("velo", "2026-11-29")
    path = _csv(tmp_path / "p.csv", [ROW])
    refused = CliRunner().invoke(main, [*asked[:2], str(path), *asked[2:], "--poids", "1,2"])
    assert refused.exit_code == 2 and "--poids" in refused.output


@pytest.mark.real
def test_the_usual_law_is_that_of_the_known_trips_and_holds_on_those_kept_apart(mirror):
    path = mirror / "reseau" / "osrm_voiture_paires_hdf.csv.gz"
    if not path.exists():
        pytest.skip("trajets connus absents du miroir")
    pairs, law = read_pairs(path), LOIS["voiture"]
    words = {nom: getattr(law, nom) for nom in ("source", "perimetre", "licence", "date")}
    assert fit_law(empty_law("voiture", **words), [make_lot(pairs)]) == law
    # By one half alone, on the other half alone.
    halves = half_of(pairs)
    seen = fit_law(empty_law("voiture", **words), [make_lot(pairs.take(halves == 0))])
    judged = judge_law(seen, pairs.take(halves == 1))
    for bands, most in ((judged.minutes, 0.12), (judged.road_km, 0.10)):
        for band in bands:
            if band.de_km >= 3:
                assert abs(band.biais) <= 0.05 and band.mediane <= most, band


@pytest.mark.real
def test_the_fluid_law_holds_on_trips_to_paris_that_it_has_not_seen(mirror):
    path = mirror.parent / "truth" / "osrm_times" / "hdf_communes_osrm_car_to_paris.csv"
    if not path.exists():
        pytest.skip("trajets vers Paris absents (dossier shared/truth à côté du dépôt)")
    trips = pd.read_csv(path)
    trips = trips[trips["crow_km"].between(30, 110)]
    ends = density_around(trips[["lon", "lat"]].to_numpy()), density_around([(2.3525, 48.8564)])
    error = (
        LOIS["voiture_fluide"].minutes(trips["crow_km"].to_numpy(), *ends) / trips["duration_min"]
        - 1
    )
    assert len(trips) > 1000 and abs(error.median()) < 0.08 and error.abs().median() < 0.10
