"""One view by zoning: its zones, their outlines, and the trainings that are counted in them."""

from __future__ import annotations

import re

from psycopg import sql

from geoapp.outputs.postgis.tables import FID, SENS_FID, comment_on
from geoapp.reference.zonings import COMMUNE, TERRITOIRES

PREFIXE = "zonage_"
"""What the name of a view by zoning begins with."""

COLONNES = {
    FID: SENS_FID,
    "code_zone": "Code de la zone",
    "code_commune": "Code INSEE",
    "nom": "Nom",
    "millesime": "Millésime du zonage",
    "nb_communes": "Communes de la zone, dans la région",
    "code_departement": "Département",
    "nom_epci": "Intercommunalité",
    "population": "Population municipale, dans la région",
    "annee_population": "Année de cette population",
    "nb_offres": "Formations connues de nos sources dont le lieu est dans la zone (une par "
    "formation et lieu), sans celles qui sont entièrement à distance ; vide quand le contour dont "
    "le compte dépend n'est pas connu",
    "nb_lieux": "Lieux distincts de ces formations",
    "nb_places": "Somme des places connues de ces formations ; vide quand aucune ne l'est",
    "nb_sans_places": "Formations dont les places ne sont pas connues",
    "est_fictive": "Données fictives",
    "geometry": "Contour (degrés, WGS84) ; vide quand la source n'en donne pas",
}
"""Columns of the views, and what they mean."""

_COMPTES = """count(*) AS nb_offres, count(DISTINCT o.id_place) AS nb_lieux,
  sum(o.capacite)::bigint AS nb_places, count(*) - count(o.capacite) AS nb_sans_places"""

# What is counted is said by `offer/counted.py`: a training that has a place, not wholly remote.
_COMPTEES = "o.id_place IS NOT NULL AND o.modalite IS DISTINCT FROM 'a_distance'"

_ZONES = """
CREATE VIEW {view} AS
SELECT z.fid, z.code_zone, z.nom, z.millesime, z.nb_communes, z.population, z.annee_population,
  {connues}, z.est_fictive, z.geometry
FROM {ici}.zones z LEFT JOIN (
  SELECT l.code_zone, {comptes} FROM {ici}.lieux_zones l JOIN {ici}.offres o USING (id_lieu)
  WHERE l.type_zone = {type_zone} AND {comptees} GROUP BY l.code_zone
) n USING (code_zone)
WHERE z.type_zone = {type_zone}
"""
_COMMUNES = """
CREATE VIEW {view} AS
SELECT z.fid, z.code_commune, z.nom, z.code_departement, z.nom_epci, z.population,
  z.millesime_population AS annee_population, {connues}, z.geometry
FROM {ici}.communes z LEFT JOIN (
  SELECT o.code_commune, {comptes} FROM {ici}.offres o
  WHERE {comptees} GROUP BY o.code_commune
) n USING (code_commune)
WHERE z.est_region
"""


def create_view(ici: str, type_zone: str) -> list[sql.Composed]:
    """Return what creates the view of a zoning, or of the communes, in a schema; its comments."""
    row = TERRITOIRES[type_zone]
    nom = view_of(type_zone)
    text = _COMMUNES if type_zone == COMMUNE else _ZONES
    made = sql.SQL(text).format(
        view=sql.Identifier(ici, nom),
        ici=sql.Identifier(ici),
        type_zone=type_zone,
        connues=sql.SQL(_known(row.methode)),
        comptes=sql.SQL(_COMPTES),
        comptees=sql.SQL(_COMPTEES),
    )
    columns = _columns_of(text)
    sens = f"{row.titre} : contours, habitants, formations comptées dans chaque zone"
    return [
        made,
        *comment_on(ici, nom, sens, "VIEW"),
        *comment_on(ici, nom, {one: COLONNES[one] for one in columns}, "VIEW"),
    ]


def view_of(type_zone: str) -> str:
    """Return the name of the view of a zoning."""
    return f"{PREFIXE}{type_zone}"


def _columns_of(text: str) -> list[str]:
    """Return the columns of `COLONNES` that a view holds."""
    told = set(re.findall(r"(?:z\.|AS )(\w+)", text + _COMPTES))
    return [nom for nom in COLONNES if nom in told]


def _known(methode: str) -> str:
    """Return the counts of a zone: 0 without any, unknown where a free outline is not known."""
    counts = []
    for nom in ("nb_offres", "nb_lieux", "nb_places", "nb_sans_places"):
        # Seats that no source gives are unknown, not none.
        one = f"n.{nom}" if nom == "nb_places" else f"coalesce(n.{nom}, 0)"
        if methode == "geometrie":
            one = f"CASE WHEN z.geometry IS NOT NULL THEN {one} END"
        counts.append(f"{one} AS {nom}")
    return ", ".join(counts)
