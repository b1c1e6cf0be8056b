"""Files of every source of the registry that hold nothing for the region, by three ways of it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from geoapp.sources.headers import needed_columns, rule_columns
from geoapp.sources.registry import Source

DATA = Path(__file__).resolve().parents[1] / "data"

MARSEILLE = {
    "code_commune": "13055",
    "ancien_code": "13055",
    "lieu_code_commune": "13055",
    "lieu_code_postal": "13001",
    "lieu_commune": "Marseille",
    "code_departement": "13",
    "code_uai": "0130001F",
    "latitude": "43.30",
    "longitude": "5.37",
    "population": "12",
    "nb_projets": "3",
    "nb_demandeurs": "3",
    "nb_eleves": "3",
}
"""A row of elsewhere, by column of ours; the other columns hold « x »."""


FACONS = ("en-tête seul", "rien de connu", "d'ailleurs", "non gardée")
"""Ways of holding nothing: no row, a row that says nothing, one of elsewhere, one left aside."""


def empty_file(sources: Sequence[Source], facon: str) -> bytes:
    """Return the file that some sources read together, empty in one way (`FACONS`)."""
    row: dict[str, str] = {}
    for source in sources:
        row |= _row(source, facon)
    return ECRITURES.get(sources[0].format, _table)(sources[0], row, facon)


def _row(source: Source, facon: str) -> dict[str, str]:
    """Return the row of a file, by its own columns."""
    is_known = facon != "rien de connu"
    row = dict.fromkeys(sorted(needed_columns(source)), "x" if is_known else "?")
    for ours, rule in source.colonnes.items() if is_known else ():
        # A text is a column; a table may say which of its values are read.
        told = list(rule.get("valeurs", ())) if isinstance(rule, dict) else []
        for name in rule_columns(rule):
            row[name] = told[0] if told else MARSEILLE.get(ours, "x")
    if source.colonne_annee:
        row[source.colonne_annee] = source.annee
    for name, texte in source.options.get("garder", {}).items():
        row[name] = "autre" if facon == "non gardée" else texte
    return row


def _table(source: Source, row: dict[str, str], facon: str) -> bytes:
    """Return a CSV file: a source of a table is read from any kind of it."""
    names = source.options.get("entete") or list(row)
    stream = io.StringIO()
    stream.write("titre\n" * source.options.get("skip", 0))
    delimiter = source.options.get("delimiter", ";")
    writer = csv.DictWriter(stream, names, delimiter=delimiter, restval="x", lineterminator="\n")
    if "entete" not in source.options:
        writer.writeheader()
    if facon != "en-tête seul":
        writer.writerow(row)
    return stream.getvalue().encode(source.options.get("encoding", "utf-8"))


def _features(row: dict[str, str], facon: str, geometry: dict) -> bytes:
    """Return a GeoJSON of one feature, or of none."""
    one = {"type": "Feature", "properties": row, "geometry": geometry}
    features = [] if facon == "en-tête seul" else [one]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _outlines(source: Source, row: dict[str, str], facon: str) -> bytes:
    """Return a square in Marseille, that meets no commune of ours."""
    square = [[5.37, 43.30], [5.38, 43.30], [5.38, 43.31], [5.37, 43.30]]
    return _features(row, facon, {"type": "Polygon", "coordinates": [square]})


def _roads(source: Source, row: dict[str, str], facon: str) -> bytes:
    """Return a street of Marseille."""
    line = {"type": "LineString", "coordinates": [[5.37, 43.30], [5.38, 43.31]]}
    row = {"osm_id": 1, "highway": "primary", "name": "?" if facon[0] == "r" else "Canebière"}
    return _features(row, facon, line)


def _sample(nom: str, empty: bytes) -> Callable[[Source, dict[str, str], str], bytes]:
    """Return what writes a sample of the tests under codes of elsewhere, or an empty envelope."""

    def write(source: Source, row: dict[str, str], facon: str) -> bytes:
        content = (DATA / nom).read_bytes()
        if facon == "en-tête seul":
            return empty or content.splitlines(keepends=True)[0]
        return re.sub(rb"\b(?:59|60|62|80|02)(?=\d{3}\b)", b"13", content)

    return write


ECRITURES: dict[str, Callable[[Source, dict[str, str], str], bytes]] = {
    "boundaries": _outlines,
    "lheo": _sample(
        "lheo_2.3.xml",
        b'<?xml version="1.0"?><lheo xmlns="http://lheo.gouv.fr/2.3"><offres/></lheo>',
    ),
    "intercarif": _sample("intercarif.json", b"[]"),
    "catalogue": _sample("catalogue.json", b"[]"),
    "routes_osm": _roads,
    "ban": _sample("ban.csv", b""),
}
"""What writes a file of each format that is no plain table."""
