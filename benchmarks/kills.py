"""`python -m benchmarks.kills --kills 100`: the production server killed at random moments.

    python -m benchmarks.kills --data var --kills 100
    GEOAPP_KILLS=100 make test ARGS=tests/test_kill.py      # the same of the build

Each time the server is started, asked light and heavy pages, then one of its processes, or all of
them at once, is ended by SIGKILL, from before it listens until long after it is warm.  It must
answer again: by itself when the master lives, once started again when it does not.  Nothing of the
dead may be left in the temporary folder.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from benchmarks.charge_processes import family

ASKED = ("/", "/recherche?texte=boulanger&lieu=Lille", "/couverture", "/figures/offre.png", "/pret")
PATIENCE_S = 60.0
"""Seconds after which a server that does not answer is said not to be served."""


class Server:
    """The production server on one port of this machine, its temporary files in one folder."""

    def __init__(self, data: Path, folder: Path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.root = f"http://127.0.0.1:{port}"
        self.folder = folder
        command = [sys.executable, "-m", "gunicorn", "-c", "python:geoapp.web.production"]
        own = {"GEOAPP_DATA": str(data), "GEOAPP_PORT": str(port), "TMPDIR": str(folder)}
        self._process = subprocess.Popen(
            command,
            env=os.environ | own,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.pid = self._process.pid

    def ask(self, path: str) -> int:
        """Return the status of an answer read whole; 0 when there is none."""
        try:
            with urlopen(self.root + path, timeout=PATIENCE_S) as answer:
                answer.read()
                return answer.status
        except HTTPError as error:
            return error.code
        except (URLError, HTTPException, OSError):
            return 0

    def wait(self) -> float:
        """Return the seconds until a page is answered.

        Raises
        ------
        TimeoutError
            When none is.
        """
        start = time.monotonic()
        while time.monotonic() < start + PATIENCE_S:
            if self.ask("/") == 200:
                return time.monotonic() - start
            time.sleep(0.05)
        raise TimeoutError("no answer any more")

    @property
    def is_alive(self) -> bool:
        """Tell whether the master lives."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the master gently."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE_S)


def kill_one(whole: list[int], draw: random.Random) -> str:
    """End one process of a server, or all, and return which."""
    victims = {"maître": whole[:1], "tous": whole, "un autre": whole[1:]}
    kind = draw.choice(list(victims))
    chosen = victims[kind] or whole[:1]
    end_all([draw.choice(chosen)] if kind == "un autre" else chosen)
    return kind


def end_all(pids: list[int]) -> None:
    """End processes at once, those that are still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def try_once(data: Path, folder: Path, draw: random.Random) -> tuple[str, float, list[str]]:
    """Kill a server at a random moment; return what was killed, seconds to be served again, and
    the pages that answered 500.
    """
    server, statuses = Server(data, folder), []
    moment = draw.choice((draw.uniform(0, 4), draw.uniform(4, 25)))

    def visit(path: str) -> None:
        while server.is_alive and time.monotonic() < end:
            statuses.append((path, server.ask(path)))
            time.sleep(0.2)

    end = time.monotonic() + moment
    visitors = [threading.Thread(target=visit, args=(path,), daemon=True) for path in ASKED]
    for one in visitors:
        one.start()
    time.sleep(moment)
    whole = family(server.pid)
    kind = kill_one(whole, draw)
    time.sleep(0.5)
    if not server.is_alive:
        # As systemd does before it starts a unit again: what is left would hold the port.
        end_all(whole)
        server = Server(data, folder)
    again = server.wait()
    served = server.ask(ASKED[1]), server.ask("/sante")
    if served != (200, 200):
        raise TimeoutError(f"answers {served} after « {kind} »")
    server.stop()
    return kind, again, [path for path, status in statuses if status == 500]


def main() -> None:
    """Kill, count, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("var"))
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    kinds, again, errors = Counter(), [], Counter()
    with tempfile.TemporaryDirectory(prefix="gf-") as folder:
        for rank in range(options.kills):
            draw = random.Random(options.seed + rank)
            kind, seconds, bad = try_once(options.data.resolve(), Path(folder), draw)
            kinds[kind] += 1
            again.append(seconds)
            errors.update(bad)
            print(f"{rank + 1:>3}  {kind:<9} served again after {seconds:.1f} s", flush=True)
        left = [one.name for one in Path(folder).glob(".geoforma.*")]
    worst = max(again)
    print(f"{dict(kinds)}; served again {len(again)} of {options.kills}, worst {worst:.1f} s")
    print(f"errors 500: {dict(errors)}; left in the temporary folder: {left or 'nothing'}")
    sys.exit(1 if errors or left else 0)


if __name__ == "__main__":
    main()
