"""Same input, same bytes; and the order of the rows of a source changes no table that is served."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pandas as pd
import pytest

from geoapp.core.schema import TABLES
from geoapp.ingest.pipeline import build_snapshot
from support.builds import LUS, lend_steps, note_reads
from support.examples import NIGHT
from support.sources import SHUFFLED

LINES = ("rejets", "corrections", "sources")
"""Tables that tell of the lines or the digest of a file: equal but for these when rows are
shuffled.
"""


def digests(snapshot) -> dict[str, str]:
    """Return the sha256 of every table of a snapshot."""
    return {nom: table["sha256"] for nom, table in snapshot.manifest["tables"].items()}


@pytest.mark.real
def test_shuffled_rows_of_the_mirror_give_the_same_tables(real_snapshot, shuffled_snapshot):
    shuffled = shuffled_snapshot
    one, other = digests(real_snapshot), digests(shuffled)
    assert [nom for nom in TABLES if one[nom] != other[nom] and nom not in LINES] == []
    for nom, aside in (
        ("sources", ["sha256"]),
        ("corrections", ["ligne"]),
        ("rejets", ["ligne", "raison"]),
    ):
        assert_same_records(real_snapshot.read(nom), shuffled.read(nom), aside)


@pytest.mark.real
def test_a_build_of_what_changed_gives_the_bytes_of_a_whole_one(real_snapshot, shuffled_snapshot):
    """It starts from what a build of other rows kept: five files are read, no other, and all that
    they change is done again.
    """
    read = (shuffled_snapshot.path.parents[1] / LUS).read_text(encoding="utf-8").splitlines()
    if not NIGHT:
        assert set(read) == set(SHUFFLED)  # one of them feeds both the offer and its statistics
    one, other = file_digests(real_snapshot), file_digests(shuffled_snapshot)
    assert set(one) == set(other)
    assert {nom for nom in one if one[nom] != other[nom]} <= {f"{nom}.parquet" for nom in LINES}


@pytest.mark.real
@pytest.mark.skipif(not NIGHT, reason="the build above shows it but for the tables of lines")
def test_two_builds_of_the_mirror_give_the_same_bytes_one_of_them_incremental(
    mirror, real_snapshot, shuffled_snapshot, tmp_path, monkeypatch
):
    """The second starts from what a build of other rows kept."""
    read = note_reads(monkeypatch)
    lend_steps(shuffled_snapshot, tmp_path)
    again = build_snapshot(mirror=mirror, data_dir=tmp_path)
    assert set(read) == set(SHUFFLED)
    assert set(digests(again)) == set(TABLES)
    assert digests(again) == digests(real_snapshot)
    assert file_digests(again) == file_digests(real_snapshot)


def file_digests(snapshot) -> dict[str, str]:
    """Return the sha256 of every file of a snapshot (tables, index, matrix) but its manifest, which
    bears its date.
    """
    files = (
        path for path in snapshot.path.rglob("*") if path.is_file() and path.name != "manifest.json"
    )
    return {
        path.relative_to(snapshot.path).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def assert_same_records(one: pd.DataFrame, other: pd.DataFrame, aside: list[str]) -> None:
    """Check that two tables hold the same records, whatever their order, but for some columns."""
    kept = one.columns.drop(aside)
    pd.testing.assert_frame_equal(
        *(frame[kept].sort_values(list(kept), ignore_index=True) for frame in (one, other))
    )


@pytest.fixture(scope="module")
def world():
    """Return the communes shipped with the product and a few establishments."""
    from geoapp.ingest.territories import load_communes
    from geoapp.offer.locating import merge_etablissements

    known = pd.DataFrame(
        {
            "code_uai": ["0590001F", "0590001F", "0590002G"],
            "nom": ["Lycée B", "Lycée A", "Lycée C"],
            "latitude": ["50.64", "50.63", None],
            "longitude": ["3.06", "3.05", None],
            "code_commune": ["59350", None, "59512"],
        },
        dtype="str",
    )
    return load_communes("32"), lambda seed: merge_etablissements(
        [known.sample(frac=1, random_state=seed)]
    )


def difficult_offer() -> pd.DataFrame:
    """Return a flat offer full of ties: ids that repeat, contents that differ, bodies of several
    names.
    """
    rng = random.Random(2020)
    rows = [
        {
            "id_formation": f"f{rng.randrange(20)}",
            "id_action": f"a{rng.randrange(30)}",
            "intitule": rng.choice(["CAP Cuisine", "CAP cuisine", "BTS Soins", "Bac pro Bois"]),
            "niveau": rng.choice(["3", "4", "5", None]),
            "code_formacode": rng.choice(["42752", None]),
            "responsable_siret": rng.choice(["51887593500018", None]),
            "responsable_nom": rng.choice(["CFA du Nord", "CFA DU NORD", "Cfa du nord", None]),
            "formateur_uai": rng.choice(["0602106N", None]),
            "formateur_nom": rng.choice(["Le Belloy", "LE BELLOY"]),
            "voie": "apprentissage",
            "periodes": rng.choice(["2020-09|2021-09", "2021-09|2020-09|2021-09", "2020", None]),
            "capacite": rng.choice(["12", "24", None]),
            "lieu_uai": rng.choice(["0590001F", "0590002G", None]),
            "lieu_adresse": rng.choice(["1 rue", "2 rue", None]),
            "lieu_code_commune": rng.choice(["59350", "59512", "60057"]),
            **rng.choice(
                [
                    {"latitude": "50.63", "longitude": "3.06"},
                    {"latitude": "3.06", "longitude": "50.63"},
                    {},
                ]
            ),
        }
        for _ in range(300)
    ]
    return pd.DataFrame(rows, dtype="str")


def build_offer(flat: pd.DataFrame, world, folder: Path, seed: int) -> dict[str, bytes]:
    """Return the Parquet bytes of every offer table, from a CSV file."""
    from geoapp.ingest.offers import offer_tables
    from geoapp.offer.rows import check_offre, split_offre
    from geoapp.reference.commune_codes import make_passage
    from geoapp.sources.reading import read_source
    from geoapp.sources.registry import Source

    communes, etablissements = world
    flat.to_csv(folder / f"{seed}.csv", index=False)
    source = Source(
        id="essai",
        titre="Essai",
        producteur="Nous",
        licence="Licence Ouverte 2.0",
        millesime="2020",
        usage="offre",
        format="csv",
        colonnes={name: name for name in flat.columns},
    )
    checked = check_offre(
        read_source(source, folder / f"{seed}.csv").frame,
        source,
        communes=communes,
        passage=make_passage(communes, []),
    )
    tables, repairs = offer_tables(
        [split_offre(checked.flat, "essai")],
        communes=communes,
        etablissements=etablissements(seed),
        doubtful_distance_m=1000.0,
    )
    assert len(checked.flat) + len(checked.rejets) == len(flat)
    return {
        nom: table.to_parquet() if nom != "lieux" else to_bytes(table)
        for nom, table in {**tables, "reparations": repairs.sort_index()}.items()
    }


def to_bytes(lieux) -> bytes:
    """Return a table of points as bytes."""
    return pd.DataFrame(lieux.to_wkb(hex=True)).to_parquet()


@pytest.fixture(scope="module")
def in_order(world, tmp_path_factory) -> dict[str, bytes]:
    return build_offer(difficult_offer(), world, tmp_path_factory.mktemp("ordre"), 0)


def test_the_offer_built_twice_gives_the_same_bytes(world, in_order, tmp_path):
    assert build_offer(difficult_offer(), world, tmp_path, 0) == in_order


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shuffled_offer_gives_the_same_bytes(world, in_order, tmp_path, seed):
    shuffled = build_offer(
        difficult_offer().sample(frac=1, random_state=seed), world, tmp_path, seed
    )
    assert [nom for nom, content in in_order.items() if shuffled[nom] != content] == []
