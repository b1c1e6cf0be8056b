"""GeoJSON and GeoParquet."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import shapely

from geoapp.outputs.files.model import Fichier, pieces, plain_rows

DECIMALES = 7
"""Decimals of a degree in a GeoJSON: a centimetre (RFC 7946, section 11.2)."""

METADONNEES = b"geoforma"
"""Key of the notice among the metadata of a Parquet file."""


def write_geojson(fichier: Fichier, path: Path) -> None:
    """Write a GeoJSON (RFC 7946), piece by piece; what is not placed has a null geometry, the notice is `metadonnees`."""
    notice = [{"cle": cle, "texte": texte} for cle, texte in fichier.notice]
    with open(path, "w", encoding="utf-8", newline="") as stream:
        stream.write(f'{{"type":"FeatureCollection","metadonnees":{_dump(notice)},"features":[')
        first = True
        for part in pieces(fichier):
            shapes = shapely.to_geojson(
                shapely.transform(part.geometry.to_numpy(), lambda xy: xy.round(DECIMALES))
            )
            for row, shape in zip(plain_rows(part, fichier.noms), shapes, strict=True):
                stream.write(
                    ("\n" if first else ",\n")
                    + _feature(dict(zip(fichier.noms, row, strict=True)), shape)
                )
                first = False
        stream.write("]}\n")


def _feature(properties: dict, shape: str | None) -> str:
    return f'{{"type":"Feature","properties":{_dump(properties)},"geometry":{shape or "null"}}}'


def _dump(value) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def write_parquet(fichier: Fichier, path: Path) -> None:
    """Write a Parquet, a GeoParquet when there is a geometry: the very file of the snapshot for one of its tables.

    Otherwise the notice is among the metadata of the file, under `METADONNEES`.
    """
    if fichier.parquet is not None:
        shutil.copyfile(fichier.parquet, path)
        return
    kept = [*fichier.noms, *(["geometry"] if fichier.forme else [])]
    fichier.table[kept].to_parquet(path, index=False, compression="zstd")
    table = pq.read_table(path)
    told = {
        **(table.schema.metadata or {}),
        METADONNEES: _dump([list(pair) for pair in fichier.notice]).encode(),
    }
    pq.write_table(table.replace_schema_metadata(told), path, compression="zstd")
