"""A share of the fuzzing of `benchmarks/fuzz.py`; GEOAPP_FUZZ=10000 runs it whole.

Orders of rows and sources change nothing.
"""

import os
import random
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from benchmarks.fuzz import SPANS, change_values, mutate, try_files
from benchmarks.fuzz_samples import ECHANTILLONS, FICHIERS
from geoapp.ingest.offers import offer_tables
from geoapp.ingest.territories import load_communes
from geoapp.offer.locating import merge_etablissements
from geoapp.offer.rows import check_offre, split_offre
from geoapp.reference.commune_codes import make_passage
from geoapp.sources.reading import read_source
from geoapp.sources.registry import get_source

DATA = Path(__file__).parent / "data"
OFFERS = [id_source for id_source in FICHIERS if id_source != "mon-compte-formation"]


def test_mutated_files_are_read_or_told_in_time_and_no_row_is_lost():
    # Each sample twice: its form damaged, then its values alone.
    nb = int(os.environ.get("GEOAPP_FUZZ", 2 * len(ECHANTILLONS)))
    outcomes = try_files(range(nb))
    for name in ECHANTILLONS:
        assert outcomes[name, "lu"] or outcomes[name, "refusé"], name
        # A damaged Parquet or UTF-16 file is seldom read: few files do not show it.
        assert nb < 1_000 or (outcomes[name, "lu"] and outcomes[name, "refusé"]), name
    assert sum(nb for (_, issue), nb in outcomes.items() if issue == "lu") > nb / 5


def test_the_same_seed_makes_the_same_files():
    content = (DATA / FICHIERS["lheo-region"]).read_bytes()
    assert mutate(content, random.Random(3)) == mutate(content, random.Random(3)) != content
    for name in FICHIERS.values():
        content, suffix = (DATA / name).read_bytes(), Path(name).suffix
        assert (
            SPANS[suffix].search(content)
            and change_values(content, suffix, random.Random(3)) != content
        )


@pytest.fixture(scope="module")
def world():
    communes = load_communes("32")
    return communes, make_passage(communes, [])


def _tables(flats: dict, communes) -> dict[str, pd.DataFrame]:
    parts = [split_offre(flat, id_source) for id_source, flat in flats.items()]
    tables, _ = offer_tables(
        parts,
        communes=communes,
        etablissements=merge_etablissements([]),
        doubtful_distance_m=1000.0,
    )
    return tables


def _flat(id_source: str, world, rng: random.Random | None = None) -> pd.DataFrame:
    source = get_source(id_source)
    frame = read_source(source, DATA / FICHIERS[id_source]).frame
    if rng:
        frame = frame.sample(frac=1, random_state=rng.randrange(1000))
    return check_offre(frame, source, communes=world[0], passage=world[1]).flat


def test_the_order_of_rows_and_of_sources_changes_no_table(world):
    reference = _tables({id_source: _flat(id_source, world) for id_source in OFFERS}, world[0])
    rng = random.Random(7)
    for _ in range(4 if int(os.environ.get("GEOAPP_FUZZ", "0")) >= 1_000 else 1):
        shuffled = rng.sample(OFFERS, len(OFFERS))
        tables = _tables(
            {id_source: _flat(id_source, world, rng) for id_source in shuffled}, world[0]
        )
        for nom, table in reference.items():
            left, right = (
                t.to_wkb() if isinstance(t, gpd.GeoDataFrame) else t for t in (table, tables[nom])
            )
            pd.testing.assert_frame_equal(left, right)
