"""Hostile XML and archives: refused in bounded time and memory, with one sentence in French."""

import gzip
import io
import random
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from geoapp.core.errors import SourceError
from geoapp.ingest.check_file import check_file
from geoapp.sources import xml_stream
from geoapp.sources.content import stream_bytes
from geoapp.sources.lheo import iter_lheo, read_lheo

FEED = (Path(__file__).parent / "data" / "lheo_2.3.xml").read_bytes()
OPEN = b'<?xml version="1.0" encoding="utf-8"?><lheo><offres>'
BOMB = (
    b'<!DOCTYPE lheo [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(12))
    + b"]>"
)
QUADRATIC = b'<!DOCTYPE lheo [<!ENTITY a "' + b"x" * 100_000 + b'">]>'
LONGEST_S, MOST_BYTES = 5.0, 60_000_000

HOSTILE = {
    "bombe d'entités": (
        b"<?xml version='1.0'?>"
        + BOMB
        + (
            b"<lheo><offres><formation><intitule-formation>&m;</intitule-formation></formation></"
            b"offres></lheo>"
        ),
        "entit|démesuré",
    ),
    "bombe quadratique": (
        b"<?xml version='1.0'?>"
        + QUADRATIC
        + b"<lheo><offres><formation numero='&a;"
        + b"&a;" * 1000
        + b"'/></offres></lheo>",
        "entit|démesuré",
    ),
    "entité externe": (
        b"<!DOCTYPE lheo [<!ENTITY x SYSTEM "
        b"'file:///etc/passwd'>]><lheo><offres><formation><intitule-formation>&x;</"
        b"intitule-formation></formation></offres></lheo>",
        "entit",
    ),
    "entité externe en réseau": (
        b"<!DOCTYPE lheo [<!ENTITY x SYSTEM "
        b"'http://127.0.0.1:9/x'>]><lheo><offres><formation>&x;</formation></offres></lheo>",
        "entit",
    ),
    "entité de paramètre": (
        b"<!DOCTYPE lheo [<!ENTITY % p SYSTEM "
        b"'file:///etc/passwd'>%p;]><lheo><offres><formation/></offres></lheo>",
        "entit",
    ),
    "entité inconnue": (OPEN + b"<formation>&eacute;</formation></offres></lheo>", "entité"),
    "imbrication": (
        OPEN
        + b"<formation>"
        + b"<a>" * 100_000
        + b"</a>" * 100_000
        + b"</formation></offres></lheo>",
        "imbriqués",
    ),
    "coupé": (FEED[: len(FEED) // 2], "coupé"),
    "coupé dans une balise": (FEED[:300], "coupé"),
    "octets latin-1": (FEED.replace("é".encode(), b"\xe9"), "encodage"),
    "encodage inventé": (FEED.replace(b'encoding="utf-8"', b'encoding="klingon"'), "encodage"),
    "balises croisées": (
        OPEN + b"<formation><a><b></a></b></formation></offres></lheo>",
        "illisible",
    ),
    "deux racines": (FEED + b"<lheo/>", "illisible|coupé"),
    "caractère nul": (FEED.replace(b"plaquiste", b"plaq\x00iste"), "octet|illisible"),
    "renvoi Git LFS": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "Git LFS",
    ),
    "page web": (b"<!DOCTYPE html><html><body>Erreur 500</body></html>", "page web"),
    "vide": (b"  \n ", "vide"),
    "autre XML": (b"<?xml version='1.0'?><rss><channel/></rss>", "rss|LHÉO|lheo"),
}


def refusal(path: Path, read=lambda path: read_lheo(path)) -> str:
    """Return the message of the refusal, after checking its time, its memory and its form."""
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(SourceError) as caught:
        read(path)
    elapsed, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert elapsed < LONGEST_S and peak < MOST_BYTES
    assert (
        caught.value.cure
        and path.name in str(caught.value)
        and "Traceback" not in str(caught.value)
    )
    return str(caught.value)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_content_is_refused_in_french(name, tmp_path):
    import re

    content, words = HOSTILE[name]
    path = tmp_path / "flux.xml"
    path.write_bytes(content)
    read = check_file if name == "autre XML" else read_lheo
    message = refusal(path, read)
    assert re.search(words, message), message
    assert "root:" not in message


def _huge(kind: str, nb_bytes: int):
    """Yield a feed whose one element never ends, piece by piece."""
    yield (
        OPEN
        + {
            "texte": b"<formation><intitule-formation>",
            "enfants": b"<formation>",
            "commentaire": b"<!--",
            "hors": b"",
            "balise": b"<formation ",
            "attribut": b'<formation numero="',
        }[kind]
    )
    piece = {
        "texte": b"x" * (1 << 20),
        "enfants": b"<a>x</a>" * (1 << 17),
        "commentaire": b"x" * (1 << 20),
        "hors": b"<autre>x</autre>" * (1 << 16),
        "balise": b"a" * (1 << 20),
        "attribut": b"y" * (1 << 20),
    }[kind]
    for _ in range(nb_bytes // len(piece)):
        yield piece


@pytest.mark.parametrize("kind", ["texte", "enfants", "commentaire", "hors", "balise", "attribut"])
def test_one_gigabyte_of_one_element_is_refused_long_before_its_end(kind, monkeypatch, tmp_path):
    taken = 0

    def endless(path, **options):
        nonlocal taken
        for piece in _huge(kind, 1 << 30):
            taken += len(piece)
            yield piece

    monkeypatch.setattr(xml_stream, "stream_bytes", endless)
    message = refusal(tmp_path / "geant.xml")
    assert "démesuré" in message or "Mo sans un élément" in message or "illisible" in message
    assert taken < 64_000_000


def test_a_feed_of_any_length_is_held_by_batches_only(monkeypatch):
    from benchmarks.lheo_feed import make_formation

    def long(path, **options):
        yield OPEN.replace(b"<lheo>", b'<lheo xmlns="http://lheo.gouv.fr/2.3">')
        for rank in range(1_500):
            yield make_formation(rank, 2)
        yield b"</offres></lheo>"

    monkeypatch.setattr(xml_stream, "stream_bytes", long)
    tracemalloc.start()
    assert sum(part.nb_lues for part in iter_lheo(Path("long.xml"), batch=200)) == 1_500
    assert tracemalloc.get_traced_memory()[1] < 12_000_000
    tracemalloc.stop()


def _zip(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content, words",
    [
        (lambda: _zip(**{"..__..__f.xml": FEED}), "sort de l'archive"),
        (lambda: _zip(**{"a.xml": FEED, "b.xml": FEED}), "2 fichiers"),
        (lambda: _zip(**{"f.xml": b"<lheo>" + b" " * 60_000_000}), "bombe"),
        (lambda: _zip(**{"f.xml": FEED})[:-40], "zip"),
        (lambda: gzip.compress(b"<lheo>" + b" " * 60_000_000), "démesuré"),
        (lambda: gzip.compress(FEED)[:-200], "gzip coupé"),
        (lambda: _zip(**{"f.txt": FEED}), "0 fichiers"),
    ],
    ids=["chemin", "deux", "bombe zip", "zip coupé", "bombe gzip", "gzip coupé", "sans xml"],
)
def test_hostile_archives_are_refused_in_french(content, words, tmp_path):
    path = tmp_path / "flux.bin"
    path.write_bytes(content())
    assert words in refusal(path)


def test_a_gzip_bomb_of_sound_elements_is_refused_by_its_ratio(tmp_path):
    path = tmp_path / "flux.xml.gz"
    formation = b"<formation numero='1'>" + b" " * 100_000 + b"</formation>"
    path.write_bytes(gzip.compress(OPEN + formation * 600 + b"</offres></lheo>"))
    assert "compressé" in refusal(path)


def test_a_dtd_named_and_not_followed_is_harmless(tmp_path):
    path = tmp_path / "f.xml"
    path.write_bytes(
        FEED.replace(
            b"<lheo xmlns", b'<!DOCTYPE lheo SYSTEM "http://127.0.0.1:9/lheo.dtd"><lheo xmlns'
        )
    )
    assert read_lheo(path).nb_lues == 3


def test_utf_16_and_a_declared_latin_1_are_read(tmp_path):
    text = FEED.decode()
    for name, encoding in (
        ("utf-16", "utf-16"),
        ("iso-8859-1", "iso-8859-1"),
        ("windows-1252", "cp1252"),
    ):
        path = tmp_path / f"{name}.xml"
        path.write_bytes(text.replace('encoding="utf-8"', f'encoding="{name}"').encode(encoding))
        assert (
            read_lheo(path)
            .frame["objectif"]
            .iloc[0]
            .startswith("Poser des cloisons & des plafonds.\nÉcrire")
        )


def test_pieces_of_a_file_are_its_bytes(tmp_path):
    content = random.Random(1).randbytes(300_000)
    for name, packed in (("a", content), ("b", gzip.compress(content))):
        (tmp_path / name).write_bytes(packed)
        assert b"".join(stream_bytes(tmp_path / name, chunk=1000)) == content
