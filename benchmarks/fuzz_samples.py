"""Sound files that the fuzzing damages: one at least for each reader of the registry."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
FICHIERS = {
    "lheo-region": "lheo_2.3.xml",
    "intercarif-exemple-formation": "intercarif.json",
    "catalogue-apprentissage": "catalogue.json",
    "onisep-actions": "onisep_actions.csv",
    "parcoursup-carte": "parcoursup_carte.csv",
    "mon-compte-formation": "moncompteformation.csv",
}
"""Source → its sample in tests/data."""
ZONES = ("QN05901M;Quartier de l'essai;3.05", "QN05902M;Les Briquettes;3.07")


class Echantillon(NamedTuple):
    """A sound file: the source that reads it, its suffix, its content."""

    id_source: str
    suffix: str
    content: Callable[[], bytes]


@cache
def _book() -> bytes:
    """Return the ONISEP sample as a workbook."""
    import xlsxwriter

    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        book.set_properties({"created": datetime(2026, 1, 1)})  # the same bytes whatever the day
        sheet = book.add_worksheet("Feuille1")
        rows = csv.reader(
            (DATA / FICHIERS["onisep-actions"]).read_text(encoding="utf-8-sig").splitlines(),
            delimiter=";",
        )
        for line, row in enumerate(rows):
            for rank, cell in enumerate(row):
                sheet.write_string(line, rank, cell)
    return stream.getvalue()


@cache
def _zones(suffix: str) -> bytes:
    """Return squares near Lille as a file of outlines."""
    import geopandas as gpd
    import pyogrio
    from shapely.geometry import box

    pyogrio.set_gdal_config_options(
        {"OGR_CURRENT_DATE": "2026-01-01T00:00:00.000Z"}
    )  # the same bytes whatever the day
    rows = [row.split(";") for row in ZONES]
    frame = gpd.GeoDataFrame(
        {"code_qp": [code for code, _, _ in rows], "lib_qp": [nom for _, nom, _ in rows]},
        geometry=[box(float(x), 50.60, float(x) + 0.01, 50.61) for _, _, x in rows],
        crs="EPSG:4326",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"zones{suffix}"
        frame.to_file(path)
        return path.read_bytes()


@cache
def _table(kind: str) -> bytes:
    """Return the ONISEP sample in another format, or under another encoding."""
    import pandas as pd

    text = (DATA / FICHIERS["onisep-actions"]).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines(), delimiter=";"))
    if kind == "cp1252":
        return text.encode("cp1252", "replace")
    if kind == "utf-16":
        return text.encode("utf-16-le")
    if kind == "titre":
        return f"sep=;\nExport du jour\n\n{text}".encode()
    if kind == "jsonl":
        return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    stream = io.BytesIO()
    pd.DataFrame(rows, dtype="str").to_parquet(stream)
    return stream.getvalue()


AUTRES = {
    "catalogue-apprentissage": ("catalogue_anciens.json", "catalogue_2025.json"),
    "parcoursup-carte": ("parcoursup_libelles.csv", "parcoursup_export_v1.json"),
    "mon-compte-formation": ("moncompteformation_2025.csv",),
    "onisep-actions": ("onisep_api.json",),
    "lheo-region": ("lheo_edof.xml",),
    "annuaire-education": ("annuaire_education.csv", "annuaire_education.json"),
}
"""Source → its other samples: older or newer shapes of the same export."""

ECHANTILLONS = {
    **{
        id_source: Echantillon(id_source, Path(nom).suffix, (DATA / nom).read_bytes)
        for id_source, nom in FICHIERS.items()
    },
    "onisep-actions, classeur": Echantillon("onisep-actions", ".xlsx", _book),
    **{
        f"{id_source}, {nom}": Echantillon(id_source, Path(nom).suffix, (DATA / nom).read_bytes)
        for id_source, noms in AUTRES.items()
        for nom in noms
    },
    **{
        f"onisep-actions, {kind}": Echantillon("onisep-actions", suffix, partial(_table, kind))
        for kind, suffix in (
            ("cp1252", ".csv"),
            ("utf-16", ".csv"),
            ("titre", ".csv"),
            ("jsonl", ".json"),
            ("parquet", ".parquet"),
        )
    },
    "qpv2024, fgb": Echantillon("qpv2024", ".fgb", partial(_zones, ".fgb")),
    "qpv2024, geojson": Echantillon("qpv2024", ".geojson", partial(_zones, ".geojson")),
    "qpv2024, gpkg": Echantillon("qpv2024", ".gpkg", partial(_zones, ".gpkg")),
}
