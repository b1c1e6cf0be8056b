"""Read the sources of a build.

Each once per content, its last good file in the place of a broken one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import pandas as pd

from geoapp.core.errors import GeoFormaError, SourceError
from geoapp.ingest.state import REELS, BuildState
from geoapp.ingest.steps import digest_of, do, is_kept
from geoapp.sources.demo import GENERATEURS
from geoapp.sources.fetch import Located, previous_copy
from geoapp.sources.reading import read_source
from geoapp.sources.records import Lecture

Watch = Callable[[str, int, int], None]
T = TypeVar("T")

GRANDE = 100_000
"""Rows from which what was read of a source is not held until the end of the build."""


class BuildError(GeoFormaError):
    """Some sources could not be read: nothing was published."""


@dataclass(frozen=True)
class Lectures(Mapping):
    """What was read of each source, by its id: taken from the steps kept only when it is asked.

    A large one is let go once asked: it is used once, and is read again from its step if not.
    """

    state: BuildState
    lues: dict[str, Lecture] = field(default_factory=dict)

    def __getitem__(self, id_source: str) -> Lecture:
        """Return what was read of one source."""
        found = self.lues.pop(id_source, None)
        if found is None:
            found = _staged(self.state, self.state.find(id_source))
        if len(found.frame) < GRANDE:
            self.lues[id_source] = found
        return found

    def __iter__(self) -> Iterator[str]:
        return (one.source.id for one in self.state.located if is_readable(one))

    def __len__(self) -> int:
        return sum(map(is_readable, self.state.located))


def is_readable(one: Located) -> bool:
    """Tell whether a source gives rows, real or fictitious."""
    return one.mode in (*REELS, "demonstration")


def read_all(state: BuildState, data_dir: Path, watch: Watch) -> Lectures:
    """Read every source that no earlier build has read with the same content.

    Broken ones by their last good file.

    Raises
    ------
    BuildError
        When a source has no good file at all: every such source is named.
    """
    todo, broken = [one for one in state.located if is_readable(one)], []
    lectures = Lectures(state)
    for done, one in enumerate(todo, 1):
        try:
            if not is_kept(state.etapes, *_step(state, one)):
                lectures.lues[one.source.id] = _staged(state, one)
        except SourceError as error:
            # The one downloaded before, else the one that is served.
            others = (
                previous_copy(one, data_dir, str(error)),
                _last_served(state, one, str(error)),
            )
            if not _fall_back(state, one, lectures, others):
                broken.append(f"- {one.source.id} : {error}")
        watch("lecture des sources", done, len(todo))
    if broken:
        raise BuildError(
            "Ces sources ne peuvent pas être lues :\n"
            + "\n".join(broken)
            + "\nRien n'a été publié : l'instantané servi n'a pas changé."
        )
    return lectures


def reading_key(state: BuildState, one: Located) -> str:
    """Return the key of what is read of a source.

    Its content, its row of the registry, our code.
    """
    # A demonstration is made of the communes, not of a file.
    made_of = state.cle_communes if one.mode == "demonstration" else one.sha256
    return state.etapes.key("lecture", _read_one, one.source, one.mode == "demonstration", made_of)


def sources_key(state: BuildState, *usages: str) -> str:
    """Return the key of what the sources of some usages give.

    What is read of each, and which of them feed.
    """
    read = [
        (reading_key(state, one), state.is_replaced(one.source))
        for usage in usages
        for one in state.present(usage)
    ]
    return digest_of(state.region, usages, read)


def per_source(
    state: BuildState, one: Located, make: Callable[[], T], autres: Sequence[str] = ()
) -> T:
    """Return what `make()` gives of one source, kept for the next build.

    It is kept with the passage of its communes and what `autres` are the keys of.
    """
    usage = one.source.usage
    key = state.etapes.key(usage, make, state.cle_passage, reading_key(state, one), *autres)
    return do(state.etapes, f"{usage}-{one.source.id}", key, make)


def _step(state: BuildState, one: Located) -> tuple[str, str]:
    """Return the name and the key of the step that reads a source."""
    return f"lecture-{one.source.id}", reading_key(state, one)


def _staged(state: BuildState, one: Located) -> Lecture:
    """Return what is read of a source, kept for the next build."""
    return do(state.etapes, *_step(state, one), lambda: _read_one(state, one))


def _fall_back(
    state: BuildState, one: Located, lectures: Lectures, others: Iterable[Located | None]
) -> bool:
    """Put the first good file of `others` in the place of a broken source.

    Tell whether there was one.
    """
    for previous in others:
        if previous is None:
            continue
        try:
            lectures.lues[one.source.id] = _staged(state, previous)
        except SourceError:
            continue
        state.located = [previous if other is one else other for other in state.located]
        return True
    return False


def _last_served(state: BuildState, one: Located, problem: str) -> Located | None:
    """Return the delivery that the snapshot served holds, if what was read of it is still kept."""
    served = state.servies.get(one.source.id)
    # A mirror is what the person gives: nothing else is put in its place.
    if one.mode == "miroir" or not served or served["sha256"] in (None, one.sha256):
        return None
    alerte = f"Dernière livraison illisible, celle de l'instantané précédent est gardée. {problem}"
    previous = replace(
        one,
        mode="cache",
        sha256=served["sha256"],
        alerte=alerte,
        obtenu_le=served["date_obtention"] or "",
    )
    return previous if is_kept(state.etapes, *_step(state, previous)) else None


def _read_one(state: BuildState, one: Located) -> Lecture:
    """Read one file, or generate demonstration data on the real communes."""
    if one.path is not None:
        return read_source(one.source, one.path)
    frame = GENERATEURS[one.source.demonstration](state.communes, state.region)
    lines = [f"ligne {i}" for i in range(1, len(frame) + 1)]
    frame.index = pd.Index(lines, name="ligne", dtype="str")
    return Lecture(frame=frame, nb_lues=len(frame))
