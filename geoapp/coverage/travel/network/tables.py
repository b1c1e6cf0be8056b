"""Tables of times on a network, worked out by blocks of origins that a killed run keeps."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from geoapp.core.errors import ParameterError
from geoapp.coverage.travel.given import Couverture
from geoapp.coverage.travel.modes import MODES, Mode
from geoapp.coverage.travel.network.engine import ALGORITHME, Calculateur, Graphe, ask
from geoapp.coverage.travel.network.profiles import ACCES_KM_H, ACCROCHE_MAX_M

CASES = 2_000_000
"""Pairs of a block: the worker holds some 600 MB for them, and searches from each place anew."""

Watch = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class CoutsRoutiers:
    """Costs on a network, and what they are worth.

    Attributes
    ----------
    duree_min, distance_km : csr_array of float32, (n_origins, n_places)
        One structure, columns sorted; the way from a point to its road and from a road to its place
        included.  An absent pair cannot be travelled, is beyond the maximum, or is not reached.
    couverture : Couverture
        Which rows and columns the network reaches.
    accroche_origines_m, accroche_places_m : arrays of float32
        Straight line from each point and each place to the network, in metres; NaN beyond
        `ACCROCHE_MAX_M`.
    nb_isoles : int
        Points and places near a road that leads to none of the others.
    nb_sans_chemin : int
        Pairs of two reached ends that cannot be travelled.
    cout : dict
        `secondes`, `memoire_mo` of the worker (0 when all was kept, None when not measured),
        `nb_blocs`, and how many of them were kept (`nb_trouves`).
    """

    duree_min: scipy.sparse.csr_array
    distance_km: scipy.sparse.csr_array
    couverture: Couverture
    accroche_origines_m: np.ndarray
    accroche_places_m: np.ndarray
    nb_isoles: int
    nb_sans_chemin: int
    cout: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Blocs:
    """Blocks on the disk: of rows `debuts[i]` to the next, all columns; metres to the network."""

    dossier: Path
    debuts: list[int]
    accroche_origines_m: np.ndarray
    accroche_places_m: np.ndarray

    def read(self) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Give each block: first row, minutes and kilometres door to door (NaN: no way)."""
        nb_places = len(self.accroche_places_m)
        for i, start in enumerate(self.debuts):
            end = [*self.debuts, len(self.accroche_origines_m)][i + 1]
            nb = end - start
            values = np.fromfile(_block(self.dossier, start), dtype="<f4")
            seconds = values[: nb * nb_places].reshape(nb, nb_places)
            metres = values[nb * nb_places : 2 * nb * nb_places].reshape(nb, nb_places)
            ends = self.accroche_origines_m[start:end, None] + self.accroche_places_m
            # Near a piece of road that leads nowhere, OSRM takes the next one, which may be far.
            far = np.maximum.outer(
                self.accroche_origines_m[start:end] > ACCROCHE_MAX_M,
                self.accroche_places_m > ACCROCHE_MAX_M,
            )
            minutes = seconds / 60 + ends * (60 / 1000 / ACCES_KM_H)
            yield start, np.where(far, np.float32(np.nan), minutes), (metres + ends) / 1000


def work_out_tables(
    calculateur: Calculateur,
    graphe: Graphe,
    origins_lonlat: np.ndarray,
    places_lonlat: np.ndarray,
    watch: Watch,
) -> CoutsRoutiers:
    """Return the costs on a network between points and places, in degrees (EPSG:4326).

    Time and distance are those of OSRM between the nearest ways, and the straight lines to these,
    on foot.  Blocks already on the disk, of the same points and places, are not worked out again.

    Raises
    ------
    SourceError
        When the network reaches no point or no place, or OSRM fails.
    """
    began = time.monotonic()
    folder = graphe.dossier / f"tables-{_digest(origins_lonlat, places_lonlat)}"
    folder.mkdir(exist_ok=True)
    near = _near(calculateur, graphe, folder, np.concatenate([origins_lonlat, places_lonlat]))
    rows = np.flatnonzero(near[: len(origins_lonlat)])
    columns = np.flatnonzero(near[len(origins_lonlat) :])
    if not len(rows) or not len(columns):
        what = "lieu de formation" if len(rows) else "point de population"
        raise ParameterError(
            f"Aucun {what} n'est à moins de {ACCROCHE_MAX_M:.0f} m d'une route de ce réseau : "
            "donnez à --reseau l'extrait OpenStreetMap de la région servie."
        )
    ends = origins_lonlat[rows], places_lonlat[columns]
    blocks, cout = _work_out(calculateur, graphe, folder, ends, watch)
    shape = (len(origins_lonlat), len(places_lonlat))
    found = _assemble(blocks, (rows, columns), shape, MODES[graphe.profil.mode])
    return replace(found, cout={**cout, "secondes": round(time.monotonic() - began, 1)})


def _digest(*arrays: np.ndarray) -> str:
    """Return what names the tables between some points: equal points, equal name."""
    digest = hashlib.sha256(f"{CASES} {ACCROCHE_MAX_M}".encode())
    for one in arrays:
        digest.update(f"{one.shape}".encode())
        digest.update(np.ascontiguousarray(one, dtype="<f8").tobytes())
    return digest.hexdigest()[:16]


def _near(calculateur: Calculateur, graphe: Graphe, folder: Path, points: np.ndarray) -> np.ndarray:
    """Tell which points are near a way: the others are not worth a table."""
    kept = folder / "accroches.f4"
    if not kept.exists():
        ask(
            calculateur.python,
            "snap",
            graphe=graphe.chemin,
            algorithme=ALGORITHME,
            points=points.tolist(),
            sortie=str(kept),
        )
    return np.fromfile(kept, dtype="<f4") <= ACCROCHE_MAX_M


def _work_out(
    calculateur: Calculateur,
    graphe: Graphe,
    folder: Path,
    ends: tuple[np.ndarray, np.ndarray],
    watch: Watch,
) -> tuple[_Blocs, dict[str, Any]]:
    """Have the blocks that are not on the disk made, and return them all."""
    origins, places = ends
    step = max(1, CASES // len(places))
    starts = list(range(0, len(origins), step))
    todo = [start for start in starts if not _block(folder, start).exists()]
    kept = len(starts) - len(todo)
    watch("tables", kept, len(starts))
    cout = {"nb_blocs": len(starts), "nb_trouves": kept, "memoire_mo": 0.0}
    if todo:
        answer = ask(
            calculateur.python,
            "tables",
            watch=lambda done: watch("tables", kept + done, len(starts)),
            graphe=graphe.chemin,
            algorithme=ALGORITHME,
            origines=origins.tolist(),
            places=places.tolist(),
            blocs=[
                (start, min(start + step, len(origins)), str(_block(folder, start)))
                for start in todo
            ],
        )
        cout["memoire_mo"] = answer["memoire_mo"]
    lines = [
        _lines(_block(folder, start), min(step, len(origins) - start), len(places))
        for start in starts
    ]
    blocks = _Blocs(
        dossier=folder,
        debuts=starts,
        accroche_origines_m=np.concatenate([origins for origins, _ in lines]),
        accroche_places_m=lines[0][1],
    )
    return blocks, cout


def _block(folder: Path, start: int) -> Path:
    """Return where the block that begins at a row is."""
    return folder / f"bloc-{start:07d}.f4"


def _lines(path: Path, nb: int, nb_places: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the metres to the network of the origins of a block, and of its places."""
    tail = np.fromfile(path, dtype="<f4", offset=8 * nb * nb_places)
    return tail[:nb], tail[nb:]


def _assemble(
    blocks: _Blocs,
    ends: tuple[np.ndarray, np.ndarray],
    shape: tuple[int, int],
    mode: Mode,
) -> CoutsRoutiers:
    """Put the blocks together: pairs in reach by a mode (`is_in_reach`), of ends in one network.

    The origin that reaches most places tells which network it is.  A place that it does not reach,
    and an origin that reaches none of the others, are on a piece apart: the piece of a network cut
    at the edge of its extract says nothing of the real way.
    """
    rows, columns = ends
    most, main = -1, np.zeros(len(columns), dtype=bool)
    for _, minutes, _ in blocks.read():
        reached = np.isfinite(minutes)
        counts = reached.sum(axis=1)
        if counts.max() > most:
            most, main = int(counts.max()), reached[counts.argmax()]
    goes, lengths, lost = [], [], 0
    indices: list[np.ndarray] = []
    values: dict[str, list[np.ndarray]] = {"duree_min": [], "distance_km": []}
    for _, minutes, km in blocks.read():
        reached = np.isfinite(minutes) & main
        goes.append(reached.any(axis=1))
        lost += int((~reached[goes[-1]][:, main]).sum())
        kept = reached & is_in_reach(mode, minutes, km)
        lengths.append(kept.sum(axis=1))
        indices.append(columns[np.nonzero(kept)[1]].astype("i4"))
        values["duree_min"].append(minutes[kept])
        values["distance_km"].append(km[kept])
    is_inside = np.concatenate(goes)
    every = np.zeros(shape[0], dtype="i8")
    every[rows] = np.concatenate(lengths)
    indptr = np.concatenate([[0], np.cumsum(every)])
    flat = np.concatenate(indices)
    matrices = {
        nom: scipy.sparse.csr_array((np.concatenate(parts).astype("f4"), flat, indptr), shape=shape)
        for nom, parts in values.items()
    }
    return CoutsRoutiers(
        **matrices,
        couverture=Couverture(
            origines=_mask(shape[0], rows[is_inside]), places=_mask(shape[1], columns[main])
        ),
        accroche_origines_m=_spread(shape[0], rows, blocks.accroche_origines_m),
        accroche_places_m=_spread(shape[1], columns, blocks.accroche_places_m),
        nb_isoles=int((~is_inside).sum() + (~main).sum()),
        nb_sans_chemin=lost,
        cout={},
    )


def is_in_reach(mode: Mode, minutes: np.ndarray, km: np.ndarray) -> np.ndarray:
    """Tell which costs are kept by a way of travelling: as those of the laws, one limit is enough.

    Limits are inclusive; no cost (NaN) is in reach.
    """
    return (minutes <= mode.maximum_min) | (np.isfinite(minutes) & (km <= mode.maximum_km))


def _mask(length: int, ranks: np.ndarray) -> np.ndarray:
    """Return a mask that is true at some ranks."""
    mask = np.zeros(length, dtype=bool)
    mask[ranks] = True
    return mask


def _spread(length: int, ranks: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return metres at their ranks, NaN elsewhere and beyond `ACCROCHE_MAX_M`."""
    spread = np.full(length, np.nan, dtype="f4")
    spread[ranks] = np.where(values <= ACCROCHE_MAX_M, values, np.nan)
    return spread
