"""What the templates of planning show, as plain values in words."""

from __future__ import annotations

import numpy as np
from flask import url_for

from geoapp.core.french import count, format_decimal, format_number, upper_first, with_unit
from geoapp.coverage.indicators import format_share
from geoapp.coverage.model import Question, describe_reach
from geoapp.coverage.offered import name_offer
from geoapp.coverage.territories.tables import name_body
from geoapp.coverage.territories.zone import list_types, list_zones
from geoapp.coverage.travel.modes import UNITES
from geoapp.coverage.world import World, choose_offer
from geoapp.coverage.zone_points import zone_points
from geoapp.offer.values import entity_of
from geoapp.outputs.maps.sketch import Croquis, region_frame, sketch
from geoapp.planning.asked import OBJECTIFS, PARAMETRES, PARMI, Recherche, to_parameters
from geoapp.planning.candidates import COMMUNE, REALITES, SORTES
from geoapp.planning.opening import Ouverture, Sites
from geoapp.planning.people import show_people
from geoapp.planning.scenario import LIEU, ORGANISME, Effets, Scenario
from geoapp.planning.scenario_words import INCONNU, show_left
from geoapp.reference.zonings import CARREAU, MAILLES
from geoapp.web.coverage_view import query as coverage_query
from geoapp.web.coverage_view import zone_address
from geoapp.web.presentation import Query

TERRITOIRES = ("departement", "ze2020", "epci")
"""Zonings whose zones the form proposes; the address takes any."""


def query(recherche: Recherche, **autres: str) -> Query:
    """Return a search as the parameters of an address, some replaced."""
    result: Query = {}
    for nom, valeur in to_parameters(recherche):
        result.setdefault(nom, []).append(valeur)
    return {**result, **{nom: [valeur] for nom, valeur in autres.items()}}


def without_map(choix: dict) -> dict:
    """Return the fields of the form of coverage without those that draw its map."""
    return {
        **choix,
        "listes": [one for one in choix["listes"] if one[0] != "mesure"],
        "reglages": [one for one in choix["reglages"] if one[0] != "classes"],
    }


def search_fields(world: World, recherche: Recherche) -> dict:
    """Return the fields of what is looked for: lists (with groups), numbers."""
    parmi = [(nom, mots) for nom, mots in PARMI.items() if nom == "tous" or nom in world.mailles]
    return {
        "listes": [
            ("objectif", "Objectif", [("", list(OBJECTIFS.items()))], recherche.objectif),
            ("territoire", "Territoire", *territory_field(world, recherche)),
            ("parmi", "Habitants comptés", [("", parmi)], recherche.parmi),
            ("candidats", "Où l'on peut ouvrir", [("", list(SORTES.items()))], recherche.candidats),
        ],
        "nombres": [
            _number("ouvertures", "Ouvertures", recherche.ouvertures),
            _number(
                "part", "Part à couvrir, en % (objectif du moins de lieux)", recherche.part * 100
            ),
            _number(
                "reel", "Cédés pour un lieu qui forme déjà, en % au plus", recherche.reel * 100
            ),
            _number("capacite", "Places par ouverture (offre en places)", recherche.capacite),
        ],
    }


def _number(nom: str, libelle: str, valeur: float) -> tuple:
    row = PARAMETRES[nom]
    return nom, libelle, f"{row.minimum:g}", f"{row.maximum:g}", f"{valeur:g}"


def territory_field(world: World, recherche: Recherche) -> tuple[list, str]:
    """Return the territories by group, and the one chosen."""
    zone, titles = recherche.zone, list_types(world)
    groups = [("", [("", "Toute la région")])]
    for type_zone in TERRITOIRES:
        if type_zone in titles:
            rows = list_zones(world, type_zone)
            zones = [(f"{type_zone}:{row.code_zone}", row.nom) for row in rows.itertuples()]
            groups.append((titles[type_zone], zones))
    if zone and zone.type_zone not in TERRITOIRES:
        groups.append((titles[zone.type_zone], [(zone.cle, zone.nom)]))
    return groups, zone.cle if zone else ""


APPORTS = {"acces": "Accès comblé", "trajet": "Gagné sur le trajet moyen"}
"""What an opening brings when it is not people within the threshold, by objective."""


def _brought(found: Sites, one: Ouverture) -> str:
    """Return what an opening adds to those before it, in what is looked for (`APPORTS`)."""
    if found.recherche.objectif == "acces":
        return format_share(one.gain / found.manque) if found.manque else ""
    word = UNITES[found.recherche.question.unite].mot
    return with_unit(format_decimal(one.gain / found.comptes.population, 2), word)


def opening_rows(found: Sites) -> list[dict]:
    """Return the openings in words."""
    is_other = found.recherche.objectif in APPORTS
    return [
        {
            "rang": one.rang,
            "commune": one.nom_commune or one.nom,
            "adresse": url_for("territories.zone", type_zone=COMMUNE, code_zone=one.code_commune),
            "personnes": show_people(one.personnes),
            "cumul": show_people(one.cumul),
            "apport": _brought(found, one) if is_other else "",
            "lieu": _candidate(one),
            "egales": _equals(one),
        }
        for one in found.ouvertures
    ]


def _candidate(one: Ouverture) -> str:
    told = REALITES[one.realite]
    return upper_first(told) if one.sorte == COMMUNE else f"{one.nom} : {told}"


def _equals(one: Ouverture) -> str:
    if not one.nb_egales:
        return "aucune autre commune"
    names = ", ".join(one.egales) + ("…" if one.nb_egales > len(one.egales) else "")
    return f"{count(one.nb_egales, 'commune', 'communes')} : {names}"


def zone_rows(found: Sites) -> list[dict]:
    """Return what each zone gains, in words."""
    question = found.recherche.question
    return [
        {
            "nom": row.nom,
            "adresse": zone_address(question, row.code_zone),
            "avant": show_people(row.avant),
            "apres": show_people(row.apres),
            "gain": show_people(row.gain),
        }
        for row in found.zones.head(50).itertuples()
    ]


def drawing(world: World, found: Sites) -> Croquis:
    """Return the sketch: openings by rank, who is brought near, who is still far."""
    points, zone = world.points, found.recherche.zone
    near, far = found.rapproches, found.encore_loin
    frame = region_frame(world.snapshot)
    if zone and zone.type_zone != CARREAU:
        rows = zone_points(world, zone.type_zone, zone.code_zone)
        mine = points.iloc[rows]
        if len(mine):
            frame = [
                [float(mine["latitude"].min()), float(mine["longitude"].min())],
                [float(mine["latitude"].max()), float(mine["longitude"].max())],
            ]
    return sketch(
        world.snapshot,
        [(one.longitude, one.latitude, str(one.rang)) for one in found.ouvertures],
        cadre=frame,
        habitants={"loin": _where(points, far), "rapproche": _where(points, near)},
    )


def _where(points, rows: np.ndarray) -> list[tuple[float, float]]:
    mine = points.iloc[rows]
    return list(zip(mine["longitude"], mine["latitude"], strict=True))


def legend(found: Sites) -> list[tuple[str, str]]:
    """Return what the points of the sketch are."""
    seuil = describe_reach(found.recherche.question)
    rows = [
        ("rapproche", "Communes rapprochées par les ouvertures", found.rapproches),
        ("loin", f"Communes encore à plus de {seuil}", found.encore_loin),
    ]
    return [(sorte, mots) for sorte, mots, points in rows if len(points)]


def tell_drawing(found: Sites) -> str:
    """Return what the sketch shows, for who does not see it."""
    towns = ", ".join(f"{one.rang} {one.nom_commune}" for one in found.ouvertures)
    return f"Carte des ouvertures : {towns}." if towns else "Carte sans ouverture."


ORGANISMES_MAX = 300
"""Bodies that the form proposes to close: those that give most of the trainings asked."""


def scenario_fields(world: World, scenario: Scenario) -> dict:
    """Return the fields of what changes."""
    offre = choose_offer(world, scenario.question)
    mine = offre.comptes[~offre.comptes["est_voisine"].to_numpy()]
    here = mine["organisme"].value_counts().head(ORGANISMES_MAX)
    # What closes is closed in the neighbouring départements too.
    many = offre.comptes["organisme"].value_counts().reindex(here.index)
    codes = entity_of(world.offres)
    first = mine.drop_duplicates("organisme").set_index("organisme").index
    rows = dict(zip(first, mine.drop_duplicates("organisme").index, strict=True))
    bodies = [
        (f"organisme:{codes[rows[rank]]}", name_body(str(world.noms_organismes[rank])), nb)
        for rank, nb in many.items()
        if isinstance(codes[rows[rank]], str)
    ]
    noun = ("lieu", "lieux") if world.est_information else ("formation",)
    known = {one for one, _, _ in bodies}
    ferme, ouvre = list(scenario.ferme), list(scenario.ouvre)
    chosen = [one for one in ferme if one in known][:1]
    return {
        "nom": scenario.nom,
        "organismes": [
            (one, f"{nom} ({count(int(nb), *noun)})")
            for one, nom, nb in sorted(bodies, key=lambda row: row[1])
        ],
        "ferme": chosen,
        "autres_ferme": [one for one in ferme if one not in chosen],
        "ouvre": ouvre[0] if ouvre else "",
        "autres_ouvre": ouvre[1:],
        "places": [f"{code}={number:g}" for code, number in scenario.places],
        "apres_seuil": ""
        if scenario.apres.seuil == scenario.question.seuil
        else f"{scenario.apres.seuil:g}",
        "apres_mode": "" if scenario.apres.mode == scenario.question.mode else scenario.apres.mode,
    }


def effect_tables(effets: Effets) -> list[tuple[str, str, str, list[dict]]]:
    """Return the tables of a scenario: publics, zones, who takes over."""
    unite = UNITES[effets.scenario.question.unite].mot
    takers = [
        {
            "nom": row.nom,
            "nombres": [
                ("Habitants", show_people(row.habitants)),
                ("Trajet moyen", f"{format_decimal(round(row.trajet, 1))} {unite}"),
            ],
        }
        for row in effets.reprises.head(10).itertuples()
    ]
    maille = MAILLES[effets.scenario.question.zonage].singulier
    taker = upper_first(name_offer(effets.scenario.question).tenant)
    return [
        ("Qui prend le relais", "reprises", f"{taker} le plus proche ensuite", takers),
        ("Par public", "publics", "Public", side_rows(effets.publics)),
        ("Par territoire", "zones", maille.capitalize(), side_rows(effets.zones.head(30))),
    ]


def side_rows(table) -> list[dict]:
    """Return people beyond the threshold, before and after."""
    return [
        {
            "nom": upper_first(row.nom),
            "nombres": [
                (titre, INCONNU if value != value else format_number(round(value)))
                for titre, value in (
                    ("Habitants", row.population),
                    ("Trop loin avant", row.avant),
                    ("Après", row.apres),
                )
            ],
        }
        for row in table.itertuples()
    ]


def closure_tables(question: Question, closures: dict) -> list[tuple[str, list[dict]]]:
    """Return the worst closures, by body then by place."""
    asked = coverage_query(question, sauf=("mesure", "classes"))
    titles = {ORGANISME: "Organismes", LIEU: "Lieux"}
    return [
        (
            titles[sorte],
            [
                {
                    "nom": one.nom,
                    "lieu": one.lieu,
                    "nb": one.nb_offres,
                    "personnes": show_people(one.personnes),
                    "reste": show_left(question, one),
                    "adresse": url_for("planning.what_if", **asked, ferme=one.ferme)
                    if one.ferme
                    else "",
                }
                for one in found
            ],
        )
        for sorte, found in closures.items()
    ]
