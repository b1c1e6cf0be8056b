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
from geoapp.sources.mapping import required_columns
from geoapp.sources.reading import read_raw, read_source
from geoapp.sources.registry import Source, get_source, load_sources

_FORMATS = {".csv": "csv", ".gz": "csv", ".txt": "csv", ".tsv": "csv", ".json": "json", ".xlsx": "xlsx", ".geojson": "boundaries",
            ".gpkg": "boundaries", ".zip": "boundaries", ".shp": "boundaries", ".dbf": "boundaries"}


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
    lecture = read_source(source, path)
    communes = load_communes(load_settings().region)
    bilan = check_lecture(source, lecture, communes=communes, passage=make_passage(communes, []))
    bilan.check()
    return source, bilan


def _recognise(path: Path) -> Source:
    """Return the source of the registry that a file looks like."""
    sources = list(load_sources().values())
    same_name = [s for s in sources if Path(s.fichier).name == path.name]
    if same_name:
        return same_name[0]
    format = _FORMATS.get(path.suffix.lower())
    if format is None:
        raise SourceError(path, f"extension « {path.suffix} » inconnue.", cure=f"Extensions lues : {', '.join(_FORMATS)}.")
    fitting = [s for s in sources if s.format == format and _fits(s, path)]
    if fitting:
        return max(fitting, key=lambda s: len(required_columns(s)))
    columns = [str(c) for c in read_raw(path, format, {}).frame.columns if c != "geometry"]
    raise SourceError(
        path, "format non reconnu.", place=f"colonnes : {', '.join(columns[:10])}",
        cure=f"Précisez la source avec --as (par exemple --as {_closest(columns, sources)}), ou ajoutez-la à geodata/sources.toml.",
    )


def _fits(source: Source, path: Path) -> bool:
    """Tell whether every column that a source needs is in the file."""
    try:
        columns = set(read_raw(path, source.format, source.options).frame.columns)
    except SourceError:
        if source.options.get("sheet") or source.options.get("encoding"):
            return False
        raise
    return required_columns(source) <= columns


def _closest(columns: list[str], sources: list[Source]) -> str:
    """Return the id of the source that shares most columns, spelling mistakes allowed."""
    def shared(source: Source) -> int:
        return sum(nearest_accepted(name, columns) is not None for name in required_columns(source))

    return max(sources, key=shared).id


def write_rejects(bilan: Bilan, out: Path) -> None:
    """Write the rejects as CSV for a spreadsheet (UTF-8 with BOM, `;`), formulas neutralised."""
    from geoapp.tables import neutralise, write_text

    frame = pd.DataFrame(bilan.rejets, columns=["ligne", "colonne", "valeur", "raison", "valeur_proche"])
    write_text(out, "\ufeff" + frame.map(neutralise).to_csv(index=False, sep=";"))
