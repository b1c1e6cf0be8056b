"""The locks hold what the ranges ask for, with digests, and say nowhere from which host."""

import json
import re
import subprocess
import sys

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.sources import ROOT

RANGES = {
    "requirements.lock": ["requirements.txt"],
    "requirements-test.lock": ["requirements.txt", "requirements-test.txt"],
    "requirements-national.lock": ["requirements-national.txt"],
}
PYTHON = {"python_full_version": "3.11.0", "python_version": "3.11"}


def asked(lock: str) -> list[Requirement]:
    """Return what the ranges behind a lock ask for."""
    lines = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in RANGES[lock])
    return [Requirement(line) for line in lines.splitlines() if line and not line.startswith("#")]


def pinned(lock: str) -> dict[str, tuple[Requirement, list[str]]]:
    """Return each package of a lock for Python 3.11 on Linux, with its digests."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", "")
    found = {}
    for line in text.splitlines():
        one = Requirement(re.split(r"\s+--hash", line)[0])
        if one.marker is None or one.marker.evaluate({**PYTHON, "sys_platform": "linux"}):
            found[canonicalize_name(one.name)] = (
                one,
                re.findall(r"--hash=sha256:[0-9a-f]{64}", line),
            )
    return found


@pytest.mark.parametrize("lock", RANGES)
def test_a_lock_pins_every_package_within_its_range(lock):
    known = pinned(lock)
    for one in asked(lock):
        pin, _ = known[canonicalize_name(one.name)]
        (version,) = pin.specifier
        assert version.operator == "==" and one.specifier.contains(version.version), str(one)


@pytest.mark.parametrize("lock", RANGES)
def test_every_package_of_a_lock_has_its_digests_and_no_host(lock):
    assert all(digests for _, digests in pinned(lock).values())
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text and "index-url" not in text and "find-links" not in text


def test_the_two_locks_agree():
    run, test = pinned("requirements.lock"), pinned("requirements-test.lock")
    same = run.keys() & test.keys()
    assert len(same) > 50
    assert [nom for nom in same if run[nom] != test[nom]] == []


def test_the_bill_of_materials_names_what_the_lock_installs(tmp_path):
    out = tmp_path / "sbom.json"
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "requirements.lock"]
    # Its schema takes seven seconds to check, as `make sbom` does.
    given = ["--no-validate", "--output-reproducible", "--mc-type", "application"]
    given += ["--output-file", str(out)]
    subprocess.run([*command, *given], cwd=ROOT, check=True, capture_output=True)
    made = json.loads(out.read_bytes())
    assert made["bomFormat"] == "CycloneDX"
    listed = {(canonicalize_name(one["name"]), one["version"]) for one in made["components"]}
    asked_for = {
        (nom, next(iter(one.specifier)).version)
        for nom, (one, _) in pinned("requirements.lock").items()
    }
    assert asked_for <= listed
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "cyclonedx-py requirements requirements.lock --output-reproducible" in makefile
