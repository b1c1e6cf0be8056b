"""The formats of file, as rows; a file is written whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from geoapp.core.errors import ParameterError, StorageError
from geoapp.core.files import writing
from geoapp.outputs.files.csv import french_csv, plain_csv
from geoapp.outputs.files.geo import geojson, write_parquet
from geoapp.outputs.files.geopackage import write_gpkg, write_metric_gpkg
from geoapp.outputs.files.model import Fichier
from geoapp.outputs.files.shown import read_me
from geoapp.outputs.files.workbook import write_xlsx
from geoapp.reference.codes.identifiers import refusal


@dataclass(frozen=True, kw_only=True)
class Format:
    """One format: how it is asked, how its files end, how a browser is told of it.

    `est_carte` says that it needs positions or outlines; `couler` yields a text as it is made,
    None for a format that is whole before it can be sent.  One that `est_accompagne` holds the
    table alone: its notice is a file beside it (`LISEZMOI`).
    """

    nom: str
    suffixe: str
    mimetype: str
    libelle: str
    ecrire: Callable[[Fichier, Path], None]
    couler: Callable[[Fichier], Iterator[bytes]] | None = None
    detail: str = ""
    est_carte: bool = False
    est_accompagne: bool = False


def _written(couler: Callable[[Fichier], Iterator[bytes]]) -> Callable[[Fichier, Path], None]:
    """Return what writes at a path a text that is yielded."""

    def write(fichier: Fichier, path: Path) -> None:
        with open(path, "wb") as stream:
            stream.writelines(couler(fichier))

    return write


FORMATS: dict[str, Format] = {
    form.nom: form
    for form in (
        Format(
            nom="csv",
            suffixe=".csv",
            mimetype="text/csv",
            libelle="CSV pour tableur",
            detail="point-virgule, virgule décimale",
            ecrire=_written(french_csv),
            couler=french_csv,
            est_accompagne=True,
        ),
        Format(
            nom="csv-simple",
            suffixe=".simple.csv",
            mimetype="text/csv",
            libelle="CSV pour programme",
            detail="virgule, point décimal, noms de colonnes courts",
            ecrire=_written(plain_csv),
            couler=plain_csv,
        ),
        Format(
            nom="xlsx",
            suffixe=".xlsx",
            mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            libelle="Classeur XLSX",
            detail="avec sa notice",
            ecrire=write_xlsx,
        ),
        Format(
            nom="geojson",
            suffixe=".geojson",
            mimetype="application/geo+json",
            libelle="GeoJSON",
            detail="RFC 7946",
            ecrire=_written(geojson),
            couler=geojson,
            est_carte=True,
        ),
        Format(
            nom="gpkg",
            suffixe=".gpkg",
            mimetype="application/geopackage+sqlite3",
            libelle="GeoPackage (QGIS)",
            ecrire=write_gpkg,
        ),
        Format(
            nom="gpkg-l93",
            suffixe=".l93.gpkg",
            mimetype="application/geopackage+sqlite3",
            libelle="GeoPackage en Lambert-93",
            detail="EPSG:2154, en mètres",
            ecrire=write_metric_gpkg,
            est_carte=True,
        ),
        Format(
            nom="parquet",
            suffixe=".parquet",
            mimetype="application/vnd.apache.parquet",
            libelle="GeoParquet",
            ecrire=write_parquet,
        ),
    )
}
"""Every format; adding one is adding a row and its writer."""

LISEZMOI = Format(
    nom="lisez-moi",
    suffixe=".lisez-moi.txt",
    mimetype="text/plain",
    libelle="Notice du CSV",
    detail="question, périmètre, années, sens des colonnes, sources, licences",
    ecrire=_written(read_me),
    couler=read_me,
)
"""The notice of a CSV, which holds one table and nothing else."""

SERVIS = {**FORMATS, LISEZMOI.nom: LISEZMOI}
"""What an address gives: every format, and the notice of a CSV."""

ANCIENS_NOMS = {"csv-brut": "csv-simple"}
"""Names that a format had before, still answered."""


def parse_format(nom: str, accepted: Sequence[str] = tuple(FORMATS)) -> Format:
    """Return a format by its name.

    Raises
    ------
    ParameterError
        When it is none of `accepted`; the nearest one is named.
    """
    found = ANCIENS_NOMS.get(nom, nom)
    if found in accepted:
        return SERVIS[found]
    raise ParameterError(refusal("Format inconnu", nom, "Formats acceptés", accepted))


def formats_of(fichier_forme: str) -> list[Format]:
    """Return the formats that can hold a table of this `Fichier.forme`."""
    return [form for form in FORMATS.values() if fichier_forme or not form.est_carte]


def format_of_path(out: Path, accepted: Sequence[str] = tuple(FORMATS)) -> Format:
    """Return the format that the name of a file tells, or raise `ParameterError`."""
    rows = [FORMATS[nom] for nom in accepted]
    fitting = [form for form in rows if Path(out).name.lower().endswith(form.suffixe)]
    if not fitting:
        admitted = ", ".join(form.suffixe for form in rows)
        raise ParameterError(
            f"« {Path(out).name} » : extension inconnue. Extensions admises : {admitted}."
        )
    return max(fitting, key=lambda form: len(form.suffixe))


def write_as(fichier: Fichier, form: Format, out: Path) -> None:
    """Write a table to `out` in one format: whole or not at all.

    Raises
    ------
    ParameterError
        When the format needs a geometry that the table has not.
    StorageError
        When the file cannot be written; nothing half-written is left.
    """
    if form.est_carte and not fichier.forme:
        fitting = ", ".join(one.nom for one in formats_of(""))
        raise ParameterError(
            f"« {fichier.titre} » n'a ni position ni contour : pas de {form.libelle}. "
            f"Formats possibles : {fitting}."
        )
    with storing(out) as aside:
        if not form.est_accompagne:
            form.ecrire(fichier, aside)
            return
        with storing(notice_path(out)) as beside:
            form.ecrire(fichier, aside)
            LISEZMOI.ecrire(fichier, beside)


def write_pair(fichier: Fichier, form: Format, path: Path) -> None:
    """Write a table at a path of a folder that is being made, and its notice beside it if need."""
    form.ecrire(fichier, path)
    if form.est_accompagne:
        LISEZMOI.ecrire(fichier, notice_path(path))


def notice_path(out: Path) -> Path:
    """Return where the notice of a table is: « zones.lisez-moi.txt » beside « zones.csv »."""
    return Path(out).with_suffix(LISEZMOI.suffixe)


def load_refusals() -> tuple[type[Exception], ...]:
    """Return how the libraries that write layers and workbooks refuse to; it loads them."""
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError
    from xlsxwriter.exceptions import XlsxFileError

    return DataSourceError, DataLayerError, FeatureError, XlsxFileError, sqlite3.Error


@contextmanager
def storing(out: Path):
    """Give the name under which to write `out` (see `core.files.writing`).

    What the libraries say of a full disk is our error too.
    """
    try:
        with writing(out) as aside:
            yield aside
    except load_refusals() as error:
        raise StorageError(
            f"Impossible d'écrire {out} ({error}). "
            "Libérez de la place, ou choisissez un autre dossier."
        ) from error


def write_file(fichier: Fichier, out: Path, *, formats: Sequence[str] = tuple(FORMATS)) -> None:
    """Write a table to `out`, in the format that its extension names (see `write_as`)."""
    write_as(fichier, format_of_path(out, formats), Path(out))
