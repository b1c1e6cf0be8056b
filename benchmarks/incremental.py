"""`python -m benchmarks.incremental --mirror DIR`: what a build costs when one source changed, beside a full one.

Each source of `CHANGES` loses its last row in turn (on a copy of the mirror);
the incremental build is then compared, byte by byte, with a full one of the
same files.  Every build runs in a process of its own; processor times count.
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
    "rco-2020-11", "bts-2024", "affelnet-2020", "rco-2020-11-csv", "rco-2020-11-france", "uai-coordonnees", "cfa-convention-2021", "ze2020", "zrr-2021",
    "frr-2025", "qpv2024-liste", "carreaux-mel-2017", "inserjeunes-cfa-2023", "rome-460", "certif-info-2024", "passage-communes",
)
"""Sources that change, one at a time: at least one of each usage."""
PART_MAX = 1 / 3
"""Most that an incremental build may cost, as a share of a full one."""


def main(arguments: list[str] | None = None) -> int:
    """Print one row per source; exit code 1 when one costs more than `PART_MAX` or gives other bytes."""
    parser = argparse.ArgumentParser(description="Construction incrémentale.")
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--sources", nargs="+", default=list(CHANGES))
    options = parser.parse_args(arguments)
    rows = []
    for id_source in options.sources:
        rows.append(measure(options.mirror, id_source))
        print("{source:24} full {full:5.1f} s, incremental {part_s:5.1f} s: {part:.2f}, same bytes: {same}".format(**rows[-1]), flush=True)
    return int(any(row["part"] > PART_MAX or not row["same"] for row in rows))


def measure(mirror: Path, id_source: str) -> dict:
    """Return the processor seconds of a full and of an incremental build on the same files, and whether their tables are the same bytes."""
    file = get_source(id_source).fichier
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        link_mirror(mirror, root / "mirror", without=file)
        (root / "mirror" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(mirror / file, root / "mirror" / file)
        _build(root, "kept", id_source)
        cut_last_row(root / "mirror" / file)
        incremental, full = _build(root, "kept", id_source), _build(root, "fresh", id_source)
        same = digests(root / "kept") == digests(root / "fresh")
    return {"source": id_source, "full": full, "part_s": incremental, "part": incremental / full, "same": same}


def _build(root: Path, data: str, id_source: str) -> float:
    """Build and return the processor seconds."""
    return run_job("benchmarks.job_geoforma", str(root / "mirror"), str(root / data), id_source)["cpu_s"]


def cut_last_row(path: Path) -> None:
    """Take the last row off a CSV file, gzipped or not."""
    import gzip

    is_gz = path.suffix == ".gz"
    content = gzip.decompress(path.read_bytes()) if is_gz else path.read_bytes()
    kept = content.rstrip(b"\r\n").rpartition(b"\n")[0] + b"\n"
    path.write_bytes(gzip.compress(kept, mtime=0) if is_gz else kept)


def digests(data_dir: Path) -> dict[str, str]:
    """Return the digest of each file of the snapshot served but its manifest, which holds the hour."""
    snapshot = (data_dir / "courant").resolve()
    files = [path for path in snapshot.rglob("*") if path.is_file() and path.name != "manifest.json"]
    return {path.relative_to(snapshot).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


if __name__ == "__main__":
    sys.exit(main())
