"""`geoapp check`: find what a file is, read it, and tell what is wrong in it.

A stream is checked batch by batch: what is kept of it is counts and first
examples, and the digests of its rows, so that a repeated one is found wherever
it is (`geoapp.offer.repeats`).
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geoapp.core.cells import neutralise
from geoapp.core.config import load_settings
from geoapp.core.errors import ParameterError, SourceError
from geoapp.core.files import writing
from geoapp.ingest.checking import check_lecture
from geoapp.ingest.tally import Bilan
from geoapp.ingest.territories import load_communes
from geoapp.offer.repeats import LignesVues
from geoapp.reference.codes import nearest_accepted
from geoapp.reference.commune_codes import make_passage
from geoapp.reference.vicinity import communes_file, region_code, served_region
from geoapp.sources.formats import FORMATS, recognise_format
from geoapp.sources.headers import (
    expected_names,
    known_columns,
    rename_columns,
    required_columns,
)
from geoapp.sources.local import local_sources
from geoapp.sources.reading import is_stream, iter_source, read_raw, reader_options
from geoapp.sources.recognise import tabular_format
from geoapp.sources.records import show
from geoapp.sources.registry import Source, get_source, load_sources
from geoapp.sources.series import is_named_as, source_of_file
from geoapp.sources.unpacking import unpacked
from geoapp.sources.usages import USAGES

NB_EXEMPLES = 20
"""Rejects kept as examples; the file of `--out` has them all."""

COLONNES_REJETS = ("ligne", "colonne", "valeur", "code_raison", "raison", "valeur_proche")


@dataclass(kw_only=True)
class Controle:
    """What the check of a file found.

    Counts and first examples, of a size that does not follow the file's.

    Attributes
    ----------
    nb_lues, nb_valides, nb_rejetees, nb_extras : int
        Rows read = valid + rejected; private elements left out.
    raisons : Counter
        Rows rejected by reason (codes of `RAISONS`).
    exemples : list of dict
        The first rejects.
    reparations : dict
        (column, kind) → how many values were repaired or set aside, and the first of them.
    notes : list of str
        How the file was read when it is not as announced, and what was left aside.
    nb_placees, nb_douteuses, nb_hors_region, nb_par_code : int, optional
        Of the valid rows of an offer: placed, at a doubtful position, outside the region, to be
        placed by a build that knows the code of their establishment.
    """

    nb_lues: int = 0
    nb_valides: int = 0
    nb_rejetees: int = 0
    nb_extras: int = 0
    raisons: Counter = field(default_factory=Counter)
    exemples: list[dict] = field(default_factory=list)
    reparations: dict[tuple[str, str], tuple[int, dict]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    nb_placees: int | None = None
    nb_douteuses: int | None = None
    nb_hors_region: int | None = None
    nb_par_code: int | None = None

    def add(self, part: Bilan, extras: int = 0) -> None:
        """Add what was found in one batch."""
        part.check()
        self.nb_lues += part.nb_lues
        self.nb_valides += part.nb_valides
        self.nb_rejetees += len(part.rejets)
        self.nb_extras += extras
        self.raisons.update(rejet["code_raison"] for rejet in part.rejets)
        self.exemples += part.rejets[: NB_EXEMPLES - len(self.exemples)]
        if part.note and part.note not in self.notes:
            self.notes.append(part.note)
        for name in ("nb_placees", "nb_douteuses", "nb_hors_region", "nb_par_code"):
            if (nb := getattr(part, name)) is not None:
                setattr(self, name, (getattr(self, name) or 0) + nb)
        for one in part.corrections:
            nb, first = self.reparations.get((one["colonne"], one["type_correction"]), (0, one))
            self.reparations[one["colonne"], one["type_correction"]] = nb + 1, first


def check_file(
    path: Path,
    as_source: str | None = None,
    out: Path | None = None,
    millesime: str = "",
    data_dir: Path | None = None,
) -> tuple[Source, Controle]:
    """Return the source a file was read as, and what was found.

    The rejects go to the CSV file `out` as they come.

    Without `as_source`, the source whose file has that name, else the one
    whose columns fit the content best.  A file of a series is read as that of the
    year it says, else of `millesime`.  The sources of the local registry of
    `data_dir` are known too.  `out` is for a spreadsheet (UTF-8 with
    BOM, `;`, formulas neutralised); it takes its name once whole.

    Raises
    ------
    ParameterError
        No such file, unknown source, rejects to be written over the file.
    SourceError
        The file cannot be read, or fits no source of the registry.
    StorageError
        `out` cannot be written.
    """
    path = Path(path)
    if not path.is_file():
        raise ParameterError(f"Fichier introuvable : {path}. Vérifiez le chemin.")
    if out and Path(out).resolve() == path.resolve():
        raise ParameterError(
            f"Les rejets ne peuvent pas être écrits dans le fichier contrôlé ({path}) : "
            "choisissez un autre nom."
        )
    mine = local_sources(data_dir) if data_dir else {}
    with served_region(data_dir, load_settings().region) as region, _rejects_file(out) as write:
        if as_source:
            source = mine.get(as_source) or get_source(as_source)
        else:
            source = _recognise(path, mine.values())
        source = source_of_file(source, path, millesime, lambda: _read_rows(source, path))
        return source, _check(source, path, write, load_communes(region))


def _read_rows(source: Source, path: Path) -> pd.DataFrame:
    """Return the rows of a file, its columns under the names that a source declares."""
    raw = read_raw(path, source.format, source.options, expected_names([source]))
    return rename_columns(raw.frame, source)


@cache
def _passage(path: Path, region: str) -> dict[str, str]:
    """Return the old codes of a file of communes, for all the files checked."""
    return make_passage(load_communes(region), [])


def _check(
    source: Source,
    path: Path,
    write: Callable[[list[dict]], None],
    communes: gpd.GeoDataFrame,
) -> Controle:
    """Return what is found in a file, its rejects given to `write` batch by batch."""
    passage, found = _passage(communes_file(), region_code()), Controle()
    vues = LignesVues() if is_stream(source) else None
    for lecture in iter_source(source, path):
        part = check_lecture(source, lecture, communes=communes, passage=passage, vues=vues)
        found.add(part, lecture.extras)
        write(part.rejets)
    if not found.nb_lues:
        raise SourceError(
            path,
            "aucune ligne de données.",
            cure="Téléchargez le fichier à nouveau auprès du producteur.",
        )
    return found


@contextmanager
def _rejects_file(out: Path | None):
    """Give what writes rejects to the CSV file `out`, which takes its name at the end.

    Nothing is written without it.
    """
    if out is None:
        yield lambda rejets: None
        return
    with writing(out) as aside, open(aside, "w", encoding="utf-8-sig", newline="") as stream:
        rows = csv.writer(stream, delimiter=";", lineterminator="\n")
        rows.writerow(COLONNES_REJETS)
        yield lambda rejets: rows.writerows(
            [_cell(rejet[nom]) for nom in COLONNES_REJETS] for rejet in rejets
        )


def _cell(value) -> str:
    """Return a value as a cell that runs no formula; unknown is empty."""
    # A value that is not equal to itself is NaN.
    return "" if value is None or value != value else neutralise(value)


def _recognise(path: Path, locales: Iterable[Source] = ()) -> Source:
    """Return the source of the registry that a file looks like.

    By its content, then its name, else its columns.

    Of several that fit, one that can feed the tables, then the one that reads most columns.
    """
    # A file of another region is still known for what it is.
    here = region_code()
    sources = [*sorted(load_sources().values(), key=lambda s: not s.tells_of(here)), *locales]
    format = recognise_format(path)
    # The name of a table may lie: a source of CSV or JSON is read as its file says.
    is_table = FORMATS[format].est_tableau
    same_format = [
        s
        for s in sources
        if s.format == format or (is_table and FORMATS[s.format].est_interchangeable)
    ]
    # A GeoJSON of points may be a table.
    if format == "boundaries" and tabular_format(path) == "json":
        same_format += [s for s in sources if s.format == "json"]
    same_name = [s for s in same_format if is_named_as(s, path)]
    if same_name or FORMATS[format].est_pret:
        return (same_name or sorted(same_format, key=lambda s: s.usage != "offre"))[0]
    # Of a file without header nothing tells the columns: it is known by its name alone.
    same_format = [s for s in same_format if "entete" not in s.options]
    path = unpacked(path)
    columns = _columns_by_source(path, format, same_format)
    fitting = [s for s in same_format if required_columns(s) <= columns[s.id]]
    if not fitting:
        raise _unknown(path, format, same_format, columns)
    return max(
        fitting,
        key=lambda s: (
            USAGES[s.usage].etape != "verification",
            len(required_columns(s)),
            s.format == format,
            Path(s.fichier).suffix == path.suffix,
        ),
    )


def _columns_by_source(path: Path, format: str, candidates: list[Source]) -> dict[str, set[str]]:
    """Return the columns of the file as each source would read it.

    Each way of reading is tried once.

    Raises
    ------
    SourceError
        The plain reading fails, and no source reads the file otherwise.
    """
    found: dict[str, set[str]] = {}
    failed: list[SourceError] = []
    attendues = expected_names(candidates)
    for options in [{}, *(reader_options(format, s.options) for s in candidates)]:
        key = _reading(format, options)
        if key in found:
            continue
        try:
            columns = read_raw(path, format, options, attendues).frame.columns
            found[key] = {str(name) for name in columns if name != "geometry"}
        except SourceError as error:
            found[key] = set()
            failed.append(error)
    if not any(found.values()):
        raise failed[0] if failed else _without_attributes(path, candidates)
    read = {s.id: _reading(format, s.options) for s in candidates}
    # "": what to show of a file that fits no source.
    return {s.id: known_columns(s, found[read[s.id]]) for s in candidates} | {
        "": max(found.values(), key=len)
    }


def _without_attributes(path: Path, candidates: list[Source]) -> SourceError:
    """Return the error of outlines that say nothing of what they are."""
    wanted = {source.id: ", ".join(sorted(required_columns(source))) for source in candidates}
    each = " ; ".join(f"{id_source} : {names}" for id_source, names in list(wanted.items())[:4])
    return SourceError(
        path,
        "contours sans attribut : rien ne dit ce qu'ils sont.",
        cure=f"Demandez le fichier avec ses attributs. Ce qu'une source attend : {each}.",
    )


def _reading(format: str, options: dict) -> str:
    """Return the key of a way of reading a format."""
    return repr(sorted(reader_options(format, options).items()))


def _unknown(
    path: Path, format: str, candidates: list[Source], columns: dict[str, set[str]]
) -> SourceError:
    """Return the error for a file that fits no source.

    The one nearest to it is named when half its columns are there.
    """
    shown = ", ".join(show(name) for name in sorted(columns[""])[:10])
    cure = "Précisez la source avec --as ; pour la table d'un organisme, essayez --proposer."
    missing = {s.id: required_columns(s) - columns[s.id] for s in candidates}
    part = {s.id: len(missing[s.id]) / len(required_columns(s)) for s in candidates}
    near = min(candidates, key=lambda s: part[s.id], default=None)
    if near and part[near.id] <= 0.5:
        names = sorted(missing[near.id])[:5]
        lacking = [f"« {name} »{_nearest(name, columns[near.id])}" for name in names]
        cure = f"Pour la lire comme « {near.id} », il manque {', '.join(lacking)}. {cure}"
    kind = FORMATS[format].libelle
    return SourceError(
        path,
        f"format non reconnu : lu ({kind}), mais aucune source n'a ces colonnes.",
        place=f"colonnes : {shown}",
        cure=cure,
    )


def _nearest(name: str, columns: set[str]) -> str:
    """Return the nearest column as a proposal."""
    near = nearest_accepted(name, sorted(columns))
    return f" (la plus proche : « {show(near)} »)" if near else ""
