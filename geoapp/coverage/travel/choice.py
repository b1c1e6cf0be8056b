"""Which costs a snapshot uses: those that the user gives, else the estimated ones."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoapp.coverage.travel.detour import build_trajets
from geoapp.coverage.travel.given import read_trajets
from geoapp.coverage.travel.matrix import Trajets


def choose_trajets(frames: dict[str, pd.DataFrame], path: Path | None = None) -> Trajets:
    """Return the cost matrix of some tables: file `path` when given, else the estimated one.

    Rows are the counted points of `demande`, in its order; columns the positions
    of `offres` and `offres_voisines`, sorted.

    Raises
    ------
    SourceError
        When the file cannot be used (see `read_trajets`).
    """
    points, places = list_origins(frames), list_places(frames)
    if path is not None:
        return read_trajets(path, points, places["id_place"].to_numpy(dtype=str))
    return build_trajets(
        points["id_point"],
        shapely.get_coordinates(points.geometry.to_numpy()),
        places["id_place"],
        places[["longitude", "latitude"]].to_numpy(float),
    )


def list_origins(frames: dict[str, pd.DataFrame]) -> gpd.GeoDataFrame:
    """Return the counted points of `demande`, in its order."""
    demande = frames["demande"]
    return demande[demande["est_compte"].astype(bool)].reset_index(drop=True)


def list_places(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the distinct positions of the offers, sorted by `id_place`; degrees (EPSG:4326)."""
    parts = [
        frames[nom][["id_place", "geometry"]].dropna(subset="id_place")
        for nom in ("offres", "offres_voisines")
    ]
    every = (
        pd.concat([pd.DataFrame(part) for part in parts])
        .drop_duplicates("id_place")
        .sort_values("id_place", ignore_index=True)
    )
    xy = shapely.get_coordinates(every["geometry"].to_numpy()) if len(every) else np.empty((0, 2))
    return pd.DataFrame(
        {"id_place": every["id_place"], "longitude": xy[:, 0], "latitude": xy[:, 1]}
    )
