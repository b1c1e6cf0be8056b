"""Series: a source of the registry that has one file a year, the year read from each file.

A row with `annees` stands for one source per year that is known of, or laid in
the mirror under the same name.  What a file is of comes from the file: a
column that says it, else its name, else the person who gives it; never from
the registry alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pandas as pd

from geoapp.core.errors import ParameterError, SourceError
from geoapp.sources.records import show
from geoapp.sources.registry import ANNEE, Source, load_sources

_ANNEE = r"(?<!\d)(20\d\d)(?!\d)"


def is_year(text: str) -> bool:
    """Tell whether a text is a year that a file may be of."""
    return bool(re.fullmatch(r"20\d\d", text))


def years_in(mirror: Path, modele: str) -> list[str]:
    """Return the years of the files of a mirror whose name is `modele` with a year in it."""
    folder = Path(mirror) / PurePosixPath(modele).parent
    names = (path.name for path in folder.iterdir()) if folder.is_dir() else ()
    return sorted(filter(None, (_year_by_model(name, modele) for name in names)))


def is_named_as(source: Source, path: Path) -> bool:
    """Tell whether a file has the name of those of a source, whatever its year."""
    name = Path(path).name
    return PurePosixPath(source.fichier).name == name or bool(
        source.serie and _year_by_model(name, source.modele)
    )


def sources_with_mirror(mirror: Path | None) -> dict[str, Source]:
    """Return the sources of the registry, each series completed with the years laid in a mirror."""
    sources = load_sources()
    if mirror is None:
        return sources
    models = {one.modele for one in sources.values() if one.serie}
    return load_sources(annees={modele: years_in(mirror, modele) for modele in models})


def source_of_file(
    source: Source, path: Path, millesime: str, read: Callable[[], pd.DataFrame]
) -> Source:
    """Return the source of the series of `source` that a file is of; another source is itself.

    Parameters
    ----------
    millesime : str
        Year that a person gives: it wins over the name of the file, never over its column.
    read : callable
        Gives the rows of the file, when its name does not say the year.

    Raises
    ------
    ParameterError
        `millesime` is no year, or is given for a source that has no series.
    SourceError
        Neither the file nor the person says the year.
    """
    if millesime and not is_year(millesime):
        raise ParameterError(
            f"Millésime « {show(millesime)} » : une année est attendue, par exemple 2024."
        )
    if not source.serie:
        if millesime:
            raise ParameterError(
                f"La source « {source.id} » n'est pas une série par année : retirez --millesime."
            )
        return source
    annee = millesime or year_of_name(path, source.modele)
    if not annee and source.colonne_annee:
        annee = year_of_column(read(), path, source)
    if not annee:
        raise SourceError(
            path,
            "l'année de ce fichier n'est dite ni par son nom, ni par une colonne.",
            cure=f"Donnez-la : --as {source.serie} --millesime 2024, ou nommez le fichier "
            f"« {PurePosixPath(source.modele).name} » avec son année.",
        )
    return of_year(source, annee)


def of_year(source: Source, annee: str) -> Source:
    """Return the source of the same series for another year."""
    if source.annee == annee:
        return source
    found = load_sources(annees={source.modele: [annee]}).values()
    return next(one for one in found if one.serie == source.serie and one.annee == annee)


def year_of_name(path: Path, modele: str) -> str:
    """Return the year that a file name says: that of its model, else its only one, else ""."""
    years = set(re.findall(_ANNEE, Path(path).name))
    return _year_by_model(Path(path).name, modele) or (years.pop() if len(years) == 1 else "")


def _year_by_model(name: str, modele: str) -> str:
    """Return the year of a name that follows a model; "" for another name."""
    before, _, after = PurePosixPath(modele).name.partition(ANNEE)
    found = re.fullmatch(rf"{re.escape(before)}(20\d\d){re.escape(after)}", name)
    return found[1] if found else ""


def year_of_column(raw: pd.DataFrame, path: Path, source: Source) -> str:
    """Return the only year that the column of a file says.

    Raises
    ------
    SourceError
        The column is absent, or it says no year, or several.
    """
    if source.colonne_annee not in raw:
        raise SourceError(
            path,
            f"la colonne « {source.colonne_annee} », qui dit l'année, est absente.",
            place="en-tête",
            cure=f"Donnez l'année : --as {source.serie} --millesime 2024.",
        )
    years = sorted(set(raw[source.colonne_annee].dropna()))
    if len(years) != 1 or not is_year(years[0]):
        raise SourceError(
            path,
            f"la colonne « {source.colonne_annee} » devrait dire une seule année, "
            f"elle dit : {', '.join(map(show, years[:5])) or 'rien'}.",
            cure="Gardez une année par fichier.",
        )
    return years[0]


def check_year(raw: pd.DataFrame, source: Source, path: Path) -> None:
    """Raise `SourceError` when the column of the year says another than that of the source."""
    if not source.colonne_annee or raw.empty:
        return
    annee = year_of_column(raw, path, source)
    if annee != source.annee:
        raise SourceError(
            path,
            f"la colonne « {source.colonne_annee} » dit {annee}, "
            f"le fichier est lu comme celui de {source.annee}.",
            cure=f"Donnez la bonne année : --as {source.serie} --millesime {annee}, "
            "ou renommez le fichier.",
        )
