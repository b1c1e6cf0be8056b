"""The cost matrices of a snapshot, one by way of travelling: what they are, stored and opened.

Stored as plain arrays (`.npy`) that every web process maps from the same files: nothing is copied
at start, a way of travelling that nobody asks costs nothing, and equal content gives equal bytes.
Costs are whole numbers of two bytes: tenths of a minute, decametres.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import scipy

from geoapp.core.errors import MissingPartError
from geoapp.core.memory import Lazily
from geoapp.coverage.travel.growing import GrowingMatrix
from geoapp.coverage.travel.modes import DEFAUT, MODES

_DIT = "mode.json"
"""What is told of the costs of a way of travelling, in its folder."""

DOSSIER = "trajets"
PAR_UNITE = {"km": 100, "min": 10}
"""Stored steps by unit: a decametre, a tenth of a minute."""

PLUS_GRAND = np.iinfo(np.uint16).max - 1
"""Greatest cost stored; the next whole number is a place that is shut (`access.nearest`)."""

_FICHIERS = {"km": "distance", "min": "duree"}
_LOI = "loi_"
"""Start of the folder of the estimated costs that a file given takes the place of."""
_PROVENANCES = ("origines_reseau", "places_reseau")


@dataclass(frozen=True, kw_only=True)
class Trajets:
    """Costs from demand points to places by one way of travelling, as a provider gives them.

    Attributes
    ----------
    origines : array of text
        `id_point` of each row.
    places : array of text
        `id_place` of each column, sorted.
    distance_km, duree_min : csr_array of floats, or None
        Kilometres of the way and minutes; an absent entry is out of reach.  None when the provider
        does not give that unit.  Same structure, columns sorted in each row.
    parametres : dict
        `fournisseur`, `note` (French), `erreurs`…: JSON values.
    mode : str
        A row of `MODES`.
    origines_reseau, places_reseau : array of uint8, or None
        0 for the ends that the law alone knows: a pair is of the network, the timetable or the
        file that was given when both its ends are.  None when all the costs are of one provider.
    """

    origines: np.ndarray
    places: np.ndarray
    distance_km: scipy.sparse.csr_array | None
    duree_min: scipy.sparse.csr_array | None
    parametres: dict
    mode: str = DEFAUT
    origines_reseau: np.ndarray | None = None
    places_reseau: np.ndarray | None = None

    @property
    def structure(self) -> scipy.sparse.csr_array:
        """Return the costs of a unit that is given: those of both have one structure."""
        return self.distance_km if self.distance_km is not None else self.duree_min


@dataclass(frozen=True, kw_only=True)
class Matrice:
    """The stored costs of one way of travelling: see `Trajets`.

    `pas` holds by unit (`km`, `min`) a csr_array of uint16 in the steps of `PAR_UNITE`; all have
    one structure.  Those of a snapshot are made when first asked: what shows no cost, a map of the
    offer, does without loading SciPy.
    """

    mode: str
    pas: Mapping[str, scipy.sparse.csr_array]
    parametres: dict
    origines_reseau: np.ndarray | None = None
    places_reseau: np.ndarray | None = None
    dossier: Path | None = None
    """Where its arrays already are, to be moved into a snapshot."""

    @property
    def unites(self) -> tuple[str, ...]:
        """Return the units in which the costs are known."""
        return tuple(unite for unite in PAR_UNITE if unite in self.pas)

    def cost(self, unite: str) -> scipy.sparse.csr_array:
        """Return the costs of one unit as float32: a copy of the values, not of the structure."""
        return as_cost(self.pas[unite], unite)


@dataclass(frozen=True, kw_only=True)
class Matrices:
    """Every way of travelling that a snapshot knows, between the same points and places.

    `densites` are the people per km² around each point and around each place (`origines`,
    `places`; NaN when unknown), for the law from any point; empty when they were not worked out.
    `lois` are the estimated costs of the ways of travelling of which a file was given: what the
    answer would be without it.
    """

    origines: np.ndarray
    places: np.ndarray
    modes: dict[str, Matrice]
    densites: dict[str, np.ndarray] = field(default_factory=dict)
    lois: dict[str, Matrice] = field(default_factory=dict)

    @cached_property
    def defaut(self) -> str:
        """Return the way of travelling when none is asked: the first that exists."""
        return next(nom for nom in MODES if nom in self.modes)

    @property
    def parametres(self) -> dict[str, dict]:
        """Return, by way of travelling, where its costs come from and what they are worth."""
        return {nom: matrice.parametres for nom, matrice in self.modes.items()}

    def trajets(self, mode: str) -> Trajets:
        """Return the costs of one way of travelling as floats."""
        return as_trajets(self.modes[mode], self.origines, self.places)


def as_trajets(matrice: Matrice, origines: np.ndarray, places: np.ndarray) -> Trajets:
    """Return stored costs as floats, with their points and their places."""
    costs = {unite: matrice.cost(unite) for unite in matrice.unites}
    return Trajets(
        origines=origines,
        places=places,
        distance_km=costs.get("km"),
        duree_min=costs.get("min"),
        parametres=matrice.parametres,
        mode=matrice.mode,
        origines_reseau=matrice.origines_reseau,
        places_reseau=matrice.places_reseau,
    )


def store_matrices(
    trajets: Iterable[Trajets | Matrice],
    densites: dict[str, np.ndarray] | None = None,
    ends: tuple[np.ndarray, np.ndarray] | None = None,
) -> Matrices:
    """Return some costs as they are stored; `ends` are the points and places of stored ones.

    Of two of one way of travelling, the second is the one that answers, the first that of `lois`.
    """
    modes: dict[str, Matrice] = {}
    laws: dict[str, Matrice] = {}
    for one in trajets:
        if one.mode in modes:
            laws[one.mode] = modes[one.mode]
        if isinstance(one, Trajets):
            modes[one.mode], ends = store_costs(one), (one.origines, one.places)
        else:
            modes[one.mode] = one
    origines, places = ends or ((), ())
    return Matrices(
        origines=np.asarray(origines, dtype="U"),
        places=np.asarray(places, dtype="U"),
        modes={nom: modes[nom] for nom in MODES if nom in modes},
        densites=densites or {},
        lois={nom: laws[nom] for nom in MODES if nom in laws},
    )


def store_costs(trajets: Trajets) -> Matrice:
    """Return the costs of one provider as they are stored, each within half a step."""
    given = {"km": trajets.distance_km, "min": trajets.duree_min}
    structure = trajets.structure
    # One type for both: otherwise every process would copy them at opening.
    integer = "<i4" if structure.nnz < 2**31 else "<i8"
    indices = structure.indices.astype(integer, copy=False)
    indptr = structure.indptr.astype(integer, copy=False)
    return Matrice(
        mode=trajets.mode,
        pas={
            unite: _matrix(_steps(cost.data, unite), indices, indptr, structure.shape)
            for unite, cost in given.items()
            if cost is not None
        },
        parametres=trajets.parametres,
        origines_reseau=trajets.origines_reseau,
        places_reseau=trajets.places_reseau,
    )


class StoredCosts:
    """The costs of one way of travelling, stored as they are worked out, in a folder of its own."""

    def __init__(self, mode: str, parametres: dict, shape: tuple[int, int], aside: Path | None):
        self._mode, self._parametres = mode, parametres
        self._dossier = aside and aside / mode
        if self._dossier:
            self._dossier.mkdir(parents=True)
        noms = dict.fromkeys(_FICHIERS.values(), "<u2")
        self._matrices = GrowingMatrix(shape, noms, self._dossier)

    def add(self, nombres: np.ndarray, places: np.ndarray, costs: Mapping[str, np.ndarray]) -> None:
        """Add the costs of some points: how many places each reaches, which, what by unit."""
        steps = {nom: _steps(costs[unite], unite) for unite, nom in _FICHIERS.items()}
        self._matrices.add(nombres, places, steps)

    def whole(self) -> Matrice:
        """Return the costs of all the points."""
        found = self._matrices.whole()
        return Matrice(
            mode=self._mode,
            pas={unite: found[nom] for unite, nom in _FICHIERS.items()},
            parametres=self._parametres,
            dossier=self._dossier,
        )


def _steps(costs: np.ndarray, unite: str) -> np.ndarray:
    """Return costs as whole steps; only a cost of nothing is 0."""
    steps = costs * np.float32(PAR_UNITE[unite])
    np.rint(steps, out=steps)
    if not steps.all():
        none = np.flatnonzero(steps == 0)
        steps[none] = costs[none] > 0
    return np.minimum(steps, PLUS_GRAND, out=steps).astype("<u2")


def as_cost(pas: scipy.sparse.csr_array, unite: str) -> scipy.sparse.csr_array:
    """Return stored steps as costs: float32, same structure."""
    values = pas.data / np.float32(PAR_UNITE[unite])
    return _matrix(values.astype("f4", copy=False), pas.indices, pas.indptr, pas.shape)


def write_trajets(matrices: Matrices, folder: Path) -> None:
    """Write the matrices into the folder of a snapshot, not yet published."""
    aside = Path(folder) / DOSSIER
    aside.mkdir()
    shared = {"origines": matrices.origines, "places": matrices.places}
    shared |= {f"densite_{nom}": values.astype("<f4") for nom, values in matrices.densites.items()}
    _save(aside, shared)
    for nom, matrice in matrices.modes.items():
        _write_mode(matrice, aside / nom)
    for nom, matrice in matrices.lois.items():
        _write_mode(matrice, aside / f"{_LOI}{nom}")


def _write_mode(matrice: Matrice, folder: Path) -> None:
    """Write the costs of one way of travelling into a folder of its own."""
    arrays: dict[str, np.ndarray] = {}
    if matrice.dossier:
        matrice.dossier.rename(folder)
    else:
        folder.mkdir()
        structure = next(iter(matrice.pas.values()))
        arrays |= {"indices": structure.indices, "indptr": structure.indptr}
        arrays |= {_FICHIERS[unite]: cost.data for unite, cost in matrice.pas.items()}
    for provenance in _PROVENANCES:
        if (known := getattr(matrice, provenance)) is not None:
            arrays[provenance] = known.astype("u1")
    _save(folder, arrays)
    text = json.dumps(matrice.parametres, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / _DIT).write_text(text, encoding="utf-8")


def _save(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays, one file each."""
    for nom, array in arrays.items():
        np.save(folder / f"{nom}.npy", array, allow_pickle=False)


def open_trajets(snapshot) -> Matrices:
    """Return the cost matrices of a snapshot, mapped from its files.

    Raises
    ------
    MissingPartError
        When the snapshot holds none.
    """
    folder = snapshot.path / DOSSIER
    known = [nom for nom in MODES if (folder / nom / _DIT).exists()]
    if not known:
        raise MissingPartError(
            f"L'instantané {snapshot.id} n'a pas de matrice de trajets. Relancez « geoapp build »."
        )
    arrays = {path.stem: np.array(np.load(path)) for path in sorted(folder.glob("*.npy"))}
    shape = (len(arrays["origines"]), len(arrays["places"]))
    return Matrices(
        origines=arrays["origines"],
        places=arrays["places"],
        modes={nom: _open_mode(folder / nom, shape, nom) for nom in known},
        lois={
            nom: _open_mode(folder / f"{_LOI}{nom}", shape, nom)
            for nom in known
            if (folder / f"{_LOI}{nom}").is_dir()
        },
        densites={
            nom.removeprefix("densite_"): values
            for nom, values in arrays.items()
            if nom.startswith("densite_")
        },
    )


def read_modes(snapshot) -> dict[str, dict]:
    """Return what is told of the costs of each way of travelling that a snapshot knows."""
    paths = {nom: snapshot.path / DOSSIER / nom / _DIT for nom in MODES}
    return {
        nom: json.loads(path.read_text(encoding="utf-8"))
        for nom, path in paths.items()
        if path.exists()
    }


def _open_mode(folder: Path, shape: tuple[int, int], mode: str) -> Matrice:
    """Return one way of travelling, its arrays mapped."""
    arrays = {path.stem: np.asarray(np.load(path, mmap_mode="r")) for path in folder.glob("*.npy")}
    return Matrice(
        mode=mode,
        pas=Lazily(
            {
                unite: partial(_matrix, arrays[nom], arrays["indices"], arrays["indptr"], shape)
                for unite, nom in _FICHIERS.items()
                if nom in arrays
            }
        ),
        parametres=json.loads((folder / _DIT).read_text(encoding="utf-8")),
        origines_reseau=_copy(arrays.get("origines_reseau")),
        places_reseau=_copy(arrays.get("places_reseau")),
    )


def _copy(array: np.ndarray | None) -> np.ndarray | None:
    """Return a mapped array in memory."""
    return None if array is None else np.array(array)


def _matrix(
    data: np.ndarray, indices: np.ndarray, indptr: np.ndarray, shape: tuple[int, int]
) -> scipy.sparse.csr_array:
    """Return a CSR matrix over arrays as they are: no copy, rows already in order."""
    return scipy.sparse.csr_array((data, indices, indptr), shape=shape, copy=False)
