"""One process follows what is published, page by page; those forked from it hold what it had."""

import os
import subprocess
import sys

from geoapp.web.served import Courant
from support.sources import ROOT
from support.world import publish_world


def publish(frames, folder, second: int):
    return publish_world(frames, folder, f"2026-01-02T03:04:{second:02d}Z")


def follow(courant: Courant, seen: list) -> bool:
    """Follow to the end; note, at each page warmed, what is warmed and what is served meanwhile."""

    def warm(servi):
        for _ in range(2):
            served = courant._servi
            seen.append((servi.snapshot().id, served and served.snapshot().id))
            yield

    steps = courant.follow(warm)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value


def test_what_is_first_published_answers_at_once_and_is_warmed_next(tiny_frames, tmp_path):
    courant, seen = Courant(tmp_path), []
    assert follow(courant, seen), "that nothing is published is told too"
    assert not follow(courant, seen)
    first = publish(tiny_frames, tmp_path, 1).id
    assert follow(courant, seen) and seen == [] and courant.snapshot().id == first
    assert follow(courant, seen) and seen == [(first, first)] * 2
    assert courant.current().est_chaud and not follow(courant, seen)


def test_a_publication_is_warmed_while_the_one_before_is_served(tiny_frames, tmp_path):
    first = publish(tiny_frames, tmp_path, 1).id
    courant, seen = Courant(tmp_path), []
    courant.open_first()
    assert follow(courant, []) and courant.current().est_chaud
    last = publish(tiny_frames, tmp_path, 2).id
    assert follow(courant, seen) and seen == [(last, first)] * 2
    assert courant.snapshot().id == last and courant.current().est_chaud
    assert not follow(courant, seen) and len(seen) == 2


def test_a_bad_publication_is_refused_once_and_told(tiny_frames, tmp_path):
    first = publish(tiny_frames, tmp_path, 1).id
    courant = Courant(tmp_path)
    courant.open_first()
    assert follow(courant, [])
    bad = publish(tiny_frames, tmp_path, 2)
    (bad.path / "lieux.parquet").unlink()
    assert follow(courant, []) and courant.refus.instantane == bad.id
    assert courant._servi.snapshot().id == first
    assert not follow(courant, []), "it is not tried again until it changes"


def test_a_process_that_holds_serves_nothing_else(tiny_frames, tmp_path):
    first = publish(tiny_frames, tmp_path, 1).id
    courant = Courant(tmp_path)
    courant.open_first()
    courant.hold()
    publish(tiny_frames, tmp_path, 2)
    assert courant.snapshot().id == first == courant.see().path.name
    courant.forget()
    assert courant.snapshot().id == first


def test_a_wrong_setting_ends_the_server_with_one_french_line_and_no_folder(tmp_path):
    given = {**os.environ, "TMPDIR": str(tmp_path), "GEOAPP_PROCESSUS": "0"}
    command = [sys.executable, "-c", "import geoapp.web.production"]
    ended = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True)
    assert ended.returncode == 2 and "GEOAPP_PROCESSUS = « 0 »" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1 and list(tmp_path.iterdir()) == []


def test_an_application_that_closes_leaves_the_copy_of_another(tiny_frames, tmp_path):
    """A server ended in a process that serves something else took the files of both away."""
    publish_world(tiny_frames, tmp_path)
    stays, ends = Courant(tmp_path), Courant(tmp_path)
    held, gone = stays.current().snapshot().path, ends.current().snapshot().path
    ends.close()
    assert not gone.exists() and (held / "trajets").is_dir()
    stays.close()
    assert not held.exists()
