"""Mutations of the core rooms that no test sees: `python -m benchmarks.mutants [FILE …]`, or
`make mutants`.

Each file is mutated by `mutmut` in a copy of the tree and tried with its own
tests; without arguments, every file of `TESTS`.  What survives is printed as a
change that the tests did not see: a check to write, or a change that changes nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS: dict[str, tuple[str, ...]] = {
    "coverage/access.py": ("access",),
    "coverage/small_counts.py": ("small_counts",),
    "coverage/classes.py": ("classes",),
    "reference/zone_joins.py": ("zonings",),
    "offer/locating.py": ("locating",),
    "offer/search/proximity.py": ("search_engine",),
}
"""File of `geoapp` → its nearest test files; adding one is adding a row."""
COPIED = ("benchmarks", "docs", "geoapp", "geodata", "static", "templates", "tests")
CONFIG = """
[tool.mutmut]
source_paths = ["geoapp"]
only_mutate = ["geoapp/{file}"]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-m", "not real and not browser"]
pytest_add_cli_args_test_selection = [{tests}]
also_copy = [{copied}]
"""
CAUGHT = ("killed", "timeout", "caught by type check")


def main(arguments: list[str] | None = None) -> int:
    """Try every mutation of the files asked, print what survives; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.mutants", description="Mutations qu'aucun test ne voit."
    )
    parser.add_argument("files", nargs="*", default=list(TESTS), help="fichiers de geoapp/")
    options = parser.parse_args(arguments)
    if unknown := set(options.files) - set(TESTS):
        parser.error(f"pas de tests connus pour {', '.join(sorted(unknown))} (table TESTS).")
    rows, changes = [], []
    for file in options.files:
        with tempfile.TemporaryDirectory() as folder:
            verdicts, diffs = try_mutations(file, Path(folder) / "copy")
        rows.append((file, verdicts))
        changes.append(f"## {file}\n\n```diff\n" + "\n\n".join(diffs) + "\n```")
    print("\n\n".join([make_report(rows), *changes]))
    return 0


def try_mutations(file: str, folder: Path) -> tuple[Counter, list[str]]:
    """Return the number of mutations by verdict, and the changes that no test saw."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name)
    for path in (
        *ROOT.glob("*.cfg"),
        *ROOT.glob("*.t*ml"),
        *ROOT.glob("*.txt"),
        *ROOT.glob("*.md"),
    ):
        shutil.copy(path, folder)
    tests = [f"tests/test_{name}.py" for name in TESTS[file]]
    config = CONFIG.format(
        file=file,
        tests=_quoted(tests),
        copied=_quoted(COPIED),
    )
    with open(folder / "pyproject.toml", "a", encoding="utf-8") as stream:
        stream.write(config)
    run(folder, "run")
    found = re.findall(r"^\s+(\S+): (.+)$", run(folder, "results", "--all", "true"), re.MULTILINE)
    seen = [name for name, verdict in found if verdict in ("survived", "no tests")]
    return Counter(verdict for _, verdict in found), [show(folder, name) for name in seen]


def run(folder: Path, *arguments: str) -> str:
    """Run `mutmut` in a copy of the tree and return what it prints.

    Raises
    ------
    RuntimeError
        When the tests fail without any mutation.
    """
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": "", "PYTHONWARNINGS": "ignore"},
    )
    if done.returncode:
        raise RuntimeError(f"mutmut {' '.join(arguments)}\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def show(folder: Path, name: str) -> str:
    """Return the lines that a mutation changes."""
    diff = run(folder, "show", name).splitlines()
    return "\n".join(line for line in diff if re.match(r"[-+](?![-+])", line))


def make_report(rows: list[tuple[str, Counter]]) -> str:
    """Return the table of survival by file."""
    lines = ["| file | mutations | survive | survival |", "|---|---:|---:|---:|"]
    for file, verdicts in rows:
        total = verdicts.total()
        alive = total - sum(verdicts[verdict] for verdict in CAUGHT)
        lines.append(f"| `{file}` | {total} | {alive} | {alive / total:.0%} |")
    return "\n".join(lines)


def _quoted(names) -> str:
    return ", ".join(f'"{name}"' for name in names)


if __name__ == "__main__":
    sys.exit(main())
