"""The places of training as vector tiles, in one file that a browser reads by ranges (PMTiles).

Made by the build from what a search without text nor place finds: at low zooms places are grouped
by cell of a tile, at the last one each is a point.  The sum of `nb` over the tiles of any zoom is
the number of placed offers; each point carries it by value of `COMPTEES` too, so that the tiles
answer a search that has one of these filters.  The same tables give the same bytes.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import mapbox_vector_tile
import numpy as np
import pandas as pd
import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from geoapp.core.geometry import mercator
from geoapp.offer.filters import FILTRES
from geoapp.offer.search.columns import distinct_places
from geoapp.offer.search.tile_counts import COMPTEES, property_name
from geoapp.offer.values import join_by_group

COUCHE = "lieux"
"""Layer of a tile."""

MAILLES = 24
"""Cells along the side of a tile.

Shown at four times its size, a tile of 1,024 pixels has cells of the side of a marker: a map two
zooms nearer reads few tiles, and no tile has more than 24 × 24 groups.
"""

DERNIER_ZOOM = 14
ZOOM_MAX = 18
LIEUX_MAX = 350
"""Most places of a tile of the last zoom: the first from `DERNIER_ZOOM` on where none has more."""

PAS_DU_MONDE = 2**28
"""Steps around the world of the coordinates of any zoom, about ten centimetres here: a place alone
in its cell is where it is, so that what is asked of it finds it.
"""

CHAMPS = {
    "nb": ("Number", "Nombre de formations qui y sont données"),
    "nb_lieux": ("Number", "Nombre de lieux d'un groupe ; absent pour un lieu seul"),
    "commune": ("String", "Commune d'un lieu seul"),
    "precision": ("String", "Précision de la position d'un lieu seul"),
    "est_douteuse": ("Boolean", "Vrai quand la position d'un lieu seul est douteuse, sinon absent"),
    "id_lieu": (
        "String",
        "Au dernier zoom, identifiants de la table `lieux` à cette position, séparés par « | »",
    ),
    "nom": ("String", "Au dernier zoom, organisme du lieu, quand il y est seul"),
}
"""What a point tells beside its counts by value of a filter: type in the file, meaning."""

_LUES = (
    *("id_lieu", "nom_organisme", "nom_commune", "code_commune", "modalite"),
    *("code_domaine", "niveau_sortie", "precision_position", "est_douteuse", "geometry"),
)


@dataclass(frozen=True, kw_only=True)
class TuileVectorielle:
    """One tile: its identifier on the curve of PMTiles, its zoom, its content (gzip)."""

    id: int
    zoom: int
    contenu: bytes


@dataclass(frozen=True, kw_only=True)
class Tuilage:
    """The tiles in the order of the file, and the number of offers and places of each property."""

    tuiles: tuple[TuileVectorielle, ...]
    totaux: Mapping[str, tuple[int, int]]
    emprise: tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class _Lieux:
    """Places: coordinates of a web map (0 to 1), offers by property, what is told of each."""

    x: np.ndarray
    y: np.ndarray
    noms: tuple[str, ...]
    nb: np.ndarray
    fiches: Sequence[dict]

    def __len__(self) -> int:
        return len(self.x)


def offer_tiles(tables: Mapping[str, pd.DataFrame]) -> Tuilage:
    """Return the tiles of the placed offers of `offres`; those at a distance are nowhere.

    Parameters
    ----------
    tables : mapping
        Holds `offres`, a GeoDataFrame in EPSG:4326.

    Returns
    -------
    Tuilage
        Tiles of zooms 0 to the last one (see `LIEUX_MAX`), those with points only.
    """
    offres = tables["offres"][list(_LUES)]
    is_remote = offres["modalite"].eq("a_distance").fillna(False).to_numpy(dtype=bool)
    offres = offres[~is_remote].reset_index(drop=True)
    places = distinct_places(offres)
    is_placed = places.rangs >= 0
    rank, nb_places = places.rangs[is_placed], len(places.longitudes)
    placed = offres[is_placed]
    counts = {"nb": np.bincount(rank, minlength=nb_places)}
    for nom in COMPTEES:
        texts = FILTRES[nom].lire(placed, date.min).astype("object").to_numpy()
        for value in sorted(set(texts)):
            key = property_name(nom, value)
            counts[key] = np.bincount(rank[texts == value], minlength=nb_places)
    x, y = mercator(places.longitudes, places.latitudes)
    lieux = _Lieux(
        x=x,
        y=y,
        noms=tuple(counts),
        nb=np.column_stack(list(counts.values())).astype(np.int64),
        fiches=_tell(placed, rank),
    )
    last = _last_zoom(lieux)
    zooms = [_tiles(_group(lieux, zoom), zoom) for zoom in range(last)] if nb_places else []
    tiles = [one for zoom in [*zooms, _tiles(lieux, last)] for one in zoom]
    return Tuilage(
        tuiles=tuple(sorted(tiles, key=lambda one: one.id)),
        totaux={nom: (int(n.sum()), int((n > 0).sum())) for nom, n in counts.items()},
        emprise=_frame(places.longitudes, places.latitudes),
    )


def _frame(longitudes: np.ndarray, latitudes: np.ndarray) -> tuple[float, float, float, float]:
    """Return west, south, east, north of the places; nothing without any."""
    if not len(longitudes):
        return 0.0, 0.0, 0.0, 0.0
    degrees = np.array([longitudes, latitudes], dtype=float)
    west, south = degrees.min(axis=1).tolist()
    east, north = degrees.max(axis=1).tolist()
    return west, south, east, north


def _tell(offres: pd.DataFrame, rank: np.ndarray) -> list[dict]:
    """Return what is told of each place: identifiers, commune, body when it is alone, how sure."""
    table = pd.DataFrame(
        {
            "rang": rank,
            "id_lieu": offres["id_lieu"].astype("object").to_numpy(),
            "organisme": offres["nom_organisme"].astype("object").to_numpy(),
            "commune": offres["nom_commune"].astype("object").to_numpy(),
            "precision": offres["precision_position"].astype("object").to_numpy(),
            "est_douteuse": offres["est_douteuse"].fillna(False).to_numpy(dtype=bool),
        }
    )
    groups = table.groupby("rang", sort=True)
    first = groups[["commune", "precision"]].first()
    bodies = table.drop_duplicates(["rang", "organisme"]).groupby("rang", sort=True)["organisme"]
    alone = bodies.first().where(bodies.size().eq(1))
    ids = table.drop_duplicates(["rang", "id_lieu"]).sort_values(["rang", "id_lieu"])
    told = first.assign(
        id_lieu=join_by_group(ids["id_lieu"], ids["rang"]),
        nom=alone,
        est_douteuse=groups["est_douteuse"].any(),
    )
    # Unknown is said by no property: a tile has no other way.
    return [
        {nom: value for nom, value in row.items() if value is not False and pd.notna(value)}
        for row in told.to_dict("records")
    ]


def _last_zoom(lieux: _Lieux) -> int:
    """Return the zoom of the tiles whose points are places."""
    for zoom in range(DERNIER_ZOOM, ZOOM_MAX):
        _, counts = np.unique(_cells(lieux, 2**zoom), return_counts=True)
        if counts.max(initial=0) <= LIEUX_MAX:
            return zoom
    return ZOOM_MAX


def _cells(lieux: _Lieux, nb: int) -> np.ndarray:
    """Return the cell of each place, the side of the world cut in `nb`."""
    columns, rows = (np.floor(one * nb).astype(np.int64) for one in (lieux.x, lieux.y))
    return columns * 2**32 + rows


def _group(lieux: _Lieux, zoom: int) -> _Lieux:
    """Return the places of a zoom by cell, each at the mean of its places weighted by offers.

    A place alone in its cell stays what it is.
    """
    _, first, cell = np.unique(
        _cells(lieux, 2**zoom * MAILLES), return_index=True, return_inverse=True
    )
    cell, size = cell.reshape(-1), len(first)
    nb = np.zeros((size, lieux.nb.shape[1]), np.int64)
    np.add.at(nb, cell, lieux.nb)
    places = np.bincount(cell, minlength=size)
    is_alone = places == 1

    def mean(column: np.ndarray) -> np.ndarray:
        found = np.bincount(cell, lieux.nb[:, 0] * column, size) / nb[:, 0]
        return np.where(is_alone, column[first], found)

    # Names are told at the last zoom alone: they are most of a tile's weight.
    kept = ("commune", "precision", "est_douteuse")
    fiches = [
        {nom: value for nom, value in lieux.fiches[row].items() if nom in kept}
        if alone
        else {"nb_lieux": number}
        for row, alone, number in zip(
            first.tolist(), is_alone.tolist(), places.tolist(), strict=True
        )
    ]
    return _Lieux(x=mean(lieux.x), y=mean(lieux.y), noms=lieux.noms, nb=nb, fiches=fiches)


def _tiles(lieux: _Lieux, zoom: int) -> Iterator[TuileVectorielle]:
    """Yield the tiles of some points at a zoom."""
    tile, extent = _cells(lieux, 2**zoom), PAS_DU_MONDE // 2**zoom
    order = np.argsort(tile, kind="stable")
    starts = np.flatnonzero(np.diff(tile[order], prepend=-1))
    for rows in np.split(order, starts[1:]) if len(order) else []:
        column, row = divmod(int(tile[rows[0]]), 2**32)
        inside = [
            np.rint((one[rows] * 2**zoom - corner) * extent).astype(np.int64)
            for one, corner in ((lieux.x, column), (lieux.y, row))
        ]
        features = [
            {
                "geometry": point,
                "properties": lieux.fiches[one]
                | {nom: n for nom, n in zip(lieux.noms, counts, strict=True) if n},
            }
            for point, one, counts in zip(
                shapely.points(*inside), rows.tolist(), lieux.nb[rows].tolist(), strict=True
            )
        ]
        content = mapbox_vector_tile.encode(
            {"name": COUCHE, "features": features},
            default_options={"y_coord_down": True, "extents": extent},
        )
        yield TuileVectorielle(
            id=zxy_to_tileid(zoom, column, row),
            zoom=zoom,
            contenu=gzip.compress(content, mtime=0),
        )


def archive(tuilage: Tuilage, metadata: Mapping) -> bytes:
    """Return the file of some tiles (PMTiles 3); b"" without any.

    Parameters
    ----------
    metadata : mapping
        What travels with the tiles: title, attribution.  Fields and totals are added.
    """
    if not tuilage.tuiles:
        return b""
    stream = io.BytesIO()
    writer = Writer(stream)
    for one in tuilage.tuiles:
        writer.write_tile(one.id, one.contenu)
    west, south, east, north = (round(degrees * 1e7) for degrees in tuilage.emprise)
    zooms = [one.zoom for one in tuilage.tuiles]
    writer.finalize(
        {
            "tile_type": TileType.MVT,
            "tile_compression": Compression.GZIP,
            **{"min_lon_e7": west, "min_lat_e7": south, "max_lon_e7": east, "max_lat_e7": north},
            **{"center_lon_e7": (west + east) // 2, "center_lat_e7": (south + north) // 2},
            "center_zoom": 8,
        },
        {
            **metadata,
            "vector_layers": [
                {
                    "id": COUCHE,
                    "minzoom": min(zooms),
                    "maxzoom": max(zooms),
                    "fields": {
                        **dict.fromkeys(tuilage.totaux, "Number"),
                        **{nom: kind for nom, (kind, _) in CHAMPS.items()},
                    },
                }
            ],
            "totaux": {nom: list(both) for nom, both in tuilage.totaux.items()},
        },
    )
    return stream.getvalue()
