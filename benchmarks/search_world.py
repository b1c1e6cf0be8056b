"""Snapshots of any size, replicated from a real one: `python -m benchmarks.search_world DATA TARGET
NB`.

Whole copies of the offer are laid side by side: identifiers are new, places
and bodies multiply with the size, and as in the real offer about one title
serves five offers.  Territories stay as they are.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from benchmarks.measure import Stopwatch
from benchmarks.synthesise import JITTER_M, METRES_BY_DEGREE, count_places
from geoapp.core import publishing, schema
from geoapp.core.snapshot import SNAPSHOTS, open_snapshot
from geoapp.offer.search.index import write_index

COPIES_BY_TITLE = 4
"""Copies that share their titles: the next ones are « … - parcours 1 », « 2 »…"""

PLACES_BY_BODY = 3
CHECKED_MAX = 200_000
"""Above, the tables are written without the checks of `publish`, which are not what is measured."""


def main(data: str, target: str, size: str) -> None:
    """Write the snapshot and print how long it took."""
    watch = Stopwatch()
    snapshot = open_snapshot(Path(data))
    frames = replicate({nom: snapshot.read(nom) for nom in schema.TABLES}, int(size))
    watch.lap("replicate")
    write_world(frames, snapshot.manifest, Path(target))
    watch.lap("write")
    print(watch.report(offers=len(frames["offres"])))


def replicate(
    frames: dict[str, pd.DataFrame], nb_offers: int, *, seed: int = 20201116
) -> dict[str, pd.DataFrame]:
    """Return tables with `nb_offers` offers made of copies of those of `frames`; the first copy is
    the offer itself.
    """
    nb_copies = -(-nb_offers // len(frames["offres"]))
    places = max(1, min(nb_copies, round(count_places(nb_offers) / len(frames["lieux"]))))
    bodies = max(1, places // PLACES_BY_BODY)
    copy = np.arange(nb_copies)
    place = {"id_lieu": copy % places}
    body = {"id_organisme": copy % places % bodies}
    own = {"id_formation": copy, "id_action": copy, "id_session": copy}
    title, name = {"intitule": copy // COPIES_BY_TITLE}, {"nom_organisme": body["id_organisme"]}
    shifts = np.random.default_rng(seed).normal(
        0, JITTER_M / METRES_BY_DEGREE, (places, len(frames["lieux"]), 2)
    )
    shifts[0] = 0
    result = dict(frames)
    result["formations"] = _copies(frames["formations"], {**own, **body, **title})
    result["actions"] = _copies(frames["actions"], {**own, **body})
    result["sessions"] = _copies(frames["sessions"], own)
    result["actions_lieux"] = _copies(frames["actions_lieux"], {**own, **place})
    result["lieux"] = _moved(
        _copies(frames["lieux"], {"id_lieu": np.arange(places)}), frames["lieux"], shifts
    )
    result["lieux_zones"] = _copies(frames["lieux_zones"], {"id_lieu": np.arange(places)})
    result["organismes"] = _copies(
        frames["organismes"], {"id_organisme": np.arange(bodies), "nom": np.arange(bodies)}
    )
    offers = _copies(frames["offres"], {**own, **place, **body, **title, **name})
    result["offres"] = _placed(offers, result["lieux"]).iloc[:nb_offers].reset_index(drop=True)
    return result


def _copies(frame: pd.DataFrame, numbers: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return the rows of a table once per copy; `numbers` gives by column what is added to it, by
    copy (0: nothing).
    """
    numbers = {nom: values for nom, values in numbers.items() if nom in frame}
    nb = len(next(iter(numbers.values())))
    result = frame.iloc[np.tile(np.arange(len(frame)), nb)].reset_index(drop=True)
    for nom, values in numbers.items():
        mark = " - parcours " if nom == "intitule" else " " if nom.startswith("nom") else "."
        suffixes = np.array(
            ["" if value == 0 else f"{mark}{value}" for value in values], dtype=object
        )
        result[nom] = (result[nom].astype("object") + np.repeat(suffixes, len(frame))).astype(
            frame[nom].dtype
        )
    return result


def _moved(
    lieux: gpd.GeoDataFrame, before: gpd.GeoDataFrame, shifts: np.ndarray
) -> gpd.GeoDataFrame:
    """Return copied places scattered around the known ones; a place without point stays without."""
    known = before.geometry.notna().to_numpy() & ~before.geometry.is_empty.to_numpy()
    rows = np.tile(known, len(shifts))
    moved = shifts.reshape(-1, 2)[rows] * [1.55, 1.0]
    points = lieux.geometry[rows]
    drawn = gpd.points_from_xy(
        (points.x + moved[:, 0]).round(7), (points.y + moved[:, 1]).round(7), crs=lieux.crs
    )
    lieux.loc[rows, "geometry"] = gpd.GeoSeries(drawn, index=points.index)
    return lieux


def _placed(offers: gpd.GeoDataFrame, lieux: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return offers at the point of their place."""
    rows = pd.Series(np.arange(len(lieux)), index=lieux["id_lieu"].astype("object"))
    points = lieux.geometry.to_numpy()[rows.loc[offers["id_lieu"].astype("object")].to_numpy()]
    return offers.set_geometry(gpd.GeoSeries(points, crs=offers.crs))


def write_world(frames: dict[str, pd.DataFrame], manifest: dict, data_dir: Path) -> None:
    """Publish the tables with their index; very large ones by the same writer, without the contract
    checks.
    """
    frames = {nom: schema.conform(frame, nom) for nom, frame in frames.items()}
    if len(frames["offres"]) <= CHECKED_MAX:
        publishing.publish(
            frames, manifest, data_dir, finish=lambda folder: write_index(frames, folder)
        )
    else:
        content = {nom: _as_parquet(frame) for nom, frame in frames.items()}
        folder = publishing._write(
            content,
            manifest,
            data_dir / SNAPSHOTS,
            lambda folder: write_index(frames, folder),
        )
        publishing.serve_folder(data_dir, folder)


def _as_parquet(frame: pd.DataFrame) -> bytes:
    """Return a table as the product writes it, its contract left unchecked."""
    stream = io.BytesIO()
    frame.to_parquet(stream, index=False, compression="zstd")
    return stream.getvalue()


if __name__ == "__main__":
    main(*sys.argv[1:])
