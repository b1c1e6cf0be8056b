"""Tell the format of a file from its first bytes: its name may lie, or say nothing."""

from __future__ import annotations

import codecs
import re
import zipfile
from pathlib import Path

from geoapp.core.errors import SourceError
from geoapp.sources.content import list_members, stream_bytes
from geoapp.sources.records import show

_HEAD = 1 << 16
_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_NOT_ELEMENTS = re.compile(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)
_CSV_CURE = "Enregistrez-le en CSV, en XLSX, en JSON ou en LHÉO (XML)."

_INTERCARIF = re.compile(
    r'"(?:sessions"\s*:\s*\[|premier-intitule"|domaines-formacode"|codes-rome-vises")'
)
_CATALOGUE = re.compile(
    r'"(?:cle_ministere_educatif|etablissement_(?:formateur|gestionnaire|responsable)_siret)"'
)
_FLUX_RCO = re.compile(r'"etablissement_lieu_formation_code_insee"')
"""The feed that fills the catalogue: plain records, which some versions give the key of the catalogue, empty."""

FORMATS = {
    "csv": "texte à colonnes (CSV)",
    "xlsx": "classeur XLSX",
    "json": "JSON",
    "boundaries": "contours géographiques",
    "lheo": "LHÉO (XML)",
    "intercarif": "JSON d'Intercarif",
    "catalogue": "JSON du catalogue de l'apprentissage",
}
"""Formats read, in words."""


def recognise_format(path: Path) -> str:
    """Return the format of a file, one of `FORMATS`.

    Raises
    ------
    SourceError
        Unreadable, empty, not data, or a format that is not read; the message
        says what was recognised.
    """
    path = Path(path)
    head = _head(path)
    if head.startswith(b"PK"):
        return _zip_format(path)
    if head.startswith(b"SQLite format 3\x00") or path.suffix.lower() in (".shp", ".dbf"):
        return "boundaries"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "xlsx"  # the reader of workbooks says how to save an old one
    text = _as_text(head)
    start = text.lstrip()
    if start.startswith("<"):
        return _xml_format(path, start)
    if start.startswith(("{", "[")):
        return _json_format(start)
    return "csv"


def tabular_format(path: Path) -> str:
    """Return how a table of records is written, whatever its name says: json, xlsx, or csv for the rest."""
    head = _head(Path(path))
    if head.startswith(b"PK"):
        return "xlsx"
    return "json" if _as_text(head).lstrip().startswith(("[", "{")) else "csv"


def _head(path: Path) -> bytes:
    """Return the first bytes of a file, expanded when it is gzipped."""
    for piece in stream_bytes(path, chunk=_HEAD):
        return piece
    return b""


def _as_text(head: bytes) -> str:
    """Return the first bytes as text, in UTF-16 when a mark says so, else byte by byte."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    return head.removeprefix(codecs.BOM_UTF8).decode("latin-1")


def _zip_format(path: Path) -> str:
    """Return what a zip archive holds."""
    if not zipfile.is_zipfile(path):
        raise SourceError(
            path,
            "ce n'est pas une archive zip, ou elle est tronquée.",
            cure="Téléchargez-la de nouveau.",
        )
    names = [name.lower() for name in list_members(path)]
    if "[content_types].xml" in names:
        return "xlsx"
    return (
        "lheo"
        if sum(name.endswith(".xml") for name in names) == 1
        and not any(name.endswith((".shp", ".gpkg")) for name in names)
        else "boundaries"
    )


def _xml_format(path: Path, start: str) -> str:
    """Return `lheo`, or say which XML this is."""
    root = _ROOT.search(_NOT_ELEMENTS.sub("", start))
    name = root.group(1) if root else ""
    if name == "lheo":
        return "lheo"
    if name == "lheo-index":
        raise SourceError(
            path,
            "index LHÉO : des résumés d'offres, sans action ni lieu complet.",
            place="ligne 1",
            cure="Demandez les offres entières au producteur (racine « lheo »).",
        )
    if name.lower() == "html":
        raise SourceError(
            path,
            "c'est une page web, pas les données.",
            place="ligne 1",
            cure="Téléchargez le fichier lui-même.",
        )
    if not name:
        raise SourceError(
            path,
            "XML sans élément : le fichier est coupé, ou son en-tête est démesuré.",
            place="ligne 1",
            cure="Demandez un fichier sain au producteur.",
        )
    raise SourceError(
        path,
        f"XML dont la racine est « {show(name)} » : seul LHÉO (« lheo ») est lu en XML.",
        place="ligne 1",
        cure=_CSV_CURE,
    )


def _json_format(start: str) -> str:
    """Return which JSON a text is: GeoJSON, that of Intercarif, that of the apprenticeship catalogue, or an array of records."""
    if re.match(r'\{[^{\[]*"type"\s*:\s*"(?:Feature|Topology|Geometry)', start[:2000]):
        return "boundaries"
    if _CATALOGUE.search(start) and not _FLUX_RCO.search(start):
        return "catalogue"
    return (
        "intercarif"
        if re.match(r'(?:\[\s*)?\{\s*"[\w-]+"\s*:', start[:2000]) and _INTERCARIF.search(start)
        else "json"
    )
