"""Zones by class: the fills and the block of the legend that coverage and density share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from geoapp.coverage.classes import Classes, assign_classes
from geoapp.coverage.legend import HORS_DE_PORTEE, bounds_in_words, shade
from geoapp.coverage.world import World
from geoapp.outputs.figures.elements import Aplat, NomCarte, gather, here, tally
from geoapp.outputs.figures.extent import Emprise
from geoapp.outputs.figures.outlines import outlines, region_parts
from geoapp.outputs.figures.palette import (
    CHORO,
    CHORO_BORD,
    INCONNU,
    INCONNU_FOND,
    NON_COLLECTEE,
    NON_COLLECTEE_FOND,
    Hachure,
)
from geoapp.reference.zonings import CARREAU, COMMUNE, MAILLES

BORD, BORD_FIN = 0.5, 0.12
"""Width in points of the edge of a zone, and of a commune; cells have none."""


RANG_NON_COLLECTE, RANG_HORS = -2, -3

SANS_VALEUR: dict[int, tuple[str, Hachure | None, str]] = {
    RANG_HORS: (HORS_DE_PORTEE, None, "hors de portée"),
    -1: (INCONNU_FOND, INCONNU, "inconnu ou tu"),
    RANG_NON_COLLECTE: (NON_COLLECTEE_FOND, NON_COLLECTEE, "offre non collectée"),
}
"""Ground, hatch and words of what has no class, by rank: none of them is nought."""


def choropleth(
    world: World,
    zonage: str,
    emprise: Emprise,
    *,
    valeurs: np.ndarray,
    classes: Classes,
    mots: Sequence[str],
    non_collectees: np.ndarray,
    hors: np.ndarray | None = None,
    est_inverse: bool = False,
) -> tuple[Aplat, ...]:
    """Return one fill per class that holds a zone, then those of what has no value, if any.

    Parameters
    ----------
    valeurs : float array
        One value by zone, in the order of `World.mailles`; NaN is unknown.
    classes : Classes
        Those of the values; their counts are the legend's.
    mots : sequence of str
        Bounds of the classes in words.
    non_collectees : bool array
        The zones that have no value because no source holds the offer there.
    hors : bool array, optional
        Those that have none because nothing is reached from there.
    est_inverse : bool
        The least values are the worst, hence the darkest.
    """
    codes, inside = world.mailles[zonage].codes, here(world, emprise, zonage)
    formes = region_parts(world, zonage, not emprise.est_region).reindex(codes).to_numpy()
    ranks, nb = assign_classes(valeurs, classes), len(classes.effectifs)
    ranks = np.where(non_collectees, RANG_NON_COLLECTE, ranks)
    if hors is not None:
        ranks = np.where(hors, RANG_HORS, ranks)
    colour = None if zonage == CARREAU else CHORO_BORD
    edge = BORD_FIN if zonage == COMMUNE else BORD
    # Those of the whole region: the legend is that of the page, whatever part of the map is shown.
    fills = [
        Aplat(
            formes=gather(formes, ranks, rank),
            fond=CHORO[shade(rank, nb, est_inverse=est_inverse)],
            libelle=words,
            effectif=_tally(zonage, ranks, rank, inside),
            bord=colour,
            epaisseur=edge,
        )
        for rank, words in enumerate(bounds_in_words(list(mots), classes.seules))
        if classes.effectifs[rank]
    ]
    return (*fills, *_without_value(zonage, formes, ranks, inside, (colour, edge)))


def _without_value(
    zonage: str,
    formes: np.ndarray,
    ranks: np.ndarray,
    inside: np.ndarray | None,
    bord: tuple[str | None, float],
) -> tuple[Aplat, ...]:
    """Return the fills of what has no class, one by reason, those that hold a zone only."""
    return tuple(
        Aplat(
            formes=gather(formes, ranks, rank),
            fond=fond,
            libelle=words,
            effectif=_tally(zonage, ranks, rank, inside),
            hachure=hachure,
            bord=bord[0],
            epaisseur=bord[1],
        )
        for rank, (fond, hachure, words) in SANS_VALEUR.items()
        if (ranks == rank).any()
    )


def _tally(zonage: str, ranks: np.ndarray, rank: int, inside: np.ndarray | None) -> str:
    """Return the count of one class in words."""
    mine = ranks == rank
    un, plusieurs = MAILLES[zonage].unite
    return tally(
        int(mine.sum()),
        un,
        None if inside is None else int((mine & inside).sum()),
        pluriel=plusieurs,
    )


def without_outline(world: World, zonage: str) -> tuple[str, ...]:
    """Return the line of the legend that says which zones could not be drawn."""
    drawn, known = len(outlines(world, zonage, False)), len(world.mailles[zonage].codes)
    if drawn >= known:
        return ()
    if not drawn:
        return ("Ce zonage est une liste sans contour : aucune de ses zones n'est dessinée.",)
    return (
        f"{tally(known - drawn, 'zone')} sans contour, "
        f"non dessinée{'s' if known - drawn > 1 else ''}.",
    )


def extremes(noms: np.ndarray, valeurs: np.ndarray, mots) -> str:
    """Return « de 0 % (Lille) à 18,9 % (Abbeville) », "" when fewer than two values differ."""
    # Of zones of one value, the first is named.
    known = np.flatnonzero(~np.isnan(valeurs))
    if len(known) < 2 or np.ptp(valeurs[known]) == 0:
        return ""
    low, high = known[np.argmin(valeurs[known])], known[np.argmax(valeurs[known])]
    return f"de {mots(valeurs[low])} ({noms[low]}) à {mots(valeurs[high])} ({noms[high]})"


def name_zones(world: World, zonage: str, emprise: Emprise) -> tuple[NomCarte, ...]:
    """Return the names of the zones of a map, each at a point inside, the largest first.

    () for communes and cells: the towns of a map are named in their place.
    """
    if zonage in (COMMUNE, CARREAU):
        return ()
    maille, formes = world.mailles[zonage], region_parts(world, zonage, not emprise.est_region)
    drawn = formes[~formes.is_empty]
    points = shapely.get_coordinates(shapely.point_on_surface(drawn.to_numpy()))
    names = dict(zip(maille.codes, maille.noms, strict=True))
    areas = drawn.area.to_numpy()
    rows = zip(drawn.index, points, areas, strict=True)
    return tuple(
        NomCarte(str(names[code]), float(x), float(y), float(area))
        for code, (x, y), area in rows
        if code in names
    )
