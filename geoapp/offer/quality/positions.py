"""Wrong positions, found by rules.

Each is a row, and says of an offer why its position cannot be right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoapp.offer.locating import RUES_MAX, shared_points
from geoapp.offer.values import yes
from geoapp.reference.codes.text import fold, map_distinct

ECART_MAX_M = 1000.0
"""Two points of one written address further apart than this (exclusive) cannot both be right."""


@dataclass(frozen=True)
class ReglePosition:
    """One rule: name, title, what it looks at, and a function frame → finding in French.

    NA where nothing is wrong.
    """

    nom: str
    titre: str
    sens: str
    trouver: Callable[[pd.DataFrame], pd.Series]


def _finding(mask: pd.Series, texte: pd.Series | str) -> pd.Series:
    """Return a text where a mask holds, NA elsewhere; it may be that of these rows alone."""
    texts = pd.Series(texte, index=mask.index, dtype="object")
    return texts.where(mask.fillna(False).astype(bool), None)


def _kilometres(metres: pd.Series) -> pd.Series:
    """Return metres as kilometres in words, one decimal."""
    return (metres / 1000).round(1).astype("str").str.replace(".", ",", regex=False)


def _outside(frame: pd.DataFrame) -> pd.Series:
    """Find the points far outside the outline of the commune declared."""
    doubted = yes(frame["est_douteuse"])
    part = frame.loc[doubted, ["distance_commune_m", "nom_commune"]]
    km, name = _kilometres(part["distance_commune_m"]), part["nom_commune"].fillna("?")
    return _finding(
        doubted,
        "Position à " + km + " km de la commune déclarée (" + name + ").",
    )


def _town_point(frame: pd.DataFrame) -> pd.Series:
    """Find the points that stand for several streets."""
    # Only coordinates received can be wrong: other points are known not to be the address.
    shared = shared_points(frame) & frame["precision_position"].eq("coordonnees").fillna(False)
    return _finding(
        shared,
        f"Le même point est donné pour plus de {RUES_MAX} rues : "
        "c'est celui de la ville, pas celui de l'adresse.",
    )


def _scattered(frame: pd.DataFrame) -> pd.Series:
    """Find the points far from the one most often given for the same written address.

    Ties go to the smallest identifier.
    """
    received = frame["precision_position"].eq("coordonnees").fillna(False).astype(bool)
    part = frame.loc[received, ["id_place", "x_m", "y_m", "code_commune", "adresse"]]
    part = part.dropna(subset="adresse")
    part = part.assign(adresse=map_distinct(part["adresse"], fold))
    # Without a number, « route de Lens » may be several kilometres long.
    part = part[part["adresse"].str.contains(r"\d", na=False)]
    points = part.groupby(["code_commune", "adresse", "id_place"])
    table = points.agg(x=("x_m", "first"), y=("y_m", "first"), nb=("x_m", "size")).reset_index()
    table = table.sort_values(["nb", "id_place"], ascending=[False, True])
    usual = table.drop_duplicates(["code_commune", "adresse"]).drop(columns=["id_place", "nb"])
    both = part.merge(usual, on=["code_commune", "adresse"], how="left", validate="m:1").set_axis(
        part.index
    )
    metres = pd.Series(
        np.hypot(both["x_m"] - both["x"], both["y_m"] - both["y"]), index=both.index
    ).reindex(frame.index)
    is_far = metres.gt(ECART_MAX_M)
    return _finding(
        is_far,
        "La même adresse a ailleurs dans les données un point à "
        + _kilometres(metres[is_far])
        + " km de celui-ci.",
    )


def _other_department(frame: pd.DataFrame) -> pd.Series:
    """Find the postcodes of another département, unless the commune is served from there."""
    postal = frame["code_postal"]
    known = postal.notna() & frame["code_commune"].notna()
    wrong = known & postal.str[:2].ne(frame["code_commune"].str[:2])
    pairs = zip(postal[wrong], frame["codes_postaux"][wrong].fillna(""), strict=True)
    # Some communes are served by the post office of the département beside.
    wrong[wrong] = np.array([code not in codes.split("|") for code, codes in pairs], dtype=bool)
    return _finding(
        wrong,
        "Le code postal "
        + postal[wrong]
        + " est d'un autre département que la commune ("
        + frame.loc[wrong, "nom_commune"].fillna("?")
        + ").",
    )


REGLES_POSITION: tuple[ReglePosition, ...] = (
    ReglePosition(
        "hors_commune",
        "Hors de la commune",
        "Point reçu, ou point connu de l'établissement, "
        "à plus d'un kilomètre du contour de la commune déclarée",
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
