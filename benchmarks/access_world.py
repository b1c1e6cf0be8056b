"""A world of people, places and costs at a chosen size, kept in a folder so that every rival is
given the same.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from geoapp.core.config import GEODATA
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.law import build_costs, load_laws

LIMIT_KM = 20.0
NB_FILTERS = 90
"""Domain × level: fifteen domains of six levels."""


def draw_points(nb: int, seed: int) -> np.ndarray:
    """Return `nb` longitudes and latitudes: town halls of the region by population, the copies
    scattered around (about 4 km).
    """
    communes = pd.read_parquet(
        GEODATA / "communes.parquet",
        columns=["code_region", "population", "longitude_mairie", "latitude_mairie"],
    )
    communes = communes[communes["code_region"].eq("32")].reset_index(drop=True)
    halls = communes[["longitude_mairie", "latitude_mairie"]].to_numpy(float)
    if nb <= len(halls):
        return halls[np.random.default_rng(seed).permutation(len(halls))[:nb]]
    rng = np.random.default_rng(seed)
    weight = communes["population"].fillna(0).to_numpy(float) ** 0.7
    return halls[rng.choice(len(halls), nb, p=weight / weight.sum())] + rng.normal(
        0, (0.05, 0.035), (nb, 2)
    )


def write_world(folder: Path, nb_origins: int, nb_places: int) -> dict:
    """Write people, supply, costs up to `LIMIT_KM` and their points; return what the world is."""
    origins, places = draw_points(nb_origins, 1), draw_points(nb_places, 2)
    ends = density_around(origins), density_around(places)
    cost, _ = build_costs(load_laws()["voiture"], origins, places, *ends, 0.0, max_km=LIMIT_KM)
    rng = np.random.default_rng(3)
    supply = rng.integers(0, 4, (nb_places, NB_FILTERS)) * (
        rng.random((nb_places, NB_FILTERS)) < 0.12
    )
    supply[:, 0] = rng.integers(1, 20, nb_places)
    arrays = {
        "origins": origins,
        "places": places,
        "people": rng.integers(1, 2000, nb_origins).astype(float),
        "supply": supply.astype(float),
        "data": cost.data.astype(float),
        "indices": cost.indices,
        "indptr": cost.indptr,
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return {"pairs": int(cost.nnz), "density": cost.nnz / (nb_origins * nb_places)}
