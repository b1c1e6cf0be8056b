"""The card of an offer: one line of a list (`sheet` tells everything known about it).

Pages, API and exports show these dictionaries and nothing else, so that they say the same.
"""

from __future__ import annotations

from math import isfinite
from urllib.parse import quote, urlsplit

from geoapp.core.french import (
    describe_doubt,
    describe_interval,
    describe_position,
    describe_price,
    format_distance,
    format_euros,
    format_number,
    format_period,
    say_if,
)
from geoapp.core.schema.offer_columns import (
    RUBRIQUES,
    ColonneOffre,
    shown_in,
)
from geoapp.offer.lookups import Repertoire, public_id
from geoapp.offer.search.travel import Duree
from geoapp.offer.starts import ETATS
from geoapp.reference.codes.identifiers import name_unnamed

ADRESSE = "/formations/"
"""Where the sheet of an offer is, its public identifier following."""

CARTE = {rubrique: tuple(row for row in shown_in(rubrique) if row.api) for rubrique in RUBRIQUES}
"""Columns of the offer that a card tells, by heading."""


def offer_card(
    repertoire: Repertoire,
    ligne: int,
    distance_m: float | None = None,
    minimum_m: float | None = None,
    trajet: Duree | None = None,
) -> dict:
    """Return an offer as a list shows it.

    Parameters
    ----------
    repertoire : Repertoire
        The lookups of the snapshot.
    ligne : int
        Position in the table `offres`.
    distance_m : float, optional
        Distance to the place searched, in metres; NaN and None say unknown.
    minimum_m : float, optional
        For an offer known by its commune only: it is at least that far, and at most `distance_m`.
    trajet : Duree, optional
        The trip from the place searched.

    Returns
    -------
    dict
        Plain values ready for JSON; unknown is None, in words « Non renseigné ».
    """
    row = repertoire.row(ligne)
    return {
        **_identity(repertoire, row),
        **_told(repertoire, row, "quoi"),
        **_told(repertoire, row, "dates"),
        "periode": format_period(row["date_debut"], row["date_fin"]),
        "etat": tell_state(repertoire.state(ligne)),
        **_told(repertoire, row, "places"),
        **_told(repertoire, row, "cout"),
        "prix": describe_price(row["prix_eur"], row["prix_horaire_eur"], row["est_gratuite"]),
        **_told(repertoire, row, "lien"),
        **tell_where(repertoire, row, coordinates_of(repertoire, ligne)),
        **_distance(row, distance_m, minimum_m),
        **_trip(trajet),
        "source": tell_source(repertoire, row["id_source"]),
        "sources": [
            tell_source(repertoire, id_source) for id_source in repertoire.sources_of(ligne)
        ],
        "est_fictive": row["est_fictive"],
    }


def tell_state(etat: str) -> dict:
    """Return whether a session is past, under way or to come: its code and its words."""
    return {"code": etat, "libelle": ETATS[etat]}


def _distance(row: dict, most: float | None, least: float | None) -> dict:
    """Return how far an offer is: metres, or an interval when only its commune is known."""
    most, least = (
        None if one is None or one != one else round(float(one)) for one in (most, least)
    )
    if row["precision_position"] != "commune":
        return {
            "distance_m": most,
            "distance_min_m": most,
            "distance_max_m": most,
            "distance": format_distance(most),
        }
    return {
        "distance_m": None,
        "distance_min_m": least,
        "distance_max_m": None if least is None else most,
        "distance": describe_interval(least, most, row["nom_commune"]),
    }


def _trip(trajet: Duree | None) -> dict:
    """Return the trip to an offer: minutes, an interval when only its commune is known."""
    least, most = (_minutes(trajet.moins), _minutes(trajet.plus)) if trajet else (None, None)
    return {
        "mode": trajet.mode if trajet and most is not None else None,
        "duree_min": most if least == most else None,
        "duree_moins_min": least if most is not None else None,
        "duree_plus_min": most,
        "duree": trajet.mots if trajet else "",
        "est_a_temps_sans_voiture": trajet.est_a_temps_sans_voiture if trajet else None,
    }


def _minutes(value: float) -> float | None:
    """Return minutes to a tenth; None when unknown or out of reach."""
    return round(value, 1) if isfinite(value) else None


def _told(repertoire: Repertoire, row: dict, rubrique: str) -> dict:
    """Return what a card tells under one heading; a coded value with its words, unknown as None."""
    return {one.nom_montre: tell_value(repertoire, one, row[one.nom]) for one in CARTE[rubrique]}


def tell_value(repertoire: Repertoire, colonne: ColonneOffre, value):
    """Return one value as cards and sheets show it."""
    if colonne.nom == "url":
        return web_page(value)
    if not colonne.mots:
        return value
    if colonne.est_liste:
        return [repertoire.label(colonne.mots, code) for code in split(value)]
    return repertoire.label(colonne.mots, value)


def say_value(colonne: ColonneOffre, value) -> str:
    """Return in words what a card or a sheet shows of a column; "" when it is unknown."""
    if value is None or value == []:
        return ""
    if colonne.mots:
        known = [one["libelle"] for one in _as_list(value) if one["code"] is not None]
        return ", ".join(known)
    if colonne.type == "booleen":
        return say_if(value)
    if colonne.type == "texte":
        return value
    if colonne.unite.startswith("€"):
        return format_euros(value) + colonne.unite.removeprefix("€")
    return f"{format_number(value)} {colonne.unite}".rstrip()


def _as_list(value) -> list:
    return value if isinstance(value, list) else [value]


def _identity(repertoire: Repertoire, row: dict) -> dict:
    identifiant = public_id(row["id_action"])
    # All that a card reads of a formation: the whole table would cost memory for nothing else.
    row = {**row, "type_diplome": repertoire.types_diplome.get(row["id_formation"])}
    return {
        "id": identifiant,
        "id_lieu": row["id_lieu"],
        "url": ADRESSE + quote(identifiant, safe=":~"),
        **_told(repertoire, row, "identite"),
        "organisme_dit": row["nom_organisme"] or _unnamed(repertoire, row),
    }


def _unnamed(repertoire: Repertoire, row: dict) -> str:
    """Return what is known of the body of an offer that no source names.

    Its code, and the commune when the place has the same code.
    """
    uai = repertoire.lieux.get(row["id_lieu"], {}).get("code_uai")
    commune = row["nom_commune"] if uai and row["id_organisme"] == f"uai:{uai}" else None
    return name_unnamed(row["id_organisme"], commune) or "Organisme non renseigné"


def tell_where(repertoire: Repertoire, row: dict, point: tuple[float, float] | None) -> dict:
    """Return address, commune, point and how sure it is."""
    return {
        **_told(repertoire, row, "lieu"),
        "commune": {"code": row["code_commune"], "nom": row["nom_commune"]},
        "precision": {
            "code": row["precision_position"],
            "libelle": describe_position(row["precision_position"], point is not None),
        },
        **_told(repertoire, row, "position"),
        "doute": describe_doubt(row["est_douteuse"], row["distance_commune_m"]),
        "longitude": point[0] if point else None,
        "latitude": point[1] if point else None,
        "zones": [
            {"type": zone.type, "code": zone.code, "nom": zone.nom}
            for zone in repertoire.parse_zones(row["zones"])
        ],
    }


def coordinates_of(repertoire: Repertoire, ligne: int) -> tuple[float, float] | None:
    """Return longitude and latitude to about ten centimetres; None for an offer not placed."""
    longitude, latitude = float(repertoire.longitudes[ligne]), float(repertoire.latitudes[ligne])
    return None if longitude != longitude else (round(longitude, 6), round(latitude, 6))


def tell_source(repertoire: Repertoire, id_source: str) -> dict:
    """Return the name of a source and its year."""
    source = repertoire.sources[id_source]
    return {
        "id": id_source,
        "titre": source["titre"],
        "millesime": source["millesime"],
        "mode": source["mode"],
    }


def split(texte: str | None) -> list[str]:
    """Return the parts of a cell parted by « | »; none when it is unknown."""
    return [part for part in (texte or "").split("|") if part]


def web_page(url: str | None) -> str | None:
    """Return an address that a page may link to, http or https; None for any other."""
    parts = urlsplit(url or "")
    return url if parts.scheme in ("http", "https") and parts.netloc else None
