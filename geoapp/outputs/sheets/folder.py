"""Write the sheets of several zones into a folder, with an index: each file whole or not at all."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from geoapp.core.errors import StorageError
from geoapp.core.files import writing
from geoapp.coverage.model import Question
from geoapp.coverage.territories.content import build_content
from geoapp.coverage.territories.sheet import present
from geoapp.coverage.territories.zone import Zone
from geoapp.coverage.world import World
from geoapp.outputs.sheets.maps import draw_maps
from geoapp.outputs.sheets.rendering import (
    PdfError,
    check_pdf,
    render_html,
    render_index,
    render_pdf,
)
from geoapp.reference.codes.text import fold

INDEX = "index.html"

PROCESSUS, SEUIL_PARTAGE = 2, 4
"""Processes that make many sheets, and from how many sheets they are worth their start."""

_PARTAGE: dict = {}
"""What the processes inherit: the world and the question."""


@dataclass(frozen=True)
class Ecrite:
    """One sheet written: its zone, its files (name → size in bytes), its first sentence."""

    zone: Zone
    fichiers: dict[str, int]
    phrase: str


def file_stem(zone: Zone) -> str:
    """Return the name of the files of a zone, without extension: « ze2020-3215-lens »."""
    return "-".join([zone.type_zone, *fold(zone.code_zone).split(), *fold(zone.nom).split()])[:90]


def make_sheet(
    world: World, question: Question, zone: Zone, *, pdf: bool = True
) -> tuple[str, bytes | None, str]:
    """Return the HTML of a sheet, its PDF (None unless asked), and its first sentence."""
    contenu = build_content(world, question, zone)
    html = render_html(
        present(world, contenu),
        draw_maps(world, contenu),
        cree_le=world.snapshot.manifest["cree_le"],
    )
    return html, render_pdf(html) if pdf else None, contenu.phrases[0]


@contextmanager
def working(world: World, question: Question, zones: Sequence[Zone]):
    """Give what makes the sheets of `zones`: (`out`, `pdf`) → each one as it is written, in order.

    Several zones are shared between `PROCESSUS` processes that hold one world together (forked
    before anything else runs here, once the answers that zones share are known); a few are made in
    this one.
    """
    if len(zones) < SEUIL_PARTAGE or "fork" not in multiprocessing.get_all_start_methods():
        yield lambda out, pdf: (
            _write_one(world, question, zone, out=out, pdf=pdf) for zone in zones
        )
        return
    # One zone of each zoning: what the others ask is then known, and inherited.
    for zone in {zone.type_zone: zone for zone in zones}.values():
        draw_maps(world, build_content(world, question, zone))
    _PARTAGE.update(world=world, question=question)
    try:
        with multiprocessing.get_context("fork").Pool(PROCESSUS) as pool:
            yield lambda out, pdf: pool.imap(_write_shared, [(zone, out, pdf) for zone in zones])
    finally:
        _PARTAGE.clear()


def _write_shared(task: tuple[Zone, Path, bool]) -> Ecrite:
    """Write one zone in a process that shares the world of its parent."""
    zone, out, pdf = task
    return _write_one(_PARTAGE["world"], _PARTAGE["question"], zone, out=out, pdf=pdf)


def write_sheets(
    world: World,
    travail: Callable,
    zones: Sequence[Zone],
    out: Path,
    *,
    watch: Callable[[str, int, int], None] = lambda *_: None,
) -> list[Ecrite]:
    """Write the HTML and the PDF of each zone into `out`, and an index page when there are several.

    `travail` is what `working` gives for these zones.

    Raises
    ------
    StorageError
        When the folder or a file cannot be written; no file is half-written.
    PdfError
        When this machine cannot make a PDF: every HTML is written first.
    """
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"Impossible de créer le dossier {out} ({error.strerror or error}). "
            "Choisissez un autre dossier."
        ) from error
    # Known before the first sheet: without PDF every HTML is written all the same.
    problem, written = check_pdf(), []
    watch("fiches de territoire", 0, len(zones))
    for one in travail(out, problem is None):
        written.append(one)
        watch("fiches de territoire", len(written), len(zones))
    if len(zones) > 1:
        with writing(out / INDEX) as aside:
            aside.write_bytes(render_index(written, world.snapshot).encode())
    if problem:
        raise PdfError(f"{problem} Écrit dans {out} : {len(written)} fiche(s) HTML, aucun PDF.")
    return written


def _write_one(world: World, question: Question, zone: Zone, *, out: Path, pdf: bool) -> Ecrite:
    """Write the files of one zone."""
    html, made, phrase = make_sheet(world, question, zone, pdf=pdf)
    files = {
        f"{file_stem(zone)}.html": html.encode(),
        **({f"{file_stem(zone)}.pdf": made} if made else {}),
    }
    for nom, content in files.items():
        with writing(out / nom) as aside:
            aside.write_bytes(content)
    sizes = {nom: len(content) for nom, content in files.items()}
    return Ecrite(zone=zone, fichiers=sizes, phrase=phrase)
