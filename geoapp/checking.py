"""`geoapp check`: find what a file is, read it, and list what is wrong in it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from geoapp.build.bilan import Bilan
from geoapp.build.territoires import load_communes
from geoapp.build.verification import check_lecture
from geoapp.codes import nearest_accepted
from geoapp.communes_codes import make_passage
from geoapp.config import load_settings
from geoapp.errors import ParameterError, SourceError
from geoapp.sources.entetes import known_columns, required_columns
from geoapp.sources.reading import TABULAIRES, iter_source, read_raw, reader_options
from geoapp.sources.reconnaitre import recognise_format
from geoapp.sources.registry import FORMATS_PRETS, Source, get_source, load_sources
from geoapp.sources.tabular import Lecture, show

def check_file(path: Path, as_source: str | None = None) -> tuple[Source, Bilan]:
    """Return the source a file was read as, with its counts, rejects and corrections.

    Without `as_source`, the source whose file has that name, else the one
    whose columns fit the content best.

    Raises
    ------
    ParameterError
        No such file, unknown source.
    SourceError
        The file cannot be read, or fits no source of the registry.
    """
    path = Path(path)
    if not path.is_file():
        raise ParameterError(f"Fichier introuvable : {path}. Vérifiez le chemin.")
    source = get_source(as_source) if as_source else _recognise(path)
    communes = load_communes(load_settings().region)
    passage = make_passage(communes, [])
    bilan = Bilan(source.id)
    for lecture in iter_source(source, path):
        _add(bilan, check_lecture(source, lecture, communes=communes, passage=passage), lecture)
    if not bilan.nb_lues:
        raise SourceError(path, "aucune ligne de données.", cure="Téléchargez le fichier à nouveau auprès du producteur.")
    bilan.check()
    return source, bilan


def _add(bilan: Bilan, part: Bilan, lecture: Lecture) -> None:
    """Add the counts of one batch of a file to those of the whole."""
    bilan.nb_lues += part.nb_lues
    bilan.nb_valides += part.nb_valides
    bilan.rejets += part.rejets
    bilan.corrections += part.corrections
    bilan.nb_extras += lecture.extras


def _recognise(path: Path) -> Source:
    """Return the source of the registry that a file looks like: by its content, then its name, else its columns.

    Of several that fit, one that can feed the tables, then the one that reads most columns.
    """
    sources = list(load_sources().values())
    format = recognise_format(path)
    is_table = format in (*TABULAIRES, "xlsx")
    same_format = [s for s in sources if s.format == format or is_table and s.format in TABULAIRES]
    same_name = [s for s in same_format if Path(s.fichier).name == path.name]
    if same_name or format in FORMATS_PRETS:
        return (same_name or sorted(same_format, key=lambda s: s.usage != "offre"))[0]
    columns = _columns_by_source(path, format, same_format)
    fitting = [s for s in same_format if required_columns(s) <= columns[s.id]]
    if not fitting:
        raise _unknown(path, same_format, columns)
    return max(fitting, key=lambda s: (s.usage != "verification", len(required_columns(s)), s.format == format, Path(s.fichier).suffix == path.suffix))


def _columns_by_source(path: Path, format: str, candidates: list[Source]) -> dict[str, set[str]]:
    """Return the columns of the file as each source would read it; each way of reading is tried once.

    Raises
    ------
    SourceError
        The plain reading fails, and no source reads the file otherwise.
    """
    found, failed = {}, []
    for options in [{}, *[reader_options(format, s.options) for s in candidates]]:
        key = repr(sorted(options.items()))
        if key in found:
            continue
        try:
            found[key] = {str(c) for c in read_raw(path, format, options).frame.columns if c != "geometry"}
        except SourceError as error:
            found[key] = set()
            failed.append(error)
    if not any(found.values()):
        raise failed[0]
    return {s.id: known_columns(s, found[repr(sorted(reader_options(format, s.options).items()))]) for s in candidates} | {"": max(found.values(), key=len)}


def _unknown(path: Path, candidates: list[Source], columns: dict[str, set[str]]) -> SourceError:
    """Return the error for a file that fits no source: the one nearest to it is named when half its columns are there."""
    shown = ", ".join(show(name) for name in sorted(columns[""])[:10])
    cure = "Précisez la source avec --as, ou ajoutez-la à geodata/sources.toml."
    missing = {s.id: required_columns(s) - columns[s.id] for s in candidates}
    near = min(candidates, key=lambda s: len(missing[s.id]) / len(required_columns(s)), default=None)
    if near and 2 * len(missing[near.id]) <= len(required_columns(near)):
        lacking = [f"« {name} »{_nearest(name, columns[near.id])}" for name in sorted(missing[near.id])[:5]]
        cure = f"Pour la lire comme « {near.id} », il manque {', '.join(lacking)}. {cure}"
    return SourceError(path, "format non reconnu.", place=f"colonnes : {shown}", cure=cure)


def _nearest(name: str, columns: set[str]) -> str:
    """Return the nearest column as a proposal."""
    near = nearest_accepted(name, sorted(columns))
    return f" (la plus proche : « {show(near)} »)" if near else ""


def write_rejects(bilan: Bilan, out: Path) -> None:
    """Write the rejects as CSV for a spreadsheet (UTF-8 with BOM, `;`), formulas neutralised."""
    from geoapp.cellules import neutralise
    from geoapp.tables import write_text

    frame = pd.DataFrame(bilan.rejets, columns=["ligne", "colonne", "valeur", "raison", "valeur_proche"])
    write_text(out, "\ufeff" + frame.map(neutralise).to_csv(index=False, sep=";"))
