"""The incremental build: what is unchanged is not done again, what was kept is checked, and the
result is that of a full build.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geoapp.core.config import ROOT
from geoapp.core.errors import ParameterError
from geoapp.core.geometry import make_points
from geoapp.core.schema import TABLES
from geoapp.core.sealed import BLOCK
from geoapp.ingest import readings, step_offer, step_territories, steps
from geoapp.ingest.pipeline import build_snapshot
from geoapp.ingest.steps import Etapes, do, is_kept, sweep
from support.builds import lend_steps
from support.examples import NIGHT
from support.sources import AFFELNET, BTS, BTS_HEADER, BTS_ROW, HEADER, ROW, make_mirror

pytestmark = pytest.mark.usefixtures("no_network")

ZRR = "zonages/zrr_france_cog2021.csv"
ZRR_CSV = (
    "CODGEO;ZRR_SIMP\n59001;C - Classée en ZRR\n59002;NC - Commune non classée\n02001;P - Commune "
    "partiellement classée en ZRR\n"
)


def opened(folder: Path, version: str = "v1", cle: bytes = b"secret") -> Etapes:
    return Etapes(dossier=folder, cle=cle, version=lambda module: version)


def make() -> None:
    """Stand for what does a step."""


def kept(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name != steps.EMPLOYEES)


# --- One step
# ------------------------------------------------------------------------------------------


def test_a_step_is_done_once_for_the_same_inputs(tmp_path):
    first, second = opened(tmp_path), opened(tmp_path)
    assert do(first, "pas", first.key("pas", make, 1), lambda: [1, None]) == [1, None]
    assert do(second, "pas", second.key("pas", make, 1), lambda: pytest.fail("done again")) == [
        1,
        None,
    ]
    assert (first.faites, first.trouvees, second.faites, second.trouvees) == (
        ["pas"],
        [],
        [],
        ["pas"],
    )


def test_a_step_is_done_again_for_other_inputs_or_other_code():
    one = opened(Path("x"))
    keys = {
        one.key("pas", make, 1),
        one.key("pas", make, "1"),
        one.key("pas", make, 1, None),
        one.key("autre", make, 1),
        opened(Path("x"), "v2").key("pas", make, 1),
    }
    assert len(keys) == 5 and one.key("pas", make, 1) in keys


@pytest.fixture
def code(tmp_path, monkeypatch) -> Path:
    """Return a product of three modules, of which `offer.a` imports `core.b`."""
    texts = {
        "geoapp/__init__.py": "",
        "geoapp/offer/__init__.py": "",
        "geoapp/offer/a.py": "from geoapp.core import b\n",
        "geoapp/core/b.py": "from geoapp.offer.a import x\n",
        "geoapp/web/pages.py": "import geoapp.offer.a\n",
        "geodata/niveaux.csv": "a\n",
        "geodata/sources.toml": "",
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    monkeypatch.setattr(steps, "GEODATA", tmp_path / "geodata")
    return tmp_path


def code_version(module: str) -> str:
    """Return the version of the code of a module, read again."""
    for kept in (steps.code_version, steps._content_of, steps._imports):
        kept.cache_clear()
    return steps.code_version(module)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("geoapp/offer/a.py", {"geoapp.offer.a", "geoapp.web.pages"}),
        ("geoapp/core/b.py", {"geoapp.offer.a", "geoapp.web.pages"}),
        ("geoapp/offer/__init__.py", {"geoapp.offer.a", "geoapp.web.pages"}),
        ("geoapp/web/pages.py", {"geoapp.web.pages"}),
        ("geodata/niveaux.csv", {"geoapp.offer.a", "geoapp.web.pages"}),
        ("geodata/sources.toml", set()),
    ],
)
def test_the_code_of_a_step_is_what_its_module_imports(code, name, changed):
    modules = ("geoapp.offer.a", "geoapp.web.pages")
    before = {one: code_version(one) for one in modules}
    path = code / name
    path.write_text(f"{path.read_text()}# autre\n")
    after = {one: code_version(one) for one in modules}
    assert {one for one in modules if before[one] != after[one]} == changed


def test_another_library_is_other_code(code, monkeypatch):
    before = code_version("geoapp.offer.a")
    monkeypatch.setattr(steps, "version", lambda library: "9.9")
    assert code_version("geoapp.offer.a") != before


def test_a_change_of_how_offers_are_merged_reads_no_source_again():
    merging = ROOT / "geoapp/offer/dedupe/merging.py"
    assert merging in steps._files_of(step_offer.__name__)
    assert merging not in steps._files_of(readings.__name__)
    assert merging not in steps._files_of(step_territories.__name__)


@pytest.mark.parametrize(
    "damage",
    [lambda b: b[:-1], lambda b: b[:40] + b"x" + b[41:], lambda b: b"", lambda b: b"x" * 10],
)
def test_a_damaged_result_is_found_out_and_done_again(tmp_path, damage):
    first = opened(tmp_path)
    cle = first.key("pas", make)
    do(first, "pas", cle, lambda: list(range(100)))
    path = kept(tmp_path)[0]
    path.write_bytes(damage(path.read_bytes()))
    again = opened(tmp_path)
    assert not is_kept(again, "pas", cle)
    assert do(again, "pas", cle, lambda: list(range(100))) == list(range(100)) and again.faites == [
        "pas"
    ]
    assert is_kept(opened(tmp_path), "pas", cle)


def test_a_table_is_read_back_as_it_was_and_its_columns_are_in_no_pickle(tmp_path):
    table = pd.DataFrame({"texte": ["a" * 99, None] * 999, "nombre": range(1998)})
    table = table.astype({"texte": "str", "nombre": "Int64"})
    etapes = opened(tmp_path)
    found = do(etapes, "pas", etapes.key("pas", make), lambda: {"table": table, "autre": [table]})
    pd.testing.assert_frame_equal(found["table"], table)
    pd.testing.assert_frame_equal(found["autre"][0], table)
    found["table"].loc[0, "nombre"] = 7
    assert found["table"]["nombre"].iloc[0] == 7
    parts: list[bytes | memoryview] = []
    steps._dump(table, steps._Told(parts.append))
    assert max(map(len, parts)) >= 99 * 999 and len(parts[-1]) < 9000
    assert steps.content_key(table) != steps.content_key(table.assign(nombre=0))


@pytest.mark.parametrize("rows", [slice(4), slice(0), slice(1, 2)])
def test_shapes_are_read_back_each_in_its_place(tmp_path, rows):
    points = make_points([2.0, np.nan, 3.0, 2.0], [50.0, 50.0, 50.5, 50.0])[rows]
    etapes = opened(tmp_path)
    found = do(etapes, "pas", etapes.key("pas", make), lambda: points)
    assert found.crs == points.crs
    pd.testing.assert_series_equal(found.to_wkt(), points.to_wkt())


class Opened:
    """A result that says when it is opened."""

    def __reduce__(self):
        return exec, ("raise RuntimeError('opened')",)


@pytest.mark.parametrize("size", [1, 3 * BLOCK])
def test_a_result_signed_by_nobody_we_know_is_never_opened(tmp_path, size):
    """A pickle runs what it holds: one that came with a copied folder is not read."""
    other, mine = opened(tmp_path, cle=b"celle d'un autre"), opened(tmp_path)
    key = mine.key("pas", make)
    path = mine.path("pas", key)
    assert steps._write(other, path, (Opened(), b"x" * size))
    assert not is_kept(mine, "pas", key) and is_kept(other, "pas", key)
    assert steps._load(mine, path) is steps._MISSING
    with pytest.raises(RuntimeError, match="opened"):
        steps._load(other, path)


def test_a_large_result_cut_between_two_blocks_is_found_out(tmp_path):
    etapes = opened(tmp_path)
    key = etapes.key("pas", make)
    do(etapes, "pas", key, lambda: b"x" * 4 * BLOCK)
    path = kept(tmp_path)[0]
    whole, block = path.read_bytes(), BLOCK + 36
    for cut in (whole[:-36], whole[: 2 * block], whole[block:], whole[block : 2 * block] + whole):
        path.write_bytes(cut)
        assert not is_kept(opened(tmp_path), "pas", key)
    path.write_bytes(whole)
    assert is_kept(opened(tmp_path), "pas", key)


def test_a_result_put_under_the_name_of_another_is_never_opened(tmp_path):
    etapes = opened(tmp_path)
    one, two = (etapes.path("pas", etapes.key("pas", make, n)) for n in (1, 2))
    do(etapes, "pas", etapes.key("pas", make, 1), lambda: 1)
    one.rename(two)
    assert not is_kept(etapes, "pas", etapes.key("pas", make, 2))


def test_the_key_is_made_once_for_its_user_alone(tmp_path):
    cle = tmp_path / "etat" / "etapes.cle"
    first, second = (steps.open_etapes(tmp_path / "var", cle) for _ in range(2))
    assert first.cle == second.cle == cle.read_bytes() and len(first.cle) == 32
    assert cle.stat().st_mode & 0o077 == 0
    assert [path.name for path in cle.parent.iterdir()] == ["etapes.cle"]


def test_a_key_in_the_folder_that_it_protects_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="GEOAPP_CLE_ETAPES"):
        steps.open_etapes(tmp_path, tmp_path / "etapes.cle")


def test_without_a_key_nothing_is_kept_and_the_build_goes_on(tmp_path, caplog):
    (tmp_path / "fichier").write_text("")
    etapes = steps.open_etapes(tmp_path / "var", tmp_path / "fichier" / "etapes.cle")
    assert do(etapes, "pas", etapes.key("pas", make), lambda: 1) == 1
    assert "Étapes non gardées" in caplog.text and not (tmp_path / "var").exists()


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path):
    (tmp_path / "etapes").write_text("un fichier, pas un dossier")
    etapes = opened(tmp_path / "etapes")
    assert do(etapes, "pas", etapes.key("pas", make), lambda: 1) == 1
    sweep(etapes)


def test_a_result_is_used_as_it_will_be_read_back(tmp_path):
    shared = [1]
    etapes = opened(tmp_path)
    assert do(etapes, "pas", etapes.key("pas", make), lambda: shared) is not shared


def test_what_two_builds_did_not_use_is_removed(tmp_path):
    for used in ((1, 2), (2,), (2,)):
        etapes = opened(tmp_path)
        for n in used:
            do(etapes, "pas", etapes.key("pas", make, n), lambda: 1)
        (tmp_path / ".999999999.pas.coupé").write_bytes(b"x")
        sweep(etapes)
        names = [path.name for path in kept(tmp_path)]
        assert ".999999999.pas.coupé" not in names
    assert names == [etapes.path("pas", etapes.key("pas", make, 2)).name]


def test_what_a_step_used_inside_lives_as_long_as_it(tmp_path):
    def build(n: int) -> Etapes:
        etapes = opened(tmp_path)

        def inner():
            return do(etapes, "dedans", etapes.key("dedans", make), lambda: 1)

        def middle():
            return do(etapes, "milieu", etapes.key("milieu", make), inner)

        assert do(etapes, "autour", etapes.key("autour", make, n), middle) == 1
        sweep(etapes)
        return etapes

    assert [build(n).faites for n in (1, 1, 1, 1, 2)] == [
        ["autour", "milieu", "dedans"],
        [],
        [],
        [],
        ["autour"],
    ]
    (tmp_path / opened(tmp_path).path("milieu", opened(tmp_path).key("milieu", make)).name).unlink()
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


@pytest.fixture
def builds(monkeypatch) -> list[Etapes]:
    """Return the steps of each build, as builds go on."""
    seen, real = [], steps.open_etapes
    monkeypatch.setattr(
        "geoapp.ingest.pipeline.open_etapes", lambda *given: seen.append(real(*given)) or seen[-1]
    )
    return seen


@pytest.mark.usefixtures("small_demo")
def test_one_changed_source_is_the_only_one_read_and_the_result_is_that_of_a_full_build(
    tmp_path, demo_snapshot, read_ids, builds
):
    """And a build without anything new does no step.  The first starts from the demonstration, the
    full one from nothing.
    """
    if not NIGHT:
        lend_steps(demo_snapshot, tmp_path / "var")
    files = {
        AFFELNET: (HEADER + ROW).encode(),
        BTS: (BTS_HEADER + BTS_ROW).encode(),
        ZRR: ZRR_CSV.encode(),
    }
    build_snapshot(mirror=make_mirror(tmp_path, files), data_dir=tmp_path / "var")
    affelnet, bts = ["affelnet-2020", "affelnet-2020-lieux"], ["bts-2024", "bts-2024-flux"]
    assert sorted(read_ids) == [*affelnet, *bts, "zrr-2021"]
    for changed, name, content in (
        (bts, BTS, BTS_HEADER + BTS_ROW.replace("15\n", "24\n")),
        (["zrr-2021"], ZRR, ZRR_CSV + "59003;C - Classée en ZRR\n"),
        ([], ZRR, None),
    ):
        read_ids.clear()
        if content:
            (tmp_path / "miroir" / name).write_text(content, encoding="utf-8")
        incremental = build_snapshot(mirror=tmp_path / "miroir", data_dir=tmp_path / "var")
        assert sorted(read_ids) == changed
        assert bool(builds[-1].faites) == bool(changed)
    full = build_snapshot(mirror=tmp_path / "miroir", data_dir=tmp_path / "autre")
    assert digests(incremental) == digests(full)
    offers = incremental.read("offres")
    assert set(TABLES) <= set(full.manifest["tables"]) and offers.loc[
        offers["id_source"].eq("bts-2024"), "capacite"
    ].tolist() == [24]
