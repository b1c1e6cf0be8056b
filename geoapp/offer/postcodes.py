"""Tell postcodes from commune codes, and the commune that a postcode says.

Both have five digits: a postcode put where a commune code is expected would
place a row elsewhere, as one of the old communes.
"""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geoapp.core.geometry import measure_distance_m, repair_coordinates
from geoapp.core.texts import is_among
from geoapp.offer.journal import Journal
from geoapp.reference import codes
from geoapp.reference.codes.text import as_code, map_distinct
from geoapp.reference.postal import AnnuairePostal
from geoapp.reference.vicinity import box_of_communes

COMMUNE, POSTAL = "lieu_code_commune", "lieu_code_postal"
PRES_M = 15_000.0
"""A point closer than this to the town hall of a commune speaks for it, in metres."""
ETENDUES = {
    "01": (4.7, 45.6, 6.2, 46.6),
    "02": (2.9, 48.8, 4.3, 50.1),
    "03": (2.2, 45.9, 4.1, 46.9),
    "04": (5.4, 43.6, 7.0, 44.7),
    "05": (5.4, 44.1, 7.1, 45.2),
    "06": (6.6, 43.4, 7.8, 44.4),
    "07": (3.8, 44.2, 4.9, 45.4),
    "08": (4.0, 49.2, 5.4, 50.2),
    "09": (0.8, 42.5, 2.2, 43.4),
}
"""Bounds in degrees of the départements whose postcodes lose their zero."""
_CODE = re.compile(r"\d{5}")
_ETRANGER = re.compile(r"\b(?:belgique|belgi[eë]|belgium|luxembourg|allemagne|suisse)\b", re.I)


def settle_postcodes(journal: Journal, communes: gpd.GeoDataFrame, passage: dict[str, str]) -> None:
    """Put each postcode in its column: a lost zero restored, a commune code that is one moved.

    A code that could be an old commune or a postcode is believed when the rest
    of the row says which; else it is asked about (`code_ambigu`).
    """
    frame = journal.frame
    if frame[COMMUNE].isna().all() and frame[POSTAL].isna().all():
        return
    postal = _normal_postcodes(journal, communes)
    values = as_code(frame[COMMUNE])
    is_current = is_among(values, communes["code_commune"])
    if (is_current | values.isna()).all():
        return
    strange = values.str.fullmatch(_CODE, na=False) & ~is_current
    held = pa.array(communes["codes_postaux"].dropna().astype("str"))
    known = pc.list_flatten(pc.split_pattern(held, "|"))
    is_postal, is_old = is_among(values, known), is_among(values, passage)
    moved = strange & (is_postal & ~is_old | values.eq(postal))
    moved |= _is_postcode_column(values, known, communes)
    doubt = strange & ~moved & is_old
    if doubt.any():
        old = values.where(doubt).map(passage)
        in_address = _holds(frame["lieu_adresse"], values) & doubt
        fits = _fits(frame, postal, old, communes)
        moved |= in_address & ~fits
        # A column of commune codes may hold old ones: nothing to ask.
        if not _is_commune_column(values, communes):
            # Postcodes end in 0, but those of postboxes.
            could = is_postal | values.str.endswith("0", na=False)
            asked = doubt & could & ~fits & ~moved
            journal.refuse(COMMUNE, asked & ~_is_placed(frame), "code_ambigu")
            journal.set_aside(COMMUNE, asked)
            frame[COMMUNE] = frame[COMMUNE].mask(asked)
    if moved.any():
        journal.note(COMMUNE, moved, "code_postal_pour_commune", values)
        frame[POSTAL] = frame[POSTAL].where(frame[POSTAL].notna() | ~moved, values)
        frame[COMMUNE] = frame[COMMUNE].mask(moved)


def find_by_postcode(journal: Journal, communes: gpd.GeoDataFrame) -> None:
    """Give the commune that a postcode says to the rows that nothing else places.

    The name beside it is read (« 59020 LILLE CEDEX »), or the address; a postcode
    of several communes, or a bare CEDEX, says none.
    """
    frame, given = journal.frame, journal.original
    told = frame[POSTAL].notna() | frame["lieu_adresse"].notna()
    lost = told & frame[COMMUNE].isna() & frame["lieu_uai"].isna()
    if lost.any():
        points = repair_coordinates(frame["latitude"], frame["longitude"], near=box_of_communes())
        lost &= points["latitude"].isna()
    if not lost.any():
        return
    beside = given.loc[lost, POSTAL].where(given.loc[lost, POSTAL].str.len().gt(5))
    holds = _holds(given.loc[lost, "lieu_adresse"], frame.loc[lost, POSTAL])
    holds |= frame.loc[lost, POSTAL].isna()
    texts = beside.fillna(given.loc[lost, "lieu_adresse"].where(holds))
    texts = texts.fillna(frame.loc[lost, POSTAL])
    found = AnnuairePostal(communes).find_all(texts).reindex(frame.index)
    journal.note(COMMUNE, found.notna(), "commune_du_code_postal", found)
    frame[COMMUNE] = frame[COMMUNE].fillna(found)


def _with_zero(texts: pd.Series, communes: pd.DataFrame) -> pd.Series:
    """Return postcodes followed by a name with the zero that they lost, when the name says it."""
    if not texts.str.match(r"\s*\d{4} ", na=False).any():
        return texts
    return map_distinct(texts, AnnuairePostal(communes).restore_zero).astype(texts.dtype)


def _normal_postcodes(journal: Journal, communes: pd.DataFrame) -> pd.Series:
    """Put postcodes on five digits; a four-digit one that another country fits is set aside."""
    frame = journal.frame
    whole = _with_zero(frame[POSTAL], communes)
    postal, repaired = codes.normalise_code_postal(whole)
    bare = as_code(frame[POSTAL])
    zero = repaired & (bare.str.fullmatch(r"\d{4}", na=False) | whole.ne(frame[POSTAL]))
    if zero.any():
        postal = postal.mask(zero & _is_abroad(frame, postal))
    journal.replace(POSTAL, postal, "zero_restitue", only=zero)
    return postal


def _is_abroad(frame: pd.DataFrame, postal: pd.Series) -> pd.Series:
    """Tell the rows whose commune, point or address is not of the département of a postcode."""
    departement = postal.str[:2]
    commune = as_code(frame[COMMUNE]).str.zfill(5).str[:2]
    elsewhere = commune.notna() & commune.ne(departement).fillna(False)
    named = frame["lieu_adresse"].str.contains(_ETRANGER, na=False)
    points = repair_coordinates(frame["latitude"], frame["longitude"], near=box_of_communes())
    boxes = np.array([ETENDUES.get(str(one), (np.nan,) * 4) for one in departement]).reshape(-1, 4)
    x, y = points["longitude"].to_numpy(), points["latitude"].to_numpy()
    inside = (x >= boxes[:, 0]) & (x <= boxes[:, 2]) & (y >= boxes[:, 1]) & (y <= boxes[:, 3])
    return elsewhere | named | (points["latitude"].notna() & ~inside)


def _as_column(values: pd.Series) -> pd.Series:
    """Return the distinct values of a column; none of those of several sources checked together."""
    return values[:0] if values.index.nlevels > 1 else values.dropna().drop_duplicates()


def _is_postcode_column(values: pd.Series, known: pa.Array, communes: pd.DataFrame) -> pd.Series:
    """Tell, for all rows alike, whether a column of commune codes holds postcodes."""
    distinct = _as_column(values)
    are_postcodes = is_among(distinct, known) | distinct.str.endswith("000")
    are_communes = is_among(distinct, communes["code_commune"])
    is_column = len(distinct) >= 3 and are_postcodes.mean() >= 0.9 and are_communes.mean() < 0.5
    return values.notna() & is_column


def _is_commune_column(values: pd.Series, communes: pd.DataFrame) -> bool:
    """Tell whether the other values of a column are commune codes of today."""
    distinct = _as_column(values)
    return len(distinct) >= 5 and is_among(distinct, communes["code_commune"]).mean() >= 0.8


def _fits(
    frame: pd.DataFrame, postal: pd.Series, old: pd.Series, communes: gpd.GeoDataFrame
) -> pd.Series:
    """Tell the rows of which the postcode or the point is that of an old commune."""
    by_code = communes.set_index("code_commune")
    theirs = old.map(by_code["codes_postaux"])
    said = [
        isinstance(code, str) and isinstance(held, str) and code in held.split("|")
        for code, held in zip(postal, theirs, strict=True)
    ]
    points = repair_coordinates(frame["latitude"], frame["longitude"], near=box_of_communes())
    halls = by_code[["longitude_mairie", "latitude_mairie"]].reindex(old)
    away = measure_distance_m(
        points["longitude"],
        points["latitude"],
        halls["longitude_mairie"].to_numpy(),
        halls["latitude_mairie"].to_numpy(),
    )
    return pd.Series(said, index=frame.index) | (away <= PRES_M)


def _holds(texts: pd.Series, values: pd.Series) -> pd.Series:
    """Tell the rows whose text holds their value, as a word."""
    held = [
        isinstance(text, str) and isinstance(value, str) and value in re.findall(r"\d+", text)
        for text, value in zip(texts, values, strict=True)
    ]
    return pd.Series(held, index=texts.index)


def _is_placed(frame: pd.DataFrame) -> pd.Series:
    """Tell the rows that a point or an establishment places."""
    has_point = frame[["latitude", "longitude"]].notna().all(axis=1)
    return has_point | frame["lieu_uai"].notna()
