"""`geoapp export`: one table, the indicators of a zoning, or everything, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from geoapp.core.config import CRS_GEO, CRS_METRIC
from geoapp.core.errors import ParameterError
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.model import describe_asked, parse_question
from geoapp.coverage.world import World, open_world
from geoapp.outputs.catalogue.datapackage import NOM, describe_package, seal_package
from geoapp.outputs.catalogue.indicators import check_zoning, indicator_file
from geoapp.outputs.catalogue.listing import TABLE, Ressource, list_resources
from geoapp.outputs.catalogue.resources import check_table_name, table_file
from geoapp.outputs.files.formats import (
    Format,
    format_of_path,
    parse_format,
    storing,
    write_as,
    write_pair,
)
from geoapp.outputs.files.geopackage import write_layers
from geoapp.outputs.files.model import Fichier

UN_SEUL = "Donnez --table, --indicateurs ou --tout : un des trois, un seul."

ENSEMBLE = ".gpkg"
"""Extension of the one file that can hold everything."""


def extract(
    snapshot: Snapshot,
    out: Path,
    *,
    choix: Mapping,
    format: str | None = None,
    parametres: Mapping | None = None,
) -> str:
    """Write what is chosen to `out`, and return in words what was written.

    Parameters
    ----------
    choix : Mapping
        One of `table` (a name), `indicateurs` (a zoning), `tout` (true).
    format : str, optional
        A name of `FORMATS`; told by the extension of `out` when not given.
    parametres : Mapping, optional
        Question that the indicators answer; a table takes none.

    Raises
    ------
    ParameterError, NotFoundError
        When the choice, the format or a parameter is not accepted.
    StorageError
        When `out` cannot be written; nothing half-written is left.
    """
    chosen = [nom for nom, valeur in choix.items() if valeur]
    if len(chosen) != 1:
        raise ParameterError(UN_SEUL)
    form = _format(format, out, est_dossier=chosen == ["tout"])
    parametres = dict(parametres or {})
    if chosen == ["table"]:
        return _write_table(snapshot, choix["table"], form, out, parametres=parametres)
    if chosen == ["indicateurs"]:
        check_zoning(snapshot, choix["indicateurs"])
        fichier = indicator_file(open_world(snapshot), choix["indicateurs"], parametres)
        write_as(fichier, form, out)
        return _told(fichier, out)
    return _write_all(snapshot, form, out, parametres)


def _format(nom: str | None, out: Path, *, est_dossier: bool) -> Format:
    """Return the format asked, else the one that the name of the file tells."""
    if nom:
        form = parse_format(nom)
    elif est_dossier and not Path(out).suffix:
        raise ParameterError("Donnez --format : un dossier ne dit pas le sien.")
    else:
        form = format_of_path(out)
    if est_dossier and not form.suffixe.endswith(ENSEMBLE) and Path(out).suffix:
        raise ParameterError(
            f"Tout ne tient pas dans un seul {form.libelle} : donnez le nom d'un dossier, sans "
            f"extension (« --tout --format {form.nom} --out {Path(out).name.split('.')[0]} »), "
            f"ou un fichier {ENSEMBLE}, qui a une couche par table."
        )
    return form


def _told(fichier: Fichier, out: Path) -> str:
    nb = len(fichier.table)
    return f"{out} : {fichier.titre}, {nb} ligne{'s' if nb > 1 else ''}"


def _write_table(snapshot: Snapshot, nom: str, form: Format, out: Path, *, parametres: dict) -> str:
    """Write one table."""
    check_table_name(nom)
    if parametres:
        raise ParameterError(
            f"{', '.join(sorted(parametres))} : une table n'a pas de paramètre. "
            "Ils valent pour --indicateurs et --tout."
        )
    fichier = table_file(snapshot, nom)
    write_as(fichier, form, out)
    return _told(fichier, out)


def _write_all(snapshot: Snapshot, form: Format, out: Path, parametres: dict) -> str:
    """Write everything: one GeoPackage, or a folder with one file by resource.

    The CSV for programs have their data package beside them.
    """
    resources = list_resources(snapshot)
    if not form.suffixe.endswith(ENSEMBLE):
        resources = [one for one in resources if form in one.formats]
    with storing(out) as aside:
        if form.suffixe.endswith(ENSEMBLE):
            crs = CRS_METRIC if form.nom == "gpkg-l93" else CRS_GEO
            files = every_file(snapshot, resources, parametres, open_world(snapshot))
            write_layers(files, aside, crs=crs)
        else:
            _write_folder(snapshot, resources, form, aside, parametres=parametres)
    kind = "couches" if form.suffixe.endswith(ENSEMBLE) else "fichiers"
    return f"{out} : {len(resources)} {kind}"


def every_file(
    snapshot: Snapshot, resources: list[Ressource], parametres: dict, world: World
) -> Iterator[Fichier]:
    """Yield each resource as a file, one after the other: they never lie in memory together."""
    for one in resources:
        yield (
            table_file(snapshot, one.nom)
            if one.genre == TABLE
            else indicator_file(world, one.nom, parametres)
        )


def _write_folder(
    snapshot: Snapshot, resources: list[Ressource], form: Format, folder: Path, *, parametres: dict
) -> None:
    """Write one file by resource into a new folder."""
    for genre in {one.genre for one in resources}:
        (folder / genre).mkdir(parents=True)
    world = open_world(snapshot)
    for one, fichier in zip(
        resources, every_file(snapshot, resources, parametres, world), strict=True
    ):
        write_pair(fichier, form, folder / one.path(form))
    if form.nom == "csv-simple":
        question = describe_asked(parse_question(parametres, world))
        package = seal_package(describe_package(snapshot, resources, question), folder)
        (folder / NOM).write_text(
            json.dumps(package, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
