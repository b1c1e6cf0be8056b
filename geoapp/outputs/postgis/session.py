"""A connection where a publication can be made, and how it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg
from psycopg import Connection, sql

from geoapp.core.errors import StorageError
from geoapp.outputs.postgis.refusals import INCHANGE, read_dsn, refuse_connection

DELAI_S = 10
"""Seconds given to the server to answer, unless the address says more."""


@contextmanager
def connected(dsn: str) -> Iterator[Connection]:
    """Yield a connection to the database of an address.

    Raises
    ------
    ParameterError, StorageError
        When it is not an address, or none can be had.
    """
    given = {"connect_timeout": DELAI_S, "application_name": "geoapp publish", **read_dsn(dsn)}
    try:
        db = psycopg.connect(**{**given, "client_encoding": "utf8"}, autocommit=True)
    except psycopg.Error as error:
        raise refuse_connection(dsn, error) from None
    with db:
        yield db


class Session:
    """A database, asked in few words."""

    def __init__(self, db: Connection):
        self.db = db

    def all(self, orders: Iterable[sql.Composed]) -> None:
        """Run some orders in one exchange."""
        every = list(orders)
        if every:
            self.db.execute(sql.SQL(";\n").join(every))

    def run(self, order: LiteralString) -> None:
        """Run one order that names nothing."""
        self.db.execute(order)

    def ask(self, query: LiteralString, *values) -> tuple | None:
        """Return the first row of a query, None without any."""
        return self.db.execute(query, values).fetchone()

    def tell(self, query: LiteralString, *values) -> str:
        """Return the text that a query gives, "" without any."""
        row = self.ask(query, *values)
        return str(row[0]) if row and row[0] is not None else ""

    def exists(self, ici: str) -> bool:
        """Tell whether there is a schema of this name."""
        return bool(self.ask("SELECT 1 FROM pg_namespace WHERE nspname = %s", ici))

    def comment_of(self, ici: str) -> str:
        """Return the comment of a schema, "" without any."""
        return self.tell(
            "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", ici
        )

    def columns(self, ici: str, kinds: str) -> dict[str, list[str]]:
        """Return what a schema holds of some kinds (`pg_class.relkind`): columns and types."""
        rows = self.db.execute(
            "SELECT c.relname, array_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) "
            "ORDER BY a.attnum) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
            'WHERE n.nspname = %s AND c.relkind = ANY(%s::"char"[]) '
            "GROUP BY c.relname ORDER BY c.relname",
            [ici, list(kinds)],
        )
        return dict(rows.fetchall())


def check_database(session: Session, nom: str) -> None:
    """Refuse a database where nothing can be published, with the cure; take the turn.

    Raises
    ------
    StorageError
        Without PostGIS, in another encoding, without the right to make a schema, or while
        somebody publishes.
    """
    where = session.tell(
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
        "WHERE e.extname = 'postgis'"
    )
    base, user = session.db.info.dbname, session.db.info.user
    if not where:
        raise StorageError(
            f"La base « {base} » n'a pas PostGIS. Un administrateur y exécute « CREATE EXTENSION "
            f"postgis » (paquet Debian postgresql-postgis s'il est absent). {INCHANGE}"
        )
    encoding = session.tell("SHOW server_encoding")
    if encoding != "UTF8":
        raise StorageError(
            f"La base « {base} » est en {encoding}. Créez-en une en UTF8. {INCHANGE}"
        )
    if session.tell("SELECT has_database_privilege(current_database(), 'CREATE')") != "True":
        raise StorageError(
            f"L'utilisateur « {user} » ne peut pas créer de schéma dans « {base} ». Un "
            f'administrateur exécute « GRANT CREATE ON DATABASE "{base}" TO "{user}" ». {INCHANGE}'
        )
    if session.tell("SELECT pg_try_advisory_lock(hashtext(%s))", f"geoforma {nom}") != "True":
        raise StorageError(
            f"Une autre publication est en cours dans « {nom} ». Attendez sa fin. {INCHANGE}"
        )
    session.all([sql.SQL("SET search_path TO {}, pg_temp").format(sql.Identifier(where))])
    if session.db.info.server_version >= 140000:
        # The server notices within two seconds that we were killed, and forgets it all.
        session.run("SET client_connection_check_interval = 2000")
