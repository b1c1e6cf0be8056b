"""OGC API – Features, asked of the product and of pygeoapi on the same offers: `python -m
benchmarks.ogc DATA --pygeoapi PYTHON [--repeat 20] [--out docs/ogc.md]`.

Conformance (`benchmarks.ogc_requirements`), time of a page of 1,000 features, then what each
collection costs our process to open.  PYTHON has pygeoapi and waitress: an environment of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from benchmarks.measure import OFFLINE, ROOT
from benchmarks.ogc_requirements import EXIGENCES, GEOJSON, Service, check
from geoapp.core.snapshot import open_snapshot
from geoapp.outputs.catalogue.resources import table_file
from geoapp.outputs.files.formats import parse_format, write_as

PORTS = {"GéoForma": 5481, "pygeoapi": 5482}
OURS, THEIRS = PORTS

# What serves pygeoapi: the same server as ours, in threads, not the one of development.
_SERVE = "from pygeoapi.flask_app import APP; import waitress; waitress.serve(APP, port={port})"


@contextmanager
def running(command: list[str], port: int, path: str, **environ: str) -> Iterator[int]:
    """Run a server until the block ends; yield its process."""
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **OFFLINE, "no_proxy": "127.0.0.1", **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            try:
                if requests.get(f"http://127.0.0.1:{port}{path}", timeout=60).ok:
                    break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield server.pid
    finally:
        server.terminate()
        server.wait()


def settings(geojson: Path, port: int) -> dict:
    """Return the settings of pygeoapi for one collection, read from a GeoJSON."""
    told = {"fr": "Offre de formation"}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["fr-FR"],
            "cors": True,
            "pretty_print": False,
            "limits": {"default_items": 100, "max_items": 10000},
            "map": {"url": "https://exemple.fr/{z}/{x}/{y}.png", "attribution": "x"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": told,
                "description": told,
                "keywords": {"fr": ["formation"]},
                "keywords_type": "theme",
                "terms_of_service": "x",
                "url": "https://exemple.fr",
            },
            "license": {"name": "x", "url": "https://exemple.fr"},
            "provider": {"name": "x", "url": "https://exemple.fr"},
            "contact": {"name": "x"},
        },
        "resources": {
            "formations": {
                "type": "collection",
                "title": told,
                "description": told,
                "keywords": {"fr": ["formation"]},
                "links": [],
                "extents": {
                    "spatial": {
                        "bbox": [-180, -90, 180, 90],
                        "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
                    }
                },
                "providers": [
                    {
                        "type": "feature",
                        "name": "GeoJSON",
                        "data": str(geojson),
                        "id_field": "id",
                        "crs": [
                            "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
                            "http://www.opengis.net/def/crs/EPSG/0/2154",
                        ],
                        "storage_crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
                    }
                ],
            }
        },
    }


@contextmanager
def serve_ours(data: Path) -> Iterator[int]:
    """Run our server on a data folder."""
    port = PORTS[OURS]
    command = [sys.executable, "-m", "geoapp", "serve", "--port", str(port)]
    with running(command, port, "/ogc/", GEOAPP_DATA=str(data), GEOAPP_USAGE="non") as pid:
        yield pid


@contextmanager
def serve_pygeoapi(data: Path, python: str) -> Iterator[int]:
    """Run pygeoapi on the offers of a data folder, as a GeoJSON."""
    port = PORTS[THEIRS]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        offers = folder / "offres.geojson"
        write_as(table_file(open_snapshot(data), "offres"), parse_format("geojson"), offers)
        told = json.loads(offers.read_text(encoding="utf-8"))
        for rank, one in enumerate(told["features"]):
            one["id"] = str(rank)
        offers.write_text(json.dumps(told), encoding="utf-8")
        # JSON is YAML.
        config, openapi = folder / "pygeoapi.yml", folder / "openapi.yml"
        config.write_text(json.dumps(settings(offers, port)), encoding="utf-8")
        environ = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
        generate = [str(Path(python).with_name("pygeoapi")), "openapi", "generate", str(config)]
        made = subprocess.run(
            [*generate, "--output-file", str(openapi)],
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise RuntimeError(made.stderr[-2000:])
        command = [python, "-c", _SERVE.format(port=port)]
        with running(command, port, "/", **environ) as pid:
            yield pid


def time_pages(service: Service, repeat: int) -> list[float]:
    """Return the milliseconds of pages of 1,000 features, none asked twice, in order."""
    found = []
    for rank in range(repeat):
        begin = time.perf_counter()
        service.get(f"/collections/{service.nom}/items", accept=GEOJSON, limit=1000, offset=rank)
        found.append(1000 * (time.perf_counter() - begin))
    return sorted(found)


def memory_mb(pid: int) -> float:
    """Return the memory of a process and of those that it forked, shared pages once."""
    pids = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    rows = [Path(f"/proc/{one}/smaps_rollup").read_text() for one in pids]
    return sum(int(one.split("Pss:")[1].split()[0]) for one in rows) * 1024 / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pygeoapi", default="")
    parser.add_argument("--repeat", type=int, default=20)
    asked = parser.parse_args()
    told: dict[str, list[str]] = {}
    times: dict[str, list[float]] = {}
    with serve_ours(asked.data) as pid:
        ours = Service(f"http://127.0.0.1:{PORTS[OURS]}/ogc", "formations")
        told[OURS] = [why for _, why in check(ours)]
        times[OURS] = time_pages(ours, asked.repeat)
        opened = list(_open_each(ours, pid))
    if asked.pygeoapi:
        with serve_pygeoapi(asked.data, asked.pygeoapi):
            theirs = Service(f"http://127.0.0.1:{PORTS[THEIRS]}", "formations")
            told[THEIRS] = [why for _, why in check(theirs)]
            times[THEIRS] = time_pages(theirs, asked.repeat)
    print(f"| classe | exigence | {' | '.join(told)} |\n|---|---|{'---|' * len(told)}")
    for exigence, *whys in zip(EXIGENCES, *told.values(), strict=True):
        cells = " | ".join(f"non : {why}" if why else "oui" for why in whys)
        print(f"| {exigence.classe} | {exigence.sens} | {cells} |")
    for nom, found in times.items():
        median = statistics.median(found)
        print(f"{nom} : page de 1 000, médiane {median:.1f} ms, p95 {found[-2]:.1f} ms")
    print("\n| collection | objets | première demande (s) | page de 1 000 (ms) | mémoire (Mo) |")
    print("|---|---:|---:|---:|---:|")
    print("\n".join(opened))


def _open_each(service: Service, pid: int) -> Iterator[str]:
    """Yield what each collection costs our process: first request, next one, memory after."""
    for one in service.get("/collections").json()["collections"]:
        mine = Service(service.address, one["id"])
        begin = time.perf_counter()
        nb = mine.items(limit=1)["numberMatched"]
        first = time.perf_counter() - begin
        pages = time_pages(mine, 3)
        yield f"| {one['id']} | {nb:,} | {first:.2f} | {pages[1]:.0f} | {memory_mb(pid):.0f} |"


if __name__ == "__main__":
    main()
