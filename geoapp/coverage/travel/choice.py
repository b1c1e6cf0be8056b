"""Which costs a snapshot uses: those that the user gives, else the estimated ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoapp.core.errors import ParameterError
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.travel.completed import read_given, with_given
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.estimated import store_estimates
from geoapp.coverage.travel.given import count_residents
from geoapp.coverage.travel.matrix import Matrices, Trajets, store_matrices
from geoapp.coverage.travel.modes import MODES
from geoapp.reference.codes.identifiers import suggest

Donnee = tuple[str | None, Path]
"""A file of costs, and the way of travelling that it is said to be of (None: it says it)."""


def parse_given(text: str) -> Donnee:
    """Return the file that an option names: « F.parquet », or « velo=F.parquet ».

    Raises
    ------
    ParameterError
        When the way of travelling is not known.
    """
    mode, sign, path = text.partition("=")
    # A path may hold the sign too: what stands before it is then no plain word.
    if not sign or not mode.isidentifier():
        return None, Path(text)
    if mode not in MODES:
        hint = suggest(mode, MODES) or f"Modes : {', '.join(MODES)}."
        raise ParameterError(f"--trajets {text} : mode de déplacement inconnu. {hint}")
    return mode, Path(path)


def choose_trajets(
    frames: dict[str, pd.DataFrame], donnees: Sequence[Donnee] = (), aside: Path | None = None
) -> Matrices:
    """Return the cost matrices of some tables: those estimated, and those of the files given.

    Rows are the counted points of `demande`, in its order; columns the positions
    of `offres` and `offres_voisines`, sorted.

    Parameters
    ----------
    donnees : sequence of (mode or None, path)
        Files of costs (see `read_given`); one takes the place of the estimate of its way of
        travelling, which completes it where it does not reach, when it tells where.
    aside : Path, optional
        Folder where the estimated ones are written, to be moved into a snapshot; else they are in
        memory.

    Raises
    ------
    SourceError
        When a file cannot be used (see `read_given`).
    ParameterError
        When two files are of one way of travelling.
    """
    points, places = list_origins(frames), list_places(frames)
    ids = places["id_place"].to_numpy(dtype=str)
    given: dict[str, Trajets] = {}
    for mode, path in donnees:
        one = read_given(path, points, ids, mode=mode)
        if one.mode in given:
            raise ParameterError(
                f"Deux matrices de trajets sont données pour le mode « {one.mode} » "
                f"(la seconde : {path}). Donnez-en une par mode, « velo=F.parquet » au besoin."
            )
        given[one.mode] = one
    densites = {
        "origines": density_around(shapely.get_coordinates(points.geometry.to_numpy())),
        "places": density_around(places[["longitude", "latitude"]].to_numpy(float)),
    }
    estimated = store_estimates(points, places, frames["communes"], densites, aside)
    chosen = with_given(estimated, given, count_residents(points))
    return store_matrices(chosen, densites, (points["id_point"].to_numpy(dtype=str), ids))


def read_tables(snapshot: Snapshot) -> dict[str, pd.DataFrame]:
    """Return the tables of a snapshot that its points, its places and their floors are made of."""
    names = ("demande", "offres", "offres_voisines", "lieux_information", "communes")
    return {nom: snapshot.read(nom) for nom in names}


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
        pd.DataFrame(frames[nom][read]).dropna(subset="id_place")
        for nom in ("offres", "offres_voisines", "lieux_information")
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
