"""`python -m benchmarks.fuzz [n]`: n mutated files over every reader of the offer; prints what became of them.

One file in two has its bytes damaged, the other its values alone: the first
tries the parsers, the second what comes after them.
"""

from __future__ import annotations

import html
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from geoapp.build.verification import check_lecture
from geoapp.errors import SourceError
from geoapp.sources.reading import iter_source
from geoapp.sources.reconnaitre import recognise_format
from geoapp.sources.registry import get_source

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
SAMPLES = {
    "lheo-region": "lheo_2.3.xml", "intercarif-exemple-formation": "intercarif.json", "catalogue-apprentissage": "catalogue.json",
    "onisep-actions": "onisep_actions.csv", "parcoursup-carte": "parcoursup_carte.csv", "mon-compte-formation": "moncompteformation.csv",
}
"""Source → sample that is mutated."""
LONGEST_S = 5.0
NASTY = (
    b"\x00", b"\xff\xfe", b"&#0;", b"&x;", b"<![CDATA[", b"]]>", b"<!--", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<formation>", b"</formation>", b"<action/>",
    b"9" * 400, b"-1", b"1e400", b"NaN", b"null", b"[[[[", b"{}", b'"', b"|", b";;;;", b"\r", b"\n\n", b"\xc3", "\u202e".encode(), b"99999999", b"00000000",
    b"<a" * 300, b"true", b"\\ud800", b'"sessions": 3', b"=1+1", b"a@b.fr",
)


VALUES = (
    "", "-", "0", "-1", "99999999", "00000000", "20261399", "2026-02-31", "1e400", "NaN", "9" * 400, "x" * 5000, "é\u202e", "=1+1", "a@b.fr", "0612345678", "|", ";", "||;;|",
    "2691", "59350", "999999", "0,0", "50,63", "javascript:alert(1)", "http://x", "null", "true", "[]", "V", "4", "18", "2|2|x", "   ", "\ufffd", "<b>",
)
"""What a value may become when the file itself stays whole."""
SPANS = {".xml": re.compile(rb">([^<>]+)<|=\"([^\"<>]*)\""), ".json": re.compile(rb":\s*\"([^\"\\]*)\"|:\s*([0-9.]+|true|false|null)"), ".csv": re.compile(rb"(?<=[;\n])([^;\n\"]*)(?=[;\n])")}
"""Where the values of a format are."""


def change_values(content: bytes, suffix: str, rng: random.Random) -> bytes:
    """Return a content of which one to eight values are others, its form untouched."""
    spans = [match.span(1 if match.group(1) is not None else match.lastindex) for match in SPANS[suffix].finditer(content)]
    data = bytearray(content)
    for start, end in sorted(rng.sample(spans, min(len(spans), rng.randint(1, 8))), reverse=True):
        value = rng.choice(VALUES)
        if suffix == ".xml":
            value = html.escape(value)
        is_quoted = suffix == ".json" and data[start - 1 : start] != b'"'
        data[start:end] = (json.dumps(value) if is_quoted else value).encode()
    return bytes(data)


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Return a content with one to six damages: cut, inserted, changed, repeated, swapped, or cut short."""
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
            data[at : at + length], data[other : other + length] = data[other : other + length], data[at : at + length]
        elif rng.random() < 0.2:
            del data[at:]
    return bytes(data)


def read_or_told(id_source: str, path: Path, communes, passage) -> str:
    """Return « lu » or « refusé » for one file; whatever else happens is a defect.

    Raises
    ------
    AssertionError
        A row was lost, or the file took longer than `LONGEST_S`.
    """
    start, outcome, source = time.perf_counter(), "lu", get_source(id_source)
    try:
        recognise_format(path)
    except SourceError:
        pass
    try:
        for lecture in iter_source(source, path):
            assert lecture.frame.index.is_unique
            bilan = check_lecture(source, lecture, communes=communes, passage=passage)
            assert bilan.nb_lues == bilan.nb_valides + len(bilan.rejets)
    except SourceError as error:
        assert path.name in str(error) and error.cure
        outcome = "refusé"
    assert time.perf_counter() - start < LONGEST_S, "trop long"
    return outcome


def fuzz(nb: int, *, seed: str = "géoforma") -> Counter:
    """Return what became of `nb` mutated files, by source; the same for the same seed."""
    from geoapp.build.territoires import load_communes
    from geoapp.communes_codes import make_passage

    communes = load_communes("32")
    passage = make_passage(communes, [])
    sound = {id_source: (DATA / name).read_bytes() for id_source, name in SAMPLES.items()}
    rng, outcomes, names = random.Random(seed), Counter(), list(SAMPLES)
    with tempfile.TemporaryDirectory() as folder:
        for rank in range(nb):
            id_source = names[rank % len(names)]
            path = Path(folder) / f"abime{Path(SAMPLES[id_source]).suffix}"
            mine = sound[id_source]
            path.write_bytes(mutate(mine, rng) if rank // len(names) % 2 else change_values(mine, path.suffix, rng))
            try:
                outcomes[id_source, read_or_told(id_source, path, communes, passage)] += 1
            except Exception as error:
                kept = Path(tempfile.gettempdir()) / f"geoforma_{rank}_{path.name}"
                kept.write_bytes(path.read_bytes())
                raise AssertionError(f"fichier {rank} ({id_source}), gardé dans {kept.name} : {type(error).__name__} {error}") from error
    return outcomes


if __name__ == "__main__":
    start = time.perf_counter()
    for (name, outcome), nb in sorted(fuzz(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000).items()):
        print(f"{name:32} {outcome:8} {nb}")
    print(f"{time.perf_counter() - start:.0f} s")
