"""Snapshots: whole or not at all, published by one rename, two kept."""

import json
import os

import geopandas as gpd
import pandas as pd
import pytest

from geoapp.core import schema
from geoapp.core import snapshot as snapshots
from geoapp.core.errors import ContractError, SnapshotError, StorageError
from geoapp.core.files import write_text
from geoapp.core.publishing import publish

MANIFEST = {"cree_le": "2026-11-22T10:00:00Z", "region": "32"}


def test_what_is_published_is_what_is_read(tiny_frames, tmp_path):
    snapshot = publish(tiny_frames, MANIFEST, tmp_path)
    for nom, frame in tiny_frames.items():
        pd.testing.assert_frame_equal(
            pd.DataFrame(snapshot.read(nom)), pd.DataFrame(frame), check_dtype=False
        )
        assert snapshot.manifest["tables"][nom]["lignes"] == len(frame)


def test_same_frames_give_the_same_bytes(tiny_frames, tmp_path):
    one = publish(tiny_frames, MANIFEST, tmp_path / "a").manifest["tables"]
    two = publish(
        tiny_frames, {**MANIFEST, "cree_le": "2027-01-01T00:00:00Z"}, tmp_path / "b"
    ).manifest["tables"]
    assert one == two


def test_two_snapshots_are_kept_and_the_last_is_served(tiny_frames, tmp_path):
    ids = [
        publish(tiny_frames, {**MANIFEST, "cree_le": f"2026-11-22T10:00:0{i}Z"}, tmp_path).id
        for i in range(4)
    ]
    assert [p.name for p in snapshots.list_snapshots(tmp_path)] == ids[-2:]
    assert snapshots.open_snapshot(tmp_path).id == ids[-1]


def test_two_builds_in_one_second_do_not_collide(tiny_frames, tmp_path):
    ids = {publish(tiny_frames, MANIFEST, tmp_path).id for _ in range(3)}
    assert len(ids) == 3 and snapshots.open_snapshot(tmp_path).id == max(ids)


@pytest.mark.parametrize(
    "breakage", ["key", "value", "reference", "missing", "type", "absent", "extra"]
)
def test_a_broken_contract_publishes_nothing(tiny_frames, tmp_path, breakage):
    before = publish(tiny_frames, MANIFEST, tmp_path).id
    frames = {nom: frame.copy() for nom, frame in tiny_frames.items()}
    if breakage == "key":
        frames["actions"] = pd.concat([frames["actions"]] * 2, ignore_index=True)
    elif breakage == "value":
        frames["actions"].loc[0, "voie"] = "par correspondance"
    elif breakage == "reference":
        frames["actions"].loc[0, "id_formation"] = "absente"
    elif breakage == "type":
        frames["sessions"]["capacite"] = frames["sessions"]["capacite"].astype("str")
    elif breakage == "absent":
        frames["sessions"] = frames["sessions"].drop(columns="capacite")
    elif breakage == "extra":
        frames["sessions"]["capacité"] = 1
    else:
        frames["formations"].loc[0, "intitule"] = None
    with pytest.raises(ContractError):
        publish(frames, {**MANIFEST, "cree_le": "2027-01-01T00:00:00Z"}, tmp_path)
    assert (
        snapshots.open_snapshot(tmp_path).id == before
        and len(snapshots.list_snapshots(tmp_path)) == 1
    )


def test_a_write_that_fails_leaves_what_is_served(tiny_frames, tmp_path):
    before = publish(tiny_frames, MANIFEST, tmp_path).id
    folder = tmp_path / snapshots.SNAPSHOTS
    moved = tmp_path / "ailleurs"
    folder.rename(moved)
    folder.write_text("un fichier à la place du dossier")
    with pytest.raises(StorageError, match="GEOAPP_DATA"):
        publish(tiny_frames, {**MANIFEST, "cree_le": "2027-01-01T00:00:00Z"}, tmp_path)
    folder.unlink()
    moved.rename(folder)
    assert snapshots.open_snapshot(tmp_path).id == before


def test_leftovers_of_a_killed_build_are_cleared_but_not_those_of_a_live_one(tiny_frames, tmp_path):
    folder = tmp_path / snapshots.SNAPSHOTS
    dead, alive = (
        folder / ".20261122T100000Z.999999999",
        folder / f".20261122T100000Z.{os.getpid()}",
    )
    dead.mkdir(parents=True)
    alive.mkdir()
    publish(tiny_frames, {**MANIFEST, "cree_le": "2027-01-01T00:00:00Z"}, tmp_path)
    assert not dead.exists() and alive.exists()


def test_no_snapshot_says_what_to_do(tmp_path):
    with pytest.raises(SnapshotError, match="geoapp build"):
        snapshots.open_snapshot(tmp_path)


def test_an_incomplete_snapshot_is_refused(tiny_frames, tmp_path):
    snapshot = publish(tiny_frames, MANIFEST, tmp_path)
    (snapshot.path / "lieux.parquet").unlink()
    with pytest.raises(SnapshotError, match="lieux"):
        snapshots.open_snapshot(tmp_path)


def test_a_snapshot_of_another_version_is_refused_in_words(tiny_frames, tmp_path):
    snapshot = publish(tiny_frames, MANIFEST, tmp_path)
    path = snapshot.path / snapshots.MANIFEST
    path.write_text(
        json.dumps({**json.loads(path.read_text(encoding="utf-8")), "schema": "ancien"}),
        encoding="utf-8",
    )
    with pytest.raises(SnapshotError, match="autre version"):
        snapshots.open_snapshot(tmp_path)


def test_manifest_holds_counts_and_digests(tiny_frames, tmp_path):
    snapshot = publish(tiny_frames, MANIFEST, tmp_path)
    manifest = json.loads((snapshot.path / snapshots.MANIFEST).read_text(encoding="utf-8"))
    assert set(manifest["tables"]) == set(schema.TABLES)
    assert all(len(t["sha256"]) == 64 for t in manifest["tables"].values())


def test_conform_sorts_types_and_completes():
    frame = schema.conform(
        pd.DataFrame(
            {
                "id_session": ["b", "a"],
                "id_action": ["x", "x"],
                "capacite": [3, None],
                "autre": [1, 2],
            }
        ),
        "sessions",
    )
    assert (
        frame["id_session"].tolist() == ["a", "b"] and list(frame) == schema.TABLES["sessions"].noms
    )
    assert (
        frame["capacite"].isna().tolist() == [True, False]
        and str(frame["capacite"].dtype) == "Int64"
    )


def test_conform_keeps_geometry():
    frame = gpd.GeoDataFrame(
        {"id_lieu": ["a"], "id_source": ["s"], "est_douteuse": [False]}, geometry=[None], crs=4326
    )
    assert isinstance(schema.conform(frame, "lieux"), gpd.GeoDataFrame)


def test_write_text_is_whole_or_nothing(tmp_path):
    write_text(tmp_path / "a.txt", "bonjour")
    assert (tmp_path / "a.txt").read_text() == "bonjour"
    with pytest.raises(StorageError):
        write_text(tmp_path / "absent" / "a.txt", "x")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
