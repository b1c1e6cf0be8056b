"""`geoapp.sources.fetch`, against a local server that behaves well or badly."""

from __future__ import annotations

import gzip
import hashlib
import io
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar

import pytest

from geoapp.cli.progress import rich_progress
from geoapp.core.config import Settings
from geoapp.core.errors import SourceError
from geoapp.sources import fetch, transport
from geoapp.sources.refresh import refresh
from geoapp.sources.registry import Source
from support.producer import Answering, serving

CSV = b"code;nom\n02001;Abb\xc3\xa9court\n"
PAGE = b"\xef\xbb\xbf\n<!DOCTYPE html><html><body>Erreur</body></html>"
CLOSED = "http://127.0.0.1:9"


def make_zip(*entries: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


GOOD_ZIP = make_zip(("lisez-moi.txt", b"bonjour"), ("donnees/communes.csv", CSV))
EVIL_ZIP = make_zip(("donnees/communes.csv", CSV), ("../evil", b"x"))


class Producer(Answering):
    """A producer's site; the path says how it behaves."""

    BODIES: ClassVar = {
        "/communes.csv": (200, CSV, "text/csv"),
        "/absent.csv": (404, b"<html>", "text/html"),
        "/panne.csv": (500, b"", "text/plain"),
        "/page.csv": (200, PAGE, "text/csv"),
        "/fragment.csv": (200, b"<p>Erreur</p>", "text/html"),
        "/vide.csv": (200, b"", "text/csv"),
        "/bon.zip": (200, GOOD_ZIP, "application/zip"),
        "/evil.zip": (200, EVIL_ZIP, "application/zip"),
        "/gros.csv": (200, b"x" * 1_500_000, "text/csv"),
    }
    MOVED: ClassVar = {
        "/deplace.csv": "/communes.csv",
        "/fichier.csv": "file:///etc/hostname",
        "/boucle.csv": "/boucle.csv",
    }

    def do_GET(self):
        self.server.asked.append(self.path)
        self.close_connection = True
        if self.path in self.MOVED:
            return self.answer(302, b"", Location=self.MOVED[self.path])
        if self.path in self.BODIES:
            status, body, kind = self.BODIES[self.path]
            return self.answer(status, body, **{"Content-Type": kind})
        return getattr(self, "do_" + self.path.strip("/").removesuffix(".csv"))()

    def do_moitie(self):
        self.answer(200, CSV, length=10 * len(CSV))

    def do_compresse(self):
        self.answer(200, gzip.compress(CSV), Content_Encoding="gzip")

    def do_sans_longueur(self):
        self.answer(200, b"x" * 1_500_000, length=-1)

    def do_muet(self):
        self.server.released.wait(5)

    def do_goutte(self):
        self.answer(200, b"c", length=1000)
        while not self.server.released.wait(0.05):
            try:
                self.wfile.write(b"x")
            except OSError:
                return

    def do_coupe(self):
        pass

    def do_fige(self):
        self.answer(200, b"code;nom\n", length=1000)
        self.server.released.wait(5)


@pytest.fixture
def producer(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(Producer) as server:
        yield server


SOURCE = Source(
    id="communes-test",
    titre="Communes",
    producteur="Nous",
    licence="MIT",
    millesime="2025",
    usage="zonage",
    format="csv",
    fichier="zonages/communes.csv",
    demonstration="zrr",
    type_zone="zrr",
    colonnes={"code_commune": "code", "nom": "nom"},
)
SETTINGS = Settings(connect_timeout_s=0.5, read_timeout_s=0.4, download_max_mb=1)


class World:
    """One call of `locate` after the other, with what was said."""

    def __init__(self, tmp_path, network=None):
        self.data_dir, self.network, self.said = tmp_path / "var", network or fetch.Network(), []
        self.cached = self.data_dir / "cache" / SOURCE.id / "communes.csv"

    def locate(self, url: str = "", mirror=None, **changes) -> fetch.Located:
        source = replace(SOURCE, telechargement=url, **changes)
        return fetch.locate(
            source,
            mirror=mirror,
            data_dir=self.data_dir,
            settings=SETTINGS,
            network=self.network,
            say=self.said.append,
        )


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_mirror_comes_first(world, tmp_path, producer):
    path = tmp_path / "miroir" / "zonages" / "communes.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(CSV)
    found = world.locate(producer.url + "/communes.csv", mirror=tmp_path / "miroir")
    assert (found.path, found.mode, found.note) == (path, "miroir", "")
    assert found.sha256 == hashlib.sha256(CSV).hexdigest()
    assert producer.asked == [] and world.said == []


def test_file_missing_in_mirror_is_said_and_downloaded(world, tmp_path, producer):
    found = world.locate(producer.url + "/communes.csv", mirror=tmp_path)
    assert found.mode == "telechargement"
    assert "communes.csv : absent du miroir." in found.note
    assert any("absent du miroir" in text for text in world.said)
    assert str(tmp_path) not in found.note


def test_download_then_cache(world, producer):
    first = world.locate(producer.url + "/communes.csv")
    second = world.locate(producer.url + "/communes.csv")
    assert (first.mode, second.mode) == ("telechargement", "cache")
    assert first.path == second.path == world.cached and world.cached.read_bytes() == CSV
    assert first.sha256 == second.sha256 == hashlib.sha256(CSV).hexdigest()
    assert producer.asked == ["/communes.csv"]
    assert left_in_cache(world) == ["communes.csv"]


def left_in_cache(world) -> list[str]:
    """Return what the cache holds of the source, its record and its lock aside."""
    return sorted(
        path.name
        for path in world.cached.parent.iterdir()
        if path.name not in ("etat.json", ".verrou")
    )


def test_redirect_and_compressed_answer(world, producer):
    assert world.locate(producer.url + "/deplace.csv").path.read_bytes() == CSV
    world.cached.unlink()
    assert world.locate(producer.url + "/compresse.csv").path.read_bytes() == CSV


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("absent.csv", "404"),
        ("panne.csv", "500"),
        ("muet.csv", "pas répondu dans le délai"),
        ("fige.csv", "pas répondu dans le délai"),
        ("page.csv", "une page web au lieu des données"),
        ("fragment.csv", "une page web"),
        ("vide.csv", "fichier vide"),
        ("moitie.csv", "incomplet"),
        ("gros.csv", "plus de 1 Mo"),
        ("sans_longueur.csv", "plus de 1 Mo"),
        ("fichier.csv", "ailleurs que vers http"),
        ("boucle.csv", "redirections"),
        ("coupe.csv", "rompue"),
    ],
)
def test_bad_answer_gives_demonstration_and_its_reason(world, producer, page, reason):
    found = world.locate(f"{producer.url}/{page}")
    assert (found.path, found.mode, found.sha256) == (None, "demonstration", None)
    assert (
        "communes.csv, téléchargement depuis 127.0.0.1:" in found.note
        and reason in found.note
        and "MIRROR=" in found.note
    )
    assert left_in_cache(world) == []
    assert not world.network.is_offline


def test_source_without_demonstration_is_absent(world, producer):
    found = world.locate(producer.url + "/absent.csv", demonstration="")
    assert found.mode == "absente" and "source absente" in world.said[-1]


def test_source_without_address_says_so(world):
    assert "Pas d'adresse de téléchargement" in world.locate().note


def test_dripping_producer_is_abandoned(world, producer, monkeypatch):
    monkeypatch.setattr(transport, "DOWNLOAD_MAX_S", 0.3)
    assert "abandonné" in world.locate(producer.url + "/goutte.csv").note


@pytest.mark.parametrize("page", ["panne.csv", "moitie.csv", "page.csv", "gros.csv"])
def test_broken_download_keeps_the_good_copy(world, producer, page):
    world.locate(producer.url + "/communes.csv")
    with pytest.raises(SourceError):
        refresh(
            replace(SOURCE, telechargement=f"{producer.url}/{page}"),
            data_dir=world.data_dir,
            settings=SETTINGS,
            network=world.network,
        )
    assert world.cached.read_bytes() == CSV and left_in_cache(world) == ["communes.csv"]
    kept = world.locate()
    assert (
        kept.mode == "cache"
        and kept.sha256 == hashlib.sha256(CSV).hexdigest()
        and kept.alerte.startswith("Actualisation en échec le ")
    )


def test_member_of_an_archive(world, producer):
    found = world.locate(producer.url + "/bon.zip", membre="donnees/communes.csv")
    assert found.path == world.cached and found.path.read_bytes() == CSV


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("evil.zip", "« ../evil » : chemin qui sort de l'archive"),
        ("communes.csv", "pas une archive zip"),
        ("bon.zip", "ne contient pas « absente.csv »"),
    ],
)
def test_refused_archive(world, producer, page, reason):
    found = world.locate(
        f"{producer.url}/{page}",
        membre="absente.csv" if page == "bon.zip" else "donnees/communes.csv",
    )
    assert (
        found.mode == "demonstration"
        and reason in found.note
        and "communes.csv, téléchargement" in found.note
    )
    assert left_in_cache(world) == []


def test_offline_is_learnt_after_two_producers_and_said_once(world):
    notes = [world.locate(f"http://127.0.0.1:{port}/a.csv").note for port in (9, 9, 19, 29)]
    assert "connexion impossible" in notes[0] and "non tenté" in notes[1]
    assert "connexion impossible" in notes[2] and "non tenté" in notes[3]
    assert world.network.is_offline and len(world.network.unreachable) == 2
    assert sum(text.startswith("Réseau injoignable") for text in world.said) == 1


def test_one_dead_producer_does_not_stop_the_others(world, producer):
    world.locate(CLOSED + "/a.csv")
    assert world.locate(producer.url + "/communes.csv").mode == "telechargement"
    world.cached.unlink()
    world.locate("http://127.0.0.1:19/a.csv")
    assert len(world.network.unreachable) == 2 and not world.network.is_offline


def test_unresolved_name_does_not_wait_for_ever(world, monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(transport.socket, "getaddrinfo", lambda *args, **options: released.wait(5))
    note = world.locate("http://producteur.invalid/a.csv").note
    released.set()
    assert "dans le délai" in note and world.network.unreachable == {"producteur.invalid"}


def test_unwritable_cache_is_told(world, tmp_path, producer):
    (tmp_path / "var").write_text("un fichier, pas un dossier")
    found = world.locate(producer.url + "/communes.csv")
    assert (
        found.mode == "demonstration" and "« var » : lecture ou écriture impossible" in found.note
    )


def test_progress_is_told(world, producer, capsys):
    told = []

    @contextmanager
    def progress(title):
        told.append(title)
        yield lambda received, total: told.append((received, total))

    world.network.progress = progress
    world.locate(producer.url + "/communes.csv")
    assert told[0] == "Communes" and told[-1] == (len(CSV), len(CSV))
    with rich_progress("Communes") as callback:
        callback(1, 2)
    assert capsys.readouterr().out == ""


# --- Archives
# ---------------------------------------------------------------------------------------


def write(tmp_path, content: bytes):
    path = tmp_path / "archive.zip"
    path.write_bytes(content)
    return path


def with_kind(name: str, mode: int) -> bytes:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, b"/etc/hostname")
    return out.getvalue()


def encrypted() -> bytes:
    content = bytearray(make_zip(("secret.csv", b"x")))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def damaged() -> bytes:
    content = bytearray(make_zip(("a.csv", bytes(range(256)) * 40)))
    content[60] ^= 0xFF
    return bytes(content)


def test_good_archive_lists_its_files(tmp_path):
    content = make_zip(("couche/", b""), ("couche/a.shp", b"1"), ("couche/a.dbf", b"2"))
    assert fetch.check_archive(write(tmp_path, content)) == ["couche/a.shp", "couche/a.dbf"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (EVIL_ZIP, "« ../evil » : chemin qui sort"),
        (make_zip(("a/..\\..\\evil", b"")), "chemin qui sort"),
        (make_zip(("/etc/passwd", b"")), "« /etc/passwd » : chemin absolu"),
        (make_zip(("C:\\evil", b"")), "chemin absolu"),
        (with_kind("lien.csv", 0o120777), "« lien.csv » : lien symbolique"),
        (with_kind("tube", 0o010644), "fichier spécial"),
        (encrypted(), "« secret.csv » : entrée chiffrée"),
        (damaged(), "« a.csv » : contenu tronqué ou abîmé"),
        (make_zip(("zeros.csv", b"\0" * 3_000_000)), "« zeros.csv » : s'étend plus de 200 fois"),
        (GOOD_ZIP[: len(GOOD_ZIP) // 2], "pas une archive zip, ou elle est tronquée"),
        (b"", "pas une archive zip"),
        (CSV, "pas une archive zip"),
    ],
)
def test_harmful_archive_is_refused(tmp_path, content, reason):
    with pytest.raises(SourceError) as caught:
        fetch.check_archive(write(tmp_path, content))
    assert "archive.zip" in str(caught.value) and reason in str(caught.value).replace(
        "archive.zip, entrée ", ""
    )


def test_archive_larger_than_allowed(tmp_path):
    path = write(tmp_path, make_zip(("a.csv", b"abc"), ("b.csv", b"def")))
    assert fetch.check_archive(path, max_bytes=6) == ["a.csv", "b.csv"]
    with pytest.raises(SourceError, match="s'étend à plus de"):
        fetch.check_archive(path, max_bytes=5)
    with fetch.open_archive_member(path, "a.csv", max_bytes=3) as stream:
        assert stream.read() == b"abc"
    with (
        pytest.raises(SourceError, match="une fois étendue"),
        fetch.open_archive_member(path, "a.csv", max_bytes=2),
    ):
        pass


def test_archive_that_lies_about_its_size(tmp_path):
    content = bytearray(make_zip(("a.csv", b"x" * 500_000)))
    central = content.index(b"PK\x01\x02")
    content[central + 24 : central + 28] = (10).to_bytes(4, "little")
    with pytest.raises(SourceError, match="tronqué ou abîmé"):
        fetch.check_archive(write(tmp_path, bytes(content)))


def test_missing_archive_and_member(tmp_path):
    with pytest.raises(SourceError, match="archive introuvable"):
        fetch.check_archive(tmp_path / "rien.zip")
    path = write(tmp_path, GOOD_ZIP)
    with (
        pytest.raises(SourceError, match=r"Vouliez-vous dire « donnees/communes.csv »"),
        fetch.open_archive_member(path, "communes.csv"),
    ):
        pass
