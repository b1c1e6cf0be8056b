"""Formats of sources, as rows: how each is recognised and read.  Adding one is adding a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from geoapp.sources import recognise
from geoapp.sources.apprenticeship import read_catalogue
from geoapp.sources.boundaries import read_boundaries
from geoapp.sources.intercarif import read_intercarif
from geoapp.sources.json_rows import read_json
from geoapp.sources.lheo import iter_lheo, read_lheo
from geoapp.sources.options import TEXTE, OptionSource
from geoapp.sources.parquet import read_parquet
from geoapp.sources.recognise import FileStart
from geoapp.sources.records import Lecture
from geoapp.sources.street_files import read_ban, read_osm_roads
from geoapp.sources.tabular import read_csv
from geoapp.sources.unpacking import opened
from geoapp.sources.workbook import read_xlsx

_LIGNES = "options « skip » (0 ou plus) et « header » (1 ou plus) : nombre de lignes attendu."


@dataclass(frozen=True, kw_only=True)
class FormatSource:
    """One format.

    Attributes
    ----------
    lire : callable
        Reads a file (path, then the options given) into a `Lecture`.
    lire_par_lots : callable, optional
        Reads it by batches: a file of this format may be too large to be held.
    options : mapping
        What `lire` takes beside the path.
    est_reconnu : callable
        Tells whether the first bytes of a file are of this format.
    extensions : tuple of str
        Names that tell the format when the bytes do not.
    est_tableau, est_interchangeable : bool
        A table of records; declared as such, the file tells whether it is CSV, JSON, a
        workbook or Parquet.
    cherche_entete : bool
        Its header is looked for: `lire` takes the names that it may hold (`attendues`).
    est_pret : bool
        The reader gives the columns of ours: no mapping is declared.
    est_geographique : bool
        The rows bear a `geometry` beside the columns.
    """

    nom: str
    libelle: str
    lire: Callable[..., Lecture]
    est_reconnu: Callable[[FileStart], bool]
    lire_par_lots: Callable[..., Iterator[Lecture]] | None = None
    options: Mapping[str, OptionSource] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    est_tableau: bool = False
    est_interchangeable: bool = False
    cherche_entete: bool = False
    est_pret: bool = False
    est_geographique: bool = False


FORMATS: dict[str, FormatSource] = {
    row.nom: row
    for row in (
        FormatSource(
            nom="csv",
            libelle="texte à colonnes (CSV)",
            lire=read_csv,
            est_reconnu=recognise.is_text,
            options={
                "encoding": TEXTE,
                "delimiter": OptionSource(
                    type=str,
                    est_bonne=lambda value: len(value) == 1,
                    probleme="option « delimiter » : un seul caractère attendu.",
                ),
                "skip": OptionSource(
                    type=int, est_bonne=lambda value: value >= 0, probleme=_LIGNES
                ),
                "entete": OptionSource(
                    type=list,
                    est_bonne=lambda value: bool(value) and all(isinstance(v, str) for v in value),
                    probleme="option « entete » : la liste des noms des colonnes est attendue.",
                ),
            },
            est_tableau=True,
            est_interchangeable=True,
            cherche_entete=True,
        ),
        FormatSource(
            nom="parquet",
            libelle="table Parquet",
            lire=read_parquet,
            est_reconnu=recognise.is_parquet,
            est_tableau=True,
        ),
        FormatSource(
            nom="xlsx",
            libelle="classeur (XLSX, XLSB, XLS, ODS)",
            lire=read_xlsx,
            est_reconnu=recognise.is_workbook,
            options={
                "sheet": TEXTE,
                "header": OptionSource(
                    type=int, est_bonne=lambda value: value >= 1, probleme=_LIGNES
                ),
            },
            est_tableau=True,
            cherche_entete=True,
        ),
        FormatSource(
            nom="json",
            libelle="JSON",
            lire=read_json,
            est_reconnu=recognise.is_json,
            options={"encoding": TEXTE},
            est_tableau=True,
            est_interchangeable=True,
        ),
        FormatSource(
            nom="boundaries",
            libelle="contours géographiques",
            lire=read_boundaries,
            est_reconnu=recognise.is_outlines,
            extensions=(".shp", ".dbf"),
            est_geographique=True,
        ),
        FormatSource(
            nom="lheo",
            libelle="LHÉO (XML)",
            lire=read_lheo,
            lire_par_lots=iter_lheo,
            est_reconnu=recognise.is_lheo,
            options={"voie": TEXTE},
            est_pret=True,
        ),
        FormatSource(
            nom="intercarif",
            libelle="JSON d'Intercarif",
            lire=read_intercarif,
            est_reconnu=recognise.is_intercarif,
            options={"voie": TEXTE},
            est_pret=True,
        ),
        FormatSource(
            nom="catalogue",
            libelle="JSON du catalogue de l'apprentissage",
            lire=read_catalogue,
            est_reconnu=recognise.is_catalogue,
            est_pret=True,
        ),
        FormatSource(
            nom="ban",
            libelle="adresses de la BAN (CSV)",
            lire=read_ban,
            est_reconnu=recognise.is_ban,
            est_pret=True,
        ),
        FormatSource(
            nom="routes_osm",
            libelle="routes d'OpenStreetMap (GeoJSON)",
            lire=read_osm_roads,
            est_reconnu=recognise.is_osm_roads,
            est_pret=True,
        ),
    )
}
"""Every format, the most precise last: a file is of the last one that recognises it."""


def recognise_format(path: Path) -> str:
    """Return the format of a file, one of `FORMATS`.

    Raises
    ------
    SourceError
        Unreadable, empty, not data, or a format that is not read; the message
        says what was recognised.
    """
    with opened(path) as plain:
        return _recognise(plain)


def _recognise(path: Path) -> str:
    """Return the format of a plain file."""
    start = recognise.read_start(path)
    if not start.is_archive:
        for row in FORMATS.values():
            if start.path.suffix.lower() in row.extensions:
                return row.nom
    for row in reversed(FORMATS.values()):
        if row.est_reconnu(start):
            return row.nom
    raise recognise.refuse(start)
