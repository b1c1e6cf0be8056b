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
from geoapp.sources.encodings import without_mark
from geoapp.sources.records import show

_HEAD = 1 << 16
_SQLITE, _OLE = b"SQLite format 3\x00", b"\xd0\xcf\x11\xe0"
_PARQUET, _FLATGEOBUF = b"PAR1", b"fgb\x03fgb"
_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_NOT_ELEMENTS = re.compile(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)
_CSV_CURE = "Enregistrez-le en CSV, en XLSX, en JSON ou en LHÉO (XML)."

_INTERCARIF = re.compile(
    r'"(?:sessions"\s*:\s*\[|premier-intitule"|domaines-formacode"|codes-rome-vises")'
)
_CATALOGUE = re.compile(
    r'"(?:cle_ministere_educatif|etablissement_(?:formateur|gestionnaire|responsable)_siret)"'
)
_GEOJSON = re.compile(
    r'\{[^{\[]*"type"\s*:\s*"(?:Feature|Topology|Geometry)'
    r'|\{(?:[^"]|"[^"]*")*?"features"\s*:\s*\[\s*(?:\{|\])'
)
"""A type first, or features wherever they come: keys have no order."""
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
        return self.octets.startswith((b"PK", _SQLITE, _OLE, _PARQUET, _FLATGEOBUF, *AUTRES))

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
    """Tell a workbook: XLSX, XLSB, XLS or OpenDocument."""
    names = start.members
    return (
        start.octets.startswith(_OLE)
        or "[content_types].xml" in names
        or {"content.xml", "mimetype"} <= set(names)
    )


def is_parquet(start: FileStart) -> bool:
    """Tell a Parquet table without outlines."""
    return start.octets.startswith(_PARQUET) and not has_outlines(start.path)


def has_outlines(path: Path) -> bool:
    """Tell whether a Parquet file says that it holds geometries."""
    import pyarrow.parquet as parquet
    from pyarrow import ArrowException

    try:
        return b"geo" in (parquet.read_schema(path).metadata or {})
    # ValueError: names that damage has made no text.
    except (ArrowException, OSError, ValueError):
        return False


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
    """Tell outlines: GeoPackage, GeoJSON, KML, FlatGeobuf, or an archive of no other format."""
    if start.is_archive:
        return not is_workbook(start) and not is_lheo(start)
    if start.octets.startswith(_PARQUET):
        return has_outlines(start.path)
    return (
        start.octets.startswith((_SQLITE, _FLATGEOBUF))
        or (is_json(start) and _is_geojson(start))
        or (start.text.startswith("<") and start.root == "kml")
    )


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
    """Return how a table of records is written, whatever its name says."""
    start = read_start(path)
    if start.octets.startswith((b"PK", _OLE)):
        return "xlsx"
    if start.octets.startswith(_PARQUET):
        return "parquet"
    return "json" if start.text.startswith(("[", "{")) else "csv"


def _head(path: Path) -> bytes:
    """Return the first bytes of a file, expanded when it is gzipped."""
    for piece in stream_bytes(path, chunk=_HEAD):
        return piece
    return b""


def _as_text(head: bytes) -> str:
    """Return the first bytes as text, in UTF-16 when a mark says so, else byte by byte."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    even = head[: len(head) // 2 * 2]
    if encoding := without_mark(even):
        return even.decode(encoding, "replace")
    return head.removeprefix(codecs.BOM_UTF8).decode("latin-1")


AUTRES = {
    b"%PDF": ("un PDF", "Demandez les données elles-mêmes : CSV, XLSX ou JSON."),
    b"Rar!": ("une archive RAR", "Extrayez-la, et donnez le fichier qu'elle contient."),
    b"7z\xbc\xaf": ("une archive 7z", "Extrayez-la, et donnez le fichier qu'elle contient."),
    b"\x89PNG": ("une image PNG", "Demandez les données elles-mêmes."),
    b"\xff\xd8\xff": ("une image JPEG", "Demandez les données elles-mêmes."),
    b"{\\rtf": ("un document RTF", "Copiez son tableau dans un tableur, enregistré en CSV."),
    b"$FL2": ("un fichier SPSS", "Exportez-le en CSV."),
    b"PGDMP": ("une sauvegarde PostgreSQL", "Exportez la table en CSV."),
    b"ARROW1": ("un fichier Arrow (Feather)", "Enregistrez-le en Parquet ou en CSV."),
    b"\xfd7zXZ": ("un fichier compressé en xz", "Décompressez-le, ou compressez-le en gzip."),
    b"BZh": ("un fichier compressé en bzip2", "Décompressez-le, ou compressez-le en gzip."),
    b"\x28\xb5\x2f\xfd": ("un fichier compressé en Zstandard", "Décompressez-le."),
}
"""Beginnings of files that are not read: what each is, and what to do."""


def refuse(start: FileStart) -> SourceError:
    """Return the error of a file of no format that is read: it says what this is."""
    path, name = start.path, start.root
    for sign, (kind, cure) in AUTRES.items():
        if start.octets.startswith(sign):
            return SourceError(path, f"c'est {kind} : ce format n'est pas lu.", cure=cure)
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
