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
    Paquet(
        "pmtiles",
        "4.5.0",
        "vector tiles read by ranges (fflate, MIT, inside)",
        {
            "dist/pmtiles.js": "caf981bc46f6327ee7e65d5dc964d89d38a69f60edca2bd4c5c890c21b554c6c",
            "package.json": "5c1f63156b0f76dcda943273176ebbd77ebef73b138602c53ddba22e06c708e4",
        },
    ),
    Paquet(
        "pbf",
        "5.1.2",
        "numbers of a vector tile",
        {
            "dist/pbf.js": "7245ad659c477bae0bbede8e1776be0bf2f60fd26c34a005e55c3fbd704d2572",
            "LICENSE": "fdf1d5279107d760c7df8c6edab1faab2b72ba17528273a8b417b08f1e12ebbe",
        },
    ),
    Paquet(
        "@mapbox/vector-tile",
        "3.0.0",
        "layers and points of a vector tile",
        {
            "index.js": "a65eab53263fd6383e5fbb4b973dec47ec5fd71a109e1d28aba0c4e1b54a039d",
            "LICENSE.txt": "5b09a507df6f21d6c2112c46dcaf2927b9dbd8b580a08b542d8ec2f9191d783d",
        },
    ),
    Paquet(
        "@mapbox/point-geometry",
        "1.1.0",
        "a point, for the one before",
        {
            "index.js": "eabf937b8397f00ee379cbcb7ed7083fc9e088fb7ca634758fc1c376af91780a",
            "LICENSE": "0c0ede0036a425ff8b2d49341ea9aa8eccbeeae1ac4eb59874c9dd8bcf5186d3",
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
    # npm names the archive of « @scope/name » without its signs.
    flat = paquet.nom.removeprefix("@").replace("/", "-")
    archive = folder / f"{flat}-{paquet.version}.tgz"
    if run.returncode or not archive.exists():
        raise SourceError(
            spec,
            "npm n'a pas pu fournir ce paquet.",
            cure=f"Vérifiez npm et son registre ({run.stderr.strip()[-200:]}).",
        )
    package = folder / paquet.nom / "package"
    wanted = {f"package/{nom}": package / nom for nom in (*paquet.fichiers, "package.json")}
    with tarfile.open(archive) as content:
        # By our own names: the Python of Debian 12 has no filter of members yet.
        for member in content:
            out, part = wanted.get(member.name), content.extractfile(member)
            if out and part and member.isfile():
                out.parent.mkdir(parents=True, exist_ok=True)
                out.write_bytes(part.read())
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
