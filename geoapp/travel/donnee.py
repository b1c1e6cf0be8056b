"""Costs that the user gives: one Parquet file, checked row by row before it replaces the estimated ones."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import sparse

from geoapp.codes.identifiants import nearest_accepted
from geoapp.errors import SourceError
from geoapp.sources.content import sha256_of
from geoapp.travel.calibrage import VITESSE_KM_H
from geoapp.travel.matrice import Trajets

COLONNES = ("origin", "destination", "time_min", "distance_km")
_COUTS = ("time_min", "distance_km")
_MONTRES = 10
"""Faulty rows named in the message; the others are counted."""

_CURE = "Corrigez ces lignes ; « geoapp trajets --out » écrit un modèle qui a les bons identifiants."


def read_trajets(path: Path, points: gpd.GeoDataFrame, places: np.ndarray) -> Trajets:
    """Return the cost matrix of a Parquet file with the columns of `COLONNES`.

    Parameters
    ----------
    path : Path
        `origin` is an `id_point` of `demande` (a commune code alone is that of
        its town hall), `destination` an `id_place`; a pair that is absent is
        out of reach.  One of the two costs may be wholly empty: that unit is then unknown.
    points : GeoDataFrame
        Counted points: `id_point`, `est_region`, `population_retenue`.
    places : array of text
        `id_place`, sorted.

    Raises
    ------
    SourceError
        Unreadable file, missing column, pair given twice, negative or missing
        cost, unknown origin or destination, or nothing that starts in the
        region; rows are named by their rank in the file, from 1.
    """
    path = Path(path)
    frame = _read(path)
    origins, destinations = pd.Index(points["id_point"]), pd.Index(places)
    text = frame["origin"].astype("str")
    rows = origins.get_indexer(text.where(text.str.contains(":").fillna(True).astype(bool), "commune:" + text))
    columns = destinations.get_indexer(frame["destination"].astype("str"))
    known = [nom for nom in _COUTS if frame[nom].notna().any()]
    _refuse(path, frame, rows, columns, known, origins, destinations)
    order = np.lexsort((columns, rows))
    rows, columns = rows[order], columns[order]
    matrix = lambda nom: _matrix(frame[nom].to_numpy(dtype="f4")[order], rows, columns, (len(origins), len(places))) if nom in known else None  # noqa: E731
    covered = points["est_region"].astype(bool).to_numpy() & np.isin(np.arange(len(points)), rows)
    if not covered.any():
        raise SourceError(path, "aucun trajet ne part d'un point de la région.", cure=_CURE)
    people = points["population_retenue"].astype("float64").fillna(0).to_numpy()
    part = people[covered].sum() / max(people[points["est_region"].astype(bool)].sum(), 1)
    percent = f"{part * 100:.1f}".replace(".", ",")
    parameters = {
        "fournisseur": f"matrice donnée ({path.name})", "sha256": sha256_of(path), "vitesse_km_h": VITESSE_KM_H, "nb_trajets": len(frame),
        "part_population": round(float(part), 4),
        "note": f"Trajets donnés par l'utilisateur (fichier {path.name}), pour {percent} % des habitants ; une paire absente du fichier est hors de portée.",
    }
    return Trajets(np.asarray(origins, dtype="U"), np.asarray(places, dtype="U"), matrix("distance_km"), matrix("time_min"), False, parameters)


def _read(path: Path) -> pd.DataFrame:
    """Return the four columns of the file."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise SourceError(path, f"matrice de trajets illisible ({str(error).splitlines()[0][:120]}).", cure="Un fichier Parquet entier est attendu.") from None
    for nom in COLONNES:
        if nom not in table.column_names:
            near = nearest_accepted(nom, table.column_names)
            raise SourceError(path, f"la colonne « {nom} » est absente." + (f" La plus proche : « {near} »." if near else ""), cure=f"Colonnes attendues : {', '.join(COLONNES)}.")
    frame = table.select(COLONNES).to_pandas()
    for nom in _COUTS:
        numbers = pd.to_numeric(frame[nom], errors="coerce")
        frame[nom] = numbers.where(numbers.notna() | frame[nom].isna(), -1.0).astype("float64")
    return frame


def _refuse(path: Path, frame: pd.DataFrame, rows: np.ndarray, columns: np.ndarray, known: list[str], origins: pd.Index, destinations: pd.Index) -> None:
    """Raise `SourceError` naming the faulty rows and why."""
    if not known:
        raise SourceError(path, "ni time_min ni distance_km n'est renseignée.", cure="Renseignez au moins l'une des deux.")
    problems: dict[int, str] = {}
    for nom in known:
        bad = ~(np.isfinite(frame[nom]) & frame[nom].ge(0))
        problems |= {i: f"{nom} = {frame[nom].iloc[i]} : un nombre positif ou nul est attendu" for i in np.flatnonzero(bad)}
    repeated = pd.DataFrame({"row": rows, "column": columns})[(rows >= 0) & (columns >= 0)].duplicated()
    problems |= {int(i): f"paire déjà donnée : {frame['origin'].iloc[i]} → {frame['destination'].iloc[i]}" for i in repeated.index[repeated]}
    for nom, ranks, accepted in (("destination", columns, destinations), ("origin", rows, origins)):
        problems |= {int(i): f"{nom} « {str(frame[nom].iloc[i])[:60]} » inconnu" for i in np.flatnonzero(ranks < 0)}
    if problems:
        first = sorted(problems)[:_MONTRES]
        told = " ; ".join(f"ligne {i + 1} : {problems[i]}{_hint(frame, i, problems[i], origins, destinations)}" for i in first)
        raise SourceError(path, f"{len(problems)} ligne(s) refusée(s). {told}.", cure=_CURE)


def _hint(frame: pd.DataFrame, i: int, problem: str, origins: pd.Index, destinations: pd.Index) -> str:
    """Return the nearest accepted identifier of an unknown one."""
    if not problem.endswith("inconnu"):
        return ""
    nom, accepted = ("origin", origins) if problem.startswith("origin") else ("destination", destinations)
    near = nearest_accepted(frame[nom].iloc[i], accepted)
    return f" (le plus proche : « {near} »)" if near else ""


def _matrix(data: np.ndarray, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    """Return a CSR matrix of pairs sorted by row then column; a cost of zero stays stored."""
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=shape[0]))])
    return sparse.csr_array((data, columns.astype("i4"), indptr), shape=shape)


def write_parquet(trajets: Trajets, out: Path) -> int:
    """Write the costs of a matrix as a file that `read_trajets` reads; return the number of pairs."""
    cost = trajets.distance_km if trajets.distance_km is not None else trajets.duree_min
    values = {nom: getattr(trajets, ours) for nom, ours in (("time_min", "duree_min"), ("distance_km", "distance_km"))}
    rows = np.repeat(np.arange(cost.shape[0], dtype="i4"), np.diff(cost.indptr))
    table = pa.table({
        "origin": pa.DictionaryArray.from_arrays(rows, pa.array(trajets.origines.tolist())),
        "destination": pa.DictionaryArray.from_arrays(np.asarray(cost.indices, dtype="i4"), pa.array(trajets.places.tolist())),
        **{nom: pa.nulls(cost.nnz, pa.float32()) if matrix is None else pa.array(matrix.data) for nom, matrix in values.items()},
    })
    pq.write_table(table, out, compression="zstd")
    return cost.nnz
