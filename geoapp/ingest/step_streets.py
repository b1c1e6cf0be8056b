"""Step of a build that makes the streets one starts a search from: a file by source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geoapp.core.config import CRS_GEO, CRS_METRIC
from geoapp.core.errors import ParameterError
from geoapp.core.files import sha256_of
from geoapp.ingest.readings import Lectures, per_source
from geoapp.ingest.state import BuildState
from geoapp.ingest.tally import Bilan
from geoapp.offer.search.street_words import fold_street
from geoapp.offer.search.streets import streets_bytes
from geoapp.reference.codes.text import map_distinct
from geoapp.reference.zone_joins import assign_by_geometry
from geoapp.sources.fetch import Located
from geoapp.sources.registry import Source

ADRESSES = "ban"
"""Row of the registry that the address files given stand for."""

ECART_M = 600.0
"""Lines of one name in a commune that lie farther apart than this are of two streets."""

_COTES = (
    *("à l'est", "au nord-est", "au nord", "au nord-ouest"),
    *("à l'ouest", "au sud-ouest", "au sud", "au sud-est"),
)


def give_addresses(located: list[Located], fichiers: Sequence[Path]) -> list[Located]:
    """Return the sources, those of addresses being the files given, when some are.

    Each file is a source of its own: the first bears the name of the row of the registry.

    Raises
    ------
    ParameterError
        When a file is not there.
    """
    given = []
    for rank, path in enumerate(fichiers, 1):
        if not path.is_file():
            raise ParameterError(
                f"Le fichier d'adresses « {path} » n'existe pas. "
                "Vérifiez le chemin donné à --adresses."
            )
        row = next(one.source for one in located if one.source.id == ADRESSES)
        source = row if rank == 1 else replace(row, id=f"{row.id}-{rank}")
        digest = sha256_of(path)
        given.append(Located(source=source, path=path, mode="miroir", sha256=digest, note=""))
    if not given:
        return located
    at = next(rank for rank, one in enumerate(located) if one.source.id == ADRESSES)
    return [*located[:at], *given, *located[at + 1 :]]


def street_files(state: BuildState, lectures: Lectures) -> dict[str, bytes]:
    """Return the files of streets of a snapshot, by name, and count their sources."""
    files = {}
    for rank, one in enumerate(state.feeding("rues")):
        make = partial(_one_file, one.source, lectures, state.communes)
        content, state.bilans[one.source.id] = per_source(state, one, make)
        # The order of the registry is that in which they are asked.
        files[f"{rank:02d}-{one.source.id}.sqlite"] = content
    return files


def _one_file(
    source: Source, lectures: Lectures, communes: gpd.GeoDataFrame
) -> tuple[bytes, Bilan]:
    """Return the file of one source, and its counts."""
    lecture = lectures[source.id]
    frame = lecture.frame
    rues = streets_of_roads(frame, communes) if "geometry" in frame else frame
    credit = source.producteur if "ODbL" in source.licence else ""
    return streets_bytes(rues, credit), Bilan.of_reading(source.id, lecture)


def streets_of_roads(roads: pd.DataFrame, communes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the streets of named roads, one by commune and name, two when they are far apart.

    Parameters
    ----------
    roads : DataFrame
        `nom`, `classe` and `geometry` (lines, degrees).  Motorways and roads known by a number
        alone (« D 943 ») are no street to live in.
    communes : GeoDataFrame
        `code_commune` and outlines (EPSG:4326).

    Returns
    -------
    DataFrame
        The columns of `streets_bytes`; the point is that of the street nearest to its middle.
    """
    is_named = roads["nom"].str.contains(r"[^\W\d_]{2}", regex=True)
    kept = roads[is_named & roads["classe"].ne("highway")].reset_index(drop=True)
    lines = gpd.GeoDataFrame(kept, geometry="geometry", crs=CRS_GEO).to_crs(CRS_METRIC)
    lines["plie"] = map_distinct(lines["nom"], fold_street).astype("str")
    middles = lines.geometry.interpolate(0.5, normalized=True).to_crs(CRS_GEO)
    # On a border the smallest code wins, as everywhere.
    lines["code_commune"] = assign_by_geometry(middles, communes, "code_commune")
    lines = lines[lines["code_commune"].notna() & lines["plie"].ne("")]
    keys = pd.MultiIndex.from_frame(lines[["code_commune", "plie"]])
    rank, known = pd.factorize(keys, sort=True)
    order = np.argsort(rank, kind="stable")
    names, shapes = lines["nom"].to_numpy()[order], lines.geometry.to_numpy()[order]
    cuts = np.flatnonzero(np.diff(rank[order], prepend=-1, append=len(known)))
    labels = _near_labels(shapes, cuts)
    pieces = pd.MultiIndex.from_arrays([rank[order], labels])
    piece, of_street = pd.factorize(pieces, sort=True)
    xy = _middles(shapes, piece)
    streets = np.searchsorted(of_street.get_level_values(0), np.arange(len(known) + 1))
    rows = [
        row
        for (commune, _), start, end, first, last in zip(
            known, cuts[:-1], cuts[1:], streets[:-1], streets[1:], strict=True
        )
        for row in _told(str(commune), names[start:end], xy[first:last])
    ]
    columns = ["code_commune", "nom", "ou", "x", "y"]
    table = pd.DataFrame(rows, columns=columns)
    points = gpd.GeoSeries.from_xy(table["x"], table["y"], crs=CRS_METRIC).to_crs(CRS_GEO)
    return table.assign(
        longitude=points.x.round(5), latitude=points.y.round(5), code_postal="", numeros=b""
    )


def _near_labels(shapes: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Return the number of the street of each line: of one name, those near each other are one."""
    is_wide = _extents_m(shapes, cuts) > ECART_M
    names = zip(cuts[:-1][is_wide], np.diff(cuts)[is_wide], strict=True)
    pairs = [np.add(np.triu_indices(nb, 1), start) for start, nb in names]
    one, other = np.concatenate([np.empty((2, 0), dtype=int), *pairs], axis=1)
    near = shapely.dwithin(shapes[one], shapes[other], ECART_M)
    links = coo_array((near[near], (one[near], other[near])), shape=(len(shapes),) * 2)
    labels = connected_components(links, directed=False)[1]
    return np.where(np.repeat(is_wide, np.diff(cuts)), labels, 0)


def _told(commune: str, names: np.ndarray, points: np.ndarray) -> list[tuple]:
    """Return the streets of one name in a commune, of which `points` are the middles."""
    # The spelling met most often, the first in order among equals.
    nom = Counter(sorted(names)).most_common(1)[0][0]
    if len(points) == 1:
        return [(commune, nom, "", *points[0])]
    x, y = np.mean(points, axis=0)
    return [(commune, nom, _side(px - x, py - y), px, py) for px, py in points]


def _extents_m(shapes: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Return the longer side of the rectangle that holds the lines of each street."""
    bounds, starts = shapely.bounds(shapes), cuts[:-1]
    least = np.fmin.reduceat(bounds[:, :2], starts)
    most = np.fmax.reduceat(bounds[:, 2:], starts)
    return (most - least).max(axis=1)


def _middles(shapes: np.ndarray, piece: np.ndarray) -> np.ndarray:
    """Return the point of the lines of each piece that is nearest to their middle: (n, 2)."""
    order = np.argsort(piece, kind="stable")
    whole = shapely.multilinestrings(shapes[order], indices=piece[order])
    nearest = shapely.shortest_line(whole, shapely.centroid(whole))
    return shapely.get_coordinates(shapely.get_point(nearest, 0))


def _side(x: float, y: float) -> str:
    """Return on which side a street is of the middle of those that have its name."""
    return _COTES[round(np.degrees(np.arctan2(y, x)) / 45) % 8]
