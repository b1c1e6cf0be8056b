"""GeoJSON and GeoParquet."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import shapely

from geoapp.outputs.files.model import TYPES, Fichier, Suite, layers, pieces, plain_rows

DECIMALES = 7
"""Decimals of a degree in a GeoJSON: a centimetre (RFC 7946, section 11.2)."""

METADONNEES = b"geoforma"
"""Key of the notice among the metadata of a Parquet file."""


def geojson(fichier: Fichier) -> Iterator[bytes]:
    """Yield a GeoJSON (RFC 7946), piece by piece; what is not placed has a null geometry.

    The notice is `metadonnees`; `metadata` is the description for programs, if any.
    """
    notice = [{"cle": cle, "texte": texte} for cle, texte in fichier.mentions]
    told: dict[str, object] = {"metadonnees": notice}
    if fichier.description is not None:
        told["metadata"] = fichier.description
    yield f'{{"type":"FeatureCollection",{_dump(told)[1:-1]},"features":['.encode()
    mark = "\n"
    for part in pieces(fichier):
        shapes = shapely.to_geojson(
            shapely.transform(part.geometry.to_numpy(), lambda xy: xy.round(DECIMALES))
        )
        rows = plain_rows(part, fichier.noms)
        features = [
            _feature(fichier, dict(zip(fichier.noms, row, strict=True)), shape)
            for row, shape in zip(rows, shapes, strict=True)
        ]
        if features:
            yield (mark + ",\n".join(features)).encode()
            mark = ",\n"
    yield b"]}\n"


def _feature(fichier: Fichier, properties: dict, shape: str | None) -> str:
    """Return one feature, with its identifier when the file says how to make one."""
    cle = _dump("@".join(str(properties[nom]) for nom in fichier.identifiant))
    told = f'"id":{cle},' if fichier.identifiant else ""
    kept = f'"properties":{_dump(properties)},"geometry":{shape or "null"}'
    return f'{{"type":"Feature",{told}{kept}}}'


def dump_json(value) -> str:
    """Return `value` as compact JSON; NaN is refused."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _dump(value) -> str:
    """Return compact JSON that stays harmless inside a page."""
    return dump_json(value).replace("<", "\\u003c")


def write_parquet(fichier: Fichier, path: Path) -> None:
    """Write a Parquet, a GeoParquet when there is a geometry.

    One of the tables of the snapshot is the very file of the snapshot.  Otherwise the notice is
    among the metadata of the file, under `METADONNEES`.
    """
    if fichier.parquet is not None:
        shutil.copyfile(fichier.parquet, path)
        return
    whole = pd.concat(list(layers(fichier)), ignore_index=True)
    if isinstance(fichier.table, Suite):
        # Read as plain values: a column unknown throughout would have no type.
        kinds = TYPES | {"texte": "string"}
        whole = whole.astype({one.nom: kinds[one.type] for one in fichier.attributs})
    whole.to_parquet(path, index=False, compression="zstd")
    table = pq.read_table(path)
    told = {
        **(table.schema.metadata or {}),
        METADONNEES: _dump([list(pair) for pair in fichier.mentions]).encode(),
    }
    pq.write_table(table.replace_schema_metadata(told), path, compression="zstd")
