"""The way back: published snapshots are listed with their state, an earlier one is served again."""

import json
import re
import shlex
import subprocess

import pytest
from click.testing import CliRunner

from geoapp.cli import main
from geoapp.core import publishing
from geoapp.core.config import ROOT, load_settings
from geoapp.core.errors import ParameterError
from geoapp.core.published import list_publications, roll_back
from geoapp.core.snapshot import CURRENT, list_snapshots, open_snapshot
from geoapp.web import create_app
from support.world import publish_world


def publish(frames, folder, second: int) -> str:
    return publish_world(frames, folder, f"2026-01-02T03:04:{second:02d}Z").id


def flip(path) -> None:
    """Change one byte of a file, its size left as it was."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def run(folder, *arguments):
    return CliRunner().invoke(main, [*arguments, "--data", str(folder)])


def test_each_snapshot_is_listed_with_its_size_and_its_state(tiny_frames, tmp_path):
    first, last = (publish(tiny_frames, tmp_path, second) for second in (1, 2))
    flip(list_snapshots(tmp_path)[0] / "offres.parquet")
    found = list_publications(tmp_path)
    assert [(one.id, one.est_servie, one.est_entiere) for one in found] == [
        (last, True, True),
        (first, False, False),
    ]
    size = sum(p.stat().st_size for p in (tmp_path / CURRENT).resolve().rglob("*") if p.is_file())
    assert found[0].octets == size and found[0].cree_le == "2026-01-02T03:04:02Z"
    told = run(tmp_path, "snapshots").output
    assert last in told and "servi" in told and "abîmé (offres.parquet)" in told
    rows = json.loads(run(tmp_path, "snapshots", "--json").output)
    assert [row["id"] for row in rows] == [last, first] and rows[1]["defaut"]


def test_a_backup_made_as_the_guide_says_is_restored_as_it_says(tiny_frames, tmp_path):
    data, again, kept = tmp_path / "donnees", tmp_path / "restaure", tmp_path / "sauvegardes"
    first, last = (publish(tiny_frames, data, second) for second in (1, 2))
    for folder in (data / "etapes", again, kept):
        folder.mkdir()
    guide = (ROOT / "docs" / "exploitation.md").read_text(encoding="utf-8")
    save, restore = re.findall(r"^tar .+$", guide, re.M)
    for command, place in ((save, data), (restore, again)):
        told = command.replace("/var/lib/geoforma", str(place)).replace(
            "/srv/sauvegardes", str(kept)
        )
        subprocess.run(shlex.split(told), check=True)
    assert open_snapshot(again).id == last and not (again / "etapes").exists()
    assert all(one.est_entiere for one in list_publications(again))
    assert "GEOAPP_DATA=/var/lib/geoforma /opt/geoforma/.venv/bin/geoapp rollback ID" in guide
    assert run(again, "rollback", first).exit_code == 0


def test_without_a_snapshot_the_list_says_what_makes_one(tmp_path):
    told = run(tmp_path, "snapshots")
    assert told.exit_code == 0 and "geoapp build" in told.output


def test_the_one_before_is_served_again_without_a_restart(tiny_frames, tmp_path):
    first, last = (publish(tiny_frames, tmp_path, second) for second in (1, 2))
    client = create_app(tmp_path).test_client()
    assert client.get("/pret").json["instantane"] == last
    told = run(tmp_path, "rollback")
    assert told.exit_code == 0 and first in told.output
    assert client.get("/pret").json["instantane"] == first
    assert run(tmp_path, "rollback", last).exit_code == 0
    assert client.get("/pret").json["instantane"] == last


def test_a_build_after_a_rollback_publishes_and_keeps_the_good_one(tiny_frames, tmp_path):
    ids = [publish(tiny_frames, tmp_path, second) for second in (1, 2)]
    roll_back(tmp_path)
    new = publish(tiny_frames, tmp_path, 3)
    assert open_snapshot(tmp_path).id == new
    # The one left aside is the second newest; the one served until now stays for the next time.
    assert [path.name for path in list_snapshots(tmp_path)] == [*ids, new]
    last = publish(tiny_frames, tmp_path, 4)
    assert [path.name for path in list_snapshots(tmp_path)] == [new, last]


@pytest.mark.parametrize("damage", ["flip", "remove", "version"])
def test_a_damaged_snapshot_is_never_put_back(tiny_frames, tmp_path, damage):
    first, last = (publish(tiny_frames, tmp_path, second) for second in (1, 2))
    folder = list_snapshots(tmp_path)[0]
    if damage == "flip":
        flip(folder / "recherche.sqlite")
    elif damage == "remove":
        (folder / "lieux.parquet").unlink()
    else:
        manifest = json.loads((folder / "manifest.json").read_text())
        (folder / "manifest.json").write_text(json.dumps(manifest | {"schema": "autre"}))
    for arguments in (("rollback", first), ("rollback",)):
        told = run(tmp_path, *arguments)
        assert told.exit_code in (1, 2) and "Erreur" in told.output
        assert open_snapshot(tmp_path).id == last


def test_a_damaged_one_is_passed_over_for_an_older_whole_one(tiny_frames, tmp_path, monkeypatch):
    monkeypatch.setattr("geoapp.core.publishing._forget_old", lambda *given: None)
    first, second, _ = (publish(tiny_frames, tmp_path, n) for n in (1, 2, 3))
    flip(list_snapshots(tmp_path)[1] / "offres.parquet")
    assert roll_back(tmp_path) == first
    with pytest.raises(ParameterError, match="Aucun instantané entier avant"):
        roll_back(tmp_path)
    assert second in {one.id for one in list_publications(tmp_path)}


def test_a_link_that_leads_nowhere_is_put_back_on_the_last_whole_one(tiny_frames, tmp_path):
    last = publish(tiny_frames, tmp_path, 1)
    (tmp_path / CURRENT).unlink()
    (tmp_path / CURRENT).symlink_to("instantanes/rien")
    assert roll_back(tmp_path) == last == open_snapshot(tmp_path).id


@pytest.mark.parametrize("name", ["rien", "../..", "/etc", ".", ""])
def test_an_unknown_name_moves_nothing(tiny_frames, tmp_path, name):
    last = publish(tiny_frames, tmp_path, 1)
    assert run(tmp_path, "rollback", name).exit_code == 2
    assert open_snapshot(tmp_path).id == last


def test_how_many_are_kept_is_a_setting(tiny_frames, tmp_path, monkeypatch):
    assert load_settings({"GEOAPP_INSTANTANES": "4"}).snapshots_kept == 4
    for wrong in ("0", "-1", "deux"):
        with pytest.raises(ParameterError, match="GEOAPP_INSTANTANES"):
            load_settings({"GEOAPP_INSTANTANES": wrong})
    for second in range(5):
        created = f"2026-01-02T03:04:{second:02d}Z"
        publishing.publish(tiny_frames, {"cree_le": created}, tmp_path, kept=4)
    assert len(list_snapshots(tmp_path)) == 4
