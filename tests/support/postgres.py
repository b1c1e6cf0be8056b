"""A real PostgreSQL with PostGIS, of the machine, on a cluster of its own that lasts a session."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from support.stack import free_port

DEBIAN = "/usr/lib/postgresql"
MOT_DE_PASSE = "un secret à ne pas dire"
COMPTE = "éditeur"
"""A user who may make schemas, known by a password."""

_ACCES = """
local all postgres trust
host all all 127.0.0.1/32 scram-sha-256
"""
_REGLAGES = (
    # Nothing of it must outlive the tests: no disk is waited for.
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=64MB",
    "max_connections=20",
    "lc_messages=C",
)


def find_programs() -> Path | None:
    """Return the folder of `initdb` and `pg_ctl`; Debian leaves them out of the path."""
    found = shutil.which("initdb")
    folders = sorted(Path(DEBIAN).glob("*/bin")) if Path(DEBIAN).is_dir() else []
    places = [*reversed(folders), *([Path(found).parent] if found else [])]
    return next((one for one in places if (one / "initdb").exists()), None)


_RANKS = count()


@dataclass(frozen=True)
class Cluster:
    """A server: its port, the folder of its socket, what makes its bases."""

    port: int
    folder: Path

    def dsn(self, base: str) -> str:
        """Return the address of a base for its administrator, by the socket: no password."""
        return f"host={self.folder} port={self.port} dbname={base} user=postgres"

    def by_password(self, base: str) -> str:
        """Return the address of a base for `COMPTE`, by the network; the password is not in it."""
        return f"host=127.0.0.1 port={self.port} dbname={base} user={COMPTE}"

    @contextmanager
    def new_base(self) -> Iterator[str]:
        """Yield the name of a new base with PostGIS; it is dropped at the end."""
        nom = f"base_{next(_RANKS)}"
        self.run("postgres", f"CREATE DATABASE {nom} TEMPLATE gabarit")
        yield nom
        self.run("postgres", f"DROP DATABASE {nom} WITH (FORCE)")

    def run(self, base: str, *orders: str) -> list[tuple]:
        """Run some orders as the administrator, and return the rows of the last one."""
        psycopg = pytest.importorskip("psycopg", reason="paquet psycopg absent")
        with psycopg.connect(self.dsn(base), autocommit=True) as db:
            for order in orders:
                done = db.execute(order)
            return done.fetchall() if done.description else []


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Start a server for the session, or skip."""
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL absent (paquets Debian postgresql et postgresql-postgis)")
    # Beside the folders of the tests, which another user cannot enter; a socket wants a short path.
    folder = Path(tempfile.mkdtemp(prefix="geoforma-pg-"))
    try:
        with _running(programs, folder) as found:
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(programs: Path, folder: Path) -> Iterator[Cluster]:
    user = _who()
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    data, port = folder / "data", free_port()

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, *arguments],
            user=user,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder)},
        )

    run("initdb", "-D", str(data), "-U", "postgres", "-E", "UTF8", "--no-sync", "-A", "trust")
    (data / "pg_hba.conf").write_text(_ACCES)
    settings = " ".join(f"-c {one}" for one in _REGLAGES)
    where = f"-k {folder} -p {port} -c listen_addresses=127.0.0.1 {settings}"
    run("pg_ctl", "start", "-w", "-D", str(data), "-l", str(folder / "journal"), "-o", where)
    try:
        cluster = Cluster(port, folder)
        cluster.run(
            "postgres",
            "CREATE DATABASE gabarit IS_TEMPLATE true",
            f"CREATE ROLE \"{COMPTE}\" LOGIN PASSWORD '{MOT_DE_PASSE}'",
        )
        known = "SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'"
        if not cluster.run("postgres", known):
            pytest.skip("PostGIS absent (paquet Debian postgresql-postgis)")
        cluster.run("gabarit", "CREATE EXTENSION postgis")
        yield cluster
    finally:
        run("pg_ctl", "stop", "-m", "immediate", "-D", str(data))


def _who() -> str | None:
    """Return the user that the server runs as, None for ours: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    users = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


@pytest.fixture
def base(cluster) -> Iterator[str]:
    """Return a new base with PostGIS, by name."""
    with cluster.new_base() as nom:
        yield nom
