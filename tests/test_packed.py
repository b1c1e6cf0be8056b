"""Packed tables: read by columns as frames are, checked as they are packed."""

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoapp.core.errors import ContractError
from geoapp.core.packed import Packed
from geoapp.core.schema import TABLES, check, check_references, conform


@pytest.mark.parametrize("nom", ["offres", "sessions"])
def test_a_packed_table_is_asked_as_a_frame(tiny_frames, nom):
    frame = tiny_frames[nom]
    packed = Packed.of(frame, nom)
    assert len(packed) == len(frame)
    assert not packed.empty
    for column in frame:
        assert packed[column].equals(frame[column])
    some = list(frame.columns[3:0:-1])
    assert packed[some].equals(frame[some])


def test_shapes_of_a_packed_table_know_where_they_are(tiny_frames):
    part = Packed.of(tiny_frames["offres"], "offres")[["id_lieu", "geometry"]]
    assert isinstance(part, gpd.GeoDataFrame)
    assert part.crs == tiny_frames["offres"].crs


def test_a_table_that_breaks_its_contract_is_not_packed(tiny_frames):
    with pytest.raises(ContractError, match="sessions"):
        Packed.of(tiny_frames["sessions"].drop(columns="id_action"), "sessions")


def test_a_packed_table_that_refers_to_nothing_is_refused(tiny_frames):
    lost = tiny_frames["sessions"].assign(id_action="nulle part")
    frames = {**tiny_frames, "sessions": Packed.of(lost, "sessions")}
    with pytest.raises(ContractError, match="nulle part"):
        check_references(frames)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["", "é", "z", None])), max_size=6)
)
def test_rows_of_a_table_are_in_the_order_of_its_key(keys):
    table = TABLES["actions_flux"]
    frame = pd.DataFrame(keys, columns=list(table.cle), dtype="str")
    ordered = conform(frame, "actions_flux")
    expected = frame.sort_values(list(table.cle), kind="stable", ignore_index=True)
    assert ordered[list(table.cle)].equals(expected)
    is_unique = not frame.duplicated().any() and frame.notna().all(axis=None)
    assert bool(check.tell_order(expected)) == is_unique
