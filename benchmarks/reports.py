"""Territory sheets of the served snapshot, by the command itself: `python -m benchmarks.reports
--data DIR [--zonage ze2020 --zonage epci]`.

Measures the wall time, the processor time, the memory of all its processes together (PSS:
shared pages counted once, sampled each half second), the number of files, the largest PDF and
its pages; warnings are errors.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path


def run_report(data: Path, zonage: str, out: Path) -> tuple[float, float, float]:
    """Run `geoapp report --all zonage`; return its seconds, those of processor, and the peak of its
    memory in MB.
    """
    start, before = time.perf_counter(), _cpu_seconds()
    process = subprocess.Popen(
        [
            sys.executable,
            "-W",
            "error",
            "-m",
            "geoapp",
            "report",
            "--all",
            zonage,
            "--data",
            str(data),
            "--out",
            str(out),
        ],
        stdout=subprocess.DEVNULL,
    )
    peaks = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, peaks))
    watcher.start()
    code = process.wait()
    watcher.join()
    if code:
        raise SystemExit(f"geoapp report --all {zonage} : code {code}")
    return time.perf_counter() - start, _cpu_seconds() - before, peaks[0]


def _cpu_seconds() -> float:
    """Return the processor time of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(process: subprocess.Popen, peaks: list[float]) -> None:
    """Keep the greatest memory of a process and of its children while it runs."""
    while process.poll() is None:
        peaks[0] = max(peaks[0], sum(_pss_mb(pid) for pid in _family(process.pid)))
        time.sleep(0.5)


def _family(pid: int) -> list[int]:
    """Return a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [
            pid,
            *(one for child in children.read_text().split() for one in _family(int(child))),
        ]
    except OSError:
        return [pid]


def _pss_mb(pid: int) -> float:
    """Return the memory of a process, its share of shared pages counted, in MB; 0 when it has
    ended.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def count_pages(pdf: Path) -> int:
    """Return the number of pages of a PDF."""
    from pypdf import PdfReader

    return len(PdfReader(pdf).pages)


def main() -> None:
    """Print one row by zoning."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--zonage", action="append")
    options = parser.parse_args()
    for zonage in options.zonage or ("ze2020", "epci"):
        with tempfile.TemporaryDirectory() as folder:
            seconds, cpu, peak = run_report(options.data, zonage, Path(folder))
            pdfs = sorted(Path(folder).glob("*.pdf"))
            pages, sizes = (
                [count_pages(pdf) for pdf in pdfs],
                [pdf.stat().st_size / 1e6 for pdf in pdfs],
            )
            print(
                f"| {zonage} | {len(pdfs)} | {seconds:.0f} s | {cpu:.0f} s | "
                f"{cpu / len(pdfs):.1f} s | {peak:.0f} MB | {max(sizes):.2f} MB | "
                f"{min(pages)}–{max(pages)} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
