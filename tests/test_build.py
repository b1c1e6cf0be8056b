"""The build on small mirrors and on demonstration data: origin of each source, failures, kills."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from geoapp.cli import main
from geoapp.cli.info import describe_snapshot
from geoapp.core.snapshot import list_snapshots, open_snapshot
from geoapp.ingest.pipeline import build_snapshot
from support.builds import NB_DEMO, lend_steps
from support.examples import NIGHT
from support.sources import AFFELNET, HEADER, ROW, make_mirror

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.usefixtures("no_network")


@pytest.fixture(scope="module")
def demo(demo_snapshot, tmp_path_factory):
    """A copy of our own of the snapshot made without any mirror, on a machine without network."""
    folder = tmp_path_factory.mktemp("demo") / "var"
    shutil.copytree(demo_snapshot.path.parents[1], folder, symlinks=True)
    return folder


@pytest.fixture
def var(demo_snapshot, tmp_path):
    """An empty data folder, but for the steps that the build of the demonstration kept."""
    lend_steps(demo_snapshot, tmp_path / "var")
    return tmp_path / "var"


def test_without_mirror_every_missing_source_says_it_is_fictitious(demo):
    info = describe_snapshot(open_snapshot(demo))
    fictive = {s["id"]: s for s in info["sources"] if s["mode"] == "demonstration"}
    assert set(fictive) == {"rco-2020-11", "ze2020", "zrr-2021", "frr-2025", "qpv2024-liste"}
    assert all(
        s["vintage"] == "fictif" and "données fictives" in s["title"] for s in fictive.values()
    )
    snapshot = open_snapshot(demo)
    assert snapshot.read("offres")["est_fictive"].all()
    zones = snapshot.read("zones").set_index("type_zone")["est_fictive"]
    assert (
        zones.loc[["ze2020", "zrr", "frr", "qpv2024"]].all()
        and not zones.loc[["departement", "epci"]].any()
    )


def test_demonstration_data_obey_the_same_contracts(demo):
    info = describe_snapshot(open_snapshot(demo))
    offer = next(s for s in info["sources"] if s["id"] == "rco-2020-11")
    assert offer["read"] == offer["valid"] == offer["placed"] == NB_DEMO and offer["doubtful"] == 0
    assert info["population_by_zoning"]["ze2020"] == info["region"]["population"] > 5_900_000


def test_a_mirror_is_used_file_by_file(tmp_path, var):
    mirror = make_mirror(
        tmp_path,
        {
            AFFELNET: (
                HEADER + ROW + ROW.replace("0590258K", "0622309Y").replace("59350", "62041")
            ).encode()
        },
    )
    info = describe_snapshot(build_snapshot(mirror=mirror, data_dir=var))
    modes = {s["id"]: s["mode"] for s in info["sources"]}
    assert (
        modes["affelnet-2020"] == "miroir"
        and modes["rco-2020-11"] == "demonstration"
        and modes["bts-2024"] == "absente"
    )
    affelnet = next(s for s in info["sources"] if s["id"] == "affelnet-2020")
    assert (affelnet["read"], affelnet["valid"], affelnet["placed"]) == (2, 2, 2)


BROKEN = {
    "vide": (AFFELNET, b"", "vide"),
    "octets": (
        AFFELNET,
        (HEADER + ROW).encode().replace(b"BOULANGER", b"\xde\xf0\xfe"),
        "Windows-1252",
    ),
    "coupé": (AFFELNET, (HEADER + ROW + ROW[:60] + '"LILLE').encode(), "rejet"),
    "json coupé": (
        "offre/rcoformations_2020-11-16_hdf.json",
        b'[{"id_formation": "20_1", "id_act',
        "ligne 1",
    ),
    "classeur sans la feuille": (
        "zonages/insee_ze2020_au_01-01-2022.xlsx",
        b"PK\x03\x04 pas un classeur",
        "classeur",
    ),
    "colonne absente": (
        AFFELNET,
        (HEADER + ROW).replace("CODE_COMMUNE_INSEE", "CODE_INSEE").encode(),
        "CODE_COMMUNE_INSEE",
    ),
}


@pytest.mark.parametrize("case", [c for c in BROKEN if c != "coupé"])
def test_a_broken_source_stops_the_build_and_leaves_what_is_served(demo, tmp_path, case):
    name, content, word = BROKEN[case]
    before = open_snapshot(demo).id
    result = CliRunner().invoke(
        main,
        ["build", "--mirror", str(make_mirror(tmp_path, {name: content})), "--data", str(demo)],
    )
    assert result.exit_code in (1, 2), result.output
    assert (
        Path(name).name in result.stderr
        and word in result.stderr
        and "Traceback" not in result.output + result.stderr
    )
    assert open_snapshot(demo).id == before and len(list_snapshots(demo)) == 1


def test_a_file_cut_in_the_middle_of_a_line_gives_a_reject(tmp_path, var):
    mirror = make_mirror(tmp_path, {AFFELNET: (HEADER + ROW + ROW[:60]).encode()})
    snapshot = build_snapshot(mirror=mirror, data_dir=var)
    rejets = snapshot.read("rejets")
    # The file is read twice: its offer, then its establishments.
    assert rejets["id_source"].tolist() == ["affelnet-2020", "affelnet-2020-lieux"]
    assert set(rejets["ligne"]) == {"ligne 3"} and rejets["raison"].str.contains("cellules").all()
    assert set(rejets["code_raison"]) == {"largeur"}
    told = [
        one["rejected_by_reason"]
        for one in describe_snapshot(snapshot)["sources"]
        if one["rejected_by_reason"]
    ]
    assert told == [{"largeur": 1}] * 2


def test_every_broken_source_is_named_at_once(tmp_path):
    mirror = make_mirror(tmp_path, {AFFELNET: b"", "zonages/zrr_france_cog2021.csv": b""})
    result = CliRunner().invoke(
        main, ["build", "--mirror", str(mirror), "--data", str(tmp_path / "var")]
    )
    assert (
        result.exit_code == 1 and "affelnet-2020" in result.stderr and "zrr-2021" in result.stderr
    )


@pytest.mark.parametrize("delay_s", [0.5, 2.0, 3.5, 5.0] if NIGHT else [2.0, 3.5])
def test_a_killed_build_leaves_the_served_snapshot_whole(demo, delay_s):
    environ = {**os.environ, "GEOAPP_DATA": str(demo)}
    process = subprocess.Popen(
        [sys.executable, "-m", "geoapp", "build"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    snapshot = open_snapshot(demo)
    assert (
        len(snapshot.read("offres")) == snapshot.manifest["tables"]["offres"]["lignes"] == NB_DEMO
    )


def test_an_unknown_region_names_those_there_are(tmp_path):
    result = CliRunner().invoke(main, ["build", "--region", "99", "--data", str(tmp_path)])
    assert result.exit_code == 2 and "32 Hauts-de-France" in result.stderr
