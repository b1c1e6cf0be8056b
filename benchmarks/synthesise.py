"""Offer files of any size, synthesised from a real one (or from the demonstration offer).

Rows are drawn with replacement from the real file, so that the mix of levels,
codes, dates and gaps stays real.  Identifiers are new; distinct titles, bodies
and places multiply as they do from the file of the region to that of the country.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd

from geoapp.reference.codes.identifiers import luhn_sum
from geoapp.sources.registry import Source

JITTER_M = 400.0
"""Standard deviation of the shift of a new place, in metres: most stay in their commune."""
METRES_BY_DEGREE = 111_320.0
"""Length of one degree of latitude, enough to scatter places; no result is measured with it."""

NB_REGION, NB_PAYS = 1_920, 39_510
"""Rows of the real catalogue of the same day: of the region, of the country."""
INTITULES, ORGANISMES = (570, 2_461), (140, 2_930)
"""Distinct trainings (Certif Info) and teaching bodies (SIRET) that these two files hold.

The number of distinct values grows as a power of the rows (Heaps).  Unions of départements drawn
from the country file give the same powers: 0.49 and 0.94, against 0.48 and 1.01 here.
"""


def count_distinct(nb_offers: int, known: tuple[int, int]) -> float:
    """Return how many distinct values are likely: the law through the two files that we know."""
    region, pays = known
    power = math.log(pays / region) / math.log(NB_PAYS / NB_REGION)
    return min(nb_offers, region * (nb_offers / NB_REGION) ** power)


def count_places(nb_offers: int) -> int:
    """Return a likely number of places: 300 for 2,000 offers, about 15,000 for 200,000."""
    return max(1, round(300 * (nb_offers / 2000) ** 0.85))


def read_rows(path: Path) -> pd.DataFrame:
    """Return the rows of a CSV file as text, blank cells as NA."""
    with open(path, encoding="utf-8-sig") as stream:
        delimiter = max(";,\t|", key=stream.readline().count)
    return pd.read_csv(
        path, sep=delimiter, dtype="str", encoding="utf-8-sig", keep_default_na=False
    ).replace("", None)


def rows_of_demonstration(flat: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Return demonstration offers in the columns that the file of `source` has.

    Only plain columns can be put back; the first column of a joined
    identifier takes the whole of it.
    """
    raw = {}
    for ours, rule in source.colonnes.items():
        names = [rule] if isinstance(rule, str) else rule if isinstance(rule, list) else []
        for rank, name in enumerate(names):
            raw.setdefault(name, None if rank else flat.get(ours))
    return pd.DataFrame(raw, index=flat.index)


def synthesise_offers(
    rows: pd.DataFrame,
    source: Source,
    nb_offers: int,
    *,
    seed: int = 20201116,
    title_by_copy: bool = False,
) -> pd.DataFrame:
    """Return `nb_offers` raw rows drawn from `rows`, with new identifiers, titles and places.

    Parameters
    ----------
    rows : DataFrame of text
        Raw rows of the file of `source`.
    source : Source
        Its mapping says which columns hold identifiers, title and place.
    nb_offers : int
        Rows wanted.
    seed : int
        Same seed, same rows.
    title_by_copy : bool
        The copies of a row differ in their titles, and bodies stay as they are, as until November
        2026: ten times the titles that a real catalogue has.

    Returns
    -------
    DataFrame of text
        Columns of `rows`.  A row drawn twice has two identifiers.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(rows), nb_offers)
    offers = rows.iloc[drawn].reset_index(drop=True)
    copy = "." + pd.Series(drawn).groupby(drawn).cumcount().astype("str")
    for ours in ("id_formation", "id_action"):
        name = _raw_column(source, ours)
        offers[name] = offers[name] + copy
    title = _raw_column(source, "intitule")
    if not title_by_copy:
        titles = count_distinct(nb_offers, INTITULES) / rows[title].nunique()
        copy = "." + pd.Series(_ranks(nb_offers, titles, rng)).astype("str")
        _multiply_bodies(offers, source, count_distinct(nb_offers, ORGANISMES), rng)
    offers[title] = offers[title] + copy.where(copy.ne(".0"), "").str.replace(
        ".", " - parcours ", regex=False
    )
    return _scatter(offers, source, count_places(nb_offers), rng)


def _ranks(nb_offers: int, copies: float, rng: np.random.Generator) -> np.ndarray:
    """Return the rank of a copy by offer: 0 is the value known, which `copies` of it stand for."""
    return rng.integers(0, max(1, round(copies)), nb_offers)


def _multiply_bodies(
    offers: pd.DataFrame, source: Source, nb_bodies: float, rng: np.random.Generator
) -> None:
    """Give the bodies of the offers other SIRET, right ones, and names, in both roles alike."""
    roles = [
        (source.colonnes[f"{role}_siret"], source.colonnes[f"{role}_nom"])
        for role in ("responsable", "formateur")
    ]
    if not {nom for role in roles for nom in role} <= set(offers):
        return
    rank = _ranks(len(offers), nb_bodies / max(1, offers[roles[-1][0]].nunique()), rng)
    for siret, nom in roles:
        pairs = pd.MultiIndex.from_arrays([offers[siret], rank])
        number, distinct = pd.factorize(pairs)
        offers[siret] = pd.Series([_other_siret(*pair) for pair in distinct]).take(number).array
        offers[nom] = offers[nom].where(
            rank == 0, offers[nom] + " " + pd.Series(rank).astype("str")
        )


def _other_siret(siret: str | None, rank: int) -> str | None:
    """Return the SIRET of the copy `rank` of a body: another SIREN, and its key."""
    if not rank or not isinstance(siret, str):
        return siret
    start = f"{(int(siret[:9]) + 7919 * rank) % 10**9:09}{siret[9:13]}"
    return start + str(-luhn_sum(start + "0") % 10)


def _raw_column(source: Source, ours: str) -> str:
    """Return the (first) column of the file that feeds one of our columns."""
    rule = source.colonnes[ours]
    return rule if isinstance(rule, str) else rule[0]


def _scatter(
    offers: pd.DataFrame, source: Source, nb_places: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Spread the offers over `nb_places` shifted copies of their places."""
    address, latitude, longitude = (
        _raw_column(source, ours) for ours in ("lieu_adresse", "latitude", "longitude")
    )
    place = (
        offers.groupby([address, latitude, longitude], dropna=False, sort=False).ngroup().to_numpy()
    )
    copies = max(1, round(nb_places / max(1, place.max() + 1)))
    rank = rng.integers(0, copies, len(offers))
    shift = (
        rng.normal(0, JITTER_M / METRES_BY_DEGREE, (place.max() + 1, copies, 2))
        * (np.arange(copies) > 0)[None, :, None]
    )
    for name, moved, stretch in ((latitude, 0, 1.0), (longitude, 1, 1.55)):
        degrees = pd.to_numeric(offers[name]) + shift[place, rank, moved] * stretch
        offers[name] = degrees.round(7).astype("str")
    offers[address] = offers[address].where(
        rank == 0, pd.Series(rank).astype("str") + " bis, " + offers[address]
    )
    return offers


def write_rows(rows: pd.DataFrame, path: Path) -> None:
    """Write raw rows as the CSV file that the build reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(path, sep=";", index=False, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
