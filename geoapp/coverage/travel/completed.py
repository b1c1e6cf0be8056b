"""Costs of a file that tells whom it reaches: elsewhere the law fills in, and it is said.

A network stops at its last road, a timetable at its last stop.  Between two ends that it reaches, a
pair that is absent cannot be travelled; where an end is not reached, nothing is known of it from
the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy

from geoapp.core.errors import SourceError
from geoapp.core.french import format_decimal, with_unit
from geoapp.coverage.travel.given import read_source, read_trajets
from geoapp.coverage.travel.matrix import Matrice, Trajets, as_trajets
from geoapp.coverage.travel.modes import MODES

_DITS = ("fournisseur", "licence", "date", "note")
"""What a file tells of itself in words."""


def read_given(
    path: Path, points: gpd.GeoDataFrame, places: np.ndarray, *, mode: str | None = None
) -> Trajets:
    """Return the costs of a file, with what it tells of itself (`given.write_matrix`).

    Same parameters as `read_trajets`; `origines_reseau` and `places_reseau` are None when the file
    does not tell whom it reaches.

    Raises
    ------
    SourceError
        As `read_trajets`; or when the way of travelling that the file tells is unknown, or is not
        the one that is asked.
    """
    told = read_source(path)
    if told is None:
        return read_trajets(path, points, places, mode=mode)
    own = told.get("mode")
    if own not in MODES:
        raise SourceError(
            path, f"mode de déplacement inconnu : « {str(own)[:40]} ».", cure=_list_modes()
        )
    if mode is not None and mode != own:
        raise SourceError(
            path,
            f"ses trajets sont ceux du mode « {own} », donnés pour « {mode} ».",
            cure=f"Donnez-le par « {own}=… », ou sans mode.",
        )
    found = read_trajets(path, points, places, mode=own)
    reached = _reached(path, told, points["id_point"], places)
    described = {nom: told[nom] for nom in _DITS if told.get(nom)}
    described |= {nom: told[nom] for nom in ("erreurs", "erreurs_km", "fichiers") if told.get(nom)}
    return replace(
        found,
        parametres={**found.parametres, **described, **_limits(told)},
        origines_reseau=reached[0],
        places_reseau=reached[1],
    )


def _list_modes() -> str:
    return f"Modes connus : {', '.join(MODES)}."


def _limits(told: Mapping) -> dict:
    """Return how far the costs of a file were kept, where it tells it."""
    details = told.get("details")
    details = details if isinstance(details, dict) else {}
    return {
        nom: details[nom]
        for nom in ("maximum_min", "maximum_km")
        if isinstance(details.get(nom), int | float)
    }


def _reached(
    path: Path, told: Mapping, points: pd.Series, places: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return which points and which places a file reaches, as 0 and 1."""
    masks = []
    for nom, ids in (("origines", points), ("places", places)):
        known = told.get(nom)
        if not isinstance(known, list):
            raise SourceError(
                path,
                f"il ne dit pas quels « {nom} » ses trajets atteignent.",
                cure="Ajoutez-en la liste aux métadonnées, ou retirez-les toutes.",
            )
        masks.append(np.asarray(pd.Index(ids).isin(known), dtype="u1"))
    return masks[0], masks[1]


def with_given(
    estimated: Iterable[Matrice], given: Mapping[str, Trajets], people: np.ndarray
) -> Iterator[Trajets | Matrice]:
    """Yield the estimated costs, then after its own each file given, completed by them.

    Parameters
    ----------
    people : float array
        People of the region by point, for what is said of the part that a file reaches.
    """
    left = dict(given)
    for law in estimated:
        yield law
        if (mine := left.pop(law.mode, None)) is not None:
            whole = mine.origines_reseau is None
            costs = mine if whole else as_trajets(law, mine.origines, mine.places)
            yield mine if whole else complete(mine, costs, people)
    for mine in left.values():
        yield mine if mine.origines_reseau is None else _alone(mine, people)


def complete(given: Trajets, law: Trajets, people: np.ndarray) -> Trajets:
    """Return the costs of a file between the ends that it reaches, those of the law elsewhere.

    The units are those that both know.
    """
    reached, there = given.origines_reseau, given.places_reseau
    assert reached is not None and there is not None
    units = [
        nom
        for nom in ("distance_km", "duree_min")
        if getattr(given, nom) is not None and getattr(law, nom) is not None
    ]
    mine, theirs = _pairs(given.structure), _pairs(law.structure)
    inside = (reached[mine[0]] > 0) & (there[mine[1]] > 0)
    outside = (reached[theirs[0]] == 0) | (there[theirs[1]] == 0)
    rows = np.concatenate([mine[0][inside], theirs[0][outside]])
    columns = np.concatenate([mine[1][inside], theirs[1][outside]])
    order = np.argsort(rows.astype("i8") * len(there) + columns, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(reached)))])
    costs = {
        nom: scipy.sparse.csr_array(
            (
                np.concatenate([getattr(given, nom).data[inside], getattr(law, nom).data[outside]])[
                    order
                ].astype("f4", copy=False),
                columns[order],
                indptr,
            ),
            shape=given.structure.shape,
        )
        for nom in units
    }
    return replace(
        given,
        distance_km=costs.get("distance_km"),
        duree_min=costs.get("duree_min"),
        parametres=_both(given, law, _part(people, reached)),
    )


def _pairs(costs: scipy.sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Return the row and the column of each stored cost."""
    rows = np.repeat(np.arange(costs.shape[0], dtype="i4"), np.diff(costs.indptr))
    return rows, costs.indices


def _part(people: np.ndarray, reached: np.ndarray) -> float:
    """Return the part of the people who live at a point that a file reaches."""
    total = float(people.sum())
    return float(people[reached > 0].sum()) / total if total else 0.0


def _both(given: Trajets, law: Trajets, part: float) -> dict:
    """Return where completed costs come from: the file, then the law."""
    mine, theirs = given.parametres, law.parametres
    limits = {
        nom: min(one[nom] for one in (mine, theirs) if nom in one)
        for nom in ("maximum_min", "maximum_km")
        if nom in mine or nom in theirs
    }
    # Where a file does not tell its errors, those of the law are not under them: they stand.
    errors = {
        nom: mine.get(nom) or theirs[nom] for nom in ("erreurs", "erreurs_km") if nom in theirs
    }
    return {
        **mine,
        **limits,
        **errors,
        "part_reseau": round(part, 4),
        "note": (
            f"{mine['note']} Il atteint {_percent(part)} des habitants de la région ; ailleurs, et "
            f"vers les lieux qu'il n'atteint pas, les trajets sont estimés : {theirs['note']}"
        ),
    }


def _alone(given: Trajets, people: np.ndarray) -> Trajets:
    """Return the costs of a file that no law completes: elsewhere nothing is known."""
    reached = given.origines_reseau
    assert reached is not None
    part = _part(people, reached)
    told = {"est_partielle": True, "part_reseau": round(part, 4)}
    return replace(given, parametres={**given.parametres, **told})


def _percent(part: float) -> str:
    return with_unit(format_decimal(part * 100, 1), "%")
