"""The figure of a zoning: its zones tinted so that neighbours differ, and named."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.french import count, format_number
from geoapp.coverage.model import Question
from geoapp.coverage.world import World
from geoapp.outputs.figures.choropleth import without_outline
from geoapp.outputs.figures.elements import Aplat, Bloc, ContenuFigure, NomCarte, here, tally
from geoapp.outputs.figures.extent import Emprise
from geoapp.outputs.figures.outlines import outlines, region_parts
from geoapp.outputs.figures.palette import ENCRE, ZONES, Hachure
from geoapp.outputs.figures.texts import choose_sources, is_fictitious
from geoapp.reference.zonings import COMMUNE, MAILLES

NB_LISTEES = 6
"""Zones up to which each has its own line of the legend, and its own hatch."""

PART_DEDANS = 0.98
"""Part of its area in the region under which a zone goes beyond the border.

Not the whole: outlines simplified apart differ by less than that.
"""

CONTACT_M = 1.0
"""Distance within which two zones are neighbours, in metres."""

HACHURES = (
    None,
    Hachure("///", "#7a8590", 0.4),
    Hachure("...", "#7a8590", 0.6),
    Hachure("\\\\\\", "#7a8590", 0.4),
    Hachure("xx", "#7a8590", 0.4),
    Hachure("--", "#7a8590", 0.4),
)
"""Hatches of zones listed one by one, so that they are told apart in black and white."""


def make_zoning(world: World, question: Question, emprise: Emprise) -> ContenuFigure:
    """Return the content of a figure of a zoning; of the question, only the zoning is read."""
    zonage = question.zonage
    table, formes = describe_zones(world, zonage), outlines(world, zonage, not emprise.est_region)
    sources = choose_sources(world, ids=set(), usages=("communes",), zonage=zonage)
    fills = _listed(table, formes) if len(table) <= NB_LISTEES else _tinted(formes)
    est_nommee = len(table) > NB_LISTEES or (zonage != COMMUNE and MAILLES[zonage].est_partition)
    return ContenuFigure(
        titre=f"{MAILLES[zonage].titre}{_vintage(table)}",
        emprise=emprise,
        blocs=(_block(world, zonage, emprise, fills),),
        phrases=_sentences(world, zonage, table, emprise),
        notes=_beyond(world, zonage),
        sources=sources,
        aplats=fills,
        noms=_names(table, formes) if est_nommee else (),
        est_fictive=is_fictitious(sources) or bool(table["est_fictive"].any()),
    )


def describe_zones(world: World, zonage: str) -> pd.DataFrame:
    """Return the zones of a zoning: index code, name, people (NaN when unknown), vintage…"""
    if zonage == COMMUNE:
        communes = world.snapshot.read("communes")
        mine = communes[communes["est_region"].astype(bool)].set_index("code_commune")
        table = mine[["nom"]].assign(
            population=mine["population"], nb_communes=1, millesime="", est_fictive=False
        )
    else:
        zones = world.snapshot.read("zones")
        table = pd.DataFrame(
            zones[zones["type_zone"].eq(zonage)].set_index("code_zone")[
                ["nom", "population", "nb_communes", "millesime", "est_fictive"]
            ]
        )
    return table.assign(
        population=table["population"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    ).sort_index()


def _vintage(table: pd.DataFrame) -> str:
    """Return the vintage of the outlines, when it is known."""
    found = sorted(set(table["millesime"].dropna().astype(str)) - {""})
    return f", millésime {', '.join(found)}" if found else ""


def _listed(table: pd.DataFrame, formes: gpd.GeoSeries) -> tuple[Aplat, ...]:
    """Return one fill per zone, each with its line of the legend."""
    return tuple(
        Aplat(
            formes=np.array([formes[code]] if code in formes.index else [], dtype=object),
            fond=ZONES[rank % len(ZONES)],
            libelle=row.nom,
            effectif=_size(row),
            hachure=HACHURES[rank % len(HACHURES)],
            bord=ENCRE,
            epaisseur=0.5,
        )
        for rank, (code, row) in enumerate(table.iterrows())
    )


def _size(row: pd.Series) -> str:
    """Return how many communes and people a zone has, as far as it is known."""
    parts = [
        count(int(row.nb_communes), "commune") if pd.notna(row.nb_communes) else "",
        count(round(row.population), "habitant")
        if row.population == row.population and row.population >= PETIT_NOMBRE
        else "",
    ]
    return ", ".join(part for part in parts if part)


def _tinted(formes: gpd.GeoSeries) -> tuple[Aplat, ...]:
    """Return one fill per tint, neighbours having different ones."""
    tints, shapes = colour_neighbours(formes.to_numpy()), formes.to_numpy()
    return tuple(
        Aplat(formes=shapes[tints == rank], fond=ZONES[rank], bord=ENCRE, epaisseur=0.5)
        for rank in range(len(ZONES))
        if np.any(tints == rank)
    )


def colour_neighbours(formes: np.ndarray) -> np.ndarray:
    """Return the tint of each zone (rank in `ZONES`), those of touching zones different.

    Greedy, the most surrounded zone first, then the order given (Welsh and Powell, 1967); two
    that touch have one tint only when no other is left.
    """
    tree = shapely.STRtree(formes)
    left, right = tree.query(formes, predicate="dwithin", distance=CONTACT_M)
    around = [right[(left == rank) & (right != rank)] for rank in range(len(formes))]
    tints = np.full(len(formes), -1)
    for rank in sorted(range(len(formes)), key=lambda one: (-len(around[one]), one)):
        taken = set(tints[around[rank]])
        tints[rank] = next(
            (tint for tint in range(len(ZONES)) if tint not in taken), rank % len(ZONES)
        )
    return tints


def _beyond(world: World, zonage: str) -> tuple[str, ...]:
    """Return the note that names the zones drawn beyond the border of the region, if any."""
    whole, inside = outlines(world, zonage, False), region_parts(world, zonage, False)
    part = inside.area.reindex(whole.index) / whole.area
    maille = world.mailles[zonage]
    names = [
        str(nom)
        for code, nom in zip(maille.codes, maille.noms, strict=True)
        if part.get(code, 1.0) < PART_DEDANS
    ]
    if not names:
        return ()
    un = len(names) < 2
    return (
        f"{', '.join(names)} : {'zone qui dépasse' if un else 'zones qui dépassent'} la région, "
        f"{'dessinée' if un else 'dessinées'} en entier.",
    )


def _names(table: pd.DataFrame, formes: gpd.GeoSeries) -> tuple[NomCarte, ...]:
    """Return the name of each drawn zone at a point inside it, the most peopled first."""
    points = shapely.get_coordinates(shapely.point_on_surface(formes.to_numpy()))
    named = table.reindex(formes.index)
    weights = named["population"].to_numpy()
    rows = zip(named["nom"], points, np.where(np.isnan(weights), 0.0, weights), strict=True)
    return tuple(
        NomCarte(str(nom), float(x), float(y), float(weight)) for nom, (x, y), weight in rows
    )


def _block(world: World, zonage: str, emprise: Emprise, fills: tuple[Aplat, ...]) -> Bloc:
    """Return the legend: each zone when they are few, else how many there are."""
    inside, nb = here(world, emprise, zonage), len(world.mailles[zonage].codes)
    un, plusieurs = MAILLES[zonage].unite
    told = tally(nb, un, None if inside is None else int(inside.sum()), pluriel=plusieurs)
    if nb <= NB_LISTEES:
        return Bloc(MAILLES[zonage].titre, f"{told}.", fills, without_outline(world, zonage))
    tints = " Les teintes séparent les zones voisines, sans autre sens." if fills else ""
    return Bloc(MAILLES[zonage].titre, f"{told}.{tints}", (), without_outline(world, zonage))


def _sentences(world: World, zonage: str, table: pd.DataFrame, emprise: Emprise) -> tuple[str, ...]:
    """Return the alternative text: how many zones, the most and the least peopled."""
    un, plusieurs = MAILLES[zonage].unite
    nb, inside = len(table), here(world, emprise, zonage)
    part = (
        ""
        if inside is None
        else f", dont {format_number(inside.sum())} sur le territoire montré ({emprise.nom})"
    )
    first = f"{MAILLES[zonage].titre} : {count(nb, un, plusieurs)} dans la région{part}."
    known = table.dropna(subset="population")
    # A zone of fewer than five people is not said to be the least peopled: its number is hidden.
    known = known[known["population"] >= PETIT_NOMBRE]
    if len(known) < 2:
        return (first, *without_outline(world, zonage))
    most, least = known.loc[known["population"].idxmax()], known.loc[known["population"].idxmin()]
    people = (
        f"La plus peuplée est {most['nom']} ({count(round(most['population']), 'habitant')}), "
        f"la moins peuplée {least['nom']} ({format_number(round(least['population']))})."
    )
    return (first, people, *without_outline(world, zonage))
