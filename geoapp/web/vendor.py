"""Fetch the browser libraries that we serve ourselves: `python -m geoapp.web.vendor`.

They are taken from npm by package name and version, with their licences, and
kept in `static/vendor/`.  Adding one is adding a row to `PAQUETS`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from geoapp.core.config import ROOT
from geoapp.core.errors import SourceError

DESTINATION = ROOT / "static" / "vendor"


@dataclass(frozen=True)
class Paquet:
    """One npm package: its version, and the files kept of it."""

    nom: str
    version: str
    role: str
    fichiers: tuple[str, ...]


PAQUETS = (
    Paquet("leaflet", "1.9.4", "the map", ("dist/leaflet.js", "dist/leaflet.css", "LICENSE")),
    Paquet(
        "leaflet.markercluster",
        "1.5.3",
        "groups of markers",
        ("dist/leaflet.markercluster.js", "dist/MarkerCluster.css", "MIT-LICENCE.txt"),
    ),
)

_README = """# Browser libraries, served by us

Written by `python -m geoapp.web.vendor`; do not edit by hand.

| package | version | licence | role |
|---|---|---|---|
{rows}
"""


def fetch_vendor(destination: Path = DESTINATION) -> list[dict]:
    """Copy the files of every package into `destination`; return what was written."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [_fetch(paquet, Path(folder), destination / paquet.nom) for paquet in PAQUETS]
    lines = "\n".join(
        f"| {r['nom']} | {r['version']} | {r['licence']} | {r['role']} |" for r in rows
    )
    (destination / "README.md").write_text(_README.format(rows=lines), encoding="utf-8")
    return rows


def _fetch(paquet: Paquet, folder: Path, destination: Path) -> dict:
    """Pack one package with npm and keep its files."""
    spec = f"{paquet.nom}@{paquet.version}"
    run = subprocess.run(
        ["npm", "pack", "--silent", spec], cwd=folder, capture_output=True, text=True
    )
    archive = folder / f"{paquet.nom}-{paquet.version}.tgz"
    if run.returncode or not archive.exists():
        raise SourceError(
            spec,
            "npm n'a pas pu fournir ce paquet.",
            cure=f"Vérifiez npm et son registre ({run.stderr.strip()[-200:]}).",
        )
    with tarfile.open(archive) as content:
        content.extractall(folder / paquet.nom, filter="data")
    package = folder / paquet.nom / "package"
    destination.mkdir(parents=True, exist_ok=True)
    for fichier in paquet.fichiers:
        shutil.copyfile(package / fichier, destination / Path(fichier).name)
    licence = json.loads((package / "package.json").read_text(encoding="utf-8"))["license"]
    return {"nom": paquet.nom, "version": paquet.version, "licence": licence, "role": paquet.role}


if __name__ == "__main__":
    for row in fetch_vendor():
        print(f"{row['nom']} {row['version']} ({row['licence']})")
