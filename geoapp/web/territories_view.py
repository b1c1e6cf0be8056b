"""What the templates of territories show, as plain values in words."""

from __future__ import annotations

from flask import url_for

from geoapp.coverage.indicators import title_of
from geoapp.coverage.model import Question, to_parameters
from geoapp.coverage.offered import is_information, worded
from geoapp.coverage.territories.answers import zoning_answer
from geoapp.coverage.territories.sheet import kind_of, show_value
from geoapp.coverage.territories.zone import Zone, list_types, list_zones
from geoapp.coverage.world import World
from geoapp.planning.need_answer import has_needs
from geoapp.planning.need_table import ZONAGES as BESOINS
from geoapp.reference.zonings import COMMUNE
from geoapp.web.coverage_view import query as every_parameter
from geoapp.web.pages import query as filter_query
from geoapp.web.presentation import Query
from geoapp.web.served import courant

COLONNES = ("population", "nb_offres", "part_non_couverte")
"""Numbers of the index, by zone."""

_SANS = ("zonage", "mesure", "classes")
"""Parameters of a question that a sheet does not read."""


def query(question: Question) -> Query:
    """Return a question as the parameters of the page of a zone."""
    return every_parameter(question, sauf=_SANS)


def pairs(question: Question) -> list[tuple[str, str]]:
    """Return a question as pairs, those that change a sheet."""
    return [(nom, valeur) for nom, valeur in to_parameters(question) if nom not in _SANS]


def zone_page(question: Question, cle: str) -> str:
    """Return the address of the page of a zone, for the same question."""
    type_zone, _, code_zone = cle.partition(":")
    return url_for("territories.zone", type_zone=type_zone, code_zone=code_zone, **query(question))


def zone_rows(world: World, question: Question, found: list[tuple[str, str, str]]) -> list[dict]:
    """Return zones with their first figures for a question."""
    rows, world = [], world.of(question)
    tables = {
        nom: zoning_answer(world, question, nom).tableau.set_index("code_zone")
        for nom in dict.fromkeys(nom for nom, _, _ in found)
    }
    for type_zone, code_zone, nom in found:
        ligne = tables[type_zone].loc[code_zone]
        rows.append(
            {
                "nom": nom,
                "code": code_zone,
                "sorte": kind_of(type_zone),
                "adresse": zone_page(question, f"{type_zone}:{code_zone}"),
                "nombres": [
                    (
                        worded(title_of(one, ligne["est_estimee"]), question),
                        show_value(ligne, one, question.unite),
                    )
                    for one in COLONNES
                ],
            }
        )
    return rows


def downloads(zone: Zone, question: Question) -> list[tuple[str, str]]:
    """Return (label, address) of the files of a sheet."""
    return [
        (
            libelle,
            url_for(
                "territories.sheet",
                type_zone=zone.type_zone,
                code_zone=zone.code_zone,
                format=format,
                **query(question),
            ),
        )
        for format, libelle in (("pdf", "Fiche en PDF"), ("html", "Fiche en HTML"))
    ]


def links(zone: Zone, question: Question) -> list[tuple[str, str]]:
    """Return (label, address) of the other pages about a zone."""
    made = [
        (
            "Sa couverture en détail",
            url_for(
                "coverage.zone",
                type_zone=zone.type_zone,
                code_zone=zone.code_zone,
                **query(question),
            ),
        )
    ]
    if zone.type_zone != COMMUNE:
        asked = {**query(question), "territoire": [zone.cle]}
        made.append(("Où ouvrir dans ce territoire ?", url_for("planning.sites", **asked)))
    if zone.type_zone in BESOINS and has_needs(courant().snapshot()):
        made.append(("Ses besoins de recrutement", url_for("needs.index", territoire=zone.cle)))
    if zone.type_zone != COMMUNE and zone.est_offre_connue and not is_information(question):
        made.append(
            (
                "Ses formations sur la carte",
                url_for(
                    "pages.regional_map",
                    zone=zone.cle,
                    **filter_query(question.filtres),
                ),
            )
        )
    return made


def comparables(world: World, zone: Zone, autre: Zone | None) -> dict:
    """Return the zones that one may be compared with: a list of its zoning, none for a commune."""
    rows = (
        []
        if zone.type_zone == COMMUNE
        else [
            (f"{zone.type_zone}:{row.code_zone}", row.nom)
            for row in list_zones(world, zone.type_zone).itertuples()
            if row.code_zone != zone.code_zone
        ]
    )
    chosen = autre.cle if autre else ""
    if autre and chosen not in dict(rows):
        rows = [(chosen, f"{autre.titre}"), *rows] if rows else rows
    return {
        "options": rows,
        "choisie": chosen,
        "exemple": f"{zone.type_zone}:…",
        "zonages": list_types(world),
    }
