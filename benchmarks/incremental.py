"""`python -m benchmarks.incremental --mirror DIR`: what a build costs when one source changed,
beside a full one.

Each source of `CHANGES` loses its last row, one after the other, on a copy of
the mirror: the build that goes on from the one before is compared, byte by
byte, with a full one of the same files.  Every build runs in a process of its own; processor times
count.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.build import link_mirror
from benchmarks.measure import run_job
from geoapp.sources.registry import get_source

CHANGES = (
    "rco-2020-11",
    "bts-2024",
    "affelnet-2020",
    "rco-2020-11-csv",
    "rco-2020-11-france",
    "uai-coordonnees",
    "cfa-convention-2021",
    "ze2020",
    "zrr-2021",
    "frr-2025",
    "qpv2024-liste",
    "carreaux-mel-2017",
    "inserjeunes-cfa-2023",
    "rome-460",
    "certif-info-2024",
    "passage-communes",
)
"""Sources that change, one at a time: at least one of each usage."""
PART_MAX = 1 / 3
"""Most that an incremental build may cost, as a share of a full one."""
PARTOUT = ("passage-communes",)
"""Sources that every row is checked against: all is done again, whatever they cost."""


def main(arguments: list[str] | None = None) -> int:
    """Print one row per source; exit code 1 when one costs more than `PART_MAX` or gives other
    bytes.
    """
    parser = argparse.ArgumentParser(description="Construction incrémentale.")
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--sources", nargs="+", default=list(CHANGES))
    options = parser.parse_args(arguments)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        copy_sources(options.mirror, root / "mirror", options.sources)
        _build(root, "kept", options.sources[0])
        for id_source in options.sources:
            rows.append(measure(root, id_source))
            print(
                (
                    "{source:24} full {full:5.1f} s, incremental {part_s:5.1f} s: {part:.2f}, "
                    "same bytes: {same}"
                ).format(**rows[-1]),
                flush=True,
            )
    return int(
        any(
            (row["part"] > PART_MAX and row["source"] not in PARTOUT) or not row["same"]
            for row in rows
        )
    )


def copy_sources(mirror: Path, folder: Path, ids: list[str]) -> None:
    """Lay out `folder` as `mirror`: links, and copies of the sources that will change."""
    files = {get_source(id_source).fichier for id_source in ids}
    link_mirror(mirror, folder)
    for file in files:
        (folder / file).unlink()
        shutil.copyfile(mirror / file, folder / file)


def measure(root: Path, id_source: str) -> dict:
    """Change a source; return the seconds of processor of a full and of an incremental build, and
    whether their tables are the same bytes.
    """
    cut_last_row(root / "mirror" / get_source(id_source).fichier)
    incremental, full = _build(root, "kept", id_source), _build(root, "fresh", id_source)
    same = digests(root / "kept") == digests(root / "fresh")
    shutil.rmtree(root / "fresh")
    return {
        "source": id_source,
        "full": full,
        "part_s": incremental,
        "part": incremental / full,
        "same": same,
    }


def _build(root: Path, data: str, id_source: str) -> float:
    """Build and return the processor seconds."""
    return run_job("benchmarks.job_geoforma", str(root / "mirror"), str(root / data), id_source)[
        "cpu_s"
    ]


def cut_last_row(path: Path) -> None:
    """Take the last row off a CSV file, gzipped or not."""
    import gzip

    is_gz = path.suffix == ".gz"
    content = gzip.decompress(path.read_bytes()) if is_gz else path.read_bytes()
    kept = content.rstrip(b"\r\n").rpartition(b"\n")[0] + b"\n"
    path.write_bytes(gzip.compress(kept, mtime=0) if is_gz else kept)


def digests(data_dir: Path) -> dict[str, str]:
    """Return the digest of each file of the snapshot served but its manifest, which holds
    the hour.
    """
    snapshot = (data_dir / "courant").resolve()
    files = [
        path for path in snapshot.rglob("*") if path.is_file() and path.name != "manifest.json"
    ]
    return {
        path.relative_to(snapshot).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


if __name__ == "__main__":
    sys.exit(main())
