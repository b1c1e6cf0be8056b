"""The benchmarks run, at a size where no time means anything; what they synthesise is what they
say.
"""

from __future__ import annotations

import gzip

import pytest

from benchmarks import build
from geoapp.ingest.steps import DOSSIER


def test_benchmark_runs_on_the_demonstration_and_prints_ratios(
    demo_snapshot, jobs, no_network, capsys, tmp_path
):
    out, kept = tmp_path / "report.md", demo_snapshot.path.parents[1] / DOSSIER
    options = ["--sizes", "40,80", "--repeat", "1", "--out", str(out), "--etapes", str(kept)]
    assert build.main(options) == 0
    printed = capsys.readouterr().out
    assert jobs == 3 * ["benchmarks.job_geoforma", "benchmarks.job_plain"]
    assert "the demonstration offer" in printed
    assert "| 40 | 80 |" in printed and "× 2.4" in printed
    assert out.read_text(encoding="utf-8") == printed


@pytest.fixture
def source():
    from geoapp.sources.registry import get_source

    return get_source("rco-2020-11")


@pytest.fixture
def rows():
    import pandas as pd

    return pd.DataFrame(
        {
            "id_formation": ["f1", "f2"],
            "id_action": ["a1|a2", "a3"],
            "id_certifinfo": "9",
            "intitule": ["CAP Cuisine", "BTS Soins"],
            "gestionnaire_siret": "50260294900039",
            "gestionnaire_nom": "CFA",
            "formateur_siret": ["50260294900039", None],
            "formateur_nom": ["CFA", None],
            "lieu_adresse": ["1 rue", "2 rue"],
            "lieu_code_insee": ["80001", "59350"],
            "latitude": ["50.1", "50.6"],
            "longitude": ["1.8", "3.0"],
        },
        dtype="str",
    )


@pytest.fixture
def offers(rows, source):
    from benchmarks.synthesise import synthesise_offers

    return synthesise_offers(rows, source, 2000)


def test_synthesised_offers_have_new_identifiers_and_kept_codes(offers):
    assert len(offers) == 2000
    assert offers["id_action"].is_unique and offers["id_formation"].is_unique
    assert set(offers["lieu_code_insee"]) == {"80001", "59350"}


def test_synthesised_titles_and_bodies_repeat_as_in_the_file_of_the_country(offers, rows, source):
    from benchmarks.synthesise import INTITULES, ORGANISMES, count_distinct, synthesise_offers
    from geoapp.reference.codes import check_siret

    assert round(count_distinct(39_510, INTITULES)) == 2_461
    assert 500 <= offers["intitule"].nunique() <= round(count_distinct(2_000, INTITULES)) + 2
    bodies = offers["formateur_siret"]
    assert 100 <= bodies.nunique() <= round(count_distinct(2_000, ORGANISMES)) + 2
    assert check_siret(bodies).equals(bodies)
    # As before: a title by copy of a row.
    assert synthesise_offers(rows, source, 2_000, title_by_copy=True)["intitule"].is_unique


def test_synthesised_places_grow_around_the_known_ones(offers):
    places = offers[["lieu_adresse", "latitude", "longitude"]].drop_duplicates()
    assert 250 <= len(places) <= 300
    shift = (
        offers["latitude"].astype(float)
        - offers["lieu_code_insee"].map({"80001": 50.1, "59350": 50.6})
    ).abs()
    assert shift.max() < 0.03
    assert set(places.loc[places["lieu_adresse"].isin(["1 rue", "2 rue"]), "latitude"]) == {
        "50.1",
        "50.6",
    }


def test_number_of_places_follows_the_offers():
    from benchmarks.synthesise import count_places

    assert [round(count_places(n), -2) for n in (2_000, 20_000, 200_000)] == [300, 2_100, 15_000]


def test_same_seed_gives_the_same_offers(offers, source):
    from benchmarks.synthesise import synthesise_offers

    rows = offers.head(7).reset_index(drop=True)
    assert synthesise_offers(rows, source, 50).equals(synthesise_offers(rows, source, 50))
    assert not synthesise_offers(rows, source, 50).equals(
        synthesise_offers(rows, source, 50, seed=1)
    )


def test_the_last_row_and_no_other_is_cut_from_a_plain_or_gzipped_file(tmp_path):
    from benchmarks.incremental import cut_last_row

    for name, write, read in (
        ("a.csv", lambda b: b, lambda b: b),
        ("a.csv.gz", gzip.compress, gzip.decompress),
    ):
        path = tmp_path / name
        path.write_bytes(write(b"code;nom\r\n1;Lille\r\n2;Arras\r\n"))
        cut_last_row(path)
        assert read(path.read_bytes()) == b"code;nom\r\n1;Lille\r\n"
