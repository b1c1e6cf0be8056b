"""Sound files that the fuzzing damages: one at least for each reader of the registry."""

from __future__ import annotations

import csv
import gzip
import html
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
FICHIERS = {
    "lheo-region": "lheo_2.3.xml",
    "intercarif-exemple-formation": "intercarif.json",
    "catalogue-apprentissage": "catalogue.json",
    "onisep-actions": "onisep_actions.csv",
    "parcoursup-carte": "parcoursup_carte.csv",
    "mon-compte-formation": "moncompteformation.csv",
}
"""Source → its sample in tests/data."""
ZONES = ("QN05901M;Quartier de l'essai;3.05", "QN05902M;Les Briquettes;3.07")


class Echantillon(NamedTuple):
    """A sound file: the source that reads it, its suffix, its content."""

    id_source: str
    suffix: str
    content: Callable[[], bytes]


@cache
def _book() -> bytes:
    """Return the ONISEP sample as a workbook."""
    import xlsxwriter

    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        book.set_properties({"created": datetime(2026, 1, 1)})  # the same bytes whatever the day
        sheet = book.add_worksheet("Feuille1")
        rows = csv.reader(
            (DATA / FICHIERS["onisep-actions"]).read_text(encoding="utf-8-sig").splitlines(),
            delimiter=";",
        )
        for line, row in enumerate(rows):
            for rank, cell in enumerate(row):
                sheet.write_string(line, rank, cell)
    return stream.getvalue()


@cache
def _zones(suffix: str) -> bytes:
    """Return squares near Lille as a file of outlines."""
    import geopandas as gpd
    import pyogrio
    from shapely.geometry import box

    pyogrio.set_gdal_config_options(
        {"OGR_CURRENT_DATE": "2026-01-01T00:00:00.000Z"}
    )  # the same bytes whatever the day
    rows = [row.split(";") for row in ZONES]
    frame = gpd.GeoDataFrame(
        {"code_qp": [code for code, _, _ in rows], "lib_qp": [nom for _, nom, _ in rows]},
        geometry=[box(float(x), 50.60, float(x) + 0.01, 50.61) for _, _, x in rows],
        crs="EPSG:4326",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"zones{suffix}"
        frame.to_file(path, driver={".kml": "KML"}.get(suffix))
        return path.read_bytes()


@cache
def _table(kind: str) -> bytes:
    """Return the ONISEP sample in another format, or under another encoding."""
    import pandas as pd

    text = (DATA / FICHIERS["onisep-actions"]).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines(), delimiter=";"))
    if kind == "cp1252":
        return text.encode("cp1252", "replace")
    if kind == "utf-16":
        return text.encode("utf-16-le")
    if kind == "titre":
        return f"sep=;\nExport du jour\n\n{text}".encode()
    if kind == "gzip":
        return gzip.compress(text.encode(), mtime=0)
    if kind == "zip":
        return _zip({"export/": b"", "export/table.csv": text.encode(), "__MACOSX/._a.csv": b"x"})
    if kind == "ods":
        return _ods([list(rows[0]), *(list(row.values()) for row in rows)])
    if kind == "jsonl":
        return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    stream = io.BytesIO()
    pd.DataFrame(rows, dtype="str").to_parquet(stream)
    return stream.getvalue()


def _zip(members: dict[str, bytes]) -> bytes:
    """Return an archive, the same bytes whatever the day."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


_ESPACES = "urn:oasis:names:tc:opendocument:xmlns:"
_ODS = "application/vnd.oasis.opendocument.spreadsheet"


def _ods(rows: list[list[str]]) -> bytes:
    """Return rows as the workbook of an office suite other than Microsoft's."""
    cells = "".join(
        "<table:table-row>"
        + "".join(
            '<table:table-cell office:value-type="string">'
            f"<text:p>{html.escape(cell)}</text:p></table:table-cell>"
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    spaces = " ".join(f'xmlns:{one}="{_ESPACES}{one}:1.0"' for one in ("office", "table", "text"))
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} '
        'office:version="1.2"><office:body><office:spreadsheet><table:table table:name="Feuille1">'
        f"{cells}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        f'<?xml version="1.0"?><manifest:manifest xmlns:manifest="{_ESPACES}manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS}"/>'
        "</manifest:manifest>"
    )
    return _zip(
        {
            "mimetype": _ODS.encode(),
            "content.xml": content.encode(),
            "META-INF/manifest.xml": manifest.encode(),
        }
    )


def _topology() -> bytes:
    """Return the squares near Lille as a TopoJSON."""
    rows = [row.split(";") for row in ZONES]
    west = [float(x) for _, _, x in rows]
    rings = [
        [[x, 50.60], [x + 0.01, 50.60], [x + 0.01, 50.61], [x, 50.61], [x, 50.60]] for x in west
    ]
    zones = [
        {
            "type": "Polygon",
            "arcs": [[rank]],
            "properties": {"code_qp": code, "lib_qp": nom},
        }
        for rank, (code, nom, _) in enumerate(rows)
    ]
    return json.dumps(
        {
            "type": "Topology",
            "objects": {"zones": {"type": "GeometryCollection", "geometries": zones}},
            "arcs": rings,
        }
    ).encode()


AUTRES = {
    "catalogue-apprentissage": ("catalogue_anciens.json", "catalogue_2025.json"),
    "parcoursup-carte": ("parcoursup_libelles.csv", "parcoursup_export_v1.json"),
    "mon-compte-formation": ("moncompteformation_2025.csv",),
    "onisep-actions": ("onisep_api.json",),
    "lheo-region": ("lheo_edof.xml",),
    "annuaire-education": ("annuaire_education.csv", "annuaire_education.json"),
}
"""Source → its other samples: older or newer shapes of the same export."""

ECHANTILLONS = {
    **{
        id_source: Echantillon(id_source, Path(nom).suffix, (DATA / nom).read_bytes)
        for id_source, nom in FICHIERS.items()
    },
    "onisep-actions, classeur": Echantillon("onisep-actions", ".xlsx", _book),
    **{
        f"{id_source}, {nom}": Echantillon(id_source, Path(nom).suffix, (DATA / nom).read_bytes)
        for id_source, noms in AUTRES.items()
        for nom in noms
    },
    **{
        f"onisep-actions, {kind}": Echantillon("onisep-actions", suffix, partial(_table, kind))
        for kind, suffix in (
            ("cp1252", ".csv"),
            ("utf-16", ".csv"),
            ("titre", ".csv"),
            ("jsonl", ".json"),
            ("parquet", ".parquet"),
            ("gzip", ".gz"),
            ("zip", ".zip"),
            ("ods", ".ods"),
        )
    },
    "qpv2024, fgb": Echantillon("qpv2024", ".fgb", partial(_zones, ".fgb")),
    "qpv2024, geojson": Echantillon("qpv2024", ".geojson", partial(_zones, ".geojson")),
    "qpv2024, gpkg": Echantillon("qpv2024", ".gpkg", partial(_zones, ".gpkg")),
    "qpv2024, kml": Echantillon("qpv2024", ".kml", partial(_zones, ".kml")),
    "qpv2024, topojson": Echantillon("qpv2024", ".json", _topology),
}
