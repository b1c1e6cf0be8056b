"""The browser libraries that we serve are those known, and no other is kept."""

import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from geoapp.core.errors import SourceError
from geoapp.web.vendor import DESTINATION, PAQUETS, fetch_vendor, has_digest

FILES = [(one, name, sha) for one in PAQUETS for name, sha in one.fichiers.items()]


def kept(package, name: str) -> Path:
    return DESTINATION / package.nom / Path(name).name


def test_every_library_served_is_the_file_known():
    assert all(has_digest(kept(package, name), sha) for package, name, sha in FILES)
    known = {kept(package, name) for package, name, _ in FILES} | {DESTINATION / "README.md"}
    assert {path for path in DESTINATION.rglob("*") if path.is_file()} == known


def _registry(changed: str):
    """Return what stands for npm: it packs what we keep, one file changed."""

    def run(command, *, cwd, **_):
        name, _, version = command[-1].rpartition("@")
        package = next(one for one in PAQUETS if one.nom == name)
        members = {"package.json": json.dumps({"license": "MIT"}).encode()}
        flat = name.removeprefix("@").replace("/", "-")
        for path in package.fichiers:
            members[path] = kept(package, path).read_bytes()
        if changed in members:
            members[changed] += b"\n//"
        with tarfile.open(Path(cwd) / f"{flat}-{version}.tgz", "w:gz") as archive:
            for path, content in members.items():
                member = tarfile.TarInfo(f"package/{path}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return subprocess.CompletedProcess(command, 0, "", "")

    return run


def test_a_library_that_is_not_the_one_known_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("geoapp.web.vendor.subprocess.run", _registry(""))
    assert [row["nom"] for row in fetch_vendor(tmp_path)] == [one.nom for one in PAQUETS]
    assert (tmp_path / "leaflet" / "leaflet.js").read_bytes() == kept(
        PAQUETS[0], "dist/leaflet.js"
    ).read_bytes()
    monkeypatch.setattr("geoapp.web.vendor.subprocess.run", _registry("dist/leaflet.js"))
    with pytest.raises(SourceError, match="n'est pas le fichier connu"):
        fetch_vendor(tmp_path / "other")
    assert not (tmp_path / "other").exists()
