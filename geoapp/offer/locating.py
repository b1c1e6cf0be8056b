"""Place every lieu, and say how precisely; detect wrong, swapped and doubtful positions."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd

from geoapp.core.config import CRS_METRIC
from geoapp.core.geometry import make_points, repair_coordinates
from geoapp.core.schema.offer_columns import columns_of
from geoapp.offer.values import yes
from geoapp.reference.codes.text import fold, map_distinct
from geoapp.reference.vicinity import box_of_communes
from geoapp.reference.zone_joins import assign_by_geometry

_NOMS = {row.nom_plat: row.nom for row in columns_of("lieux") if row.plate}
"""Column of a flat offer → its name in the table `lieux`."""

ETABLISSEMENT = ("code_uai", "nom", "latitude", "longitude", "code_commune")

RUES_MAX = 2
"""Streets that one point may stand for (a corner).

At more, it is that of a town, given when an address was not found.
"""

_RUE = re.compile(
    r"\b(rue|avenue|av|boulevard|bd|place|route|chemin|allee|quai|impasse|square|cours|chaussee"
    r"|faubourg|zac|zi|za)\b((?: [a-z]+)+)"
)
_SUITE = re.compile(
    r" (lycee|institut|ecole|cfa|ufa|iut|campus|centre|site|maison|batiment|immeuble|zone|parc"
    r"|bp|cedex|null|cs)\b.*$"
)
_ARTICLES = frozenset("a au aux d de des du en l la le les et".split())


def merge_etablissements(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return one row per UAI code; for each value, the first frame that knows it wins.

    Inside a frame the smallest text wins, whatever the order of its rows.
    Coordinates are taken as a pair, from one frame.  Columns of
    `ETABLISSEMENT`, and `id_source_nom`, the `id_source` of the row that gives
    the name (NA when frames do not tell it); index `code_uai`.
    """
    if not frames:
        return pd.DataFrame(columns=[*ETABLISSEMENT, "id_source_nom"]).set_index("code_uai")
    ordered = [frame.sort_values(list(ETABLISSEMENT)) for frame in frames]
    every = pd.concat(ordered, ignore_index=True)
    if "id_source" not in every:
        every["id_source"] = None
    points = every.dropna(subset=["latitude", "longitude"]).drop_duplicates("code_uai")
    points = points.set_index("code_uai")[["latitude", "longitude"]]
    rest = every.groupby("code_uai")[["nom", "code_commune"]].first()
    named = every.dropna(subset="nom").drop_duplicates("code_uai").set_index("code_uai")
    return rest.join(points).join(named["id_source"].rename("id_source_nom").astype("str"))


def locate_lieux(
    lieux: pd.DataFrame,
    *,
    communes: gpd.GeoDataFrame,
    etablissements: pd.DataFrame,
    doubtful_distance_m: float,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return the lieux placed, and the repairs made to their coordinates.

    Coordinates received come first (`coordonnees`), else those of the
    establishment (`uai`), else the town hall of the commune (`commune`).  A
    point more than `doubtful_distance_m` outside the polygon of its declared
    commune is doubtful: the lieu goes to the town hall and is flagged.

    Parameters
    ----------
    lieux : DataFrame
        `id_lieu`, `lieu_code_commune`, `lieu_uai`, `latitude`, `longitude` (text).
    communes : GeoDataFrame
        EPSG:4326 polygons, with `longitude_mairie`, `latitude_mairie`.
    etablissements : DataFrame
        From `merge_etablissements`.
    doubtful_distance_m : float
        Exclusive: a point at exactly this distance is trusted.

    Returns
    -------
    lieux : GeoDataFrame
        Same rows and order, columns of the table `lieux`; geometry is NA when
        nothing placed the lieu.
    repairs : DataFrame
        Index `id_lieu`; `valeur`, `corrigee`, `type_correction`.
    """
    known = _gather(lieux, etablissements)
    by_code = communes.set_index("code_commune")
    placed = make_points(known["longitude"], known["latitude"]).set_axis(known.index)
    # A point without commune tells its own; where one is declared, it is the one believed.
    undeclared = placed.where(known["code_commune"].isna())
    found = assign_by_geometry(undeclared, communes, "code_commune")
    known["code_commune"] = known["code_commune"].fillna(found)
    known["distance_commune_m"] = _distance_to_commune(placed, known["code_commune"], by_code)
    is_doubtful = known["distance_commune_m"].gt(doubtful_distance_m)
    # Without a point received nothing was compared: the position is not « sure », it is not told.
    is_told = known["distance_commune_m"].notna()
    known["est_douteuse"] = is_doubtful.astype("boolean").where(is_told)
    at_town_hall = is_doubtful | placed.isna()
    known["geometry"] = placed.where(~at_town_hall, _town_halls(known, by_code))
    known.loc[at_town_hall, "precision_position"] = "commune"
    known.loc[known["geometry"].isna(), "precision_position"] = None
    known["motif_position"] = _explain(known)
    known["nom_commune"] = known["code_commune"].map(by_code["nom"]).astype("str")
    return _shape(known), _repairs(lieux, known)


def _town_halls(known: pd.DataFrame, communes: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the town hall of the commune of each lieu; a missing point without commune."""
    halls = communes[["longitude_mairie", "latitude_mairie"]].reindex(known["code_commune"])
    points = make_points(halls["longitude_mairie"], halls["latitude_mairie"])
    return points.set_axis(known.index)


def _gather(lieux: pd.DataFrame, etablissements: pd.DataFrame) -> pd.DataFrame:
    """Return the coordinates and commune known for each lieu, and where they come from."""
    own = repair_coordinates(
        lieux["latitude"], lieux["longitude"], near=box_of_communes()
    ).set_axis(lieux["id_lieu"])
    base = lieux.set_index("id_lieu")
    uai = etablissements.reindex(base["lieu_uai"]).set_axis(base.index)
    other = repair_coordinates(uai["latitude"].astype("str"), uai["longitude"].astype("str"))
    use_own = own["latitude"].notna()
    use_uai = ~use_own & other["latitude"].notna()
    base["latitude"] = own["latitude"].where(use_own, other["latitude"])
    base["longitude"] = own["longitude"].where(use_own, other["longitude"])
    base["reparation"] = own["reparation"]
    base["code_commune"] = base["lieu_code_commune"].fillna(uai["code_commune"].astype("str"))
    origin = np.select([use_own, use_uai], ["coordonnees", "uai"], "")
    origins = pd.Series(origin, index=base.index, dtype="str")
    base["precision_position"] = origins.replace("", None)
    return base


def _distance_to_commune(
    points: gpd.GeoSeries, code: pd.Series, communes: gpd.GeoDataFrame
) -> pd.Series:
    """Return metres from each point to the polygon of its commune.

    0 inside, NA when either is unknown.
    """
    declared = communes.geometry.reindex(code.dropna().unique()).to_crs(CRS_METRIC)
    outlines = declared.reindex(code).set_axis(points.index)
    both = points.notna() & outlines.notna()
    distance = pd.Series(np.nan, index=points.index)
    distance[both] = points[both].to_crs(CRS_METRIC).distance(outlines[both])
    return distance


def _explain(known: pd.DataFrame) -> pd.Series:
    """Return in plain French why a lieu is where it is, NA when there is nothing to say."""
    rounded = (known["distance_commune_m"] / 1000).round(1).astype("str")
    km = rounded.str.replace(".", ",", regex=False)
    doubtful = "Coordonnées reçues à " + km + " km de la commune déclarée : placé à la mairie."
    reasons = [
        yes(known["est_douteuse"]) & known["geometry"].notna(),
        known["geometry"].isna(),
        known["precision_position"].eq("commune").fillna(False),
        known["reparation"].notna(),
    ]
    texts = [
        doubtful,
        "Aucune position : commune, établissement et coordonnées inconnus.",
        "Pas de coordonnées utilisables : placé à la mairie de la commune.",
        "Coordonnées réparées.",
    ]
    # The first that holds: a doubtful point is at the town hall too, and that is not its reason.
    told = pd.Series(np.select(reasons, texts, ""), index=known.index, dtype="str")
    return told.replace("", None)


def _shape(known: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the columns of the table `lieux`."""
    # The code received is kept in the flat offer only: the lieu has that of its commune of today.
    renamed = known.drop(columns="lieu_code_commune").rename(columns=_NOMS)
    return gpd.GeoDataFrame(renamed.reset_index(), geometry="geometry", crs="EPSG:4326")


def _repairs(lieux: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return one row per lieu whose coordinates were repaired or refused."""
    given = lieux.set_index("id_lieu")
    mended = known["reparation"].notna()
    text = (
        known["latitude"].round(6).astype("str") + "," + known["longitude"].round(6).astype("str")
    )
    usable = ~known["reparation"].isin(("coordonnees_refusees", "coordonnees_nulles"))
    return pd.DataFrame(
        {
            "valeur": given["latitude"].fillna("") + "," + given["longitude"].fillna(""),
            "corrigee": text.where(usable),
            "type_correction": known["reparation"],
        }
    )[mended]


def street_of(adresse: str) -> str | None:
    """Return the street of an address, folded.

    Its kind and its first two words that mean something; None without a street.

    « 146 boulevard de Saint-Quentin Lycée La Providence » → « boulevard saint quentin ».
    """
    found = _RUE.search(fold(adresse))
    if found is None:
        return None
    words = [word for word in _SUITE.sub("", found[2]).split() if word not in _ARTICLES][:2]
    return " ".join([found[1], *words]) if words else None


def shared_points(offers: pd.DataFrame, *, rues_max: int = RUES_MAX) -> pd.Series:
    """Tell which offers have a point that stands for more than `rues_max` streets.

    That of a town, not of an address.

    Reads `id_place`, `adresse`; same index, False without a point or a street.
    """
    streets = pd.DataFrame(
        {"place": offers["id_place"], "rue": map_distinct(offers["adresse"], street_of)}
    )
    streets = streets.dropna().drop_duplicates()
    # Most points are those of one street: they stand for no more.
    several = streets[streets["place"].duplicated(keep=False)]
    nb = several.groupby("place")["rue"].agg(_count_streets)
    return offers["id_place"].map(nb).fillna(0).gt(rues_max)


def _count_streets(streets: pd.Series) -> int:
    """Return the number of streets.

    One that only says more of another (« rue minimes cci ») is the same.
    """
    kept: list[str] = []
    # In order, a longer writing of a street comes right after the shorter one.
    for street in sorted(set(streets)):
        if not kept or not f"{street} ".startswith(f"{kept[-1]} "):
            kept.append(street)
    return len(kept)
