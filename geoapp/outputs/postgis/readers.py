"""What readers see: views that never change names, turned at once to the tables of a snapshot."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
from psycopg import sql

from geoapp.core.errors import StorageError
from geoapp.outputs.postgis.refusals import INCHANGE
from geoapp.outputs.postgis.session import Session
from geoapp.outputs.postgis.tables import comment_on

MARQUE = "GéoForma, instantané "
"""What the comment of a schema of ours begins with: no other is ever dropped."""

ESSAIS, ATTENTE_S = 20, 1.0
"""Times that the views are turned, and seconds in between, while somebody reads them."""

# Under the second after which PostgreSQL seeks who blocks whom, and might end their request instead
# of ours.
_PATIENCE = sql.SQL("SET LOCAL lock_timeout = '500ms'").format()


def turn_views(session: Session, nom: str, ici: str, before: str) -> int:
    """Turn the views of schema `nom` to the tables of schema `ici`; return how many there are.

    Somebody who reads them is never made to wait long: when they are held, we wait instead.
    `before` is the schema that they show until now, "" for none.

    Raises
    ------
    StorageError
        When they are held too long, or something that is no view of ours has one of their names.
    """
    for rank in range(ESSAIS):
        if rank:
            time.sleep(ATTENTE_S)
        try:
            with session.db.transaction():
                session.all([_PATIENCE])
                return _turn(session, nom, ici, before)
        except psycopg.errors.LockNotAvailable:
            continue
    raise StorageError(
        f"Des lecteurs tiennent les vues de « {nom} » depuis plus de {ESSAIS * ATTENTE_S:.0f} s "
        "(une transaction laissée ouverte : voyez pg_stat_activity). Relancez quand elle sera "
        f"finie. {INCHANGE}"
    )


def _turn(session: Session, nom: str, ici: str, before: str) -> int:
    if not session.exists(nom):
        session.all([sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(nom))])
    new, former = session.columns(ici, "rv"), session.columns(before, "rv")
    held = new.keys() & session.columns(nom, "rpmf").keys()
    if held:
        raise StorageError(
            f"Dans le schéma « {nom} », « {min(held)} » n'est pas une vue de GéoForma. "
            f"Renommez-la, ou choisissez un autre --schema. {INCHANGE}"
        )
    gone = [
        one
        for one, columns in session.columns(nom, "v").items()
        # A column may be added after those of a view, not changed.
        if one in {*new, *former} and new.get(one, [])[: len(columns)] != columns
    ]
    session.all(sql.SQL("DROP VIEW {}").format(sql.Identifier(nom, one)) for one in gone)
    session.all(
        sql.SQL("CREATE OR REPLACE VIEW {} AS SELECT * FROM {}").format(
            sql.Identifier(nom, one), sql.Identifier(ici, one)
        )
        for one in new
    )
    session.all(_comments(session, nom, ici))
    return len(new)


def _comments(session: Session, nom: str, ici: str) -> Iterator[sql.Composed]:
    """Yield the comments of the tables, for the views that show them."""
    rows = session.db.execute(
        "SELECT c.relname, a.attname, d.description FROM pg_description d "
        "JOIN pg_class c ON c.oid = d.objoid AND d.classoid = 'pg_class'::regclass "
        "JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attribute a "
        "ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0 "
        "WHERE n.nspname = %s AND c.relkind IN ('r', 'v')",
        [ici],
    )
    for one, column, words in rows.fetchall():
        yield from comment_on(nom, one, {column: words} if column else words, "VIEW")


def let_read(session: Session, role: str, *schemas: str) -> str:
    """Let a role read some schemas, and nothing more; return what is lacking to do so, and its
    cure.
    """
    if not session.ask("SELECT 1 FROM pg_roles WHERE rolname = %s", role):
        if (
            session.tell(
                "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"
            )
            != "True"
        ):
            return (
                f"Le rôle de lecture manque : un administrateur exécute « CREATE ROLE {role} », "
                "puis republiez."
            )
        session.all([sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role))])
    every = sql.SQL(", ").join(map(sql.Identifier, schemas))
    session.all(
        sql.SQL("GRANT {} {} TO {}").format(sql.SQL(what), every, sql.Identifier(role))
        for what in ("USAGE ON SCHEMA", "SELECT ON ALL TABLES IN SCHEMA")
    )
    return ""


def list_former(session: Session, nom: str, kept: set[str]) -> list[str]:
    """Return the schemas of ours beside those kept, the newest first."""
    rows = session.db.execute(
        "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s) AND starts_with("
        "coalesce(obj_description(oid, 'pg_namespace'), ''), %s) ORDER BY nspname DESC",
        [f"{nom}_", MARQUE],
    )
    return [one for (one,) in rows.fetchall() if one not in kept]


def drop_former(session: Session, ici: str) -> str:
    """Drop a schema with its tables and views; return why it is kept, "" when it is not.

    What somebody made upon it, or reads now, keeps it: nothing of theirs is dropped.
    """
    try:
        with session.db.transaction():
            session.all([_PATIENCE])
            for kind, word in (("v", "VIEW"), ("r", "TABLE")):
                noms = [sql.Identifier(ici, one) for one in session.columns(ici, kind)]
                if noms:
                    every = sql.SQL(", ").join(noms)
                    session.all([sql.SQL("DROP {} {}").format(sql.SQL(word), every)])
            session.all([sql.SQL("DROP SCHEMA {}").format(sql.Identifier(ici))])
    except psycopg.errors.DependentObjectsStillExist:
        return f"« {ici} » est gardé : des objets à vous en dépendent."
    except (psycopg.errors.LockNotAvailable, psycopg.errors.InsufficientPrivilege):
        return (
            f"« {ici} » est gardé : quelqu'un le lit, ou le possède. La prochaine publication le "
            "retirera."
        )
    return ""
