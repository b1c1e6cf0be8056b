"""The incremental build: what is unchanged is not done again, what was kept is checked, and the
result is that of a full build.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from geoapp.core.schema import TABLES
from geoapp.ingest import readings, steps
from geoapp.ingest.pipeline import build_snapshot
from geoapp.ingest.steps import Etapes, do, is_kept, sweep
from support.sources import AFFELNET, BTS, BTS_HEADER, BTS_ROW, HEADER, ROW, make_mirror
from test_layers import ROOMS

pytestmark = pytest.mark.usefixtures("no_network")

ZRR = "zonages/zrr_france_cog2021.csv"
ZRR_CSV = (
    "CODGEO;ZRR_SIMP\n59001;C - Classée en ZRR\n59002;NC - Commune non classée\n02001;P - Commune "
    "partiellement classée en ZRR\n"
)


def opened(folder: Path, version: str = "v1") -> Etapes:
    return Etapes(folder, version)


def kept(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name != steps.EMPLOYEES)


# --- One step
# ------------------------------------------------------------------------------------------


def test_a_step_is_done_once_for_the_same_inputs(tmp_path):
    first, second = opened(tmp_path), opened(tmp_path)
    assert do(first, "pas", first.key("pas", 1), lambda: [1, None]) == [1, None]
    assert do(second, "pas", second.key("pas", 1), lambda: pytest.fail("done again")) == [1, None]
    assert (first.faites, first.trouvees, second.faites, second.trouvees) == (
        ["pas"],
        [],
        [],
        ["pas"],
    )


def test_a_step_is_done_again_for_other_inputs_or_other_code():
    one = opened(Path("x"))
    keys = {
        one.key("pas", 1),
        one.key("pas", "1"),
        one.key("pas", 1, None),
        one.key("autre", 1),
        opened(Path("x"), "v2").key("pas", 1),
    }
    assert len(keys) == 5 and one.key("pas", 1) in keys


def test_the_version_of_the_code_changes_with_a_module_a_table_or_a_library(tmp_path, monkeypatch):
    code, web, data = (tmp_path / name for name in ("geoapp/offer", "geoapp/web", "geodata"))
    for folder in (code, web, data):
        folder.mkdir(parents=True)
    (code / "a.py").write_text("x = 1")
    (data / "niveaux.csv").write_text("a\n")
    (data / "sources.toml").write_text("")
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    monkeypatch.setattr(steps, "GEODATA", data)
    seen = [steps.code_version.__wrapped__()]
    for path, text in (
        (code / "a.py", "x = 2"),
        (data / "niveaux.csv", "b\n"),
        (data / "sources.toml", "# une ligne a sa propre clé"),
        (web / "pages.py", "x = 1"),
    ):
        path.write_text(text)
        seen.append(steps.code_version.__wrapped__())
    monkeypatch.setattr(steps, "version", lambda library: "9.9")
    seen.append(steps.code_version.__wrapped__())
    assert len(set(seen)) == 4 and seen[2] == seen[3] == seen[4]


def test_the_code_of_a_step_is_that_of_every_room_a_build_may_import():
    assert ROOMS[: ROOMS.index("ingest") + 1] == steps.ROOMS


@pytest.mark.parametrize(
    "damage",
    [lambda b: b[:-1], lambda b: b[:40] + b"x" + b[41:], lambda b: b"", lambda b: b"x" * 10],
)
def test_a_damaged_result_is_found_out_and_done_again(tmp_path, damage):
    first = opened(tmp_path)
    cle = first.key("pas")
    do(first, "pas", cle, lambda: list(range(100)))
    path = kept(tmp_path)[0]
    path.write_bytes(damage(path.read_bytes()))
    again = opened(tmp_path)
    assert not is_kept(again, "pas", cle)
    assert do(again, "pas", cle, lambda: list(range(100))) == list(range(100)) and again.faites == [
        "pas"
    ]
    assert is_kept(opened(tmp_path), "pas", cle)


def test_a_result_of_another_user_is_never_opened(tmp_path, monkeypatch):
    first = opened(tmp_path)
    do(first, "pas", first.key("pas"), lambda: 1)
    monkeypatch.setattr(steps.os, "geteuid", lambda: os.getuid() + 1)
    assert not is_kept(opened(tmp_path), "pas", first.key("pas"))


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path):
    (tmp_path / "etapes").write_text("un fichier, pas un dossier")
    etapes = opened(tmp_path / "etapes")
    assert do(etapes, "pas", etapes.key("pas"), lambda: 1) == 1
    sweep(etapes)


def test_a_result_is_used_as_it_will_be_read_back(tmp_path):
    shared = [1]
    etapes = opened(tmp_path)
    assert do(etapes, "pas", etapes.key("pas"), lambda: shared) is not shared


def test_what_two_builds_did_not_use_is_removed(tmp_path):
    for used in ((1, 2), (2,), (2,)):
        etapes = opened(tmp_path)
        for n in used:
            do(etapes, "pas", etapes.key("pas", n), lambda: 1)
        (tmp_path / ".999999999.pas.coupé").write_bytes(b"x")
        sweep(etapes)
        names = [path.name for path in kept(tmp_path)]
        assert ".999999999.pas.coupé" not in names
    assert names == [etapes.path("pas", etapes.key("pas", 2)).name]


def test_what_a_step_used_inside_lives_as_long_as_it(tmp_path):
    def build(n: int) -> Etapes:
        etapes = opened(tmp_path)

        def inner():
            return do(etapes, "dedans", etapes.key("dedans"), lambda: 1)

        def middle():
            return do(etapes, "milieu", etapes.key("milieu"), inner)

        assert do(etapes, "autour", etapes.key("autour", n), middle) == 1
        sweep(etapes)
        return etapes

    assert [build(n).faites for n in (1, 1, 1, 1, 2)] == [
        ["autour", "milieu", "dedans"],
        [],
        [],
        [],
        ["autour"],
    ]
    (tmp_path / opened(tmp_path).path("milieu", opened(tmp_path).key("milieu")).name).unlink()
    again = build(3)
    assert (again.faites, again.trouvees) == (["autour", "milieu"], ["dedans"])


# --- Whole builds
# ---------------------------------------------------------------------------------------


def digests(snapshot) -> dict[str, str]:
    """Return the sha256 of every file of a snapshot but the manifest, and those of its tables in
    the manifest.
    """
    files = {
        p.relative_to(snapshot.path).as_posix(): p
        for p in snapshot.path.rglob("*")
        if p.is_file() and p.name != "manifest.json"
    }
    return (
        {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
        | snapshot.manifest["tables"]
        | {"": len(files)}
    )


@pytest.fixture
def read_ids(monkeypatch) -> list[str]:
    """Return the ids of the sources really read, as builds go on."""
    read, real = [], readings.read_source
    monkeypatch.setattr(
        readings, "read_source", lambda source, path: read.append(source.id) or real(source, path)
    )
    return read


def test_one_changed_source_is_the_only_one_read_and_the_result_is_that_of_a_full_build(
    tmp_path, read_ids
):
    files = {
        AFFELNET: (HEADER + ROW).encode(),
        BTS: (BTS_HEADER + BTS_ROW).encode(),
        ZRR: ZRR_CSV.encode(),
    }
    build_snapshot(mirror=make_mirror(tmp_path, files), data_dir=tmp_path / "var")
    assert sorted(read_ids) == ["affelnet-2020", "bts-2024", "bts-2024-flux", "zrr-2021"]
    for changed, name, content in (
        (["bts-2024", "bts-2024-flux"], BTS, BTS_HEADER + BTS_ROW.replace("15\n", "24\n")),
        (["zrr-2021"], ZRR, ZRR_CSV + "59003;C - Classée en ZRR\n"),
        ([], ZRR, None),
    ):
        read_ids.clear()
        if content:
            (tmp_path / "miroir" / name).write_text(content, encoding="utf-8")
        incremental = build_snapshot(mirror=tmp_path / "miroir", data_dir=tmp_path / "var")
        assert sorted(read_ids) == changed
    full = build_snapshot(mirror=tmp_path / "miroir", data_dir=tmp_path / "autre")
    assert digests(incremental) == digests(full)
    offers = incremental.read("offres")
    assert set(TABLES) <= set(full.manifest["tables"]) and offers.loc[
        offers["id_source"].eq("bts-2024"), "capacite"
    ].tolist() == [24]


def test_a_build_without_anything_new_does_no_step(tmp_path, monkeypatch):
    seen = []
    real = steps.open_etapes
    monkeypatch.setattr(
        "geoapp.ingest.pipeline.open_etapes", lambda folder: seen.append(real(folder)) or seen[-1]
    )
    mirror = make_mirror(tmp_path, {AFFELNET: (HEADER + ROW).encode()})
    for _ in range(2):
        build_snapshot(mirror=mirror, data_dir=tmp_path / "var")
    assert seen[0].faites and seen[1].faites == []
