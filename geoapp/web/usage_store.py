"""Counts of use on disk: one SQLite file in the data folder, shared by every process.

It holds sums by day, and never what was typed before five days said it: until
then a text is a digest by a key kept elsewhere, which tells only that it is the same.
"""

from __future__ import annotations

import hmac
import logging
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from geoapp.core.files import read_secret

LOG = logging.getLogger("geoapp")

FICHIER = "usage.sqlite"

JOURS_POUR_ETRE_DIT = 5
"""Different days on which a text must be said before it is written."""

ATTENTE_JOURS = 90
"""Days after which the digest of a text not said often enough is forgotten, and the key renewed."""

GARDE_JOURS = 760
"""Days that counts are kept: twenty-five months, the term advised for measures of audience."""

ATTENTES_MAX = 50_000
TEXTES_MAX = 5_000
COMPTES_MAX = 1_000_000
"""Rows of each table: beyond, what is new is not counted.  Some sixty megabytes at most."""

TEXTE = "texte"

_WAIT_S, _AGAIN_S = 5.0, 0.01
_TABLES = """
CREATE TABLE IF NOT EXISTS comptes (
    jour TEXT, rubrique TEXT, cle TEXT, nb INTEGER NOT NULL,
    PRIMARY KEY (jour, rubrique, cle)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attentes (
    empreinte BLOB, jour TEXT, PRIMARY KEY (empreinte, jour)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS textes (texte TEXT PRIMARY KEY) WITHOUT ROWID;
"""

Comptes = Mapping[tuple[str, str], int]
"""Counts by section and key."""


@dataclass(frozen=True)
class Compte:
    """One sum: what, on which day or in which month, how many times."""

    jour: str
    rubrique: str
    cle: str
    nb: int


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    """Give the file, its tables made; what is written is so whole or not at all."""
    with closing(sqlite3.connect(path, timeout=_WAIT_S)) as connection:
        write_ahead(connection)
        # What is deleted is overwritten: a digest forgotten is so on the disk too.
        connection.execute("PRAGMA secure_delete = ON")
        connection.executescript(_TABLES)
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection


def write_ahead(connection: sqlite3.Connection) -> None:
    """Let the file be read while it is written to, which it remembers once one writer said so.

    Of several first writers at once SQLite refuses all but one without waiting.
    """
    end = time.monotonic() + _WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(_AGAIN_S)


def add(
    data_dir: Path, cle: Path, *, jour: date, comptes: Comptes, textes: Mapping[str, int]
) -> None:
    """Add counts of one day; texts are written once enough days have said them.

    Raises
    ------
    OSError, sqlite3.Error
        When they cannot be written: nothing of them is.
    """
    key = _key(cle, jour) if textes and not _is_inside(cle, data_dir) else b""
    with _open(data_dir / FICHIER) as connection:
        _forget(connection, jour)
        said = [one for one in textes if key and _is_said(connection, key, one, jour)]
        _sum(connection, jour, {**comptes, **{(TEXTE, one): textes[one] for one in said}})


def _is_inside(cle: Path, data_dir: Path) -> bool:
    """Tell whether the key lies beside what it protects, and would be copied with it."""
    return cle.resolve().is_relative_to(data_dir.resolve())


def _key(path: Path, jour: date) -> bytes:
    """Return the key of the digests, b"" without one; too old, it is forgotten, another made."""
    try:
        with suppress(FileNotFoundError):
            if jour - date.fromtimestamp(path.stat().st_mtime) > timedelta(days=ATTENTE_JOURS):
                path.unlink()
        return read_secret(path)
    except OSError as error:
        LOG.warning(
            "Textes cherchés non suivis : clé %s illisible (%s). Choisissez-en une : "
            "GEOAPP_CLE_USAGE.",
            *(path, error.strerror or error),
        )
        return b""


def _forget(connection: sqlite3.Connection, jour: date) -> None:
    """Delete what is older than it is kept for."""
    waited = (jour - timedelta(days=ATTENTE_JOURS)).isoformat()
    connection.execute("DELETE FROM attentes WHERE jour < ?", (waited,))
    kept = (jour - timedelta(days=GARDE_JOURS)).isoformat()
    if connection.execute("DELETE FROM comptes WHERE jour < ?", (kept,)).rowcount:
        connection.execute(
            "DELETE FROM textes WHERE texte NOT IN (SELECT cle FROM comptes WHERE rubrique = ?)",
            (TEXTE,),
        )


def _is_said(connection: sqlite3.Connection, key: bytes, texte: str, jour: date) -> bool:
    """Tell whether a text may be written: said on enough days, this one counted."""
    if connection.execute("SELECT 1 FROM textes WHERE texte = ?", (texte,)).fetchone():
        return True
    digest = hmac.digest(key, texte.encode(), "sha256")
    if _nb(connection, "attentes") < ATTENTES_MAX:
        connection.execute(
            "INSERT OR IGNORE INTO attentes VALUES (?, ?)", (digest, jour.isoformat())
        )
    (days,) = connection.execute(
        "SELECT count(*) FROM attentes WHERE empreinte = ?", (digest,)
    ).fetchone()
    if days < JOURS_POUR_ETRE_DIT or _nb(connection, "textes") >= TEXTES_MAX:
        return False
    connection.execute("INSERT INTO textes VALUES (?)", (texte,))
    connection.execute("DELETE FROM attentes WHERE empreinte = ?", (digest,))
    return True


def _nb(connection: sqlite3.Connection, table: str) -> int:
    """Return the number of rows of a table."""
    return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def _sum(connection: sqlite3.Connection, jour: date, comptes: Comptes) -> None:
    """Add counts to those of a day."""
    if _nb(connection, "comptes") >= COMPTES_MAX:
        return
    connection.executemany(
        "INSERT INTO comptes VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET nb = nb + excluded.nb",
        [(jour.isoformat(), *what, nb) for what, nb in comptes.items()],
    )


def read(data_dir: Path, since: date | None = None, *, by_month: bool = False) -> list[Compte]:
    """Return the sums by day (or month), section and key, the newest first, from a day on.

    There are none when nothing was ever counted, or the file cannot be read.
    """
    path = data_dir / FICHIER
    if not path.is_file():
        return []
    term = "substr(jour, 1, 7)" if by_month else "jour"
    try:
        with closing(sqlite3.connect(path, timeout=_WAIT_S)) as connection:
            rows = connection.execute(
                f"SELECT {term} AS terme, rubrique, cle, sum(nb) FROM comptes WHERE jour >= ? "
                "GROUP BY 1, 2, 3 ORDER BY terme DESC, rubrique, sum(nb) DESC, cle",
                (since.isoformat() if since else "",),
            ).fetchall()
    except sqlite3.Error:
        return []
    return [Compte(*row) for row in rows]
