"""Fetch the browser libraries that we serve ourselves: `python -m geoapp.web.vendor`.

They are taken from npm by package name and version, with their licences, and
kept in `static/vendor/`.  Adding one is adding a row to `PAQUETS`.
"""

from __future__ import annotations

import hashlib
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
    """One npm package: its version, and the files kept of it, each with its SHA-256."""

    nom: str
    version: str
    role: str
    fichiers: dict[str, str]


PAQUETS = (
    Paquet(
        "leaflet",
        "1.9.4",
        "the map",
        {
            "dist/leaflet.js": "db49d009c841f5ca34a888c96511ae936fd9f5533e90d8b2c4d57596f4e5641a",
            "dist/leaflet.css": "a7837102824184820dfa198d1ebcd109ff6d0ff9a2672a074b9a1b4d147d04c6",
            "LICENSE": "53e8dc25862014e4324741ca18fbe3611e11d42ef69f59f86ea8c5389647d4cb",
        },
    ),
    Paquet(
        "leaflet.markercluster",
        "1.5.3",
        "groups of markers",
        {
            "dist/leaflet.markercluster.js": (
                "1e4e1d22972a3926f48598e0caf14e3fe7049835d428a344fed4f9e3665b3508"
            ),
            "dist/MarkerCluster.css": (
                "614dea0a98ff3f4ead74f04918f6b1d1b9ba435c25b5fc23b21a394d1e3e4d87"
            ),
            "MIT-LICENCE.txt": "3133dacd38250bd1f524d8166cc60a016a382522e062fce143691c65bf5e4b3d",
        },
    ),
)
"""Browser libraries.  A new version comes with the digests of its files, read by a person."""

_README = """# Browser libraries, served by us

Written by `python -m geoapp.web.vendor`; do not edit by hand.

| package | version | licence | role |
|---|---|---|---|
{rows}
"""


def fetch_vendor(destination: Path = DESTINATION) -> list[dict]:
    """Copy the files of every package into `destination`; return what was written.

    Raises
    ------
    SourceError
        When npm cannot give a package, or gives a file that is not the one known: none is kept.
    """
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
    for fichier, sha256 in paquet.fichiers.items():
        if not has_digest(package / fichier, sha256):
            raise SourceError(
                spec,
                f"« {fichier} » n'est pas le fichier connu : rien n'est gardé de ce paquet.",
                cure="Relisez ce fichier ; s'il est bon, mettez sa somme SHA-256 dans vendor.py.",
            )
    destination.mkdir(parents=True, exist_ok=True)
    for fichier in paquet.fichiers:
        shutil.copyfile(package / fichier, destination / Path(fichier).name)
    licence = json.loads((package / "package.json").read_text(encoding="utf-8"))["license"]
    return {"nom": paquet.nom, "version": paquet.version, "licence": licence, "role": paquet.role}


def has_digest(path: Path, sha256: str) -> bool:
    """Tell whether a file is there with the content known."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


if __name__ == "__main__":
    for row in fetch_vendor():
        print(f"{row['nom']} {row['version']} ({row['licence']})")
