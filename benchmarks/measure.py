"""Run one job in a process of its own, and report its steps, wall time and peak memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OFFLINE = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
"""A closed door in place of the network: a missing source must not be downloaded while we measure.
"""


def run_job(module: str, *arguments: str, python: str = sys.executable) -> dict:
    """Run `python -m module arguments…` and return the JSON object it prints last; `python` may be
    that of a rival.

    Raises
    ------
    RuntimeError
        When the process fails; its error output is in the message.
    """
    environ = {**os.environ, **OFFLINE, "PYTHONPATH": str(ROOT)}
    command = [python, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def peak_memory_mb() -> float:
    """Return the peak resident memory of this process, in megabytes (10⁶ bytes).

    Linux tells it exactly; elsewhere `getrusage`, which may count what the
    parent held when it started us.
    """
    try:
        status = Path("/proc/self/status").read_text()
        kibibytes = int(status.split("VmHWM:")[1].split()[0])
    except (OSError, IndexError, ValueError):
        kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kibibytes * 1024 / 1e6


class Stopwatch:
    """Seconds spent by step, in the order the steps begin."""

    def __init__(self):
        self.steps: dict[str, float] = {}
        self._last = self._start = time.perf_counter()

    def lap(self, step: str) -> None:
        """Give the time since the last lap to `step`."""
        now = time.perf_counter()
        self.steps[step] = self.steps.get(step, 0.0) + now - self._last
        self._last = now

    def report(self, **more) -> str:
        """Return as one line of JSON the steps, the whole, the processor time, the peak memory, and
        `more`.
        """
        whole = time.perf_counter() - self._start
        return json.dumps(
            {
                "steps": self.steps,
                "wall_s": whole,
                "cpu_s": time.process_time(),
                "peak_mb": peak_memory_mb(),
                **more,
            }
        )
