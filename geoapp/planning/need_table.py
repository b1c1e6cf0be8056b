"""The need and the offer of each zone, family of jobs by family of jobs: made once, at the build.

The need is counted by bassin.  A zone d'emploi or a département takes the part of each bassin that
its people are: what is divided so adds up again to the whole.  What is hidden is in no sum, and is
counted beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.schema import TABLES, conform
from geoapp.core.schema.model import INDICES_TENSION
from geoapp.coverage.travel import Matrices
from geoapp.coverage.travel.growing import let_go
from geoapp.coverage.travel.matrix import PAR_UNITE, PLUS_GRAND
from geoapp.coverage.travel.modes import VOITURE
from geoapp.offer.counted import is_counted
from geoapp.offer.values import join_by_group
from geoapp.planning.uncollected import is_uncollected
from geoapp.reference.codes.tracks import ENTREES
from geoapp.reference.zonings import REGION

BASSIN = "bassin2024"
ZONAGES = (BASSIN, "ze2020", "departement")
"""Zonings of which the need is told, beside the region."""

SEUIL_MIN = 30
"""Minutes by car under which a training is said to be near."""

PART_PROCHE = 0.5
"""Part of the people that must be near for the offer not to be far."""

OFFRE_FAIBLE = 0.5
"""Trainings by project, against those of the region, under which the offer is weak."""

_TUS = {
    "nb_projets": "nb_tus",
    "nb_difficiles": "nb_difficiles_tus",
    "nb_saisonniers": "nb_saisonniers_tus",
}
"""Numbers of the survey, and the column that counts the bassins where each is hidden."""

PART_NEGLIGEABLE = 0.01
"""A hidden number of a bassin of which a zone holds less than this part is not said to miss."""

FORT, MODERE, INCONNU = "fort", "modere", "inconnu"
PRESENTE, FAIBLE, LOIN, AUCUNE, INCONNUE = "presente", "faible", "loin", "aucune", "inconnue"
NON_COLLECTEE = "non_collectee"
"""The offer of a family that no source claims to hold: neither weak nor far is told of it."""

SORTIES = ("2322", "2383", "23C2", "3222")
"""First characters of the last years of study."""

CAUSE_FORTE = 4
"""Index from which a cause of tension is told."""

_CLE = ["type_zone", "code_zone", "code_famille"]
_FAR = np.uint16(PLUS_GRAND + 1)
_POINTS = 512
"""Points whose costs are whole at once."""


def need_table(tables: Mapping[str, pd.DataFrame], trajets: Matrices) -> pd.DataFrame:
    """Return the table `besoins_offres`: a row by zone and family of the survey."""
    if tables["besoins"].empty:
        return conform(pd.DataFrame(columns=TABLES["besoins_offres"].noms), "besoins_offres")
    shares = bassin_shares(tables["communes"], tables["communes_zones"])
    families = tables["familles_metiers"]["code_famille"]
    zones = shares[["type_zone", "code_zone"]].drop_duplicates()
    rows = zones.merge(pd.DataFrame({"code_famille": families}), how="cross")
    for part in (
        _needs(tables["besoins"], shares),
        _seekers(tables, shares),
        _tensions(tables),
        _offers(tables),
        _pupils(tables),
        _access(tables, trajets),
    ):
        rows = rows.merge(part, on=_CLE, how="left")
    rows["est_repartie"] = rows["est_repartie"].fillna(False).astype(bool)
    zeros = ["nb_bassins", *_TUS.values(), "nb_demandeurs_tus", "nb_formations", "nb_lieux"]
    rows[[*zeros, "nb_sans_places"]] = rows[[*zeros, "nb_sans_places"]].fillna(0)
    judged = _judged(rows, _people(tables))
    return conform(_left_unjudged(judged, is_uncollected(rows, tables)), "besoins_offres")


def bassin_shares(communes: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Return which part of the people of each bassin lives in each zone.

    Returns
    -------
    DataFrame
        `type_zone`, `code_zone`, `bassin`, `part`: the parts of a bassin add up to 1 over each
        zoning.  The region, and a bassin itself, hold whole ones.
    """
    mine = communes[communes["est_region"].astype(bool)]
    people = mine.set_index("code_commune")["population"].astype("float64").fillna(0)
    whole = members[members["type_lien"].eq("entiere") & members["code_commune"].isin(people.index)]
    bassins = whole[whole["type_zone"].eq(BASSIN)].set_index("code_commune")["code_zone"]
    parts = []
    for nom in (*ZONAGES, REGION):
        if nom == REGION:
            zone = pd.Series(mine["code_region"].to_numpy(), index=mine["code_commune"])
        else:
            zone = whole[whole["type_zone"].eq(nom)].set_index("code_commune")["code_zone"]
        both = pd.DataFrame({"bassin": bassins, "code_zone": zone, "nb": people}).dropna()
        held = both.groupby(["bassin", "code_zone"], as_index=False)["nb"].sum()
        total = held.groupby("bassin")["nb"].transform("sum")
        part = held["nb"] / total
        parts.append(held.assign(type_zone=nom, part=part)[part.gt(0)])
    return pd.concat(parts, ignore_index=True)[["type_zone", "code_zone", "bassin", "part"]]


def _needs(needs: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Return the projects of each zone: what is known, and how much is hidden."""
    rows = needs.rename(columns={"code_zone": "bassin"}).merge(shares, on="bassin")
    told = rows["part"].ge(PART_NEGLIGEABLE)
    known = rows[list(_TUS)].astype("float64").mul(rows["part"], axis=0)
    hidden = {tus: (rows[nom].isna() & told).astype(int) for nom, tus in _TUS.items()}
    rows = rows[_CLE].assign(
        **known,
        **hidden,
        nb_projets_juges=known["nb_projets"].where(known["nb_difficiles"].notna()),
        nb_bassins=told.astype(int),
        est_repartie=rows["part"].lt(1 - 1e-9),
    )
    found = rows.groupby(_CLE)
    return pd.concat(
        [
            found[[*_TUS, "nb_projets_juges"]].sum(min_count=1),
            found[["nb_bassins", *_TUS.values()]].sum(),
            found["est_repartie"].any(),
        ],
        axis=1,
    ).reset_index()


def _jobs(families: pd.DataFrame) -> pd.DataFrame:
    """Return one row by family and job (ROME)."""
    known = families.dropna(subset="codes_rome")
    known = known.assign(code_metier=known["codes_rome"].str.split("|")).explode("code_metier")
    return known[["code_famille", "code_metier"]]


def _of_bassins(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the tensions of jobs by bassin, a row by family that each job belongs to."""
    tensions = tables["tensions"]
    mine = tensions[tensions["nomenclature"].eq("rome") & tensions["type_zone"].eq(BASSIN)]
    return mine.merge(_jobs(tables["familles_metiers"]), on="code_metier")


def _seekers(tables: Mapping[str, pd.DataFrame], shares: pd.DataFrame) -> pd.DataFrame:
    """Return the job seekers of the jobs of each family, by zone, and what they leave out.

    A bassin where a job of the family is not published is counted: the sum is the least that
    they are.  Fewer than five people are unknown.
    """
    told = _of_bassins(tables).dropna(subset="nb_demandeurs")
    by_bassin = told.groupby(["code_famille", "code_zone"])
    known = by_bassin.agg(
        nb=("nb_demandeurs", "sum"), dits=("nb_demandeurs", "size"), annee=("annee", "max")
    )
    jobs = _jobs(tables["familles_metiers"]).groupby("code_famille")["code_metier"].nunique()
    families = known.index.unique("code_famille").to_frame(index=False)
    rows = shares.merge(families, how="cross").merge(
        known, how="left", left_on=["code_famille", "bassin"], right_index=True
    )
    lacks = rows["dits"].fillna(0).lt(rows["code_famille"].map(jobs))
    found = rows.assign(
        nb_demandeurs=rows["nb"] * rows["part"],
        nb_demandeurs_tus=(lacks & rows["part"].ge(PART_NEGLIGEABLE)).astype(int),
    ).groupby(_CLE)
    people = found["nb_demandeurs"].sum(min_count=1)
    few = people.gt(0) & people.lt(PETIT_NOMBRE)
    return pd.DataFrame(
        {
            "nb_demandeurs": people.mask(few),
            "nb_demandeurs_tus": found["nb_demandeurs_tus"].sum(),
            "annee_demandeurs": found["annee"].max(),
        }
    ).reset_index()


def _tensions(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the tension of each family: by bassin from its jobs, above from its own code of 2009.

    Indices are not passed from a zone to another: a zone d'emploi has none.
    """
    wide = tables["tensions"]
    families = tables["familles_metiers"][["code_famille"]]
    old = families.assign(
        code_metier=families["code_famille"].str.replace(r"^(..)X", r"\1Z", regex=True)
    )
    above = wide[wide["nomenclature"].eq("fap") & wide["type_zone"].isin([*ZONAGES, REGION])]
    rows = pd.concat([_of_bassins(tables), above.merge(old, on="code_metier")])
    indices = list(INDICES_TENSION)
    means = rows.groupby(_CLE)[indices].mean()
    causes = means[indices[1:]].astype("float64").ge(CAUSE_FORTE)
    named = [
        "|".join(nom for nom, is_strong in zip(causes.columns, row, strict=True) if is_strong)
        for row in causes.to_numpy()
    ]
    return (
        pd.DataFrame(
            {
                "tension": means["tension"],
                "causes": pd.array(named, dtype="str"),
                "annee_tension": rows.groupby(_CLE)["annee"].max(),
            }
        )
        .replace({"causes": ""}, None)
        .reset_index()
    )


def linked_offers(tables: Mapping[str, pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Return some columns of the offers of the region by family, those counted everywhere.

    See `offer.counted`.  An offer of several families is in each.
    """
    return _with_families(tables, _counted_offers(tables, columns))


def _counted_offers(tables: Mapping[str, pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Return some columns, and `id_formation`, of the offers of the region counted everywhere."""
    read = ["id_formation", *columns]
    offers = tables["offres"][list(dict.fromkeys([*read, "id_place", "modalite"]))]
    return pd.DataFrame(offers.loc[is_counted(offers), read])


def _with_families(tables: Mapping[str, pd.DataFrame], offers: pd.DataFrame) -> pd.DataFrame:
    """Return offers once by family that their training leads to (`code_famille`)."""
    links = tables["formations_familles"][["id_formation", "code_famille"]]
    return offers.merge(links, on="id_formation")


def _in_zones(rows: pd.DataFrame, region: str) -> pd.DataFrame:
    """Return rows once by zone that holds them, after their text of zones; the region holds all."""
    texts = rows["zones"].dropna().unique()
    held = [(text, *zone.partition(":")[::2]) for text in texts for zone in text.split("|")]
    zones = pd.DataFrame(held, columns=["zones", "type_zone", "code_zone"], dtype="str")
    placed = rows.merge(zones[zones["type_zone"].isin(list(ZONAGES))], on="zones")
    return pd.concat([placed, rows.assign(type_zone=REGION, code_zone=region)], ignore_index=True)


def _region(tables: Mapping[str, pd.DataFrame]) -> str:
    communes = tables["communes"]
    return str(communes.loc[communes["est_region"].astype(bool), "code_region"].iloc[0])


def _offers(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the trainings, places and known seats of each zone, by family."""
    rows = linked_offers(tables, ["id_lieu", "capacite", "zones"])
    places = rows["capacite"].astype("float64")
    rows = rows.assign(places=places, sans=places.isna().astype(int))
    # By place first: a row by offer and zone would be the largest table of a build.
    of_place = rows.groupby(["zones", "code_famille", "id_lieu"], sort=False, dropna=False)
    sums = {"nb": of_place.size(), "places": of_place["places"].sum(min_count=1)}
    rows = pd.DataFrame(sums | {"sans": of_place["sans"].sum()}).reset_index()
    found = _in_zones(rows, _region(tables)).groupby(_CLE)
    return pd.DataFrame(
        {
            "nb_formations": found["nb"].sum(),
            "nb_lieux": found["id_lieu"].nunique(),
            "nb_places": found["places"].sum(min_count=1),
            "nb_sans_places": found["sans"].sum(),
        }
    ).reset_index()


def _pupils(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the pupils of the first and of the last year, by zone and family: one return alone.

    The seconde that several bac pro share is that of no family.
    """
    flux = tables["flux"]
    counted = flux[flux["nb_eleves"].notna() & flux["code_mef"].notna()]
    columns = [*_CLE, "nb_entrants", "nb_sortants", "annee_eleves"]
    if counted.empty:
        return pd.DataFrame(columns=columns).astype(dict.fromkeys(_CLE, "str"))
    counted = counted[counted["annee"].eq(counted["annee"].max())]
    actions = tables["actions"][["id_action", "id_formation"]]
    links = tables["actions_flux"][["id_action", "id_flux"]].merge(actions, on="id_action")
    links = links.merge(tables["formations_familles"][["id_formation", "code_famille"]])
    pairs = links[["id_flux", "code_famille"]].drop_duplicates()
    rows = counted.merge(pairs, on="id_flux")
    year = rows["code_mef"].str[:4]
    pupils = rows["nb_eleves"].astype("float64")
    rows = rows.assign(
        nb_entrants=pupils.where(year.isin(ENTREES)),
        nb_sortants=pupils.where(year.isin(SORTIES)),
        zones=rows["code_uai"].map(_zones_of_schools(tables)).fillna(""),
    )
    found = _in_zones(rows, _region(tables)).groupby(_CLE)
    sums = found[["nb_entrants", "nb_sortants"]].sum(min_count=1)
    return sums.assign(annee_eleves=found["annee"].max()).reset_index()


def _zones_of_schools(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Return the zones of each establishment (UAI), as offers write them: those of its places."""
    lieux = tables["lieux"][["id_lieu", "code_uai"]].dropna()
    links = tables["lieux_zones"][["id_lieu", "type_zone", "code_zone"]]
    links = links[links["type_zone"].isin(ZONAGES)].merge(lieux, on="id_lieu")
    # An establishment of several places is counted once: where the first of them lies.
    first = links.sort_values("id_lieu").drop_duplicates(["code_uai", "type_zone"])
    keys = first["type_zone"] + ":" + first["code_zone"]
    return join_by_group(keys, first["code_uai"])


@dataclass(frozen=True, kw_only=True)
class _Terrain:
    """Where people are: rows of the costs, their people, and the rank of the zone of each."""

    rows: np.ndarray
    people: np.ndarray
    zones: dict[str, tuple[np.ndarray, np.ndarray]]


def _terrain(tables: Mapping[str, pd.DataFrame], trajets: Matrices) -> _Terrain:
    """Return the people of the region in the order of the costs, and their zones."""
    points = tables["demande"].set_index("id_point").loc[trajets.origines]
    inside = points["est_region"].to_numpy(dtype=bool)
    mine = points[inside]
    members = tables["communes_zones"]
    whole = members[members["type_lien"].eq("entiere")]
    zones = {REGION: (np.array([_region(tables)]), np.zeros(len(mine), dtype=int))}
    for nom in ZONAGES:
        by_commune = whole[whole["type_zone"].eq(nom)].set_index("code_commune")["code_zone"]
        codes, names = pd.factorize(mine["code_commune"].map(by_commune), sort=True)
        zones[nom] = (np.asarray(names, dtype=object), codes)
    return _Terrain(
        rows=np.flatnonzero(inside),
        people=np.nan_to_num(mine["population_retenue"].to_numpy(dtype=float)),
        zones=zones,
    )


def _access(tables: Mapping[str, pd.DataFrame], trajets: Matrices) -> pd.DataFrame:
    """Return how far the people of each zone are from a training of each family, by car."""
    columns = ["trajet_median_min", "part_30_min", "id_action_proche", "trajet_proche_min"]
    empty = pd.DataFrame(columns=[*_CLE, *columns, "est_proche_dehors"])
    found = trajets.modes.get(VOITURE)
    if found is None or "min" not in found.pas:
        return empty.astype(dict.fromkeys(_CLE, "str"))
    terrain = _terrain(tables, trajets)
    firsts = _first_offers(tables, trajets.places)
    families = {nom: mine["rang"].to_numpy() for nom, mine in firsts.groupby("code_famille")}
    seen = _nearest_by_zone(terrain, found.pas["min"], list(families.values()))
    parts = [
        (famille, type_zone, codes, told)
        for famille, by_zone in zip(families, seen, strict=True)
        for (type_zone, (codes, _)), told in zip(terrain.zones.items(), by_zone, strict=True)
    ]
    if not parts:
        return empty
    named = ((famille, type_zone, code) for famille, type_zone, codes, _ in parts for code in codes)
    rows = pd.DataFrame(named, columns=["code_famille", "type_zone", "code_zone"])
    for nom in parts[0][-1]:
        rows[nom] = np.concatenate([told[nom] for *_, told in parts])
    known = firsts.rename(columns={"rang": "place", "id_action": "id_action_proche"})
    rows = rows.merge(known, on=["code_famille", "place"], how="left", validate="m:1")
    by_place = tables["offres"][["id_lieu", "zones"]].drop_duplicates("id_lieu")
    of_place = rows["id_lieu"].map(by_place.set_index("id_lieu")["zones"])
    told = zip(rows["type_zone"], rows["code_zone"], of_place, strict=True)
    # Unknown where nothing is near.
    outside = [
        type_zone != REGION and f"{type_zone}:{code}" not in zones.split("|")
        if isinstance(zones, str)
        else None
        for type_zone, code, zones in told
    ]
    rows["est_proche_dehors"] = pd.array(outside, dtype="boolean")
    return rows.drop(columns=["place", "id_lieu"])


def _first_offers(tables: Mapping[str, pd.DataFrame], places: np.ndarray) -> pd.DataFrame:
    """Return by family and position (its rank in `places`) the first offer, by title."""
    offers = _counted_offers(tables, ["id_action", "id_lieu", "titre", "id_place"])
    # By rank: the texts of those that are kept, a few of all, are looked for last.
    offers = offers.sort_values(["titre", "id_action"], ignore_index=True)
    rank = pd.Index(places).get_indexer(offers["id_place"])
    told = offers[["id_formation"]].assign(rang=rank, offre=np.arange(len(offers)))
    firsts = _with_families(tables, told).drop_duplicates(["code_famille", "rang"])
    known = offers[["id_action", "id_lieu"]].take(firsts["offre"])
    return pd.concat([firsts[["code_famille", "rang"]], known.set_axis(firsts.index)], axis=1)


def _by_points(
    cost: scipy.sparse.csr_array, rows: np.ndarray, places: np.ndarray | None = None
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield the costs of some points at a time, whole: (places, points), `_FAR` out of reach.

    All of them would be gigabytes for a large offer; those of one place follow one another.
    With `places`, a row for each of them alone, in their order.
    """
    for start in range(0, len(rows), _POINTS):
        mine = rows[start : start + _POINTS]
        near = np.full((len(mine), cost.shape[1]), _FAR, dtype=np.uint16)
        for line, row in zip(near, mine, strict=True):
            held = slice(cost.indptr[row], cost.indptr[row + 1])
            line[cost.indices[held]] = cost.data[held]
        if places is not None:
            near = near.take(places, axis=1)
        # Written by point and read by place: each in the order of the memory.
        yield slice(start, start + len(mine)), near.T.copy()
        let_go(cost.data)
        let_go(cost.indices)


def _nearest(near: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the least cost of each point among some places, and the first of them that has it."""
    size = math.isqrt(len(places)) + 1
    starts = np.arange(0, len(places), size)
    least = np.stack([near[places[at : at + size]].min(axis=0) for at in starts])
    block, points = least.argmin(axis=0), np.arange(near.shape[1])
    cost = least[block, points]
    within = np.minimum(starts[block] + np.arange(size)[:, None], len(places) - 1)
    found = (near[places[within], points] == cost).argmax(axis=0)
    return cost, places[within[found, points]]


def _nearest_by_zone(
    terrain: _Terrain, cost: scipy.sparse.csr_array, places: Sequence[np.ndarray]
) -> list[list[dict[str, np.ndarray]]]:
    """Return, by list of places then by zoning, what is told of each zone.

    The median and the near part, and the place nearest to most people.
    """
    nb = len(terrain.rows)
    least = np.empty((len(places), nb), dtype=np.uint16)
    best = np.empty((len(places), nb), dtype=int)
    for rows, near in _by_points(cost, terrain.rows):
        for rank, mine in enumerate(places):
            least[rank, rows], best[rank, rows] = _nearest(near, mine)
    chosen = [
        [
            _nearest_to_most(terrain.people, one, place, zone=zone, nb=len(codes))
            for codes, zone in terrain.zones.values()
        ]
        for one, place in zip(least, best, strict=True)
    ]
    zones = [(zone, len(codes)) for codes, zone in terrain.zones.values()]
    own = np.full((len(places), len(zones), nb), _FAR, dtype=np.uint16)
    # The places chosen are a few of all: this time the others are left out.
    wanted = np.unique([place for by_zone in chosen for one in by_zone for place in one])
    wanted = wanted[wanted >= 0].astype(int)
    line = np.zeros(cost.shape[1], dtype=int)
    line[wanted] = np.arange(len(wanted))
    for rows, near in _by_points(cost, terrain.rows, wanted):
        points = np.arange(near.shape[1])
        for rank, by_zone in enumerate(chosen):
            for which, (zone, _) in enumerate(zones):
                place = by_zone[which][zone[rows]]
                known = (zone[rows] >= 0) & (place >= 0)
                if len(wanted):
                    own[rank, which, rows] = np.where(known, near[line[place], points], _FAR)
    return [
        [
            _tell_zones(terrain.people, one, mine, place, zone=zone, nb=size)
            for (zone, size), mine, place in zip(zones, theirs, by_zone, strict=True)
        ]
        for one, theirs, by_zone in zip(least, own, chosen, strict=True)
    ]


def _nearest_to_most(
    people: np.ndarray, least: np.ndarray, place: np.ndarray, *, zone: np.ndarray, nb: int
) -> np.ndarray:
    """Return the place that is the nearest to most people of each zone, -1 when none is reached."""
    reached = (zone >= 0) & (least < _FAR) & (people > 0)
    is_seen = np.bincount(place[reached], minlength=1) > 0
    seen, rank = np.flatnonzero(is_seen), np.cumsum(is_seen) - 1
    if not len(seen):
        return np.full(nb, -1)
    pairs = zone[reached] * len(seen) + rank[place[reached]]
    sums = np.bincount(pairs, people[reached], nb * len(seen)).reshape(nb, len(seen))
    # The first of equal ones.
    return np.where(sums.any(axis=1), seen[sums.argmax(axis=1)], -1)


def _tell_zones(
    people: np.ndarray,
    least: np.ndarray,
    own: np.ndarray,
    place: np.ndarray,
    *,
    zone: np.ndarray,
    nb: int,
) -> dict[str, np.ndarray]:
    """Return the median and the near part of each zone, and its way to the place chosen for it."""
    total = np.bincount(zone[zone >= 0], people[zone >= 0], nb)
    inside = (zone >= 0) & (least <= SEUIL_MIN * PAR_UNITE["min"])
    close = np.bincount(zone[inside], people[inside], nb)
    return {
        "trajet_median_min": weighted_medians(least, people, zone, nb),
        "part_30_min": np.divide(close, total, out=np.full(nb, np.nan), where=total > 0),
        "place": place,
        "trajet_proche_min": np.where(place >= 0, weighted_medians(own, people, zone, nb), np.nan),
    }


def weighted_medians(cost: np.ndarray, people: np.ndarray, zone: np.ndarray, nb: int) -> np.ndarray:
    """Return the cost that half the people of each zone do not pass, in minutes.

    NaN where half of them reach nothing, or where nobody lives.
    """
    kept = np.flatnonzero((zone >= 0) & (people > 0))
    # By zone, cost and rank, as one number: such a sort costs a tenth of that of several columns.
    keys = (zone[kept].astype(np.int64) << 48) + (cost[kept].astype(np.int64) << 32) + kept
    keys.sort()
    order = keys & 0xFFFFFFFF
    mine, running = zone[order], np.cumsum(people[order])
    result = np.full(nb, np.nan)
    if not len(order):
        return result
    ends = np.searchsorted(mine, np.arange(nb), side="right")
    starts = np.searchsorted(mine, np.arange(nb), side="left")
    before = np.where(starts > 0, running[np.maximum(starts, 1) - 1], 0.0)
    after = np.where(ends > 0, running[np.maximum(ends, 1) - 1], 0.0)
    at = np.searchsorted(running, before + (after - before) / 2 - 1e-9, side="left")
    filled = ends > starts
    found = cost[order[np.minimum(at, len(order) - 1)]]
    result[filled] = np.where(found == _FAR, np.nan, found / PAR_UNITE["min"])[filled]
    return result


def _people(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Return the people of the region that live in each zone (`type_zone`, `code_zone`)."""
    communes = tables["communes"]
    mine = communes[communes["est_region"].astype(bool)]
    people = mine.set_index("code_commune")["population"].astype("float64")
    members = tables["communes_zones"]
    whole = members[members["type_lien"].eq("entiere") & members["type_zone"].isin(ZONAGES)]
    rows = whole.assign(nb=whole["code_commune"].map(people))
    sums = rows.groupby(["type_zone", "code_zone"])["nb"].sum(min_count=1)
    sums.loc[REGION, _region(tables)] = people.sum()
    return sums


def _judged(rows: pd.DataFrame, people: pd.Series) -> pd.DataFrame:
    """Return the rows with what they come to: the need, the offer, in a word.

    A need is strong when the family has more projects by inhabitant than the mean family of the
    region: what is hidden can only add to it.
    """
    nb = people.reindex(pd.MultiIndex.from_frame(rows[["type_zone", "code_zone"]])).to_numpy()
    rate = rows["nb_projets"] / nb * 1000
    whole = rows[rows["type_zone"].eq(REGION)].set_index("code_famille")
    mean = whole["nb_projets"].sum() / max(len(whole), 1) / people.loc[REGION].sum() * 1000
    is_hidden = rows["nb_tus"].gt(0) | rows["nb_projets"].isna()
    besoin = np.select([rate.ge(mean), is_hidden], [FORT, INCONNU], MODERE)
    by_project = rows["nb_formations"] / rows["nb_projets"].where(rows["nb_projets"].gt(0))
    usual = rows["code_famille"].map(
        whole["nb_formations"] / whole["nb_projets"].where(whole["nb_projets"].gt(0))
    )
    relative = (by_project / usual.where(usual.gt(0))).where(rows["nb_tus"].eq(0))
    has_any = rows["code_famille"].map(whole["nb_formations"]).gt(0)
    near = rows["part_30_min"]
    offre = np.select(
        [
            ~has_any,
            near.isna(),
            near.lt(PART_PROCHE),
            rows["nb_formations"].eq(0) | relative.lt(OFFRE_FAIBLE),
        ],
        [AUCUNE, INCONNUE, LOIN, FAIBLE],
        PRESENTE,
    )
    return rows.assign(projets_pour_1000=rate, offre_relative=relative, besoin=besoin, offre=offre)


def _left_unjudged(rows: pd.DataFrame, uncollected: np.ndarray) -> pd.DataFrame:
    """Return the rows, those of an offer that nobody collects without a word or a part on it."""
    parts = ["offre_relative", "part_30_min", "trajet_median_min"]
    rows.loc[uncollected, "offre"] = NON_COLLECTEE
    rows.loc[uncollected, parts] = np.nan
    return rows
