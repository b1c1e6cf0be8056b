"""Answers of a search as plain values ready for JSON.

The API and `geoapp search --json` print the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from geoapp.core.french import typeset
from geoapp.core.snapshot import Snapshot
from geoapp.offer.cards import offer_card
from geoapp.offer.filters import FILTRES
from geoapp.offer.lookups import Repertoire, records
from geoapp.offer.perimeter import describe_perimeter
from geoapp.offer.search.engine import Moteur
from geoapp.offer.search.jobs import tell_jobs
from geoapp.offer.search.map_points import Points
from geoapp.offer.search.model import Lieu, Resultat, Texte
from geoapp.offer.search.requests import describe_result, to_parameters
from geoapp.offer.search.scope import search_perimeter, tell_perimeter
from geoapp.offer.search.sides import tell_neighbour
from geoapp.offer.search.travel import Duree
from geoapp.reference.zonings import TERRITOIRES, ZONAGES

REPOND, VOISIN = "correspond", "voisin"
"""Blocks of a list: what answers the search itself, what is of a neighbouring job."""

SORTES = {
    "ancienne_commune": "ancienne commune",
    "code_postal": "code postal",
    "point": "point choisi",
    "adresse": "adresse",
    "voie": "rue",
    "etablissement": "établissement",
} | {nom: row.singulier for nom, row in TERRITOIRES.items()}
"""Kinds of places in words."""


def describe_place(lieu: Lieu) -> dict:
    """Return a place as JSON; `valeur` is what the parameter `lieu` accepts."""
    return {
        "type": lieu.type,
        "libelle_type": SORTES[lieu.type],
        "code": lieu.code,
        "nom": lieu.nom,
        "valeur": f"{lieu.type}:{lieu.code}",
        "longitude": lieu.longitude,
        "latitude": lieu.latitude,
        "est_zone": lieu.est_zone,
        "precision": lieu.precision,
        "credit": lieu.credit,
    }


def describe_answer(resultat: Resultat, lookups: Repertoire) -> dict:
    """Return one page of an answer as plain values.

    Cards, counts, how the search was understood.
    """
    requete, page, texte = resultat.requete, resultat.page, resultat.texte
    # The two lists are paged together: the longer one tells how many pages there are.
    longest = max(len(resultat.lignes), len(resultat.a_distance))
    nb_near = len(resultat.proches) if resultat.proches_repondent else 0
    return {
        "titre": describe_result(resultat),
        "total": resultat.total,
        "nb_voisins": resultat.nb_voisins,
        "page": requete.page,
        "taille": requete.taille,
        "nb_pages": max(1, -(-longest // requete.taille)),
        "tri": requete.tri,
        "lieu": describe_place(requete.lieu) if requete.lieu else None,
        "rayon_km": requete.rayon_km,
        "seuil_min": requete.minutes,
        "mode": requete.moyen.nom if requete.moyen else None,
        "nb_sans_voiture": resultat.nb_sans_voiture,
        "trajets": resultat.raconter(),
        "texte": _describe_text(texte),
        "nb_non_places": resultat.nb_non_places,
        "perimetre": describe_search_perimeter(resultat, lookups.snapshot),
        "hors_region": typeset(tell_neighbour(requete, lookups.snapshot)),
        "formations": _cards(
            lookups,
            resultat.lignes[page],
            name_blocks(resultat.total, len(resultat.lignes))[page],
            (resultat.distances_m[page], resultat.minima_m[page]),
            resultat.durees.each(page) if resultat.durees else None,
        ),
        "a_distance": {
            "total": resultat.nb_a_distance,
            "nb_voisins": len(resultat.a_distance) - resultat.nb_a_distance,
            "formations": _cards(
                lookups,
                resultat.a_distance[page],
                name_blocks(resultat.nb_a_distance, len(resultat.a_distance))[page],
            ),
        },
        "proches": _cards(
            lookups,
            resultat.proches,
            name_blocks(nb_near, len(resultat.proches)),
            (resultat.proches_m, resultat.proches_minima_m),
            resultat.proches_durees.each() if resultat.proches_durees else None,
        ),
        "partage": [list(pair) for pair in to_parameters(requete)],
        "instantane": lookups.snapshot.id,
    }


def _describe_text(texte: Texte) -> dict:
    """Return how a text was understood."""
    return {
        "recu": texte.recu,
        "corrige": texte.corrige,
        "cherche": texte.cherche,
        "sigles": [list(pair) for pair in texte.sigles],
        "corrections": [list(pair) for pair in texte.corrections],
        "synonymes": list(texte.synonymes),
        "codes": list(texte.codes),
        "metiers": [asdict(metier) for metier in texte.metiers],
        "criteres": [asdict(critere) for critere in texte.criteres],
        "explications_metiers": [typeset(sentence) for sentence in tell_jobs(texte)],
    }


def name_blocks(nb_answers: int, nb: int) -> list[str]:
    """Return the block of each row of a list: the first ones answer what was asked."""
    return [REPOND] * nb_answers + [VOISIN] * (nb - nb_answers)


def describe_search_perimeter(resultat: Resultat, snapshot: Snapshot) -> dict:
    """Return what is known of the offer of a search, as plain values.

    `message` is what few results, or none, must be read with; "" when there are enough.
    """
    perimetre = search_perimeter(resultat.requete, snapshot, resultat.sujet)
    message = typeset(tell_perimeter(resultat, perimetre))
    return {**describe_perimeter(perimetre), "message": message}


def _cards(
    lookups: Repertoire,
    lignes: np.ndarray,
    blocs: list[str],
    bornes_m: tuple[np.ndarray, np.ndarray] | None = None,
    durees: Sequence[Duree] | None = None,
) -> list[dict]:
    """Return the cards of some offers, with block, distance (at most, at least), trip if any."""
    most, least = bornes_m or (np.full(len(lignes), np.nan),) * 2
    trips: Sequence[Duree | None] = durees or [None] * len(lignes)
    return [
        {**offer_card(lookups, int(ligne), *told), "bloc": bloc}
        for ligne, bloc, *told in zip(lignes, blocs, most, least, trips, strict=True)
    ]


def describe_facets(resultat: Resultat, snapshot: Snapshot) -> dict:
    """Return the live counts of every filter, and what is known of the offer asked."""
    facettes = {
        nom: {"libelle": FILTRES[nom].libelle, "valeurs": [_option(option) for option in options]}
        for nom, options in resultat.facettes.items()
    }
    return {
        "total": resultat.total,
        "nb_voisins": resultat.nb_voisins,
        "nb_a_distance": resultat.nb_a_distance,
        "facettes": facettes,
        "perimetre": describe_search_perimeter(resultat, snapshot),
    }


def _option(option) -> dict:
    return {
        "valeur": option.valeur,
        "libelle": option.libelle,
        "groupe": option.groupe,
        "nb": option.nb,
    }


def describe_points(found: Points, lookups: Repertoire, rows: dict[int, int]) -> dict:
    """Return the points of a map; `rows` gives the first offer of each place (`first_rows`)."""
    columns = (found.longitudes, found.latitudes, found.nb, found.lieux)
    listed = [
        _point(values, lookups, rows)
        for values in zip(*(column.tolist() for column in columns), strict=True)
    ]
    return {"points": listed, "nb_dehors": found.nb_dehors, "nb_non_places": found.nb_non_places}


def first_rows(engine: Moteur) -> dict[int, int]:
    """Return, for each place of an engine, the position of its first offer in table `offres`."""
    result: dict[int, int] = {}
    for lieu, ligne in zip(engine.lieu.tolist(), engine.ordre.tolist(), strict=True):
        result.setdefault(lieu, ligne)
    return result


def _point(
    values: tuple[float, float, int, int], lookups: Repertoire, rows: dict[int, int]
) -> dict:
    """Return one point: a place with its commune and how sure it is, or a group of places."""
    longitude, latitude, nb, lieu = values
    point = {"longitude": longitude, "latitude": latitude, "nb": nb, "est_groupe": lieu < 0}
    if lieu < 0:
        return point
    colonnes, ligne = lookups.colonnes, rows[lieu]
    return {
        **point,
        "commune": colonnes["nom_commune"][ligne],
        "precision": colonnes["precision_position"][ligne],
        "est_douteuse": colonnes["est_douteuse"][ligne],
    }


def list_zonages(snapshot) -> list[dict]:
    """Return the zonings of a snapshot in the order of the product, each with its zones."""
    table = snapshot.read("zones")
    return [
        _zonage(type_zone, table[table["type_zone"].eq(type_zone)])
        for type_zone in held_zonages(snapshot)
    ]


def held_zonages(snapshot) -> list[str]:
    """Return the types of the zonings of a snapshot in the order of the product."""
    held = set(snapshot.read("zones")["type_zone"].unique())
    return [type_zone for type_zone in ZONAGES if type_zone in held]


def _zonage(type_zone: str, part) -> dict:
    """Return one zoning and its zones, by code."""
    kept = (
        "type_zone",
        "code_zone",
        "nom",
        "millesime",
        "nb_communes",
        "population",
        "est_fictive",
    )
    rows = [
        {nom.removesuffix("_zone"): row[nom] for nom in kept}
        for row in records(part[list(kept)].sort_values("code_zone"))
    ]
    return {
        "type": type_zone,
        "titre": ZONAGES[type_zone].titre,
        "millesime": part["millesime"].iloc[0],
        "nb_zones": len(part),
        "zones": rows,
    }
