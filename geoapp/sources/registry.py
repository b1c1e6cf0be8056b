"""The sources as data: `geodata/sources.toml` read into frozen records."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from geoapp.config import GEODATA
from geoapp.errors import ParameterError, SourceError

REGISTRY = GEODATA / "sources.toml"

USAGES = ("offre", "zonage", "population", "etablissements", "passage", "communes", "verification")
FORMATS = ("csv", "xlsx", "json", "boundaries", "parquet")


@dataclass(frozen=True)
class Source:
    """One source: who made it, where it is, how its columns are read.

    `colonnes` maps a column of ours to a column of the file or to a rule (see
    `geoapp.sources.mapping`).  `remplacee_par` names the source whose rows are
    the same offer in a better or newer file: when that one is available, this
    one is read, checked and counted, but does not feed the tables.
    """

    id: str
    titre: str
    producteur: str
    licence: str
    millesime: str
    usage: str
    format: str
    fichier: str = ""
    adresse: str = ""
    telechargement: str = ""
    membre: str = ""
    note: str = ""
    remplacee_par: str = ""
    type_zone: str = ""
    demonstration: str = ""
    colonnes: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)


def load_sources(path: Path = REGISTRY) -> dict[str, Source]:
    """Return every source of the registry by id, in the order of the file.

    Raises
    ------
    SourceError
        When the TOML cannot be read, a key is unknown or missing.
    """
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["source"]
        sources = [Source(**row) for row in rows]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise SourceError(path, f"registre illisible ({error}).", cure="Corrigez le fichier.") from None
    for source in sources:
        _check(source, path)
    return {source.id: source for source in sources}


def _check(source: Source, path: Path) -> None:
    """Refuse a row whose usage or format is unknown."""
    for nom, valeur, admis in (("usage", source.usage, USAGES), ("format", source.format, FORMATS)):
        if valeur not in admis:
            raise SourceError(
                path, f"source « {source.id} », {nom} = « {valeur} » inconnu.", cure=f"Valeurs admises : {', '.join(admis)}."
            )


def get_source(id_source: str) -> Source:
    """Return one source, or raise `ParameterError` naming the nearest id."""
    import difflib

    sources = load_sources()
    if id_source in sources:
        return sources[id_source]
    proches = difflib.get_close_matches(id_source, sources, n=1)
    suite = f" Vouliez-vous dire « {proches[0]} » ?" if proches else f" Sources connues : {', '.join(sources)}."
    raise ParameterError(f"Source inconnue : « {id_source} ».{suite}")
