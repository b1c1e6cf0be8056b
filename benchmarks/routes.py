"""Processor time of every route: first request of a process, first and repeated ones once warm.

    python -m benchmarks.routes --data DIR [--repeat 5] [--out FILE]

Requests are made within the process, without a socket: what is counted is what
the application works out.  The wall time of a loaded machine does not count.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from urllib.parse import quote

from flask import Flask

from geoapp.offer.lookups import public_id
from geoapp.web import create_app
from geoapp.web.warming import warm_pages

ROUTES = (
    "/",
    "/carte",
    "/carte?domaine=sante",
    "/carte?page=2",
    "/recherche",
    "/recherche?texte=soins",
    "/recherche?lieu=Lens",
    "/recherche?domaine=sante",
    "/recherche/imprimer?domaine=sante",
    "/formations/{offre}",
    "/couverture",
    "/couverture?zonage=commune",
    "/couverture?domaine=sante",
    "/couverture/publics",
    "/couverture/evolution",
    "/couverture/zones/ze2020/{zone}",
    "/couverture/contours/ze2020.geojson",
    "/couverture/export.csv",
    "/territoires",
    "/territoires?zonage=commune",
    "/territoires/ze2020/{zone}",
    "/territoires/ze2020/{zone}?domaine=sante",
    "/carte.html",
    "/carte.html?domaine=sante",
    "/donnees/points.json",
    "/donnees/couches/ze2020.geojson",
    "/donnees",
    "/donnees/tables/offres.csv",
    "/donnees/catalogue.jsonld",
    "/donnees/datapackage.json",
    "/sources",
    "/rejets",
    "/qualite",
    "/api/",
    "/api/v1/openapi.json",
    "/api/v1/formations",
    "/api/v1/formations?texte=soins&lieu=Lens",
    "/api/v1/formations.csv?domaine=sante",
    "/api/v1/facets",
    "/api/v1/suggestions?q=inf",
    "/api/v1/places?q=len",
    "/api/v1/points?zoom=9&emprise=1.5,49.5,4.3,51.1",
    "/api/v1/zones",
    "/api/v1/sources",
    "/api/v1/couverture",
    "/api/v1/qualite",
    "/pret",
    "/sante",
)
"""An address of each route that answers without a drawing: figures and sheets have their own."""


def measure(data: Path, repeat: int) -> list[dict]:
    """Return, by address, its status and the processor milliseconds of its requests."""
    cold, warm = create_app(data), create_app(data)
    addresses = _addresses(cold)
    first = {address: _ask(cold, address) for address in addresses}
    warm_pages(warm, warm.extensions["courant"].current())
    rows = []
    for address in addresses:
        status, ms = _ask(warm, address)
        again = statistics.median(_ask(warm, address)[1] for _ in range(repeat))
        rows.append(
            {
                "address": address,
                "status": status,
                "cold_ms": first[address][1],
                "first_ms": ms,
                "repeated_ms": again,
            }
        )
    return rows


def _addresses(app: Flask) -> list[str]:
    """Return the addresses, with a training and a zone of the snapshot."""
    snapshot = app.extensions["courant"].snapshot()
    zones, offres = snapshot.read("zones"), snapshot.read("offres")
    zone = zones.loc[zones["type_zone"].eq("ze2020"), "code_zone"].iloc[0]
    offre = public_id(offres["id_action"].iloc[0])
    return [route.format(zone=quote(zone), offre=quote(offre)) for route in ROUTES]


def _ask(app: Flask, address: str) -> tuple[int, float]:
    """Return the status of one answer, and the processor milliseconds it took, whole."""
    start = time.process_time()
    with app.test_client().get(address) as answer:
        answer.get_data()
    return answer.status_code, round((time.process_time() - start) * 1000, 1)


def report(rows: list[dict]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| address | status | cold ms | first ms | repeated ms |", "|---|---:|---:|---:|---:|"]
    lines += [
        f"| `{row['address']}` | {row['status']} | {row['cold_ms']:.0f} | {row['first_ms']:.0f} "
        f"| {row['repeated_ms']:.1f} |"
        for row in rows
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the snapshots")
    parser.add_argument("--repeat", type=int, default=5, help="repeated requests by address")
    parser.add_argument("--out", type=Path, help="JSON file of the figures")
    asked = parser.parse_args()
    rows = measure(asked.data, asked.repeat)
    print(report(rows))
    if asked.out:
        asked.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
