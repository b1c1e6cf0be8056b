"""The cost matrix of a snapshot: what it is, how it is stored and opened.

Stored as plain arrays (`.npy`) that every web process maps from the same
file: nothing is copied at start, and equal content gives equal bytes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from geoapp.core.errors import MissingPartError

DOSSIER = "trajets"
_COUTS = ("distance_km", "duree_min")


@dataclass(frozen=True, kw_only=True)
class Trajets:
    """Costs from demand points to places.

    Attributes
    ----------
    origines : array of text
        `id_point` of each row.
    places : array of text
        `id_place` of each column, sorted.
    distance_km, duree_min : csr_array of float32, or None
        Kilometres by road and minutes; an absent entry is out of reach.  None
        when the provider does not give that unit.  Same structure.
    est_proportionnelle : bool
        Minutes are distances at one declared speed: they say nothing more.
    parametres : dict
        `fournisseur`, `vitesse_km_h`, `maximum_km`, `note` (French)…
    """

    origines: np.ndarray
    places: np.ndarray
    distance_km: sparse.csr_array | None
    duree_min: sparse.csr_array | None
    est_proportionnelle: bool
    parametres: dict

    @property
    def structure(self) -> sparse.csr_array:
        """Return the costs of a unit that is given: those of both have one structure."""
        return self.distance_km if self.distance_km is not None else self.duree_min


def write_trajets(trajets: Trajets, folder: Path) -> None:
    """Write the matrix into the folder of a snapshot, not yet published."""
    aside = Path(folder) / DOSSIER
    aside.mkdir()
    structure = trajets.structure
    # One type for both: otherwise every process would copy them at opening.
    integer = "<i4" if structure.nnz < 2**31 else "<i8"
    arrays = {
        "indices": structure.indices.astype(integer, copy=False),
        "indptr": structure.indptr.astype(integer, copy=False),
        "origines": trajets.origines.astype("U"),
        "places": trajets.places.astype("U"),
    }
    for nom in _COUTS:
        if (cost := getattr(trajets, nom)) is not None:
            arrays[nom] = cost.data.astype("<f4", copy=False)
    for nom, array in arrays.items():
        np.save(aside / f"{nom}.npy", array, allow_pickle=False)
    text = json.dumps(
        {"parametres": trajets.parametres, "est_proportionnelle": trajets.est_proportionnelle},
        ensure_ascii=False,
        indent=1,
        sort_keys=True,
    )
    (aside / "trajets.json").write_text(text, encoding="utf-8")


def open_trajets(snapshot) -> Trajets:
    """Return the cost matrix of a snapshot, mapped from its files.

    Raises
    ------
    MissingPartError
        When the snapshot holds none.
    """
    folder = snapshot.path / DOSSIER
    if not (folder / "trajets.json").exists():
        raise MissingPartError(
            f"L'instantané {snapshot.id} n'a pas de matrice de trajets. Relancez « geoapp build »."
        )
    meta = json.loads((folder / "trajets.json").read_text(encoding="utf-8"))
    arrays = {path.stem: np.asarray(np.load(path, mmap_mode="r")) for path in folder.glob("*.npy")}
    origines, places = np.array(arrays["origines"]), np.array(arrays["places"])
    costs = {
        nom: _matrix(arrays[nom], arrays["indices"], arrays["indptr"], (len(origines), len(places)))
        for nom in _COUTS
        if nom in arrays
    }
    return Trajets(
        origines=origines,
        places=places,
        distance_km=costs.get("distance_km"),
        duree_min=costs.get("duree_min"),
        est_proportionnelle=meta["est_proportionnelle"],
        parametres=meta["parametres"],
    )


def at_speed(distance_km: sparse.csr_array, vitesse_km_h: float) -> sparse.csr_array:
    """Return minutes at a constant speed: same structure, float32."""
    return _matrix(
        distance_km.data * np.float32(60 / vitesse_km_h),
        distance_km.indices,
        distance_km.indptr,
        distance_km.shape,
    )


def _matrix(
    data: np.ndarray, indices: np.ndarray, indptr: np.ndarray, shape: tuple[int, int]
) -> sparse.csr_array:
    """Return a CSR matrix over arrays as they are: no copy, rows already in order."""
    return sparse.csr_array((data, indices, indptr), shape=shape, copy=False)
