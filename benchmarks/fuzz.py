"""`python -m benchmarks.fuzz [n]`: n mutated files over every reader of the offer, on every core;
prints what became of them.

One file in two has its bytes damaged, the other its values alone: the first
tries the parsers, the second what comes after them.  Each file depends on the
seed and its rank only: `python -m benchmarks.fuzz --only RANK` makes one again.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import html
import io
import json
import os
import random
import re
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

from benchmarks.fuzz_samples import ECHANTILLONS
from geoapp.core.errors import SourceError
from geoapp.ingest.checking import check_lecture
from geoapp.sources.formats import recognise_format
from geoapp.sources.reading import iter_source
from geoapp.sources.registry import get_source

LONGEST_S = 5.0
"""Most seconds of processor for one file."""
HANG_S = 120
"""Seconds after which a file is interrupted, on a busy machine too."""
BATCH = 200
SEED = "géoforma"
NASTY = (
    b"\x00",
    b"\xff\xfe",
    b"&#0;",
    b"&x;",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"<formation>",
    b"</formation>",
    b"<action/>",
    b"9" * 400,
    b"-1",
    b"1e400",
    b"NaN",
    b"null",
    b"[[[[",
    b"{}",
    b'"',
    b"|",
    b";;;;",
    b"\r",
    b"\n\n",
    b"\xc3",
    "\u202e".encode(),
    b"99999999",
    b"00000000",
    b"<a" * 300,
    b"true",
    b"\\ud800",
    b'"sessions": 3',
    b"=1+1",
    b"a@b.fr",
)


VALUES = (
    "",
    "-",
    "0",
    "-1",
    "99999999",
    "00000000",
    "20261399",
    "2026-02-31",
    "1e400",
    "NaN",
    "9" * 400,
    "x" * 5000,
    "é\u202e",
    "=1+1",
    "a@b.fr",
    "0612345678",
    "|",
    ";",
    "||;;|",
    "2691",
    "59350",
    "999999",
    "0,0",
    "50,63",
    "javascript:alert(1)",
    "http://x",
    "null",
    "true",
    "[]",
    "V",
    "4",
    "18",
    "2|2|x",
    "   ",
    "\ufffd",
    "<b>",
)
"""What a value may become when the file itself stays whole."""
SPANS = {
    ".xml": re.compile(rb">([^<>]+)<|=\"([^\"<>]*)\""),
    ".json": re.compile(rb":\s*\"([^\"\\]*)\"|:\s*([0-9.]+|true|false|null)"),
    ".csv": re.compile(rb"(?<=[;\n])([^;\n\"]*)(?=[;\n])"),
}
"""Where the values of a format are."""
SPANS |= {
    ".geojson": SPANS[".json"],
    ".kml": SPANS[".xml"],
    ".feuille": re.compile(rb"<(?:t|text:p)[^<>]*>([^<>]+)<"),
}
INNER = {
    ".xlsx": ("xl/worksheets/sheet1.xml", ".feuille"),
    ".ods": ("content.xml", ".feuille"),
    ".zip": ("export/table.csv", ".csv"),
}
"""Member of an archive that holds its texts, and where its values are: damaged inside a sound
archive, or the archive itself.
"""


def change_values(content: bytes, suffix: str, rng: random.Random) -> bytes:
    """Return a content of which one to eight values are others, its form untouched."""
    spans = [
        match.span(1 if match.group(1) is not None else match.lastindex)
        for match in SPANS[suffix].finditer(content)
    ]
    data = bytearray(content)
    for start, end in sorted(rng.sample(spans, min(len(spans), rng.randint(1, 8))), reverse=True):
        value = rng.choice(VALUES)
        if suffix in (".xml", ".kml", ".feuille"):
            value = html.escape(value)
        is_quoted = suffix == ".json" and data[start - 1 : start] != b'"'
        data[start:end] = (json.dumps(value) if is_quoted else value).encode()
    return bytes(data)


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Return a content with one to six damages: cut, inserted, changed, repeated, swapped, or cut
    short.
    """
    data = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        at, length = rng.randrange(len(data) + 1), rng.choice((1, 3, 20, 200))
        kind = rng.randrange(7)
        if kind == 0:
            del data[at : at + length]
        elif kind in (1, 2):
            data[at:at] = rng.choice(NASTY)
        elif kind == 3 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind == 4:
            data[at:at] = data[at : at + length] * rng.randint(1, 4)
        elif kind == 5:
            other = rng.randrange(len(data) + 1)
            data[at : at + length], data[other : other + length] = (
                data[other : other + length],
                data[at : at + length],
            )
        elif rng.random() < 0.2:
            del data[at:]
    return bytes(data)


def read_or_told(id_source: str, path: Path, communes, passage) -> str:
    """Return « lu » or « refusé » for one file; whatever else happens is a defect.

    Raises
    ------
    AssertionError
        A row was lost, or the file took more processor time than `LONGEST_S`.
    """
    start, outcome, source = time.process_time(), "lu", get_source(id_source)
    with contextlib.suppress(SourceError):
        recognise_format(path)
    try:
        for lecture in iter_source(source, path):
            assert lecture.frame.index.is_unique
            bilan = check_lecture(source, lecture, communes=communes, passage=passage)
            assert bilan.nb_lues == bilan.nb_valides + len(bilan.rejets)
    except SourceError as error:
        assert path.name in str(error) and error.cure
        outcome = "refusé"
    assert time.process_time() - start < LONGEST_S, "trop long"
    return outcome


def make_file(rank: int, folder: Path, seed: str) -> tuple[str, Path]:
    """Return the sample and the path of the mutated file of one rank, written in `folder`."""
    name = list(ECHANTILLONS)[rank % len(ECHANTILLONS)]
    sample, rng = ECHANTILLONS[name], random.Random(f"{seed} {rank}")
    path = folder / f"abime_{rank}{sample.suffix}"
    path.write_bytes(
        damage(sample.content(), sample.suffix, rng, is_whole=rank // len(ECHANTILLONS) % 2 == 0)
    )
    return name, path


def damage(content: bytes, suffix: str, rng: random.Random, *, is_whole: bool) -> bytes:
    """Return a mutated content; `is_whole` keeps its form where the format lets it be known, and
    changes values.
    """
    if suffix in INNER and is_whole:
        inner, kind = INNER[suffix]
        change = rng.choice((mutate, partial(change_values, suffix=kind)))
        return _inside(content, inner, lambda member: change(member, rng=rng))
    if suffix == ".gz" and is_whole:
        plain = gzip.decompress(content)
        return gzip.compress(change_values(plain, ".csv", rng), mtime=0)
    if suffix in SPANS and is_whole:
        return change_values(content, suffix, rng)
    return change_bytes(content, rng) if is_whole else mutate(content, rng)


def change_bytes(content: bytes, rng: random.Random) -> bytes:
    """Return a content of which one to three bytes are others: a database stays one most of the
    time.
    """
    data = bytearray(content)
    for _ in range(rng.randint(1, 3)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def _inside(content: bytes, inner: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return an archive of which one member alone is changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for member in old.infolist():
            read = old.read(member)
            new.writestr(member, change(read) if member.filename == inner else read)
    return stream.getvalue()


def try_files(ranks: Iterable[int], seed: str = SEED) -> Counter:
    """Return what became of the files of some ranks, by sample and outcome.

    Raises
    ------
    AssertionError
        Naming the file, which is kept.
    """
    communes, passage = _world()
    outcomes: Counter = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for rank in ranks:
            name, path = make_file(rank, Path(folder), seed)
            try:
                outcomes[
                    name,
                    _within_time(
                        read_or_told, ECHANTILLONS[name].id_source, path, communes, passage
                    ),
                ] += 1
            except Exception as error:
                kept = Path(tempfile.gettempdir()) / path.name
                kept.write_bytes(path.read_bytes())
                raise AssertionError(
                    f"fichier {rank} ({name}), gardé dans {kept.name} : {type(error).__name__} "
                    f"{error}"
                ) from error
            path.unlink()
    return outcomes


@cache
def _world():
    """Return the communes and the passage that files are checked against."""
    from geoapp.ingest.territories import load_communes
    from geoapp.reference.commune_codes import make_passage

    communes = load_communes("32")
    return communes, make_passage(communes, [])


def _within_time(read: Callable, *arguments):
    """Return `read(…)`, interrupted when it hangs."""

    def interrupt(number, frame):
        raise TimeoutError("bloqué")

    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, HANG_S)
    try:
        return read(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def fuzz(
    nb: int,
    *,
    seed: str = SEED,
    nb_processes: int | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Counter:
    """Return what became of `nb` mutated files, by source; the same for the same seed, whatever the
    number of processes.
    """
    batches = [range(start, min(start + BATCH, nb)) for start in range(0, nb, BATCH)]
    outcomes: Counter = Counter()
    with ProcessPoolExecutor(
        nb_processes or os.cpu_count(), mp_context=get_context("spawn")
    ) as pool:
        for done in as_completed([pool.submit(try_files, batch, seed) for batch in batches]):
            outcomes += done.result()
            say(f"{outcomes.total()} / {nb}")
    return outcomes


def main() -> None:
    """Run the files asked for and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nb", type=int, nargs="?", default=10_000)
    parser.add_argument("--only", type=int, help="rang du seul fichier à essayer")
    options = parser.parse_args()
    start = time.perf_counter()
    outcomes = (
        try_files([options.only])
        if options.only is not None
        else fuzz(options.nb, say=lambda text: print(text, file=sys.stderr, flush=True))
    )
    for (name, outcome), nb in sorted(outcomes.items()):
        print(f"{name:32} {outcome:8} {nb}")
    print(f"{outcomes.total()} files, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
