"""A build killed at any moment: what is served stays whole, the next build succeeds, nothing is
left behind.

A quick share of the moments runs everywhere; `GEOAPP_KILLS=30` runs thirty.
"""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from geoapp.cli import main
from geoapp.core.files import sha256_of
from geoapp.core.publishing import KEPT
from geoapp.core.snapshot import list_snapshots, open_snapshot
from geoapp.ingest import pipeline
from geoapp.ingest.pipeline import build_snapshot
from geoapp.ingest.steps import DOSSIER
from support.builds import lend_steps
from support.sources import AFFELNET, BTS, BTS_HEADER, BTS_ROW, HEADER, ROW, make_mirror

ROOT = Path(__file__).resolve().parents[1]
KILLS = int(os.environ.get("GEOAPP_KILLS", "1"))
SEED = 2026

pytestmark = pytest.mark.usefixtures("no_network")


def bts(places: int) -> bytes:
    return (BTS_HEADER + BTS_ROW.replace("15\n", f"{places}\n")).encode()


@pytest.fixture(scope="module")
def world(demo_snapshot, tmp_path_factory):
    """A small mirror, built once; how long a build takes, from nothing by night, else from the
    steps of the demonstration: it is soon where it writes what is served.
    """
    folder = tmp_path_factory.mktemp("tue")
    if KILLS == 1:
        lend_steps(demo_snapshot, folder / "var")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        patch.setenv("https_proxy", "http://127.0.0.1:9")
        make_mirror(folder, {AFFELNET: (HEADER + ROW).encode(), BTS: bts(15)})
        start = time.monotonic()
        run(folder).wait()
        return folder, time.monotonic() - start


def run(folder: Path) -> subprocess.Popen:
    """Start a build of the small mirror."""
    command = [
        sys.executable,
        "-m",
        "geoapp",
        "build",
        "--mirror",
        str(folder / "miroir"),
        "--data",
        str(folder / "var"),
    ]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def assert_whole(folder: Path) -> None:
    """Check every table of what is served against its digest and its number of rows."""
    snapshot = open_snapshot(folder / "var")
    for nom, table in snapshot.manifest["tables"].items():
        assert sha256_of(snapshot.path / f"{nom}.parquet") == table["sha256"], nom
        assert len(snapshot.read(nom)) == table["lignes"], nom
    assert (snapshot.path / "recherche.sqlite").exists() and (
        snapshot.path / "trajets" / "voiture" / "mode.json"
    ).exists()


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_build_killed_at_any_moment_harms_nothing(world, kill):
    folder, duration_s = world
    draw = random.Random(SEED + kill)
    # Of many, half of the builds start from nothing, half from the steps kept.
    if draw.random() < 0.5 and KILLS > 1:
        for path in (folder / "var" / DOSSIER).iterdir():
            path.unlink()
    (folder / "miroir" / BTS).write_bytes(bts(20 + kill))
    process = run(folder)
    time.sleep(draw.uniform(0.0, 1.1) * duration_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert_whole(folder)
    snapshot = build_snapshot(mirror=folder / "miroir", data_dir=folder / "var")
    assert_whole(folder)
    offers = snapshot.read("offres")
    assert offers.loc[offers["id_source"].eq("bts-2024"), "capacite"].tolist() == [20 + kill]
    assert len(list_snapshots(folder / "var")) <= KEPT
    left = [
        p.name
        for place in ("", "instantanes", DOSSIER)
        for p in (folder / "var" / place).iterdir()
        if p.name.startswith(".")
    ]
    assert left == []


@pytest.mark.parametrize("failing", ["write_bytes", "symlink_to", "mkdir"])
def test_a_full_disk_is_told_in_french_and_what_is_served_stays(world, monkeypatch, failing):
    folder, _ = world
    before = open_snapshot(folder / "var").id
    real = getattr(Path, failing)

    def full(self, *args, **options):
        if "instantanes" in self.parts or self.name.endswith(".courant"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, *args, **options)

    monkeypatch.setattr(Path, failing, full)
    result = CliRunner().invoke(
        main, ["build", "--mirror", str(folder / "miroir"), "--data", str(folder / "var")]
    )
    monkeypatch.undo()
    assert (
        result.exit_code == 1
        and "Libérez de la place" in result.stderr
        and "L'instantané servi n'a pas changé" in result.stderr
    )
    assert "Traceback" not in result.stderr and open_snapshot(folder / "var").id == before
    assert_whole(folder)


def test_a_folder_that_is_none_is_told_in_french(world, tmp_path, monkeypatch):
    folder, _ = world
    (tmp_path / "var").write_text("un fichier, pas un dossier")
    # At once: nothing is read for a folder that cannot hold it.
    monkeypatch.setattr(pipeline, "read_all", lambda *given: pytest.fail("sources were read"))
    result = CliRunner().invoke(
        main, ["build", "--mirror", str(folder / "miroir"), "--data", str(tmp_path / "var")]
    )
    assert (
        result.exit_code == 1
        and "Impossible d'écrire" in result.stderr
        and "GEOAPP_DATA" in result.stderr
        and "Traceback" not in result.stderr
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="l'utilisateur root écrit partout")
def test_a_read_only_folder_is_told_in_french(world, tmp_path):
    folder, _ = world
    (tmp_path / "var").mkdir(mode=0o500)
    result = CliRunner().invoke(
        main, ["build", "--mirror", str(folder / "miroir"), "--data", str(tmp_path / "var")]
    )
    assert (
        result.exit_code == 1
        and "vérifiez les droits" in result.stderr
        and list((tmp_path / "var").iterdir()) == []
    )
