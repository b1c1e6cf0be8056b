"""Jobs of the benchmarks, most of them run in the process of the test."""

from __future__ import annotations

import contextlib
import io
import json
from importlib import import_module

import pytest

from benchmarks.measure import run_job


@pytest.fixture
def jobs(monkeypatch) -> list[str]:
    """Run the first job in a process of its own, as all are, the others in this one: nothing is
    timed here.
    """
    ran: list[str] = []

    def run(module: str, *arguments: str) -> dict:
        is_first = not ran
        ran.append(module)
        if is_first:
            return run_job(module, *arguments)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            import_module(module).main(*arguments)
        return json.loads(said.getvalue().splitlines()[-1])

    for name in ("benchmarks.build", "benchmarks.search"):
        monkeypatch.setattr(f"{name}.run_job", run)
    return ran
