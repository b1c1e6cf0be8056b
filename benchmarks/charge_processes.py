"""Processor and memory of a process and of all its descendants, as Linux tells them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """Return the fields of a process after its name, which may hold blanks."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with suppress(OSError, IndexError):
                parents.setdefault(int(_stat(int(entry))[1]), []).append(int(entry))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def processor_s(pid: int) -> float:
    """Return the seconds of processor of a family, its members that ended included."""
    total = 0
    for one in family(pid):
        with suppress(OSError, IndexError):
            # User and system time, then those of the children that ended.
            total += sum(int(value) for value in _stat(one)[11:15])
    return total / TICKS


def memory_mb(pid: int) -> float:
    """Return the memory of a family in megabytes (10⁶ bytes), what is shared counted once (PSS)."""
    kibibytes = 0
    for one in family(pid):
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            kibibytes += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return round(kibibytes * 1024 / 1e6, 1)
