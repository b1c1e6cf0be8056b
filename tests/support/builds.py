"""Snapshots built once a session, whatever the number of processes, and the steps that their builds
kept.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

from geoapp.core.snapshot import Snapshot, open_snapshot
from geoapp.ingest import readings
from geoapp.ingest.pipeline import build_snapshot
from geoapp.ingest.steps import DOSSIER, EMPLOYEES
from geoapp.sources import demo
from geoapp.sources.registry import Source
from support.examples import NIGHT
from support.sources import MIRROR, lay_out_shuffled


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Return the folder of real sources, or skip."""
    if not MIRROR.exists():
        pytest.skip("miroir des sources réelles absent (dossier shared/sources à côté du dépôt)")
    return MIRROR


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory) -> Path:
    """Return a folder that every process of this session sees."""
    mine = tmp_path_factory.getbasetemp()
    return mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine


class CompiledTemplates(BytecodeCache):
    """Templates compiled once by process: hundreds of applications are made here."""

    def __init__(self):
        self.known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what is known of a template."""
        if bucket.key in self.known:
            bucket.bytecode_from_string(self.known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template just compiled."""
        self.known[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def compiled_templates() -> Iterator[None]:
    """Share the compiled templates between the applications of this process."""
    with pytest.MonkeyPatch.context() as patch:
        shared = partial(Flask.jinja_environment, bytecode_cache=CompiledTemplates())
        patch.setattr(Flask, "jinja_environment", shared)
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_addresses() -> Iterator[None]:
    """Compile once by process what writes the addresses of each rule: an application has a hundred
    rules, which take longer than all the rest of it.
    """
    known: dict[tuple, Callable] = {}
    compile_one = Rule._compile_builder

    def compile_once(rule: Rule, append_unknown: bool = True) -> Callable:
        key = (append_unknown, *rule._trace)
        if rule.defaults:
            return compile_one(rule, append_unknown)
        if key not in known:
            known[key] = compile_one(rule, append_unknown)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def step_key(session_folder) -> Iterator[None]:
    """Sign the steps of this session with a key of its own, which its processes share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEOAPP_CLE_ETAPES", str(session_folder / "etapes.cle"))
        yield


@pytest.fixture(scope="session")
def real_snapshot(mirror, session_folder) -> Snapshot:
    """Return the snapshot built on the real mirror."""
    folder = made_once(
        session_folder / "reel", lambda folder: build_snapshot(mirror=mirror, data_dir=folder)
    )
    return open_snapshot(folder)


@pytest.fixture(scope="session")
def shuffled_mirror(mirror, session_folder) -> Path:
    """Return a mirror in which the rows of some files are in another order."""
    return made_once(session_folder / "melange", lambda folder: lay_out_shuffled(mirror, folder))


@pytest.fixture(scope="session")
def shuffled_snapshot(shuffled_mirror, real_snapshot, session_folder) -> Snapshot:
    """Return the snapshot built on the shuffled mirror: what no shuffled file enters is taken from
    the build of the mirror; by night nothing is.  The files that it read are told beside it.
    """

    def build(folder: Path) -> None:
        if not NIGHT:
            lend_steps(real_snapshot, folder)
        with pytest.MonkeyPatch.context() as patch:
            read = note_reads(patch)
            build_snapshot(mirror=shuffled_mirror, data_dir=folder)
        (folder / LUS).write_text("\n".join(read), encoding="utf-8")

    return open_snapshot(made_once(session_folder / "melange_donnees", build))


@pytest.fixture(scope="session")
def demo_snapshot(session_folder) -> Snapshot:
    """Return the snapshot built without any mirror, on a machine without network: of the offers
    invented a tenth, by night all.
    """

    def build(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            close_network(patch)
            if not NIGHT:
                invent_less(patch)
            build_snapshot(data_dir=folder)

    return open_snapshot(made_once(session_folder / "demo", build))


@pytest.fixture
def no_network(monkeypatch) -> None:
    """Let nothing be downloaded."""
    close_network(monkeypatch)


@pytest.fixture
def small_demo(monkeypatch) -> None:
    """Invent a tenth of the offers, where they are not what is looked at."""
    invent_less(monkeypatch)


FEWER = {"NB_OFFRES": 400, "NB_LIEUX": 60, "NB_ORGANISMES": 30}
NB_DEMO = demo.NB_OFFRES if NIGHT else FEWER["NB_OFFRES"]
"""Offers of `demo_snapshot`."""


def invent_less(patch: pytest.MonkeyPatch) -> None:
    """Let a demonstration hold a tenth of the offers."""
    for nom, nb in FEWER.items():
        patch.setattr(demo, nom, nb)


def close_network(patch: pytest.MonkeyPatch) -> None:
    """Point every download at a closed port of this machine: a build never waits for the
    Internet.
    """
    patch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    patch.setenv("https_proxy", "http://127.0.0.1:9")


LUS = "lus.txt"
"""In a data folder, the files of sources that its build read."""


def note_reads(patch: pytest.MonkeyPatch) -> list[str]:
    """Return the files of the sources that builds read from now on."""
    read, real = [], readings.read_source

    def note(source: Source, path: Path):
        read.append(source.fichier)
        return real(source, path)

    patch.setattr(readings, "read_source", note)
    return read


def lend_steps(snapshot: Snapshot, data_dir: Path) -> None:
    """Give a build to come the steps that the build of `snapshot` used, where steps are not what is
    tested.
    """
    kept, given = snapshot.path.parents[1] / DOSSIER, data_dir / DOSSIER
    given.mkdir(parents=True)
    used = (kept / EMPLOYEES).read_text(encoding="utf-8").split()
    for nom in (EMPLOYEES, *used):
        # By links: a step is written aside and renamed, never changed in place.
        os.link(kept / nom, given / nom)


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Return `folder` once filled by `make`: the first process that asks does it, the
    others wait.
    """
    done = folder.with_name(f"{folder.name}.fait")
    with locked(folder.with_name(f"{folder.name}.verrou")):
        if not done.exists():
            make(folder)
            done.touch()
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes while the block runs; it falls with the process that
    holds it.
    """
    with open(path, "w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
