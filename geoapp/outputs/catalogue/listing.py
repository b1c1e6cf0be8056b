"""Everything that can be taken away: one row by table, one by zoning of the indicators."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from geoapp.core import schema
from geoapp.core.french import typeset
from geoapp.core.snapshot import Snapshot
from geoapp.outputs.catalogue.indicators import indicator_sources, indicator_title, list_zonings
from geoapp.outputs.catalogue.licences import Licence
from geoapp.outputs.catalogue.resources import (
    feeding_usages,
    find_sheet,
    licences_of,
    sources_used,
    table_columns,
)
from geoapp.outputs.coverage import list_columns
from geoapp.outputs.files.formats import FORMATS, Format, formats_of
from geoapp.outputs.files.model import CONTOUR, ColonneFichier, flat_columns

TABLE, INDICATEURS = "tables", "indicateurs"
"""Kinds of resource, and folders of their files."""


@dataclass(frozen=True, kw_only=True)
class Ressource:
    """One thing to take away.

    `sources` are rows of the table `sources` as dictionaries (None when unknown), `octets` is the
    size of its GeoParquet, None when it is not yet made.
    """

    genre: str
    nom: str
    titre: str
    sens: str
    nb_lignes: int
    colonnes: tuple[ColonneFichier, ...]
    cle: tuple[str, ...]
    formats: tuple[Format, ...]
    licences: tuple[Licence, ...]
    sources: tuple[dict, ...]
    forme: str
    octets: int | None = None

    @property
    def id(self) -> str:
        """Return a name that no other resource has."""
        return self.nom if self.genre == TABLE else f"couverture-{self.nom}"

    @property
    def colonnes_plates(self) -> list[ColonneFichier]:
        """Return the columns of a CSV."""
        return flat_columns(self.colonnes, self.forme)

    def path(self, form: Format | None = None) -> str:
        """Return where a file is under the catalogue: the CSV for programs without format."""
        return f"{self.genre}/{self.nom}{(form or FORMATS['csv-simple']).suffixe}"


def list_resources(snapshot: Snapshot) -> list[Ressource]:
    """Return every resource of a snapshot: its tables, then the indicators of each zoning."""
    used = sources_used(snapshot)
    plain = {one["id_source"]: one for one in _plain(used)}

    @cache
    def told_by(usages: tuple[str, ...]) -> tuple[tuple[Licence, ...], tuple[dict, ...]]:
        """Return licences and sources: many tables have the same."""
        mine = used[used["usage"].isin(usages)]
        return tuple(licences_of(mine)), tuple(plain[one] for one in mine["id_source"].tolist())

    tables = [_table(snapshot, nom, *told_by(feeding_usages(nom))) for nom in schema.TABLES]
    return [*tables, *_indicators(snapshot)]


def _table(
    snapshot: Snapshot, nom: str, licences: tuple[Licence, ...], sources: tuple[dict, ...]
) -> Ressource:
    """Return one table."""
    fiche, table = find_sheet(nom), schema.TABLES[nom]
    return Ressource(
        genre=TABLE,
        nom=nom,
        titre=fiche.titre,
        sens=table.sens,
        nb_lignes=snapshot.nb_rows(nom),
        colonnes=tuple(table_columns(nom)),
        cle=table.cle,
        formats=tuple(formats_of(fiche.forme)),
        licences=licences,
        sources=sources,
        forme=fiche.forme,
        octets=(snapshot.path / f"{nom}.parquet").stat().st_size,
    )


def _indicators(snapshot: Snapshot) -> list[Ressource]:
    """Return the indicators of each zoning."""
    sources = indicator_sources(snapshot)
    licences, plain = tuple(licences_of(sources)), tuple(_plain(sources))
    return [
        Ressource(
            genre=INDICATEURS,
            nom=zonage.nom,
            titre=indicator_title(zonage.nom),
            sens=typeset(f"Indicateurs de couverture, une ligne par zone : {zonage.titre}"),
            nb_lignes=zonage.nb_zones,
            colonnes=tuple(list_columns()),
            cle=("code_zone",),
            formats=tuple(formats_of(CONTOUR if zonage.est_dessine else "")),
            licences=licences,
            sources=plain,
            forme=CONTOUR if zonage.est_dessine else "",
        )
        for zonage in list_zonings(snapshot)
    ]


def _plain(sources) -> list[dict]:
    """Return sources as dictionaries, None when unknown."""
    table = sources.astype("object")
    return table.where(table.notna(), None).to_dict("records")
