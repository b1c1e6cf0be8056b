"""What lies near an offer: priority neighbourhoods within 500 m, similar trainings."""

from __future__ import annotations

import numpy as np
import shapely
from pyproj import Geod

from geoapp.offer.lookups import ContoursZonage, Repertoire
from geoapp.reference.codes.text import fold
from geoapp.reference.zonings import ZONAGES

DISTANCE_QPV_M = 500
"""« Near a priority neighbourhood »: at most this far from its outline (metres, Lambert-93)."""

PRECISIONS_SURES = ("coordonnees", "adresse")
"""Precisions trusted for a test by geometry (`methods.md`)."""

_GEOD = Geod(ellps="WGS84")


def describe_quartiers(repertoire: Repertoire, ligne: int) -> list[dict]:
    """Return by zoning of neighbourhoods whether an offer lies inside, within 500 m, or outside.

    `statut` is `dedans`, `a_moins_de_500_m`, `dehors` or `inconnu`, with
    `raison` when it is unknown: the point is not trusted, or outlines are
    missing.  `distance_m` is that of the nearest neighbourhood found.
    """
    return [
        {
            "type": type_zone,
            "titre": ZONAGES[type_zone].titre,
            **_quartier(repertoire, ligne, type_zone, contours),
        }
        for type_zone, contours in repertoire.contours.items()
    ]


def _quartier(repertoire: Repertoire, ligne: int, type_zone: str, contours: ContoursZonage) -> dict:
    """Return the answer for one zoning."""
    if not _is_trusted(repertoire, ligne):
        return _unknown("la position de cette formation n'est pas assez précise")
    point = shapely.Point(
        repertoire.to_metric.transform(repertoire.longitudes[ligne], repertoire.latitudes[ligne])
    )
    # An empty tree refuses the predicate.
    if not contours.codes:
        return _outside(repertoire, ligne, contours)
    near = contours.arbre.query(point, predicate="dwithin", distance=DISTANCE_QPV_M)
    if not len(near):
        return _outside(repertoire, ligne, contours)
    # The nearest; of two at one distance (a shared border), the smallest code.
    distance_m, code = min(
        (float(shapely.distance(point, contours.arbre.geometries[i])), contours.codes[i])
        for i in near
    )
    zone = repertoire.zones[f"{type_zone}:{code}"]
    quartier = {
        "code": code,
        "nom": zone.nom,
        "millesime": zone.millesime,
        "distance_m": round(distance_m),
    }
    if distance_m == 0:
        return {**_answer("dedans", f"Dans un quartier : {zone.nom}"), **quartier}
    words = f"À moins de 500 m d'un quartier : {zone.nom}"
    return {**_answer("a_moins_de_500_m", words), **quartier}


def _outside(repertoire: Repertoire, ligne: int, contours: ContoursZonage) -> dict:
    """Return « outside » where the outlines are known, « unknown » elsewhere."""
    if not contours.est_complet:
        return _unknown("des contours de quartiers manquent")
    epci = {
        zone.code
        for zone in repertoire.parse_zones(repertoire.colonnes["zones"][ligne])
        if zone.type == "epci"
    }
    if contours.epci is not None and not epci & contours.epci:
        return _unknown("les contours des quartiers ne sont pas connus à cet endroit")
    return _answer("dehors", "Hors quartier prioritaire")


def _is_trusted(repertoire: Repertoire, ligne: int) -> bool:
    """Tell whether the point of an offer may be tested against outlines."""
    colonnes = repertoire.colonnes
    if np.isnan(repertoire.longitudes[ligne]) or colonnes["est_douteuse"][ligne]:
        return False
    return colonnes["precision_position"][ligne] in PRECISIONS_SURES


def _answer(statut: str, libelle: str, raison: str | None = None) -> dict:
    return {
        "statut": statut,
        "libelle": libelle,
        "raison": raison,
        "code": None,
        "nom": None,
        "millesime": None,
        "distance_m": None,
    }


def _unknown(raison: str) -> dict:
    return _answer("inconnu", f"Inconnu : {raison}", raison)


def similar_rows(
    repertoire: Repertoire, lignes: list[int], nb: int
) -> list[tuple[int, float | None]]:
    """Return the `nb` nearest other offers of the same domain and level, or of the same title.

    Ties are broken by (distance, title, identifier); an action held in several
    places counts once, at its nearest.  Fully remote offers have no distance
    and are left out.  When the offer has no point, distances are None and
    the order is that of titles; when only the commune of one of the two is known, the town hall
    sorts, and the distance told is None.
    """
    colonnes = repertoire.colonnes
    genre = (colonnes["code_domaine"][lignes[0]], colonnes["niveau_sortie"][lignes[0]])
    same = {
        *repertoire.lignes_par_genre.get(genre, ()),
        *repertoire.lignes_par_titre.get(fold(colonnes["titre"][lignes[0]]), ()),
    }
    ids, modalites = colonnes["id_action"], colonnes["modalite"]
    me, precisions = ids[lignes[0]], colonnes["precision_position"]
    mine = next((precisions[one] for one in lignes if precisions[one]), None)
    rows = sorted(row for row in same if ids[row] != me and modalites[row] != "a_distance")
    distances = zip(_distances(repertoire, lignes, rows), rows, strict=True)
    result: dict[str, tuple[int, float | None]] = {}
    # Nearest first, so that the place kept of an action is its nearest one.
    for metres, row in sorted(distances, key=lambda one: (one[0], *_ties(colonnes, one[1]))):
        is_told = np.isfinite(metres) and "commune" not in (precisions[row], mine)
        result.setdefault(ids[row], (row, metres if is_told else None))
        if len(result) == nb:
            break
    return list(result.values())


def _ties(colonnes: dict[str, list], row: int) -> tuple[str, str, str]:
    return colonnes["titre"][row], colonnes["id_action"][row], colonnes["id_lieu"][row]


def _distances(repertoire: Repertoire, lignes: list[int], rows: list[int]) -> list[float]:
    """Return the geodesic distance of each row to the first placed row of `lignes`.

    Infinite when unknown.
    """
    placed = [ligne for ligne in lignes if not np.isnan(repertoire.longitudes[ligne])]
    if not placed or not rows:
        return [np.inf] * len(rows)
    lon, lat = repertoire.longitudes[rows], repertoire.latitudes[rows]
    known = ~np.isnan(lon)
    lon0 = np.full(known.sum(), repertoire.longitudes[placed[0]])
    lat0 = np.full(known.sum(), repertoire.latitudes[placed[0]])
    result = np.full(len(rows), np.inf)
    result[known] = _GEOD.inv(lon0, lat0, lon[known], lat[known])[2]
    return result.tolist()
