"""The figure of siting: where to open, who is brought near, who is still far."""

from __future__ import annotations

import numpy as np

from geoapp.core.geometry import to_metric
from geoapp.coverage.model import describe_reach, usages_of
from geoapp.coverage.world import World, choose_offer
from geoapp.outputs.figures.elements import Bloc, ContenuFigure, NomCarte, Symboles
from geoapp.outputs.figures.extent import Emprise
from geoapp.outputs.figures.palette import ALERTE, DISCRET, OFFRE, OFFRE_DEHORS, TRAIT_LEGER
from geoapp.outputs.figures.texts import choose_sources, is_fictitious
from geoapp.planning.asked import Recherche
from geoapp.planning.opening import Sites, find_sites
from geoapp.planning.people import show_people
from geoapp.planning.words import describe_search, list_notes, tell_access, tell_sites

OUVERTURE_MM, RAPPROCHE_MM, LOIN_MM = 4.6, 1.1, 0.6
"""Sizes of the ring of an opening, and of the points where people live."""


def make_siting(world: World, recherche: Recherche, emprise: Emprise) -> ContenuFigure:
    """Return the content of a figure of siting; the first answer, with its bound."""
    sites = find_sites(world, recherche)
    question = recherche.question
    asked = world.of(question)
    sources = choose_sources(
        world,
        ids=set(asked.offres.loc[choose_offer(world, question).comptes.index, "id_source"]),
        usages=("communes", "population", *usages_of(question.public)),
        zonage=question.zonage,
    )
    perimetre = sites.comptes.perimetre
    return ContenuFigure(
        titre=f"{describe_search(recherche)}{perimetre.suffixe}",
        emprise=emprise,
        blocs=_blocks(sites),
        phrases=tuple(
            text
            for text in (
                tell_sites(sites),
                tell_access(sites.acces_avant, sites.acces_apres) if sites.ouvertures else "",
            )
            if text
        ),
        notes=(tell_sites(sites), *list_notes(world, sites)),
        sources=sources,
        symboles=_marks(world, sites),
        reperes=_numbers(sites),
        est_fictive=is_fictitious(sources),
    )


def _places(sites: Sites) -> tuple[np.ndarray, np.ndarray]:
    """Return where the openings are (EPSG:2154)."""
    return to_metric(
        np.array([one.longitude for one in sites.ouvertures]),
        np.array([one.latitude for one in sites.ouvertures]),
    )


def _marks(world: World, sites: Sites) -> tuple[Symboles, ...]:
    """Return the points of demand, then the openings over them, as rings that hide nothing."""
    found = []
    for rows, mark in ((sites.encore_loin, _far()), (sites.rapproches, _near())):
        points = world.points.iloc[rows]
        x, y = to_metric(points["longitude"].to_numpy(), points["latitude"].to_numpy())
        found.append(_at(mark, x, y))
    return (*found, _at(_opening(), *_places(sites)))


def _at(mark: Symboles, x, y) -> Symboles:
    return Symboles(
        x=np.asarray(x),
        y=np.asarray(y),
        diametre_mm=mark.diametre_mm,
        fond=mark.fond,
        bord=mark.bord,
    )


def _far(nb: str = "", libelle: str = "") -> Symboles:
    return _mark(LOIN_MM, TRAIT_LEGER, DISCRET, libelle, nb)


def _near(nb: str = "", libelle: str = "") -> Symboles:
    return _mark(RAPPROCHE_MM, OFFRE_DEHORS, OFFRE, libelle, nb)


def _opening(nb: str = "", libelle: str = "") -> Symboles:
    return _mark(OUVERTURE_MM, "none", ALERTE, libelle, nb)


def _mark(size: float, fond: str, bord: str, libelle: str, nb: str) -> Symboles:
    empty = np.empty(0)
    return Symboles(
        x=empty, y=empty, diametre_mm=size, fond=fond, bord=bord, libelle=libelle, effectif=nb
    )


def _numbers(sites: Sites) -> tuple[NomCarte, ...]:
    return tuple(
        NomCarte(str(one.rang), float(x), float(y), float(-one.rang))
        for one, x, y in zip(sites.ouvertures, *_places(sites), strict=True)
    )


def _blocks(sites: Sites) -> tuple[Bloc, ...]:
    """Return the legend: the openings by rank, then what the points are."""
    seuil = describe_reach(sites.recherche.question)
    told = sites.comptes.perimetre.est_chiffrable
    near, far = (show_people(nb) if told else "" for nb in (sites.gagnes, sites.non_couverts_apres))
    rows = tuple(
        f"{one.rang}\u00a0\u00a0{one.nom_commune or one.nom} : {show_people(one.personnes)} "
        f"(cumul {show_people(one.cumul)})"
        for one in sites.ouvertures
    )
    first = Bloc(
        "Ouvertures",
        "Celle qui apporte le plus d'abord, habitants rapprochés.",
        (_opening(libelle="lieu à ouvrir, avec son rang"),) if rows else (),
        rows or ("Aucune ouverture n'est proposée.",),
    )
    second = Bloc(
        "Où vivent les habitants",
        "Un point par commune, ou par carreau de 200 m.",
        (
            _near(near, "rapprochés par les ouvertures"),
            _far(far, f"encore à plus de {seuil}"),
        ),
    )
    return (first, second)
