"""`python -m benchmarks.contract [address]`: Schemathesis over the whole API, all its checks.

Without an address it serves the snapshot of `GEOAPP_DATA` itself.  The same seed asks the same
questions.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from benchmarks.search_http import serve
from geoapp.core.config import load_settings
from geoapp.web.contract import PREFIXE

HOOKS = Path(__file__).with_name("contract_hooks.py")
PHASES = ("examples", "coverage", "fuzzing", "stateful")


def ask(
    address: str,
    *,
    seed: int,
    examples: int,
    phases: tuple[str, ...] = PHASES,
    operations: tuple[str, ...] = (),
) -> subprocess.CompletedProcess[str]:
    """Ask the API at an address, or some operations of it; the exit code is 0 when all is right."""
    api = address.rstrip("/") + PREFIXE
    command = [
        Path(sys.executable).with_name("st"),
        "run",
        f"{api}/openapi.json",
        "--checks=all",
        f"--phases={','.join(phases)}",
        f"--seed={seed}",
        f"--max-examples={examples}",
        "--continue-on-failure",
        "--no-color",
        "--generation-database=none",
        *(f"--include-operation-id={nom}" for nom in operations),
    ]
    environ = {
        **os.environ,
        "GEOAPP_CONTRAT": api,
        "SCHEMATHESIS_HOOKS": str(HOOKS),
        # The tables of Unicode, which take five seconds to make, are kept here with its own.
        "HYPOTHESIS_STORAGE_DIRECTORY": str(Path(".hypothesis").absolute()),
    }
    # What it remembers of a run, so as to start by it, must not make two runs differ.
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True)


def main() -> None:
    """Run what is asked and print what it says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", nargs="?", help="http://127.0.0.1:5000/")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--examples", type=int, default=200)
    options = parser.parse_args()
    served = (
        nullcontext((options.address, 0)) if options.address else serve(load_settings().data_dir)
    )
    with served as (address, _):
        # One served here is told without its scheme.
        root = address if "//" in address else f"http://{address}"
        done = ask(root, seed=options.seed, examples=options.examples)
    print(done.stdout, done.stderr, sep="\n")
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
