"""What lies near an offer: priority neighbourhoods within 500 m, similar trainings."""

from __future__ import annotations

import numpy as np
import shapely
from pyproj import Geod

from geoapp.offer.lookups import ContoursZonage, Repertoire
from geoapp.reference.codes.text import fold
from geoapp.reference.zonings import ZONAGES

DISTANCE_QPV_M = 500
"""« Near a priority neighbourhood »: within this distance of its outline, border included (metres, Lambert-93)."""

PRECISIONS_SURES = ("coordonnees", "adresse")
"""Precisions trusted for a test by geometry (`methods.md`)."""

_GEOD = Geod(ellps="WGS84")


def describe_quartiers(repertoire: Repertoire, ligne: int) -> list[dict]:
    """Return, for each zoning of neighbourhoods, whether an offer lies inside, within 500 m, or outside.

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
    near = (
        contours.arbre.query(point, predicate="dwithin", distance=DISTANCE_QPV_M)
        if contours.codes
        else []
    )
    if not len(near):
        return _outside(repertoire, ligne, contours)
    found = sorted(
        (float(shapely.distance(point, contours.arbre.geometries[i])), contours.codes[i])
        for i in near
    )
    distance_m, code = found[0]
    zone = repertoire.zones[f"{type_zone}:{code}"]
    quartier = {
        "code": code,
        "nom": zone.nom,
        "millesime": zone.millesime,
        "distance_m": round(distance_m),
    }
    statut, mots = (
        ("dedans", "Dans un quartier")
        if distance_m == 0
        else ("a_moins_de_500_m", "À moins de 500 m d'un quartier")
    )
    return {**_answer(statut, f"{mots} : {zone.nom}"), **quartier}


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
    placee = not np.isnan(repertoire.longitudes[ligne])
    return (
        placee
        and colonnes["precision_position"][ligne] in PRECISIONS_SURES
        and not colonnes["est_douteuse"][ligne]
    )


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
    the order is that of titles.
    """
    colonnes = repertoire.colonnes
    genre = (colonnes["code_domaine"][lignes[0]], colonnes["niveau_sortie"][lignes[0]])
    same = {
        *repertoire.lignes_par_genre.get(genre, ()),
        *repertoire.lignes_par_titre.get(fold(colonnes["intitule"][lignes[0]]), ()),
    }
    me = colonnes["id_action"][lignes[0]]
    rows = sorted(
        row
        for row in same
        if colonnes["id_action"][row] != me and colonnes["modalite"][row] != "a_distance"
    )
    distances = _distances(repertoire, lignes, rows)
    ordered = sorted(
        zip(distances, rows, strict=True), key=lambda pair: (pair[0], *_ties(colonnes, pair[1]))
    )
    result: dict[str, tuple[int, float | None]] = {}
    for distance_m, row in ordered:
        result.setdefault(
            colonnes["id_action"][row], (row, distance_m if np.isfinite(distance_m) else None)
        )
        if len(result) == nb:
            break
    return list(result.values())


def _ties(colonnes: dict[str, list], row: int) -> tuple[str, str, str]:
    return colonnes["intitule"][row], colonnes["id_action"][row], colonnes["id_lieu"][row]


def _distances(repertoire: Repertoire, lignes: list[int], rows: list[int]) -> list[float]:
    """Return the geodesic distance of each row to the first placed row of `lignes`; infinite when unknown."""
    placed = [ligne for ligne in lignes if not np.isnan(repertoire.longitudes[ligne])]
    if not placed or not rows:
        return [np.inf] * len(rows)
    lon, lat = repertoire.longitudes[rows], repertoire.latitudes[rows]
    origin = (
        np.full(len(rows), array[placed[0]])
        for array in (repertoire.longitudes, repertoire.latitudes)
    )
    known = ~np.isnan(lon)
    result = np.full(len(rows), np.inf)
    lon0, lat0 = origin
    result[known] = _GEOD.inv(lon0[known], lat0[known], lon[known], lat[known])[2]
    return result.tolist()
