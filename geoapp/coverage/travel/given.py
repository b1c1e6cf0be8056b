"""Costs that the user gives: a Parquet file, checked row by row before it replaces the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import scipy

from geoapp.core.errors import SourceError
from geoapp.core.files import sha256_of, writing
from geoapp.core.french import format_decimal, with_unit
from geoapp.coverage.travel.matrix import Trajets
from geoapp.coverage.travel.modes import DEFAUT
from geoapp.reference.codes.identifiers import nearest_accepted
from geoapp.sources.records import show

COLONNES = ("origin", "destination", "time_min", "distance_km")
CLE = "geoapp"
"""Key of the schema of a file under which it tells where its costs come from (`SourceTrajets`)."""

COUT_MAX = {"time_min": 5_000.0, "distance_km": 650.0}
"""Largest cost accepted, in minutes and in kilometres: what two bytes hold (`matrix`).

Beyond, it is a code for « out of reach », and such a pair is left out of the file.
"""

_COUTS = {"time_min": "duree_min", "distance_km": "distance_km"}
_NOMBRES = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null)
"""Types of a column of costs; one wholly empty has the type null."""
_COMMUNE = "commune:"
"""Start of the identifier of a town hall."""
_MONTRES = 10
"""Faulty rows named in the message; the others are counted."""
_CURE = (
    "Corrigez le fichier ; "
    "« geoapp trajets --out F.parquet » écrit un modèle qui a les bons identifiants."
)


@dataclass(frozen=True, kw_only=True)
class _Paires:
    """The pairs of a file.

    `recus` are the identifiers as received, `lines` the rank of each pair in the file, `rows` and
    `columns` that of its origin and its destination (-1 unknown), `costs` those that are given.
    """

    recus: pd.DataFrame
    lines: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    costs: dict[str, np.ndarray]


def read_trajets(
    path: Path, points: gpd.GeoDataFrame, places: np.ndarray, *, mode: str | None = None
) -> Trajets:
    """Return the cost matrix of a Parquet file with the columns of `COLONNES`.

    Parameters
    ----------
    path : Path
        `origin` is an `id_point` of `demande` (a commune code alone is that of its town hall; a
        commune counted by its cells stands for each of them), `destination` an `id_place`; a pair
        that is absent is out of reach.  One of the two costs may be wholly empty: that unit is then
        unknown.
    points : GeoDataFrame
        Counted points: `id_point`, `code_commune`, `est_region`, `population_retenue`.
    places : array of text
        `id_place`, sorted.
    mode : str, optional
        The way of travelling; by car when left out.

    Raises
    ------
    SourceError
        Unreadable file, missing column, pair given twice, cost that is missing,
        negative or above `COUT_MAX`, unknown origin or destination, or nothing
        that starts in the region; rows are named by their rank in the file, from 1.
    """
    path = Path(path)
    origins, destinations = pd.Index(points["id_point"]), pd.Index(places)
    pairs = _read(path, points, destinations)
    # In 64 bits: 30,000 origins × 100,000 places do not hold in 32.
    keys = pairs.rows.astype("i8") * max(len(destinations), 1) + pairs.columns
    order = np.argsort(keys, kind="stable")
    _refuse(path, pairs, _repeated(keys, order), (origins, destinations))
    rows, columns = pairs.rows[order], pairs.columns[order]
    shape = (len(origins), len(destinations))
    matrices = {
        _COUTS[nom]: _matrix(cost[order], rows, columns, shape) for nom, cost in pairs.costs.items()
    }
    distance, minutes = matrices.get("distance_km"), matrices.get("duree_min")
    parameters = _describe(path, points, rows)
    return Trajets(
        origines=np.asarray(origins, dtype="U"),
        places=np.asarray(places, dtype="U"),
        distance_km=distance,
        duree_min=minutes,
        parametres=parameters,
        mode=mode or DEFAUT,
    )


def _read(path: Path, points: pd.DataFrame, destinations: pd.Index) -> _Paires:
    """Return the pairs of the file, its identifiers looked up."""
    try:
        schema = pq.read_schema(path)
        _check_columns(path, schema)
        frame = pq.read_table(
            path, columns=list(COLONNES), read_dictionary=["origin", "destination"]
        ).to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise SourceError(
            path,
            f"matrice de trajets illisible ({show(str(error).splitlines()[0])}).",
            cure="Un fichier Parquet entier est attendu.",
        ) from None
    costs = {
        nom: frame[nom].to_numpy(dtype="f8", na_value=np.nan)
        for nom in _COUTS
        if frame[nom].notna().any()
    }
    if not costs:
        raise SourceError(
            path,
            "ni time_min ni distance_km n'est renseignée.",
            cure="Renseignez au moins l'une des deux.",
        )
    lines, rows = _origins(frame["origin"], points)
    return _Paires(
        recus=frame,
        lines=lines,
        rows=rows,
        columns=_ranks(frame["destination"], destinations)[lines],
        costs={nom: cost[lines] for nom, cost in costs.items()},
    )


def _check_columns(path: Path, schema: pa.Schema) -> None:
    """Raise `SourceError` when a column is missing, or holds no numbers where they are expected."""
    expected = f"Colonnes attendues : {', '.join(COLONNES)}."
    for nom in COLONNES:
        if schema.names.count(nom) != 1:
            near = nearest_accepted(nom, [one for one in schema.names if one not in COLONNES])
            hint = f" Est-ce « {show(near)} » ?" if near else ""
            state = "donnée plusieurs fois." if nom in schema.names else f"absente.{hint}"
            raise SourceError(path, f"la colonne « {nom} » est {state}", cure=expected)
        kind = schema.field(nom).type
        if nom in _COUTS and not any(is_one(kind) for is_one in _NOMBRES):
            raise SourceError(
                path,
                f"la colonne « {nom} » est de type {kind} : des nombres sont attendus.",
                cure=expected,
            )


def _origins(received: pd.Series, points: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs that the origins of a file make: rank of the row, rank of the point.

    The second is -1 when unknown.  A commune that is no point itself, being counted by its cells,
    gives one pair for each of them.
    """
    distinct = received.astype("category").cat
    names = distinct.categories.astype("str")
    codes = [
        nom.removeprefix(_COMMUNE) if nom.startswith(_COMMUNE) or ":" not in nom else ""
        for nom in names
    ]
    own = pd.Index(points["id_point"])
    ranks = np.maximum(own.get_indexer(names), own.get_indexer([_COMMUNE + code for code in codes]))
    cells = points.groupby("code_commune", sort=False).indices
    held = [
        np.array([rank]) if rank >= 0 else cells.get(code, np.array([-1]))
        for rank, code in zip(ranks, codes, strict=True)
    ] + [np.array([-1])]  # last, where the code -1 of an empty cell falls
    lengths = np.array([len(one) for one in held])
    kinds = distinct.codes.to_numpy()
    many = lengths[kinds]
    lines = np.repeat(np.arange(len(kinds)), many)
    within = np.arange(len(lines)) - np.repeat(np.cumsum(many) - many, many)
    return lines, np.concatenate(held)[(np.cumsum(lengths) - lengths)[kinds][lines] + within]


def _ranks(received: pd.Series, known: pd.Index) -> np.ndarray:
    """Return the rank of each identifier among those known, -1 when it is none."""
    distinct = received.astype("category").cat
    return np.append(known.get_indexer(distinct.categories.astype("str")), -1)[
        distinct.codes.to_numpy()
    ]


def _repeated(keys: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Tell which rows give again the pair of an earlier row."""
    # `order` is stable: of equal pairs, the first of the file is the one that is not repeated.
    result = np.zeros(len(keys), dtype=bool)
    result[order[1:]] = keys[order[1:]] == keys[order[:-1]]
    return result


def _refuse(
    path: Path, pairs: _Paires, repeated: np.ndarray, known: tuple[pd.Index, pd.Index]
) -> None:
    """Raise `SourceError` naming the first faulty rows and why, and how many there are."""

    def text(nom: str, i: int) -> str:
        return show(pairs.recus[nom].iloc[pairs.lines[i]])

    # Of several faults of one row, the first of these is told.
    faults: list[tuple[np.ndarray, Callable[[int], str]]] = [
        (pairs.rows < 0, lambda i: _unknown("origin", text("origin", i), known[0])),
        (pairs.columns < 0, lambda i: _unknown("destination", text("destination", i), known[1])),
        (
            repeated & (pairs.rows >= 0) & (pairs.columns >= 0),
            lambda i: f"paire déjà donnée : {text('origin', i)} → {text('destination', i)}",
        ),
    ]
    for nom, cost in pairs.costs.items():
        wrong = ~((cost >= 0) & (cost <= COUT_MAX[nom]))
        faults.append((wrong, partial(_wrong_cost, nom, cost)))
    bad = np.flatnonzero(np.logical_or.reduce([mask for mask, _ in faults]))
    lines, first = np.unique(pairs.lines[bad], return_index=True)
    if len(lines):
        told = [
            f"ligne {pairs.lines[i] + 1} : {next(say(i) for mask, say in faults if mask[i])}"
            for i in bad[first[:_MONTRES]]
        ]
        more = " ; …" if len(lines) > _MONTRES else ""
        raise SourceError(
            path, f"{len(lines)} ligne(s) refusée(s). {' ; '.join(told)}{more}.", cure=_CURE
        )


def _wrong_cost(nom: str, cost: np.ndarray, i: int) -> str:
    """Return what to say of a cost that cannot be one."""
    value = "vide" if np.isnan(cost[i]) else cost[i]
    return f"{nom} = {value} (un nombre de 0 à {COUT_MAX[nom]:.0f} est attendu)"


def _unknown(nom: str, value: str, known: pd.Index) -> str:
    """Return what to say of an unknown identifier, with the nearest accepted one."""
    near = nearest_accepted(
        value if nom == "destination" or ":" in value else _COMMUNE + value, known
    )
    return f"{nom} « {value} » inconnu" + (f" (le plus proche : « {near} »)" if near else "")


def _matrix(
    cost: np.ndarray, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]
) -> scipy.sparse.csr_array:
    """Return a CSR matrix of pairs sorted by row then column; a cost of zero stays stored."""
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=shape[0]))])
    return scipy.sparse.csr_array((cost.astype("f4"), columns.astype("i4"), indptr), shape=shape)


def _describe(path: Path, points: gpd.GeoDataFrame, rows: np.ndarray) -> dict:
    """Return where a matrix comes from, and the share of the people whose point is in it."""
    inside = points["est_region"].to_numpy(dtype=bool)
    covered = inside & (np.bincount(rows, minlength=len(points)) > 0)
    if not covered.any():
        raise SourceError(path, "aucun trajet ne part d'un point de la région.", cure=_CURE)
    people = count_residents(points)
    part = float(people[covered].sum() / people.sum()) if people.any() else 1.0
    percent = with_unit(format_decimal(part * 100, 1), "%")
    return {
        "fournisseur": f"matrice donnée ({path.name})",
        "sha256": sha256_of(path),
        "nb_trajets": len(rows),
        "part_population": round(part, 4),
        "note": (
            f"Trajets donnés par l'utilisateur (fichier {path.name}), "
            f"pour {percent} des habitants ; "
            "une paire absente du fichier est hors de portée."
        ),
    }


def count_residents(points: pd.DataFrame) -> np.ndarray:
    """Return the people of the region by point of `demande`, 0 elsewhere or when unknown."""
    people = points["population_retenue"].astype("float64").fillna(0).to_numpy()
    return np.where(points["est_region"].to_numpy(dtype=bool), people, 0.0)


def write_parquet(trajets: Trajets, out: Path) -> int:
    """Write the costs of a matrix as a file that `read_trajets` reads; return the number of pairs.

    Raises
    ------
    StorageError
        When the file cannot be written; nothing half-written is left.
    """
    table = _table(trajets.origines, trajets.places, trajets.duree_min, trajets.distance_km)
    with writing(out) as aside:
        pq.write_table(table, aside, compression="zstd")
    return table.num_rows


@dataclass(frozen=True, kw_only=True)
class SourceTrajets:
    """Where the costs of a file come from, and for whom they hold; the file says it itself.

    Attributes
    ----------
    mode : str
        A row of `MODES`.
    fournisseur, note, licence : str
        Who worked the costs out, what they are worth, under which licence they are: French.
    date : str
        Day of what they were made from (network, timetable), « AAAA-MM-JJ »; empty when unknown.
    fichiers : tuple of dict
        `nom` and `sha256` of each file they were made from.
    erreurs : tuple of dict
        By band of straight line, where measured: `de_km`, `a_km`, `biais`, `mediane`, `p90`, `nb`.
    details : dict
        What else the provider tells: JSON values.
    """

    mode: str
    fournisseur: str
    note: str
    licence: str
    date: str
    fichiers: tuple[dict[str, str], ...]
    erreurs: tuple[dict[str, float], ...] = ()
    details: dict = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Couverture:
    """Which rows and columns of a matrix its provider reached: masks, one value each.

    A pair of two reached ends that is absent cannot be travelled; where an end is not reached,
    nothing is known.
    """

    origines: np.ndarray
    places: np.ndarray


def write_matrix(
    out: Path,
    *,
    origines: np.ndarray,
    places: np.ndarray,
    duree_min: scipy.sparse.csr_array | None,
    distance_km: scipy.sparse.csr_array | None,
    source: SourceTrajets,
    couverture: Couverture | None = None,
    complements: dict[str, scipy.sparse.csr_array] | None = None,
) -> int:
    """Write costs with where they come from; return the number of pairs.

    Parameters
    ----------
    out : Path
        A Parquet file of the columns `COLONNES`; the key `CLE` of its schema holds the fields of
        `source`, then `origines` and `places`, the identifiers reached (see `read_source`).
    origines, places : arrays of text
        `id_point` of each row, `id_place` of each column.
    duree_min, distance_km : csr_array, (n_origines, n_places), or None
        Minutes and road kilometres, of one structure; None when not known.
    couverture : Couverture, optional
        All rows and columns when left out.
    complements : dict, optional
        Further columns, of the same structure, for whoever opens the file: nothing reads them.

    Raises
    ------
    StorageError
        When the file cannot be written; nothing half-written is left.
    """
    reached = {"origines": np.asarray(origines), "places": np.asarray(places)}
    if couverture is not None:
        reached = {nom: ids[getattr(couverture, nom)] for nom, ids in reached.items()}
    told = {**asdict(source), **{nom: ids.tolist() for nom, ids in reached.items()}}
    table = _table(origines, places, duree_min, distance_km)
    for nom, matrix in (complements or {}).items():
        table = table.append_column(nom, pa.array(matrix.data.astype("f4", copy=False)))
    table = table.replace_schema_metadata({CLE: json.dumps(told, ensure_ascii=False)})
    with writing(out) as aside:
        pq.write_table(table, aside, compression="zstd")
    return table.num_rows


def read_source(path: Path) -> dict | None:
    """Return what a file of costs tells of itself (see `write_matrix`); None when it does not.

    Raises
    ------
    SourceError
        When the file is no Parquet, or what it tells is no JSON object.
    """
    try:
        told = (pq.read_schema(path).metadata or {}).get(CLE.encode())
        found = None if told is None else json.loads(told)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise SourceError(
            path,
            f"matrice de trajets illisible ({show(str(error).splitlines()[0])}).",
            cure="Un fichier Parquet entier est attendu.",
        ) from None
    if found is not None and not isinstance(found, dict):
        raise SourceError(path, f"la clé « {CLE} » de son schéma n'est pas un objet.", cure=_CURE)
    return found


def _table(
    origines: np.ndarray,
    places: np.ndarray,
    duree_min: scipy.sparse.csr_array | None,
    distance_km: scipy.sparse.csr_array | None,
) -> pa.Table:
    """Return the pairs of costs of one structure, in the columns of a file."""
    costs = dict(zip(_COUTS, (duree_min, distance_km), strict=True))
    shape = next(cost for cost in costs.values() if cost is not None)
    rows = np.repeat(np.arange(shape.shape[0], dtype="i4"), np.diff(shape.indptr))
    columns = np.asarray(shape.indices, dtype="i4")
    ids = (rows, origines), (columns, places)
    origin, destination = (
        pa.DictionaryArray.from_arrays(ranks, pa.array(np.asarray(names).tolist(), pa.string()))
        for ranks, names in ids
    )
    return pa.table(
        {
            "origin": origin,
            "destination": destination,
            **{
                nom: pa.nulls(shape.nnz, pa.float32())
                if cost is None
                else pa.array(cost.data.astype("f4", copy=False))
                for nom, cost in costs.items()
            },
        }
    )
