"""Files of a table of figures: CSV, XLSX, GeoJSON, GeoPackage, each with its notice."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
import xlsxwriter

from geoapp.config import CRS_GEO
from geoapp.errors import ParameterError, StorageError
from geoapp.tables import neutralise

LISEZMOI = "Lisez-moi"
_DATE = datetime(2020, 1, 1)
"""Date written inside a workbook, so that the same table gives the same bytes; the true dates are in its notice."""


@dataclass(frozen=True)
class Fichier:
    """What a file holds: rows, (name, title, meaning, type) of its columns, its notice, its outlines (index = column `code_zone`)."""

    table: pd.DataFrame
    colonnes: Sequence[tuple[str, str, str, str]]
    notice: Sequence[tuple[str, str]]
    titre: str
    contours: gpd.GeoSeries | None = None


@dataclass(frozen=True)
class Format:
    """One format of file."""

    extension: str
    mimetype: str
    libelle: str
    ecrire: Callable[[Fichier], bytes]
    est_carte: bool = False


def _rows(fichier: Fichier) -> list[list]:
    """Return the rows as plain values, None when unknown."""
    table = fichier.table[[nom for nom, *_ in fichier.colonnes]].astype("object")
    return table.where(table.notna(), None).to_numpy(dtype=object).tolist()


def write_csv(fichier: Fichier) -> bytes:
    """Return the table for a French spreadsheet: UTF-8 with mark, `;`, decimal comma, no cell that runs as a formula."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    writer.writerow([titre for _, titre, *_ in fichier.colonnes])
    writer.writerows([[_cell(value) for value in row] for row in _rows(fichier)])
    writer.writerow([])
    writer.writerows([[neutralise(cle), neutralise(texte)] for cle, texte in fichier.notice])
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def _cell(value) -> str:
    """Return one cell of a CSV."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    return f"{value:.6g}".replace(".", ",") if isinstance(value, float) else neutralise(value) if isinstance(value, str) else str(value)


def write_xlsx(fichier: Fichier) -> bytes:
    """Return a workbook: typed columns under a frozen header with filters, and the sheet « Lisez-moi »."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    book.set_properties({"title": fichier.titre, "author": "GéoForma", "created": _DATE})
    bold, wrap = book.add_format({"bold": True, "bottom": 1, "text_wrap": True}), book.add_format({"text_wrap": True, "valign": "top"})
    forms = {"entier": book.add_format({"num_format": "# ##0"}), "reel": book.add_format({"num_format": "0.0000"})}
    sheet = book.add_worksheet("Données")
    sheet.freeze_panes(1, 3)
    for rank, (_, titre, _, kind) in enumerate(fichier.colonnes):
        sheet.set_column(rank, rank, 28 if kind == "texte" else 14, forms.get(kind))
        sheet.write_string(0, rank, titre, bold)
    rows = _rows(fichier)
    for line, row in enumerate(rows, 1):
        for rank, value in enumerate(row):
            _write(sheet, line, rank, value)
    sheet.autofilter(0, 0, len(rows), len(fichier.colonnes) - 1)
    notice = book.add_worksheet(LISEZMOI)
    notice.set_column(0, 0, 30, wrap)
    notice.set_column(1, 1, 110, wrap)
    told = [*fichier.notice, ("", ""), *((titre, sens) for _, titre, sens, _ in fichier.colonnes)]
    for line, (cle, texte) in enumerate(told):
        notice.write_string(line, 0, str(cle))
        notice.write_string(line, 1, str(texte))
    book.close()
    return stream.getvalue()


def _write(sheet, line: int, rank: int, value) -> None:
    """Write one cell as what it is; unknown stays empty."""
    if isinstance(value, bool):
        sheet.write_string(line, rank, "oui" if value else "non")
    elif isinstance(value, int | float):
        sheet.write_number(line, rank, value)
    elif value is not None:
        sheet.write_string(line, rank, str(value)[:32_000])


def write_geojson(fichier: Fichier) -> bytes:
    """Return a GeoJSON (RFC 7946) of the zones; the notice is its member `metadonnees`."""
    names = [nom for nom, *_ in fichier.colonnes]
    features = [
        {"type": "Feature", "properties": dict(zip(names, row, strict=True)), "geometry": _outline(fichier, row[names.index("code_zone")])}
        for row in _rows(fichier)
    ]
    body = {"type": "FeatureCollection", "metadonnees": [{"cle": cle, "texte": texte} for cle, texte in fichier.notice], "features": features}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _outline(fichier: Fichier, code: str):
    """Return the outline of a zone as GeoJSON, coordinates to a metre; None without one."""
    shape = None if fichier.contours is None else fichier.contours.get(code)
    return None if shape is None else json.loads(shapely.to_geojson(shapely.transform(shape, lambda xy: xy.round(5))))


def write_gpkg(fichier: Fichier) -> bytes:
    """Return a GeoPackage: one layer named in French, and the notice as a table without geometry."""
    table = fichier.table[[nom for nom, *_ in fichier.colonnes]].copy()
    for nom, _, _, kind in fichier.colonnes:
        table[nom] = table[nom].astype({"entier": "Int64", "reel": "float64", "booleen": "bool"}.get(kind, "object"))
        if kind == "texte":
            table[nom] = table[nom].where(table[nom].notna(), None)
    shapes = gpd.GeoSeries([None if fichier.contours is None else fichier.contours.get(code) for code in table["code_zone"]], crs=CRS_GEO)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fichier.gpkg"
        gpd.GeoDataFrame(table, geometry=shapes.to_numpy(), crs=CRS_GEO).to_file(path, layer=fichier.titre[:60], driver="GPKG", geometry_type="MultiPolygon", promote_to_multi=True)
        notice = pd.DataFrame(list(fichier.notice), columns=["cle", "texte"])
        gpd.GeoDataFrame(notice).pipe(_write_plain, path)
        return path.read_bytes()


def _write_plain(notice: pd.DataFrame, path: Path) -> None:
    """Add a table without geometry to a GeoPackage."""
    import pyogrio

    pyogrio.write_dataframe(pd.DataFrame(notice), path, layer="lisez_moi", driver="GPKG", append=True)


FORMATS: dict[str, Format] = {form.extension: form for form in (
    Format("csv", "text/csv", "CSV pour tableur", write_csv),
    Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Classeur XLSX", write_xlsx),
    Format("geojson", "application/geo+json", "GeoJSON", write_geojson, True),
    Format("gpkg", "application/geopackage+sqlite3", "GeoPackage (QGIS)", write_gpkg, True),
)}


def write_file(fichier: Fichier, out: Path, *, formats: Sequence[str] = tuple(FORMATS)) -> None:
    """Write a table to `out`, in the format that its extension names: whole or not at all.

    Raises
    ------
    ParameterError
        When the extension is none of `formats`.
    StorageError
        When the file cannot be written; nothing half-written is left.
    """
    out = Path(out)
    extension = out.suffix.lower().removeprefix(".")
    if extension not in formats:
        raise ParameterError(f"« {out.name} » : extension inconnue. Extensions admises : {', '.join('.' + one for one in formats)}.")
    aside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        aside.write_bytes(FORMATS[extension].ecrire(fichier))
        os.replace(aside, out)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise StorageError(f"Impossible d'écrire {out} ({error.strerror or error}). Choisissez un autre dossier.") from error
