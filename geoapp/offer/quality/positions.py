"""Wrong positions, found by rules: each is a row, and says of an offer why its position cannot be right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoapp.offer.locating import RUES_MAX, shared_points
from geoapp.reference.codes.text import fold, map_distinct

ECART_MAX_M = 1000.0
"""Two points of one written address further apart than this (exclusive) cannot both be right."""


@dataclass(frozen=True)
class ReglePosition:
    """One rule: name, title, what it looks at, and a function frame → finding in French (NA: nothing wrong)."""

    nom: str
    titre: str
    sens: str
    trouver: Callable[[pd.DataFrame], pd.Series]


def _finding(mask: pd.Series, texte: pd.Series | str) -> pd.Series:
    """Return a text where a mask holds, NA elsewhere."""
    texts = (
        pd.Series(texte, index=mask.index, dtype="object")
        if isinstance(texte, str)
        else texte.astype("object")
    )
    return texts.where(mask.fillna(False).astype(bool), None)


def _outside(frame: pd.DataFrame) -> pd.Series:
    km = (
        (frame["distance_commune_m"] / 1000)
        .round(1)
        .astype("str")
        .str.replace(".", ",", regex=False)
    )
    return _finding(
        frame["est_douteuse"].astype("boolean"),
        "Position à "
        + km
        + " km de la commune déclarée ("
        + frame["nom_commune"].fillna("?")
        + ").",
    )


def _town_point(frame: pd.DataFrame) -> pd.Series:
    shared = shared_points(frame) & frame["precision_position"].eq("coordonnees").fillna(False)
    return _finding(
        shared,
        f"Le même point est donné pour plus de {RUES_MAX} rues : c'est celui de la ville, pas celui de l'adresse.",
    )


def _scattered(frame: pd.DataFrame) -> pd.Series:
    """Find the points far from the one most often given for the same written address; ties go to the smallest identifier."""
    sure = (
        frame["precision_position"].eq("coordonnees").fillna(False).astype(bool)
        & frame["adresse"].notna()
    )
    part = frame.loc[sure, ["id_place", "x_m", "y_m", "code_commune"]].assign(
        adresse=map_distinct(frame.loc[sure, "adresse"], fold)
    )
    part = part[part["adresse"].str.contains(r"\d", na=False)]
    counts = part.groupby(["code_commune", "adresse", "id_place"])[["x_m", "y_m"]].agg(
        ["first", "size"]
    )
    table = pd.DataFrame(
        {
            "x": counts[("x_m", "first")],
            "y": counts[("y_m", "first")],
            "nb": counts[("x_m", "size")],
        }
    ).reset_index()
    usual = table.sort_values(["nb", "id_place"], ascending=[False, True]).drop_duplicates(
        ["code_commune", "adresse"]
    )
    both = (
        part.reset_index()
        .merge(usual, on=["code_commune", "adresse"], validate="m:1")
        .set_index(part.index.name or "index")
    )
    metres = pd.Series(
        np.hypot(both["x_m"] - both["x"], both["y_m"] - both["y"]), index=both.index
    ).reindex(frame.index)
    km = (metres / 1000).round(1).astype("str").str.replace(".", ",", regex=False)
    return _finding(
        metres.gt(ECART_MAX_M),
        "La même adresse a ailleurs dans les données un point à " + km + " km de celui-ci.",
    )


def _other_department(frame: pd.DataFrame) -> pd.Series:
    known = frame["code_postal"].notna() & frame["code_commune"].notna()
    prefix = frame["code_postal"].str[:2].ne(frame["code_commune"].str[:2])
    listed = pd.Series(
        [
            p in (codes or "").split("|")
            for p, codes in zip(
                frame["code_postal"].fillna("-"), frame["codes_postaux"].fillna(""), strict=True
            )
        ],
        index=frame.index,
    )
    return _finding(
        known & prefix & ~listed,
        "Le code postal "
        + frame["code_postal"].fillna("")
        + " est d'un autre département que la commune ("
        + frame["nom_commune"].fillna("?")
        + ").",
    )


REGLES_POSITION: tuple[ReglePosition, ...] = (
    ReglePosition(
        "hors_commune",
        "Hors de la commune",
        "Point reçu, ou point connu de l'établissement, à plus d'un kilomètre du contour de la commune déclarée",
        _outside,
    ),
    ReglePosition(
        "point_de_ville",
        "Point de la ville",
        f"Point donné à lui seul pour plus de {RUES_MAX} rues différentes",
        _town_point,
    ),
    ReglePosition(
        "adresse_dispersee",
        "Adresse dispersée",
        "Point à plus d'un kilomètre de celui que la même adresse a le plus souvent",
        _scattered,
    ),
    ReglePosition(
        "autre_departement",
        "Autre département",
        "Code postal d'un autre département que la commune",
        _other_department,
    ),
)
"""Every rule; the first that finds something names the defect."""


def find_wrong_positions(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `regle` and `constat` of each offer, NA when no rule finds anything; same index.

    `frame` is that of `geoapp.offer.quality.reading.assessed_offers`.
    """
    result = pd.DataFrame({"regle": None, "constat": None}, index=frame.index, dtype="object")
    for regle in REGLES_POSITION:
        found = regle.trouver(frame)
        new = found.notna() & result["regle"].isna()
        result.loc[new, "regle"] = regle.nom
        result.loc[new, "constat"] = found[new]
    return result
