"""The tables of a snapshot as SQL: types, keys, indexes, comments, from the rows of the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import pandas as pd
from psycopg import sql

from geoapp.core import schema
from geoapp.core.snapshot import Snapshot
from geoapp.offer.filters import FILTRES
from geoapp.outputs.catalogue.licences import PARTAGE, find_licence
from geoapp.outputs.catalogue.resources import (
    feeding_table,
    find_sheet,
    table_columns,
)
from geoapp.outputs.files.model import POINT
from geoapp.outputs.provenance import tell_provenance, tell_source

TYPES = {"texte": "text", "entier": "bigint", "reel": "double precision", "booleen": "boolean"}

FID = "fid"
"""Whole number of a row of a table that maps draw: QGIS wants one, above all of a view."""

SENS_FID = "Numéro de ligne, propre à cette publication : pour les logiciels qui en veulent un"

ZONE = ("type_zone", "code_zone")
NB_LIBELLES = 40
"""Codes whose words a comment lists; beyond, they are in a table or a nomenclature."""

_DITS = ("Instantané", "Années des sources", "Licence", "Citer")
"""What a comment says of where a table comes from; its sources are rows of the table `sources`."""

_OFFRES = ("offres", "offres_voisines")


def shape_of(nom: str) -> str:
    """Return the type of the geometries of a table, as PostGIS names it."""
    return "Point" if find_sheet(nom).forme == POINT else "MultiPolygon"


def create_table(ici: str, nom: str) -> sql.Composed:
    """Return what creates a table in a schema: nothing but its columns, rows come first."""
    table = schema.TABLES[nom]
    columns = [sql.SQL("{} bigint GENERATED ALWAYS AS IDENTITY").format(sql.Identifier(FID))]
    if not table.est_geographique:
        columns = []
    for one in table.colonnes:
        kind = TYPES.get(one.type) or f"geometry({shape_of(nom)}, 4326)"
        columns.append(
            sql.SQL("{} {}{}").format(
                sql.Identifier(one.nom),
                sql.SQL(kind),
                sql.SQL(" NOT NULL" if one.requis else ""),
            )
        )
    return sql.SQL("CREATE TABLE {} ({})").format(
        sql.Identifier(ici, nom), sql.SQL(", ").join(columns)
    )


def add_keys(ici: str, nom: str) -> Iterator[sql.Composed]:
    """Yield the key of a table.  One that may be unknown in part is unique, no primary key."""
    table = schema.TABLES[nom]
    known = {one.nom for one in table.colonnes if one.requis}
    kind = "PRIMARY KEY" if known.issuperset(table.cle) else "UNIQUE"
    yield _constraint(ici, nom, kind, table.cle)
    if table.est_geographique:
        yield _constraint(ici, nom, "UNIQUE", (FID,))


def add_references(ici: str, nom: str) -> Iterator[sql.Composed]:
    """Yield the references of a table to the others, once all of them have their key."""
    for one in schema.TABLES[nom].colonnes:
        if one.renvoi:
            target, key = one.renvoi.split(".")
            yield sql.SQL("{} REFERENCES {} ({})").format(
                _constraint(ici, nom, "FOREIGN KEY", (one.nom,)),
                sql.Identifier(ici, target),
                sql.Identifier(key),
            )


def _constraint(ici: str, nom: str, kind: str, columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL("ALTER TABLE {} ADD {} ({})").format(
        sql.Identifier(ici, nom), sql.SQL(kind), sql.SQL(", ").join(map(sql.Identifier, columns))
    )


def add_indexes(ici: str, nom: str) -> Iterator[sql.Composed]:
    """Yield the indexes of a table: its places, what leads to other tables, what filters read."""
    table = schema.TABLES[nom]
    if table.est_geographique:
        yield _index(ici, nom, "gist", sql.Identifier("geometry"))
    if table.est_geographique and shape_of(nom) == "Point":
        # A radius in metres is asked of the geography.
        yield _index(ici, nom, "gist", sql.SQL("(geometry::geography)"))
    if set(ZONE) <= set(table.noms) and table.cle[0] != ZONE[0]:
        yield _index(ici, nom, "btree", sql.SQL(", ").join(map(sql.Identifier, ZONE)))
    led = [one.nom for one in table.colonnes if one.renvoi or one.nom == "code_commune"]
    whole, lists = filtered_columns() if nom in _OFFRES else ([], [])
    for column in dict.fromkeys([*led, *whole]):
        if column != table.cle[0]:
            yield _index(ici, nom, "btree", sql.Identifier(column))
    for column in lists:
        parts = sql.SQL("string_to_array({}, '|')").format(sql.Identifier(column))
        yield _index(ici, nom, "gin", sql.SQL("({})").format(parts))


def _index(ici: str, nom: str, kind: str, what: sql.Composable) -> sql.Composed:
    return sql.SQL("CREATE INDEX ON {} USING {} ({})").format(
        sql.Identifier(ici, nom), sql.SQL(kind), what
    )


class _Noted(pd.DataFrame):
    """An empty table of offers that notes which columns are read of it."""

    _metadata = ("seen",)

    def __getitem__(self, key):
        self.seen.extend([key] if isinstance(key, str) else key)
        return super().__getitem__(key)


def filtered_columns() -> tuple[list[str], list[str]]:
    """Return the columns of text that the filters of the product read: whole, and as lists."""
    table = schema.TABLES["offres"]
    texts = {one.nom for one in table.colonnes if one.type == "texte"}
    empty = schema.conform(pd.DataFrame(columns=table.noms), "offres")
    whole: dict[str, None] = {}
    lists: dict[str, None] = {}
    for filtre in FILTRES.values():
        noted = _Noted(empty)
        noted.seen = []
        filtre.lire(noted, date.today())
        columns = [nom for nom in noted.seen if nom in texts]
        (lists if filtre.est_multiple else whole).update(dict.fromkeys(columns))
    return list(whole), list(lists)


def add_comments(snapshot: Snapshot, used: pd.DataFrame, ici: str, nom: str) -> list[sql.Composed]:
    """Return the comments of a table and of its columns; `used` are the sources of the snapshot."""
    told = {one.nom: _tell_column(one) for one in table_columns(nom)}
    for one in schema.TABLES[nom].colonnes:
        told.setdefault(one.nom, f"{one.sens} (degrés, WGS84)")
    if schema.TABLES[nom].est_geographique:
        told[FID] = SENS_FID
    return [
        *comment_on(ici, nom, tell_table(snapshot, used, nom), "TABLE"),
        *comment_on(ici, nom, told, "TABLE"),
    ]


def comment_on(ici: str, nom: str, told: str | Mapping[str, str], kind: str) -> list[sql.Composed]:
    """Return the comment of a table or a view; those of its columns, when they are told by name."""
    if isinstance(told, str):
        where = sql.Identifier(ici, nom)
        return [sql.SQL("COMMENT ON {} {} IS {}").format(sql.SQL(kind), where, told)]
    return [
        sql.SQL("COMMENT ON COLUMN {} IS {}").format(sql.Identifier(ici, nom, column), words)
        for column, words in told.items()
    ]


def _tell_column(one) -> str:
    """Return a column in words: title, meaning, the words of its codes when they are few."""
    words = one.libelles
    codes = (
        " ; ".join(f"{code} = {texte}" for code, texte in words.items())
        if isinstance(words, Mapping) and len(words) <= NB_LIBELLES
        else ""
    )
    return f"{one.titre} : {one.sens}" + (f". Codes : {codes}" if codes else "")


def tell_table(snapshot: Snapshot, used: pd.DataFrame, nom: str) -> str:
    """Return a table in words: what it holds, of when, under which licences, whom to credit."""
    sources = feeding_table(used, nom).to_dict("records")
    notice = tell_provenance(snapshot, sources, f"table « {nom} »")
    shared = [one for one in sources if find_licence(one["licence"]).code in PARTAGE]
    return "\n".join(
        [
            f"{find_sheet(nom).titre}. {schema.TABLES[nom].sens}.",
            *(f"{cle} : {texte}" for cle, texte in notice if cle in _DITS),
            *(f"Source sous ODbL : {tell_source(one)}" for one in shared),
            "Sources : table « sources », avec leurs années et leurs licences.",
        ]
    )
