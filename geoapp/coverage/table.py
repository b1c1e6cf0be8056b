"""Table of coverage: from the measures of points to the numbers of zones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoapp.coverage.indicators import CAUSES, PAR_HABITANTS
from geoapp.coverage.model import Question
from geoapp.coverage.world import Maille, OffreComptee, World
from geoapp.reference.zonings import CARREAU, COMMUNE


def zone_table(
    world: World, question: Question, offre: OffreComptee, points: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per zone of the zoning asked, with every indicator.

    Parameters
    ----------
    world, question, offre, points
        The world, the question, its offer (`choose_offer`) and its measures (`measure_points`).

    Returns
    -------
    DataFrame
        `type_zone`, `code_zone`, `nom`, the indicators of `INDICATEURS`,
        `offreur_unique`, `cause`, `solidite`, `est_estimee`, `type_demande`,
        `nb_points`, `nb_points_inconnus` (population not known).  Whatever is
        about people is NA for a zone where nobody is known; Σ population over
        a partition is that of the region.
    """
    return table_of(world.mailles[question.zonage], world, question, offre, points)


def region_row(
    world: World, question: Question, offre: OffreComptee, points: pd.DataFrame
) -> pd.Series:
    """Return the same numbers for the whole region."""
    inside = np.flatnonzero(world.points["est_region"].to_numpy())
    nom = world.snapshot.manifest.get("nom_region", "Région")
    offers = np.flatnonzero(~world.comptes["est_voisine"].to_numpy())
    code, name = np.array(["region"], dtype=object), np.array([nom], dtype=object)
    whole = Maille(
        "region",
        code,
        name,
        inside,
        np.zeros_like(inside),
        np.zeros(1, dtype=bool),
        offers,
        np.zeros_like(offers),
    )
    return table_of(whole, world, question, offre, points).iloc[0]


def table_of(
    maille: Maille, world: World, question: Question, offre: OffreComptee, points: pd.DataFrame
) -> pd.DataFrame:
    """Return the table of one division (see `zone_table`)."""
    people = world.population(question.public)[maille.points]
    mine = (
        points.iloc[maille.points]
        .reset_index(drop=True)
        .assign(
            zone=maille.zones,
            people=people,
            cell=world.points["type_point"].to_numpy()[maille.points] == CARREAU,
        )
    )
    nb = len(maille.codes)
    named = pd.DataFrame(
        {
            "type_zone": as_objects([maille.type_zone] * nb),
            "code_zone": as_objects(maille.codes),
            "nom": as_objects(maille.noms),
        }
    )
    parts = [
        _people(mine, nb),
        _costs(mine, nb),
        _scores(mine, nb),
        _places(maille, world, offre),
        _words(mine, nb),
    ]
    table = pd.concat([named, *parts], axis=1)
    table["offreur_unique"] = as_objects(
        _sole_providers(maille, world, question, offre, points["est_couvert"].to_numpy())
    )
    table["est_estimee"] = maille.est_estimee
    return table


def _sums(mine: pd.DataFrame, nb: int, kept: np.ndarray) -> np.ndarray:
    """Return the people by zone among the rows kept; unknown people count for nothing here."""
    return np.bincount(mine["zone"], np.where(kept, np.nan_to_num(mine["people"]), 0.0), nb)


def _people(mine: pd.DataFrame, nb: int) -> pd.DataFrame:
    """Return how many people each zone has, and how many lack cover, and why."""
    known = mine["people"].notna().to_numpy()
    population = np.where(np.bincount(mine["zone"], known, nb) > 0, _sums(mine, nb, known), np.nan)
    covered = mine["est_couvert"].to_numpy()
    uncovered = _sums(mine, nb, ~covered)
    frame = pd.DataFrame({"population": population, "population_non_couverte": uncovered})
    frame["part_non_couverte"] = np.clip(
        uncovered / np.where(population > 0, population, np.nan), 0, 1
    )
    frame["part_couverte"] = 1 - frame["part_non_couverte"]
    by_cause = people_by_cause(
        mine["zone"].to_numpy(),
        mine["cause"].cat.codes.to_numpy(),
        np.nan_to_num(mine["people"]),
        nb,
    )
    for cause, people in zip(CAUSES, by_cause, strict=True):
        frame[f"population_{cause}"] = people
    frame["population_douteuse"] = _sums(mine, nb, covered & ~mine["est_couvert_sur"].to_numpy())
    frame.loc[frame["population"].isna(), [c for c in frame if c.startswith("population_")]] = (
        np.nan
    )
    return frame.assign(
        nb_points=np.bincount(mine["zone"], minlength=nb),
        nb_points_inconnus=np.bincount(mine["zone"], ~known, nb).astype(int),
    )


def people_by_cause(zone: np.ndarray, cause: np.ndarray, people: np.ndarray, nb: int) -> np.ndarray:
    """Return the people of each cause (rank in `CAUSES`, −1 for none) and zone: (n_causes, nb)."""
    white = cause >= 0
    cells = cause[white].astype(np.intp) * nb + zone[white]
    return np.bincount(cells, people[white], len(CAUSES) * nb).reshape(len(CAUSES), nb)


def _costs(mine: pd.DataFrame, nb: int) -> pd.DataFrame:
    """Return the cost within which half, and nine tenths, of the people have an offer."""
    return pd.DataFrame(
        {
            nom: grouped_quantile(mine["cout"], mine["people"], mine["zone"], q, nb)
            for nom, q in (("mediane", 0.5), ("p90", 0.9))
        }
    )


def grouped_quantile(values, weights, groups, q: float, nb: int) -> np.ndarray:
    """Return the weighted quantile of each group: the least value that `q` of the weight does not exceed.

    An unknown value is farther than every known one: the quantile is NaN when
    it falls there, and for a group without weight.
    """
    values, weights, groups = (
        np.asarray(values, float),
        np.nan_to_num(np.asarray(weights, float)),
        np.asarray(groups),
    )
    order = np.lexsort((np.where(np.isnan(values), np.inf, values), groups))
    sorted_groups, cumulated = groups[order], np.cumsum(weights[order])
    total = np.bincount(groups, weights, nb)
    start = np.concatenate([[0.0], np.cumsum(total)[:-1]])
    goal = start + q * total
    firsts = np.searchsorted(sorted_groups, np.arange(nb), side="left")
    lasts = np.searchsorted(sorted_groups, np.arange(nb), side="right") - 1
    tolerance = 1e-9 * max(1.0, cumulated[-1] if len(cumulated) else 1.0)
    rank = np.clip(
        np.searchsorted(cumulated, goal - tolerance, side="left"), firsts, np.maximum(lasts, firsts)
    )
    result = np.full(nb, np.nan)
    some = (total > 0) & (lasts >= firsts)
    result[some] = values[order][rank[some]]
    return result


def _scores(mine: pd.DataFrame, nb: int) -> pd.DataFrame:
    """Return the accessibility of each zone: Σ A·P / Σ P, for `PAR_HABITANTS`; unknown where nobody reaches anything."""
    people = np.nan_to_num(mine["people"].to_numpy())
    total = np.bincount(mine["zone"], people, nb)
    total = np.where(total > 0, total, np.nan)
    frame = {}
    for nom in ("e2sfca", "deuxsfca", "troissfca"):
        score = mine[nom].to_numpy()
        reached = np.bincount(mine["zone"], ~np.isnan(score), nb) > 0
        frame[nom] = np.where(
            reached,
            np.bincount(mine["zone"], np.nan_to_num(score) * people, nb) / total * PAR_HABITANTS,
            np.nan,
        )
    frame["cumulative"] = (
        np.bincount(mine["zone"], mine["cumulative"].to_numpy() * people, nb) / total
    )
    return pd.DataFrame(frame)


def _places(maille: Maille, world: World, offre: OffreComptee) -> pd.DataFrame:
    """Return what the zone itself offers, in the region; unknown where the zone is finer than a place's address, or has no outline."""
    nb = len(maille.codes)
    if maille.type_zone == CARREAU:
        return pd.DataFrame(
            {
                nom: np.full(nb, np.nan)
                for nom in ("nb_offres", "nb_lieux", "nb_offreurs", "nb_places")
            }
        )
    chosen = np.zeros(len(world.comptes), dtype=bool)
    chosen[offre.comptes.index] = True
    kept = chosen[maille.offres]
    zone, mine = maille.zones_offres[kept], world.comptes.iloc[maille.offres[kept]]
    capacity = mine["capacite"].to_numpy()
    known = np.bincount(zone, ~np.isnan(capacity), nb) > 0
    frame = pd.DataFrame(
        {
            "nb_offres": np.bincount(zone, minlength=nb).astype(float),
            "nb_lieux": _distinct(zone, mine["place"].to_numpy(), nb),
            "nb_offreurs": _distinct(zone, mine["organisme"].to_numpy(), nb),
            "nb_places": np.where(known, np.bincount(zone, np.nan_to_num(capacity), nb), np.nan),
        }
    )
    if maille.est_sans_contour is not None:
        frame.loc[maille.est_sans_contour] = np.nan
    return frame


def _distinct(zone: np.ndarray, values: np.ndarray, nb: int) -> np.ndarray:
    """Return the number of distinct values by zone."""
    if not len(zone):
        return np.zeros(nb)
    pairs = np.unique(np.stack([zone, values]), axis=1)
    return np.bincount(pairs[0], minlength=nb).astype(float)


def _sole_providers(
    maille: Maille, world: World, question: Question, offre: OffreComptee, covered: np.ndarray
) -> np.ndarray:
    """Return the body without which the zone would lose all its cover, None when there is none or several.

    It is the only body within reach of the covered people of the zone.
    """
    least, most = reachable_bodies(world, question, offre)
    inhabited = np.nan_to_num(world.population(question.public)[maille.points]) > 0
    kept = covered[maille.points] & inhabited
    zone, points = maille.zones[kept], maille.points[kept]
    low, high = np.full(len(maille.codes), np.iinfo(np.int64).max), np.full(len(maille.codes), -1)
    np.minimum.at(low, zone, least[points])
    np.maximum.at(high, zone, most[points])
    names = world.noms_organismes
    return np.array(
        [names[a] if a == b else None for a, b in zip(low, high, strict=True)], dtype=object
    )


def reachable_bodies(
    world: World, question: Question, offre: OffreComptee
) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and greatest rank of the bodies whose offer each point reaches within the threshold.

    Both are equal when only one body is in reach; (greatest integer, −1) when none is.
    """
    place, body = offre.comptes["place"].to_numpy(), offre.comptes["organisme"].to_numpy()
    supplied = offre.par_place[place] > 0
    place, body = place[supplied], body[supplied]
    nothing = np.iinfo(np.int64).max
    low, high = np.full(len(offre.par_place), nothing), np.full(len(offre.par_place), -1)
    np.minimum.at(low, place, body)
    np.maximum.at(high, place, body)
    reach = world.weights(question.unite, question.seuil, "un")
    return _row_extreme(np.minimum, low[reach.indices], reach.indptr, nothing), _row_extreme(
        np.maximum, high[reach.indices], reach.indptr, -1
    )


def _row_extreme(
    extreme: np.ufunc, values: np.ndarray, indptr: np.ndarray, empty: int
) -> np.ndarray:
    """Return the minimum or maximum of each row of a CSR matrix; `empty` for a row without entry."""
    result = np.full(len(indptr) - 1, empty)
    filled = np.flatnonzero(np.diff(indptr))
    if len(filled):
        result[filled] = extreme.reduceat(values, indptr[filled])
    return result


def _words(mine: pd.DataFrame, nb: int) -> pd.DataFrame:
    """Return the main cause of the white points of each zone, how solid it is, and which demand was used."""
    people = np.nan_to_num(mine["people"].to_numpy())
    causes = mine["cause"].cat.codes.to_numpy()
    by_cause, white = people_by_cause(mine["zone"].to_numpy(), causes, people, nb), causes >= 0
    solid = np.bincount(mine["zone"], np.where(white & mine["est_robuste"], people, 0.0), nb)
    total = by_cause.sum(axis=0)
    names = np.array(list(CAUSES), dtype=object)[by_cause.argmax(axis=0)]
    cells, points = (
        np.bincount(mine["zone"], mine["cell"], nb),
        np.bincount(mine["zone"], minlength=nb),
    )
    return pd.DataFrame(
        {
            "cause": as_objects(np.where(total > 0, names, None)),
            "solidite": as_objects(
                np.where(total > 0, np.where(solid >= total / 2, "robuste", "fragile"), None)
            ),
            "type_demande": as_objects(
                np.select(
                    [points == 0, cells == 0, cells == points], [None, COMMUNE, CARREAU], "mixte"
                )
            ),
        }
    )


def as_objects(values) -> pd.Series:
    """Return texts as plain Python objects: a column of Arrow texts costs ten times more to turn into JSON."""
    return pd.Series(values, dtype=object)
