"""What ships to install the product: units, image, settings; each checked by its own tool."""

import json
import re
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from dataclasses import fields
from pathlib import Path

import pytest

from geoapp.core.config import ROOT, Settings, load_settings
from geoapp.web.public_address import parse_proxies, parse_site

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
EXPOSURE = {"geoforma.service": 13, "geoforma-actualisation.service": 15}
"""Tenths of the exposure that systemd gives at most, from 0 (nothing) to 100 (everything)."""

needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="no systemd-analyze on this machine"
)


def analyze(*arguments: str) -> subprocess.CompletedProcess:
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def installed(tmp_path) -> Path:
    """The units, their programs being those of this checkout."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        text = text.replace("/opt/geoforma/.venv/bin", str(Path(sys.executable).parent))
        (tmp_path / unit.name).write_text(text.replace("/opt/geoforma", str(ROOT)))
    return tmp_path


@needs_systemd
def test_systemd_finds_nothing_to_say_of_the_units(installed):
    told = analyze("verify", "--man=no", *map(str, sorted(installed.iterdir())))
    ours = [line for line in told.stderr.splitlines() if "geoforma" in line]
    assert told.returncode == 0 and ours == [], told.stderr


@needs_systemd
@pytest.mark.parametrize("unit", EXPOSURE)
def test_the_services_expose_little(unit):
    path = str(DEPLOY / "systemd" / unit)
    told = analyze("security", "--offline=yes", f"--threshold={EXPOSURE[unit]}", path)
    assert told.returncode == 0, told.stdout[-400:]
    # The bound is near the score: a protection taken away is seen.
    score = float(re.search(r"level for \S+: ([\d.]+)", told.stdout)[1])
    assert EXPOSURE[unit] / 10 - 0.1 <= score <= EXPOSURE[unit] / 10


@needs_systemd
def test_the_timer_names_a_real_moment():
    (moment,) = re.findall(
        r"OnCalendar=(.+)", (DEPLOY / "systemd" / "geoforma-actualisation.timer").read_text()
    )
    assert analyze("calendar", moment).returncode == 0


def test_both_services_own_the_same_data_and_none_is_root():
    for name in EXPOSURE:
        unit = RawConfigParser(strict=False, interpolation=None)
        unit.optionxform = str
        unit.read(DEPLOY / "systemd" / name, encoding="utf-8")
        service = unit["Service"]
        assert (service["User"], service["DynamicUser"]) == ("geoforma", "yes")
        assert service["StateDirectory"].split()[0] == "geoforma"


def test_the_settings_that_ship_are_known_and_right():
    lines = (DEPLOY / "geoforma.env").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert given.keys() <= {setting.metadata["env"] for setting in fields(Settings)}
    assert parse_site(load_settings(given).url).prefix == "/carte"
    text = "".join(unit.read_text(encoding="utf-8") for unit in UNITS)
    text += (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    named = set(re.findall(r"GEOAPP_\w+", text))
    assert named <= {setting.metadata["env"] for setting in fields(Settings)}
    assert parse_proxies(re.search(r"GEOAPP_MANDATAIRES=(\w+)", text)[1]).est_unix


IMAGE = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")


def steps(word: str) -> list[str]:
    return re.findall(rf"^{word} (.+)$", IMAGE, re.M)


def test_the_image_takes_files_that_exist_and_that_its_filter_lets_in():
    allowed = (ROOT / ".containerignore").read_text(encoding="utf-8").splitlines()
    kept = {line[1:] for line in allowed if line.startswith("!")}
    copied = [name for step in steps("COPY") if "--from" not in step for name in step.split()[:-1]]
    assert {"geoapp", "geodata", "static", "templates", "requirements.lock"} <= set(copied)
    for name in copied:
        assert (ROOT / name).exists(), name
        assert name in kept or (name.startswith("requirements") and name.endswith(".txt")), name


def test_the_image_installs_the_lock_by_its_digests_and_runs_as_nobody_known():
    (install,) = [step for step in steps("RUN") if "pip install" in step]
    assert "--require-hashes -r requirements.lock" in install
    assert "--no-deps --no-build-isolation -e ." in install
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    asked = ("--require-hashes -r\n", "install_lock,$(VENV),requirements.lock,")
    for step in (*asked, "--no-deps --no-build-isolation"):
        assert step in makefile, "the image is installed as CI installs"
    (user,) = steps("USER")
    assert user.isdigit() and int(user) >= 1000 and f"--uid {user}" in IMAGE
    assert IMAGE.index("\nUSER ") < IMAGE.index("\nCMD ") and "root" not in steps("CMD")[0]
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for package in re.findall(r"\blib\w[\w.-]+|fonts-\S+", steps("RUN")[1]):
        if package != "lib/apt/lists":
            assert package.split("/")[0] in ci, f"{package}: not what CI was tested with"


def test_the_image_checks_its_health_and_starts_what_is_tested():
    check = json.loads(steps("HEALTHCHECK")[0].partition("CMD ")[2])
    assert check[:2] == ["python", "-c"]
    compile(check[2], "healthcheck", "exec")
    assert "/pret" in check[2]
    assert json.loads(steps("CMD")[0]) == ["gunicorn", "-c", "python:geoapp.web.production"]
    assert "gunicorn -c python:geoapp.web.production" in (
        DEPLOY / "systemd" / "geoforma.service"
    ).read_text(encoding="utf-8")


def _engine() -> str:
    """Return an engine that can build an image here; "" without one."""
    for engine in ("podman", "docker"):
        if shutil.which(engine):
            asked = subprocess.run([engine, "info"], capture_output=True, timeout=60)
            if asked.returncode == 0:
                return engine
    return ""


@pytest.mark.network
def test_the_image_is_built_where_an_engine_exists():
    engine = _engine()
    if not engine:
        pytest.skip("no container engine answers on this machine")
    form = ["--format", "docker"] * (engine == "podman")
    told = ["-f", str(DEPLOY / "Containerfile"), "-t", "geoforma-essai"]
    command = [engine, "build", *form, *told, "."]
    made = subprocess.run(command, cwd=ROOT, check=True, timeout=900, capture_output=True)
    assert b"will be ignored" not in made.stdout + made.stderr
