"""One way of writing: aside, then renamed in one step; what fails leaves nothing behind."""

import hashlib
import os

import pytest

from geoapp.core import files
from geoapp.core.errors import StorageError
from geoapp.core.files import (
    aside,
    is_left_over,
    put_in_place,
    replacing,
    sha256_of,
    writing,
)


def test_a_file_takes_its_name_only_when_it_is_whole(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("avant")
    with replacing(target) as temporary:
        temporary.write_text("après")
        assert target.read_text() == "avant" and temporary.parent == tmp_path
    assert target.read_text() == "après" and list(tmp_path.iterdir()) == [target]


def test_what_fails_leaves_what_was_there_and_nothing_else(tmp_path):
    target = tmp_path / "base.gpkg"
    target.write_text("avant")
    with pytest.raises(ZeroDivisionError), replacing(target) as temporary:
        temporary.write_text("à moitié")
        temporary.with_name(f"{temporary.name}-journal").write_text("journal")
        raise ZeroDivisionError
    assert target.read_text() == "avant" and list(tmp_path.iterdir()) == [target]


def test_a_folder_and_a_link_are_put_in_place_too(tmp_path):
    with replacing(tmp_path / "dossier") as temporary:
        temporary.mkdir()
        (temporary / "x").write_text("x")
    for nom in ("dossier", "ailleurs"):
        with replacing(tmp_path / "lien") as link:
            link.symlink_to(nom)
    assert os.readlink(tmp_path / "lien") == "ailleurs"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dossier", "lien"]


def test_a_link_left_by_a_killed_process_of_the_same_number_is_no_obstacle(tmp_path):
    (tmp_path / "vrai").mkdir()
    (tmp_path / f".{os.getpid()}.lien").symlink_to("vrai")
    with replacing(tmp_path / "lien") as link:
        link.symlink_to("vrai")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["lien", "vrai"]


def test_what_is_not_renamed_is_removed(tmp_path):
    with aside(tmp_path / "a") as temporary:
        temporary.write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_a_left_over_is_told_by_the_number_of_its_process(tmp_path):
    with aside(tmp_path / "20261122T100000Z") as temporary:
        assert not is_left_over(temporary)
    assert is_left_over(tmp_path / ".999999999.20261122T100000Z")
    assert not is_left_over(tmp_path / "20261122T100000Z"), "not hidden: published"


def test_bytes_are_on_the_disk_before_the_name_is_given(tmp_path, monkeypatch):
    folder, done = tmp_path / "d", []
    (folder / "sous").mkdir(parents=True)
    for path in (folder / "a", folder / "sous" / "b"):
        path.write_text("x")
    monkeypatch.setattr(
        os,
        "fsync",
        lambda handle: done.append(os.path.basename(os.readlink(f"/proc/self/fd/{handle}"))),
    )
    real = os.replace
    monkeypatch.setattr(os, "replace", lambda *names: (done.append("nommé"), real(*names)))
    put_in_place(folder, tmp_path / "e")
    assert sorted(done[:2]) == ["a", "b"] and done[2:] == ["nommé"]
    assert (tmp_path / "e" / "sous" / "b").read_text() == "x"


def test_the_reason_is_said_in_french(tmp_path):
    for out, reason in (
        (tmp_path / "absent" / "a", "le dossier n'existe pas"),
        (tmp_path, "c'est un dossier"),
    ):
        with pytest.raises(StorageError, match=reason), writing(out) as temporary:
            temporary.write_text("x")


@pytest.mark.parametrize("nb", [0, 5, 1 << 18, (1 << 19) + 7])
def test_the_digest_of_a_file_let_go_as_it_is_read(tmp_path, monkeypatch, nb):
    monkeypatch.setattr(files, "HELD", 1 << 18)
    path = tmp_path / "a"
    path.write_bytes(bytes(range(256)) * (nb // 256) + b"x" * (nb % 256))
    assert sha256_of(path, is_last=True) == hashlib.sha256(path.read_bytes()).hexdigest()
