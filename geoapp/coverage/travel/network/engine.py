"""OSRM, run by an interpreter of its own: found, asked, and its graph kept by digest."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from geoapp.core.config import ROOT
from geoapp.core.errors import ParameterError, SourceError, StorageError
from geoapp.core.files import is_left_over, sha256_of, writing
from geoapp.core.french import format_decimal
from geoapp.coverage.travel.network.profiles import Profil
from geoapp.sources.records import show

WORKER = Path(__file__).with_name("worker.py")
DOSSIER = "reseau"
"""Folder of the data folder where graphs and tables are kept."""
PREPARE = ROOT / ".venv-reseau" / "bin" / "python"
"""Interpreter that `make reseau` prepares."""
ALGORITHME = "MLD"
"""Multi-level Dijkstra: ready in seconds; contraction hierarchies answer ten times faster, once
minutes of preparation are spent (`docs/decisions.md`)."""
_GUET_S = 0.05
"""Seconds between two looks at the memory of a program."""
OCTETS_PAR_NOEUD = 300
"""Room on the disk for each node of a road: 118 to 178 were measured on three towns."""

_CURE = (
    "« make reseau » le prépare avec Python 3.12 ou plus (docs/trajets.md) ; "
    "sinon GEOAPP_PYTHON_RESEAU = un interpréteur qui a osrm-bindings et osmium."
)
_AGAIN = "Téléchargez à nouveau un extrait OpenStreetMap au format .osm.pbf."


@dataclass(frozen=True, kw_only=True)
class Calculateur:
    """OSRM found: the interpreter that has it, its version, the folder of its programs."""

    python: str
    version: str
    dossier: Path


@dataclass(frozen=True, kw_only=True)
class Graphe:
    """A network made ready for a profile: where it is, by which OSRM, from what, at which cost."""

    dossier: Path
    profil: Profil
    version: str
    sha256: str
    extrait: dict
    etapes: tuple[dict, ...]
    est_trouve: bool = False

    @property
    def chemin(self) -> str:
        """Return the name that OSRM gives to all the files of the graph."""
        return str(self.dossier / "graphe.osrm")


def find_engine(given: str = "") -> Calculateur:
    """Return OSRM as `given`, else as `make reseau` prepared it.

    Raises
    ------
    ParameterError
        When there is none, or its interpreter lacks a library: the message says how to have it.
    """
    python = given or str(PREPARE)
    if not shutil.which(python):
        what = f"GEOAPP_PYTHON_RESEAU = « {given} » n'est pas un programme" if given else "absent"
        raise ParameterError(f"Calculateur de trajets OSRM : {what}. {_CURE}")
    return _check(python)


@cache
def _check(python: str) -> Calculateur:
    """Return the engine of an interpreter, once it has shown its versions."""
    try:
        told = ask(python, "versions")
    except SourceError as error:
        raise ParameterError(
            f"Calculateur de trajets OSRM : {python} ne peut pas l'employer "
            f"({show(error.problem)}). {_CURE}"
        ) from None
    return Calculateur(python=python, version=told["osrm"], dossier=Path(told["dossier"]))


def ask(
    python: str, commande: str, *, watch: Callable[[int], None] | None = None, **asked: object
) -> dict:
    """Return what the worker answers; `watch` hears how many parts are done.

    Raises
    ------
    SourceError
        When the worker fails, with what it said (`problem`); it names no file.
    """
    answer: dict = {}
    # Its complaints go to a file: a pipe that nobody reads would stop it once full.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        # -I: neither our packages nor the folder of the worker are seen by the other interpreter.
        with subprocess.Popen(
            [python, "-I", str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            encoding="utf-8",
        ) as process:
            try:
                answer = _listen(process, json.dumps({"commande": commande, **asked}), watch)
            finally:
                process.kill()
        said.seek(0)
        last = said.read().strip().splitlines()[-1:]
    if "fait" in answer or not answer:
        answer = {"erreur": last[0] if last else "arrêté sans rien dire"}
    if "erreur" in answer:
        raise SourceError(python, answer["erreur"], cure=_CURE)
    return answer


def _listen(process: subprocess.Popen, asked: str, watch: Callable[[int], None] | None) -> dict:
    """Return the last thing that the worker says, once it has been asked."""
    assert process.stdin and process.stdout
    answer: dict = {}
    # One that dies before it has read says why on its way out.
    with suppress(BrokenPipeError), process.stdin:
        process.stdin.write(asked)
    for line in process.stdout:
        # OSRM may print words of its own.
        if line.startswith("{"):
            answer = json.loads(line)
            if watch and "fait" in answer:
                watch(answer["fait"])
    return answer


def describe_extract(calculateur: Calculateur, pbf: Path) -> dict:
    """Return what an OpenStreetMap extract is: `worker.describe`, then its size and digest.

    Raises
    ------
    SourceError
        When it is not whole, is no .osm.pbf, or holds no road.
    """
    if not pbf.is_file():
        raise SourceError(pbf, "le fichier n'existe pas.", cure="Vérifiez le chemin de --reseau.")
    try:
        told = ask(calculateur.python, "describe", pbf=str(pbf.resolve()))
    except SourceError as error:
        raise SourceError(
            pbf,
            f"ce n'est pas un extrait OpenStreetMap entier ({show(error.problem)}).",
            cure=_AGAIN,
        ) from None
    if not told["routes"]:
        raise SourceError(pbf, "aucune route (clé highway) dans cet extrait.", cure=_AGAIN)
    return {**told, "octets": pbf.stat().st_size}


def prepare_graph(
    calculateur: Calculateur, pbf: Path, profil: Profil, data_dir: Path, say: Callable[[str], None]
) -> Graphe:
    """Return the graph of an extract for a profile: made once, kept by digest of what makes it.

    Raises
    ------
    SourceError
        When the extract cannot be used.
    StorageError
        When there is not enough room.
    """
    if not pbf.is_file():
        raise SourceError(pbf, "le fichier n'existe pas.", cure="Vérifiez le chemin de --reseau.")
    sha256 = sha256_of(pbf)
    lua = (calculateur.dossier / "share" / "profiles" / profil.lua).read_bytes()
    made_of = f"{sha256} {hashlib.sha256(lua).hexdigest()} {calculateur.version} {ALGORITHME}"
    key = hashlib.sha256(made_of.encode()).hexdigest()[:16]
    folder = Path(data_dir) / DOSSIER / f"{profil.nom}-{key}"
    told = folder / "graphe.json"
    if told.exists():
        found = json.loads(told.read_text(encoding="utf-8"))
        say("réseau déjà préparé")
        etapes = tuple(found["etapes"])
        return Graphe(
            dossier=folder,
            profil=profil,
            version=calculateur.version,
            sha256=sha256,
            extrait=found["extrait"],
            etapes=etapes,
            est_trouve=True,
        )
    say("lecture de l'extrait")
    extrait = describe_extract(calculateur, pbf)
    _sweep(folder.parent)
    _check_room(extrait, folder.parent)
    # Aside: a program that outlives a killed run then writes nowhere that counts.
    with writing(folder) as aside:
        aside.mkdir()
        etapes = tuple(_make(calculateur, pbf, profil, aside, say))
        text = json.dumps({"extrait": extrait, "etapes": etapes}, ensure_ascii=False, indent=1)
        (aside / told.name).write_text(text, encoding="utf-8")
    return Graphe(
        dossier=folder,
        profil=profil,
        version=calculateur.version,
        sha256=sha256,
        extrait=extrait,
        etapes=etapes,
    )


def _sweep(folder: Path) -> None:
    """Remove what killed runs were making."""
    for one in folder.glob(".*/"):
        if is_left_over(one):
            shutil.rmtree(one, ignore_errors=True)


def _check_room(extrait: dict, folder: Path) -> None:
    """Raise `StorageError` when the disk cannot hold what OSRM makes of an extract."""
    folder.mkdir(parents=True, exist_ok=True)
    needed = OCTETS_PAR_NOEUD * extrait["noeuds"]
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"Il reste {format_decimal(free / 1e9, 1)} Go dans {folder}, il en faut environ "
            f"{format_decimal(needed / 1e9, 1)}. Libérez de la place, ou choisissez un autre "
            "dossier (--data)."
        )


def _make(
    calculateur: Calculateur, pbf: Path, profil: Profil, folder: Path, say: Callable[[str], None]
) -> list[dict]:
    """Extract the ways of a profile, part and weigh their graph; return what each step cost."""
    profile = calculateur.dossier / "share" / "profiles" / profil.lua
    base = folder / "graphe"
    steps = {
        "extraction": ["osrm-extract", str(pbf.resolve()), "-p", str(profile), "-o", str(base)],
        "découpage": ["osrm-partition", f"{base}.osrm"],
        "pesée": ["osrm-customize", f"{base}.osrm"],
    }
    done = []
    for nom, (program, *options) in steps.items():
        say(nom)
        start = time.monotonic()
        words = [str(calculateur.dossier / "bin" / program), *options]
        memory = _run(pbf, words, folder / f"{program}.log")
        seconds = round(time.monotonic() - start, 1)
        done.append({"nom": nom, "secondes": seconds, "memoire_mo": memory})
    return done


def _run(pbf: Path, words: list[str], log: Path) -> int | None:
    """Run a program of OSRM, its words kept in a file; return its greatest memory, in megabytes.

    Raises
    ------
    SourceError
        When it fails, with the last error that it told.
    """
    memory = None
    with (
        log.open("wb") as stream,
        subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, "LC_ALL": "C"},
        ) as process,
    ):
        try:
            while process.poll() is None:
                memory = _peak(process.pid) or memory
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_GUET_S)
        finally:
            process.kill()
    if process.returncode:
        said = log.read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [line for line in said if "[error]" in line or "what():" in line] or said
        told = errors[-1].split("] ")[-1] if errors else f"arrêt {process.returncode}"
        raise SourceError(pbf, f"OSRM ne peut pas en faire un réseau ({show(told)}).", cure=_AGAIN)
    return memory


def _peak(pid: int) -> int | None:
    """Return the greatest memory so far of a process, in megabytes; None where no system tells it.

    The peak that a process tells of itself counts ours, which it was born from.
    """
    try:
        told = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", told)
    return round(int(found[1]) / 1000) if found else None
