"""Who is beyond the threshold before and after a change, by public and by zone; few are hidden."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoapp.core.config import PETIT_NOMBRE
from geoapp.coverage.small_counts import tells_of_few
from geoapp.coverage.world import World
from geoapp.planning.people import Recensement
from geoapp.reference.zonings import CARREAU, COMPARES

COLONNES = ["code_zone", "nom", "population", "avant", "apres"]


def publics_of(
    world: World, effectif: Recensement, was: np.ndarray, is_now: np.ndarray
) -> pd.DataFrame:
    """Return the people beyond the threshold in each compared zoning (`COLONNES`).

    `was` and `is_now` tell, by point of the world, who is within it before and after.
    """
    rows = []
    for nom, compare in COMPARES.items():
        maille = world.mailles.get(nom)
        if maille is None or not len(maille.points):
            continue
        inside = np.isin(effectif.rows, maille.points)
        title = compare.communes if maille.est_estimee.any() else ""
        if compare.est_par_carreaux:
            # Whole communes are no measure of these quarters: the cells alone are.
            kinds = world.points["type_point"].to_numpy()[effectif.rows]
            title = f"{compare.ses} (là où la population l'est par carreau)"
            inside = inside & (kinds == CARREAU)
        rows.append((nom, title or compare.ses, inside))
    found = [
        {"code_zone": nom, "nom": title, **beyond_sides(effectif, was, is_now, inside)}
        for nom, title, inside in rows
    ]
    return pd.DataFrame(found, columns=COLONNES)


def zones_of(
    world: World, effectif: Recensement, zonage: str, was: np.ndarray, is_now: np.ndarray
) -> pd.DataFrame:
    """Return the same of each zone where somebody passes the threshold, the most changed first."""
    maille = world.mailles[zonage]
    rows = []
    for rank, code in enumerate(maille.codes):
        inside = np.isin(effectif.rows, maille.points[maille.zones == rank])
        if (was[effectif.rows[inside]] != is_now[effectif.rows[inside]]).any():
            sides = beyond_sides(effectif, was, is_now, inside)
            rows.append({"code_zone": code, "nom": maille.noms[rank], **sides})
    table = pd.DataFrame(rows, columns=COLONNES)
    change = (table["apres"] - table["avant"]).abs()
    return table.assign(_tri=change).sort_values(["_tri", "code_zone"], ascending=[False, True])


def beyond_sides(
    effectif: Recensement, was: np.ndarray, is_now: np.ndarray, inside: np.ndarray
) -> dict:
    """Return the people of a group beyond the threshold, before and after; few are hidden."""
    people, rows = effectif.people[inside], effectif.rows[inside]
    total = float(people.sum())
    before, after = (float(people[~side[rows]].sum()) for side in (was, is_now))
    few = tells_of_few(before, total) or tells_of_few(after, total)
    few |= 0 < abs(before - after) < PETIT_NOMBRE
    hidden = float("nan")
    return {
        "population": total,
        "avant": hidden if few else before,
        "apres": hidden if few else after,
    }
