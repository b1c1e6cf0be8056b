"""Read streets: an address file of the Base Adresse Nationale, the named roads of OpenStreetMap.

An address file has millions of rows: it is read as a stream, and what is returned has one row by
street, its house numbers packed (`NUMERO`).
"""

from __future__ import annotations

import csv
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pajson
import shapely
from geopandas.array import GeometryArray

from geoapp.core.errors import SourceError
from geoapp.core.geometry import METROPOLE
from geoapp.sources.content import read_bytes, stream_bytes
from geoapp.sources.records import Lecture, reject

NUMERO = struct.Struct("<H4sii")
"""A house number: the number, what follows it (« bis »), longitude and latitude in 1e-5 degree."""

DEGRE = 100_000

COLONNES_BAN = ("numero", "rep", "nom_voie", "code_postal", "code_insee", "lon", "lat")
"""Columns of the file that are read; « id » and « nom_ancienne_commune » too, where they are."""

_REJETS_MAX = 10_000
"""Rejects kept one by one: a file beyond is not an address file."""


@dataclass
class _Rue:
    """A street being gathered."""

    code_commune: str
    nom: str
    ou: str
    code_postal: str
    numeros: bytearray = field(default_factory=bytearray)


def read_ban(path: Path) -> Lecture:
    """Return the streets of an address file (CSV of the BAN, plain or gzipped).

    One row by street, indexed by its first line: `code_commune`, `nom`, `ou` (the former commune
    that it is in, else ""), `code_postal`, `longitude` and `latitude` of its middle house number
    (degrees), `numeros` (bytes, see `NUMERO`).  `nb_lues` counts addresses, not streets.

    Raises
    ------
    SourceError
        When a column is missing, the text is not UTF-8, or too many rows are wrong.
    """
    rows = csv.reader(_lines(path), delimiter=";")
    header = [name.strip().lower() for name in next(rows, [])]
    at, id_at, old_at = _places(path, header)
    streets: dict[tuple[str, str], _Rue] = {}
    first: list[str] = []
    rejets: list[dict] = []
    read = 0
    for line, row in enumerate(filter(None, rows), 2):
        read += 1
        found = _address(row, at) if len(row) == len(header) else None
        if found is None:
            _refuse(path, rejets, line)
            continue
        nom, code_postal, commune, packed = found
        ou = row[old_at] if old_at is not None else ""
        # « 59350_3324_00012_bis »: commune, street, number; the two first are the street.
        street_id = row[id_at].split("_")[1:2] if id_at is not None else []
        key = (commune, street_id[0] if street_id else f"{nom}|{ou}")
        street = streets.get(key)
        if street is None:
            streets[key] = street = _Rue(commune, nom, ou, code_postal)
            first.append(f"ligne {line}")
        street.numeros += packed
    return Lecture(frame=_frame(list(streets.values()), first), nb_lues=read, rejets=rejets)


def _places(path: Path, header: list[str]) -> tuple[list[int], int | None, int | None]:
    """Return where the columns of an address file are: those read, its `id`, its old commune."""
    missing = [name for name in COLONNES_BAN if name not in header]
    if missing:
        raise SourceError(
            path,
            f"colonnes absentes : {', '.join(missing)}.",
            place="ligne 1",
            cure="Donnez le fichier d'adresses de la BAN, en CSV (adresses-59.csv.gz).",
        )
    id_at, old_at = (
        header.index(name) if name in header else None for name in ("id", "nom_ancienne_commune")
    )
    return [header.index(name) for name in COLONNES_BAN], id_at, old_at


def _refuse(path: Path, rejets: list[dict], line: int) -> None:
    """Refuse a row that has no place; too many refuse the file."""
    rejets.append(reject(f"ligne {line}", "lon", "", "position_absente"))
    if len(rejets) > _REJETS_MAX:
        raise SourceError(
            path,
            f"plus de {_REJETS_MAX} lignes sans adresse lisible.",
            place=f"ligne {line}",
            cure="Téléchargez le fichier à nouveau auprès du producteur.",
        )


def _lines(path: Path) -> Iterator[str]:
    """Yield the lines of a text file, plain or gzipped, never the whole of it."""
    rest = b""
    try:
        for piece in stream_bytes(path):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield line.decode("utf-8-sig")
        if rest:
            yield rest.decode("utf-8-sig")
    except (UnicodeDecodeError, csv.Error):
        raise SourceError(
            path, "le texte n'est pas en UTF-8.", cure="Exportez-le en UTF-8."
        ) from None


def _address(row: list[str], at: list[int]) -> tuple[str, str, str, bytes] | None:
    """Return street, postcode, commune and packed number of a row; None when it has no place."""
    numero, rep, nom, code_postal, commune, lon, lat = (row[i].strip() for i in at)
    try:
        longitude, latitude = float(lon), float(lat)
        number = min(int(numero or 0), 65_535)
    except ValueError:
        return None
    west, south, east, north = METROPOLE
    if not (nom and len(commune) == 5 and west <= longitude <= east and south <= latitude <= north):
        return None
    place = round(longitude * DEGRE), round(latitude * DEGRE)
    return nom, code_postal, commune, NUMERO.pack(max(number, 0), rep.lower().encode()[:4], *place)


def read_numbers(packed: bytes) -> list[tuple[int, str, float, float]]:
    """Return the house numbers of a street: number, what follows it, longitude, latitude."""
    return [
        (number, after.rstrip(b"\0").decode("utf-8", "ignore"), lon / DEGRE, lat / DEGRE)
        for number, after, lon, lat in NUMERO.iter_unpack(packed)
    ]


def _frame(streets: list[_Rue], first: list[str]) -> pd.DataFrame:
    """Return streets as rows, each at the house number nearest to the middle of all."""
    middles = [_middle(street.numeros) for street in streets]
    return pd.DataFrame(
        {
            "code_commune": [street.code_commune for street in streets],
            "nom": [street.nom for street in streets],
            "ou": [street.ou for street in streets],
            "code_postal": [street.code_postal for street in streets],
            "longitude": [lon for lon, _ in middles],
            "latitude": [lat for _, lat in middles],
            "numeros": pd.Series([bytes(one.numeros) for one in streets], dtype="object").array,
        },
        index=pd.Index(first, name="ligne", dtype="str"),
    )


def _middle(packed: bytearray) -> tuple[float, float]:
    """Return the house number nearest to the mean of all: a point of the street itself."""
    raw = np.frombuffer(packed, dtype=[("n", "<u2"), ("r", "S4"), ("x", "<i4"), ("y", "<i4")])
    x, y = raw["x"].astype(float), raw["y"].astype(float)
    best = int(np.argmin((0.64 * (x - x.mean())) ** 2 + (y - y.mean()) ** 2))
    return x[best] / DEGRE, y[best] / DEGRE


def read_osm_roads(path: Path) -> Lecture:
    """Return the roads of an extract of OpenStreetMap (GeoJSON, lines, plain or gzipped).

    One row by line: `nom` ("" without), `classe` (highway, major, minor) and `geometry` (degrees).

    Raises
    ------
    SourceError
        When the file is no GeoJSON of lines.
    """
    try:
        told, coordinates = _features(read_bytes(path))
        lines = _shapes(coordinates)
    except (ValueError, shapely.GEOSException):
        raise SourceError(
            path,
            "ce n'est pas un GeoJSON de lignes.",
            cure="Donnez un extrait de routes d'OpenStreetMap (LineString, name, roadClass).",
        ) from None
    if not len(lines):
        raise SourceError(path, "aucun objet dans le fichier.", cure="Donnez un extrait non vide.")
    index = pd.Index([f"élément {i}" for i in range(1, len(lines) + 1)], name="ligne", dtype="str")
    texts = {nom: pd.array(pc.fill_null(one, ""), dtype="str") for nom, one in told.items()}
    frame = pd.DataFrame({**texts, "geometry": GeometryArray(lines)}, index=index)
    return Lecture(frame=frame, nb_lues=len(frame))


_ROADS = pa.schema(
    {
        "features": pa.list_(
            pa.struct(
                {
                    "properties": pa.struct({"name": pa.string(), "roadClass": pa.string()}),
                    "geometry": pa.struct({"coordinates": pa.list_(pa.list_(pa.float64()))}),
                }
            )
        )
    }
)
"""What is read of an extract of OpenStreetMap."""


def _features(content: bytes) -> tuple[dict[str, pa.Array], pa.Array]:
    """Return name and class of the roads of a GeoJSON, and their coordinates.

    Arrow reads them without an object of Python by number: a tenth of the time.
    """
    table = pajson.read_json(
        pa.BufferReader(content),
        # One value holds them all.
        pajson.ReadOptions(use_threads=False, block_size=len(content) + 1),
        pajson.ParseOptions(_ROADS, newlines_in_values=True, unexpected_field_behavior="ignore"),
    )
    features = table["features"].combine_chunks().flatten()
    properties, geometry = pc.struct_field(features, "properties"), features.field("geometry")
    names = pc.utf8_trim_whitespace(pc.struct_field(properties, "name"))
    classes = pc.struct_field(properties, "roadClass")
    return {"nom": names, "classe": classes}, geometry.field("coordinates")


def _shapes(coordinates: pa.Array) -> np.ndarray:
    """Return many lines, made at once: one by one takes ten times as long.

    Raises
    ------
    ValueError
        When one has no coordinates, or points of several sizes.
    """
    sizes = pc.list_value_length(coordinates)
    points = coordinates.flatten()
    if sizes.null_count or points.null_count:
        raise ValueError("line without points")
    rank = np.repeat(np.arange(len(coordinates)), sizes.to_numpy())
    numbers = points.flatten().to_numpy()
    if len(pc.unique(pc.list_value_length(points))) > 1:
        raise ValueError("points of several sizes")
    return shapely.linestrings(numbers.reshape(len(points), -1), indices=rank)
