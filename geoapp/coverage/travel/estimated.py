"""Costs that nobody gave: those of the law of each way of travelling, and what they are worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoapp.core.french import format_decimal, format_number
from geoapp.coverage.travel.intrazonal import PART_RACINE, find_floors
from geoapp.coverage.travel.law import (
    Bande,
    Law,
    Portee,
    build_costs,
    cost_blocks,
    load_laws,
)
from geoapp.coverage.travel.matrix import Matrice, StoredCosts, Trajets
from geoapp.coverage.travel.modes import MODES

_PLANCHER = (
    "Dans une même commune, ou un même carreau, la distance à vol d'oiseau est d'au moins "
    "0,376 × √surface, la distance moyenne au centre d'un disque : personne n'est à 0 km."
)


def estimate_trajets(
    points: gpd.GeoDataFrame,
    places: pd.DataFrame,
    communes: gpd.GeoDataFrame,
    densites: dict[str, np.ndarray],
    *,
    sauf: tuple[str, ...] = (),
) -> Iterator[Trajets]:
    """Yield the costs of each way of travelling that has a law, but for `sauf`.

    Nobody is at 0 km (`intrazonal`).

    Parameters
    ----------
    points : GeoDataFrame
        Points of demand, the rows: `id_point`, `type_point`, `code_commune` (EPSG:4326).
    places : DataFrame
        The columns: `id_place`, `longitude`, `latitude`, `code_commune`, `est_vague`.
    communes : GeoDataFrame
        Outlines (EPSG:4326).
    densites : dict of arrays
        People per km² around each of them (`origines`, `places`), NaN where unknown.
    """
    floors = find_floors(points, places, communes)
    for law in load_laws().values():
        if law.mode not in sauf:
            mode = MODES[law.mode]
            distance, minutes = build_costs(
                law,
                *_lonlat(points, places),
                densites["origines"],
                densites["places"],
                mode.maximum_min,
                floors,
                mode.maximum_km,
            )
            yield Trajets(
                mode=law.mode,
                origines=np.asarray(points["id_point"], dtype="U"),
                places=np.asarray(places["id_place"], dtype="U"),
                distance_km=distance,
                duree_min=minutes,
                parametres=_parametres(law),
            )


def store_estimates(
    points: gpd.GeoDataFrame,
    places: pd.DataFrame,
    communes: gpd.GeoDataFrame,
    densites: dict[str, np.ndarray],
    aside: Path | None = None,
) -> list[Matrice]:
    """Return the costs of `estimate_trajets` as they are stored, worked out together.

    They are written into the folder `aside`, if one is given, and are never in memory at once.
    """
    laws = load_laws().values()
    stored = [
        StoredCosts(law.mode, _parametres(law), (len(points), len(places)), aside) for law in laws
    ]
    portees = [
        Portee(
            law,
            densites["origines"],
            densites["places"],
            MODES[law.mode].maximum_min,
            MODES[law.mode].maximum_km,
        )
        for law in laws
    ]
    floors = find_floors(points, places, communes)
    for blocks in cost_blocks(*_lonlat(points, places), portees, floors):
        for one, block in zip(stored, blocks, strict=True):
            one.add(block.nombres, block.places, {"km": block.km, "min": block.minutes})
    return [one.whole() for one in stored]


def _lonlat(points: gpd.GeoDataFrame, places: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the degrees of points and places."""
    return (
        shapely.get_coordinates(points.geometry.to_numpy()),
        places[["longitude", "latitude"]].to_numpy(float),
    )


def _parametres(law: Law) -> dict:
    """Return what is told of the costs of a law."""
    mode = MODES[law.mode]
    return {
        "fournisseur": _provider(law),
        "source": law.source,
        "perimetre": law.perimetre,
        "licence": law.licence,
        "date": law.date,
        "nb_trajets_connus": law.nb_paires,
        "maximum_km": mode.maximum_km,
        "maximum_min": mode.maximum_min,
        "minimum_communal": PART_RACINE,
        "erreurs": [
            asdict(band) | {"a_min": round(float(law.minutes(band.a_km)), 1)} for band in law.errors
        ],
        "erreurs_km": [asdict(band) for band in law.errors_km],
        "note": describe_law(law),
    }


def _provider(law: Law) -> str:
    """Return who gives the costs of a law."""
    if not law.est_mesuree:
        return "loi déclarée"
    return f"loi calée sur {format_number(law.nb_paires)} trajets connus"


def describe_law(law: Law) -> str:
    """Return in French what the costs of a law are, and what they are worth."""
    phrase = MODES[law.mode].titre
    if not law.est_mesuree:
        half, most = _worst(law.errors)
        return (
            f"{phrase} : durées estimées par une {law.source} ; rien ne les a mesurées. "
            f"On les prend à {half} près une fois sur deux, à {most} près neuf fois sur dix. "
            f"{_PLANCHER}"
        )
    half, most = _worst(tuple(band for band in law.errors if band.de_km >= 3))
    return (
        f"{phrase} : durées estimées selon la distance à vol d'oiseau et la densité de population "
        f"aux deux bouts, par une loi calée sur {format_number(law.nb_paires)} trajets connus "
        f"({law.perimetre}). De 3 à 80 km, l'écart est d'au plus {half} une fois sur deux, {most} "
        "neuf fois sur dix ; il est plus grand en dessous de 3 km. "
        "Fleuves, péages et relief ne comptent que par leur effet moyen. "
        f"Source : {law.source} ; {law.licence}. {_PLANCHER}"
    )


def _worst(bands: tuple[Bande, ...]) -> tuple[str, str]:
    """Return the greatest errors of some bands as percentages: of half, and of nine tenths."""
    sizes = (max(band.mediane for band in bands), max(band.p90 for band in bands))
    half, most = (f"{format_decimal(np.ceil(size * 100), 0)} %" for size in sizes)
    return half, most
