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
    return build_trajets(points, places, frames["communes"])


def list_origins(frames: dict[str, pd.DataFrame]) -> gpd.GeoDataFrame:
    """Return the counted points of `demande`, in its order."""
    demande = frames["demande"]
    return demande[demande["est_compte"].astype(bool)].reset_index(drop=True)


def list_places(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the distinct positions of the offers, sorted by `id_place`; degrees (EPSG:4326).

    `code_commune` is that of their offers (the smallest of several), `est_vague` tells those of
    which only the commune is known.
    """
    read = ["id_place", "code_commune", "precision_position", "geometry"]
    parts = [
        pd.DataFrame(frames[nom])[read].dropna(subset="id_place")
        for nom in ("offres", "offres_voisines")
    ]
    rows = pd.concat(parts, ignore_index=True).sort_values(["id_place", "code_commune"])
    is_vague = rows["precision_position"].eq("commune").fillna(False).astype(bool)
    vague = is_vague.groupby(rows["id_place"]).all()
    every = rows.drop_duplicates("id_place").reset_index(drop=True)
    xy = shapely.get_coordinates(every["geometry"].to_numpy()) if len(every) else np.empty((0, 2))
    return pd.DataFrame(
        {
            "id_place": every["id_place"],
            "longitude": xy[:, 0],
            "latitude": xy[:, 1],
            "code_commune": every["code_commune"],
            "est_vague": every["id_place"].map(vague).astype(bool),
        }
    )
