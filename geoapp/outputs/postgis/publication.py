"""Publish a snapshot in a PostGIS database: all of it, or nothing, under names that never change.

A schema named after the snapshot holds its tables; the schema `geoforma` holds one view by table,
which readers ask.  One transaction writes the first and turns the second: a publication that fails,
or is killed, leaves everything as it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from geoapp import __version__
from geoapp.core import schema
from geoapp.core.errors import ParameterError, StorageError
from geoapp.core.french import format_date
from geoapp.core.snapshot import Snapshot, copy_verified
from geoapp.outputs.catalogue.resources import sources_used
from geoapp.outputs.postgis.copying import copy_table
from geoapp.outputs.postgis.readers import (
    MARQUE,
    drop_former,
    let_read,
    list_former,
    turn_views,
)
from geoapp.outputs.postgis.refusals import INCHANGE, in_words
from geoapp.outputs.postgis.session import Session, check_database, connected
from geoapp.outputs.postgis.tables import (
    add_comments,
    add_indexes,
    add_keys,
    add_references,
    comment_on,
    create_table,
)
from geoapp.outputs.postgis.zonings import create_view
from geoapp.reference.zonings import COMMUNE, ZONAGES

SCHEMA = "geoforma"
"""Schema that readers ask, and what the names of the others begin with."""

ETIQUETTE = "publication"
"""Table of one row: which snapshot this is."""

_NOM = re.compile(r"[a-z][a-z0-9_]{0,30}")


@dataclass(frozen=True, kw_only=True)
class Livraison:
    """What was published: schemas, tables and rows written (none when the snapshot was already
    there), views of readers, role that reads them, schemas dropped, what could not be done.
    """

    schema: str
    instantane: str
    nb_tables: int
    nb_lignes: int
    nb_vues: int
    role: str
    retires: tuple[str, ...]
    reserves: tuple[str, ...]


def publish_postgis(path: Path, dsn: str, nom: str = SCHEMA) -> Livraison:
    """Publish the snapshot of a folder in the database of an address.

    Parameters
    ----------
    path : Path
        Folder of the snapshot: it is proven whole first.
    dsn : str
        Address of the database; the password is read in PGPASSWORD or ~/.pgpass.
    nom : str
        Schema that readers ask.

    Raises
    ------
    ParameterError
        When the address or the name is not one.
    SnapshotError
        When the snapshot is damaged.
    StorageError
        When the database refuses; nothing changed for readers.
    """
    check_name(nom)
    snapshot = copy_verified(path, None)
    ici = f"{nom}_{re.sub('[^a-z0-9]', '_', snapshot.id.lower())}"
    role = f"{nom}_lecture"
    with connected(dsn) as db, in_words():
        session = Session(db)
        check_database(session, nom)
        # The last word of the comment is the schema shown until now.
        before = session.comment_of(nom).rpartition(" ")[2]
        with db.transaction():
            session.run("SET LOCAL statement_timeout = 0")
            session.run("SET LOCAL idle_in_transaction_session_timeout = 0")
            is_new = not _is_there(session, snapshot, ici)
            nb = _write(session, snapshot, ici) if is_new else 0
            views = turn_views(session, nom, ici, before)
            told = f"{_mark(snapshot)}, lu dans {ici}"
            session.all([_comment(nom, told)])
            lacking = let_read(session, role, nom, ici)
        former = list_former(session, nom, {ici, before})
        # Published again, a snapshot is not the one before itself.
        former = former[1:] if before == ici else former
        kept = {one: drop_former(session, one) for one in former}
    return Livraison(
        schema=nom,
        instantane=ici,
        nb_tables=len(schema.TABLES) if is_new else 0,
        nb_lignes=nb,
        nb_vues=views,
        role="" if lacking else role,
        retires=tuple(one for one, why in kept.items() if not why),
        reserves=tuple(why for why in (lacking, *kept.values()) if why),
    )


def check_name(nom: str) -> None:
    """Raise `ParameterError` unless a schema may have this name."""
    if not _NOM.fullmatch(nom):
        raise ParameterError(
            f"--schema = « {nom[:40]} » : des lettres minuscules, des chiffres et « _ » sont "
            "attendus, 31 au plus, une lettre d'abord."
        )


def _is_there(session: Session, snapshot: Snapshot, ici: str) -> bool:
    """Tell whether this very snapshot was published before: written whole, it only waits."""
    if not session.exists(ici):
        return False
    if session.comment_of(ici) != _seal(snapshot):
        raise StorageError(
            f"Le schéma « {ici} » existe et n'est pas cet instantané. Renommez-le ou supprimez-le. "
            f"{INCHANGE}"
        )
    return True


def _mark(snapshot: Snapshot) -> str:
    return f"{MARQUE}{snapshot.id} du {format_date(snapshot.manifest['cree_le'][:10])}"


def _seal(snapshot: Snapshot) -> str:
    return f"{_mark(snapshot)}, empreinte {snapshot.manifest.get('empreinte', '')}"


def _comment(ici: str, words: str) -> sql.Composed:
    return sql.SQL("COMMENT ON SCHEMA {} IS {}").format(sql.Identifier(ici), words)


def _write(session: Session, snapshot: Snapshot, ici: str) -> int:
    """Write every table in a schema of its own, and return the number of rows."""
    tables, nb = list(schema.TABLES), 0
    session.all([sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(ici))])
    session.all([_comment(ici, _seal(snapshot))])
    for nom in tables:
        session.all([create_table(ici, nom)])
        nb += copy_table(session.db, ici, nom, snapshot.path / f"{nom}.parquet")
    for add in (add_keys, add_references, add_indexes):
        session.all(order for nom in tables for order in add(ici, nom))
    used = sources_used(snapshot)
    session.all(order for nom in tables for order in add_comments(snapshot, used, ici, nom))
    for type_zone in _zonings(snapshot):
        session.all(create_view(ici, type_zone))
    session.all(_label(snapshot, ici))
    session.all(sql.SQL("ANALYZE {}").format(sql.Identifier(ici, nom)) for nom in tables)
    return nb


def _zonings(snapshot: Snapshot) -> list[str]:
    """Return the zonings of the snapshot, then its communes."""
    present = set(snapshot.read("zones")["type_zone"])
    return [*(nom for nom in ZONAGES if nom in present), COMMUNE]


def _label(snapshot: Snapshot, ici: str) -> list[sql.Composed]:
    """Return what makes the table that says which snapshot this is."""
    manifest = snapshot.manifest
    row = {
        "instantane": (snapshot.id, "Instantané publié"),
        "cree_le": (manifest["cree_le"], "Quand ses données ont été assemblées"),
        "region": (manifest.get("nom_region", ""), "Région couverte"),
        "version": (__version__, "Version de GéoForma"),
        "empreinte": (manifest.get("empreinte", ""), "Empreinte SHA-256 de l'instantané"),
    }
    columns = sql.SQL(", ").join(
        sql.SQL("{}::text AS {}").format(value, sql.Identifier(nom))
        for nom, (value, _) in row.items()
    )
    made = sql.SQL("CREATE TABLE {} AS SELECT {}, now() AS publie_le").format(
        sql.Identifier(ici, ETIQUETTE), columns
    )
    told = {nom: sens for nom, (_, sens) in row.items()}
    sens = {**told, "publie_le": "Quand il a été publié ici"}
    return [
        made,
        *comment_on(ici, ETIQUETTE, "Quel instantané est lu", "TABLE"),
        *comment_on(ici, ETIQUETTE, sens, "TABLE"),
    ]
