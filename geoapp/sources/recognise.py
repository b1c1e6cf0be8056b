"""Tell the format of a file from its first bytes: its name may lie, or say nothing."""

from __future__ import annotations

import codecs
import re
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from geoapp.core.errors import SourceError
from geoapp.sources.content import list_members, stream_bytes
from geoapp.sources.records import show

_HEAD = 1 << 16
_SQLITE, _OLE = b"SQLite format 3\x00", b"\xd0\xcf\x11\xe0"
_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_NOT_ELEMENTS = re.compile(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)
_CSV_CURE = "Enregistrez-le en CSV, en XLSX, en JSON ou en LHÉO (XML)."

_INTERCARIF = re.compile(
    r'"(?:sessions"\s*:\s*\[|premier-intitule"|domaines-formacode"|codes-rome-vises")'
)
_CATALOGUE = re.compile(
    r'"(?:cle_ministere_educatif|etablissement_(?:formateur|gestionnaire|responsable)_siret)"'
)
_GEOJSON = re.compile(r'\{[^{\[]*"type"\s*:\s*"(?:Feature|Topology|Geometry)')
_FLUX_RCO = re.compile(r'"etablissement_lieu_formation_code_insee"')
"""The feed that fills the catalogue: plain records, some versions with its key, empty."""


@dataclass(frozen=True)
class FileStart:
    """The first bytes of a file, expanded when it is gzipped."""

    path: Path
    octets: bytes

    @property
    def is_archive(self) -> bool:
        """Tell whether the file says that it is a zip archive."""
        return self.octets.startswith(b"PK")

    @property
    def is_binary(self) -> bool:
        """Tell whether the file is an archive, a database or an old workbook."""
        return self.octets.startswith((b"PK", _SQLITE, _OLE))

    @cached_property
    def members(self) -> list[str]:
        """Return the names inside a zip archive, in lower case; none for another file.

        Raises
        ------
        SourceError
            The archive is broken.
        """
        if not self.is_archive:
            return []
        if not zipfile.is_zipfile(self.path):
            raise SourceError(
                self.path,
                "ce n'est pas une archive zip, ou elle est tronquée.",
                cure="Téléchargez-la de nouveau.",
            )
        return [name.lower() for name in list_members(self.path)]

    @cached_property
    def text(self) -> str:
        """Return the bytes as text, without blanks in front; "" for a file that is no text."""
        return "" if self.is_binary else _as_text(self.octets).lstrip()

    @property
    def root(self) -> str:
        """Return the name of the first element of an XML text; "" without one."""
        found = _ROOT.search(_NOT_ELEMENTS.sub("", self.text))
        return found.group(1) if found else ""


def read_start(path: Path) -> FileStart:
    """Return the start of a file."""
    return FileStart(Path(path), _head(Path(path)))


def is_workbook(start: FileStart) -> bool:
    """Tell a workbook: one of today, or an old one, whose reader says how to save it."""
    return start.octets.startswith(_OLE) or "[content_types].xml" in start.members


def is_lheo(start: FileStart) -> bool:
    """Tell a LHÉO feed, bare or alone in an archive."""
    if not start.is_archive:
        return start.text.startswith("<") and start.root == "lheo"
    names = start.members
    return (
        not is_workbook(start)
        and sum(name.endswith(".xml") for name in names) == 1
        and not any(name.endswith((".shp", ".gpkg")) for name in names)
    )


def is_outlines(start: FileStart) -> bool:
    """Tell outlines: GeoPackage, GeoJSON, or an archive of no other format."""
    if start.is_archive:
        return not is_workbook(start) and not is_lheo(start)
    return start.octets.startswith(_SQLITE) or (is_json(start) and _is_geojson(start))


def is_json(start: FileStart) -> bool:
    """Tell a JSON text."""
    return start.text.startswith(("{", "["))


def is_catalogue(start: FileStart) -> bool:
    """Tell the JSON of the apprenticeship catalogue."""
    return (
        is_json(start)
        and not _is_geojson(start)
        and bool(_CATALOGUE.search(start.text))
        and not _FLUX_RCO.search(start.text)
    )


def is_intercarif(start: FileStart) -> bool:
    """Tell the JSON of Intercarif: objects with sessions, or the fields of its trainings."""
    return (
        is_json(start)
        and not _is_geojson(start)
        and bool(re.match(r'(?:\[\s*)?\{\s*"[\w-]+"\s*:', start.text[:2000]))
        and bool(_INTERCARIF.search(start.text))
    )


def is_ban(start: FileStart) -> bool:
    """Tell an address file of the BAN, by its header."""
    header = start.text.partition("\n")[0].lower()
    return is_text(start) and all(f";{name};" in header for name in ("nom_voie", "code_insee"))


def is_osm_roads(start: FileStart) -> bool:
    """Tell the roads of OpenStreetMap: GeoJSON whose objects have a class of road."""
    return is_json(start) and _is_geojson(start) and '"roadClass"' in start.text[:5000]


def is_text(start: FileStart) -> bool:
    """Tell a text that is neither XML nor JSON: columns, until the reader says otherwise."""
    return not start.is_binary and not start.text.startswith(("<", "{", "["))


def _is_geojson(start: FileStart) -> bool:
    """Tell whether the first object names a type of GeoJSON."""
    return _GEOJSON.match(start.text[:2000]) is not None


def tabular_format(path: Path) -> str:
    """Return how a table of records is written, whatever its name says: json, xlsx, else csv."""
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


def refuse(start: FileStart) -> SourceError:
    """Return the error of a file of no format that is read: it says which XML this is."""
    path, name = start.path, start.root
    if name == "lheo-index":
        return SourceError(
            path,
            "index LHÉO : des résumés d'offres, sans action ni lieu complet.",
            place="ligne 1",
            cure="Demandez les offres entières au producteur (racine « lheo »).",
        )
    if name.lower() == "html":
        return SourceError(
            path,
            "c'est une page web, pas les données.",
            place="ligne 1",
            cure="Téléchargez le fichier lui-même.",
        )
    if not name:
        return SourceError(
            path,
            "XML sans élément : le fichier est coupé, ou son en-tête est démesuré.",
            place="ligne 1",
            cure="Demandez un fichier sain au producteur.",
        )
    return SourceError(
        path,
        f"XML dont la racine est « {show(name)} » : seul LHÉO (« lheo ») est lu en XML.",
        place="ligne 1",
        cure=_CSV_CURE,
    )
